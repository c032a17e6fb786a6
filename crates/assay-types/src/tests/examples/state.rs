//! Rows of the ledger by name, and proofs of them.

use super::{
    HASH, MODEL, Named, OFFER, ORDER, PROOF_KEY, account, blob, finality, header, list, name,
    named, topic::TOPIC,
};
use crate::*;

pub(in super::super) fn row_keys() -> Vec<Named<RowKey>> {
    let (account, key, topic) = (account(1), account(2), TOPIC);
    named([
        ("chain", RowKey::Chain),
        ("account", RowKey::Account { account }),
        ("model", RowKey::Model { model: MODEL }),
        ("offer", RowKey::Offer { offer: OFFER }),
        ("order", RowKey::Order { order: ORDER }),
        (
            "name",
            RowKey::Name {
                name: name("alice-2"),
            },
        ),
        (
            "proof_key",
            RowKey::ProofKey {
                model: MODEL,
                key: PROOF_KEY,
            },
        ),
        ("topic", RowKey::Topic { topic }),
        ("slot", RowKey::Slot { topic, slot: 7 }),
        ("pool", RowKey::Pool { topic, key }),
        (
            "staker",
            RowKey::Staker {
                topic,
                key,
                staker: account,
            },
        ),
        ("round", RowKey::Round { topic }),
    ])
}

pub(in super::super) fn state_proofs() -> Vec<Named<StateProof>> {
    let next = StateKey::new([0x2b; 32]);
    let present = StateProof {
        version: STATE_PROOF_VERSION,
        chain: ChainId::new([0x11; 32]),
        key: RowKey::Account {
            account: account(1),
        },
        evidence: StateEvidence::Present {
            value: blob(b"value"),
            next,
        },
        path: StatePath {
            location: 515,
            activity: [0x2c; 32],
            tail: Some(HASH),
            inactive_peaks: 2,
            hashes: list(vec![HASH, Hash32::new([0x2d; 32])]),
        },
        header: header(),
        descendants: List::default(),
        finality: finality(),
    };
    let absent = StateProof {
        key: RowKey::Chain,
        evidence: StateEvidence::Absent {
            before: StateKey::new([0x2e; 32]),
            row: blob(b"row"),
            next,
        },
        path: StatePath {
            tail: None,
            ..present.path.clone()
        },
        descendants: list(vec![header()]),
        ..present.clone()
    };
    named([("present", present), ("absent", absent)])
}
