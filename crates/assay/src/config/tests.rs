use super::{edit, file::File, *};
use crate::cli::Cli;
use clap::{CommandFactory, Parser};

fn parse(text: &str) -> Result<File, String> {
    File::parse(Path::new("c.toml"), text, &settings())
        .map_err(|error| format!("{error}; {}", error.hint()))
}

#[test]
fn every_variable_of_the_grammar_is_a_setting() {
    fn visit(command: &clap::Command, found: &[Setting]) {
        for arg in command.get_arguments() {
            let Some(variable) = arg.get_env().and_then(OsStr::to_str) else {
                continue;
            };
            let is_setting = found.iter().any(|setting| setting.variable == variable);
            let name = arg.get_id();
            assert!(
                is_setting || variable == FILE_VARIABLE,
                "{variable} of `{name}` is neither ASSAY_FLAG nor ASSAY_COMMAND_FLAG"
            );
            assert!(
                arg.is_hide_env_set(),
                "`{name}` crowds help with its variable"
            );
        }
        command
            .get_subcommands()
            .for_each(|below| visit(below, found));
    }
    visit(&Cli::command(), &settings());
    let keys: Vec<_> = settings().into_iter().map(|setting| setting.key).collect();
    for key in [
        "node",
        "wallet",
        "home",
        "listen",
        "log",
        "infer.max-price",
        "provide.ask",
    ] {
        assert!(keys.iter().any(|known| known == key), "{key} in {keys:?}");
    }
    assert!(!keys.contains(&"config".to_owned()));
}

#[test]
fn a_file_is_read_with_its_lines_or_refused_with_them() {
    let file = parse(
        "# mine\nnode = \"http://192.0.2.7:1\"\n\n[provide]\nask = 0.0020 # as it is written\ncapacity = 8\nmodel = [\"a\", 'b']\n",
    )
    .unwrap();
    for (key, values, line) in [
        ("node", vec!["http://192.0.2.7:1"], 2),
        ("provide.ask", vec!["0.0020"], 5),
        ("provide.capacity", vec!["8"], 6),
        ("provide.model", vec!["a", "b"], 7),
    ] {
        let entry = file.entry(key).unwrap();
        assert_eq!(
            (&entry.values[..], entry.line),
            (
                &values
                    .iter()
                    .map(|value| (*value).to_owned())
                    .collect::<Vec<_>>()[..],
                line
            ),
            "{key}"
        );
    }
    assert_eq!(parse("provide.ask = '1'"), parse("provide = { ask = '1' }"));
    for (text, parts) in [
        ("nod = 'x'", ["c.toml:1:", "did you mean `node`"]),
        (
            "\n[provide]\nasks = 1",
            [
                "c.toml:3: there is no setting `provide.asks`",
                "`provide.ask`",
            ],
        ),
        (
            "max_price = 1",
            ["no setting `max_price`", "did you mean `infer.max-price`"],
        ),
        (
            "[sell]\nask = 1",
            ["c.toml:1: there is no setting `sell`", "assay config show"],
        ),
        ("zzzz = 1", ["no setting `zzzz`", "assay config show"]),
        (
            "passphrase = 'x'",
            ["no setting `passphrase`", "secrets are no settings"],
        ),
        (
            "color = 'blue'",
            ["`color` cannot be `blue`", "auto, always, never"],
        ),
        ("[provide]\ncapacity = -1", ["c.toml:2:", "cannot be `-1`"]),
        ("[provide]\nask = 'dear'", ["cannot be `dear`", "c.toml:2:"]),
        (
            "node = ['a', 'b']",
            ["cannot be `['a', 'b']`", "takes one value"],
        ),
        ("[node]\nx = 1", ["it is a value, not a section", "node"]),
        (
            "listen = 'nowhere'",
            ["`listen` cannot be `nowhere`", "socket address"],
        ),
        ("a = \n", ["c.toml:1:5:", "the file is TOML"]),
        ("node = 'a'\nnode = 'b'\n", ["c.toml:2:1:", "duplicate key"]),
    ] {
        let error = parse(text).unwrap_err();
        for part in parts {
            assert!(error.contains(part), "`{part}` is not in: {error}");
        }
    }
}

#[test]
fn the_files_values_become_the_flags_defaults() {
    let config = Config {
        path: None,
        file: Ok(parse("wallet = 'shop'\n[infer]\nmax-price = 0.5\nwithin = 9").unwrap()),
    };
    let read = |line: &str| {
        let words = ["assay"].into_iter().chain(line.split(' '));
        let matches = config.apply(Cli::command()).get_matches_from(words);
        let values = config.resolve(&matches);
        let infer = match clap::FromArgMatches::from_arg_matches(&matches).unwrap() {
            Cli {
                command: crate::cli::Command::Infer(infer),
                ..
            } => infer,
            _ => panic!("{line}"),
        };
        (infer, values)
    };
    let (infer, values) = read("infer --model m --input x --max-price 0.25");
    assert_eq!(infer.wallet.wallet, "shop");
    assert_eq!(infer.max_price.to_string(), "0.25 ASY");
    assert_eq!(infer.within, Some(std::time::Duration::from_secs(9)));
    let source = |key: &str| {
        let resolved = values
            .iter()
            .find(|resolved| resolved.setting.key == key)
            .unwrap();
        (resolved.value.as_deref(), resolved.source.clone())
    };
    assert_eq!(source("infer.max-price"), (Some("0.25"), Source::Flag));
    assert_eq!(source("wallet"), (Some("shop"), Source::File { line: 1 }));
    assert_eq!(
        source("infer.within"),
        (Some("9"), Source::File { line: 4 })
    );
    assert_eq!(
        source("infer.check"),
        (Some("quorum:2of3"), Source::Default)
    );
    assert_eq!(source("home"), (None, Source::Default));
    assert!(Cli::try_parse_from(["assay", "demo"]).is_ok());
}

#[test]
fn flags_are_found_before_the_grammar_reads_them() {
    for (line, expect) in [
        ("demo", None),
        ("--config a demo", Some("a")),
        ("demo --config=a", Some("a")),
        ("--config=a --config b", Some("b")),
        ("demo --configure a", None),
        ("demo -- --config a", None),
        ("demo --config", None),
    ] {
        let words: Vec<OsString> = line.split(' ').map(Into::into).collect();
        assert_eq!(
            flag_value(&words, "--config"),
            expect.map(Into::into),
            "{line}"
        );
    }
}

#[test]
fn edits_keep_comments_and_refuse_what_would_not_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new/config.toml");
    let settings = settings();
    let setting = |key: &str| settings.iter().find(|setting| setting.key == key).unwrap();
    let text = || std::fs::read_to_string(&path).unwrap();
    edit::set(&path, setting("provide.capacity"), "8").unwrap();
    edit::set(&path, setting("provide.ask"), "0.5").unwrap();
    edit::set(&path, setting("provide.model"), "a,b").unwrap();
    assert_eq!(
        text(),
        "[provide]\ncapacity = 8\nask = \"0.5\"\nmodel = [\"a\", \"b\"]\n"
    );

    let mine = "# mine\nnode = 'http://a' # home\n\n[provide] # selling\nask = 1\n";
    std::fs::write(&path, mine).unwrap();
    edit::set(&path, setting("node"), "http://b").unwrap();
    edit::set(&path, setting("provide.ask"), "2").unwrap();
    let changed = mine
        .replace("'http://a'", "\"http://b\"")
        .replace("ask = 1", "ask = 2");
    assert_eq!(text(), changed);
    edit::unset(&path, setting("provide.ask")).unwrap();
    edit::unset(&path, setting("provide.bond")).unwrap();
    edit::unset(&path, setting("infer.check")).unwrap();
    assert_eq!(text(), changed.replace("ask = 2\n", ""));

    std::fs::write(&path, "color = 'blue'\n").unwrap();
    let error = edit::set(&path, setting("node"), "x").unwrap_err();
    assert!(error.to_string().contains("cannot be `blue`"), "{error}");
    edit::set(&path, setting("color"), "never").unwrap();
    assert_eq!(text(), "color = \"never\"\n", "a wrong value can be mended");
}
