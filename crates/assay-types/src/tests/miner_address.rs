use super::{examples, fixtures::check_wire};
use crate::{MINER_ADDRESS_BYTES_MAX, MinerAddress, decode, encode};

/// The bytes that would stand for `text` if it were an address.
fn bytes(text: &str) -> Vec<u8> {
    let mut bytes = encode(&text.len());
    bytes.extend_from_slice(text.as_bytes());
    bytes
}

fn check_good(text: &str) {
    let address: MinerAddress = text.parse().expect(text);
    assert_eq!(address.as_str(), text);
    assert_eq!(address.to_string(), text);
    assert_eq!(encode(&address), bytes(text));
    assert_eq!(decode::<MinerAddress>(&bytes(text)).ok(), Some(address));
}

fn check_bad(text: &str, reason: &str) {
    let error = text.parse::<MinerAddress>().expect_err(text);
    assert!(error.reason.contains(reason), "{text}: {error}");
    assert!(decode::<MinerAddress>(&bytes(text)).is_err(), "{text:?}");
}

/// An address of `len` bytes.
fn of_length(len: usize) -> String {
    let labels = format!("{0}.{0}", "a".repeat(40));
    let text = format!("http://{labels}.:80");
    text.replace(".:", &format!(".{}:", "b".repeat(len - text.len())))
}

#[test]
fn an_address_is_scheme_host_and_port() {
    for text in [
        "http://127.0.0.1:8091",
        "http://203.0.113.7:1",
        "https://miner.example.org:443",
        "http://localhost:65535",
        "http://a:80",
        "http://3com.4you.a1:80",
        "http://xn--mller-kva.example:80",
        "http://[::1]:80",
        "http://[2001:db8::2:1]:8091",
        "http://[::ffff]:8091",
    ] {
        check_good(text);
    }
    check_good(&of_length(MINER_ADDRESS_BYTES_MAX));
    let encrypted: MinerAddress = "https://miner.example.org:443".parse().expect("one");
    let plain: MinerAddress = "http://miner.example.org:443".parse().expect("one");
    assert!(encrypted.is_encrypted() && !plain.is_encrypted());
}

#[test]
fn everything_else_is_refused() {
    for (text, reason) in [
        ("", "begin with"),
        ("miner.example.org:80", "begin with"),
        ("ftp://a:80", "begin with"),
        ("HTTP://a:80", "begin with"),
        (" http://a:80", "begin with"),
        ("http:/a:80", "begin with"),
        ("http://user@a:80", "credentials"),
        ("http://user:word@a:80", "credentials"),
        ("http://a:80/", "follows the port"),
        ("http://a:80/v1/ask", "follows the port"),
        ("http://a:80?x", "follows the port"),
        ("http://a:80#x", "follows the port"),
        ("http://a", "no port"),
        ("http://a:", "port"),
        ("http://a:0", "port"),
        ("http://a:080", "port"),
        ("http://a:+80", "port"),
        ("http://a:65536", "port"),
        ("http://a:80 ", "port"),
        ("http://a:８０", "port"),
        ("http://:80", "host"),
        ("http://A:80", "host"),
        ("http://a.:80", "host"),
        ("http://.a:80", "host"),
        ("http://a..b:80", "host"),
        ("http://-a:80", "host"),
        ("http://a-:80", "host"),
        ("http://a_b:80", "host"),
        ("http://a b:80", "host"),
        ("http://a\nb:80", "host"),
        ("http://a%2eb:80", "host"),
        ("http://a\\b:80", "host"),
        ("http://müller:80", "host"),
        ("http://127.0.0.1.:80", "host"),
        ("http://127.1:80", "IPv4"),
        ("http://2130706433:80", "IPv4"),
        ("http://127.0.0.01:80", "IPv4"),
        ("http://256.0.0.1:80", "IPv4"),
        ("http://127.0.0.0x1:80", "IPv4"),
        ("http://[::1:80", "bracket"),
        ("http://[::1]]:80", "IPv6"),
        ("http://[::g]:80", "IPv6"),
        ("http://[fe80::1%eth0]:80", "IPv6"),
        ("http://[0:0:0:0:0:0:0:1]:80", "shortest"),
        ("http://[2001:DB8::1]:80", "shortest"),
        ("http://[::ffff:127.0.0.1]:80", "shortest"),
        ("http://[::ffff:7f00:1]:80", "shortest"),
    ] {
        check_bad(text, reason);
    }
    check_bad(&of_length(MINER_ADDRESS_BYTES_MAX + 1), "128 bytes");
    let label = "a".repeat(64);
    check_bad(&format!("http://{label}:80"), "host");
    check_bad(&"x".repeat(1_000), "128 bytes");
}

#[test]
fn bytes_are_frozen() {
    check_wire("miner_address_v1.hex", &examples::miner_addresses());
}

#[test]
fn an_error_says_what_to_write() {
    let error = "http://a".parse::<MinerAddress>().expect_err("no port");
    insta::assert_snapshot!(error, @"`http://a` is not a miner's address: it names no port; write scheme, host and port in small letters, like http://203.0.113.7:8091 or https://miner.example.org:443");
    let long = "ä".repeat(1_000).parse::<MinerAddress>().expect_err("long");
    assert_eq!(long.text.chars().count(), 200);
}
