//! Names and the supply, as a node shows them.

use crate::support::World;
use assay_api::{AccountView, EmissionView, NameView, NamesPage, ProblemCode, paths};
use assay_types::{AccountId, Amount, Call, Hash32, Name, NameCommitment, YEAR_MS};
use std::time::Duration;

const SALT: Hash32 = Hash32::new([7; 32]);

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

/// Leases each of these names to its wallet's account.
async fn lease(world: &World, names: &[(&str, &str)]) {
    let mut accounts = std::collections::BTreeMap::new();
    for (wallet, text) in names {
        let account = accounts
            .entry(*wallet)
            .or_insert_with(|| world.account(wallet));
        let commitment = NameCommitment::new(world.chain(), account.id(), &SALT, name(text));
        world
            .perform(account, Call::ReserveName { commitment })
            .await;
        let view: AccountView = world.view(&paths::account(account.id())).await;
        let reservation = view.reservation.expect("it stands");
        assert_eq!(reservation.commitment, commitment.hash());
        while world.now().await < reservation.ripe_at {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let register = Call::RegisterName {
            name: name(text),
            salt: SALT,
            lease_ms: YEAR_MS,
        };
        world.perform(account, register).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn names_are_shown_one_by_one_by_holder_and_page_by_page() {
    let world = World::start().await;
    lease(
        &world,
        &[
            ("buyer", "name-c"),
            ("buyer", "name-a"),
            ("author", "name-b"),
        ],
    )
    .await;
    let buyer = world.account("buyer").id();

    let view: NameView = world.view(&paths::name(name("name-c"))).await;
    assert_eq!((view.name, view.holder), (name("name-c"), buyer));
    assert!(view.stands && view.claimed && view.frees_at > view.expires_at);
    let account: AccountView = world.view(&paths::account(buyer)).await;
    assert_eq!(account.name, Some(name("name-a")), "the first in order");
    assert!(account.reservation.is_none());

    let texts = |page: &NamesPage| -> Vec<String> {
        page.names
            .iter()
            .map(|view| view.name.to_string())
            .collect()
    };
    let all: NamesPage = world.view(paths::NAMES).await;
    assert_eq!(texts(&all), ["name-a", "name-b", "name-c"]);
    assert_eq!(all.next, None);
    let first: NamesPage = world.view(&format!("{}?limit=2", paths::NAMES)).await;
    assert_eq!(texts(&first), ["name-a", "name-b"]);
    let next = first.next.expect("there is more");
    let last: NamesPage = world
        .view(&format!("{}?limit=2&cursor={next}", paths::NAMES))
        .await;
    assert_eq!((texts(&last), last.next), (vec!["name-c".to_owned()], None));
    let held: NamesPage = world
        .view(&format!("{}?holder={buyer}&limit=1", paths::NAMES))
        .await;
    assert_eq!(
        (texts(&held), held.next),
        (vec!["name-a".to_owned()], Some("name-a".to_owned()))
    );

    for (path, code) in [
        (paths::name(name("nobodys")), ProblemCode::NotFound),
        ("/v1/names/Not-A-Name".to_owned(), ProblemCode::BadRequest),
        (
            format!("{}?cursor=-", paths::NAMES),
            ProblemCode::BadRequest,
        ),
        (
            format!("{}?holder=me", paths::NAMES),
            ProblemCode::BadRequest,
        ),
        (format!("{}?limit=0", paths::NAMES), ProblemCode::BadRequest),
        (
            format!("{}?owner={buyer}", paths::NAMES),
            ProblemCode::BadRequest,
        ),
    ] {
        let problem = world.problem(world.get(&path)).await;
        assert_eq!(problem.code, code, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_supply_tells_of_the_epoch_and_its_leaders() {
    let world = World::start().await;
    let mut buyer = world.account("buyer");
    let to = AccountId::new([9; 32]);
    let amount = Amount::new(1);
    world
        .perform(&mut buyer, Call::Transfer { to, amount })
        .await;
    let view: EmissionView = world.view(paths::SUPPLY).await;
    assert_eq!(view.epoch.number, 0);
    assert_eq!(view.epoch.emission.get() / 1_000_000_000, 9_883);
    assert_eq!(
        view.epoch.remaining.get() + view.epoch.emission.get(),
        view.params.total.get()
    );
    assert_eq!(view.epoch.rebated, Amount::ZERO);
    let leaders: Vec<AccountId> = view.leaders.iter().map(|leader| leader.account).collect();
    assert_eq!(leaders, [world.network.validator().account()]);
    assert!(view.leaders[0].blocks >= 1);
    assert_eq!(
        view.supply.issued.get(),
        view.supply.burnt.get() + view.supply.circulating.get()
    );
}
