use super::*;
use proptest::prelude::*;

fn read(text: &str) -> Vec<(String, String, String)> {
    Parser::default()
        .push(text.as_bytes())
        .expect("a stream")
        .into_iter()
        .map(|message| (message.id, message.event, message.data))
        .collect()
}

#[test]
fn the_standards_examples_hold() {
    for (text, expect) in [
        ("data: a\n\n", vec![("", "", "a")]),
        ("data: a\ndata:  b\n\n", vec![("", "", "a\n b")]),
        (
            "data:a\r\n\r\ndata:b\r\rdata:c\n\n",
            vec![("", "", "a"), ("", "", "b"), ("", "", "c")],
        ),
        (
            ": beat\n\nid: 7-1\nevent: block\ndata: {}\n\n",
            vec![("7-1", "block", "{}")],
        ),
        (
            "id: 7-1\ndata: a\n\ndata: b\n\n",
            vec![("7-1", "", "a"), ("7-1", "", "b")],
        ),
        ("\u{feff}data: a\n\n", vec![("", "", "a")]),
        ("data\n\nevent: lost\n\n", vec![("", "", "")]),
        ("retry: 10\nother: x\ndata: a\n", vec![]),
    ] {
        let expect: Vec<_> = expect
            .into_iter()
            .map(|(id, event, data)| (id.to_owned(), event.to_owned(), data.to_owned()))
            .collect();
        assert_eq!(read(text), expect, "{text:?}");
    }
}

#[test]
fn endless_and_broken_streams_are_refused() {
    let long = vec![b'x'; LINE_BYTES_MAX + 1];
    assert_eq!(Parser::default().push(&long), Err(SseError::LineTooLong));
    let line = format!("data: {}\n", "x".repeat(LINE_BYTES_MAX - 6));
    let mut parser = Parser::default();
    let failed = (0..=MESSAGE_BYTES_MAX / LINE_BYTES_MAX + 1)
        .find_map(|_| parser.push(line.as_bytes()).err());
    assert_eq!(failed, Some(SseError::MessageTooLong));
    assert_eq!(
        Parser::default().push(b"data: \xff\n"),
        Err(SseError::NotText)
    );
}

proptest! {
    #[test]
    fn it_does_not_matter_where_the_network_cuts(
        text in "(data: ?[a-zé]{0,3}|id: [0-9]|:|event: b|)(\n|\r|\r\n){1,2}(data: ?[a-z]{0,3}|id: [0-9])(\r\n|\n|\r){1,3}",
        cuts in proptest::collection::vec(0usize..40, 0..6),
    ) {
        let whole = Parser::default().push(text.as_bytes()).expect("a stream");
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(text.len())).collect();
        cuts.push(0);
        cuts.push(text.len());
        cuts.sort_unstable();
        let mut parser = Parser::default();
        let mut pieces = Vec::new();
        for pair in cuts.windows(2) {
            let piece = text.as_bytes().get(pair[0]..pair[1]).expect("within");
            pieces.extend(parser.push(piece).expect("a stream"));
        }
        prop_assert_eq!(pieces, whole);
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = Parser::default().push(&bytes);
    }
}
