//! Gossip: what one validator's clients send it reaches the others' mempools, so that whoever leads next
//! has it.
//!
//! Validators are connected each to each, so one hop is enough: a node tells its peers what its own clients
//! sent ([`Core::submit_own`]) and never passes on what a peer told it. A received transaction passes the
//! same admission as any other, in batches whose signatures are verified together; one that is known
//! already costs a hash and a look-up.
//!
//! Nothing here is needed for safety, and little for liveness: what is lost on the way still waits at the
//! node it was sent to, which proposes it when its turn comes. So every queue may drop, and does when full.
//! What still waits a while after it was told is told again, for a peer that was away.
//!
//! A flood is bounded: the network limits the messages per second of each peer, a message has at most
//! [`MESSAGE_BYTES_MAX`], one message is admitted at a time, and a peer that sends what no honest validator
//! can (undecodable bytes, or a signature that does not hold) is not listened to for [`MUTE`]. Its votes are
//! still counted: gossip must not cost a quorum.

use crate::{core::Core, mempool::AdmitError};
use assay_types::{Invalid, List, TRANSACTION_BYTES_MAX, Transaction, TxId, decode, encode};
use commonware_codec::EncodeSize as _;
use commonware_cryptography::ed25519::PublicKey;
use commonware_p2p::{CheckedSender as _, LimitedSender, Receiver, Recipients};
use commonware_runtime::{Clock, Spawner};
use commonware_utils::channel::watch;
use futures::future::select;
use rand_core::CryptoRng;
use std::{
    collections::{BTreeMap, VecDeque},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

/// Messages a second that a peer may send: with full ones some 64 000 transfers, more than blocks hold, and
/// short enough a wait (16 ms) under load.
pub(crate) const MESSAGES_PER_SECOND: u32 = 64;
/// Transactions of one message: verifying their signatures takes some ten milliseconds.
pub(crate) const MESSAGE_TRANSACTIONS_MAX: usize = 1_024;
/// Bytes of one message: the longest transaction fits.
pub(crate) const MESSAGE_BYTES_MAX: usize = 1 << 20;
const _: () = assert!(TRANSACTION_BYTES_MAX + 16 <= MESSAGE_BYTES_MAX);

/// Bytes that wait to be told, and bytes remembered to be told again: a second's worth of a busy chain.
const OUTBOX_BYTES_MAX: usize = 16 << 20;
/// What waits this long after it was told is told again: several views of a busy chain, two idle ones.
const REPEAT_AFTER: Duration = Duration::from_secs(2);
/// Times that a transaction is told at most, so that a backlog does not fill the network with itself.
const TELLINGS_MAX: u8 = 4;
/// How long a peer that misbehaved is not listened to.
pub(crate) const MUTE: Duration = Duration::from_secs(60);

/// A message: transactions in canonical encoding.
type Batch = List<Transaction, MESSAGE_TRANSACTIONS_MAX>;

/// What this node's clients sent and its peers have not been told.
#[derive(Default)]
pub(crate) struct Outbox {
    open: AtomicBool,
    waiting: Mutex<Waiting>,
    arrivals: watch::Sender<u64>,
}

#[derive(Default)]
struct Waiting {
    queue: VecDeque<Item>,
    bytes: usize,
}

struct Item {
    id: TxId,
    transaction: Transaction,
    /// Times that it was told.
    tellings: u8,
}

impl Outbox {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts in what there is room for.
    fn put(&self, items: impl IntoIterator<Item = Item>) {
        let mut added = 0;
        {
            let mut waiting = self.waiting();
            for item in items {
                let bytes = item.transaction.encode_size();
                if waiting.bytes + bytes > OUTBOX_BYTES_MAX {
                    break;
                }
                waiting.bytes += bytes;
                waiting.queue.push_back(item);
                added += 1;
            }
        }
        if added > 0 {
            self.arrivals.send_modify(|count| *count += added);
        }
    }

    /// Takes as much as one message holds.
    fn take(&self) -> Vec<Item> {
        let mut waiting = self.waiting();
        let mut taken = Vec::new();
        let mut room = MESSAGE_BYTES_MAX - 16;
        while taken.len() < MESSAGE_TRANSACTIONS_MAX
            && let Some(first) = waiting.queue.front()
        {
            let bytes = first.transaction.encode_size();
            if bytes > room {
                break;
            }
            room -= bytes;
            waiting.bytes -= bytes;
            taken.extend(waiting.queue.pop_front());
        }
        taken
    }
}

impl Core {
    /// As [`Core::submit`], for this node's own clients: what is admitted is told to the peers as well.
    pub(crate) fn submit_own(
        &self,
        transactions: Vec<Transaction>,
        rng: &mut impl CryptoRng,
    ) -> Vec<Result<TxId, AdmitError>> {
        if !self.outbox.open.load(Ordering::Relaxed) {
            return self.submit(transactions, rng);
        }
        let told = transactions.clone();
        let answers = self.submit(transactions, rng);
        let admitted = told.into_iter().zip(&answers);
        self.outbox
            .put(admitted.filter_map(|(transaction, answer)| {
                let id = *answer.as_ref().ok()?;
                Some(Item {
                    id,
                    transaction,
                    tellings: 0,
                })
            }));
        answers
    }
}

/// Starts to tell and to listen.
pub(crate) fn start<E, S, R>(context: &E, core: &Arc<Core>, (sender, receiver): (S, R))
where
    E: Spawner + Clock + CryptoRng,
    S: LimitedSender<PublicKey = PublicKey>,
    R: Receiver<PublicKey = PublicKey>,
{
    core.outbox.open.store(true, Ordering::Relaxed);
    let teller = core.clone();
    context
        .child("tell")
        .spawn(move |context| tell(context, teller, sender));
    let listener = core.clone();
    context
        .child("listen")
        .spawn(move |context| listen(context, listener, receiver));
}

/// Tells the peers what arrives, as fast as the network's limit allows.
async fn tell<E, S>(context: E, core: Arc<Core>, mut sender: S)
where
    E: Clock,
    S: LimitedSender<PublicKey = PublicKey>,
{
    let mut arrivals = core.outbox.arrivals.subscribe();
    // What was told and may have to be told again, by the time for that.
    let mut told: VecDeque<(Duration, Item)> = VecDeque::new();
    let mut told_bytes = 0;
    loop {
        arrivals.borrow_and_update();
        let now = (core.monotonic)();
        let mut again = Vec::new();
        while told.front().is_some_and(|(due, _)| *due <= now) {
            let Some((_, item)) = told.pop_front() else {
                break;
            };
            told_bytes -= item.transaction.encode_size();
            if core.mempool().contains(&item.id) {
                again.push(item);
            }
        }
        core.outbox.put(again);
        if core.outbox.waiting().queue.is_empty() {
            let rest = told
                .front()
                .map_or(REPEAT_AFTER, |(due, _)| due.saturating_sub(now));
            let arrival = std::pin::pin!(arrivals.changed());
            // The outbox lives as long as the core that is held here, so this cannot fail.
            let _ = select(arrival, std::pin::pin!(context.sleep(rest))).await;
            continue;
        }
        let wait = match sender.check(Recipients::All) {
            Ok(peers) => {
                let mut items = core.outbox.take();
                let batch = items.iter().map(|item| item.transaction.clone()).collect();
                let Ok(batch) = Batch::new(batch) else {
                    continue;
                };
                // A peer whose queue is full is told again later, if that is still needed.
                let _ = peers.send(encode(&batch), false);
                for item in &mut items {
                    item.tellings += 1;
                }
                for item in items {
                    let bytes = item.transaction.encode_size();
                    if item.tellings < TELLINGS_MAX && told_bytes + bytes <= OUTBOX_BYTES_MAX {
                        told_bytes += bytes;
                        told.push_back((now + REPEAT_AFTER, item));
                    }
                }
                continue;
            }
            Err(until) => until,
        };
        context.sleep_until(wait).await;
    }
}

/// Takes what peers tell, one message at a time.
async fn listen<E, R>(context: E, core: Arc<Core>, mut receiver: R)
where
    E: Spawner + Clock + CryptoRng,
    R: Receiver<PublicKey = PublicKey>,
{
    let mut muted: BTreeMap<PublicKey, Duration> = BTreeMap::new();
    while let Ok((peer, message)) = receiver.recv().await {
        let now = (core.monotonic)();
        if muted.get(&peer).is_some_and(|until| now < *until) {
            continue;
        }
        let admission = core.clone();
        // Signatures keep a thread busy for milliseconds, which votes must not wait for.
        let admitting = context
            .child("admit")
            .shared(true)
            .spawn(
                move |mut context| async move { admit(&admission, message.as_ref(), &mut context) },
            );
        match admitting.await {
            Ok(Ok(())) => {}
            Ok(Err(fault)) => {
                tracing::warn!(%peer, "not listening to a peer's transactions for a minute: {fault}");
                muted.insert(peer, now + MUTE);
            }
            // The runtime is going down.
            Err(_) => return,
        }
    }
}

/// What no honest validator sends.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    /// Too long, or no canonical batch.
    #[error("{bytes} bytes that are no batch of transactions")]
    Undecodable {
        /// How many.
        bytes: usize,
    },
    /// It would have been refused by its own admission.
    #[error("transaction {id} is not signed by its sender")]
    Forged {
        /// Which.
        id: TxId,
    },
}

/// Admits a message's transactions.
fn admit(core: &Core, message: &[u8], rng: &mut impl CryptoRng) -> Result<(), Fault> {
    let bytes = message.len();
    if bytes > MESSAGE_BYTES_MAX {
        return Err(Fault::Undecodable { bytes });
    }
    let batch: Batch = decode(message).map_err(|_| Fault::Undecodable { bytes })?;
    let batch = batch.into_vec();
    let ids: Vec<TxId> = batch.iter().map(Transaction::id).collect();
    for (id, answer) in ids.into_iter().zip(core.submit(batch, rng)) {
        if answer == Err(AdmitError::Invalid(Invalid::BadSignature)) {
            return Err(Fault::Forged { id });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
