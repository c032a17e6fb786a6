//! Names: reserved, registered, renewed, transferred, expired.
//!
//! ```text
//!  ReserveName ──a moment──► RegisterName ─► leased ──lease over──► in grace ──grace over──► free
//!                                              ▲ RenewName, TransferName │
//!                                              └───────RenewName─────────┘
//! ```
//! A name stands for its holder's account while it is leased. In grace it stands for nobody, and only its
//! last holder can have it again, so that money sent to a lapsed name reaches no stranger. Prices burn.
//!
//! Registration is by commitment and opening: who sees a registration in the pool has no reservation old
//! enough to be first. Invariant: every row has a moment at which time takes it away.
//! Source: docs/adr/0009-names.md.

use crate::{
    block::Run,
    rows::{NameLease, Reservation},
};
use assay_types::{
    AccountId, Amount, Event, Hash32, LedgerTime, Name, NameCommitment, NameParams, Rejection,
    YEAR_MS,
};

/// What `lease_ms` of `name` costs: its price per year in proportion, rounded up. More than can exist when
/// it does not fit.
pub fn name_price(params: &NameParams, name: Name, lease_ms: u64) -> Amount {
    let grains = u128::from(params.price_per_year.get())
        .checked_mul(u128::from(name.price_multiple()))
        .and_then(|per_year| per_year.checked_mul(u128::from(lease_ms)))
        .map(|product| product.div_ceil(u128::from(YEAR_MS)))
        .and_then(|grains| u64::try_from(grains).ok());
    Amount::new(grains.unwrap_or(u64::MAX))
}

impl Run<'_> {
    /// Reserves, in place of what the account had reserved before.
    pub(crate) fn reserve_name(&mut self, account: AccountId, commitment: NameCommitment) {
        let params = self.params.names;
        let row = Reservation {
            commitment,
            ripe_at: self.now().after(params.reserved_ms_min),
            lapses_at: self.now().after(params.reserved_ms_max),
        };
        self.state.put_reservation(account, row);
        self.events.push(Event::NameReserved {
            account,
            commitment,
        });
    }

    /// # Errors
    /// In this order: [`Rejection::LeaseZero`], [`Rejection::LeaseTooLong`], [`Rejection::NameHeld`],
    /// [`Rejection::NameTaken`], [`Rejection::NotReserved`], [`Rejection::ReservedJustNow`],
    /// [`Rejection::InsufficientFunds`].
    pub(crate) fn register_name(
        &mut self,
        holder: AccountId,
        name: Name,
        salt: &Hash32,
        lease_ms: u64,
    ) -> Result<(), Rejection> {
        let now = self.now();
        let expires_at = self.lease_end(now, lease_ms)?;
        match self.leased(name) {
            Some(row) if row.holder == holder => return Err(Rejection::NameHeld),
            Some(_) => return Err(Rejection::NameTaken),
            None => (),
        }
        let commitment = NameCommitment::new(self.chain, holder, salt, name);
        let reserved = self
            .state
            .reservations
            .get(&holder)
            .filter(|row| row.commitment == commitment && now <= row.lapses_at)
            .ok_or(Rejection::NotReserved)?;
        if now < reserved.ripe_at {
            return Err(Rejection::ReservedJustNow);
        }
        let price = self.pay_for_name(holder, name, lease_ms)?;
        self.state.remove_reservation(holder);
        // Its last holder's row may still wait for time to take it away.
        self.free_name(name);
        self.put_lease(name, holder, expires_at, true);
        self.events.push(Event::NameRegistered {
            name,
            holder,
            expires_at,
            price,
        });
        Ok(())
    }

    /// # Errors
    /// In this order: [`Rejection::LeaseZero`], [`Rejection::UnknownName`], [`Rejection::NotYours`],
    /// [`Rejection::LeaseTooLong`], [`Rejection::InsufficientFunds`].
    pub(crate) fn renew_name(
        &mut self,
        sender: AccountId,
        name: Name,
        lease_ms: u64,
    ) -> Result<(), Rejection> {
        if lease_ms == 0 {
            return Err(Rejection::LeaseZero);
        }
        let row = self.own_name(sender, name)?;
        let expires_at = self.lease_end(row.expires_at.max(self.now()), lease_ms)?;
        let price = self.pay_for_name(sender, name, lease_ms)?;
        self.put_lease(name, sender, expires_at, true);
        self.events.push(Event::NameRenewed {
            name,
            holder: sender,
            expires_at,
            price,
        });
        Ok(())
    }

    /// # Errors
    /// In this order: [`Rejection::UnknownName`], [`Rejection::NotYours`], [`Rejection::LeaseEnded`].
    pub(crate) fn transfer_name(
        &mut self,
        sender: AccountId,
        name: Name,
        to: AccountId,
    ) -> Result<(), Rejection> {
        let row = self.own_name(sender, name)?;
        if !row.holds_at(self.now()) {
            return Err(Rejection::LeaseEnded);
        }
        self.put_lease(name, to, row.expires_at, false);
        self.events.push(Event::NameTransferred {
            name,
            from: sender,
            to,
        });
        Ok(())
    }

    /// Time has come for a name whose grace is over.
    pub(crate) fn free_name(&mut self, name: Name) {
        if let Some(row) = self.state.take_name(name) {
            self.events.push(Event::NameExpired {
                name,
                holder: row.holder,
            });
        }
    }

    /// The row of a name that is leased or in grace, whether or not time has taken it away yet.
    fn leased(&self, name: Name) -> Option<NameLease> {
        let row = self.state.names.get(&name).copied();
        row.filter(|row| self.now() <= row.frees_at)
    }

    fn own_name(&self, sender: AccountId, name: Name) -> Result<NameLease, Rejection> {
        let row = self.leased(name).ok_or(Rejection::UnknownName)?;
        if row.holder == sender {
            Ok(row)
        } else {
            Err(Rejection::NotYours)
        }
    }

    /// When a lease of `lease_ms` from `from` on ends.
    fn lease_end(&self, from: LedgerTime, lease_ms: u64) -> Result<LedgerTime, Rejection> {
        if lease_ms == 0 {
            return Err(Rejection::LeaseZero);
        }
        let end = from.after(lease_ms);
        if end.since(self.now()) > self.params.names.lease_ms_max {
            return Err(Rejection::LeaseTooLong);
        }
        Ok(end)
    }

    fn pay_for_name(
        &mut self,
        holder: AccountId,
        name: Name,
        lease_ms: u64,
    ) -> Result<Amount, Rejection> {
        let price = name_price(&self.params.names, name, lease_ms);
        self.debit(holder, price)?;
        self.burn(price);
        Ok(price)
    }

    fn put_lease(&mut self, name: Name, holder: AccountId, expires_at: LedgerTime, claimed: bool) {
        let row = NameLease {
            holder,
            expires_at,
            frees_at: expires_at.after(self.params.names.grace_ms),
            claimed,
        };
        self.state.put_name(name, row);
    }
}
