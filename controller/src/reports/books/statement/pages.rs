//! The page that takes a statement, and what it found.

use askama::Template;
use axum::extract::multipart::MultipartRejection;
use axum::extract::{Form, Multipart, State};
use axum::http::StatusCode;
use axum::response::Response;
use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::ProviderId;
use mnara_protocol::money::Money;
use serde::Deserialize;
use serde_json::json;
use sqlx::PgConnection;

use super::gone::{self, Gone, WentBack};
use super::read::{BadStatement, Entry, Statement, read};
use super::store::{known, origins};
use super::{Compared, Known, Ours, compare, taken};
use crate::app::App;
use crate::audit::{Deed, record};
use crate::payments::confirm::ConfirmError;
use crate::payments::deeds::NotDone;
use crate::payments::reversal::{self, Booked, Told};
use crate::payments::store::refunds::written;
use crate::payments::unmatched::pages::payer;
use crate::payments::unmatched::resolve::NotResolved;
use crate::providers::gate::Seat;
use crate::providers::pages::frame::Frame;
use crate::providers::pages::trouble::Trouble;
use crate::providers::pages::words::Words;
use crate::rails::daraja::callback::Payer;
use crate::ratelimit::{Act, By};
use crate::web::csv::Csv;
use crate::web::page::{html, onward};
use crate::web::{Query, show};

/// The largest statement.
pub const MOST_BYTES: usize = 5 * 1024 * 1024;
/// Lines of each list on the page, and payments taken in at once.
const MOST_SHOWN: usize = 200;

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
    differing_count: usize,
    gone: Vec<Item>,
    gone_count: usize,
    gone_lines: String,
    gone_over: Vec<Item>,
    gone_over_count: usize,
    gone_known: usize,
    gone_nobodys: usize,
    other: usize,
    unread: usize,
}

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
    gone: String,
}

/// Shows the form.
pub async fn form(frame: Frame, Query(done): Query<Done>) -> Response {
    let w = frame.words();
    let page = StatementPage {
        frame: &frame,
        w,
        found: None,
        done: (!done.gone.is_empty()).then_some(w.statement.gone_done),
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
    let _turn = app.readers.acquire().await.map_err(|_| Trouble::Inside)?;
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
    let known = beside(&mut tx, provider, &statement, (from, to)).await?;
    // No transaction stays open over work.
    drop(tx);
    let (other, unread) = (statement.other, statement.unread);
    let (found, gone) = aside(&app, move || {
        (
            compare(&statement.entries, &known),
            gone::compare(&statement.backs, &known),
        )
    })
    .await?;
    let deed = Deed {
        act: "statement",
        subject: &provider.to_string(),
        before: None,
        after: Some(json!({
            "matched": found.matched.0, "missing": found.missing.len(), "extra": found.extra.len(), "differing": found.differing.len(),
            "gone": gone.missing.len(),
        })),
    };
    let mut tx = app.db.tenant(provider).await?;
    record(&app, &mut tx, Some(provider), seat.actor(), deed).await?;
    tx.commit().await?;
    let mut page = told(found, &gone, frame.words());
    let calendar = &frame.words().calendar;
    (page.from, page.to) = (calendar.moment(from), calendar.moment(to));
    (page.other, page.unread) = (other, unread);
    Ok(shown(&frame, Some(page), None))
}

/// Reads what a statement is compared with.
async fn beside(
    conn: &mut PgConnection,
    provider: ProviderId,
    statement: &Statement,
    time: (Timestamp, Timestamp),
) -> sqlx::Result<Known> {
    let (entries, backs) = (&statement.entries, &statement.backs);
    let receipts: Vec<String> = entries.iter().map(|one| one.receipt.clone()).collect();
    let known = known(conn, provider, &receipts, time).await?;
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

fn told(found: Compared, gone: &Gone, words: &Words) -> Found {
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
    let back = |one: &WentBack| Item {
        amount: show::money(one.back.amount),
        text: format!(
            "{} {} {} · {}",
            one.back.receipt.as_deref().unwrap_or("?"),
            w.gone_of,
            one.back.original,
            words.calendar.second(one.back.at)
        ),
        path: Some(one.payment.map_or_else(
            || "/payments/unmatched".to_owned(),
            |payment| format!("/payments/{payment}"),
        )),
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
        differing_count: found.differing.len(),
        gone: gone.missing.iter().take(MOST_SHOWN).map(back).collect(),
        gone_count: gone.missing.len(),
        gone_lines: gone_lines(&gone.missing),
        gone_over: gone.over.iter().take(MOST_SHOWN).map(back).collect(),
        gone_over_count: gone.over.len(),
        gone_known: gone.known,
        gone_nobodys: gone.nobodys,
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

/// The same for what went back.
fn gone_lines(all: &[WentBack]) -> String {
    let mut table = Csv::new(&[
        "Receipt No.",
        "Completion Time",
        "Details",
        "Paid In",
        "Withdrawn",
        "Linked Transaction ID",
    ]);
    for one in all.iter().take(MOST_SHOWN) {
        let back = &one.back;
        table.row(&[
            back.receipt.as_deref().unwrap_or(&back.original),
            &show::sortable(back.at),
            "Reversal",
            "",
            &back.amount.to_decimal(),
            &back.original,
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

/// Reads what was shown of a statement, as its page sends it back; none where somebody wrote something else.
async fn again(app: &App, form: Taken) -> Result<Option<Statement>, Trouble> {
    let now = app.clock.now();
    let read = aside(app, move || read(form.lines.as_bytes(), now)).await?;
    Ok(read.ok())
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
    let provider = seat.provider();
    if let Some(too_many) = too_many(&app, &frame, provider) {
        return Ok(too_many);
    }
    let Some(statement) = again(&app, form).await? else {
        return Ok(shown(&frame, None, Some(w.no_columns)));
    };
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

/// Writes into the books what the statement says went back. What stands there by now is not written again.
///
/// # Errors
/// When the database is away.
pub async fn book_gone(
    State(app): State<App>,
    frame: Frame,
    seat: Seat,
    Form(form): Form<Taken>,
) -> Result<Response, Trouble> {
    let w = &frame.words().statement;
    let provider = seat.provider();
    if let Some(too_many) = too_many(&app, &frame, provider) {
        return Ok(too_many);
    }
    let Some(statement) = again(&app, form).await? else {
        return Ok(shown(&frame, None, Some(w.no_columns)));
    };
    let mut new = 0;
    for back in statement.backs.into_iter().take(MOST_SHOWN) {
        let told = Told {
            original: &back.original,
            back: back.receipt.as_deref(),
            amount: Some(back.amount),
            reason: w.gone_why,
        };
        // Each by itself: one that cannot be written holds up no other.
        match reversal::book(&app, provider, seat.actor(), told).await {
            Ok(booked) => new += usize::from(matches!(booked, Booked::New(_))),
            Err(NotResolved::Database(error) | NotResolved::Payment(NotDone::Database(error))) => {
                return Err(error.into());
            }
            Err(error) => tracing::warn!(%error, "money that went back was not written"),
        }
    }
    tracing::info!(provider.id = %provider, count = new, "money that a statement says went back was written");
    Ok(onward("/books/statement?gone=1"))
}

#[cfg(test)]
mod tests {
    use mnara_protocol::portal::Language;

    use super::super::Differing;
    use super::*;

    #[test]
    fn all_that_was_found_is_counted_and_the_first_of_it_is_shown() {
        let at = Timestamp::from_secs(1_800_000_000);
        let one = Differing {
            entry: Entry {
                receipt: "NLJ7RT61SV".to_owned(),
                at,
                amount: Money::from_shillings(60),
                account: None,
                payer: None,
            },
            ours: Ours {
                receipt: "NLJ7RT61SV".to_owned(),
                amount: Money::from_shillings(50),
                at,
                payment: None,
            },
        };
        let found = Compared {
            differing: vec![one; MOST_SHOWN + 1],
            ..Compared::default()
        };
        let found = told(found, &Gone::default(), Words::of(Language::English));
        assert_eq!(found.differing.len(), MOST_SHOWN);
        assert_eq!(found.differing_count, MOST_SHOWN + 1);
        assert_eq!((found.gone_over.len(), found.gone_over_count), (0, 0));
    }
}
