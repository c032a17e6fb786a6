//! Bonds: what sellers can lose.
//!
//! bond = free + locked. A draw reserves a lock; accepting puts it at risk; the job's end returns it or
//! burns it. Unbonding takes from the free part at once and pays it out after a delay.

use crate::{
    block::Run,
    rows::{Unbonding, UnbondingKey},
};
use assay_types::{AccountId, Amount, Event, LedgerTime, Rejection, Unsigned};

impl Run<'_> {
    /// # Errors
    /// [`Rejection::AmountZero`], [`Rejection::InsufficientFunds`].
    pub(crate) fn bond(&mut self, account: AccountId, amount: Amount) -> Result<(), Rejection> {
        if amount.is_zero() {
            return Err(Rejection::AmountZero);
        }
        self.debit(account, amount)?;
        self.update_account(account, |row| {
            row.bond = row
                .bond
                .checked_add(amount)
                .expect("bonds together fit the supply");
        });
        self.events.push(Event::Bonded { account, amount });
        Ok(())
    }

    /// # Errors
    /// [`Rejection::AmountZero`], [`Rejection::InsufficientBond`], [`Rejection::TooManyUnbondings`].
    pub(crate) fn unbond(&mut self, body: &Unsigned, amount: Amount) -> Result<(), Rejection> {
        if amount.is_zero() {
            return Err(Rejection::AmountZero);
        }
        let account = body.sender;
        if self.account(account).free_bond() < amount {
            return Err(Rejection::InsufficientBond);
        }
        let release_at = self.start_unbonding(body, amount)?;
        self.update_account(account, |row| row.bond = row.bond.saturating_sub(amount));
        self.events.push(Event::UnbondingStarted {
            account,
            amount,
            release_at,
        });
        Ok(())
    }

    /// Takes money that left a bond or a pool on its way to the sender's balance; when it arrives.
    ///
    /// # Errors
    /// [`Rejection::TooManyUnbondings`].
    pub(crate) fn start_unbonding(
        &mut self,
        body: &Unsigned,
        amount: Amount,
    ) -> Result<LedgerTime, Rejection> {
        let account = body.sender;
        let mut row = self.account(account);
        if row.unbondings >= self.params.unbondings_per_account_max {
            return Err(Rejection::TooManyUnbondings);
        }
        row.unbondings = row.unbondings.saturating_add(1);
        self.state.accounts.put(account, row);
        let release_at = self.now().after(self.params.unbonding_ms);
        let key = UnbondingKey {
            account,
            release_at,
            lane: body.lane,
            sequence: body.sequence,
        };
        self.state.put_unbonding(key, Unbonding { amount });
        Ok(release_at)
    }

    /// Time has come for an unbonding.
    pub(crate) fn release_unbonding(&mut self, key: UnbondingKey) {
        let Some(unbonding) = self.state.take_unbonding(key) else {
            return;
        };
        self.credit(key.account, unbonding.amount);
        self.update_account(key.account, |row| {
            row.unbondings = row.unbondings.saturating_sub(1)
        });
        self.events.push(Event::Unbonded {
            account: key.account,
            amount: unbonding.amount,
        });
    }

    /// Reserves `lock`, which the caller has checked is free.
    pub(crate) fn lock(&mut self, seller: AccountId, lock: Amount) {
        self.update_account(seller, |row| {
            row.locked = row.locked.checked_add(lock).expect("locks fit the bond");
            assert!(row.locked <= row.bond, "a lock never exceeds its bond");
        });
    }

    /// Returns `lock` to the free part.
    pub(crate) fn unlock(&mut self, seller: AccountId, lock: Amount) {
        self.update_account(seller, |row| {
            row.locked = row
                .locked
                .checked_sub(lock)
                .expect("only what was locked returns");
        });
    }

    /// Burns `amount` of a locked bond.
    pub(crate) fn slash(&mut self, seller: AccountId, amount: Amount) {
        self.forfeit(seller, amount);
        self.burn(amount);
    }

    /// Takes `amount` of a locked bond for another place.
    pub(crate) fn forfeit(&mut self, seller: AccountId, amount: Amount) {
        self.update_account(seller, |row| {
            row.locked = row
                .locked
                .checked_sub(amount)
                .expect("only what was locked is lost");
            row.bond = row
                .bond
                .checked_sub(amount)
                .expect("a lock never exceeds its bond");
            let record = row.seller.change();
            record.slashed = record.slashed.saturating_add(amount);
        });
    }
}
