//! Words of `assay node`.

use clap::{Args, ValueHint};
use std::{net::SocketAddr, path::PathBuf};

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  assay node --dev                              a development chain in <home>/dev
  assay node --dev --data /tmp/x --listen 127.0.0.1:0

The development chain has the bundled models registered and writes funded
wallets (buyer, seller-1 …) to <data>/wallets. Their passphrase is `assay-dev`.
They are for development only.")]
pub(crate) struct Node {
    /// Start a development chain with funded wallets, or continue it
    #[arg(long)]
    pub(crate) dev: bool,
    /// Folder of the chain [default: HOME/dev with --dev, else HOME/node]
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) data: Option<PathBuf>,
    /// Address of the HTTP interface; port 0 takes a free one
    #[arg(long, env = "ASSAY_LISTEN", hide_env_values = true, value_name = "ADDR", default_value = LISTEN_DEFAULT)]
    pub(crate) listen: SocketAddr,
}

/// Where a node listens unless told otherwise; [`NODE_DEFAULT`] is the same as a URL.
pub(crate) const LISTEN_DEFAULT: &str = "127.0.0.1:2790";
