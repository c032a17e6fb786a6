//! Yuma consensus, as Bittensor defines it.
