use crate::{AccountId, Name, Party, PartyError, decode, encode};

#[test]
fn a_name_has_one_spelling() {
    for text in [
        "abc",
        "alice",
        "alice-2",
        "0-0",
        "007",
        "a--b",
        "asy",
        "asy2",
        "as1",
        "a-name-of-thirty-two-characters0",
    ] {
        let name: Name = text.parse().expect(text);
        assert_eq!(name.as_str(), text);
        assert_eq!(name.to_string(), text);
        assert_eq!(decode::<Name>(&encode(&name)).ok(), Some(name));
    }
    for text in [
        "",
        "ab",
        "-ab",
        "ab-",
        "---",
        "Alice",
        "al ice",
        "al.ice",
        "al_ice",
        "älice",
        "al\0ce",
        "abc\0",
        "asy1",
        "asy1qqqqqqqq",
        "a-name-of-thirty-two-characters01",
    ] {
        let error = text.parse::<Name>().expect_err(text);
        assert!(error.to_string().contains("is not a name"), "{error}");
        let bytes = [&[text.len() as u8], text.as_bytes()].concat();
        assert!(decode::<Name>(&bytes).is_err(), "{text:?}");
    }
}

#[test]
fn names_sort_like_their_text() {
    let mut texts = ["abc", "abc0", "abc-d", "abd", "0bc", "zzz", "ab0"];
    let mut names: Vec<Name> = texts.map(|text| text.parse().expect(text)).into();
    texts.sort_unstable();
    names.sort_unstable();
    let sorted: Vec<&str> = names.iter().map(Name::as_str).collect();
    assert_eq!(sorted, texts);
    let first = Name::FIRST;
    assert_eq!(first.as_str().parse(), Ok(first), "it is a name itself");
    for smaller in ["0-------------------------------", "0--", "-"] {
        assert!(smaller.parse::<Name>().is_err());
    }
    let next: Name = "0-----------------------------0".parse().expect("a name");
    assert!(first < next);
}

#[test]
fn short_names_cost_a_multiple() {
    for (text, multiple) in [
        ("abc", 64),
        ("abcd", 16),
        ("abcde", 4),
        ("abcdef", 1),
        ("a-name-of-thirty-two-characters0", 1),
    ] {
        let name: Name = text.parse().expect(text);
        assert_eq!(name.price_multiple(), multiple, "{text}");
    }
}

#[test]
fn a_party_is_an_address_or_a_name() {
    let account = AccountId::new([7; 32]);
    let address = account.to_string();
    assert_eq!(address.parse(), Ok(Party::Account(account)));
    assert_eq!(address.to_uppercase().parse(), Ok(Party::Account(account)));
    let name: Name = "alice".parse().expect("a name");
    assert_eq!("alice".parse(), Ok(Party::Name(name)));
    assert!(matches!(
        address[..61].parse::<Party>(),
        Err(PartyError::Address(_))
    ));
    assert!(matches!("Alice".parse::<Party>(), Err(PartyError::Name(_))));
    assert!(matches!("".parse::<Party>(), Err(PartyError::Name(_))));
}
