//! Starting where something is in the way, stopping, and starting again.

use crate::support::{PATIENCE, World, config, network};
use assay_api::{AccountView, ProblemCode, paths};
use assay_node::{Node, StartError};
use assay_types::{Amount, Call};

/// The whole story of an error, as a binary prints it.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(": ");
        text.push_str(&error.to_string());
        source = error.source();
    }
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_in_use_is_told_before_anything_is_touched() {
    let world = World::start().await;
    let other = tempfile::tempdir().unwrap();
    let folder = other.path().join("second");
    let mut config = config(&world.network, &folder);
    config.listen = world.node.address();
    let error = Node::start(config).await.unwrap_err();
    assert!(matches!(error, StartError::PortInUse { listen } if listen == world.node.address()));
    assert!(error.to_string().contains("--listen"), "{error}");
    assert!(!folder.exists(), "nothing was written");
    world.node.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_data_folder_has_one_process_and_one_chain() {
    let world = World::start().await;
    let error = Node::start(config(&world.network, world.folder.path()))
        .await
        .unwrap_err();
    let text = chain(&error);
    assert!(text.contains("in use by another process"), "{text}");
    assert!(
        world.status().await.height.get() < u64::MAX,
        "the first goes on"
    );

    let World { node, folder, .. } = world;
    node.shutdown().await;
    let error = Node::start(config(&network(2), folder.path()))
        .await
        .unwrap_err();
    let text = chain(&error);
    assert!(
        text.contains("choose another folder or the other genesis"),
        "{text}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_keeps_what_was_final_and_what_was_stored() {
    let world = World::start().await;
    let mut buyer = world.account("buyer");
    let to = assay_types::AccountId::new([8; 32]);
    let height = world
        .perform(
            &mut buyer,
            Call::Transfer {
                to,
                amount: Amount::new(42),
            },
        )
        .await;
    let content = world.upload(&buyer, b"survives").await;
    let address = world.node.address();
    let world = world.restart().await;
    assert!(std::net::TcpListener::bind(address).is_ok() || world.node.address() == address);
    assert!(world.status().await.height >= height);
    let account: AccountView = world.view(&paths::account(to)).await;
    assert_eq!(account.balance, Amount::new(42));
    let stored = world
        .get(&format!("{}?plain=1", paths::content(content)))
        .send()
        .await
        .unwrap();
    assert_eq!(stored.bytes().await.unwrap(), &b"survives"[..]);
    // The lane goes on where it was; what came before is a replay.
    buyer.sequence = 0;
    let old = world
        .sign(
            &mut buyer,
            Call::Transfer {
                to,
                amount: Amount::new(1),
            },
        )
        .await;
    let problem = crate::support::problem(world.post(&old).await).await;
    assert_eq!(problem.code, ProblemCode::Replayed);
    world
        .perform(
            &mut buyer,
            Call::Transfer {
                to,
                amount: Amount::new(1),
            },
        )
        .await;
    world.node.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_node_frees_port_and_folder() {
    let World {
        network,
        node,
        folder,
        ..
    } = World::start().await;
    let address = node.address();
    drop(node);
    let mut again = config(&network, folder.path());
    again.listen = address;
    let deadline = std::time::Instant::now() + PATIENCE;
    let node = loop {
        match Node::start(again.clone()).await {
            Ok(node) => break node,
            Err(error) => assert!(std::time::Instant::now() < deadline, "{}", chain(&error)),
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    };
    assert_eq!(node.address(), address);
    node.shutdown().await;
}
