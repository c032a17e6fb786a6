//! Sends an account's transactions over one lane: keeps the sequence, sets fee limit and validity, signs,
//! submits in batches, and puts the lane right again when node or program restarted.
//!
//! Invariant: within one sender every transaction that was admitted stays known until it is final or its time
//! has long passed, so that a node that lost its pool gets the very same bytes again and nothing lands twice.

use crate::{Client, ClientError, EventQuery, Pace};
use assay_api::{
    BATCH_BYTES_MAX, BATCH_TRANSACTIONS_MAX, OutcomeView, Problem, ProblemCode, SenderOutcome,
    StreamMessage,
};
use assay_types::{
    AccountId, Amount, Call, FeeRate, Height, Lane, LedgerTime, SecretKey, Transaction, TxId,
    Unsigned, encode,
};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

/// How long a transaction may wait for its block, in milliseconds of ledger time.
pub const VALID_MS: u64 = 60_000;
/// The fee limit is this many times the fee at the current base fee: room for a dozen full blocks in a row.
const FEE_HEADROOM: u64 = 4;
/// Lowest price that fee limits are reckoned with, in grains per unit of weight: an idle chain's base fee is
/// so low that headroom on it is worth nothing.
const FEE_RATE_FLOOR: u64 = 16;
/// Times that a refusal is answered by putting the lane right, or a broken connection by trying again.
const ATTEMPTS_MAX: u32 = 8;
/// First pause between attempts; doubles.
const PAUSE: Duration = Duration::from_millis(50);

/// An account's hand on one lane. Clones share it.
#[derive(Debug, Clone)]
pub struct Sender {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    client: Client,
    key: SecretKey,
    account: AccountId,
    lane: Lane,
    /// The next sequence; `None` until it is read from the node. Held while transactions are submitted, so
    /// that they arrive in order.
    next: tokio::sync::Mutex<Option<u64>>,
    /// Admitted and not known to be final, by sequence.
    in_flight: Mutex<BTreeMap<u64, Transaction>>,
}

/// A transaction that was admitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sent {
    /// Its id.
    pub id: TxId,
    /// Its place in the sender's lane.
    pub sequence: u64,
    /// Its last moment.
    pub valid_until: LedgerTime,
}

/// A transaction that is final and did what it asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Confirmed {
    /// Its id.
    pub id: TxId,
    /// Its place in the sender's lane.
    pub sequence: u64,
    /// Its block.
    pub height: Height,
}

impl Sender {
    /// Sends in the name of `key` over `lane`. Use each lane of an account in one program only.
    pub fn new(client: Client, key: SecretKey, lane: Lane) -> Self {
        let account = key.account();
        Self {
            inner: Arc::new(Inner {
                client,
                key,
                account,
                lane,
                next: tokio::sync::Mutex::new(None),
                in_flight: Mutex::new(BTreeMap::new()),
            }),
        }
    }

    /// In whose name.
    pub fn account(&self) -> AccountId {
        self.inner.account
    }

    /// Over which lane.
    pub fn lane(&self) -> Lane {
        self.inner.lane
    }

    /// Through which node.
    pub fn client(&self) -> &Client {
        &self.inner.client
    }

    /// The key it signs with.
    pub fn key(&self) -> &SecretKey {
        &self.inner.key
    }

    /// Submits one call.
    ///
    /// # Errors
    /// [`ClientError::Refused`] when the node does not admit it.
    pub async fn send(&self, call: Call) -> Result<Sent, ClientError> {
        let mut results = self.send_many(vec![call]).await;
        results.pop().expect("one result per call")
    }

    /// Submits calls, in order, in as few requests as they fit; results in the same order. A call that is
    /// refused keeps none of the others from being sent.
    pub async fn send_many(&self, calls: Vec<Call>) -> Vec<Result<Sent, ClientError>> {
        let mut next = self.inner.next.lock().await;
        let mut results: Vec<Result<Sent, ClientError>> = Vec::with_capacity(calls.len());
        let mut attempts = 0;
        while results.len() < calls.len() {
            let rest = calls.get(results.len()..).unwrap_or_default();
            match self.send_some(&mut next, rest).await {
                Ok(sent) => {
                    attempts = 0;
                    results.extend(sent.into_iter().map(Ok));
                }
                Err(Setback { sent, error }) => {
                    if !sent.is_empty() {
                        attempts = 0;
                    }
                    results.extend(sent.into_iter().map(Ok));
                    attempts += 1;
                    if attempts >= ATTEMPTS_MAX {
                        // The rest would meet the same; what is next is read anew by the next call.
                        *next = None;
                        results.push(Err(error));
                        let url = self.inner.client.url();
                        results.resize_with(calls.len(), || Err(given_up(url)));
                    } else if !self.recover(&mut next, &error, attempts).await {
                        results.push(Err(error));
                        attempts = 0;
                    }
                }
            }
        }
        results
    }

    /// Submits one call and waits until a block holds it.
    ///
    /// # Errors
    /// [`ClientError::Refused`] when the node does not admit it, [`ClientError::Rejected`] when the ledger
    /// refuses it, [`ClientError::NotIncluded`] when no block took it in time.
    pub async fn send_and_wait(&self, call: Call) -> Result<Confirmed, ClientError> {
        // The stream begins before the call is sent, so its block cannot be missed.
        let height = self.inner.client.status().await?.height;
        let query = EventQuery::after(height).of_account(self.inner.account);
        let mut events = self.inner.client.events(query);
        let sent = self.send(call).await?;
        loop {
            let StreamMessage::Block(block) = events.next().await? else {
                continue;
            };
            self.confirm(&block.sent);
            if let Some(mine) = block.sent.iter().find(|mine| mine.id == sent.id) {
                return match &mine.outcome {
                    OutcomeView::Ok => Ok(Confirmed {
                        id: sent.id,
                        sequence: sent.sequence,
                        height: block.height,
                    }),
                    OutcomeView::Rejected { rejection } => Err(ClientError::Rejected {
                        transaction: sent.id,
                        rejection: rejection.clone(),
                    }),
                };
            }
            if block.time > sent.valid_until {
                return Err(ClientError::NotIncluded {
                    transaction: sent.id,
                    valid_until: sent.valid_until,
                });
            }
        }
    }

    /// Forgets what a block has made final: call it with [`assay_api::BlockEvent::sent`] where the stream is
    /// followed anyway.
    pub fn confirm(&self, outcomes: &[SenderOutcome]) {
        let lane = self.inner.lane.get();
        let last = outcomes.iter().rev().find(|outcome| outcome.lane == lane);
        if let Some(last) = last {
            let mut in_flight = self.in_flight();
            *in_flight = in_flight.split_off(&last.sequence.saturating_add(1));
        }
    }

    /// The earliest `valid_until` of what is admitted and not known to be final.
    pub fn oldest_in_flight(&self) -> Option<LedgerTime> {
        let in_flight = self.in_flight();
        in_flight.values().map(|tx| tx.body.valid_until).min()
    }

    /// Compares the lane with the ledger: submits again what the node's pool lost, and returns what can never
    /// land any more because its time passed. Call it when something is overdue.
    ///
    /// # Errors
    /// [`ClientError`]; nothing is forgotten.
    pub async fn heal(&self) -> Result<Vec<TxId>, ClientError> {
        let mut next = self.inner.next.lock().await;
        let now = self.inner.client.status().await?.time;
        let (sequence, lost) = self.resync(now).await?;
        *next = Some(sequence);
        Ok(lost)
    }

    /// Submits the first calls of `calls`, as many as fit one request.
    async fn send_some(
        &self,
        next: &mut Option<u64>,
        calls: &[Call],
    ) -> Result<Vec<Sent>, Setback> {
        let pace = self.inner.client.pace().await?;
        let first = match *next {
            Some(next) => next,
            None => self.lane_next().await?,
        };
        *next = Some(first);
        self.forget_expired(pace.time);
        let mut batch: Vec<Transaction> = calls
            .iter()
            .zip(first..)
            .take(BATCH_TRANSACTIONS_MAX)
            .map(|(call, sequence)| self.sign(pace, sequence, call.clone()))
            .collect();
        batch.truncate(fitting(&batch));
        let (admitted, error) = self.submit(batch).await;
        *next = Some(first.saturating_add(admitted.len() as u64));
        match error {
            None => Ok(admitted),
            Some(error) => Err(Setback {
                sent: admitted,
                error,
            }),
        }
    }

    /// Submits transactions of consecutive sequences; stops counting at the first that is refused, since
    /// those after it then are too.
    async fn submit(&self, batch: Vec<Transaction>) -> (Vec<Sent>, Option<ClientError>) {
        let mut pause = PAUSE;
        let mut attempts = 1;
        let refused = loop {
            match self.inner.client.submit_batch(&batch).await {
                Ok(answer) => break answer.first_refused(),
                // Whether they arrived is unknown; the same bytes are harmless.
                Err(error) if error.is_transient() && attempts < ATTEMPTS_MAX => {
                    tokio::time::sleep(pause).await;
                    pause *= 2;
                    attempts += 1;
                }
                Err(error) => return (Vec::new(), Some(error)),
            }
        };
        let admitted = refused.as_ref().map_or(batch.len(), |(index, _)| *index);
        let mut sent = Vec::with_capacity(admitted);
        let mut in_flight = self.in_flight();
        for transaction in batch.into_iter().take(admitted) {
            let body = &transaction.body;
            sent.push(Sent {
                id: transaction.id(),
                sequence: body.sequence,
                valid_until: body.valid_until,
            });
            in_flight.insert(body.sequence, transaction);
        }
        let error = refused.map(|(_, problem)| ClientError::Refused(Box::new(problem)));
        (sent, error)
    }

    /// Whether the call that met `error` is worth another attempt, after doing what makes it so.
    async fn recover(&self, next: &mut Option<u64>, error: &ClientError, attempt: u32) -> bool {
        let pause = PAUSE * 2u32.saturating_pow(attempt.saturating_sub(1));
        match error.problem().map(|problem| problem.code) {
            // Another process of the account may use the same lane.
            Some(ProblemCode::SequenceGap | ProblemCode::Replayed | ProblemCode::SequenceTaken) => {
                *next = match self.inner.client.pace().await {
                    Ok(pace) => self.resync(pace.time).await.ok().map(|(next, _)| next),
                    Err(_) => None,
                };
                if attempt > 1 {
                    tokio::time::sleep(pause).await;
                }
                true
            }
            Some(ProblemCode::FeeLimitTooLow | ProblemCode::Expired) => {
                // The last seen base fee or time is out of date.
                self.inner.client.status().await.is_ok()
            }
            _ if error.is_transient() => {
                tokio::time::sleep(pause).await;
                true
            }
            _ => false,
        }
    }

    /// Brings the lane in step with the node: the next sequence, and the ids of what can never land.
    async fn resync(&self, now: LedgerTime) -> Result<(u64, Vec<TxId>), ClientError> {
        let inner = &self.inner;
        let lane = inner.client.lane(inner.account, inner.lane).await?;
        let mut pending = lane.pending_next;
        let held = {
            let mut in_flight = self.in_flight();
            *in_flight = in_flight.split_off(&lane.next_sequence);
            in_flight.clone()
        };
        // What the node does not hold any more is sent again, as long as no sequence is missing between.
        let again: Vec<Transaction> = held
            .range(pending..)
            .zip(pending..)
            .take_while(|((sequence, tx), expected)| {
                **sequence == *expected && tx.body.valid_until >= now
            })
            .map(|((_, transaction), _)| transaction.clone())
            .collect();
        let mut again = again.as_slice();
        while !again.is_empty() {
            let (batch, rest) = again.split_at(fitting(again));
            let (sent, error) = self.submit(batch.to_vec()).await;
            pending = pending.saturating_add(sent.len() as u64);
            if error.is_some() {
                break;
            }
            again = rest;
        }
        let lost = self.in_flight().split_off(&pending);
        Ok((pending, lost.values().map(Transaction::id).collect()))
    }

    async fn lane_next(&self) -> Result<u64, ClientError> {
        let inner = &self.inner;
        let lane = inner.client.lane(inner.account, inner.lane).await?;
        Ok(lane.pending_next)
    }

    fn sign(&self, pace: Pace, sequence: u64, call: Call) -> Transaction {
        let rate = pace
            .base_fee
            .get()
            .saturating_mul(FEE_HEADROOM)
            .max(FEE_RATE_FLOOR);
        let mut body = Unsigned {
            chain: self.inner.client.chain(),
            sender: self.inner.account,
            lane: self.inner.lane,
            sequence,
            fee_limit: Amount::ZERO,
            tip: Amount::ZERO,
            valid_until: pace.time.after(VALID_MS),
            call,
        };
        body.fee_limit = FeeRate::new(rate).price(body.weight());
        body.sign(&self.inner.key)
    }

    /// Forgets what expired so long ago that nobody will ask what became of it.
    fn forget_expired(&self, now: LedgerTime) {
        self.in_flight()
            .retain(|_, transaction| transaction.body.valid_until.after(VALID_MS) >= now);
    }

    fn in_flight(&self) -> std::sync::MutexGuard<'_, BTreeMap<u64, Transaction>> {
        self.inner
            .in_flight
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// How many of these, from the first on, fit one batch; at least one.
fn fitting(transactions: &[Transaction]) -> usize {
    // Room for the list's own length.
    let mut left = BATCH_BYTES_MAX - 16;
    let fitting = transactions
        .iter()
        .take(BATCH_TRANSACTIONS_MAX)
        .take_while(|transaction| {
            let len = encode(*transaction).len();
            let fits = len <= left;
            left = left.saturating_sub(len);
            fits
        });
    fitting.count().max(1)
}

/// A request that did not admit all it carried.
struct Setback {
    sent: Vec<Sent>,
    error: ClientError,
}

impl From<ClientError> for Setback {
    fn from(error: ClientError) -> Self {
        Self {
            sent: Vec::new(),
            error,
        }
    }
}

fn given_up(url: &str) -> ClientError {
    let detail = format!("a call before this one could not be sent to {url}");
    let problem = Problem::new(ProblemCode::Unavailable, detail, "send it again");
    ClientError::Refused(Box::new(problem))
}
