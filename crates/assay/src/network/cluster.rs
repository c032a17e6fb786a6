//! The validators of a network as child processes of this one.
//!
//! A child stops in good order when its standard input closes, so asking it to stop and losing this process
//! are the same to it, on every platform: none is left behind. Each child has a process group of its own, so
//! that Ctrl-C in a terminal reaches this process alone, which then stops them together.
//!
//! Nothing is restarted: a validator that ends is reported, and whoever starts it again, with `assay node`,
//! finds it in the table as before.

use super::ValidatorFolder;
use crate::failure::Hint;
use anyhow::{Context, anyhow};
use assay_api::StatusView;
use assay_client::Client;
use assay_types::Height;
use futures::future;
use std::{
    fs::File,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    time::{Duration, Instant},
};
use tokio::process::{Child, Command};

/// Longest wait for all to serve: each executes its last blocks again first.
const START_PATIENCE: Duration = Duration::from_secs(60);
/// Longest wait for all to end when they are asked to; a node takes some seconds for open requests.
const STOP_PATIENCE: Duration = Duration::from_secs(20);
/// A node that does not answer in this time counts as away.
const ANSWER_PATIENCE: Duration = Duration::from_secs(2);
/// Pause between two looks while they start.
const START_POLL: Duration = Duration::from_millis(50);
/// Lines of a log that an error shows.
const LOG_LINES: usize = 6;

/// A network's validators, some of them processes of ours.
#[derive(Debug)]
pub(crate) struct Cluster {
    members: Vec<Member>,
}

/// One validator.
#[derive(Debug)]
pub(crate) struct Member {
    pub(crate) name: String,
    pub(crate) folder: PathBuf,
    pub(crate) url: String,
    http: SocketAddr,
    pub(crate) log: PathBuf,
    pub(crate) standing: Standing,
    child: Option<Child>,
}

/// How a validator stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It answers.
    Runs {
        height: Height,
        /// Transactions that wait there.
        waiting: u64,
    },
    /// It does not.
    Away,
}

/// What happened to a validator between two looks.
#[derive(Debug)]
pub(crate) enum Change {
    /// The process that was started here is gone.
    Ended { name: String, status: ExitStatus },
    /// It answers again.
    Back { name: String, height: Height },
    /// It no longer answers.
    Away { name: String },
}

impl Cluster {
    /// The validators of a network, wherever they run.
    ///
    /// # Errors
    /// When a configuration cannot be read.
    pub(crate) fn of(validators: &[ValidatorFolder]) -> anyhow::Result<Self> {
        let member = |validator: &ValidatorFolder| -> anyhow::Result<Member> {
            let file = super::NodeFile::read(&validator.folder.node_file())?;
            Ok(Member {
                name: validator.name.clone(),
                folder: validator.folder.path().to_owned(),
                url: format!("http://{}", file.http),
                http: file.http,
                log: validator.folder.log_file(),
                standing: Standing::Away,
                child: None,
            })
        };
        let members = validators.iter().map(member).collect::<Result<_, _>>()?;
        Ok(Self { members })
    }

    /// Starts every validator as a process and returns when all serve.
    ///
    /// # Errors
    /// When one cannot be started or ends at once; none is left running then.
    pub(crate) async fn start(validators: &[ValidatorFolder]) -> anyhow::Result<Self> {
        let mut cluster = Self::of(validators)?;
        for member in &mut cluster.members {
            member.start()?;
        }
        let begun = Instant::now();
        loop {
            let changes = cluster.look().await;
            if let Some(Change::Ended { name, status }) = changes
                .into_iter()
                .find(|change| matches!(change, Change::Ended { .. }))
            {
                let member = cluster.members.iter().find(|member| member.name == name);
                let said = member.map_or_else(String::new, |member| last_lines(&member.log));
                cluster.stop().await;
                return Err(
                    anyhow!("{said}").context(format!("{name} ended while it started, {status}"))
                );
            }
            let mut standings = cluster.members.iter().map(|member| &member.standing);
            if standings.all(|standing| matches!(standing, Standing::Runs { .. })) {
                return Ok(cluster);
            }
            if begun.elapsed() > START_PATIENCE {
                let away: Vec<_> = cluster.away().map(str::to_owned).collect();
                cluster.stop().await;
                return Err(anyhow!(
                    "{} did not answer within {} s",
                    away.join(", "),
                    START_PATIENCE.as_secs()
                ))
                .hint(|| "see node.log in its folder");
            }
            tokio::time::sleep(START_POLL).await;
        }
    }

    /// The validators, in the order of their numbers.
    pub(crate) fn members(&self) -> &[Member] {
        &self.members
    }

    /// Names of those that do not answer.
    fn away(&self) -> impl Iterator<Item = &str> {
        let away = |member: &&Member| member.standing == Standing::Away;
        self.members
            .iter()
            .filter(away)
            .map(|member| member.name.as_str())
    }

    /// How many answer.
    pub(crate) fn running(&self) -> usize {
        self.members.len() - self.away().count()
    }

    /// How many a market needs: more than two thirds.
    pub(crate) fn quorum(&self) -> usize {
        let validators = self.members.len();
        validators - validators.saturating_sub(1) / 3
    }

    /// Looks how each stands and tells what changed since the last look.
    pub(crate) async fn look(&mut self) -> Vec<Change> {
        let standings = self.members.iter().map(|member| standing(&member.url));
        let standings = future::join_all(standings).await;
        let mut changes = Vec::new();
        for (member, now) in self.members.iter_mut().zip(standings) {
            let name = member.name.clone();
            let before = std::mem::replace(&mut member.standing, now);
            if let Some(child) = &mut member.child
                && let Ok(Some(status)) = child.try_wait()
            {
                member.child = None;
                changes.push(Change::Ended { name, status });
                continue;
            }
            match (before, &member.standing) {
                (Standing::Away, Standing::Runs { height, .. }) => changes.push(Change::Back {
                    name: name.clone(),
                    height: *height,
                }),
                (Standing::Runs { .. }, Standing::Away) => {
                    changes.push(Change::Away { name: name.clone() });
                }
                _ => {}
            }
        }
        changes
    }

    /// Asks the processes of ours to end and waits for them; kills what takes too long. The names of those.
    pub(crate) async fn stop(mut self) -> Vec<String> {
        let mut asked: Vec<(String, Child)> = Vec::new();
        for member in &mut self.members {
            if let Some(mut child) = member.child.take() {
                // Closed, which is the request.
                drop(child.stdin.take());
                asked.push((member.name.clone(), child));
            }
        }
        let deadline = tokio::time::Instant::now() + STOP_PATIENCE;
        let mut killed = Vec::new();
        for (name, mut child) in asked {
            if tokio::time::timeout_at(deadline, child.wait())
                .await
                .is_err()
            {
                // It may have ended this very moment.
                let _ = child.kill().await;
                killed.push(name);
            }
        }
        killed
    }
}

impl Member {
    /// The process that was started here, while it runs.
    pub(crate) fn process(&self) -> Option<u32> {
        self.child.as_ref().and_then(Child::id)
    }

    fn start(&mut self) -> anyhow::Result<()> {
        let program = std::env::current_exe().context("cannot find this program's file")?;
        let log = File::options().create(true).append(true).open(&self.log);
        let log = log.with_context(|| format!("cannot write {}", self.log.display()))?;
        let mut command = Command::new(program);
        command
            .args(["node", "--until-eof", "--dir"])
            .arg(&self.folder)
            // Said here, so that a configured address of some other node is not taken for theirs.
            .args(["--listen", &self.http.to_string()])
            .stdin(Stdio::piped())
            .stdout(log.try_clone().context("cannot share a log")?)
            .stderr(log)
            .kill_on_drop(true);
        #[cfg(unix)]
        command.process_group(0);
        let child = command.spawn();
        self.child = Some(child.with_context(|| format!("cannot start {}", self.name))?);
        Ok(())
    }
}

/// How the validator at this address stands.
async fn standing(url: &str) -> Standing {
    let ask = async {
        let client = Client::connect(url).await?;
        client.status().await
    };
    match tokio::time::timeout(ANSWER_PATIENCE, ask).await {
        Ok(Ok(StatusView {
            height, mempool, ..
        })) => Standing::Runs {
            height,
            waiting: mempool.transactions,
        },
        _ => Standing::Away,
    }
}

/// The end of a log, for an error.
fn last_lines(log: &Path) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<_> = text.lines().collect();
    lines[lines.len().saturating_sub(LOG_LINES)..].join("\n")
}
