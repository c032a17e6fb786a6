//! `assay man`: manual pages, made from the grammar.

use crate::{
    cli::{Cli, Man},
    failure::{Done, Ended, Hint},
    output::{Output, good},
};
use anyhow::{Context, anyhow};
use clap::CommandFactory;

/// Writes one page to standard output, or every command's to a folder.
///
/// # Errors
/// When there is no such command, or the folder cannot be written.
pub(crate) fn run(args: &Man, output: &Output) -> Done {
    let mut grammar = with_variables(Cli::command()).disable_help_subcommand(true);
    grammar.build();
    if let Some(folder) = &args.out {
        let written = std::fs::create_dir_all(folder)
            .and_then(|()| clap_mangen::generate_to(grammar, folder));
        written.with_context(|| format!("cannot write manual pages to {}", folder.display()))?;
        output.json(&serde_json::json!({ "folder": folder }));
        output.line(format_args!("{} {}", good("written to"), folder.display()));
        return Ok(Ended::Well);
    }
    let mut command = &grammar;
    let mut title = grammar.get_name().to_owned();
    for word in &args.command {
        command = command
            .find_subcommand(word)
            .ok_or_else(|| anyhow!("there is no command `{title} {word}`"))
            .hint(|| "`assay --help` lists the commands")?;
        title = format!("{title}-{word}");
    }
    let mut page = Vec::new();
    clap_mangen::Man::new(command.clone())
        .title(title)
        .render(&mut page)?;
    output.bytes(&page);
    Ok(Ended::Well)
}

/// A page has room for the variables, which help leaves to `assay config show`.
fn with_variables(command: clap::Command) -> clap::Command {
    command
        .mut_args(|arg| arg.hide_env(false))
        .mut_subcommands(with_variables)
}
