//! HTTP itself: rates, bodies, time limits and problems; nothing here knows the market.

mod body;
mod cors;
mod guard;
mod rate;
mod refusal;
mod request;

pub(crate) use body::{collect, next_chunk};
pub(crate) use cors::cors;
pub use cors::{Origin, OriginError};
pub(crate) use guard::guard;
pub use rate::RateLimit;
pub(crate) use rate::{Limiter, limit};
pub(crate) use refusal::Refusal;
pub(crate) use request::{Hole, Holes, Parameters, accepts, bad_path, json};
