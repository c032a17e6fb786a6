//! Evidence of proofs, verified before the ledger runs; the one place that knows proof systems.
//!
//! The ledger names what it needs to know of a block's transactions ([`proof_jobs`]) and is told the verdicts
//! as [`Facts`]. A verdict is a function of the evidence's bytes, so every node finds the same, on as many
//! threads as it has. Every path that executes transactions asks here first: proposing, checking, replaying
//! and the ledger without consensus.

use crate::state::Refusal;
use assay_foreign::System;
use assay_ledger::check::{Facts, ProofJob, proof_calls, proof_jobs};
use assay_types::{Block, Params, ProofEvidence, Transaction};
use std::{
    num::NonZeroUsize,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

/// Whether evidence proves what it states.
type Verifier = fn(&ProofEvidence) -> bool;

const _: () = assert!(
    assay_proof::PROOF_BYTES_MAX == assay_types::PROOF_BYTES_MAX
        && assay_proof::KEY_BYTES_MAX == assay_types::PROOF_KEY_BYTES_MAX,
    "what can be proven can be delivered"
);

const _: () = assert!(
    assay_proof::key::KEY_VERSION != System::Groth16.tag()
        && assay_proof::key::KEY_VERSION != System::Risc0.tag(),
    "a key's first byte tells whose proof it is"
);

/// The verdicts that the ledger needs to execute `transactions`. Whoever calls has bounded them by the
/// weight of a block.
pub(crate) fn facts(transactions: &[Transaction]) -> Facts {
    verdicts(&proof_jobs(transactions), verify)
}

/// The verdicts that the ledger needs to execute `block`, which may be a stranger's.
///
/// # Errors
/// [`Refusal::TooManyProofs`] before any is verified.
pub(crate) fn facts_of_block(block: &Block, params: &Params) -> Result<Facts, Refusal> {
    let proofs = proof_calls(&block.transactions) as u64;
    let max = params.proofs_per_block_max();
    if proofs > max {
        let height = block.header.height;
        return Err(Refusal::TooManyProofs {
            height,
            proofs,
            max,
        });
    }
    Ok(facts(&block.transactions))
}

/// The network's verifier. The key's first byte tells whose proof it is: one of a tensor program, or a foreign one.
fn verify(evidence: &ProofEvidence) -> bool {
    let ProofEvidence {
        key,
        input,
        output,
        proof,
    } = evidence;
    let foreign = key.split_first().and_then(|(tag, key)| {
        let system = System::of_tag(*tag)?;
        Some((system, key))
    });
    let refused = match foreign {
        Some((system, key)) => {
            let public = system.public(input, output);
            let verified = system.verify_bytes(key, &public, proof);
            verified.err().map(|reason| reason.to_string())
        }
        None => {
            let verified = assay_proof::verify_bytes(key, input, output, proof);
            verified.err().map(|reason| reason.to_string())
        }
    };
    if let Some(reason) = &refused {
        tracing::debug!("a proof does not hold: {reason}");
    }
    refused.is_none()
}

/// Verifies each job once, on this thread and as many others as there are cores for.
fn verdicts(jobs: &[ProofJob], verifier: Verifier) -> Facts {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut found = Vec::new();
        while let Some(job) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
            found.push((job.statement, verifier(&job.evidence)));
        }
        found
    };
    let threads = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let helpers = threads.min(jobs.len()).saturating_sub(1);
    thread::scope(|scope| {
        // What cannot be started is done by the others.
        let spawn = || {
            let named = thread::Builder::new().name("assay-proofs".into());
            named.spawn_scoped(scope, work).ok()
        };
        let helpers: Vec<_> = (0..helpers).filter_map(|_| spawn()).collect();
        let mut found = work();
        for helper in helpers {
            found.extend(helper.join().expect("a verifier panics on no bytes"));
        }
        Facts::of_verdicts(found)
    })
}

#[cfg(test)]
mod tests;
