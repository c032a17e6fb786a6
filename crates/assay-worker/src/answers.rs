//! Answers at rest: what this provider has computed for each open order, on disk before anything about it is
//! sent.
//!
//! Invariant: an answer that was recorded for an order is never replaced by another. So a provider that is
//! killed at any moment commits to the same answer again, and can open every commitment it made.
//!
//! One writer thread commits all that waits in one synced transaction: thousands of small orders a minute cost
//! a few syncs a second. Records of ended orders are dropped along the way, without a sync of their own.

use assay_types::{DecodeError, OrderId, QuorumReveal, decode, encode};
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
const ANSWERS: TableDefinition<'_, [u8; 32], &[u8]> = TableDefinition::new("answers v1");
/// Most requests of one transaction, so that the first waits for few others.
const BATCH_MAX: usize = 1_024;
/// Memory that the file may use as a cache: a few thousand small answers.
const CACHE_BYTES: usize = 8 << 20;

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

enum Request {
    Record {
        order: OrderId,
        answer: Vec<u8>,
        done: oneshot::Sender<bool>,
    },
    Forget(OrderId),
}

impl Answers {
    /// Opens or creates the file in `folder` and reads what it holds.
    ///
    /// # Errors
    /// [`AnswersError`].
    pub(crate) fn open(
        folder: &Path,
    ) -> Result<(Self, BTreeMap<OrderId, QuorumReveal>), AnswersError> {
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
        let held = read(&database).map_err(file("read", &path))?;
        let held: Result<BTreeMap<OrderId, QuorumReveal>, AnswersError> = held
            .into_iter()
            .map(|(order, bytes)| match decode(&bytes) {
                Ok(answer) => Ok((order, answer)),
                Err(source) => Err(AnswersError::Damaged {
                    order,
                    path: path.clone(),
                    source,
                }),
            })
            .collect();
        let held = held?;
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
    pub(crate) fn record(&self, order: OrderId, answer: &QuorumReveal) -> oneshot::Receiver<bool> {
        let (done, hears) = oneshot::channel();
        self.ask(Request::Record {
            order,
            answer: encode(answer),
            done,
        });
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

fn read(database: &Database) -> Result<Vec<(OrderId, Vec<u8>)>, redb::Error> {
    // Creates the table in a new file.
    let transaction = database.begin_write()?;
    transaction.open_table(ANSWERS)?;
    transaction.commit()?;
    let transaction = database.begin_read()?;
    let table = transaction.open_table(ANSWERS)?;
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
                Request::Record {
                    order,
                    answer,
                    done,
                } => records.push((order, answer, done)),
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
                for ((_, _, done), kept) in records.into_iter().zip(kept) {
                    let _ = done.send(kept);
                }
            }
            Err(error) => {
                tracing::error!(%error, "answers cannot be recorded");
                for (_, _, done) in records {
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
    records: &[(OrderId, Vec<u8>, oneshot::Sender<bool>)],
    ended: &[OrderId],
) -> Result<Vec<bool>, redb::Error> {
    let transaction = database.begin_write()?;
    let mut kept = Vec::with_capacity(records.len());
    {
        let mut table = transaction.open_table(ANSWERS)?;
        for order in ended {
            table.remove(order.as_bytes())?;
        }
        for (order, answer, _) in records {
            let held = table
                .get(order.as_bytes())?
                .map(|held| held.value() == answer.as_slice());
            if held.is_none() {
                table.insert(order.as_bytes(), answer.as_slice())?;
            }
            kept.push(held.unwrap_or(true));
        }
    }
    transaction.commit()?;
    Ok(kept)
}

#[cfg(test)]
mod tests;
