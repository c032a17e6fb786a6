//! Configuration: a TOML file under environment variables under flags.
//!
//! The grammar is the only list of settings: a flag with an `ASSAY_*` variable is also a key of the file.
//! `--node` with `ASSAY_NODE` is `node`; `--ask` of `assay provide` with `ASSAY_PROVIDE_ASK` is `ask` in the
//! section `[provide]`. What the file says becomes the default of the flag, so that `--help` shows it and
//! the flag's own parser judges it.
//!
//! The file is `~/.config/assay/config.toml`, or what `--config` or `ASSAY_CONFIG` names instead. A folder
//! has no configuration of its own on purpose: whoever enters a stranger's folder must not begin to spend
//! from another wallet, at another price, through another node. Secrets are no settings.

mod edit;
mod file;
mod setting;

pub(crate) use edit::{set, unset};
pub(crate) use setting::{Setting, settings};

use crate::{
    failure::Hint,
    output::{Output, warn},
};
use anyhow::anyhow;
use clap::{ArgMatches, parser::ValueSource};
use file::{ConfigError, File, meant};
use std::{
    env,
    error::Error,
    ffi::{OsStr, OsString},
    path::{Path, PathBuf},
    sync::Arc,
};

/// The variable that names the file.
pub(crate) const FILE_VARIABLE: &str = "ASSAY_CONFIG";

/// What the file said when the program began.
#[derive(Debug)]
pub(crate) struct Config {
    path: Option<PathBuf>,
    file: Result<File, Arc<ConfigError>>,
}

/// Where a setting's value comes from, the weakest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Source {
    /// The program itself.
    Default,
    /// A line of the file.
    File { line: usize },
    /// A variable.
    Environment,
    /// The command line.
    Flag,
}

/// A setting and what it is now.
#[derive(Debug, Clone)]
pub(crate) struct Resolved {
    /// Which.
    pub(crate) setting: Setting,
    /// Its value as a flag takes it; `None` where nothing is set and the program decides.
    pub(crate) value: Option<String>,
    /// Who said so.
    pub(crate) source: Source,
}

impl Config {
    /// Reads the file that the words of the command line, the environment or the platform name.
    ///
    /// A wrong file is kept as its error, so that `assay config` and `assay doctor` can speak of it.
    pub(crate) fn load(words: &[OsString]) -> Self {
        let named = flag_value(words, "--config")
            .or_else(|| env::var_os(FILE_VARIABLE).filter(|path| !path.is_empty()))
            .map(PathBuf::from);
        let is_named = named.is_some();
        let path = named.or_else(platform_path);
        let file = match &path {
            Some(path) => File::read(path, is_named, &settings()).map_err(Arc::new),
            None => Ok(File::default()),
        };
        Self { path, file }
    }

    /// Where the file is, or would be; `None` where the platform names no folder.
    pub(crate) fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// Whether the file can be used; one that is missing can.
    ///
    /// # Errors
    /// What is wrong with it, and what to do.
    pub(crate) fn check(&self) -> anyhow::Result<()> {
        match &self.file {
            Ok(_) => Ok(()),
            Err(error) => Err(Arc::clone(error)).hint(|| error.hint()),
        }
    }

    /// What is wrong with the file and what to do about it, in words; `None` where it can be used.
    pub(crate) fn fault(&self) -> Option<(String, String)> {
        let error = self.file.as_ref().err()?;
        let cause = error.source().map(|cause| format!(": {cause}"));
        Some((
            format!("{error}{}", cause.unwrap_or_default()),
            error.hint(),
        ))
    }

    /// How many settings the file has.
    pub(crate) fn len(&self) -> usize {
        self.file.as_ref().map_or(0, File::len)
    }

    /// What the setting `key` is without flags: its variable, the file, or the default.
    pub(crate) fn now(&self, key: &str) -> Option<String> {
        let setting = settings().into_iter().find(|setting| setting.key == key)?;
        self.without_flags(&setting).0
    }

    /// The grammar with the file's values as defaults.
    pub(crate) fn apply(&self, command: clap::Command) -> clap::Command {
        match &self.file {
            Ok(file) => apply(command, file),
            Err(_) => command,
        }
    }

    /// Every setting's value and source; `matches` are the parsed command's.
    pub(crate) fn resolve(&self, matches: &ArgMatches) -> Vec<Resolved> {
        let mut leaf = matches;
        while let Some((_, below)) = leaf.subcommand() {
            leaf = below;
        }
        let resolve = |setting: Setting| {
            let (value, source) = self.value(&setting, leaf);
            Resolved {
                setting,
                value,
                source,
            }
        };
        settings().into_iter().map(resolve).collect()
    }

    fn value(&self, setting: &Setting, leaf: &ArgMatches) -> (Option<String>, Source) {
        let is_flag = leaf.try_contains_id(&setting.id).unwrap_or(false)
            && leaf.value_source(&setting.id) == Some(ValueSource::CommandLine);
        if is_flag {
            let values = leaf.get_raw(&setting.id).into_iter().flatten();
            let values: Vec<_> = values.map(OsStr::to_string_lossy).collect();
            return (Some(values.join(",")), Source::Flag);
        }
        self.without_flags(setting)
    }

    fn without_flags(&self, setting: &Setting) -> (Option<String>, Source) {
        if let Some(value) = env::var_os(&setting.variable) {
            let value = value.to_string_lossy().into_owned();
            return (Some(value), Source::Environment);
        }
        if let Ok(file) = &self.file
            && let Some(entry) = file.entry(&setting.key)
        {
            let line = entry.line;
            return (Some(entry.values.join(",")), Source::File { line });
        }
        (setting.default.clone(), Source::Default)
    }
}

fn apply(command: clap::Command, file: &File) -> clap::Command {
    command
        .mut_args(|arg| {
            let variable = arg.get_env().map(OsStr::to_string_lossy);
            match variable.and_then(|variable| file.by_variable(&variable)) {
                // The grammar keeps its defaults for as long as the program runs, once.
                Some(entry) => {
                    arg.default_values(entry.values.iter().map(|value| &*value.clone().leak()))
                }
                None => arg,
            }
        })
        .mut_subcommands(|command| apply(command, file))
}

/// The setting with this key.
///
/// # Errors
/// When there is none; the hint names the one that was probably meant.
pub(crate) fn find(key: &str) -> anyhow::Result<Setting> {
    let mut settings = settings();
    match settings.iter().position(|setting| setting.key == key) {
        Some(at) => Ok(settings.swap_remove(at)),
        None => Err(anyhow!("there is no setting `{key}`")).hint(|| match meant(key, &settings) {
            Some(meant) => {
                format!("did you mean `{meant}`? `assay config show` lists every setting")
            }
            None => "`assay config show` lists every setting".to_owned(),
        }),
    }
}

/// Says that a variable goes before what was just written to the file.
pub(crate) fn note_variable(setting: &Setting, output: &Output) {
    if let Some(variable) = env::var_os(&setting.variable) {
        output.note(format_args!(
            "{} {}={} is set and goes before the file",
            warn("note:"),
            setting.variable,
            variable.display()
        ));
    }
}

/// The value of a flag before the grammar reads the words, which needs this value to do so.
pub(crate) fn flag_value(words: &[OsString], flag: &str) -> Option<OsString> {
    let mut words = words.iter().take_while(|word| *word != "--");
    let mut found = None;
    while let Some(word) = words.next() {
        if word == flag {
            found = words.next().cloned();
            continue;
        }
        let rest = word.to_str().and_then(|word| word.strip_prefix(flag));
        if let Some(value) = rest.and_then(|rest| rest.strip_prefix('=')) {
            found = Some(value.into());
        }
    }
    found
}

/// The platform's folder for configuration; on macOS the one that command lines share with Linux.
fn platform_path() -> Option<PathBuf> {
    let absolute = |name: &str| {
        env::var_os(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    let folder = if cfg!(windows) {
        absolute("APPDATA")
    } else {
        absolute("XDG_CONFIG_HOME").or_else(|| env::home_dir().map(|home| home.join(".config")))
    };
    folder.map(|folder| folder.join("assay").join("config.toml"))
}

#[cfg(test)]
mod tests;
