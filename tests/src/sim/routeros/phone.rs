//! Phones in the air around the router: joining, sleeping, changing their MAC, using traffic. Their browser is in `browser/`.
use std::net::{Ipv4Addr, SocketAddr};

use super::Router;
use super::shared::lock;
use super::value;

/// No phone is faster than a terabyte a second.
const FASTEST: u64 = 1 << 40;

/// A phone of the simulation.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Phone {
    /// The MAC address as the router writes it.
    pub mac: String,
    /// The address it has, and from which its traffic really comes.
    pub address: Ipv4Addr,
    /// Where a browser on this machine sees what the phone would see.
    pub forward: Option<SocketAddr>,
}

/// A phone that is not there, or a MAC that is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoPhone {
    /// No phone has this MAC.
    #[error("no phone has this MAC")]
    Unknown,
    /// The text is no MAC address.
    #[error("not a MAC address")]
    BadMac,
    /// Every address of the phones' network is taken.
    #[error("no more addresses for phones")]
    Full,
}

impl Router {
    /// Lets a phone join, with a MAC of its own or a made-up one.
    pub fn join(&self, mac: Option<&str>) -> Result<Phone, NoPhone> {
        let mac = mac
            .map(|mac| value::parse_mac(mac).ok_or(NoPhone::BadMac))
            .transpose()?;
        let base = self.shared.config.phones;
        self.shared.with(|device| {
            let number = u32::try_from(device.stations.len()).map_err(|_| NoPhone::Full)? + 2;
            let mac = mac.unwrap_or_else(|| made_up_mac(number));
            let known = device.stations.get(&mac).map(|station| station.address);
            let address = match known {
                Some(address) => address,
                None if number < 0xFFFE => Ipv4Addr::from(u32::from(base) + number),
                None => return Err(NoPhone::Full),
            };
            device.join(&mac, address);
            Ok(self.phone(mac, address))
        })
    }

    fn phone(&self, mac: String, address: Ipv4Addr) -> Phone {
        let forward = lock(&self.shared.forwards).get(&mac).copied();
        Phone {
            mac,
            address,
            forward,
        }
    }

    /// Takes a phone out of reach; the router notices by its timeouts.
    pub fn leave(&self, mac: &str) -> Result<(), NoPhone> {
        self.station(mac, |device, mac| device.fall_silent(mac, true))
    }

    /// Lets a phone sleep: it stops answering.
    pub fn sleep(&self, mac: &str) -> Result<(), NoPhone> {
        self.station(mac, |device, mac| device.fall_silent(mac, false))
    }

    /// Wakes a phone, or brings it back.
    pub fn wake(&self, mac: &str) -> Result<(), NoPhone> {
        self.station(mac, super::device::Device::wake)
    }

    /// Sets what a phone sends and fetches, in bytes per second, as far as it is let.
    pub fn traffic(&self, mac: &str, upload: u64, download: u64) -> Result<(), NoPhone> {
        self.station(mac, |device, mac| {
            if let Some(station) = device.stations.get_mut(mac) {
                (station.upload, station.download) = (upload.min(FASTEST), download.min(FASTEST));
            }
        })
    }

    /// Lets a phone send and fetch some bytes at once.
    pub fn burst(&self, mac: &str, upload: u64, download: u64) -> Result<(), NoPhone> {
        self.station(mac, |device, mac| device.burst(mac, upload, download))
    }

    /// Gives a phone a new MAC and address, as private addresses rotate; the old host row stays until it times out.
    pub fn rotate_mac(&self, mac: &str, new: Option<&str>) -> Result<Phone, NoPhone> {
        self.leave(mac)?;
        self.join(new)
    }

    /// Returns every phone there ever was.
    pub fn phones(&self) -> Vec<Phone> {
        self.shared.with(|device| {
            let phones = device.stations.values();
            phones
                .map(|station| self.phone(station.mac.clone(), station.address))
                .collect()
        })
    }

    fn station<R>(
        &self,
        mac: &str,
        act: impl FnOnce(&mut super::device::Device, &str) -> R,
    ) -> Result<R, NoPhone> {
        let mac = value::parse_mac(mac).ok_or(NoPhone::BadMac)?;
        self.shared.with(|device| {
            if device.stations.contains_key(&mac) {
                Ok(act(device, &mac))
            } else {
                Err(NoPhone::Unknown)
            }
        })
    }
}

/// Returns a locally administered MAC, as phones make them up.
fn made_up_mac(number: u32) -> String {
    let [_, b, c, d] = number.to_be_bytes();
    format!("DA:A1:19:{b:02X}:{c:02X}:{d:02X}")
}
