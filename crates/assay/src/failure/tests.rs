use super::*;
use anyhow::{Context, anyhow};

#[test]
fn causes_and_hints_come_in_order_and_once() {
    let root = || Err::<(), _>(anyhow!("connection refused"));
    for (error, causes, hints) in [
        (root().unwrap_err(), vec!["connection refused"], vec![]),
        (
            root()
                .hint(|| "start a node")
                .context("cannot place the order")
                .unwrap_err(),
            vec!["cannot place the order", "connection refused"],
            vec!["start a node"],
        ),
        (
            root()
                .hint(|| "first")
                .context("cannot read the status")
                .hint(|| "second")
                .context("cannot place the order")
                .unwrap_err(),
            vec![
                "cannot place the order",
                "cannot read the status",
                "connection refused",
            ],
            vec!["second", "first"],
        ),
        (
            root()
                .context("cannot reach it: connection refused")
                .unwrap_err(),
            vec!["cannot reach it: connection refused"],
            vec![],
        ),
    ] {
        let (found_causes, found_hints) = explain(&error);
        assert_eq!(found_causes, causes);
        assert_eq!(found_hints, hints);
    }
}

#[test]
fn exit_codes_tell_classes_apart() {
    let output = Output::new(
        crate::output::Format::Text,
        anstream::ColorChoice::Never,
        crate::output::Loudness::Usual,
    );
    for (done, code) in [
        (Ok(Ended::Well), ExitCode::SUCCESS),
        (Ok(Ended::Badly), ExitCode::from(1)),
        (Err(anyhow!("no")), ExitCode::from(2)),
    ] {
        assert_eq!(format!("{:?}", finish(&output, &done)), format!("{code:?}"));
    }
}
