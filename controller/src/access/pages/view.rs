//! What the newest reading of a site says, in words for people. Pure but for the vouchers it names.

use std::collections::BTreeMap;

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{Mac, ProviderId, SiteId, TicketId};
use mnara_protocol::message::{RouterAnswers, RouterSample, SessionSample};
use mnara_protocol::money::Money;
use mnara_protocol::ticket::Ticket;
use sqlx::PgConnection;

use crate::fleet::presence::is_up;
use crate::fleet::sample::{FRESH_SECS, Reading};
use crate::fleet::store::events::SiteEvent;
use crate::fleet::store::samples;
use crate::fleet::store::standing::Standing;
use crate::providers::pages::words::{LiveWords, Words};
use crate::providers::staff::roles::{Permission, Role};
use crate::tickets::{self, Kept};
use crate::web::show;

/// What the reader may do for customers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct May {
    /// Disconnect, pause, move.
    pub(super) serve: bool,
    /// Give extra time.
    pub(super) extend: bool,
    /// See a voucher's story.
    pub(super) see: bool,
}

impl May {
    /// What a role may.
    pub(super) fn of(role: Role) -> Self {
        Self {
            serve: role.may(Permission::ServeCustomers),
            extend: role.may(Permission::MakeVouchers),
            see: role.may(Permission::SeeVouchers),
        }
    }

    /// What of it is left at a site that is closed.
    pub(super) const fn of_closed(self) -> Self {
        Self {
            serve: false,
            extend: false,
            see: self.see,
        }
    }
}

/// How a site is.
#[derive(Debug)]
pub(super) struct Live {
    /// Whether an agent is enrolled there.
    pub(super) has_agent: bool,
    /// Whether it is up.
    pub(super) is_up: bool,
    /// Since when it is up or away.
    pub(super) since: Option<String>,
    /// When the reading came; none when there is none to show.
    pub(super) read: Option<String>,
    /// What is wrong with the router.
    pub(super) trouble: Option<&'static str>,
    /// Its router: names and values.
    pub(super) router: Vec<(&'static str, String)>,
    /// Hotspots: what they are called, and whether they run.
    pub(super) hotspots: Vec<(String, bool)>,
    /// Devices near.
    pub(super) hosts: u32,
    /// Devices online.
    pub(super) online: u32,
    /// Who is online; none when the site did not say yet.
    pub(super) sessions: Option<Vec<Session>>,
    /// How many more there are.
    pub(super) more: usize,
    /// What the reader may do.
    pub(super) may: May,
}

/// One device online.
#[derive(Debug)]
pub(super) struct Session {
    /// Its voucher.
    pub(super) ticket: Option<TicketId>,
    /// What was sold.
    pub(super) plan: Option<String>,
    /// The device, in full, for forms.
    pub(super) mac: Mac,
    /// The device, for people.
    pub(super) device: String,
    /// Where it is.
    pub(super) address: String,
    /// How long it is online.
    pub(super) time: String,
    /// What is left of its voucher.
    pub(super) left: Option<String>,
    /// The extra time that its voucher was given.
    pub(super) extra_secs: u32,
    /// What it received and sent.
    pub(super) down: String,
    /// What it sent.
    pub(super) up: String,
    /// How fast it receives now.
    pub(super) down_speed: Option<String>,
    /// How fast it sends now.
    pub(super) up_speed: Option<String>,
}

/// Something that happened.
#[derive(Debug)]
pub(super) struct Happened {
    /// When.
    pub(super) at: String,
    /// What.
    pub(super) what: String,
}

/// Reads how a site is.
///
/// # Errors
/// When the database is away.
pub(super) async fn live(
    conn: &mut PgConnection,
    provider: ProviderId,
    site: SiteId,
    standing: Option<&Standing>,
    may: May,
    w: &'static Words,
    now: Timestamp,
) -> sqlx::Result<Live> {
    let seen = standing.and_then(|standing| standing.last_seen);
    let is_up = is_up(seen, now);
    let fresh = now.plus_secs(-FRESH_SECS);
    let kept = samples::newest(conn, provider, site, fresh).await?;
    let reading = kept.as_ref().and_then(Reading::of).filter(|_| is_up);
    let ids: Vec<TicketId> = reading
        .iter()
        .filter_map(|reading| reading.live.sessions.as_ref())
        .flatten()
        .filter_map(|session| session.ticket)
        .collect();
    let mut known = BTreeMap::new();
    if !ids.is_empty() {
        for found in tickets::store::by_ids(conn, provider, &ids, now).await? {
            known.insert(found.kept.ticket.id, found.kept);
        }
    }
    let mut live = Live {
        has_agent: standing.is_some(),
        is_up,
        since: if is_up {
            standing
                .and_then(|one| one.up_since)
                .map(|at| w.calendar.moment(at))
        } else {
            seen.map(|at| w.calendar.moment(at))
        },
        read: None,
        trouble: None,
        router: Vec::new(),
        hotspots: Vec::new(),
        hosts: 0,
        online: 0,
        sessions: None,
        more: 0,
        may,
    };
    let Some(Reading { at, live: said }) = reading else {
        return Ok(live);
    };
    live.read = Some(show::clock(at));
    live.trouble = trouble(said.answers, &w.site);
    live.router = said
        .router
        .as_ref()
        .map(|router| facts(router, w))
        .unwrap_or_default();
    let hotspots = said.hotspots.into_iter();
    live.hotspots = hotspots.map(|one| (one.name, one.runs)).collect();
    (live.hosts, live.online) = (said.hosts, said.online);
    live.sessions = said.sessions.map(|sessions| {
        let shown = usize::try_from(said.online).unwrap_or(usize::MAX);
        live.more = shown.saturating_sub(sessions.len());
        let sessions = sessions.into_iter();
        sessions
            .map(|session| {
                let kept = session.ticket.and_then(|id| known.get(&id));
                one(session, kept, w, now)
            })
            .collect()
    });
    Ok(live)
}

const fn trouble(answers: RouterAnswers, w: &'static LiveWords) -> Option<&'static str> {
    match answers {
        RouterAnswers::Yes => None,
        RouterAnswers::Lost | RouterAnswers::Other(_) => Some(w.router_lost),
        RouterAnswers::Refuses => Some(w.router_refuses),
        RouterAnswers::NotYet => Some(w.router_not_yet),
    }
}

fn facts(router: &RouterSample, words: &'static Words) -> Vec<(&'static str, String)> {
    let w = &words.site;
    vec![
        (
            w.router,
            format!("{} ({})", router.board, router.architecture),
        ),
        (w.version, router.version.clone()),
        (w.running_for, words.calendar.so_far(router.uptime_secs)),
        (w.load, format!("{}\u{a0}%", router.cpu_load)),
        (w.memory, show::data(router.free_memory)),
    ]
}

fn one(session: SessionSample, kept: Option<&Kept>, w: &Words, now: Timestamp) -> Session {
    let [_, _, _, four, five, six] = *session.mac.as_bytes();
    Session {
        ticket: session.ticket,
        plan: kept.map(|kept| kept.plan_name.clone()),
        mac: session.mac,
        device: format!("…{four:02X}:{five:02X}:{six:02X}"),
        address: session.address.chars().take(45).collect(),
        time: w.calendar.so_far(session.online_secs),
        left: kept.and_then(|kept| left(&kept.ticket, w, now)),
        extra_secs: kept.map_or(0, |kept| kept.ticket.right.extra_secs),
        down: show::data(session.down),
        up: show::data(session.up),
        down_speed: session.down_bps.map(show::speed),
        up_speed: session.up_bps.map(show::speed),
    }
}

/// What is left of a voucher, and that it is: the shortest time, and the data.
fn left(ticket: &Ticket, w: &Words, now: Timestamp) -> Option<String> {
    let left = ticket.left(now);
    let time = left.time();
    let parts: Vec<String> = time
        .map(|time| w.calendar.so_far(time.as_secs()))
        .into_iter()
        .chain(left.bytes.map(show::data))
        .collect();
    let word = match parts.as_slice() {
        [] => return None,
        [told] if w.calendar.is_one(told) => w.site.left_one,
        _ => w.site.left,
    };
    Some(format!("{} {word}", parts.join(" · ")))
}

impl Happened {
    /// Puts an event into words.
    pub(super) fn of(event: &SiteEvent, words: &Words) -> Self {
        let w = &words.site;
        let secs = || {
            let secs = event.value.unwrap_or(0).unsigned_abs();
            words.calendar.so_far(secs)
        };
        let what = match event.kind.as_str() {
            "was-away" => format!("{} {}.", w.was_away, secs()),
            "agent-started" => w.agent_started.to_owned(),
            "router-lost" => w.ev_router_lost.to_owned(),
            "router-back" => w.ev_router_back.to_owned(),
            "router-rebooted" => w.ev_router_rebooted.to_owned(),
            "clock-corrected" => format!("{} {}.", w.ev_clock, secs()),
            "router-refuses-login" => w.ev_refuses.to_owned(),
            "journal-forked" => w.ev_forked.to_owned(),
            "store-failed" => w.ev_store.to_owned(),
            "duplicate-identity" => w.ev_duplicate.to_owned(),
            "drift" => w.ev_drift.to_owned(),
            "unknown-ticket" => w.ev_unknown_ticket.to_owned(),
            "double-use" => {
                let risk = Money::from_cents(event.value.unwrap_or(0).saturating_mul(100));
                format!("{} {}.", w.ev_double_use, show::money(risk))
            }
            "journal-gap" => w.ev_gap.to_owned(),
            "feed-row-too-large" => w.ev_large.to_owned(),
            "journal-stopped" => w.ev_stopped.to_owned(),
            "journal-flood" => w.ev_flood.to_owned(),
            "feed-differed" => w.ev_differed.to_owned(),
            other => format!("{}: {other}", w.ev_other),
        };
        Self {
            at: words.calendar.moment(event.at),
            what,
        }
    }
}

#[cfg(test)]
mod tests {
    use mnara_protocol::plan::Terms;
    use mnara_protocol::portal::Language;
    use mnara_protocol::ticket::Right;

    use super::*;

    #[test]
    fn one_hour_is_left_and_two_hours_are() {
        let said = |secs, bytes, language| {
            let terms = Terms {
                duration_secs: Some(secs),
                online_secs: None,
                data_bytes: bytes,
                devices: 1,
                rate: None,
            };
            let right = Right {
                terms,
                sell_by: None,
                revoked: None,
                extra_secs: 0,
            };
            let ticket = Ticket::unused(TicketId::from_bytes([1; 16]), right);
            let now = Timestamp::from_secs(1_800_000_000);
            let said = left(&ticket, Words::of(language), now).unwrap();
            said.replace('\u{a0}', " ")
        };
        for (secs, bytes, text) in [
            (3_600, None, "saa 1 imebaki"),
            (59 * 60, None, "dakika 59 zimebaki"),
            (3_660, None, "saa 1 dakika 1 zimebaki"),
            (3_600, Some(500_000_000), "saa 1 · 500 MB zimebaki"),
        ] {
            assert_eq!(said(secs, bytes, Language::Swahili), text);
        }
        assert_eq!(said(3_600, None, Language::English), "1 h left");
    }
}
