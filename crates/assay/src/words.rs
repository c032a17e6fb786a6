//! How the market's words look to people: times, verdicts, shares of money.

use assay_types::{
    Amount, BurnReason, Check, GRAINS_PER_ASY, LedgerTime, Payout, PayoutResult, Receipt,
    RefundReason, Verdict, Work,
};

/// `2026-11-22 18:05:09 UTC`.
pub(crate) fn time(time: LedgerTime) -> String {
    let seconds = time.get() / 1_000;
    let (days, of_day) = (seconds / 86_400, seconds % 86_400);
    let (year, month, day) = date(days);
    let (hour, minute, second) = (of_day / 3_600, of_day / 60 % 60, of_day % 60);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02} UTC")
}

/// Year, month and day of the Gregorian calendar, `days` after 1970-01-01.
///
/// Source: Howard Hinnant, "chrono-compatible low-level date algorithms", `civil_from_days`, for days
/// that are not negative.
fn date(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 {
        shifted + 3
    } else {
        shifted - 9
    };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    (year, month, day)
}

/// Who decides.
pub(crate) fn check(check: &Check) -> String {
    match check {
        Check::Quorum { agree, of, .. } => format!("quorum, {agree} of {of} sellers must agree"),
        Check::Approval { .. } => "approval, the buyer decides".to_owned(),
        Check::Proof { .. } => "proof, the ledger verifies it".to_owned(),
        Check::Score { .. } => "score, the topic's validators judge it".to_owned(),
    }
}

/// How an order ended.
pub(crate) fn verdict(verdict: Verdict) -> String {
    match verdict {
        Verdict::Agreed => "agreed".to_owned(),
        Verdict::Approved => "approved".to_owned(),
        Verdict::ApprovedBySilence => "approved by silence".to_owned(),
        Verdict::Proven => "proven".to_owned(),
        Verdict::Scored => "scored".to_owned(),
        Verdict::Refunded { reason } => format!("refunded: {}", refund(reason)),
    }
}

/// Why the escrow returned.
pub(crate) fn refund(reason: RefundReason) -> &'static str {
    match reason {
        RefundReason::TooFewSellers => "too few sellers accepted",
        RefundReason::NoQuorum => "no answer reached the quorum",
        RefundReason::NothingDelivered => "nothing was delivered in time",
        RefundReason::Rejected => "the buyer rejected the delivery",
        RefundReason::Cancelled => "the buyer cancelled",
        RefundReason::FalseProof => "the proof does not hold",
        RefundReason::NoMerit => "the miner earned nothing for work in its topic",
        RefundReason::SlotLost => "the miner lost its slot of the topic",
        RefundReason::TopicUnsettled => "the topic did not settle the epochs that judge the answer",
    }
}

/// Why money was destroyed.
pub(crate) fn burn(reason: BurnReason) -> &'static str {
    match reason {
        BurnReason::FalseReveal => "its reveal does not open its commitment",
        BurnReason::MinorityAnswer => "the others agree on another answer",
        BurnReason::Silence => "accepted, then silent",
        BurnReason::RejectedDelivery => "the buyer rejected its delivery",
        BurnReason::FalseProof => "its proof does not hold",
    }
}

/// What became of a seller.
pub(crate) fn payout(payout: &Payout) -> String {
    match payout.result {
        PayoutResult::Paid {
            gross,
            fee,
            royalties,
        } => {
            let parts = [("fee", fee), ("royalties", royalties)];
            let parts = parts.iter().filter(|(_, amount)| !amount.is_zero());
            // The unit stands once, so that the line fits a terminal beside the seller.
            let parts: Vec<_> = parts
                .map(|(name, amount)| {
                    let amount = amount.to_string();
                    format!("{name} {}", amount.trim_end_matches(" ASY"))
                })
                .collect();
            match parts.is_empty() {
                true => format!("paid {gross}"),
                false => format!("paid {gross} less {}", parts.join(", ")),
            }
        }
        PayoutResult::Burnt { amount, reason } => format!("lost {amount}: {}", burn(reason)),
        PayoutResult::Forfeited {
            compensation,
            burnt,
            reason,
        } => format!(
            "lost {burnt}, and {compensation} to the buyer: {}",
            burn(reason)
        ),
        PayoutResult::Unpaid => "not paid".to_owned(),
    }
}

/// Names and values of a receipt, for [`crate::output::Output::facts`].
pub(crate) fn receipt(receipt: &Receipt) -> Vec<(&'static str, String)> {
    let work = match receipt.work {
        Work::Inference { model, .. } => ("model", model.to_string()),
        Work::Topic { topic, .. } => ("topic", topic.to_string()),
    };
    let mut facts = vec![
        ("order", receipt.order.to_string()),
        ("chain", receipt.chain.to_string()),
        ("buyer", receipt.buyer.to_string()),
        work,
        ("input", receipt.work.input().content().to_string()),
        (
            "output",
            receipt
                .output
                .map_or_else(|| "none".to_owned(), |output| output.to_string()),
        ),
        ("check", check(&receipt.check)),
        ("verdict", verdict(receipt.verdict)),
        ("price", receipt.price.to_string()),
        ("refund", receipt.refund.to_string()),
    ];
    for (index, line) in receipt.payouts.iter().enumerate() {
        let name = if index == 0 { "sellers" } else { "" };
        facts.push((name, format!("{} {}", line.seller.short(), payout(line))));
    }
    facts.push(("placed", time(receipt.placed_at)));
    facts.push((
        "closed",
        format!("{}, height {}", time(receipt.closed_at), receipt.height),
    ));
    facts
}

/// `3.9 GiB`, and `512 MiB` where it is less than one.
pub(crate) fn bytes(bytes: u64) -> String {
    const MIB: u64 = 1024 * 1024;
    const GIB: u64 = 1024 * MIB;
    if bytes < GIB {
        return format!("{} MiB", bytes / MIB);
    }
    let tenths = bytes.saturating_mul(10) / GIB;
    format!("{}.{} GiB", tenths / 10, tenths % 10)
}

/// Grains as ASY with all nine decimals, for columns whose points align.
pub(crate) fn column(amount: Amount) -> String {
    let (whole, fraction) = (amount.get() / GRAINS_PER_ASY, amount.get() % GRAINS_PER_ASY);
    format!("{whole}.{fraction:09}")
}

/// A difference in a column of amounts, with its sign.
pub(crate) fn change(before: Amount, after: Amount) -> String {
    match (after.checked_sub(before), before.checked_sub(after)) {
        (Some(more), _) if !more.is_zero() => format!("+{}", column(more)),
        (_, Some(less)) if !less.is_zero() => format!("-{}", column(less)),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests;
