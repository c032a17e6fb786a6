use super::*;
use crate::{
    consensus::engine::genesis_block,
    history::History,
    mempool::MempoolLimits,
    state::State,
    testkit::{CrashingFile, genesis, person, transfer},
};
use assay_types::{Genesis, Transaction};
use commonware_parallel::Sequential;
use commonware_runtime::deterministic;
use rand::{SeedableRng as _, rngs::StdRng};

fn node(genesis: &Genesis) -> Core {
    let origin =
        genesis_block::<deterministic::Context, Sequential>(genesis).expect("a good genesis");
    let state = State::genesis(genesis, origin.0.header, Duration::ZERO).expect("a good genesis");
    let history = History::open_on(CrashingFile::default()).expect("an index in memory");
    let limits = MempoolLimits::default();
    Core::new(genesis, state, history, limits, Arc::new(|| Duration::ZERO))
}

fn message(transactions: Vec<Transaction>) -> Vec<u8> {
    encode(&Batch::new(transactions).expect("a small batch"))
}

#[test]
fn a_message_passes_the_admission_of_any_transaction() {
    let genesis = genesis(4, 3);
    let core = node(&genesis);
    let mut rng = StdRng::seed_from_u64(1);
    let good = transfer(&genesis, &person(0), 0, 0);
    let gap = transfer(&genesis, &person(1), 0, 7);
    let poor = transfer(&genesis, &person(200), 0, 0);
    let bytes = message(vec![good.clone(), gap, poor]);
    // What the ledger does not admit now is no fault: peers may be some blocks apart.
    assert!(admit(&core, &bytes, &mut rng).is_ok());
    assert!(admit(&core, &bytes, &mut rng).is_ok(), "told twice");
    assert_eq!(core.mempool().status().transactions, 1);
    assert!(core.mempool().contains(&good.id()));
}

#[test]
fn what_no_honest_validator_sends_is_a_fault() {
    let genesis = genesis(4, 3);
    let core = node(&genesis);
    let mut rng = StdRng::seed_from_u64(1);
    let good = transfer(&genesis, &person(0), 0, 0);
    let forged = transfer(&genesis, &person(1), 0, 0);
    let forged = Transaction::new(forged.body.clone(), good.signature.clone());
    let forged = message(vec![forged]);
    let mut trailing = message(vec![good.clone()]);
    trailing.push(0);
    let too_many = encode(&vec![good; MESSAGE_TRANSACTIONS_MAX + 1]);
    let cases: [(&str, Vec<u8>); 5] = [
        ("forged", forged),
        ("trailing byte", trailing),
        ("too many", too_many),
        ("too long", vec![0; MESSAGE_BYTES_MAX + 1]),
        ("empty", Vec::new()),
    ];
    for (what, bytes) in cases {
        assert!(admit(&core, &bytes, &mut rng).is_err(), "{what}");
        assert_eq!(core.mempool().status().transactions, 0, "{what}");
    }
}

#[test]
fn the_outbox_keeps_to_its_room_and_fills_messages() {
    let genesis = genesis(4, 1);
    let item = |sequence| {
        let transaction = transfer(&genesis, &person(0), 0, sequence);
        let id = transaction.id();
        let tellings = 0;
        Item {
            id,
            transaction,
            tellings,
        }
    };
    let outbox = Outbox::default();
    let many = MESSAGE_TRANSACTIONS_MAX as u64 + 5;
    outbox.put((0..many).map(item));
    assert_eq!(outbox.take().len(), MESSAGE_TRANSACTIONS_MAX);
    assert_eq!(outbox.take().len(), 5);
    assert!(outbox.take().is_empty());
    assert_eq!(outbox.waiting().bytes, 0);
    outbox.waiting().bytes = OUTBOX_BYTES_MAX - item(0).transaction.encode_size();
    outbox.put([item(0), item(1)]);
    assert_eq!(outbox.waiting().queue.len(), 1, "the second has no room");
}
