//! Who holds how much: the money of every account, added up by the buyer and not by the node.

use super::story::Cast;
use crate::{output::Table, words};
use anyhow::anyhow;
use assay_api::SupplyView;
use assay_client::Client;
use assay_types::{AccountId, Amount};

/// Times that the books are read again when a block falls between two of their pages.
const READS_MAX: usize = 20;

/// The money of all accounts at one moment, no order being open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Books {
    rows: Vec<(AccountId, Amount)>,
    supply: SupplyView,
}

impl Books {
    /// Reads the accounts; balance, bond and what is on its way back count.
    ///
    /// # Errors
    /// When the node does not answer, or money keeps moving.
    pub(crate) async fn read(
        client: &Client,
        accounts: &[(String, AccountId)],
    ) -> anyhow::Result<Self> {
        for _ in 0..READS_MAX {
            let supply = client.status().await?.supply;
            let mut rows = Vec::new();
            for (_, account) in accounts {
                let view = client.account(*account).await?;
                let returning = view.unbonding.iter().map(|part| part.amount);
                let held = [view.balance, view.bond].into_iter().chain(returning);
                rows.push((*account, held.fold(Amount::ZERO, Amount::saturating_add)));
            }
            // Every transaction burns its fee, so equal sums before and after mean that nothing moved.
            if client.status().await?.supply == supply {
                return Ok(Self { rows, supply });
            }
        }
        Err(anyhow!("money keeps moving, so the books cannot be read"))
    }

    /// Whether all accounts together hold what the chain says is in circulation.
    pub(crate) fn adds_up(&self) -> bool {
        let sum = self
            .rows
            .iter()
            .fold(Amount::ZERO, |sum, (_, held)| sum.saturating_add(*held));
        sum == self.supply.circulating
            && self.supply.circulating.checked_add(self.supply.burnt) == Some(self.supply.issued)
    }

    /// Whether what is missing `after` was burnt, and what is new was issued.
    pub(crate) fn leads_to(&self, after: &Self) -> bool {
        let burnt = after.supply.burnt.checked_sub(self.supply.burnt);
        let issued = after.supply.issued.checked_sub(self.supply.issued);
        let (Some(burnt), Some(issued)) = (burnt, issued) else {
            return false;
        };
        after.supply.circulating.checked_add(burnt) == self.supply.circulating.checked_add(issued)
    }

    /// Both books, account by account, those left out whose money did not move.
    pub(crate) fn compare(&self, after: &Self, cast: &Cast) -> Table {
        let mut table = Table::new(["  ASY", ">before", ">after", ">change"]);
        let mut still = Amount::ZERO;
        for ((account, before), (_, after)) in self.rows.iter().zip(&after.rows) {
            if before == after {
                still = still.saturating_add(*before);
                continue;
            }
            table.row(row(&cast.name(*account), *before, *after));
        }
        table.row(row("others", still, still));
        table.row(row(
            "together",
            self.supply.circulating,
            after.supply.circulating,
        ));
        table
    }

    /// The sum in a sentence.
    pub(crate) fn sum(&self, after: &Self) -> String {
        let burnt = after.supply.burnt.saturating_sub(self.supply.burnt);
        let issued = after.supply.issued.saturating_sub(self.supply.issued);
        format!(
            "{} = before - {} burnt + {} new",
            words::column(after.supply.circulating),
            words::column(burnt),
            words::column(issued)
        )
    }
}

fn row(name: &str, before: Amount, after: Amount) -> [String; 4] {
    [
        format!("  {name}"),
        words::column(before),
        words::column(after),
        words::change(before, after),
    ]
}

#[cfg(test)]
mod tests;
