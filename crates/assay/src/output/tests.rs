use super::*;

#[test]
fn a_table_aligns_its_numbers_and_stays_within_its_width() {
    let mut table = Table::new(["order", "status", ">price"]);
    table.row(["6e0b11aa", "settled", "0.03 ASY"]);
    table.row(["01", "open", "12 ASY"]);
    insta::assert_snapshot!(table.render(80).join("\n"), @r"
    order     status      price
    6e0b11aa  settled  0.03 ASY
    01        open       12 ASY
    ");
    let mut table = Table::new(["model", "note"]);
    table.row([
        "digits-lenet",
        "a note that is rather long and has to be wrapped by somebody",
    ]);
    for line in table.render(40) {
        assert!(line.chars().count() <= 40, "{line:?}");
    }
}

#[test]
fn an_empty_table_has_headings() {
    assert_eq!(Table::new(["a", ">b"]).render(80), ["a  b"]);
}

#[test]
fn paint_is_only_escape_codes_around_the_text() {
    let painted = good("paid").to_string();
    assert!(painted.contains("paid") && painted.starts_with('\u{1b}'));
    assert_eq!(anstream::adapter::strip_str(&painted).to_string(), "paid");
}

#[test]
fn sentences_break_between_words() {
    for (text, width, indent, expect) in [
        ("", 10, 2, vec![""]),
        ("one two", 10, 2, vec!["one two"]),
        ("one two three", 10, 2, vec!["one two", "three"]),
        (
            "a/path/that/is/long after",
            10,
            0,
            vec!["a/path/that/is/long", "after"],
        ),
        ("one\n  two", 40, 0, vec!["one", "  two"]),
        (
            "\u{1b}[1mone\u{1b}[0m two",
            7,
            0,
            vec!["\u{1b}[1mone\u{1b}[0m two"],
        ),
        ("über und öde", 8, 0, vec!["über und", "öde"]),
    ] {
        assert_eq!(wrap(text, width, indent), expect, "{text}");
    }
}
