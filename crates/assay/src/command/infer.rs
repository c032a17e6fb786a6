//! `assay infer`: buys an inference, or many, and waits for the receipts.

mod batch;
mod single;

use crate::{
    cli::{CheckChoice, Globals, Infer},
    failure::Done,
    output::Output,
};
use assay_client::{CheckRequest, Timing};
use std::time::Duration;

/// Runs the command.
///
/// # Errors
/// When the input is none of the model's, or the market cannot be reached or refuses the order.
pub(crate) async fn run(args: &Infer, globals: &Globals, output: &Output) -> Done {
    match (&args.input, &args.batch) {
        (_, Some(archive)) => batch::run(args, archive, globals, output).await,
        (Some(input), None) => single::run(args, input, globals, output).await,
        (None, None) => Err(anyhow::anyhow!("name an input with --input or --batch")),
    }
}

fn check(choice: CheckChoice) -> CheckRequest {
    match choice {
        CheckChoice::Quorum { agree, of } => CheckRequest::Quorum { agree, of },
        CheckChoice::Approval => CheckRequest::Approval { seller: None },
    }
}

/// Shares of the whole time: redraws need some, the rest is halved between work and its end.
fn timing(within: Option<Duration>) -> Timing {
    let Some(within) = within else {
        return Timing::default();
    };
    let whole_ms = u64::try_from(within.as_millis()).unwrap_or(u64::MAX);
    let accept_ms = whole_ms / 10 * 3;
    let work_ms = (whole_ms - accept_ms) / 2;
    Timing {
        accept_ms,
        work_ms,
        close_ms: whole_ms - accept_ms - work_ms,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_steps_fill_the_whole_time() {
        for seconds in [1, 7, 60, 604_800] {
            let Timing {
                accept_ms,
                work_ms,
                close_ms,
            } = timing(Some(Duration::from_secs(seconds)));
            assert_eq!(accept_ms + work_ms + close_ms, seconds * 1_000);
            assert!(accept_ms > 0 && work_ms >= accept_ms && close_ms >= work_ms);
        }
        assert_eq!(timing(None), Timing::default());
    }
}
