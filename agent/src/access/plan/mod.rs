//! Compares what the router should have with what it has, and lists what to do about it.
//!
//! Pure: the same two values always give the same list, and an empty list means agreement. Doing it is `apply`'s work.

mod action;
mod limits;
#[cfg(test)]
mod model;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use mnara_protocol::ids::{Mac, TicketId};

use super::desired::{Credential, Desired, PROFILE_PREFIX, UserSpec};
use super::observed::{ActiveRow, CookieRow, Host, Observed, RowId, UserRow};

pub use action::{Action, Cut, UserChange};

/// A session this long silent gives way when its device shows up under another address.
const STALE_IDLE_SECS: u64 = 30;
/// A device this recently heard from is really there.
const FRESH_IDLE_SECS: u64 = 10;

/// Lists what to do so that the router has what it should. Ending a ticket takes two lists: the first cuts it off, the second,
/// made from a fresh look that holds its last counters, removes the user.
#[must_use]
pub fn plan(desired: &Desired, observed: &Observed) -> Vec<Action> {
    Plan::new(desired, observed).make()
}

struct Plan<'a> {
    desired: &'a Desired,
    observed: &'a Observed,
    /// The user row that stands for each ticket that gives access.
    standing: BTreeMap<TicketId, &'a UserRow>,
    /// Sessions by user.
    sessions: BTreeMap<&'a Credential, Vec<&'a ActiveRow>>,
    /// Cookies by user.
    cookies: BTreeMap<&'a Credential, Vec<&'a CookieRow>>,
    /// Hosts by device.
    hosts: BTreeMap<Mac, Vec<&'a Host>>,
    /// Names that other rows of ours still hold after this list.
    taken: BTreeSet<&'a Credential>,
    /// Profiles that rows of ours still use after this list.
    used_profiles: BTreeSet<&'a str>,
    /// Sessions this list ends.
    ending: BTreeSet<&'a RowId>,
    actions: Vec<Action>,
}

impl<'a> Plan<'a> {
    fn new(desired: &'a Desired, observed: &'a Observed) -> Self {
        let specs: BTreeMap<TicketId, &UserSpec> = desired
            .users
            .iter()
            .map(|spec| (spec.ticket, spec))
            .collect();
        let mut standing = BTreeMap::new();
        for row in &observed.users {
            if specs
                .get(&row.ticket)
                .is_some_and(|spec| spec.name == row.name)
            {
                standing.entry(row.ticket).or_insert(row);
            }
        }
        let mut sessions: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for row in &observed.active {
            sessions.entry(&row.user).or_default().push(row);
        }
        let mut cookies: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for row in &observed.cookies {
            cookies.entry(&row.user).or_default().push(row);
        }
        let mut hosts: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for host in &observed.hosts {
            hosts.entry(host.mac).or_default().push(host);
        }
        Self {
            desired,
            observed,
            standing,
            sessions,
            cookies,
            hosts,
            taken: BTreeSet::new(),
            used_profiles: BTreeSet::new(),
            ending: BTreeSet::new(),
            actions: Vec::new(),
        }
    }

    fn make(mut self) -> Vec<Action> {
        self.write_profiles();
        self.end_tickets();
        for spec in &self.desired.users {
            self.serve(spec);
        }
        self.remove_profiles();
        self.actions
    }

    fn write_profiles(&mut self) {
        let ours = self
            .desired
            .profiles
            .iter()
            .filter(|(name, _)| name.starts_with(PROFILE_PREFIX));
        for (name, spec) in ours {
            let (name, spec) = (name.clone(), *spec);
            match self.observed.profiles.iter().find(|row| row.name == name) {
                None => self.actions.push(Action::AddProfile { name, spec }),
                Some(row) => {
                    let same = row.rate.is(spec.rate)
                        && row.shared_users.is(spec.shared_users)
                        && row.keepalive_secs.is(spec.keepalive_secs)
                        && row.mac_cookie_secs.is(spec.mac_cookie_secs);
                    if !same {
                        self.actions.push(Action::SetProfile {
                            id: row.id.clone(),
                            name,
                            spec,
                        });
                    }
                }
            }
        }
    }

    /// Cuts off every user of ours that stands for no ticket, and removes those that are cut off.
    fn end_tickets(&mut self) {
        let mut removals = Vec::new();
        for row in &self.observed.users {
            if self
                .standing
                .get(&row.ticket)
                .is_some_and(|standing| standing.id == row.id)
            {
                continue;
            }
            let (id, ticket) = (row.id.clone(), row.ticket);
            let sessions = self.sessions.get(&row.name).cloned().unwrap_or_default();
            let cookies = self.cookies.get(&row.name).cloned().unwrap_or_default();
            if sessions.is_empty() && cookies.is_empty() {
                removals.push(Action::RemoveUser { id, ticket });
                continue;
            }
            self.taken.insert(&row.name);
            self.used_profiles.insert(&row.profile);
            if !row.disabled {
                self.actions.push(Action::DisableUser { id, ticket });
            }
            for cookie in cookies {
                self.actions.push(Action::RemoveCookie {
                    id: cookie.id.clone(),
                    ticket,
                });
            }
            for session in sessions {
                self.end(session, ticket, Cut::Ended);
            }
        }
        self.actions.append(&mut removals);
    }

    fn end(&mut self, session: &'a ActiveRow, ticket: TicketId, why: Cut) {
        if self.ending.insert(&session.id) {
            self.actions.push(Action::RemoveActive {
                id: session.id.clone(),
                ticket,
                mac: session.mac,
                why,
            });
        }
    }

    /// Makes one ticket's user what it should be and brings its devices online.
    fn serve(&mut self, spec: &'a UserSpec) {
        let row = self.standing.get(&spec.ticket).copied();
        if row.is_none() && self.taken.contains(&spec.name) {
            // Two rows of one name are refused; the next list finds the name free.
            return;
        }
        self.used_profiles.insert(&spec.profile);
        let sessions = self.sessions.get(&spec.name).cloned().unwrap_or_default();
        let mut cuts: Vec<(&ActiveRow, Cut)> = Vec::new();
        let mut kept: Vec<&ActiveRow> = Vec::new();
        for session in sessions.iter().copied() {
            if self.ending.contains(&session.id) {
                continue;
            } else if self.desired.cut.contains(&(spec.ticket, session.mac)) {
                cuts.push((session, Cut::LoggedOut));
            } else if self.has_moved(session) {
                cuts.push((session, Cut::Stale));
            } else {
                kept.push(session);
            }
        }
        let joining = self.joining(spec, &kept, &cuts);
        let places = usize::from(spec.max_devices.max(1));
        // Devices that need not be online make room, the longest silent one first.
        let mut spare: Vec<&ActiveRow> = kept
            .iter()
            .copied()
            .filter(|session| !spec.devices.contains(&session.mac))
            .collect();
        spare.sort_by_key(|session| (session.idle_secs, session.uptime_secs, session.mac));
        while kept.len() + joining.len() > places {
            let Some(session) = spare.pop() else { break };
            kept.retain(|other| other.id != session.id);
            cuts.push((session, Cut::Surplus));
        }
        let room = places.saturating_sub(kept.len());
        let joining: Vec<_> = joining.into_iter().take(room).collect();
        let counted = limits::Counted {
            row,
            sessions: &sessions,
            kept: &kept,
            joining: !joining.is_empty(),
            answered: self.desired.answers >= self.observed.number,
        };
        self.write_user(spec, row, &counted);
        for (session, why) in cuts {
            if matches!(why, Cut::LoggedOut | Cut::Surplus) {
                self.forget(spec, session.mac);
            }
            self.end(session, spec.ticket, why);
        }
        self.forget_cut(spec);
        for (mac, address) in joining {
            self.actions.push(Action::LogIn {
                ticket: spec.ticket,
                row: row.map(|row| row.id.clone()),
                name: spec.name.clone(),
                password: spec.password.clone(),
                mac,
                address,
            });
        }
    }

    fn write_user(
        &mut self,
        spec: &UserSpec,
        row: Option<&UserRow>,
        counted: &limits::Counted<'_>,
    ) {
        let limit_uptime = counted.limit_uptime(spec.limit_uptime);
        let limit_bytes = counted.limit_bytes(spec.limit_bytes);
        let Some(row) = row else {
            self.actions.push(Action::AddUser {
                ticket: spec.ticket,
                name: spec.name.clone(),
                password: spec.password.clone(),
                profile: spec.profile.clone(),
                mac: spec.mac,
                limit_uptime,
                limit_bytes,
            });
            return;
        };
        let rewrites_uptime =
            counted.uptime_differs(row.limit_uptime, limit_uptime, spec.limit_uptime);
        let rewrites_bytes = counted.bytes_differ(row.limit_bytes_total, limit_bytes);
        let bent = row
            .password
            .as_ref()
            .is_some_and(|password| *password != spec.password);
        let change = UserChange {
            password: bent.then(|| spec.password.clone()),
            profile: (row.profile != spec.profile).then(|| spec.profile.clone()),
            mac: (row.mac != spec.mac).then_some(spec.mac),
            limit_uptime: rewrites_uptime.then_some(limit_uptime),
            limit_bytes: rewrites_bytes.then_some(limit_bytes),
            enable: row.disabled,
        };
        if !change.is_empty() {
            self.actions.push(Action::SetUser {
                id: row.id.clone(),
                ticket: spec.ticket,
                change,
            });
        }
    }

    /// Says whether a session's device is alive under another address, so that the session stands for nobody.
    fn has_moved(&self, session: &ActiveRow) -> bool {
        let Some(hosts) = self.hosts.get(&session.mac) else {
            return false;
        };
        let own = hosts.iter().find(|host| {
            host.login_address() == session.address || host.address == session.address
        });
        let elsewhere = hosts
            .iter()
            .any(|host| !host.authorized && !host.bypassed && host.idle_secs < FRESH_IDLE_SECS);
        elsewhere && own.is_none_or(|own| own.idle_secs > STALE_IDLE_SECS)
    }

    /// Lists the devices that must be online, are not, and can be: those in the host table that were heard of lately and that nobody else has
    /// logged in.
    fn joining(
        &self,
        spec: &UserSpec,
        kept: &[&ActiveRow],
        cuts: &[(&ActiveRow, Cut)],
    ) -> Vec<(Mac, IpAddr)> {
        let spent = spec.limit_bytes == Some(0) || spec.limit_uptime == Some(0);
        let mut seen = BTreeSet::new();
        let mut joining = Vec::new();
        for mac in spec.devices.iter().copied().filter(|mac| seen.insert(*mac)) {
            let bound_elsewhere = spec.mac.is_some_and(|bound| bound != mac);
            let online = kept.iter().any(|session| session.mac == mac);
            if spent || bound_elsewhere || online || self.desired.cut.contains(&(spec.ticket, mac))
            {
                continue;
            }
            let freed = |session: &ActiveRow| {
                self.ending.contains(&session.id)
                    || cuts.iter().any(|(cut, _)| cut.id == session.id)
            };
            let mut sessions = self
                .observed
                .active
                .iter()
                .filter(|session| session.mac == mac)
                .peekable();
            let was_online = sessions.peek().is_some();
            if !sessions.all(freed) {
                continue;
            }
            let hosts = self.hosts.get(&mac).map(Vec::as_slice).unwrap_or_default();
            // Logged in without a session, it has come or gone between two reads; the next look knows.
            let free = hosts
                .iter()
                .filter(|host| !host.bypassed && (was_online || !host.authorized))
                .filter(|host| host.is_there());
            let best = free.min_by_key(|host| (host.authorized, host.idle_secs, host.address));
            if let Some(host) = best {
                joining.push((mac, host.login_address()));
            }
        }
        joining
    }

    /// Takes away the remembered log-in of one device.
    fn forget(&mut self, spec: &UserSpec, mac: Mac) {
        let cookies = self
            .cookies
            .get(&spec.name)
            .map(Vec::as_slice)
            .unwrap_or_default();
        for cookie in cookies.iter().filter(|cookie| cookie.mac == Some(mac)) {
            let action = Action::RemoveCookie {
                id: cookie.id.clone(),
                ticket: spec.ticket,
            };
            if !self.actions.contains(&action) {
                self.actions.push(action);
            }
        }
    }

    /// Takes away the remembered log-ins of logged-out devices that are not online, which would bring them back.
    fn forget_cut(&mut self, spec: &UserSpec) {
        let cookies = self
            .cookies
            .get(&spec.name)
            .map(Vec::as_slice)
            .unwrap_or_default();
        let cut = |mac: &Mac| self.desired.cut.contains(&(spec.ticket, *mac));
        let macs: BTreeSet<Mac> = cookies
            .iter()
            .filter_map(|cookie| cookie.mac)
            .filter(cut)
            .collect();
        for mac in macs {
            self.forget(spec, mac);
        }
    }

    fn remove_profiles(&mut self) {
        for row in &self.observed.profiles {
            if !self.desired.profiles.contains_key(&row.name)
                && !self.used_profiles.contains(row.name.as_str())
            {
                self.actions.push(Action::RemoveProfile {
                    id: row.id.clone(),
                    name: row.name.clone(),
                });
            }
        }
    }
}
