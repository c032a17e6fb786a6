//! Changing the file without losing its comments and order.

use super::{
    ConfigError, Setting,
    file::{File, syntax, text},
    setting::settings,
};
use crate::{failure::Hint, home};
use std::{io, path::Path};
use toml_edit::{DocumentMut, Item, Table, TableLike};

/// Sets `setting` in the file at `path`, which is made if it is missing.
///
/// # Errors
/// When the value is refused, or the file cannot be read or written.
pub(crate) fn set(path: &Path, setting: &Setting, value: &str) -> anyhow::Result<()> {
    change(path, |document| {
        let mut table = document.as_table_mut() as &mut dyn TableLike;
        let mut names: Vec<&str> = setting.key.split('.').collect();
        let last = names.pop().unwrap_or_default();
        for name in names {
            let below = table
                .entry(name)
                .or_insert_with(|| Item::Table(Table::new()));
            match below.as_table_like_mut() {
                Some(below) => table = below,
                None => return,
            }
        }
        match table.get_mut(last).and_then(Item::as_value_mut) {
            Some(old) => {
                let decor = old.decor().clone();
                *old = setting.to_toml(value);
                *old.decor_mut() = decor;
            }
            None => drop(table.insert(last, Item::Value(setting.to_toml(value)))),
        }
    })
}

/// Takes `setting` out of the file at `path`.
///
/// # Errors
/// When the file cannot be read or written.
pub(crate) fn unset(path: &Path, setting: &Setting) -> anyhow::Result<()> {
    change(path, |document| {
        let mut table = document.as_table_mut() as &mut dyn TableLike;
        let mut names: Vec<&str> = setting.key.split('.').collect();
        let last = names.pop().unwrap_or_default();
        for name in names {
            match table.get_mut(name).and_then(Item::as_table_like_mut) {
                Some(below) => table = below,
                None => return,
            }
        }
        table.remove(last);
    })
}

/// Rewrites the file; what would not be read again is not written.
fn change(path: &Path, edit: impl FnOnce(&mut DocumentMut)) -> anyhow::Result<()> {
    let edited = edited(path, edit);
    let hint = edited.as_ref().err().map(ConfigError::hint);
    let after = edited.hint(|| hint.unwrap_or_default())?;
    home::write(path, after.as_bytes())
}

fn edited(path: &Path, edit: impl FnOnce(&mut DocumentMut)) -> Result<String, ConfigError> {
    let before = match text(path) {
        Err(ConfigError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
            String::new()
        }
        before => before?,
    };
    let parsed = before.parse::<DocumentMut>();
    let mut document = parsed.map_err(|error| syntax(path, &before, &error))?;
    edit(&mut document);
    let after = document.to_string();
    File::parse(path, &after, &settings())?;
    Ok(after)
}
