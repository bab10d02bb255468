//! The page of one site: how it is at this moment, who is online, what happened, and what can be done about it.

pub mod acts;
pub mod stream;
mod view;

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum_extra::extract::CookieJar;
use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{CommandId, SiteId, TicketId};
use mnara_protocol::message::{FindingsReport, NotDone, Report, Verdict};
use serde::Deserialize;
use sqlx::types::Uuid;

use self::view::{Happened, Live, May};
use super::store;
use crate::app::App;
use crate::fleet::command::{self, Outcome};
use crate::fleet::enrol::{LineError, enrolling, made};
use crate::fleet::firmware::pages::no_line;
use crate::fleet::firmware::{DISK, Mode, fetched};
use crate::fleet::presence::is_up;
use crate::fleet::sample::watch;
use crate::fleet::store as sites;
use crate::providers::cookies;
use crate::providers::gate::Seat;
use crate::providers::pages::frame::Frame;
use crate::providers::pages::trouble::Trouble;
use crate::providers::pages::words::{Told, Words};
use crate::providers::staff::roles::Permission;
use crate::web::page::{before, html, onward};
use crate::web::{Path, Query};

/// Paused vouchers on the page.
const PAUSED: u16 = 50;
/// Events on the page.
const EVENTS: u16 = 20;
/// An alarm is shown so long.
const ALARM_SECS: i64 = 7 * 86_400;

/// What was asked of the site just before, or where its events go on, as the address says it.
#[derive(Default, Deserialize)]
pub struct Asked {
    asked: Option<String>,
    said: Option<String>,
    before: Option<String>,
}

/// What enrols the machine at the site.
struct Lines {
    box_line: String,
    /// The one for the router's own terminal, where a router can be sure of our address.
    router: Option<String>,
    /// Whether that one brings the agent's image too.
    brings_image: bool,
}

struct Held {
    ticket: TicketId,
    plan_name: String,
    since: String,
}

struct Finding {
    tag: &'static str,
    verdict: &'static str,
    about: String,
    /// In the reader's language, where the agent's own words are in another.
    told: Option<Told>,
    says: String,
    next: Option<String>,
}

#[derive(Template)]
#[template(path = "sites/site.html")]
struct SitePage<'a> {
    frame: &'a Frame,
    w: &'static Words,
    id: SiteId,
    name: String,
    software: Option<String>,
    /// Since when it is closed.
    closed: Option<String>,
    live: Live,
    paused: Vec<Held>,
    findings: Option<Vec<Finding>>,
    events: Vec<Happened>,
    /// Where older ones begin.
    older: Option<String>,
    alarm: bool,
    may_manage: bool,
    may_look: bool,
    lines: Option<Lines>,
    done: Option<&'static str>,
    fault: Option<&'static str>,
}

/// What stands above the page besides.
#[derive(Default)]
struct Above {
    lines: Option<Lines>,
    done: Option<&'static str>,
    fault: Option<&'static str>,
    /// What a command came to is not known yet: the page looks again by itself.
    waits: bool,
    findings: Option<FindingsReport>,
    /// Where the page of newer events ended.
    before: Option<(Timestamp, Uuid)>,
}

/// Shows one site, and once the line for its machine that was made just before.
///
/// # Errors
/// When there is none such, or the database is away.
pub async fn site(
    State(app): State<App>,
    frame: Frame,
    seat: Seat,
    jar: CookieJar,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Trouble> {
    let id = id.parse().map_err(|_| Trouble::Nothing)?;
    let w = frame.words();
    let mut above = match (asked.asked.as_deref(), asked.said.as_deref()) {
        (Some(command), _) => {
            let command = command.parse().map_err(|_| Trouble::Nothing)?;
            came_of(&app, &seat, command, w).await?
        }
        (None, Some("named")) => Above {
            done: Some(w.site.name_kept),
            ..Above::default()
        },
        (None, Some("extended")) => Above {
            done: Some(w.site.extended),
            ..Above::default()
        },
        (None, Some("closed")) => Above {
            done: Some(w.site.closed_done),
            ..Above::default()
        },
        (None, Some(said)) => Above {
            fault: acts::fault(said, w),
            ..Above::default()
        },
        (None, None) => Above::default(),
    };
    above.before = asked.before.as_deref().and_then(before);
    above.lines = lines(&app, &seat, id, &jar).await?;
    let is_told = above.lines.is_some();
    let page = shown(&app, &frame, &seat, id, above).await?;
    Ok(if is_told {
        (cookies::take_once(jar, &app), page).into_response()
    } else {
        page
    })
}

/// The lines with the claim code that the browser brings from the answer to its form.
async fn lines(
    app: &App,
    seat: &Seat,
    site: SiteId,
    jar: &CookieJar,
) -> Result<Option<Lines>, Trouble> {
    let code = cookies::once(jar, app)
        .and_then(|once| once.split_once('.'))
        .filter(|(of, _)| *of == site.to_string() && seat.place.role.may(Permission::ManageSites))
        .map(|(_, code)| code);
    let Some(code) = code else {
        return Ok(None);
    };
    let enrolling = made(app, seat.provider(), site, code).await;
    let Some(enrolling) = enrolling.map_err(no_line)? else {
        return Ok(None);
    };
    let router = fetched::address(app)
        .map(|url| fetched::line(url.as_str(), &enrolling.code, Mode::Container, "", DISK));
    Ok(Some(Lines {
        box_line: enrolling.line(),
        router: router.transpose().map_err(|_| Trouble::Inside)?,
        brings_image: app.config.agents.url.is_some(),
    }))
}

async fn came_of(
    app: &App,
    seat: &Seat,
    id: CommandId,
    w: &'static Words,
) -> Result<Above, Trouble> {
    let mut tx = app.db.tenant(seat.provider()).await?;
    let outcome = command::outcome(app, &mut tx, seat.provider(), id).await?;
    tx.commit().await?;
    let (mut above, w) = (Above::default(), &w.site);
    match outcome {
        Outcome::Waits => (above.done, above.waits) = (Some(w.waits), true),
        Outcome::Told(Report::Done) => above.done = Some(w.done),
        Outcome::Told(Report::Findings(found)) => above.findings = Some(found),
        Outcome::Told(Report::TooLate) => above.fault = Some(w.too_late),
        Outcome::Told(Report::Refused(refused)) => {
            above.fault = Some(match refused.why {
                NotDone::NotHere => w.not_here,
                NotDone::NotRunning => w.not_running,
                NotDone::NotPaused => w.not_paused,
                NotDone::Over => w.over,
                NotDone::Other(_) => w.refused,
            });
        }
        Outcome::Away => above.fault = Some(w.away_nothing),
        Outcome::Silent => above.fault = Some(w.silent),
        Outcome::Unknown => above.fault = Some(w.unknown),
    }
    Ok(above)
}

async fn shown(
    app: &App,
    frame: &Frame,
    seat: &Seat,
    id: SiteId,
    above: Above,
) -> Result<Response, Trouble> {
    let (now, provider, w) = (app.clock.now(), seat.provider(), frame.words());
    let mut tx = app.db.tenant(provider).await?;
    let site = sites::site(&mut tx, provider, id)
        .await?
        .ok_or(Trouble::Nothing)?;
    let standing = sites::standing::standing(&mut tx, provider, id).await?;
    let is_open = site.closed.is_none();
    let may = May::of(seat.place.role);
    let may = if is_open { may } else { may.of_closed() };
    let live = view::live(&mut tx, provider, id, standing.as_ref(), may, w, now).await?;
    let paused = store::paused(&mut tx, provider, id, PAUSED).await?;
    let mut events = sites::events::events(&mut tx, provider, id, above.before, EVENTS + 1).await?;
    drop(tx);
    let has_more = events.len() > usize::from(EVENTS);
    events.truncate(usize::from(EVENTS));
    let older = events.last().filter(|_| has_more);
    let up = is_up(standing.as_ref().and_then(|one| one.last_seen), now);
    if up && let Err(error) = watch(app, provider, id).await {
        tracing::debug!(
            error = &error as &dyn std::error::Error,
            "a site was not told that it is watched"
        );
    }
    let page = SitePage {
        frame,
        w,
        id,
        name: site.name,
        closed: site.closed.map(|at| w.calendar.moment(at)),
        alarm: standing
            .as_ref()
            .and_then(|one| one.duplicate)
            .is_some_and(|at| at.plus_secs(ALARM_SECS) > now),
        software: standing.map(|standing| standing.software),
        live,
        paused: paused
            .into_iter()
            .map(|one| Held {
                ticket: one.ticket,
                plan_name: one.plan_name,
                since: w.calendar.moment(one.since),
            })
            .collect(),
        findings: above.findings.map(|found| findings(found, frame)),
        older: older.map(|last| format!("{}.{}", last.received.as_millis(), last.id)),
        events: events.iter().map(|event| Happened::of(event, w)).collect(),
        may_manage: is_open && seat.place.role.may(Permission::ManageSites),
        may_look: is_open && seat.place.role.may(Permission::EditPortal),
        lines: above.lines,
        done: above.done,
        fault: above.fault,
    };
    let mut response = html(StatusCode::OK, &page);
    if above.waits {
        let again = HeaderValue::from_static("3");
        response.headers_mut().insert(header::REFRESH, again);
    }
    Ok(response)
}

fn findings(report: FindingsReport, frame: &Frame) -> Vec<Finding> {
    let w = frame.words();
    let found = report.findings.into_iter();
    found
        .map(|finding| {
            let (tag, verdict) = match finding.verdict {
                Verdict::Good => ("good", w.site.verdict_good),
                Verdict::Doubtful => ("wait", w.site.verdict_doubtful),
                Verdict::Bad => ("bad", w.site.verdict_bad),
            };
            Finding {
                tag,
                verdict,
                about: w.site.about(&finding.about).to_owned(),
                told: Told::of(frame.language, &finding.about, finding.verdict),
                says: finding.says,
                next: finding.next,
            }
        })
        .collect()
}

/// Makes the line for the machine at the site, which the site's page shows once.
///
/// # Errors
/// When there is no such site, or the database is away.
pub async fn claim(
    State(app): State<App>,
    seat: Seat,
    jar: CookieJar,
    Path(id): Path<String>,
) -> Result<Response, Trouble> {
    let id: SiteId = id.parse().map_err(|_| Trouble::Nothing)?;
    match enrolling(&app, seat.provider(), id, seat.actor()).await {
        Ok(enrolling) => {
            let jar = cookies::give_once(jar, &app, format!("{id}.{}", enrolling.code));
            Ok((jar, onward(&format!("/sites/{id}"))).into_response())
        }
        Err(LineError::NoAddress(_)) => Ok(onward(&format!("/sites/{id}?said=no-address"))),
        Err(error) => Err(no_line(error)),
    }
}
