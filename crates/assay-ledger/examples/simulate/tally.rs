//! How often what occurred.

use assay_types::{
    BurnReason, Call, Event, Invalid, RefundReason, Rejection, ReleaseReason, TOPICS_MAX,
    TopicRole, Verdict,
};
use std::collections::BTreeMap;

#[derive(Default)]
pub(crate) struct Tally {
    accepted: BTreeMap<&'static str, u64>,
    rejected: BTreeMap<Rejection, u64>,
    invalid: BTreeMap<&'static str, u64>,
    ends: BTreeMap<String, u64>,
}

/// Ends of orders and of seats that a full table shows.
fn expected_ends() -> Vec<String> {
    let verdicts = [
        Verdict::Agreed,
        Verdict::Approved,
        Verdict::ApprovedBySilence,
        Verdict::Proven,
        Verdict::Scored,
    ];
    let refunds = [
        RefundReason::TooFewSellers,
        RefundReason::NoQuorum,
        RefundReason::NothingDelivered,
        RefundReason::Rejected,
        RefundReason::Cancelled,
        RefundReason::FalseProof,
        RefundReason::NoMerit,
        RefundReason::SlotLost,
    ];
    let burns = [
        BurnReason::FalseReveal,
        BurnReason::MinorityAnswer,
        BurnReason::Silence,
        BurnReason::RejectedDelivery,
        BurnReason::FalseProof,
    ];
    let roles = [
        TopicRole::Owner,
        TopicRole::Worker,
        TopicRole::Validator,
        TopicRole::Stakers,
        TopicRole::Forecaster,
    ];
    let releases = [
        ReleaseReason::Declined,
        ReleaseReason::NoAnswer,
        ReleaseReason::OrderEnded,
    ];
    verdicts
        .into_iter()
        .chain(
            refunds
                .into_iter()
                .map(|reason| Verdict::Refunded { reason }),
        )
        .map(|verdict| format!("order {verdict:?}"))
        .chain(burns.into_iter().map(|reason| format!("burnt {reason:?}")))
        .chain(
            releases
                .into_iter()
                .map(|reason| format!("released {reason:?}")),
        )
        .chain(["emitted", "rebated", "name expired", "compensated"].map(str::to_owned))
        .chain(["slot replaced", "reveal missed", "topic inferred"].map(str::to_owned))
        .chain(roles.map(|role| format!("topic paid {role:?}")))
        .chain(["settled with pay", "settled without pay"].map(|end| format!("topic {end}")))
        .collect()
}

const CALLS: [&str; 24] = [
    "transfer",
    "bond",
    "unbond",
    "publish_offer",
    "withdraw_offer",
    "place_order",
    "cancel_order",
    "accept",
    "decline",
    "check_call",
    "register_model",
    "reserve_name",
    "register_name",
    "renew_name",
    "transfer_name",
    "register_proof_key",
    CREATE_TOPIC,
    "register_slot",
    "stake",
    "unstake",
    "commit_submission",
    "reveal_submission",
    "fund_topic",
    "announce_slot",
];

/// Topics are for ever, so this is accepted until there are as many as there may be, and no oftener.
const CREATE_TOPIC: &str = "create_topic";

/// How often an entry of the table can occur at all, however long the simulation.
fn most(name: &str) -> u64 {
    match name {
        CREATE_TOPIC => TOPICS_MAX as u64,
        _ => u64::MAX,
    }
}

impl Tally {
    /// Calls that were executed, accepted or not.
    pub(crate) fn calls(&self) -> u64 {
        self.accepted.values().sum::<u64>() + self.rejected.values().sum::<u64>()
    }

    pub(crate) fn outcome(&mut self, call: &Call, rejection: Option<Rejection>) {
        match rejection {
            None => *self.accepted.entry(call.name()).or_default() += 1,
            Some(rejection) => *self.rejected.entry(rejection).or_default() += 1,
        }
    }

    pub(crate) fn invalid(&mut self, invalid: &Invalid) {
        let name = match invalid {
            Invalid::WrongChain { .. } => "WrongChain",
            Invalid::BadSignature => "BadSignature",
            Invalid::Replayed { .. } => "Replayed",
            Invalid::SequenceGap { .. } => "SequenceGap",
            Invalid::Expired { .. } => "Expired",
            Invalid::ValidTooLong { .. } => "ValidTooLong",
            Invalid::FeeLimitTooLow { .. } => "FeeLimitTooLow",
            Invalid::CannotPay { .. } => "CannotPay",
            Invalid::BlockFull => "BlockFull",
            Invalid::TooHeavy { .. } => "TooHeavy",
        };
        *self.invalid.entry(name).or_default() += 1;
    }

    pub(crate) fn events(&mut self, events: &[Event]) {
        for event in events {
            let end = match event {
                Event::Closed { receipt } => format!("order {:?}", receipt.verdict),
                Event::Burnt { reason, .. } => format!("burnt {reason:?}"),
                Event::Released { reason, .. } => format!("released {reason:?}"),
                Event::Emitted { .. } => "emitted".to_owned(),
                Event::Rebated { .. } => "rebated".to_owned(),
                Event::NameExpired { .. } => "name expired".to_owned(),
                Event::Compensated { .. } => "compensated".to_owned(),
                Event::SlotRegistered {
                    replaced: Some(_), ..
                } => "slot replaced".to_owned(),
                Event::RevealMissed { .. } => "reveal missed".to_owned(),
                Event::TopicPaid { role, .. } => format!("topic paid {role:?}"),
                Event::TopicInferred { .. } => "topic inferred".to_owned(),
                Event::TopicSettled { minted, fees, .. } => {
                    let paid = !(minted.is_zero() && fees.is_zero());
                    let how = if paid { "with" } else { "without" };
                    format!("topic settled {how} pay")
                }
                _ => continue,
            };
            *self.ends.entry(end).or_default() += 1;
        }
    }

    /// Prints the table. Whether it is full, where it must be.
    pub(crate) fn print(&self, must_be_full: bool, occurrences_min: u64) -> bool {
        let mut full = true;
        let mut line = |name: &str, count: u64| {
            let short = count < most(name).min(occurrences_min);
            full &= !short;
            println!(
                "  {name:<44} {count:>10}{}",
                if short { "  (few)" } else { "" }
            );
        };
        println!("calls accepted");
        for name in CALLS {
            line(name, self.accepted.get(name).copied().unwrap_or_default());
        }
        println!("calls rejected");
        for rejection in Rejection::ALL {
            line(
                rejection.name(),
                self.rejected.get(rejection).copied().unwrap_or_default(),
            );
        }
        println!("ends");
        for end in expected_ends() {
            line(&end, self.ends.get(&end).copied().unwrap_or_default());
        }
        println!("kept out of blocks");
        for (name, count) in &self.invalid {
            println!("  {name:<44} {count:>10}");
        }
        let accepted: u64 = self.accepted.values().sum();
        let half = accepted * 2 >= self.calls();
        println!("accepted {accepted} of {} calls", self.calls());
        if must_be_full && !(full && half) {
            println!("FAILED: a line is below {occurrences_min}, or fewer than half were accepted");
        }
        !must_be_full || (full && half)
    }
}
