//! Carries out a list of actions, one after another. Each is safe to repeat, so an answer that was lost costs only another look. What to do
//! is `plan`'s to decide.

use std::collections::BTreeSet;
use std::time::Duration;

use mnara_protocol::ids::{Mac, TicketId};
use tokio::time::sleep;
use tracing::debug;

use super::desired::{COMMENT_PREFIX, Credential, ProfileSpec};
use super::observe::marked;
use super::observed::RowId;
use super::plan::{Action, UserChange};
use crate::routeros::client::{Client, Command, Error, Query};
use crate::routeros::value::rate_text;
use crate::routeros::wire::{Category, Row, Trap};

/// Commands in one go before the router gets air; beyond some hundred in a burst it slows down for everyone.
const BURST: usize = 64;
/// The air between commands after that.
const GAP: Duration = Duration::from_millis(10);

/// What became of a list.
#[derive(Clone, Debug)]
pub struct Report {
    /// What was tried, in order.
    pub applied: Vec<Applied>,
    /// What ended the connection, if it ended; what comes after the last tried action was not.
    pub lost: Option<Error>,
}

/// What became of one action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    /// The action.
    pub action: Action,
    /// What became of it.
    pub outcome: Outcome,
}

/// What became of one action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The router did it.
    Done,
    /// The row was not there any more, which is as good for a removal, or was there without our mark; else the next look finds out.
    Gone,
    /// The router would not.
    Refused(Refusal),
    /// Not tried, since what it builds on was refused.
    Skipped,
    /// Whether it was done is not known: the connection ended.
    Unknown,
}

/// Why the router would not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The device is not in the host table under this address.
    UnknownHost,
    /// The device's hardware address is not the one the router has for it.
    WrongMac,
    /// The user is bound to another device.
    OtherDevice,
    /// The user's name reads as some other device's hardware address; codes must never do so.
    NameIsMac,
    /// All places of the user are taken.
    NoMoreSessions,
    /// The router's licence allows no more devices.
    LicenceFull,
    /// The user's connected time is used up by the router's count.
    UptimeLimit,
    /// The user's data is used up by the router's count.
    TrafficLimit,
    /// The router does not take the user's name and password.
    BadCredentials,
    /// The device is just being logged in.
    InProgress,
    /// Another ticket's user has this name.
    NameTaken,
    /// The user's profile is not there.
    NoSuchProfile,
    /// This program's user on the router may not do it.
    NotPermitted,
    /// Anything else.
    Other(Option<Category>),
}

impl Refusal {
    /// Reads the router's words.
    #[must_use]
    pub fn of(trap: &Trap) -> Self {
        let words = trap
            .message
            .strip_prefix("failure: ")
            .unwrap_or(&trap.message);
        let says = |part: &str| words.contains(part);
        if says("unknown host IP") || says("invalid value for argument ip") {
            Self::UnknownHost
        } else if says("wrong MAC") || says("invalid value of mac-address") {
            Self::WrongMac
        } else if says("not allowed to log in from this MAC") {
            Self::OtherDevice
        } else if says("this MAC address is not yours") {
            Self::NameIsMac
        } else if says("no more sessions are allowed") {
            Self::NoMoreSessions
        } else if says("session limit reached") {
            Self::LicenceFull
        } else if says("reached uptime limit") {
            Self::UptimeLimit
        } else if says("reached traffic limit") {
            Self::TrafficLimit
        } else if says("invalid username or password") {
            Self::BadCredentials
        } else if says("already authorizing") {
            Self::InProgress
        } else if says("already have") {
            Self::NameTaken
        } else if says("match any value of profile") {
            Self::NoSuchProfile
        } else if says("not enough permissions") {
            Self::NotPermitted
        } else {
            Self::Other(trap.category)
        }
    }
}

/// Carries out the actions.
pub async fn apply(client: &Client, actions: Vec<Action>) -> Report {
    let mut applied = Vec::with_capacity(actions.len());
    let mut failed = BTreeSet::new();
    for (place, action) in actions.into_iter().enumerate() {
        if place >= BURST {
            sleep(GAP).await;
        }
        let ticket = action.ticket();
        if ticket.is_some_and(|ticket| failed.contains(&ticket)) {
            applied.push(Applied {
                action,
                outcome: Outcome::Skipped,
            });
            continue;
        }
        match carry_out(client, &action).await {
            Ok(outcome) => {
                // What follows for the same ticket builds on this: a cut-off needs the user disabled, a log-in the user written.
                let leads = matches!(
                    action,
                    Action::DisableUser { .. } | Action::AddUser { .. } | Action::SetUser { .. }
                );
                if leads && outcome != Outcome::Done {
                    failed.extend(ticket);
                }
                applied.push(Applied { action, outcome });
            }
            Err(error) => {
                applied.push(Applied {
                    action,
                    outcome: Outcome::Unknown,
                });
                return Report {
                    applied,
                    lost: Some(error),
                };
            }
        }
    }
    Report {
        applied,
        lost: None,
    }
}

async fn carry_out(client: &Client, action: &Action) -> Result<Outcome, Error> {
    let outcome = outcome_of(client.call(&command(action)).await)?;
    if outcome == Outcome::Refused(Refusal::BadCredentials)
        && let Action::LogIn {
            row: Some(row),
            password,
            ..
        } = action
    {
        // Where the router hides passwords, one changed by hand shows only here.
        let write = Command::new("/ip/hotspot/user/set")
            .attribute(".id", &row.0)
            .attribute("password", password.reveal());
        return match outcome_of(client.call(&write).await)? {
            Outcome::Done => outcome_of(client.call(&command(action)).await),
            other => Ok(other),
        };
    }
    if outcome == Outcome::Refused(Refusal::NameTaken)
        && let Action::AddUser { ticket, name, .. } = action
    {
        return mark_again(client, *ticket, name).await;
    }
    Ok(outcome)
}

/// Puts our mark back on the user that has a ticket's name. Names are drawn by us, so it is ours and lost its mark by hand; the next look
/// takes it in, with all it has counted.
async fn mark_again(
    client: &Client,
    ticket: TicketId,
    name: &Credential,
) -> Result<Outcome, Error> {
    let taken = Outcome::Refused(Refusal::NameTaken);
    let find = Command::new("/ip/hotspot/user/print")
        .proplist(&[".id", "name", "comment"])
        .query(&Query::equals("name", name.reveal()));
    let found = match client.call(&find).await {
        Ok(found) => found,
        Err(error) if error.is_refusal() => return Ok(taken),
        Err(error) => return Err(error),
    };
    // One with the mark of another ticket is that ticket's to end.
    let lost = found
        .rows
        .iter()
        .find(|row| row.text("name").as_deref() == Some(name.reveal()) && marked(row).is_none());
    let Some(id) = lost.and_then(Row::id) else {
        return Ok(taken);
    };
    let mark = Command::new("/ip/hotspot/user/set")
        .attribute(".id", &id)
        .attribute("comment", &format!("{COMMENT_PREFIX}{ticket}"));
    Ok(match outcome_of(client.call(&mark).await)? {
        Outcome::Done => Outcome::Gone,
        _ => taken,
    })
}

fn outcome_of<T>(answer: Result<T, Error>) -> Result<Outcome, Error> {
    match answer {
        Ok(_) => Ok(Outcome::Done),
        Err(Error::Trap(trap)) if trap.message.contains("no such item") => Ok(Outcome::Gone),
        Err(error @ Error::Trap(_)) => {
            debug!(
                error = &error as &dyn std::error::Error,
                "the router would not"
            );
            Ok(Outcome::Refused(
                error.trap().map_or(Refusal::Other(None), Refusal::of),
            ))
        }
        Err(error) if error.is_refusal() => Ok(Outcome::Refused(Refusal::Other(None))),
        Err(error) => Err(error),
    }
}

fn command(action: &Action) -> Command {
    match action {
        Action::AddProfile { name, spec } => profile(
            Command::new("/ip/hotspot/user/profile/add").attribute("name", name),
            spec,
        ),
        Action::SetProfile { id, spec, .. } => profile(
            Command::new("/ip/hotspot/user/profile/set").attribute(".id", &id.0),
            spec,
        ),
        Action::RemoveProfile { id, .. } => by_id("/ip/hotspot/user/profile/remove", id),
        Action::DisableUser { id, .. } => {
            by_id("/ip/hotspot/user/set", id).attribute("disabled", "yes")
        }
        Action::RemoveCookie { id, .. } => by_id("/ip/hotspot/cookie/remove", id),
        Action::RemoveActive { id, .. } => by_id("/ip/hotspot/active/remove", id),
        Action::RemoveUser { id, .. } => by_id("/ip/hotspot/user/remove", id),
        Action::AddUser {
            ticket,
            name,
            password,
            profile,
            mac,
            limit_uptime,
            limit_bytes,
        } => Command::new("/ip/hotspot/user/add")
            .attribute("name", name.reveal())
            .attribute("password", password.reveal())
            .attribute("profile", profile)
            .attribute("comment", &format!("{COMMENT_PREFIX}{ticket}"))
            .maybe("mac-address", mac.map(|mac| mac.to_string()).as_deref())
            .maybe("limit-uptime", limit_uptime.map(seconds).as_deref())
            .maybe(
                "limit-bytes-total",
                limit_bytes.map(|bytes| bytes.to_string()).as_deref(),
            ),
        Action::SetUser { id, change, .. } => set_user(id, change),
        Action::LogIn {
            name,
            password,
            mac,
            address,
            ..
        } => login(name, password, *mac, &address.to_string()),
    }
}

fn by_id(path: &'static str, id: &RowId) -> Command {
    Command::new(path).attribute(".id", &id.0)
}

fn login(name: &Credential, password: &Credential, mac: Mac, address: &str) -> Command {
    Command::new("/ip/hotspot/active/login")
        .attribute("user", name.reveal())
        .attribute("password", password.reveal())
        .attribute("mac-address", &mac.to_string())
        .attribute("ip", address)
}

fn set_user(id: &RowId, change: &UserChange) -> Command {
    // All zeros and zero are how the router is told none.
    let mac = change
        .mac
        .map(|mac| mac.map_or_else(|| "00:00:00:00:00:00".to_owned(), |mac| mac.to_string()));
    let uptime = change
        .limit_uptime
        .map(|limit| seconds(limit.unwrap_or_default()));
    let bytes = change
        .limit_bytes
        .map(|limit| limit.unwrap_or_default().to_string());
    let password = change.password.as_ref().map(Credential::reveal);
    by_id("/ip/hotspot/user/set", id)
        .maybe("password", password)
        .maybe("profile", change.profile.as_deref())
        .maybe("mac-address", mac.as_deref())
        .maybe("limit-uptime", uptime.as_deref())
        .maybe("limit-bytes-total", bytes.as_deref())
        .maybe("disabled", change.enable.then_some("no"))
}

fn profile(command: Command, spec: &ProfileSpec) -> Command {
    // What the router receives comes first: the customer's upload.
    let rate = spec.rate.map(|rate| {
        let pair = |up, down| format!("{}/{}", rate_text(up), rate_text(down));
        let plain = pair(rate.up_bps, rate.down_bps);
        rate.burst.map_or(plain.clone(), |burst| {
            format!(
                "{plain} {} {} {secs}/{secs}",
                pair(burst.up_bps, burst.down_bps),
                pair(burst.up_below_bps, burst.down_below_bps),
                secs = burst.secs,
            )
        })
    });
    let shared = spec
        .shared_users
        .map_or_else(|| "unlimited".to_owned(), |users| users.to_string());
    let keepalive = spec
        .keepalive_secs
        .map_or_else(|| "none".to_owned(), |secs| seconds(u64::from(secs)));
    let cookie = spec.mac_cookie_secs.map(|secs| seconds(u64::from(secs)));
    command
        .attribute("rate-limit", rate.as_deref().unwrap_or_default())
        .attribute("shared-users", &shared)
        .attribute("keepalive-timeout", &keepalive)
        .attribute(
            "add-mac-cookie",
            if cookie.is_some() { "yes" } else { "no" },
        )
        .maybe("mac-cookie-timeout", cookie.as_deref())
}

fn seconds(secs: u64) -> String {
    format!("{secs}s")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(message: &str) -> Refusal {
        Refusal::of(&Trap {
            category: None,
            message: message.to_owned(),
            extra: Row::default(),
        })
    }

    #[test]
    fn the_routers_words_are_understood() {
        for (message, refusal) in [
            ("unknown host IP 10.0.0.9", Refusal::UnknownHost),
            ("invalid value for argument ip", Refusal::UnknownHost),
            ("wrong MAC provided", Refusal::WrongMac),
            (
                "user AB is not allowed to log in from this MAC address",
                Refusal::OtherDevice,
            ),
            (
                "invalid username (AB12CD34EF56): this MAC address is not yours",
                Refusal::NameIsMac,
            ),
            (
                "no more sessions are allowed for user AB",
                Refusal::NoMoreSessions,
            ),
            ("session limit reached (1)", Refusal::LicenceFull),
            ("user AB has reached uptime limit", Refusal::UptimeLimit),
            ("user AB has reached traffic limit", Refusal::TrafficLimit),
            ("invalid username or password", Refusal::BadCredentials),
            ("already authorizing, retry later", Refusal::InProgress),
            (
                "failure: already have user with this name for this server",
                Refusal::NameTaken,
            ),
            (
                "input does not match any value of profile",
                Refusal::NoSuchProfile,
            ),
            ("not enough permissions (9)", Refusal::NotPermitted),
            ("failure: not allowed by device-mode", Refusal::Other(None)),
        ] {
            assert_eq!(refused(message), refusal, "{message}");
        }
    }
}
