//! Transactions on their way: one task per lane takes what is ready and submits it in batches.
//!
//! Answers and assignments travel on lanes of their own, so that a full block, which keeps a quarter of its
//! weight for check calls, never holds a commitment back behind an acceptance.

use crate::job::Step;
use assay_client::{ClientError, Sender};
use assay_types::{Call, LedgerTime, OrderId, TxId};
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::{Notify, mpsc},
    task::JoinSet,
};

/// Most transactions taken at once; [`Sender::send_many`] splits them into requests.
const TAKE_MAX: usize = 1_024;
/// Pause before a job hears that its transaction could not be sent; it then sends again.
const PAUSE: Duration = Duration::from_millis(500);
/// A transaction that is not final after this is looked after, in milliseconds of ledger time.
const OVERDUE_MS: u64 = 3_000;

/// What became of a transaction that was handed in.
#[derive(Debug)]
pub(crate) enum Notice {
    /// It waits for a block.
    Sent {
        order: OrderId,
        step: Step,
        id: TxId,
    },
    /// It could not be sent.
    Unsent {
        order: OrderId,
        step: Step,
        error: ClientError,
    },
    /// These were sent and will never be in a block.
    Lost(Vec<TxId>),
}

/// One lane.
#[derive(Debug)]
pub(crate) struct Outbox {
    sender: Sender,
    calls: mpsc::UnboundedSender<(OrderId, Step, Call)>,
    check: Arc<Notify>,
    /// Not looked after again before.
    check_after: LedgerTime,
}

impl Outbox {
    /// Starts the lane's tasks in `tasks`; they end when those are aborted.
    pub(crate) fn start(
        sender: Sender,
        notices: &mpsc::UnboundedSender<Notice>,
        tasks: &mut JoinSet<()>,
    ) -> Self {
        // Bounded by the jobs: at most a few calls each, and the offer's capacity bounds those.
        let (calls, inbox) = mpsc::unbounded_channel();
        let check = Arc::new(Notify::new());
        tasks.spawn(submit(sender.clone(), inbox, notices.clone()));
        tasks.spawn(look_after(
            sender.clone(),
            Arc::clone(&check),
            notices.clone(),
        ));
        Self {
            sender,
            calls,
            check,
            check_after: LedgerTime::default(),
        }
    }

    pub(crate) fn send(&self, order: OrderId, step: Step, call: Call) {
        // The task ends only with the provider.
        let _ = self.calls.send((order, step, call));
    }

    /// A block is final: forgets what it holds, and looks after what should have been in it.
    pub(crate) fn block(&mut self, block: &assay_api::BlockEvent) {
        self.sender.confirm(&block.sent);
        let overdue = self.sender.oldest_in_flight().is_some_and(|valid_until| {
            let sent_at = valid_until.get().saturating_sub(assay_client::VALID_MS);
            block.time > LedgerTime::new(sent_at).after(OVERDUE_MS)
        });
        if overdue && block.time >= self.check_after {
            self.check_after = block.time.after(OVERDUE_MS);
            self.check.notify_one();
        }
    }
}

async fn submit(
    sender: Sender,
    mut inbox: mpsc::UnboundedReceiver<(OrderId, Step, Call)>,
    notices: mpsc::UnboundedSender<Notice>,
) {
    let mut taken = Vec::new();
    while inbox.recv_many(&mut taken, TAKE_MAX).await > 0 {
        let (about, calls): (Vec<_>, Vec<_>) = taken
            .drain(..)
            .map(|(order, step, call)| ((order, step), call))
            .unzip();
        let results = sender.send_many(calls).await;
        let mut has_failed = false;
        for ((order, step), result) in about.into_iter().zip(results) {
            let notice = match result {
                Ok(sent) => Notice::Sent {
                    order,
                    step,
                    id: sent.id,
                },
                Err(error) => {
                    has_failed = true;
                    Notice::Unsent { order, step, error }
                }
            };
            let _ = notices.send(notice);
        }
        if has_failed {
            tokio::time::sleep(PAUSE).await;
        }
    }
}

async fn look_after(sender: Sender, check: Arc<Notify>, notices: mpsc::UnboundedSender<Notice>) {
    loop {
        check.notified().await;
        match sender.heal().await {
            Ok(lost) if lost.is_empty() => {}
            Ok(lost) => {
                let _ = notices.send(Notice::Lost(lost));
            }
            // The next block asks again.
            Err(error) => tracing::debug!(%error, "cannot look after a lane"),
        }
    }
}
