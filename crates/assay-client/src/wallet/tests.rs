use super::*;

fn key(byte: u8) -> SecretKey {
    SecretKey::from_bytes(&[byte; 32])
}

fn sealed(byte: u8) -> WalletFile {
    WalletFile::seal("correct horse", &key(byte), UnlockCost::Low).expect("sealed")
}

#[test]
fn a_wallet_opens_with_its_passphrase_only() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("buyer.wallet");
    WalletFile::create_with(&path, "correct horse", &key(7), UnlockCost::Low).expect("created");

    let opened = WalletFile::open(&path, "correct horse").expect("opened");
    assert_eq!(opened.account(), key(7).account());
    assert_eq!(
        WalletFile::read(&path).expect("read").address(),
        key(7).account()
    );
    let error = WalletFile::open(&path, "battery staple").expect_err("refused");
    assert!(
        matches!(error, WalletError::WrongPassphrase { .. }),
        "{error}"
    );
    assert!(error.to_string().contains(&key(7).account().to_string()));
}

#[test]
fn a_wallet_is_private_and_never_overwritten() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("w");
    WalletFile::create_with(&path, "p", &key(1), UnlockCost::Low).expect("created");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = path.metadata().expect("metadata").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    let error = WalletFile::create_with(&path, "p", &key(2), UnlockCost::Low).expect_err("refused");
    assert!(matches!(error, WalletError::Exists { .. }), "{error}");
    let kept = WalletFile::open(&path, "p").expect("opened");
    assert_eq!(kept.account(), key(1).account());
    let names = folder.path().read_dir().expect("folder").count();
    assert_eq!(names, 1, "no temporary file stays");
}

#[test]
fn folders_and_names_that_do_not_exist_are_told() {
    let folder = tempfile::tempdir().expect("folder");
    let missing = folder.path().join("no").join("wallet");
    let error =
        WalletFile::create_with(&missing, "p", &key(1), UnlockCost::Low).expect_err("refused");
    assert!(
        matches!(
            error,
            WalletError::File {
                action: "create",
                ..
            }
        ),
        "{error}"
    );
    let error = WalletFile::open(&missing, "p").expect_err("refused");
    assert!(matches!(error, WalletError::Missing { .. }), "{error}");
    let error = WalletFile::seal("", &key(1), UnlockCost::Low).expect_err("refused");
    assert!(matches!(error, WalletError::EmptyPassphrase), "{error}");
}

#[test]
fn what_is_no_wallet_is_refused() {
    let good = String::from_utf8(sealed(3).to_bytes()).expect("text");
    let address = key(3).account().to_string();
    let age = BASE64_STANDARD.encode(b"age-encryption.org/v1\nnonsense");
    for (bytes, reason) in [
        (String::new(), "EOF"),
        ("[]".to_owned(), "invalid length"),
        (
            good.replace("\"version\": 1", "\"version\": 2"),
            "version is 2",
        ),
        (good.replace("\"version\"", "\"sequence\""), "unknown field"),
        (good.replace("asy1", "asy2"), "not an address"),
        (good.replace("\"age\": \"", "\"age\": \"*"), "base64"),
        (" ".repeat(WALLET_BYTES_MAX + 1), "more than"),
    ] {
        let error = WalletFile::parse(bytes.as_bytes())
            .expect_err("refused")
            .to_string();
        assert!(error.contains(reason), "{error} should tell {reason}");
    }
    let damaged = format!("{{\"version\":1,\"address\":\"{address}\",\"age\":\"{age}\"}}");
    let damaged = WalletFile::parse(damaged.as_bytes()).expect("parsed");
    let error = damaged.unlock("p").expect_err("refused");
    assert!(matches!(error, WalletError::Malformed { .. }), "{error}");
}

#[test]
fn a_changed_address_or_cost_is_noticed() {
    let mut renamed = sealed(4);
    renamed.address = key(5).account();
    let error = renamed.unlock("correct horse").expect_err("refused");
    assert!(matches!(error, WalletError::WrongAddress { .. }), "{error}");

    let mut costly = sealed(4);
    let header = String::from_utf8_lossy(&costly.sealed).into_owned();
    let line = header.lines().nth(1).expect("the scrypt stanza").to_owned();
    let dear = line
        .strip_suffix(" 10")
        .expect("its work factor")
        .to_owned()
        + " 40";
    let at = line.len() + header.lines().next().expect("version").len() + 1;
    costly.sealed.splice(at - line.len()..at, dear.bytes());
    let error = costly.unlock("correct horse").expect_err("refused");
    assert!(
        matches!(
            error,
            WalletError::TooCostly {
                work_factor: 40,
                ..
            }
        ),
        "{error}"
    );
}

#[test]
fn every_flipped_byte_of_the_encrypted_part_is_refused() {
    let wallet = sealed(6);
    for at in (0..wallet.sealed.len()).step_by(7) {
        let mut flipped = wallet.clone();
        flipped.sealed[at] ^= 1;
        assert!(flipped.unlock("correct horse").is_err(), "byte {at}");
    }
}
