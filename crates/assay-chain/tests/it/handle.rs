//! The handle: what it answers, what it survives.

use crate::people::{PEOPLE, WEALTH, genesis, key, now, person, start, transfer, validator};
use assay_chain::{
    AdmitError, Chain, ChainConfig, ChainError, ExportFormat, FolderError, HEARTBEAT,
    NetworkConfig, ProveError, Retention, StartError, Status, TransactionStatus, check_export,
    export, replay,
};
use assay_types::{
    AccountId, Height, Invalid, Lane, List, OfferId, RowKey, Transaction, TxId, encode, merkle_root,
};
use assay_verify::{Anchor, verify_state};
use std::{
    io::Write as _,
    time::{Duration, Instant},
};

/// Long enough for a loaded machine, short enough to fail a test that hangs.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) async fn until_final(chain: &Chain, id: TxId) -> TransactionStatus {
    let mut blocks = chain.subscribe_from(chain.status().height);
    let wait = async {
        loop {
            match chain.transaction(id).expect("the index is readable") {
                Some(status @ TransactionStatus::Final { .. }) => return status,
                _ => blocks.next().await.expect("the chain goes on"),
            };
        }
    };
    tokio::time::timeout(PATIENCE, wait)
        .await
        .expect("final in time")
}

#[tokio::test]
async fn a_transaction_becomes_final_at_once_and_is_found_by_all() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let genesis = genesis(now());
    let chain = start(folder.path(), &genesis);
    assert_eq!(chain.status().height, Height::ZERO);
    let from = person(0);
    let mut slowest = Duration::ZERO;
    for sequence in 0..20 {
        // The chain is idle each time, so nothing but the transaction wakes it.
        tokio::time::sleep(Duration::from_millis(20)).await;
        let transaction = transfer(&chain, &from, 0, sequence);
        let id = transaction.id();
        let sent = Instant::now();
        assert_eq!(chain.submit(vec![transaction]), [Ok(id)]);
        let status = until_final(&chain, id).await;
        slowest = slowest.max(sent.elapsed());
        let TransactionStatus::Final {
            outcome, events, ..
        } = status
        else {
            unreachable!()
        };
        assert_eq!((outcome.transaction, outcome.rejection), (id, None));
        assert_eq!(events.len(), 1);
    }
    let line = format!("submitted to final on an idle chain: at most {slowest:?}\n");
    std::io::stderr()
        .write_all(line.as_bytes())
        .expect("stderr");
    assert!(
        slowest < HEARTBEAT,
        "the slowest took {slowest:?}: it waited for the heartbeat"
    );
    let account = from.account();
    let next = chain.next_sequence(account, Lane::default());
    assert_eq!(next, 20);
    let paid = chain.read(|ledger| {
        ledger
            .account(&account)
            .map(|account| account.balance.get())
    });
    assert!(paid.is_some_and(|left| left < WEALTH - 20));
    chain.shutdown();
}

#[tokio::test]
async fn blocks_come_in_order_from_any_height_with_what_shows_them_final() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let genesis = genesis(now());
    let chain = start(folder.path(), &genesis);
    for sequence in 0..40 {
        for number in 0..PEOPLE {
            let answers = chain.submit(vec![transfer(&chain, &person(number), 0, sequence)]);
            assert!(answers[0].is_ok(), "{answers:?}");
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let last = chain.submit(vec![transfer(&chain, &person(0), 0, 40)])[0];
    until_final(&chain, last.expect("admitted")).await;
    let tip = chain.status().height;
    assert!(tip.get() > 3);
    for from in [0, 1, tip.get() / 2, tip.get()] {
        let mut blocks = chain.subscribe_from(Height::new(from));
        let mut expected = from.max(1);
        let mut parent = None;
        while expected <= tip.get() {
            let next = tokio::time::timeout(PATIENCE, blocks.next())
                .await
                .expect("in time");
            let block = next.expect("the chain goes on");
            let header = &block.block.header;
            assert_eq!(header.height.get(), expected);
            assert_eq!(block.id, header.id());
            assert!(parent.is_none_or(|parent| parent == header.parent));
            assert_eq!(block.result.outcomes.len(), block.block.transactions.len());
            let leaves: Vec<_> = block.result.events.iter().map(encode).collect();
            assert_eq!(merkle_root(&leaves), header.event_root);
            let certified = block.certificate.descendants.last().unwrap_or(header);
            assert!(certified.height >= header.height);
            assert_eq!(block.certificate.finality.votes.len(), 1);
            parent = Some(block.id);
            expected += 1;
        }
    }
    let repeated = chain
        .block(Height::new(2))
        .await
        .expect("kept")
        .expect("final");
    assert_eq!(repeated.block.header.height, Height::new(2));
    assert!(chain.block(Height::ZERO).await.expect("no error").is_none());
    assert!(
        chain
            .block(Height::new(u64::MAX))
            .await
            .expect("no error")
            .is_none()
    );
    let mut ahead = chain.subscribe_from(tip.next().next());
    chain.shutdown();
    let end = tokio::time::timeout(PATIENCE, async {
        loop {
            if let Err(error) = ahead.next().await {
                break error;
            }
        }
    });
    assert!(matches!(end.await.expect("in time"), ChainError::Stopped));
    let report = replay(folder.path(), &genesis).expect("the kept blocks replay");
    assert_eq!(report.transactions, 40 * u64::from(PEOPLE) + 1);
}

#[tokio::test]
async fn rows_and_their_absence_are_proven() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let genesis = genesis(now());
    let chain = start(folder.path(), &genesis);
    let id = chain.submit(vec![transfer(&chain, &person(0), 0, 0)])[0];
    until_final(&chain, id.expect("admitted")).await;
    let anchor = Anchor::of_genesis(&genesis).expect("its validators make one");
    let account = person(0).account();
    let mut heights = Vec::new();
    for (key, is_there) in [
        (RowKey::Chain, true),
        (RowKey::Account { account }, true),
        (
            RowKey::Account {
                account: AccountId::new([0xee; 32]),
            },
            false,
        ),
        (
            RowKey::Offer {
                offer: OfferId::new([0xee; 32]),
            },
            false,
        ),
    ] {
        let proof = chain.prove(key).await.expect("a proof");
        let proven = verify_state(&anchor, &proof).expect("an honest proof");
        assert_eq!(proven.key, key);
        assert_eq!(proven.value.is_some(), is_there, "{key:?}");
        heights.push(proven.header.height);
        // The ledger may have moved on, but not in these rows.
        if let RowKey::Account { account } = key {
            let row = chain.read(|ledger| ledger.account(&account).map(encode));
            assert_eq!(proven.value.map(<[u8]>::to_vec), row);
        }
        let mut forged = proof.clone();
        forged.header.state_root = forged.header.operations_root;
        verify_state(&anchor, &forged).expect_err("another root");
    }
    assert!(heights.is_sorted() && heights[0] > Height::ZERO);
    chain.shutdown();
}

/// Proofs that are asked for while blocks race on are of blocks that become final.
#[tokio::test]
async fn rows_are_proven_while_the_chain_is_busy() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let genesis = genesis(now());
    let chain = start(folder.path(), &genesis);
    let anchor = Anchor::of_genesis(&genesis).expect("its validators make one");
    for sequence in 0..200 {
        let sent = chain.submit(vec![transfer(&chain, &person(0), 0, sequence)]);
        sent[0].as_ref().expect("admitted");
        if sequence % 4 == 0 {
            let proof = chain.prove(RowKey::Chain).await.expect("a proof");
            verify_state(&anchor, &proof).expect("an honest proof");
        }
    }
    chain.shutdown();
    assert!(matches!(
        chain.prove(RowKey::Chain).await,
        Err(ProveError::Stopped)
    ));
}

#[tokio::test]
async fn refusals_reach_who_asked() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let chain = start(folder.path(), &genesis(now()));
    let good = transfer(&chain, &person(0), 0, 0);
    let forged = transfer(&chain, &person(1), 0, 0);
    let forged = Transaction::new(forged.body.clone(), good.signature.clone());
    let mut poor = transfer(&chain, &person(2), 0, 0).body.clone();
    poor.sender = key(9, 9).account();
    let gap = transfer(&chain, &person(3), 0, 7);
    let next = transfer(&chain, &person(0), 0, 1);
    let answers = chain.submit(vec![
        good.clone(),
        forged,
        poor.sign(&key(9, 9)),
        gap,
        next.clone(),
    ]);
    assert_eq!(answers[0], Ok(good.id()));
    assert_eq!(answers[1], Err(AdmitError::Invalid(Invalid::BadSignature)));
    assert!(matches!(
        answers[2],
        Err(AdmitError::Invalid(Invalid::CannotPay { .. }))
    ));
    assert!(matches!(
        answers[3],
        Err(AdmitError::Invalid(Invalid::SequenceGap { .. }))
    ));
    assert_eq!(answers[4], Ok(next.id()));
    until_final(&chain, next.id()).await;
    let again = chain.submit(vec![good])[0];
    assert!(
        matches!(again, Err(AdmitError::Invalid(Invalid::Replayed { .. }))),
        "{again:?}"
    );
    chain.shutdown();
    assert_eq!(chain.submit(vec![next]), [Err(AdmitError::Stopping)]);
    assert!(!chain.status().running);
}

#[tokio::test]
async fn an_idle_chain_beats_about_once_a_second() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let chain = start(folder.path(), &genesis(now()));
    tokio::time::sleep(HEARTBEAT * 3 + HEARTBEAT / 2).await;
    let height = chain.status().height.get();
    assert!(
        (1..=4).contains(&height),
        "{height} blocks in three and a half seconds"
    );
    chain.shutdown();
}

#[tokio::test]
async fn a_restart_goes_on_where_it_stopped() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let genesis = genesis(now());
    let mut ids = Vec::new();
    for round in 0..3 {
        let chain = start(folder.path(), &genesis);
        for id in &ids {
            let status = chain.transaction(*id).expect("the index is readable");
            assert!(
                matches!(status, Some(TransactionStatus::Final { .. })),
                "{status:?}"
            );
        }
        let transaction = transfer(&chain, &person(0), 0, round);
        let next = chain.next_sequence(person(0).account(), transaction.body.lane);
        assert_eq!(next, round);
        let id = chain.submit(vec![transaction])[0].expect("admitted");
        until_final(&chain, id).await;
        ids.push(id);
        chain.shutdown();
        chain.shutdown();
    }
    let report = replay(folder.path(), &genesis).expect("the kept blocks replay");
    assert_eq!(report.transactions, 3);
}

#[tokio::test]
async fn what_cannot_start_says_why() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let genesis = genesis(now());
    let chain = start(folder.path(), &genesis);
    let config = || ChainConfig::single(folder.path(), genesis.clone(), validator());
    let second = Chain::start(config())
        .err()
        .expect("a second node on one folder");
    assert!(
        matches!(second, StartError::Folder(FolderError::InUse { .. })),
        "{second}"
    );
    let replayed = replay(folder.path(), &genesis).expect_err("a replay of a running node");
    assert!(replayed.to_string().contains("in use"), "{replayed}");
    chain.shutdown();

    let mut other = genesis.clone();
    other.start = other.start.after(1);
    let error = Chain::start(ChainConfig {
        genesis: other,
        ..config()
    })
    .err();
    assert!(matches!(
        error,
        Some(StartError::Folder(FolderError::OtherChain { .. }))
    ));

    let stranger = Chain::start(ChainConfig {
        key: person(0),
        ..config()
    })
    .err();
    assert!(matches!(stranger, Some(StartError::NotValidator { .. })));

    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let listen = taken.local_addr().expect("an address");
    let network = Some(NetworkConfig {
        listen,
        peers: Vec::new(),
    });
    let error = Chain::start(ChainConfig {
        network,
        ..config()
    })
    .err()
    .expect("a port in use");
    assert!(matches!(error, StartError::Port { .. }), "{error}");

    let mut several = genesis.clone();
    let mut keys = vec![validator().public_key(), key(1, 1).public_key()];
    keys.sort();
    several.validators = List::new(keys).expect("two validators");
    let data_dir = folder.path().join("several");
    let config = ChainConfig::single(data_dir, several, validator());
    let error = Chain::start(config).err().expect("no network");
    assert!(
        matches!(error, StartError::NoNetwork { validators: 2, .. }),
        "{error}"
    );
}

#[tokio::test]
async fn a_large_burst_is_executed_in_full() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let chain = start(folder.path(), &genesis(now()));
    let burst: Vec<Transaction> = (0..PEOPLE)
        .flat_map(|number| (0..250).map(move |sequence| (number, sequence)))
        .map(|(number, sequence)| transfer(&chain, &person(number), 0, sequence))
        .collect();
    let last: Vec<TxId> = burst
        .iter()
        .skip(249)
        .step_by(250)
        .map(Transaction::id)
        .collect();
    let answers = chain.submit(burst);
    assert!(answers.iter().all(Result::is_ok));
    for id in last {
        until_final(&chain, id).await;
    }
    assert_eq!(chain.status().mempool.transactions, 0);
    let received = chain.read(|ledger| {
        ledger
            .account(&key(3, 0).account())
            .map(|account| account.balance.get())
    });
    assert_eq!(received, Some(u64::from(PEOPLE) * 250));
    chain
        .read(|ledger| ledger.audit().map(|_| ()))
        .expect("a consistent ledger");
    chain.shutdown();
}

#[tokio::test]
async fn two_validators_agree_over_loopback() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let keys = [validator(), key(1, 1)];
    let mut genesis = genesis(now());
    let mut public: Vec<_> = keys.iter().map(|key| key.public_key()).collect();
    public.sort();
    genesis.validators = List::new(public).expect("two validators");
    // Held together, so that they differ; free again when the nodes bind them.
    let ports = [0, 1].map(|_| std::net::TcpListener::bind("127.0.0.1:0").expect("a free port"));
    let addresses = ports.map(|port| port.local_addr().expect("an address"));
    let nodes = [0, 1].map(|me| {
        let other = 1 - me;
        let config = ChainConfig {
            network: Some(NetworkConfig {
                listen: addresses[me],
                peers: vec![(keys[other].public_key(), addresses[other])],
            }),
            ..ChainConfig::single(
                folder.path().join(me.to_string()),
                genesis.clone(),
                keys[me].clone(),
            )
        };
        Chain::start(config).expect("a node starts")
    });
    let mut ids = Vec::new();
    for (number, node) in (0u8..).zip(&nodes) {
        let transaction = transfer(node, &person(number), 0, 0);
        ids.push(node.submit(vec![transaction])[0].expect("admitted"));
    }
    for node in &nodes {
        for id in &ids {
            until_final(node, *id).await;
        }
    }
    let height = nodes[0].status().height.min(nodes[1].status().height);
    let mut blocks = Vec::new();
    for node in &nodes {
        let block = node.block(height).await.expect("kept").expect("final");
        assert_eq!(block.certificate.finality.votes.len(), 2);
        blocks.push(block.id);
    }
    assert_eq!(blocks[0], blocks[1]);
    nodes.iter().for_each(Chain::shutdown);
}

#[tokio::test]
async fn a_pruned_height_says_what_is_kept_and_whom_to_ask() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let genesis = genesis(now());
    let window = 16;
    let config = || ChainConfig {
        retention: Retention::Window { blocks: window },
        ..ChainConfig::single(folder.path(), genesis.clone(), validator())
    };
    let chain = Chain::start(config()).expect("a node starts");
    assert_eq!(chain.status().first, Height::new(1));
    let oldest = transfer(&chain, &person(0), 0, 0).id();
    let mut blocks = chain.subscribe_from(Height::new(1));
    // One block each, for each waits for the one before; more than are forgotten at once.
    for sequence in 0..300 {
        let sent = chain.submit(vec![transfer(&chain, &person(0), 0, sequence)]);
        assert!(sent[0].is_ok(), "{sent:?}");
        let next = tokio::time::timeout(PATIENCE, blocks.next()).await;
        next.expect("in time").expect("the chain goes on");
    }
    let begun = Instant::now();
    while chain.status().first == Height::new(1) {
        assert!(begun.elapsed() < PATIENCE, "nothing was pruned");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    chain.shutdown();
    drop((chain, blocks));

    let chain = Chain::start(config()).expect("a pruned node starts");
    let Status { first, height, .. } = chain.status();
    assert!(first > Height::new(1) && first.get() + window <= height.get() + 1);
    let refused = chain.block(Height::new(1)).await.expect_err("pruned");
    assert!(
        matches!(refused, ChainError::NotKept { first: said, .. } if said == first),
        "{refused}"
    );
    assert!(refused.to_string().contains("--archive"), "{refused}");
    assert!(matches!(
        chain.events(Height::new(1)),
        Err(ChainError::NotKept { .. })
    ));
    assert_eq!(chain.transaction(oldest).expect("readable"), None);
    let mut blocks = chain.subscribe_from(Height::new(1));
    assert!(matches!(
        blocks.next().await,
        Err(ChainError::NotKept { .. })
    ));
    blocks.skip_to(first);
    for height in first.get()..=height.get() {
        let block = blocks.next().await.expect("kept");
        assert_eq!(block.block.header.height.get(), height);
    }
    chain.shutdown();
    let mut file = Vec::new();
    let path = folder.path().join("state.bin");
    let out = std::fs::File::create_new(&path).expect("a new file");
    let exported =
        export(folder.path(), &genesis, ExportFormat::Canonical, out).expect("a sound folder");
    std::fs::File::open(&path)
        .and_then(|mut written| std::io::Read::read_to_end(&mut written, &mut file))
        .expect("readable");
    let read = check_export(&genesis, file.as_slice())
        .expect("a sound export")
        .exported;
    assert_eq!(read, exported);
    // The database may be some blocks behind what was reported; a start executes those again.
    assert!(read.height.get() + 16 >= height.get(), "{}", read.height);
}
