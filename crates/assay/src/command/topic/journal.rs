//! What a validator has committed to and not revealed yet, on disk before it is sent.
//!
//! A commitment without its weights is a missed reveal, so they are written first and forgotten last.

use crate::home;
use anyhow::Context;
use assay_client::SealedWeights;
use assay_types::{Hash32, WeightCell, WeightRow};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Commitments that are kept: this epoch's, that of the last one, and some that a later one replaced.
const KEPT: usize = 8;
/// Largest file that is read: eight rows of as many weights as a topic has slots, written as text.
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
    weights: Vec<(u16, u16)>,
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
    pub(super) fn keep(&mut self, sealed: &SealedWeights) -> anyhow::Result<()> {
        let cells = sealed.weights.iter();
        self.entries.push(Entry {
            commitment: sealed.commitment.to_string(),
            salt: sealed.salt.to_string(),
            weights: cells.map(|cell| (cell.slot, cell.weight)).collect(),
        });
        let first = self.entries.len().saturating_sub(KEPT);
        self.entries.drain(..first);
        home::write(&self.path, &serde_json::to_vec(&self.entries)?)
    }

    /// What opens a commitment; `None` when it was made elsewhere.
    pub(super) fn find(&self, commitment: Hash32) -> Option<SealedWeights> {
        let text = commitment.to_string();
        let entry = self.entries.iter().find(|entry| entry.commitment == text)?;
        let cells = entry.weights.iter();
        let cells = cells.map(|(slot, weight)| WeightCell {
            slot: *slot,
            weight: *weight,
        });
        Some(SealedWeights {
            commitment,
            salt: entry.salt.parse().ok()?,
            weights: WeightRow::new(cells.collect()).ok()?,
        })
    }
}
