//! The HTTP server: API, event stream, content.
