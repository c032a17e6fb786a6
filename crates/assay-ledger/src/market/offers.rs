//! Offers: what sellers sell, at which price, how many at a time.

use crate::{
    block::Run,
    rows::{BookKey, Offer},
};
use assay_types::{
    AccountId, Amount, Event, Good, ModelId, OfferId, Rejection, SUPPLY_MAX, Unsigned,
};

impl Run<'_> {
    /// # Errors
    /// In this order: [`Rejection::OfferWithoutModels`], [`Rejection::ModelsNotAscending`],
    /// [`Rejection::UnknownModel`], [`Rejection::PriceZero`], [`Rejection::PriceTooHigh`],
    /// [`Rejection::CapacityZero`], [`Rejection::TooManyOffers`], [`Rejection::BookFull`].
    pub(crate) fn publish_offer(
        &mut self,
        body: &Unsigned,
        good: &Good,
        ask: Amount,
        capacity: u32,
    ) -> Result<(), Rejection> {
        let Good::Inference { models } = good;
        if models.is_empty() {
            return Err(Rejection::OfferWithoutModels);
        }
        if models.windows(2).any(|pair| pair[0] >= pair[1]) {
            return Err(Rejection::ModelsNotAscending);
        }
        if models
            .iter()
            .any(|model| self.state.models.get(model).is_none())
        {
            return Err(Rejection::UnknownModel);
        }
        if ask.is_zero() {
            return Err(Rejection::PriceZero);
        }
        if ask > SUPPLY_MAX {
            return Err(Rejection::PriceTooHigh);
        }
        if capacity == 0 {
            return Err(Rejection::CapacityZero);
        }
        let seller = body.sender;
        if self.account(seller).offers >= self.params.offers_per_account_max {
            return Err(Rejection::TooManyOffers);
        }
        let max = usize::try_from(self.params.offers_per_book_max).unwrap_or(usize::MAX);
        if models
            .iter()
            .any(|model| self.book(*model).take(max).count() >= max)
        {
            return Err(Rejection::BookFull);
        }
        let offer = OfferId::of(self.chain, seller, body.lane, body.sequence);
        let row = Offer {
            seller,
            good: good.clone(),
            ask,
            capacity,
            busy: 0,
        };
        self.state.put_offer(offer, row);
        self.update_account(seller, |account| {
            account.offers = account.offers.saturating_add(1)
        });
        let good = good.clone();
        self.events.push(Event::OfferPublished {
            offer,
            seller,
            good,
            ask,
            capacity,
        });
        Ok(())
    }

    /// # Errors
    /// [`Rejection::UnknownOffer`], [`Rejection::NotYours`].
    pub(crate) fn withdraw_offer(
        &mut self,
        sender: AccountId,
        offer: OfferId,
    ) -> Result<(), Rejection> {
        let seller = self
            .state
            .offers
            .get(&offer)
            .ok_or(Rejection::UnknownOffer)?
            .seller;
        if seller != sender {
            return Err(Rejection::NotYours);
        }
        self.state.remove_offer(offer);
        self.update_account(seller, |account| {
            account.offers = account.offers.saturating_sub(1)
        });
        self.events.push(Event::OfferWithdrawn { offer, seller });
        Ok(())
    }

    /// Offers that serve `model`, ascending by id. Bounded by `offers_per_book_max`.
    pub(super) fn book(&self, model: ModelId) -> impl Iterator<Item = (OfferId, &Offer)> {
        let from = BookKey {
            model,
            offer: OfferId::default(),
        };
        let to = BookKey {
            model,
            offer: OfferId::new([u8::MAX; 32]),
        };
        self.state.book.range(from..=to).filter_map(|(key, ())| {
            self.state
                .offers
                .get(&key.offer)
                .map(|row| (key.offer, row))
        })
    }

    /// One job more or less on an offer, which may have been withdrawn since.
    pub(super) fn change_busy(&mut self, offer: OfferId, change: impl FnOnce(u32) -> u32) {
        if let Some(mut row) = self.state.offers.get(&offer).cloned() {
            row.busy = change(row.busy);
            self.state.put_offer(offer, row);
        }
    }
}
