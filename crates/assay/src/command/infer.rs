//! `assay infer`: buys an inference, or many, and waits for the receipts.

mod batch;
mod single;

use crate::{
    cli::{CheckChoice, Globals, Infer},
    failure::{Done, Hint},
    output::Output,
};
use anyhow::anyhow;
use assay_api::ModelView;
use assay_client::{CheckRequest, Timing};
use assay_types::ProofKeyId;
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

/// The check that is asked for, of an order for `model`.
///
/// # Errors
/// When it is a proof and the model has no key, several of which none is named, or not the named one; or when a
/// key is named for another check.
fn check(args: &Infer, model: &ModelView) -> anyhow::Result<CheckRequest> {
    match (args.check, args.key) {
        (CheckChoice::Proof, named) => {
            let key = proof_key(&args.model, &model.proof_keys, named)?;
            Ok(CheckRequest::Proof { key, seller: None })
        }
        (_, Some(_)) => Err(anyhow!(
            "--key names the key of a proof, and none is asked for"
        ))
        .hint(|| "add --check proof"),
        (CheckChoice::Quorum { agree, of }, None) => Ok(CheckRequest::Quorum { agree, of }),
        (CheckChoice::Approval, None) => Ok(CheckRequest::Approval { seller: None }),
    }
}

fn proof_key(
    model: &str,
    keys: &[ProofKeyId],
    named: Option<ProofKeyId>,
) -> anyhow::Result<ProofKeyId> {
    let listed = || keys.iter().map(|key| format!("--key {key}"));
    match (keys, named) {
        ([], _) => Err(anyhow!(
            "{model} has no proof key, so its answers cannot be verified"
        ))
        .hint(|| {
            "its owner registers one with `assay model register-key`, unless no proof covers its layers; \
             `--check quorum:2of3` needs none"
        }),
        ([only], None) => Ok(*only),
        (_, None) => Err(anyhow!("{model} has {} proof keys", keys.len()))
            .hint(|| format!("name one: {}", listed().collect::<Vec<_>>().join(" or "))),
        (_, Some(key)) if keys.contains(&key) => Ok(key),
        (_, Some(key)) => Err(anyhow!("{model} has no proof key {key}"))
            .hint(|| format!("its keys: {}", listed().collect::<Vec<_>>().join(", "))),
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
    fn an_order_names_the_only_key_or_the_named_one() {
        let [one, other] = [1, 2].map(|byte| ProofKeyId::new([byte; 32]));
        let choose = |keys: &[ProofKeyId], named| {
            proof_key("m", keys, named).map_err(|error| error.to_string())
        };
        assert_eq!(choose(&[one], None), Ok(one));
        assert_eq!(choose(&[one, other], Some(other)), Ok(other));
        for (keys, named, says) in [
            (vec![], None, "no proof key"),
            (vec![one, other], None, "2 proof keys"),
            (vec![one], Some(other), "no proof key 0202"),
        ] {
            let error = choose(&keys, named).unwrap_err();
            assert!(error.contains(says), "{error}");
        }
    }

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
