//! The one binary of Assay: the command line, the demo and the benches.
//!
//! A command parses its words ([`cli`]), does its work through the same client as any stranger, and prints
//! through [`output`]. What it gives back becomes the exit code ([`failure`]).

mod cli;
mod demo;
mod failure;
mod home;
mod output;
mod passphrase;
mod picture;

use clap::Parser;
use cli::{Cli, Color};
use output::Output;
use std::process::ExitCode;

fn main() -> ExitCode {
    let Cli { globals, command } = Cli::parse();
    let color = match globals.color {
        Color::Auto => anstream::ColorChoice::Auto,
        Color::Always => anstream::ColorChoice::Always,
        Color::Never => anstream::ColorChoice::Never,
    };
    let output = Output::new(globals.format(), color);
    let _ = command;
    ExitCode::SUCCESS
}
