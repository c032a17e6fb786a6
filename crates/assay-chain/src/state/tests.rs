use super::*;
use crate::{
    consensus::block::ConsensusBlock,
    evidence,
    testkit::{WEALTH, genesis, person, transfer, unsigned, validator},
};
use assay_types::{
    Amount, Blob, Call, Check, ConsensusContext, ContentId, Good, HEADER_VERSION, Input, List,
    ModelId, OrderId, ProofCall, ProofEvidence, RefundReason, SecretKey, Terms, Text, Verdict,
    Work,
};
use commonware_cryptography::blake3::Digest;

fn origin(genesis: &Genesis) -> Header {
    let leader = validator(0).public_key();
    ConsensusBlock::genesis(genesis, leader, Digest([0; 32]), (0, 1))
        .0
        .header
}

fn new_state(genesis: &Genesis) -> State {
    State::genesis(genesis, origin(genesis), Duration::ZERO).expect("a good genesis")
}

/// A block above `parent` as an honest proposer builds it; roots of the database are left out.
fn build(state: &State, parent: BlockId, step: u64, candidates: &[Transaction]) -> Block {
    let leader = validator(0).public_key();
    let time = state
        .header(parent)
        .expect("a known parent")
        .0
        .time
        .after(step);
    let Proposal {
        env,
        draft,
        transactions,
        ..
    } = state.propose(
        parent,
        time,
        leader.account(),
        candidates.to_vec(),
        evidence::facts(candidates),
    );
    let header = Header {
        version: HEADER_VERSION,
        context: ConsensusContext {
            epoch: 0,
            view: env.height.get(),
            leader,
            parent_view: 0,
            parent,
        },
        parent,
        height: env.height,
        time,
        randomness: env.randomness,
        transactions_root: Block::transactions_root(&transactions),
        state_root: Hash32::default(),
        operations_root: Hash32::default(),
        range_start: 0,
        range_end: 1,
        event_root: draft.executed.event_root,
        base_fee: draft.executed.base_fee,
    };
    Block {
        header,
        transactions,
    }
}

fn extend(state: &mut State, parent: BlockId, step: u64, candidates: &[Transaction]) -> BlockId {
    let block = build(state, parent, step, candidates);
    let draft = processed(state, &block).expect("an honest block");
    state.insert(&block, draft.executed, Duration::ZERO);
    block.header.id()
}

fn processed(state: &State, block: &Block) -> Result<Draft, Refusal> {
    let facts = evidence::facts_of_block(block, state.ledger().params())?;
    state.process(block, facts)
}

fn balance(state: &State, key: &SecretKey) -> u64 {
    state
        .ledger()
        .account(&key.account())
        .map_or(0, |account| account.balance.get())
}

#[test]
fn a_child_reads_through_its_parents_overlay() {
    let genesis = genesis(1, 1);
    let mut state = new_state(&genesis);
    let txs: Vec<_> = (0..3)
        .map(|sequence| transfer(&genesis, &person(0), 0, sequence))
        .collect();
    let tip = state.tip_id();
    let first = extend(&mut state, tip, 10, &txs[..1]);
    let second = extend(&mut state, first, 10, &txs[1..2]);
    let third = extend(&mut state, second, 10, &txs[2..]);
    let included: BTreeSet<TxId> = state
        .included_below(third)
        .0
        .into_iter()
        .flatten()
        .copied()
        .collect();
    assert_eq!(included, txs.iter().map(Transaction::id).collect());
    assert_eq!(balance(&state, &person(0)), WEALTH, "nothing is final yet");
    for (id, left) in [(first, 2), (second, 1), (third, 0)] {
        state.finalize(id);
        assert_eq!(state.overlay_count(), left);
    }
    assert!(balance(&state, &person(0)) < WEALTH);
    assert_eq!(balance(&state, &person(99)), 3);
    state.ledger().audit().expect("a consistent ledger");
}

#[test]
fn a_final_block_drops_every_fork_that_lost() {
    let genesis = genesis(1, 2);
    let mut state = new_state(&genesis);
    let tip = state.tip_id();
    let winner = extend(&mut state, tip, 10, &[transfer(&genesis, &person(0), 0, 0)]);
    let loser = extend(&mut state, tip, 20, &[transfer(&genesis, &person(1), 0, 0)]);
    let child_of_loser = extend(&mut state, loser, 10, &[]);
    let grandchild = extend(&mut state, child_of_loser, 10, &[]);
    let child_of_winner = extend(&mut state, winner, 10, &[]);
    assert_eq!(state.overlay_count(), 5);
    state.finalize(winner);
    assert_eq!(state.overlay_count(), 1);
    for gone in [loser, child_of_loser, grandchild] {
        assert!(state.header(gone).is_none());
    }
    state.finalize(child_of_winner);
    assert_eq!(
        balance(&state, &person(1)),
        WEALTH,
        "the loser's transfer never happened"
    );
    assert_eq!(balance(&state, &person(99)), 1);
}

#[test]
fn competing_blocks_have_the_results_they_would_have_alone() {
    let genesis = genesis(1, 2);
    let mut crowded = new_state(&genesis);
    let tip = crowded.tip_id();
    extend(
        &mut crowded,
        tip,
        30,
        &[transfer(&genesis, &person(1), 0, 0)],
    );
    let block = build(&crowded, tip, 10, &[transfer(&genesis, &person(0), 0, 0)]);
    let lonely = new_state(&genesis);
    let rows = |state: &State| processed(state, &block).expect("an honest block").rows;
    assert_eq!(rows(&crowded), rows(&lonely));
}

#[test]
fn genesis_rows_are_written_by_block_one_alone() {
    let genesis = genesis(1, 3);
    let mut state = new_state(&genesis);
    let first = build(&state, state.tip_id(), 10, &[]);
    let rows = processed(&state, &first).expect("an honest block").rows;
    assert!(
        rows.windows(2).all(|pair| pair[0].0 < pair[1].0),
        "rows ascend without doubles"
    );
    let values = rows.iter().filter_map(|(_, value)| value.clone());
    let loaded = Ledger::load(&genesis, values).expect("block 1 holds a whole ledger");
    assert_eq!(loaded.height(), Height::new(1));
    assert_eq!(loaded.accounts().count(), 3);
    let tip = state.tip_id();
    let id = extend(&mut state, tip, 10, &[]);
    state.finalize(id);
    let second = build(&state, state.tip_id(), 10, &[]);
    let rows_of_second = processed(&state, &second)
        .expect("an honest block")
        .rows
        .len();
    assert!(rows_of_second < rows.len());
}

#[test]
fn a_proposer_leaves_out_what_no_block_may_hold_and_says_why() {
    let genesis = genesis(1, 2);
    let state = new_state(&genesis);
    let good = transfer(&genesis, &person(0), 0, 0);
    let gap = transfer(&genesis, &person(0), 1, 5);
    let poor = transfer(&genesis, &person(77), 0, 0);
    let leader = validator(0).account();
    let candidates = vec![good.clone(), gap.clone(), poor.clone()];
    let proposal = state.propose(
        state.tip_id(),
        LedgerTime::new(10),
        leader,
        candidates,
        Facts::default(),
    );
    assert_eq!(proposal.transactions, [good]);
    assert!(matches!(
        proposal.refused[..],
        [(a, Invalid::SequenceGap { .. }), (b, Invalid::CannotPay { .. })]
            if a == gap.id() && b == poor.id()
    ));
    assert_eq!(proposal.draft.executed.outcomes.len(), 1);
}

#[test]
fn every_wrong_header_field_has_its_refusal() {
    let genesis = genesis(1, 1);
    let state = new_state(&genesis);
    let honest = build(
        &state,
        state.tip_id(),
        10,
        &[transfer(&genesis, &person(0), 0, 0)],
    );
    processed(&state, &honest).expect("an honest block");
    let check = |spoil: &dyn Fn(&mut Block), expect: &dyn Fn(&Refusal) -> bool| {
        let mut block = honest.clone();
        spoil(&mut block);
        let refusal = processed(&state, &block)
            .err()
            .expect("a spoilt block is refused");
        assert!(expect(&refusal), "{refusal}");
    };
    check(&|block| block.header.height = Height::new(2), &|refusal| {
        matches!(refusal, Refusal::Lineage { .. })
    });
    check(
        &|block| block.header.context.parent = BlockId::new([9; 32]),
        &|refusal| matches!(refusal, Refusal::Lineage { .. }),
    );
    for time in [0, 5_001, u64::MAX] {
        check(
            &|block| block.header.time = LedgerTime::new(time),
            &|refusal| matches!(refusal, Refusal::Time { .. }),
        );
    }
    check(
        &|block| block.header.randomness = Hash32::default(),
        &|refusal| matches!(refusal, Refusal::Randomness { .. }),
    );
    check(
        &|block| block.header.base_fee = assay_types::FeeRate::new(77),
        &|refusal| matches!(refusal, Refusal::BaseFee { claimed: 77, .. }),
    );
    check(
        &|block| block.header.event_root = Hash32::default(),
        &|refusal| {
            matches!(
                refusal,
                Refusal::Root {
                    what: "event root",
                    ..
                }
            )
        },
    );
    let repeated = |block: &mut Block| block.transactions.push(block.transactions[0].clone());
    check(&repeated, &|refusal| {
        matches!(
            refusal,
            Refusal::Transaction {
                index: 1,
                source: Invalid::Replayed { .. },
                ..
            }
        )
    });
}

#[test]
fn an_included_failure_is_part_of_the_block() {
    let genesis = genesis(1, 1);
    let mut state = new_state(&genesis);
    let from = person(0);
    let mut body = unsigned(&genesis, &from, 0, 0);
    body.call = Call::Transfer {
        to: person(99).account(),
        amount: Amount::new(2 * WEALTH),
    };
    let tip = state.tip_id();
    let id = extend(&mut state, tip, 10, &[body.sign(&from)]);
    let result = state.finalize(id);
    assert!(result.outcomes[0].rejection.is_some());
    assert_eq!(balance(&state, &person(99)), 0);
}

#[test]
#[should_panic(expected = "was not executed")]
fn an_unknown_final_block_stops_the_node() {
    new_state(&genesis(1, 1)).finalize(BlockId::new([9; 32]));
}

/// A running order that takes a proof, placed by person 0 with person 1 as its seller; the sequences that
/// they use next are 3 and 3.
fn order_with_proof(genesis: &Genesis, state: &mut State) -> (BlockId, OrderId, ProofEvidence) {
    let (buyer, seller) = (person(0), person(1));
    let evidence = ProofEvidence {
        key: Blob::new(b"key").expect("short"),
        input: Blob::new(b"input").expect("short"),
        output: Blob::new(b"output").expect("short"),
        proof: Blob::new(b"proof").expect("short"),
    };
    let (model, key) = (ModelId::new([7; 32]), evidence.statement().key);
    let register = Call::RegisterModel {
        model,
        manifest: ContentId::default(),
        program: ContentId::default(),
        licence: Text::new("MIT").expect("short"),
        royalties: List::default(),
    };
    let offer = Call::PublishOffer {
        good: Good::Inference {
            models: List::new(vec![model]).expect("one"),
        },
        ask: Amount::new(1_000),
        capacity: 1,
    };
    let amount = Amount::new(1_000_000);
    let mut tip = state.tip_id();
    let first = [
        call(genesis, &buyer, 0, register),
        call(genesis, &buyer, 1, Call::RegisterProofKey { model, key }),
        call(genesis, &seller, 0, Call::Bond { amount }),
        call(genesis, &seller, 1, offer),
    ];
    tip = extend(state, tip, 10, &first);
    let terms = Terms {
        work: Work::Inference {
            model,
            input: Input::Public {
                content: evidence.statement().input,
            },
        },
        check: Check::Proof {
            key,
            deliver_by: LedgerTime::new(60_000),
        },
        price_max: Amount::new(1_000),
        accept_by: LedgerTime::new(30_000),
        seller: None,
    };
    let place = call(genesis, &buyer, 2, Call::PlaceOrder { terms });
    let body = &place.body;
    let order = OrderId::of(body.chain, body.sender, body.lane, body.sequence);
    tip = extend(state, tip, 10, std::slice::from_ref(&place));
    tip = extend(state, tip, 10, &[]);
    let accept = call(genesis, &seller, 2, Call::Accept { order });
    tip = extend(state, tip, 10, &[accept]);
    (tip, order, evidence)
}

fn call(genesis: &Genesis, from: &SecretKey, sequence: u64, call: Call) -> Transaction {
    let mut body = unsigned(genesis, from, 0, sequence);
    body.call = call;
    body.sign(from)
}

#[test]
fn a_false_proof_settles_alike_where_it_is_proposed_and_where_it_is_checked() {
    let genesis = genesis(1, 2);
    let mut state = new_state(&genesis);
    let (tip, order, evidence) = order_with_proof(&genesis, &mut state);
    let deliver = ProofCall::Deliver(evidence).on(order);
    let deliver = call(&genesis, &person(1), 3, deliver);
    let block = build(&state, tip, 10, &[deliver]);
    let draft = processed(&state, &block).expect("both find the same");
    let closed = draft.executed.events.iter().find_map(|event| match event {
        Event::Closed { receipt } => Some(receipt),
        _ => None,
    });
    let reason = RefundReason::FalseProof;
    assert_eq!(
        closed.expect("settled at once").verdict,
        Verdict::Refunded { reason }
    );
}

#[test]
fn a_block_that_pays_for_a_false_proof_is_refused() {
    let genesis = genesis(1, 2);
    let mut state = new_state(&genesis);
    let (tip, order, evidence) = order_with_proof(&genesis, &mut state);
    let statement = evidence.statement().hash();
    let deliver = ProofCall::Deliver(evidence).on(order);
    let deliver = call(&genesis, &person(1), 3, deliver);
    let honest = build(&state, tip, 10, std::slice::from_ref(&deliver));
    let time = honest.header.time;
    let leader = validator(0).account();
    let lie = Facts::new([statement]);
    let proposal = state.propose(tip, time, leader, vec![deliver], lie);
    let executed = proposal.draft.executed;
    let paid = |event: &Event| matches!(event, Event::Paid { order: of, .. } if *of == order);
    assert!(executed.events.iter().any(paid));
    let mut block = honest;
    block.header.event_root = executed.event_root;
    let refusal = processed(&state, &block).err().expect("nobody is fooled");
    assert!(
        matches!(
            refusal,
            Refusal::Root {
                what: "event root",
                ..
            }
        ),
        "{refusal}"
    );
}
