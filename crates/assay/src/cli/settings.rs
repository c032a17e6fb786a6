//! Words of `assay config`, `assay doctor`, `assay man` and `assay completions`.

use clap::{Args, Subcommand, ValueHint};
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(crate) enum Config {
    /// Show every setting, its value and where it comes from
    #[command(after_help = "\
Examples:
  assay config show
  assay config show --json | jq 'select(.source != \"default\")'

A flag wins over its variable, a variable over the file, the file over the
default. The variable of `provide.ask` is ASSAY_PROVIDE_ASK, and so on.")]
    Show,
    /// Print where the configuration file is, or would be
    #[command(after_help = "\
Example:
  $EDITOR \"$(assay config path)\"")]
    Path,
    /// Write a setting to the configuration file
    #[command(after_help = "\
Examples:
  assay config set node http://192.0.2.7:2790
  assay config set provide.ask 0.002")]
    Set(ConfigSet),
    /// Take a setting out of the configuration file
    #[command(after_help = "\
Example:
  assay config unset provide.ask")]
    Unset(ConfigUnset),
}

#[derive(Debug, Args)]
pub(crate) struct ConfigSet {
    /// The setting, e.g. `node` or `provide.ask`
    #[arg(value_name = "KEY")]
    pub(crate) key: String,
    /// Its value; several separated by commas
    #[arg(value_name = "VALUE")]
    pub(crate) value: String,
}

#[derive(Debug, Args)]
pub(crate) struct ConfigUnset {
    /// The setting, e.g. `node` or `provide.ask`
    #[arg(value_name = "KEY")]
    pub(crate) key: String,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  assay doctor
  assay doctor --json | jq 'select(.verdict == \"fail\")'

Exit code 0 where nothing is broken, 1 where something is.")]
pub(crate) struct Doctor {}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  assay man | man -l -
  assay man wallet import | man -l -
  assay man -o ~/.local/share/man/man1    every command's page")]
pub(crate) struct Man {
    /// The command [default: assay itself]
    #[arg(value_name = "COMMAND")]
    pub(crate) command: Vec<String>,
    /// Write every command's page to this folder
    #[arg(short, long, value_name = "DIR", value_hint = ValueHint::DirPath, conflicts_with = "command")]
    pub(crate) out: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  assay completions bash > ~/.local/share/bash-completion/completions/assay
  assay completions zsh > ~/.zfunc/_assay
  assay completions fish > ~/.config/fish/completions/assay.fish")]
pub(crate) struct Completions {
    /// The shell
    #[arg(value_enum)]
    pub(crate) shell: clap_complete::Shell,
}
