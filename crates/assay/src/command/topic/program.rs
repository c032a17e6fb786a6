//! A model of the user's, in any language: asked in lines of JSON.
//!
//! It is a program that is started once, reads a question a line on standard input and answers with a line on standard
//! output, until its input ends; one that ends sooner is started again. Or it is an address to which the same question is posted.
//!
//! Invariant: an answer is the answer to the question that was asked last. A program that was too slow, ended or said
//! something else is started anew for the next one.

use crate::cli::ProgramChoice;
use anyhow::{Context, anyhow, bail};
use futures::FutureExt as _;
use serde::{Serialize, de::DeserializeOwned};
use std::{process::Stdio, time::Duration};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    process::{Child, ChildStdin, ChildStdout, Command},
};

/// Most bytes of an answer: as many weights as a topic has slots take a small part of it.
const ANSWER_BYTES_MAX: u64 = 1 << 20;

/// A model of the user's.
#[derive(Debug)]
pub(crate) struct Program {
    source: Source,
    within: Duration,
}

#[derive(Debug)]
enum Source {
    Started {
        command: Vec<String>,
        running: Option<Box<Running>>,
    },
    Posted {
        client: reqwest::Client,
        url: reqwest::Url,
    },
}

#[derive(Debug)]
struct Running {
    /// Ends when it is dropped.
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Program {
    /// The model that was chosen. It is started when it is asked first.
    ///
    /// # Errors
    /// When it is posted to and the address is none.
    pub(crate) fn new(choice: &ProgramChoice) -> anyhow::Result<Self> {
        let source = match &choice.url {
            Some(url) => Source::Posted {
                client: reqwest::Client::builder()
                    .redirect(reqwest::redirect::Policy::none())
                    .no_proxy()
                    .build()?,
                url: address(url)?,
            },
            None => Source::Started {
                command: choice.program.clone(),
                running: None,
            },
        };
        Ok(Self {
            source,
            within: choice.within,
        })
    }

    /// Asks it. `within` is all the time that there is; it has no more than the user gave it.
    ///
    /// # Errors
    /// When it cannot be started or reached, takes longer, ends, or answers something else; `expected` shows the right
    /// answer.
    pub(crate) async fn ask<Q: Serialize, A: DeserializeOwned>(
        &mut self,
        question: &Q,
        within: Duration,
        expected: &str,
    ) -> anyhow::Result<A> {
        let within = within.min(self.within);
        let name = self.name();
        let question = serde_json::to_vec(question)?;
        let answering = tokio::time::timeout(within, self.answer(question));
        let answered = match answering.await {
            Ok(answered) => answered,
            Err(_) => Err(anyhow!(
                "it took longer than {:.1} s; it must answer each line that it reads with a line, at once (flush it), and --within may allow more",
                within.as_secs_f32()
            )),
        };
        let answer = answered.and_then(|line| {
            serde_json::from_slice(&line).with_context(|| {
                let said: String = String::from_utf8_lossy(&line).chars().take(200).collect();
                format!("it must answer {expected}, but said `{}`", said.trim_end())
            })
        });
        if answer.is_err() {
            self.stop();
        }
        answer.with_context(|| format!("cannot use the answer of `{name}`"))
    }

    fn name(&self) -> String {
        match &self.source {
            Source::Started { command, .. } => command.first().cloned().unwrap_or_default(),
            Source::Posted { url, .. } => url.to_string(),
        }
    }

    /// What it might still say is of no use.
    fn stop(&mut self) {
        if let Source::Started { running, .. } = &mut self.source {
            *running = None;
        }
    }

    async fn answer(&mut self, question: Vec<u8>) -> anyhow::Result<Vec<u8>> {
        match &mut self.source {
            Source::Started { command, running } => {
                // One that answers a question and ends is started for each.
                if let Some(running) = running
                    && let Some(answer) = running.ask(&question).await?
                {
                    return Ok(answer);
                }
                let running = running.insert(Box::new(Running::start(command)?));
                match running.ask(&question).await? {
                    Some(answer) => Ok(answer),
                    None => Err(running.ended().await),
                }
            }
            Source::Posted { client, url } => post(client, url.clone(), question).await,
        }
    }
}

impl Running {
    fn start(command: &[String]) -> anyhow::Result<Self> {
        let [name, arguments @ ..] = command else {
            bail!("no program was named; write it after `--`, or give --url");
        };
        let mut child = Command::new(name)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .context("it cannot be started")?;
        let input = child.stdin.take().context("it has no input")?;
        let output = child.stdout.take().context("it has no output")?;
        Ok(Self {
            child,
            input,
            output: BufReader::new(output),
        })
    }

    /// Its answer; `None` when it has ended.
    async fn ask(&mut self, question: &[u8]) -> anyhow::Result<Option<Vec<u8>>> {
        // What it has said since is no answer to this question.
        match self.output.fill_buf().now_or_never().transpose()? {
            Some([]) => return Ok(None),
            Some(_) => bail!("it said more than one line to the last question"),
            None => {}
        }
        let asked = async {
            self.input.write_all(question).await?;
            self.input.write_all(b"\n").await?;
            self.input.flush().await
        };
        if asked.await.is_err() {
            return Ok(None);
        }
        let mut line = Vec::new();
        let mut output = (&mut self.output).take(ANSWER_BYTES_MAX + 1);
        output.read_until(b'\n', &mut line).await?;
        if line.len() as u64 > ANSWER_BYTES_MAX {
            bail!("it answered more than {ANSWER_BYTES_MAX} bytes");
        }
        // What ends without a line's end is a line all the same.
        Ok((!line.is_empty()).then_some(line))
    }

    async fn ended(&mut self) -> anyhow::Error {
        match self.child.wait().await {
            Ok(status) => anyhow!("it ended without an answer ({status})"),
            Err(error) => anyhow!("it cannot be waited for: {error}"),
        }
    }
}

async fn post(
    client: &reqwest::Client,
    url: reqwest::Url,
    question: Vec<u8>,
) -> anyhow::Result<Vec<u8>> {
    let request = client
        .post(url)
        .header(reqwest::header::CONTENT_TYPE, "application/json")
        .body(question);
    let mut response = request.send().await.context("it cannot be reached")?;
    if !response.status().is_success() {
        bail!("it answered {}", response.status());
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.context("its answer broke off")? {
        body.extend_from_slice(&chunk);
        if body.len() as u64 > ANSWER_BYTES_MAX {
            bail!("it answered more than {ANSWER_BYTES_MAX} bytes");
        }
    }
    Ok(body)
}

fn address(url: &str) -> anyhow::Result<reqwest::Url> {
    let parsed = reqwest::Url::parse(url).ok();
    let parsed = parsed.filter(|url| url.scheme() == "http" && url.has_host());
    parsed.ok_or_else(|| anyhow!("`{url}` is no address of a model; write http://host:port/path"))
}

#[cfg(test)]
mod tests;
