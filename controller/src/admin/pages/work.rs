//! Work that is scheduled: how it goes. Work that failed, and addresses that take no news: what went wrong, and what can be done with it.

use std::time::Duration;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::EndpointId;
use serde::Deserialize;
use serde_json::json;
use sqlx::PgConnection;
use sqlx::types::Uuid;

use super::webhooks;
use crate::admin::credentials::{OLD_SECS, accounts};
use crate::admin::retention::{self, Kept};
use crate::admin::scrub::scrub;
use crate::admin::store::{keys, webhooks as endpoints};
use crate::app::App;
use crate::audit::{Actor, Deed, record};
use crate::db::Reason;
use crate::jobs::failed::{self, Failed, Remedy};
use crate::jobs::tasks::{self, TaskState};
use crate::providers::log_in::Visit;
use crate::providers::mail::fill;
use crate::providers::pages::frame::Frame;
use crate::providers::pages::trouble::Trouble;
use crate::providers::pages::words::Words;
use crate::web::page::{html, onward};
use crate::web::{Path, Query};
use crate::webhooks::edit::MOST_AGAIN;

/// Jobs of each sort on the page, and addresses.
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
    is_task: bool,
}

struct TaskRow {
    kind: String,
    name: String,
    last: Option<String>,
    took: String,
    error: Option<String>,
    went_well: Option<String>,
    next: String,
    is_running: bool,
}

/// A key of the platform.
struct KeyRow {
    name: &'static str,
    since: String,
    is_old: bool,
    /// Whether the keys behind it are still needed, where there are some.
    older: Option<String>,
}

/// Something that is kept for a time.
struct KeptRow {
    name: &'static str,
    tables: &'static str,
    time: String,
}

#[derive(Template)]
#[template(path = "admin/work.html")]
struct WorkPage<'a> {
    frame: &'a Frame,
    w: &'static Words,
    tasks: Vec<TaskRow>,
    keys: Vec<KeyRow>,
    kept: Vec<KeptRow>,
    dead: Vec<Row>,
    failing: Vec<Row>,
    older: Option<Uuid>,
    older_failing: Option<Uuid>,
    addresses: Vec<webhooks::Row>,
    older_addresses: Option<EndpointId>,
    done: Option<&'static str>,
    fault: Option<&'static str>,
}

/// Where in the lists of what was given up, of what is still tried and of addresses, and what was done just before.
#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    before: Option<Uuid>,
    failing: Option<Uuid>,
    address: Option<String>,
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
    let (dead, older_dead) = jobs(&mut tx, true, asked.before).await?;
    let (failing, older_failing) = jobs(&mut tx, false, asked.failing).await?;
    let address = asked.address.as_deref().and_then(|id| id.parse().ok());
    let addresses = endpoints::failing(&mut tx, address, MOST_AGAIN, PAGE).await?;
    let now = app.clock.now();
    let tasks = tasks::states(&mut tx, now).await?;
    let (vault, identity) = keys::platform(&mut tx, app.vault.mark()).await?;
    let clear = keys::clear_since(&mut tx, app.vault.mark()).await?;
    let mut elsewhere = Vec::new();
    for key in accounts(&app) {
        let since = keys::account_since(&mut tx, key.name, &key.print).await?;
        elsewhere.push((w.tasks.account_key(key.name), since));
    }
    drop(tx);
    let older = app.vault.has_older().then(|| match clear {
        None => w.tasks.older_used.to_owned(),
        Some(since) => fill(w.tasks.older_clear, &[("since", &w.calendar.moment(since))]),
    });
    let key = |name, since: Option<Timestamp>, older| KeyRow {
        older,
        name,
        since: since.map_or_else(|| w.tasks.key_unknown.to_owned(), |at| w.calendar.day(at)),
        is_old: since.is_some_and(|at| at.plus_secs(OLD_SECS) < now),
    };
    let page = WorkPage {
        frame: &frame,
        w,
        keys: [
            (w.tasks.key_vault, vault, older),
            (w.tasks.key_identity, identity, None),
        ]
        .into_iter()
        .chain(
            elsewhere
                .into_iter()
                .map(|(name, since)| (name, since, None)),
        )
        .map(|(name, since, older)| key(name, since, older))
        .collect(),
        kept: retention::TABLE
            .iter()
            .map(|kept| kept_row(kept, w))
            .collect(),
        tasks: tasks.into_iter().map(|task| task_row(task, w)).collect(),
        older: older_dead,
        older_failing,
        dead: dead.into_iter().map(|job| row(job, w)).collect(),
        failing: failing.into_iter().map(|job| row(job, w)).collect(),
        older_addresses: addresses.get(usize::from(PAGE) - 1).map(|one| one.id),
        addresses: addresses
            .into_iter()
            .map(|one| webhooks::Row::new(one, w))
            .collect(),
        done: match asked.done.as_deref() {
            Some("retry") => Some(w.platform.retried_now),
            Some("give-up") => Some(w.platform.gave_up),
            Some("forget") => Some(w.platform.forgotten),
            Some("run") => Some(w.tasks.runs_now),
            Some("webhook") => Some(w.platform.news_retried),
            _ => None,
        },
        fault: asked
            .done
            .filter(|done| done == "moved-on")
            .map(|_| w.platform.not_so),
    };
    Ok(html(StatusCode::OK, &page))
}

/// A page of jobs, and the last of them if there are more: an empty page says that all is well.
async fn jobs(
    conn: &mut PgConnection,
    is_dead: bool,
    before: Option<Uuid>,
) -> sqlx::Result<(Vec<Failed>, Option<Uuid>)> {
    let mut jobs = failed::list(conn, is_dead, before, PAGE + 1).await?;
    let has_more = jobs.len() > usize::from(PAGE);
    jobs.truncate(usize::from(PAGE));
    let older = jobs.last().filter(|_| has_more).map(|job| job.id);
    Ok((jobs, older))
}

fn row(job: Failed, w: &Words) -> Row {
    Row {
        id: job.id,
        is_task: job.is_task,
        kind: job.kind,
        business: job.business,
        attempts: job.attempts,
        error: scrub(&job.error),
        since: w.calendar.moment(job.created_at),
        next: w.calendar.moment(job.run_at),
        gave_up: job.dead_at.map(|at| w.calendar.moment(at)),
    }
}

fn kept_row(kept: &Kept, w: &'static Words) -> KeptRow {
    KeptRow {
        name: w.tasks.kept(kept.what),
        tables: kept.tables,
        time: w
            .calendar
            .stretch(u32::try_from(kept.secs).unwrap_or(u32::MAX)),
    }
}

fn task_row(task: TaskState, w: &Words) -> TaskRow {
    let (last, took, error, went_well) = match task.last {
        Some(run) => (
            Some(w.calendar.moment(run.ended)),
            took(run.took, w),
            run.error.map(|error| scrub(&error)),
            run.went_well.map(|at| w.calendar.moment(at)),
        ),
        None => (None, String::new(), None, None),
    };
    TaskRow {
        name: w.tasks.name(&task.kind).to_owned(),
        kind: task.kind,
        last,
        took,
        // When the last run went well, it is the last that did.
        went_well: went_well.filter(|_| error.is_some()),
        error,
        next: w.calendar.moment(task.next),
        is_running: task.is_running,
    }
}

/// How long a run took: most take less than a second.
fn took(time: Duration, w: &Words) -> String {
    if time < Duration::from_secs(1) {
        format!("{}\u{a0}ms", time.as_millis())
    } else {
        w.calendar.lasting(time.as_secs())
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
    let Some(found) = found else {
        return Ok(onward("/admin/jobs?done=moved-on"));
    };
    let was = if found.was_given_up {
        "given-up"
    } else {
        "failing"
    };
    // What it is stands on one side only, so that it is seen among what changed.
    let (before, after) = match remedy {
        Remedy::Retry => (
            json!({"status": was}),
            Some(json!({"status": "waiting", "kind": found.kind})),
        ),
        Remedy::GiveUp => (
            json!({"status": was}),
            Some(json!({"status": "given-up", "kind": found.kind})),
        ),
        Remedy::Forget => (json!({"status": was, "kind": found.kind}), None),
    };
    let deed = Deed {
        act,
        subject: &id.to_string(),
        before: Some(before),
        after,
    };
    let by = Actor::Admin(visit.person);
    record(&app, &mut tx, found.provider, by, deed).await?;
    tx.commit().await?;
    app.jobs.wake();
    Ok(onward(&format!("/admin/jobs?done={done}")))
}

/// Makes scheduled work due now.
///
/// # Errors
/// When the database is away.
pub async fn run(
    State(app): State<App>,
    visit: Visit,
    Path(kind): Path<String>,
) -> Result<Response, Trouble> {
    let mut tx = app.db.platform(Reason::Admin).await?;
    if !tasks::hasten(&mut tx, &kind, app.clock.now()).await? {
        return Err(Trouble::Nothing);
    }
    let deed = Deed {
        act: "task-run",
        subject: &kind,
        before: None,
        after: None,
    };
    record(&app, &mut tx, None, Actor::Admin(visit.person), deed).await?;
    tx.commit().await?;
    app.jobs.wake();
    Ok(onward("/admin/jobs?done=run"))
}
