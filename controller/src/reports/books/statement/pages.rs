//! The page that takes a statement, and what it found.

use askama::Template;
use axum::extract::multipart::MultipartRejection;
use axum::extract::{Form, Multipart, State};
use axum::http::StatusCode;
use axum::response::Response;
use mnara_protocol::money::Money;
use serde::Deserialize;
use serde_json::json;
use tokio::sync::Semaphore;

use super::read::{BadStatement, Entry, read};
use super::store::known;
use super::{Compared, Ours, compare, span, taken};
use crate::app::App;
use crate::audit::{Deed, record};
use crate::payments::confirm::ConfirmError;
use crate::payments::unmatched::pages::payer;
use crate::providers::gate::Seat;
use crate::providers::pages::frame::Frame;
use crate::providers::pages::trouble::Trouble;
use crate::providers::pages::words::Words;
use crate::rails::daraja::callback::Payer;
use crate::ratelimit::{Act, By};
use crate::web::csv::Csv;
use crate::web::page::{html, onward};
use crate::web::show;

/// The largest statement.
pub const MOST_BYTES: usize = 5 * 1024 * 1024;
/// Lines of each list on the page, and payments taken in at once.
const MOST_SHOWN: usize = 200;
/// Statements are read so many at a time, whoever sends them.
static READERS: Semaphore = Semaphore::const_new(2);

struct Item {
    amount: String,
    text: String,
    path: Option<String>,
}

struct Found {
    from: String,
    to: String,
    matched: usize,
    money: String,
    likely: usize,
    missing: Vec<Item>,
    missing_count: usize,
    lines: String,
    extra: Vec<Item>,
    extra_count: usize,
    differing: Vec<Item>,
    other: usize,
    unread: usize,
}

#[derive(Template)]
#[template(path = "statement.html")]
struct StatementPage<'a> {
    frame: &'a Frame,
    w: &'static Words,
    found: Option<Found>,
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
        fault,
    };
    html(status, &page)
}

/// Shows the form.
pub async fn form(frame: Frame) -> Response {
    shown(&frame, None, None)
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
async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Trouble> {
    let _turn = READERS.acquire().await.map_err(|_| Trouble::Inside)?;
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|_| Trouble::Inside)
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
    if let Err(too) = app.limits.check(Act::Statement, By::Provider(provider)) {
        let wait = frame.words().people.wait(too.wait);
        let status = StatusCode::TOO_MANY_REQUESTS;
        return Ok(shown_with(&frame, status, None, Some(&wait)));
    }
    let file = match sent(file).await {
        Ok(file) => file,
        Err(NoFile::Missing) => return Ok(shown(&frame, None, Some(w.no_file))),
        Err(NoFile::Large) => return Ok(shown(&frame, None, Some(w.large))),
    };
    let now = app.clock.now();
    let statement = match aside(move || read(&file, now)).await? {
        Ok(statement) => statement,
        Err(BadStatement::NoColumns) => return Ok(shown(&frame, None, Some(w.no_columns))),
        Err(BadStatement::Large) => return Ok(shown(&frame, None, Some(w.large))),
    };
    let Some((from, to)) = span(&statement.entries) else {
        return Ok(shown(&frame, None, Some(w.nothing)));
    };
    let receipts: Vec<String> = statement
        .entries
        .iter()
        .map(|entry| entry.receipt.clone())
        .collect();
    let mut tx = app.db.tenant(provider).await?;
    let known = known(&mut tx, provider, &receipts, (from, to)).await?;
    // No transaction stays open over work.
    drop(tx);
    let entries = statement.entries;
    let found = aside(move || compare(&entries, &known)).await?;
    let deed = Deed {
        act: "statement",
        subject: &provider.to_string(),
        before: None,
        after: Some(json!({
            "matched": found.matched.0, "missing": found.missing.len(), "extra": found.extra.len(), "differing": found.differing.len(),
        })),
    };
    let mut tx = app.db.tenant(provider).await?;
    record(&app, &mut tx, Some(provider), seat.actor(), deed).await?;
    tx.commit().await?;
    let mut page = told(found, frame.words());
    let calendar = &frame.words().calendar;
    (page.from, page.to) = (calendar.moment(from), calendar.moment(to));
    (page.other, page.unread) = (statement.other, statement.unread);
    Ok(shown(&frame, Some(page), None))
}

fn told(found: Compared, words: &Words) -> Found {
    let w = &words.statement;
    let entry = |entry: &Entry| {
        let mut text = format!("{} · {}", entry.receipt, words.calendar.second(entry.at));
        if let Some(who) = &entry.payer {
            text = format!("{text} · {}", payer(who, &words.queue));
        }
        if let Some(account) = &entry.account {
            text = format!("{text} · {account}");
        }
        Item {
            amount: show::money(entry.amount),
            text,
            path: None,
        }
    };
    let path = |ours: &Ours| {
        ours.payment.map_or_else(
            || "/payments/unmatched".to_owned(),
            |payment| format!("/payments/{payment}"),
        )
    };
    let first = |entries: &[Entry]| entries.iter().take(MOST_SHOWN).cloned().collect::<Vec<_>>();
    Found {
        from: String::new(),
        to: String::new(),
        matched: found.matched.0,
        money: show::money(Money::from_cents(found.matched.1)),
        likely: found.likely,
        missing: found.missing.iter().take(MOST_SHOWN).map(entry).collect(),
        missing_count: found.missing.len(),
        lines: lines(&first(&found.missing)),
        extra: found
            .extra
            .iter()
            .take(MOST_SHOWN)
            .map(|ours| Item {
                amount: show::money(ours.amount),
                text: format!("{} · {}", ours.receipt, words.calendar.second(ours.at)),
                path: Some(path(ours)),
            })
            .collect(),
        extra_count: found.extra.len(),
        differing: found
            .differing
            .iter()
            .take(MOST_SHOWN)
            .map(|one| Item {
                amount: format!(
                    "{} {} · {} {}",
                    w.statement_says,
                    show::money(one.entry.amount),
                    w.we_say,
                    show::money(one.ours.amount)
                ),
                text: format!(
                    "{} · {}",
                    one.entry.receipt,
                    words.calendar.second(one.entry.at)
                ),
                path: Some(path(&one.ours)),
            })
            .collect(),
        other: 0,
        unread: 0,
    }
}

/// Lines as a statement has them, for the form that takes them in: what is compared is not kept between two pages.
fn lines(entries: &[Entry]) -> String {
    let mut table = Csv::new(&[
        "Receipt No.",
        "Completion Time",
        "Paid In",
        "A/C No.",
        "Other Party Info",
    ]);
    for entry in entries {
        let who = match &entry.payer {
            Some(Payer::Masked { head, tail }) => format!("{head}***{tail}"),
            _ => String::new(),
        };
        let account = entry.account.as_deref().unwrap_or_default();
        table.row(&[
            entry.receipt.as_str(),
            &show::sortable(entry.at),
            &entry.amount.to_decimal(),
            account,
            &who,
        ]);
    }
    table.take()
}

/// What is taken in.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Taken {
    lines: String,
}

/// Takes payments that only the statement knows into the queue. One that we know by now is not taken.
///
/// # Errors
/// When the database is away.
pub async fn take_in(
    State(app): State<App>,
    frame: Frame,
    seat: Seat,
    Form(form): Form<Taken>,
) -> Result<Response, Trouble> {
    let w = &frame.words().statement;
    let now = app.clock.now();
    let Ok(statement) = aside(move || read(form.lines.as_bytes(), now)).await? else {
        return Ok(shown(&frame, None, Some(w.no_columns)));
    };
    let provider = seat.provider();
    let mut new = 0;
    for entry in statement.entries.into_iter().take(MOST_SHOWN) {
        // Each by itself: one that arrives by another way at this moment holds up no other.
        match taken::take(&app, provider, seat.actor(), entry).await {
            Ok(is_new) => new += usize::from(is_new),
            Err(ConfirmError::Database(error)) => return Err(error.into()),
            Err(error) => tracing::error!(%error, "a payment of a statement was not taken in"),
        }
    }
    tracing::info!(provider.id = %provider, count = new, "payments of a statement were taken in");
    Ok(onward("/payments/unmatched?taken=1"))
}
