use crate::{Rejection, decode, encode};

#[test]
fn codes_are_unique_ascending_and_read_back() {
    for pair in Rejection::ALL.windows(2) {
        assert!(
            pair[0].code() < pair[1].code(),
            "{} before {}",
            pair[0].name(),
            pair[1].name()
        );
    }
    for code in 0..=u16::MAX {
        let known = Rejection::ALL
            .iter()
            .copied()
            .find(|rejection| rejection.code() == code);
        assert_eq!(Rejection::from_code(code), known);
        assert_eq!(decode(&code.to_be_bytes()).ok(), known);
    }
    for rejection in Rejection::ALL {
        assert_eq!(encode(rejection), rejection.code().to_be_bytes());
    }
}

#[test]
fn every_rejection_says_what_was_wrong_and_what_to_do() {
    for rejection in Rejection::ALL {
        let text = rejection.to_string();
        assert!(!rejection.message().is_empty() && !rejection.advice().is_empty());
        assert!(
            text.contains(rejection.message()) && text.contains(rejection.advice()),
            "{text}"
        );
        assert!(text.contains(&rejection.code().to_string()), "{text}");
    }
}
