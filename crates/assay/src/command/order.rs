//! `assay order show|list`.

use super::wallet;
use crate::{
    cli::{Globals, Order, OrderList},
    connect,
    failure::{Done, Ended, Hint},
    output::{Output, Table},
    words,
};
use anyhow::anyhow;
use assay_api::{AssignmentStage, OrderStatus, OrderView, VerdictView, WorkView};
use assay_types::OrderId;

/// Runs the command.
///
/// # Errors
/// When the node does not answer or knows no such order.
pub(crate) async fn run(command: &Order, globals: &Globals, output: &Output) -> Done {
    match command {
        Order::Show { order } => show(*order, globals, output).await,
        Order::List(args) => list(args, globals, output).await,
    }
}

async fn show(order: OrderId, globals: &Globals, output: &Output) -> Done {
    let client = connect::client(globals).await?;
    let view = client
        .order(order)
        .await?
        .ok_or_else(|| anyhow!("the node knows no order {order}"))
        .hint(|| "`assay order list` shows the latest; an order is known once a block holds it")?;
    output.json(&view);
    if let Some(proof) = client.receipt(order).await? {
        output.facts(words::receipt(&proof.receipt));
        return Ok(Ended::Well);
    }
    let mut facts = vec![
        ("order", view.order.to_string()),
        ("buyer", connect::with_name(&client, view.buyer).await?),
        ("status", status(&view).to_owned()),
        ("escrow", view.escrow.to_string()),
        ("placed", words::time(view.placed_at)),
    ];
    if let Some(terms) = &view.terms {
        facts.push(("check", words::check(&(&terms.check).into())));
        facts.push(("price", format!("at most {} each", terms.price_max)));
        facts.push(("accept by", words::time(terms.accept_by)));
    }
    for (index, seller) in view.sellers.iter().enumerate() {
        let name = if index == 0 { "sellers" } else { "" };
        let who = connect::called(&client, seller.seller).await?;
        facts.push((name, format!("{who} {}", stage(seller.stage))));
    }
    output.facts(facts);
    Ok(Ended::Well)
}

async fn list(args: &OrderList, globals: &Globals, output: &Output) -> Done {
    let client = connect::client(globals).await?;
    let account = match args.account {
        Some(party) => connect::party(&client, party).await?,
        None => wallet::address(&args.wallet, globals)?,
    };
    let orders = client.orders(account, args.limit, None).await?.orders;
    for order in &orders {
        output.json(order);
    }
    let mut table = Table::new(["order", "placed", "buyer", "model", "status", ">price"]);
    for order in &orders {
        table.row([
            order.order.short(),
            words::time(order.placed_at),
            order.buyer.short(),
            model(order),
            status(order).to_owned(),
            order
                .receipt
                .as_ref()
                .map_or_else(|| "-".to_owned(), |receipt| receipt.price.to_string()),
        ]);
    }
    output.table(&table);
    if orders.is_empty() {
        output.line("none");
    }
    Ok(Ended::Well)
}

fn model(order: &OrderView) -> String {
    let of_terms = order.terms.as_ref().map(|terms| &terms.work);
    let of_receipt = order.receipt.as_ref().map(|receipt| &receipt.work);
    match of_terms.or(of_receipt) {
        Some(WorkView::Inference { model, .. }) => model.short(),
        Some(WorkView::Topic { topic, .. }) => topic.short(),
        None => "-".to_owned(),
    }
}

fn status(order: &OrderView) -> &'static str {
    match (
        order.status,
        order.receipt.as_ref().map(|receipt| &receipt.verdict),
    ) {
        (_, Some(VerdictView::Agreed)) => "agreed",
        (_, Some(VerdictView::Approved | VerdictView::ApprovedBySilence)) => "approved",
        (_, Some(VerdictView::Proven)) => "proven",
        (_, Some(VerdictView::Scored)) => "scored",
        (_, Some(VerdictView::Refunded { .. })) => "refunded",
        (OrderStatus::Drawing, None) => "drawing sellers",
        (OrderStatus::Working, None) => "working",
        (OrderStatus::Revealing, None) => "revealing",
        (OrderStatus::Delivered, None) => "delivered",
        (OrderStatus::Closed, None) => "closed",
    }
}

fn stage(stage: AssignmentStage) -> &'static str {
    match stage {
        AssignmentStage::Asked => "asked",
        AssignmentStage::Accepted => "accepted",
        AssignmentStage::Committed => "committed",
        AssignmentStage::Revealed => "revealed",
        AssignmentStage::Paid => "paid",
        AssignmentStage::Burnt => "burnt",
        AssignmentStage::Unpaid => "not paid",
    }
}
