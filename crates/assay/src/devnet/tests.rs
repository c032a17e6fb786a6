use super::*;

#[test]
fn a_network_is_made_once_and_found_again() {
    let parent = tempfile::tempdir().unwrap();
    let folder = Folder::new(parent.path().join("dev"));
    assert!(!folder.exists());
    let network = folder.make().unwrap();
    assert!(folder.exists());
    assert_eq!(folder.genesis().unwrap(), network.genesis);
    let validator = folder.validator_key(DEV_PASSPHRASE).unwrap();
    assert_eq!(validator.account(), network.validator().account());
    let buyer = WalletFile::open(&wallet_in(&folder.wallets(), "buyer"), DEV_PASSPHRASE).unwrap();
    assert_eq!(
        Some(buyer.account()),
        network.wallet("buyer").map(|wallet| wallet.key.account())
    );
    let text = fs::read_to_string(folder.anchor()).unwrap();
    assert_eq!(
        Anchor::parse(&text).unwrap().chain(),
        network.genesis.chain_id()
    );

    let error = format!("{:#}", folder.make().unwrap_err());
    assert!(error.contains("cannot make a network"), "{error}");
    assert_eq!(
        fs::read_dir(parent.path()).unwrap().count(),
        1,
        "no draft stays behind"
    );
}
