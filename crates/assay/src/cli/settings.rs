//! Words of `assay config`.

use clap::{Args, Subcommand};

#[derive(Debug, Subcommand)]
pub(crate) enum Config {
    /// Show every setting, its value and where it comes from
    #[command(after_help = "\
Examples:
  assay config show
  assay config show --json | jq 'select(.source != \"default\")'

A flag wins over its variable, a variable over the file, the file over the
default.")]
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
