//! `fixtures`: models and recorded series that are not the repository's own, fetched from the packages that carry them.
//!
//! Where packages come from is pip's own configuration. What comes is pinned twice: pip refuses an archive of
//! another hash, and the file taken out of it is hashed again, also when it has been there for a while. Tests and
//! benchmarks that want a fixture look for it in the same folder and say so where it is absent.
use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{Failure, output, step::timed};

/// Environment variable that names another folder.
const FOLDER: &str = "ASSAY_FIXTURES";
/// Environment variable that names another Python.
const PYTHON: &str = "ASSAY_PYTHON";
/// The Python that packages are chosen for; the one that runs pip may be newer than a package admits.
const PYTHON_VERSION: &str = "3.11";
/// The platform likewise: of packages that run on one alone, only data is taken, and archives of others have other hashes.
const PLATFORM: &str = "manylinux2014_x86_64";

/// A file inside a package.
struct Fixture {
    package: &'static str,
    version: &'static str,
    /// SHA-256 of the package's archive.
    archive: &'static str,
    /// The file inside the archive.
    member: &'static str,
    /// How it is taken out.
    take: Take,
    /// SHA-256 of what was taken.
    sha256: &'static str,
    /// Where it goes, below the fixtures' folder.
    file: &'static str,
    /// What it is and may be used for.
    about: &'static str,
}

/// How a file is taken out of an archive.
#[derive(Clone, Copy)]
enum Take {
    /// As it is.
    Whole,
    /// Out of gzip.
    Unzipped,
    /// A table of years by months, as a line for each month: `month,value`.
    Months,
}

const FIXTURES: [Fixture; 4] = [
    Fixture {
        package: "rapidocr-onnxruntime",
        version: "1.4.4",
        archive: "971d7d5f223a7a808662229df1ef69893809d8457d834e6373d3854bc1782cbf",
        member: "rapidocr_onnxruntime/models/ch_ppocr_mobile_v2.0_cls_infer.onnx",
        take: Take::Whole,
        sha256: "e47acedf663230f8863ff1ab0e64dd2d82b838fceb5957146dab185a89d6215c",
        file: "rapidocr-cls/model.onnx",
        about: "orientation of a line of text (PP-OCR mobile v2.0), Apache-2.0",
    },
    Fixture {
        package: "statsmodels",
        version: "0.14.5",
        archive: "f402fc793458dd6d96e099acb44cd1de1428565bf7ef3030878a8daff091f08a",
        member: "statsmodels/datasets/elnino/elnino.csv",
        take: Take::Months,
        sha256: "48fa6b7337b1ad0d88e79163f708ce83dc7ac05c765f900be49fd458cf31c668",
        file: "series/elnino.csv",
        about: "sea surface temperatures, months of 1950 to 2010 (NOAA, ERSST.V3B, Niño 1+2), public domain",
    },
    Fixture {
        package: "statsmodels",
        version: "0.14.5",
        archive: "f402fc793458dd6d96e099acb44cd1de1428565bf7ef3030878a8daff091f08a",
        member: "statsmodels/datasets/sunspots/sunspots.csv",
        take: Take::Whole,
        sha256: "f67889b1d9002cd5227f0e0ef54e35b419cdd85a31279adef6f73fb41e5c0a9b",
        file: "series/sunspots.csv",
        about: "sunspots, years 1700 to 2008 (NOAA, National Geophysical Data Center), public domain",
    },
    Fixture {
        package: "scikit-learn",
        version: "1.7.2",
        archive: "89877e19a80c7b11a2891a27c21c4894fb18e2c2e077815bcade10d34287b20d",
        member: "sklearn/datasets/data/digits.csv.gz",
        take: Take::Unzipped,
        sha256: "6ebb3d2fee246a4e99363262ddf8a00a3c41bee6014c373ed9d9216ba7f651b8",
        file: "digits/digits.csv",
        about: "1797 handwritten digits of 8 by 8 pixels and their labels (E. Alpaydin, C. Kaynak, UCI), CC BY 4.0",
    },
];

impl Take {
    /// A script that takes the member of an archive into a file: the three arguments in this order.
    const fn script(self) -> &'static str {
        match self {
            Self::Whole => {
                "import sys, zipfile; open(sys.argv[3], 'wb').write(zipfile.ZipFile(sys.argv[1]).read(sys.argv[2]))"
            }
            Self::Unzipped => {
                "import gzip, sys, zipfile; open(sys.argv[3], 'wb').write(gzip.decompress(zipfile.ZipFile(sys.argv[1]).read(sys.argv[2])))"
            }
            Self::Months => {
                "\
import csv, io, sys, zipfile
text = zipfile.ZipFile(sys.argv[1]).read(sys.argv[2]).decode()
lines = ['month,value']
for year, *values in list(csv.reader(io.StringIO(text)))[1:]:
    lines += [f'{year}-{month:02},{value}' for month, value in enumerate(values, 1)]
open(sys.argv[3], 'wb').write(('\\n'.join(lines) + '\\n').encode())
"
            }
        }
    }
}

/// Fetches what is absent and checks what is there.
pub(crate) fn run(root: &Path) -> Result<(), Failure> {
    let folder = std::env::var_os(FOLDER).map_or_else(|| root.join("fixtures"), PathBuf::from);
    let python = Python::find()?;
    for fixture in &FIXTURES {
        timed(&format!("{}: {}", fixture.file, fixture.about), || {
            fixture.provide(&folder, &python)
        })?;
    }
    output::line(&format!(
        "fixtures are in {}; models/README.md tells how to import models, docs/topics-forecast.md what series are for",
        folder.display()
    ));
    Ok(())
}

impl Fixture {
    fn provide(&self, folder: &Path, python: &Python) -> Result<(), Failure> {
        let target = folder.join(self.file);
        if target.is_file() {
            return self.check(&target, python);
        }
        let downloads = folder.join("downloads");
        create(&downloads)?;
        let archive = self.download(&downloads, python)?;
        create(target.parent().unwrap_or(folder))?;
        // Nobody finds half a file, or a wrong one.
        let part = target.with_extension("part");
        python.run(
            self.take.script(),
            &[archive.as_os_str(), self.member.as_ref(), part.as_os_str()],
        )?;
        self.check(&part, python)?;
        fs::rename(&part, &target).map_err(|error| broken("cannot rename", &part, &error))?;
        fs::remove_dir_all(&downloads).map_err(|error| broken("cannot remove", &downloads, &error))
    }

    /// Lets pip fetch the package and returns the archive's path.
    fn download(&self, downloads: &Path, python: &Python) -> Result<PathBuf, Failure> {
        let list = downloads.join("requirements.txt");
        fs::write(&list, self.requirement())
            .map_err(|error| broken("cannot write", &list, &error))?;
        let mut command = Command::new(&python.program);
        command
            .args([
                "-m",
                "pip",
                "download",
                "--quiet",
                "--no-deps",
                "--require-hashes",
            ])
            .args(["--only-binary=:all:", "--python-version", PYTHON_VERSION])
            .args(["--platform", PLATFORM])
            .arg("--dest")
            .arg(downloads)
            .arg("--requirement")
            .arg(&list);
        let status = command.status();
        if !status.as_ref().is_ok_and(|status| status.success()) {
            return Err(Failure::broken(format!(
                "pip could not fetch {} {}; try `{} -m pip download {}=={}` by hand",
                self.package,
                self.version,
                python.program.display(),
                self.package,
                self.version
            )));
        }
        let entries =
            fs::read_dir(downloads).map_err(|error| broken("cannot list", downloads, &error))?;
        let archive = entries
            .filter_map(Result::ok)
            .map(|entry| entry.path())
            .find(|path| path.extension().is_some_and(|extension| extension == "whl"));
        archive.ok_or_else(|| {
            Failure::broken(format!(
                "pip left no wheel of {} in {}",
                self.package,
                downloads.display()
            ))
        })
    }

    /// A line of pip's requirements with the only hash that it accepts.
    fn requirement(&self) -> String {
        format!(
            "{}=={} --hash=sha256:{}\n",
            self.package, self.version, self.archive
        )
    }

    fn check(&self, file: &Path, python: &Python) -> Result<(), Failure> {
        let found = python.run(
            "import hashlib, sys; print(hashlib.sha256(open(sys.argv[1], 'rb').read()).hexdigest())",
            &[file.as_os_str()],
        )?;
        if found.trim() == self.sha256 {
            return Ok(());
        }
        Err(Failure::found(format!(
            "{} has the SHA-256 {}, but {} is pinned; remove it and run `cargo xtask fixtures` again",
            file.display(),
            found.trim(),
            self.sha256
        )))
    }
}

/// A Python that has pip.
struct Python {
    program: OsString,
}

impl Python {
    fn find() -> Result<Self, Failure> {
        let program = std::env::var_os(PYTHON).unwrap_or_else(|| "python3".into());
        let mut pip = Command::new(&program);
        pip.args(["-m", "pip", "--version"]);
        if pip.output().is_ok_and(|output| output.status.success()) {
            return Ok(Self { program });
        }
        Err(Failure::broken(format!(
            "{} has no pip; install Python 3 with pip, or name one by {PYTHON}",
            program.display()
        )))
    }

    /// Runs a line of Python and returns what it prints.
    fn run(&self, script: &str, arguments: &[&std::ffi::OsStr]) -> Result<String, Failure> {
        let output = Command::new(&self.program)
            .args(["-c", script])
            .args(arguments)
            .output()
            .map_err(|error| {
                Failure::broken(format!("cannot start {}: {error}", self.program.display()))
            })?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        Err(Failure::broken(format!(
            "Python failed: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        )))
    }
}

fn create(folder: &Path) -> Result<(), Failure> {
    fs::create_dir_all(folder).map_err(|error| broken("cannot create", folder, &error))
}

fn broken(what: &str, path: &Path, error: &std::io::Error) -> Failure {
    Failure::broken(format!("{what} {}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fixture_is_pinned() {
        for fixture in &FIXTURES {
            for hash in [fixture.archive, fixture.sha256] {
                assert_eq!(hash.len(), 64, "{}", fixture.file);
                assert!(hash.chars().all(|c| matches!(c, '0'..='9' | 'a'..='f')));
            }
            assert!(fixture.requirement().contains(" --hash=sha256:"));
            assert!(fixture.requirement().contains("=="));
        }
    }
}
