//! Which addresses may be asked: what the operator wrote, and public hosts over HTTPS. Pure, but for
//! the resolver at the end, which looks names up and hands on only addresses that may be asked.

use std::collections::HashSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

use crate::config::Config;

/// What the operator allows beyond public hosts over HTTPS.
#[derive(Debug, Clone, Default)]
pub(super) struct Rules {
    /// Scheme, host and port of the configured addresses that name this machine or a private number
    /// outright: whoever writes `http://127.0.0.1:9000` means it, and that port only.
    origins: HashSet<url::Origin>,
    /// Hosts that are configured with http.
    plain: HashSet<String>,
    /// Hosts that may be at private addresses.
    private: HashSet<String>,
    /// What the others are asked by.
    proxy: Option<Url>,
}

impl Rules {
    pub(super) fn new(config: &Config) -> Self {
        let mut rules =
            Self { private: config.fetch.private_hosts.iter().map(|host| host.to_ascii_lowercase()).collect(), ..Self::default() };
        rules.proxy = config.fetch.proxy.as_ref().and_then(|proxy| proxy.expose().parse().ok());
        for url in config.source.values().flat_map(|source| source.addresses()).chain(config.hooks.ses.endpoint.as_ref()) {
            if url.scheme() == "http" {
                rules.plain.extend(url.host_str().map(str::to_owned));
            }
            if named_outright(url).is_some() {
                rules.origins.insert(url.origin());
            }
        }
        rules
    }

    /// Whether `url` may be asked, as far as it tells itself.
    pub(super) fn check(&self, url: &Url) -> Result<(), String> {
        let host = url.host_str().unwrap_or_default();
        let kind = named_outright(url).filter(|_| !self.origins.contains(&url.origin()) && !self.private.contains(host));
        match (kind, url.scheme()) {
            (Some(kind), _) => Err(format!("it is {kind}")),
            (None, "https") => Ok(()),
            (None, "http") if self.plain.contains(host) => Ok(()),
            (None, "http") => Err("it is not https".to_owned()),
            (None, other) => Err(format!("{other} is no scheme for sources")),
        }
    }

    /// The proxy by which `url` is asked, if any: what stands in the operator's own network is asked directly.
    pub(super) fn proxy_for(&self, url: &Url) -> Option<Url> {
        let is_inner = named_outright(url).is_some() || self.private.contains(url.host_str().unwrap_or_default());
        self.proxy.clone().filter(|_| !is_inner)
    }

    /// Where a redirect from `from` leads, if that may be followed: within the site, never from https back to
    /// http, and only to what may be asked at all.
    pub(super) fn follow(&self, from: &Url, location: &str) -> Result<Url, String> {
        let to = from.join(location).map_err(|error| format!("it redirects to {location:?}: {error}"))?;
        let leads = |why: &str| format!("it redirects to {to}: {why}");
        let (Some(here), Some(there)) = (from.host_str(), to.host_str()) else { return Err(leads("that is no host")) };
        if from.scheme() == "https" && to.scheme() != "https" {
            return Err(leads("that is not https any more"));
        }
        self.check(&to).map_err(|why| leads(&why))?;
        if !same_site(here, there) {
            return Err(leads("that is another site; write its address into the configuration if it is right"));
        }
        Ok(to)
    }
}

/// The kind of a host that is written as a number no stranger may send us to, or as `localhost`.
fn named_outright(url: &Url) -> Option<&'static str> {
    match url.host()? {
        Host::Ipv4(address) => unwelcome(address.into()),
        Host::Ipv6(address) => unwelcome(address.into()),
        Host::Domain(name) => is_within(name.trim_end_matches('.'), "localhost").then_some("this machine"),
    }
}

/// Whether `host` is `domain` or below it.
pub(super) fn is_within(host: &str, domain: &str) -> bool {
    host.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

/// Whether two hosts are of one owner, as far as their names tell: `feeds.a.org` and `www.a.org`.
fn same_site(one: &str, other: &str) -> bool {
    let is_number = |host: &str| host.starts_with('[') || host.parse::<Ipv4Addr>().is_ok();
    one == other || (!is_number(one) && !is_number(other) && site(one) == site(other))
}

/// The registered part of a name: two labels, or three below the likes of `ac.uk` and `com.au`.
fn site(host: &str) -> &str {
    const SHARED: [&str; 9] = ["ac", "co", "com", "edu", "go", "gov", "net", "or", "org"];
    let dots: Vec<usize> = host.trim_end_matches('.').rmatch_indices('.').map(|(at, _)| at).collect();
    let (Some(last), Some(second)) = (dots.first(), dots.get(1)) else { return host };
    let is_shared = host.len() - last == 3 && SHARED.contains(&&host[second + 1..*last]);
    match (is_shared, dots.get(2)) {
        (false, _) => &host[second + 1..],
        (true, Some(third)) => &host[third + 1..],
        (true, None) => host,
    }
}

/// Why `address` is not one of the public Internet (IANA's special-purpose registries, RFC 6890).
pub(super) fn unwelcome(address: IpAddr) -> Option<&'static str> {
    match address {
        IpAddr::V4(address) => unwelcome_v4(address),
        IpAddr::V6(address) => unwelcome_v6(address),
    }
}

fn unwelcome_v4(address: Ipv4Addr) -> Option<&'static str> {
    match address.octets() {
        [127, ..] => Some("this machine"),
        [169, 254, ..] => Some("a link-local address"),
        [10, ..] | [192, 168, ..] | [172, 16..=31, ..] => Some("a private address"),
        [100, 64..=127, ..] => Some("a provider's inner address"),
        [0, ..] | [192, 0, 0, _] | [192, 0, 2, _] | [192, 88, 99, _] | [198, 18..=19, ..] | [198, 51, 100, _] | [203, 0, 113, _] => {
            Some("a reserved address")
        }
        [224..=255, ..] => Some("a multicast or reserved address"),
        _ => None,
    }
}

fn unwelcome_v6(address: Ipv6Addr) -> Option<&'static str> {
    let [a, b, c, d, e, f, g, h] = address.segments();
    let v4 = |high: u16, low: u16| unwelcome_v4(Ipv4Addr::from((u32::from(high) << 16) | u32::from(low)));
    match (a, b) {
        (0, 0) if address.is_unspecified() => Some("a reserved address"),
        (0, 0) if address.is_loopback() => Some("this machine"),
        // IPv4 in other clothes: compatible, mapped, translated (RFC 6052), 6to4.
        (0, 0) if (c, d, e) == (0, 0, 0) && (f == 0 || f == 0xffff) => v4(g, h),
        (0x64, 0xff9b) if (c, d, e, f) == (0, 0, 0, 0) => v4(g, h),
        (0x2002, _) => v4(b, c),
        (0x64, 0xff9b) | (0x100, 0) | (0x2001, 0 | 0xdb8) => Some("a reserved address"),
        (0xfc00..=0xfdff, _) => Some("a private address"),
        (0xfe80..=0xfebf, _) => Some("a link-local address"),
        (0xfec0..=0xfeff, _) => Some("a private address"),
        (0xff00.., _) => Some("a multicast address"),
        _ => None,
    }
}

/// Looks names up and leaves out addresses that may not be asked. The connection is made to one of what
/// is left, so a name cannot change its mind in between.
pub(super) struct Resolver(pub(super) Arc<Rules>);

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let name = name.as_str().trim_end_matches('.').to_ascii_lowercase();
        // `localhost` comes here only when its port was found among the configured addresses.
        let is_proxy = self.0.proxy.as_ref().and_then(Url::host_str) == Some(name.as_str());
        let any = is_proxy || self.0.private.contains(&name) || is_within(&name, "localhost");
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let refused = found.iter().find_map(|address| unwelcome(address.ip()).map(|kind| (address.ip(), kind)));
            let kept: Vec<SocketAddr> = found.into_iter().filter(|address| any || unwelcome(address.ip()).is_none()).collect();
            match (kept.is_empty(), refused) {
                (true, Some((address, kind))) => {
                    Err(format!("{name} is at {address}, {kind}; name it in fetch.private_hosts if that is right").into())
                }
                _ => Ok(Box::new(kept.into_iter()) as Addrs),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_the_public_internet_are_welcome() {
        let check = |welcome: bool, addresses: &[&str]| {
            for address in addresses {
                assert_eq!(unwelcome(address.parse().unwrap()).is_none(), welcome, "{address}");
            }
        };
        check(true, &["1.1.1.1", "128.84.21.199", "172.15.0.1", "172.32.0.1", "100.63.0.1", "100.128.0.1", "223.255.255.1", "192.0.1.1"]);
        check(true, &["2606:4700::1111", "2a00::1", "64:ff9b::101:101", "::ffff:1.1.1.1", "2002:101:101::1"]);
        check(false, &["127.0.0.1", "127.9.9.9", "0.0.0.0", "0.1.2.3", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1"]);
        check(false, &["169.254.169.254", "100.64.0.1", "100.100.100.200", "192.0.0.192", "198.19.0.1", "203.0.113.9", "224.0.0.1"]);
        check(false, &["255.255.255.255", "::", "::1", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "::7f00:1", "64:ff9b::a00:1"]);
        check(false, &["2002:7f00:1::", "fd00:ec2::254", "fe80::1", "fec0::1", "ff02::1", "2001:db8::1", "2001::1", "100::1"]);
    }

    fn rules() -> Rules {
        let environment = [
            ("PAPERLARK_SOURCE_HUGGINGFACE_BASE_URL".to_owned(), "http://127.0.0.1:8000".to_owned()),
            ("PAPERLARK_FETCH_PRIVATE_HOSTS".to_owned(), "Papers.internal, 10.0.0.7".to_owned()),
        ];
        Rules::new(&crate::config::load(Some("/dev/null".as_ref()), environment).unwrap())
    }

    #[test]
    fn what_is_written_in_the_configuration_is_asked_and_https() {
        let check = |url: &str, expect: Option<&str>| {
            let result = rules().check(&url.parse().unwrap());
            assert_eq!(result.as_ref().err().map(String::as_str), expect, "{url}");
        };
        check("https://export.arxiv.org/api", None);
        check("http://export.arxiv.org/api", Some("it is not https"));
        check("http://127.0.0.1:8000/api", None);
        check("http://127.0.0.1:8001/api", Some("it is this machine"));
        check("https://127.0.0.1:8000/api", Some("it is this machine"));
        check("https://localhost/", Some("it is this machine"));
        check("https://a.localhost./", Some("it is this machine"));
        check("https://2130706433/", Some("it is this machine"));
        check("https://0x7f.1/", Some("it is this machine"));
        check("https://[::1]/", Some("it is this machine"));
        check("https://169.254.169.254/latest", Some("it is a link-local address"));
        check("https://10.0.0.7/", None);
        check("https://10.0.0.8/", Some("it is a private address"));
        check("ftp://a.org/", Some("ftp is no scheme for sources"));
        check("file:///etc/passwd", Some("file is no scheme for sources"));
    }

    #[test]
    fn only_what_is_outside_is_asked_by_the_proxy() {
        let check = |url: &str, by_proxy: bool| {
            let rules = Rules { proxy: "http://proxy.internal:3128".parse().ok(), ..rules() };
            assert_eq!(rules.proxy_for(&url.parse().unwrap()).is_some(), by_proxy, "{url}");
            assert_eq!(Rules { proxy: None, ..rules }.proxy_for(&url.parse().unwrap()), None);
        };
        check("https://export.arxiv.org/", true);
        check("http://1.1.1.1/", true);
        check("http://127.0.0.1:8000/", false);
        check("https://papers.internal/", false);
        check("https://10.0.0.7/", false);
    }

    #[test]
    fn redirects_stay_within_the_site_and_never_go_back_to_http() {
        let check = |from: &str, to: &str, expect: Result<&str, &str>| {
            let result = rules().follow(&from.parse().unwrap(), to);
            match (result, expect) {
                (Ok(url), Ok(expect)) => assert_eq!(url.as_str(), expect),
                (Err(why), Err(expect)) => assert!(why.contains(expect), "{why} / {expect}"),
                (result, expect) => panic!("{from} → {to}: {result:?} / {expect:?}"),
            }
        };
        check("https://a.org/x", "/y?z", Ok("https://a.org/y?z"));
        check("https://a.org/x", "//www.a.org/", Ok("https://www.a.org/"));
        check("https://feeds.a.org/x", "https://journals.a.org/x", Ok("https://journals.a.org/x"));
        check("https://rss.a.ac.uk/x", "https://www.a.ac.uk/x", Ok("https://www.a.ac.uk/x"));
        check("https://a.ac.uk/x", "https://b.ac.uk/x", Err("another site"));
        check("https://a.org/x", "https://b.org/", Err("another site"));
        check("https://a.org/x", "https://nota.org/", Err("another site"));
        check("https://a.org/x", "http://a.org/", Err("not https any more"));
        check("https://a.org/x", "https://169.254.169.254/", Err("link-local"));
        check("http://127.0.0.1:8000/x", "/y", Ok("http://127.0.0.1:8000/y"));
        check("http://127.0.0.1:8000/x", "http://127.0.0.1:8001/y", Err("this machine"));
        check("http://127.0.0.1:8000/x", "http://localhost:8000/y", Err("this machine"));
        check("http://127.0.0.1:8000/x", "http://169.254.169.254/latest", Err("link-local"));
        check("http://127.0.0.1:8000/x", "https://169.254.169.254/latest", Err("link-local"));
        check("https://a.org/x", "https://", Err("empty host"));
    }
}
