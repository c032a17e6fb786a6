//! Why a transaction has no effect.
//!
//! [`Invalid`] keeps a transaction out of blocks: a block that holds one is itself invalid. A
//! [`Rejection`] is included, pays its fee, consumes its sequence and changes nothing else. Codes are
//! frozen; the order in which the ledger checks them is protocol.

use crate::{Amount, ChainId, LedgerTime};

/// A transaction that no block may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// Meant for another chain.
    #[error("the transaction is for chain {given}, this is {expected}; sign it for this chain")]
    WrongChain {
        /// Its chain.
        given: ChainId,
        /// This chain.
        expected: ChainId,
    },
    /// Not signed by its sender.
    #[error(
        "the signature is not the sender's; sign with the sender's key and change nothing afterwards"
    )]
    BadSignature,
    /// Already used: a replay.
    #[error(
        "sequence {given} of lane {lane} was already used, the next is {expected}; nothing to do if this is a resend"
    )]
    Replayed {
        /// Its lane.
        lane: u8,
        /// Its sequence.
        given: u64,
        /// The lane's next.
        expected: u64,
    },
    /// Ahead of its lane.
    #[error("sequence {given} of lane {lane} is ahead of {expected}; send the ones between first")]
    SequenceGap {
        /// Its lane.
        lane: u8,
        /// Its sequence.
        given: u64,
        /// The lane's next.
        expected: u64,
    },
    /// Too late.
    #[error("valid until {valid_until}, the ledger is at {now}; sign it again with a later time")]
    Expired {
        /// Its last moment.
        valid_until: LedgerTime,
        /// Ledger time.
        now: LedgerTime,
    },
    /// Valid for too long.
    #[error("valid until {valid_until}, which is beyond {latest}; choose an earlier time")]
    ValidTooLong {
        /// Its last moment.
        valid_until: LedgerTime,
        /// The latest allowed.
        latest: LedgerTime,
    },
    /// Its fee limit is below the base fee.
    #[error(
        "the fee limit {limit} is below the fee {fee}; raise it or wait for the base fee to fall"
    )]
    FeeLimitTooLow {
        /// Its limit.
        limit: Amount,
        /// Its weight at the base fee.
        fee: Amount,
    },
    /// The sender cannot pay.
    #[error(
        "the balance {balance} does not cover the fee limit and tip, {needed}; fund the account"
    )]
    CannotPay {
        /// The sender's balance.
        balance: Amount,
        /// Fee limit plus tip.
        needed: Amount,
    },
    /// The block is full.
    #[error("the block has no weight left for it; it waits for the next")]
    BlockFull,
    /// Heavier than any block.
    #[error("its weight {weight} is above a block's {max}; split it")]
    TooHeavy {
        /// Its weight.
        weight: u64,
        /// A block's.
        max: u64,
    },
}

impl Invalid {
    /// Whether the transaction can never become valid, so that a pool drops it.
    pub const fn is_permanent(&self) -> bool {
        match self {
            Self::WrongChain { .. }
            | Self::BadSignature
            | Self::Replayed { .. }
            | Self::Expired { .. }
            | Self::TooHeavy { .. } => true,
            Self::SequenceGap { .. }
            | Self::ValidTooLong { .. }
            | Self::FeeLimitTooLow { .. }
            | Self::CannotPay { .. }
            | Self::BlockFull => false,
        }
    }
}

macro_rules! rejections {
    ($( $code:literal $name:ident $message:literal, $advice:literal; )*) => {
        /// Why an included transaction changed nothing but its sender's fee and sequence.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u16)]
        pub enum Rejection {
            $( #[doc = $message] $name = $code, )*
        }

        impl Rejection {
            /// Every rejection, ascending by code.
            pub const ALL: &[Self] = &[$( Self::$name, )*];

            /// Its frozen number.
            pub const fn code(self) -> u16 {
                match self { $( Self::$name => $code, )* }
            }

            /// The rejection with this number.
            pub const fn from_code(code: u16) -> Option<Self> {
                match code { $( $code => Some(Self::$name), )* _ => None }
            }

            /// Its name, as interfaces show it.
            pub const fn name(self) -> &'static str {
                match self { $( Self::$name => stringify!($name), )* }
            }

            /// What was wrong.
            pub const fn message(self) -> &'static str {
                match self { $( Self::$name => $message, )* }
            }

            /// What to do next.
            pub const fn advice(self) -> &'static str {
                match self { $( Self::$name => $advice, )* }
            }
        }
    };
}

rejections! {
    1 AmountZero "the amount is zero", "name an amount above zero";
    2 InsufficientFunds "the balance left after the fee does not cover the amount", "fund the account or ask for less";
    3 InsufficientBond "the free bond does not cover the amount", "wait for running jobs to end or ask for less";
    4 TooManyUnbondings "the account has as many unbondings under way as are allowed", "wait until one of them is released";
    10 OfferWithoutModels "the offer names no model", "name at least one registered model";
    11 ModelsNotAscending "the offer's models are not ascending or hold doubles", "sort the model ids and remove doubles";
    12 UnknownModel "the model is not registered", "register it first, or check the id";
    13 PriceZero "the price is zero", "name a price above zero";
    14 PriceTooHigh "the price times its multiples is more than can exist", "name a lower price";
    15 CapacityZero "the offer's capacity is zero", "offer at least one job at a time";
    16 TooManyOffers "the account has as many offers as are allowed", "withdraw one first";
    17 BookFull "the book of one of these models is full", "offer other models, or wait until an offer is withdrawn";
    18 UnknownOffer "there is no such offer", "check the id; it may have been withdrawn";
    19 NotYours "it belongs to another account", "sign with the account that made it";
    30 CheckMalformed "the check's numbers do not fit: a quorum needs 2k > n, k ≤ n and n within the limit of sellers", "use for instance 2 of 3 or 3 of 4";
    31 DeadlinePast "a deadline is not after the ledger's time", "derive deadlines from the ledger's clock, in the future";
    32 DeadlinesOutOfOrder "the deadlines are not in the order accept, commit, deliver, approve", "space them in that order";
    33 DeadlineTooFar "the last deadline is further away than an order may live", "choose earlier deadlines";
    34 SellerNotNameable "this check draws its sellers and lets the buyer name none", "leave the seller open, or use an approval";
    35 TooManyOrders "the account has as many open orders as are allowed", "wait until some settle";
    36 TooFewSellers "fewer independent sellers are free at this price than the check needs", "raise the maximum price, ask for fewer sellers, or try later";
    37 CheckOfOtherWork "this check cannot decide about this work", "use a score or an approval for a topic's request, and any check but a score for an inference";
    40 UnknownOrder "there is no such open order", "check the id; it may have been closed already";
    41 WorkStarted "the work has started", "wait for the check; escrow returns if it fails";
    42 NotAssigned "the sender is not assigned to this order", "wait to be drawn; the assignment may have gone to another";
    43 AlreadyAccepted "the sender has accepted already", "deliver in time";
    44 TooLate "the deadline for this has passed", "act earlier next time";
    45 NotStarted "the order's sellers have not all accepted yet", "wait for the order to start";
    50 UnknownTag "the order's check knows no such call", "see the check's tags";
    51 MalformedBody "the body of the check call cannot be read", "encode it canonically";
    52 AlreadyCommitted "the sender has committed already", "reveal that answer once reveals open";
    53 RevealsNotOpen "reveals are not open yet", "wait until all have committed or the time to commit is over";
    54 NotCommitted "the sender has not committed", "nothing can be revealed";
    55 AlreadyRevealed "the sender has revealed already", "nothing more to do";
    56 AlreadyDelivered "the work was delivered already", "wait for the buyer";
    57 NotDelivered "nothing was delivered yet", "wait for the seller";
    58 RevealsOpen "reveals are open, so the time to commit is over", "commit earlier next time";
    60 ModelExists "the model is registered already", "use it as it is";
    61 RoyaltiesMalformed "the royalty shares are zero, over 100 % together, or not ascending by account", "sort them and keep the sum at most 10 000 basis points, the market fee included";
    70 LeaseZero "the lease is zero", "lease the name for some time, a year for instance";
    71 LeaseTooLong "the lease would end further ahead than a lease may", "lease it for less, and renew it later";
    72 NameTaken "another account holds the name", "choose another name, or ask its holder to transfer it";
    73 NameHeld "the sender holds the name already", "renew it instead";
    74 NotReserved "the sender has no reservation that this name and salt open, or it has lapsed", "reserve the name first and register it with the same salt";
    75 ReservedJustNow "the reservation is too young, so that somebody who saw the name could still be first", "register the name a moment later";
    76 UnknownName "nobody holds the name", "check its spelling; its lease may have ended";
    77 LeaseEnded "the lease has ended, so the name can only be renewed", "renew it first";
    80 ProofKeyExists "the key is registered for this model already", "use it as it is";
    81 TooManyProofKeys "the model has as many proof keys as are allowed", "use one of its keys";
    82 UnknownProofKey "the model has no such proof key", "name a registered one, or ask the model's owner to register it";
    83 OtherStatement "the evidence is of another key or input than the order's", "prove what was ordered, and deliver it in time";
    90 TopicTermsImpossible "the topic's terms are outside their limits", "see docs/rules.md for the limits and create it again";
    91 TooManyTopics "there are as many topics as there may be", "join one of them";
    92 UnknownTopic "there is no such topic", "check its id";
    93 TopicSettling "the topic's epoch has ended and is about to be settled", "send it again in a moment";
    94 KeyTaken "the key holds a slot of this topic already", "register another key";
    95 TakeTooLarge "the take is above what a validator may keep", "take at most 18 %";
    96 NoFreeSlot "every slot is taken by somebody who is immune or validates", "wait until an immunity ends";
    97 PriceAboveMaximum "a slot costs more than the sender allows", "allow more, or wait: the price halves every hour";
    98 UnknownSlot "the key holds no slot of this topic", "register it first";
    99 StakeTooSmall "less would stand behind the key than one account may stake", "stake at least 1 ASY, and leave as much or nothing";
    100 InsufficientStake "the sender has less behind the key", "ask for at most what there is";
    101 NoPermit "the slot may not judge in this epoch", "stake more and wait for the epoch to end";
    102 SubmissionMalformed "the submission does not fit the topic: weights are empty, all zero, not ascending by slot, on the sender's own slot or on none of the topic's; or labels, losses or slots are too many, too few, out of order or beyond their limits", "send what the topic's mechanism takes, each slot once, in order";
    103 NothingToReveal "the sender has committed to nothing that is due now", "commit in the first half of an epoch and reveal when it is due";
    104 FalseSubmission "submission and salt do not open the commitment", "reveal exactly what was committed to";
    105 NothingToMeasure "no inferences of that epoch wait to be measured", "measure those of the last epoch";
}

impl commonware_codec::Write for Rejection {
    fn write(&self, buf: &mut impl bytes::BufMut) {
        self.code().write(buf);
    }
}

impl commonware_codec::EncodeSize for Rejection {
    fn encode_size(&self) -> usize {
        2
    }
}

impl commonware_codec::Read for Rejection {
    type Cfg = ();
    fn read_cfg(
        buf: &mut impl commonware_codec::Buf,
        _: &(),
    ) -> Result<Self, commonware_codec::Error> {
        let code = <u16 as commonware_codec::ReadExt>::read(buf)?;
        Self::from_code(code).ok_or(commonware_codec::Error::Invalid(
            "Rejection",
            "unknown code",
        ))
    }
}

impl std::fmt::Display for Rejection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{} (code {}); {}",
            self.message(),
            self.code(),
            self.advice()
        )
    }
}
