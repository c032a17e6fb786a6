//! Everything that can be asked without signing.

use crate::support::World;
use assay_api::{
    AccountView, BlockView, BlocksPage, HealthView, ModelView, ModelsPage, OffersPage, OrdersPage,
    ProblemCode, paths,
};
use assay_types::{
    AccountId, Block, Genesis, Height, Lane, ModelId, OfferId, OrderId, TxId, decode,
};
use assay_verify::Anchor;

#[tokio::test(flavor = "multi_thread")]
async fn a_fresh_node_tells_what_it_is() {
    let world = World::start().await;
    let status = world.status().await;
    assert_eq!(status.chain_id, world.chain());
    assert_eq!(status.network, assay_node::dev::NETWORK);
    assert_eq!(status.validators, [world.network.validator().account()]);
    assert_eq!(status.supply.issued, status.supply.circulating);
    let held = world
        .network
        .wallets
        .iter()
        .map(|wallet| wallet.balance.get())
        .sum::<u64>();
    assert_eq!(status.supply.issued.get(), held);

    let root = world.get("/").send().await.unwrap().text().await.unwrap();
    assert!(
        root.contains("/v1/status") && root.contains(&world.chain().to_string()),
        "{root}"
    );
    let health: HealthView = world.view(paths::HEALTH).await;
    assert!(health.moving);

    let bytes = world
        .get(paths::GENESIS)
        .send()
        .await
        .unwrap()
        .bytes()
        .await
        .unwrap();
    let genesis: Genesis = decode(&bytes).unwrap();
    assert_eq!(genesis, world.network.genesis);
    let text = world
        .get(paths::ANCHOR)
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    assert_eq!(
        Anchor::parse(&text).unwrap(),
        Anchor::of_genesis(&genesis).unwrap()
    );

    let models = world.view::<ModelsPage>(paths::MODELS).await.models;
    let mut names: Vec<_> = models
        .iter()
        .map(|model| model.name.clone().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, ["digits-lenet", "digits-mlp", "digits-smallcnn"]);
    let model: ModelView = world.view(&paths::model(models[0].model)).await;
    assert_eq!(model, models[0]);
    for id in models
        .iter()
        .flat_map(|model| [model.manifest, model.program])
    {
        let path = format!("{}?plain=1", paths::content(id));
        let bytes = world
            .get(&path)
            .send()
            .await
            .unwrap()
            .bytes()
            .await
            .unwrap();
        assert_eq!(
            assay_types::ContentId::of(&bytes),
            id,
            "bundled content is served"
        );
    }
    let account = world.account("buyer").id();
    let view: AccountView = world.view(&paths::account(account)).await;
    assert_eq!(view.balance, world.network.wallet("buyer").unwrap().balance);
    let stranger: AccountView = world.view(&paths::account(AccountId::new([7; 32]))).await;
    assert!(stranger.balance.is_zero() && stranger.lanes.is_empty());
    assert_eq!(world.view::<OffersPage>(paths::OFFERS).await.offers, []);
    let page: OrdersPage = world.view(paths::ORDERS).await;
    assert!(page.orders.is_empty() && page.next.is_none());
    world.node.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn blocks_are_views_and_canonical_bytes() {
    let world = World::start().await;
    let mut buyer = world.account("buyer");
    let to = world.account("author").id();
    let amount = assay_types::Amount::new(5);
    let height = world
        .perform(&mut buyer, assay_types::Call::Transfer { to, amount })
        .await;

    let view: BlockView = world.view(&paths::block(height)).await;
    assert_eq!((view.transaction_count, view.event_count), (1, 1));
    assert_eq!(view.transactions[0].sender, buyer.id());
    let request = world
        .get(&paths::block(height))
        .header("accept", "application/octet-stream");
    let bytes = request.send().await.unwrap().bytes().await.unwrap();
    let block: Block = decode(&bytes).unwrap();
    block.check_body().unwrap();
    assert_eq!(block.header.id(), view.header.id);

    let mut heights = Vec::new();
    let mut path = format!("{}?limit=2", paths::BLOCKS);
    loop {
        let page: BlocksPage = world.view(&path).await;
        assert!((1..=2).contains(&page.blocks.len()));
        assert!(
            page.blocks
                .iter()
                .all(|block| block.transactions.is_empty())
        );
        heights.extend(page.blocks.iter().map(|block| block.header.height.get()));
        let Some(next) = page.next else { break };
        path = format!("{}?limit=2&cursor={next}", paths::BLOCKS);
    }
    let newest = heights[0];
    assert!(newest >= height.get());
    assert!(
        heights.iter().copied().eq((1..=newest).rev()),
        "all, newest first: {heights:?}"
    );
    world.node.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_is_a_problem_with_a_hint() {
    let world = World::start().await;
    let account = AccountId::new([1; 32]);
    let missing = [
        paths::transaction(TxId::new([1; 32])),
        paths::block(Height::new(1 << 40)),
        paths::block(Height::ZERO),
        paths::offer(OfferId::new([1; 32])),
        paths::order(OrderId::new([1; 32])),
        paths::order_output(OrderId::new([1; 32])),
        paths::receipt(OrderId::new([1; 32])),
        paths::model(ModelId::new([1; 32])),
        paths::content(assay_types::ContentId::of(b"nowhere")),
        "/v2/status".to_owned(),
        "/v1/".to_owned(),
    ];
    for path in missing {
        let problem = world.problem(world.get(&path)).await;
        assert_eq!(problem.code, ProblemCode::NotFound, "{path}");
    }
    let lane = paths::lane(account, Lane::default());
    let unreadable = [
        "/v1/blocks/minus-one".to_owned(),
        "/v1/orders/zz".to_owned(),
        "/v1/accounts/asy1qqqq".to_owned(),
        format!("{}99", &lane[..lane.len() - 1]),
        "/v1/blocks?limit=0".to_owned(),
        "/v1/blocks?limit=501".to_owned(),
        "/v1/blocks?limits=1".to_owned(),
        "/v1/offers?model=x".to_owned(),
        "/v1/offers?topic=x".to_owned(),
        format!("/v1/offers?model={0}&topic={0}", "ab".repeat(32)),
        "/v1/offers?cursor=12".to_owned(),
        "/v1/models?cursor=x".to_owned(),
        "/v1/blocks?cursor=x".to_owned(),
        "/v1/orders?status=closed".to_owned(),
        "/v1/orders?status=sideways".to_owned(),
        format!("{}?cursor=yesterday", paths::account_orders(account)),
        "/v1/events?after=7".to_owned(),
        "/v1/events?account=me".to_owned(),
        "/v1/%ff%fe".to_owned(),
    ];
    for path in unreadable {
        let problem = world.problem(world.get(&path)).await;
        let expected = if path.contains('%') {
            ProblemCode::NotFound
        } else {
            ProblemCode::BadRequest
        };
        assert_eq!(problem.code, expected, "{path}: {problem}");
    }
    let post = world.http.post(world.url(paths::STATUS));
    assert_eq!(
        world.problem(post).await.code,
        ProblemCode::MethodNotAllowed
    );
    let delete = world
        .http
        .delete(world.url(&paths::content(assay_types::ContentId::of(b""))));
    assert_eq!(
        world.problem(delete).await.code,
        ProblemCode::MethodNotAllowed
    );
    world.node.shutdown().await;
}
