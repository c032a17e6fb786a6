//! The file: read whole, every key known, every value one that its flag takes.

use super::Setting;
use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};
use toml_edit::{Document, Item, TableLike, TomlError, Value};

/// Largest file read; every setting with a comment fills a few kilobytes.
const FILE_BYTES_MAX: u64 = 256 * 1024;
/// Likeness of two words above which one is offered for the other; clap uses the same for flags.
const LIKENESS_MIN: f64 = 0.7;

/// What a file says, by key.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct File {
    entries: BTreeMap<String, Entry>,
}

/// One key's value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    /// The values as a flag takes them; one unless the setting is a list.
    pub(crate) values: Vec<String>,
    /// Where it stands, counted from 1.
    pub(crate) line: usize,
    variable: String,
}

/// Why a file cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigError {
    #[error("cannot {action} the configuration {}", path.display())]
    Io {
        action: &'static str,
        path: PathBuf,
        source: io::Error,
    },
    #[error("{} has more than {FILE_BYTES_MAX} bytes, which no configuration has", path.display())]
    TooLong { path: PathBuf },
    #[error("{}:{line}:{column}: {message}", path.display())]
    Syntax {
        path: PathBuf,
        line: usize,
        column: usize,
        message: String,
    },
    #[error("{}:{line}: there is no setting `{key}`", path.display())]
    Unknown {
        path: PathBuf,
        line: usize,
        key: String,
        /// The setting that was probably meant.
        meant: Option<String>,
    },
    #[error("{}:{line}: `{key}` cannot be `{value}`: {reason}", path.display())]
    Value {
        path: PathBuf,
        line: usize,
        key: String,
        value: String,
        reason: String,
    },
}

impl ConfigError {
    /// What to do about it.
    pub(crate) fn hint(&self) -> String {
        match self {
            Self::Io { .. } => {
                "`--config FILE` or ASSAY_CONFIG names another file; `assay config path` shows which is read".to_owned()
            }
            Self::TooLong { .. } => "name the right file with `--config FILE`".to_owned(),
            Self::Syntax { .. } => {
                "the file is TOML: `node = \"http://127.0.0.1:2790\"`, sections as `[provide]`".to_owned()
            }
            Self::Unknown { key, .. } if key.contains("passphrase") => {
                "secrets are no settings; set ASSAY_PASSPHRASE, or type the passphrase when asked".to_owned()
            }
            Self::Unknown { meant: Some(meant), .. } => {
                format!("did you mean `{meant}`? `assay config show` lists every setting")
            }
            Self::Unknown { meant: None, .. } => "`assay config show` lists every setting".to_owned(),
            Self::Value { key, .. } => {
                format!("correct the line, or run `assay config set {key} VALUE`")
            }
        }
    }
}

impl File {
    /// Reads and checks the file at `path`. One that nobody named may be missing.
    ///
    /// # Errors
    /// [`ConfigError`], with the line.
    pub(super) fn read(
        path: &Path,
        is_named: bool,
        settings: &[Setting],
    ) -> Result<Self, ConfigError> {
        match text(path) {
            Ok(text) => Self::parse(path, &text, settings),
            Err(ConfigError::Io { source, .. })
                if !is_named && source.kind() == io::ErrorKind::NotFound =>
            {
                Ok(Self::default())
            }
            Err(error) => Err(error),
        }
    }

    /// Checks the file's text.
    ///
    /// # Errors
    /// [`ConfigError`], with the line.
    pub(super) fn parse(
        path: &Path,
        text: &str,
        settings: &[Setting],
    ) -> Result<Self, ConfigError> {
        let document = Document::parse(text).map_err(|error| syntax(path, text, &error))?;
        let mut reading = Reading {
            path,
            text,
            settings,
            file: Self::default(),
        };
        reading.table(document.as_table(), "")?;
        Ok(reading.file)
    }

    /// How many settings it has.
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// What it says of `key`.
    pub(crate) fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries.get(key)
    }

    /// What it says of the setting with this variable.
    pub(super) fn by_variable(&self, variable: &str) -> Option<&Entry> {
        self.entries
            .values()
            .find(|entry| entry.variable == variable)
    }
}

/// The text of the file at `path`.
///
/// # Errors
/// [`ConfigError::Io`], [`ConfigError::TooLong`].
pub(super) fn text(path: &Path) -> Result<String, ConfigError> {
    let io = |source| ConfigError::Io {
        action: "read",
        path: path.to_owned(),
        source,
    };
    if fs::metadata(path).map_err(io)?.len() > FILE_BYTES_MAX {
        return Err(ConfigError::TooLong {
            path: path.to_owned(),
        });
    }
    fs::read_to_string(path).map_err(io)
}

/// What the parser has against `text`, with the line.
pub(super) fn syntax(path: &Path, text: &str, error: &TomlError) -> ConfigError {
    let (line, column) = position(text, error.span().map_or(0, |span| span.start));
    ConfigError::Syntax {
        path: path.to_owned(),
        line,
        column,
        message: error.message().trim_end().to_owned(),
    }
}

struct Reading<'a> {
    path: &'a Path,
    text: &'a str,
    settings: &'a [Setting],
    file: File,
}

impl Reading<'_> {
    fn table(&mut self, table: &dyn TableLike, section: &str) -> Result<(), ConfigError> {
        for (name, item) in table.iter() {
            let key = match section {
                "" => name.to_owned(),
                section => format!("{section}.{name}"),
            };
            let start = table
                .key(name)
                .and_then(toml_edit::Key::span)
                .or_else(|| item.span())
                .map_or(0, |span| span.start);
            let (line, _) = position(self.text, start);
            match (self.setting(&key), item.as_table_like(), item) {
                (Some(setting), None, Item::Value(value)) => {
                    let entry = Entry {
                        values: self.values(setting, value, line)?,
                        line,
                        variable: setting.variable.clone(),
                    };
                    self.file.entries.insert(key, entry);
                }
                (None, Some(below), _) if self.is_section(&key) => self.table(below, &key)?,
                (Some(_), ..) => {
                    return Err(self.refused(&key, line, "[…]", "it is a value, not a section"));
                }
                (None, ..) => return Err(self.unknown(key, line)),
            }
        }
        Ok(())
    }

    fn setting(&self, key: &str) -> Option<&Setting> {
        self.settings.iter().find(|setting| setting.key == key)
    }

    fn is_section(&self, key: &str) -> bool {
        let begins = |section: &str| {
            section
                .strip_prefix(key)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        self.settings
            .iter()
            .any(|setting| begins(setting.section()))
    }

    /// The words that a flag would take; numbers as they are written, so that no digit is lost.
    fn values(
        &self,
        setting: &Setting,
        value: &Value,
        line: usize,
    ) -> Result<Vec<String>, ConfigError> {
        let words = match value {
            Value::Array(array) if setting.is_list() => {
                array.iter().map(|value| self.word(value)).collect()
            }
            Value::Array(_) => {
                let written = self.word(value);
                return Err(self.refused(&setting.key, line, &written, "it takes one value"));
            }
            value => vec![self.word(value)],
        };
        for word in &words {
            if let Err(reason) = setting.check(word) {
                return Err(self.refused(&setting.key, line, word, &reason));
            }
        }
        Ok(words)
    }

    fn word(&self, value: &Value) -> String {
        match value {
            Value::String(text) => text.value().clone(),
            value => value
                .span()
                .and_then(|span| self.text.get(span))
                .unwrap_or_default()
                .to_owned(),
        }
    }

    fn refused(&self, key: &str, line: usize, value: &str, reason: &str) -> ConfigError {
        ConfigError::Value {
            path: self.path.to_owned(),
            line,
            key: key.to_owned(),
            value: value.to_owned(),
            reason: reason.to_owned(),
        }
    }

    fn unknown(&self, key: String, line: usize) -> ConfigError {
        ConfigError::Unknown {
            path: self.path.to_owned(),
            line,
            meant: meant(&key, self.settings),
            key,
        }
    }
}

/// The key that was probably meant by `wrong`: alike as a whole, or the same name in another section.
pub(super) fn meant(wrong: &str, settings: &[Setting]) -> Option<String> {
    let name = |key: &str| key.rsplit('.').next().unwrap_or_default().replace('_', "-");
    let likeness = |key: &str| {
        strsim::jaro_winkler(wrong, key).max(strsim::jaro_winkler(&name(wrong), &name(key)))
    };
    settings
        .iter()
        .map(|setting| (likeness(&setting.key), &setting.key))
        .filter(|(likeness, _)| *likeness > LIKENESS_MIN)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, key)| key.clone())
}

/// Line and column of a byte, both counted from 1.
fn position(text: &str, byte: usize) -> (usize, usize) {
    let before = text.get(..byte).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before
        .rsplit('\n')
        .next()
        .unwrap_or_default()
        .chars()
        .count()
        + 1;
    (line, column)
}
