//! State sync of variable-size operations between validators.
//!
//! Commonware's `db::p2p::Actor` wants operations with a unit codec configuration, and a variable
//! operation's is always a pair. So the wire carries [`WireOp`], which fixes that pair, and both ends
//! translate: [`Served`] on the serving side, [`Resolver`] on the fetching side.

use super::database::{Operation, operation_codec};
use commonware_codec::{Buf, EncodeSize, Error as CodecError, Read, Write};
use commonware_cryptography::blake3::Digest;
use commonware_glue::stateful::db::{AttachableResolver, Shared, p2p};
use commonware_runtime::{BufMut, Spawner, Supervisor};
use commonware_storage::{
    mmr::Family,
    qmdb::sync::{Feedback, Request, Response, Source, source},
};
use commonware_utils::channel::{mpsc, oneshot};
use std::sync::{Arc, Mutex, PoisonError};

/// An operation with its codec limits fixed.
#[derive(Clone)]
pub(crate) struct WireOp(Operation);

impl Write for WireOp {
    fn write(&self, buf: &mut impl BufMut) {
        self.0.write(buf);
    }
}

impl EncodeSize for WireOp {
    fn encode_size(&self) -> usize {
        self.0.encode_size()
    }
}

impl Read for WireOp {
    type Cfg = ();
    fn read_cfg(buf: &mut impl Buf, _: &()) -> Result<Self, CodecError> {
        Operation::read_cfg(buf, &operation_codec()).map(Self)
    }
}

/// The attached database, seen through [`WireOp`].
pub(crate) struct Served<D>(Shared<D>);

impl<D> Source for Served<D>
where
    D: Send + Sync + 'static,
    Shared<D>: Source<Family = Family, Digest = Digest, Op = Operation>,
{
    type Family = Family;
    type Digest = Digest;
    type Op = WireOp;
    type Error = <Shared<D> as Source>::Error;

    async fn serve(&self, request: Request<Family>) -> source::Result<Self> {
        let (response, _) = self.0.serve(request).await?;
        Ok((translate(response, WireOp), None))
    }
}

/// Fetches operations from peers.
pub(crate) struct Resolver<E, D> {
    context: Arc<Mutex<E>>,
    inner: p2p::Mailbox<Served<D>, Family, WireOp, Digest>,
}

impl<E, D> Clone for Resolver<E, D> {
    fn clone(&self) -> Self {
        Self {
            context: self.context.clone(),
            inner: self.inner.clone(),
        }
    }
}

impl<E, D> Resolver<E, D> {
    pub(crate) fn new(context: E, inner: p2p::Mailbox<Served<D>, Family, WireOp, Digest>) -> Self {
        Self {
            context: Arc::new(Mutex::new(context)),
            inner,
        }
    }
}

impl<E: Spawner + Supervisor, D: Send + Sync + 'static> Source for Resolver<E, D> {
    type Family = Family;
    type Digest = Digest;
    type Op = Operation;
    type Error = p2p::ResponseDropped;

    async fn serve(&self, request: Request<Family>) -> source::Result<Self> {
        let (response, feedback) = self.inner.serve(request).await?;
        let response = translate(response, |op: WireOp| op.0);
        let Some(mut feedback) = feedback else {
            return Ok((response, None));
        };
        // The two sides have different feedback types: verdicts and further candidates are relayed.
        let (verdict_tx, mut verdict_rx) = oneshot::channel::<bool>();
        let (candidate_tx, candidate_rx) = mpsc::channel(1);
        let context = self
            .context
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .child("feedback");
        context.spawn(move |_| async move {
            loop {
                match verdict_rx.await {
                    Ok(true) => return feedback.accept(),
                    Ok(false) => {
                        let Some((response, next)) = feedback.reject().await else {
                            return;
                        };
                        let (tx, rx) = oneshot::channel();
                        let candidate = (translate(response, |op: WireOp| op.0), tx);
                        if candidate_tx.send(candidate).await.is_err() {
                            return;
                        }
                        (feedback, verdict_rx) = (next, rx);
                    }
                    Err(_) => return,
                }
            }
        });
        Ok((response, Some(Feedback::new(verdict_tx, candidate_rx))))
    }
}

impl<E: Spawner + Supervisor, D: Send + Sync + 'static> AttachableResolver<D> for Resolver<E, D> {
    fn attach_database(&self, db: Shared<D>) -> impl Future<Output = ()> + Send {
        self.inner
            .attach_database(Shared::new("served", Served(db)));
        std::future::ready(())
    }
}

fn translate<A, B>(
    response: Response<Family, A, Digest>,
    f: impl Fn(A) -> B,
) -> Response<Family, B, Digest> {
    match response {
        Response::Operations { proof, operations } => Response::Operations {
            proof,
            operations: operations.into_iter().map(f).collect(),
        },
        Response::Boundary {
            proof,
            op,
            pinned_nodes,
        } => Response::Boundary {
            proof,
            op: f(op),
            pinned_nodes,
        },
    }
}
