//! Names: their life from reservation to expiry, who can be first, prices, and bounded expiry.

use super::world::*;
use crate::{Ledger, name_price};
use assay_types::{
    AccountId, Amount, Call, Event, Hash32, Name, NameCommitment, NameParams, Params, Rejection,
    YEAR_MS,
};

const LEASE_MS: u64 = 50_000;

fn register(world: &mut World, holder: AccountId, text: &str) -> Vec<Event> {
    let reserve = reserve_call(world, holder, text);
    world.ok(holder, reserve);
    world.block(world.ledger.params().names.reserved_ms_min, &[]);
    world.ok(holder, register_call(text, LEASE_MS))
}

/// Whom a name stands for now.
fn stands_for(world: &World, text: &str) -> Option<AccountId> {
    let row = world.ledger.name(&name(text))?;
    row.holds_at(world.ledger.time()).then_some(row.holder)
}

#[test]
fn a_name_lives_from_its_reservation_to_its_expiry() {
    let mut world = World::new();
    let burnt = world.ledger.burnt();
    let events = register(&mut world, BUYER, "alice-of-old");
    let Event::NameRegistered {
        holder,
        expires_at,
        price,
        ..
    } = events[0]
    else {
        panic!("{events:?}")
    };
    assert_eq!(holder, BUYER);
    assert_eq!(expires_at, world.ledger.time().after(LEASE_MS));
    assert!(
        world.ledger.burnt().get() - burnt.get() > price.get(),
        "the price burns"
    );
    assert_eq!(stands_for(&world, "alice-of-old"), Some(BUYER));
    assert_eq!(world.ledger.name_shown(BUYER), Some(name("alice-of-old")));
    assert!(world.ledger.reservation(&BUYER).is_none(), "it is used up");

    // What is only given to an account is not shown beside it until it says so itself.
    world.ok(BUYER, transfer_call("alice-of-old", CREATOR));
    assert_eq!(stands_for(&world, "alice-of-old"), Some(CREATOR));
    assert_eq!(world.ledger.name_shown(CREATOR), None);
    assert_eq!(world.ledger.names_of(BUYER, None).count(), 0);
    assert_eq!(world.ledger.names_of(CREATOR, None).count(), 1);
    let events = world.ok(CREATOR, renew_call("alice-of-old", 7_000));
    let Event::NameRenewed {
        expires_at: renewed,
        ..
    } = events[0]
    else {
        panic!("{events:?}")
    };
    assert_eq!(renewed, expires_at.after(7_000));
    assert_eq!(world.ledger.name_shown(CREATOR), Some(name("alice-of-old")));

    // After the lease it stands for nobody, and only its holder can have it again.
    let left = renewed.since(world.ledger.time());
    world.block(left, &[]);
    assert_eq!(stands_for(&world, "alice-of-old"), Some(CREATOR));
    world.block(1, &[]);
    assert_eq!(stands_for(&world, "alice-of-old"), None);
    assert_eq!(world.ledger.name_shown(CREATOR), None);
    world.ok(CREATOR, renew_call("alice-of-old", 1_000));
    assert_eq!(stands_for(&world, "alice-of-old"), Some(CREATOR));

    // After the grace it is anybody's.
    let grace = world.ledger.params().names.grace_ms;
    let events = world.pass(1_000 + grace);
    assert_eq!(
        events,
        [Event::NameExpired {
            name: name("alice-of-old"),
            holder: CREATOR
        }]
    );
    assert_eq!(world.ledger.names().count(), 0);
    register(&mut world, seller(0), "alice-of-old");
    assert_eq!(stands_for(&world, "alice-of-old"), Some(seller(0)));
}

#[test]
fn who_sees_a_registration_cannot_be_first() {
    let mut world = World::new();
    let reserve = reserve_call(&world, BUYER, "alice-of-old");
    let Call::ReserveName { commitment } = reserve else {
        panic!("a reservation")
    };
    // Copying the commitment is worth nothing: it binds its holder.
    let seen = seller(0);
    world.block(
        1,
        &[(BUYER, reserve), (seen, Call::ReserveName { commitment })],
    );
    world.block(world.ledger.params().names.reserved_ms_min, &[]);
    let register = || register_call("alice-of-old", LEASE_MS);
    assert_eq!(world.call(seen, register()), Err(Rejection::NotReserved));
    // Nor is reserving it oneself once the name is seen, even in the same block and before it.
    let own = reserve_call(&world, seen, "alice-of-old");
    let executed = world.block(1, &[(seen, own), (seen, register()), (BUYER, register())]);
    let rejections: Vec<_> = executed
        .outcomes
        .iter()
        .map(|outcome| outcome.rejection)
        .collect();
    assert_eq!(rejections, [None, Some(Rejection::ReservedJustNow), None]);
    assert_eq!(stands_for(&world, "alice-of-old"), Some(BUYER));
}

#[test]
fn an_account_has_one_reservation_and_time_takes_it_away() {
    let mut world = World::new();
    let first = reserve_call(&world, BUYER, "first-name");
    let second = reserve_call(&world, BUYER, "second-name");
    world.block(1, &[(BUYER, first), (BUYER, second)]);
    let params = world.ledger.params().names;
    world.block(params.reserved_ms_min, &[]);
    assert_eq!(
        world.call(BUYER, register_call("first-name", LEASE_MS)),
        Err(Rejection::NotReserved)
    );
    assert!(world.ledger.reservation(&BUYER).is_some());
    let executed = world.block(
        params.reserved_ms_max,
        &[(BUYER, register_call("second-name", LEASE_MS))],
    );
    assert_eq!(
        executed.outcomes[0].rejection,
        Some(Rejection::NotReserved),
        "it has lapsed"
    );
    assert!(world.ledger.reservation(&BUYER).is_none());
}

#[test]
fn a_mass_expiry_of_names_spreads_over_blocks_and_holds_nobody_up() {
    let mut world = World::with(Params {
        expiries_per_block_max: 1,
        ..params()
    });
    let holders: Vec<AccountId> = (0..4).map(seller).collect();
    for (number, holder) in holders.iter().enumerate() {
        register(&mut world, *holder, &format!("holder-{number}"));
    }
    let grace = world.ledger.params().names.grace_ms;
    // Reserved in time, so that a name is registered while its old row still waits to be taken away.
    world.block(LEASE_MS + grace - 1_000, &[]);
    let reserve = reserve_call(&world, BUYER, "holder-3");
    world.ok(BUYER, reserve);
    let executed = world.block(2_000, &[(BUYER, register_call("holder-3", LEASE_MS))]);
    assert_eq!(executed.outcomes[0].rejection, None);
    let expired = |events: &[Event]| -> Vec<AccountId> {
        let holders = events.iter().filter_map(|event| match event {
            Event::NameExpired { holder, .. } => Some(*holder),
            _ => None,
        });
        holders.collect()
    };
    assert_eq!(expired(&executed.events), [seller(0), seller(3)]);
    assert_eq!(stands_for(&world, "holder-3"), Some(BUYER));
    assert_eq!(
        world.ledger.names().count(),
        1,
        "what is over is not shown, taken away or not"
    );
    assert_eq!(
        world.call(seller(2), renew_call("holder-2", 1_000)),
        Err(Rejection::UnknownName)
    );
    for holder in &holders[2..3] {
        let events = world.block(1, &[]).events;
        assert_eq!(expired(&events), [*holder]);
    }
    assert!(expired(&world.pass(1_000)).is_empty());
    assert_eq!(stands_for(&world, "holder-3"), Some(BUYER));
}

#[test]
fn prices_are_in_proportion_and_rounded_up() {
    let params = NameParams {
        price_per_year: asy(1),
        ..params().names
    };
    for (text, lease_ms, price) in [
        ("sixchr", YEAR_MS, ASY),
        ("sixchr", 2 * YEAR_MS, 2 * ASY),
        ("sixchr", YEAR_MS / 2, ASY / 2),
        ("sixchr", 1, 1),
        ("sixchr", 32, 2),
        ("fives", YEAR_MS, 4 * ASY),
        ("four", YEAR_MS, 16 * ASY),
        ("abc", YEAR_MS, 64 * ASY),
        ("abc", u64::MAX, u64::MAX),
    ] {
        let actual = name_price(&params, name(text), lease_ms);
        assert_eq!(actual.get(), price, "{text} for {lease_ms} ms");
    }
    let free = NameParams {
        price_per_year: Amount::ZERO,
        ..params
    };
    assert_eq!(name_price(&free, name("abc"), YEAR_MS), Amount::ZERO);
    let dear = NameParams {
        price_per_year: Amount::new(u64::MAX),
        ..params
    };
    assert_eq!(
        name_price(&dear, name("abc"), u64::MAX),
        Amount::new(u64::MAX)
    );
}

#[test]
fn names_are_read_page_by_page_and_survive_a_restart() {
    let mut world = World::new();
    for text in ["name-b", "name-a", "name-c"] {
        register(&mut world, BUYER, text);
    }
    register(&mut world, CREATOR, "name-aa");
    let reserve = reserve_call(&world, seller(1), "later");
    world.ok(seller(1), reserve);
    let texts = |names: Vec<Name>| -> Vec<String> { names.iter().map(Name::to_string).collect() };
    let ledger = &world.ledger;
    let all = ledger.names().map(|(name, _)| *name).collect();
    assert_eq!(texts(all), ["name-a", "name-aa", "name-b", "name-c"]);
    let after = ledger.names_after(Some(name("name-aa")));
    assert_eq!(
        texts(after.map(|(name, _)| *name).collect()),
        ["name-b", "name-c"]
    );
    let of = |after| {
        let names = ledger.names_of(BUYER, after);
        texts(names.map(|(name, _)| *name).collect())
    };
    assert_eq!(of(None), ["name-a", "name-b", "name-c"]);
    assert_eq!(of(Some(name("name-a"))), ["name-b", "name-c"]);

    let rows = ledger.rows().into_iter().filter_map(|(_, value)| value);
    let loaded = Ledger::load(&genesis(params()), rows).unwrap();
    loaded.audit().unwrap();
    assert_eq!(loaded.rows(), ledger.rows());
    assert_eq!(loaded.name_shown(BUYER), Some(name("name-a")));
    assert_eq!(
        loaded.leaders().collect::<Vec<_>>(),
        ledger.leaders().collect::<Vec<_>>()
    );
}

#[test]
fn a_commitment_binds_chain_holder_salt_and_name() {
    let world = World::new();
    let chain = world.ledger.chain_id();
    let commitment = NameCommitment::new(chain, BUYER, &NAME_SALT, name("alice"));
    for other in [
        NameCommitment::new(Default::default(), BUYER, &NAME_SALT, name("alice")),
        NameCommitment::new(chain, CREATOR, &NAME_SALT, name("alice")),
        NameCommitment::new(chain, BUYER, &Hash32::default(), name("alice")),
        NameCommitment::new(chain, BUYER, &NAME_SALT, name("alicf")),
    ] {
        assert_ne!(commitment, other);
    }
}
