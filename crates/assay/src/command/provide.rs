//! `assay provide`: sells inferences until it is asked to stop.

use crate::{
    cli::{Globals, Misbehave, Provide},
    connect,
    failure::{Done, Ended},
    home::Home,
    interrupt,
    output::{Output, Table, bad, bold, dim, good},
    words,
};
use anyhow::anyhow;
use assay_client::Client;
use assay_types::{AccountId, ModelId};
use assay_worker::{
    HARDWARE_FILE, HardwareRecord, Machine, Misbehaviour, Provider, ProviderConfig, ProviderEvent,
};
use serde_json::json;
use std::{path::Path, time::Duration};
use tokio::sync::broadcast::{self, error::RecvError};

/// Longest wait for running jobs when asked to stop; past it the ledger's deadlines decide.
const GRACE: Duration = Duration::from_secs(30);
/// Time spent on measuring all models together, once a machine.
const MEASURE: Duration = Duration::from_secs(1);
/// Events kept while the terminal is slow.
const EVENTS_KEPT: usize = 4_096;

/// Bonds, offers, and works until Ctrl-C.
///
/// # Errors
/// When the node, a model or the wallet cannot be used, or the node stops being one.
pub(crate) async fn run(args: &Provide, globals: &Globals, output: &Output) -> Done {
    let client = connect::client(globals).await?;
    let models = models(&client, &args.models).await?;
    let folder = |account| match &args.data {
        Some(folder) => Ok(folder.clone()),
        None => Home::new(globals.home.as_deref()).map(|home| home.provider(account)),
    };
    if args.bench_only {
        let data_dir = folder(super::wallet::address(&args.wallet, globals)?)?;
        return measure(&client, &models, &data_dir, output).await;
    }
    let key = super::wallet::unlock(&args.wallet, globals, output)?;
    let account = key.account();
    let data_dir = folder(account)?;
    let config = ProviderConfig {
        bond: args.bond,
        capacity: args.capacity,
        misbehaviour: args.misbehave.map(misbehaviour),
        measure: MEASURE,
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

/// Measures the machine, keeps the record and shows it.
async fn measure(client: &Client, models: &[ModelId], data_dir: &Path, output: &Output) -> Done {
    let spinner = output.spinner("measuring");
    let record = assay_worker::measure(client, models, data_dir, MEASURE).await;
    spinner.finish_and_clear();
    let record = record?;
    output.json(&record);
    let Machine {
        cpu,
        cores,
        threads,
        features,
        kernels,
        memory_bytes,
        architecture,
        system,
    } = &record.machine;
    output.facts([
        ("cpu", cpu.clone()),
        (
            "cores",
            format!("{cores}, {threads} threads, {architecture}"),
        ),
        ("features", features.join(" ")),
        ("kernels", kernels.clone()),
        ("memory", words::bytes(*memory_bytes)),
        ("system", system.clone()),
    ]);
    output.blank();
    let mut table = Table::new(["model", ">inferences/s", ">µs each", ">threads"]);
    for speed in &record.speeds {
        table.row([
            speed.name.clone(),
            format!("{:.0}", speed.per_second),
            format!("{:.1}", speed.run_us),
            speed.threads.to_string(),
        ]);
    }
    output.table(&table);
    output.blank();
    let file = data_dir.join(HARDWARE_FILE);
    output.line(format_args!("{} {}", good("kept in"), file.display()));
    Ok(Ended::Well)
}

/// Ids of the named models, or of all registered ones.
async fn models(client: &Client, names: &[String]) -> anyhow::Result<Vec<ModelId>> {
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

/// What the machine is and does, a line each.
fn measured(record: &HardwareRecord, output: &Output) {
    output.json(&json!({ "event": "measured", "record": record }));
    let verb = dim(format!("{:12}", "measured"));
    let Machine { cpu, kernels, .. } = &record.machine;
    output.line(format_args!("{verb}  {cpu}, {kernels} kernels"));
    for speed in &record.speeds {
        output.line(format_args!(
            "{verb}  {}, {:.0} inferences/s on {} threads",
            speed.name, speed.per_second, speed.threads
        ));
    }
}

/// One line an event; the steps of a job that went as they should are left to `--json`.
fn show(event: &ProviderEvent, output: &Output) {
    if let ProviderEvent::Measured { record } = event {
        return measured(record, output);
    }
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
        ProviderEvent::Provable {
            name,
            key,
            took_us,
            prove_us,
        } => {
            let detail = format!(
                "{name}, key {} in {} ms, a proof in about {} ms",
                key.short(),
                took_us / 1_000,
                prove_us / 1_000
            );
            ("provable", None, detail)
        }
        ProviderEvent::Proven {
            order,
            took_us,
            bytes,
        } => {
            let detail = format!("in {} ms, {} kB", took_us / 1_000, bytes / 1_000);
            ("proven", Some(order), detail)
        }
        ProviderEvent::Compensated { order, amount } => (
            "compensated",
            Some(order),
            format!("the buyer with {amount}"),
        ),
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
            | ProviderEvent::Proven { .. }
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
        ProviderEvent::Burnt { .. }
        | ProviderEvent::Compensated { .. }
        | ProviderEvent::Trouble { .. } => bad(verb).to_string(),
        _ => dim(verb).to_string(),
    };
    let order = order
        .map(|order| format!("order {}  ", order.short()))
        .unwrap_or_default();
    output.line(format_args!("{verb}  {order}{detail}"));
}
