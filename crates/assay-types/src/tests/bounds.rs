use crate::{
    Blob, BoundError, ChainId, Genesis, Hash32, LANES_PER_ACCOUNT, Lane, List, Text, decode, encode,
};

#[test]
fn lanes_end_at_their_number() {
    for number in 0..=u8::MAX {
        let lane = Lane::new(number);
        assert_eq!(lane.is_some(), number < LANES_PER_ACCOUNT);
        assert_eq!(decode::<Lane>(&[number]).ok(), lane);
        if let Some(lane) = lane {
            assert_eq!((lane.get(), encode(&lane)), (number, vec![number]));
        }
    }
}

#[test]
fn limits_hold_when_built_and_when_read() {
    let too_long = BoundError::TooLong { len: 4, max: 3 };
    assert!(List::<u8, 3>::new(vec![1, 2, 3]).is_ok());
    assert_eq!(List::<u8, 3>::new(vec![1, 2, 3, 4]), Err(too_long));
    assert!(Blob::<3>::new([1, 2, 3]).is_ok());
    assert_eq!(Blob::<3>::new([1, 2, 3, 4]), Err(too_long));
    assert!(Text::<3>::new("abc").is_ok());
    assert_eq!(Text::<3>::new("abcd"), Err(too_long));

    let four = [4, 65, 66, 67, 68];
    assert!(decode::<List<u8, 4>>(&four).is_ok());
    assert!(decode::<List<u8, 3>>(&four).is_err());
    assert!(decode::<Blob<3>>(&four).is_err());
    assert!(decode::<Text<3>>(&four).is_err());
}

#[test]
fn a_declared_length_allocates_nothing() {
    // 2^20 items or bytes are promised, none follow.
    let promise = [0x80, 0x80, 0x40];
    assert!(decode::<List<Hash32, { 1 << 20 }>>(&promise).is_err());
    assert!(decode::<Blob<{ 1 << 20 }>>(&promise).is_err());
    // A length with a superfluous byte is another spelling of the same length.
    assert!(decode::<Blob<3>>(&[0x81, 0x00, 65]).is_err());
    // Lengths beyond u32.
    assert!(decode::<Blob<3>>(&[0xff; 10]).is_err());
    assert!(decode::<Genesis>(&[0xff; 64]).is_err());
}

#[test]
fn texts_cannot_play_with_a_terminal() {
    for text in ["", "MIT OR Apache-2.0", "naïve 模型", "e\u{301}"] {
        assert!(Text::<64>::new(text).is_ok(), "{text:?}");
    }
    for text in [
        "\0",
        "a\nb",
        "\x1b[31m",
        "\x7f",
        "\u{9b}",
        "\u{202e}dlrow",
        "\u{2066}",
        "\u{2028}",
        "zero\u{200b}width",
        "\u{feff}",
        "\u{61c}",
        "\u{e0041}",
        "soft\u{ad}hyphen",
    ] {
        assert_eq!(
            Text::<64>::new(text),
            Err(BoundError::NotPrintable),
            "{text:?}"
        );
        let bytes = [&[text.len() as u8], text.as_bytes()].concat();
        assert!(decode::<Text<64>>(&bytes).is_err(), "{text:?}");
    }
    assert!(decode::<Text<4>>(&[2, 0xc3, 0x28]).is_err(), "not UTF-8");
}

#[test]
fn ids_read_64_digits_only() {
    let id = ChainId::new([0xab; 32]);
    assert_eq!(id.to_string().parse(), Ok(id));
    assert_eq!(id.to_string().to_uppercase().parse(), Ok(id));
    for text in [
        "",
        "ab",
        &"g".repeat(64),
        &"a".repeat(63),
        &"a".repeat(66),
        &"é".repeat(32),
    ] {
        let error = text.parse::<ChainId>().expect_err(text);
        assert!(error.to_string().contains("chain id"), "{error}");
    }
}

#[test]
fn every_control_character_is_refused() {
    for character in (0..=u8::MAX)
        .map(char::from)
        .filter(|character| character.is_control())
    {
        assert_eq!(
            Text::<8>::new(character),
            Err(BoundError::NotPrintable),
            "{character:?}"
        );
    }
}
