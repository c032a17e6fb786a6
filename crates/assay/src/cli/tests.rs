use super::*;
use clap::CommandFactory;

#[test]
fn the_grammar_is_consistent() {
    Cli::command().debug_assert();
}

#[test]
fn every_command_has_a_summary_and_examples() {
    fn visit(command: &clap::Command, path: &str) {
        for child in command
            .get_subcommands()
            .filter(|child| child.get_name() != "help")
        {
            let path = format!("{path} {}", child.get_name());
            assert!(child.get_about().is_some(), "{path}");
            if child.has_subcommands() {
                visit(child, &path);
            } else {
                let help = child
                    .get_after_help()
                    .map(ToString::to_string)
                    .unwrap_or_default();
                assert!(
                    help.contains("Example") && help.contains(&path),
                    "{path}: {help}"
                );
            }
        }
    }
    visit(&Cli::command(), "assay");
}

#[test]
fn checks_are_read_or_refused() {
    for (text, expect) in [
        ("approval", Ok(CheckChoice::Approval)),
        ("proof", Ok(CheckChoice::Proof)),
        ("proof:2of3", Err("is no check")),
        ("quorum:2of3", Ok(CheckChoice::Quorum { agree: 2, of: 3 })),
        ("quorum:3of4", Ok(CheckChoice::Quorum { agree: 3, of: 4 })),
        ("quorum:1of1", Ok(CheckChoice::Quorum { agree: 1, of: 1 })),
        ("quorum:2of4", Err("more than half")),
        ("quorum:4of3", Err("more than half")),
        ("quorum:0of0", Err("more than half")),
        ("quorum:300of301", Err("is no check")),
        ("quorum:2/3", Err("is no check")),
        ("quorum", Err("is no check")),
        ("", Err("is no check")),
    ] {
        match (text.parse::<CheckChoice>(), expect) {
            (Ok(found), Ok(expected)) => assert_eq!(found, expected),
            (Err(found), Err(part)) => assert!(found.contains(part), "{found}"),
            (found, expected) => panic!("{text}: {found:?}, not {expected:?}"),
        }
    }
}

#[test]
fn wrong_usage_is_refused_by_the_grammar() {
    let id = "00".repeat(32);
    for (line, accepted) in [
        ("demo --keep --json", true),
        ("infer --model m --input x.png", true),
        ("infer --model m", false),
        ("infer --model m --input x --batch y", false),
        ("infer --model m --input x --count 3", false),
        ("infer --model m --batch x --count 3", true),
        ("infer --model m --input x --max-price 1e9", false),
        ("infer --model m --input x --max-price -1", false),
        ("infer --model m --input x --within 0", false),
        ("transfer asy1nonsense 1", false),
        ("transfer bright-shop 1", true),
        ("transfer Bright-Shop 1", false),
        ("name register bright-shop --for 30d", true),
        ("name register bright-shop --for 30", false),
        ("order show 12", false),
        (&format!("order show {id}"), true),
        ("prove m", false),
        ("prove m a.png b.png --memory-max 4GiB", true),
        ("prove m a.png --memory-max 4", true),
        ("prove m a.png --memory-max 4GB", false),
        ("prove m a.png --memory-max 0MiB", false),
        ("prove m a.png --memory-max 99999999999TiB", false),
        ("prove m a.png --weights secret", false),
        ("verify p", false),
        ("verify p --key k", true),
        ("verify p --model m --input a --output b", true),
        ("verify p --model m --key k", false),
        ("provide --misbehave politely", false),
        ("provide --misbehave wrong --bond 0.5", true),
        ("node --listen nowhere", false),
        ("bench everything", false),
    ] {
        let parsed = Cli::try_parse_from(["assay"].into_iter().chain(line.split(' ')));
        assert_eq!(parsed.is_ok(), accepted, "{line}");
    }
}

#[test]
fn royalties_are_an_account_and_a_share() {
    let account = assay_types::AccountId::new([7; 32]);
    let RoyaltyChoice { party, share } = format!("{account}=250").parse().unwrap();
    assert_eq!(
        (party, share.get()),
        (assay_types::Party::Account(account), 250)
    );
    let RoyaltyChoice { party, .. } = "bright-shop=250".parse().unwrap();
    assert_eq!(party.to_string(), "bright-shop");
    for text in [
        "",
        "250",
        "asy1x=1",
        &format!("{account}=2.5"),
        &format!("{account}=70000"),
    ] {
        assert!(text.parse::<RoyaltyChoice>().is_err(), "{text}");
    }
}
