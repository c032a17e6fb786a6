//! Actors that aim at a rejection: each picks one, looks for an occasion, and takes it.

use crate::{
    actors::{
        SALT, anybody, bond, commit, deliver, key, pick, prove, publish, register, reserved,
        reveal, terms,
    },
    requests, topics,
    world::{ASY, BUYERS, MODELS, NAMES, ORDER_MS_MAX, SELLERS, View, buyer, model, name, seller},
};
use assay_ledger::{
    check::QuorumState,
    rows::{NameLease, Order, SeatState, Stage},
};
use assay_types::{
    AccountId, Amount, ApprovalCall, BasisPoints, Blob, Call, Check, Good, Hash32, LedgerTime,
    List, ModelId, Name, OfferId, OrderId, ProofKeyId, Rejection, RoyaltySplit, SUPPLY_MAX, Terms,
};
use rand::{RngExt as _, rngs::StdRng};

type Aimed = Option<(AccountId, Call)>;

/// A call aimed at a rejection drawn at random, if there is an occasion for it.
pub(crate) fn call(view: &View<'_>, rng: &mut StdRng) -> Aimed {
    let target = Rejection::ALL[rng.random_range(0..Rejection::ALL.len())];
    aim(target, view, rng)
}

fn aim(target: Rejection, view: &View<'_>, rng: &mut StdRng) -> Aimed {
    let from = seller(rng.random_range(0..SELLERS));
    let client = buyer(rng.random_range(0..BUYERS));
    let rich = Amount::new(SUPPLY_MAX.get() - 1);
    match target {
        Rejection::AmountZero => Some((
            from,
            Call::Transfer {
                to: client,
                amount: Amount::ZERO,
            },
        )),
        Rejection::InsufficientFunds => Some((from, Call::Bond { amount: rich })),
        Rejection::InsufficientBond => Some((from, Call::Unbond { amount: rich })),
        Rejection::TooManyUnbondings => {
            let full = |number: &u8| {
                view.ledger.account(&seller(*number)).is_some_and(|row| {
                    row.unbondings >= view.ledger.params().unbondings_per_account_max
                        && !row.free_bond().is_zero()
                })
            };
            let from = (0..SELLERS).find(full).map_or(from, seller);
            Some((
                from,
                Call::Unbond {
                    amount: Amount::new(1),
                },
            ))
        }
        Rejection::OfferWithoutModels => Some((from, offer(&[], ASY, 1))),
        Rejection::ModelsNotAscending => Some((from, offer(&[model(1), model(0)], ASY, 1))),
        Rejection::UnknownModel => Some((from, offer(&[ModelId::new([250; 32])], ASY, 1))),
        Rejection::PriceZero => Some((from, offer(&[model(0)], 0, 1))),
        Rejection::PriceTooHigh => Some((from, offer(&[model(0)], u64::MAX, 1))),
        Rejection::CapacityZero => Some((from, offer(&[model(0)], ASY, 0))),
        Rejection::TooManyOffers | Rejection::BookFull => {
            let account_max = view.ledger.params().offers_per_account_max;
            let fits = |number: &u8| {
                let offers = view
                    .ledger
                    .account(&seller(*number))
                    .map_or(0, |row| row.offers);
                (offers >= account_max) == (target == Rejection::TooManyOffers)
            };
            let from = (0..SELLERS).find(fits).map_or(from, seller);
            Some((from, publish(rng)))
        }
        Rejection::UnknownOffer => Some((
            from,
            Call::WithdrawOffer {
                offer: OfferId::default(),
            },
        )),
        Rejection::NotYours => match (
            rng.random(),
            pick(&view.offers, rng),
            pick(&view.orders, rng),
        ) {
            (true, Some((offer, _)), _) => Some((client, Call::WithdrawOffer { offer: *offer })),
            (_, _, Some((order, _))) => Some((from, Call::CancelOrder { order: *order })),
            _ => None,
        },
        Rejection::CheckMalformed
        | Rejection::DeadlinePast
        | Rejection::DeadlinesOutOfOrder
        | Rejection::DeadlineTooFar
        | Rejection::SellerNotNameable
        | Rejection::TooManyOrders
        | Rejection::UnknownProofKey
        | Rejection::CheckOfOtherWork
        | Rejection::TooFewSellers => Some(bad_order(target, view, client, rng)),
        Rejection::UnknownOrder => Some((
            client,
            Call::CancelOrder {
                order: OrderId::default(),
            },
        )),
        Rejection::WorkStarted => {
            let (order, row) = running(view, rng)?;
            Some((row.buyer, Call::CancelOrder { order }))
        }
        Rejection::NotAssigned => {
            let (order, _) = pick(&view.orders, rng)?;
            Some((client, Call::Accept { order: *order }))
        }
        Rejection::AlreadyAccepted => {
            let (order, row) = pick(&view.orders, rng)?;
            let seat = row
                .seats
                .iter()
                .find(|seat| seat.state == SeatState::Accepted)?;
            Some((seat.seller, Call::Decline { order: *order }))
        }
        Rejection::TooLate => too_late(view, rng),
        Rejection::NotStarted => {
            let drawing = |row: &Order| row.stage == Stage::Drawing;
            let (order, row) = find(view, rng, drawing)?;
            Some((row.buyer, ApprovalCall::Approve.on(order)))
        }
        Rejection::UnknownTag | Rejection::MalformedBody => {
            let (order, row) = running(view, rng)?;
            let tag = if target == Rejection::UnknownTag {
                200
            } else {
                0
            };
            let bytes = Blob::new(vec![1]).expect("short");
            Some((
                row.seats.first()?.seller,
                Call::CheckCall { order, tag, bytes },
            ))
        }
        Rejection::AlreadyCommitted
        | Rejection::RevealsNotOpen
        | Rejection::NotCommitted
        | Rejection::AlreadyRevealed
        | Rejection::RevealsOpen => bad_quorum_call(target, view, rng),
        Rejection::AlreadyDelivered if rng.random() => {
            let delivered = |row: &Order| {
                matches!(row.terms.check, Check::Score { .. }) && requests::is_delivered(row)
            };
            let (order, row) = find(view, rng, delivered)?;
            Some((row.seats.first()?.seller, requests::deliver(order)))
        }
        Rejection::AlreadyDelivered => {
            let (order, row) = approval(view, rng, true)?;
            Some((row.seats.first()?.seller, deliver(order)))
        }
        Rejection::NotDelivered => {
            let (order, row) = approval(view, rng, false)?;
            Some((row.buyer, ApprovalCall::Approve.on(order)))
        }
        Rejection::LeaseZero
        | Rejection::LeaseTooLong
        | Rejection::NameTaken
        | Rejection::NameHeld
        | Rejection::NotReserved
        | Rejection::ReservedJustNow
        | Rejection::UnknownName
        | Rejection::LeaseEnded => bad_name_call(target, view, rng),
        Rejection::ProofKeyExists | Rejection::TooManyProofKeys => {
            let model = model(rng.random_range(0..MODELS));
            // The key that orders ask for comes before others fill the model.
            view.ledger
                .proof_keys(model)
                .find(|(registered, _)| *registered == key())?;
            let key = if target == Rejection::ProofKeyExists {
                key()
            } else {
                ProofKeyId::new(rng.random())
            };
            Some((buyer(0), Call::RegisterProofKey { model, key }))
        }
        Rejection::OtherStatement => {
            let proven = |row: &Order| {
                row.stage == Stage::Running && matches!(row.terms.check, Check::Proof { .. })
            };
            let (order, row) = find(view, rng, proven)?;
            Some((
                row.seats.first()?.seller,
                prove(order, b"another key", true),
            ))
        }
        Rejection::TopicTermsImpossible
        | Rejection::TooManyTopics
        | Rejection::UnknownTopic
        | Rejection::TopicSettling
        | Rejection::KeyTaken
        | Rejection::TakeTooLarge
        | Rejection::NoFreeSlot
        | Rejection::PriceAboveMaximum
        | Rejection::UnknownSlot
        | Rejection::StakeTooSmall
        | Rejection::InsufficientStake
        | Rejection::NoPermit
        | Rejection::SubmissionMalformed
        | Rejection::NothingToReveal
        | Rejection::FalseSubmission
        | Rejection::NothingToMeasure => topics::aim(target, view, rng),
        Rejection::ModelExists => Some((from, register(model(0), from))),
        Rejection::RoyaltiesMalformed => {
            let Call::RegisterModel {
                model,
                manifest,
                program,
                licence,
                ..
            } = register(ModelId::new(rng.random()), from)
            else {
                return None;
            };
            let split = RoyaltySplit {
                account: from,
                share: BasisPoints::new(9_999),
            };
            let royalties = List::new(vec![split]).expect("one");
            Some((
                from,
                Call::RegisterModel {
                    model,
                    manifest,
                    program,
                    licence,
                    royalties,
                },
            ))
        }
    }
    .or_else(|| Some((from, bond(rng))))
}

fn bad_name_call(target: Rejection, view: &View<'_>, rng: &mut StdRng) -> Aimed {
    let from = anybody(rng);
    let number = rng.random_range(0..NAMES);
    let find = |fits: &dyn Fn(Option<&NameLease>) -> bool| -> Option<Name> {
        (0..NAMES)
            .map(|step| name((number + step) % NAMES))
            .find(|name| fits(view.ledger.name(name)))
    };
    let register = |name, lease_ms| Call::RegisterName {
        name,
        salt: SALT,
        lease_ms,
    };
    match target {
        Rejection::LeaseZero => Some((from, register(name(number), 0))),
        Rejection::LeaseTooLong => Some((from, register(name(number), u64::MAX))),
        Rejection::NameTaken => {
            let name = find(&|row| row.is_some_and(|row| row.holder != from))?;
            Some((from, register(name, 1)))
        }
        Rejection::NameHeld => {
            let name = find(&|row| row.is_some())?;
            Some((view.ledger.name(&name)?.holder, register(name, 1)))
        }
        Rejection::NotReserved => {
            let call = Call::RegisterName {
                name: find(&|row| row.is_none())?,
                salt: Hash32::default(),
                lease_ms: 1,
            };
            Some((from, call))
        }
        Rejection::ReservedJustNow => {
            let young = |party: &AccountId| {
                let row = view.ledger.reservation(party);
                row.is_some_and(|row| view.now.after(50) < row.ripe_at)
            };
            let parties = (0..BUYERS).map(buyer).chain((0..SELLERS).map(seller));
            let (party, name) = parties
                .filter(young)
                .find_map(|party| Some((party, reserved(view, party)?)))?;
            Some((party, register(name, 1)))
        }
        Rejection::LeaseEnded => {
            let name = find(&|row| row.is_some_and(|row| !row.holds_at(view.now)))?;
            let holder = view.ledger.name(&name)?.holder;
            Some((holder, Call::TransferName { name, to: from }))
        }
        _ => {
            let name = "never-registered".parse().expect("a name");
            Some((from, Call::RenewName { name, lease_ms: 1 }))
        }
    }
}

fn offer(models: &[ModelId], ask: u64, capacity: u32) -> Call {
    let good = Good::Inference {
        models: List::new(models.to_vec()).expect("few"),
    };
    Call::PublishOffer {
        good,
        ask: Amount::new(ask),
        capacity,
    }
}

fn bad_order(
    target: Rejection,
    view: &View<'_>,
    client: AccountId,
    rng: &mut StdRng,
) -> (AccountId, Call) {
    let mut terms = terms(view.now, rng);
    let mut from = client;
    match target {
        Rejection::CheckMalformed => {
            let (commit_by, deliver_by) = (LedgerTime::MAX, LedgerTime::MAX);
            terms.check = Check::Quorum {
                agree: 1,
                of: 2,
                commit_by,
                deliver_by,
            };
        }
        Rejection::CheckOfOtherWork => {
            terms.check = Check::Score {
                deliver_by: LedgerTime::MAX,
            };
        }
        Rejection::DeadlinePast => terms.accept_by = view.now,
        Rejection::UnknownProofKey => {
            terms.check = Check::Proof {
                key: ProofKeyId::new(rng.random()),
                deliver_by: LedgerTime::MAX,
            };
        }
        Rejection::DeadlinesOutOfOrder => terms.accept_by = view.now.after(50_000),
        Rejection::DeadlineTooFar => {
            let (deliver_by, approve_by) =
                (view.now.after(50_000), view.now.after(2 * ORDER_MS_MAX));
            terms.check = Check::Approval {
                deliver_by,
                approve_by,
            };
        }
        Rejection::SellerNotNameable => {
            let (commit_by, deliver_by) = (view.now.after(20_000), view.now.after(30_000));
            terms.check = Check::Quorum {
                agree: 2,
                of: 3,
                commit_by,
                deliver_by,
            };
            terms.seller = Some(seller(0));
        }
        Rejection::TooManyOrders => {
            let max = view.ledger.params().orders_per_account_max;
            let full = |number: &u8| {
                view.ledger
                    .account(&buyer(*number))
                    .is_some_and(|row| row.orders >= max)
            };
            from = (0..BUYERS).find(full).map_or(client, buyer);
        }
        _ => {
            terms = Terms {
                price_max: Amount::new(1),
                ..terms
            }
        }
    }
    (from, Call::PlaceOrder { terms })
}

fn find<'a>(
    view: &View<'a>,
    rng: &mut StdRng,
    fits: impl Fn(&Order) -> bool,
) -> Option<(OrderId, &'a Order)> {
    let from = if view.orders.is_empty() {
        0
    } else {
        rng.random_range(0..view.orders.len())
    };
    view.orders[from..]
        .iter()
        .chain(&view.orders[..from])
        .find(|(_, row)| fits(row))
        .map(|(id, row)| (*id, *row))
}

fn running<'a>(view: &View<'a>, rng: &mut StdRng) -> Option<(OrderId, &'a Order)> {
    find(view, rng, |row| row.stage == Stage::Running)
}

fn approval<'a>(
    view: &View<'a>,
    rng: &mut StdRng,
    delivered: bool,
) -> Option<(OrderId, &'a Order)> {
    find(view, rng, |row| match row.terms.check {
        Check::Approval { approve_by, .. } => {
            row.stage == Stage::Running && (row.wake_at == approve_by) == delivered
        }
        Check::Quorum { .. } | Check::Proof { .. } | Check::Score { .. } => false,
    })
}

fn too_late(view: &View<'_>, rng: &mut StdRng) -> Aimed {
    let late = |row: &Order| row.stage == Stage::Running && row.wake_at < view.now;
    if let Some((order, row)) = find(view, rng, late) {
        let party = row.seats.first()?.seller;
        return match row.terms.check {
            Check::Quorum { .. } => Some((party, commit(view, order, party))),
            Check::Approval { .. } => Some((row.buyer, ApprovalCall::Approve.on(order))),
            Check::Proof { .. } => Some((party, prove(order, b"a key", true))),
            Check::Score { .. } => Some((party, requests::deliver(order))),
        };
    }
    let missed = |row: &Order| {
        row.seats.iter().any(
            |seat| matches!(seat.state, SeatState::Asked { respond_by } if respond_by < view.now),
        )
    };
    let (order, row) = find(view, rng, missed)?;
    let seat = row.seats.iter().find(
        |seat| matches!(seat.state, SeatState::Asked { respond_by } if respond_by < view.now),
    )?;
    Some((seat.seller, Call::Accept { order }))
}

fn bad_quorum_call(target: Rejection, view: &View<'_>, rng: &mut StdRng) -> Aimed {
    let occasion = |row: &Order| {
        let Check::Quorum { commit_by, .. } = row.terms.check else {
            return None;
        };
        let state = QuorumState::read(&row.check_state)?;
        row.seats
            .iter()
            .zip(&state.entries)
            .find_map(|(seat, entry)| {
                let committed = entry.commitment.is_some();
                let fits = match target {
                    Rejection::AlreadyCommitted => !state.open && committed,
                    Rejection::RevealsNotOpen => !state.open,
                    Rejection::NotCommitted => state.open && !committed,
                    Rejection::AlreadyRevealed => state.open && entry.answer.is_some(),
                    _ => state.open && view.now.after(100) <= commit_by,
                };
                fits.then_some(seat.seller)
            })
    };
    let (order, row) = find(view, rng, |row| occasion(row).is_some())?;
    let party = occasion(row)?;
    let call = match target {
        Rejection::AlreadyCommitted | Rejection::RevealsOpen => commit(view, order, party),
        _ => reveal(order, b"right".to_vec()),
    };
    Some((party, call))
}
