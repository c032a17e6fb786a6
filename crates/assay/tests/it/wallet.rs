//! Wallets: made once, opened by their passphrase alone.

use crate::program::World;
use assay_client::{UnlockCost, WalletFile};
use assay_types::SecretKey;

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

/// A wallet with the passphrase `horse` that opens quickly, and its address.
fn wallet(world: &World, name: &str) -> String {
    let path = world.path(&format!("wallets/{name}.wallet"));
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let key = SecretKey::generate(&mut rand::rng());
    WalletFile::create_with(&path, "horse", &key, UnlockCost::Low).unwrap();
    key.account().to_string()
}

#[test]
fn several_wallets_are_kept_chosen_and_removed() {
    let world = World::new();
    let made = ["shop", "home"].map(|name| wallet(&world, name));
    assert_ne!(made[0], made[1]);
    world
        .run("wallet use nobody")
        .exits(2)
        .says(&["no wallet `nobody`"]);
    world.run("wallet use shop").exits(0).says(&["config.toml"]);
    let listed = world.run("wallet list").exits(0).stdout;
    let usual: Vec<_> = listed
        .lines()
        .filter(|line| line.starts_with('*'))
        .collect();
    assert!(usual.len() == 1 && usual[0].contains("shop"), "{listed}");
    assert!(
        listed.contains("home") && listed.lines().all(|line| line.chars().count() <= 80),
        "{listed}"
    );
    let shown = world.run("wallet show --offline --json").exits(0).json();
    let named = world
        .run("wallet show shop --offline --json")
        .exits(0)
        .json();
    assert_eq!(shown["address"], named["address"]);
    world
        .run("wallet show shpo --offline")
        .exits(2)
        .says(&["did you mean `--wallet shop`"]);

    world
        .run("wallet remove shop")
        .exits(2)
        .says(&["--yes confirms"]);
    assert!(world.path("wallets/shop.wallet").exists());
    world
        .run("wallet remove shop --yes")
        .exits(0)
        .says(&["removed"]);
    assert!(!world.path("wallets/shop.wallet").exists());
    world
        .run("wallet remove shop --yes")
        .exits(2)
        .says(&["you have no wallet `shop`"]);
}

#[test]
fn keys_leave_by_their_passphrase_and_come_back_the_same() {
    let world = World::new();
    let address = wallet(&world, "shop");
    let backup = world.path("backup.wallet");
    let export = format!("wallet export shop --out {}", backup.display());
    world
        .run_with("cow", &export)
        .exits(2)
        .says(&["passphrase does not open"]);
    assert!(!backup.exists(), "nothing leaves by a wrong passphrase");
    world
        .run_with("horse", &export)
        .exits(0)
        .says(&["exported:"]);
    world
        .run_with("horse", &export)
        .exits(2)
        .says(&["exists", "never overwritten"]);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(&backup).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    let import = format!("wallet import copy {}", backup.display());
    world
        .run_with("cow", &import)
        .exits(2)
        .says(&["passphrase does not open"]);
    world
        .run_with("horse", &import)
        .exits(0)
        .says(&["imported"]);
    world.run_with("horse", &import).exits(2).says(&["exists"]);

    let exported = world
        .run_with("horse", "wallet export shop --secret")
        .exits(0);
    assert!(exported.stderr.contains("secret:"), "{}", exported.stderr);
    let secret = exported.stdout;
    assert_eq!(secret.trim().len(), 64);
    world
        .run_fed("new", "wallet import bare -", &secret)
        .exits(0);
    for name in ["copy", "bare"] {
        let shown = world
            .run(&format!("wallet show {name} --offline --json"))
            .exits(0)
            .json();
        assert_eq!(shown["address"], address.as_str(), "{name}");
    }
    world
        .run_with("new", "wallet show bare --offline --unlock")
        .exits(0);
    world
        .run_fed("new", "wallet import noise -", "hello")
        .exits(2)
        .says(&[
            "neither a wallet file nor a secret key",
            "64 hexadecimal digits",
        ]);
}
