//! Actors that play by the rules, most of the time: each order's parties have characters, fixed by a hash
//! of party and order, so that a cheat cheats consistently and the silent stay silent.

use crate::{
    requests, topics,
    world::{ASY, BUYERS, LEASE_MS_MAX, MODELS, NAMES, SELLERS, View, buyer, model, name, seller},
};
use assay_ledger::{
    check::QuorumState,
    rows::{Order, SeatState, Stage},
};
use assay_types::{
    AccountId, Amount, ApprovalCall, BasisPoints, Blob, Call, Check, ContentId, Good, Hash32,
    Input, LedgerTime, List, ModelId, Name, NameCommitment, OrderId, ProofCall, ProofEvidence,
    ProofKeyId, QuorumCall, QuorumReveal, RoyaltySplit, Terms, Text, Work, commitment,
};
use rand::{RngExt as _, rngs::StdRng};

/// How a seller treats one order.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Character {
    Honest,
    NeverAnswers,
    Declines,
    SilentAfterAccepting,
    CommitsOnly,
    WrongAnswer,
    OwnAnswer,
    FalseReveal,
}

fn character(order: OrderId, party: AccountId) -> Character {
    match roll("character", order, party) % 40 {
        0 => Character::NeverAnswers,
        1 => Character::Declines,
        2 => Character::SilentAfterAccepting,
        3 => Character::CommitsOnly,
        4..7 => Character::WrongAnswer,
        7..9 => Character::OwnAnswer,
        9 => Character::FalseReveal,
        _ => Character::Honest,
    }
}

fn roll(what: &str, order: OrderId, party: AccountId) -> u64 {
    let parts: [&[u8]; 3] = [order.as_bytes(), party.as_bytes(), what.as_bytes()];
    let hash = Hash32::derive("assay simulation roll v1", &parts);
    u64::from_be_bytes(hash.as_bytes()[..8].try_into().expect("eight bytes"))
}

fn answer(order: OrderId, party: AccountId) -> Vec<u8> {
    match character(order, party) {
        Character::WrongAnswer => b"wrong".to_vec(),
        Character::OwnAnswer => party.as_bytes().to_vec(),
        _ => b"right".to_vec(),
    }
}

pub(crate) const SALT: Hash32 = Hash32::new([3; 32]);

/// Something sensible that somebody could do now.
pub(crate) fn call(view: &View<'_>, rng: &mut StdRng) -> Option<(AccountId, Call)> {
    let wanted_orders = usize::from(BUYERS) * 5;
    let any_seller = seller(rng.random_range(0..SELLERS));
    match rng.random_range(0..100) {
        0 => Some((
            any_seller,
            Call::Unbond {
                amount: Amount::new(rng.random_range(1..20) * ASY),
            },
        )),
        1..3 => Some((any_seller, bond(rng))),
        3 => {
            let (offer, row) = pick(&view.offers, rng)?;
            Some((row.seller, Call::WithdrawOffer { offer: *offer }))
        }
        4..7 => Some((any_seller, publish(rng))),
        7 => requests::publish(view, rng),
        8..10 => {
            let to = buyer(rng.random_range(0..BUYERS));
            Some((
                any_seller,
                Call::Transfer {
                    to,
                    amount: Amount::new(rng.random_range(1..ASY)),
                },
            ))
        }
        10 => Some((any_seller, register(ModelId::new(rng.random()), any_seller))),
        11..14 => Some(use_a_name(view, rng)),
        14 => Some(register_key(view, rng)),
        15..26 => topics::call(view, rng),
        26..33 if view.orders.len() < wanted_orders => {
            let from = buyer(rng.random_range(0..BUYERS));
            let terms = match rng.random_range(0..6) {
                0 => requests::terms(view, rng)?,
                _ => terms(view.now, rng),
            };
            Some((from, Call::PlaceOrder { terms }))
        }
        _ => {
            let (id, order) = pick(&view.orders, rng)?;
            advance(view, *id, order, rng)
        }
    }
}

pub(crate) fn pick<'a, T>(items: &'a [T], rng: &mut StdRng) -> Option<&'a T> {
    if items.is_empty() {
        return None;
    }
    items.get(rng.random_range(0..items.len()))
}

pub(crate) fn bond(rng: &mut StdRng) -> Call {
    Call::Bond {
        amount: Amount::new(rng.random_range(50..400) * ASY),
    }
}

pub(crate) fn publish(rng: &mut StdRng) -> Call {
    let first = rng.random_range(0..MODELS);
    let mut models = vec![model(first)];
    if rng.random() && first + 1 < MODELS {
        models.push(model(first + 1));
    }
    let good = Good::Inference {
        models: List::new(models).expect("few"),
    };
    let ask = Amount::new(rng.random_range(1..3 * ASY));
    Call::PublishOffer {
        good,
        ask,
        capacity: rng.random_range(1..30),
    }
}

pub(crate) fn register(model: ModelId, to: AccountId) -> Call {
    let split = RoyaltySplit {
        account: to,
        share: BasisPoints::new(100),
    };
    Call::RegisterModel {
        model,
        manifest: ContentId::default(),
        program: ContentId::default(),
        licence: Text::new("MIT").expect("short"),
        royalties: List::new(vec![split]).expect("one"),
    }
}

/// The first key of each model is the same, and orders ask for it.
const KEY: &[u8] = b"a key";
const INPUT: &[u8] = b"an input";

pub(crate) fn key() -> ProofKeyId {
    ProofKeyId::of_key(KEY)
}

/// A key for a model by its owner: the one that orders ask for, or another.
fn register_key(view: &View<'_>, rng: &mut StdRng) -> (AccountId, Call) {
    let after = ModelId::new(rng.random());
    let known = (0..MODELS).map(model).find(|model| {
        let mut keys = view.ledger.proof_keys(*model);
        keys.all(|(registered, _)| registered != key())
    });
    let any = view.ledger.models_after(after).next().map(|(id, _)| *id);
    let model = known.or(any).unwrap_or(model(0));
    let owner = view.ledger.model(&model).map_or(buyer(0), |row| row.owner);
    let key = if known.is_some() {
        key()
    } else {
        ProofKeyId::new(rng.random())
    };
    (owner, Call::RegisterProofKey { model, key })
}

pub(crate) fn anybody(rng: &mut StdRng) -> AccountId {
    match rng.random_range(0..BUYERS + SELLERS) {
        number @ 0..BUYERS => buyer(number),
        number => seller(number - BUYERS),
    }
}

/// Registers what is reserved, renews or gives away what is held, reserves what is free.
fn use_a_name(view: &View<'_>, rng: &mut StdRng) -> (AccountId, Call) {
    let party = anybody(rng);
    let lease_ms = rng.random_range(1..LEASE_MS_MAX / 4);
    if let Some(name) = ripe(view, party) {
        let register = Call::RegisterName {
            name,
            salt: SALT,
            lease_ms,
        };
        return (party, register);
    }
    let name = name(rng.random_range(0..NAMES));
    match view.ledger.name(&name) {
        Some(row) if rng.random() => (row.holder, Call::RenewName { name, lease_ms }),
        Some(row) if row.holds_at(view.now) => {
            let to = anybody(rng);
            (row.holder, Call::TransferName { name, to })
        }
        _ => (party, reserve(view, party, name)),
    }
}

pub(crate) fn reserve(view: &View<'_>, party: AccountId, name: Name) -> Call {
    let commitment = NameCommitment::new(view.ledger.chain_id(), party, &SALT, name);
    Call::ReserveName { commitment }
}

/// The free name that a party has reserved and may register now.
fn ripe(view: &View<'_>, party: AccountId) -> Option<Name> {
    let row = view.ledger.reservation(&party)?;
    let ripe = row.ripe_at <= view.now && view.now.after(500) <= row.lapses_at;
    ripe.then(|| reserved(view, party)).flatten()
}

/// The free name that a party has reserved.
pub(crate) fn reserved(view: &View<'_>, party: AccountId) -> Option<Name> {
    let row = view.ledger.reservation(&party)?;
    let chain = view.ledger.chain_id();
    (0..NAMES).map(name).find(|name| {
        let opens = NameCommitment::new(chain, party, &SALT, *name) == row.commitment;
        opens && view.ledger.name(name).is_none()
    })
}

pub(crate) fn terms(now: LedgerTime, rng: &mut StdRng) -> Terms {
    let accept_by = now.after(rng.random_range(1_500..5_000));
    let middle = accept_by.after(rng.random_range(1_000..6_000));
    let last = middle.after(rng.random_range(1_000..6_000));
    let check = match rng.random_range(0..5) {
        0 => Check::Approval {
            deliver_by: middle,
            approve_by: last,
        },
        1 => Check::Quorum {
            agree: 3,
            of: 4,
            commit_by: middle,
            deliver_by: last,
        },
        2 => Check::Proof {
            key: key(),
            deliver_by: middle,
        },
        3 => Check::Quorum {
            agree: 1,
            of: 1,
            commit_by: middle,
            deliver_by: last,
        },
        _ => Check::Quorum {
            agree: 2,
            of: 3,
            commit_by: middle,
            deliver_by: last,
        },
    };
    let input = Input::Public {
        content: ContentId::of(INPUT),
    };
    Terms {
        work: Work::Inference {
            model: model(rng.random_range(0..MODELS)),
            input,
        },
        check,
        price_max: Amount::new(rng.random_range(ASY..4 * ASY)),
        accept_by,
        seller: None,
    }
}

/// The next step of an order by one of its parties.
fn advance(
    view: &View<'_>,
    id: OrderId,
    order: &Order,
    rng: &mut StdRng,
) -> Option<(AccountId, Call)> {
    match order.stage {
        Stage::Drawing => {
            if rng.random_range(0..60) == 0 {
                return Some((order.buyer, Call::CancelOrder { order: id }));
            }
            let asked = pick(&order.seats, rng).filter(|seat| {
                matches!(seat.state, SeatState::Asked { .. })
                    && character(id, seat.seller) != Character::NeverAnswers
            })?;
            let call = match character(id, asked.seller) {
                Character::Declines => Call::Decline { order: id },
                _ => Call::Accept { order: id },
            };
            Some((asked.seller, call))
        }
        Stage::Running => match order.terms.check {
            Check::Quorum { .. } => advance_quorum(view, id, order, rng),
            Check::Approval { .. } => advance_approval(id, order),
            Check::Proof { .. } => advance_proof(id, order),
            Check::Score { .. } => advance_score(id, order),
        },
    }
}

fn advance_quorum(
    view: &View<'_>,
    id: OrderId,
    order: &Order,
    rng: &mut StdRng,
) -> Option<(AccountId, Call)> {
    let state = QuorumState::read(&order.check_state)?;
    let seat = rng.random_range(0..order.seats.len());
    let (party, entry) = (order.seats.get(seat)?.seller, state.entries.get(seat)?);
    let character = character(id, party);
    if entry.ruled || character == Character::SilentAfterAccepting {
        return None;
    }
    if !state.open && entry.commitment.is_none() {
        return Some((party, commit(view, id, party)));
    }
    if state.open && entry.answer.is_none() && character != Character::CommitsOnly {
        let output = match character {
            Character::FalseReveal => b"something else".to_vec(),
            _ => answer(id, party),
        };
        return Some((party, reveal(id, output)));
    }
    None
}

pub(crate) fn commit(view: &View<'_>, order: OrderId, party: AccountId) -> Call {
    let output = ContentId::of(&answer(order, party));
    let chain = view.ledger.chain_id();
    QuorumCall::Commit(commitment(chain, order, party, output, &SALT)).on(order)
}

pub(crate) fn reveal(order: OrderId, output: Vec<u8>) -> Call {
    let output = Blob::new(output).expect("short");
    QuorumCall::Reveal(QuorumReveal { output, salt: SALT }).on(order)
}

fn advance_proof(id: OrderId, order: &Order) -> Option<(AccountId, Call)> {
    let party = order.seats.first()?.seller;
    let character = character(id, party);
    let silent = character == Character::SilentAfterAccepting;
    let honest = !matches!(
        character,
        Character::WrongAnswer | Character::OwnAnswer | Character::FalseReveal
    );
    (!silent).then(|| (party, prove(id, KEY, honest)))
}

/// A delivery whose proof holds, or does not.
pub(crate) fn prove(order: OrderId, key: &[u8], holds: bool) -> Call {
    let output = b"right";
    let proof: &[u8] = if holds { output } else { b"trust me" };
    ProofCall::Deliver(ProofEvidence {
        key: Blob::new(key).expect("short"),
        input: Blob::new(INPUT).expect("short"),
        output: Blob::new(output).expect("short"),
        proof: Blob::new(proof).expect("short"),
    })
    .on(order)
}

fn advance_score(id: OrderId, order: &Order) -> Option<(AccountId, Call)> {
    let party = order.seats.first()?.seller;
    let silent = character(id, party) == Character::SilentAfterAccepting;
    let next = !silent && !requests::is_delivered(order);
    next.then(|| (party, requests::deliver(id)))
}

fn advance_approval(id: OrderId, order: &Order) -> Option<(AccountId, Call)> {
    let seat = order.seats.first()?;
    let Check::Approval { approve_by, .. } = order.terms.check else {
        return None;
    };
    if order.wake_at < approve_by {
        let silent = character(id, seat.seller) == Character::SilentAfterAccepting;
        return (!silent).then(|| (seat.seller, deliver(id)));
    }
    match roll("buyer", id, order.buyer) % 4 {
        0 => None,
        1 => Some((order.buyer, ApprovalCall::Reject.on(id))),
        _ => Some((order.buyer, ApprovalCall::Approve.on(id))),
    }
}

pub(crate) fn deliver(order: OrderId) -> Call {
    ApprovalCall::Deliver(Blob::new(b"a page".to_vec()).expect("short")).on(order)
}
