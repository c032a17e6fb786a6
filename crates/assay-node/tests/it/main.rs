//! A real node on a free port, driven over HTTP as a stranger would.

mod support;

mod content;
mod events;
mod hostile;
mod interface;
mod lifecycle;
mod market;
mod names;
mod reading;
mod state;
mod transactions;
