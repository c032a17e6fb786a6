//! Words of `assay name`.

use super::{WalletChoice, values::lease};
use assay_types::Party;
use clap::{Args, Subcommand};

#[derive(Debug, Subcommand)]
pub(crate) enum Name {
    /// Lease a name for the wallet's account: it then stands for its address
    #[command(after_help = "\
Examples:
  assay name register --wallet shop bright-shop
  assay name register --wallet shop bright-shop --for 30d

The price burns: 1 ASY a year on a usual network, in proportion to the lease,
and 4, 16 or 64 times as much for 5, 4 or 3 characters. The name is reserved
first and registered a few seconds later, so that nobody who sees it on its
way can be first.")]
    Register(NameLease),
    /// Prolong the lease of a name
    #[command(after_help = "\
Example:
  assay name renew --wallet shop bright-shop --for 2y

After its lease a name stands for nobody; for a month only its last holder can
have it again, by renewing it.")]
    Renew(NameLease),
    /// Give a name to another account, with what is left of its lease
    #[command(after_help = "\
Example:
  assay name transfer --wallet shop bright-shop asy1…")]
    Transfer(NameTransfer),
    /// Show whom a name stands for, or which names an account has
    #[command(after_help = "\
Examples:
  assay name show bright-shop
  assay name show asy1…")]
    Show(NameShow),
}

#[derive(Debug, Args)]
pub(crate) struct NameLease {
    #[command(flatten)]
    pub(crate) wallet: WalletChoice,
    /// The name: 3 to 32 of a–z, 0–9 and -
    pub(crate) name: assay_types::Name,
    /// How long, in years, days, hours or minutes
    #[arg(long = "for", value_name = "TIME", default_value = "1y", value_parser = lease)]
    pub(crate) lease_ms: u64,
}

#[derive(Debug, Args)]
pub(crate) struct NameTransfer {
    #[command(flatten)]
    pub(crate) wallet: WalletChoice,
    /// The name
    pub(crate) name: assay_types::Name,
    /// Its new holder's address or another name of its
    #[arg(value_name = "TO")]
    pub(crate) to: Party,
}

#[derive(Debug, Args)]
pub(crate) struct NameShow {
    /// A name or an address
    #[arg(value_name = "NAME|ADDRESS")]
    pub(crate) party: Party,
    /// Most names of an address to show
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub(crate) limit: usize,
}
