//! Probability that a cartel captures a quorum, by its share of the bond: exact, and by drawing.
//!
//! Twenty owners with equal bonds and equal asks, of which the cartel owns a part: picks without
//! replacement, so the number of its seats is hypergeometric. The table stands in docs/rules.md.

use assay_ledger::{BlockEnv, Execution, Ledger};
use assay_types::{
    AccountId, Allocation, Amount, BlockId, Call, Check, ContentId, Event, Genesis, GenesisModel,
    Good, Hash32, Header, Input, Lane, LedgerTime, List, ModelId, Params, SecretKey, Signature,
    Terms, Text, Transaction, Unsigned, Work, decode,
};

const OWNERS: u8 = 20;
const QUORUMS: [(u8, u8); 4] = [(2, 3), (3, 4), (3, 5), (5, 7)];
const SHARES_PERCENT: [u8; 5] = [10, 20, 30, 40, 50];
/// Standard deviations that the drawn share may lie from the exact one.
const SIGMAS: f64 = 4.0;
const MODEL: ModelId = ModelId::new([1; 32]);
const BUYER: AccountId = AccountId::new([200; 32]);

/// Prints the table; whether drawing agrees with the exact values.
pub(crate) fn print(seed: u64, draws: u32) -> bool {
    println!("capture of a quorum by share of the bond ({OWNERS} owners, {draws} draws a cell)");
    let mut agrees = true;
    for (agree, of) in QUORUMS {
        let drawn = draw(seed, agree, of, draws);
        for (share, seen) in SHARES_PERCENT.into_iter().zip(drawn) {
            let exact = hypergeometric(cartel(share), agree, of);
            let sigma = (exact * (1.0 - exact) / f64::from(draws)).sqrt();
            let fits = (seen - exact).abs() <= SIGMAS * sigma + f64::EPSILON;
            agrees &= fits;
            let mark = if fits { "" } else { "  DISAGREES" };
            println!("  {agree} of {of}, {share:>2} %: exact {exact:.4}, drawn {seen:.4}{mark}");
        }
    }
    agrees
}

fn cartel(share_percent: u8) -> u8 {
    share_percent / (100 / OWNERS)
}

/// P(at least `agree` of `of` picks without replacement fall on `cartel` of `OWNERS`).
fn hypergeometric(cartel: u8, agree: u8, of: u8) -> f64 {
    let choose = |n: u8, k: u8| -> f64 {
        if k > n {
            return 0.0;
        }
        (0..k).fold(1.0, |product, i| {
            product * f64::from(n - i) / f64::from(i + 1)
        })
    };
    (agree..=of)
        .map(|seats| choose(cartel, seats) * choose(OWNERS - cartel, of - seats))
        .sum::<f64>()
        / choose(OWNERS, of)
}

/// Share of draws in which the first `cartel(share)` owners hold at least `agree` seats, by share.
fn draw(seed: u64, agree: u8, of: u8, draws: u32) -> Vec<f64> {
    let mut ledger = ledger();
    let mut parent =
        BlockId::new(*Hash32::derive("assay capture v1", &[&seed.to_be_bytes()]).as_bytes());
    for owner in 0..OWNERS {
        let good = Good::Inference {
            models: List::new(vec![MODEL]).expect("one"),
        };
        let calls = [
            (
                account(owner),
                Call::Bond {
                    amount: Amount::new(1_000_000),
                },
            ),
            (
                account(owner),
                Call::PublishOffer {
                    good,
                    ask: Amount::new(100),
                    capacity: 2,
                },
            ),
        ];
        for (sender, call) in calls {
            block(&mut ledger, &mut parent, &[(sender, call)]);
        }
    }
    let mut captured = [0u32; SHARES_PERCENT.len()];
    for _ in 0..draws {
        let now = ledger.time();
        let terms = Terms {
            work: Work::Inference {
                model: MODEL,
                input: Input::Public {
                    content: ContentId::default(),
                },
            },
            check: Check::Quorum {
                agree,
                of,
                commit_by: now.after(2_000),
                deliver_by: now.after(3_000),
            },
            price_max: Amount::new(100),
            accept_by: now.after(1_000),
            seller: None,
        };
        let events = block(
            &mut ledger,
            &mut parent,
            &[(BUYER, Call::PlaceOrder { terms })],
        );
        let order = events.iter().find_map(Event::order).expect("placed");
        let events = block(&mut ledger, &mut parent, &[]);
        for (count, share) in captured.iter_mut().zip(SHARES_PERCENT) {
            let ours = |event: &&Event| matches!(event, Event::Assigned { seller, .. } if seller.as_bytes()[0] < cartel(share));
            *count += u32::from(events.iter().filter(ours).count() >= usize::from(agree));
        }
        block(
            &mut ledger,
            &mut parent,
            &[(BUYER, Call::CancelOrder { order })],
        );
    }
    captured
        .iter()
        .map(|count| f64::from(*count) / f64::from(draws))
        .collect()
}

const fn account(owner: u8) -> AccountId {
    AccountId::new([owner; 32])
}

fn ledger() -> Ledger {
    let fund = |account| Allocation {
        account,
        amount: Amount::new(1_000_000_000_000_000),
    };
    let model = GenesisModel {
        model: MODEL,
        owner: BUYER,
        manifest: ContentId::default(),
        program: ContentId::default(),
        licence: Text::new("MIT").expect("short"),
        royalties: List::default(),
    };
    let genesis = Genesis {
        network: Text::new("capture").expect("short"),
        start: LedgerTime::new(1),
        validators: List::new(vec![SecretKey::from_bytes(&[1; 32]).public_key()]).expect("one"),
        allocations: List::new((0..OWNERS).map(account).chain([BUYER]).map(fund).collect())
            .expect("few"),
        models: List::new(vec![model]).expect("one"),
        params: Params::default(),
    };
    Ledger::genesis(&genesis).expect("a sound genesis").0
}

fn block(ledger: &mut Ledger, parent: &mut BlockId, calls: &[(AccountId, Call)]) -> Vec<Event> {
    let signature: Signature = decode(&[0; 64]).expect("any bytes are a signature");
    let env = BlockEnv {
        height: ledger.height().next(),
        time: ledger.time().after(1),
        randomness: Header::next_randomness(&ledger.randomness(), parent),
        leader: BUYER,
    };
    let executed = {
        let mut execution = Execution::begin(ledger, &[], env);
        for (sender, call) in calls {
            let body = Unsigned {
                chain: ledger.chain_id(),
                sender: *sender,
                lane: Lane::default(),
                sequence: ledger.next_sequence(*sender, Lane::default()),
                fee_limit: Amount::new(1_000_000),
                tip: Amount::ZERO,
                valid_until: ledger.time().after(1_000),
                call: call.clone(),
            };
            let tx = Transaction::new(body, signature.clone());
            let outcome = execution.apply(&tx).expect("a sound transaction");
            assert_eq!(outcome.rejection, None);
        }
        execution.finish()
    };
    *parent = BlockId::new(*executed.event_root.as_bytes());
    ledger.apply(&executed.changes);
    executed.events
}
