//! Words of `assay node`.

use assay_node::{Origin, RateLimit};
use clap::{Args, Subcommand, ValueHint};
use std::{net::SocketAddr, num::NonZeroU32, path::PathBuf};

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
#[command(after_help = "\
Examples:
  assay node --dev                              a development chain in <home>/dev
  assay node --dev --dir /tmp/x --listen 127.0.0.1:0
  assay node --dir validator-2                  one validator of `assay network new`

The development chain has the bundled models registered and writes funded
wallets (buyer, seller-1 …) to <dir>/wallets. Their passphrase is `assay-dev`.
They are for development only.")]
pub(crate) struct Node {
    #[command(subcommand)]
    pub(crate) action: Option<NodeAction>,
    #[command(flatten)]
    pub(crate) run: NodeRun,
}

/// Words of a running node.
#[derive(Debug, Args)]
pub(crate) struct NodeRun {
    /// Start a development chain with funded wallets, or continue it
    #[arg(long)]
    pub(crate) dev: bool,
    /// Folder of the chain [default: HOME/dev with --dev, else HOME/node]
    #[arg(long, alias = "data", value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) dir: Option<PathBuf>,
    /// Address of the HTTP interface; port 0 takes a free one [default: what its node.toml says, else
    /// 127.0.0.1:2790]
    #[arg(long, env = "ASSAY_LISTEN", hide_env = true, value_name = "ADDR")]
    pub(crate) listen: Option<SocketAddr>,
    /// Keep all blocks since genesis; a node that does not keeps a week of an idle chain
    #[arg(long)]
    pub(crate) archive: bool,
    /// Keep so many blocks, with their transactions and receipts, instead
    #[arg(long, value_name = "N", conflicts_with = "archive",
          value_parser = clap::value_parser!(u64).range(KEEP_BLOCKS_MIN..))]
    pub(crate) keep_blocks: Option<u64>,
    /// Let web pages of this origin use the interface, e.g. `https://example.org`; may be repeated [default:
    /// none]
    #[arg(long, value_name = "ORIGIN")]
    pub(crate) allow_origin: Vec<Origin>,
    /// Requests that another machine may send in a second; this one's own programs are not limited
    #[arg(long, value_name = "N", default_value_t = RateLimit::default().tokens_per_second)]
    pub(crate) requests_per_second: NonZeroU32,
    /// Stop when standard input ends, as it does when the program that holds the other end goes away
    #[arg(long, hide = true)]
    pub(crate) until_eof: bool,
}

/// Fewest blocks that a node keeps.
pub(crate) const KEEP_BLOCKS_MIN: u64 = assay_node::WINDOW_BLOCKS_MIN;

#[derive(Debug, Subcommand)]
pub(crate) enum NodeAction {
    /// Write the ledger's state at the last final block to a file
    #[command(after_help = "\
Examples:
  assay node export --dir validator-1 --out state.bin
  assay node export --dir validator-1 --out state.jsonl --json-lines

The node must not run. Two nodes that export the same block write the same digest,
whoever they are. The export is read back and checked unless it is JSON lines.")]
    Export(NodeExport),
}

#[derive(Debug, Args)]
pub(crate) struct NodeExport {
    /// Folder of the node
    #[arg(long, alias = "data", value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) dir: PathBuf,
    /// File to write; it must not exist
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) out: PathBuf,
    /// A JSON object a line, for tools, instead of canonical bytes
    #[arg(long)]
    pub(crate) json_lines: bool,
}

/// Where a node listens unless told otherwise; `NODE_DEFAULT` is the same as a URL.
pub(crate) const LISTEN_DEFAULT: &str = "127.0.0.1:2790";
