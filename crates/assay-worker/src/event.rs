//! What a provider tells: a stream of events for people, and counters for programs.

use crate::{HardwareRecord, job::Note};
use assay_types::{Amount, Height, LedgerTime, ModelId, OfferId, OrderId, ProofKeyId};

/// Something that happened to a provider.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum ProviderEvent {
    /// The node is followed, from this height on.
    Connected {
        /// Latest height seen.
        height: Height,
    },
    /// The node went away; it is tried again.
    Disconnected {
        /// Why.
        reason: String,
    },
    /// A model is loaded.
    Loaded {
        /// Which.
        model: ModelId,
        /// Its name, by its manifest.
        name: String,
        /// Time of one run, in microseconds.
        run_us: u64,
    },
    /// A model's weights are committed to: its answers can be proven.
    Provable {
        /// The model's name, by its manifest.
        name: String,
        /// What its proofs are verified with.
        key: ProofKeyId,
        /// Time of the commitment, in microseconds.
        took_us: u64,
        /// Time that a proof is expected to take, in microseconds.
        prove_us: u64,
    },
    /// The machine was measured.
    Measured {
        /// What came out.
        record: Box<HardwareRecord>,
    },
    /// Balance became bond.
    Bonded {
        /// How much.
        amount: Amount,
    },
    /// The offer stands.
    Offering {
        /// Which.
        offer: OfferId,
    },
    /// The offer is withdrawn; running jobs are finished.
    Leaving {
        /// Jobs that are not finished.
        jobs: usize,
    },
    /// Jobs of an earlier run go on.
    Resumed {
        /// How many.
        jobs: usize,
    },
    /// Drawn for an order.
    Assigned {
        /// Which.
        order: OrderId,
        /// What it earns, before deductions.
        ask: Amount,
    },
    /// The ledger has the acceptance.
    Accepted {
        /// Of which order.
        order: OrderId,
    },
    /// The answer is computed.
    Executed {
        /// To which order.
        order: OrderId,
        /// Time of the run, waiting included, in microseconds.
        took_us: u64,
    },
    /// The answer is computed, proven, and its proof verified.
    Proven {
        /// To which order.
        order: OrderId,
        /// Time of all three, waiting included, in microseconds.
        took_us: u64,
        /// Length of the proof.
        bytes: usize,
    },
    /// The ledger has the commitment.
    Committed {
        /// Of which order.
        order: OrderId,
    },
    /// The ledger has the answer.
    Delivered {
        /// Of which order.
        order: OrderId,
    },
    /// Released without loss.
    Released {
        /// From which order.
        order: OrderId,
    },
    /// Paid.
    Paid {
        /// For which order.
        order: OrderId,
        /// What reached the balance.
        net: Amount,
    },
    /// Bond was burnt.
    Burnt {
        /// For which order.
        order: OrderId,
        /// How much.
        amount: Amount,
        /// Why: `false_reveal`, `minority_answer`, `silence`, `rejected_delivery` or `false_proof`.
        reason: String,
    },
    /// Bond was paid to the buyer for a proven fault.
    Compensated {
        /// For which order.
        order: OrderId,
        /// How much.
        amount: Amount,
    },
    /// An order this provider worked for ended.
    Closed {
        /// Which.
        order: OrderId,
    },
    /// Something about an order a person should know.
    Trouble {
        /// Which.
        order: OrderId,
        /// What.
        note: Note,
    },
    /// A transaction could not be sent; it is tried again.
    Unsent {
        /// About which order.
        order: OrderId,
        /// Why.
        reason: String,
    },
}

/// Counters since the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Progress {
    /// Whether the node is followed right now.
    pub is_connected: bool,
    /// Latest height seen.
    pub height: Height,
    /// Its time.
    pub time: LedgerTime,
    /// Jobs under way.
    pub jobs: usize,
    /// Jobs accepted.
    pub accepted: u64,
    /// Jobs given back.
    pub released: u64,
    /// Jobs paid.
    pub paid: u64,
    /// Jobs whose lock was burnt.
    pub burnt: u64,
    /// What reached the balance.
    pub earned: Amount,
    /// What was burnt, or paid to buyers for proven faults.
    pub lost: Amount,
}
