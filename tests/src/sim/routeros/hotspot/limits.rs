//! Time passing over hotspot sessions: counters, limits and timeouts, worked out event by event.
use std::net::Ipv4Addr;

use super::super::clock::Ms;
use super::super::device::Device;
use super::{Cause, Host, Session};

/// Something that happens by itself at a moment.
#[derive(Debug, Clone, Copy)]
enum Due {
    Cut(Ipv4Addr, Cause),
    Forget(Ipv4Addr),
    Cookie(u64),
}

impl Device {
    /// Works out everything up to `to`, each event at its own moment.
    pub(crate) fn settle(&mut self, to: Ms) {
        while let Some((at, due)) = self.next_due().filter(|(at, _)| *at <= to) {
            self.accrue(at.max(self.now));
            match due {
                Due::Cut(address, cause) => self.log_out(address, cause),
                Due::Forget(address) => self.forget_host(address, Cause::IdleTimeout),
                Due::Cookie(id) => {
                    self.cookies.retain(|cookie| cookie.id != id);
                    self.touch("/ip/hotspot/cookie");
                }
            }
        }
        self.accrue(to.max(self.now));
    }

    fn next_due(&self) -> Option<(Ms, Due)> {
        let sessions = self.sessions.values().filter_map(|session| {
            let (at, cause) = self.session_end(session)?;
            Some((at, Due::Cut(session.address, cause)))
        });
        let hosts = self
            .hosts
            .values()
            .filter(|host| !self.sessions.contains_key(&host.address))
            .filter_map(|host| Some((self.host_end(host)?, Due::Forget(host.address))));
        let cookies = self
            .cookies
            .iter()
            .map(|cookie| (cookie.expires, Due::Cookie(cookie.id)));
        sessions
            .chain(hosts)
            .chain(cookies)
            .min_by_key(|(at, _)| *at)
    }

    /// Returns when and why a session ends if nothing changes.
    fn session_end(&self, session: &Session) -> Option<(Ms, Cause)> {
        // A session's timeouts begin with it, also for a phone that was silent before.
        let silent = self
            .silent_since(session.address, &session.mac)
            .map(|since| since.max(session.started));
        let metered = session.left_in.or(session.left_out).or(session.left_total);
        let (up, down) = metered.map_or((0, 0), |_| self.flow(session.address));
        let traffic = |left: Option<u64>, used: u64, rate: u64| {
            let left = left?.saturating_mul(1000).saturating_sub(used);
            match (left, rate) {
                (0, _) => Some(self.now),
                (_, 0) => None,
                _ => Some(self.now.saturating_add(left.div_ceil(rate))),
            }
        };
        let (sent, fetched) = (session.milli_in, session.milli_out);
        [
            (traffic(session.left_in, sent, up), Cause::TrafficLimit),
            (
                traffic(session.left_out, fetched, down),
                Cause::TrafficLimit,
            ),
            (
                traffic(session.left_total, sent.saturating_add(fetched), up + down),
                Cause::TrafficLimit,
            ),
            (
                session.left_uptime.map(|left| session.started + left),
                Cause::UptimeLimit,
            ),
            (
                session.session_timeout.map(|left| session.started + left),
                Cause::SessionTimeout,
            ),
            (
                silent.zip(session.keepalive_timeout).map(|(a, b)| a + b),
                Cause::KeepaliveTimeout,
            ),
            (
                silent.zip(session.idle_timeout).map(|(a, b)| a + b),
                Cause::IdleTimeout,
            ),
        ]
        .into_iter()
        .filter_map(|(at, cause)| Some((at?, cause)))
        .min_by_key(|(at, _)| *at)
    }

    /// Returns when the router forgets a host nobody is logged in on.
    fn host_end(&self, host: &Host) -> Option<Ms> {
        let silent = self.silent_since(host.address, &host.mac)?;
        let server = self.table("/ip/hotspot").named(&host.server)?;
        let idle = server.span("idle-timeout");
        let keepalive = server.span("keepalive-timeout");
        let timeout = idle.into_iter().chain(keepalive).min()?;
        Some(silent + timeout)
    }

    /// Returns since when the phone behind a host row does not answer.
    fn silent_since(&self, address: Ipv4Addr, mac: &str) -> Option<Ms> {
        match self.stations.get(mac) {
            Some(station) if station.address == address => station.silent_since,
            _ => Some(
                self.hosts
                    .get(&address)
                    .map_or(self.now, |host| host.joined),
            ),
        }
    }

    pub(crate) fn idle(&self, host: &Host) -> Ms {
        self.silent_since(host.address, &host.mac)
            .map_or(0, |since| self.now.saturating_sub(since))
    }

    /// Returns the time a session has left, from its limits only.
    pub(crate) fn time_left(&self, session: &Session) -> Option<Ms> {
        let limit = session
            .left_uptime
            .into_iter()
            .chain(session.session_timeout)
            .min()?;
        Some((session.started + limit).saturating_sub(self.now))
    }

    /// Returns what flows up and down through a host, in bytes per second after the speed limit.
    fn flow(&self, address: Ipv4Addr) -> (u64, u64) {
        let Some(host) = self.hosts.get(&address) else {
            return (0, 0);
        };
        let session = self.sessions.get(&address);
        if session.is_none() && !host.bypassed {
            return (0, 0);
        }
        let Some(station) = self
            .stations
            .get(&host.mac)
            .filter(|s| s.awake && s.address == address)
        else {
            return (0, 0);
        };
        let (rx, tx) = session.and_then(|session| session.rate).unwrap_or_default();
        // A rate of zero is no limit.
        let limited = |wish: u64, rate: u64| if rate == 0 { wish } else { wish.min(rate / 8) };
        (limited(station.upload, rx), limited(station.download, tx))
    }

    /// Lets traffic flow until `to`. A rate of one byte a second is one thousandth of a byte a millisecond.
    fn accrue(&mut self, to: Ms) {
        let span = to - self.now;
        if span > 0 {
            let busy = self
                .stations
                .values()
                .filter(|s| s.upload > 0 || s.download > 0);
            let addresses: Vec<Ipv4Addr> = busy.map(|station| station.address).collect();
            for address in addresses {
                let (up, down) = self.flow(address);
                self.count(address, up.saturating_mul(span), down.saturating_mul(span));
            }
        }
        self.now = to;
    }

    /// Adds thousandths of bytes to a host and its session.
    fn count(&mut self, address: Ipv4Addr, up: u64, down: u64) {
        if let Some(host) = self.hosts.get_mut(&address) {
            host.milli_in = host.milli_in.saturating_add(up);
            host.milli_out = host.milli_out.saturating_add(down);
        }
        if let Some(session) = self.sessions.get_mut(&address) {
            session.milli_in = session.milli_in.saturating_add(up);
            session.milli_out = session.milli_out.saturating_add(down);
        }
    }

    /// Adds bytes at once, as a burst of traffic does.
    pub(crate) fn burst(&mut self, mac: &str, up: u64, down: u64) {
        let Some(station) = self.stations.get(mac) else {
            return;
        };
        let address = station.address;
        let open = self.sessions.contains_key(&address)
            || self.hosts.get(&address).is_some_and(|host| host.bypassed);
        if open {
            self.count(address, up.saturating_mul(1000), down.saturating_mul(1000));
            self.settle(self.now);
        }
    }
}
