//! Names: what people write instead of an address.
//!
//! Invariant: a [`Name`] is 3 to 32 characters of `a`–`z`, `0`–`9` and `-`, does not begin or end with a
//! dash and does not begin like an address. There is one spelling: no capitals, no Unicode, nothing that
//! another name could be mistaken for by its bytes.

use crate::{AccountId, AddressError, ChainId, Hash32, codec::wire_tuple};
use bytes::BufMut;
use commonware_codec::{Buf, EncodeSize, Error, RangeCfg, Read, ReadExt, Write};
use std::{fmt, str::FromStr};

/// Shortest name, in bytes.
pub const NAME_BYTES_MIN: usize = 3;
/// Longest name, in bytes: it fits a column of a terminal, and half of an address.
pub const NAME_BYTES_MAX: usize = 32;
/// How every address begins; a name that does would pass for a shortened one.
const ADDRESS_START: &str = "asy1";
/// What a short name costs, as a multiple of a name of six characters or more: for 3, 4 and 5 characters.
/// There are 36 times fewer names with each character less, so they are worth more to whoever hoards them.
const SHORT_MULTIPLES: [u64; 3] = [64, 16, 4];

/// A name that an account can hold. Kept as 32 bytes, padded with zeros, so that it is cheap to copy and
/// sorts like its text.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name([u8; NAME_BYTES_MAX]);

/// Text that is no name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{text}` is not a name: {reason}; a name has 3 to 32 characters of a–z, 0–9 and -, as in `alice-2`"
)]
pub struct NameError {
    /// What was given, at most its first 100 characters.
    pub text: String,
    /// What is wrong with it.
    pub reason: &'static str,
}

impl Name {
    /// The first of all names in their order.
    pub const FIRST: Self = {
        let mut bytes = [b'-'; NAME_BYTES_MAX];
        bytes[0] = b'0';
        bytes[NAME_BYTES_MAX - 1] = b'0';
        Self(bytes)
    };

    /// The name's text.
    #[expect(clippy::missing_panics_doc, reason = "construction checks it")]
    pub fn as_str(&self) -> &str {
        let len = self.len();
        std::str::from_utf8(&self.0[..len]).expect("a name is ASCII")
    }

    /// What a year of it costs, as a multiple of the price of a long name.
    pub fn price_multiple(&self) -> u64 {
        let above_shortest = self.len().saturating_sub(NAME_BYTES_MIN);
        SHORT_MULTIPLES.get(above_shortest).copied().unwrap_or(1)
    }

    fn len(&self) -> usize {
        let end = self.0.iter().position(|byte| *byte == 0);
        end.unwrap_or(NAME_BYTES_MAX)
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, &'static str> {
        if bytes.len() < NAME_BYTES_MIN {
            return Err("it is too short");
        }
        if bytes.len() > NAME_BYTES_MAX {
            return Err("it is too long");
        }
        let allowed = |byte: &u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
        if !bytes.iter().all(allowed) {
            return Err("it holds other characters");
        }
        if bytes.first() == Some(&b'-') || bytes.last() == Some(&b'-') {
            return Err("it begins or ends with a dash");
        }
        if bytes.starts_with(ADDRESS_START.as_bytes()) {
            return Err("it begins like an address");
        }
        let mut padded = [0u8; NAME_BYTES_MAX];
        padded[..bytes.len()].copy_from_slice(bytes);
        Ok(Self(padded))
    }
}

impl FromStr for Name {
    type Err = NameError;
    fn from_str(text: &str) -> Result<Self, NameError> {
        Self::from_bytes(text.as_bytes()).map_err(|reason| NameError {
            text: text.chars().take(100).collect(),
            reason,
        })
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Name({self})")
    }
}

impl Write for Name {
    fn write(&self, buf: &mut impl BufMut) {
        let text = self.as_str();
        text.len().write(buf);
        buf.put_slice(text.as_bytes());
    }
}

impl EncodeSize for Name {
    fn encode_size(&self) -> usize {
        let len = self.len();
        len.encode_size().saturating_add(len)
    }
}

impl Read for Name {
    type Cfg = ();
    fn read_cfg(buf: &mut impl Buf, _: &()) -> Result<Self, Error> {
        let len = usize::read_cfg(buf, &RangeCfg::from(NAME_BYTES_MIN..=NAME_BYTES_MAX))?;
        let mut bytes = [0u8; NAME_BYTES_MAX];
        for byte in bytes.iter_mut().take(len) {
            *byte = u8::read(buf)?;
        }
        let text = bytes.get(..len).unwrap_or_default();
        Self::from_bytes(text).map_err(|reason| Error::Invalid("Name", reason))
    }
}

/// Hides a name until it is registered: H(domain, chain, holder, salt, name). Binding the holder keeps
/// anyone from registering with another's reservation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NameCommitment(Hash32);
wire_tuple!(NameCommitment);

impl NameCommitment {
    /// The commitment of `holder` to `name`; `salt` is random and kept until the name is registered.
    pub fn new(chain: ChainId, holder: AccountId, salt: &Hash32, name: Name) -> Self {
        let parts: [&[u8]; 4] = [
            chain.as_bytes(),
            holder.as_bytes(),
            salt.as_bytes(),
            name.as_str().as_bytes(),
        ];
        Self(Hash32::derive("assay name commitment v1", &parts))
    }

    /// As a plain hash.
    pub const fn hash(self) -> Hash32 {
        self.0
    }
}

/// How people say who is meant: by address or by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Party {
    /// By address.
    Account(AccountId),
    /// By name; whoever holds it when it is looked up.
    Name(Name),
}

/// Text that is neither an address nor a name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PartyError {
    /// Begins like an address and is none.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// Anything else.
    #[error("{0}, an address begins with asy1")]
    Name(NameError),
}

impl FromStr for Party {
    type Err = PartyError;
    fn from_str(text: &str) -> Result<Self, PartyError> {
        let start = text.get(..ADDRESS_START.len()).unwrap_or_default();
        if start.eq_ignore_ascii_case(ADDRESS_START) {
            return Ok(Self::Account(text.parse()?));
        }
        text.parse().map(Self::Name).map_err(PartyError::Name)
    }
}

impl fmt::Display for Party {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Account(account) => account.fmt(f),
            Self::Name(name) => name.fmt(f),
        }
    }
}
