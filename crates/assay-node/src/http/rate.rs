//! How much one address may ask for: a token bucket each (`governor`'s GCRA).
//!
//! A request costs one token, and one more for every [`TOKEN_BYTES`] of the body it announces, so that a
//! full batch of transactions costs what verifying it is worth. Who counts as one address is [`peer_of`]'s to say.
//!
//! Loopback is not limited unless asked for: the programs of the node's own machine are its operator's. A
//! reverse proxy on that machine makes everybody loopback and must limit by itself.

use super::Refusal;
use assay_api::{BATCH_BYTES_MAX, ProblemCode};
use assay_http::{Peer, peer_of};
use axum::{
    extract::{Request, State},
    http::{HeaderValue, Method, header},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use governor::{
    Quota, RateLimiter,
    clock::{Clock as _, DefaultClock},
    state::keyed::HashMapStateStore,
};
use std::{
    net::IpAddr,
    num::NonZeroU32,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

/// Bytes of a body that cost a token more.
const TOKEN_BYTES: u64 = 64 * 1024;
/// Seconds' worth of tokens that an address can save up.
const BURST_SECONDS: NonZeroU32 = NonZeroU32::new(10).unwrap();
/// Requests between two sweeps of the addresses that were not heard of for long: with a few dozen bytes
/// each, what collects between them is small.
const SWEEP_REQUESTS: u32 = 4_096;

/// How much one address may ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimit {
    /// Tokens that an address gets each second.
    pub tokens_per_second: NonZeroU32,
    /// Most tokens it can save up.
    pub burst: NonZeroU32,
    /// Whether loopback addresses are limited too.
    pub loopback: bool,
}

impl RateLimit {
    /// So many tokens a second, and `BURST_SECONDS` seconds' worth at once; loopback is free.
    pub const fn per_second(tokens_per_second: NonZeroU32) -> Self {
        Self {
            tokens_per_second,
            burst: tokens_per_second.saturating_mul(BURST_SECONDS),
            loopback: false,
        }
    }
}

impl Default for RateLimit {
    /// A hundred requests a second: a page of an explorer asks for some dozens, a buyer with a thousand orders
    /// for one each. Seven full batches of transactions at once.
    fn default() -> Self {
        Self::per_second(const { NonZeroU32::new(100).unwrap() })
    }
}

/// The buckets.
pub(crate) struct Limiter {
    limit: RateLimit,
    buckets: RateLimiter<IpAddr, HashMapStateStore<IpAddr>, DefaultClock>,
    requests: AtomicU32,
}

impl Limiter {
    pub(crate) fn new(limit: RateLimit) -> Self {
        let quota = Quota::per_second(limit.tokens_per_second).allow_burst(limit.burst);
        Self {
            limit,
            buckets: RateLimiter::hashmap(quota),
            requests: AtomicU32::new(0),
        }
    }

    /// Takes `tokens` from the bucket of `address`; otherwise tells how many seconds to wait.
    fn take(&self, address: IpAddr, tokens: u32) -> Result<(), u64> {
        let address = peer_of(address);
        if address.is_loopback() && !self.limit.loopback {
            return Ok(());
        }
        if self.requests.fetch_add(1, Ordering::Relaxed) % SWEEP_REQUESTS == SWEEP_REQUESTS - 1 {
            self.buckets.retain_recent();
        }
        let tokens = NonZeroU32::new(tokens).unwrap_or(NonZeroU32::MIN);
        let taken = self
            .buckets
            .check_key_n(&address, tokens.min(self.limit.burst));
        let Ok(Err(not_until)) = taken else {
            return Ok(());
        };
        let wait = not_until.wait_time_from(DefaultClock::default().now());
        Err(wait.as_secs().saturating_add(1))
    }
}

/// The price of a request. A body of unknown length costs as the largest batch.
fn price(request: &Request) -> u32 {
    if matches!(
        *request.method(),
        Method::GET | Method::HEAD | Method::OPTIONS
    ) {
        return 1;
    }
    let headers = request.headers();
    let announced = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.parse::<u64>().ok());
    let bytes = match announced {
        Some(bytes) => bytes,
        None if headers.contains_key(header::TRANSFER_ENCODING) => BATCH_BYTES_MAX as u64,
        None => 0,
    };
    u32::try_from(1 + bytes / TOKEN_BYTES).unwrap_or(u32::MAX)
}

/// The middleware.
pub(crate) async fn limit(
    State(limiter): State<Arc<Limiter>>,
    request: Request,
    next: Next,
) -> Response {
    let peer = request.extensions().get::<Peer>().copied();
    let taken = peer.map_or(Ok(()), |Peer(address)| {
        limiter.take(address, price(&request))
    });
    let Err(seconds) = taken else {
        return next.run(request).await;
    };
    let refusal = Refusal::new(
        ProblemCode::RateLimited,
        "too many requests from this address",
        format!("wait {seconds} s; send transactions in batches and follow the event stream"),
    );
    let mut response = refusal.into_response();
    let headers = response.headers_mut();
    headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limiter(loopback: bool) -> Limiter {
        Limiter::new(RateLimit {
            tokens_per_second: NonZeroU32::MIN,
            burst: NonZeroU32::new(3).unwrap(),
            loopback,
        })
    }

    #[test]
    fn an_address_has_its_own_bucket() {
        let limiter = limiter(false);
        let one: IpAddr = "203.0.113.1".parse().unwrap();
        let two: IpAddr = "203.0.113.2".parse().unwrap();
        assert_eq!(limiter.take(one, 2), Ok(()));
        assert_eq!(limiter.take(one, 1), Ok(()));
        assert!(matches!(limiter.take(one, 1), Err(1..=3)));
        assert_eq!(limiter.take(two, 99), Ok(()), "never more than a bucket");
        assert!(limiter.take(two, 1).is_err());
    }

    #[test]
    fn a_network_of_addresses_is_one_and_loopback_is_free() {
        let limiter = limiter(false);
        let take = |text: &str| limiter.take(text.parse().unwrap(), 3);
        assert_eq!(take("2001:db8::1"), Ok(()));
        assert!(take("2001:db8::2").is_err(), "the same /64");
        assert_eq!(take("2001:db8:0:1::2"), Ok(()), "another");
        assert_eq!(take("198.51.100.1"), Ok(()));
        assert!(take("::ffff:198.51.100.1").is_err(), "the same, mapped");
        for _ in 0..9 {
            assert_eq!(take("127.0.0.1"), Ok(()));
            assert_eq!(take("::1"), Ok(()));
        }
        let strict = super::tests::limiter(true);
        assert_eq!(strict.take("127.0.0.1".parse().unwrap(), 3), Ok(()));
        assert!(strict.take("127.0.0.1".parse().unwrap(), 1).is_err());
    }

    #[test]
    fn long_bodies_cost_more() {
        let request = |method: Method, name: header::HeaderName, value: &str| {
            let request = Request::builder().method(method).header(name, value);
            price(&request.body(axum::body::Body::empty()).unwrap())
        };
        let len = header::CONTENT_LENGTH;
        assert_eq!(request(Method::GET, len.clone(), "9999999"), 1);
        assert_eq!(request(Method::POST, len.clone(), "300"), 1);
        assert_eq!(request(Method::POST, len.clone(), "8388608"), 129);
        assert_eq!(
            request(Method::PUT, len, "many"),
            1,
            "the server refuses it"
        );
        let chunked = header::TRANSFER_ENCODING;
        assert_eq!(request(Method::POST, chunked, "chunked"), 129);
    }
}
