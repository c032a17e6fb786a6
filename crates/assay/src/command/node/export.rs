//! `assay node export`: the state of a stopped node in a file.

use crate::{
    cli::NodeExport,
    devnet::Folder,
    failure::{Done, Ended, Hint},
    output::{Output, good},
};
use anyhow::{Context, anyhow};
use assay_node::{ExportFormat, check_export, export};
use assay_verify::{Anchor, verify_final};
use serde_json::json;
use std::{
    fs::{self, File},
    io::{BufReader, BufWriter},
};

/// Writes the export, reads it back, and says what it holds.
///
/// # Errors
/// When the node runs, nothing is final, the file exists, or cannot be written or read back.
pub(super) fn run(args: &NodeExport, output: &Output) -> Done {
    let folder = Folder::new(&args.dir);
    let genesis = folder.genesis()?;
    let file = File::create_new(&args.out)
        .with_context(|| format!("cannot create {}", args.out.display()))
        .hint(|| "an export overwrites nothing; name a new file in a folder that exists")?;
    let (format, name) = if args.json_lines {
        (ExportFormat::JsonLines, "json-lines")
    } else {
        (ExportFormat::Canonical, "canonical")
    };
    let spinner = output.spinner("exporting");
    let exported = export(&folder.state(), &genesis, format, BufWriter::new(file));
    spinner.finish_and_clear();
    let exported = exported.inspect_err(|_| {
        // What was written is no export.
        drop(fs::remove_file(&args.out));
    })?;
    let read_back = format == ExportFormat::Canonical;
    if read_back {
        let file =
            File::open(&args.out).with_context(|| format!("cannot open {}", args.out.display()))?;
        let found = check_export(&genesis, BufReader::new(file))?;
        let votes = found.certificate;
        verify_final(
            &Anchor::of_genesis(&genesis)?,
            &found.header,
            &votes.descendants,
            &votes.finality,
        )?;
        if found.exported != exported {
            return Err(anyhow!(
                "{} does not hold what was written; check the disk",
                args.out.display()
            ));
        }
    }
    let bytes = fs::metadata(&args.out)?.len();
    output.json(&json!({
        "file": args.out,
        "format": name,
        "bytes": bytes,
        "height": exported.height.get(),
        "block": exported.block.to_string(),
        "state_root": exported.state_root.to_string(),
        "rows": exported.rows,
        "digest": exported.digest.to_string(),
        "read_back": read_back,
    }));
    output.line(format_args!("{} {}", good("exported"), args.out.display()));
    output.facts([
        ("height", exported.height.to_string()),
        ("block", exported.block.to_string()),
        ("state root", exported.state_root.to_string()),
        ("rows", exported.rows.to_string()),
        ("bytes", bytes.to_string()),
        ("digest", exported.digest.to_string()),
    ]);
    Ok(Ended::Well)
}
