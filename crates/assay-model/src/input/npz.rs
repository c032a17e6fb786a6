//! NumPy's `.npz` archives: zip files of `.npy` arrays, stored or deflated.

use std::io::{Cursor, Read};

use zip::ZipArchive;

use super::{Input, InputError, NPY_BYTES_MAX, check_size, decode_npy, quoted};

/// Longest archive; arrays are unpacked one at a time under their own limit.
pub const NPZ_BYTES_MAX: usize = NPY_BYTES_MAX;

/// Most arrays of an archive: enough for a data set with its parts, few enough to list in an error.
pub const NPZ_ARRAYS_MAX: usize = 64;

/// What each entry of a zip file's directory begins with.
const DIRECTORY_ENTRY: &[u8] = b"PK\x01\x02";

/// Names that are tried, in this order, where an archive has several arrays and none is asked for.
const PREFERRED: [&str; 4] = ["x", "input", "data", "arr_0"];

/// Reads the array `name` of an archive; without a name, its only array or the first of `x`, `input`,
/// `data`, `arr_0` that it has.
///
/// # Errors
/// [`InputError::Npz`], [`InputError::Arrays`], [`InputError::Unpack`], or what [`decode_npy`] returns.
pub fn decode_npz(bytes: &[u8], name: Option<&str>) -> Result<Input, InputError> {
    check_size(".npz archive", bytes.len(), NPZ_BYTES_MAX)?;
    let refused = |source| InputError::Npz { source };
    // Reading an archive allocates for every entry of its directory, so the entries are counted first.
    let entries = bytes.windows(4).filter(|word| *word == DIRECTORY_ENTRY);
    check_size("list of arrays", entries.count(), NPZ_ARRAYS_MAX)?;
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(refused)?;

    let arrays: Vec<(usize, String)> = (0..archive.len())
        .filter_map(|index| {
            let name = archive.name_for_index(index)?.strip_suffix(".npy")?;
            Some((index, name.to_owned()))
        })
        .collect();
    let position = |wanted: &str| arrays.iter().position(|(_, name)| name == wanted);
    let found = match (name, arrays.len()) {
        (Some(name), _) => position(name),
        (None, 1) => Some(0),
        (None, _) => PREFERRED.iter().find_map(|name| position(name)),
    };
    let Some((index, name)) = found.map(|found| &arrays[found]) else {
        let names = arrays.iter().map(|(_, name)| quoted(name)).collect();
        return Err(InputError::Arrays { names });
    };

    let entry = archive.by_index(*index).map_err(refused)?;
    let mut unpacked = Vec::new();
    // One byte over the limit is enough to see that it is passed; the declared size proves nothing.
    entry
        .take(NPY_BYTES_MAX as u64 + 1)
        .read_to_end(&mut unpacked)
        .map_err(|source| InputError::Unpack {
            name: quoted(name),
            source,
        })?;
    decode_npy(&unpacked)
}
