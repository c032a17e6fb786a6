//! Views spell what the module docs promise, and read back what they write.

use crate::*;
use assay_types::*;

fn account(byte: u8) -> AccountId {
    AccountId::new([byte; 32])
}

fn terms() -> Terms {
    Terms {
        work: Work::Inference {
            model: ModelId::new([1; 32]),
            input: Input::Public {
                content: ContentId::new([2; 32]),
            },
        },
        check: Check::Quorum {
            agree: 2,
            of: 3,
            commit_by: LedgerTime::new(20),
            deliver_by: LedgerTime::new(30),
        },
        price_max: Amount::new(u64::MAX),
        accept_by: LedgerTime::new(10),
        seller: None,
    }
}

fn receipt() -> Receipt {
    Receipt {
        version: RECEIPT_VERSION,
        chain: ChainId::new([3; 32]),
        order: OrderId::new([4; 32]),
        buyer: account(5),
        work: terms().work,
        check: terms().check,
        verdict: Verdict::Refunded {
            reason: RefundReason::NoQuorum,
        },
        output: Some(ContentId::new([6; 32])),
        price: Amount::new(7),
        refund: Amount::new(8),
        payouts: List::new(vec![
            Payout {
                seller: account(9),
                result: PayoutResult::Paid {
                    gross: Amount::new(3),
                    fee: Amount::new(1),
                    royalties: Amount::new(1),
                },
            },
            Payout {
                seller: account(10),
                result: PayoutResult::Burnt {
                    amount: Amount::new(30),
                    reason: BurnReason::MinorityAnswer,
                },
            },
            Payout {
                seller: account(11),
                result: PayoutResult::Unpaid,
            },
            Payout {
                seller: account(12),
                result: PayoutResult::Forfeited {
                    compensation: Amount::new(3),
                    burnt: Amount::new(27),
                    reason: BurnReason::FalseProof,
                },
            },
        ])
        .unwrap(),
        placed_at: LedgerTime::new(1),
        closed_at: LedgerTime::new(2),
        height: Height::new(12),
        settled_by: None,
    }
}

#[test]
fn amounts_are_strings_and_times_are_numbers() {
    let view = TermsView::from(&terms());
    let json = serde_json::to_value(&view).unwrap();
    assert_eq!(json["price_max"], "18446744073709551615");
    assert_eq!(json["accept_by_ms"], 10);
    assert_eq!(json["seller"], serde_json::Value::Null);
    assert_eq!(json["work"]["model"], "01".repeat(32));
    assert_eq!(json["check"]["type"], "quorum");
    assert_eq!(json["check"]["commit_by_ms"], 20);
    assert_eq!(serde_json::from_value::<TermsView>(json).unwrap(), view);
}

#[test]
fn a_proof_names_its_key() {
    let check = Check::Proof {
        key: ProofKeyId::new([8; 32]),
        deliver_by: LedgerTime::new(30),
    };
    let view = CheckView::from(&check);
    let json = serde_json::to_value(view).unwrap();
    assert_eq!(json["type"], "proof");
    assert_eq!(json["key"], "08".repeat(32));
    assert_eq!(json["deliver_by_ms"], 30);
    assert_eq!(serde_json::from_value::<CheckView>(json).unwrap(), view);
    assert_eq!(Check::from(&view), check);
}

#[test]
fn a_request_names_its_topic() {
    let topic = TopicId::new([8; 32]);
    let good = GoodView::from(&Good::Topic { topic });
    let input = Input::Public {
        content: ContentId::new([2; 32]),
    };
    let check = Check::Score {
        deliver_by: LedgerTime::new(30),
    };
    let terms = Terms {
        work: Work::Topic { topic, input },
        check,
        ..terms()
    };
    let view = TermsView::from(&terms);
    let json = serde_json::to_value(&view).unwrap();
    assert_eq!(json["work"]["type"], "topic");
    assert_eq!(json["work"]["topic"], "08".repeat(32));
    assert_eq!(json["work"]["input"]["content"], "02".repeat(32));
    assert_eq!(json["check"]["type"], "score");
    assert_eq!(json["check"]["deliver_by_ms"], 30);
    assert_eq!(Check::from(&view.check), check);
    assert_eq!(serde_json::from_value::<TermsView>(json).unwrap(), view);
    let json = serde_json::to_value(&good).unwrap();
    assert_eq!(json["topic"], "08".repeat(32));
    assert_eq!(serde_json::from_value::<GoodView>(json).unwrap(), good);
}

#[test]
fn every_event_reads_back() {
    let order = OrderId::new([1; 32]);
    let seller = account(2);
    let amount = Amount::new(3);
    let output = ContentId::new([4; 32]);
    let good = Good::Inference {
        models: List::new(vec![ModelId::new([5; 32])]).unwrap(),
    };
    let offer = OfferId::new([6; 32]);
    let events = [
        Event::Transferred {
            from: seller,
            to: account(3),
            amount,
        },
        Event::Bonded {
            account: seller,
            amount,
        },
        Event::UnbondingStarted {
            account: seller,
            amount,
            release_at: LedgerTime::new(9),
        },
        Event::Unbonded {
            account: seller,
            amount,
        },
        Event::OfferPublished {
            offer,
            seller,
            good,
            ask: amount,
            capacity: 4,
        },
        Event::OfferWithdrawn { offer, seller },
        Event::ModelRegistered {
            model: ModelId::new([7; 32]),
            owner: seller,
            manifest: output,
            program: output,
        },
        Event::OrderPlaced {
            order,
            buyer: seller,
            terms: terms(),
            escrow: amount,
        },
        Event::Assigned {
            order,
            seller,
            offer,
            ask: amount,
            lock: amount,
            respond_by: LedgerTime::new(1),
        },
        Event::Released {
            order,
            seller,
            reason: ReleaseReason::NoAnswer,
        },
        Event::Accepted { order, seller },
        Event::Started { order },
        Event::Committed {
            order,
            seller,
            commitment: Hash32::new([8; 32]),
        },
        Event::RevealsOpened { order },
        Event::Revealed {
            order,
            seller,
            output,
            holds: true,
        },
        Event::Delivered {
            order,
            seller,
            output,
        },
        Event::VerdictReached { order, output },
        Event::Paid {
            order,
            seller,
            gross: amount,
            net: amount,
            fee: amount,
        },
        Event::RoyaltyPaid {
            order,
            model: ModelId::new([9; 32]),
            to: seller,
            amount,
        },
        Event::Burnt {
            order,
            account: seller,
            amount,
            reason: BurnReason::Silence,
        },
        Event::Refunded {
            order,
            buyer: seller,
            amount,
        },
        Event::ProofKeyRegistered {
            model: ModelId::new([7; 32]),
            key: ProofKeyId::new([8; 32]),
            owner: seller,
        },
        Event::ProofDelivered {
            order,
            seller,
            output,
            statement: Hash32::new([8; 32]),
            holds: false,
        },
        Event::Compensated {
            order,
            seller,
            buyer: account(3),
            amount,
        },
        Event::Closed {
            receipt: receipt().into(),
        },
        Event::Failed {
            transaction: TxId::new([1; 32]),
            rejection: Rejection::PriceZero,
        },
    ];
    for (index, event) in events.iter().enumerate() {
        let stamped = StreamMessage::Market(StampedEvent {
            height: Height::new(7),
            time: LedgerTime::new(8),
            index: u32::try_from(index).unwrap(),
            event: event.into(),
        });
        let data = stamped.data().unwrap();
        assert!(!data.contains('\n'), "a message's data is one line");
        let read = StreamMessage::read(stamped.name(), &data).unwrap().unwrap();
        assert_eq!(read, stamped, "{data}");
        if let StreamMessage::Market(read) = read {
            assert_eq!(read.order(), event.order());
        }
    }
}

#[test]
fn an_unknown_event_or_code_does_not_break_a_reader() {
    let data = r#"{"height":1,"time_ms":2,"index":0,"event":{"type":"eclipse","moon":1}}"#;
    let Some(StreamMessage::Market(read)) = StreamMessage::read(MARKET_EVENT, data).unwrap() else {
        panic!("not a market event");
    };
    assert_eq!(read.event, EventView::Unknown);
    assert_eq!(StreamMessage::read("eclipse", data).unwrap(), None);
    let code: ProblemCode = serde_json::from_str("\"eclipse\"").unwrap();
    assert_eq!(code, ProblemCode::Unknown);
}

#[test]
fn cursors_are_ordered_and_strict() {
    let cursor: EventCursor = "12-3".parse().unwrap();
    assert_eq!((cursor.height, cursor.index), (Height::new(12), 3));
    assert_eq!(cursor.to_string(), "12-3");
    assert!(cursor < "12-4".parse().unwrap() && cursor < "13-0".parse().unwrap());
    assert!(cursor < EventCursor::end_of(Height::new(12)));
    for text in [
        "",
        "-",
        "1",
        "1-",
        "-1",
        "+1-1",
        "1-+1",
        "1-1-1",
        "1-4294967296",
        " 1-1",
    ] {
        assert!(text.parse::<EventCursor>().is_err(), "{text}");
    }
}

#[test]
fn upload_claims_travel_in_a_header() {
    let key = SecretKey::from_bytes(&[1; 32]);
    let upload = UploadClaim {
        version: UPLOAD_VERSION,
        chain: ChainId::new([2; 32]),
        uploader: key.account(),
        content: ContentId::of(b"x"),
        size: 1,
        valid_until: LedgerTime::new(3),
    }
    .sign(&key);
    let text = upload_to_header(&upload);
    assert_eq!(upload_from_header(&text).unwrap(), upload);
    for bad in [&text[1..], &text[2..], "zz", "é", "+1"] {
        assert!(upload_from_header(bad).is_err(), "{bad}");
    }
}

#[test]
fn problems_say_what_and_what_next() {
    let problem = Problem::from(&Invalid::SequenceGap {
        lane: 1,
        given: 9,
        expected: 5,
    });
    let json = serde_json::to_value(&problem).unwrap();
    assert_eq!(json["type"], "urn:assay:problem:sequence_gap");
    assert_eq!(
        (json["status"].clone(), json["code"].clone()),
        (409.into(), "sequence_gap".into())
    );
    assert_eq!(json["expected_sequence"], 5);
    assert_eq!(json["detail"], "sequence 9 of lane 1 is ahead of 5");
    assert_eq!(json["hint"], "send the ones between first");
    assert_eq!(serde_json::from_value::<Problem>(json).unwrap(), problem);
    for code in ProblemCode::ALL {
        let text = serde_json::to_string(code).unwrap();
        assert_eq!(text, format!("\"{}\"", code.name()));
        assert!((400..600).contains(&code.status()));
    }
}

#[test]
fn a_batch_answer_tells_each_code_once_and_every_index() {
    let mut answer = BatchAnswer::default();
    answer.accept();
    let gap = Invalid::SequenceGap {
        expected: 4,
        lane: 0,
        given: 9,
    };
    answer.refuse(1, Problem::from(&gap));
    answer.refuse(2, Problem::from(&gap));
    answer.refuse(3, Problem::from(&Invalid::BadSignature));
    let text = serde_json::to_string(&answer).unwrap();
    assert_eq!(serde_json::from_str::<BatchAnswer>(&text).unwrap(), answer);
    assert_eq!((answer.accepted, answer.len()), (1, 4));
    assert_eq!(answer.problems.len(), 2);
    assert_eq!(answer.first_refused(), Some((1, Problem::from(&gap))));
    assert_eq!(BatchAnswer::default().first_refused(), None);
}
