//! The SDK against a real node.

mod support;

mod content;
mod events;
mod names;
mod orders;
mod requests;
mod sender;
mod stranger;
