use super::{
    arbitrary,
    examples::{self, key, named},
    fixtures::{check_lines, check_wire},
};
use crate::{
    AccountId, AnswerMismatch, Ask, ContentId, SecretKey, SignedAnswer, SignedAsk, UnixTime,
    decode, encode,
};
use proptest::prelude::{ProptestConfig, prop_assert, prop_assert_eq, prop_assert_ne, proptest};

const ASK: &[u8] = b"assay ask v1";
const ANSWER: &[u8] = b"assay answer v1";

/// Every bit of `value` flipped, where that still decodes.
fn with_a_bit_flipped<T>(value: &T) -> Vec<(usize, T)>
where
    T: commonware_codec::Encode + commonware_codec::DecodeExt<()>,
{
    let bytes = encode(value);
    (0..bytes.len() * 8)
        .filter_map(|bit| {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            Some((bit, decode(&flipped).ok()?))
        })
        .collect()
}

/// Puts each field of `other` into a copy of `base`, one at a time.
fn with_one_field_of(base: Ask, other: Ask) -> [Ask; 7] {
    [
        Ask {
            chain: other.chain,
            ..base
        },
        Ask {
            topic: other.topic,
            ..base
        },
        Ask {
            from: other.from,
            ..base
        },
        Ask {
            to: other.to,
            ..base
        },
        Ask {
            at: other.at,
            ..base
        },
        Ask {
            nonce: other.nonce,
            ..base
        },
        Ask {
            body: other.body,
            ..base
        },
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn the_signature_covers_every_field_of_an_ask(base in arbitrary::ask(), other in arbitrary::ask()) {
        let base = Ask { from: key(1).account(), ..base };
        let signed = base.sign(&key(1));
        prop_assert!(signed.signature_holds());
        for ask in with_one_field_of(base, other) {
            if ask == base {
                continue;
            }
            let altered = SignedAsk { ask, signature: signed.signature.clone() };
            prop_assert!(!altered.signature_holds());
            prop_assert_ne!(altered.hash(), signed.hash());
        }
    }

    #[test]
    fn an_answer_holds_for_its_ask_its_body_and_its_miner_alone(
        base in arbitrary::ask(),
        other in arbitrary::ask(),
    ) {
        let base = Ask { to: key(2).account(), ..base };
        let ask = base.sign(&key(1));
        let answer = ask.answer(b"seven", &key(2));
        prop_assert_eq!(answer.check(&ask, b"seven"), Ok(()));
        for changed in with_one_field_of(base, other) {
            if changed == base {
                continue;
            }
            let same_signature = SignedAsk { ask: changed, signature: ask.signature.clone() };
            for changed in [same_signature, changed.sign(&key(1))] {
                prop_assert_eq!(answer.check(&changed, b"seven"), Err(AnswerMismatch::OtherAsk));
            }
        }
        let resigned = base.sign(&key(3));
        prop_assert_eq!(answer.check(&resigned, b"seven"), Err(AnswerMismatch::OtherAsk));
    }
}

#[test]
fn every_bit_of_an_ask_is_signed() {
    let signed = examples::signed_ask();
    assert!(signed.signature_holds());
    let flipped = with_a_bit_flipped(&signed);
    assert_eq!(flipped.len() + 8, encode(&signed).len() * 8, "one version");
    for (bit, ask) in flipped {
        assert!(!ask.signature_holds(), "bit {bit}");
        assert_ne!(ask.hash(), signed.hash(), "bit {bit}");
    }
}

#[test]
fn every_bit_of_an_answer_is_signed() {
    let (ask, answer) = (examples::signed_ask(), examples::signed_answer());
    assert_eq!(answer.check(&ask, examples::ANSWER_BODY), Ok(()));
    let flipped = with_a_bit_flipped(&answer);
    assert_eq!(flipped.len() + 8, encode(&answer).len() * 8, "one version");
    for (bit, other) in flipped {
        let refused = other.check(&ask, examples::ANSWER_BODY);
        assert!(refused.is_err(), "bit {bit}");
    }
}

#[test]
fn an_answer_says_what_does_not_hold() {
    let (ask, body) = (examples::signed_ask(), examples::ANSWER_BODY);
    let by = |signer: &SecretKey| ask.answer(body, signer);
    let elsewhere = SignedAnswer {
        answer: by(&key(2)).answer,
        signature: key(2).sign(ASK, &encode(&by(&key(2)).answer)),
    };
    for (answer, body, expected) in [
        (by(&key(2)), body, Ok(())),
        (by(&key(2)), &b"eight"[..], Err(AnswerMismatch::OtherBody)),
        (by(&key(2)), b"", Err(AnswerMismatch::OtherBody)),
        (by(&key(1)), body, Err(AnswerMismatch::Signature)),
        (elsewhere, body, Err(AnswerMismatch::Signature)),
    ] {
        assert_eq!(answer.check(&ask, body), expected, "{answer:?}");
    }
    let other = Ask {
        at: ask.ask.at.after(1),
        ..ask.ask
    };
    let refused = by(&key(2)).check(&other.sign(&key(1)), b"eight");
    assert_eq!(refused, Err(AnswerMismatch::OtherAsk), "the first of both");
}

#[test]
fn asks_and_answers_sign_in_domains_of_their_own() {
    let (ask, answer) = (examples::signed_ask(), examples::signed_answer());
    for domain in [
        ASK,
        ANSWER,
        b"assay transaction v1",
        b"assay upload v1",
        b"",
    ] {
        let asker = key(1).public_key();
        let holds = asker.verify(domain, &encode(&ask.ask), &ask.signature);
        assert_eq!(holds, domain == ASK, "{domain:?}");
        let asked = key(2).public_key();
        let holds = asked.verify(domain, &encode(&answer.answer), &answer.signature);
        assert_eq!(holds, domain == ANSWER, "{domain:?}");
    }
}

#[test]
fn who_is_no_point_asks_and_answers_nothing() {
    let no_point = AccountId::new([2; 32]);
    let ask = Ask {
        from: no_point,
        to: no_point,
        ..examples::signed_ask().ask
    };
    let ask = ask.sign(&key(1));
    assert!(!ask.signature_holds());
    let refused = ask.answer(b"seven", &key(2)).check(&ask, b"seven");
    assert_eq!(refused, Err(AnswerMismatch::Signature));
}

#[test]
fn time_apart_has_no_sign() {
    let at = UnixTime::new(1_000);
    assert_eq!(at.apart(at.after(7)), 7);
    assert_eq!(at.after(7).apart(at), 7);
    assert_eq!(at.after(u64::MAX), UnixTime::new(u64::MAX));
}

#[test]
fn bytes_are_frozen() {
    let (ask, answer) = (examples::signed_ask(), examples::signed_answer());
    check_wire("signed_ask_v1.hex", &named([("ask", ask.clone())]));
    check_wire("signed_answer_v1.hex", &named([("answer", answer)]));
    let body = ContentId::of(examples::ASK_BODY);
    assert_eq!(ask.ask.body, body);
    check_lines("ask_hash_v1.txt", &named([("ask", ask.hash().to_string())]));
}
