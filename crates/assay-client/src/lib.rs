//! x
mod sse;
mod wallet;
pub use sse::*;
pub use wallet::*;
