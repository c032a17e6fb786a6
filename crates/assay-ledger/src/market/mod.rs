//! The market: offers, orders, the draw, settlement.
//!
//! ```text
//!  PlaceOrder ─► Drawing ──all accepted──► Running ──check says Final──► closed (receipt)
//!                  │ ▲ declined, silent: redraw                              ▲
//!                  └─┴──── cancelled, too few sellers, accept_by passed ─────┘
//! ```
//! Invariant: an open order always has a `wake_at` after which time moves it on, so it always ends.

mod draw;
mod offers;
mod orders;
mod settle;
mod wake;

pub use draw::draw_weight;
