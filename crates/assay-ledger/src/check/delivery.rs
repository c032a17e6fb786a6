//! What the checks of one seller have in common: who delivers, until when, and that an answer is taken once.

use super::{Caller, Context};
use assay_types::{ContentId, Event, LedgerTime, Rejection};

/// The one seat.
pub(super) const SEAT: usize = 0;

/// Refuses who is not the seller, and what comes too late.
pub(super) fn check_caller(
    context: &Context<'_>,
    caller: Caller,
    deliver_by: LedgerTime,
) -> Result<(), Rejection> {
    if caller != Caller::Seller(SEAT) {
        return Err(Rejection::NotAssigned);
    }
    if context.now > deliver_by {
        return Err(Rejection::TooLate);
    }
    Ok(())
}

/// Takes an answer and tells everybody; `earlier` was delivered before, and is not replaced.
pub(super) fn take(
    context: &mut Context<'_>,
    caller: Caller,
    deliver_by: LedgerTime,
    earlier: Option<ContentId>,
    answer: &[u8],
) -> Result<ContentId, Rejection> {
    check_caller(context, caller, deliver_by)?;
    if earlier.is_some() {
        return Err(Rejection::AlreadyDelivered);
    }
    let output = ContentId::of(answer);
    let (order, seller) = (context.order, context.seats[SEAT].seller);
    context.events.push(Event::Delivered {
        order,
        seller,
        output,
    });
    Ok(output)
}
