//! Colours by meaning. The stream removes them where there is no terminal.

use anstyle::{AnsiColor, Style};
use std::fmt::{self, Display};

/// Text in a style. Padding belongs into the text, since escape codes have no width.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Paint<T> {
    style: Style,
    text: T,
}

impl<T: Display> Display for Paint<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}{}{}",
            self.style.render(),
            self.text,
            self.style.render_reset()
        )
    }
}

impl<T> Paint<T> {
    /// `text` in `style`.
    pub(crate) fn new(style: Style, text: T) -> Self {
        Self { style, text }
    }
}

/// What a line is about.
pub(crate) fn bold<T: Display>(text: T) -> Paint<T> {
    Paint::new(Style::new().bold(), text)
}

/// What only some readers need.
pub(crate) fn dim<T: Display>(text: T) -> Paint<T> {
    Paint::new(Style::new().dimmed(), text)
}

/// What went as hoped.
pub(crate) fn good<T: Display>(text: T) -> Paint<T> {
    Paint::new(AnsiColor::Green.on_default(), text)
}

/// What did not.
pub(crate) fn bad<T: Display>(text: T) -> Paint<T> {
    Paint::new(AnsiColor::Red.on_default(), text)
}

/// What deserves a look.
pub(crate) fn warn<T: Display>(text: T) -> Paint<T> {
    Paint::new(AnsiColor::Yellow.on_default(), text)
}
