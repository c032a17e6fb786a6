use super::*;

fn chain(byte: u8) -> ChainId {
    ChainId::new([byte; 32])
}

#[test]
fn a_folder_has_one_owner_at_a_time() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("node");
    let first = Folder::open(&path, chain(1)).expect("the first owner");
    let error = Folder::open(&path, chain(1)).expect_err("a second owner");
    assert!(matches!(error, FolderError::InUse { .. }), "{error}");
    assert!(
        error.to_string().contains("in use by another process"),
        "{error}"
    );
    drop(first);
    Folder::open(&path, chain(1)).expect("the next owner");
}

#[test]
fn a_folder_belongs_to_one_chain() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    drop(Folder::open(folder.path(), chain(1)).expect("the first chain"));
    let error = Folder::open(folder.path(), chain(2)).expect_err("another chain");
    assert!(matches!(error, FolderError::OtherChain { .. }), "{error}");
    drop(Folder::open(folder.path(), chain(1)).expect("the first chain again"));
}

#[test]
fn a_file_in_place_of_the_folder_is_an_error() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("file");
    fs::write(&path, "x").expect("a file");
    let error = Folder::open(&path, chain(1)).expect_err("a file is no folder");
    assert!(matches!(error, FolderError::Io { .. }), "{error}");
}
