//! Networks of addresses, as settings name them.

use std::net::IpAddr;
use std::str::FromStr;

/// A network of addresses; an address by itself is a network of one.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Network {
    base: IpAddr,
    /// So many bits at the start are the same in all its addresses.
    bits: u32,
}

/// Why a text names no network.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("this is neither an address nor a network: write it like 10.0.0.10 or 10.244.0.0/16")]
pub struct NoNetwork;

impl Network {
    /// Whether an address is in it, whichever way an IPv4 address is written.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let same = match (self.base, address.to_canonical()) {
            (IpAddr::V4(base), IpAddr::V4(address)) => {
                (base.to_bits() ^ address.to_bits()).leading_zeros()
            }
            (IpAddr::V6(base), IpAddr::V6(address)) => {
                (base.to_bits() ^ address.to_bits()).leading_zeros()
            }
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => return false,
        };
        same >= self.bits
    }
}

impl FromStr for Network {
    type Err = NoNetwork;

    fn from_str(text: &str) -> Result<Self, NoNetwork> {
        let text = text.trim();
        let (base, bits) = match text.split_once('/') {
            Some((base, bits)) => (base, Some(bits)),
            None => (text, None),
        };
        let base: IpAddr = base.parse().map_err(|_| NoNetwork)?;
        let base = base.to_canonical();
        let most = if base.is_ipv4() { 32 } else { 128 };
        let bits = match bits {
            Some(bits) => bits.parse::<u32>().map_err(|_| NoNetwork)?,
            None => most,
        };
        if bits > most {
            return Err(NoNetwork);
        }
        Ok(Self { base, bits })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_in(network: &str, address: &str) -> bool {
        let network: Network = network.parse().unwrap();
        network.contains(address.parse().unwrap())
    }

    #[test]
    fn a_network_has_its_own_addresses_and_not_its_neighbours() {
        assert!(is_in("10.244.0.0/16", "10.244.255.7"));
        assert!(is_in("10.244.0.0/16", "::ffff:10.244.255.7"));
        assert!(!is_in("10.244.0.0/16", "10.245.0.1"));
        assert!(is_in("10.244.0.0/15", "10.245.0.1"));
        assert!(is_in("0.0.0.0/0", "203.0.113.9") && !is_in("0.0.0.0/0", "2001:db8::1"));
        assert!(is_in("2001:db8:1::/48", "2001:db8:1:2::3"));
        assert!(!is_in("2001:db8:1::/48", "2001:db8:2::3"));
        assert!(!is_in("::/0", "10.0.0.1"));
    }

    #[test]
    fn an_address_by_itself_is_one_alone() {
        assert!(is_in(" 10.0.0.10", "10.0.0.10") && !is_in("10.0.0.10", "10.0.0.11"));
        assert!(is_in("::ffff:10.0.0.10", "10.0.0.10"));
        assert!(is_in("::1", "::1") && !is_in("::1", "::2"));
    }

    #[test]
    fn what_names_none_is_refused() {
        for text in [
            "",
            "proxy",
            "10.0.0.0/",
            "10.0.0.0/33",
            "10.0.0.0/-1",
            "10.0.0/8",
            "::/129",
            "10.0.0.0/8/8",
        ] {
            assert_eq!(text.parse::<Network>(), Err(NoNetwork), "{text:?}");
        }
    }
}
