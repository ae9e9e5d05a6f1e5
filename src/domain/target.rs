//! Which URLs from outside may be called (P9): those of the public web, and nothing of ours.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use reqwest::Url;

/// Why a URL from outside may not be called. Its words name no URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.as_str())]
pub enum Unfit {
    NoUrl,
    /// Neither http nor https.
    Scheme,
    Credentials,
    /// An address that is not public. Names are looked at when they are resolved.
    Private,
}

impl Unfit {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NoUrl => "no URL",
            Self::Scheme => "neither http nor https",
            Self::Credentials => "a URL with credentials",
            Self::Private => "a private address",
        }
    }
}

/// A URL from outside that may be called, as far as can be seen without resolving its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target(String);

impl Target {
    /// `allow_private` lets it lead to private addresses, too.
    ///
    /// # Errors
    /// Why it may not be called.
    pub fn new(url: &str, allow_private: bool) -> Result<Self, Unfit> {
        vet(&Url::parse(url).map_err(|_| Unfit::NoUrl)?, allow_private)?;
        Ok(Self(url.to_owned()))
    }

    pub fn into_string(self) -> String {
        self.0
    }
}

/// Whether a URL from outside may be called.
///
/// # Errors
/// Why not.
pub fn vet(url: &Url, allow_private: bool) -> Result<(), Unfit> {
    let host = url.host_str().unwrap_or_default();
    match url.scheme() {
        "http" | "https" if !url.username().is_empty() || url.password().is_some() => Err(Unfit::Credentials),
        "http" | "https" if !allow_private && is_private_literal(host) => Err(Unfit::Private),
        "http" | "https" => Ok(()),
        _ => Err(Unfit::Scheme),
    }
}

/// Whether the host is an address, not a name, and not a public one. Addresses are not resolved.
fn is_private_literal(host: &str) -> bool {
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    bare.parse().is_ok_and(|address: IpAddr| !is_public(address))
}

/// Whether an address is one of the public internet (IANA's special-purpose registries).
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    !matches!(
        address.octets(),
        // This network, private use, carrier-grade NAT, loopback, link-local.
        [0 | 10 | 127, ..] | [100, 64..=127, ..] | [169, 254, ..] | [172, 16..=31, ..] | [192, 168, ..]
        // Protocol assignments, 6to4 relays, documentation, benchmarking.
        | [192, 0, 0 | 2, _] | [192, 88, 99, _] | [198, 18 | 19, ..] | [198, 51, 100, _] | [203, 0, 113, _]
        // Multicast, reserved, broadcast.
        | [224..=255, ..]
    )
}

/// Only global unicast (2000::/3), without what in it is documentation, a protocol's own, or an IPv4 address in
/// disguise.
fn is_public_v6(address: Ipv6Addr) -> bool {
    if let Some(mapped) = address.to_ipv4_mapped() {
        return is_public_v4(mapped);
    }
    match address.segments() {
        // NAT64 carries an IPv4 address at its end.
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => is_public_v4(v4(high, low)),
        // 6to4 carries one at its beginning.
        [0x2002, high, low, ..] => is_public_v4(v4(high, low)),
        // Teredo, benchmarking, ORCHID and others of 2001::/23; documentation.
        [0x2001, 0..=0x1ff, ..] | [0x2001, 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => false,
        [first, ..] => first & 0xe000 == 0x2000,
    }
}

fn v4(high: u16, low: u16) -> Ipv4Addr {
    Ipv4Addr::from((u32::from(high) << 16) | u32::from(low))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p9_only_addresses_of_the_public_internet_are_public() {
        for address in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "127.0.0.1",
            "127.9.9.9",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.51.100.7",
            "203.0.113.9",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::127.0.0.1",
            "64:ff9b::10.0.0.1",
            "2002:7f00:1::",
            "2001::1",
            "2001:db8::1",
            "3fff::1",
            "fc00::1",
            "fd12:3456::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "100::1",
        ] {
            assert!(!is_public(address.parse().unwrap()), "{address}");
        }
        for address in [
            "1.1.1.1",
            "100.63.255.255",
            "100.128.0.1",
            "172.32.0.1",
            "193.0.0.1",
            "2606:4700::1111",
            "2a00:1450::200e",
            "::ffff:8.8.8.8",
            "64:ff9b::8.8.8.8",
        ] {
            assert!(is_public(address.parse().unwrap()), "{address}");
        }
        assert!(is_private_literal("[::1]") && is_private_literal("127.0.0.1"));
        assert!(!is_private_literal("example.com") && !is_private_literal("[2606:4700::1111]"));
    }
}
