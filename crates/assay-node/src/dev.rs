//! A network for one machine: its validators, the bundled models registered, wallets with money.
//!
//! All keys follow from one seed, so a network can be made again from it, and two with different seeds
//! share nothing. Whoever knows the seed owns the network: it is for development and demonstrations.

use assay_model::bundled;
use assay_types::{
    AccountId, Allocation, Amount, BasisPoints, ContentId, GRAINS_PER_ASY, Genesis, GenesisModel,
    Hash32, LedgerTime, List, Params, RoyaltySplit, SecretKey, Text,
};
use std::num::NonZeroU8;

/// The network's name.
pub const NETWORK: &str = "assay-dev";
/// The wallet that buys.
pub const BUYER: &str = "buyer";
/// The wallet that owns the bundled models and earns their royalties.
pub const AUTHOR: &str = "author";
/// Wallets that sell: `seller-1` to this.
pub const SELLERS: usize = 8;

const BUYER_ASY: u64 = 1_000_000;
const SELLER_ASY: u64 = 100_000;
const AUTHOR_ASY: u64 = 1_000;
/// Share of each settled inference that goes to the models' author: 1 %.
const ROYALTY: BasisPoints = BasisPoints::new(100);
/// Unbonding takes a minute, so that a person can watch it.
const UNBONDING_MS: u64 = 60_000;

/// A wallet of the network.
#[derive(Debug, Clone)]
pub struct DevWallet {
    /// `buyer`, `author` or `seller-1` to `seller-8`.
    pub name: String,
    /// Its key.
    pub key: SecretKey,
    /// What it holds at the start.
    pub balance: Amount,
}

/// A network for one machine.
#[derive(Debug, Clone)]
pub struct DevNetwork {
    /// The first state. Its hash is the chain id.
    pub genesis: Genesis,
    /// The validators' keys; one unless more were asked for.
    pub validators: Vec<SecretKey>,
    /// The funded wallets.
    pub wallets: Vec<DevWallet>,
}

impl DevNetwork {
    /// The wallet called `name`.
    pub fn wallet(&self, name: &str) -> Option<&DevWallet> {
        self.wallets.iter().find(|wallet| wallet.name == name)
    }

    /// The first validator's key.
    ///
    /// # Panics
    /// Never: a network has at least one.
    pub fn validator(&self) -> &SecretKey {
        self.validators.first().expect("a network has a validator")
    }

    /// The seller wallets, `seller-1` first.
    pub fn sellers(&self) -> impl Iterator<Item = &DevWallet> {
        self.wallets
            .iter()
            .filter(|wallet| wallet.name.starts_with("seller-"))
    }
}

/// Time a drawn seller has to accept where several validators take turns: one that has died costs pauses of
/// two seconds until it is skipped, and who answered in time must not be late because of them.
const SEVERAL_ACCEPT_WINDOW_MS: u64 = 10_000;

/// The network with one validator that follows from `seed` and begins at `start`, usually now.
pub fn dev_genesis(seed: &[u8; 32], start: LedgerTime) -> DevNetwork {
    dev_network(seed, start, NonZeroU8::MIN)
}

/// The network with so many validators that follows from `seed` and begins at `start`, usually now.
///
/// # Panics
/// Never: everything that is compiled in fits its limits, which the tests show.
pub fn dev_network(seed: &[u8; 32], start: LedgerTime, validators: NonZeroU8) -> DevNetwork {
    let wallet = |name: String, asy: u64| DevWallet {
        key: key(seed, &name),
        balance: Amount::new(asy * GRAINS_PER_ASY),
        name,
    };
    let mut wallets = vec![
        wallet(BUYER.to_owned(), BUYER_ASY),
        wallet(AUTHOR.to_owned(), AUTHOR_ASY),
    ];
    wallets.extend((1..=SELLERS).map(|number| wallet(format!("seller-{number}"), SELLER_ASY)));
    let validators: Vec<SecretKey> = (1..=validators.get())
        .map(|number| match number {
            1 => key(seed, "validator"),
            _ => key(seed, &format!("validator-{number}")),
        })
        .collect();
    let mut public: Vec<_> = validators.iter().map(SecretKey::public_key).collect();
    public.sort();
    let author = key(seed, AUTHOR).account();

    let mut allocations: Vec<Allocation> = wallets
        .iter()
        .map(|wallet| Allocation {
            account: wallet.key.account(),
            amount: wallet.balance,
        })
        .collect();
    allocations.sort_unstable_by_key(|allocation| allocation.account);
    let mut models: Vec<GenesisModel> = bundled()
        .iter()
        .map(|model| genesis_model(model, author))
        .collect();
    models.sort_unstable_by_key(|model| model.model);
    let genesis = Genesis {
        network: Text::new(NETWORK).expect("the name is short and printable"),
        start,
        validators: List::new(public).expect("a byte counts fewer than the limit"),
        allocations: List::new(allocations).expect("a dozen are within the limit"),
        models: List::new(models).expect("a few are within the limit"),
        params: Params {
            unbonding_ms: UNBONDING_MS,
            accept_window_ms: match validators.len() {
                1 => Params::default().accept_window_ms,
                _ => SEVERAL_ACCEPT_WINDOW_MS,
            },
            ..Params::default()
        },
    };
    DevNetwork {
        genesis,
        validators,
        wallets,
    }
}

fn genesis_model(model: &assay_model::bundled::BundledModel, owner: AccountId) -> GenesisModel {
    let manifest = model.manifest();
    let fields = manifest.fields();
    let split = RoyaltySplit {
        account: owner,
        share: ROYALTY,
    };
    GenesisModel {
        model: fields.model,
        owner,
        manifest: ContentId::of(model.manifest_bytes()),
        program: fields.program,
        licence: Text::new(fields.licence.clone()).expect("bundled licences are short"),
        royalties: List::new(vec![split]).expect("one is within the limit"),
    }
}

fn key(seed: &[u8; 32], name: &str) -> SecretKey {
    SecretKey::from_bytes(Hash32::derive("assay dev key v1", &[seed, name.as_bytes()]).as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_network_is_sound_and_follows_from_its_seed() {
        let start = LedgerTime::new(1_000);
        let network = dev_genesis(&[1; 32], start);
        let (ledger, _) = assay_ledger::Ledger::genesis(&network.genesis).unwrap();
        assert_eq!(ledger.models().count(), bundled().len());
        assert_eq!(network.sellers().count(), SELLERS);
        for wallet in &network.wallets {
            let account = ledger.account(&wallet.key.account()).unwrap();
            assert_eq!(account.balance, wallet.balance, "{}", wallet.name);
        }
        assert_eq!(dev_genesis(&[1; 32], start).genesis, network.genesis);
        let other = dev_genesis(&[2; 32], start).genesis;
        assert_ne!(other.chain_id(), network.genesis.chain_id());
        let four = dev_network(&[1; 32], start, NonZeroU8::new(4).unwrap());
        assert_eq!(four.validators.len(), 4);
        assert_eq!(four.genesis.validators.len(), 4);
        assert_eq!(four.validator().account(), network.validator().account());
        assert!(four.genesis.validators.is_sorted());
        assay_ledger::Ledger::genesis(&four.genesis).unwrap();
    }
}
