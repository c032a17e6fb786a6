//! `coverage`: how much of the pure cores their own tests run, one line a crate.
//!
//! Only our crates are compiled with counters: cargo calls this program instead of rustc for members of the
//! workspace (`RUSTC_WORKSPACE_WRAPPER`), and it passes the compiler's flag on. So dependencies are shared with
//! every other build, and a run costs the cores' own compilation and tests.
//!
//! The counters are read with the compiler's own `llvm-profdata` and `llvm-cov`, which must have its version:
//! `rustup component add llvm-tools`. Without them the run is skipped, and says so.
use std::{
    collections::BTreeMap,
    ffi::OsString,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
};

use serde_json::Value;

use crate::{
    Failure, output,
    step::{cargo, this_program, timed},
};

/// Cores whose tests are counted: those that decide about money and proofs, and what they speak of.
const CORES: &[&str] = &["assay-types", "assay-ledger", "assay-model", "assay-verify"];
/// Says to a child that it stands in for rustc.
const WRAPPER_VARIABLE: &str = "ASSAY_XTASK_COUNTS";

/// Stands in for rustc where cargo was told to call this program; `None` where it was not.
pub(crate) fn as_compiler() -> Option<ExitCode> {
    std::env::var_os(WRAPPER_VARIABLE)?;
    let mut arguments = std::env::args_os().skip(1);
    let compiler = arguments.next()?;
    let status = Command::new(compiler)
        .args(arguments)
        .args(["-C", "instrument-coverage"])
        .env_remove(WRAPPER_VARIABLE)
        .status();
    let code = status.ok().and_then(|status| status.code());
    let code = code.and_then(|code| u8::try_from(code).ok()).unwrap_or(1);
    Some(ExitCode::from(code))
}

/// Runs the cores' tests with counters and prints the shares; skips loudly where the tools are absent.
pub(crate) fn run(root: &Path) -> Result<(), Failure> {
    let Some(tools) = Tools::find(root) else {
        output::line(
            "==> cargo xtask coverage: SKIPPED, the compiler's llvm-profdata and llvm-cov are not installed; `rustup component add llvm-tools` installs them",
        );
        return Ok(());
    };
    timed("cargo xtask coverage", || measure(root, &tools))
}

fn measure(root: &Path, tools: &Tools) -> Result<(), Failure> {
    let binaries = test_binaries(root)?;
    let folder = profiles()?;
    for binary in &binaries {
        let package = binary.folder.clone();
        let mut test = Command::new(&binary.path);
        test.arg("--quiet").current_dir(package);
        test.env("LLVM_PROFILE_FILE", folder.join("%p-%m.profraw"));
        output_of(&mut test, "a test of the cores")?;
    }
    let merged = folder.join("merged.profdata");
    let raw = std::fs::read_dir(&folder)
        .map_err(|error| Failure::broken(format!("cannot list {}: {error}", folder.display())))?
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|end| end == "profraw"));
    let mut merge = Command::new(&tools.profdata);
    merge.args(["merge", "-sparse"]).args(raw);
    output_of(merge.arg("-o").arg(&merged), "llvm-profdata merge")?;

    let mut export = Command::new(&tools.cov);
    export.args(["export", "-summary-only", "-instr-profile"]);
    export.arg(&merged);
    for (index, binary) in binaries.iter().enumerate() {
        if index > 0 {
            export.arg("-object");
        }
        export.arg(&binary.path);
    }
    let report = output_of(&mut export, "llvm-cov export")?;
    let report: Value = serde_json::from_slice(&report)
        .map_err(|error| Failure::broken(format!("llvm-cov printed no JSON: {error}")))?;
    for (core, lines) in by_core(&report, &root.to_string_lossy()) {
        output::line(&format!("    {core:<14} {lines}"));
    }
    // What was counted is of no use to the next run.
    let _ = std::fs::remove_dir_all(&folder);
    Ok(())
}

/// An empty folder for the counters.
fn profiles() -> Result<PathBuf, Failure> {
    let folder = std::env::temp_dir().join(format!("assay-coverage-{}", std::process::id()));
    std::fs::create_dir_all(&folder)
        .map_err(|error| Failure::broken(format!("cannot make {}: {error}", folder.display())))?;
    Ok(folder)
}

/// A program of tests, and the folder that cargo would run it in.
#[derive(Debug, PartialEq, Eq)]
struct TestBinary {
    path: PathBuf,
    folder: PathBuf,
}

/// Compiles the cores' tests with counters.
fn test_binaries(root: &Path) -> Result<Vec<TestBinary>, Failure> {
    let this = this_program()?;
    let mut build = cargo();
    build.args([
        "test", "--lib", "--tests", "--locked", "--no-run", "--quiet",
    ]);
    build.args(["--message-format", "json"]);
    for core in CORES {
        build.args(["-p", core]);
    }
    build.current_dir(root);
    build.env("RUSTC_WORKSPACE_WRAPPER", this);
    build.env(WRAPPER_VARIABLE, "1");
    let messages = output_of(&mut build, "cargo test --no-run")?;
    Ok(read_messages(&String::from_utf8_lossy(&messages)))
}

/// The programs that cargo's messages name.
fn read_messages(messages: &str) -> Vec<TestBinary> {
    messages
        .lines()
        .filter_map(|line| {
            let message: Value = serde_json::from_str(line).ok()?;
            let manifest = Path::new(message.get("manifest_path")?.as_str()?);
            Some(TestBinary {
                path: message.get("executable")?.as_str()?.into(),
                folder: manifest.parent()?.to_owned(),
            })
        })
        .collect()
}

/// Lines that can run, and lines that did.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Lines {
    all: u64,
    run: u64,
}

impl std::fmt::Display for Lines {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { all, run } = self;
        let tenths = (run * 1000).checked_div(*all).unwrap_or_default();
        let (percent, rest) = (tenths / 10, tenths % 10);
        write!(f, "{percent:>3}.{rest} %  {run} of {all} lines")
    }
}

/// Sums `llvm-cov`'s report by core; tests do not count.
fn by_core<'report>(report: &'report Value, root: &str) -> BTreeMap<&'report str, Lines> {
    let files = report
        .pointer("/data/0/files")
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        .unwrap_or_default();
    let mut cores = BTreeMap::<&str, Lines>::new();
    for file in files {
        let core = file
            .get("filename")
            .and_then(Value::as_str)
            .and_then(|path| path.strip_prefix(root)?.strip_prefix("/crates/"))
            .and_then(|path| path.split_once("/src/"))
            .filter(|(core, file)| CORES.contains(core) && !file.contains("tests"))
            .map(|(core, _)| core);
        let count = |name: &str| {
            let at = format!("/summary/lines/{name}");
            file.pointer(&at)
                .and_then(Value::as_u64)
                .unwrap_or_default()
        };
        if let Some(core) = core {
            let lines = cores.entry(core).or_default();
            lines.all += count("count");
            lines.run += count("covered");
        }
    }
    cores
}

/// The compiler's readers of counters.
struct Tools {
    profdata: PathBuf,
    cov: PathBuf,
}

impl Tools {
    fn find(root: &Path) -> Option<Self> {
        let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| OsString::from("rustc"));
        let mut ask = Command::new(rustc);
        ask.args(["--print", "target-libdir"]).current_dir(root);
        let libraries = ask.output().ok().filter(|output| output.status.success())?;
        let libraries = String::from_utf8(libraries.stdout).ok()?;
        let tools = Path::new(libraries.trim()).parent()?.join("bin");
        let tool = |name: &str| {
            let path = tools.join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
            path.exists().then_some(path)
        };
        Some(Self {
            profdata: tool("llvm-profdata")?,
            cov: tool("llvm-cov")?,
        })
    }
}

/// What a child printed; its errors are passed on when it fails.
fn output_of(command: &mut Command, what: &str) -> Result<Vec<u8>, Failure> {
    let output = command
        .output()
        .map_err(|error| Failure::broken(format!("cannot start {what}: {error}")))?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let complained = String::from_utf8_lossy(&output.stderr);
    Err(Failure::found(format!(
        "{what} failed: {}\n{}",
        output.status,
        complained.trim()
    )))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn cargo_names_the_tests() {
        let messages = [
            json!({ "reason": "compiler-artifact", "manifest_path": "/r/crates/assay-types/Cargo.toml",
                    "executable": "/t/assay_types-1" }),
            json!({ "reason": "compiler-artifact", "manifest_path": "/r/crates/assay-types/Cargo.toml",
                    "executable": null }),
            json!({ "reason": "build-finished", "success": true }),
        ];
        let text: String = messages
            .iter()
            .map(|message| format!("{message}\n"))
            .collect();
        let expect = TestBinary {
            path: "/t/assay_types-1".into(),
            folder: "/r/crates/assay-types".into(),
        };
        assert_eq!(read_messages(&text), [expect]);
    }

    #[test]
    fn lines_are_summed_by_core_without_tests() {
        let file = |name: &str, count: u64, covered: u64| json!({ "filename": name, "summary": { "lines": { "count": count, "covered": covered } } });
        let report = json!({ "data": [{ "files": [
            file("/r/crates/assay-types/src/amount.rs", 10, 9),
            file("/r/crates/assay-types/src/call.rs", 30, 29),
            file("/r/crates/assay-types/src/tests/amount.rs", 99, 0),
            file("/r/crates/assay-types/tests/it/main.rs", 99, 0),
            file("/r/crates/assay-node/src/node.rs", 99, 0),
            file("/registry/blake3/src/lib.rs", 99, 0),
        ] }] });
        let cores = by_core(&report, "/r");
        assert_eq!(
            cores,
            BTreeMap::from([("assay-types", Lines { all: 40, run: 38 })])
        );
        assert_eq!(cores["assay-types"].to_string(), " 95.0 %  38 of 40 lines");
        assert_eq!(Lines::default().to_string(), "  0.0 %  0 of 0 lines");
    }
}
