//! Uploads are claimed, checked, bounded and atomic; downloads verify.

use crate::support::World;
use assay_api::{CONTENT_SIZE_HEADER, ProblemCode, StoredView, UPLOAD_HEADER, paths};
use assay_content::Decoder;
use assay_types::{ChainId, ContentId, LedgerTime, SecretKey, SignedUpload, UploadClaim};
use reqwest::StatusCode;

fn bytes(len: usize) -> Vec<u8> {
    (0..len).map(|index| (index * 31 % 251) as u8).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn content_comes_back_verified_and_resumes() {
    assert_eq!(
        assay_api::ENCODED_MEDIA_TYPE,
        assay_content::ENCODED_MEDIA_TYPE
    );
    let world = World::start().await;
    let buyer = world.account("buyer");
    let content = bytes(100_000);
    let id = ContentId::of(&content);
    let claim = world.claim(&buyer, &content).await;
    let first = world.put(id, &claim, content.clone()).send().await.unwrap();
    assert_eq!(first.status(), StatusCode::CREATED);
    let stored: StoredView = first.json().await.unwrap();
    assert_eq!((stored.content, stored.size), (id, 100_000));
    let again = world.put(id, &claim, content.clone()).send().await.unwrap();
    assert_eq!(again.status(), StatusCode::OK, "there already");

    let plain = world
        .get(&format!("{}?plain=1", paths::content(id)))
        .send()
        .await
        .unwrap();
    assert_eq!(plain.headers()["content-length"], "100000");
    assert_eq!(plain.bytes().await.unwrap(), content);
    let response = world.get(&paths::content(id)).send().await.unwrap();
    assert_eq!(
        response.headers()["content-type"],
        assay_api::ENCODED_MEDIA_TYPE
    );
    assert_eq!(response.headers()[CONTENT_SIZE_HEADER], "100000");
    let encoded = response.bytes().await.unwrap();
    assert_eq!(encoded, assay_content::encode(&content, 0));
    let rest = world
        .get(&format!("{}?from=70000", paths::content(id)))
        .send()
        .await
        .unwrap();
    let rest = rest.bytes().await.unwrap();
    let (mut decoder, mut input, mut tail) =
        (Decoder::new(id, 1 << 20, 70_000), &rest[..], Vec::new());
    while let Some(group) = decoder.read(&mut input).unwrap() {
        tail.extend_from_slice(&group.bytes);
    }
    assert!(decoder.is_complete());
    assert!(content.ends_with(&tail) && tail.len() >= 30_000);

    let head = world
        .http
        .head(world.url(&paths::content(id)))
        .send()
        .await
        .unwrap();
    assert_eq!(head.status(), StatusCode::OK);
    assert_eq!(head.headers()[CONTENT_SIZE_HEADER], "100000");
    let none = world
        .http
        .head(world.url(&paths::content(ContentId::of(b"none"))));
    assert_eq!(none.send().await.unwrap().status(), StatusCode::NOT_FOUND);
    world.node.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_without_a_sound_claim_is_refused_before_its_bytes() {
    let world = World::start().await;
    let buyer = world.account("buyer");
    let content = bytes(1_000);
    let id = ContentId::of(&content);
    let sound = world.claim(&buyer, &content).await;
    let signed = |change: &dyn Fn(&mut UploadClaim)| {
        let mut claim = sound.claim;
        change(&mut claim);
        claim.sign(&buyer.key)
    };
    let poor = SecretKey::from_bytes(&[9; 32]);
    let far = world
        .now()
        .await
        .after(assay_api::UPLOAD_VALID_MS_MAX + 60_000);
    let cases: [(SignedUpload, ProblemCode); 9] = [
        (
            signed(&|claim| claim.chain = ChainId::new([1; 32])),
            ProblemCode::UploadRefused,
        ),
        (
            signed(&|claim| claim.valid_until = LedgerTime::new(1)),
            ProblemCode::UploadRefused,
        ),
        (
            signed(&|claim| claim.valid_until = far),
            ProblemCode::UploadRefused,
        ),
        (
            signed(&|claim| claim.content = ContentId::of(b"x")),
            ProblemCode::UploadRefused,
        ),
        (signed(&|claim| claim.size += 1), ProblemCode::UploadRefused),
        (
            signed(&|claim| claim.size = u64::MAX),
            ProblemCode::TooLarge,
        ),
        (
            signed(&|claim| claim.version = 9),
            ProblemCode::UploadRefused,
        ),
        (
            {
                let mut claim = sound.claim;
                claim.uploader = poor.account();
                claim.sign(&poor)
            },
            ProblemCode::UploadRefused,
        ),
        (
            SignedUpload {
                claim: sound.claim,
                signature: signed(&|claim| claim.size = 1).signature,
            },
            ProblemCode::UploadRefused,
        ),
    ];
    for (claim, code) in cases {
        let problem = world.problem(world.put(id, &claim, content.clone())).await;
        assert_eq!(problem.code, code, "{problem}");
    }
    let without = world
        .http
        .put(world.url(&paths::content(id)))
        .body(content.clone());
    assert_eq!(
        world.problem(without).await.code,
        ProblemCode::UploadRefused
    );
    let garbled = world
        .http
        .put(world.url(&paths::content(id)))
        .body(content.clone());
    let garbled = garbled.header(UPLOAD_HEADER, "0123");
    assert_eq!(world.problem(garbled).await.code, ProblemCode::BadRequest);

    // A sound claim, other bytes: nothing stays.
    let mut wrong = content.clone();
    wrong[500] ^= 1;
    let problem = world.problem(world.put(id, &sound, wrong)).await;
    assert_eq!(problem.code, ProblemCode::ContentMismatch);
    // More bytes than signed for, in chunks that announce no length.
    let pieces = vec![Ok::<_, std::io::Error>(content.clone()), Ok(bytes(5_000))];
    let body = reqwest::Body::wrap_stream(futures::stream::iter(pieces));
    let header = assay_api::upload_to_header(&sound);
    let request = world
        .http
        .put(world.url(&paths::content(id)))
        .header(UPLOAD_HEADER, header);
    assert_eq!(
        world.problem(request.body(body)).await.code,
        ProblemCode::TooLarge
    );
    let missing = world.problem(world.get(&paths::content(id))).await;
    assert_eq!(missing.code, ProblemCode::NotFound);

    let stored = world.put(id, &sound, content).send().await.unwrap();
    assert_eq!(
        stored.status(),
        StatusCode::CREATED,
        "the right bytes still pass"
    );
    world.node.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_store_says_so_and_keeps_nothing_partial() {
    let network = crate::support::network(1);
    let folder = tempfile::tempdir().unwrap();
    let mut config = crate::support::config(&network, folder.path());
    config.content.store_bytes_max = 2 << 20;
    let node = assay_node::Node::start(config).await.unwrap();
    let world = World {
        network,
        node,
        http: reqwest::Client::new(),
        folder,
    };
    let buyer = world.account("buyer");
    let large = bytes(3 << 20);
    let id = ContentId::of(&large);
    let claim = world.claim(&buyer, &large).await;
    let problem = world.problem(world.put(id, &claim, large)).await;
    assert_eq!(problem.code, ProblemCode::StorageFull);
    world.upload(&buyer, &bytes(10_000)).await;
    let unfinished = world.folder.path().join("content/tmp");
    assert_eq!(std::fs::read_dir(unfinished).unwrap().count(), 0);
    world.node.shutdown().await;
}
