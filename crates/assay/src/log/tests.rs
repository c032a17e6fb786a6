use super::*;

#[test]
fn the_most_definite_voice_wins() {
    use ValueSource::{CommandLine as Flag, DefaultValue as File, EnvVariable as Variable};
    let flag = Some(("a=info", Flag));
    let variable = Some(("b=info", Variable));
    let file = Some(("c=info", File));
    for (log, verbose, quiet, usual, expect) in [
        (None, 0, false, None, "error"),
        (None, 0, false, Some(""), "error"),
        (None, 0, false, Some("warn"), "warn"),
        (file, 0, false, None, "c=info"),
        (file, 0, false, Some("warn"), "warn"),
        (variable, 0, false, Some("warn"), "b=info"),
        (variable, 1, false, Some("warn"), "info"),
        (variable, 2, false, None, "debug"),
        (variable, 3, false, None, "trace"),
        (variable, 200, false, None, "trace"),
        (variable, 0, true, None, "error"),
        (flag, 2, false, Some("warn"), "a=info"),
    ] {
        let (text, source) = log.unzip();
        let chosen = choose(text, source, verbose, quiet, usual);
        assert_eq!(chosen, expect, "{log:?} {verbose} {quiet} {usual:?}");
    }
}

#[test]
fn a_filter_that_is_none_is_refused() {
    for text in ["error", "assay_worker=debug,info", "off"] {
        assert!(filter(text).is_ok(), "{text}");
    }
    let error = filter("assay=loud").unwrap_err();
    assert!(error.contains("write a level"), "{error}");
}
