//! Values that several commands take: amounts, times, models by name.

use assay_types::{Amount, ModelId};
use std::time::Duration;

pub(super) fn amount(text: &str) -> Result<Amount, assay_types::AmountError> {
    Amount::parse_asy(text)
}

/// Longest `--within`: a week, the longest an order may live.
const WITHIN_SECONDS_MAX: u64 = 7 * 24 * 3_600;

pub(super) fn seconds(text: &str) -> Result<Duration, String> {
    match text.parse::<u64>() {
        Ok(seconds @ 1..=WITHIN_SECONDS_MAX) => Ok(Duration::from_secs(seconds)),
        _ => Err(format!(
            "`{text}` is no whole number of seconds from 1 to {WITHIN_SECONDS_MAX}"
        )),
    }
}

/// A model as people name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ModelName {
    /// Its id.
    Id(ModelId),
    /// What its manifest calls it.
    Name(String),
}

impl From<&str> for ModelName {
    fn from(text: &str) -> Self {
        text.parse()
            .map_or_else(|_| Self::Name(text.to_owned()), Self::Id)
    }
}
