use super::{config::write_key, *};
use assay_types::SecretKey;
use std::net::Ipv4Addr;

const FREE: Addresses = Addresses {
    host: IpAddr::V4(Ipv4Addr::LOCALHOST),
    http_port: 0,
    peer_port: 0,
};

fn four() -> NonZeroU8 {
    NonZeroU8::new(4).unwrap()
}

#[test]
fn each_validators_folder_is_complete_in_itself() {
    let parent = tempfile::tempdir().unwrap();
    let folder = NetworkFolder::new(parent.path().join("net"));
    let error = format!("{:#}", folder.validators().unwrap_err());
    assert!(error.contains("there is no network"), "{error}");
    let network = folder.make(four(), FREE, None).unwrap();
    let validators = folder.validators().unwrap();
    assert_eq!(validators.len(), 4);
    let mut addresses = std::collections::BTreeSet::new();
    for (validator, key) in validators.iter().zip(&network.validators) {
        let folder = &validator.folder;
        assert_eq!(folder.genesis().unwrap(), network.genesis);
        assert_eq!(
            read_key(&folder.key_file()).unwrap().account(),
            key.account()
        );
        let file = NodeFile::read(&folder.node_file()).unwrap();
        let peers = file.peers(&network.genesis, key.account()).unwrap();
        assert_eq!(peers.len(), 3);
        assert!(
            peers
                .iter()
                .all(|(peer, _)| peer.account() != key.account())
        );
        addresses.extend([file.http, file.listen]);
    }
    assert_eq!(addresses.len(), 8, "every address is its own");
    let anchor = fs::read_to_string(folder.anchor()).unwrap();
    assert_eq!(
        Anchor::parse(&anchor).unwrap().chain(),
        network.genesis.chain_id()
    );
    let error = format!("{:#}", folder.make(four(), FREE, None).unwrap_err());
    assert!(error.contains("cannot make a network"), "{error}");
}

#[test]
fn ports_that_run_into_each_other_are_refused() {
    let parent = tempfile::tempdir().unwrap();
    let folder = NetworkFolder::new(parent.path().join("net"));
    for (http_port, peer_port) in [(5000, 5003), (5000, 5000), (65534, 5000)] {
        let addresses = Addresses {
            http_port,
            peer_port,
            ..FREE
        };
        assert!(
            folder.make(four(), addresses, None).is_err(),
            "{http_port} {peer_port}"
        );
        assert!(!folder.path().exists());
    }
}

#[test]
fn a_configuration_that_is_not_understood_is_refused() {
    let parent = tempfile::tempdir().unwrap();
    let folder = NetworkFolder::new(parent.path().join("net"));
    let network = folder.make(four(), FREE, None).unwrap();
    let path = folder.validators().unwrap()[0].folder.node_file();
    let good = fs::read_to_string(&path).unwrap();
    let me = network.validators[0].account();
    let stranger = SecretKey::from_bytes(&[9; 32]).account();
    let other = network.validators[1].account();
    let (head, _) = good.split_once("[[peers]]").unwrap();
    let cases = [
        (format!("archives = true\n{good}"), "archives"),
        (head.to_owned(), "does not say where validator"),
        (
            good.replace(&other.to_string(), &stranger.to_string()),
            "does not say where",
        ),
        (
            format!("{good}\n[[peers]]\nvalidator = \"{stranger}\"\naddress = \"127.0.0.1:1\"\n"),
            "no other validator",
        ),
        (
            format!("{good}\n[[peers]]\nvalidator = \"{other}\"\naddress = \"127.0.0.1:1\"\n"),
            "twice",
        ),
        (good.replace("http = \"", "http = \"x"), "cannot understand"),
    ];
    for (text, expected) in cases {
        fs::write(&path, &text).unwrap();
        let refused = NodeFile::read(&path).and_then(|file| file.peers(&network.genesis, me));
        let error = format!("{:#}", refused.unwrap_err());
        assert!(error.contains(expected), "{error}\n{text}");
    }
}

#[test]
fn a_key_is_its_owners_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("validator.key");
    let key = SecretKey::from_bytes(&[7; 32]);
    write_key(&path, &key).unwrap();
    assert_eq!(read_key(&path).unwrap().account(), key.account());
    assert!(
        write_key(&path, &key).is_err(),
        "a key is never overwritten"
    );
    for damaged in ["", "00", &"0".repeat(63), &"0".repeat(66), &"g".repeat(64)] {
        fs::write(&path, damaged).unwrap();
        let error = format!("{:#}", read_key(&path).unwrap_err());
        assert!(error.contains("holds no key"), "{error}");
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::write(&path, "0".repeat(64)).unwrap();
        assert!(read_key(&path).is_ok());
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let error = format!("{:#}", read_key(&path).unwrap_err());
        assert!(error.contains("others can read"), "{error}");
    }
}
