//! HTTP itself: connections, bodies, time limits and problems; nothing here knows the market.

mod body;
mod guard;
mod refusal;
mod request;
mod server;

pub(crate) use body::{collect, next_chunk};
pub(crate) use guard::guard;
pub(crate) use refusal::Refusal;
pub(crate) use request::{Hole, Parameters, accepts, bad_path, json};
pub(crate) use server::{Server, ServerLimits};
