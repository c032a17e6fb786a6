//! The SDK's and the document's examples, against a market that runs.

#[path = "../../../assay-client/examples/buy/order.rs"]
mod order;

use crate::support::{Market, PATIENCE};
use assay_model::{Tensor, bundled};
use assay_node::dev;
use std::process::Command;

#[expect(clippy::print_stderr, reason = "a part that was skipped says so")]
#[tokio::test(flavor = "multi_thread")]
async fn the_examples_buy_and_read() {
    let market = Market::start(9).await;
    let mut providers = Vec::new();
    for number in 1..=3 {
        providers.push(market.provider(number, None).await);
    }
    let key = market
        .network
        .wallet(dev::BUYER)
        .expect("a wallet")
        .key
        .clone();
    let account = key.account();
    let anchor = assay_verify::Anchor::of_genesis(&market.network.genesis).expect("an anchor");
    let png = bundled::digit_images().get(4).expect("ten digits").png;
    let mut orders = Vec::new();
    for _ in 0..3 {
        let bought = order::buy(&market.client, key.clone(), &anchor, "digits-mlp", png).await;
        let bought = bought.expect("bought");
        let label = Tensor::from_bytes(&bought.answer)
            .expect("a tensor")
            .argmax();
        assert_eq!(label, 4);
        assert_eq!(bought.receipt.order, bought.order);
        orders.push(bought.order);
    }

    let script = "../../examples/market.py";
    let mut python = Command::new("python3");
    python.args([script, market.client.url(), &account.to_string()]);
    let ran = tokio::task::spawn_blocking(move || python.output())
        .await
        .expect("waited for");
    let ran = match ran {
        Ok(ran) => ran,
        Err(error) => {
            eprintln!("SKIPPED: examples/market.py does not run without python3: {error}");
            return;
        }
    };
    let (told, wrong) = (
        String::from_utf8_lossy(&ran.stdout),
        String::from_utf8_lossy(&ran.stderr),
    );
    assert!(ran.status.success(), "{told}{wrong}");
    let lines: Vec<&str> = told.lines().collect();
    assert!(
        lines.contains(&"digits-mlp 3 offers from 1000000 grains"),
        "{told}"
    );
    // Newest first, over two pages.
    let listed: Vec<&str> = lines
        .iter()
        .filter_map(|line| line.strip_suffix(" closed agreed"))
        .collect();
    let newest: Vec<String> = orders.iter().rev().map(ToString::to_string).collect();
    assert_eq!(listed, newest, "{told}");
    for provider in providers {
        provider.shutdown(PATIENCE).await.expect("a clean end");
    }
}
