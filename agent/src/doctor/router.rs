//! Reading the router for `doctor`: whether it answers, whether the agent's user may do what it must, and how the hotspot is set up. What to
//! say of the set-up is `setup`'s work.

use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr};

use mnara_protocol::clock::Timestamp;
use tokio::net::UdpSocket;
use tokio::time::timeout;

use super::setup::{self, Accept, Hotspot, Profile, Setup};
use super::{Finding, PATIENCE, bad, doubtful, good};
use crate::access::desired::ObservationNo;
use crate::access::observe;
use crate::access::observed::Observed;
use crate::routeros::client::{self, Client, Command, Dial, Doing, Error};
use crate::routeros::value::is_true;
use crate::routeros::wire::Row;

/// An id no row has: changing it needs the right to, and changes nothing.
const NO_ROW: &str = "*FFFFFFFF";
/// The comment of the rule by which a box at the site passes its own hotspot; the install script makes it.
const OWN_BINDING: &str = "mnara:agent";

/// Looks at the router. `portal` is where the agent listens, if it runs.
pub async fn look_over(dial: &Dial, portal: Option<SocketAddr>, now: Timestamp) -> Vec<Finding> {
    let looked = timeout(PATIENCE, async {
        let (client, connection) = client::connect(dial).await?;
        tokio::select! {
            seen = look(&client) => seen,
            ended = connection.run() => Err(ended.err().unwrap_or(Error::ConnectionLost(None))),
        }
    })
    .await;
    let (seen, setup) = match looked {
        Ok(Ok(seen)) => seen,
        Ok(Err(error)) => return vec![refused(&error)],
        Err(_) => {
            return vec![bad(
                "router",
                "it took the log-in and then did not answer in time",
                "its processor may be busy (/system/resource/print): look again, or restart it",
            )];
        }
    };
    let mut findings = vec![good(
        "router",
        format!("{} {}", seen.router.identity, seen.router.version),
    )];
    findings.extend(setup::judge(&setup, at_site(dial, portal).await, now));
    findings.push(devices(&seen));
    findings
}

async fn look(client: &Client) -> Result<(Observed, Setup), Error> {
    let seen = observe::everything(client, ObservationNo(1)).await?;
    let setup = read_setup(client, seen.active.len()).await?;
    Ok((seen, setup))
}

/// The address at which phones reach the portal: where it listens, or by which this machine reaches the router.
async fn at_site(dial: &Dial, portal: Option<SocketAddr>) -> Option<SocketAddr> {
    let mut portal = portal?;
    if portal.ip().is_unspecified() {
        // Connecting a datagram socket sends nothing; it only chooses the way.
        let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).await.ok()?;
        socket.connect((dial.host.as_str(), dial.port)).await.ok()?;
        portal.set_ip(socket.local_addr().ok()?.ip());
    }
    Some(portal)
}

fn devices(seen: &Observed) -> Finding {
    const ABOUT: &str = "devices";
    if seen.hosts.is_empty() {
        doubtful(
            ABOUT,
            "no device is in the hotspot's host table",
            "connect a phone to the Wi-Fi and look again",
        )
    } else {
        good(ABOUT, format!("{} in the host table", seen.hosts.len()))
    }
}

/// Why the router does not do what it is asked, and what to do about it.
fn refused(error: &Error) -> Finding {
    const ABOUT: &str = "router";
    let next = match error {
        Error::Connect { source, .. } => match source.kind() {
            ErrorKind::ConnectionRefused => {
                "the address answers, but its API is off or on another port: on the router, /ip/service/enable api-ssl, and look at its port"
            }
            ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable => {
                "no way leads there: check the cable and the address given with --router"
            }
            _ => {
                "check the address given with --router; a name must be one that this machine can look up"
            }
        },
        Error::Timeout {
            doing: Doing::Connecting,
        } => {
            "it is switched off, or it drops this machine's packets: check address= of the service (/ip/service/print) and its firewall"
        }
        Error::Timeout {
            doing: Doing::Handshake | Doing::LoggingIn,
        } => {
            "it takes the connection and says nothing: most often this machine's address is not in address= of the service (on the router: /ip/service/print); if it is, the router's processor may be busy: look again, or restart it"
        }
        Error::Timeout { .. } => {
            "its processor may be busy (/system/resource/print): look again, or restart it"
        }
        Error::Auth => {
            "check the user, its password, its address= and that its group has the policy api (/user/print); then enrol again with the right --router-password-file"
        }
        Error::WrongCertificate { .. } => {
            "if the router or its certificate was replaced, enrol again with the new --router-pin; if not, somebody is in between"
        }
        Error::Tls(_) => {
            "give the router's service a certificate: /ip/service/set api-ssl certificate=…"
        }
        Error::Protocol(_) => "something else listens there: check the port given with --router",
        Error::Trap(trap) if lacks_right(&trap.message) => return setup::rights_missing("read"),
        Error::Trap(trap) if trap.message.contains("no such command") => {
            "this RouterOS has no hotspot: install its package or another version"
        }
        Error::Fatal(_)
        | Error::Trap(_)
        | Error::Interrupted
        | Error::ConnectionLost(_)
        | Error::AnswerTooLong
        | Error::Lagged
        | Error::TooManyStreams => "look at the router's log (/log/print), and look again",
    };
    bad(ABOUT, error.to_string(), next)
}

fn lacks_right(message: &str) -> bool {
    message.contains("not enough permissions")
}

async fn read_setup(client: &Client, online: usize) -> Result<Setup, Error> {
    let hotspots = rows(client, "/ip/hotspot/print").await?;
    let profiles = rows(client, "/ip/hotspot/profile/print").await?;
    let garden = rows(client, "/ip/hotspot/walled-garden/ip/print").await?;
    let bindings = rows(client, "/ip/hotspot/ip-binding/print").await?;
    let mode = rows(client, "/system/device-mode/print").await?;
    let ipv6 = rows(client, "/ipv6/address/print").await?;
    let clock = rows(client, "/system/clock/print").await?;
    let licence = rows(client, "/system/license/print").await?;
    Ok(Setup {
        hotspots: hotspots.iter().map(hotspot).collect(),
        profiles: profiles.iter().map(profile).collect(),
        garden: garden
            .iter()
            .filter(|row| !flag(row, "disabled"))
            // What is left at its default may not be told.
            .filter(|row| row.text("action").is_none_or(|action| action == "accept"))
            .map(accept)
            .collect(),
        bypasses: bindings
            .iter()
            .filter(|row| text(row, "type") == "bypassed" && !flag(row, "disabled"))
            .filter(|row| text(row, "comment") != OWN_BINDING)
            .count(),
        allowed: mode
            .first()
            .and_then(|row| Some(is_true(Some(&row.text("hotspot")?)))),
        ipv6: ipv6
            .iter()
            .filter(|row| !flag(row, "disabled") && !flag(row, "link-local"))
            .filter(|row| {
                !text(row, "address")
                    .to_ascii_lowercase()
                    .starts_with("fe80")
            })
            .map(|row| text(row, "interface"))
            .collect(),
        may_write: may_write(client).await?,
        // A board names its level in a word of its own.
        level: licence
            .first()
            .and_then(|row| row.text("nlevel").or_else(|| row.text("level")))
            .unwrap_or_default()
            .into_owned(),
        online,
        today: clock.first().and_then(|row| setup::day(&row.text("date")?)),
    })
}

/// Reads a menu; one that this version of RouterOS does not have is empty.
async fn rows(client: &Client, path: &'static str) -> Result<Vec<Row>, Error> {
    match client.call(&Command::new(path)).await {
        Ok(answer) => Ok(answer.rows),
        Err(Error::Trap(trap)) if trap.message.contains("no such command") => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

async fn may_write(client: &Client) -> Result<bool, Error> {
    let nothing = Command::new("/ip/hotspot/user/set").attribute(".id", NO_ROW);
    match client.call(&nothing).await {
        Err(Error::Trap(trap)) => Ok(!lacks_right(&trap.message)),
        Ok(_) => Ok(true),
        Err(error) => Err(error),
    }
}

fn text(row: &Row, name: &str) -> String {
    row.text(name).unwrap_or_default().into_owned()
}

fn flag(row: &Row, name: &str) -> bool {
    is_true(row.text(name).as_deref())
}

fn hotspot(row: &Row) -> Hotspot {
    let pool = text(row, "address-pool");
    Hotspot {
        name: text(row, "name"),
        interface: text(row, "interface"),
        profile: text(row, "profile"),
        pool: (!pool.is_empty() && pool != "none").then_some(pool),
        disabled: flag(row, "disabled"),
        invalid: flag(row, "invalid"),
        comment: text(row, "comment"),
    }
}

fn profile(row: &Row) -> Profile {
    Profile {
        name: text(row, "name"),
        login_by: text(row, "login-by")
            .split(',')
            .map(str::to_owned)
            .collect(),
    }
}

fn accept(row: &Row) -> Accept {
    // A rule by name or by list may cover the portal; the router alone knows.
    let named = ["dst-host", "dst-address-list"]
        .iter()
        .map(|name| text(row, name))
        .find(|value| !value.is_empty());
    let from = ["src-address", "src-address-list"];
    let server = text(row, "server");
    Accept {
        to: named.unwrap_or_else(|| text(row, "dst-address")),
        protocol: text(row, "protocol"),
        ports: text(row, "dst-port"),
        limited: from.iter().any(|name| !text(row, name).is_empty())
            || !matches!(server.as_str(), "" | "all"),
    }
}
