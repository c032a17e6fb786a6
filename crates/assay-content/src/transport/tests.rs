use std::sync::atomic::{AtomicU32, Ordering};

use tokio::io::ReadBuf;

use super::*;
use crate::{
    Limits,
    stream::encode,
    tree::tests::{content, sizes},
};

const LIMIT: u64 = 1 << 30;

/// What the other side does wrong.
#[derive(Debug, Clone, Copy)]
enum Fault {
    /// Nothing.
    Honest,
    /// Each answer ends with an error after so many bytes.
    Breaks { after: usize },
    /// Each answer just ends after so many bytes.
    Ends { after: usize },
    /// One byte is another.
    Lies { at: usize },
    /// Answers with other content.
    Swaps,
    /// Never stops sending.
    Babbles,
    /// Says that it has nothing.
    Lacks,
    /// Cannot be reached.
    Silent,
}

struct Peer {
    content: Vec<u8>,
    fault: Fault,
    requests: AtomicU32,
}

impl Peer {
    fn new(content: &[u8], fault: Fault) -> Self {
        Self {
            content: content.to_vec(),
            fault,
            requests: AtomicU32::new(0),
        }
    }

    fn requests(&self) -> u32 {
        self.requests.load(Ordering::Relaxed)
    }
}

impl Transport for Peer {
    type Body = Box<dyn AsyncRead + Send + Unpin>;

    async fn request(&self, id: ContentId, from: u64) -> Result<Self::Body, TransportError> {
        self.requests.fetch_add(1, Ordering::Relaxed);
        let mut encoded = encode(&self.content, from);
        let cut = |after: usize| after.min(encoded.len());
        match self.fault {
            Fault::Honest => {}
            Fault::Breaks { after } => {
                encoded.truncate(cut(after));
                return Ok(Box::new(std::io::Cursor::new(encoded).chain(Broken)));
            }
            Fault::Ends { after } => encoded.truncate(cut(after)),
            Fault::Lies { at } => {
                let at = at % encoded.len();
                encoded[at] ^= 0x10;
            }
            Fault::Swaps => encoded = encode(&[&self.content[..], b"x"].concat(), from),
            Fault::Babbles => {
                return Ok(Box::new(
                    std::io::Cursor::new(encoded).chain(tokio::io::repeat(0)),
                ));
            }
            Fault::Lacks => return Err(TransportError::Missing { id }),
            Fault::Silent => {
                return Err(TransportError::Broken {
                    id,
                    reason: "no route".to_owned(),
                });
            }
        }
        Ok(Box::new(std::io::Cursor::new(encoded)))
    }
}

/// A connection that has been reset.
struct Broken;

impl AsyncRead for Broken {
    fn poll_read(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
        _: &mut ReadBuf<'_>,
    ) -> std::task::Poll<std::io::Result<()>> {
        std::task::Poll::Ready(Err(std::io::ErrorKind::ConnectionReset.into()))
    }
}

#[tokio::test]
async fn downloads_whole_contents_of_every_shape() {
    for size in sizes() {
        let content = content(size);
        for fault in [Fault::Honest, Fault::Babbles] {
            let peer = Peer::new(&content, fault);
            let bytes = download(&peer, ContentId::of(&content), LIMIT)
                .await
                .unwrap();
            assert_eq!(bytes, content, "{size} bytes, {fault:?}");
            assert_eq!(peer.requests(), 1);
        }
    }
}

#[tokio::test]
async fn broken_transfers_go_on_where_they_stopped() {
    let content = content(7 * GROUP_BYTES + 5);
    let id = ContentId::of(&content);
    for after in [GROUP_BYTES + 300, 3 * GROUP_BYTES] {
        for fault in [Fault::Breaks { after }, Fault::Ends { after }] {
            let peer = Peer::new(&content, fault);
            assert_eq!(
                download(&peer, id, LIMIT).await.unwrap(),
                content,
                "{fault:?}"
            );
            assert!(
                (3..=8).contains(&peer.requests()),
                "{fault:?}: {} requests",
                peer.requests()
            );
        }
    }
}

#[tokio::test]
async fn sources_that_bring_nothing_are_given_up() {
    let content = content(3 * GROUP_BYTES);
    let id = ContentId::of(&content);
    for (fault, requests, message) in [
        (Fault::Silent, FRUITLESS_REQUESTS_MAX, "no route"),
        (
            Fault::Ends { after: 100 },
            FRUITLESS_REQUESTS_MAX,
            "it ended early",
        ),
        (
            Fault::Breaks { after: 0 },
            FRUITLESS_REQUESTS_MAX,
            "broke off",
        ),
        (Fault::Lacks, 1, "ask another source"),
        (Fault::Lies { at: 9 }, 1, "do not belong to this content"),
        (Fault::Lies { at: 7 }, 1, "more than the"),
        (Fault::Swaps, 1, "do not belong to this content"),
    ] {
        let peer = Peer::new(&content, fault);
        let error = download(&peer, id, LIMIT).await.unwrap_err().to_string();
        assert!(error.contains(message), "{fault:?}: {error}");
        assert_eq!(peer.requests(), requests, "{fault:?}");
    }
}

#[tokio::test]
async fn a_fetch_stores_and_pins_or_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path(), Limits::default()).await.unwrap();
    let content = content(9 * GROUP_BYTES);
    let id = ContentId::of(&content);
    let until = LedgerTime::MAX;
    for fault in [
        Fault::Lies { at: 100_000 },
        Fault::Ends { after: 8 },
        Fault::Lacks,
    ] {
        let peer = Peer::new(&content, fault);
        assert!(
            store
                .fetch(&peer, id, LIMIT, Owner::Local, until)
                .await
                .is_err()
        );
        assert_eq!(store.stats(), Default::default(), "{fault:?}");
        assert_eq!(store.pins(id).await.unwrap(), [], "{fault:?}");
    }
    let peer = Peer::new(&content, Fault::Honest);
    let limited = store
        .fetch(&peer, id, content.len() as u64 - 1, Owner::Local, until)
        .await;
    assert!(matches!(
        limited,
        Err(FetchError::Decode(DecodeError::TooLarge { .. }))
    ));
    for is_new in [true, false] {
        let stored = store
            .fetch(&peer, id, LIMIT, Owner::Local, until)
            .await
            .unwrap();
        assert_eq!(
            stored,
            Stored {
                id,
                size: content.len() as u64,
                is_new
            }
        );
    }
    assert_eq!(peer.requests(), 2, "what is here is not asked for");
    assert_eq!(store.pins(id).await.unwrap().len(), 1);
    assert_eq!(store.get(id, LIMIT).await.unwrap(), content);
}
