//! Phones coming and going, and what the router makes of it: host rows, bindings, automatic log-ins.
use std::net::Ipv4Addr;

use super::super::device::Device;
use super::super::value;
use super::login::Attempt;
use super::{Host, Station};

impl Device {
    /// Puts a phone into reach of the hotspot; the router sees it at once if it runs.
    pub(crate) fn join(&mut self, mac: &str, address: Ipv4Addr) {
        let station = self
            .stations
            .entry(mac.to_owned())
            .or_insert_with(|| Station {
                mac: mac.to_owned(),
                address,
                awake: true,
                present: true,
                upload: 0,
                download: 0,
                silent_since: None,
            });
        station.address = address;
        station.present = true;
        station.awake = true;
        station.silent_since = None;
        self.appear(mac);
    }

    /// Makes a phone fall silent; the router finds out by its timeouts only.
    pub(crate) fn fall_silent(&mut self, mac: &str, leaves: bool) {
        let now = self.now;
        if let Some(station) = self.stations.get_mut(mac) {
            station.awake = false;
            station.present &= !leaves;
            station.silent_since.get_or_insert(now);
        }
    }

    /// Makes a sleeping phone answer again.
    pub(crate) fn wake(&mut self, mac: &str) {
        if let Some(station) = self.stations.get_mut(mac) {
            station.awake = true;
            station.present = true;
            station.silent_since = None;
        }
        self.appear(mac);
    }

    /// Lets the router notice a phone.
    pub(crate) fn appear(&mut self, mac: &str) {
        let Some(station) = self.stations.get(mac) else {
            return;
        };
        let address = station.address;
        if !self.up
            || !station.awake
            || self.hosts.get(&address).is_some_and(|host| host.mac == mac)
        {
            return;
        }
        let Some(server) = self
            .running_server()
            .map(|row| row.text("name").into_owned())
        else {
            return;
        };
        let (bypassed, blocked) = self.binding(mac, address, &server);
        let host = Host {
            id: self.next_identifier(),
            mac: mac.to_owned(),
            address,
            server,
            joined: self.now,
            bypassed,
            blocked,
            milli_in: 0,
            milli_out: 0,
        };
        self.hosts.insert(address, host);
        self.touch("/ip/hotspot/host");
        if !bypassed && !blocked {
            self.log_in_unasked(address);
        }
    }

    /// Tries what needs no page: a MAC cookie, then the MAC itself.
    fn log_in_unasked(&mut self, address: Ipv4Addr) {
        let Some(host) = self.hosts.get(&address) else {
            return;
        };
        let mac = host.mac.clone();
        let login_by = self.login_methods(&host.server);
        if login_by.iter().any(|way| way == "mac-cookie") {
            let cookie = self
                .cookies
                .iter()
                .find(|c| c.token.is_none() && c.mac == mac)
                .cloned();
            if let Some(cookie) = cookie {
                let attempt = Attempt::new(address, &cookie.user, &cookie.password, "mac-cookie");
                if self.log_in(&attempt).is_ok() {
                    return;
                }
                self.cookies.retain(|have| have.id != cookie.id);
                self.touch("/ip/hotspot/cookie");
            }
        }
        if login_by.iter().any(|way| way == "mac") {
            let password = self.mac_password(&mac, address);
            let attempt = Attempt::new(address, &mac, &password, "mac");
            // A MAC without a user of that name is the ordinary case: the phone gets the page.
            let _ = self.log_in(&attempt);
        }
    }

    fn mac_password(&self, mac: &str, address: Ipv4Addr) -> String {
        let server = self
            .hosts
            .get(&address)
            .map(|host| host.server.clone())
            .unwrap_or_default();
        match self.server_profile(&server) {
            Some(profile) if profile.text("mac-auth-mode") == "mac-as-username-and-password" => {
                mac.to_owned()
            }
            Some(profile) => profile.text("mac-auth-password").into_owned(),
            None => String::new(),
        }
    }

    /// Returns the ways of logging in that a server offers.
    pub(crate) fn login_methods(&self, server: &str) -> Vec<String> {
        let list = self
            .server_profile(server)
            .map(|profile| profile.text("login-by").into_owned());
        list.unwrap_or_default()
            .split(',')
            .map(str::to_owned)
            .collect()
    }

    fn binding(&self, mac: &str, address: Ipv4Addr, server: &str) -> (bool, bool) {
        let row = self
            .table("/ip/hotspot/ip-binding")
            .rows
            .iter()
            .find(|row| {
                let for_mac = row.raw("mac-address") == b"00:00:00:00:00:00"
                    || row.text("mac-address") == mac;
                let range = row.text("address");
                let for_address = range.is_empty() || value::in_range(&range, address);
                let for_server = row.raw("server") == b"all" || row.text("server") == server;
                !row.is("disabled") && for_mac && for_address && for_server
            });
        let kind = row
            .map(|row| row.text("type").into_owned())
            .unwrap_or_default();
        (kind == "bypassed", kind == "blocked")
    }

    /// Reads the bindings again for every known host.
    pub(crate) fn rebind(&mut self) {
        let addresses: Vec<Ipv4Addr> = self.hosts.keys().copied().collect();
        for address in addresses {
            let Some(host) = self.hosts.get(&address) else {
                continue;
            };
            let (bypassed, blocked) =
                self.binding(&host.mac.clone(), address, &host.server.clone());
            if let Some(host) = self.hosts.get_mut(&address) {
                (host.bypassed, host.blocked) = (bypassed, blocked);
            }
            if bypassed || blocked {
                self.log_out(address, super::Cause::AdminReset);
            }
        }
        self.touch("/ip/hotspot/host");
    }

    /// Lets hosts go whose server was disabled or removed, and lets phones find a new one.
    pub(crate) fn follow_servers(&mut self) {
        let lost: Vec<Ipv4Addr> = self
            .hosts
            .values()
            .filter(|host| {
                self.table("/ip/hotspot")
                    .named(&host.server)
                    .is_none_or(|row| row.is("disabled"))
            })
            .map(|host| host.address)
            .collect();
        for address in lost {
            self.forget_host(address, super::Cause::AdminReset);
        }
        let macs: Vec<String> = self.stations.keys().cloned().collect();
        for mac in macs {
            self.appear(&mac);
        }
    }

    /// Forgets a host and ends its session.
    pub(crate) fn forget_host(&mut self, address: Ipv4Addr, cause: super::Cause) {
        self.log_out(address, cause);
        if self.hosts.remove(&address).is_some() {
            self.touch("/ip/hotspot/host");
        }
    }
}
