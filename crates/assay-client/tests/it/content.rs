//! Content goes there and back, and nothing else does.

use crate::support::World;
use assay_client::ClientError;
use assay_types::ContentId;

#[tokio::test(flavor = "multi_thread")]
async fn content_goes_there_and_back() {
    let world = World::start().await;
    let key = world.key("buyer");
    for size in [0, 1, 16 * 1024, 16 * 1024 + 1, 300_000] {
        let bytes: Vec<u8> = (0..size).map(|at| (at * 7 % 251) as u8).collect();
        let id = world
            .client
            .put_content(&key, bytes.clone())
            .await
            .expect("stored");
        assert_eq!(id, ContentId::of(&bytes));
        let again = world.client.put_content(&key, bytes.clone()).await;
        assert_eq!(again.expect("known already"), id);
        let fetched = world
            .client
            .get_content(id, size as u64)
            .await
            .expect("fetched");
        assert!(fetched == bytes, "{size} bytes");
        if size > 0 {
            let error = world.client.get_content(id, size as u64 - 1).await;
            let error = error.expect_err("too large");
            assert!(matches!(error, ClientError::Content(_)), "{error}");
        }
    }
    let many: Vec<Vec<u8>> = (0..100u8).map(|byte| vec![byte; 900]).collect();
    let ids = world
        .client
        .put_contents(&key, many.clone())
        .await
        .expect("stored");
    for (id, bytes) in ids.iter().zip(&many) {
        assert_eq!(*id, ContentId::of(bytes));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_or_not_allowed_is_told() {
    let world = World::start().await;
    let missing = ContentId::of(b"nobody stored this");
    let error = world
        .client
        .get_content(missing, 100)
        .await
        .expect_err("missing");
    assert!(
        matches!(error, ClientError::NoContent { id } if id == missing),
        "{error}"
    );
    let stranger = assay_types::SecretKey::from_bytes(&[78; 32]);
    let error = world
        .client
        .put_content(&stranger, vec![1])
        .await
        .expect_err("no money");
    assert!(matches!(error, ClientError::Refused(_)), "{error}");
}
