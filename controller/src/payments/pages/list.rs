//! The list of payments, and the same as a table.

use askama::Template;
use axum::extract::{Form, Query, State as Given};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use mnara_protocol::ids::PaymentId;
use mnara_protocol::money::Money;
use serde::Deserialize;
use serde_json::json;
use sqlx::PgConnection;

use super::super::State;
use super::super::customers;
use super::super::store::list::{came_of, lines};
use super::super::unmatched::store::of_receipt;
use super::filter::Asked;
use super::line::Shown;
use crate::app::App;
use crate::audit::{Deed, record};
use crate::providers::gate::Seat;
use crate::providers::pages::frame::Frame;
use crate::providers::pages::trouble::Trouble;
use crate::providers::pages::words::Words;
use crate::providers::staff::roles::Permission;
use crate::web::csv::{self, Csv};
use crate::web::page::{html, onward};
use crate::web::show;
use crate::{fleet, plans};

/// Payments on a page.
const PAGE: u16 = 50;
/// Payments in a table.
const TABLE: usize = 10_000;
/// Payments read at once for a table.
const CHUNK: u16 = 1_000;

struct Choice {
    id: String,
    name: String,
    is_chosen: bool,
}

#[derive(Template)]
#[template(path = "money/payments.html")]
struct ListPage<'a> {
    frame: &'a Frame,
    w: &'static Words,
    asked: &'a Asked,
    states: [(&'static str, &'static str); 6],
    sites: Vec<Choice>,
    plans: Vec<Choice>,
    customer: Option<String>,
    rows: Vec<Shown>,
    paid: String,
    older: Option<String>,
    csv: Option<String>,
    /// The receipt that was looked for, of money that is in the queue or was.
    queued: Option<String>,
    /// The number that was looked for and not found.
    typed: &'a str,
    fault: Option<&'static str>,
}

/// Shows the list.
///
/// # Errors
/// When the database is away.
pub async fn list(
    Given(app): Given<App>,
    frame: Frame,
    seat: Seat,
    Query(asked): Query<Asked>,
) -> Result<Response, Trouble> {
    shown(&app, &frame, &seat, &asked, None).await
}

async fn shown(
    app: &App,
    frame: &Frame,
    seat: &Seat,
    asked: &Asked,
    missed: Option<(&str, &'static str)>,
) -> Result<Response, Trouble> {
    let w = frame.words();
    let provider = seat.provider();
    let wanted = asked.wanted(app.clock.now());
    let mut tx = app.db.steady(provider).await?;
    let mut found = lines(&mut tx, provider, &wanted, asked.cursor(), PAGE + 1).await?;
    let (sites, plans) = choices(&mut tx, seat, asked).await?;
    let customer = match wanted.customer {
        Some(id) => customers::store::by_id(&mut tx, provider, id).await?,
        None => None,
    };
    let queued = match wanted.receipt {
        Some(receipt) if found.is_empty() => of_receipt(&mut tx, provider, &receipt)
            .await?
            .map(|_| receipt),
        _ => None,
    };
    drop(tx);
    let has_more = found.len() > usize::from(PAGE);
    found.truncate(usize::from(PAGE));
    let paid: i64 = found
        .iter()
        .filter(|line| line.state == State::Success && line.plan.is_some())
        .map(|line| line.amount.cents())
        .sum();
    let older = has_more.then(|| asked.path("/payments", found.last()));
    let may_take = seat.place.role.may(Permission::SeeReports);
    let page = ListPage {
        frame,
        w,
        asked,
        states: [
            ("paid", w.payments.paid),
            ("failed", w.payments.failed),
            ("waiting", w.payments.waiting),
            ("look", w.payments.look),
            ("offline", w.payments.offline),
            ("test", w.payments.test),
        ],
        sites,
        plans,
        customer: customer.map(|customer| show::phone(&customer.phone)),
        csv: (may_take && !found.is_empty()).then(|| asked.path("/payments.csv", None)),
        rows: found.into_iter().map(|line| Shown::new(line, w)).collect(),
        paid: show::money(Money::from_cents(paid)),
        older,
        queued,
        typed: missed.map_or("", |(typed, _)| typed),
        fault: missed.map(|(_, fault)| fault),
    };
    let status = match missed {
        Some(_) => StatusCode::UNPROCESSABLE_ENTITY,
        None => StatusCode::OK,
    };
    Ok(html(status, &page))
}

async fn choices(
    conn: &mut PgConnection,
    seat: &Seat,
    asked: &Asked,
) -> sqlx::Result<(Vec<Choice>, Vec<Choice>)> {
    let sites = fleet::store::sites_ever(conn, seat.provider(), fleet::store::ALL).await?;
    let plans = plans::store::plans(conn, seat.provider(), plans::edit::MOST).await?;
    let choice = |id: String, name: String, chosen: &str| Choice {
        is_chosen: id == chosen.trim(),
        id,
        name,
    };
    Ok((
        sites
            .into_iter()
            .map(|site| choice(site.id.to_string(), site.name, &asked.site))
            .collect(),
        plans
            .into_iter()
            .map(|plan| choice(plan.id.to_string(), plan.name, &asked.plan))
            .collect(),
    ))
}

/// A phone that is looked for; in a form's body, so that no address holds it.
#[derive(Deserialize)]
pub struct Sought {
    phone: String,
}

/// Finds a phone's payments.
///
/// # Errors
/// When the database is away.
pub async fn find(
    Given(app): Given<App>,
    frame: Frame,
    seat: Seat,
    Form(sought): Form<Sought>,
) -> Result<Response, Trouble> {
    let w = frame.words();
    let fault = match sought.phone.parse() {
        Ok(phone) => {
            let mut tx = app.db.tenant(seat.provider()).await?;
            let found = customers::store::by_phone(&mut tx, seat.provider(), phone).await?;
            drop(tx);
            if let Some(customer) = found {
                return Ok(onward(&format!("/payments?customer={}", customer.id)));
            }
            w.payments.no_customer
        }
        Err(_) => w.payments.bad_phone,
    };
    let missed = Some((sought.phone.as_str(), fault));
    shown(&app, &frame, &seat, &Asked::default(), missed).await
}

/// Gives what is looked for as a table, the newest first and no more than a spreadsheet likes.
///
/// # Errors
/// When the database is away.
pub async fn table(
    Given(app): Given<App>,
    frame: Frame,
    seat: Seat,
    Query(asked): Query<Asked>,
) -> Result<Response, Trouble> {
    let w = frame.words();
    let provider = seat.provider();
    let wanted = asked.wanted(app.clock.now());
    let mut table = Csv::new(&[
        "time_nairobi",
        "amount_kes",
        "credit_kes",
        "refunded_kes",
        "plan",
        "site",
        "phone",
        "receipt",
        "state",
        "reason",
        "look_at",
        "payment",
        "voucher",
    ]);
    let mut tx = app.db.steady(provider).await?;
    let mut cursor = None;
    let mut count = 0;
    loop {
        let chunk = lines(&mut tx, provider, &wanted, cursor, CHUNK).await?;
        let is_last = chunk.len() < usize::from(CHUNK);
        cursor = chunk.last().map(|line| (line.at, line.id));
        count += chunk.len();
        let ids: Vec<PaymentId> = chunk.iter().map(|line| line.id).collect();
        let came = came_of(&mut tx, provider, &ids).await?;
        for line in chunk {
            let row = Shown::new(line, w);
            let came = came.get(&row.line.id);
            let refunded = came.map_or(Money::from_cents(0), |came| came.refunded);
            let ticket = came.and_then(|came| came.ticket);
            table.row(&[
                show::sortable(row.line.at).as_str(),
                &row.line.amount.to_decimal(),
                &row.line.credit.to_decimal(),
                &refunded.to_decimal(),
                row.line.plan.as_deref().unwrap_or(w.payments.test),
                row.line.site.as_deref().unwrap_or_default(),
                &row.line.phone,
                row.line.receipt.as_deref().unwrap_or_default(),
                row.standing.word,
                row.standing.why.unwrap_or_default(),
                row.flag.unwrap_or_default(),
                &row.line.id.to_string(),
                &ticket.map_or_else(String::new, |id| id.to_string()),
            ]);
        }
        if is_last || count >= TABLE {
            break;
        }
    }
    let deed = Deed {
        act: "payments-table",
        subject: &provider.to_string(),
        before: None,
        after: Some(json!({"rows": count})),
    };
    record(&app, &mut tx, Some(provider), seat.actor(), deed).await?;
    tx.commit().await?;
    let headers = [
        (header::CONTENT_TYPE, csv::CONTENT_TYPE.to_owned()),
        (header::CONTENT_DISPOSITION, csv::as_file("payments.csv")),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    Ok((headers, table.take()).into_response())
}
