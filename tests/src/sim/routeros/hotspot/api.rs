//! Verbs on what the router makes itself: sessions, hosts, cookies, people logged in. Stored items are in `device/edit.rs`.
use std::net::Ipv4Addr;

use super::super::device::Device;
use super::super::device::edit::{Edited, missing, named, no_such_item};
use super::super::sentence::{Request, Trap};
use super::super::value;
use super::Cause;
use super::login::Attempt;

impl Device {
    /// Carries out a verb of a menu whose items the router makes.
    pub(crate) fn act(
        &mut self,
        path: &str,
        verb: &str,
        request: &Request,
    ) -> Result<Edited, Trap> {
        match (path, verb) {
            ("/ip/hotspot/active", "login") => self.admin_login(request)?,
            ("/ip/hotspot/active", "remove") => {
                for address in self.live(request, Self::session_at)? {
                    self.admin_reset(address);
                }
            }
            ("/ip/hotspot/active", "set" | "comment" | "reset") => {
                let comment = request.text("comment").filter(|_| verb != "reset");
                for address in self.live(request, Self::session_at)? {
                    if let Some(session) = self.sessions.get_mut(&address) {
                        session.comment.clone_from(&comment);
                    }
                }
                self.touch("/ip/hotspot/active");
            }
            ("/ip/hotspot/host", "remove") => {
                for address in self.live(request, Self::host_at)? {
                    self.forget_host(address, Cause::AdminReset);
                }
            }
            ("/ip/hotspot/host", "make-binding") => self.make_bindings(request)?,
            ("/ip/hotspot/cookie", "remove") => {
                for id in self.live(request, |device, item| {
                    device
                        .cookies
                        .iter()
                        .find(|cookie| format!("*{:X}", cookie.id) == item)
                        .map(|c| c.id)
                })? {
                    self.cookies.retain(|cookie| cookie.id != id);
                }
                self.touch("/ip/hotspot/cookie");
            }
            ("/user/active", "remove" | "request-logout") => {
                let ids = self.live(request, |device, item| {
                    let mut ids = device.members.keys();
                    ids.find(|id| format!("*{id:X}") == item).copied()
                })?;
                self.ended.extend(ids);
            }
            _ => {}
        }
        Ok(Edited::Done)
    }

    fn live<T>(
        &self,
        request: &Request,
        find: impl Fn(&Self, &str) -> Option<T>,
    ) -> Result<Vec<T>, Trap> {
        let items = named(request).ok_or_else(|| missing(self.version, "numbers"))?;
        items
            .split(',')
            .map(|item| find(self, item).ok_or_else(|| no_such_item(self.version)))
            .collect()
    }

    fn session_at(&self, item: &str) -> Option<Ipv4Addr> {
        self.sessions
            .keys()
            .find(|address| value::address_id(**address) == item)
            .copied()
    }

    fn host_at(&self, item: &str) -> Option<Ipv4Addr> {
        self.hosts
            .values()
            .find(|host| format!("*{:X}", host.id) == item)
            .map(|host| host.address)
    }

    fn admin_reset(&mut self, address: Ipv4Addr) {
        let user = self.sessions.get(&address).map(|session| session.user_id);
        self.log_out(address, Cause::AdminReset);
        if self.knobs.remove_takes_siblings {
            let siblings: Vec<Ipv4Addr> = self
                .sessions
                .values()
                .filter(|session| Some(session.user_id) == user)
                .map(|session| session.address)
                .collect();
            for address in siblings {
                self.log_out(address, Cause::AdminReset);
            }
        }
    }

    fn admin_login(&mut self, request: &Request) -> Result<(), Trap> {
        let user = request
            .text("user")
            .ok_or_else(|| missing(self.version, "user"))?;
        let ip = request
            .text("ip")
            .ok_or_else(|| missing(self.version, "ip"))?;
        let address: Ipv4Addr = ip
            .parse()
            .map_err(|_| Trap::value("invalid value for argument ip"))?;
        let host = self
            .hosts
            .get(&address)
            .ok_or_else(|| Trap::plain(format!("unknown host IP {ip}")))?;
        if let Some(mac) = request.text("mac-address") {
            let mac = value::parse_mac(&mac)
                .ok_or_else(|| Trap::value("invalid value of mac-address"))?;
            if mac != host.mac {
                return Err(Trap::plain("wrong MAC provided"));
            }
        }
        let password = request.text("password").unwrap_or_default();
        let mut attempt = Attempt::new(address, &user, &password, "admin");
        attempt.domain = request.text("domain").unwrap_or_default();
        self.log_in(&attempt)
            .map_err(|refusal| Trap::plain(refusal.words(&user, address)))
    }

    fn make_bindings(&mut self, request: &Request) -> Result<(), Trap> {
        let kind = request.text("type").unwrap_or_else(|| "regular".to_owned());
        if !matches!(kind.as_str(), "regular" | "bypassed" | "blocked") {
            return Err(Trap::value("input does not match any value of type"));
        }
        let comment = request.text("comment").unwrap_or_default();
        for address in self.live(request, Self::host_at)? {
            let Some(host) = self.hosts.get(&address) else {
                continue;
            };
            let (mac, server, to) = (host.mac.clone(), host.server.clone(), address.to_string());
            self.table_mut("/ip/hotspot/ip-binding").seed(
                None,
                &[
                    ("mac-address", &mac),
                    ("address", &to),
                    ("to-address", &to),
                    ("server", &server),
                    ("type", &kind),
                    ("comment", &comment),
                ],
            );
        }
        self.touch("/ip/hotspot/ip-binding");
        self.rebind();
        Ok(())
    }
}
