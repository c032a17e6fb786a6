//! Proofs of rows, as a client that trusts nobody reads them: every table, present and absent.

use crate::support::{Account, World};
use assay_api::{OCTET_STREAM, ProblemCode, RowKeyView, RowView, StateView, paths};
use assay_types::{
    AccountId, Amount, BasisPoints, Call, Check, ContentId, GRAINS_PER_ASY, Good, Hash32, Input,
    List, ModelId, Name, NameCommitment, OfferId, OrderId, ProofKeyId, RowKey, StateProof,
    TOPIC_EPOCH_MS_MIN, Terms, TopicId, TopicMechanism, TopicTerms, Work, YumaBonds,
};
use assay_verify::{Anchor, parse_state, verify_state};
use std::time::Duration;

async fn proof(world: &World, key: RowKey) -> StateProof {
    let response = world.get(&paths::state(&key)).send().await.unwrap();
    assert_eq!(response.status(), 200, "{key:?}");
    assert_eq!(response.headers()["content-type"], OCTET_STREAM);
    parse_state(&response.bytes().await.unwrap()).unwrap()
}

async fn view(world: &World, key: RowKey) -> StateView {
    let request = world.get(&paths::state(&key));
    let response = request.header("accept", "application/json").send().await;
    response.unwrap().json().await.unwrap()
}

/// Publishes an offer, places an order that waits for its seller, and registers a name.
async fn trade(world: &World, seller: &mut Account, buyer: &mut Account) -> [RowKey; 3] {
    let model = world.network.genesis.models[0].model;
    let amount = Amount::new(1_000 * GRAINS_PER_ASY);
    world.perform(seller, Call::Bond { amount }).await;
    let offer = OfferId::of(world.chain(), seller.id(), seller.lane, seller.sequence);
    let good = Good::Inference {
        models: List::new(vec![model]).unwrap(),
    };
    let (ask, capacity) = (Amount::new(GRAINS_PER_ASY), 4);
    let publish = Call::PublishOffer {
        good,
        ask,
        capacity,
    };
    world.perform(seller, publish).await;

    let order = OrderId::of(world.chain(), buyer.id(), buyer.lane, buyer.sequence);
    let content = world.upload(buyer, b"nobody executes here").await;
    let now = world.now().await;
    let terms = Terms {
        work: Work::Inference {
            model,
            input: Input::Public { content },
        },
        check: Check::Approval {
            deliver_by: now.after(50_000),
            approve_by: now.after(60_000),
        },
        price_max: Amount::new(2 * GRAINS_PER_ASY),
        accept_by: now.after(40_000),
        seller: None,
    };
    world.perform(buyer, Call::PlaceOrder { terms }).await;

    let (name, salt): (Name, _) = ("the-prover".parse().unwrap(), Hash32::new([9; 32]));
    let commitment = NameCommitment::new(world.chain(), buyer.id(), &salt, name);
    world.perform(buyer, Call::ReserveName { commitment }).await;
    let names = &world.network.genesis.params.names;
    tokio::time::sleep(Duration::from_millis(names.reserved_ms_min + 1_500)).await;
    let lease_ms = 1_000_000_000;
    let register = Call::RegisterName {
        name,
        salt,
        lease_ms,
    };
    world.perform(buyer, register).await;
    [
        RowKey::Offer { offer },
        RowKey::Order { order },
        RowKey::Name { name },
    ]
}

const STAKE: Amount = Amount::new(3 * GRAINS_PER_ASY);

/// Creates a topic, takes its first slot, and stakes on it.
async fn teach(world: &World, owner: &mut Account, staker: &mut Account) -> [RowKey; 4] {
    let topic = TopicId::of(world.chain(), owner.id(), owner.lane, owner.sequence);
    let terms = TopicTerms {
        description: ContentId::default(),
        mechanism: TopicMechanism::Yuma {
            kappa: 32_767,
            bonds: YumaBonds::Classic,
            moving_average_ppm: 900_000,
            bonds_penalty: 65_535,
        },
        slots: 4,
        validators: 1,
        epoch_ms: TOPIC_EPOCH_MS_MIN,
        immunity_epochs: 4,
        activity_epochs: 4,
        owner_share: BasisPoints::new(0),
        stake_min: Amount::ZERO,
    };
    world.perform(owner, Call::CreateTopic { terms }).await;
    let register = Call::RegisterSlot {
        topic,
        owner: owner.id(),
        take: BasisPoints::new(0),
        price_max: Amount::new(GRAINS_PER_ASY),
    };
    world.perform(owner, register).await;
    let (key, amount) = (owner.id(), STAKE);
    let stake = Call::Stake { topic, key, amount };
    world.perform(staker, stake).await;
    let staker = staker.id();
    [
        RowKey::Topic { topic },
        RowKey::Slot { topic, slot: 0 },
        RowKey::Pool { topic, key },
        RowKey::Staker { topic, key, staker },
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn every_row_and_every_gap_is_proven() {
    let world = World::start().await;
    let (mut seller, mut buyer) = (world.account("seller-1"), world.account("buyer"));
    let traded = trade(&world, &mut seller, &mut buyer).await;
    let taught = teach(&world, &mut seller, &mut buyer).await;
    let anchor = Anchor::of_genesis(&world.network.genesis).unwrap();

    let account = buyer.id();
    let (model, key) = (
        world.network.genesis.models[0].model,
        ProofKeyId::new([7; 32]),
    );
    let register = Call::RegisterProofKey { model, key };
    world.perform(&mut world.account("author"), register).await;
    let present = [
        RowKey::Chain,
        RowKey::Account { account },
        RowKey::Model { model },
        RowKey::ProofKey { model, key },
    ];
    for key in present.into_iter().chain(traded).chain(taught) {
        let proof = proof(&world, key).await;
        let proven = verify_state(&anchor, &proof).expect("an honest proof");
        assert!(proven.value.is_some(), "{key:?}");
        let view = view(&world, key).await;
        assert_eq!(view.key, RowKeyView::from(key));
        assert!(view.height >= proven.header.height);
        let row = view.row.expect("it is there");
        match (key, &row) {
            (RowKey::Order { .. }, RowView::Order { buyer, escrow, .. }) => {
                assert_eq!((*buyer, escrow.get()), (account, 2 * GRAINS_PER_ASY));
            }
            (RowKey::Name { .. }, RowView::Name { holder, .. }) => assert_eq!(*holder, account),
            (RowKey::Offer { .. }, RowView::Offer { seller: of, .. }) => {
                assert_eq!(*of, seller.id());
            }
            (RowKey::Account { .. }, RowView::Account { orders, .. }) => assert_eq!(*orders, 1),
            (RowKey::Chain, RowView::Chain { issued, .. }) => assert!(!issued.is_zero()),
            (RowKey::Model { .. }, RowView::Model { licence, .. }) => assert!(!licence.is_empty()),
            (RowKey::ProofKey { .. }, RowView::ProofKey { registered_at }) => {
                assert!(registered_at.get() > 0);
            }
            (RowKey::Topic { .. }, RowView::Topic { slots, stake, .. }) => {
                assert_eq!((*slots, *stake), (1, STAKE));
            }
            (RowKey::Slot { .. }, RowView::Slot { key, weights, .. }) => {
                assert_eq!((*key, weights.len()), (seller.id(), 0));
            }
            (RowKey::Pool { .. }, RowView::Pool { total, shares }) => {
                assert_eq!((*total, *shares), (STAKE, STAKE.get()));
            }
            (RowKey::Staker { .. }, RowView::Staker { shares }) => {
                assert_eq!(*shares, STAKE.get());
            }
            (key, row) => panic!("{key:?} is shown as {row:?}"),
        }
    }

    let nobody = AccountId::new([0xee; 32]);
    let RowKey::Topic { topic } = taught[0] else {
        panic!("{:?}", taught[0])
    };
    for key in [
        RowKey::Account { account: nobody },
        RowKey::Model {
            model: ModelId::new([0xee; 32]),
        },
        RowKey::Offer {
            offer: OfferId::new([0xee; 32]),
        },
        RowKey::Order {
            order: OrderId::new([0xee; 32]),
        },
        RowKey::Name {
            name: "nobodys".parse().unwrap(),
        },
        RowKey::ProofKey {
            model,
            key: ProofKeyId::new([0xee; 32]),
        },
        RowKey::Topic {
            topic: TopicId::new([0xee; 32]),
        },
        RowKey::Slot { topic, slot: 1 },
        RowKey::Pool { topic, key: nobody },
        RowKey::Staker {
            topic,
            key: seller.id(),
            staker: nobody,
        },
        RowKey::Round { topic },
    ] {
        let proof = proof(&world, key).await;
        let proven = verify_state(&anchor, &proof).expect("an honest proof");
        assert_eq!(proven.value, None, "{key:?}");
        assert_eq!(view(&world, key).await.row, None);
    }

    let (slots, keys) = (
        format!("/v1/state/topics/{topic}/slots/65536"),
        format!("/v1/state/topics/{topic}/keys/{}/stakers/me", seller.id()),
    );
    for path in [
        slots.as_str(),
        &keys,
        "/v1/state/topics/1/round",
        "/v1/state/accounts/nobody",
        "/v1/state/offers/77",
        "/v1/state/names/A",
    ] {
        let refusal = world.problem(world.get(path)).await;
        assert_eq!(refusal.code, ProblemCode::BadRequest, "{path}");
    }
    world.node.shutdown().await;
}
