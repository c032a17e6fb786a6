//! One child process with a name: announced, timed, and its exit code kept.
use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
    time::Instant,
};

use crate::{Failure, output};

/// A named child process.
pub(crate) struct Step {
    name: String,
    command: Command,
}

impl Step {
    /// `cargo ARGUMENTS` in `root`; the name is what a person would type.
    pub(crate) fn cargo(root: &Path, arguments: &[&str]) -> Self {
        let mut command = cargo();
        command.args(arguments).current_dir(root);
        Self {
            name: format!("cargo {}", arguments.join(" ")),
            command,
        }
    }

    /// The workspace's program `name`, which lies beside this one, with `arguments` in `root`.
    ///
    /// # Errors
    /// When the system does not tell where this program lies.
    pub(crate) fn sibling(root: &Path, name: &str, arguments: &[&str]) -> Result<Self, Failure> {
        let this = this_program()?;
        let file = format!("{name}{}", std::env::consts::EXE_SUFFIX);
        let mut command = Command::new(this.with_file_name(file));
        command.args(arguments).current_dir(root);
        Ok(Self {
            name: format!("{name} {}", arguments.join(" ")),
            command,
        })
    }

    /// Sets an environment variable and shows it in the name.
    pub(crate) fn env(mut self, key: &str, value: &str) -> Self {
        self.command.env(key, value);
        self.name = format!("{key}={value} {}", self.name);
        self
    }

    /// Runs the child with this process's terminal.
    ///
    /// # Errors
    /// Names the step; the code is the child's, or 1 where a signal ended it.
    pub(crate) fn run(mut self) -> Result<(), Failure> {
        let name = self.name;
        timed(&name, || {
            let status = self
                .command
                .status()
                .map_err(|error| Failure::broken(format!("cannot start `{name}`: {error}")))?;
            if status.success() {
                return Ok(());
            }
            let code = status
                .code()
                .and_then(|code| u8::try_from(code).ok())
                .filter(|code| *code != 0);
            Err(Failure {
                message: format!("`{name}` failed: {status}"),
                code: code.unwrap_or(1),
            })
        })
    }
}

/// Where this program lies. The system is asked once, at the start: a build of the workspace may replace the
/// file, and then it would name one that is gone.
///
/// # Errors
/// When the system does not tell.
pub(crate) fn this_program() -> Result<&'static Path, Failure> {
    static THIS: OnceLock<Option<PathBuf>> = OnceLock::new();
    THIS.get_or_init(|| std::env::current_exe().ok())
        .as_deref()
        .ok_or_else(|| Failure::broken("the system does not tell where this program lies"))
}

/// The cargo that runs this program, so that children use the same toolchain.
pub(crate) fn cargo() -> Command {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// Announces `name`, runs `work` and prints how long it took.
pub(crate) fn timed(name: &str, work: impl FnOnce() -> Result<(), Failure>) -> Result<(), Failure> {
    output::line(&format!("==> {name}"));
    let start = Instant::now();
    let outcome = work();
    let seconds = start.elapsed().as_secs_f32();
    output::line(&match &outcome {
        Ok(()) => format!("    ok in {seconds:.1} s"),
        Err(_) => format!("    FAILED after {seconds:.1} s"),
    });
    outcome
}
