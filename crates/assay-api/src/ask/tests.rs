use super::*;
use assay_types::{Ask, ChainId, ContentId, Hash32, SecretKey, TopicId, UnixTime};

fn ask() -> SignedAsk {
    let key = SecretKey::from_bytes(&[1; 32]);
    Ask {
        chain: ChainId::new([1; 32]),
        topic: TopicId::new([2; 32]),
        from: key.account(),
        to: key.account(),
        at: UnixTime::new(3),
        nonce: Hash32::new([4; 32]),
        body: ContentId::of(b"what?"),
    }
    .sign(&key)
}

fn check_refused(text: &str, is_base64: bool) {
    let refusals = [
        ask_from_header(text).expect_err(text),
        answer_from_header(text).expect_err(text),
    ];
    for refused in refusals {
        let decoded = matches!(refused, AskHeaderError::NotDecoded { .. });
        assert_eq!(decoded, is_base64, "{text}: {refused}");
        assert!(refused.to_string().contains("; "), "{refused}");
    }
}

#[test]
fn headers_read_back() {
    let ask = ask();
    let text = ask_to_header(&ask);
    assert_eq!(ask_from_header(&text).expect("an ask"), ask);
    let answer = ask.answer(b"that", &SecretKey::from_bytes(&[1; 32]));
    let text = answer_to_header(&answer);
    assert_eq!(answer_from_header(&text).expect("an answer"), answer);
}

#[test]
fn a_header_has_one_spelling() {
    let text = ask_to_header(&ask());
    assert!(text.ends_with('='), "some of its last letter is padding");
    let trimmed = text.trim_end_matches('=');
    let (start, last) = trimmed.split_at(trimmed.len() - 1);
    let stray = char::from(last.as_bytes()[0] + 1);
    for other in [
        trimmed.to_owned(),
        format!("{text}="),
        format!("{start}{stray}{}", &text[trimmed.len()..]),
        format!(" {text}"),
        format!("{text}\n"),
        text.replacen(char::is_alphanumeric, "-", 1),
        "\u{e4}".repeat(10),
    ] {
        check_refused(&other, false);
    }
    for other in ["", "AAAA", &STANDARD.encode([1; 1_000])] {
        check_refused(other, true);
    }
    let answer = ask().answer(b"that", &SecretKey::from_bytes(&[1; 32]));
    assert!(ask_from_header(answer_to_header(&answer)).is_err());
    assert!(answer_from_header(text).is_err());
}
