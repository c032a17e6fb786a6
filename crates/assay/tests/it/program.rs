//! The binary under test, in a world of its own: an empty home, no colour, no terminal.

use std::{
    io::{BufRead, BufReader, Read, Write},
    path::PathBuf,
    process::{Child, Command, Output, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};
use tempfile::TempDir;

/// Longest wait for a line of a running process.
const LINE_TIMEOUT: Duration = Duration::from_secs(60);

/// A home folder and the programs that live in it.
pub(crate) struct World {
    home: TempDir,
}

/// What a program that ended left behind.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// A program that runs until it is dropped.
pub(crate) struct Running {
    child: Child,
    lines: mpsc::Receiver<String>,
}

/// A development node, and what speaks to it.
pub(crate) struct Town {
    pub(crate) world: World,
    pub(crate) node: Running,
    pub(crate) url: String,
}

impl Town {
    pub(crate) fn new() -> Self {
        let world = World::new();
        let node = world.start("node --dev --listen 127.0.0.1:0 --json");
        let serving: serde_json::Value = serde_json::from_str(&node.wait_for("url")).unwrap();
        let url = serving["url"].as_str().unwrap().to_owned();
        Self { world, node, url }
    }

    /// Runs the program against the node. What follows ` -- ` is a program of the user's and takes no flags of ours.
    pub(crate) fn run(&self, line: &str) -> Ended {
        let (own, program) = match line.split_once(" -- ") {
            Some((own, program)) => (own, format!(" -- {program}")),
            None => (line, String::new()),
        };
        let line = format!("{own} --node {}{program}", self.url);
        self.world.run_with("assay-dev", &line)
    }

    pub(crate) fn address(&self, wallet: &str) -> String {
        let line = format!("wallet show --wallet {wallet} --offline --json");
        let shown = self.run(&line).exits(0).json();
        shown["address"].as_str().unwrap().to_owned()
    }
}

impl World {
    pub(crate) fn new() -> Self {
        Self {
            home: tempfile::tempdir().unwrap(),
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// The program with these words; paths with spaces are not used here.
    pub(crate) fn command(&self, line: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_assay"));
        command
            .args(line.split_whitespace())
            .env_clear()
            .env("ASSAY_HOME", self.home.path())
            .env("XDG_CONFIG_HOME", self.home.path())
            .env("TMPDIR", self.home.path())
            .stdin(Stdio::null());
        command
    }

    /// Runs the program to its end.
    pub(crate) fn run(&self, line: &str) -> Ended {
        Ended::of(self.command(line).output().unwrap())
    }

    /// As [`Self::run`], with a passphrase.
    pub(crate) fn run_with(&self, passphrase: &str, line: &str) -> Ended {
        Ended::of(
            self.command(line)
                .env("ASSAY_PASSPHRASE", passphrase)
                .output()
                .unwrap(),
        )
    }

    /// Runs the program with `input` on standard input.
    pub(crate) fn run_fed(&self, passphrase: &str, line: &str, input: &str) -> Ended {
        let mut command = self.command(line);
        let mut child = command
            .env("ASSAY_PASSPHRASE", passphrase)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child
            .stdin
            .take()
            .unwrap()
            .write_all(input.as_bytes())
            .unwrap();
        Ended::of(child.wait_with_output().unwrap())
    }

    /// Starts a program that goes on.
    pub(crate) fn start(&self, line: &str) -> Running {
        let mut command = self.command(line);
        command.env("ASSAY_PASSPHRASE", "assay-dev");
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let (send, lines) = mpsc::channel();
        thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                if send.send(line).is_err() {
                    return;
                }
            }
        });
        Running { child, lines }
    }
}

impl Ended {
    pub(crate) fn of(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Asserts the exit code, showing everything when it is another.
    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{}\n{}", self.stdout, self.stderr);
        self
    }

    /// Asserts that an error says all of this.
    #[track_caller]
    pub(crate) fn says(self, parts: &[&str]) -> Self {
        for part in parts {
            let said = self.stderr.contains(part) || self.stdout.contains(part);
            assert!(said, "`{part}` is not in\n{}\n{}", self.stdout, self.stderr);
        }
        self
    }

    /// The one JSON object that was printed.
    #[track_caller]
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}", self.stdout))
    }

    /// The JSON objects that were printed, one a line.
    #[track_caller]
    pub(crate) fn json_lines(&self) -> Vec<serde_json::Value> {
        let object = |line: &str| {
            serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))
        };
        self.stdout.lines().map(object).collect()
    }
}

impl Running {
    /// Waits for a line that contains `part`, and gives it back.
    #[track_caller]
    pub(crate) fn wait_for(&self, part: &str) -> String {
        loop {
            match self.lines.recv_timeout(LINE_TIMEOUT) {
                Ok(line) if line.contains(part) => return line,
                Ok(_) => {}
                Err(error) => panic!("no line with `{part}`: {error}"),
            }
        }
    }

    /// Asks it to end, as a service manager does, and gives back its exit code.
    #[cfg(unix)]
    pub(crate) fn terminate(mut self) -> Option<i32> {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").arg(id).status().unwrap().success());
        let mut rest = String::new();
        if let Some(mut stderr) = self.child.stderr.take() {
            stderr.read_to_string(&mut rest).unwrap();
        }
        self.child.wait().unwrap().code()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A file of the repository's `models/`.
pub(crate) fn models(name: &str) -> PathBuf {
    let models = std::fs::canonicalize("../../models");
    models.expect("the repository's models").join(name)
}
