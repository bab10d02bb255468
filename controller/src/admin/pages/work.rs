//! Work that failed: what it was, what went wrong, and what can be done with it.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use sqlx::types::Uuid;

use crate::admin::outages::WATCH;
use crate::admin::scrub::scrub;
use crate::app::App;
use crate::audit::chain::CHAIN;
use crate::audit::{Actor, Deed, record};
use crate::db::Reason;
use crate::jobs::failed::{self, Failed, Remedy};
use crate::providers::log_in::Visit;
use crate::providers::pages::frame::Frame;
use crate::providers::pages::trouble::Trouble;
use crate::providers::pages::words::Words;
use crate::web::page::{html, onward};
use crate::web::{Path, Query};

/// Jobs of each sort on the page.
const PAGE: u16 = 50;

struct Row {
    id: Uuid,
    kind: String,
    business: Option<String>,
    attempts: i32,
    error: String,
    since: String,
    next: String,
    gave_up: Option<String>,
    is_lasting: bool,
}

#[derive(Template)]
#[template(path = "admin_work.html")]
struct WorkPage<'a> {
    frame: &'a Frame,
    w: &'static Words,
    dead: Vec<Row>,
    failing: Vec<Row>,
    older: Option<Uuid>,
    done: Option<&'static str>,
    fault: Option<&'static str>,
}

/// Where in the list of what was given up, and what was done just before.
#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    before: Option<Uuid>,
    done: Option<String>,
}

/// Shows it.
///
/// # Errors
/// When the database is away.
pub async fn list(
    State(app): State<App>,
    frame: Frame,
    Query(asked): Query<Asked>,
) -> Result<Response, Trouble> {
    let w = frame.words();
    let mut tx = app.db.platform(Reason::Admin).await?;
    let dead = failed::list(&mut tx, true, asked.before, PAGE).await?;
    let failing = failed::list(&mut tx, false, None, PAGE).await?;
    drop(tx);
    let page = WorkPage {
        frame: &frame,
        w,
        older: dead.get(usize::from(PAGE) - 1).map(|job| job.id),
        dead: dead.into_iter().map(|job| row(job, w)).collect(),
        failing: failing.into_iter().map(|job| row(job, w)).collect(),
        done: match asked.done.as_deref() {
            Some("retry") => Some(w.platform.retried_now),
            Some("give-up") => Some(w.platform.gave_up),
            Some("forget") => Some(w.platform.forgotten),
            _ => None,
        },
        fault: asked
            .done
            .filter(|done| done == "moved-on")
            .map(|_| w.platform.not_so),
    };
    Ok(html(StatusCode::OK, &page))
}

/// Work that is never over: giving it up would stop what everybody relies on.
fn is_lasting(kind: &str) -> bool {
    [CHAIN, WATCH].contains(&kind)
}

fn row(job: Failed, w: &Words) -> Row {
    Row {
        id: job.id,
        is_lasting: is_lasting(&job.kind),
        kind: job.kind,
        business: job.business,
        attempts: job.attempts,
        error: scrub(&job.error),
        since: w.calendar.moment(job.created_at),
        next: w.calendar.moment(job.run_at),
        gave_up: job.dead_at.map(|at| w.calendar.moment(at)),
    }
}

/// Does something with one.
///
/// # Errors
/// When the database is away.
pub async fn act(
    State(app): State<App>,
    visit: Visit,
    Path((id, remedy)): Path<(String, String)>,
) -> Result<Response, Trouble> {
    let id: Uuid = id.parse().map_err(|_| Trouble::Nothing)?;
    let (remedy, act, done) = match remedy.as_str() {
        "retry" => (Remedy::Retry, "job-retry", "retry"),
        "give-up" => (Remedy::GiveUp, "job-give-up", "give-up"),
        "forget" => (Remedy::Forget, "job-forget", "forget"),
        _ => return Err(Trouble::Nothing),
    };
    let mut tx = app.db.platform(Reason::Admin).await?;
    let found = failed::remedy(&mut tx, id, remedy, app.clock.now()).await?;
    let is_refused = |kind: &str| remedy != Remedy::Retry && is_lasting(kind);
    let Some((kind, provider)) = found.filter(|(kind, _)| !is_refused(kind)) else {
        return Ok(onward("/admin/jobs?done=moved-on"));
    };
    let deed = Deed {
        act,
        subject: &id.to_string(),
        before: None,
        after: Some(serde_json::json!({"kind": kind})),
    };
    record(&app, &mut tx, provider, Actor::Admin(visit.person), deed).await?;
    tx.commit().await?;
    app.jobs.wake();
    Ok(onward(&format!("/admin/jobs?done={done}")))
}
