//! Words of `assay node`.

use clap::{Args, ValueHint};
use std::{net::SocketAddr, path::PathBuf};

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  assay node --dev                              a development chain in <home>/dev
  assay node --dev --dir /tmp/x --listen 127.0.0.1:0
  assay node --dir validator-2                  one validator of `assay network new`

The development chain has the bundled models registered and writes funded
wallets (buyer, seller-1 …) to <dir>/wallets. Their passphrase is `assay-dev`.
They are for development only.")]
pub(crate) struct Node {
    /// Start a development chain with funded wallets, or continue it
    #[arg(long)]
    pub(crate) dev: bool,
    /// Folder of the chain [default: HOME/dev with --dev, else HOME/node]
    #[arg(long, alias = "data", value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) dir: Option<PathBuf>,
    /// Address of the HTTP interface; port 0 takes a free one [default: what its node.toml says, else
    /// 127.0.0.1:2790]
    #[arg(long, env = "ASSAY_LISTEN", hide_env_values = true, value_name = "ADDR")]
    pub(crate) listen: Option<SocketAddr>,
    /// Stop when standard input ends, as it does when the program that holds the other end goes away
    #[arg(long, hide = true)]
    pub(crate) until_eof: bool,
}

/// Where a node listens unless told otherwise; [`NODE_DEFAULT`] is the same as a URL.
pub(crate) const LISTEN_DEFAULT: &str = "127.0.0.1:2790";
