//! Collection: what nobody needs any more goes.
use assay_types::{ContentId, LedgerTime};

use super::{Error, Inner, footprint};

/// What a collection removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Collected {
    /// Pins that had ended.
    pub pins: u64,
    /// Contents that no pin held.
    pub contents: u64,
    /// Bytes of their files.
    pub bytes: u64,
}

impl Inner {
    pub(super) fn collect(&self, now: LedgerTime) -> Result<Collected, Error> {
        let mut collected = Collected::default();
        let ids: Vec<ContentId> = self.index().contents.keys().copied().collect();
        for id in ids {
            // The gate is taken for each content anew, so that writes and pins get their turn, and a content that was
            // pinned meanwhile stays.
            let mut pins = self.gate();
            if pins.of(id)?.iter().any(|pin| pin.until >= now) {
                continue;
            }
            let Some(size) = self.index().remove(id) else {
                continue;
            };
            self.folder.remove(id)?;
            collected.contents += 1;
            collected.bytes += footprint(size);
        }
        // Last, because on a full disk the table may have no room to write before files are gone.
        collected.pins = self.gate().expire(now)?;
        if collected != Collected::default() {
            tracing::debug!(?collected, "collected content");
        }
        Ok(collected)
    }
}
