//! Why a foreign proof is refused: one enum for every system, so that whoever calls handles one.

use std::fmt;

/// The three things that a verifier is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// What is registered once for a circuit or a program.
    Key,
    /// The statement: public signals, or a journal.
    Public,
    /// The proof.
    Proof,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Key => "key",
            Self::Public => "public part",
            Self::Proof => "proof",
        })
    }
}

/// What is wrong with a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NumberFault {
    /// It has another spelling than decimal digits without a leading zero.
    #[error("is not spelt in decimal digits without a leading zero")]
    Spelling,
    /// It is not below the modulus of its field.
    #[error("is not below the modulus of its field")]
    Range,
    /// A point's last coordinate; anything but one would be a second spelling of the same point.
    #[error("is not one")]
    Scale,
}

/// What is wrong with a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PointFault {
    /// Its coordinates solve no equation of the curve.
    #[error("is not on the curve")]
    Curve,
    /// It lies outside of the group of prime order.
    #[error("is not in the group of prime order")]
    Subgroup,
    /// It is the group's neutral element, which no honest setup or prover gives and which binds nothing.
    #[error("is the neutral element")]
    Neutral,
    /// Its compressed bytes are not those that it is written as.
    #[error("is not in its canonical form")]
    Spelling,
}

/// Why key, public part and proof do not verify.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// More bytes than a part may have.
    #[error("the {part} has {bytes} bytes; {most} are the most")]
    TooLong {
        /// Which part.
        part: Part,
        /// How many it has.
        bytes: usize,
        /// How many it may have.
        most: usize,
    },
    /// A number of bytes that no such part has.
    #[error("the {part} has {bytes} bytes, a number that none has")]
    Length {
        /// Which part.
        part: Part,
        /// How many it has.
        bytes: usize,
    },
    /// Of a version that this program does not know.
    #[error("the {part} has version {found}; this program knows {known}")]
    Version {
        /// Which part.
        part: Part,
        /// Its first byte.
        found: u8,
        /// The only one that is read.
        known: u8,
    },
    /// Not the JSON that snarkjs writes.
    #[error("the {part} is not the JSON that snarkjs writes: {reason}")]
    Json {
        /// Which part.
        part: Part,
        /// What the parser said.
        reason: String,
    },
    /// Of another proof system or another curve.
    #[error("the {part}'s {field} is {found:?}; {known:?} is verified")]
    System {
        /// Which part.
        part: Part,
        /// The name of the field.
        field: &'static str,
        /// What it says.
        found: String,
        /// What it has to say.
        known: &'static str,
    },
    /// A number that is not one.
    #[error("{name} of the {part} {fault}")]
    Number {
        /// Which part.
        part: Part,
        /// Its place there.
        name: String,
        /// What is wrong with it.
        fault: NumberFault,
    },
    /// A point that may not be used.
    #[error("the point {name} of the {part} {fault}")]
    Point {
        /// Which part.
        part: Part,
        /// Its place there.
        name: String,
        /// What is wrong with it.
        fault: PointFault,
    },
    /// A key that contradicts itself.
    #[error("{field} of the key does not follow from the rest of it")]
    Contradiction {
        /// The name of the field.
        field: &'static str,
    },
    /// More public signals than a verifier multiplies points by.
    #[error("the {part} has {signals} public signals; {most} are the most")]
    TooManySignals {
        /// Which part.
        part: Part,
        /// How many it has.
        signals: usize,
        /// How many it may have.
        most: usize,
    },
    /// Another number of signals than the key is for.
    #[error("the key is for {key} public signals, and {given} are given")]
    SignalCount {
        /// How many the key is for.
        key: usize,
        /// How many there are.
        given: usize,
    },
    /// A proof that another release of its prover made than the key names.
    #[error(
        "the proof is of the release {found:08x}, and the key trusts the release {trusted:08x}"
    )]
    Release {
        /// The selector that the proof begins with.
        found: u32,
        /// The selector that follows from the key.
        trusted: u32,
    },
    /// A receipt of a kind that carries no proof of bounded size.
    #[error("a receipt of the kind {kind:?} is not verified")]
    Kind {
        /// Its kind.
        kind: &'static str,
    },
    /// Bytes that their decoder refuses.
    #[error("the {part} cannot be decoded: {reason}")]
    Malformed {
        /// Which part.
        part: Part,
        /// What the decoder said.
        reason: String,
    },
    /// Everything has its form, and the proof does not prove this statement.
    #[error("the proof does not prove the statement")]
    DoesNotHold,
}

impl Refused {
    /// Whose bytes are to be replaced before a new attempt can succeed.
    ///
    /// A count that differs from the key's is the statement's fault: the key was registered first.
    #[must_use]
    pub fn part(&self) -> Part {
        match self {
            Self::TooLong { part, .. }
            | Self::Length { part, .. }
            | Self::Version { part, .. }
            | Self::Json { part, .. }
            | Self::System { part, .. }
            | Self::Number { part, .. }
            | Self::Point { part, .. }
            | Self::TooManySignals { part, .. }
            | Self::Malformed { part, .. } => *part,
            Self::Contradiction { .. } => Part::Key,
            Self::SignalCount { .. } => Part::Public,
            Self::Release { .. } | Self::Kind { .. } | Self::DoesNotHold => Part::Proof,
        }
    }
}
