//! Words of `assay completions`.

use clap::Args;

#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  assay completions bash > ~/.local/share/bash-completion/completions/assay"
)]
pub(crate) struct Completions {
    /// The shell
    #[arg(value_enum)]
    pub(crate) shell: clap_complete::Shell,
}
