//! The file: a head, rows, an end.
//!
//! ```text
//! "assay state" version(1)                       12 bytes
//! header                                         canonical, behind its length in 4 bytes
//! descendants                                    canonical, behind their length in 4 bytes
//! votes                                          canonical, behind their length in 4 bytes
//! 1 key(32) length(4) value                      a row; keys ascend
//! 0 rows(8) digest(32)                           the end
//! ```
//! Numbers are big-endian. The digest is BLAKE3 over everything but the descendants and votes, up to the
//! number of rows. As JSON lines, the same head, rows and end are an object each, with bytes as hexadecimal
//! digits; that form is for tools and is not read back.

use crate::{consensus::database::ROW_BYTES_MAX, proof::Certificate};
use assay_ledger::{AuditError, Ledger, LoadError};
use assay_types::{
    BlockId, DecodeError, Genesis, Hash32, Header, Height, StateKey, decode, encode,
};
use commonware_cryptography::{Blake3, Hasher as _};
use std::io::{self, Read, Write};

const MAGIC: &[u8; 11] = b"assay state";
/// Version of the format.
pub(super) const VERSION: u8 = 1;
const TAG_END: u8 = 0;
const TAG_ROW: u8 = 1;
/// A header has a few hundred bytes.
const HEADER_BYTES_MAX: usize = 4 * 1024;
/// Headers up to the next votes and the votes of 256 validators.
const CERTIFICATE_BYTES_MAX: usize = 1 << 20;

/// How an export is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExportFormat {
    /// Canonical bytes, which [`check_export`] reads.
    Canonical,
    /// A JSON object a line, for tools.
    JsonLines,
}

/// What an export holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exported {
    /// The block whose state it is.
    pub height: Height,
    /// Its id.
    pub block: BlockId,
    /// Root of the state in its header.
    pub state_root: Hash32,
    /// Number of rows.
    pub rows: u64,
    /// The same for every export of this block.
    pub digest: Hash32,
}

/// A sound export, and what shows that its block is final.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckedExport {
    /// What it holds.
    pub exported: Exported,
    /// The header whose state it is.
    pub header: Header,
    /// What makes that block final, once an anchor agrees: `assay_verify::verify_final` tells.
    pub certificate: Certificate,
}

/// Why a file is no sound export of a state.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// It cannot be read.
    #[error("cannot read the export: {0}; it may be cut off")]
    Read(#[from] io::Error),
    /// It is something else.
    #[error("this is no export of a state in version {VERSION}")]
    NotAnExport,
    /// A part is longer than any such part.
    #[error(
        "{what} of the export has {bytes} bytes, at most {max} are possible; the file is damaged"
    )]
    TooLong {
        /// Which part.
        what: &'static str,
        /// Its length.
        bytes: usize,
        /// Its limit.
        max: usize,
    },
    /// A part does not decode.
    #[error("the export is damaged: {0}")]
    Malformed(#[from] DecodeError),
    /// Rows are out of order, or one is there twice.
    #[error("row {key} of the export is not above the one before it; the file is damaged")]
    Order {
        /// Its key.
        key: StateKey,
    },
    /// What was read is not what was written.
    #[error(
        "the export holds {rows} rows with digest {actual}, its end says {claimed_rows} and {claimed}; the file is damaged"
    )]
    Digest {
        /// Rows read.
        rows: u64,
        /// Rows according to its end.
        claimed_rows: u64,
        /// Digest of what was read.
        actual: Hash32,
        /// Digest according to its end.
        claimed: Hash32,
    },
    /// The rows are no ledger.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The ledger breaks an invariant.
    #[error("the exported ledger is inconsistent: {0}")]
    Audit(#[from] AuditError),
    /// The ledger is not its header's.
    #[error("the exported rows stand at height {rows}, the header at {header}")]
    OtherHeight {
        /// What the rows say.
        rows: Height,
        /// What the header says.
        header: Height,
    },
    /// The ledger, written again, has other rows.
    #[error("row {key} of the export is not what the ledger would store; the file is damaged")]
    OtherRow {
        /// Its key.
        key: StateKey,
    },
    /// Something follows the end.
    #[error("bytes follow the end of the export")]
    Trailing,
}

/// Writes an export, row by row.
pub(super) struct Writer<W> {
    out: W,
    format: ExportFormat,
    digest: Blake3,
    exported: Exported,
}

impl<W: Write> Writer<W> {
    pub(super) fn begin(
        out: W,
        format: ExportFormat,
        header: &Header,
        certificate: &Certificate,
    ) -> io::Result<Self> {
        let mut writer = Self {
            out,
            format,
            digest: Blake3::default(),
            exported: Exported {
                height: header.height,
                block: header.id(),
                state_root: header.state_root,
                rows: 0,
                digest: Hash32::default(),
            },
        };
        let header_bytes = encode(header);
        writer.digest.update(MAGIC);
        writer.digest.update(&[VERSION]);
        writer.digest.update(&length(&header_bytes)?);
        writer.digest.update(&header_bytes);
        let descendants = encode(&certificate.descendants);
        let votes = encode(&certificate.finality);
        match format {
            ExportFormat::Canonical => {
                writer.out.write_all(MAGIC)?;
                writer.out.write_all(&[VERSION])?;
                writer.part(&header_bytes)?;
                writer.part(&descendants)?;
                writer.part(&votes)?;
            }
            ExportFormat::JsonLines => {
                let Exported {
                    height,
                    block,
                    state_root,
                    ..
                } = &writer.exported;
                writeln!(
                    writer.out,
                    r#"{{"type":"head","version":{VERSION},"height":{height},"block":"{block}","time":{},"state_root":"{state_root}","header":"{}","descendants":"{}","votes":"{}"}}"#,
                    header.time.get(),
                    hex::encode(&header_bytes),
                    hex::encode(&descendants),
                    hex::encode(&votes),
                )?;
            }
        }
        Ok(writer)
    }

    pub(super) fn row(&mut self, key: &[u8], value: &[u8]) -> io::Result<()> {
        let len = length(value)?;
        for part in [&[TAG_ROW][..], key, &len, value] {
            self.digest.update(part);
        }
        match self.format {
            ExportFormat::Canonical => {
                self.out.write_all(&[TAG_ROW])?;
                self.out.write_all(key)?;
                self.part(value)?;
            }
            ExportFormat::JsonLines => writeln!(
                self.out,
                r#"{{"type":"row","key":"{}","value":"{}"}}"#,
                hex::encode(key),
                hex::encode(value)
            )?,
        }
        self.exported.rows += 1;
        Ok(())
    }

    pub(super) fn finish(mut self) -> io::Result<Exported> {
        let rows = self.exported.rows;
        self.digest.update(&[TAG_END]);
        self.digest.update(&rows.to_be_bytes());
        let digest = Hash32::new(self.digest.finalize().1.0);
        match self.format {
            ExportFormat::Canonical => {
                self.out.write_all(&[TAG_END])?;
                self.out.write_all(&rows.to_be_bytes())?;
                self.out.write_all(digest.as_bytes())?;
            }
            ExportFormat::JsonLines => {
                writeln!(
                    self.out,
                    r#"{{"type":"end","rows":{rows},"digest":"{digest}"}}"#
                )?;
            }
        }
        self.out.flush()?;
        self.exported.digest = digest;
        Ok(self.exported)
    }

    fn part(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.out.write_all(&length(bytes)?)?;
        self.out.write_all(bytes)
    }
}

fn length(bytes: &[u8]) -> io::Result<[u8; 4]> {
    let len = u32::try_from(bytes.len());
    let len = len.map_err(|_| io::Error::other("a part is longer than 4 GiB"))?;
    Ok(len.to_be_bytes())
}

/// Reads a canonical export and checks all that follows from the file and the genesis: the digest, the order
/// of the rows, that they are a consistent ledger at the header's height, and that this ledger, written again,
/// has exactly these rows. Whether the block is final the votes tell that it returns, with an anchor.
///
/// # Errors
/// [`CheckError`]. Memory is that of a running node with this state.
pub fn check_export(genesis: &Genesis, mut input: impl Read) -> Result<CheckedExport, CheckError> {
    let mut magic = [0; MAGIC.len() + 1];
    input.read_exact(&mut magic)?;
    if magic.split_last() != Some((&VERSION, MAGIC)) {
        return Err(CheckError::NotAnExport);
    }
    let mut digest = Blake3::default();
    digest.update(&magic);
    let header_bytes = part(&mut input, "the header", HEADER_BYTES_MAX)?;
    digest.update(&length(&header_bytes)?);
    digest.update(&header_bytes);
    let header: Header = decode(&header_bytes)?;
    let descendants = part(&mut input, "the headers above", CERTIFICATE_BYTES_MAX)?;
    let votes = part(&mut input, "the votes", CERTIFICATE_BYTES_MAX)?;
    let certificate = Certificate {
        descendants: decode(&descendants)?,
        finality: decode(&votes)?,
    };
    let mut rows: Vec<(StateKey, Vec<u8>)> = Vec::new();
    loop {
        let [tag] = bytes(&mut input)?;
        digest.update(&[tag]);
        match tag {
            TAG_ROW => {
                let key: [u8; 32] = bytes(&mut input)?;
                let value = part(&mut input, "a row", ROW_BYTES_MAX)?;
                digest.update(&key);
                digest.update(&length(&value)?);
                digest.update(&value);
                let key = StateKey::new(key);
                if rows.last().is_some_and(|(last, _)| *last >= key) {
                    return Err(CheckError::Order { key });
                }
                rows.push((key, value));
            }
            TAG_END => break,
            _ => return Err(CheckError::NotAnExport),
        }
    }
    let count = rows.len() as u64;
    let claimed_rows = u64::from_be_bytes(bytes(&mut input)?);
    digest.update(&count.to_be_bytes());
    let actual = Hash32::new(digest.finalize().1.0);
    let claimed = Hash32::new(bytes(&mut input)?);
    if (count, actual) != (claimed_rows, claimed) {
        return Err(CheckError::Digest {
            rows: count,
            claimed_rows,
            actual,
            claimed,
        });
    }
    if input.read(&mut [0])? != 0 {
        return Err(CheckError::Trailing);
    }
    let ledger = Ledger::load(genesis, rows.iter().map(|(_, value)| value))?;
    ledger.audit()?;
    if ledger.height() != header.height {
        return Err(CheckError::OtherHeight {
            rows: ledger.height(),
            header: header.height,
        });
    }
    let mut again = ledger.rows().into_iter();
    for (key, value) in &rows {
        let row = again.next();
        if !row.is_some_and(|(at, row)| at == *key && row.as_deref() == Some(value)) {
            return Err(CheckError::OtherRow { key: *key });
        }
    }
    if let Some((key, _)) = again.next() {
        return Err(CheckError::OtherRow { key });
    }
    let exported = Exported {
        height: header.height,
        block: header.id(),
        state_root: header.state_root,
        rows: count,
        digest: actual,
    };
    Ok(CheckedExport {
        exported,
        header,
        certificate,
    })
}

fn bytes<const N: usize>(input: &mut impl Read) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    input.read_exact(&mut bytes)?;
    Ok(bytes)
}

/// A part behind its length, which is checked before anything is allocated.
fn part(input: &mut impl Read, what: &'static str, max: usize) -> Result<Vec<u8>, CheckError> {
    let len = u32::from_be_bytes(bytes(input)?);
    let len = usize::try_from(len).unwrap_or(usize::MAX);
    if len > max {
        return Err(CheckError::TooLong {
            what,
            bytes: len,
            max,
        });
    }
    let mut bytes = vec![0; len];
    input.read_exact(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests;
