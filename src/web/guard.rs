//! What protects visitors and the mail relay: headers of every answer, limits on sign-ups.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::num::NonZeroU32;
use std::sync::Arc;

use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use governor::{DefaultDirectRateLimiter, DefaultKeyedRateLimiter, Quota, RateLimiter};

use super::Web;
use crate::config::Signup;

/// Nothing but our own style, script and pictures; no frame around us. Tokens stand in addresses, so
/// no other site learns where a visitor came from.
const HEADERS: [(&str, &str); 6] = [
    (
        "content-security-policy",
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    ),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-opener-policy", "same-origin"),
    ("permissions-policy", "camera=(), geolocation=(), microphone=(), interest-cohort=()"),
];

/// Sets the headers of every answer.
pub(super) async fn headers(State(web): State<Web>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let set = response.headers_mut();
    for (name, value) in HEADERS {
        set.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    if web.app.config.site.base_url.scheme() == "https" {
        set.insert("strict-transport-security", HeaderValue::from_static("max-age=31536000"));
    }
    response
}

/// Sign-ups in an hour: from one network, for one mail domain, and in all. Searches in a minute from one network.
#[derive(Clone)]
pub(super) struct Guard(Arc<Limits>);

struct Limits {
    network: DefaultKeyedRateLimiter<IpAddr>,
    domain: DefaultKeyedRateLimiter<String>,
    all: DefaultDirectRateLimiter,
    searches: DefaultKeyedRateLimiter<IpAddr>,
}

/// Forget idle networks and domains after so many sign-ups, to keep memory flat.
const TIDY_EVERY: u32 = 1_000;

impl Guard {
    pub(super) fn new(limits: &Signup, searches_per_minute: NonZeroU32) -> Self {
        let quota = |per_hour: u32| Quota::per_hour(NonZeroU32::new(per_hour).unwrap_or(NonZeroU32::MIN));
        Self(Arc::new(Limits {
            network: RateLimiter::keyed(quota(limits.per_network)),
            domain: RateLimiter::keyed(quota(limits.per_domain)),
            all: RateLimiter::direct(quota(limits.per_hour)),
            searches: RateLimiter::keyed(Quota::per_minute(searches_per_minute)),
        }))
    }

    /// Whether one more sign-up is within the limits; counts it.
    pub(super) fn allows(&self, visitor: IpAddr, mail_domain: &str) -> bool {
        let limits = &self.0;
        if u32::try_from(limits.network.len() + limits.domain.len()).unwrap_or(u32::MAX) > TIDY_EVERY {
            limits.network.retain_recent();
            limits.domain.retain_recent();
        }
        limits.network.check_key(&network(visitor)).is_ok()
            && limits.domain.check_key(&mail_domain.to_owned()).is_ok()
            && limits.all.check().is_ok()
    }
}

impl Guard {
    /// Whether one more search is within the limit; counts it.
    pub(super) fn allows_search(&self, visitor: IpAddr) -> bool {
        let searches = &self.0.searches;
        if u32::try_from(searches.len()).unwrap_or(u32::MAX) > TIDY_EVERY {
            searches.retain_recent();
        }
        searches.check_key(&network(visitor)).is_ok()
    }
}

/// Who asks: the peer, or whom a trusted proxy names last in X-Forwarded-For.
pub(super) fn visitor(web: &Web, peer: ConnectInfo<SocketAddr>, headers: &HeaderMap) -> IpAddr {
    let forwarded = || headers.get_all("x-forwarded-for").iter().next_back()?.to_str().ok()?.rsplit(',').next()?.trim().parse().ok();
    let named = if web.app.config.web.trust_forwarded_for { forwarded() } else { None };
    named.unwrap_or(peer.0.ip())
}

/// The network that one household or firm has to itself: /24, or /48 of IPv6.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => {
            let [a, b, c, _] = address.octets();
            Ipv4Addr::new(a, b, c, 0).into()
        }
        IpAddr::V6(address) => {
            let [a, b, c, ..] = address.segments();
            Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0).into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_share_a_network() {
        let check = |address: &str, expect: &str| assert_eq!(network(address.parse().unwrap()).to_string(), expect);
        check("192.0.2.77", "192.0.2.0");
        check("::ffff:192.0.2.77", "192.0.2.0");
        check("2001:db8:1:2:3:4:5:6", "2001:db8:1::");
    }

    #[test]
    fn a_network_that_signs_up_too_often_is_stopped_and_others_are_not() {
        let guard = Guard::new(
            &Signup { confirmations_per_day: 1, confirmations_ever: 3, per_network: 2, per_domain: 10, per_hour: 10 },
            NonZeroU32::MIN,
        );
        let (one, other): (IpAddr, IpAddr) = ("192.0.2.1".parse().unwrap(), "198.51.100.1".parse().unwrap());
        assert!(guard.allows(one, "example.org"));
        assert!(guard.allows(one, "example.net"));
        assert!(!guard.allows(one, "example.com"));
        assert!(guard.allows(other, "example.org"));
        assert!(guard.allows_search(one) && !guard.allows_search(one) && guard.allows_search(other));
    }
}
