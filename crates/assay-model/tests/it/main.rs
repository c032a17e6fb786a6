//! What can be seen from outside: the bundled models, the frozen formats, and that inference does not
//! allocate.

mod allocations;
mod bundled;
mod formats;
mod rapidocr;
