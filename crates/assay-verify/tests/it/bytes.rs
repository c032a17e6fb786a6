use crate::committee::{CHAIN, Committee, proof};
use assay_types::encode;
use assay_verify::{Anchor, parse_receipt, verify_receipt};
use proptest::{
    collection::vec,
    prelude::{ProptestConfig, any, prop_assert, prop_assert_eq, proptest},
    sample::Index,
};
use std::sync::LazyLock;

static PROOF: LazyLock<(Anchor, Vec<u8>)> = LazyLock::new(|| {
    let committee = Committee::new(CHAIN, 4);
    (
        committee.anchor(),
        encode(&proof(&committee, 1, &[0, 1, 3])),
    )
});

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2_000) })]

    #[test]
    fn random_bytes_never_verify(bytes in vec(any::<u8>(), 0..3_000)) {
        if let Ok(proof) = parse_receipt(&bytes) {
            prop_assert!(verify_receipt(&PROOF.0, &proof).is_err());
        }
    }

    #[test]
    fn altered_proofs_never_verify(
        edits in vec((any::<Index>(), any::<u8>()), 1..4),
        cut in any::<Index>(),
        insert in vec(any::<u8>(), 0..3),
    ) {
        let (anchor, honest) = &*PROOF;
        let mut bytes = honest.clone();
        for (place, value) in edits {
            let place = place.index(bytes.len());
            bytes[place] = value;
        }
        let cut = cut.index(bytes.len());
        bytes.splice(cut..cut, insert);
        if let Ok(proof) = parse_receipt(&bytes) {
            prop_assert_eq!(encode(&proof), bytes.clone());
            prop_assert_eq!(verify_receipt(anchor, &proof).is_ok(), bytes == *honest);
        }
    }

    #[test]
    fn random_texts_are_no_anchor(text in "[\\[\\]{}\":,a-z0-9 ]{0,200}") {
        prop_assert!(Anchor::parse(&text).is_err());
    }
}
