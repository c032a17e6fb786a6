//! Certificate to header to receipt: all that checking a receipt links.
