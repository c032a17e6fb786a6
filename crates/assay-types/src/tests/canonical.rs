//! A value has exactly one encoding: what decodes encodes to the same bytes again, whatever was done to them.

use crate::{decode, encode};
use commonware_codec::{DecodeExt, Encode};
use proptest::{
    collection::vec,
    prelude::*,
    sample::Index,
    test_runner::{TestCaseError, TestCaseResult},
};
use std::fmt::Debug;

/// What a stranger may do to bytes.
#[derive(Debug, Clone)]
enum Mutation {
    Set(Index, u8),
    Flip(Index, u8),
    Insert(Index, Vec<u8>),
    Remove(Index, usize),
    Copy(Index, Index, usize),
    Replace(Vec<u8>),
}

fn mutation() -> impl Strategy<Value = Mutation> {
    prop_oneof![
        4 => (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| Mutation::Set(at, byte)),
        4 => (any::<Index>(), 0..8u8).prop_map(|(at, bit)| Mutation::Flip(at, bit)),
        1 => (any::<Index>(), vec(any::<u8>(), 1..40)).prop_map(|(at, bytes)| Mutation::Insert(at, bytes)),
        1 => (any::<Index>(), 1..40usize).prop_map(|(at, len)| Mutation::Remove(at, len)),
        1 => (any::<Index>(), any::<Index>(), 1..40usize)
            .prop_map(|(from, to, len)| Mutation::Copy(from, to, len)),
        1 => vec(any::<u8>(), 0..400).prop_map(Mutation::Replace),
    ]
}

impl Mutation {
    fn apply(self, bytes: &mut Vec<u8>) {
        if bytes.is_empty() {
            return;
        }
        match self {
            Self::Set(at, byte) => *at.get_mut(bytes) = byte,
            Self::Flip(at, bit) => *at.get_mut(bytes) ^= 1 << bit,
            Self::Insert(at, new) => {
                let at = at.index(bytes.len());
                bytes.splice(at..at, new);
            }
            Self::Remove(at, len) => {
                let at = at.index(bytes.len());
                bytes.drain(at..bytes.len().min(at + len));
            }
            Self::Copy(from, to, len) => {
                let (from, to) = (from.index(bytes.len()), to.index(bytes.len()));
                let part = bytes[from..bytes.len().min(from + len)].to_vec();
                bytes.splice(to..bytes.len().min(to + part.len()), part);
            }
            Self::Replace(new) => *bytes = new,
        }
    }
}

fn check<T>(value: &T, mutations: Vec<Mutation>) -> TestCaseResult
where
    T: Encode + DecodeExt<()> + PartialEq + Debug,
{
    let honest = encode(value);
    prop_assert_eq!(honest.len(), value.encode_size());
    let read = decode::<T>(&honest).map_err(|error| TestCaseError::fail(error.to_string()))?;
    prop_assert_eq!(&read, value);
    let mut bytes = honest.clone();
    for mutation in mutations {
        mutation.apply(&mut bytes);
        if let Ok(other) = decode::<T>(&bytes) {
            prop_assert_eq!(encode(&other), bytes.clone());
            prop_assert_eq!(other == *value, bytes == honest);
        }
    }
    Ok(())
}

macro_rules! canonical {
    ($($type:ident)*) => {
        proptest! {
            #![proptest_config(ProptestConfig::with_cases(128))]
            $(
                #[test]
                fn $type(value in super::arbitrary::$type(), mutations in vec(mutation(), 1..6)) {
                    check(&value, mutations)?;
                }
            )*
        }
    };
}

canonical! {
    account amount basis_points signature public_key lane rejection
    good work check_terms terms call quorum_reveal proof_evidence
    unsigned transaction header block
    event receipt merkle_path finality receipt_proof row_key state_proof
    genesis params upload_claim signed_upload
    miner_address ask signed_ask signed_answer
}
