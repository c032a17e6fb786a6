//! `Quorum(k of n)`: n sellers commit, then reveal; k equal answers win.
//!
//! Reveals open when all have committed or at `commit_by`. A reveal that does not open its commitment
//! burns the lock at once. k equal reveals fix the verdict and are paid; equal reveals that come later are
//! paid too; a different answer burns. Silence after accepting burns. Without k equal answers the buyer is
//! refunded and only the silent and the mismatched burn: honest sellers may disagree when inputs are bad.
//! Burnt, not paid out, so that nobody profits from framing. Source: docs/rules.md.

use super::{Award, Caller, Context, Rule, Ruling, SeatView, Step, parsed};
use assay_types::{
    Amount, BurnReason, Check, ContentId, Event, Hash32, LedgerTime, List, QuorumCall,
    QuorumReveal, RefundReason, Rejection, SELLERS_PER_ORDER_MAX, Verdict, commitment, decode,
    encode, wire_struct,
};

/// The rules.
pub(super) struct Quorum;

/// What a quorum remembers of one seat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct QuorumEntry {
    /// Its commitment.
    pub commitment: Option<Hash32>,
    /// Its answer, once revealed and matching.
    pub answer: Option<ContentId>,
    /// Paid or burnt: nothing more is expected of it.
    pub ruled: bool,
}
wire_struct!(QuorumEntry {
    commitment,
    answer,
    ruled
});

/// What a quorum remembers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct QuorumState {
    /// Whether reveals are open.
    pub open: bool,
    /// The answer that won.
    pub winner: Option<ContentId>,
    /// One per seat.
    pub entries: List<QuorumEntry, SELLERS_PER_ORDER_MAX>,
}
wire_struct!(QuorumState {
    open,
    winner,
    entries
});

impl QuorumState {
    /// Reads the private bytes of a running quorum order; `None` for other bytes.
    pub fn read(check_state: &[u8]) -> Option<Self> {
        decode(check_state).ok()
    }
}

/// The state, taken apart for one step.
struct Round<'c, 'a> {
    context: &'c mut Context<'a>,
    agree: usize,
    commit_by: LedgerTime,
    deliver_by: LedgerTime,
    open: bool,
    winner: Option<ContentId>,
    entries: Vec<QuorumEntry>,
    rulings: Vec<Ruling>,
}

impl Rule for Quorum {
    fn start(&self, context: &mut Context<'_>) -> (Vec<u8>, Step) {
        let entries = vec![QuorumEntry::default(); context.seats.len()];
        let round = Round::new(
            context,
            QuorumState {
                entries: list(entries),
                ..QuorumState::default()
            },
        );
        let until = round.commit_by;
        (round.state(), Step::Pending { until })
    }

    fn call(
        &self,
        context: &mut Context<'_>,
        state: &mut Vec<u8>,
        caller: Caller,
        tag: u8,
        body: &[u8],
    ) -> Result<Step, Rejection> {
        let call = parsed(QuorumCall::read(tag, body))?;
        let Caller::Seller(seat) = caller else {
            return Err(Rejection::NotAssigned);
        };
        let mut round = Round::new(context, stored(state));
        match call {
            QuorumCall::Commit(hash) => round.commit(seat, hash)?,
            QuorumCall::Reveal(reveal) => round.reveal(seat, &reveal)?,
        }
        *state = round.state();
        Ok(round.step())
    }

    fn wake(&self, context: &mut Context<'_>, state: &mut Vec<u8>) -> Step {
        let mut round = Round::new(context, stored(state));
        if round.context.now > round.deliver_by {
            round.burn_silent(|entry| entry.answer.is_none());
        } else {
            round.burn_silent(|entry| entry.commitment.is_none());
            round.open_reveals();
        }
        *state = round.state();
        round.step()
    }
}

impl<'c, 'a> Round<'c, 'a> {
    fn new(context: &'c mut Context<'a>, state: QuorumState) -> Self {
        let Check::Quorum {
            agree,
            commit_by,
            deliver_by,
            ..
        } = *context.check
        else {
            unreachable!("Standard gives quorum rules to quorum checks only")
        };
        Self {
            context,
            agree: usize::from(agree),
            commit_by,
            deliver_by,
            open: state.open,
            winner: state.winner,
            entries: state.entries.into_vec(),
            rulings: Vec::new(),
        }
    }

    fn state(&self) -> Vec<u8> {
        let entries = list(self.entries.clone());
        encode(&QuorumState {
            open: self.open,
            winner: self.winner,
            entries,
        })
    }

    fn seat(&self, seat: usize) -> SeatView {
        self.context.seats[seat]
    }

    fn commit(&mut self, seat: usize, hash: Hash32) -> Result<(), Rejection> {
        if self.context.now > self.commit_by {
            return Err(Rejection::TooLate);
        }
        if self.open {
            return Err(Rejection::RevealsOpen);
        }
        let entry = &mut self.entries[seat];
        if entry.commitment.is_some() {
            return Err(Rejection::AlreadyCommitted);
        }
        entry.commitment = Some(hash);
        let (order, seller) = (self.context.order, self.seat(seat).seller);
        self.context.events.push(Event::Committed {
            order,
            seller,
            commitment: hash,
        });
        if self.entries.iter().all(|entry| entry.commitment.is_some()) {
            self.open_reveals();
        }
        Ok(())
    }

    fn open_reveals(&mut self) {
        if !self.open {
            self.open = true;
            self.context.events.push(Event::RevealsOpened {
                order: self.context.order,
            });
        }
    }

    fn reveal(&mut self, seat: usize, reveal: &QuorumReveal) -> Result<(), Rejection> {
        if self.context.now > self.deliver_by {
            return Err(Rejection::TooLate);
        }
        if !self.open {
            return Err(Rejection::RevealsNotOpen);
        }
        let entry = self.entries[seat];
        let Some(expected) = entry.commitment else {
            return Err(Rejection::NotCommitted);
        };
        if entry.ruled || entry.answer.is_some() {
            return Err(Rejection::AlreadyRevealed);
        }
        let output = ContentId::of(&reveal.output);
        let (chain, order, seller) = (
            self.context.chain,
            self.context.order,
            self.seat(seat).seller,
        );
        let holds = commitment(chain, order, seller, output, &reveal.salt) == expected;
        self.context.events.push(Event::Revealed {
            order,
            seller,
            output,
            holds,
        });
        if !holds {
            self.burn(seat, BurnReason::FalseReveal);
            return Ok(());
        }
        self.entries[seat].answer = Some(output);
        self.count(output);
        Ok(())
    }

    /// Fixes the verdict when `output` has enough votes; then rules every answer on the table.
    fn count(&mut self, output: ContentId) {
        let votes = self
            .entries
            .iter()
            .filter(|entry| entry.answer == Some(output))
            .count();
        if self.winner.is_none() && votes >= self.agree {
            self.winner = Some(output);
            self.context.answer = Some(output);
            let order = self.context.order;
            self.context
                .events
                .push(Event::VerdictReached { order, output });
        }
        let Some(winner) = self.winner else { return };
        for seat in 0..self.entries.len() {
            let entry = self.entries[seat];
            match entry.answer {
                Some(answer) if !entry.ruled && answer == winner => self.pay(seat),
                Some(_) if !entry.ruled => self.burn(seat, BurnReason::MinorityAnswer),
                _ => {}
            }
        }
    }

    fn burn_silent(&mut self, silent: impl Fn(&QuorumEntry) -> bool) {
        for seat in 0..self.entries.len() {
            if !self.entries[seat].ruled && silent(&self.entries[seat]) {
                self.burn(seat, BurnReason::Silence);
            }
        }
    }

    fn pay(&mut self, seat: usize) {
        let ask = self.seat(seat).ask;
        self.rule(seat, Award::Pay(ask));
    }

    fn burn(&mut self, seat: usize, reason: BurnReason) {
        let lock = self.seat(seat).lock;
        self.rule(seat, Award::Burn(lock, reason));
    }

    fn rule(&mut self, seat: usize, award: Award) {
        self.entries[seat].ruled = true;
        self.rulings.push(Ruling { seat, award });
        self.rulings.push(Ruling {
            seat,
            award: Award::Release,
        });
    }

    fn step(self) -> Step {
        let rulings = self.rulings;
        let waiting = |entry: &QuorumEntry| !entry.ruled && entry.answer.is_none();
        let can_still_agree = {
            let left = self.entries.iter().filter(|entry| !entry.ruled).count();
            self.winner.is_some() || left >= self.agree
        };
        let over = self.context.now > self.deliver_by || !self.entries.iter().any(waiting);
        if over || !can_still_agree {
            let verdict = match self.winner {
                Some(_) => Verdict::Agreed,
                None => Verdict::Refunded {
                    reason: RefundReason::NoQuorum,
                },
            };
            return Step::Final {
                rulings,
                verdict,
                escrow_burn: Amount::ZERO,
            };
        }
        let until = if self.open {
            self.deliver_by
        } else {
            self.commit_by
        };
        if rulings.is_empty() {
            Step::Pending { until }
        } else {
            Step::Partial { rulings, until }
        }
    }
}

fn stored(state: &[u8]) -> QuorumState {
    decode(state).expect("the ledger keeps what the check wrote")
}

fn list(entries: Vec<QuorumEntry>) -> List<QuorumEntry, SELLERS_PER_ORDER_MAX> {
    List::new(entries).expect("an order has at most SELLERS_PER_ORDER_MAX seats")
}
