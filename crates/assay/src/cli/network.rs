//! Words of `assay network`.

use super::values::seconds;
use clap::{Args, Subcommand, ValueHint};
use std::{
    net::{IpAddr, Ipv4Addr},
    num::NonZeroU8,
    path::PathBuf,
    time::Duration,
};

#[derive(Debug, Subcommand)]
pub(crate) enum Network {
    /// Make a network: a genesis, funded wallets and one folder per validator
    #[command(after_help = "\
Examples:
  assay network new --validators 4
  assay network new --dir /tmp/net --http-port 0 --peer-port 0    free ports

Each folder holds a validator's key and configuration and is complete: copy it to
another machine and change the addresses in its node.toml. The wallets (buyer,
seller-1 …) have the passphrase `assay-dev`; they are for development only.")]
    New(NetworkNew),
    /// Run all validators of a network on this machine, until Ctrl-C
    #[command(after_help = "\
Examples:
  assay network up
  assay network up --json    an object when all serve, then one per change

Each validator is a process that writes to node.log in its folder. One that ends is
reported and not started again: `assay node --dir DIR/validator-2` does that.")]
    Up(NetworkPlace),
    /// Show the validators of a network and their heights
    #[command(after_help = "\
Example:
  assay network status

Exit code 0 when enough validators answer for blocks to become final, else 1.")]
    Status(NetworkPlace),
}

#[derive(Debug, Args)]
pub(crate) struct NetworkPlace {
    /// Folder of the network [default: HOME/network]
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) dir: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct NetworkNew {
    #[command(flatten)]
    pub(crate) place: NetworkPlace,
    /// How many validators; four survive the loss of one
    #[arg(long, value_name = "N", default_value = "4", value_parser = validators)]
    pub(crate) validators: NonZeroU8,
    /// Address at which the validators reach each other and serve
    #[arg(long, value_name = "IP", default_value_t = Ipv4Addr::LOCALHOST.into())]
    pub(crate) host: IpAddr,
    /// HTTP port of the first validator, the next ones follow; 0 takes free ones
    #[arg(long, value_name = "PORT", default_value_t = 2790)]
    pub(crate) http_port: u16,
    /// Port of the first validator for the others; 0 takes free ones
    #[arg(long, value_name = "PORT", default_value_t = 3790)]
    pub(crate) peer_port: u16,
    /// Length of an epoch of the emission: when topics get new budgets [default: an hour]
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub(crate) emission_epoch: Option<Duration>,
}

fn validators(text: &str) -> Result<NonZeroU8, String> {
    let max = crate::network::VALIDATORS_MAX;
    text.parse()
        .ok()
        .filter(|validators: &NonZeroU8| validators.get() <= max)
        .ok_or_else(|| format!("`{text}` is no number of validators from 1 to {max}"))
}
