//! The page that takes a statement, and what it found.

mod found;

use std::sync::Arc;

use askama::Template;
use axum::extract::multipart::MultipartRejection;
use axum::extract::{Form, Multipart, State};
use axum::http::StatusCode;
use axum::response::Response;
use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::ProviderId;
use serde::Deserialize;
use serde_json::json;
use sqlx::PgConnection;

use super::gone;
use super::read::{BadStatement, Statement, read};
use super::store::{known, origins};
use super::taken::{Taken, take, without_others};
use super::{Known, compare};
use crate::app::App;
use crate::audit::{Deed, record};
use crate::payments::confirm::ConfirmError;
use crate::payments::deeds::NotDone;
use crate::payments::reversal::{self, Booked, Told};
use crate::payments::store::refunds::written;
use crate::payments::unmatched::resolve::NotResolved;
use crate::providers::gate::Seat;
use crate::providers::pages::frame::Frame;
use crate::providers::pages::trouble::Trouble;
use crate::providers::pages::words::Words;
use crate::ratelimit::{Act, By};
use crate::web::Query;
use crate::web::page::{html, onward};
use found::{Found, MOST_SHOWN, told};

/// The largest statement.
pub const MOST_BYTES: usize = 5 * 1024 * 1024;

#[derive(Template)]
#[template(path = "money/statement.html")]
struct StatementPage<'a> {
    frame: &'a Frame,
    w: &'static Words,
    found: Option<Found>,
    done: Option<&'static str>,
    fault: Option<&'a str>,
}

fn shown(frame: &Frame, found: Option<Found>, fault: Option<&str>) -> Response {
    let status = match fault {
        Some(_) => StatusCode::UNPROCESSABLE_ENTITY,
        None => StatusCode::OK,
    };
    shown_with(frame, status, found, fault)
}

fn shown_with(
    frame: &Frame,
    status: StatusCode,
    found: Option<Found>,
    fault: Option<&str>,
) -> Response {
    let page = StatementPage {
        frame,
        w: frame.words(),
        found,
        done: None,
        fault,
    };
    html(status, &page)
}

/// What was done just before, as the address says it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Done {
    not: String,
    gone: String,
    left: String,
    paid: String,
}

/// Shows the form.
pub async fn form(frame: Frame, Query(done): Query<Done>) -> Response {
    let w = frame.words();
    let said = [
        (done.not, w.statement.not_all),
        (done.gone, w.statement.gone_done),
        (done.left, w.statement.left),
        (done.paid, w.statement.paid),
    ];
    let page = StatementPage {
        frame: &frame,
        w,
        found: None,
        done: said
            .into_iter()
            .find_map(|(asked, words)| (!asked.is_empty()).then_some(words)),
        fault: None,
    };
    html(StatusCode::OK, &page)
}

enum NoFile {
    Missing,
    Large,
}

async fn sent(form: Result<Multipart, MultipartRejection>) -> Result<Vec<u8>, NoFile> {
    let mut form = form.map_err(|_| NoFile::Missing)?;
    // What is larger than the body may be ends in the middle.
    while let Some(mut field) = form.next_field().await.map_err(|_| NoFile::Large)? {
        if field.name() != Some("statement") {
            continue;
        }
        let mut file = Vec::new();
        while let Some(chunk) = field.chunk().await.map_err(|_| NoFile::Large)? {
            file.extend_from_slice(&chunk);
            if file.len() > MOST_BYTES {
                return Err(NoFile::Large);
            }
        }
        return if file.is_empty() {
            Err(NoFile::Missing)
        } else {
            Ok(file)
        };
    }
    Err(NoFile::Missing)
}

/// Does what takes long away from whoever answers requests, a few at a time.
async fn aside<T: Send + 'static>(
    app: &App,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Trouble> {
    let turn = Arc::clone(&app.readers)
        .acquire_owned()
        .await
        .map_err(|_| Trouble::Inside)?;
    let work = move || {
        // The work goes on after whoever asked for it has hung up, and so does its turn.
        let _turn = turn;
        work()
    };
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|_| Trouble::Inside)
}

/// What a business hears that has too many statements read.
fn too_many(app: &App, frame: &Frame, provider: ProviderId) -> Option<Response> {
    let too = app
        .limits
        .check(Act::Statement, By::Provider(provider))
        .err()?;
    let wait = frame.words().people.wait(too.wait);
    let status = StatusCode::TOO_MANY_REQUESTS;
    Some(shown_with(frame, status, None, Some(&wait)))
}

/// Compares a statement with the books.
///
/// # Errors
/// When the database is away.
pub async fn upload(
    State(app): State<App>,
    frame: Frame,
    seat: Seat,
    file: Result<Multipart, MultipartRejection>,
) -> Result<Response, Trouble> {
    let w = &frame.words().statement;
    let provider = seat.provider();
    if let Some(too_many) = too_many(&app, &frame, provider) {
        return Ok(too_many);
    }
    let file = match sent(file).await {
        Ok(file) => file,
        Err(NoFile::Missing) => return Ok(shown(&frame, None, Some(w.no_file))),
        Err(NoFile::Large) => return Ok(shown(&frame, None, Some(w.large))),
    };
    let now = app.clock.now();
    let statement = match aside(&app, move || read(&file, now)).await? {
        Ok(statement) => statement,
        Err(BadStatement::NoColumns) => return Ok(shown(&frame, None, Some(w.no_columns))),
        Err(BadStatement::Large) => return Ok(shown(&frame, None, Some(w.large))),
    };
    let Some((from, to)) = statement.span() else {
        return Ok(shown(&frame, None, Some(w.nothing)));
    };
    let mut tx = app.db.tenant(provider).await?;
    let known = beside(&mut tx, provider, &statement, (from, to), now).await?;
    // No transaction stays open over work.
    drop(tx);
    let (other, unread) = (statement.other, statement.unread);
    let (mut found, gone) = aside(&app, move || {
        let found = compare(&statement.entries, &known);
        let gone = gone::compare(&statement.backs, &known, &found.named);
        (found, gone)
    })
    .await?;
    let missing = std::mem::take(&mut found.missing);
    let (missing, others) = without_others(&app, provider, missing).await?;
    found.missing = missing;
    let deed = Deed {
        act: "statement",
        subject: &provider.to_string(),
        before: None,
        after: Some(json!({
            "matched": found.matched.0, "missing": found.missing.len(), "extra": found.extra.len() + found.unnamed.len(), "differing": found.differing.len(),
            "gone": gone.missing.len(),
        })),
    };
    let mut tx = app.db.tenant(provider).await?;
    record(&app, &mut tx, Some(provider), seat.actor(), deed).await?;
    tx.commit().await?;
    let mut page = told(found, &gone, frame.words());
    let calendar = &frame.words().calendar;
    (page.from, page.to) = (calendar.moment(from), calendar.moment(to));
    (page.others, page.other, page.unread) = (others, other, unread);
    Ok(shown(&frame, Some(page), None))
}

/// Reads what a statement is compared with.
async fn beside(
    conn: &mut PgConnection,
    provider: ProviderId,
    statement: &Statement,
    time: (Timestamp, Timestamp),
    now: Timestamp,
) -> sqlx::Result<Known> {
    let (entries, backs) = (&statement.entries, &statement.backs);
    let receipts: Vec<String> = entries.iter().map(|one| one.receipt.clone()).collect();
    let known = known(conn, provider, &receipts, time, now).await?;
    if backs.is_empty() {
        return Ok(known);
    }
    let originals: Vec<String> = backs.iter().map(|one| one.original.clone()).collect();
    let names: Vec<String> = backs.iter().flat_map(gone::names).collect();
    Ok(Known {
        origins: origins(conn, provider, &originals).await?,
        written: written(conn, provider, &names).await?,
        ..known
    })
}

/// Lines of a statement, as its page sends them back.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Lines {
    lines: String,
}

/// Reads what was shown of a statement; none where somebody wrote something else.
async fn again(app: &App, form: Lines) -> Result<Option<Statement>, Trouble> {
    let now = app.clock.now();
    let read = aside(app, move || read(form.lines.as_bytes(), now)).await?;
    Ok(read.ok())
}

/// Takes in payments that only the statement knows. One that we know by now is not taken, nor is one that may be a payment's of which nobody can
/// tell yet.
///
/// # Errors
/// When the database is away.
pub async fn take_in(
    State(app): State<App>,
    frame: Frame,
    seat: Seat,
    Form(form): Form<Lines>,
) -> Result<Response, Trouble> {
    let w = &frame.words().statement;
    let provider = seat.provider();
    if let Some(too_many) = too_many(&app, &frame, provider) {
        return Ok(too_many);
    }
    let Some(statement) = again(&app, form).await? else {
        return Ok(shown(&frame, None, Some(w.no_columns)));
    };
    let (mut queued, mut paid, mut left, mut not) = (0, 0, 0, 0);
    for entry in statement.entries.iter().take(MOST_SHOWN) {
        // Each by itself: one that arrives by another way at this moment holds up no other.
        match take(&app, provider, seat.actor(), entry).await {
            Ok(Taken::Queued) => queued += 1,
            Ok(Taken::Paid) => paid += 1,
            Ok(Taken::Left) => left += 1,
            Ok(Taken::Known) => {}
            Err(ConfirmError::Database(error)) => return Err(error.into()),
            Err(error) => {
                not += 1;
                tracing::error!(%error, "a payment of a statement was not taken in");
            }
        }
    }
    tracing::info!(provider.id = %provider, queued, paid, left, not, "payments of a statement were taken in");
    Ok(onward(match (not, left, paid, queued) {
        (1.., ..) => "/books/statement?not=1",
        (_, 1.., ..) => "/books/statement?left=1",
        (.., 1.., 0) => "/books/statement?paid=1",
        _ => "/payments/unmatched?taken=1",
    }))
}

/// Writes into the books what the statement says went back. What stands there by now is not written again.
///
/// # Errors
/// When the database is away.
pub async fn book_gone(
    State(app): State<App>,
    frame: Frame,
    seat: Seat,
    Form(form): Form<Lines>,
) -> Result<Response, Trouble> {
    let w = &frame.words().statement;
    let provider = seat.provider();
    if let Some(too_many) = too_many(&app, &frame, provider) {
        return Ok(too_many);
    }
    let Some(statement) = again(&app, form).await? else {
        return Ok(shown(&frame, None, Some(w.no_columns)));
    };
    let (mut new, mut not) = (0, 0);
    for back in statement.backs.into_iter().take(MOST_SHOWN) {
        let told = Told {
            original: &back.original,
            back: back.receipt.as_deref(),
            amount: Some(back.amount),
            reason: w.gone_why,
        };
        // Each by itself: one that cannot be written holds up no other.
        match reversal::book(&app, provider, seat.actor(), told).await {
            Ok(Booked::New(_)) => new += 1,
            Ok(Booked::Known) => {}
            Ok(Booked::Nothing) => not += 1,
            Err(NotResolved::Database(error) | NotResolved::Payment(NotDone::Database(error))) => {
                return Err(error.into());
            }
            Err(error) => {
                not += 1;
                tracing::warn!(%error, "money that went back was not written");
            }
        }
    }
    tracing::info!(provider.id = %provider, count = new, not, "money that a statement says went back was written");
    Ok(onward(if not > 0 {
        "/books/statement?not=1"
    } else {
        "/books/statement?gone=1"
    }))
}
