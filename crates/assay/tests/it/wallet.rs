//! Wallets: made once, opened by their passphrase alone.

use crate::program::World;

#[test]
fn a_wallet_is_made_shown_and_never_overwritten() {
    let world = World::new();
    let made = world
        .run_with("correct horse", "wallet new --json")
        .exits(0)
        .json();
    let address = made["address"].as_str().unwrap().to_owned();
    assert!(
        address.starts_with("asy1") && address.len() == 62,
        "{address}"
    );
    let shown = world.run("wallet show --offline --json").exits(0).json();
    assert_eq!(
        shown["address"],
        address.as_str(),
        "the address needs no passphrase"
    );
    world
        .run_with("correct horse", "wallet show --offline --unlock")
        .exits(0)
        .says(&[&address]);

    world
        .run_with("wrong horse", "wallet show --offline --unlock")
        .exits(2)
        .says(&[
            "error:",
            "passphrase does not open",
            "hint:",
            "ASSAY_PASSPHRASE",
        ]);
    world
        .run_with("correct horse", "wallet new")
        .exits(2)
        .says(&["exists", "never overwritten"]);
    let again = world.run("wallet show --offline --json").exits(0).json();
    assert_eq!(again["address"], address.as_str());

    let file = world.path("wallets/default.wallet");
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(!text.contains("horse"));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(
            std::fs::metadata(&file).unwrap().permissions().mode() & 0o777,
            0o600
        );
    }
}

#[test]
fn what_cannot_be_asked_for_is_named() {
    let world = World::new();
    world
        .run("wallet new")
        .exits(2)
        .says(&["no terminal to ask on", "set ASSAY_PASSPHRASE"]);
    world
        .run_with("", "wallet new")
        .exits(2)
        .says(&["empty passphrase"]);
    world
        .run("wallet show --offline --wallet nobody")
        .exits(2)
        .says(&["no wallet `nobody`", "assay wallet new"]);
    std::fs::create_dir_all(world.path("wallets")).unwrap();
    std::fs::write(world.path("wallets/bad.wallet"), b"{}").unwrap();
    world
        .run("wallet show --offline --wallet bad")
        .exits(2)
        .says(&["no wallet file"]);
}
