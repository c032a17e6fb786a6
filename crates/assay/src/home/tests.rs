use super::*;

fn home() -> (tempfile::TempDir, Home) {
    let folder = tempfile::tempdir().unwrap();
    let home = Home::new(Some(folder.path())).unwrap();
    (folder, home)
}

#[test]
fn wallets_are_found_by_file_by_name_and_at_the_development_node() {
    let (folder, home) = home();
    let error = format!("{:#}", home.wallet("buyer").unwrap_err());
    assert!(error.contains("no wallet `buyer`"), "{error}");
    assert!(home.instead_of("buyer").contains("wallet new"));

    let dev = folder.path().join("dev/wallets/buyer.wallet");
    write(&dev, b"x").unwrap();
    assert_eq!(home.wallet("buyer").unwrap(), dev);
    let own = folder.path().join("wallets/buyer.wallet");
    write(&own, b"x").unwrap();
    assert_eq!(home.wallet("buyer").unwrap(), own, "one's own comes first");
    let path = dev.display().to_string();
    assert_eq!(home.wallet(&path).unwrap(), dev);
    assert_eq!(home.new_wallet("here.wallet"), Path::new("here.wallet"));
    assert!(home.wallet("./none.wallet").is_err());
    assert!(home.instead_of("buyr").contains("--wallet buyer"));
    assert!(home.instead_of("zzz").contains("wallet list"));
    let listed = home.wallets().unwrap();
    let listed: Vec<_> = listed
        .iter()
        .map(|wallet| (wallet.name.as_str(), wallet.is_dev))
        .collect();
    assert_eq!(listed, [("buyer", false), ("buyer", true)]);
}

#[test]
fn files_are_read_up_to_a_limit_and_written_whole() {
    let (folder, _) = home();
    let path = folder.path().join("a/b/c.bin");
    write(&path, b"12345").unwrap();
    write(&path, b"1234").unwrap();
    assert_eq!(read(&path, 4).unwrap(), b"1234");
    let error = format!("{:#}", read(&path, 3).unwrap_err());
    assert!(error.contains("more than 3 bytes"), "{error}");
    let error = format!("{:#}", read(&folder.path().join("none"), 3).unwrap_err());
    assert!(error.contains("cannot open"), "{error}");
    assert_eq!(
        fs::read_dir(path.parent().unwrap()).unwrap().count(),
        1,
        "no temporary file stays"
    );
}
