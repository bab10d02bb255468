//! Looking everything over: what is wrong, in plain words, and the next step. It changes nothing.
//!
//! A running agent is asked through its socket; what it cannot tell is tried here. The router's part is in `router` and `setup`.

mod router;
mod setup;

use std::ffi::CString;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use mnara_protocol::clock::Timestamp;
use mnara_protocol::enrol::{IDENTITY_PATH, fingerprint};
use mnara_protocol::ids::JournalId;
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::clock::Clock;
use crate::config::{Enrolment, StateDir};
use crate::dial::{DialError, Target};
use crate::enrol::Stranger;
use crate::health::{self, Status};
use crate::store::{Fresh, Opened, StoreError};

pub use mnara_protocol::message::{Finding, Verdict};
pub use router::look_over as look_over_router;

/// One attempt.
const PATIENCE: Duration = Duration::from_secs(15);
/// The store needs so much room to be of use for weeks.
const ROOM: u64 = 32 << 20;
/// The system's clock may be off by this much before it is worth a word.
const CLOCK_OFF_SECS: u64 = 300;

fn good(about: &str, says: impl Into<String>) -> Finding {
    Finding {
        about: about.to_owned(),
        verdict: Verdict::Good,
        says: says.into(),
        next: None,
    }
}

fn doubtful(about: &str, says: impl Into<String>, next: &str) -> Finding {
    Finding {
        about: about.to_owned(),
        verdict: Verdict::Doubtful,
        says: says.into(),
        next: Some(next.to_owned()),
    }
}

fn bad(about: &str, says: impl Into<String>, next: &str) -> Finding {
    Finding {
        about: about.to_owned(),
        verdict: Verdict::Bad,
        says: says.into(),
        next: Some(next.to_owned()),
    }
}

/// Looks everything over. `nonce` is random: it proves that the controller's answer is meant for this question.
pub async fn look_over(state: &StateDir, clock: &Clock, nonce: [u8; 32]) -> Vec<Finding> {
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
                findings.extend(system_clock(enrolment, clock.now()));
            }
        }
    }
    if let Some(enrolment) = &enrolment {
        findings.push(controller(enrolment, clock.now(), nonce).await);
    }
    let portal: Option<SocketAddr> = status
        .as_ref()
        .and_then(|status| status.portal.parse().ok());
    // The running agent knows the time better than the system does.
    let now = status.as_ref().map_or_else(
        || clock.now(),
        |status| Timestamp::from_millis(status.time_ms),
    );
    match state.router() {
        Ok(Some(dial)) => findings.extend(look_over_router(&dial, portal, now).await),
        Ok(None) => findings.push(bad(
            "router",
            "nobody has said how to reach it",
            "run the enrol line again with --router, --router-pin and --router-password-file",
        )),
        Err(error) => findings.push(bad("router", format!("{error:#}"), "enrol again")),
    }
    if let Some(status) = &status {
        findings.push(portal_answers(&status.portal).await);
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
            "look at the site in the dashboard; if this machine is to serve it again, make a new line there, run it here and start the agent again",
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
    let looked = async {
        let mut opened = Opened::open(&state.store(), fresh).await?;
        let whole = opened.check().await?;
        Ok::<_, StoreError>((whole, opened.about().last.number))
    };
    match looked.await {
        Ok((true, last)) => good("store", format!("whole, {last} entries")),
        Ok((false, _)) => bad("store", "damaged", again),
        Err(error) if error.is_damage() => {
            bad("store", format!("{:#}", anyhow::Error::new(error)), again)
        }
        Err(error) => bad(
            "store",
            format!("{:#}", anyhow::Error::new(error)),
            "check that the disk is mounted, writable and has room (df), and that no other agent runs on this folder",
        ),
    }
}

/// The system's clock, while nobody knows better.
fn system_clock(enrolment: &Enrolment, now: Timestamp) -> Option<Finding> {
    (now < enrolment.enrolled_at).then(|| {
        doubtful(
            "clock",
            "the system's clock is behind the day this site was enrolled",
            "tickets do not depend on it, but logs do: switch on NTP",
        )
    })
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
    let Some(error) = last else {
        let says = format!("no key is pinned for {IDENTITY_PATH}");
        return bad(ABOUT, says, "enrol again");
    };
    bad(ABOUT, format!("{error:#}"), unreached(&error))
}

/// What to do about a controller that does not answer, or is another.
fn unreached(error: &anyhow::Error) -> &'static str {
    if error.downcast_ref::<Stranger>().is_some() {
        return "somebody may be in between: ask whoever runs the controller; if its identity key was made anew, enrol again with a new line";
    }
    match error.downcast_ref::<DialError>() {
        Some(DialError::Connect { source, .. }) => match source.kind() {
            ErrorKind::ConnectionRefused => {
                "the address answers but no controller listens there: ask whoever runs it; the site goes on selling by codes meanwhile"
            }
            ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable => {
                "this machine has no way to the internet: check its cable, gateway and the router's masquerade; the site goes on selling by codes meanwhile"
            }
            _ => {
                "check the site's internet and its DNS; the site goes on selling by codes meanwhile"
            }
        },
        Some(DialError::Timeout { .. }) => {
            "check the site's internet; a firewall on the way may drop the packets; the site goes on selling by codes meanwhile"
        }
        Some(DialError::Dates) => {
            "the certificate is out of date, and whoever runs the controller must renew it; or this site's time is wrong, and it asks the controller for that by itself"
        }
        Some(DialError::Tls { .. }) => {
            "its certificate is not one this site trusts: somebody may be in between, or the controller's own authority must be given with --ca"
        }
        None => "ask whoever runs the controller; the site goes on selling by codes meanwhile",
    }
}

async fn portal_answers(address: &str) -> Finding {
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
    let (free, read_only) = unsafe {
        if libc::statvfs(name.as_ptr(), told.as_mut_ptr()) != 0 {
            return bad(
                ABOUT,
                format!("{} cannot be looked at", path.display()),
                "check that the disk is mounted",
            );
        }
        let told = told.assume_init();
        (
            told.f_bavail.saturating_mul(told.f_frsize),
            told.f_flag & libc::ST_RDONLY != 0,
        )
    };
    if read_only {
        return bad(
            ABOUT,
            format!("{} is on a disk that can only be read", path.display()),
            "mount it for writing; if it was made read-only by an error, the disk is failing: replace it",
        );
    }
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
