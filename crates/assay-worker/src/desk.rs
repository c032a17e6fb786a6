//! The desk: drives every job's state machine with what the ledger, the network and the machine report, and
//! carries out what the jobs want.
//!
//! It decides nothing about a job: see [`crate::job`]. It never waits: everything that takes time is a task
//! that reports back, so one slow download or inference holds up nobody.

use crate::{
    Progress, ProviderConfig, ProviderError, ProviderEvent,
    answers::Answers,
    job::{Answer, Case, Effect, Job, JobEvent, Note, Standing, Step},
    library::{Library, Shelf},
    outbox::{Notice, Outbox},
};
use assay_api::{
    AssignmentStage, BlockEvent, EventView, InputView, OrderStatus, OrderView, OutcomeView,
    StreamMessage, WorkView,
};
use assay_client::{Client, ClientError, EventStream};
use assay_model::tensor::{TENSOR_BYTES_MAX, Tensor};
use assay_types::{
    AccountId, Amount, Call, Check, ContentId, Hash32, Height, LedgerTime, OrderId, ProofEvidence,
    Rejection, SecretKey, TxId,
};
use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{
    sync::{Semaphore, broadcast, mpsc, watch},
    task::JoinSet,
};

/// Requests for orders and inputs at the same time; more would only queue at the node.
const REQUESTS_MAX: usize = 16;
/// Times that a request is tried before the job goes without.
const TRIES_MAX: u32 = 10;
/// First pause between tries; doubles.
const PAUSE: Duration = Duration::from_millis(50);
/// Rejections kept until it is known whose they are: a block can be faster than the answer to a submission.
const EARLY_MAX: usize = 4_096;

/// How to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    /// Not at all.
    No,
    /// When no lock is at risk any more.
    WhenDone,
}

/// One job and what it needs.
#[derive(Debug)]
struct Entry {
    job: Job,
    shelf: Option<Arc<Shelf>>,
    content: ContentId,
    input: Option<Tensor>,
    begun: Option<Instant>,
}

impl Entry {
    /// What its work takes on one core, in microseconds.
    fn work_us(&self) -> u64 {
        let Some(shelf) = &self.shelf else {
            return 0;
        };
        match self.job.case().check {
            Check::Proof { .. } => shelf.prove_us(),
            Check::Quorum { .. } | Check::Approval { .. } | Check::Score { .. } => shelf.run_us(),
        }
    }
}

/// What a task reports.
#[derive(Debug)]
enum Done {
    /// An order that this provider was drawn for; `None` when it is over already.
    Looked(OrderId, Option<Box<OrderView>>),
    Fetched(OrderId, Result<Tensor, Note>),
    Executed(OrderId, Option<Vec<u8>>),
    Proven(OrderId, Result<Box<ProofEvidence>, Note>),
    /// A model is committed to, or cannot be.
    Committed(Arc<Shelf>),
    Recorded(OrderId, bool),
}

/// See the module.
pub(crate) struct Desk {
    client: Client,
    account: AccountId,
    seed: SecretKey,
    misbehaviour: Option<crate::Misbehaviour>,
    threads: usize,
    library: Library,
    answers: Answers,
    /// Acceptances, checks.
    outboxes: [Outbox; 2],
    jobs: HashMap<OrderId, Entry>,
    /// Orders whose terms are being read, with what happened meanwhile.
    looking: HashMap<OrderId, Vec<JobEvent>>,
    sent: HashMap<TxId, (OrderId, Step)>,
    /// Transactions of blocks whose submission was not answered yet.
    early: HashMap<TxId, Option<Rejection>>,
    tasks: JoinSet<Done>,
    requests: Arc<Semaphore>,
    cores: Arc<Semaphore>,
    is_leaving: bool,
    events: broadcast::Sender<ProviderEvent>,
    told: watch::Sender<Progress>,
    progress: Progress,
}

impl Desk {
    pub(crate) fn new(
        config: &ProviderConfig,
        library: Library,
        answers: Answers,
        outboxes: [Outbox; 2],
        events: broadcast::Sender<ProviderEvent>,
        told: watch::Sender<Progress>,
    ) -> Self {
        let threads = match config.threads {
            0 => std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            threads => threads,
        };
        Self {
            client: config.client.clone(),
            account: config.key.account(),
            seed: config.key.clone(),
            misbehaviour: config.misbehaviour,
            threads,
            library,
            answers,
            outboxes,
            jobs: HashMap::new(),
            looking: HashMap::new(),
            sent: HashMap::new(),
            early: HashMap::new(),
            tasks: JoinSet::new(),
            requests: Arc::new(Semaphore::new(REQUESTS_MAX)),
            cores: Arc::new(Semaphore::new(threads)),
            is_leaving: false,
            events,
            told,
            progress: Progress::default(),
        }
    }

    /// Takes up the jobs of an earlier run where the ledger says they stand.
    pub(crate) fn resume(
        &mut self,
        height: Height,
        time: LedgerTime,
        open: Vec<OrderView>,
        mut recorded: BTreeMap<OrderId, Answer>,
    ) {
        self.progress.height = height;
        self.progress.time = time;
        for view in open {
            let answer = recorded.remove(&view.order);
            self.open(&view, answer);
        }
        for order in recorded.into_keys() {
            self.answers.forget(order);
        }
        let jobs = self.jobs.len();
        if jobs > 0 {
            self.tell(ProviderEvent::Resumed { jobs });
        }
        self.commit_to_models();
    }

    /// Makes the provers of the models with registered keys, so that an order does not have to wait for it: time
    /// to accept is short.
    fn commit_to_models(&mut self) {
        let shelves = self.library.shelves().map(|(_, shelf)| shelf);
        let with_key: Vec<_> = shelves.filter(|shelf| shelf.has_key()).cloned().collect();
        for shelf in with_key {
            let cores = Arc::clone(&self.cores);
            self.tasks.spawn(async move {
                let _permit = cores.acquire_owned().await;
                let shelf = blocking(move || {
                    // One that cannot be proven is told when an order asks.
                    let _ = shelf.prover();
                    shelf
                });
                Done::Committed(shelf.await)
            });
        }
    }

    /// Works until it is stopped.
    pub(crate) async fn run(
        mut self,
        mut stream: EventStream,
        mut notices: mpsc::UnboundedReceiver<Notice>,
        mut stop: watch::Receiver<Stop>,
        lanes: JoinSet<()>,
    ) -> Result<(), ProviderError> {
        // Aborted with this task.
        let _lanes = lanes;
        loop {
            self.report();
            if self.is_leaving && !self.is_busy() {
                return Ok(());
            }
            tokio::select! {
                Some(ended) = self.tasks.join_next() => match ended {
                    Ok(done) => self.done(done),
                    Err(failed) if failed.is_panic() => {
                        std::panic::resume_unwind(failed.into_panic())
                    }
                    Err(_) => {}
                },
                Some(notice) = notices.recv() => self.notice(notice),
                Ok(()) = stop.changed(), if !self.is_leaving => self.leave(),
                message = stream.try_next() => match message {
                    Ok(message) => self.message(message),
                    Err(error) if error.is_transient() => self.disconnected(&error),
                    Err(source) => {
                        let action = "follow the event stream";
                        let source = Box::new(source);
                        return Err(ProviderError::Node { action, source });
                    }
                },
            }
        }
    }

    // What the ledger tells.

    fn message(&mut self, message: StreamMessage) {
        if !self.progress.is_connected {
            self.progress.is_connected = true;
            let height = message.cursor().height;
            self.tell(ProviderEvent::Connected { height });
        }
        match message {
            StreamMessage::Market(stamped) => self.market(stamped.event),
            StreamMessage::Block(block) => self.block(block),
        }
    }

    fn market(&mut self, event: EventView) {
        let mine = |seller: AccountId| seller == self.account;
        match event {
            EventView::Assigned {
                order, seller, ask, ..
            } if mine(seller) => self.assigned(order, ask),
            EventView::Released { order, seller, .. } if mine(seller) => {
                if self.jobs.contains_key(&order) {
                    self.progress.released += 1;
                    self.tell(ProviderEvent::Released { order });
                }
                self.step(order, JobEvent::Released);
            }
            EventView::Accepted { order, seller } if mine(seller) => {
                self.progress.accepted += 1;
                self.tell(ProviderEvent::Accepted { order });
                self.step(order, JobEvent::Accepted);
            }
            EventView::Started { order } => self.step(order, JobEvent::Started),
            EventView::Committed {
                order,
                seller,
                commitment,
            } if mine(seller) => {
                self.tell(ProviderEvent::Committed { order });
                self.step(order, JobEvent::Committed(commitment));
            }
            EventView::RevealsOpened { order } => self.step(order, JobEvent::RevealsOpened),
            EventView::Revealed { order, seller, .. }
            | EventView::Delivered { order, seller, .. }
                if mine(seller) =>
            {
                self.tell(ProviderEvent::Delivered { order });
                self.step(order, JobEvent::Delivered);
            }
            EventView::ProofDelivered { order, seller, .. } if mine(seller) => {
                self.tell(ProviderEvent::Delivered { order });
                self.step(order, JobEvent::Delivered);
            }
            EventView::Compensated {
                order,
                seller,
                amount,
                ..
            } if mine(seller) => {
                self.progress.lost = self.progress.lost.saturating_add(amount);
                self.tell(ProviderEvent::Compensated { order, amount });
            }
            EventView::Paid {
                order, seller, net, ..
            } if mine(seller) => {
                self.progress.paid += 1;
                self.progress.earned = self.progress.earned.saturating_add(net);
                self.tell(ProviderEvent::Paid { order, net });
            }
            EventView::Burnt {
                order,
                account,
                amount,
                reason,
            } if mine(account) => {
                self.progress.burnt += 1;
                self.progress.lost = self.progress.lost.saturating_add(amount);
                self.tell(ProviderEvent::Burnt {
                    order,
                    amount,
                    reason,
                });
            }
            EventView::Closed { receipt } => self.step(receipt.order, JobEvent::Closed),
            _ => {}
        }
    }

    fn assigned(&mut self, order: OrderId, ask: Amount) {
        if self.jobs.contains_key(&order) || self.looking.contains_key(&order) {
            return;
        }
        self.tell(ProviderEvent::Assigned { order, ask });
        self.looking.insert(order, Vec::new());
        let (client, requests) = (self.client.clone(), Arc::clone(&self.requests));
        self.tasks.spawn(async move {
            let _permit = requests.acquire_owned().await;
            let view = persist(|| client.order(order)).await;
            Done::Looked(order, view.flatten().map(Box::new))
        });
    }

    fn block(&mut self, block: BlockEvent) {
        self.progress.height = block.height;
        self.progress.time = block.time;
        for outbox in &mut self.outboxes {
            outbox.block(&block);
        }
        for outcome in block.sent {
            let rejection = match outcome.outcome {
                OutcomeView::Ok => None,
                OutcomeView::Rejected { rejection } => rejection.known(),
            };
            match self.sent.remove(&outcome.id) {
                Some((order, step)) => self.landed(order, step, rejection),
                None => {
                    if self.early.len() >= EARLY_MAX {
                        self.early.clear();
                    }
                    self.early.insert(outcome.id, rejection);
                }
            }
        }
        let orders: Vec<OrderId> = self.jobs.keys().copied().collect();
        for order in orders {
            self.step(order, JobEvent::Time(block.time));
        }
    }

    fn landed(&mut self, order: OrderId, step: Step, rejection: Option<Rejection>) {
        if let Some(rejection) = rejection {
            self.step(order, JobEvent::Refused(step, rejection));
        }
    }

    fn disconnected(&mut self, error: &ClientError) {
        if self.progress.is_connected {
            self.progress.is_connected = false;
            self.tell(ProviderEvent::Disconnected {
                reason: error.to_string(),
            });
        }
    }

    // What tasks report.

    fn notice(&mut self, notice: Notice) {
        match notice {
            Notice::Sent { order, step, id } => match self.early.remove(&id) {
                Some(rejection) => self.landed(order, step, rejection),
                None => {
                    self.sent.insert(id, (order, step));
                }
            },
            Notice::Unsent { order, step, error } => {
                let reason = error.to_string();
                self.tell(ProviderEvent::Unsent { order, reason });
                self.step(order, JobEvent::Unsent(step));
            }
            Notice::Lost(ids) => {
                for id in ids {
                    if let Some((order, step)) = self.sent.remove(&id) {
                        self.step(order, JobEvent::Unsent(step));
                    }
                }
            }
        }
    }

    fn done(&mut self, done: Done) {
        match done {
            Done::Looked(order, view) => {
                let meanwhile = self.looking.remove(&order).unwrap_or_default();
                if let Some(view) = view {
                    self.open(&view, None);
                }
                for event in meanwhile {
                    self.step(order, event);
                }
            }
            Done::Fetched(order, input) => {
                let work_ms = self.work_ms(order);
                let now = self.progress.time;
                let event = match input {
                    Ok(input) => {
                        if let Some(entry) = self.jobs.get_mut(&order) {
                            entry.input = Some(input);
                        }
                        JobEvent::Prepared { now, work_ms }
                    }
                    Err(note) => JobEvent::Unprepared(note),
                };
                self.step(order, event);
            }
            Done::Executed(order, output) => {
                if let Some(took_us) = self.took_us(order) {
                    self.tell(ProviderEvent::Executed { order, took_us });
                }
                let event = match output {
                    Some(output) => JobEvent::Executed { output },
                    None => JobEvent::Failed(Note::CannotExecute),
                };
                self.step(order, event);
            }
            Done::Proven(order, Ok(evidence)) => {
                if let Some(took_us) = self.took_us(order) {
                    let bytes = evidence.proof.len();
                    self.tell(ProviderEvent::Proven {
                        order,
                        took_us,
                        bytes,
                    });
                }
                self.step(order, JobEvent::Proven { evidence });
            }
            Done::Proven(order, Err(note)) => self.step(order, JobEvent::Failed(note)),
            Done::Committed(shelf) => {
                if let Ok(prover) = shelf.prover() {
                    self.tell(ProviderEvent::Provable {
                        name: shelf.name().to_owned(),
                        key: prover.key(),
                        took_us: u64::try_from(prover.took().as_micros()).unwrap_or(u64::MAX),
                        prove_us: prover.prove_us(),
                    });
                }
            }
            Done::Recorded(order, true) => self.step(order, JobEvent::Recorded),
            Done::Recorded(order, false) => self.step(order, JobEvent::Unrecorded),
        }
    }

    /// Time since the work on an order was begun, in microseconds.
    fn took_us(&self, order: OrderId) -> Option<u64> {
        let begun = self.jobs.get(&order)?.begun?;
        Some(u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX))
    }

    /// Time until an answer would be there: the work that comes before it, shared by the threads, and its own.
    fn work_ms(&self, order: OrderId) -> u64 {
        let own = self.jobs.get(&order).map_or(0, Entry::work_us);
        let ahead = self.jobs.values().filter(|entry| entry.job.is_busy());
        let ahead = ahead.fold(0, |sum: u64, entry| sum.saturating_add(entry.work_us()));
        let threads = self.threads.max(1) as u64;
        (ahead / threads).saturating_add(own).div_ceil(1_000)
    }

    // Jobs.

    /// Takes up an order as it stands.
    fn open(&mut self, view: &OrderView, recorded: Option<Answer>) {
        let seat = view.sellers.iter().find(|seat| seat.seller == self.account);
        let (Some(seat), Some(terms)) = (seat, &view.terms) else {
            return;
        };
        let standing = match (seat.stage, view.status, seat.respond_by, seat.commitment) {
            (AssignmentStage::Asked, _, Some(respond_by), _) => Standing::Asked { respond_by },
            (AssignmentStage::Accepted, OrderStatus::Drawing, ..) => Standing::Accepted,
            (AssignmentStage::Accepted, OrderStatus::Working, ..) => Standing::Working,
            (AssignmentStage::Committed, status, _, Some(commitment)) => Standing::Committed {
                commitment,
                open: status == OrderStatus::Revealing,
            },
            _ => Standing::Waiting,
        };
        // A topic's request is its miner's, not an inference provider's.
        let WorkView::Inference { model, input } = terms.work else {
            return;
        };
        let InputView::Public { content } = input;
        let case = Case {
            chain: self.client.chain(),
            seller: self.account,
            order: view.order,
            accept_by: terms.accept_by,
            check: (&terms.check).into(),
            salt: salt(&self.seed, view.order),
            misbehaviour: self.misbehaviour,
        };
        let (job, effects) = Job::resumed(case, standing, recorded);
        let entry = Entry {
            job,
            shelf: self.library.shelf(&model).cloned(),
            content,
            input: None,
            begun: None,
        };
        self.jobs.insert(view.order, entry);
        self.carry_out(view.order, effects);
    }

    fn step(&mut self, order: OrderId, event: JobEvent) {
        if let Some(meanwhile) = self.looking.get_mut(&order) {
            meanwhile.push(event);
            return;
        }
        let Some(entry) = self.jobs.get_mut(&order) else {
            return;
        };
        let effects = entry.job.step(event);
        self.carry_out(order, effects);
    }

    fn carry_out(&mut self, order: OrderId, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Prepare => self.prepare(order),
                Effect::Execute => self.execute(order),
                Effect::Prove => self.prove(order),
                Effect::Record(answer) => {
                    let recorded = self.answers.record(order, &answer);
                    self.tasks
                        .spawn(async move { Done::Recorded(order, recorded.await == Ok(true)) });
                }
                Effect::Send(step, call) => self.send(order, step, call),
                Effect::Tell(note) => self.trouble(order, note),
                Effect::Forget => {
                    self.jobs.remove(&order);
                    self.answers.forget(order);
                    self.tell(ProviderEvent::Closed { order });
                }
            }
        }
    }

    fn prepare(&mut self, order: OrderId) {
        let Some(entry) = self.jobs.get(&order) else {
            return;
        };
        let shelf = entry.shelf.clone().filter(|_| {
            // Whoever leaves takes nothing on, and finishes what it accepted.
            !self.is_leaving || entry.job.is_at_risk()
        });
        let (client, requests) = (self.client.clone(), Arc::clone(&self.requests));
        let (content, check) = (entry.content, entry.job.case().check);
        let fetched = async move {
            let shelf = shelf.ok_or(Note::CannotPrepare)?;
            let permit = requests.acquire_owned().await;
            let bytes = persist(|| client.get_content(content, TENSOR_BYTES_MAX as u64)).await;
            let input = bytes.and_then(|bytes| shelf.read_input(&bytes));
            let input = input.ok_or(Note::CannotPrepare)?;
            drop(permit);
            let Check::Proof { key, .. } = check else {
                return Ok(input);
            };
            // The first order of a model may have to wait for the commitment to its weights.
            blocking(move || shelf.prover()?.admits(key, &input).map(|()| input)).await
        };
        self.tasks
            .spawn(async move { Done::Fetched(order, fetched.await) });
    }

    fn execute(&mut self, order: OrderId) {
        let work = self.begin(order);
        self.tasks.spawn(async move {
            let Some((shelf, input, cores)) = work else {
                return Done::Executed(order, None);
            };
            let _permit = cores.acquire_owned().await;
            Done::Executed(order, blocking(move || shelf.run(&input)).await.ok())
        });
    }

    fn prove(&mut self, order: OrderId) {
        let work = self.begin(order);
        self.tasks.spawn(async move {
            let Some((shelf, input, cores)) = work else {
                return Done::Proven(order, Err(Note::CannotPrepare));
            };
            // A proof keeps one core busy, so as many are made at the same time as there are cores.
            let _permit = cores.acquire_owned().await;
            let proven = blocking(move || shelf.prover()?.prove(&input)).await;
            Done::Proven(order, proven.map(Box::new))
        });
    }

    /// What the work on an order needs; the input is handed out once.
    fn begin(&mut self, order: OrderId) -> Option<(Arc<Shelf>, Tensor, Arc<Semaphore>)> {
        let entry = self.jobs.get_mut(&order)?;
        entry.begun = Some(Instant::now());
        let input = entry.input.take()?;
        Some((entry.shelf.clone()?, input, Arc::clone(&self.cores)))
    }

    fn send(&mut self, order: OrderId, step: Step, call: Call) {
        let [accepts, checks] = &self.outboxes;
        let outbox = match step {
            Step::Accept | Step::Decline => accepts,
            Step::Commit | Step::Reveal | Step::Deliver => checks,
        };
        outbox.send(order, step, call);
    }

    // Leaving and telling.

    fn leave(&mut self) {
        self.is_leaving = true;
        let jobs: Vec<OrderId> = self.jobs.keys().copied().collect();
        self.tell(ProviderEvent::Leaving { jobs: jobs.len() });
        for order in jobs {
            let entry = self.jobs.get(&order);
            if entry.is_some_and(|entry| !entry.job.is_at_risk()) {
                self.step(order, JobEvent::Unprepared(Note::CannotPrepare));
            }
        }
    }

    fn is_busy(&self) -> bool {
        !self.looking.is_empty() || self.jobs.values().any(|entry| entry.job.is_busy())
    }

    fn trouble(&self, order: OrderId, note: Note) {
        self.tell(ProviderEvent::Trouble { order, note });
    }

    fn tell(&self, event: ProviderEvent) {
        // Nobody has to listen.
        let _ = self.events.send(event);
    }

    fn report(&mut self) {
        self.progress.jobs = self.jobs.len();
        let progress = self.progress;
        self.told.send_if_modified(|told| {
            let is_new = *told != progress;
            *told = progress;
            is_new
        });
    }
}

/// What blinds the commitment to this order: secret as the key, and the same after a restart, so that even a
/// lost record can be made again.
fn salt(key: &SecretKey, order: OrderId) -> Hash32 {
    let seed = key.to_bytes();
    Hash32::derive("assay quorum salt v1", &[seed.as_slice(), order.as_bytes()])
}

/// Runs what takes long away from the runtime's threads.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(failed) if failed.is_panic() => std::panic::resume_unwind(failed.into_panic()),
        // A runtime that shuts down takes the task that waits here with it.
        Err(_) => std::future::pending().await,
    }
}

/// Tries a request again while that may help.
async fn persist<T, F>(mut request: impl FnMut() -> F) -> Option<T>
where
    F: Future<Output = Result<T, ClientError>>,
{
    let mut pause = PAUSE;
    for _ in 0..TRIES_MAX {
        match request().await {
            Ok(value) => return Some(value),
            Err(error) if error.is_transient() => {
                tokio::time::sleep(pause).await;
                pause *= 2;
            }
            Err(error) => {
                tracing::warn!(%error, "a request for a job");
                return None;
            }
        }
    }
    None
}
