//! An authenticated log as Commonware keeps it, and the proofs that it makes, brought into our form.

use crate::committee::{Committee, finality_of, header};
use assay_types::{
    AccountId, Blob, BlockId, Hash32, Header, List, RowKey, STATE_PROOF_VERSION, StateEvidence,
    StateKey, StatePath, StateProof,
};
use commonware_codec::RangeCfg;
use commonware_cryptography::{Blake3, blake3::Digest};
use commonware_parallel::Sequential;
use commonware_runtime::{buffer::paged::CacheRef, deterministic::Context};
use commonware_storage::{
    journal::contiguous::variable::Config as LogConfig,
    merkle::full::Config as TreeConfig,
    mmr,
    qmdb::{
        any::value::VariableEncoding,
        current::{
            VariableConfig,
            ordered::{self, proof::constant},
            proof::constant::OperationProof,
        },
        floor::Proportional,
    },
    translator::EightCap,
};
use commonware_utils::{NZU16, NZU64, NZUsize, sequence::FixedBytes};
use std::collections::BTreeMap;

const CHUNK: usize = 32;
type Key = FixedBytes<32>;
type Database =
    ordered::variable::Db<mmr::Family, Context, Key, Vec<u8>, Blake3, EightCap, CHUNK, Sequential>;
type Inclusion = constant::KeyValueProof<mmr::Family, Key, Digest, CHUNK>;
type Exclusion =
    constant::ExclusionProof<mmr::Family, Key, VariableEncoding<Vec<u8>>, Digest, CHUNK>;

/// The rows of a ledger of accounts, and the database that proves them.
pub(crate) struct Log {
    database: Option<Database>,
    pub(crate) rows: BTreeMap<RowKey, Vec<u8>>,
    height: u64,
}

impl Log {
    /// An empty log.
    pub(crate) async fn new(context: Context) -> Self {
        let page_cache = CacheRef::new(NZU16!(1024), NZUsize!(256));
        let config = VariableConfig {
            merkle_config: TreeConfig {
                journal_partition: "tree-journal".into(),
                metadata_partition: "tree-metadata".into(),
                items_per_blob: NZU64!(1 << 12),
                write_buffer: NZUsize!(1 << 16),
                replay_buffer: NZUsize!(1 << 16),
                strategy: Sequential,
                page_cache: page_cache.clone(),
            },
            journal_config: LogConfig {
                partition: "log".into(),
                items_per_section: NZU64!(1 << 12),
                compression: None,
                codec_config: ((), (RangeCfg::from(0..=1 << 16), ())),
                page_cache,
                write_buffer: NZUsize!(1 << 16),
                replay_buffer: NZUsize!(1 << 16),
            },
            grafted_metadata_partition: "grafted".into(),
            translator: EightCap,
            init_cache: None,
            init_buffer: NZUsize!(1 << 16),
            init_concurrency: (),
        };
        let database = Database::init(context, config, None).await;
        Self {
            database: Some(database.expect("an empty database opens")),
            rows: BTreeMap::new(),
            height: 0,
        }
    }

    /// One block's changes: new values, or `None` for what goes.
    pub(crate) async fn write(&mut self, changes: &[(RowKey, Option<Vec<u8>>)]) {
        let database = self.database.take().expect("it is put back below");
        let mut batch = database.new_batch();
        for (key, value) in changes {
            let row = value
                .as_ref()
                .map(|value| [&key.row_prefix()[..], value].concat());
            batch = batch.write(database_key(key), row);
            match value {
                Some(value) => self.rows.insert(*key, value.clone()),
                None => self.rows.remove(key),
            };
        }
        let batch = batch
            .merkleize(&database, None, &mut Proportional)
            .await
            .expect("a batch on the latest state");
        let database = database.apply_batch(batch).await.expect("it fits");
        self.database = Some(database);
        self.height += 1;
    }

    fn database(&self) -> &Database {
        self.database.as_ref().expect("no write is under way")
    }

    /// Operations so far.
    pub(crate) fn count(&self) -> u64 {
        *self.database().bounds().end
    }

    /// The header after the last write.
    fn header(&self) -> Header {
        Header {
            state_root: Hash32::new(self.database().root().0),
            operations_root: Hash32::new(self.database().ops_root().0),
            range_end: self.count(),
            ..header(BlockId::new([1; 32]), self.height)
        }
    }

    /// Proves a row or its absence; Commonware's own verifier has agreed.
    pub(crate) async fn prove(&self, committee: &Committee, key: RowKey) -> StateProof {
        let root = self.database().root();
        let at = database_key(&key);
        let (evidence, operation) = match self.rows.get(&key) {
            Some(value) => {
                let proof: Inclusion = self
                    .database()
                    .key_value_proof(at.clone())
                    .await
                    .expect("the row is there");
                let row = [&key.row_prefix()[..], value].concat();
                assert!(proof.verify::<Blake3, VariableEncoding<Vec<u8>>>(at, row, &root));
                let evidence = StateEvidence::Present {
                    value: Blob::new(value.clone()).expect("a short row"),
                    next: state_key(&proof.next_key),
                };
                (evidence, proof.proof)
            }
            None => {
                let proof: Exclusion = self
                    .database()
                    .exclusion_proof(&at)
                    .await
                    .expect("the row is not there");
                assert!(proof.verify::<Blake3>(&at, &root));
                let Exclusion::KeyValue(operation, update) = proof else {
                    panic!("the ledger is not empty")
                };
                let evidence = StateEvidence::Absent {
                    before: state_key(&update.key),
                    row: Blob::new(update.value).expect("a short row"),
                    next: state_key(&update.next_key),
                };
                (evidence, operation)
            }
        };
        let header = self.header();
        let finality = finality_of(committee.votes(&header, &[0]));
        StateProof {
            version: STATE_PROOF_VERSION,
            chain: committee.chain,
            key,
            evidence,
            path: path(&header, operation),
            header,
            descendants: List::default(),
            finality,
        }
    }
}

/// A row key of a made-up account.
pub(crate) fn account(number: u64) -> RowKey {
    let account = Hash32::derive("assay test account", &[&number.to_be_bytes()]);
    RowKey::Account {
        account: AccountId::new(*account.as_bytes()),
    }
}

fn database_key(key: &RowKey) -> Key {
    Key::new(*key.state_key().as_bytes())
}

fn state_key(key: &Key) -> StateKey {
    StateKey::new(key.as_ref().try_into().expect("32 bytes"))
}

fn path(header: &Header, operation: OperationProof<mmr::Family, Digest, CHUNK>) -> StatePath {
    let range = operation.range_proof;
    assert_eq!(range.ops_root.0, *header.operations_root.as_bytes());
    assert_eq!(*range.proof.leaves, header.range_end);
    let chunk_of = |location: u64| location / 256;
    let in_tail = chunk_of(*operation.loc) == chunk_of(header.range_end);
    StatePath {
        location: *operation.loc,
        activity: operation.chunk,
        tail: range
            .partial_chunk_digest
            .filter(|_| !in_tail)
            .map(|digest| Hash32::new(digest.0)),
        inactive_peaks: u8::try_from(range.proof.inactive_peaks).expect("fewer than 64"),
        hashes: List::new(
            range
                .proof
                .digests
                .iter()
                .map(|digest| Hash32::new(digest.0))
                .collect(),
        )
        .expect("fewer than 64"),
    }
}
