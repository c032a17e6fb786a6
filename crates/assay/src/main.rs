//! The one binary of Assay: the command line, the demo and the benches.
//!
//! A command parses its words ([`cli`]), does its work through the same client as any stranger, and prints
//! through [`output`]. What it gives back becomes the exit code ([`failure`]).

mod answer;
mod cli;
mod command;
mod config;
mod connect;
mod demo;
mod devnet;
mod failure;
mod home;
mod interrupt;
mod log;
mod market;
mod network;
mod output;
mod passphrase;
mod picture;
mod words;

use anyhow::Context;
use clap::{FromArgMatches, ValueEnum};
use cli::{Cli, Color};
use commonware_allocator::mimalloc::{self, MiMalloc};
use config::Config;
use output::{Format, Loudness, Output};
use std::{env, ffi::OsString, process::ExitCode};

/// A block allocates some hundred thousand small things and a few dozen large ones, on one thread, and frees
/// them on another; the system's allocator takes a tenth of a node's time for it. Huge pages would be cleared
/// for many buffers that use a part of one: a fifth of the time of a node under load.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc::new(mimalloc::Config {
    transparent_huge_pages: false,
    ..mimalloc::Config::DEFAULT
});

fn main() -> ExitCode {
    let words: Vec<OsString> = env::args_os().collect();
    let config = Config::load(&words);
    let mut grammar = config
        .apply(cli::grammar())
        .color(color_of_usage(&words).of_usage());
    let parsed = grammar
        .try_get_matches_from_mut(&words)
        .and_then(|matches| {
            let cli =
                Cli::from_arg_matches(&matches).map_err(|error| error.format(&mut grammar))?;
            Ok((cli, matches))
        });
    let (Cli { globals, command }, matches) = match parsed {
        Ok(parsed) => parsed,
        Err(error) => {
            let output = output_of_usage(&words);
            let help = failure::help_instead(&error, &mut grammar, &words);
            return failure::usage(&error, help, output, color_of_usage(&words).of_stream());
        }
    };
    let color = globals.color.of_stream();
    let output = Output::new(globals.format(), color, globals.loudness());
    log::start(&globals, &matches, output.is_log_colored());
    let run = async {
        if !command.bears_wrong_config() {
            config.check()?;
        }
        command::run(&command, &globals, &config, &matches, &output).await
    };
    let done = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime")
        .and_then(|runtime| runtime.block_on(run));
    failure::finish(&output, &done)
}

/// The colour of help and of wrong usage, which are printed before the words are understood.
fn color_of_usage(words: &[OsString]) -> Color {
    let named = config::flag_value(words, "--color");
    named
        .and_then(|name| Color::from_str(name.to_str()?, false).ok())
        .unwrap_or_default()
}

/// Programs that asked for JSON get wrong usage as JSON too.
fn output_of_usage(words: &[OsString]) -> Option<Output> {
    let is_json = words
        .iter()
        .take_while(|word| *word != "--")
        .any(|word| word == "--json");
    is_json.then(|| Output::new(Format::Json, anstream::ColorChoice::Never, Loudness::Usual))
}
