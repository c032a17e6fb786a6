//! An HTTP server's connections: bounded in number, in all and for each peer, and in the time and size of a request's
//! head; ended in two steps, first politely, then not.
//!
//! `axum::serve` offers neither these limits nor this end, so a [`Server`] stands on `hyper` as `axum` itself does
//! (docs/adr/0005, 0007). Node and miner serve through it; what they serve, and what a request's body may cost, is
//! theirs.
//!
//! Invariant: no connection is served beyond [`ServerLimits`], and once [`Server::stop`] returns none is, and the port
//! is free.

mod peers;

pub use peers::peer_of;

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
use peers::Peers;
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
/// Pause after a failed accept, for instance for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// Time that running requests get to finish at shutdown.
const FINISH_TIME_MAX: Duration = Duration::from_secs(5);

/// How much a server takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServerLimits {
    /// Connections at once; more wait in the system's backlog.
    pub connections_max: usize,
    /// Connections of one peer ([`peer_of`]) at once; more are closed. Behind a proxy all clients are one peer.
    pub connections_per_peer_max: usize,
    /// Largest head of a request, in bytes; `hyper` takes no less than 8 KiB.
    pub head_bytes_max: usize,
}

/// Where a request came from; every request that a [`Server`] passes on has it as an extension.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer(pub IpAddr);

/// A running server.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    /// Stops the server when dropped.
    stop: DropGuard,
    accepting: JoinHandle<()>,
}

impl Server {
    /// Serves `router` on `listener`, which is bound to `address`, until stopped or dropped.
    ///
    /// # Panics
    /// Outside a Tokio runtime.
    pub fn start(
        listener: TcpListener,
        address: SocketAddr,
        router: Router,
        limits: ServerLimits,
    ) -> Self {
        let stop = CancellationToken::new();
        let accepting = tokio::spawn(accept(listener, router, limits, stop.clone()));
        Self {
            address,
            stop: stop.drop_guard(),
            accepting,
        }
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops accepting, lets running requests finish within five seconds, cuts off the rest and frees the port.
    pub async fn stop(self) {
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
    let peers = Peers::new(limits.connections_per_peer_max);
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
        let Ok((stream, from)) = accepted else {
            tokio::time::sleep(ACCEPT_PAUSE).await;
            continue;
        };
        let Some(place) = peers.place(from.ip()) else {
            continue;
        };
        let connection = connection(stream, from.ip(), router.clone(), limits);
        let connection = graceful.watch(connection);
        let abort = abort.clone();
        tokio::spawn(async move {
            // How a connection ends is its client's business.
            let _ = abort.run_until_cancelled(connection).await;
            drop((place, permit));
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
    from: IpAddr,
    router: Router,
    limits: ServerLimits,
) -> impl GracefulConnection<Error = hyper::Error> + Send {
    // Small answers should leave at once; without it they merely leave later.
    let _ = stream.set_nodelay(true);
    let router = TowerToHyperService::new(router);
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(Peer(from));
        router.call(request)
    });
    http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIME_MAX)
        .max_buf_size(limits.head_bytes_max)
        .serve_connection(TokioIo::new(stream), service)
}

#[cfg(test)]
mod tests;
