//! `assay provide`: sells inferences until it is asked to stop.

use crate::{
    cli::{Globals, Misbehave, Provide},
    connect,
    failure::{Done, Ended},
    home::Home,
    interrupt,
    output::{Output, bad, bold, dim, good},
};
use anyhow::anyhow;
use assay_types::{AccountId, ModelId};
use assay_worker::{Misbehaviour, Provider, ProviderConfig, ProviderEvent};
use serde_json::json;
use std::time::Duration;
use tokio::sync::broadcast::{self, error::RecvError};

/// Longest wait for running jobs when asked to stop; past it the ledger's deadlines decide.
const GRACE: Duration = Duration::from_secs(30);
/// Events kept while the terminal is slow.
const EVENTS_KEPT: usize = 4_096;

/// Bonds, offers, and works until Ctrl-C.
///
/// # Errors
/// When the node, a model or the wallet cannot be used, or the node stops being one.
pub(crate) async fn run(args: &Provide, globals: &Globals, output: &Output) -> Done {
    let client = connect::client(globals).await?;
    let models = models(&client, &args.models).await?;
    let key = super::wallet::unlock(&args.wallet, globals, output)?;
    let account = key.account();
    let data_dir = match &args.data {
        Some(folder) => folder.clone(),
        None => Home::new(globals.home.as_deref())?.provider(account),
    };
    let config = ProviderConfig {
        bond: args.bond,
        capacity: args.capacity,
        misbehaviour: args.misbehave.map(misbehaviour),
        ..ProviderConfig::new(client, key, data_dir, models, args.ask)
    };
    heading(account, args, output);
    let (events, told) = broadcast::channel(EVENTS_KEPT);
    let mut provider = tokio::select! {
        started = Provider::start_with(config, events) => started?,
        () = interrupt::requested() => return Ok(Ended::Well),
    };
    let telling = tell(told, *output);
    tokio::pin!(telling);
    let ended = tokio::select! {
        ended = provider.wait() => Some(ended),
        () = &mut telling => None,
        () = interrupt::requested() => None,
    };
    if let Some(ended) = ended {
        ended?;
        return Ok(Ended::Well);
    }
    output.note(dim("withdrawing the offer and finishing what was accepted"));
    let progress = provider.progress();
    tokio::select! {
        ended = provider.shutdown(GRACE) => ended?,
        // Goes on telling while jobs end.
        () = &mut telling => {}
        () = interrupt::requested() => output.note("stopped at once; accepted jobs are at risk"),
    }
    let sums = *progress.borrow();
    output.note(format_args!(
        "{} paid, {} earned; {} burnt, {} lost",
        sums.paid, sums.earned, sums.burnt, sums.lost
    ));
    Ok(Ended::Well)
}

/// Ids of the named models, or of all registered ones.
async fn models(client: &assay_client::Client, names: &[String]) -> anyhow::Result<Vec<ModelId>> {
    let mut ids = Vec::new();
    for name in names {
        ids.push(connect::model(client, name).await?.0.model);
    }
    if names.is_empty() {
        ids.extend(client.models().await?.into_iter().map(|model| model.model));
    }
    ids.sort_unstable();
    ids.dedup();
    if ids.is_empty() {
        return Err(anyhow!(
            "no model is registered, so there is nothing to sell"
        ));
    }
    Ok(ids)
}

fn misbehaviour(choice: Misbehave) -> Misbehaviour {
    match choice {
        Misbehave::Wrong => Misbehaviour::Wrong,
        Misbehave::Silent => Misbehaviour::Silent,
        Misbehave::Late => Misbehaviour::Late,
    }
}

fn heading(account: AccountId, args: &Provide, output: &Output) {
    output.line(format_args!("{} {account}", bold("Assay provider")));
    if args.misbehave.is_some() {
        output.line(bad("it cheats on purpose and will lose its lock"));
    }
    output.blank();
}

/// Prints events until there are none any more.
async fn tell(mut events: broadcast::Receiver<ProviderEvent>, output: Output) {
    loop {
        match events.recv().await {
            Ok(event) => show(&event, &output),
            Err(RecvError::Lagged(missed)) => {
                output.note(dim(format!("{missed} events were too many to print")));
            }
            Err(RecvError::Closed) => return,
        }
    }
}

/// One line an event; the steps of a job that went as they should are left to `--json`.
fn show(event: &ProviderEvent, output: &Output) {
    let (name, order, detail) = match event {
        ProviderEvent::Connected { height } => ("connected", None, format!("at height {height}")),
        ProviderEvent::Disconnected { reason } => ("disconnected", None, reason.clone()),
        ProviderEvent::Loaded { name, run_us, .. } => {
            ("loaded", None, format!("{name}, {run_us} µs an inference"))
        }
        ProviderEvent::Bonded { amount } => ("bonded", None, amount.to_string()),
        ProviderEvent::Offering { offer } => ("offering", None, format!("offer {}", offer.short())),
        ProviderEvent::Leaving { jobs } => ("leaving", None, format!("{jobs} jobs to finish")),
        ProviderEvent::Resumed { jobs } => {
            ("resumed", None, format!("{jobs} jobs of the last run"))
        }
        ProviderEvent::Assigned { order, ask } => ("drawn", Some(order), format!("for {ask}")),
        ProviderEvent::Accepted { order } => ("accepted", Some(order), String::new()),
        ProviderEvent::Executed { order, took_us } => {
            ("computed", Some(order), format!("in {took_us} µs"))
        }
        ProviderEvent::Committed { order } => ("committed", Some(order), String::new()),
        ProviderEvent::Delivered { order } => ("delivered", Some(order), String::new()),
        ProviderEvent::Released { order } => ("released", Some(order), String::new()),
        ProviderEvent::Paid { order, net } => ("paid", Some(order), net.to_string()),
        ProviderEvent::Burnt {
            order,
            amount,
            reason,
        } => (
            "burnt",
            Some(order),
            format!("{amount}, {}", reason.replace('_', " ")),
        ),
        ProviderEvent::Closed { order } => ("closed", Some(order), String::new()),
        ProviderEvent::Trouble { order, note } => ("trouble", Some(order), note.to_string()),
        ProviderEvent::Unsent { order, reason } => ("unsent", Some(order), reason.clone()),
        _ => return,
    };
    output.json(&json!({
        "event": name,
        "order": order.map(ToString::to_string),
        "detail": detail,
    }));
    let is_step = matches!(
        event,
        ProviderEvent::Assigned { .. }
            | ProviderEvent::Accepted { .. }
            | ProviderEvent::Executed { .. }
            | ProviderEvent::Committed { .. }
            | ProviderEvent::Delivered { .. }
            | ProviderEvent::Closed { .. }
    );
    if is_step {
        return;
    }
    let verb = format!("{name:12}");
    let verb = match event {
        ProviderEvent::Paid { .. } => good(verb).to_string(),
        ProviderEvent::Burnt { .. } | ProviderEvent::Trouble { .. } => bad(verb).to_string(),
        _ => dim(verb).to_string(),
    };
    let order = order
        .map(|order| format!("order {}  ", order.short()))
        .unwrap_or_default();
    output.line(format_args!("{verb}  {order}{detail}"));
}
