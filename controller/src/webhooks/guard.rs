//! What must not be called although somebody wrote it down as their address: everything that is not on the public internet.
//!
//! An address is looked at when it is written down, and the numbers its name stands for whenever it is called: only those that were looked at
//! are connected to, so a name that changes in between leads nowhere else.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use thiserror::Error;
use url::{Host, Url};

/// The longest address.
const LONGEST: usize = 500;

/// Why an address is not called.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum Refused {
    /// It is no address.
    #[error("give a whole address, such as https://example.com/mnara")]
    NoAddress,
    /// It is not encrypted.
    #[error("the address must begin with https://")]
    NotEncrypted,
    /// A name or password stands in it.
    #[error("leave name and password out of the address: messages are signed instead")]
    HasPassword,
    /// It leads into a private network.
    #[error("the address leads into a private network, where we do not go")]
    Private,
}

/// Which addresses are called.
#[derive(Clone, Copy, Debug)]
pub struct Guard {
    /// Whether this machine itself may be called, also without encryption: for tests and the demo.
    pub to_loopback: bool,
}

impl Guard {
    /// Looks an address over. A name is looked up only when it is called.
    ///
    /// # Errors
    /// [`Refused`].
    pub fn check(self, text: &str) -> Result<Url, Refused> {
        if text.len() > LONGEST {
            return Err(Refused::NoAddress);
        }
        let url = Url::parse(text.trim()).map_err(|_| Refused::NoAddress)?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Refused::HasPassword);
        }
        // However a number is written, `Url` has read it as an address by now.
        let address = match url.host() {
            Some(Host::Ipv4(address)) => Some(IpAddr::V4(address)),
            Some(Host::Ipv6(address)) => Some(IpAddr::V6(address)),
            Some(Host::Domain(_)) => None,
            None => return Err(Refused::NoAddress),
        };
        let is_loopback = address.is_some_and(|address| address.is_loopback())
            || url.host_str().map(|host| host.trim_end_matches('.')) == Some("localhost");
        match url.scheme() {
            "https" => {}
            "http" if self.to_loopback && is_loopback => {}
            _ => return Err(Refused::NotEncrypted),
        }
        if address.is_some_and(|address| !self.may(address)) || (is_loopback && !self.to_loopback) {
            return Err(Refused::Private);
        }
        Ok(url)
    }

    fn may(self, address: IpAddr) -> bool {
        is_public(address) || (self.to_loopback && address.is_loopback())
    }

    /// What of a name's numbers may be called: all, or none if one of them is not public.
    fn among(self, found: Vec<SocketAddr>) -> Result<Vec<SocketAddr>, Refused> {
        if found.iter().all(|address| self.may(address.ip())) {
            Ok(found)
        } else {
            Err(Refused::Private)
        }
    }
}

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let guard = *self;
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let good = guard.among(found)?;
            Ok(Box::new(good.into_iter()) as Addrs)
        })
    }
}

/// Whether an address is one of the public internet, by IANA's registries of special purposes.
#[must_use]
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    const SPECIAL: [([u8; 4], u32); 15] = [
        ([0, 0, 0, 0], 8),
        ([10, 0, 0, 0], 8),
        ([100, 64, 0, 0], 10),
        ([127, 0, 0, 0], 8),
        ([169, 254, 0, 0], 16),
        ([172, 16, 0, 0], 12),
        ([192, 0, 0, 0], 24),
        ([192, 0, 2, 0], 24),
        ([192, 88, 99, 0], 24),
        ([192, 168, 0, 0], 16),
        ([198, 18, 0, 0], 15),
        ([198, 51, 100, 0], 24),
        ([203, 0, 113, 0], 24),
        ([224, 0, 0, 0], 4),
        ([240, 0, 0, 0], 4),
    ];
    let number = address.to_bits();
    !SPECIAL.iter().any(|(net, bits)| {
        let mask = u32::MAX << (32 - bits);
        number & mask == u32::from_be_bytes(*net)
    })
}

/// Only what is given out as global unicast, without the parts of it that stand for something else: 4-in-6, tunnels, documentation.
fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, ..] = address.segments();
    let is_global = a & 0xe000 == 0x2000;
    let is_special =
        (a == 0x2001 && (b < 0x0200 || b == 0x0db8)) || a == 0x2002 || (a == 0x3fff && b < 0x1000);
    is_global && !is_special
}

#[cfg(test)]
mod tests {
    use super::*;

    const STRICT: Guard = Guard { to_loopback: false };

    #[test]
    fn no_way_of_writing_a_private_address_gets_through() {
        for private in [
            "https://127.0.0.1/",
            "https://2130706433/",
            "https://0x7f.1/",
            "https://017700000001/",
            "https://0/",
            "https://localhost/",
            "https://localhost./",
            "https://10.0.0.8/",
            "https://100.64.1.1/",
            "https://169.254.169.254/latest/meta-data",
            "https://172.31.0.1/",
            "https://192.168.88.1/",
            "https://224.0.0.1/",
            "https://255.255.255.255/",
            "https://[::]/",
            "https://[::1]/",
            "https://[::ffff:127.0.0.1]/",
            "https://[::ffff:8.8.8.8]/",
            "https://[64:ff9b::7f00:1]/",
            "https://[2002:7f00:1::]/",
            "https://[2001:0:1::]/",
            "https://[fe80::1]/",
            "https://[fc00::1]/",
            "https://[ff02::1]/",
        ] {
            assert_eq!(STRICT.check(private), Err(Refused::Private), "{private}");
        }
        for (bad, refused) in [
            ("", Refused::NoAddress),
            ("example.com", Refused::NoAddress),
            ("http://example.com/", Refused::NotEncrypted),
            ("ftp://example.com/", Refused::NotEncrypted),
            ("https://me:secret@example.com/", Refused::HasPassword),
        ] {
            assert_eq!(STRICT.check(bad), Err(refused), "{bad}");
        }
        for good in [
            "https://example.com/hook?x=1",
            "https://8.8.8.8/",
            "https://[2606:4700::1111]:8443/",
        ] {
            assert!(STRICT.check(good).is_ok(), "{good}");
        }
    }

    #[test]
    fn one_private_number_of_a_name_spoils_it() {
        let at = |text: &str| SocketAddr::new(text.parse().unwrap(), 0);
        let public = vec![at("8.8.8.8"), at("2606:4700::1111")];
        assert_eq!(STRICT.among(public.clone()), Ok(public.clone()));
        for private in ["10.1.2.3", "::1", "::ffff:192.168.1.1", "fd00::1"] {
            let mut mixed = public.clone();
            mixed.push(at(private));
            assert_eq!(STRICT.among(mixed), Err(Refused::Private), "{private}");
        }
    }

    #[test]
    fn tests_may_call_this_machine_and_no_other() {
        let guard = Guard { to_loopback: true };
        for good in [
            "http://127.0.0.1:9/",
            "http://localhost:9/",
            "https://[::1]/",
        ] {
            assert!(guard.check(good).is_ok(), "{good}");
        }
        assert_eq!(guard.check("http://10.0.0.1/"), Err(Refused::NotEncrypted));
        assert_eq!(guard.check("https://10.0.0.1/"), Err(Refused::Private));
        let at = |text: &str| SocketAddr::new(text.parse().unwrap(), 0);
        assert!(guard.among(vec![at("10.0.0.1")]).is_err());
    }
}
