//! An order's life told in sentences, from the event stream alone.
//!
//! Events of one block that say the same of several accounts become one line, so a story has about as many
//! lines as an order has stages, whatever the number of sellers.

use crate::output::{bad, bold, dim, good};
use assay_api::EventView;
use assay_types::{AccountId, Amount, ContentId, LedgerTime, OrderId};
use std::{collections::BTreeMap, fmt};

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
        self.0.get(&account).cloned().unwrap_or_else(|| account.short())
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

/// Turns one order's events into lines.
#[derive(Debug)]
pub(crate) struct Story {
    cast: Cast,
    order: OrderId,
    start: Option<LedgerTime>,
    answers: BTreeMap<ContentId, String>,
    pending: Option<Line>,
}

impl Story {
    /// The story of `order`, told with the names of `cast`.
    pub(crate) fn new(cast: Cast, order: OrderId) -> Self {
        Self {
            cast,
            order,
            start: None,
            answers: BTreeMap::new(),
            pending: None,
        }
    }

    /// What an answer means to people.
    pub(crate) fn explain(&mut self, output: ContentId, meaning: impl Into<String>) {
        self.answers.insert(output, meaning.into());
    }

    /// Takes an event of ledger time `time`; gives back a line once it is certain that no further event
    /// belongs to it.
    pub(crate) fn tell(&mut self, time: LedgerTime, event: &EventView) -> Option<Line> {
        if event.order() != Some(self.order) {
            return None;
        }
        self.start.get_or_insert(time);
        let next = self.line(time, event)?;
        match &mut self.pending {
            Some(line) if line.continues_with(&next) => {
                line.names.extend(next.names);
                None
            }
            pending => pending.replace(next),
        }
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
            EventView::OrderPlaced { order, escrow, .. } => {
                let detail = format!("order {} with {escrow} in escrow", order.short());
                ("placed", Tone::Plain, vec![], detail)
            }
            EventView::Assigned { seller, lock, .. } => {
                ("drawn", Tone::Plain, name(seller), format!("{lock} of bond locked each"))
            }
            EventView::Released { seller, reason, .. } => {
                ("released", Tone::Plain, name(seller), reason.replace('_', " "))
            }
            EventView::Accepted { seller, .. } => ("accepted", Tone::Plain, name(seller), String::new()),
            EventView::Started { .. } => {
                ("started", Tone::Plain, vec![], "each computes alone".to_owned())
            }
            EventView::Committed { seller, .. } => {
                ("committed", Tone::Plain, name(seller), String::new())
            }
            EventView::RevealsOpened { .. } => {
                let detail = "all are bound to an answer; now they are opened";
                ("reveals", Tone::Plain, vec![], detail.to_owned())
            }
            EventView::Revealed { seller, output, holds, .. } => {
                let answer = self.answer(output);
                let detail = if *holds { answer } else { format!("{answer}, which was not committed") };
                ("revealed", Tone::Plain, name(seller), detail)
            }
            EventView::Delivered { seller, output, .. } => {
                ("delivered", Tone::Plain, name(seller), self.answer(output))
            }
            EventView::VerdictReached { output, .. } => {
                ("verdict", Tone::Good, vec![], self.answer(output))
            }
            EventView::Paid { seller, gross, fee, .. } => {
                let detail = format!("{gross}{}", fee_note(*fee));
                ("paid", Tone::Good, name(seller), detail)
            }
            EventView::RoyaltyPaid { to, amount, .. } => {
                ("royalty", Tone::Plain, name(to), amount.to_string())
            }
            EventView::Burnt { account, amount, reason, .. } => {
                let detail = format!("loses {amount}, {}", reason.replace('_', " "));
                ("burnt", Tone::Bad, name(account), detail)
            }
            EventView::Refunded { buyer, amount, .. } => {
                ("returned", Tone::Plain, name(buyer), format!("{amount} of the escrow"))
            }
            EventView::Closed { receipt } => {
                let detail = format!("receipt in block {}", receipt.height);
                ("closed", Tone::Plain, vec![], detail)
            }
            _ => return None,
        };
        Some(Line { time, verb, tone, names, detail })
    }

    fn answer(&self, output: &ContentId) -> String {
        match self.answers.get(output) {
            Some(meaning) => meaning.clone(),
            None => format!("answer {}", output.short()),
        }
    }
}

fn fee_note(fee: Amount) -> String {
    if fee.is_zero() { String::new() } else { format!(", {fee} of it burnt as fee") }
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
