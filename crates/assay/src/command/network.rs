//! `assay network`: several validators on one machine, each a process.

use crate::{
    cli::{Globals, Network, NetworkNew, NetworkPlace},
    devnet::DEV_PASSPHRASE,
    failure::{Done, Ended},
    home::{Home, NODE_DEFAULT},
    interrupt,
    network::{Addresses, Change, Cluster, Member, NetworkFolder, NodeFile, Standing},
    output::{Output, Table, bad, bold, dim, good, warn},
};
use assay_node::dev;
use serde_json::json;
use std::time::Duration;

/// Pause between two looks at the validators.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Makes, runs or shows a network.
///
/// # Errors
/// When there is none, or it cannot be made or started.
pub(crate) async fn run(command: &Network, globals: &Globals, output: &Output) -> Done {
    match command {
        Network::New(args) => new(args, globals, output),
        Network::Up(place) => up(&folder(place, globals)?, output).await,
        Network::Status(place) => status(&folder(place, globals)?, output).await,
    }
}

fn folder(place: &NetworkPlace, globals: &Globals) -> anyhow::Result<NetworkFolder> {
    Ok(NetworkFolder::new(match &place.dir {
        Some(dir) => dir.clone(),
        None => Home::new(globals.home.as_deref())?.network(),
    }))
}

fn new(args: &NetworkNew, globals: &Globals, output: &Output) -> Done {
    let folder = folder(&args.place, globals)?;
    let network = folder.make(
        args.validators,
        Addresses {
            host: args.host,
            http_port: args.http_port,
            peer_port: args.peer_port,
        },
        args.emission_epoch,
    )?;
    let chain = network.genesis.chain_id();
    let mut validators = Vec::new();
    let mut table = Table::new(["VALIDATOR", "HTTP", "PEERS", "ACCOUNT"]);
    for (validator, key) in folder.validators()?.iter().zip(&network.validators) {
        let file = NodeFile::read(&validator.folder.node_file())?;
        table.row([
            validator.name.clone(),
            file.http.to_string(),
            file.listen.to_string(),
            key.account().short(),
        ]);
        validators.push(json!({
            "name": validator.name,
            "folder": validator.folder.path(),
            "url": format!("http://{}", file.http),
            "listen": file.listen,
            "account": key.account().to_string(),
        }));
    }
    output.json(&json!({
        "folder": folder.path(),
        "chain": chain.to_string(),
        "anchor": folder.anchor(),
        "wallets": folder.wallets(),
        "validators": validators,
    }));
    output.line(format_args!(
        "{} a network of {}",
        bold("made"),
        args.validators
    ));
    output.blank();
    output.facts([
        ("chain", chain.to_string()),
        ("folder", folder.path().display().to_string()),
        ("anchor", folder.anchor().display().to_string()),
        (
            "wallets",
            format!(
                "{}, {}, seller-1 … seller-{}; passphrase {DEV_PASSPHRASE}",
                dev::BUYER,
                dev::AUTHOR,
                dev::SELLERS
            ),
        ),
    ]);
    output.blank();
    output.table(&table);
    output.blank();
    let dir = args.place.dir.as_ref();
    let dir = dir.map_or_else(String::new, |dir| format!(" --dir {}", dir.display()));
    output.line(format_args!("next: assay network up{dir}"));
    Ok(Ended::Well)
}

async fn up(folder: &NetworkFolder, output: &Output) -> Done {
    let validators = folder.validators()?;
    let spinner = output.spinner(format!("starting {} validators", validators.len()));
    let cluster = Cluster::start(&validators).await;
    spinner.finish_and_clear();
    let mut cluster = cluster?;
    output.json(&json!({
        "folder": folder.path(),
        "anchor": folder.anchor(),
        "wallets": folder.wallets(),
        "validators": view(&cluster),
    }));
    output.line(format_args!(
        "{} {} validators",
        bold("Assay network runs"),
        cluster.members().len()
    ));
    output.blank();
    output.table(&table(&cluster));
    output.blank();
    if let Some(first) = cluster.members().first() {
        let node = if first.url == NODE_DEFAULT {
            String::new()
        } else {
            format!(" --node {}", first.url)
        };
        output.line(format_args!(
            "next: export ASSAY_PASSPHRASE={DEV_PASSPHRASE}"
        ));
        output.line(format_args!("      assay provide --wallet seller-1{node}"));
    }
    output.line(dim("Ctrl-C stops them all"));
    output.blank();

    let watch = output.spinner(heights(&cluster));
    let mut stop = std::pin::pin!(interrupt::requested());
    loop {
        tokio::select! {
            () = &mut stop => break,
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
        for change in cluster.look().await {
            watch.suspend(|| tell(&change, &cluster, output));
        }
        watch.set_message(heights(&cluster));
    }
    watch.finish_and_clear();
    output.note(dim("stopping"));
    for name in cluster.stop().await {
        output.note(format_args!("{name} did not stop in time and was killed"));
    }
    Ok(Ended::Well)
}

/// Says what happened to a validator, and what it means.
fn tell(change: &Change, cluster: &Cluster, output: &Output) {
    let (running, quorum) = (cluster.running(), cluster.quorum());
    match change {
        Change::Ended { name, status } => {
            output.json(&json!({
                "event": "ended", "validator": name, "status": status.to_string(),
                "running": running, "quorum": quorum,
            }));
            output.line(format_args!("{} {name} ended, {status}", bad("ended:")));
            let member = cluster.members().iter().find(|member| member.name == *name);
            if let Some(member) = member {
                output.line(format_args!("  its log: {}", member.log.display()));
                output.line(format_args!(
                    "  start it again: assay node --dir {}",
                    member.folder.display()
                ));
            }
            consequence(cluster, output);
        }
        Change::Away { name } => {
            output.json(&json!({
                "event": "away", "validator": name, "running": running, "quorum": quorum,
            }));
            output.line(format_args!("{} {name} does not answer", warn("away:")));
            consequence(cluster, output);
        }
        Change::Back { name, height } => {
            output.json(&json!({
                "event": "back", "validator": name, "height": height.get(),
                "running": running, "quorum": quorum,
            }));
            output.line(format_args!(
                "{} {name} answers at height {height}",
                good("back:")
            ));
        }
    }
}

fn consequence(cluster: &Cluster, output: &Output) {
    let (running, quorum) = (cluster.running(), cluster.quorum());
    let all = cluster.members().len();
    if running >= quorum {
        output.line(format_args!(
            "  the market goes on: {running} of {all} run, {quorum} are needed"
        ));
    } else {
        output.line(format_args!(
            "  {}: {running} of {all} run, {quorum} are needed",
            bad("the market waits")
        ));
    }
}

async fn status(folder: &NetworkFolder, output: &Output) -> Done {
    let mut cluster = Cluster::of(&folder.validators()?)?;
    cluster.look().await;
    let (running, quorum) = (cluster.running(), cluster.quorum());
    output.json(&json!({
        "validators": view(&cluster), "running": running, "quorum": quorum,
    }));
    output.table(&table(&cluster));
    output.blank();
    let all = cluster.members().len();
    output.line(format_args!("{running} of {all} run, {quorum} are needed"));
    Ok(Ended::when(running >= quorum))
}

fn view(cluster: &Cluster) -> Vec<serde_json::Value> {
    let view = |member: &Member| {
        let (height, waiting) = match member.standing {
            Standing::Runs { height, waiting } => (Some(height.get()), Some(waiting)),
            Standing::Away => (None, None),
        };
        json!({
            "name": member.name,
            "url": member.url,
            "folder": member.folder,
            "log": member.log,
            "process": member.process(),
            "height": height,
            "waiting": waiting,
        })
    };
    cluster.members().iter().map(view).collect()
}

fn table(cluster: &Cluster) -> Table {
    let mut table = Table::new(["VALIDATOR", "HTTP", ">HEIGHT", ">WAITING", ">PROCESS"]);
    let none = || "–".to_owned();
    for member in cluster.members() {
        let (height, waiting) = match member.standing {
            Standing::Runs { height, waiting } => (height.to_string(), waiting.to_string()),
            Standing::Away => ("away".to_owned(), none()),
        };
        let process = member
            .process()
            .map_or_else(none, |process| process.to_string());
        table.row([
            member.name.clone(),
            member.url.clone(),
            height,
            waiting,
            process,
        ]);
    }
    table
}

/// One line that a person watches.
fn heights(cluster: &Cluster) -> String {
    let each: Vec<_> = cluster
        .members()
        .iter()
        .map(|member| match member.standing {
            Standing::Runs { height, .. } => height.to_string(),
            Standing::Away => "away".to_owned(),
        })
        .collect();
    format!("heights {}", each.join(" · "))
}
