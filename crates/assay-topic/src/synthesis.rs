//! Inference synthesis, as Allora defines it.
