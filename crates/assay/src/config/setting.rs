//! The settings there are, read off the grammar.

use crate::cli::Cli;
use clap::{
    Arg, ArgAction, CommandFactory,
    builder::ValueParser,
    error::{ContextKind, ContextValue},
};
use std::error::Error;

/// What begins every variable of the program.
const PREFIX: &str = "ASSAY_";
/// Flags with a variable that a file cannot set: the file's own name.
const NOT_SETTINGS: [&str; 1] = [super::FILE_VARIABLE];

/// One setting: a flag that has a variable and a key.
#[derive(Debug, Clone)]
pub(crate) struct Setting {
    /// Its key in the file, with its section: `provide.ask`.
    pub(crate) key: String,
    /// Its variable.
    pub(crate) variable: String,
    /// What the grammar calls its flag.
    pub(crate) id: String,
    /// What it is, in a sentence.
    pub(crate) about: String,
    /// Its value where nobody says another.
    pub(crate) default: Option<String>,
    kind: Kind,
    parser: ValueParser,
}

/// How many values a setting takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    One,
    Many,
    Switch,
}

/// Every setting, those of all commands first, then by section.
pub(crate) fn settings() -> Vec<Setting> {
    let mut found: Vec<Setting> = Vec::new();
    visit(&Cli::command(), &mut Vec::new(), &mut found);
    found.sort_by(|a, b| (a.section(), &a.key).cmp(&(b.section(), &b.key)));
    // A choice that several commands share is one setting.
    found.dedup_by(|a, b| a.variable == b.variable);
    found
}

fn visit<'a>(command: &'a clap::Command, path: &mut Vec<&'a str>, found: &mut Vec<Setting>) {
    found.extend(
        command
            .get_arguments()
            .filter_map(|arg| Setting::of(arg, path)),
    );
    for below in command.get_subcommands() {
        path.push(below.get_name());
        visit(below, path, found);
        path.pop();
    }
}

impl Setting {
    /// The setting that `arg` of the command at `path` is, if it is one.
    fn of(arg: &Arg, path: &[&str]) -> Option<Self> {
        let variable = arg.get_env()?.to_str()?.to_owned();
        let key = key(&variable, arg.get_long()?, path)?;
        let kind = match arg.get_action() {
            ArgAction::SetTrue | ArgAction::SetFalse => Kind::Switch,
            ArgAction::Append => Kind::Many,
            _ => Kind::One,
        };
        let defaults = arg.get_default_values().iter();
        let defaults: Vec<_> = defaults.map(|value| value.to_string_lossy()).collect();
        Some(Self {
            key,
            variable,
            id: arg.get_id().to_string(),
            about: arg.get_help().map(ToString::to_string).unwrap_or_default(),
            default: (!defaults.is_empty()).then(|| defaults.join(",")),
            kind,
            parser: match kind {
                Kind::Switch => clap::value_parser!(bool),
                Kind::One | Kind::Many => arg.get_value_parser().clone(),
            },
        })
    }

    /// The part of the key before its last dot; empty for the settings of all commands.
    pub(crate) fn section(&self) -> &str {
        self.key.rsplit_once('.').map_or("", |(section, _)| section)
    }

    /// Whether it takes several values.
    pub(crate) fn is_list(&self) -> bool {
        self.kind == Kind::Many
    }

    /// Asks the flag's parser whether it takes this one value.
    ///
    /// # Errors
    /// Why not, in words.
    pub(crate) fn check(&self, value: &str) -> Result<(), String> {
        let arg = Arg::new("value")
            .long("value")
            .value_parser(self.parser.clone());
        let command = clap::Command::new("setting").no_binary_name(true).arg(arg);
        let parsed = command.try_get_matches_from([format!("--value={value}")]);
        parsed.map(drop).map_err(|error| reason(&error))
    }

    /// How the file writes `value`, which [`Self::check`] accepts.
    pub(crate) fn to_toml(&self, value: &str) -> toml_edit::Value {
        let as_switch = value
            .parse::<bool>()
            .ok()
            .filter(|_| self.kind == Kind::Switch);
        let as_number = value
            .parse::<i64>()
            .ok()
            .filter(|number| number.to_string() == value);
        match (self.kind, as_switch, as_number) {
            (Kind::Switch, Some(switch), _) => switch.into(),
            (Kind::Many, ..) => value.split(',').collect::<toml_edit::Array>().into(),
            (_, _, Some(number)) => number.into(),
            _ => value.into(),
        }
    }
}

/// `ASSAY_NODE` of `--node` is `node`; `ASSAY_PROVIDE_ASK` of `--ask` under `provide` is `provide.ask`.
fn key(variable: &str, long: &str, path: &[&str]) -> Option<String> {
    if NOT_SETTINGS.contains(&variable) {
        return None;
    }
    let name = variable.strip_prefix(PREFIX)?;
    let as_variable = |words: &str| words.replace(['-', '.'], "_").to_ascii_uppercase();
    let of_command = format!("{}.{long}", path.join("."));
    [long.to_owned(), of_command]
        .into_iter()
        .find(|key| as_variable(key) == name)
}

/// What a parser has against a value, without the flag's name, which the file does not use.
fn reason(error: &clap::Error) -> String {
    let possible = match error.get(ContextKind::ValidValue) {
        Some(ContextValue::Strings(values)) if !values.is_empty() => Some(values.join(", ")),
        _ => None,
    };
    match (possible, error.source()) {
        (Some(values), _) => format!("possible are {values}"),
        (None, Some(source)) => source.to_string(),
        (None, None) => "the value is not understood".to_owned(),
    }
}
