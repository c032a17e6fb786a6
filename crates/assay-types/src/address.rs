//! Where the key of a slot can be asked: the beginning of an HTTP address.
//!
//! Invariant: one place, one spelling. Only what asking needs is in it: scheme, host and port; no path, no query, no
//! credentials. It is the claim of whoever publishes it.

use bytes::BufMut;
use commonware_codec::{Buf, EncodeSize, Error, RangeCfg, Read, ReadExt as _, Write};
use std::{fmt, str::FromStr};

/// Longest address.
pub const MINER_ADDRESS_BYTES_MAX: usize = 128;

/// `http://host:port` or `https://host:port`, the port left out where it is the scheme's own.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MinerAddress(String);

/// Text that is no such address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no address of a miner: {reason}; write http://host:port or https://host:port")]
pub struct MinerAddressError {
    /// What was read, shortened.
    pub text: String,
    /// What is wrong with it.
    pub reason: &'static str,
}

impl MinerAddress {
    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn checked(text: &str) -> Result<Self, &'static str> {
        if text.len() > MINER_ADDRESS_BYTES_MAX {
            return Err("it is too long");
        }
        let (rest, own_port) = match (text.strip_prefix("http://"), text.strip_prefix("https://")) {
            (Some(rest), _) => (rest, 80),
            (_, Some(rest)) => (rest, 443),
            _ => return Err("it begins with neither http:// nor https://"),
        };
        let (host, port) = match rest.strip_prefix('[') {
            Some(inner) => {
                let (host, port) = inner.split_once(']').ok_or("a bracket is left open")?;
                let host: std::net::Ipv6Addr = host
                    .parse()
                    .map_err(|_| "there is no IPv6 address in the brackets")?;
                (format!("[{host}]"), port)
            }
            None => {
                let end = rest.find(':').unwrap_or(rest.len());
                let (host, port) = rest.split_at(end);
                (host.to_owned(), port)
            }
        };
        if !host.starts_with('[') {
            is_host(&host)?;
        }
        if !port.is_empty() {
            let digits = port.strip_prefix(':').ok_or("something follows the host")?;
            let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
            let port: u16 = digits
                .parse()
                .ok()
                .filter(|port| plain && *port > 0 && !digits.starts_with('0'))
                .ok_or("something other than a port follows the host")?;
            if port == own_port {
                return Err("its port is the scheme's own; leave it out");
            }
        }
        let same = rest == format!("{host}{port}");
        same.then(|| Self(text.to_owned()))
            .ok_or("its IPv6 address is not in its shortest form")
    }
}

/// Lower-case labels of letters, digits and dashes between dots; an IPv4 address is one, too.
fn is_host(host: &str) -> Result<(), &'static str> {
    let label = |label: &str| {
        let allowed = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
        (1..=63).contains(&label.len())
            && label.bytes().all(allowed)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let good = host.split('.').all(label);
    good.then_some(())
        .ok_or("its host is not lower-case letters, digits, dashes and dots")
}

impl FromStr for MinerAddress {
    type Err = MinerAddressError;
    fn from_str(text: &str) -> Result<Self, MinerAddressError> {
        Self::checked(text).map_err(|reason| MinerAddressError {
            text: text.chars().take(MINER_ADDRESS_BYTES_MAX).collect(),
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
        let len = self.0.len();
        len.encode_size().saturating_add(len)
    }
}

impl Read for MinerAddress {
    type Cfg = ();
    fn read_cfg(buf: &mut impl Buf, _: &()) -> Result<Self, Error> {
        let len = usize::read_cfg(buf, &RangeCfg::from(0..=MINER_ADDRESS_BYTES_MAX))?;
        let mut bytes = Vec::with_capacity(len);
        for _ in 0..len {
            bytes.push(u8::read(buf)?);
        }
        let text = String::from_utf8(bytes)
            .map_err(|_| Error::Invalid("MinerAddress", "it is not UTF-8"))?;
        Self::checked(&text).map_err(|reason| Error::Invalid("MinerAddress", reason))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{decode, encode};

    fn check(text: &str, expected: Result<(), &str>) {
        let parsed: Result<MinerAddress, _> = text.parse();
        match (parsed, expected) {
            (Ok(address), Ok(())) => {
                assert_eq!(address.as_str(), text);
                let again: MinerAddress = decode(&encode(&address)).unwrap();
                assert_eq!(again, address);
            }
            (Err(error), Err(reason)) => assert!(error.reason.contains(reason), "{error}"),
            (parsed, _) => panic!("{text}: {parsed:?}"),
        }
        // The decoder takes what the parser takes, and nothing else.
        let bytes = encode(&text.as_bytes().to_vec());
        assert_eq!(
            decode::<MinerAddress>(&bytes).is_ok(),
            expected.is_ok(),
            "{text}"
        );
    }

    #[test]
    fn an_address_has_a_scheme_a_host_and_maybe_a_port() {
        for good in [
            "http://localhost",
            "http://127.0.0.1:8080",
            "https://miner-7.example.org",
            "https://miner.example:8443",
            "http://[::1]:9000",
        ] {
            check(good, Ok(()));
        }
        check("", Err("neither"));
        check("ftp://host", Err("neither"));
        check("HTTP://host", Err("neither"));
        check("http://", Err("its host"));
        check("http://Host", Err("its host"));
        check("http://-host", Err("its host"));
        check("http://a..b", Err("its host"));
        check("http://user@host", Err("its host"));
        check("http://host/", Err("its host"));
        check("http://host?x", Err("its host"));
        check("http://host:", Err("a port"));
        check("http://host:0", Err("a port"));
        check("http://host:080", Err("a port"));
        check("http://host:65536", Err("a port"));
        check("http://host:+8", Err("a port"));
        check("http://host:80/x", Err("a port"));
        check("http://host:80", Err("leave it out"));
        check("https://host:443", Err("leave it out"));
        check("http://[::1", Err("bracket"));
        check("http://[host]", Err("IPv6"));
        check("http://[0:0::1]", Err("shortest"));
        check("http://[::1]x", Err("follows"));
        check(&format!("http://{}", "a".repeat(128)), Err("too long"));
    }
}
