//! `assay supply`: how much money there is, and how new money comes.

use crate::{
    cli::Globals,
    connect,
    failure::{Done, Ended},
    output::Output,
    words,
};
use assay_api::{EmissionView, EpochView, SupplyView};

/// Shows the supply and the epoch under way.
///
/// # Errors
/// When the node does not answer.
pub(crate) async fn run(globals: &Globals, output: &Output) -> Done {
    let client = connect::client(globals).await?;
    let view = client.emission().await?;
    output.json(&view);
    let EmissionView {
        supply:
            SupplyView {
                issued,
                burnt,
                circulating,
            },
        epoch,
        leaders,
        ..
    } = view;
    let EpochView {
        number,
        ends_at,
        emission,
        validators,
        rebates_max,
        rebated,
        remaining,
    } = epoch;
    let mut facts = vec![
        ("circulating", circulating.to_string()),
        ("issued", issued.to_string()),
        ("burnt", burnt.to_string()),
        ("to come", format!("{remaining} after this epoch")),
        ("epoch", format!("{number}, until {}", words::time(ends_at))),
        ("emits", format!("{emission} at most")),
        ("rebates", format!("{rebated} of {rebates_max}")),
        (
            "leaders",
            format!("{validators}, shared by the blocks they propose:"),
        ),
    ];
    for leader in &leaders {
        let name = connect::called(&client, leader.account).await?;
        facts.push(("", format!("{name}  {} blocks", leader.blocks)));
    }
    output.facts(facts);
    Ok(Ended::Well)
}
