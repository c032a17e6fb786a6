use crate::committee::{CHAIN, Committee};
use assay_types::{AccountId, PublicKey, VALIDATORS_MAX};
use assay_verify::{ANCHOR_TEXT_BYTES_MAX, Anchor, AnchorError};

/// Encodings of all eight points of small order, the canonical ones first.
const SMALL_ORDER: [&str; 12] = [
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    "0100000000000000000000000000000000000000000000000000000000000080",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
];

#[test]
fn the_text_form_reads_back() {
    for size in [1, 4, 7] {
        let anchor = Committee::new(CHAIN, size).anchor();
        assert_eq!(
            Anchor::parse(&anchor.to_text()).expect("its own text"),
            anchor
        );
    }
}

#[test]
fn the_text_form_is_frozen() {
    let key = "3b6a27bcceb6a42d62a3a8d02a6f0d73653215771de243a63ac048a18b59da29";
    let expected = format!(
        "{{\n  \"chain_id\": \"{}\",\n  \"validators\": [\n    \"{key}\"\n  ]\n}}\n",
        "07".repeat(32)
    );
    assert_eq!(Committee::new(CHAIN, 1).anchor().to_text(), expected);
}

#[test]
fn texts_that_are_no_anchor_are_refused() {
    let (chain, key) = (
        "07".repeat(32),
        "3b6a27bcceb6a42d62a3a8d02a6f0d73653215771de243a63ac048a18b59da29",
    );
    let (no_point, short) = (format!("02{}", "00".repeat(31)), &chain[2..]);
    let cases = [
        (
            format!(r#"{{"chain_id":"{chain}","validators":["{key}"]}} x"#),
            "Text",
        ),
        (
            format!(r#"{{"chain_id":"{chain}","validators":["{key}"],"epoch":0}}"#),
            "Text",
        ),
        (
            format!(r#"{{"chain_id":"{chain}","chain_id":"{chain}","validators":["{key}"]}}"#),
            "Text",
        ),
        (format!(r#"{{"chain_id":"{chain}"}}"#), "Text"),
        (format!(r#"{{"validators":["{key}"]}}"#), "Text"),
        (
            format!(r#"{{"chain_id":7,"validators":["{key}"]}}"#),
            "Text",
        ),
        (String::new(), "Text"),
        ("[".repeat(10_000), "Text"),
        (
            format!(r#"{{"chain_id":"{short}","validators":["{key}"]}}"#),
            "Id",
        ),
        (
            format!(r#"{{"chain_id":"{chain}","validators":["{short}"]}}"#),
            "Id",
        ),
        (
            format!(r#"{{"chain_id":"{chain}","validators":["{no_point}"]}}"#),
            "Id",
        ),
        (
            format!(r#"{{"chain_id":"{chain}","validators":[]}}"#),
            "NoValidators",
        ),
        (
            format!(r#"{{"chain_id":"{chain}","validators":["{key}","{key}"]}}"#),
            "NotAscending",
        ),
        (" ".repeat(ANCHOR_TEXT_BYTES_MAX + 1), "TextTooLong"),
    ];
    for (text, expected) in cases {
        let error = Anchor::parse(&text).expect_err(&text);
        let name = format!("{error:?}");
        assert!(name.starts_with(expected), "{text}: {name}");
    }
}

#[test]
fn validators_must_ascend_and_be_few() {
    let mut keys: Vec<PublicKey> = Committee::new(CHAIN, 3).anchor().validators().to_vec();
    keys.swap(1, 2);
    let error = Anchor::new(CHAIN, keys.clone()).expect_err("not ascending");
    assert!(matches!(error, AnchorError::NotAscending { index: 2 }));
    let many = vec![keys[0].clone(); VALIDATORS_MAX + 1];
    let error = Anchor::new(CHAIN, many).expect_err("too many");
    assert!(matches!(
        error,
        AnchorError::TooManyValidators { count: 257 }
    ));
}

#[test]
fn the_largest_anchor_fits_its_text_limit() {
    let mut keys: Vec<PublicKey> = (0..VALIDATORS_MAX)
        .map(|n| {
            let mut seed = [0; 32];
            seed[..8].copy_from_slice(&n.to_be_bytes());
            assay_types::SecretKey::from_bytes(&seed).public_key()
        })
        .collect();
    keys.sort();
    let anchor = Anchor::new(CHAIN, keys).expect("distinct keys");
    assert_eq!(
        Anchor::parse(&anchor.to_text()).expect("its own text"),
        anchor
    );
}

#[test]
fn keys_for_which_anyone_can_sign_are_refused() {
    for text in SMALL_ORDER {
        let bytes: assay_types::Hash32 = text.parse().expect("64 digits");
        let key = PublicKey::try_from(AccountId::new(*bytes.as_bytes())).expect("a point");
        let error = Anchor::new(CHAIN, vec![key]).expect_err(text);
        assert!(matches!(error, AnchorError::WeakKey { index: 0 }), "{text}");
    }
}
