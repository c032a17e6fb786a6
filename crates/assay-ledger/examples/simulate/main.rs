//! Random calls by random honest and hostile actors, millions of them.
//!
//! ```text
//! cargo run -p assay-ledger --example simulate -- [--seed N] [--steps N] [--capture N]
//! ```
//! A seed gives the same run on every machine; the last line prints a hash of the final state to compare.
//! After each block the oracle re-derives the sums in plain integers; at the end every order must have
//! ended. A table shows how often each call, rejection and end of an order occurred; with five million
//! steps each must have occurred a thousand times – topics were created until there was no room – and half of the
//! calls must have been accepted.

#![expect(clippy::print_stdout, reason = "a report for people")]

mod actors;
mod capture;
mod mischief;
mod oracle;
mod requests;
mod tally;
mod topics;
mod world;

use oracle::Watch;
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use std::process::ExitCode;
use tally::Tally;
use world::World;

/// Steps from which on the table must be full.
const STEPS_FULL: u64 = 5_000_000;
/// What a full table shows of each line.
const OCCURRENCES_MIN: u64 = 1_000;
/// Blocks between full audits of rows and indexes; the sums are checked after every block.
const AUDIT_EVERY: u64 = 64;
/// Share of calls that mean mischief, in percent.
const MISCHIEF_PERCENT: u32 = 20;

struct Args {
    seed: u64,
    steps: u64,
    capture: u32,
}

fn main() -> ExitCode {
    let args = match args() {
        Ok(args) => args,
        Err(message) => {
            println!("{message}\nusage: simulate [--seed N] [--steps N] [--capture DRAWS]");
            return ExitCode::from(2);
        }
    };
    println!("SEED={} steps={}", args.seed, args.steps);
    let tally = run(args.seed, args.steps);
    let full = tally.print(args.steps >= STEPS_FULL, OCCURRENCES_MIN);
    let agrees = args.capture == 0 || capture::print(args.seed, args.capture);
    if full && agrees {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn args() -> Result<Args, String> {
    let mut args = Args {
        seed: 1,
        steps: 200_000,
        capture: 0,
    };
    let mut words = std::env::args().skip(1);
    while let Some(flag) = words.next() {
        let value = words
            .next()
            .ok_or_else(|| format!("{flag} needs a number"))?;
        let number: u64 = value
            .parse()
            .map_err(|_| format!("{flag} needs a number, not `{value}`"))?;
        match flag.as_str() {
            "--seed" => args.seed = number,
            "--steps" => args.steps = number,
            "--capture" => args.capture = u32::try_from(number).map_err(|_| "too many draws")?,
            _ => return Err(format!("unknown flag {flag}")),
        }
    }
    Ok(args)
}

fn run(seed: u64, steps: u64) -> Tally {
    let mut rng = StdRng::seed_from_u64(seed);
    let mut world = World::new(&mut rng);
    let mut tally = Tally::default();
    let mut watch = Watch::of(&world.ledger);
    let mut blocks = 0u64;
    while tally.calls() < steps {
        let step_ms = world.next_step_ms(&mut rng);
        let count = rng.random_range(1..30);
        let view = world.view();
        let calls: Vec<_> = (0..count)
            .filter_map(|_| {
                if rng.random_range(0..100) < MISCHIEF_PERCENT {
                    mischief::call(&view, &mut rng)
                } else {
                    actors::call(&view, &mut rng)
                }
            })
            .collect();
        // A losing fork with other calls: it must leave no trace.
        if rng.random_range(0..16) == 0 {
            let before = world.ledger.burnt();
            world.execute(
                step_ms,
                &calls[..calls.len() / 2],
                &mut rng,
                &mut Tally::default(),
            );
            assert_eq!(
                world.ledger.burnt(),
                before,
                "a fork that lost left a trace"
            );
        }
        let executed = world.execute(step_ms, &calls, &mut rng, &mut tally);
        let events = world.commit(executed, &mut tally);
        oracle::check_sums(&world.ledger);
        watch.block(&world.ledger, &events);
        blocks += 1;
        if blocks.is_multiple_of(AUDIT_EVERY) {
            world
                .ledger
                .audit()
                .unwrap_or_else(|error| panic!("SEED={seed} block {blocks}: {error}"));
            oracle::check_nothing_is_stuck(&world.ledger);
            oracle::check_topics(&world.ledger);
        }
    }
    world.drain(&mut rng, &mut tally, &mut watch);
    oracle::check_sums(&world.ledger);
    oracle::check_topics(&world.ledger);
    oracle::check_all_ended(&world.ledger);
    println!("blocks={blocks} state={}", world.state_hash());
    tally
}
