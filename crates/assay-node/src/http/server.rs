//! Accepting connections: bounded in number and in the time a request's head may take, and ended in two
//! steps, first politely, then not.

use super::Peer;
use axum::Router;
use hyper::{
    Request,
    body::Incoming,
    server::conn::http1,
    service::{Service as _, service_fn},
};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::{GracefulConnection, GracefulShutdown},
    service::TowerToHyperService,
};
use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    task::JoinHandle,
};
use tokio_util::sync::{CancellationToken, DropGuard};

/// Longest time from a request's first byte, or the answer before it, to the end of its head.
const HEAD_TIME_MAX: Duration = Duration::from_secs(30);
/// Largest head of a request: the longest path and an upload claim fit many times.
const HEAD_BYTES_MAX: usize = 64 * 1024;
/// Pause after a failed accept, for instance for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// Time that running requests get to finish at shutdown.
const FINISH_TIME_MAX: Duration = Duration::from_secs(5);

/// How much a server takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ServerLimits {
    /// Connections at once; more wait in the system's backlog.
    pub(crate) connections_max: usize,
}

/// A running server.
#[derive(Debug)]
pub(crate) struct Server {
    address: SocketAddr,
    /// Stops the server when dropped.
    stop: DropGuard,
    accepting: JoinHandle<()>,
}

impl Server {
    /// Serves `router` on `listener` until stopped.
    pub(crate) fn start(
        listener: TcpListener,
        address: SocketAddr,
        router: Router,
        limits: ServerLimits,
    ) -> Self {
        let stop = CancellationToken::new();
        let accepting = tokio::spawn(accept(listener, router, limits, stop.clone()));
        let stop = stop.drop_guard();
        Self {
            address,
            stop,
            accepting,
        }
    }

    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops accepting, lets running requests finish for a while, and frees the port.
    pub(crate) async fn stop(self) {
        drop(self.stop);
        // A panic in the accept loop has ended it as well.
        let _ = self.accepting.await;
    }
}

async fn accept(
    listener: TcpListener,
    router: Router,
    limits: ServerLimits,
    stop: CancellationToken,
) {
    let room = Arc::new(Semaphore::new(limits.connections_max));
    let graceful = GracefulShutdown::new();
    let abort = CancellationToken::new();
    let next = async |room: Arc<Semaphore>| {
        let permit = room.acquire_owned().await;
        (permit, listener.accept().await)
    };
    loop {
        let (permit, accepted) = tokio::select! {
            () = stop.cancelled() => break,
            next = next(Arc::clone(&room)) => next,
        };
        let Ok((stream, peer)) = accepted else {
            tokio::time::sleep(ACCEPT_PAUSE).await;
            continue;
        };
        let connection = graceful.watch(connection(stream, peer.ip(), router.clone()));
        let abort = abort.clone();
        tokio::spawn(async move {
            // How a connection ends is its client's business.
            let _ = abort.run_until_cancelled(connection).await;
            drop(permit);
        });
    }
    drop(listener);
    if tokio::time::timeout(FINISH_TIME_MAX, graceful.shutdown())
        .await
        .is_err()
    {
        tracing::warn!("requests did not finish in time and were cut off");
    }
    abort.cancel();
}

/// Serves one connection; every request of it carries its [`Peer`].
fn connection(
    stream: TcpStream,
    peer: IpAddr,
    router: Router,
) -> impl GracefulConnection<Error = hyper::Error> + Send {
    // Small answers should leave at once; without it they merely leave later.
    let _ = stream.set_nodelay(true);
    let router = TowerToHyperService::new(router);
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(Peer(peer));
        router.call(request)
    });
    http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIME_MAX)
        .max_buf_size(HEAD_BYTES_MAX)
        .serve_connection(TokioIo::new(stream), service)
}
