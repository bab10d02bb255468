//! Looking everything over: what is wrong, in plain words, and the next step. It changes nothing. A running agent is asked through its
//! socket; what it cannot tell is tried here.

use std::ffi::CString;
use std::path::Path;
use std::time::Duration;

use mnara_protocol::clock::Timestamp;
use mnara_protocol::enrol::{IDENTITY_PATH, fingerprint};
use mnara_protocol::ids::JournalId;
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::access::desired::ObservationNo;
use crate::access::observe;
use crate::clock::Clock;
use crate::config::{Enrolment, StateDir};
use crate::dial::Target;
use crate::health::{self, Status};
use crate::routeros::client::{self, Dial, Error as RouterError};
use crate::store::{Fresh, Opened};

/// One attempt.
const PATIENCE: Duration = Duration::from_secs(15);
/// The store needs so much room to be of use for weeks.
const ROOM: u64 = 32 << 20;
/// The system's clock may be off by this much before it is worth a word.
const CLOCK_OFF_SECS: u64 = 300;

/// How serious a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// As it should be.
    Good,
    /// Works, but worth a look.
    Doubtful,
    /// Does not work.
    Bad,
}

/// What was found about one thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What was looked at.
    pub about: &'static str,
    /// How serious it is.
    pub verdict: Verdict,
    /// What was found.
    pub says: String,
    /// What to do.
    pub next: Option<String>,
}

fn good(about: &'static str, says: impl Into<String>) -> Finding {
    Finding {
        about,
        verdict: Verdict::Good,
        says: says.into(),
        next: None,
    }
}

fn doubtful(about: &'static str, says: impl Into<String>, next: &str) -> Finding {
    Finding {
        about,
        verdict: Verdict::Doubtful,
        says: says.into(),
        next: Some(next.to_owned()),
    }
}

fn bad(about: &'static str, says: impl Into<String>, next: &str) -> Finding {
    Finding {
        about,
        verdict: Verdict::Bad,
        says: says.into(),
        next: Some(next.to_owned()),
    }
}

/// Looks everything over.
pub async fn look_over(
    state: &StateDir,
    clock: &Clock,
    random: impl Fn() -> [u8; 32],
) -> Vec<Finding> {
    let mut findings = Vec::new();
    let enrolment = match state.enrolment() {
        Ok(enrolment) => {
            findings.push(good(
                "enrolment",
                format!("{} for {}", enrolment.agent, enrolment.site),
            ));
            Some(enrolment)
        }
        Err(error) => {
            findings.push(bad(
                "enrolment",
                format!("{error:#}"),
                "make a new line for the site in the dashboard and run it here",
            ));
            None
        }
    };
    findings.push(disk(state.path()));
    let status = match health::ask(&state.socket()).await {
        Ok(status) => status,
        Err(error) => {
            findings.push(doubtful("agent", format!("{error:#}"), "restart the agent"));
            None
        }
    };
    match &status {
        Some(status) => findings.extend(running(status)),
        None => {
            findings.push(bad(
                "agent",
                "not running",
                "start it: mnara-agent run (or the service)",
            ));
            if let Some(enrolment) = &enrolment {
                findings.push(store(state, enrolment).await);
            }
        }
    }
    if let Some(enrolment) = &enrolment {
        findings.push(controller(enrolment, clock.now(), random()).await);
    }
    match state.router() {
        Ok(Some(dial)) => findings.extend(router(&dial).await),
        Ok(None) => findings.push(bad(
            "router",
            "nobody has said how to reach it",
            "run the enrol line again with --router, --router-pin and --router-password-file",
        )),
        Err(error) => findings.push(bad("router", format!("{error:#}"), "enrol again")),
    }
    if let Some(status) = &status {
        findings.push(portal(&status.portal).await);
    }
    findings
}

/// What a running agent says of itself.
fn running(status: &Status) -> Vec<Finding> {
    let mut findings = vec![good(
        "agent",
        format!(
            "running, {} live tickets, {} devices online",
            status.live_tickets, status.online
        ),
    )];
    findings.push(match (&status.cloud_refusal, status.cloud) {
        (_, true) => good("link", "the controller is reached"),
        (Some(why), false) => bad(
            "link",
            format!("the controller does not let this agent in: {why}"),
            "look at the site's agents in the dashboard; enrol again if this machine was replaced",
        ),
        (None, false) => doubtful(
            "link",
            "the controller is not reached; the site goes on without it",
            "see `controller` below",
        ),
    });
    findings.push(if status.store {
        let behind = status.last_entry.saturating_sub(status.acknowledged);
        good(
            "store",
            format!("writable; {behind} entries wait for the controller"),
        )
    } else {
        bad(
            "store",
            "nothing can be written down, so no new code is taken",
            "free some space or replace the disk; paid sessions go on meanwhile",
        )
    });
    if status.resyncing {
        findings.push(doubtful(
            "facts",
            "what happened at this site before is still to be taken back from the controller",
            "let the agent reach the controller once",
        ));
    }
    findings.push(if !status.time_proven {
        doubtful(
            "clock",
            "going on from the last known time; the controller has not said it since the start",
            "let the agent reach the controller once",
        )
    } else if status.system_ahead_secs.unsigned_abs() > CLOCK_OFF_SECS {
        doubtful(
            "clock",
            format!(
                "proven by the controller; the system's clock is {} s off",
                status.system_ahead_secs
            ),
            "tickets do not depend on it, but logs do: switch on NTP",
        )
    } else {
        good("clock", "proven by the controller")
    });
    findings
}

/// The store of an agent that is not running.
async fn store(state: &StateDir, enrolment: &Enrolment) -> Finding {
    let fresh = Fresh {
        journal: JournalId::from_bytes([0; 16]),
        floor: enrolment.enrolled_at,
    };
    if !state.store().exists() {
        return good("store", "none yet; it is made at the first start");
    }
    let again = "start the agent: it puts a damaged store aside and takes back from the controller what happened here";
    match Opened::open(&state.store(), fresh).await {
        Ok(mut opened) => match opened.check().await {
            Ok(true) => good(
                "store",
                format!("whole, {} entries", opened.about().last.number),
            ),
            Ok(false) => bad("store", "damaged", again),
            Err(error) => bad("store", format!("{:#}", anyhow::Error::new(error)), again),
        },
        Err(error) => bad("store", format!("{:#}", anyhow::Error::new(error)), again),
    }
}

/// Whether the controller is there and is the one that was pinned.
async fn controller(enrolment: &Enrolment, now: Timestamp, nonce: [u8; 32]) -> Finding {
    const ABOUT: &str = "controller";
    let target = match Target::new(&enrolment.controller, enrolment.ca.as_deref()) {
        Ok(target) => target,
        Err(error) => return bad(ABOUT, format!("{error:#}"), "enrol again"),
    };
    let mut last = None;
    for key in &enrolment.pinned.keys {
        match crate::enrol::identify(&target, now, &fingerprint(key), nonce).await {
            Ok(_) => {
                return good(
                    ABOUT,
                    format!("{} answers and is the pinned one", target.host()),
                );
            }
            Err(error) => last = Some(error),
        }
    }
    let says = last.map_or_else(
        || format!("no key is pinned for {IDENTITY_PATH}"),
        |error| format!("{error:#}"),
    );
    bad(
        ABOUT,
        says,
        "check the site's internet and its DNS; the site goes on selling by codes meanwhile",
    )
}

/// Whether the router can be logged in to and has a hotspot.
async fn router(dial: &Dial) -> Vec<Finding> {
    let looked = timeout(PATIENCE, async {
        let (client, connection) = client::connect(dial).await?;
        tokio::select! {
            seen = observe::everything(&client, ObservationNo(1)) => seen,
            ended = connection.run() => Err(ended.err().unwrap_or(RouterError::ConnectionLost(None))),
        }
    })
    .await;
    let seen = match looked {
        Ok(Ok(seen)) => seen,
        Ok(Err(error)) => {
            let next = match &error {
                RouterError::Auth => {
                    "check the user and password on the router (/user print); then enrol again with the right password file"
                }
                RouterError::WrongCertificate { .. } => {
                    "if the router or its certificate was replaced, enrol again with the new --router-pin; else somebody is in between"
                }
                RouterError::Tls(_) => {
                    "give the router's api-ssl service a certificate (/ip service set api-ssl certificate=…)"
                }
                _ => {
                    "check the address, and that the router's api service is on and lets this machine in (/ip service print)"
                }
            };
            return vec![bad("router", error.to_string(), next)];
        }
        Err(_) => {
            return vec![bad(
                "router",
                "no answer in time",
                "check the address and the router's api service",
            )];
        }
    };
    let mut findings = vec![good(
        "router",
        format!("{} {}", seen.router.identity, seen.router.version),
    )];
    let working = seen
        .servers
        .iter()
        .filter(|server| !server.disabled && !server.invalid)
        .count();
    findings.push(if working > 0 {
        good("hotspot", format!("{working} running"))
    } else {
        bad(
            "hotspot",
            "the router has none that runs",
            "set one up (/ip hotspot setup) or run the install script of the site",
        )
    });
    findings.push(if seen.hosts.is_empty() {
        doubtful(
            "devices",
            "no device is in the hotspot's host table",
            "connect a phone to the Wi-Fi and look again",
        )
    } else if seen
        .hosts
        .iter()
        .any(|host| host.to_address.is_some_and(|to| to != host.address))
    {
        doubtful(
            "devices",
            format!(
                "{} in the host table, some behind address translation",
                seen.hosts.len()
            ),
            "set address-pool=none on the hotspot, so that phones keep their addresses",
        )
    } else {
        good("devices", format!("{} in the host table", seen.hosts.len()))
    });
    findings
}

async fn portal(address: &str) -> Finding {
    let local = address.replace("0.0.0.0", "127.0.0.1");
    match timeout(PATIENCE, TcpStream::connect(&local)).await {
        Ok(Ok(_)) => good("portal", format!("listening on {address}")),
        Ok(Err(_)) | Err(_) => bad(
            "portal",
            format!("nothing answers on {address}"),
            "restart the agent; phones must reach this address through the router's walled garden",
        ),
    }
}

#[expect(
    unsafe_code,
    reason = "the room on a disk is asked of the system by statvfs; no safe binding is among the dependencies"
)]
fn disk(path: &Path) -> Finding {
    const ABOUT: &str = "disk";
    let Ok(name) = CString::new(path.as_os_str().as_encoded_bytes()) else {
        return bad(
            ABOUT,
            "the state folder has no usable name",
            "choose another",
        );
    };
    let mut told = std::mem::MaybeUninit::<libc::statvfs>::uninit();
    // SAFETY: `name` ends in a zero byte and `told` is large enough; it is read only when the call says that it was filled.
    let free = unsafe {
        if libc::statvfs(name.as_ptr(), told.as_mut_ptr()) != 0 {
            return bad(
                ABOUT,
                format!("{} cannot be looked at", path.display()),
                "check that the disk is mounted",
            );
        }
        let told = told.assume_init();
        told.f_bavail.saturating_mul(told.f_frsize)
    };
    let megabytes = free / (1 << 20);
    if free < ROOM {
        bad(
            ABOUT,
            format!("{megabytes} MB free under {}", path.display()),
            "free some space: the agent stops taking codes when it cannot write them down",
        )
    } else {
        good(ABOUT, format!("{megabytes} MB free"))
    }
}
