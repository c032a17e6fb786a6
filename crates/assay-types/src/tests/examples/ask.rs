use super::{HASH, Named, account, key, named};
use crate::{Ask, ChainId, ContentId, MinerAddress, SignedAnswer, SignedAsk, TopicId, UnixTime};

pub(in super::super) const ASK_BODY: &[u8] = br#"{"digit":"7"}"#;
pub(in super::super) const ANSWER_BODY: &[u8] = br#"{"label":7}"#;

pub(in super::super) fn miner_addresses() -> Vec<Named<MinerAddress>> {
    named([
        ("ipv4", "http://203.0.113.7:8091"),
        ("ipv6", "http://[2001:db8::2:1]:8091"),
        ("name", "https://miner.example.org:443"),
    ])
    .into_iter()
    .map(|(name, text)| (name, text.parse().expect("an address")))
    .collect()
}

pub(in super::super) fn signed_ask() -> SignedAsk {
    Ask {
        chain: ChainId::new([0x11; 32]),
        topic: TopicId::new([0x31; 32]),
        from: account(1),
        to: account(2),
        at: UnixTime::new(1_700_000_000_123),
        nonce: HASH,
        body: ContentId::of(ASK_BODY),
    }
    .sign(&key(1))
}

pub(in super::super) fn signed_answer() -> SignedAnswer {
    signed_ask().answer(ANSWER_BODY, &key(2))
}
