//! Accounts, laid out so that the one most people have, who only hold and send money, is small: its row is
//! written twice in every transfer.

use assay_types::{Amount, LANES_PER_ACCOUNT, Lane, wire_struct};
use bytes::BufMut;
use commonware_codec::{Buf, EncodeSize, Error, RangeCfg, Read, ReadExt, Write, varint::UInt};

/// What a seller has done; derived from settlements, never declared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SellerRecord {
    /// Jobs delivered and paid.
    pub delivered: u64,
    /// Jobs accepted and not paid.
    pub failed: u64,
    /// Draws declined or left unanswered.
    pub declined: u64,
    /// Bond lost.
    pub slashed: Amount,
    /// Income before deductions.
    pub earned: Amount,
    /// Sum over delivered jobs of the ledger time from start to payment, in milliseconds.
    pub latency_ms: u64,
}
wire_struct!(SellerRecord {
    delivered,
    failed,
    declined,
    slashed,
    earned,
    latency_ms
});

/// What a buyer has done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BuyerRecord {
    /// Orders placed.
    pub placed: u64,
    /// Orders that ended with an accepted answer.
    pub settled: u64,
    /// Orders refunded for want of sellers or answers.
    pub refunded: u64,
    /// Deliveries rejected.
    pub rejected: u64,
    /// Orders cancelled.
    pub cancelled: u64,
    /// Paid in all.
    pub spent: Amount,
}
wire_struct!(BuyerRecord {
    placed,
    settled,
    refunded,
    rejected,
    cancelled,
    spent
});

/// One account.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Account {
    /// Spendable.
    pub balance: Amount,
    /// Bonded, locks included.
    pub bond: Amount,
    /// Part of the bond reserved for jobs or at risk in them.
    pub locked: Amount,
    /// Offers that stand.
    pub offers: u32,
    /// Orders that are open.
    pub orders: u32,
    /// Unbondings under way.
    pub unbondings: u32,
    /// Where its sequences stand.
    pub lanes: Lanes,
    /// As a seller.
    pub seller: Rare<SellerRecord>,
    /// As a buyer.
    pub buyer: Rare<BuyerRecord>,
}

impl Account {
    /// Its numbers, most of which are small or zero.
    const fn numbers(&self) -> [u64; 6] {
        [
            self.balance.get(),
            self.bond.get(),
            self.locked.get(),
            self.offers as u64,
            self.orders as u64,
            self.unbondings as u64,
        ]
    }
}

impl Write for Account {
    fn write(&self, buf: &mut impl BufMut) {
        for number in self.numbers() {
            UInt(number).write(buf);
        }
        self.lanes.write(buf);
        self.seller.write(buf);
        self.buyer.write(buf);
    }
}

impl EncodeSize for Account {
    fn encode_size(&self) -> usize {
        let numbers = self.numbers().map(|number| UInt(number).encode_size());
        numbers
            .into_iter()
            .chain([
                self.lanes.encode_size(),
                self.seller.encode_size(),
                self.buyer.encode_size(),
            ])
            .fold(0, usize::saturating_add)
    }
}

impl Read for Account {
    type Cfg = ();
    fn read_cfg(buf: &mut impl Buf, _: &()) -> Result<Self, Error> {
        let mut amount = || UInt::<u64>::read(buf).map(|UInt(number)| Amount::new(number));
        let (balance, bond, locked) = (amount()?, amount()?, amount()?);
        let mut count = || UInt::<u32>::read(buf).map(|UInt(number)| number);
        Ok(Self {
            balance,
            bond,
            locked,
            offers: count()?,
            orders: count()?,
            unbondings: count()?,
            lanes: Lanes::read(buf)?,
            seller: Rare::read(buf)?,
            buyer: Rare::read(buf)?,
        })
    }
}

impl Account {
    /// Bond that no job holds.
    pub const fn free_bond(&self) -> Amount {
        self.bond.saturating_sub(self.locked)
    }
}

/// The next sequence of each lane. They are part of the account, so that a transaction writes one row for
/// its sender. Lane 0, which everybody uses, needs no allocation.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Lanes {
    first: u64,
    /// Of lane 1 and up; the last is above zero.
    others: Vec<u64>,
}

impl Lanes {
    /// The sequence that the lane's next transaction must have.
    pub fn next(&self, lane: Lane) -> u64 {
        match usize::from(lane.get()).checked_sub(1) {
            None => self.first,
            Some(place) => self.others.get(place).copied().unwrap_or_default(),
        }
    }

    /// Sets it to what follows `used`.
    pub(crate) fn advance(&mut self, lane: Lane, used: u64) {
        let next = used.saturating_add(1);
        let Some(place) = usize::from(lane.get()).checked_sub(1) else {
            self.first = next;
            return;
        };
        if self.others.len() <= place {
            self.others.resize(place.saturating_add(1), 0);
        }
        if let Some(sequence) = self.others.get_mut(place) {
            *sequence = next;
        }
    }
}

impl Write for Lanes {
    fn write(&self, buf: &mut impl BufMut) {
        UInt(self.first).write(buf);
        self.others.write(buf);
    }
}

impl EncodeSize for Lanes {
    fn encode_size(&self) -> usize {
        UInt(self.first)
            .encode_size()
            .saturating_add(self.others.encode_size())
    }
}

impl Read for Lanes {
    type Cfg = ();
    fn read_cfg(buf: &mut impl Buf, _: &()) -> Result<Self, Error> {
        let UInt(first) = UInt::<u64>::read(buf)?;
        let others_max = usize::from(LANES_PER_ACCOUNT).saturating_sub(1);
        let others: Vec<u64> = Vec::read_cfg(buf, &(RangeCfg::from(0..=others_max), ()))?;
        if others.last() == Some(&0) {
            return Err(Error::Invalid("Lanes", "the last lane is unused"));
        }
        Ok(Self { first, others })
    }
}

/// A part of a row that most rows lack: its default takes one byte, and one word of memory.
#[derive(Debug, Clone, Default)]
pub struct Rare<T>(Option<Box<T>>);

impl<T: Copy + Default> Rare<T> {
    /// The value.
    pub fn get(&self) -> T {
        self.0.as_deref().copied().unwrap_or_default()
    }

    /// The value, to change.
    pub(crate) fn change(&mut self) -> &mut T {
        self.0.get_or_insert_default()
    }
}

impl<T: Copy + Default + PartialEq> PartialEq for Rare<T> {
    fn eq(&self, other: &Self) -> bool {
        self.get() == other.get()
    }
}

impl<T: Copy + Default + Eq> Eq for Rare<T> {}

impl<T: Copy + Default + PartialEq> Rare<T> {
    /// The value unless it is the default.
    fn present(&self) -> Option<T> {
        self.0
            .as_deref()
            .copied()
            .filter(|value| *value != T::default())
    }
}

impl<T: Write + Copy + Default + PartialEq> Write for Rare<T> {
    fn write(&self, buf: &mut impl BufMut) {
        self.present().write(buf);
    }
}

impl<T: EncodeSize + Copy + Default + PartialEq> EncodeSize for Rare<T> {
    fn encode_size(&self) -> usize {
        self.present().encode_size()
    }
}

impl<T: Read<Cfg = ()> + Copy + Default + PartialEq> Read for Rare<T> {
    type Cfg = ();
    fn read_cfg(buf: &mut impl Buf, _: &()) -> Result<Self, Error> {
        let value: Option<T> = Option::read(buf)?;
        if value.is_some_and(|value| value == T::default()) {
            return Err(Error::Invalid("Rare", "a default is written as absent"));
        }
        Ok(Self(value.map(Box::new)))
    }
}

#[cfg(test)]
mod tests;
