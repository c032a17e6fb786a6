//! The SDK against a real node.

mod support;

mod content;
mod events;
mod orders;
mod sender;
mod stranger;
