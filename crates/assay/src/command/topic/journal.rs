//! What a key has committed to and not revealed yet, on disk before it is sent.
//!
//! A commitment without its submission is a missed reveal, so it is written first and forgotten last.

use crate::home;
use anyhow::Context;
use assay_client::Sealed;
use assay_types::{Hash32, Submission, decode, encode};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Commitments that are kept: this epoch's, that of the last one, and some that a later one replaced.
const KEPT: usize = 8;
/// Largest file that is read: eight of the longest submissions, as hexadecimal digits.
const BYTES_MAX: u64 = 1 << 20;

/// The journal of one key in one topic.
#[derive(Debug)]
pub(super) struct Journal {
    path: PathBuf,
    entries: Vec<Entry>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Entry {
    commitment: String,
    salt: String,
    submission: String,
}

impl Journal {
    /// Reads it, or begins one.
    ///
    /// # Errors
    /// When the file is there and cannot be read.
    pub(super) fn open(path: PathBuf) -> anyhow::Result<Self> {
        let entries = if path.exists() {
            let bytes = home::read(&path, BYTES_MAX)?;
            serde_json::from_slice(&bytes).with_context(|| {
                format!(
                    "{} is no journal of commitments; move it away to begin a new one",
                    path.display()
                )
            })?
        } else {
            Vec::new()
        };
        Ok(Self { path, entries })
    }

    /// Keeps what is about to be committed to.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(super) fn keep(&mut self, sealed: &Sealed) -> anyhow::Result<()> {
        self.entries.push(Entry {
            commitment: sealed.commitment.to_string(),
            salt: sealed.salt.to_string(),
            submission: hex::encode(encode(&sealed.submission)),
        });
        let first = self.entries.len().saturating_sub(KEPT);
        self.entries.drain(..first);
        home::write(&self.path, &serde_json::to_vec(&self.entries)?)
    }

    /// What opens a commitment; `None` when it was made elsewhere.
    pub(super) fn find(&self, commitment: Hash32) -> Option<Sealed> {
        let text = commitment.to_string();
        let entry = self.entries.iter().find(|entry| entry.commitment == text)?;
        let submission: Submission = decode(&hex::decode(&entry.submission).ok()?).ok()?;
        Some(Sealed {
            commitment,
            salt: entry.salt.parse().ok()?,
            submission,
        })
    }
}
