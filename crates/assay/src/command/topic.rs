//! `assay topic create|list|show|register|stake|unstake|fund|ask|validate|mine|forecast|repute|simulate|backtest`.

mod ask;
mod backtest;
mod epochs;
mod forecast;
mod infer;
mod journal;
mod mine;
mod program;
mod repute;
mod requests;
mod series;
mod simulate;
mod validate;

use crate::{
    cli::{
        Globals, Topic, TopicCreate, TopicFund, TopicList, TopicRegister, TopicShow, TopicStake,
    },
    connect,
    failure::{Done, Ended, Hint},
    output::{Output, Table},
    words,
};
use anyhow::anyhow;
use assay_api::{MetagraphView, RoundView, SlotView, TopicMechanismView, TopicView, YumaBondsView};
use assay_client::{Client, Confirmed};
use assay_types::{Amount, Call, TOPICS_MAX, TopicId, TopicTerms};
use serde::Serialize;
use serde_json::json;

/// Runs the command.
///
/// # Errors
/// When the node or the ledger refuses.
pub(crate) async fn run(command: &Topic, globals: &Globals, output: &Output) -> Done {
    match command {
        Topic::Create(args) => create(args, globals, output).await,
        Topic::List(args) => list(args, globals, output).await,
        Topic::Show(args) => show(args, globals, output).await,
        Topic::Register(args) => register(args, globals, output).await,
        Topic::Stake(args) => stake(args, globals, output, true).await,
        Topic::Unstake(args) => stake(args, globals, output, false).await,
        Topic::Fund(args) => fund(args, globals, output).await,
        Topic::Ask(args) => ask::run(args, globals, output).await,
        Topic::Validate(args) => validate::run(args, globals, output).await,
        Topic::Mine(args) => mine::run(args, globals, output).await,
        Topic::Forecast(args) => forecast::run(args, globals, output).await,
        Topic::Repute(args) => repute::run(args, globals, output).await,
        Topic::Simulate(args) => simulate::run(args, output),
        Topic::Backtest(args) => backtest::run(args, output).await,
    }
}

async fn create(args: &TopicCreate, globals: &Globals, output: &Output) -> Done {
    let sender = connect::sender(globals, &args.wallet, output).await?;
    let (slots, validators) = args.mechanism.sizes();
    let terms = TopicTerms {
        description: args.description.unwrap_or_default(),
        mechanism: args.mechanism.mechanism(),
        slots: args.slots.unwrap_or(slots),
        validators: args.validators.unwrap_or(validators),
        epoch_ms: u64::try_from(args.epoch.as_millis()).unwrap_or(u64::MAX),
        immunity_epochs: args.immunity,
        activity_epochs: args.activity,
        owner_share: args.owner_share,
        stake_min: args.stake_min,
    };
    let spinner = output.spinner("waiting for a block");
    let created = sender.create_topic(terms).await;
    spinner.finish_and_clear();
    let (topic, confirmed) = connect::advise(created)?;
    output.json(&json!({
        "topic": topic.to_string(),
        "transaction": confirmed.id.to_string(),
        "height": confirmed.height.get(),
    }));
    output.facts([
        ("topic", topic.to_string()),
        ("transaction", confirmed.id.to_string()),
    ]);
    connect::is_final(&confirmed, output)
}

async fn list(args: &TopicList, globals: &Globals, output: &Output) -> Done {
    let client = connect::client(globals).await?;
    let page = client.topics(args.limit, None).await?;
    let mut table = Table::new(["topic", "epoch", "ends", "slots", "stake", "slot price"]);
    for view in &page.topics {
        output.json(view);
        table.row([
            view.topic.short(),
            view.epoch.to_string(),
            words::time(view.epoch_ends_at),
            format!("{} of {}", view.slots, view.terms.slots),
            view.stake.to_string(),
            view.slot_price.to_string(),
        ]);
    }
    if page.topics.is_empty() {
        output.note("there is no topic yet; `assay topic create` makes one");
    } else {
        output.table(&table);
    }
    if page.next.is_some() {
        output.note("there are more; --limit shows them");
    }
    Ok(Ended::Well)
}

/// The topic that an id, or the beginning of one, means.
async fn resolve(client: &Client, text: &str) -> anyhow::Result<TopicId> {
    if let Ok(topic) = text.parse() {
        return Ok(topic);
    }
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let wanted = text.to_ascii_lowercase();
    let page = client.topics(TOPICS_MAX, None).await?;
    let ids = page.topics.iter().map(|view| view.topic);
    let mut found = ids.filter(|topic| digits && topic.to_string().starts_with(&wanted));
    let hint = || "`assay topic list` shows all".to_owned();
    match (found.next(), found.next()) {
        (Some(topic), None) => Ok(topic),
        (None, _) => Err(anyhow!("no topic's id begins with `{text}`")).hint(hint),
        (Some(_), Some(_)) => Err(anyhow!(
            "several topics' ids begin with `{text}`; write more digits"
        ))
        .hint(hint),
    }
}

/// A topic with its slots.
async fn metagraph(client: &Client, topic: TopicId) -> anyhow::Result<MetagraphView> {
    let found = client.topic(topic).await?;
    found
        .ok_or_else(|| anyhow!("there is no topic {topic}"))
        .hint(|| "`assay topic list` shows all".to_owned())
}

async fn show(args: &TopicShow, globals: &Globals, output: &Output) -> Done {
    let client = connect::client(globals).await?;
    let topic = resolve(&client, &args.topic).await?;
    let view = metagraph(&client, topic).await?;
    let synthesises = matches!(
        view.topic.terms.mechanism,
        TopicMechanismView::Synthesis { .. }
    );
    let round = match synthesises {
        true => client.topic_round(topic).await?,
        false => None,
    };
    output.json(&Shown {
        metagraph: &view,
        round: round.as_ref(),
    });
    let mut facts = facts(&view.topic);
    facts.extend(round.as_ref().and_then(inference));
    output.facts(facts);
    if view.slots.is_empty() {
        output.blank();
        output.note("nobody holds a slot; `assay topic register` takes one");
        return Ok(Ended::Well);
    }
    output.blank();
    let work = if synthesises { "sent" } else { "weighs" };
    let mut table = Table::new(["slot", "key", "stake", "stands", work, "earned"]);
    for slot in &view.slots {
        let work = match synthesises {
            true => slot.sent.clone().unwrap_or_default(),
            false => slot.weights.len().to_string(),
        };
        table.row([
            slot.slot.to_string(),
            slot.key.short(),
            words::column(slot.stake),
            stands(slot).to_owned(),
            work,
            words::column(slot.earned),
        ]);
    }
    output.table(&table);
    Ok(Ended::Well)
}

/// What `topic show` says to programs.
#[derive(Serialize)]
struct Shown<'a> {
    #[serde(flatten)]
    metagraph: &'a MetagraphView,
    /// The inferences that wait to be measured, in a topic of synthesis.
    #[serde(skip_serializing_if = "Option::is_none")]
    round: Option<&'a RoundView>,
}

/// What a topic of synthesis infers.
fn inference(round: &RoundView) -> Option<(&'static str, String)> {
    let epoch = round.epoch?;
    let labels: Vec<String> = round
        .inference
        .iter()
        .map(|label| format!("{label:.6}"))
        .collect();
    let said = match (labels.as_slice(), round.intervals.as_slice()) {
        ([one], [interval]) => match interval.as_slice() {
            [_, low, _, high, _] => format!("{one}, most likely {low:.6} to {high:.6}"),
            _ => one.clone(),
        },
        _ => labels.join(" "),
    };
    let count = round.inferers.len();
    Some((
        "infers",
        format!("{said}; of {count} inferences of epoch {epoch}"),
    ))
}

fn facts(view: &TopicView) -> Vec<(&'static str, String)> {
    let terms = &view.terms;
    let mechanism = match &terms.mechanism {
        TopicMechanismView::Yuma { bonds, .. } => match bonds {
            YumaBondsView::Classic => "Yuma, classic bonds",
            YumaBondsView::Yuma3 => "Yuma3",
            YumaBondsView::Liquid { .. } => "Yuma3, liquid alpha",
        },
        TopicMechanismView::Synthesis { .. } => "inference synthesis",
        TopicMechanismView::Unknown => "unknown to this program; update it",
    };
    vec![
        ("topic", view.topic.to_string()),
        ("owner", view.owner.to_string()),
        ("mechanism", mechanism.to_owned()),
        (
            "epoch",
            format!(
                "{}, until {}; one takes {} s",
                view.epoch,
                words::time(view.epoch_ends_at),
                terms.epoch_ms / 1_000
            ),
        ),
        (
            "slots",
            format!(
                "{} of {}, the next for {}",
                view.slots, terms.slots, view.slot_price
            ),
        ),
        ("stake", view.stake.to_string()),
        (
            "budget",
            format!("{} to mint, {} funded", view.budget, view.fees),
        ),
    ]
}

/// How far a slot is in the epoch.
fn stands(slot: &SlotView) -> &'static str {
    match (slot.due.is_some(), slot.committed.is_some(), slot.permit) {
        (true, ..) => "has to reveal",
        (_, true, _) => "has committed",
        (_, _, true) => "may judge",
        _ => "",
    }
}

async fn register(args: &TopicRegister, globals: &Globals, output: &Output) -> Done {
    let sender = connect::sender(globals, &args.wallet, output).await?;
    let topic = resolve(sender.client(), &args.topic).await?;
    let view = metagraph(sender.client(), topic).await?;
    let key = sender.account();
    let owner = args.owner.unwrap_or(key);
    let price_max = args.price_max.unwrap_or(view.topic.slot_price);
    let call = Call::RegisterSlot {
        topic,
        owner,
        take: args.take,
        price_max,
    };
    let confirmed = connect::send(&sender, call, output).await?;
    let after = metagraph(sender.client(), topic).await?;
    let slot = after.slots.iter().find(|slot| slot.key == key);
    let slot = slot.ok_or_else(|| anyhow!("the slot is gone again already"))?;
    output.json(&json!({
        "topic": topic.to_string(),
        "slot": slot.slot,
        "key": key.to_string(),
        "owner": owner.to_string(),
        "transaction": confirmed.id.to_string(),
        "height": confirmed.height.get(),
    }));
    output.facts([
        ("slot", slot.slot.to_string()),
        ("key", key.to_string()),
        ("owner", owner.to_string()),
        ("price", format!("{price_max} at most, burnt")),
        ("transaction", confirmed.id.to_string()),
    ]);
    connect::is_final(&confirmed, output)
}

async fn stake(args: &TopicStake, globals: &Globals, output: &Output, more: bool) -> Done {
    let sender = connect::sender(globals, &args.wallet, output).await?;
    let key = connect::party(sender.client(), args.key).await?;
    let topic = resolve(sender.client(), &args.topic).await?;
    let amount = args.amount;
    let call = match more {
        true => Call::Stake { topic, key, amount },
        false => Call::Unstake { topic, key, amount },
    };
    let confirmed = connect::send(&sender, call, output).await?;
    moved(
        output,
        &confirmed,
        topic,
        Some(("key", key.to_string())),
        // Whole shares are bought and sold.
        format!("{amount} at {}", if more { "most" } else { "least" }),
        amount,
    )
}

async fn fund(args: &TopicFund, globals: &Globals, output: &Output) -> Done {
    let sender = connect::sender(globals, &args.wallet, output).await?;
    let topic = resolve(sender.client(), &args.topic).await?;
    let amount = args.amount;
    let confirmed = connect::send(&sender, Call::FundTopic { topic, amount }, output).await?;
    let said = format!("{amount}, a twentieth of it burnt");
    moved(output, &confirmed, topic, None, said, amount)
}

fn moved(
    output: &Output,
    confirmed: &Confirmed,
    topic: TopicId,
    key: Option<(&'static str, String)>,
    said: String,
    amount: Amount,
) -> Done {
    output.json(&json!({
        "topic": topic.to_string(),
        "key": key.as_ref().map(|(_, key)| key),
        "amount_grains": amount.get().to_string(),
        "transaction": confirmed.id.to_string(),
        "height": confirmed.height.get(),
    }));
    let mut facts = vec![("topic", topic.to_string())];
    facts.extend(key);
    facts.push(("amount", said));
    facts.push(("transaction", confirmed.id.to_string()));
    output.facts(facts);
    connect::is_final(confirmed, output)
}
