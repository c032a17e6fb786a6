//! The one binary of Assay: the command line, the demo and the benches.
//!
//! A command parses its words ([`cli`]), does its work through the same client as any stranger, and prints
//! through [`output`]. What it gives back becomes the exit code ([`failure`]).

mod answer;
mod cli;
mod command;
mod connect;
mod demo;
mod devnet;
mod failure;
mod home;
mod interrupt;
mod market;
mod output;
mod passphrase;
mod picture;
mod words;

use anyhow::Context;
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
    start_log();
    let done = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime")
        .and_then(|runtime| runtime.block_on(command::run(&command, &globals, &output)));
    failure::finish(&output, &done)
}

/// What the parts of the program report about themselves, on standard error: warnings, or what
/// `ASSAY_LOG` asks for (`ASSAY_LOG=assay_chain=debug`).
fn start_log() {
    use tracing_subscriber::EnvFilter;
    let filter = EnvFilter::try_from_env("ASSAY_LOG").unwrap_or_else(|_| EnvFilter::new("error"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .init();
}
