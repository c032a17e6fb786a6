//! Balances, fees and the supply.

use crate::{
    block::Run,
    rows::{Account, Meta},
    tables::ONLY,
};
use assay_types::{AccountId, Amount, Event, Rejection};

impl Run<'_> {
    /// The account, empty if it never held money.
    pub(crate) fn account(&self, id: AccountId) -> Account {
        self.state.accounts.get(&id).cloned().unwrap_or_default()
    }

    pub(crate) fn update_account(&mut self, id: AccountId, change: impl FnOnce(&mut Account)) {
        let mut account = self.account(id);
        change(&mut account);
        self.state.accounts.put(id, account);
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
        let balance = self
            .account(id)
            .balance
            .checked_sub(amount)
            .ok_or(Rejection::InsufficientFunds)?;
        self.update_account(id, |account| account.balance = balance);
        Ok(())
    }

    /// Counts money as burnt that left a balance, a bond or an escrow.
    pub(crate) fn burn(&mut self, amount: Amount) {
        let meta = self.meta().clone();
        let burnt = meta
            .burnt
            .checked_add(amount)
            .expect("what is burnt was issued");
        self.state.meta.put(ONLY, Meta { burnt, ..meta });
    }

    /// Takes fee and tip, which the caller has checked the balance covers; burns the one and pays the
    /// other to the leader.
    pub(crate) fn charge(&mut self, sender: AccountId, fee: Amount, tip: Amount) {
        let total = fee
            .checked_add(tip)
            .expect("the fee limit and tip were checked together");
        self.debit(sender, total).expect("the balance was checked");
        self.burn(fee);
        if !tip.is_zero() {
            self.credit(self.env.leader, tip);
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
