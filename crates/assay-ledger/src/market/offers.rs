//! Offers: what sellers sell, at which price, how many at a time.

use crate::{
    block::Run,
    rows::{Book, BookKey, Offer},
};
use assay_types::{AccountId, Amount, Event, Good, OfferId, Rejection, SUPPLY_MAX, Unsigned};

impl Run<'_> {
    /// # Errors
    /// In this order: for models, [`Rejection::OfferWithoutModels`], [`Rejection::ModelsNotAscending`],
    /// [`Rejection::UnknownModel`], and for a topic, [`Rejection::UnknownTopic`], [`Rejection::UnknownSlot`]; then
    /// [`Rejection::PriceZero`], [`Rejection::PriceTooHigh`], [`Rejection::CapacityZero`],
    /// [`Rejection::TooManyOffers`], [`Rejection::BookFull`].
    pub(crate) fn publish_offer(
        &mut self,
        body: &Unsigned,
        good: &Good,
        ask: Amount,
        capacity: u32,
    ) -> Result<(), Rejection> {
        let seller = body.sender;
        self.can_serve(seller, good)?;
        if ask.is_zero() {
            return Err(Rejection::PriceZero);
        }
        if ask > SUPPLY_MAX {
            return Err(Rejection::PriceTooHigh);
        }
        if capacity == 0 {
            return Err(Rejection::CapacityZero);
        }
        if self.account(seller).offers >= self.params.offers_per_account_max {
            return Err(Rejection::TooManyOffers);
        }
        let max = usize::try_from(self.params.offers_per_book_max).unwrap_or(usize::MAX);
        for book in Book::all_of(good) {
            if self.book(book).take(max).count() >= max && !self.clear_place(book) {
                return Err(Rejection::BookFull);
            }
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
        self.take_offer(offer, seller);
        Ok(())
    }

    /// Takes an offer out of a topic's book whose seller holds no slot any more; whether there was one.
    fn clear_place(&mut self, book: Book) -> bool {
        let Book::Topic(topic) = book else {
            return false;
        };
        let idle = self
            .book(book)
            .map(|(id, offer)| (id, offer.seller))
            .find(|(_, seller)| self.slot_of(topic, *seller).is_none());
        if let Some((offer, seller)) = idle {
            self.take_offer(offer, seller);
        }
        idle.is_some()
    }

    fn take_offer(&mut self, offer: OfferId, seller: AccountId) {
        self.state.remove_offer(offer);
        self.update_account(seller, |account| {
            account.offers = account.offers.saturating_sub(1)
        });
        self.events.push(Event::OfferWithdrawn { offer, seller });
    }

    /// Whether what is offered exists, and a topic's miner is one.
    fn can_serve(&self, seller: AccountId, good: &Good) -> Result<(), Rejection> {
        match good {
            Good::Inference { models } => {
                if models.is_empty() {
                    return Err(Rejection::OfferWithoutModels);
                }
                if models.windows(2).any(|pair| pair[0] >= pair[1]) {
                    return Err(Rejection::ModelsNotAscending);
                }
                let known = |model| self.state.models.get(model).is_some();
                if !models.iter().all(known) {
                    return Err(Rejection::UnknownModel);
                }
            }
            Good::Topic { topic } => {
                if self.state.topics.get(topic).is_none() {
                    return Err(Rejection::UnknownTopic);
                }
                if self.slot_of(*topic, seller).is_none() {
                    return Err(Rejection::UnknownSlot);
                }
            }
        }
        Ok(())
    }

    /// The offers of a book, ascending by id. Bounded by `offers_per_book_max`.
    pub(super) fn book(&self, book: Book) -> impl Iterator<Item = (OfferId, &Offer)> {
        let from = BookKey {
            book,
            offer: OfferId::default(),
        };
        let to = BookKey {
            book,
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
