//! Money and what it is charged for: grains, basis points, weight and its price.
//!
//! Invariant: no arithmetic here wraps or rounds silently; divisions say floor.

use crate::codec::wire_tuple;
use std::{fmt, str::FromStr};

/// Grains in one ASY.
pub const GRAINS_PER_ASY: u64 = 1_000_000_000;
/// Largest supply ever: 10⁹ ASY. It fits `u64` eighteen times over, so sums of balances never overflow.
pub const SUPPLY_MAX: Amount = Amount(1_000_000_000 * GRAINS_PER_ASY);
const DECIMALS: usize = 9;

/// An amount of money, in grains (10⁻⁹ ASY).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Amount(u64);
wire_tuple!(Amount);

/// Text that is not an amount.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AmountError {
    /// Not of the form `12`, `12.5` or `12.000000001`.
    #[error("`{text}` is not an amount; write ASY as `12`, `0.5` or `0.000000001`")]
    Malformed {
        /// What was given.
        text: String,
    },
    /// Above [`SUPPLY_MAX`].
    #[error("`{text}` ASY is more than can ever exist (1000000000)")]
    TooLarge {
        /// What was given.
        text: String,
    },
}

impl Amount {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// `grains` grains.
    pub const fn new(grains: u64) -> Self {
        Self(grains)
    }

    /// Grains.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// Whether this is nothing.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// `self + other`, or `None` on overflow.
    pub const fn checked_add(self, other: Self) -> Option<Self> {
        match self.0.checked_add(other.0) {
            Some(sum) => Some(Self(sum)),
            None => None,
        }
    }

    /// `self - other`, or `None` when `other` is more.
    pub const fn checked_sub(self, other: Self) -> Option<Self> {
        match self.0.checked_sub(other.0) {
            Some(rest) => Some(Self(rest)),
            None => None,
        }
    }

    /// `self · factor`, or `None` on overflow.
    pub const fn checked_mul(self, factor: u64) -> Option<Self> {
        match self.0.checked_mul(factor) {
            Some(product) => Some(Self(product)),
            None => None,
        }
    }

    /// `self + other`, or the largest amount.
    pub const fn saturating_add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// `self - other`, or nothing.
    pub const fn saturating_sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// ⌊self · share / 10 000⌋; at most `self` for shares up to [`BasisPoints::WHOLE`].
    pub fn share_floor(self, share: BasisPoints) -> Self {
        let product = u128::from(self.0).saturating_mul(u128::from(share.0));
        let share = product
            .checked_div(u128::from(BasisPoints::WHOLE.0))
            .unwrap_or_default();
        Self(u64::try_from(share).unwrap_or(self.0))
    }

    /// Reads an amount written in ASY (`1.5`), as people do.
    ///
    /// # Errors
    /// [`AmountError`] for anything but digits with at most nine decimals, or above the supply.
    pub fn parse_asy(text: &str) -> Result<Self, AmountError> {
        let malformed = || AmountError::Malformed {
            text: text.to_owned(),
        };
        let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
        let digits =
            |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(whole) || !digits(fraction) || fraction.len() > DECIMALS || whole.len() > 20 {
            return Err(malformed());
        }
        let whole = u128::from_str(whole).map_err(|_| malformed())?;
        let fraction =
            u128::from_str(&format!("{fraction:0<DECIMALS$}")).map_err(|_| malformed())?;
        let grains = whole
            .saturating_mul(u128::from(GRAINS_PER_ASY))
            .saturating_add(fraction);
        match u64::try_from(grains) {
            Ok(grains) if grains <= SUPPLY_MAX.0 => Ok(Self(grains)),
            _ => Err(AmountError::TooLarge {
                text: text.to_owned(),
            }),
        }
    }
}

impl fmt::Display for Amount {
    /// In ASY without trailing zeros: `1.5 ASY`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, fraction) = (self.0 / GRAINS_PER_ASY, self.0 % GRAINS_PER_ASY);
        let text = if fraction == 0 {
            format!("{whole} ASY")
        } else {
            let fraction = format!("{fraction:0DECIMALS$}");
            format!("{whole}.{} ASY", fraction.trim_end_matches('0'))
        };
        f.pad(&text)
    }
}

/// A share in hundredths of a percent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct BasisPoints(u16);
wire_tuple!(BasisPoints);

impl BasisPoints {
    /// 100 %.
    pub const WHOLE: Self = Self(10_000);

    /// `points` / 10 000. Rules that take a share check that it is at most [`Self::WHOLE`].
    pub const fn new(points: u16) -> Self {
        Self(points)
    }

    /// Hundredths of a percent.
    pub const fn get(self) -> u16 {
        self.0
    }
}

/// What a transaction costs a block: bytes, signatures, reads, writes and proofs in one unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Weight(u64);
wire_tuple!(Weight);

impl Weight {
    /// `units` of weight.
    pub const fn new(units: u64) -> Self {
        Self(units)
    }

    /// Units of weight.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// `self + other`, or the largest weight.
    pub const fn saturating_add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

/// The price of block weight, in grains per unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct FeeRate(u64);
wire_tuple!(FeeRate);

impl FeeRate {
    /// `grains` per unit of weight.
    pub const fn new(grains: u64) -> Self {
        Self(grains)
    }

    /// Grains per unit of weight.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The price of `weight`, or the largest amount on overflow (which nobody can pay).
    pub const fn price(self, weight: Weight) -> Amount {
        Amount(self.0.saturating_mul(weight.0))
    }
}
