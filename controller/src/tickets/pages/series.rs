//! The page of one series: how it goes, its printing, its codes as a file, taking it back.

use askama::Template;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use futures_util::stream;
use mnara_protocol::ids::{ProviderId, SeriesId, TicketId};
use mnara_protocol::money::Money;
use serde::Deserialize;
use serde_json::json;

use super::super::counter;
use super::super::paper::{Layout, OF_PDF};
use super::super::revoke::{self, RevokeError};
use super::super::store::{self, listed};
use super::super::{Stage, masked};
use super::number;
use crate::app::App;
use crate::audit::{Deed, record};
use crate::providers::gate::Seat;
use crate::providers::pages::frame::Frame;
use crate::providers::pages::trouble::Trouble;
use crate::providers::pages::words::Words;
use crate::providers::staff::roles::Permission;
use crate::web::csv::{self, Csv};
use crate::web::page::{html, onward};
use crate::web::{Path, Query, show};

/// Vouchers listed at once.
const MOST: u16 = 50;
/// Rows of a file read at once.
const CHUNK: u16 = 2_000;
const WEEK: i64 = 7 * 86_400;

/// One voucher in the list. Its code is hidden while it is worth money: who saw which codes is in the audit, and that is for printing.
struct Row {
    id: TicketId,
    number: String,
    code: String,
    state: &'static str,
    is_good: bool,
    used: Option<String>,
    site: Option<String>,
}

/// A way to print.
struct Way {
    word: &'static str,
    name: String,
}

/// Numbers that are printed at once.
struct Part {
    from: u32,
    name: String,
}

/// The parts of a series with so many numbers.
fn parts(numbers: u32) -> Vec<Part> {
    (0..numbers)
        .step_by(OF_PDF.into())
        .map(|from| Part {
            from,
            name: format!(
                "{}–{}",
                number(from + 1),
                number(numbers.min(from + u32::from(OF_PDF)))
            ),
        })
        .collect()
}

#[derive(Template)]
#[template(path = "vouchers/series.html")]
struct SeriesPage<'a> {
    frame: &'a Frame,
    w: &'static Words,
    id: SeriesId,
    plan: String,
    price: String,
    made: String,
    count: String,
    used: String,
    share: u32,
    left: String,
    back: Option<String>,
    sold: String,
    lately: String,
    first: Option<String>,
    last: Option<String>,
    sites: String,
    until: Option<String>,
    revoked: Option<String>,
    is_over: bool,
    ways: Vec<Way>,
    parts: Vec<Part>,
    vouchers: Vec<Row>,
    more: Option<u32>,
    may_print: bool,
    may_csv: bool,
    may_revoke: bool,
    done: Option<&'static str>,
    fault: Option<&'static str>,
}

/// Where the list goes on, and what was done just before.
#[derive(Debug, Default, Deserialize)]
pub struct At {
    from: Option<u32>,
    done: Option<String>,
}

/// Shows a series.
///
/// # Errors
/// When there is none such, or the database is away.
pub async fn one(
    State(app): State<App>,
    frame: Frame,
    seat: Seat,
    Path(id): Path<String>,
    Query(at): Query<At>,
) -> Result<Response, Trouble> {
    let id: SeriesId = id.parse().map_err(|_| Trouble::Nothing)?;
    let (now, provider, w) = (app.clock.now(), seat.provider(), frame.words());
    let mut tx = app.db.tenant(provider).await?;
    let series = listed::series_listed(&mut tx, provider, id)
        .await?
        .ok_or(Trouble::Nothing)?;
    let pace = listed::series_pace(&mut tx, provider, id, now.plus_secs(-WEEK)).await?;
    let from = at.from.unwrap_or(0);
    let found = listed::tickets_of_series(&mut tx, provider, id, from, MOST + 1, now).await?;
    let unused = listed::unused_codes(&mut tx, provider, id, 0..u32::MAX, 1, now).await?;
    let unused = unused.first().map_or(0, |code| code.index);
    drop(tx);
    let index = |found: &store::Found| found.printed.map_or(0, |printed| printed.index);
    let more = found.get(usize::from(MOST)).map(index);
    let vouchers = found.iter().take(usize::from(MOST)).map(|found| {
        let ticket = &found.kept.ticket;
        let stage = Stage::of(ticket, now);
        Row {
            id: ticket.id,
            number: number(index(found) + 1),
            code: if stage.is_good() {
                masked(&found.kept.code)
            } else {
                found.kept.code.shown()
            },
            state: w.vouchers.stage(stage),
            is_good: stage.is_good(),
            used: ticket.redeemed_at().map(|at| w.calendar.moment(at)),
            site: found.redeemed_at_name.clone(),
        }
    });
    let vouchers = vouchers.collect();
    let role = seat.place.role;
    let left = series.left(now);
    let page = SeriesPage {
        frame: &frame,
        w,
        id,
        price: show::money(series.price),
        made: w.calendar.moment(series.made),
        count: number(series.count),
        used: number(series.used),
        share: series.used.saturating_mul(100) / series.count.max(1),
        left: number(left),
        back: (series.back > 0).then(|| number(series.back)),
        sold: show::money(Money::from_cents(
            series.price.cents().saturating_mul(series.used.into()),
        )),
        lately: number(pace.lately),
        first: pace.first.map(|at| w.calendar.moment(at)),
        last: pace.last.map(|at| w.calendar.moment(at)),
        sites: series.sites.join(", "),
        until: series.sell_by.map(|at| w.calendar.moment(at)),
        revoked: series.revoked.map(|at| w.calendar.moment(at)),
        is_over: series.sell_by.is_some_and(|at| at <= now),
        ways: Layout::ALL
            .into_iter()
            .map(|layout| Way {
                word: layout.word(),
                name: name(layout, w),
            })
            .collect(),
        // Of those before it nothing is left to print.
        parts: parts(series.numbers)
            .into_iter()
            .filter(|part| unused < part.from + u32::from(OF_PDF))
            .collect(),
        plan: series.plan_name,
        vouchers,
        more,
        may_print: role.may(Permission::PrintVouchers) && left > 0,
        may_csv: role.may(Permission::PrintVouchers),
        may_revoke: role.may(Permission::MakeVouchers) && series.revoked.is_none(),
        done: match at.done.as_deref() {
            Some("made") => Some(w.vouchers.made),
            Some("revoked") => Some(w.vouchers.revoked_series),
            _ => None,
        },
        fault: (at.done.as_deref() == Some("none")).then_some(w.vouchers.none_to_print),
    };
    Ok(html(StatusCode::OK, &page))
}

/// What a layout is called.
pub(super) fn name(layout: Layout, w: &Words) -> String {
    match layout {
        Layout::Roll58 => format!("58\u{a0}mm {}", w.vouchers.roll),
        Layout::Roll80 => format!("80\u{a0}mm {}", w.vouchers.roll),
        Layout::Ten | Layout::TwentyFour | Layout::Fifty => {
            format!("{} {}", layout.of_sheet(), w.vouchers.a4)
        }
    }
}

/// Takes a series back.
///
/// # Errors
/// When there is none such, or the database is away.
pub async fn back(
    State(app): State<App>,
    seat: Seat,
    Path(id): Path<String>,
) -> Result<Response, Trouble> {
    let id: SeriesId = id.parse().map_err(|_| Trouble::Nothing)?;
    match revoke::series(&app, seat.provider(), id, seat.actor()).await {
        Ok(()) => Ok(onward(&format!("/vouchers/series/{id}?done=revoked"))),
        Err(error) => Err(trouble(error)),
    }
}

/// What a page says when something was not taken back.
pub(crate) fn trouble(error: RevokeError) -> Trouble {
    match error {
        RevokeError::Missing => Trouble::Nothing,
        RevokeError::Database(error) => error.into(),
        RevokeError::Feed(error) => {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "sites could not be told what was taken back"
            );
            Trouble::Inside
        }
    }
}

/// Writes down who saw codes that are worth money.
pub(super) async fn note_seen(
    app: &App,
    conn: &mut sqlx::PgConnection,
    seat: &Seat,
    id: SeriesId,
    (how, first, count): (&str, u32, usize),
) -> sqlx::Result<()> {
    let deed = Deed {
        act: "codes-seen",
        subject: &id.to_string(),
        before: None,
        after: Some(json!({"as": how, "from": first, "count": count})),
    };
    record(app, conn, Some(seat.provider()), seat.actor(), deed).await
}

/// Gives all codes of a series with how each stands, as a file that is read and sent piece by piece.
///
/// # Errors
/// When there is none such, or the database is away.
pub async fn file(
    State(app): State<App>,
    seat: Seat,
    Path(id): Path<String>,
) -> Result<Response, Trouble> {
    let id: SeriesId = id.parse().map_err(|_| Trouble::Nothing)?;
    let provider = seat.provider();
    let mut tx = app.db.tenant(provider).await?;
    let series = store::series_row(&mut tx, provider, id)
        .await?
        .ok_or(Trouble::Nothing)?;
    let count = usize::try_from(series.count).unwrap_or(usize::MAX);
    note_seen(&app, &mut tx, &seat, id, ("csv", 0, count)).await?;
    counter::store::shown(&mut tx, provider, id, u32::MAX).await?;
    tx.commit().await?;
    let csv = Csv::new(&[
        "number",
        "code",
        "plan",
        "price",
        "state",
        "good_until_nairobi",
        "used_at_nairobi",
        "site",
    ]);
    let rows = stream::try_unfold((app, csv, Some(0)), move |(app, csv, from)| async move {
        let Some(from) = from else { return Ok(None) };
        rows(&app, provider, id, csv, from).await.map(Some)
    });
    let name = csv::as_file(&format!("vouchers-{id}.csv"));
    let headers = [
        (header::CONTENT_TYPE, csv::CONTENT_TYPE),
        (header::CACHE_CONTROL, "no-store"),
        (header::CONTENT_DISPOSITION, name.as_str()),
    ];
    Ok((headers, Body::from_stream(rows)).into_response())
}

/// Some rows of the file, and where it goes on.
async fn rows(
    app: &App,
    provider: ProviderId,
    id: SeriesId,
    mut csv: Csv,
    from: u32,
) -> Result<(Bytes, (App, Csv, Option<u32>)), sqlx::Error> {
    let now = app.clock.now();
    let mut tx = app.db.tenant(provider).await?;
    let found = listed::tickets_of_series(&mut tx, provider, id, from, CHUNK, now).await?;
    drop(tx);
    let mut next = None;
    for found in &found {
        let index = found.printed.map_or(0, |printed| printed.index);
        let ticket = &found.kept.ticket;
        let at = |at: Option<_>| at.map_or_else(String::new, show::sortable);
        csv.row(&[
            (index + 1).to_string(),
            found.kept.code.shown(),
            found.kept.plan_name.clone(),
            found.kept.price.to_string(),
            Stage::of(ticket, now).word().to_owned(),
            at(ticket.right.sell_by),
            at(ticket.redeemed_at()),
            found.redeemed_at_name.clone().unwrap_or_default(),
        ]);
        next = Some(index + 1);
    }
    let next = next.filter(|_| found.len() == usize::from(CHUNK));
    Ok((Bytes::from(csv.take()), (app.clone(), csv, next)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_is_in_one_part() {
        let names = |numbers| {
            let parts = parts(numbers).into_iter();
            parts.map(|part| part.name).collect::<Vec<_>>()
        };
        assert_eq!(names(100), ["1–100"]);
        assert_eq!(names(1_200), ["1–1,200"]);
        assert_eq!(names(2_401), ["1–1,200", "1,201–2,400", "2,401–2,401"]);
    }
}
