use super::arbitrary;
use crate::AccountId;
use bech32::{Bech32, Bech32m, ByteIterExt as _, Fe32, Fe32IterExt as _, Hrp};
use proptest::prelude::{ProptestConfig, any, prop_assert, prop_assert_eq, proptest};

const CHARSET: &[u8] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";
const LENGTH: usize = 62;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn addresses_read_back(account in arbitrary::account()) {
        let address = account.to_string();
        prop_assert_eq!(address.len(), LENGTH);
        prop_assert!(address.starts_with("asy1") && address.starts_with(&account.short()));
        prop_assert_eq!(address.parse(), Ok(account));
        prop_assert_eq!(address.to_uppercase().parse(), Ok(account));
    }

    #[test]
    fn every_wrong_letter_is_refused(account in arbitrary::account()) {
        let address = account.to_string().into_bytes();
        for place in 0..LENGTH {
            for letter in (0..8).map(|bit| address[place] ^ (1 << bit)).chain(CHARSET.iter().copied()) {
                let mut wrong = address.clone();
                wrong[place] = letter;
                let Ok(text) = String::from_utf8(wrong) else { continue };
                if text.as_bytes() != address {
                    prop_assert!(text.parse::<AccountId>().is_err(), "{}", text);
                }
            }
        }
    }

    #[test]
    fn swapped_lost_and_doubled_letters_are_refused(account in arbitrary::account()) {
        let address = account.to_string();
        for place in 0..LENGTH {
            let mut lost = address.clone();
            let letter = lost.remove(place);
            let mut doubled = address.clone();
            doubled.insert(place, letter);
            let mut swapped = address.clone().into_bytes();
            swapped.swap(place, (place + 1) % LENGTH);
            let swapped = String::from_utf8(swapped).expect("letters");
            for text in [lost, doubled, swapped] {
                prop_assert!(text == address || text.parse::<AccountId>().is_err(), "{}", text);
            }
        }
    }

    #[test]
    fn any_text_is_refused_or_an_address(text in "(asy1)?[a-zA-Z0-9]{0,70}|\\PC{0,80}") {
        if let Ok(account) = text.parse::<AccountId>() {
            prop_assert_eq!(account.to_string(), text.to_lowercase());
        }
    }

    #[test]
    fn other_spellings_of_the_same_bytes_are_refused(bytes in any::<[u8; 32]>(), padding in 1u8..16) {
        let asy = Hrp::parse("asy").expect("letters");
        let other = Hrp::parse("btc").expect("letters");
        let mut letters: Vec<Fe32> = bytes.iter().copied().bytes_to_fes().collect();
        if let Some(last) = letters.last_mut() {
            // 52 letters hold 260 bits; the last four belong to no byte.
            *last = Fe32::try_from(last.to_u8() | padding).expect("five bits");
        }
        let padded: String = letters.into_iter().with_checksum::<Bech32m>(&asy).chars().collect();
        prop_assert_eq!(padded.len(), LENGTH);
        for text in [
            padded,
            bech32::encode::<Bech32>(asy, &bytes).expect("an older checksum"),
            bech32::encode::<Bech32m>(other, &bytes).expect("another network"),
            bech32::encode::<Bech32m>(asy, &bytes[1..]).expect("a byte less"),
            bech32::encode::<Bech32m>(asy, &[&bytes[..], &[0]].concat()).expect("a byte more"),
        ] {
            prop_assert!(text.parse::<AccountId>().is_err(), "{}", text);
        }
    }
}

#[test]
fn mixed_case_is_refused() {
    let mut address = AccountId::new([7; 32]).to_string();
    address.replace_range(0..1, "A");
    assert!(address.parse::<AccountId>().is_err());
}

#[test]
fn the_error_is_short_however_long_the_text() {
    let error = "x"
        .repeat(100_000)
        .parse::<AccountId>()
        .expect_err("no address");
    assert!(error.to_string().len() < 300, "{error}");
}
