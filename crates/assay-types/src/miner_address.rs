//! Where a miner of a topic is asked: `http://203.0.113.7:8091`, `https://miner.example.org:443`.
//!
//! Invariant: a [`MinerAddress`] is scheme, host and port and nothing else, and there is one spelling: no
//! capitals, no default port, no zeros in front, no slash at the end. Whoever it is handed to therefore reads
//! the same host out of it, and equal addresses have equal bytes. A host is a name of the DNS whose last
//! label begins with a letter (others are read as numbers by some), an IPv4 address of four decimal numbers,
//! or an IPv6 address in brackets as RFC 5952 spells it, without dots.
//!
//! What lies behind an address is the miner's word: it may be a machine of the asker's own network.

use bytes::BufMut;
use commonware_codec::{Buf, EncodeSize, Error, RangeCfg, Read, ReadExt, Write};
use std::{
    fmt,
    net::{Ipv4Addr, Ipv6Addr},
    str::FromStr,
};

/// Longest address, in bytes: a long host name with its scheme and port, and cheap to keep for every slot.
pub const MINER_ADDRESS_BYTES_MAX: usize = 128;
/// Longest label of a host name, in bytes (RFC 1035).
const LABEL_BYTES_MAX: usize = 63;
const HTTP: &str = "http://";
const HTTPS: &str = "https://";

/// Where a miner listens: scheme, host and port.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MinerAddress(Box<str>);

/// Text that is not a miner's address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{text}` is not a miner's address: {reason}; write scheme, host and port in small letters, like http://203.0.113.7:8091 or https://miner.example.org:443"
)]
pub struct MinerAddressError {
    /// What was given, at most its first 200 characters.
    pub text: String,
    /// What is wrong with it.
    pub reason: &'static str,
}

impl MinerAddress {
    /// The address as it is written, without a slash at its end.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether its scheme is `https`.
    pub fn is_encrypted(&self) -> bool {
        self.0.starts_with(HTTPS)
    }

    fn read(text: &str) -> Result<Self, &'static str> {
        if text.len() > MINER_ADDRESS_BYTES_MAX {
            return Err("it has more than 128 bytes");
        }
        let rest = text
            .strip_prefix(HTTP)
            .or_else(|| text.strip_prefix(HTTPS))
            .ok_or("it does not begin with http:// or https://")?;
        if rest.contains('@') {
            return Err("it holds credentials");
        }
        if rest.contains(['/', '?', '#']) {
            return Err("something follows the port");
        }
        let (host, port) = rest.rsplit_once(':').ok_or("it names no port")?;
        check_port(port)?;
        check_host(host)?;
        Ok(Self(text.into()))
    }
}

fn check_port(text: &str) -> Result<(), &'static str> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits || text.starts_with('0') || text.parse::<u16>().is_err() {
        return Err("its port is not a number from 1 to 65535");
    }
    Ok(())
}

fn check_host(host: &str) -> Result<(), &'static str> {
    if let Some(inner) = host.strip_prefix('[') {
        let inner = inner
            .strip_suffix(']')
            .ok_or("its host lacks a closing bracket")?;
        let address: Ipv6Addr = inner
            .parse()
            .map_err(|_| "its host is not an IPv6 address")?;
        if inner.contains('.') || address.to_string() != inner {
            return Err("its IPv6 address is not in the shortest spelling without dots");
        }
        return Ok(());
    }
    let last = host.rsplit('.').next().unwrap_or_default();
    if last.starts_with(|first: char| first.is_ascii_digit()) {
        // The parser of the standard library takes four decimal numbers without leading zeros alone.
        return host
            .parse::<Ipv4Addr>()
            .map(|_| ())
            .map_err(|_| "its host ends in a number and is not an IPv4 address");
    }
    if host.split('.').all(is_label) {
        Ok(())
    } else {
        Err("its host is not a name of a–z, 0–9, - and dots, nor an IP address")
    }
}

fn is_label(label: &str) -> bool {
    let allowed = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
    (1..=LABEL_BYTES_MAX).contains(&label.len())
        && label.bytes().all(allowed)
        && !label.starts_with('-')
        && !label.ends_with('-')
}

impl FromStr for MinerAddress {
    type Err = MinerAddressError;
    fn from_str(text: &str) -> Result<Self, MinerAddressError> {
        Self::read(text).map_err(|reason| MinerAddressError {
            text: text.chars().take(200).collect(),
            reason,
        })
    }
}

impl fmt::Display for MinerAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for MinerAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MinerAddress({self})")
    }
}

impl Write for MinerAddress {
    fn write(&self, buf: &mut impl BufMut) {
        self.0.len().write(buf);
        buf.put_slice(self.0.as_bytes());
    }
}

impl EncodeSize for MinerAddress {
    fn encode_size(&self) -> usize {
        self.0.len().encode_size().saturating_add(self.0.len())
    }
}

impl Read for MinerAddress {
    type Cfg = ();
    fn read_cfg(buf: &mut impl Buf, _: &()) -> Result<Self, Error> {
        let len = usize::read_cfg(buf, &RangeCfg::from(0..=MINER_ADDRESS_BYTES_MAX))?;
        let mut bytes = [0u8; MINER_ADDRESS_BYTES_MAX];
        for byte in bytes.iter_mut().take(len) {
            *byte = u8::read(buf)?;
        }
        let text = std::str::from_utf8(bytes.get(..len).unwrap_or_default())
            .map_err(|_| Error::Invalid("MinerAddress", "it is not UTF-8"))?;
        Self::read(text).map_err(|reason| Error::Invalid("MinerAddress", reason))
    }
}
