//! How a validator reaches its peers: a network, or, for a single validator, nobody.
//!
//! A chain with one validator must not open a port, yet it runs the same consensus. So each end of a
//! channel is either [`Link::Network`] or [`Link::Alone`], which sends to nobody and never receives.

use commonware_actor::{Feedback, Unreliable};
use commonware_cryptography::ed25519::PublicKey;
use commonware_p2p::{
    BlockedSubscription, Blocker, CheckedSender, LimitedSender, Message, PeerSetSubscription,
    PeerSetUpdate, Provider, Receiver, Recipients, TrackedPeers,
};
use commonware_runtime::IoBufs;
use commonware_utils::{
    NZUsize,
    channel::{mpsc, ring},
    ordered::Set,
};
use std::{
    fmt,
    num::NonZeroUsize,
    sync::{Arc, Mutex, PoisonError},
    time::SystemTime,
};

/// One end of a channel.
#[derive(Clone)]
pub(crate) enum Link<T> {
    /// No peers.
    Alone,
    /// An authenticated network.
    Network(T),
}

impl<T> fmt::Debug for Link<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Alone => "Alone",
            Self::Network(_) => "Network",
        })
    }
}

/// Permission to send one message.
pub(crate) enum Checked<C> {
    /// To nobody.
    Alone,
    /// To those that the network admits.
    Network(C),
}

impl<C: CheckedSender<PublicKey = PublicKey>> CheckedSender for Checked<C> {
    type PublicKey = PublicKey;

    fn recipients(&self) -> Vec<PublicKey> {
        match self {
            Self::Alone => Vec::new(),
            Self::Network(inner) => inner.recipients(),
        }
    }

    fn send(self, message: impl Into<IoBufs> + Send, priority: bool) -> Unreliable<Feedback> {
        match self {
            Self::Alone => Unreliable::new(Feedback::Ok),
            Self::Network(inner) => inner.send(message, priority),
        }
    }
}

impl<T: LimitedSender<PublicKey = PublicKey>> LimitedSender for Link<T> {
    type PublicKey = PublicKey;
    type Checked<'a> = Checked<T::Checked<'a>>;

    fn check(
        &mut self,
        recipients: Recipients<PublicKey>,
    ) -> Result<Self::Checked<'_>, SystemTime> {
        match self {
            Self::Alone => Ok(Checked::Alone),
            Self::Network(inner) => inner.check(recipients).map(Checked::Network),
        }
    }
}

impl<T: Receiver<PublicKey = PublicKey>> Receiver for Link<T> {
    type Error = T::Error;
    type PublicKey = PublicKey;

    async fn recv(&mut self) -> Result<Message<PublicKey>, T::Error> {
        match self {
            Self::Alone => std::future::pending().await,
            Self::Network(inner) => inner.recv().await,
        }
    }

    fn capacity(&self) -> NonZeroUsize {
        match self {
            Self::Alone => NZUsize!(1),
            Self::Network(inner) => inner.capacity(),
        }
    }
}

/// Who the peers are, and the power to block one.
#[derive(Debug, Clone)]
pub(crate) enum Peers<O> {
    /// Only this validator.
    Alone(Solitude),
    /// The network's own book.
    Network(O),
}

/// A peer set of one. Subscriptions stay open as long as this lives.
#[derive(Debug, Clone)]
pub(crate) struct Solitude {
    me: PublicKey,
    open: Arc<Mutex<Open>>,
}

#[derive(Debug, Default)]
struct Open {
    updates: Vec<mpsc::UnboundedSender<PeerSetUpdate<PublicKey>>>,
    blocked: Vec<ring::Sender<Set<PublicKey>>>,
}

impl Solitude {
    pub(crate) fn new(me: PublicKey) -> Self {
        Self {
            me,
            open: Arc::default(),
        }
    }

    fn peers(&self) -> TrackedPeers<PublicKey> {
        TrackedPeers::primary(Set::from_iter_dedup([self.me.clone()]))
    }
}

impl<O: Provider<PublicKey = PublicKey> + Sync> Provider for Peers<O> {
    type PublicKey = PublicKey;

    async fn peer_set(&mut self, id: u64) -> Option<TrackedPeers<PublicKey>> {
        match self {
            Self::Alone(alone) => Some(alone.peers()),
            Self::Network(inner) => inner.peer_set(id).await,
        }
    }

    async fn subscribe(&mut self) -> PeerSetSubscription<PublicKey> {
        match self {
            Self::Alone(alone) => {
                let (updates, receiver) = mpsc::unbounded_channel();
                let (latest, all) = (alone.peers(), alone.peers());
                // The receiver is in hand, so this cannot fail.
                let _ = updates.send(PeerSetUpdate {
                    index: 0,
                    latest,
                    all,
                });
                alone
                    .open
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .updates
                    .push(updates);
                receiver
            }
            Self::Network(inner) => inner.subscribe().await,
        }
    }
}

impl<O: Blocker<PublicKey = PublicKey>> Blocker for Peers<O> {
    type PublicKey = PublicKey;

    fn block(&mut self, peer: PublicKey) -> Feedback {
        match self {
            Self::Alone(_) => Feedback::Ok,
            Self::Network(inner) => inner.block(peer),
        }
    }

    fn blocked(&mut self) -> BlockedSubscription<PublicKey> {
        match self {
            Self::Alone(alone) => {
                let (sender, receiver) = ring::channel(NZUsize!(1));
                alone
                    .open
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .blocked
                    .push(sender);
                receiver
            }
            Self::Network(inner) => inner.blocked(),
        }
    }
}
