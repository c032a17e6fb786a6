//! Accepting connections: bounded in number, in all and for each peer, and in the time a request's head may take; ended
//! in two steps, first politely, then not.

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
    service::TowerToHyperService,
};
use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv6Addr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{net::TcpListener, sync::Semaphore, task::JoinHandle};
use tokio_util::sync::{CancellationToken, DropGuard};

/// Connections at once; more wait in the system's backlog.
const CONNECTIONS_MAX: usize = 1_024;
/// Connections of one peer at once; more are closed. A validator needs one for each ask under way; behind a proxy all
/// callers are one peer, which therefore reuses its connections or limits by itself.
const CONNECTIONS_PER_PEER_MAX: usize = 128;
/// Longest time from a request's first byte, or the answer before it, to the end of its head.
const HEAD_TIME_MAX: Duration = Duration::from_secs(30);
/// Largest head of a request: its one long header has less than 400 bytes.
const HEAD_BYTES_MAX: usize = 16 * 1024;
/// Pause after a failed accept, for instance for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// Time that asks under way get to finish at shutdown.
const FINISH_TIME_MAX: Duration = Duration::from_secs(5);

/// A running server.
#[derive(Debug)]
pub(super) struct Server {
    address: SocketAddr,
    /// Stops the server when dropped.
    stop: DropGuard,
    accepting: JoinHandle<()>,
}

impl Server {
    /// Serves `router` on `listener` until stopped.
    pub(super) fn start(listener: TcpListener, address: SocketAddr, router: Router) -> Self {
        let stop = CancellationToken::new();
        let accepting = tokio::spawn(accept(listener, router, stop.clone()));
        Self {
            address,
            stop: stop.drop_guard(),
            accepting,
        }
    }

    pub(super) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops accepting, lets running requests finish for a while, and frees the port.
    pub(super) async fn stop(self) {
        drop(self.stop);
        // A panic in the accept loop has ended it as well.
        let _ = self.accepting.await;
    }
}

async fn accept(listener: TcpListener, router: Router, stop: CancellationToken) {
    let room = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let peers = Peers::default();
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
        let Some(seat) = peers.seat(peer.ip()) else {
            continue;
        };
        // Small answers should leave at once; without it they merely leave later.
        let _ = stream.set_nodelay(true);
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_TIME_MAX)
            .max_buf_size(HEAD_BYTES_MAX)
            .serve_connection(
                TokioIo::new(stream),
                TowerToHyperService::new(router.clone()),
            );
        let connection = graceful.watch(connection);
        let abort = abort.clone();
        tokio::spawn(async move {
            // How a connection ends is its peer's business.
            let _ = abort.run_until_cancelled(connection).await;
            drop((seat, permit));
        });
    }
    drop(listener);
    if tokio::time::timeout(FINISH_TIME_MAX, graceful.shutdown())
        .await
        .is_err()
    {
        tracing::warn!("asks did not finish in time and were cut off");
    }
    abort.cancel();
}

/// How many connections each peer has.
#[derive(Debug, Clone, Default)]
struct Peers(Arc<Mutex<BTreeMap<IpAddr, usize>>>);

/// A connection's part of its peer's share; given back when dropped.
#[derive(Debug)]
struct Seat {
    peers: Peers,
    peer: IpAddr,
}

impl Peers {
    /// A seat, unless the peer has all of its own.
    fn seat(&self, address: IpAddr) -> Option<Seat> {
        let peer = network(address);
        let mut peers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = peers.entry(peer).or_default();
        if *count >= CONNECTIONS_PER_PEER_MAX {
            return None;
        }
        *count += 1;
        Some(Seat {
            peers: self.clone(),
            peer,
        })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut peers = self.peers.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = peers.get_mut(&self.peer) {
            *count -= 1;
            if *count == 0 {
                peers.remove(&self.peer);
            }
        }
    }
}

/// Who counts as one peer: an IPv4 address, or the /64 network of an IPv6 one, since who has one address of such a
/// network has them all.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_has_its_own_share_and_gets_it_back() {
        let peers = Peers::default();
        let one: IpAddr = "2001:db8::1".parse().expect("an address");
        let neighbour: IpAddr = "2001:db8::2:0:0:1".parse().expect("an address");
        let stranger: IpAddr = "203.0.113.7".parse().expect("an address");
        let mut seats: Vec<_> = (0..CONNECTIONS_PER_PEER_MAX)
            .map(|_| peers.seat(one).expect("a seat"))
            .collect();
        assert!(peers.seat(one).is_none() && peers.seat(neighbour).is_none());
        let other = peers.seat(stranger).expect("a share of its own");
        seats.pop();
        seats.push(peers.seat(neighbour).expect("the seat that was given back"));
        drop((seats, other));
        let left = peers.0.lock().expect("not poisoned").len();
        assert_eq!(left, 0, "nothing is kept of those who left");
    }
}
