use std::{
    fs,
    path::{Path, PathBuf},
};

use assay_types::{AccountId, ModelId, OrderId};
use proptest::prelude::*;
use tempfile::TempDir;

use super::*;
use crate::{
    stream,
    tree::{
        GROUP_BYTES,
        tests::{content, sizes},
    },
};

const FOREVER: LedgerTime = LedgerTime::MAX;

fn at(ms: u64) -> LedgerTime {
    LedgerTime::new(ms)
}

async fn open(dir: &TempDir) -> Store {
    Store::open(dir.path(), Limits::default()).await.unwrap()
}

async fn fresh() -> (TempDir, Store) {
    let dir = tempfile::tempdir().unwrap();
    let store = open(&dir).await;
    (dir, store)
}

/// Puts bytes for the operator, for ever.
async fn put(store: &Store, bytes: &[u8]) -> ContentId {
    store
        .put_bytes(bytes, Owner::Local, FOREVER)
        .await
        .unwrap()
        .id
}

fn data(dir: &TempDir, id: ContentId) -> PathBuf {
    let name = id.to_string();
    dir.path().join("data").join(&name[..2]).join(name)
}

fn tree(dir: &TempDir, id: ContentId) -> PathBuf {
    data(dir, id).with_extension("tree")
}

fn count(path: impl AsRef<Path>) -> usize {
    fs::read_dir(path).unwrap().count()
}

fn kind<T>(outcome: Result<T, Error>) -> String {
    match outcome {
        Ok(_) => "ok".to_owned(),
        Err(error) => {
            let text = format!("{error:?}");
            text.split([' ', '{']).next().unwrap().to_owned()
        }
    }
}

/// Runs a future to its end on a runtime of its own, for property tests.
fn wait<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap()
        .block_on(future)
}

async fn drain(mut reader: Reader) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    while let Some(chunk) = reader.chunk().await? {
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

#[tokio::test]
async fn what_is_put_is_got_also_after_a_restart() {
    let (dir, store) = fresh().await;
    let mut bytes_held = 0;
    for size in sizes()
        .into_iter()
        .chain([BATCH_BYTES - 1, BATCH_BYTES, 3 * BATCH_BYTES + 1])
    {
        let content = content(size);
        let stored = store
            .put_bytes(&content, Owner::Local, FOREVER)
            .await
            .unwrap();
        assert_eq!(
            stored,
            Stored {
                id: ContentId::of(&content),
                size: size as u64,
                is_new: true
            }
        );
        assert_eq!(
            fs::read(data(&dir, stored.id)).unwrap(),
            content,
            "any tool can read the file"
        );
        bytes_held += footprint(size as u64);
    }
    let stats = store.stats();
    assert_eq!((stats.bytes, stats.bytes_unfinished), (bytes_held, 0));
    drop(store);
    let store = open(&dir).await;
    assert_eq!(store.stats(), stats);
    for size in sizes() {
        let content = content(size);
        let id = ContentId::of(&content);
        assert_eq!(store.size(id), Some(size as u64));
        assert_eq!(store.get(id, u64::MAX).await.unwrap(), content);
        for from in [0, size / 2, size] {
            let encoded = drain(store.encode(id, from as u64).await.unwrap())
                .await
                .unwrap();
            assert_eq!(
                encoded,
                stream::encode(&content, from as u64),
                "{size} bytes from {from}"
            );
        }
    }
}

#[tokio::test]
async fn what_is_not_there_is_missing() {
    let (_dir, store) = fresh().await;
    let id = ContentId::of(b"absent");
    assert!(!store.contains(id));
    assert_eq!(kind(store.get(id, 1).await), "Missing");
    assert_eq!(kind(store.encode(id, 0).await), "Missing");
}

#[tokio::test]
async fn limits_hold_and_nothing_stays_behind() {
    let dir = tempfile::tempdir().unwrap();
    let limits = Limits {
        content_bytes_max: 600_000,
        store_bytes_max: 700_000,
    };
    let store = Store::open(dir.path(), limits).await.unwrap();
    let id = Some(ContentId::of(&content(10)));
    for (size, size_max, expect, outcome) in [
        (10, 10, None, "ok"),
        (11, 10, None, "TooLarge"),
        (300_000, 299_999, None, "TooLarge"),
        (10, 10, id, "ok"),
        (9, 10, id, "WrongContent"),
        (600_001, u64::MAX, None, "TooLarge"),
        (600_000, u64::MAX, None, "ok"),
        (200_000, u64::MAX, None, "StoreFull"),
        (80_000, u64::MAX, None, "ok"),
    ] {
        let before = store.stats();
        let options = PutOptions {
            expect,
            size_max,
            owner: Owner::Local,
            until: FOREVER,
        };
        let put = store.put(options, &content(size)[..]).await;
        assert_eq!(kind(put), outcome, "{size} bytes");
        assert_eq!(count(dir.path().join("tmp")), 0, "{size} bytes");
        let after = store.stats();
        assert_eq!(after.bytes_unfinished, 0);
        assert!(outcome == "ok" || before == after, "{size} bytes");
        assert!(after.bytes <= limits.store_bytes_max);
    }
    assert_eq!(
        kind(store.get(ContentId::of(&content(80_000)), 79_999).await),
        "TooLarge"
    );
}

#[tokio::test]
async fn unfinished_writes_count_and_vanish() {
    let (dir, store) = fresh().await;
    let options = PutOptions {
        expect: None,
        size_max: u64::MAX,
        owner: Owner::Local,
        until: FOREVER,
    };
    let mut upload = store.upload(options).await.unwrap();
    upload.write(&content(2 * BATCH_BYTES)).await.unwrap();
    assert_eq!(upload.size(), 2 * BATCH_BYTES as u64);
    assert_eq!(store.stats().bytes_unfinished, 2 * BATCH_BYTES as u64);
    assert_eq!(count(dir.path().join("tmp")), 1);
    drop(upload);
    assert_eq!(store.stats(), Stats::default());
    assert_eq!(count(dir.path().join("tmp")), 0);
}

#[tokio::test]
async fn a_reader_that_fails_leaves_nothing() {
    struct Failing;
    impl AsyncRead for Failing {
        fn poll_read(
            self: std::pin::Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
            _: &mut tokio::io::ReadBuf<'_>,
        ) -> std::task::Poll<std::io::Result<()>> {
            std::task::Poll::Ready(Err(std::io::ErrorKind::ConnectionReset.into()))
        }
    }
    let (dir, store) = fresh().await;
    let options = PutOptions {
        expect: None,
        size_max: u64::MAX,
        owner: Owner::Local,
        until: FOREVER,
    };
    let put = store
        .put(options, content(BATCH_BYTES + 1).chain(Failing))
        .await;
    assert_eq!(kind(put), "Source");
    assert_eq!(store.stats(), Stats::default());
    assert_eq!(count(dir.path().join("tmp")), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn concurrent_puts_of_the_same_and_of_others() {
    let (dir, store) = fresh().await;
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..24_u8 {
        let store = store.clone();
        // Four of each of six contents.
        let size = BATCH_BYTES + usize::from(n % 6);
        let owner = Owner::Upload(AccountId::new([n; 32]));
        tasks.spawn(async move {
            store
                .put_bytes(&content(size), owner, at(u64::from(n)))
                .await
                .unwrap()
        });
    }
    let stored = tasks.join_all().await;
    assert_eq!(stored.iter().filter(|stored| stored.is_new).count(), 6);
    assert_eq!(store.stats().contents, 6);
    assert_eq!(store.stats().bytes_unfinished, 0);
    assert_eq!(count(dir.path().join("tmp")), 0);
    for stored in stored {
        assert_eq!(store.pins(stored.id).await.unwrap().len(), 4);
        assert_eq!(
            store.get(stored.id, u64::MAX).await.unwrap(),
            content(stored.size as usize)
        );
    }
}

#[tokio::test]
async fn a_crash_leaves_what_the_next_start_cleans() {
    let (dir, store) = fresh().await;
    let kept = put(&store, &content(3 * GROUP_BYTES)).await;
    drop(store);
    let orphan = ContentId::of(b"its data never got its name");
    fs::write(dir.path().join("tmp/0"), b"half a content").unwrap();
    fs::write(dir.path().join("version.new"), b"assay con").unwrap();
    fs::write(tree(&dir, orphan), [1; 64]).unwrap();
    fs::write(dir.path().join("data/00/notes.txt"), b"somebody's").unwrap();
    let store = open(&dir).await;
    assert_eq!(count(dir.path().join("tmp")), 0);
    assert!(!tree(&dir, orphan).exists());
    assert!(!store.contains(orphan));
    assert_eq!(store.stats().contents, 1);
    assert_eq!(
        store.get(kept, u64::MAX).await.unwrap(),
        content(3 * GROUP_BYTES)
    );
    assert!(
        dir.path().join("data/00/notes.txt").exists(),
        "strangers' files are left alone"
    );
}

#[tokio::test]
async fn one_process_per_folder_and_one_layout() {
    let (dir, store) = fresh().await;
    assert_eq!(
        kind(Store::open(dir.path(), Limits::default()).await),
        "Locked"
    );
    let id = put(&store, &content(BATCH_BYTES * 2)).await;
    let mut reader = store.read(id).await.unwrap();
    drop(store);
    assert_eq!(
        kind(Store::open(dir.path(), Limits::default()).await),
        "Locked",
        "a reader still uses it"
    );
    while reader.chunk().await.unwrap().is_some() {}
    drop(open(&dir).await);
    fs::write(dir.path().join("version"), b"assay content v9\n").unwrap();
    assert_eq!(
        kind(Store::open(dir.path(), Limits::default()).await),
        "Version"
    );
}

/// A way to damage a file.
#[derive(Debug, Clone, Copy)]
enum Damage {
    Flip { at: usize, bit: u32 },
    Truncate { to: usize },
    Extend { by: usize },
    Remove,
}

impl Damage {
    /// Does it, and says whether anything differs now.
    fn inflict(self, path: &Path) -> bool {
        let sound = fs::read(path).unwrap();
        let mut bytes = sound.clone();
        match self {
            Self::Flip { at, bit } => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 << bit;
                }
            }
            Self::Truncate { to } => bytes.truncate(to),
            Self::Extend { by } => bytes.resize(bytes.len() + by, 0),
            Self::Remove => {
                fs::remove_file(path).unwrap();
                return true;
            }
        }
        fs::write(path, &bytes).unwrap();
        bytes != sound
    }
}

fn damage(size: usize) -> impl Strategy<Value = Damage> {
    prop_oneof![
        4 => (0..size.max(1), 0..8_u32).prop_map(|(at, bit)| Damage::Flip { at, bit }),
        2 => (0..size.max(1)).prop_map(|to| Damage::Truncate { to }),
        1 => Just(Damage::Remove),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn damaged_data_is_found_and_taken_out(
        size in 1..5 * GROUP_BYTES,
        damage in damage(5 * GROUP_BYTES),
        restart in any::<bool>(),
    ) {
        wait(async {
            let (dir, store) = fresh().await;
            let sound = content(size);
            let id = put(&store, &sound).await;
            let store = (!restart).then_some(store);
            let is_damaged = damage.inflict(&data(&dir, id));
            let store = match store {
                Some(store) => store,
                None => open(&dir).await,
            };
            let outcome = store.get(id, u64::MAX).await;
            if !is_damaged {
                assert_eq!(outcome.unwrap(), sound);
                return;
            }
            let expect = if matches!(damage, Damage::Remove) { "Missing" } else { "Damaged" };
            assert_eq!(kind(outcome), expect);
            assert!(!store.contains(id));
            assert!(!data(&dir, id).exists() && !tree(&dir, id).exists());
            assert_eq!(count(dir.path().join("quarantine")), usize::from(expect == "Damaged"));
            assert_eq!(store.stats(), Stats::default());
            assert_eq!(put(&store, &sound).await, id);
            assert_eq!(store.get(id, u64::MAX).await.unwrap(), sound);
        });
    }

    #[test]
    fn a_damaged_tree_is_rebuilt(groups in 2..6_usize, damage in damage(4 * 64)) {
        wait(async {
            let (dir, store) = fresh().await;
            let sound = content(groups * GROUP_BYTES);
            let id = put(&store, &sound).await;
            let nodes = fs::read(tree(&dir, id)).unwrap();
            damage.inflict(&tree(&dir, id));
            match store.get(id, u64::MAX).await {
                Ok(bytes) => assert_eq!(bytes, sound),
                Err(error) => {
                    assert!(error.is_transient(), "{error}");
                    assert_eq!(store.get(id, u64::MAX).await.unwrap(), sound);
                }
            }
            assert_eq!(fs::read(tree(&dir, id)).unwrap(), nodes);
            assert_eq!(count(dir.path().join("quarantine")), 0);
        });
    }
}

#[tokio::test]
async fn extended_data_is_found_at_the_next_start() {
    for size in [0, 5, GROUP_BYTES, 2 * GROUP_BYTES] {
        let (dir, store) = fresh().await;
        let id = put(&store, &content(size)).await;
        Damage::Extend { by: 7 }.inflict(&data(&dir, id));
        assert_eq!(
            store.get(id, u64::MAX).await.unwrap(),
            content(size),
            "what belongs to the id is still there"
        );
        drop(store);
        let store = open(&dir).await;
        assert_eq!(kind(store.get(id, u64::MAX).await), "Damaged");
    }
}

#[tokio::test]
async fn damage_is_found_before_the_damaged_part_is_handed_out() {
    let (dir, store) = fresh().await;
    let sound = content(3 * BATCH_BYTES);
    let id = put(&store, &sound).await;
    Damage::Flip {
        at: 2 * BATCH_BYTES,
        bit: 0,
    }
    .inflict(&data(&dir, id));
    let mut reader = store.read(id).await.unwrap();
    let mut bytes = Vec::new();
    let outcome = loop {
        match reader.chunk().await {
            Ok(Some(chunk)) => bytes.extend_from_slice(&chunk),
            outcome => break outcome,
        }
    };
    assert_eq!(kind(outcome), "Damaged");
    assert!(!bytes.is_empty() && sound.starts_with(&bytes));
    assert_eq!(kind(reader.chunk().await), "Abandoned");
}

#[tokio::test]
async fn quarantine_is_bounded() {
    let (dir, store) = fresh().await;
    for n in 1..40 {
        let id = put(&store, &content(n)).await;
        Damage::Flip { at: 0, bit: 1 }.inflict(&data(&dir, id));
        assert_eq!(kind(store.get(id, u64::MAX).await), "Damaged");
    }
    assert_eq!(count(dir.path().join("quarantine")), 16);
    assert_eq!(store.stats(), Stats::default());
}

#[tokio::test]
async fn a_content_lives_as_long_as_its_last_pin() {
    let (dir, store) = fresh().await;
    let uploader = Owner::Upload(AccountId::new([1; 32]));
    let order = Owner::Order(OrderId::new([2; 32]));
    let model = Owner::Model(ModelId::new([3; 32]));
    let input = store
        .put_bytes(&content(10), uploader, at(100))
        .await
        .unwrap()
        .id;
    let program = store
        .put_bytes(&content(3 * GROUP_BYTES), uploader, at(100))
        .await
        .unwrap()
        .id;
    store.pin(program, model, FOREVER).await.unwrap();
    store.pin(input, order, FOREVER).await.unwrap();

    // The upload's grace ends; order and model hold on.
    let collected = store.collect(at(101)).await.unwrap();
    assert_eq!(
        collected,
        Collected {
            pins: 2,
            contents: 0,
            bytes: 0
        }
    );

    // Settlement sets an end in place of none; it is inclusive.
    store.pin(input, order, at(200)).await.unwrap();
    assert_eq!(
        store.pins(input).await.unwrap(),
        [Pin {
            owner: order,
            until: at(200)
        }]
    );
    assert_eq!(store.collect(at(200)).await.unwrap(), Collected::default());
    drop(store);
    let store = open(&dir).await;
    assert!(store.contains(input));
    assert_eq!(
        store.collect(at(201)).await.unwrap(),
        Collected {
            pins: 1,
            contents: 1,
            bytes: 10
        }
    );
    assert!(!store.contains(input) && !data(&dir, input).exists());

    // A model's content stays until it is taken back.
    assert_eq!(
        store.collect(at(u64::MAX - 1)).await.unwrap(),
        Collected::default()
    );
    store.unpin(program, model).await.unwrap();
    let bytes = footprint(3 * GROUP_BYTES as u64);
    assert_eq!(
        store.collect(at(0)).await.unwrap(),
        Collected {
            pins: 0,
            contents: 1,
            bytes
        }
    );
    assert!(!tree(&dir, program).exists());
    assert_eq!(store.stats(), Stats::default());
}

#[tokio::test]
async fn pins_may_come_before_their_content() {
    let (_dir, store) = fresh().await;
    let bytes = content(100);
    let order = Owner::Order(OrderId::new([9; 32]));
    store
        .pin(ContentId::of(&bytes), order, at(50))
        .await
        .unwrap();
    store.put_bytes(&bytes, Owner::Local, at(10)).await.unwrap();
    assert_eq!(store.collect(at(20)).await.unwrap().contents, 0);
    assert_eq!(store.collect(at(51)).await.unwrap().contents, 1);
}

#[tokio::test]
async fn a_reader_outlives_collection() {
    let (_dir, store) = fresh().await;
    let sound = content(4 * BATCH_BYTES);
    let id = store
        .put_bytes(&sound, Owner::Local, at(1))
        .await
        .unwrap()
        .id;
    let reader = store.read(id).await.unwrap();
    assert_eq!(store.collect(at(2)).await.unwrap().contents, 1);
    assert_eq!(drain(reader).await.unwrap(), sound);
    assert_eq!(kind(store.read(id).await), "Missing");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn collection_never_takes_what_was_just_put() {
    let (_dir, store) = fresh().await;
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..4_u8 {
        let store = store.clone();
        tasks.spawn(async move {
            for round in 0..10 {
                // The same content again and again, each time new or already there.
                let owner = Owner::Upload(AccountId::new([n; 32]));
                let id = store
                    .put_bytes(&content(1_000), owner, at(round))
                    .await
                    .unwrap()
                    .id;
                assert!(store.contains(id));
                store.unpin(id, owner).await.unwrap();
                store.collect(at(0)).await.unwrap();
            }
        });
    }
    while let Some(outcome) = tasks.join_next().await {
        outcome.unwrap();
    }
    store.collect(at(100)).await.unwrap();
    assert_eq!(store.stats(), Stats::default());
}

#[tokio::test]
async fn leases_are_what_uploaders_alone_hold_also_after_a_restart() {
    let (dir, store) = fresh().await;
    let (one, two) = (AccountId::new([1; 32]), AccountId::new([2; 32]));
    let put = async |bytes: &[u8], uploader| {
        let owner = Owner::Upload(uploader);
        store.put_bytes(bytes, owner, at(9)).await.unwrap().id
    };
    let shared = put(b"shared", one).await;
    put(b"shared", two).await;
    let ordered = put(b"ordered", one).await;
    let order = Owner::Order(OrderId::new([3; 32]));
    store.pin(ordered, order, FOREVER).await.unwrap();
    let absent = ContentId::of(b"never sent");
    store.pin(absent, Owner::Upload(one), at(9)).await.unwrap();
    drop(store);
    let mut leases = open(&dir).await.leases().await.unwrap();
    leases.sort_by_key(|lease| lease.uploader);
    let lease = |uploader| Lease {
        content: shared,
        size: 6,
        uploader,
        until: at(9),
    };
    assert_eq!(leases, [lease(one), lease(two)]);
}
