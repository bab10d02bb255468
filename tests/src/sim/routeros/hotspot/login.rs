//! Logging in and out: the checks every way in goes through, and what a log-out writes back.
use std::net::Ipv4Addr;

use super::super::device::Device;
use super::super::value;
use super::{Cause, Cookie, Session};

/// Somebody asking to be let in.
#[derive(Debug, Clone)]
pub(crate) struct Attempt {
    pub(crate) address: Ipv4Addr,
    pub(crate) user: String,
    pub(crate) secret: Secret,
    pub(crate) login_by: &'static str,
    pub(crate) domain: String,
}

/// How the password was shown.
#[derive(Debug, Clone)]
pub(crate) enum Secret {
    Plain(String),
    /// MD5 over id, password and challenge.
    Chap {
        id: u8,
        challenge: Vec<u8>,
        response: Vec<u8>,
    },
}

impl Attempt {
    pub(crate) fn new(
        address: Ipv4Addr,
        user: &str,
        password: &str,
        login_by: &'static str,
    ) -> Self {
        Self {
            address,
            user: user.to_owned(),
            secret: Secret::Plain(password.to_owned()),
            login_by,
            domain: String::new(),
        }
    }
}

/// Why nobody was let in; the words come from `errors.txt`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refusal {
    UnknownHost,
    InvalidUsername,
    WrongMacUsername,
    InvalidMac,
    UptimeLimit,
    TrafficLimit,
    UserSessionLimit,
    LicenseSessionLimit,
}

impl Refusal {
    /// Returns the key of the text in `errors.txt`.
    pub(crate) fn key(&self) -> &'static str {
        match self {
            Self::UnknownHost => "not-logged-in",
            Self::InvalidUsername => "invalid-username",
            Self::WrongMacUsername => "wrong-mac-username",
            Self::InvalidMac => "invalid-mac",
            Self::UptimeLimit => "uptime-limit",
            Self::TrafficLimit => "traffic-limit",
            Self::UserSessionLimit => "user-session-limit",
            Self::LicenseSessionLimit => "license-session-limit",
        }
    }

    /// Returns the stock English text.
    pub(crate) fn words(&self, user: &str, address: Ipv4Addr) -> String {
        match self {
            Self::UnknownHost => format!("unknown host IP {address}"),
            Self::InvalidUsername => "invalid username or password".to_owned(),
            Self::WrongMacUsername => {
                format!("invalid username ({user}): this MAC address is not yours")
            }
            Self::InvalidMac => {
                format!("user {user} is not allowed to log in from this MAC address")
            }
            Self::UptimeLimit => format!("user {user} has reached uptime limit"),
            Self::TrafficLimit => format!("user {user} has reached traffic limit"),
            Self::UserSessionLimit => format!("no more sessions are allowed for user {user}"),
            Self::LicenseSessionLimit => "session limit reached ()".to_owned(),
        }
    }
}

impl Device {
    /// Logs a host in, or says why not.
    pub(crate) fn log_in(&mut self, attempt: &Attempt) -> Result<(), Refusal> {
        let topics = "hotspot,account,info,debug";
        let who = format!("{} ({})", attempt.user, attempt.address);
        self.note(
            topics,
            format!("{who}: trying to log in by {}", attempt.login_by),
        );
        match self.admit(attempt) {
            Ok(session) => {
                self.note(topics, format!("{who}: logged in"));
                self.remember(&session);
                self.sessions.insert(session.address, session);
                self.touch("/ip/hotspot/active");
                self.touch("/ip/hotspot/host");
                self.touch("/queue/simple");
                Ok(())
            }
            Err(refusal) => {
                let words = refusal.words(&attempt.user, attempt.address);
                self.note(topics, format!("{who}: login failed: {words}"));
                Err(refusal)
            }
        }
    }

    fn admit(&mut self, attempt: &Attempt) -> Result<Session, Refusal> {
        let host = self
            .hosts
            .get(&attempt.address)
            .cloned()
            .ok_or(Refusal::UnknownHost)?;
        if host.blocked {
            return Err(Refusal::UnknownHost);
        }
        let trial = self.trial(attempt, &host.mac, &host.server);
        if !trial && value::parse_mac(&attempt.user).is_some_and(|mac| mac != host.mac) {
            return Err(Refusal::WrongMacUsername);
        }
        let users = self.table("/ip/hotspot/user");
        let found = users.rows.iter().find(|row| {
            if trial {
                return row.stock;
            }
            row.text("name") == attempt.user
                && !row.stock
                && (row.raw("server") == b"all" || row.text("server") == host.server)
        });
        let Some(user) = found.filter(|row| !row.is("disabled")).cloned() else {
            return Err(Refusal::InvalidUsername);
        };
        if !trial && !matches(&attempt.secret, user.raw("password")) {
            return Err(Refusal::InvalidUsername);
        }
        let bound = user.text("mac-address");
        if bound != "00:00:00:00:00:00" && bound != host.mac {
            return Err(Refusal::InvalidMac);
        }
        let profiles = self.table("/ip/hotspot/user/profile");
        let wanted = if trial {
            self.trial_profile(&host.server)
        } else {
            user.text("profile").into_owned()
        };
        let profile = profiles
            .named(&wanted)
            .or_else(|| profiles.by_id(0))
            .cloned()
            .ok_or(Refusal::InvalidUsername)?;
        // A second log-in from one address replaces the first, as a page sent twice does. Its usage counts already.
        let replaced = self.sessions.get(&attempt.address);
        let running = replaced.filter(|session| session.user_id == user.id);
        let running = running.map_or((0, 0, 0), |session| {
            let uptime = self.now - session.started;
            (uptime, session.bytes_in(), session.bytes_out())
        });
        let left_uptime = if trial {
            Some(
                self.trial_left(&host.mac, &host.server)
                    .and_then(|left| left.checked_sub(running.0))
                    .filter(|left| *left > 0)
                    .ok_or(Refusal::UptimeLimit)?,
            )
        } else {
            let used = user.usage.uptime.saturating_add(running.0);
            remains(user.span("limit-uptime"), used).ok_or(Refusal::UptimeLimit)?
        };
        let used_in = user.usage.bytes_in.saturating_add(running.1);
        let used_out = user.usage.bytes_out.saturating_add(running.2);
        let left_in =
            remains(user.limit("limit-bytes-in"), used_in).ok_or(Refusal::TrafficLimit)?;
        let left_out =
            remains(user.limit("limit-bytes-out"), used_out).ok_or(Refusal::TrafficLimit)?;
        let left_total = remains(
            user.limit("limit-bytes-total"),
            used_in.saturating_add(used_out),
        )
        .ok_or(Refusal::TrafficLimit)?;
        let shared = profile.text("shared-users").parse::<usize>().ok();
        let online = self
            .sessions
            .values()
            .filter(|s| s.user_id == user.id && s.address != attempt.address)
            .count();
        if !trial && shared.is_some_and(|shared| online >= shared) {
            return Err(Refusal::UserSessionLimit);
        }
        if self
            .knobs
            .licensed_sessions
            .is_some_and(|most| self.sessions.len() >= most + usize::from(replaced.is_some()))
        {
            return Err(Refusal::LicenseSessionLimit);
        }
        self.log_out(attempt.address, Cause::UserRequest);
        let serial = self.next_identifier();
        Ok(Session {
            user_id: user.id,
            user: attempt.user.clone(),
            password: user.text("password").into_owned(),
            domain: attempt.domain.clone(),
            address: attempt.address,
            mac: host.mac,
            server: host.server,
            login_by: if trial { "trial" } else { attempt.login_by },
            session_id: format!("80{serial:06x}"),
            started: self.now,
            milli_in: 0,
            milli_out: 0,
            left_uptime,
            session_timeout: profile.span("session-timeout"),
            left_in,
            left_out,
            left_total,
            idle_timeout: profile.span("idle-timeout"),
            keepalive_timeout: profile.span("keepalive-timeout"),
            refresh: profile.span("status-autorefresh"),
            comment: None,
            rate: value::parse_rate_limit(&profile.text("rate-limit")),
        })
    }

    fn trial(&self, attempt: &Attempt, mac: &str, server: &str) -> bool {
        attempt
            .user
            .strip_prefix("T-")
            .is_some_and(|rest| rest == mac)
            && self.login_methods(server).iter().any(|way| way == "trial")
    }

    fn trial_profile(&self, server: &str) -> String {
        self.server_profile(server)
            .map(|row| row.text("trial-user-profile").into_owned())
            .unwrap_or_default()
    }

    /// Returns the time a MAC may still try for free, or nothing when it is used up.
    pub(crate) fn trial_left(&self, mac: &str, server: &str) -> Option<u64> {
        let profile = self.server_profile(server)?;
        let limit = profile.span("trial-uptime-limit").unwrap_or(u64::MAX / 2);
        let reset = profile.span("trial-uptime-reset").unwrap_or(u64::MAX / 2);
        match self.trials.get(mac) {
            Some((first, used)) if self.now < first + reset => {
                limit.checked_sub(*used).filter(|left| *left > 0)
            }
            _ => Some(limit),
        }
    }

    /// Keeps a MAC cookie for a fresh session where profile and user profile say so.
    fn remember(&mut self, session: &Session) {
        let ways = self.login_methods(&session.server);
        let Some(user) = self.table("/ip/hotspot/user").by_id(session.user_id) else {
            return;
        };
        let profile = user.text("profile").into_owned();
        let Some(profile) = self.table("/ip/hotspot/user/profile").named(&profile) else {
            return;
        };
        let wanted = ways.iter().any(|way| way == "mac-cookie") && profile.is("add-mac-cookie");
        let Some(life) = profile.span("mac-cookie-timeout").filter(|_| wanted) else {
            return;
        };
        let cookie = Cookie {
            id: self.next_identifier(),
            user: session.user.clone(),
            password: session.password.clone(),
            mac: session.mac.clone(),
            expires: self.now + life,
            token: None,
        };
        self.cookies
            .retain(|have| have.token.is_some() || have.mac != session.mac);
        self.cookies.push(cookie);
        self.touch("/ip/hotspot/cookie");
    }

    /// Ends a session and writes its usage to the user.
    pub(crate) fn log_out(&mut self, address: Ipv4Addr, cause: Cause) {
        let Some(session) = self.sessions.remove(&address) else {
            return;
        };
        let uptime = self.now - session.started;
        if let Some(user) = self
            .table_mut("/ip/hotspot/user")
            .by_id_mut(session.user_id)
        {
            user.usage.uptime += uptime;
            user.usage.bytes_in = user.usage.bytes_in.saturating_add(session.bytes_in());
            user.usage.bytes_out = user.usage.bytes_out.saturating_add(session.bytes_out());
        }
        if session.login_by == "trial" {
            let trial = self
                .trials
                .entry(session.mac.clone())
                .or_insert((session.started, 0));
            trial.1 += uptime;
        }
        if cause.forgets() {
            self.cookies
                .retain(|cookie| cookie.mac != session.mac || cookie.token.is_some());
            self.touch("/ip/hotspot/cookie");
        }
        let who = format!("{} ({address})", session.user);
        self.note(
            "hotspot,account,info,debug",
            format!("{who}: logged out: {}", cause.words()),
        );
        self.touch("/ip/hotspot/active");
        self.touch("/ip/hotspot/host");
        self.touch("/ip/hotspot/user");
        self.touch("/queue/simple");
    }
}

/// Returns what is left of a limit; nothing at all when it is reached.
fn remains(limit: Option<u64>, used: u64) -> Option<Option<u64>> {
    match limit {
        None => Some(None),
        Some(limit) if used < limit => Some(Some(limit - used)),
        Some(_) => None,
    }
}

fn matches(secret: &Secret, password: &[u8]) -> bool {
    match secret {
        Secret::Plain(given) => given.as_bytes() == password,
        Secret::Chap {
            id,
            challenge,
            response,
        } => super::super::chap::response(*id, password, challenge) == response[..],
    }
}
