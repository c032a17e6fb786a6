//! Rust SDK over assay-api: wallet, orders, receipts.
