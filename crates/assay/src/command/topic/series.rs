//! A recorded series: numbers out of a column of a CSV file.

use crate::{cli::SeriesChoice, home};
use anyhow::{Context, anyhow, bail};
use std::path::Path;

/// Largest file that is read.
const BYTES_MAX: u64 = 64 << 20;

/// Values in order of time, and which of them is a topic's first.
#[derive(Debug, Clone)]
pub(super) struct Series {
    values: Vec<f64>,
    start: usize,
}

impl Series {
    /// The series that was chosen, if one was.
    ///
    /// # Errors
    /// When the file cannot be read, or is no CSV file with such a column of numbers.
    pub(super) fn chosen(choice: &SeriesChoice) -> anyhow::Result<Option<Self>> {
        let Some(path) = &choice.series else {
            return Ok(None);
        };
        Self::read(path, choice.column.as_deref(), choice.start).map(Some)
    }

    /// The series in a file.
    ///
    /// # Errors
    /// See [`Self::chosen`].
    pub(super) fn read(path: &Path, column: Option<&str>, start: usize) -> anyhow::Result<Self> {
        let bytes = home::read(path, BYTES_MAX)?;
        let text = String::from_utf8(bytes).context("it is not UTF-8");
        let values = text.and_then(|text| parse(&text, column));
        let values =
            values.with_context(|| format!("cannot read a series from {}", path.display()))?;
        if start >= values.len() {
            bail!(
                "the series in {} has {} values, so it has none at {start}",
                path.display(),
                values.len()
            );
        }
        Ok(Self { values, start })
    }

    /// What is known when an epoch asks for its value: all before it.
    pub(super) fn before(&self, epoch: u64) -> &[f64] {
        let end = self.place(epoch).min(self.values.len());
        self.values.get(..end).unwrap_or_default()
    }

    /// The value of an epoch; `None` after the last.
    pub(super) fn value(&self, epoch: u64) -> Option<f64> {
        self.values.get(self.place(epoch)).copied()
    }

    fn place(&self, epoch: u64) -> usize {
        let epoch = usize::try_from(epoch).unwrap_or(usize::MAX);
        self.start.saturating_add(epoch)
    }
}

/// The numbers of a column, by the name in the first line; the last column where none is named.
fn parse(text: &str, column: Option<&str>) -> anyhow::Result<Vec<f64>> {
    let mut lines = text
        .lines()
        .zip(1..)
        .filter(|(line, _)| !line.trim().is_empty());
    let (head, _) = lines.next().context("it is empty")?;
    let names: Vec<&str> = head.split(',').map(str::trim).collect();
    let place = match column {
        None => names.len().saturating_sub(1),
        Some(column) => names
            .iter()
            .position(|name| *name == column)
            .ok_or_else(|| anyhow!("it has no column `{column}`; it has {}", names.join(", ")))?,
    };
    let number = |(line, place_of_line): (&str, usize)| -> anyhow::Result<f64> {
        let cell = line.split(',').nth(place).map(str::trim);
        let cell = cell.with_context(|| format!("line {place_of_line} has no such column"))?;
        let number: Option<f64> = cell.parse().ok().filter(|number: &f64| number.is_finite());
        number.with_context(|| format!("line {place_of_line} holds `{cell}`, which is no number"))
    };
    let values: Vec<f64> = lines.map(number).collect::<Result<_, _>>()?;
    if values.is_empty() {
        bail!("it holds no value below its first line");
    }
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, column: Option<&str>, expected: Result<&[f64], &str>) {
        match (parse(text, column), expected) {
            (Ok(values), Ok(expected)) => assert_eq!(values, expected, "{text:?}"),
            (Err(error), Err(reason)) => {
                let error = format!("{error:#}");
                assert!(error.contains(reason), "{text:?}: {error}");
            }
            (values, _) => panic!("{text:?}: {values:?}"),
        }
    }

    #[test]
    fn a_column_of_numbers_is_a_series() {
        let text = "month,value,other\n1950-01,23.5,1\n1950-02, -4e1 ,2\n\n";
        check(text, None, Ok(&[1.0, 2.0]));
        check(text, Some("value"), Ok(&[23.5, -40.0]));
        check(text, Some("year"), Err("it has month, value, other"));
        check("value\r\n1\r\n", None, Ok(&[1.0]));
        check("", None, Err("empty"));
        check("value\n", None, Err("no value"));
        check("value\nNaN\n", None, Err("line 2 holds `NaN`"));
        check("value\n1\n1e999\n", None, Err("line 3"));
        check("a,b\n1\n", None, Err("line 2 has no such column"));
    }

    #[test]
    fn an_epoch_asks_for_the_value_after_what_is_known() {
        let series = Series {
            values: vec![1.0, 2.0, 3.0],
            start: 1,
        };
        assert_eq!(series.before(0), [1.0]);
        assert_eq!(series.value(0), Some(2.0));
        assert_eq!(series.before(1), [1.0, 2.0]);
        assert_eq!(series.value(2), None);
        assert_eq!(series.before(u64::MAX), [1.0, 2.0, 3.0]);
        assert_eq!(series.value(u64::MAX), None);
    }
}
