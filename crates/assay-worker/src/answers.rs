//! Answers at rest: what this provider has computed for each open order, on disk before anything about it is
//! sent.
//!
//! Invariant: an answer that was recorded for an order is never replaced by another. So a provider that is
//! killed at any moment commits to the same answer again, and can open every commitment it made.
//!
//! One writer thread commits all that waits in one synced transaction: thousands of small orders a minute cost
//! a few syncs a second. Records of ended orders are dropped along the way, without a sync of their own.

use crate::job::Answer;
use assay_types::{DecodeError, OrderId, decode, encode};
use redb::{Database, ReadableDatabase as _, ReadableTable as _, TableDefinition};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::mpsc,
    thread::JoinHandle,
};
use tokio::sync::oneshot;

/// Name of the file in the provider's folder.
const FILE_NAME: &str = "answers.redb";
/// Order → canonical answer and salt.
const ANSWERS: Table = TableDefinition::new("answers v1");
/// Order → canonical evidence: the answer with its proof, which is not made twice.
const PROOFS: Table = TableDefinition::new("proofs v1");
/// Most requests of one transaction, so that the first waits for few others.
const BATCH_MAX: usize = 1_024;
/// Memory that the file may use as a cache: a few thousand small answers.
const CACHE_BYTES: usize = 8 << 20;

/// By order.
type Table = TableDefinition<'static, [u8; 32], &'static [u8]>;

/// What reads a row of one.
type Reader = fn(&[u8]) -> Result<Answer, DecodeError>;

/// Why answers cannot be kept.
#[derive(Debug, thiserror::Error)]
pub enum AnswersError {
    /// The folder cannot be made.
    #[error("cannot create the provider's folder {path}; check its permissions and the free space", path = .path.display())]
    Folder {
        /// Which.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// Another provider has the file.
    #[error("another provider uses {path}; stop it, or give this one a folder of its own", path = .path.display())]
    InUse {
        /// Which file.
        path: PathBuf,
    },
    /// The file cannot be read or written.
    #[error("cannot {action} the answers in {path}; check the disk", path = .path.display())]
    File {
        /// What was attempted.
        action: &'static str,
        /// On which file.
        path: PathBuf,
        /// The storage's reason.
        source: Box<redb::Error>,
    },
    /// A record is not one.
    #[error("the answer to order {order} in {path} is damaged; move the file away, its orders may then be lost", path = .path.display())]
    Damaged {
        /// Whose record.
        order: OrderId,
        /// In which file.
        path: PathBuf,
        /// What is wrong with it.
        source: DecodeError,
    },
}

/// The answers of one provider.
#[derive(Debug)]
pub(crate) struct Answers {
    requests: Option<mpsc::Sender<Request>>,
    writer: Option<JoinHandle<()>>,
}

/// One answer as it lies on disk.
struct Record {
    order: OrderId,
    kind: Kind,
    bytes: Vec<u8>,
}

/// Which table it lies in.
#[derive(Clone, Copy)]
enum Kind {
    Computed,
    Proven,
}

enum Request {
    Record {
        record: Record,
        done: oneshot::Sender<bool>,
    },
    Forget(OrderId),
}

impl Answers {
    /// Opens or creates the file in `folder` and reads what it holds.
    ///
    /// # Errors
    /// [`AnswersError`].
    pub(crate) fn open(folder: &Path) -> Result<(Self, BTreeMap<OrderId, Answer>), AnswersError> {
        std::fs::create_dir_all(folder).map_err(|source| AnswersError::Folder {
            path: folder.to_owned(),
            source,
        })?;
        let path = folder.join(FILE_NAME);
        let database = Database::builder()
            .set_cache_size(CACHE_BYTES)
            .create(&path)
            .map_err(|error| match error {
                redb::DatabaseError::DatabaseAlreadyOpen => {
                    AnswersError::InUse { path: path.clone() }
                }
                error => file("open", &path)(error.into()),
            })?;
        let mut held = BTreeMap::new();
        let tables: [(Table, Reader); 2] = [(ANSWERS, computed), (PROOFS, proven)];
        for (table, read_answer) in tables {
            for (order, bytes) in read(&database, table).map_err(file("read", &path))? {
                let answer = read_answer(&bytes).map_err(|source| AnswersError::Damaged {
                    order,
                    path: path.clone(),
                    source,
                })?;
                held.insert(order, answer);
            }
        }
        let (requests, inbox) = mpsc::channel();
        let writer = std::thread::Builder::new()
            .name("assay-answers".to_owned())
            .spawn(move || write(&database, &inbox))
            .map_err(|source| AnswersError::Folder {
                path: folder.to_owned(),
                source,
            })?;
        let answers = Self {
            requests: Some(requests),
            writer: Some(writer),
        };
        Ok((answers, held))
    }

    /// Makes an answer durable. The receiver hears true once it is, false (or nothing) when it cannot be, or
    /// when another answer is recorded for this order.
    pub(crate) fn record(&self, order: OrderId, answer: &Answer) -> oneshot::Receiver<bool> {
        let (done, hears) = oneshot::channel();
        let (kind, bytes) = match answer {
            Answer::Computed(answer) => (Kind::Computed, encode(answer)),
            Answer::Proven(evidence) => (Kind::Proven, encode(&**evidence)),
        };
        let record = Record { order, kind, bytes };
        self.ask(Request::Record { record, done });
        hears
    }

    /// Drops the answer to an order that has ended.
    pub(crate) fn forget(&self, order: OrderId) {
        self.ask(Request::Forget(order));
    }

    fn ask(&self, request: Request) {
        if let Some(requests) = &self.requests {
            // A writer that is gone drops the request, and whoever waits for it hears so.
            let _ = requests.send(request);
        }
    }
}

impl Drop for Answers {
    /// Finishes what was asked for and frees the file.
    fn drop(&mut self) {
        self.requests = None;
        if let Some(writer) = self.writer.take() {
            // A writer that panicked has said so.
            let _ = writer.join();
        }
    }
}

fn file(action: &'static str, path: &Path) -> impl FnOnce(redb::Error) -> AnswersError {
    let path = path.to_owned();
    move |source| AnswersError::File {
        action,
        path,
        source: Box::new(source),
    }
}

fn computed(bytes: &[u8]) -> Result<Answer, DecodeError> {
    decode(bytes).map(Answer::Computed)
}

fn proven(bytes: &[u8]) -> Result<Answer, DecodeError> {
    decode(bytes).map(|evidence| Answer::Proven(Box::new(evidence)))
}

fn read(database: &Database, table: Table) -> Result<Vec<(OrderId, Vec<u8>)>, redb::Error> {
    // Creates the table in a new file.
    let transaction = database.begin_write()?;
    transaction.open_table(table)?;
    transaction.commit()?;
    let transaction = database.begin_read()?;
    let table = transaction.open_table(table)?;
    let mut held = Vec::new();
    for row in table.iter()? {
        let (order, answer) = row?;
        held.push((OrderId::new(order.value()), answer.value().to_vec()));
    }
    Ok(held)
}

/// Serves requests until every sender is gone.
fn write(database: &Database, inbox: &mpsc::Receiver<Request>) {
    let mut ended = Vec::new();
    while let Ok(first) = inbox.recv() {
        let mut records = Vec::new();
        for request in std::iter::once(first)
            .chain(inbox.try_iter())
            .take(BATCH_MAX)
        {
            match request {
                Request::Record { record, done } => records.push((record, done)),
                Request::Forget(order) => ended.push(order),
            }
        }
        // What has ended waits for a transaction that is needed anyway, or for enough company.
        if records.is_empty() && ended.len() < BATCH_MAX {
            continue;
        }
        match commit(database, &records, &ended) {
            Ok(kept) => {
                ended.clear();
                for ((_, done), kept) in records.into_iter().zip(kept) {
                    let _ = done.send(kept);
                }
            }
            Err(error) => {
                tracing::error!(%error, "answers cannot be recorded");
                for (_, done) in records {
                    let _ = done.send(false);
                }
            }
        }
    }
    if let Err(error) = commit(database, &[], &ended) {
        tracing::warn!(%error, "answers of ended orders could not be dropped");
    }
}

/// One synced transaction; tells which records stand.
fn commit(
    database: &Database,
    records: &[(Record, oneshot::Sender<bool>)],
    ended: &[OrderId],
) -> Result<Vec<bool>, redb::Error> {
    let transaction = database.begin_write()?;
    let mut kept = Vec::with_capacity(records.len());
    {
        let mut computed = transaction.open_table(ANSWERS)?;
        let mut proven = transaction.open_table(PROOFS)?;
        for order in ended {
            computed.remove(order.as_bytes())?;
            proven.remove(order.as_bytes())?;
        }
        for (record, _) in records {
            let table = match record.kind {
                Kind::Computed => &mut computed,
                Kind::Proven => &mut proven,
            };
            let held = table
                .get(record.order.as_bytes())?
                .map(|held| held.value() == record.bytes.as_slice());
            if held.is_none() {
                table.insert(record.order.as_bytes(), record.bytes.as_slice())?;
            }
            kept.push(held.unwrap_or(true));
        }
    }
    transaction.commit()?;
    Ok(kept)
}

#[cfg(test)]
mod tests;
