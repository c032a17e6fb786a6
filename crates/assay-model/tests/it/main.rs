//! What can be seen from outside: the bundled models and the frozen formats.

mod bundled;
mod formats;
mod rapidocr;
