//! One order as one of its sellers lives it: a pure state machine, [`Job::step`]: event in, effects out.
//!
//! ```text
//! quorum    Asked ─► Accepting ─► Accepted ─► Working ─► Recording ─► Committing ─► Committed ─► Revealing ─► Waiting
//! approval  Asked ─► Accepting ─► Accepted ─► Working ─► Recording ─► Delivering ─► Waiting
//! proof     as approval; its work is the answer and a proof of it
//! ```
//! Any stage ends when the ledger releases the seller or closes the order. A decline leads from `Asked` to
//! `Leaving`; what can no longer succeed waits for the end in `Waiting`.
//!
//! Invariants, which the tests check at every stage:
//! - an answer is durable ([`Effect::Record`] then [`JobEvent::Recorded`]) before anything about it is sent,
//!   so a restarted seller sends that answer and no other;
//! - a seller accepts only once it holds program and input and can finish in time;
//! - the ledger decides: a stage moves on by the ledger's events, never because something was sent. Events
//!   that the job is past already (they are seen again after a restart) change nothing.
//!
//! Times are the ledger's.

use assay_types::{
    AccountId, ApprovalCall, Blob, Call, ChainId, Check, ContentId, Hash32, LedgerTime, OrderId,
    ProofCall, ProofEvidence, QuorumCall, QuorumReveal, Rejection, ScoreCall, commitment,
};

/// What an answer needs to become final after it is computed: a durable record, a transaction, a block.
/// A heartbeat block comes every second, so twice that leaves room for a slow disk or a full block.
pub const SETTLE_MS: u64 = 2_000;

/// What does not change about a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    /// The chain.
    pub chain: ChainId,
    /// The seller: this provider.
    pub seller: AccountId,
    /// The order.
    pub order: OrderId,
    /// Last moment by which all sellers must have accepted, so the latest start.
    pub accept_by: LedgerTime,
    /// How the order is checked.
    pub check: Check,
    /// What blinds the commitment.
    pub salt: Hash32,
    /// `None` for honest work.
    pub misbehaviour: Option<Misbehaviour>,
}

/// How a provider cheats on purpose, for demonstrations and tests. It loses its lock each time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Misbehaviour {
    /// Commits to a wrong answer and reveals it; where a proof is asked for, forges one: the proof of the right
    /// answer beside a wrong one.
    Wrong,
    /// Accepts and never delivers.
    Silent,
    /// Delivers after the deadline.
    Late,
}

/// The answer to an order, as it is recorded and sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// For the checks that compare or look at it.
    Computed(QuorumReveal),
    /// With a proof of it, for the check that verifies.
    Proven(Box<ProofEvidence>),
}

/// Where a job stood on the ledger when the provider (re)started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Drawn, not answered.
    Asked {
        /// Last moment to answer.
        respond_by: LedgerTime,
    },
    /// Accepted; others have not.
    Accepted,
    /// Work has begun, nothing is committed or delivered.
    Working,
    /// Committed.
    Committed {
        /// To what.
        commitment: Hash32,
        /// Whether reveals are open.
        open: bool,
    },
    /// Nothing is left to do, or it is too late for it.
    Waiting,
}

/// What happened to a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JobEvent {
    /// Program and input are held.
    Prepared {
        /// Ledger time.
        now: LedgerTime,
        /// Time until the answer would be there if work began now, in milliseconds.
        work_ms: u64,
    },
    /// The work cannot be done, for this reason: program or input cannot be had or do not fit each other, or the
    /// proof that is asked for cannot be made.
    Unprepared(Note),
    /// The answer is computed.
    Executed {
        /// Canonical bytes of the output tensor.
        output: Vec<u8>,
    },
    /// The answer is computed and proven, and the proof was verified here.
    Proven {
        /// What is delivered.
        evidence: Box<ProofEvidence>,
    },
    /// The answer cannot be computed, or not be proven.
    Failed(Note),
    /// The answer is durable.
    Recorded,
    /// The answer cannot be made durable.
    Unrecorded,
    /// A transaction never reached a block.
    Unsent(Step),
    /// A transaction was included and refused.
    Refused(Step, Rejection),
    /// The ledger's clock moved.
    Time(LedgerTime),
    /// The ledger has this seller's acceptance.
    Accepted,
    /// All sellers accepted.
    Started,
    /// The ledger has this seller's commitment.
    Committed(Hash32),
    /// Reveals are open.
    RevealsOpened,
    /// The ledger has this seller's answer.
    Delivered,
    /// The ledger released this seller at no loss.
    Released,
    /// The order ended.
    Closed,
}

/// What the shell does next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Get program and input; answer with [`JobEvent::Prepared`] or [`JobEvent::Unprepared`].
    Prepare,
    /// Compute; answer with [`JobEvent::Executed`] or [`JobEvent::Failed`].
    Execute,
    /// Compute and prove; answer with [`JobEvent::Proven`] or [`JobEvent::Failed`].
    Prove,
    /// Make the answer durable; answer with [`JobEvent::Recorded`] or [`JobEvent::Unrecorded`].
    Record(Answer),
    /// Submit a transaction.
    Send(Step, Call),
    /// Tell people.
    Tell(Note),
    /// Drop the job and its record.
    Forget,
}

/// The transactions of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Step {
    /// Accepts.
    Accept,
    /// Gives the assignment back.
    Decline,
    /// Commits to the answer.
    Commit,
    /// Opens the commitment.
    Reveal,
    /// Delivers the answer.
    Deliver,
}

/// Something a person should hear of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Note {
    /// Program or input cannot be had.
    #[error("the program or the input cannot be had")]
    CannotPrepare,
    /// There is not enough time.
    #[error("the work cannot be finished in time")]
    NoTime,
    /// The order asks for a proof that nobody can make.
    #[error(
        "the order asks for a proof, which this model or input is too large or too unusual for"
    )]
    CannotProve,
    /// The order asks for a proof under a key that is not the model's.
    #[error("the order names a proof key that is not the one of the model's program")]
    ForeignKey,
    /// The prover failed, or its proof does not hold.
    #[error("no proof was made that holds, so nothing is delivered")]
    NotProven,
    /// The executor refused.
    #[error("the model refuses the input")]
    CannotExecute,
    /// The disk refused.
    #[error("the answer cannot be recorded, so nothing is committed")]
    CannotRecord,
    /// The output is over the limit of what travels in a transaction.
    #[error("the output is too large to travel in a reveal")]
    OutputTooLarge,
    /// The deadline passed.
    #[error("the deadline passed before the answer was there")]
    Late,
    /// The ledger holds a commitment whose answer is not known here.
    #[error("the ledger holds a commitment made elsewhere; use one key in one provider only")]
    ForeignCommitment,
    /// The ledger refused a transaction.
    #[error("the ledger refused it: {0}")]
    Refused(Rejection),
}

/// One order of this seller.
#[derive(Debug, Clone)]
pub struct Job {
    case: Case,
    stage: Stage,
    is_prepared: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Stage {
    /// Drawn; program and input are on their way.
    Asked { respond_by: LedgerTime },
    /// A decline is on its way.
    Leaving,
    /// An acceptance is on its way.
    Accepting,
    /// Accepted, waits for the others.
    Accepted,
    /// Computes.
    Working,
    /// Computes again what a lost record held.
    Recovering { commitment: Hash32, open: bool },
    /// The answer is being made durable; `committed` where its commitment stands on the ledger already.
    Recording {
        answer: Answer,
        committed: Option<Open>,
    },
    /// Late on purpose.
    Holding { answer: Answer },
    /// A commitment is on its way.
    Committing { answer: QuorumReveal },
    /// Committed, waits for reveals to open.
    Committed { answer: QuorumReveal },
    /// A reveal is on its way.
    Revealing { answer: QuorumReveal },
    /// A delivery is on its way.
    Delivering { answer: Answer },
    /// Nothing left to do until the order ends.
    Waiting,
    /// Over.
    Over,
}

/// Whether reveals are open.
type Open = bool;

impl Job {
    /// A job that was just drawn.
    pub fn assigned(case: Case, respond_by: LedgerTime) -> (Self, Vec<Effect>) {
        Self::resumed(case, Standing::Asked { respond_by }, None)
    }

    /// A job found on the ledger at a start, with the answer that was recorded for it, if any.
    pub fn resumed(
        case: Case,
        standing: Standing,
        recorded: Option<Answer>,
    ) -> (Self, Vec<Effect>) {
        let mut job = Self {
            case,
            stage: Stage::Waiting,
            is_prepared: false,
        };
        let effects = match (standing, recorded) {
            (Standing::Asked { respond_by }, _) => {
                job.enter(Stage::Asked { respond_by }, Effect::Prepare)
            }
            (Standing::Accepted, _) => job.enter(Stage::Accepted, Effect::Prepare),
            (Standing::Working, Some(answer)) => job.submit(answer),
            (Standing::Working, None) => job.enter(Stage::Working, Effect::Prepare),
            (Standing::Committed { commitment, open }, Some(Answer::Computed(answer))) => {
                if job.commitment(&answer) == commitment {
                    job.committed(answer, open)
                } else {
                    vec![Effect::Tell(Note::ForeignCommitment)]
                }
            }
            (Standing::Committed { commitment, open }, _) => {
                job.enter(Stage::Recovering { commitment, open }, Effect::Prepare)
            }
            (Standing::Waiting, _) => Vec::new(),
        };
        (job, effects)
    }

    /// Whether the lock is at risk: leaving now may cost it.
    pub const fn is_at_risk(&self) -> bool {
        !matches!(
            self.stage,
            Stage::Asked { .. } | Stage::Leaving | Stage::Over
        )
    }

    /// Whether something of it is under way, so that a graceful stop waits.
    pub const fn is_busy(&self) -> bool {
        !matches!(
            self.stage,
            Stage::Asked { .. } | Stage::Waiting | Stage::Over
        )
    }

    /// What does not change.
    pub const fn case(&self) -> &Case {
        &self.case
    }

    /// Takes an event; returns what to do.
    pub fn step(&mut self, event: JobEvent) -> Vec<Effect> {
        // Every arm that does not put a stage back leaves the job waiting for the order's end.
        let stage = std::mem::replace(&mut self.stage, Stage::Waiting);
        match (stage, event) {
            (Stage::Over, _) => self.stay(Stage::Over),
            (_, JobEvent::Closed) => self.enter(Stage::Over, Effect::Forget),
            (
                Stage::Asked { .. } | Stage::Leaving | Stage::Accepting | Stage::Accepted,
                JobEvent::Released,
            ) => self.enter(Stage::Over, Effect::Forget),

            (Stage::Asked { respond_by }, JobEvent::Prepared { now, work_ms }) => {
                self.is_prepared = true;
                if now < respond_by && self.is_in_time(work_ms) {
                    self.send(Stage::Accepting)
                } else {
                    self.decline(Note::NoTime)
                }
            }
            (Stage::Asked { .. }, JobEvent::Unprepared(note)) => self.decline(note),
            (Stage::Accepting, JobEvent::Accepted) => self.stay(Stage::Accepted),
            // The ledger may start an order with the very acceptance this job waits to see.
            (Stage::Accepting | Stage::Accepted, JobEvent::Started) => self.begin(),
            (stage @ (Stage::Accepting | Stage::Accepted), JobEvent::Prepared { .. }) => {
                self.is_prepared = true;
                self.stay(stage)
            }
            (Stage::Accepted, JobEvent::Unprepared(note)) => {
                self.enter(Stage::Accepted, Effect::Tell(note))
            }

            (Stage::Working, JobEvent::Prepared { .. }) => {
                self.is_prepared = true;
                self.begin()
            }
            (Stage::Working, JobEvent::Executed { output }) => self.answer(output, None),
            (Stage::Working, JobEvent::Proven { evidence }) => self.proven(evidence),
            (Stage::Recovering { commitment, open }, JobEvent::Prepared { .. }) => {
                self.enter(Stage::Recovering { commitment, open }, Effect::Execute)
            }
            (Stage::Recovering { commitment, open }, JobEvent::Executed { output }) => {
                self.answer(output, Some((commitment, open)))
            }
            (Stage::Recovering { commitment, .. }, JobEvent::RevealsOpened) => {
                self.stay(Stage::Recovering {
                    commitment,
                    open: true,
                })
            }
            (
                Stage::Working | Stage::Recovering { .. },
                JobEvent::Unprepared(note) | JobEvent::Failed(note),
            ) => vec![Effect::Tell(note)],

            (Stage::Recording { answer, committed }, JobEvent::Recorded) => {
                match (answer, committed) {
                    (Answer::Computed(answer), Some(open)) => self.committed(answer, open),
                    (answer, _) => self.submit(answer),
                }
            }
            (Stage::Recording { .. }, JobEvent::Unrecorded) => {
                vec![Effect::Tell(Note::CannotRecord)]
            }
            (
                Stage::Recording {
                    answer,
                    committed: Some(_),
                },
                JobEvent::RevealsOpened,
            ) => self.stay(Stage::Recording {
                answer,
                committed: Some(true),
            }),

            (Stage::Committing { answer }, JobEvent::Committed(commitment)) => {
                if self.commitment(&answer) == commitment {
                    self.committed(answer, false)
                } else {
                    vec![Effect::Tell(Note::ForeignCommitment)]
                }
            }
            // Sent before a restart that lost its record: the same work gives the same answer.
            (Stage::Working, JobEvent::Committed(commitment)) => self.stay(Stage::Recovering {
                commitment,
                open: false,
            }),
            (Stage::Committed { answer }, JobEvent::RevealsOpened) => self.committed(answer, true),
            // Waits for the end, as does all that falls through to a plain list of effects.
            (Stage::Revealing { .. } | Stage::Delivering { .. }, JobEvent::Delivered) => Vec::new(),

            (Stage::Holding { answer }, JobEvent::Time(now)) if now > self.deadline() => {
                self.deliver_late(&answer)
            }
            (Stage::Holding { answer }, JobEvent::RevealsOpened) => self.deliver_late(&answer),
            // Reveals open at the latest when the time to commit is over: what is not committed is late.
            (
                Stage::Working
                | Stage::Recording {
                    committed: None, ..
                }
                | Stage::Committing { .. },
                JobEvent::RevealsOpened,
            ) => vec![Effect::Tell(Note::Late)],

            (stage, JobEvent::Unsent(step)) => self.send_again(stage, step),
            (stage, JobEvent::Refused(step, rejection)) => self.refused(stage, step, rejection),
            (stage, _) => self.stay(stage),
        }
    }

    /// Whether work that takes `work_ms` is final in time even if the last seller accepts at the last moment.
    fn is_in_time(&self, work_ms: u64) -> bool {
        let finished = self.case.accept_by.after(work_ms).after(SETTLE_MS);
        finished <= self.deadline()
    }

    /// Last moment for the answer: to commit to it, or to deliver it.
    const fn deadline(&self) -> LedgerTime {
        match self.case.check {
            Check::Quorum { commit_by, .. } => commit_by,
            Check::Approval { deliver_by, .. }
            | Check::Proof { deliver_by, .. }
            | Check::Score { deliver_by } => deliver_by,
        }
    }

    fn commitment(&self, answer: &QuorumReveal) -> Hash32 {
        let Case {
            chain,
            order,
            seller,
            ..
        } = self.case;
        let output = ContentId::of(&answer.output);
        commitment(chain, order, seller, output, &answer.salt)
    }

    /// Work may begin; it does once program and input are held.
    fn begin(&mut self) -> Vec<Effect> {
        if self.case.misbehaviour == Some(Misbehaviour::Silent) {
            return Vec::new();
        }
        if !self.is_prepared {
            return self.stay(Stage::Working);
        }
        let work = match self.case.check {
            Check::Proof { .. } => Effect::Prove,
            Check::Quorum { .. } | Check::Approval { .. } | Check::Score { .. } => Effect::Execute,
        };
        self.enter(Stage::Working, work)
    }

    /// The answer is there; `expected` is the commitment that it must open, where one stands already.
    fn answer(&mut self, mut output: Vec<u8>, expected: Option<(Hash32, Open)>) -> Vec<Effect> {
        if self.case.misbehaviour == Some(Misbehaviour::Wrong) {
            falsify(&mut output);
        }
        let Ok(output) = Blob::new(output) else {
            return vec![Effect::Tell(Note::OutputTooLarge)];
        };
        let answer = QuorumReveal {
            output,
            salt: self.case.salt,
        };
        if expected.is_some_and(|(commitment, _)| commitment != self.commitment(&answer)) {
            return vec![Effect::Tell(Note::ForeignCommitment)];
        }
        self.record(Answer::Computed(answer), expected.map(|(_, open)| open))
    }

    /// Answer and proof are there.
    fn proven(&mut self, mut evidence: Box<ProofEvidence>) -> Vec<Effect> {
        if self.case.misbehaviour == Some(Misbehaviour::Wrong) {
            evidence = forge(evidence);
        }
        self.record(Answer::Proven(evidence), None)
    }

    fn record(&mut self, answer: Answer, committed: Option<Open>) -> Vec<Effect> {
        let stage = Stage::Recording {
            answer: answer.clone(),
            committed,
        };
        self.enter(stage, Effect::Record(answer))
    }

    /// The answer is durable: let it go.
    fn submit(&mut self, answer: Answer) -> Vec<Effect> {
        if self.case.misbehaviour == Some(Misbehaviour::Late) {
            return self.stay(Stage::Holding { answer });
        }
        match (self.case.check, answer) {
            (Check::Quorum { .. }, Answer::Computed(answer)) => {
                self.send(Stage::Committing { answer })
            }
            (_, answer) => self.send(Stage::Delivering { answer }),
        }
    }

    fn committed(&mut self, answer: QuorumReveal, open: Open) -> Vec<Effect> {
        if open {
            self.send(Stage::Revealing { answer })
        } else {
            self.stay(Stage::Committed { answer })
        }
    }

    fn deliver_late(&self, answer: &Answer) -> Vec<Effect> {
        match (self.case.check, answer) {
            (Check::Quorum { .. }, Answer::Computed(answer)) => {
                vec![self.commit(answer), self.reveal(answer)]
            }
            (_, answer) => vec![self.deliver(answer)],
        }
    }

    fn decline(&mut self, note: Note) -> Vec<Effect> {
        let mut effects = vec![Effect::Tell(note)];
        effects.extend(self.send(Stage::Leaving));
        effects
    }

    /// Enters a stage that waits for a transaction, and sends that.
    fn send(&mut self, stage: Stage) -> Vec<Effect> {
        let effect = self.pending(&stage);
        self.stage = stage;
        effect.into_iter().collect()
    }

    /// The transaction that a stage waits for.
    fn pending(&self, stage: &Stage) -> Option<Effect> {
        let order = self.case.order;
        match stage {
            Stage::Leaving => Some(Effect::Send(Step::Decline, Call::Decline { order })),
            Stage::Accepting => Some(Effect::Send(Step::Accept, Call::Accept { order })),
            Stage::Committing { answer } => Some(self.commit(answer)),
            Stage::Revealing { answer } => Some(self.reveal(answer)),
            Stage::Delivering { answer } => Some(self.deliver(answer)),
            _ => None,
        }
    }

    fn commit(&self, answer: &QuorumReveal) -> Effect {
        let call = QuorumCall::Commit(self.commitment(answer));
        Effect::Send(Step::Commit, call.on(self.case.order))
    }

    fn reveal(&self, answer: &QuorumReveal) -> Effect {
        let call = QuorumCall::Reveal(answer.clone());
        Effect::Send(Step::Reveal, call.on(self.case.order))
    }

    fn deliver(&self, answer: &Answer) -> Effect {
        let order = self.case.order;
        let call = match answer {
            Answer::Computed(answer) if matches!(self.case.check, Check::Score { .. }) => {
                ScoreCall::Deliver(answer.output.clone()).on(order)
            }
            Answer::Computed(answer) => ApprovalCall::Deliver(answer.output.clone()).on(order),
            Answer::Proven(evidence) => ProofCall::Deliver((**evidence).clone()).on(order),
        };
        Effect::Send(Step::Deliver, call)
    }

    const fn waits_for(stage: &Stage, step: Step) -> bool {
        matches!(
            (stage, step),
            (Stage::Leaving, Step::Decline)
                | (Stage::Accepting, Step::Accept)
                | (Stage::Committing { .. }, Step::Commit)
                | (Stage::Revealing { .. }, Step::Reveal)
                | (Stage::Delivering { .. }, Step::Deliver)
        )
    }

    fn send_again(&mut self, stage: Stage, step: Step) -> Vec<Effect> {
        if Self::waits_for(&stage, step) {
            return self.send(stage);
        }
        self.stay(stage)
    }

    fn refused(&mut self, stage: Stage, step: Step, rejection: Rejection) -> Vec<Effect> {
        // Another transaction did the same before: sent before a restart, or sent again.
        let is_done = matches!(
            rejection,
            Rejection::AlreadyAccepted
                | Rejection::AlreadyCommitted
                | Rejection::AlreadyRevealed
                | Rejection::AlreadyDelivered
        );
        if is_done || !(Self::waits_for(&stage, step) || matches!(stage, Stage::Waiting)) {
            return self.stay(stage);
        }
        let tell = Effect::Tell(Note::Refused(rejection));
        match stage {
            Stage::Leaving | Stage::Accepting => {
                self.stage = Stage::Over;
                vec![tell, Effect::Forget]
            }
            _ => vec![tell],
        }
    }

    fn stay(&mut self, stage: Stage) -> Vec<Effect> {
        self.stage = stage;
        Vec::new()
    }

    fn enter(&mut self, stage: Stage, effect: Effect) -> Vec<Effect> {
        self.stage = stage;
        vec![effect]
    }
}

/// Changes an answer: the high byte of a classifier's last score, so that people see another class, not
/// another bit.
fn falsify(output: &mut [u8]) {
    let last = output.len().saturating_sub(4);
    output.iter_mut().skip(last).take(1).for_each(|byte| {
        *byte = if *byte == 0x40 { 0x20 } else { 0x40 };
    });
}

/// The forger: keeps an honest proof and puts another answer beside it.
fn forge(mut evidence: Box<ProofEvidence>) -> Box<ProofEvidence> {
    let mut output = evidence.output.to_vec();
    falsify(&mut output);
    if let Ok(output) = Blob::new(output) {
        evidence.output = output;
    }
    evidence
}

#[cfg(test)]
mod tests;
