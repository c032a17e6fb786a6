//! Names over the real binary: leased, used in place of an address, given away.

use crate::program::{Town, World};

#[test]
fn a_name_is_leased_paid_given_away_and_found() {
    let town = Town::new();
    let (buyer, seller) = (town.address("buyer"), town.address("seller-1"));
    town.run("name show bright-shop").exits(2).says(&[
        "nobody holds the name bright-shop",
        "hint:",
        "register",
    ]);
    town.run("transfer --wallet buyer bright-shop 1")
        .exits(2)
        .says(&["bright-shop stands for nobody", "hint:"]);

    let leased = town
        .run("name register --wallet seller-1 bright-shop --for 30d --json")
        .exits(0)
        .json();
    assert_eq!(leased["name"]["holder"], seller.as_str());
    // 1 ASY for 365.25 days.
    assert_eq!(
        leased["price_grains"],
        (1_000_000_000u64 * 30 * 4 / 1_461 + 1).to_string()
    );
    town.run("name register --wallet buyer bright-shop")
        .exits(2)
        .says(&["another account holds the name", "hint:"]);

    town.run("transfer --wallet buyer bright-shop 12.5")
        .exits(0)
        .says(&["12.5 ASY", &format!("{seller} (bright-shop)"), "final:"]);
    town.run("wallet show --wallet seller-1")
        .exits(0)
        .says(&["name", "bright-shop", "100012"]);
    town.run("order list --account bright-shop")
        .exits(0)
        .says(&["none"]);

    // Given away it stands for its new holder, and is shown beside no address until that renews it.
    town.run("name transfer --wallet seller-1 bright-shop nobodys-name")
        .exits(2)
        .says(&["stands for nobody"]);
    town.run(&format!(
        "name transfer --wallet seller-1 bright-shop {buyer}"
    ))
    .exits(0)
    .says(&["final:"]);
    town.run("name show bright-shop").exits(0).says(&[&buyer]);
    town.run("name renew --wallet seller-1 bright-shop")
        .exits(2)
        .says(&["belongs to another account"]);
    let shown = town
        .run("wallet show --wallet buyer --json")
        .exits(0)
        .json();
    assert!(shown["account"]["name"].is_null(), "{shown}");
    town.run("name renew --wallet buyer bright-shop --for 1d")
        .exits(0)
        .says(&["burnt", "final:"]);
    town.run(&format!("name show {buyer}"))
        .exits(0)
        .says(&["bright-shop", "yes"]);
    let shown = town
        .run("wallet show --wallet buyer --json")
        .exits(0)
        .json();
    assert_eq!(shown["account"]["name"], "bright-shop");

    town.run("supply")
        .exits(0)
        .says(&["circulating", "burnt", "0, until", "blocks"]);
    let supply = town.run("supply --json").exits(0).json();
    assert_eq!(supply["epoch"]["number"], 0);
    assert!(
        supply["leaders"][0]["blocks"].as_u64().unwrap() > 0,
        "{supply}"
    );
}

#[test]
fn what_is_no_name_is_refused_before_anything_is_asked() {
    let world = World::new();
    for (line, says) in [
        ("name register Shop", "other characters"),
        ("name register ab", "too short"),
        ("name register asy1shop", "begins like an address"),
        ("name register shop- --for 1y", "dash"),
        ("name register shop --for 1w", "no span of time"),
        ("name register shop --for 0d", "no span of time"),
        (
            "name register shop --for 99999999999999999999y",
            "no span of time",
        ),
        ("name show asy1qqqq", "is not an address"),
        ("transfer Shop 1", "is not a name"),
    ] {
        world.run(line).exits(2).says(&["error:", says]);
    }
}
