//! `assay config show|path|set|unset`.

use crate::{
    cli::{Config as Words, ConfigSet, ConfigUnset},
    config::{self, Config, Resolved, Setting, Source},
    failure::{Done, Ended, Hint},
    output::{Output, Table, dim},
};
use anyhow::anyhow;
use clap::ArgMatches;
use serde_json::json;
use std::path::Path;

/// Runs the command.
///
/// # Errors
/// When the file is wrong, a setting is unknown, or its value is refused.
pub(crate) fn run(command: &Words, config: &Config, matches: &ArgMatches, output: &Output) -> Done {
    match command {
        Words::Show => show(config, matches, output),
        Words::Path => path(config, output),
        Words::Set(args) => set(args, config, output),
        Words::Unset(args) => unset(args, config, output),
    }
}

fn show(config: &Config, matches: &ArgMatches, output: &Output) -> Done {
    config.check()?;
    let mut table = Table::new(["setting", "value", "from"]);
    for resolved in config.resolve(matches) {
        let Resolved {
            setting,
            value,
            source,
        } = resolved;
        let line = match source {
            Source::File { line } => Some(line),
            _ => None,
        };
        output.json(&json!({
            "setting": setting.key,
            "value": value,
            "source": match source {
                Source::Default => "default",
                Source::File { .. } => "file",
                Source::Environment => "environment",
                Source::Flag => "flag",
            },
            "file": line.and(config.path()),
            "line": line,
            "variable": setting.variable,
            "default": setting.default,
            "about": setting.about,
        }));
        let from = match source {
            Source::Default => "default".to_owned(),
            Source::File { line } => format!("file, line {line}"),
            Source::Environment => setting.variable.clone(),
            Source::Flag => "flag".to_owned(),
        };
        table.row([setting.key, value.unwrap_or_else(|| "-".to_owned()), from]);
    }
    output.table(&table);
    output.blank();
    let state = match config.path() {
        Some(path) if path.exists() => format!("file: {}", path.display()),
        Some(path) => format!("file: {} (not there)", path.display()),
        None => "file: none, the platform names no folder".to_owned(),
    };
    output.line(dim(state));
    Ok(Ended::Well)
}

fn path(config: &Config, output: &Output) -> Done {
    let path = file(config)?;
    output.json(&json!({ "path": path, "exists": path.exists() }));
    output.line(path.display());
    Ok(Ended::Well)
}

fn set(args: &ConfigSet, config: &Config, output: &Output) -> Done {
    let (path, setting) = (file(config)?, config::find(&args.key)?);
    let values: Vec<&str> = match setting.is_list() {
        true => args.value.split(',').collect(),
        false => vec![&args.value],
    };
    for value in values {
        let checked = setting.check(value);
        checked.map_err(|reason| anyhow!("`{}` cannot be `{value}`: {reason}", setting.key))?;
    }
    config::set(path, &setting, &args.value)?;
    changed(&setting, Some(&args.value), path, output)
}

fn unset(args: &ConfigUnset, config: &Config, output: &Output) -> Done {
    let (path, setting) = (file(config)?, config::find(&args.key)?);
    if path.exists() {
        config::unset(path, &setting)?;
    }
    changed(&setting, None, path, output)
}

fn changed(setting: &Setting, value: Option<&str>, path: &Path, output: &Output) -> Done {
    output.json(&json!({ "setting": setting.key, "value": value, "path": path }));
    let now = value.or(setting.default.as_deref()).unwrap_or("not set");
    output.facts([
        (setting.key.as_str(), now.to_owned()),
        ("file", path.display().to_string()),
    ]);
    config::note_variable(setting, output);
    Ok(Ended::Well)
}

fn file(config: &Config) -> anyhow::Result<&Path> {
    config
        .path()
        .ok_or_else(|| anyhow!("the platform names no folder for configuration"))
        .hint(|| "name a file with --config or ASSAY_CONFIG")
}
