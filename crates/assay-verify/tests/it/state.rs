use crate::{
    committee::{CHAIN, Committee, finality_of, header},
    log::{Log, account},
};
use assay_types::{
    Blob, ChainId, DESCENDANTS_MAX, Hash32, List, RowKey, STATE_PATH_HASHES_MAX,
    STATE_ROW_BYTES_MAX, StateEvidence, StateKey, StateProof, VALIDATORS_MAX, encode,
};
use assay_verify::{
    Anchor, CertificateError, ParseError, STATE_PROOF_BYTES_MAX, StateError, parse_state,
    verify_state,
};
use commonware_runtime::{Runner as _, Supervisor as _, deterministic};
use proptest::{
    collection::vec,
    prelude::{ProptestConfig, any, prop_assert, prop_assert_eq, proptest},
    sample::Index,
};
use std::sync::LazyLock;

/// Runs over a log of Commonware's deterministic runtime.
fn with_log<T>(work: impl AsyncFnOnce(Log) -> T) -> T {
    deterministic::Runner::default()
        .start(|context| async move { work(Log::new(context.child("log")).await).await })
}

/// A plain generator: the tests need variety, not secrets.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
        (self.0 >> 33) % sides
    }
}

#[test]
fn proofs_of_a_long_history_verify_as_commonware_verifies_them() {
    let committee = Committee::new(CHAIN, 1);
    let anchor = committee.anchor();
    let mut dice = Dice(7);
    with_log(async |mut log| {
        let first: Vec<_> = (0..900).map(|n| (account(n), Some(vec![1; 20]))).collect();
        log.write(&first).await;
        let (mut finished, mut inactive, mut left, mut right, mut last, mut tail) =
            (0, 0, 0, 0, 0, 0);
        for round in 0..1_200u64 {
            let changes: Vec<_> = (0..=dice.roll(3))
                .map(|_| {
                    let key = account(dice.roll(1_000));
                    let value = (dice.roll(3) > 0).then(|| round.to_be_bytes().to_vec());
                    (key, value.filter(|_| log.rows.len() > 600))
                })
                .collect();
            let distinct: std::collections::BTreeMap<_, _> = changes
                .into_iter()
                .filter(|(key, value)| value.is_some() || log.rows.contains_key(key))
                .collect();
            let changes: Vec<_> = distinct.into_iter().collect();
            log.write(&changes).await;
            for key in [
                account(dice.roll(1_000)),
                account(dice.roll(1_000)),
                RowKey::Chain,
            ] {
                let proof = log.prove(&committee, key).await;
                let proof = parse_state(&encode(&proof)).expect("its own bytes");
                let proven = verify_state(&anchor, &proof).expect("an honest proof");
                assert_eq!(proven.value, log.rows.get(&key).map(Vec::as_slice));
                let (count, path) = (log.count(), &proof.path);
                // The peaks of the log left of the operation's, itself, and right of it.
                let own = (count ^ path.location).ilog2();
                let peaks_left = (count >> own >> 1).count_ones();
                finished += u32::from(count % 256 == 0);
                inactive += u32::from(path.inactive_peaks > 0);
                left += u32::from(peaks_left > u32::from(path.inactive_peaks));
                right += u32::from(own > count.trailing_zeros());
                last += u32::from(path.location / 256 == count / 256);
                tail += u32::from(path.tail.is_some());
            }
        }
        let seen = [finished, inactive, left, right, last, tail];
        assert!(seen.iter().all(|&times| times > 2), "{seen:?}");
    });
}

/// Proofs of every shape: rows in the last chunk and in one long past, and a row that is not there; final by
/// its own votes and by those of a header above.
fn shapes(committee: &Committee) -> Vec<StateProof> {
    with_log(async |mut log| {
        let rows: Vec<_> = (0..700).map(|n| (account(n), Some(vec![1; 20]))).collect();
        log.write(&rows).await;
        // Until the log's left end holds nothing any more.
        for round in 0..100 {
            let again: Vec<_> = (0..100)
                .map(|n| (account(n), Some(vec![round; 30])))
                .collect();
            log.write(&again).await;
            let path = log.prove(committee, account(650)).await.path;
            if path.inactive_peaks > 0 && path.tail.is_some() {
                break;
            }
        }
        let latest = [(account(3), Some(vec![3; 9])), (account(4), None)];
        log.write(&latest).await;
        let mut proofs = vec![
            log.prove(committee, account(3)).await,
            log.prove(committee, account(650)).await,
            log.prove(committee, account(4)).await,
        ];
        assert!(proofs[0].path.tail.is_none() && proofs[1].path.tail.is_some());
        assert!(proofs[1].path.inactive_peaks > 0);
        let mut carried = proofs[2].clone();
        let above = header(carried.header.id(), carried.header.height.get() + 1);
        carried.finality = finality_of(committee.votes(&above, &[0]));
        carried.descendants = List::new(vec![above]).expect("one");
        proofs.push(carried);
        proofs
    })
}

/// The proofs of [`shapes`] and their anchor.
pub(crate) static SHAPES: LazyLock<(Anchor, Vec<StateProof>)> = LazyLock::new(|| {
    let committee = Committee::new(CHAIN, 1);
    (committee.anchor(), shapes(&committee))
});

fn is_accepted(anchor: &Anchor, bytes: &[u8]) -> bool {
    parse_state(bytes).is_ok_and(|proof| verify_state(anchor, &proof).is_ok())
}

#[test]
fn every_flipped_bit_is_refused() {
    let (anchor, proofs) = &*SHAPES;
    for proof in proofs {
        let bytes = encode(proof);
        assert!(is_accepted(anchor, &bytes));
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(
                !is_accepted(anchor, &flipped),
                "bit {bit} of {} bytes",
                bytes.len()
            );
        }
        for len in 0..bytes.len() {
            assert!(parse_state(&bytes[..len]).is_err(), "{len} bytes");
        }
        assert!(parse_state(&[&bytes[..], &[0]].concat()).is_err());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1_000) })]

    #[test]
    fn altered_proofs_never_verify(
        which in any::<Index>(),
        edits in vec((any::<Index>(), any::<u8>()), 1..4),
        cut in any::<Index>(),
        insert in vec(any::<u8>(), 0..3),
    ) {
        let (anchor, proofs) = &*SHAPES;
        let honest = encode(which.get(proofs));
        let mut bytes = honest.clone();
        for (place, value) in edits {
            let place = place.index(bytes.len());
            bytes[place] = value;
        }
        let cut = cut.index(bytes.len());
        bytes.splice(cut..cut, insert);
        if let Ok(proof) = parse_state(&bytes) {
            prop_assert_eq!(encode(&proof), bytes.clone());
            prop_assert_eq!(verify_state(anchor, &proof).is_ok(), bytes == honest);
        }
    }

    #[test]
    fn any_path_is_refused_without_harm(
        location in any::<u64>(),
        count in any::<u64>(),
        inactive_peaks in any::<u8>(),
        hashes in 0..=STATE_PATH_HASHES_MAX,
    ) {
        let (anchor, proofs) = &*SHAPES;
        let mut proof = proofs[0].clone();
        proof.path.location = location;
        proof.path.activity = [0xff; 32];
        proof.path.inactive_peaks = inactive_peaks;
        proof.path.hashes = List::new(vec![Hash32::default(); hashes]).expect("within the limit");
        proof.header.range_end = count;
        prop_assert!(verify_state(anchor, &proof).is_err());
    }
}

#[test]
fn each_lie_has_its_error() {
    let (anchor, proofs) = &*SHAPES;
    let [present, past, absent, carried] = &proofs[..] else {
        panic!("four shapes")
    };
    let check = |proof: &StateProof, alter: &dyn Fn(&mut StateProof)| {
        let mut proof = proof.clone();
        alter(&mut proof);
        verify_state(anchor, &proof).expect_err("an altered proof")
    };
    let not_in_state = |proof: &StateProof| StateError::NotInState {
        block: proof.header.id(),
    };

    assert_eq!(
        check(present, &|p| p.version = 2),
        StateError::Version { version: 2 }
    );
    let given = ChainId::new([8; 32]);
    assert_eq!(
        check(present, &|p| p.chain = given),
        StateError::WrongChain {
            given,
            expected: CHAIN
        }
    );
    assert_eq!(
        check(present, &|p| p.key = account(5)),
        not_in_state(present),
        "another row"
    );
    assert_eq!(
        check(present, &|p| {
            p.evidence = StateEvidence::Absent {
                before: StateKey::new([0; 32]),
                row: Blob::default(),
                next: StateKey::new([0xff; 32]),
            };
        }),
        not_in_state(present),
        "what is there is not absent"
    );
    // The row before what is absent, and the row after it, are there.
    let StateEvidence::Absent { before, next, .. } = absent.evidence else {
        panic!("it is absent")
    };
    let neighbours: Vec<RowKey> = (0..700)
        .map(account)
        .filter(|key| [before, next].contains(&key.state_key()))
        .collect();
    assert_eq!(neighbours.len(), 2);
    for neighbour in neighbours {
        let error = check(absent, &|p| p.key = neighbour);
        assert!(matches!(error, StateError::NotBetween { .. }), "{error}");
    }
    // The write of this row that a later one replaced: its activity bit is not set.
    let other = check(past, &|p| p.path.location ^= 1);
    assert_eq!(other, not_in_state(past));
    assert_eq!(
        check(past, &|p| p.path.tail = None),
        not_in_state(past),
        "the end of the bitmap is needed"
    );
    assert_eq!(
        check(present, &|p| p.path.tail = Some(Hash32::default())),
        not_in_state(present),
        "the end of the bitmap is there already"
    );
    assert_eq!(
        check(past, &|p| p.path.hashes = List::default()),
        not_in_state(past)
    );
    assert!(matches!(
        check(carried, &|p| p.descendants = List::default()),
        StateError::NotFinal(CertificateError::BadVote { .. })
    ));
    let mut unsigned = present.clone();
    unsigned.finality = finality_of(Vec::new());
    assert!(matches!(
        verify_state(anchor, &unsigned),
        Err(StateError::NotFinal(CertificateError::TooFewVotes { .. }))
    ));
}

#[test]
fn the_only_row_has_no_neighbour() {
    let committee = Committee::new(CHAIN, 1);
    with_log(async |mut log| {
        log.write(&[(RowKey::Chain, Some(vec![9]))]).await;
        for key in (0..20).map(account).chain([RowKey::Chain]) {
            let proof = log.prove(&committee, key).await;
            let proven = verify_state(&committee.anchor(), &proof).expect("an honest proof");
            assert_eq!(proven.value.is_some(), key == RowKey::Chain);
        }
    });
}

#[test]
fn the_largest_proof_fits_the_limit() {
    let mut proof = SHAPES.1[2].clone();
    let row = Blob::new(vec![0; STATE_ROW_BYTES_MAX]).expect("its limit");
    let (before, next) = (StateKey::default(), StateKey::default());
    proof.evidence = StateEvidence::Absent { before, row, next };
    proof.path.hashes =
        List::new(vec![Hash32::default(); STATE_PATH_HASHES_MAX]).expect("its limit");
    proof.path.tail = Some(Hash32::default());
    proof.descendants = List::new(vec![proof.header.clone(); DESCENDANTS_MAX]).expect("its limit");
    proof.finality.votes =
        List::new(vec![proof.finality.votes[0].clone(); VALIDATORS_MAX]).expect("its limit");
    let len = encode(&proof).len();
    assert!(len <= STATE_PROOF_BYTES_MAX, "{len} bytes");
    let huge = vec![1; STATE_PROOF_BYTES_MAX + 1];
    assert!(matches!(
        parse_state(&huge),
        Err(ParseError::TooLong { .. })
    ));
}
