//! Reads the router: asks for just the properties the loop needs and turns rows into [`Observed`]. What to make of them is `plan`'s
//! business.

use std::net::IpAddr;
use std::str::FromStr;

use mnara_protocol::ids::{Mac, TicketId};
use mnara_protocol::plan::{Burst, Rate};
use tracing::debug;

use super::desired::{COMMENT_PREFIX, Credential, ObservationNo, PROFILE_PREFIX};
use super::observed::{
    ActiveRow, CookieRow, Host, Observed, ProfileRow, RouterFacts, RowId, Server, Setting, UserRow,
};
use crate::routeros::client::{Answer, Client, Command, Error, Query};
use crate::routeros::value::{bits_per_second, duration_secs, is_true};
use crate::routeros::wire::Row;

const HOST: &[&str] = &[
    ".id",
    "mac-address",
    "address",
    "to-address",
    "server",
    "idle-time",
    "authorized",
    "bypassed",
];
const ACTIVE: &[&str] = &[
    ".id",
    "user",
    "address",
    "mac-address",
    "server",
    "uptime",
    "idle-time",
    "bytes-in",
    "bytes-out",
];
const USER: &[&str] = &[
    ".id",
    "name",
    "password",
    "profile",
    "mac-address",
    "limit-uptime",
    "limit-bytes-total",
    "uptime",
    "bytes-in",
    "bytes-out",
    "disabled",
    "comment",
];
const PROFILE: &[&str] = &[
    ".id",
    "name",
    "rate-limit",
    "shared-users",
    "keepalive-timeout",
    "add-mac-cookie",
    "mac-cookie-timeout",
];
const RESOURCE: &[&str] = &[
    "uptime",
    "version",
    "board-name",
    "architecture-name",
    "free-memory",
    "cpu-load",
];

/// Reads everything.
///
/// # Errors
/// Those of the client. A menu that is missing, as without the hotspot package, is a refusal.
pub async fn everything(client: &Client, number: ObservationNo) -> Result<Observed, Error> {
    let identity = Command::new("/system/identity/print").proplist(&["name"]);
    let resource = Command::new("/system/resource/print").proplist(RESOURCE);
    let servers =
        Command::new("/ip/hotspot/print").proplist(&["name", "interface", "disabled", "invalid"]);
    let profiles = Command::new("/ip/hotspot/user/profile/print").proplist(PROFILE);
    let (identity, resource, servers, profiles) = tokio::try_join!(
        client.call(&identity),
        client.call(&resource),
        client.call(&servers),
        client.call(&profiles)
    )?;
    let settings = Observed {
        number,
        router: router(identity.rows.first(), resource.rows.first()),
        servers: servers.rows.iter().map(server).collect(),
        profiles: readable("profile", &profiles.rows, profile),
        users: Vec::new(),
        active: Vec::new(),
        hosts: Vec::new(),
        cookies: Vec::new(),
    };
    devices(client, number, &settings).await
}

/// Reads users, sessions, hosts and cookies, and takes the settings over from an earlier look.
///
/// # Errors
/// Those of the client.
pub async fn devices(
    client: &Client,
    number: ObservationNo,
    earlier: &Observed,
) -> Result<Observed, Error> {
    let asks = shows_when_asked(&earlier.router.version);
    let [users, active, hosts, cookies] = match rows(client, asks).await {
        // Who does not know the question is asked without it.
        Err(Error::Trap(trap)) if asks && trap.message.contains("unknown parameter") => {
            rows(client, false).await?
        }
        answer => answer?,
    };
    Ok(Observed {
        number,
        router: earlier.router.clone(),
        servers: earlier.servers.clone(),
        profiles: earlier.profiles.clone(),
        users: self::users(&users.rows),
        active: readable("active", &active.rows, session),
        hosts: readable("host", &hosts.rows, host),
        cookies: readable("cookie", &cookies.rows, cookie),
    })
}

/// Asks for users, sessions, hosts and cookies; `asks` says whether passwords are asked for by name.
async fn rows(client: &Client, asks: bool) -> Result<[Answer; 4], Error> {
    // Users before sessions: one that ends in between is then counted late, never twice.
    let users = Command::new("/ip/hotspot/user/print")
        .proplist(USER)
        .maybe("show-sensitive", asks.then_some(""));
    let active = Command::new("/ip/hotspot/active/print").proplist(ACTIVE);
    let hosts = Command::new("/ip/hotspot/host/print").proplist(HOST);
    let cookies =
        Command::new("/ip/hotspot/cookie/print").proplist(&[".id", "user", "mac-address"]);
    let (users, active, hosts, cookies) = tokio::join!(
        client.call(&users),
        client.call(&active),
        client.call(&hosts),
        client.call(&cookies)
    );
    Ok([users?, active?, hosts?, cookies?])
}

/// Looks one device up by the address its packets bear: among translated addresses first, then among the devices' own.
///
/// # Errors
/// Those of the client.
pub async fn host_at(client: &Client, peer: IpAddr) -> Result<Option<Host>, Error> {
    let text = peer.to_string();
    let query = Query::equals("to-address", &text).or(Query::equals("address", &text));
    let answer = client
        .call(
            &Command::new("/ip/hotspot/host/print")
                .proplist(HOST)
                .query(&query),
        )
        .await?;
    let mut hosts = readable("host", &answer.rows, host);
    hosts.retain(|host| host.to_address == Some(peer) || host.address == peer);
    hosts.sort_by_key(|host| host.to_address != Some(peer));
    Ok(hosts.into_iter().next())
}

/// Reads rows, passing over those that lack what makes them one; such a row can be neither logged in nor cut off.
fn readable<T>(
    menu: &'static str,
    rows: &[Row],
    read: impl Fn(&Row) -> Option<Reading<T>>,
) -> Vec<T> {
    let mut known = Vec::with_capacity(rows.len());
    for row in rows {
        match read(row) {
            Some(Reading::Ours(item)) => known.push(item),
            Some(Reading::Foreign) => {}
            None => debug!(menu, "a row without the properties it must have"),
        }
    }
    known
}

/// What a readable row is to us.
enum Reading<T> {
    Ours(T),
    Foreign,
}

fn router(identity: Option<&Row>, resource: Option<&Row>) -> RouterFacts {
    let of = |row: Option<&Row>, name| row.and_then(|row| text(row, name)).unwrap_or_default();
    RouterFacts {
        identity: of(identity, "name"),
        version: of(resource, "version"),
        board: of(resource, "board-name"),
        architecture: of(resource, "architecture-name"),
        uptime_secs: resource.map(|row| secs(row, "uptime")).unwrap_or_default(),
        free_memory: resource
            .map(|row| number(row, "free-memory"))
            .unwrap_or_default(),
        cpu_load: resource
            .map(|row| number(row, "cpu-load"))
            .unwrap_or_default(),
    }
}

fn server(row: &Row) -> Server {
    Server {
        name: text(row, "name").unwrap_or_default(),
        interface: text(row, "interface").unwrap_or_default(),
        disabled: is_true(row.text("disabled").as_deref()),
        invalid: is_true(row.text("invalid").as_deref()),
    }
}

fn profile(row: &Row) -> Option<Reading<ProfileRow>> {
    let name = text(row, "name")?;
    if !name.starts_with(PROFILE_PREFIX) {
        return Some(Reading::Foreign);
    }
    let cookies = is_true(row.text("add-mac-cookie").as_deref());
    Some(Reading::Ours(ProfileRow {
        id: id(row)?,
        name,
        rate: setting(row, "rate-limit", rate),
        shared_users: setting(row, "shared-users", |text| text.parse().ok()),
        keepalive_secs: setting(row, "keepalive-timeout", seconds),
        mac_cookie_secs: if cookies {
            setting(row, "mac-cookie-timeout", seconds)
        } else {
            Setting::Off
        },
    }))
}

fn setting<T>(row: &Row, name: &str, read: impl Fn(&str) -> Option<T>) -> Setting<T> {
    match row.text(name).as_deref() {
        None | Some("" | "none" | "unlimited") => Setting::Off,
        Some(text) => read(text).map_or(Setting::Foreign, Setting::On),
    }
}

/// Reads `up/down`, and bursts as we write them; from the router's side the first is what it receives.
fn rate(text: &str) -> Option<Rate> {
    let mut parts = text.split_whitespace();
    let (up_bps, down_bps) = pair(parts.next()?, bits_per_second)?;
    let Some(more) = parts.next() else {
        return Some(Rate {
            down_bps,
            up_bps,
            burst: None,
        });
    };
    // What is left out is what the router then goes by: the rates as thresholds, and a second.
    let bits = |text: &str| pair(text, bits_per_second);
    let (burst_up, burst_down) = bits(more)?;
    let (up_below, down_below) = parts.next().map_or(Some((up_bps, down_bps)), bits)?;
    let (secs, down_secs) = parts
        .next()
        .map_or(Some((1, 1)), |text| pair(text, seconds))?;
    // We never set two times, a priority or a guaranteed rate.
    if secs != down_secs || parts.next().is_some_and(|priority| priority != "8") {
        return None;
    }
    Some(Rate {
        down_bps,
        up_bps,
        burst: Some(Burst {
            down_bps: burst_down,
            up_bps: burst_up,
            down_below_bps: down_below,
            up_below_bps: up_below,
            secs: u16::try_from(secs).ok()?,
        }),
    })
}

/// Reads two values with a slash between them; one stands for both.
fn pair<T>(text: &str, read: impl Fn(&str) -> Option<T>) -> Option<(T, T)> {
    let (up, down) = text.split_once('/').unwrap_or((text, text));
    Some((read(up)?, read(down)?))
}

fn seconds(text: &str) -> Option<u32> {
    u32::try_from(duration_secs(text)?).ok()
}

/// Says whether this version shows passwords to who asks for them only, as from 7.21 on. What comes before a release may not know
/// the question yet, and would refuse the whole print.
fn shows_when_asked(version: &str) -> bool {
    let mut parts = version
        .split_whitespace()
        .next()
        .unwrap_or_default()
        .split('.')
        .map(str::parse::<u16>);
    match (parts.next(), parts.next()) {
        (Some(Ok(major)), Some(Ok(minor))) => (major, minor) >= (7, 21),
        _ => false,
    }
}

fn users(rows: &[Row]) -> Vec<UserRow> {
    // An empty password is left out as a hidden one is; that others are there tells the two apart.
    let shows = rows.iter().any(|row| password(row, false).is_some());
    rows.iter().filter_map(|row| user(row, shows)).collect()
}

/// Reads a password; asterisks stand for one that is hidden.
fn password(row: &Row, shows: bool) -> Option<Credential> {
    match text(row, "password") {
        Some(text) if text.is_empty() => shows.then(|| Credential::new(text)),
        Some(text) if text.bytes().all(|byte| byte == b'*') => None,
        Some(text) => Some(Credential::new(text)),
        None => shows.then(|| Credential::new("")),
    }
}

fn user(row: &Row, shows: bool) -> Option<UserRow> {
    Some(UserRow {
        id: id(row)?,
        // Anything without our comment is somebody else's and stays as it is.
        ticket: marked(row)?,
        name: Credential::new(text(row, "name")?),
        password: password(row, shows),
        profile: text(row, "profile").unwrap_or_default(),
        mac: mac(row),
        limit_uptime: Some(secs(row, "limit-uptime")).filter(|limit| *limit > 0),
        limit_bytes_total: Some(number(row, "limit-bytes-total")).filter(|limit| *limit > 0),
        uptime_secs: secs(row, "uptime"),
        bytes_in: number(row, "bytes-in"),
        bytes_out: number(row, "bytes-out"),
        disabled: is_true(row.text("disabled").as_deref()),
    })
}

/// Reads the ticket that a user is marked with.
pub(super) fn marked(row: &Row) -> Option<TicketId> {
    TicketId::from_str(row.text("comment")?.strip_prefix(COMMENT_PREFIX)?).ok()
}

fn session(row: &Row) -> Option<Reading<ActiveRow>> {
    Some(Reading::Ours(ActiveRow {
        id: id(row)?,
        user: Credential::new(text(row, "user")?),
        address: address(row, "address")?,
        mac: mac(row)?,
        server: text(row, "server").unwrap_or_default(),
        uptime_secs: secs(row, "uptime"),
        idle_secs: secs(row, "idle-time"),
        bytes_in: number(row, "bytes-in"),
        bytes_out: number(row, "bytes-out"),
    }))
}

fn host(row: &Row) -> Option<Reading<Host>> {
    Some(Reading::Ours(Host {
        id: id(row)?,
        mac: mac(row)?,
        address: address(row, "address")?,
        to_address: address(row, "to-address").filter(|address| !address.is_unspecified()),
        server: text(row, "server").unwrap_or_default(),
        idle_secs: secs(row, "idle-time"),
        authorized: is_true(row.text("authorized").as_deref()),
        bypassed: is_true(row.text("bypassed").as_deref()),
    }))
}

fn cookie(row: &Row) -> Option<Reading<CookieRow>> {
    Some(Reading::Ours(CookieRow {
        id: id(row)?,
        user: Credential::new(text(row, "user")?),
        mac: mac(row),
    }))
}

fn text(row: &Row, name: &str) -> Option<String> {
    row.text(name).map(|text| text.into_owned())
}

fn id(row: &Row) -> Option<RowId> {
    row.id().map(|id| RowId(id.into_owned()))
}

/// Reads a hardware address; all zeros is how the router writes none.
fn mac(row: &Row) -> Option<Mac> {
    row.text("mac-address")?
        .parse()
        .ok()
        .filter(|mac: &Mac| *mac.as_bytes() != [0; 6])
}

fn address(row: &Row, name: &str) -> Option<IpAddr> {
    row.text(name)?.parse().ok()
}

/// Reads a duration; absent means nothing yet, as with every unset property.
fn secs(row: &Row, name: &str) -> u64 {
    row.text(name)
        .and_then(|text| duration_secs(&text))
        .unwrap_or_default()
}

fn number(row: &Row, name: &str) -> u64 {
    row.text(name)
        .and_then(|text| text.parse().ok())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_read_as_the_router_may_write_them() {
        let read = |text: &str| {
            let rate = rate(text)?;
            let burst = rate.burst.map(|burst| {
                let bits = [
                    burst.up_bps,
                    burst.down_bps,
                    burst.up_below_bps,
                    burst.down_below_bps,
                ];
                (bits.map(|bps| bps / 1_000), burst.secs)
            });
            Some((rate.up_bps, rate.down_bps, burst))
        };
        assert_eq!(read("512k/1M"), Some((512_000, 1_000_000, None)));
        assert_eq!(read("1M"), Some((1_000_000, 1_000_000, None)));
        assert_eq!(
            read("1M/2M 2M/4M 800k/1500k 16s/16s"),
            Some((1_000_000, 2_000_000, Some(([2_000, 4_000, 800, 1_500], 16))))
        );
        // Without thresholds the rates are those, and without a time it is a second.
        assert_eq!(
            read("1M/2M 2M/4M"),
            Some((
                1_000_000,
                2_000_000,
                Some(([2_000, 4_000, 1_000, 2_000], 1))
            ))
        );
        for foreign in ["", "fast", "1M/2M x", "1M 2M 1M 8/9", "1M 2M 1M 8 1"] {
            assert_eq!(read(foreign), None, "{foreign}");
        }
    }
}
