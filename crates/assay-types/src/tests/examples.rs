//! Fixed values of every wire type, each variant at least once. `fixtures` freezes their bytes.
//!
//! Values that hold many others (a block, an event root) hold those that were there when their bytes were
//! frozen; variants that came later stand in lists of their own.

mod ask;
mod score;
mod state;
mod topic;

pub(super) use ask::{ANSWER_BODY, ASK_BODY, miner_addresses, signed_answer, signed_ask};
pub(super) use state::{row_keys, state_proofs};

use crate::*;

pub(super) type Named<T> = (String, T);

pub(super) fn named<T, const N: usize>(examples: [(&str, T); N]) -> Vec<Named<T>> {
    examples
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

pub(super) fn list<T, const MAX: usize>(items: Vec<T>) -> List<T, MAX> {
    List::new(items).expect("a few items")
}

pub(super) fn key(seed: u8) -> SecretKey {
    SecretKey::from_bytes(&[seed; 32])
}

fn account(seed: u8) -> AccountId {
    key(seed).account()
}

pub(super) fn name(text: &str) -> Name {
    text.parse().expect("a name")
}

pub(super) fn name_commitment() -> NameCommitment {
    NameCommitment::new(
        ChainId::new([0x11; 32]),
        account(1),
        &HASH,
        name("the-example"),
    )
}

fn blob<const MAX: usize>(bytes: &[u8]) -> Blob<MAX> {
    Blob::new(bytes).expect("a few bytes")
}

fn text<const MAX: usize>(text: &str) -> Text<MAX> {
    Text::new(text).expect("a short text")
}

const fn time(ms: u64) -> LedgerTime {
    LedgerTime::new(1_700_000_000_000 + ms)
}

const ORDER: OrderId = OrderId::new([0x21; 32]);
const OFFER: OfferId = OfferId::new([0x22; 32]);
const MODEL: ModelId = ModelId::new([0x23; 32]);
const MANIFEST: ContentId = ContentId::new([0x24; 32]);
const PROGRAM: ContentId = ContentId::new([0x25; 32]);
const INPUT: ContentId = ContentId::new([0x26; 32]);
const OUTPUT: ContentId = ContentId::new([0x27; 32]);
const HASH: Hash32 = Hash32::new([0x28; 32]);
const PROOF_KEY: ProofKeyId = ProofKeyId::new([0x2f; 32]);

pub(super) fn works() -> [Work; 2] {
    [work(), score::work()]
}

pub(super) fn work() -> Work {
    Work::Inference {
        model: MODEL,
        input: Input::Public { content: INPUT },
    }
}

pub(super) fn goods() -> [Good; 2] {
    [good(), score::good()]
}

fn good() -> Good {
    Good::Inference {
        models: list(vec![MODEL, ModelId::new([0x2a; 32])]),
    }
}

pub(super) fn checks() -> Vec<Named<Check>> {
    named([
        (
            "quorum",
            Check::Quorum {
                agree: 2,
                of: 3,
                commit_by: time(9_000),
                deliver_by: time(12_000),
            },
        ),
        (
            "approval",
            Check::Approval {
                deliver_by: time(9_000),
                approve_by: time(60_000),
            },
        ),
        (
            "proof",
            Check::Proof {
                key: PROOF_KEY,
                deliver_by: time(9_000),
            },
        ),
        ("score", score::SCORE),
    ])
}

pub(super) fn terms() -> Vec<Named<Terms>> {
    let terms = |check, seller| Terms {
        work: work(),
        check,
        price_max: Amount::new(5_000_000),
        accept_by: time(4_000),
        seller,
    };
    let [(_, quorum), (_, approval), (_, proof), _] = checks().try_into().expect("four checks");
    named([
        ("quorum", terms(quorum, None)),
        ("approval", terms(approval, None)),
        (
            "approval_by_named_seller",
            terms(approval, Some(account(3))),
        ),
        ("proof", terms(proof, None)),
        ("score", score::terms()),
    ])
}

fn royalties() -> List<RoyaltySplit, ROYALTY_SPLITS_MAX> {
    let mut splits: Vec<_> = [(4, 250), (5, 50)]
        .map(|(seed, share)| RoyaltySplit {
            account: account(seed),
            share: BasisPoints::new(share),
        })
        .into();
    splits.sort_by_key(|split| split.account);
    list(splits)
}

pub(super) fn reveal() -> QuorumReveal {
    QuorumReveal {
        output: blob(b"seven"),
        salt: HASH,
    }
}

pub(super) fn evidence() -> ProofEvidence {
    ProofEvidence {
        key: blob(b"a key"),
        input: blob(b"a digit"),
        output: blob(b"seven"),
        proof: blob(b"a proof"),
    }
}

pub(super) fn calls() -> Vec<Named<Call>> {
    let mut calls = first_calls();
    calls.extend(named([
        (
            "register_proof_key",
            Call::RegisterProofKey {
                model: MODEL,
                key: PROOF_KEY,
            },
        ),
        ("proof_deliver", ProofCall::Deliver(evidence()).on(ORDER)),
    ]));
    let (name, terms) = terms().swap_remove(3);
    calls.push((format!("place_order_{name}"), Call::PlaceOrder { terms }));
    calls.extend(topic::topic_calls());
    calls.extend(score::calls());
    calls
}

fn first_calls() -> Vec<Named<Call>> {
    let amount = Amount::new(1_500_000_000);
    let mut calls = named([
        (
            "transfer",
            Call::Transfer {
                to: account(2),
                amount,
            },
        ),
        ("bond", Call::Bond { amount }),
        ("unbond", Call::Unbond { amount }),
        (
            "publish_offer",
            Call::PublishOffer {
                good: good(),
                ask: Amount::new(4_000_000),
                capacity: 8,
            },
        ),
        ("withdraw_offer", Call::WithdrawOffer { offer: OFFER }),
        ("cancel_order", Call::CancelOrder { order: ORDER }),
        ("accept", Call::Accept { order: ORDER }),
        ("decline", Call::Decline { order: ORDER }),
        (
            "check_call_unknown_tag",
            Call::CheckCall {
                order: ORDER,
                tag: 255,
                bytes: blob(b""),
            },
        ),
        ("quorum_commit", QuorumCall::Commit(HASH).on(ORDER)),
        ("quorum_reveal", QuorumCall::Reveal(reveal()).on(ORDER)),
        (
            "approval_deliver",
            ApprovalCall::Deliver(blob(b"seven")).on(ORDER),
        ),
        ("approval_approve", ApprovalCall::Approve.on(ORDER)),
        ("approval_reject", ApprovalCall::Reject.on(ORDER)),
        (
            "register_model",
            Call::RegisterModel {
                model: MODEL,
                manifest: MANIFEST,
                program: PROGRAM,
                licence: text("MIT OR Apache-2.0"),
                royalties: royalties(),
            },
        ),
        (
            "reserve_name",
            Call::ReserveName {
                commitment: name_commitment(),
            },
        ),
        (
            "register_name",
            Call::RegisterName {
                name: name("the-example"),
                salt: HASH,
                lease_ms: YEAR_MS,
            },
        ),
        (
            "renew_name",
            Call::RenewName {
                name: name("abc"),
                lease_ms: 1,
            },
        ),
        (
            "transfer_name",
            Call::TransferName {
                name: name("a-name-of-thirty-two-characters0"),
                to: account(2),
            },
        ),
    ]);
    for (name, terms) in terms().into_iter().take(3) {
        calls.push((format!("place_order_{name}"), Call::PlaceOrder { terms }));
    }
    calls
}

pub(super) fn unsigned(call: Call) -> Unsigned {
    Unsigned {
        chain: ChainId::new([0x11; 32]),
        sender: account(1),
        lane: Lane::new(63).expect("the last lane"),
        sequence: 258,
        fee_limit: Amount::new(100_000),
        tip: Amount::new(7),
        valid_until: time(60_000),
        call,
    }
}

pub(super) fn transactions() -> Vec<Named<Transaction>> {
    signed(calls())
}

fn signed(calls: Vec<Named<Call>>) -> Vec<Named<Transaction>> {
    calls
        .into_iter()
        .map(|(name, call)| (name, unsigned(call).sign(&key(1))))
        .collect()
}

pub(super) fn header() -> Header {
    let parent = BlockId::new([0x31; 32]);
    Header {
        version: HEADER_VERSION,
        context: ConsensusContext {
            epoch: 1,
            view: 300,
            leader: key(9).public_key(),
            parent_view: 298,
            parent,
        },
        parent,
        height: Height::new(257),
        time: time(13_000),
        randomness: Hash32::new([0x32; 32]),
        transactions_root: Hash32::new([0x33; 32]),
        state_root: Hash32::new([0x34; 32]),
        operations_root: Hash32::new([0x35; 32]),
        range_start: 1_000,
        range_end: 70_000,
        event_root: Hash32::new([0x36; 32]),
        base_fee: FeeRate::new(3),
    }
}

pub(super) fn blocks() -> Vec<Named<Block>> {
    let block = |transactions: Vec<Transaction>| {
        let mut header = header();
        header.transactions_root = Block::transactions_root(&transactions);
        Block {
            header,
            transactions,
        }
    };
    let all = signed(first_calls())
        .into_iter()
        .map(|(_, transaction)| transaction)
        .collect();
    named([("empty", block(Vec::new())), ("every_call", block(all))])
}

pub(super) const BURN_REASONS: [(&str, BurnReason); 5] = [
    ("false_reveal", BurnReason::FalseReveal),
    ("minority_answer", BurnReason::MinorityAnswer),
    ("silence", BurnReason::Silence),
    ("rejected_delivery", BurnReason::RejectedDelivery),
    ("false_proof", BurnReason::FalseProof),
];

pub(super) const REFUND_REASONS: [(&str, RefundReason); 9] = [
    ("too_few_sellers", RefundReason::TooFewSellers),
    ("no_quorum", RefundReason::NoQuorum),
    ("nothing_delivered", RefundReason::NothingDelivered),
    ("rejected", RefundReason::Rejected),
    ("cancelled", RefundReason::Cancelled),
    ("false_proof", RefundReason::FalseProof),
    ("no_merit", RefundReason::NoMerit),
    ("slot_lost", RefundReason::SlotLost),
    ("topic_unsettled", RefundReason::TopicUnsettled),
];

pub(super) const RELEASE_REASONS: [(&str, ReleaseReason); 3] = [
    ("declined", ReleaseReason::Declined),
    ("no_answer", ReleaseReason::NoAnswer),
    ("order_ended", ReleaseReason::OrderEnded),
];

pub(super) fn verdicts() -> Vec<Named<Verdict>> {
    let mut verdicts = named([
        ("agreed", Verdict::Agreed),
        ("approved", Verdict::Approved),
        ("approved_by_silence", Verdict::ApprovedBySilence),
    ]);
    for (name, reason) in REFUND_REASONS {
        verdicts.push((format!("refunded_{name}"), Verdict::Refunded { reason }));
    }
    verdicts.push(("proven".to_owned(), Verdict::Proven));
    verdicts.push(("scored".to_owned(), Verdict::Scored));
    verdicts
}

pub(super) fn payout_results() -> Vec<Named<PayoutResult>> {
    let mut results = named([
        (
            "paid",
            PayoutResult::Paid {
                gross: Amount::new(4_000_000),
                fee: Amount::new(20_000),
                royalties: Amount::new(120_000),
            },
        ),
        ("unpaid", PayoutResult::Unpaid),
    ]);
    for (name, reason) in BURN_REASONS {
        let amount = Amount::new(50_000_000);
        results.push((
            format!("burnt_{name}"),
            PayoutResult::Burnt { amount, reason },
        ));
    }
    results.push(("forfeited".to_owned(), FORFEITED));
    results
}

const FORFEITED: PayoutResult = PayoutResult::Forfeited {
    compensation: Amount::new(4_000_000),
    burnt: Amount::new(46_000_000),
    reason: BurnReason::FalseProof,
};

pub(super) fn receipts() -> Vec<Named<Receipt>> {
    let mut payouts: Vec<Payout> = payout_results()
        .into_iter()
        .take(6)
        .zip(2..)
        .map(|((_, result), seed)| Payout {
            seller: account(seed),
            result,
        })
        .collect();
    payouts.sort_by_key(|payout| payout.seller);
    let [(_, quorum), (_, approval), (_, proof), _] = checks().try_into().expect("four checks");
    let receipt = |verdict| Receipt {
        version: RECEIPT_VERSION,
        chain: ChainId::new([0x11; 32]),
        order: ORDER,
        buyer: account(1),
        work: work(),
        check: quorum,
        verdict,
        output: Some(OUTPUT),
        price: Amount::new(8_000_000),
        refund: Amount::new(7_000_000),
        payouts: list(payouts.clone()),
        placed_at: time(0),
        closed_at: time(13_000),
        height: Height::new(257),
        settled_by: Some(TxId::new([0x29; 32])),
    };
    let mut receipts: Vec<_> = verdicts()
        .into_iter()
        .map(|(name, verdict)| (name, receipt(verdict)))
        .collect();
    let bare = Receipt {
        check: approval,
        output: None,
        payouts: List::default(),
        settled_by: None,
        ..receipt(Verdict::Refunded {
            reason: RefundReason::TooFewSellers,
        })
    };
    receipts.push(("bare".to_owned(), bare));
    let false_proof = Receipt {
        check: proof,
        output: None,
        payouts: list(vec![Payout {
            seller: account(3),
            result: FORFEITED,
        }]),
        ..receipt(Verdict::Refunded {
            reason: RefundReason::FalseProof,
        })
    };
    receipts.push(("false_proof".to_owned(), false_proof));
    receipts
}

pub(super) fn events() -> Vec<Named<Event>> {
    let (seller, amount) = (account(3), Amount::new(4_000_000));
    let mut events = first_events();
    events.extend(named([
        (
            "proof_key_registered",
            Event::ProofKeyRegistered {
                model: MODEL,
                key: PROOF_KEY,
                owner: account(1),
            },
        ),
        (
            "proof_delivered",
            Event::ProofDelivered {
                order: ORDER,
                seller,
                output: OUTPUT,
                statement: HASH,
                holds: true,
            },
        ),
        (
            "proof_delivered_falsely",
            Event::ProofDelivered {
                order: ORDER,
                seller,
                output: OUTPUT,
                statement: HASH,
                holds: false,
            },
        ),
        (
            "compensated",
            Event::Compensated {
                order: ORDER,
                seller,
                buyer: account(1),
                amount,
            },
        ),
        (
            "burnt_false_proof",
            Event::Burnt {
                order: ORDER,
                account: seller,
                amount,
                reason: BurnReason::FalseProof,
            },
        ),
    ]));
    events.extend(topic::topic_events());
    events
}

fn first_events() -> Vec<Named<Event>> {
    let (from, to, seller, buyer) = (account(1), account(2), account(3), account(1));
    let amount = Amount::new(1_500_000_000);
    let small = Amount::new(20_000);
    let mut events = named([
        ("transferred", Event::Transferred { from, to, amount }),
        (
            "bonded",
            Event::Bonded {
                account: from,
                amount,
            },
        ),
        (
            "unbonding_started",
            Event::UnbondingStarted {
                account: from,
                amount,
                release_at: time(604_800_000),
            },
        ),
        (
            "unbonded",
            Event::Unbonded {
                account: from,
                amount,
            },
        ),
        (
            "offer_published",
            Event::OfferPublished {
                offer: OFFER,
                seller,
                good: good(),
                ask: small,
                capacity: 8,
            },
        ),
        (
            "offer_withdrawn",
            Event::OfferWithdrawn {
                offer: OFFER,
                seller,
            },
        ),
        (
            "model_registered",
            Event::ModelRegistered {
                model: MODEL,
                owner: from,
                manifest: MANIFEST,
                program: PROGRAM,
            },
        ),
        (
            "order_placed",
            Event::OrderPlaced {
                order: ORDER,
                buyer,
                terms: terms()[0].1.clone(),
                escrow: amount,
            },
        ),
        (
            "assigned",
            Event::Assigned {
                order: ORDER,
                seller,
                offer: OFFER,
                ask: small,
                lock: amount,
                respond_by: time(2_000),
            },
        ),
        (
            "accepted",
            Event::Accepted {
                order: ORDER,
                seller,
            },
        ),
        ("started", Event::Started { order: ORDER }),
        (
            "committed",
            Event::Committed {
                order: ORDER,
                seller,
                commitment: HASH,
            },
        ),
        ("reveals_opened", Event::RevealsOpened { order: ORDER }),
        (
            "revealed",
            Event::Revealed {
                order: ORDER,
                seller,
                output: OUTPUT,
                holds: true,
            },
        ),
        (
            "revealed_falsely",
            Event::Revealed {
                order: ORDER,
                seller,
                output: OUTPUT,
                holds: false,
            },
        ),
        (
            "delivered",
            Event::Delivered {
                order: ORDER,
                seller,
                output: OUTPUT,
            },
        ),
        (
            "verdict_reached",
            Event::VerdictReached {
                order: ORDER,
                output: OUTPUT,
            },
        ),
        (
            "paid",
            Event::Paid {
                order: ORDER,
                seller,
                gross: amount,
                net: small,
                fee: small,
            },
        ),
        (
            "royalty_paid",
            Event::RoyaltyPaid {
                order: ORDER,
                model: MODEL,
                to,
                amount: small,
            },
        ),
        (
            "refunded",
            Event::Refunded {
                order: ORDER,
                buyer,
                amount,
            },
        ),
        (
            "closed",
            Event::Closed {
                receipt: receipts()[0].1.clone().into(),
            },
        ),
        (
            "failed",
            Event::Failed {
                transaction: TxId::new([0x29; 32]),
                rejection: Rejection::InsufficientFunds,
            },
        ),
        (
            "emitted",
            Event::Emitted {
                epoch: 300,
                to,
                blocks: 3_600,
                amount,
            },
        ),
        (
            "rebated",
            Event::Rebated {
                order: ORDER,
                seller,
                amount: small,
            },
        ),
    ]);
    events.extend(name_events());
    for (name, reason) in RELEASE_REASONS {
        events.push((
            format!("released_{name}"),
            Event::Released {
                order: ORDER,
                seller,
                reason,
            },
        ));
    }
    for (name, reason) in BURN_REASONS.into_iter().take(4) {
        let event = Event::Burnt {
            order: ORDER,
            account: seller,
            amount,
            reason,
        };
        events.push((format!("burnt_{name}"), event));
    }
    events
}

fn name_events() -> Vec<Named<Event>> {
    let (holder, expires_at, price) = (account(1), time(YEAR_MS), Amount::new(GRAINS_PER_ASY));
    let name = name("the-example");
    named([
        (
            "name_reserved",
            Event::NameReserved {
                account: holder,
                commitment: name_commitment(),
            },
        ),
        (
            "name_registered",
            Event::NameRegistered {
                name,
                holder,
                expires_at,
                price,
            },
        ),
        (
            "name_renewed",
            Event::NameRenewed {
                name,
                holder,
                expires_at,
                price,
            },
        ),
        (
            "name_transferred",
            Event::NameTransferred {
                name,
                from: holder,
                to: account(2),
            },
        ),
        ("name_expired", Event::NameExpired { name, holder }),
    ])
}

pub(super) fn finality() -> Finality {
    let vote = |signer, seed| Vote {
        signer: SignerIndex::new(signer),
        signature: key(seed).sign(b"example", b"vote"),
    };
    Finality {
        votes: list(vec![vote(0, 9), vote(2, 10), vote(258, 11)]),
    }
}

pub(super) fn receipt_proofs() -> Vec<Named<ReceiptProof>> {
    let events: Vec<Vec<u8>> = first_events()
        .iter()
        .map(|(_, event)| encode(event))
        .collect();
    let receipt = receipts()[0].1.clone();
    let leaf = encode(&Event::Closed {
        receipt: receipt.clone().into(),
    });
    let index = events
        .iter()
        .position(|event| *event == leaf)
        .expect("among the examples");
    let mut header = header();
    header.event_root = merkle_root(&events);
    let mut above = self::header();
    above.parent = header.id();
    above.context.parent = header.id();
    above.height = header.height.next();
    let proof = |descendants| ReceiptProof {
        version: RECEIPT_VERSION,
        receipt: receipt.clone(),
        path: merkle_path(&events, index as u32).expect("a leaf"),
        header: header.clone(),
        descendants: list(descendants),
        finality: finality(),
    };
    named([
        ("own_votes", proof(Vec::new())),
        ("votes_above", proof(vec![above])),
    ])
}

pub(super) fn geneses() -> Vec<Named<Genesis>> {
    let mut validators: Vec<_> = (9..13).map(|seed| key(seed).public_key()).collect();
    validators.sort();
    let mut allocations: Vec<_> = (1..4)
        .map(|seed| Allocation {
            account: account(seed),
            amount: Amount::new(u64::from(seed) * GRAINS_PER_ASY),
        })
        .collect();
    allocations.sort_by_key(|allocation| allocation.account);
    let full = Genesis {
        network: text("assay-example"),
        start: time(0),
        validators: list(validators),
        allocations: list(allocations),
        models: list(vec![GenesisModel {
            model: MODEL,
            owner: account(1),
            manifest: MANIFEST,
            program: PROGRAM,
            licence: text("MIT"),
            royalties: royalties(),
        }]),
        params: Params::default(),
    };
    let smallest = Genesis {
        network: Text::default(),
        start: LedgerTime::default(),
        validators: list(vec![key(9).public_key()]),
        allocations: List::default(),
        models: List::default(),
        params: Params::default(),
    };
    named([("full", full), ("smallest", smallest)])
}

pub(super) fn upload() -> SignedUpload {
    UploadClaim {
        version: UPLOAD_VERSION,
        chain: ChainId::new([0x11; 32]),
        uploader: account(1),
        content: INPUT,
        size: 65_537,
        valid_until: time(60_000),
    }
    .sign(&key(1))
}
