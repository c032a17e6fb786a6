//! The node: whether it answers, and whether its port is free where it does not.

use super::Finding;
use crate::{
    cli::{Globals, LISTEN_DEFAULT},
    config::Config,
};
use assay_api::StatusView;
use assay_client::Client;
use std::{
    io,
    net::{SocketAddr, TcpListener},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// Longest wait for the node: one that takes longer is of no use to a seller.
const PATIENCE: Duration = Duration::from_secs(5);
/// How far clocks may be apart: an idle chain beats once a second, and one step of ledger time is 5 s.
const CLOCK_APART_MS_MAX: u64 = 5_000;

pub(super) async fn check(globals: &Globals, config: &Config) -> Vec<Finding> {
    let status = tokio::time::timeout(PATIENCE, status(&globals.node)).await;
    let status = status.unwrap_or_else(|_| Err(format!("no answer within {PATIENCE:?}")));
    let mut findings = vec![node(&globals.node, &status)];
    if let Ok(status) = &status {
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        findings.push(ledger_time(
            status.time.get(),
            u64::try_from(now.as_millis()).unwrap_or(u64::MAX),
        ));
    }
    let listen = config.now("listen");
    let listen = listen.as_deref().unwrap_or(LISTEN_DEFAULT);
    if let Ok(listen) = listen.parse::<SocketAddr>() {
        let is_ours = status.is_ok() && globals.node.ends_with(&listen.to_string());
        findings.push(port(listen, TcpListener::bind(listen).map(drop), is_ours));
    }
    findings
}

async fn status(url: &str) -> Result<StatusView, String> {
    let client = Client::connect(url)
        .await
        .map_err(|error| error.to_string())?;
    client.status().await.map_err(|error| error.to_string())
}

fn node(url: &str, status: &Result<StatusView, String>) -> Finding {
    let ours = env!("CARGO_PKG_VERSION");
    match status {
        Err(reason) => Finding::warn(
            "node",
            reason.split(';').next().unwrap_or_default().to_owned(),
            "start one with `assay node --dev`, or name another with --node or ASSAY_NODE",
        ),
        Ok(status) if status.version != ours => Finding::warn(
            "node",
            format!("{url} runs version {}, this is {ours}", status.version),
            "use one version on both sides",
        ),
        Ok(status) => Finding::ok(
            "node",
            format!("{url} serves {}, height {}", status.network, status.height),
        ),
    }
}

pub(super) fn ledger_time(ledger_ms: u64, machine_ms: u64) -> Finding {
    let apart = ledger_ms.abs_diff(machine_ms);
    let seconds = apart / 1_000;
    if apart <= CLOCK_APART_MS_MAX {
        return Finding::ok("ledger time", "agrees with this machine's clock");
    }
    let (found, advice) = match ledger_ms > machine_ms {
        true => (
            format!("{seconds} s ahead of this machine's clock"),
            "set the clock, by NTP for instance; a validator waits for blocks from the future",
        ),
        false => (
            format!("{seconds} s behind this machine's clock"),
            "the chain catches up after a halt; if it does not, set the clock, by NTP for instance",
        ),
    };
    Finding::warn("ledger time", found, advice)
}

pub(super) fn port(listen: SocketAddr, bound: io::Result<()>, is_ours: bool) -> Finding {
    match bound {
        Ok(()) => Finding::ok("port", format!("{listen} is free for a node")),
        Err(_) if is_ours => Finding::ok("port", format!("{listen} is the node's")),
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => Finding::fail(
            "port",
            format!("{listen} is in use by another program"),
            "stop that program, or name another address with --listen or ASSAY_LISTEN",
        ),
        Err(error) => Finding::fail(
            "port",
            format!("{listen} cannot be listened on: {error}"),
            "name an address of this machine with --listen or ASSAY_LISTEN",
        ),
    }
}
