//! One order's whole life over HTTP, with three sellers played by hand.

use crate::support::{Account, PATIENCE, World};
use assay_api::{
    AccountView, AssignmentStage, EventView, OfferView, OffersPage, OrderStatus, OrderView,
    OrdersPage, ProblemCode, ReceiptView, StreamMessage, VerdictView, paths,
};
use assay_content::{CONTENT_RETENTION_MS, Limits, Owner, Pin, Store};
use assay_types::{
    AccountId, Amount, Blob, Call, Check, ContentId, GRAINS_PER_ASY, Good, Hash32, Input, Lane,
    LedgerTime, List, ModelId, OrderId, QuorumCall, QuorumReveal, ReceiptProof, Terms, Work,
    commitment, decode,
};
use assay_verify::{Anchor, verify_receipt};
use futures::StreamExt as _;
use std::collections::BTreeSet;

const ASK: Amount = Amount::new(GRAINS_PER_ASY);

/// Three sellers with bonds and offers.
async fn open_shop(world: &World, model: ModelId) -> Vec<Account> {
    let mut sellers = Vec::new();
    for number in 1..=3 {
        let mut seller = world.account(&format!("seller-{number}"));
        let amount = Amount::new(1_000 * GRAINS_PER_ASY);
        world.perform(&mut seller, Call::Bond { amount }).await;
        let good = Good::Inference {
            models: List::new(vec![model]).unwrap(),
        };
        world
            .perform(
                &mut seller,
                Call::PublishOffer {
                    good,
                    ask: ASK,
                    capacity: 4,
                },
            )
            .await;
        sellers.push(seller);
    }
    sellers
}

async fn place(world: &World, buyer: &mut Account, model: ModelId, content: ContentId) -> OrderId {
    let order = OrderId::of(world.chain(), buyer.id(), buyer.lane, buyer.sequence);
    let now = world.now().await;
    let check = Check::Quorum {
        agree: 2,
        of: 3,
        commit_by: now.after(40_000),
        deliver_by: now.after(50_000),
    };
    let terms = Terms {
        work: Work::Inference {
            model,
            input: Input::Public { content },
        },
        check,
        price_max: Amount::new(2 * GRAINS_PER_ASY),
        accept_by: now.after(30_000),
        seller: None,
    };
    world.perform(buyer, Call::PlaceOrder { terms }).await;
    order
}

async fn order(world: &World, id: OrderId) -> OrderView {
    world.view(&paths::order(id)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_lives_from_placement_to_receipt() {
    let world = World::start().await;
    let model = world.network.genesis.models[0].model;
    let mut sellers = open_shop(&world, model).await;
    let path = format!("{}?model={model}", paths::OFFERS);
    let offers = world.view::<OffersPage>(&path).await.offers;
    assert_eq!(offers.len(), 3);
    let mut paged = Vec::new();
    let mut cursor = String::new();
    loop {
        let page: OffersPage = world.view(&format!("{path}&limit=2{cursor}")).await;
        paged.extend(page.offers);
        let Some(next) = page.next else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(paged, offers, "in pages as at once");
    let offer: OfferView = world.view(&paths::offer(offers[0].offer)).await;
    assert_eq!(offer, offers[0]);

    let mut buyer = world.account("buyer").on_lane(5);
    let input = world
        .upload(&buyer, b"any input will do, nobody executes here")
        .await;
    let id = place(&world, &mut buyer, model, input).await;
    let assigned = async {
        let mut stream = Box::pin(world.events(&format!("?from=0&order={id}")).await);
        let mut assigned = BTreeSet::new();
        while assigned.len() < 3 {
            if let Some(StreamMessage::Market(stamped)) = stream.next().await {
                assert_eq!(stamped.order(), Some(id), "filtered by order");
                if let EventView::Assigned { seller, .. } = stamped.event {
                    assigned.insert(seller);
                }
            }
        }
        assigned
    };
    let assigned = tokio::time::timeout(PATIENCE, assigned).await.unwrap();
    assert_eq!(
        assigned,
        sellers
            .iter()
            .map(Account::id)
            .collect::<BTreeSet<AccountId>>()
    );
    let view = order(&world, id).await;
    assert_eq!((view.status, view.sellers.len()), (OrderStatus::Drawing, 3));
    assert!(
        view.sellers
            .iter()
            .all(|seller| seller.stage == AssignmentStage::Asked)
    );
    let refusal = world.problem(world.get(&paths::receipt(id))).await;
    assert_eq!(refusal.code, ProblemCode::NotFound);
    assert!(refusal.hint.contains("open"), "{refusal}");

    for seller in &mut sellers {
        world.perform(seller, Call::Accept { order: id }).await;
    }
    let view = order(&world, id).await;
    assert_eq!(view.status, OrderStatus::Working);
    assert!(view.started_at.is_some());

    // Two agree, the third is wrong.
    let answers: [&[u8]; 3] = [b"seven", b"seven", b"nine"];
    let salts = [
        Hash32::new([1; 32]),
        Hash32::new([2; 32]),
        Hash32::new([3; 32]),
    ];
    for ((seller, answer), salt) in sellers.iter_mut().zip(answers).zip(&salts) {
        let hash = commitment(world.chain(), id, seller.id(), ContentId::of(answer), salt);
        world.perform(seller, QuorumCall::Commit(hash).on(id)).await;
    }
    let view = order(&world, id).await;
    assert_eq!(view.status, OrderStatus::Revealing);
    assert!(view.sellers.iter().all(|seller| {
        seller.stage == AssignmentStage::Committed && seller.commitment.is_some()
    }));
    let open: OrdersPage = world
        .view(&format!(
            "{}?status=open",
            paths::account_orders(sellers[0].id())
        ))
        .await;
    assert_eq!(open.orders, std::slice::from_ref(&view));
    let everyone: OrdersPage = world
        .view(&format!("{}?status=revealing", paths::ORDERS))
        .await;
    assert_eq!(everyone.orders, [view]);
    for ((seller, answer), salt) in sellers.iter_mut().zip(answers).zip(salts) {
        let output = Blob::new(answer).unwrap();
        world
            .perform(
                seller,
                QuorumCall::Reveal(QuorumReveal { output, salt }).on(id),
            )
            .await;
    }

    let receipt = world
        .first(|event| match event {
            EventView::Closed { receipt } if receipt.order == id => Some((**receipt).clone()),
            _ => None,
        })
        .await;
    assert_eq!(receipt.verdict, VerdictView::Agreed);
    let bytes = world
        .get(&paths::receipt(id))
        .send()
        .await
        .unwrap()
        .bytes()
        .await
        .unwrap();
    let proof: ReceiptProof = decode(&bytes).unwrap();
    let anchor = Anchor::of_genesis(&world.network.genesis).unwrap();
    assert_eq!(
        ReceiptView::from(verify_receipt(&anchor, &proof).unwrap()),
        receipt
    );
    let request = world
        .get(&paths::receipt(id))
        .header("accept", "application/json");
    assert_eq!(
        request
            .send()
            .await
            .unwrap()
            .json::<ReceiptView>()
            .await
            .unwrap(),
        receipt
    );

    let answer = world
        .get(&paths::order_output(id))
        .send()
        .await
        .unwrap()
        .bytes()
        .await
        .unwrap();
    assert_eq!(&answer[..], b"seven");
    let view = order(&world, id).await;
    assert_eq!(
        (view.status, view.receipt.as_ref()),
        (OrderStatus::Closed, Some(&receipt))
    );
    let page: OrdersPage = world.view(&paths::account_orders(buyer.id())).await;
    assert_eq!(page.orders, [view]);
    let records: AccountView = world.view(&paths::account(buyer.id())).await;
    assert_eq!((records.buyer.placed, records.buyer.settled), (1, 1));
    let wrong: AccountView = world.view(&paths::account(sellers[2].id())).await;
    assert!(wrong.seller.slashed > Amount::ZERO);
    assert_eq!(
        records
            .lanes
            .iter()
            .map(|lane| lane.lane)
            .collect::<Vec<_>>(),
        [5]
    );

    // What the order named outlives it.
    let stored = world
        .get(&format!("{}?plain=1", paths::content(input)))
        .send()
        .await
        .unwrap();
    assert!(stored.status().is_success());
    let supply = world.status().await.supply;
    assert!(supply.burnt > Amount::ZERO);
    assert_eq!(
        supply.issued.get(),
        supply.burnt.get() + supply.circulating.get()
    );

    // A second order, refunded: listed first, one per page.
    let mut again = world.account("buyer").on_lane(6);
    let second = place(&world, &mut again, model, input).await;
    world
        .perform(&mut again, Call::CancelOrder { order: second })
        .await;
    let path = paths::account_orders(buyer.id());
    let first: OrdersPage = world.view(&format!("{path}?limit=1")).await;
    assert_eq!(first.orders[0].order, second);
    let next = first.next.unwrap();
    let rest: OrdersPage = world.view(&format!("{path}?limit=1&cursor={next}")).await;
    assert_eq!((rest.orders[0].order, rest.next), (id, None));
    let refused = world.problem(world.get(&paths::order_output(second))).await;
    assert_eq!(refused.code, ProblemCode::NotFound);

    // An account's stream leaves out what concerns others only, and ends each block.
    let mut stream = Box::pin(
        world
            .events(&format!("?from=0&account={}", again.id()))
            .await,
    );
    let mut sent = Vec::new();
    loop {
        match tokio::time::timeout(PATIENCE, stream.next())
            .await
            .unwrap()
            .unwrap()
        {
            StreamMessage::Market(stamped) => {
                let bonded = matches!(stamped.event, EventView::Bonded { .. });
                assert!(!bonded, "a seller's bond is no business of the buyer's");
            }
            StreamMessage::Block(block) => {
                sent.extend(block.sent.iter().map(|sent| (sent.lane, sent.sequence)));
                if sent.contains(&(6, 1)) {
                    break;
                }
            }
        }
    }
    assert_eq!(sent, [(5, 0), (6, 0), (6, 1)]);
    assert_eq!(
        world.lane(sellers[0].id()).await.lane,
        Lane::default().get()
    );

    // What is kept, and until when, stands in the store.
    let World {
        network,
        node,
        folder,
        ..
    } = world;
    node.shutdown().await;
    let store = Store::open(folder.path().join("content"), Limits::default())
        .await
        .unwrap();
    let pins = store.pins(input).await.unwrap();
    let until = receipt.closed_at.after(CONTENT_RETENTION_MS);
    assert!(
        pins.contains(&Pin {
            owner: Owner::Order(id),
            until
        }),
        "{pins:?}"
    );
    for model in &network.genesis.models {
        for content in [model.manifest, model.program] {
            let forever = Pin {
                owner: Owner::Model(model.model),
                until: LedgerTime::MAX,
            };
            assert_eq!(store.pins(content).await.unwrap(), [forever]);
        }
    }
    // Collected right after the retention has passed, and not a moment before.
    store.collect(until).await.unwrap();
    assert!(store.contains(input));
    store
        .collect(until.after(CONTENT_RETENTION_MS))
        .await
        .unwrap();
    assert!(!store.contains(input));
    assert_eq!(
        store.stats().contents,
        2 * network.genesis.models.len() as u64
    );
}
