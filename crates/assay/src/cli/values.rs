//! Values that several commands take: amounts, times, leases, models by name.

use assay_types::{Amount, BasisPoints, ModelId, YEAR_MS};
use std::time::Duration;

pub(super) fn amount(text: &str) -> Result<Amount, assay_types::AmountError> {
    Amount::parse_asy(text)
}

/// A part in percent, to two places.
pub(super) fn percent(text: &str) -> Result<BasisPoints, String> {
    let points = || {
        let (whole, hundredths) = text.split_once('.').unwrap_or((text, "0"));
        let digits =
            |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(whole) || !digits(hundredths) || hundredths.len() > 2 {
            return None;
        }
        let hundredths: u16 = format!("{hundredths:0<2}").parse().ok()?;
        let points = whole
            .parse::<u16>()
            .ok()?
            .checked_mul(100)?
            .checked_add(hundredths)?;
        (points <= BasisPoints::WHOLE.get()).then(|| BasisPoints::new(points))
    };
    points()
        .ok_or_else(|| format!("`{text}` is no percentage from 0 to 100 with at most two decimals"))
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

/// A number from zero up in parts of `UNIT`, a power of ten.
pub(super) fn fixed<const UNIT: u32>(text: &str) -> Result<u32, String> {
    let places = usize::try_from(UNIT.ilog10()).unwrap_or_default();
    let parts = || {
        let (whole, rest) = text.split_once('.').unwrap_or((text, "0"));
        let digits =
            |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(whole) || !digits(rest) || rest.len() > places {
            return None;
        }
        let rest: u32 = format!("{rest:0<places$}").parse().ok()?;
        whole
            .parse::<u32>()
            .ok()?
            .checked_mul(UNIT)?
            .checked_add(rest)
    };
    parts().ok_or_else(|| {
        format!("`{text}` is no number from zero up with at most {places} places; write for instance 0.25")
    })
}

/// A size such as `512MiB`, `4GiB` or a number of bytes.
pub(super) fn size(text: &str) -> Result<u64, String> {
    let digits = text
        .find(|letter: char| !letter.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let scale = match unit {
        "" | "B" => Some(1),
        "KiB" => Some(1u64 << 10),
        "MiB" => Some(1 << 20),
        "GiB" => Some(1 << 30),
        "TiB" => Some(1 << 40),
        _ => None,
    };
    let bytes = || number.parse::<u64>().ok()?.checked_mul(scale?);
    bytes().filter(|bytes| *bytes > 0).ok_or_else(|| {
        format!("`{text}` is no size; write a whole number and a unit: 512MiB, 4GiB")
    })
}

/// A span such as `1y`, `30d`, `12h` or `5m`, in milliseconds.
pub(super) fn lease(text: &str) -> Result<u64, String> {
    let span = || {
        let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
        let unit_ms = match unit {
            "y" => YEAR_MS,
            "d" => 24 * 3_600_000,
            "h" => 3_600_000,
            "m" => 60_000,
            _ => return None,
        };
        let digits = number.bytes().all(|byte| byte.is_ascii_digit());
        let number: u64 = digits.then(|| number.parse().ok())??;
        number.checked_mul(unit_ms).filter(|ms| *ms > 0)
    };
    span().ok_or_else(|| {
        format!("`{text}` is no span of time; write a number of years, days, hours or minutes: 1y, 30d, 12h, 5m")
    })
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
