use super::*;
use crate::testkit::{genesis, person, transfer};
use commonware_parallel::Sequential;

fn signed(senders: &Mutex<Senders>, transactions: &[Transaction]) -> bool {
    let all: Vec<&Transaction> = transactions.iter().collect();
    all_signed(senders, &all, &mut rand::rng(), &Sequential)
}

#[test]
fn each_signature_is_held_to_its_own_sender_whether_remembered_or_not() {
    let genesis = genesis(1, 3);
    let sent: Vec<Transaction> = [0, 1, 0, 2]
        .into_iter()
        .zip(0..)
        .map(|(number, sequence)| transfer(&genesis, &person(number), 0, sequence))
        .collect();
    let mut forged = sent.clone();
    forged[2] = Transaction::new(sent[2].body.clone(), sent[1].signature.clone());
    let senders = Mutex::default();
    for _ in 0..2 {
        assert!(signed(&senders, &sent));
        assert!(!signed(&senders, &forged));
    }
    assert_eq!(senders.lock().expect("not poisoned").young.len(), 3);
}

#[test]
fn a_sender_that_is_no_point_has_signed_nothing() {
    let genesis = genesis(1, 1);
    let good = transfer(&genesis, &person(0), 0, 0);
    let mut body = good.body.clone();
    body.sender = AccountId::new([2; 32]);
    let bad = Transaction::new(body, good.signature.clone());
    assert!(!signed(&Mutex::default(), &[good, bad]));
}

#[test]
fn what_a_whole_generation_did_not_use_is_forgotten() {
    let key = person(0).public_key();
    let account = |number: usize| {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&number.to_be_bytes());
        AccountId::new(bytes)
    };
    let mut senders = Senders::default();
    for number in 0..=2 * GENERATION {
        senders.insert(account(number), key.clone());
        // One that is used stays.
        assert!(senders.get(&account(0)).is_some());
    }
    assert!(senders.get(&account(1)).is_none());
    assert!(senders.young.len() + senders.old.len() <= 2 * GENERATION + 1);
}
