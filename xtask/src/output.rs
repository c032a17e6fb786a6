//! The only place that writes to the terminal.

/// Prints a line of result.
#[expect(clippy::print_stdout, reason = "this module is the program's output")]
pub(crate) fn line(text: &str) {
    println!("{text}");
}

/// Prints a line of trouble.
#[expect(clippy::print_stderr, reason = "this module is the program's output")]
pub(crate) fn error(text: &str) {
    eprintln!("{text}");
}
