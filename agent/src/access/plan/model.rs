//! A small router in memory, to carry plans out on. It follows the rules of the hotspot that plans rest on and nothing else; the whole
//! wire is simulated elsewhere.

use super::*;
use crate::access::desired::{ObservationNo, ProfileSpec};
use crate::access::observed::{ProfileRow, RouterFacts, Setting};

#[derive(Clone, Debug)]
pub(super) struct Model {
    pub(super) observed: Observed,
    next_id: u64,
    pub(super) log: Vec<Action>,
}

impl Model {
    pub(super) fn new() -> Self {
        let observed = Observed {
            number: ObservationNo(1),
            router: RouterFacts::default(),
            servers: Vec::new(),
            profiles: Vec::new(),
            users: Vec::new(),
            active: Vec::new(),
            hosts: Vec::new(),
            cookies: Vec::new(),
        };
        Self {
            observed,
            next_id: 1,
            log: Vec::new(),
        }
    }

    pub(super) fn id(&mut self) -> RowId {
        self.next_id += 1;
        RowId(format!("*{:X}", self.next_id))
    }

    /// Carries out plans until there is nothing to do, and counts them.
    pub(super) fn settle(&mut self, desired: &Desired) -> usize {
        for round in 0..8 {
            let actions = plan(desired, &self.observed);
            if actions.is_empty() {
                return round;
            }
            for action in actions {
                self.apply(&action);
            }
        }
        panic!(
            "no agreement after eight plans: {:?}",
            plan(desired, &self.observed)
        );
    }

    pub(super) fn apply(&mut self, action: &Action) {
        self.log.push(action.clone());
        let seen = &mut self.observed;
        match action {
            Action::AddProfile { name, spec } => {
                assert!(
                    seen.profiles.iter().all(|row| row.name != *name),
                    "already have profile"
                );
                let id = self.id();
                self.observed.profiles.push(profile_row(id, name, *spec));
            }
            Action::SetProfile { id, name, spec } => {
                let row = seen
                    .profiles
                    .iter_mut()
                    .find(|row| row.id == *id)
                    .expect("no such profile");
                *row = profile_row(id.clone(), name, *spec);
            }
            Action::RemoveProfile { id, .. } => {
                let row = seen
                    .profiles
                    .iter()
                    .find(|row| row.id == *id)
                    .expect("no such profile");
                assert!(
                    seen.users.iter().all(|user| user.profile != row.name),
                    "profile in use"
                );
                seen.profiles.retain(|row| row.id != *id);
            }
            Action::DisableUser { id, .. } => self.user(id).disabled = true,
            Action::RemoveCookie { id, .. } => {
                assert!(
                    seen.cookies.iter().any(|row| row.id == *id),
                    "no such cookie"
                );
                seen.cookies.retain(|row| row.id != *id);
            }
            Action::RemoveActive {
                id, ticket, why, ..
            } => {
                if *why == Cut::Ended {
                    let user = &seen
                        .active
                        .iter()
                        .find(|row| row.id == *id)
                        .expect("no such session")
                        .user;
                    assert!(
                        seen.users
                            .iter()
                            .any(|row| row.ticket == *ticket && row.name == *user && row.disabled),
                        "still on"
                    );
                    assert!(
                        seen.cookies.iter().all(|row| row.user != *user),
                        "a cookie would bring it back"
                    );
                }
                self.log_out(id);
            }
            Action::RemoveUser { id, .. } => {
                let name = self.user(id).name.clone();
                assert!(
                    self.observed.active.iter().all(|row| row.user != name),
                    "counters lost"
                );
                self.observed.users.retain(|row| row.id != *id);
            }
            Action::AddUser {
                ticket,
                name,
                password,
                profile,
                mac,
                limit_uptime,
                limit_bytes,
            } => {
                assert!(
                    seen.users.iter().all(|row| row.name != *name),
                    "already have user with this name"
                );
                assert!(
                    seen.profiles.iter().any(|row| row.name == *profile),
                    "no such profile"
                );
                let id = self.id();
                self.observed.users.push(UserRow {
                    id,
                    ticket: *ticket,
                    name: name.clone(),
                    password: Some(password.clone()),
                    profile: profile.clone(),
                    mac: *mac,
                    limit_uptime: *limit_uptime,
                    limit_bytes_total: *limit_bytes,
                    uptime_secs: 0,
                    bytes_in: 0,
                    bytes_out: 0,
                    disabled: false,
                });
            }
            Action::SetUser { id, change, .. } => {
                let row = self.user(id);
                row.password = change.password.clone().or(row.password.take());
                row.profile = change
                    .profile
                    .clone()
                    .unwrap_or_else(|| row.profile.clone());
                row.mac = change.mac.unwrap_or(row.mac);
                row.limit_uptime = change.limit_uptime.unwrap_or(row.limit_uptime);
                row.limit_bytes_total = change.limit_bytes.unwrap_or(row.limit_bytes_total);
                row.disabled &= !change.enable;
            }
            Action::LogIn {
                name, mac, address, ..
            } => self.log_in(name, *mac, *address),
        }
    }

    fn user(&mut self, id: &RowId) -> &mut UserRow {
        self.observed
            .users
            .iter_mut()
            .find(|row| row.id == *id)
            .expect("no such user")
    }

    /// Refuses as the router does; a plan that runs into it has not looked.
    pub(super) fn log_in(&mut self, name: &Credential, mac: Mac, address: IpAddr) {
        let user = self
            .observed
            .users
            .iter()
            .find(|row| row.name == *name)
            .expect("invalid username or password")
            .clone();
        assert!(!user.disabled, "user is disabled");
        assert!(
            user.mac.is_none_or(|bound| bound == mac),
            "not allowed to log in from this MAC address"
        );
        let profile = self
            .observed
            .profiles
            .iter()
            .find(|row| row.name == user.profile)
            .expect("profile")
            .shared_users;
        let online = self
            .observed
            .active
            .iter()
            .filter(|row| row.user == *name)
            .count();
        assert!(
            !matches!(profile, Setting::On(most) if online >= usize::from(most)),
            "no more sessions are allowed"
        );
        let used = user.bytes_in + user.bytes_out;
        assert!(
            user.limit_bytes_total.is_none_or(|limit| used < limit),
            "traffic limit"
        );
        assert!(
            user.limit_uptime
                .is_none_or(|limit| user.uptime_secs < limit),
            "uptime limit"
        );
        let host = self
            .observed
            .hosts
            .iter_mut()
            .find(|host| host.mac == mac && host.login_address() == address);
        let host = host.expect("unknown host IP");
        assert!(!host.authorized, "already logged in");
        host.authorized = true;
        let server = host.server.clone();
        let id = self.id();
        self.observed.active.push(ActiveRow {
            id,
            user: name.clone(),
            address,
            mac,
            server,
            uptime_secs: 0,
            idle_secs: 0,
            bytes_in: 0,
            bytes_out: 0,
        });
    }

    pub(super) fn log_out(&mut self, id: &RowId) {
        let place = self
            .observed
            .active
            .iter()
            .position(|row| row.id == *id)
            .expect("no such session");
        let gone = self.observed.active.remove(place);
        for host in self
            .observed
            .hosts
            .iter_mut()
            .filter(|host| host.mac == gone.mac && host.login_address() == gone.address)
        {
            host.authorized = false;
        }
        if let Some(user) = self
            .observed
            .users
            .iter_mut()
            .find(|row| row.name == gone.user)
        {
            user.uptime_secs += gone.uptime_secs;
            user.bytes_in += gone.bytes_in;
            user.bytes_out += gone.bytes_out;
        }
    }
}

fn profile_row(id: RowId, name: &str, spec: ProfileSpec) -> ProfileRow {
    ProfileRow {
        id,
        name: name.to_owned(),
        rate: spec.rate.map_or(Setting::Off, Setting::On),
        shared_users: spec.shared_users.map_or(Setting::Off, Setting::On),
        keepalive_secs: spec.keepalive_secs.map_or(Setting::Off, Setting::On),
        mac_cookie_secs: spec.mac_cookie_secs.map_or(Setting::Off, Setting::On),
    }
}
