//! The life of an order, or of several at once, told in sentences, from the event stream alone.
//!
//! Events of one block that say the same of several accounts become one line, so a story has about as many
//! lines as an order has stages, whatever the number of sellers.

use crate::output::{bad, bold, dim, good};
use assay_api::{CheckView, EventView};
use assay_types::{AccountId, Amount, ContentId, LedgerTime, OrderId};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

/// Columns of a line's first word.
const VERB_WIDTH: usize = 9;

/// The people of a story, by account.
#[derive(Debug, Clone, Default)]
pub(crate) struct Cast(BTreeMap<AccountId, String>);

impl Cast {
    /// Gives an account a name.
    pub(crate) fn add(&mut self, account: AccountId, name: impl Into<String>) {
        self.0.insert(account, name.into());
    }

    /// The account's name, or the start of its address.
    pub(crate) fn name(&self, account: AccountId) -> String {
        self.0
            .get(&account)
            .cloned()
            .unwrap_or_else(|| account.short())
    }
}

/// One line of the story.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    time: LedgerTime,
    verb: &'static str,
    tone: Tone,
    names: Vec<String>,
    detail: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tone {
    Plain,
    Good,
    Bad,
}

/// Turns the events of some orders into lines.
#[derive(Debug)]
pub(crate) struct Story {
    cast: Cast,
    orders: Vec<OrderId>,
    start: Option<LedgerTime>,
    answers: BTreeMap<ContentId, String>,
    agreeing: BTreeMap<ContentId, usize>,
    proven: BTreeSet<ContentId>,
    /// Orders that are to be proven, with the sellers that were drawn.
    proving: BTreeMap<OrderId, Vec<String>>,
    royalties: BTreeMap<AccountId, Amount>,
    rebates: BTreeMap<AccountId, Amount>,
    pending: Option<Line>,
}

impl Story {
    /// The story of `orders`, told with the names of `cast`.
    pub(crate) fn new(cast: Cast, orders: impl Into<Vec<OrderId>>) -> Self {
        Self {
            cast,
            orders: orders.into(),
            start: None,
            answers: BTreeMap::new(),
            agreeing: BTreeMap::new(),
            proven: BTreeSet::new(),
            proving: BTreeMap::new(),
            royalties: BTreeMap::new(),
            rebates: BTreeMap::new(),
            pending: None,
        }
    }

    /// What an answer means to people.
    pub(crate) fn explain(&mut self, output: ContentId, meaning: impl Into<String>) {
        self.answers.insert(output, meaning.into());
    }

    /// Takes an event of ledger time `time`; gives back the lines that are certain to be complete.
    pub(crate) fn tell(&mut self, time: LedgerTime, event: &EventView) -> Vec<Line> {
        if !event
            .order()
            .is_some_and(|order| self.orders.contains(&order))
        {
            return Vec::new();
        }
        self.start.get_or_insert(time);
        if let EventView::RoyaltyPaid { to, amount, .. } = event {
            // One payment for each seller's ask; the sum says as much in one line.
            let sum = self.royalties.entry(*to).or_default();
            *sum = sum.saturating_add(*amount);
            return Vec::new();
        }
        if let EventView::Rebated { seller, amount, .. } = event {
            let sum = self.rebates.entry(*seller).or_default();
            *sum = sum.saturating_add(*amount);
            return Vec::new();
        }
        let mut next = Vec::new();
        if matches!(event, EventView::Refunded { .. } | EventView::Closed { .. }) {
            next.extend(self.rebates(time));
            next.extend(self.royalties(time));
        }
        next.extend(self.line(time, event));
        let mut complete = Vec::new();
        for line in next {
            match &mut self.pending {
                Some(pending) if pending.continues_with(&line) => pending.names.extend(line.names),
                pending => complete.extend(pending.replace(line)),
            }
        }
        complete
    }

    fn rebates(&mut self, time: LedgerTime) -> Option<Line> {
        let sums = std::mem::take(&mut self.rebates);
        let sum = sums
            .values()
            .fold(Amount::ZERO, |sum, amount| sum.saturating_add(*amount));
        (!sum.is_zero()).then(|| Line {
            time,
            verb: "rebate",
            tone: Tone::Plain,
            names: sums.keys().map(|seller| self.cast.name(*seller)).collect(),
            detail: format!("{sum} of the fees comes back"),
        })
    }

    fn royalties(&mut self, time: LedgerTime) -> Vec<Line> {
        let sums = std::mem::take(&mut self.royalties);
        let line = |(account, sum): (AccountId, Amount)| Line {
            time,
            verb: "royalty",
            tone: Tone::Plain,
            names: vec![self.cast.name(account)],
            detail: format!("{sum} for the model"),
        };
        sums.into_iter().map(line).collect()
    }

    /// The block has been told in full: gives back the line that was held.
    pub(crate) fn pause(&mut self) -> Option<Line> {
        self.pending.take()
    }

    /// Milliseconds of ledger time from the story's start to `line`.
    pub(crate) fn elapsed_ms(&self, line: &Line) -> u64 {
        self.start.map_or(0, |start| line.time.since(start))
    }

    fn line(&mut self, time: LedgerTime, event: &EventView) -> Option<Line> {
        let name = |account: &AccountId| vec![self.cast.name(*account)];
        let (verb, tone, names, detail) = match event {
            EventView::OrderPlaced {
                order,
                escrow,
                terms,
                ..
            } => {
                if matches!(terms.check, CheckView::Proof { .. }) {
                    self.proving.insert(*order, Vec::new());
                }
                let detail = format!("order {} with {escrow} in escrow", order.short());
                ("placed", Tone::Plain, vec![], detail)
            }
            EventView::Assigned {
                order,
                seller,
                lock,
                ..
            } => {
                let verb = match self.proving.get_mut(order) {
                    Some(sellers) => {
                        sellers.push(self.cast.name(*seller));
                        "named"
                    }
                    None => "drawn",
                };
                let detail = format!("{lock} of bond locked each");
                (verb, Tone::Plain, name(seller), detail)
            }
            EventView::Released { seller, reason, .. } => (
                "released",
                Tone::Plain,
                name(seller),
                reason.replace('_', " "),
            ),
            EventView::Accepted { seller, .. } => {
                ("accepted", Tone::Plain, name(seller), String::new())
            }
            EventView::Started { order } => match self.proving.remove(order) {
                Some(sellers) => (
                    "started",
                    Tone::Plain,
                    sellers,
                    "computes and proves".to_owned(),
                ),
                None => (
                    "started",
                    Tone::Plain,
                    vec![],
                    "each computes alone".to_owned(),
                ),
            },
            EventView::Committed { seller, .. } => {
                ("committed", Tone::Plain, name(seller), String::new())
            }
            EventView::RevealsOpened { .. } => {
                let detail = "all are bound to an answer; now they are opened";
                ("reveals", Tone::Plain, vec![], detail.to_owned())
            }
            EventView::Revealed {
                seller,
                output,
                holds,
                ..
            } => {
                *self.agreeing.entry(*output).or_default() += usize::from(*holds);
                let answer = self.answer(output);
                let detail = if *holds {
                    answer
                } else {
                    format!("{answer}, which was not committed")
                };
                ("revealed", Tone::Plain, name(seller), detail)
            }
            EventView::Delivered { seller, output, .. } => {
                ("delivered", Tone::Plain, name(seller), self.answer(output))
            }
            EventView::ProofDelivered {
                seller,
                output,
                holds,
                ..
            } => {
                let answer = self.answer(output);
                let (tone, detail) = if *holds {
                    self.proven.insert(*output);
                    (Tone::Plain, format!("{answer}, with a proof that holds"))
                } else {
                    (
                        Tone::Bad,
                        format!("{answer}, with a proof that does not hold"),
                    )
                };
                ("delivered", tone, name(seller), detail)
            }
            EventView::VerdictReached { output, .. } => {
                let answer = self.answer(output);
                let detail = match self.agreeing.get(output) {
                    Some(count) => format!("{count} sellers agree: {answer}"),
                    None if self.proven.contains(output) => format!("proven: {answer}"),
                    None => answer,
                };
                ("verdict", Tone::Good, vec![], detail)
            }
            EventView::Paid {
                seller, gross, fee, ..
            } => {
                let detail = format!("{gross}{}", fee_note(*fee));
                ("paid", Tone::Good, name(seller), detail)
            }
            EventView::Burnt {
                account,
                amount,
                reason,
                ..
            } => {
                let detail = format!("loses {amount}, {}", reason.replace('_', " "));
                ("burnt", Tone::Bad, name(account), detail)
            }
            EventView::Compensated {
                seller,
                buyer,
                amount,
                ..
            } => {
                let detail = format!("{amount} out of the bond of {}", self.cast.name(*seller));
                ("amends", Tone::Good, name(buyer), detail)
            }
            EventView::Refunded { buyer, amount, .. } => (
                "returned",
                Tone::Plain,
                name(buyer),
                format!("{amount} of the escrow"),
            ),
            EventView::Closed { receipt } => {
                let detail = format!("receipt in block {}", receipt.height);
                ("closed", Tone::Plain, vec![], detail)
            }
            _ => return None,
        };
        Some(Line {
            time,
            verb,
            tone,
            names,
            detail,
        })
    }

    fn answer(&self, output: &ContentId) -> String {
        match self.answers.get(output) {
            Some(meaning) => meaning.clone(),
            None => format!("answer {}", output.short()),
        }
    }
}

fn fee_note(fee: Amount) -> String {
    if fee.is_zero() {
        String::new()
    } else {
        format!(", {fee} of it burnt as fee")
    }
}

impl Line {
    /// Whether `next` says the same of another account at the same time.
    fn continues_with(&self, next: &Self) -> bool {
        !next.names.is_empty()
            && (self.time, self.verb, self.tone, &self.detail)
                == (next.time, next.verb, next.tone, &next.detail)
    }

    /// The line's text after its first word.
    fn rest(&self) -> String {
        let names = self.names.join(", ");
        match (names.is_empty(), self.detail.is_empty()) {
            (true, _) => self.detail.clone(),
            (_, true) => names,
            (false, false) => format!("{names}: {}", self.detail),
        }
    }

    /// The line as it is printed, `elapsed_ms` after the story's start.
    pub(crate) fn show(&self, elapsed_ms: u64) -> impl fmt::Display {
        let clock = dim(format!("{elapsed_ms:>6} ms"));
        let verb = format!("{:VERB_WIDTH$}", self.verb);
        let verb = match self.tone {
            Tone::Plain => bold(verb).to_string(),
            Tone::Good => good(verb).to_string(),
            Tone::Bad => bad(verb).to_string(),
        };
        format!("{clock}  {verb}  {}", self.rest())
    }
}

#[cfg(test)]
mod tests;
