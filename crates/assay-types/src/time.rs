//! Ledger time and heights. A pure core never asks a clock; time arrives in headers.

use crate::codec::wire_tuple;
use std::fmt;

/// Milliseconds since the Unix epoch, as headers tell it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct LedgerTime(u64);
wire_tuple!(LedgerTime);

impl LedgerTime {
    /// Later than every header.
    pub const MAX: Self = Self(u64::MAX);

    /// `ms` milliseconds since the Unix epoch.
    pub const fn new(ms: u64) -> Self {
        Self(ms)
    }

    /// Milliseconds since the Unix epoch.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// `ms` later, or [`Self::MAX`].
    pub const fn after(self, ms: u64) -> Self {
        Self(self.0.saturating_add(ms))
    }

    /// Milliseconds from `earlier` to `self`, zero when it is not earlier.
    pub const fn since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

impl fmt::Display for LedgerTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ms", self.0)
    }
}

/// Number of blocks since genesis, which has height 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Height(u64);
wire_tuple!(Height);

impl Height {
    /// Genesis.
    pub const ZERO: Self = Self(0);

    /// Height `height`.
    pub const fn new(height: u64) -> Self {
        Self(height)
    }

    /// Blocks since genesis.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The height above; saturates after 2⁶⁴ blocks.
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl fmt::Display for Height {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
