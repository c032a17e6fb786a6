use assay_chain::Standalone;
use assay_types::*;
use std::time::{Duration, Instant};
fn key(index: usize) -> SecretKey {
    let mut seed = [0; 32];
    seed[..8].copy_from_slice(&(index as u64).to_be_bytes());
    SecretKey::from_bytes(&seed)
}
fn main() {
    let n: usize = std::env::args()
        .nth(1)
        .map_or(100_000, |a| a.parse().unwrap());
    let keys: Vec<SecretKey> = (0..n).map(key).collect();
    let accounts: Vec<_> = keys.iter().map(|k| k.account()).collect();
    let mut allocations: Vec<_> = accounts
        .iter()
        .map(|a| Allocation {
            account: *a,
            amount: Amount::new(100_000_000_000),
        })
        .collect();
    allocations.sort_by_key(|a| a.account);
    let genesis = Genesis {
        network: Text::new("bench").unwrap(),
        start: LedgerTime::new(1),
        validators: List::new(vec![keys[0].public_key()]).unwrap(),
        allocations: List::new(allocations).unwrap(),
        models: List::default(),
        params: Params::default(),
    };
    let dir = std::env::args().nth(2).unwrap();
    let chain = genesis.chain_id();
    let ledger = Standalone::begin(dir.as_ref(), &genesis, std::num::NonZeroUsize::MIN).unwrap();
    let mut x = 88172645463325252u64;
    let mut next = || {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        x
    };
    let mut seqs = vec![0u64; n];
    let mut batch = |len: usize, time: u64| {
        let mut v = Vec::new();
        for _ in 0..len {
            let from = next() as usize % n;
            let to = next() as usize % n;
            v.push(
                Unsigned {
                    chain,
                    sender: accounts[from],
                    lane: Lane::default(),
                    sequence: seqs[from],
                    fee_limit: Amount::new(10_000_000),
                    tip: Amount::new(1),
                    valid_until: LedgerTime::new(time + 60_000),
                    call: Call::Transfer {
                        to: accounts[to],
                        amount: Amount::new(1),
                    },
                }
                .sign(&keys[from]),
            );
            seqs[from] += 1;
        }
        v
    };
    let mut time = 1000;
    let t = Instant::now();
    ledger
        .seal(LedgerTime::new(time), encode(&Vec::<Transaction>::new()))
        .unwrap();
    eprintln!("genesis block {:?}", t.elapsed());
    for block in 0..20 {
        time += 1000;
        let txs = batch(8000, time);
        let bytes = encode(&txs);
        let t = Instant::now();
        let sealed = ledger.seal(LedgerTime::new(time), bytes).unwrap();
        let total = t.elapsed();
        let us = |d: Duration| d.as_secs_f64() * 1e6 / 8000.0;
        let c = sealed.cost;
        eprintln!(
            "{block}: {:.1} µs/tx: decode {:.2} verify {:.2} execute {:.2} merkleize {:.2} persist {:.2}",
            us(total),
            us(c.decode),
            us(c.verify),
            us(c.execute),
            us(c.merkleize),
            us(c.persist)
        );
    }
    let mut pk = Vec::new();
    for i in 0..16384 {
        pk.push((
            keys[i].public_key(),
            vec![7u8; 200],
            keys[i].sign(b"x", &[7u8; 200]),
        ));
    }
    for _ in 0..5 {
        let t = Instant::now();
        assert!(assay_types::verify_batch(
            &mut rand::rng(),
            b"x",
            &pk,
            &commonware_parallel::Sequential
        ));
        eprintln!(
            "verify_batch {:.2} µs",
            t.elapsed().as_secs_f64() * 1e6 / 16384.0
        );
    }
}
