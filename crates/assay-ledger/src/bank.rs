//! Balances, fees and the supply.

use crate::{block::Run, rows::Account, tables::ONLY};
use assay_types::{AccountId, Amount, Event, Rejection, Unsigned};

impl Run<'_> {
    /// The account, empty if it never held money.
    pub(crate) fn account(&self, id: AccountId) -> Account {
        self.state.accounts.get(&id).cloned().unwrap_or_default()
    }

    pub(crate) fn update_account(&mut self, id: AccountId, change: impl FnOnce(&mut Account)) {
        self.state.accounts.change(id, change);
    }

    /// Adds money that left another place. The supply fits `u64`, so this cannot overflow.
    pub(crate) fn credit(&mut self, id: AccountId, amount: Amount) {
        self.update_account(id, |account| {
            account.balance = account
                .balance
                .checked_add(amount)
                .expect("balances together fit the supply");
        });
    }

    /// Takes money for another place.
    pub(crate) fn debit(&mut self, id: AccountId, amount: Amount) -> Result<(), Rejection> {
        self.state.accounts.change(id, |account| {
            let left = account.balance.checked_sub(amount);
            account.balance = left.ok_or(Rejection::InsufficientFunds)?;
            Ok(())
        })
    }

    /// Counts money as burnt that left a balance, a bond or an escrow.
    pub(crate) fn burn(&mut self, amount: Amount) {
        self.state.meta.change(ONLY, |meta| {
            let burnt = meta.burnt.checked_add(amount);
            meta.burnt = burnt.expect("what is burnt was issued");
        });
    }

    /// Takes fee and tip, which the caller has checked the balance covers, and the transaction's place in
    /// its lane; burns the one and pays the other to the leader.
    pub(crate) fn charge(&mut self, body: &Unsigned, fee: Amount) {
        let total = fee
            .checked_add(body.tip)
            .expect("the fee limit and tip were checked together");
        self.update_account(body.sender, |account| {
            let left = account.balance.checked_sub(total);
            account.balance = left.expect("the balance was checked");
            account.lanes.advance(body.lane, body.sequence);
        });
        self.burn(fee);
        if !body.tip.is_zero() {
            self.credit(self.env.leader, body.tip);
        }
    }

    /// # Errors
    /// [`Rejection::AmountZero`], [`Rejection::InsufficientFunds`].
    pub(crate) fn transfer(
        &mut self,
        from: AccountId,
        to: AccountId,
        amount: Amount,
    ) -> Result<(), Rejection> {
        if amount.is_zero() {
            return Err(Rejection::AmountZero);
        }
        self.debit(from, amount)?;
        self.credit(to, amount);
        self.events.push(Event::Transferred { from, to, amount });
        Ok(())
    }
}
