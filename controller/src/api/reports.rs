//! `/api/v1/reports`: sums, and how the business is now. Days are Nairobi's.

use std::collections::BTreeMap;

use axum::extract::State;
use mnara_protocol::money::Money;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::cursor::Asked;
use super::gate::Key;
use super::operation::Operation;
use super::types::asked as asked_id;
use crate::app::App;
use crate::fleet;
use crate::fleet::presence::is_up;
use crate::reports::attention;
use crate::reports::period::{Day, Period};
use crate::reports::store as reports;
use crate::reports::store::sums::{Filter, report};
use crate::reports::sums::{Report, Sums as Summed};
use crate::web::{Answer, Json, Problem};

/// Days where nothing is said.
const USUAL: i64 = 30;

/// What came in, day by day.
#[derive(Debug, Serialize, ToSchema)]
pub struct Revenue {
    /// The first day.
    from: String,
    /// The last day.
    to: String,
    /// In which currency.
    currency: &'static str,
    /// The days on which something came in.
    days: Vec<Earned>,
}

/// What came in on one day.
#[derive(Debug, Serialize, ToSchema)]
pub struct Earned {
    /// The day, on Nairobi's calendar.
    day: String,
    /// How much.
    amount: String,
    /// In how many payments.
    payments: i64,
}

/// Which days.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Days {
    /// The first day, such as `2026-11-01`; 30 days before the last if nothing is said.
    #[schema(format = "date")]
    from: Option<String>,
    /// The last day; today if nothing is said.
    #[schema(format = "date")]
    to: Option<String>,
}

pub(super) fn period(app: &App, from: Option<&str>, to: Option<&str>) -> Answer<Period> {
    let today = Day::of(app.clock.now());
    let last = day("to", to)?.unwrap_or(today);
    let first = day("from", from)?.unwrap_or_else(|| last.plus(1 - USUAL));
    Period::read("dates", &first.iso(), &last.iso(), today).map_err(|_| {
        Problem::bad_request(
            "from, to: give a first day that is not after the last, 366 days at most.",
        )
    })
}

fn day(name: &str, text: Option<&str>) -> Answer<Option<Day>> {
    text.map(|text| {
        // A date and nothing else: what reads dates would read more.
        let is_date = text.len() == 10 && text.bytes().all(|b| b.is_ascii_digit() || b == b'-');
        Day::read(text).filter(|_| is_date).ok_or_else(|| {
            Problem::bad_request(format!(
                "{name}: give a day of this century such as 2026-11-26."
            ))
        })
    })
    .transpose()
}

pub(super) fn revenue_by_day() -> Operation {
    Operation::new(
        "revenueByDay",
        "Show what came in day by day",
        "Of payments that succeeded, by the day on which the money came. 366 days at most.",
    )
    .query::<Days>()
    .answers::<Revenue>(200)
}

/// Shows what came in day by day.
///
/// # Errors
/// A problem document.
pub async fn revenue(
    State(app): State<App>,
    key: Key,
    Asked(asked): Asked<Days>,
) -> Answer<Json<Revenue>> {
    let period = period(&app, asked.from.as_deref(), asked.to.as_deref())?;
    let (span, _) = period.spans(app.clock.now());
    let mut tx = app.db.tenant(key.provider()).await?;
    let report = report(&mut tx, key.provider(), span, Filter::default()).await?;
    Ok(Json(Revenue {
        from: period.from.iso(),
        to: period.last_day().iso(),
        currency: "KES",
        days: report
            .days
            .into_iter()
            .filter(|(_, sums)| sums.sold > 0)
            .map(|(day, sums)| Earned {
                day: day.iso(),
                amount: sums.money().to_decimal(),
                payments: sums.sold,
            })
            .collect(),
    }))
}

/// What came together.
#[derive(Debug, Serialize, ToSchema)]
pub struct Sums {
    /// What customers paid by M-PESA.
    paid: String,
    /// In how many payments, each of which is a ticket.
    tickets_sold: i64,
    /// Tickets printed.
    tickets_printed: i64,
    /// Tickets used for the first time, however they were sold.
    tickets_used: i64,
    /// Printed ones among them.
    printed_used: i64,
    /// What those cost by their print: money taken by hand.
    printed_used_worth: String,
    /// Stretches of a device being online, by when they began.
    sessions: i64,
    /// How long they were.
    online_seconds: i64,
    /// What they moved, both ways.
    bytes: i64,
}

impl From<Summed> for Sums {
    fn from(sums: Summed) -> Self {
        Self {
            paid: sums.money().to_decimal(),
            tickets_sold: sums.sold,
            tickets_printed: sums.printed,
            tickets_used: sums.used,
            printed_used: sums.used_printed,
            printed_used_worth: sums.cash().to_decimal(),
            sessions: sums.sessions,
            online_seconds: sums.online_secs,
            bytes: sums.bytes,
        }
    }
}

/// A report.
#[derive(Debug, Serialize, ToSchema)]
pub struct SummedUp {
    /// The first day.
    from: String,
    /// The last day.
    to: String,
    /// In which currency.
    currency: &'static str,
    /// All together.
    total: Sums,
    /// Each day, hour of the day, plan or site on which anything happened.
    rows: Vec<Row>,
}

/// One line of a report.
#[derive(Debug, Serialize, ToSchema)]
pub struct Row {
    /// The day (`2026-11-26`), the hour of the day (`8`), or the id of the plan or site; null for what was bought without a site, and for free trials, which are of no plan.
    of: Option<String>,
    /// What came together there.
    sums: Sums,
}

/// By what a report has its rows.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum RowsBy {
    /// By day.
    Day,
    /// By hour of the day, all days together.
    Hour,
    /// By plan.
    Plan,
    /// By site.
    Site,
}

/// Which report.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    /// The first day, such as `2026-11-01`; 30 days before the last if nothing is said.
    #[schema(format = "date")]
    from: Option<String>,
    /// The last day; today if nothing is said.
    #[schema(format = "date")]
    to: Option<String>,
    /// By what the rows are; by day if nothing is said.
    #[schema(inline)]
    by: Option<RowsBy>,
    /// All but this site is left out.
    #[schema(pattern = "^site_[0-9a-f]{32}$")]
    site_id: Option<String>,
    /// All but this plan is left out.
    #[schema(pattern = "^plan_[0-9a-f]{32}$")]
    plan_id: Option<String>,
}

pub(super) fn summing() -> Operation {
    Operation::new(
        "sumUp",
        "Sum up what came in, was used and was online",
        "By day, hour of the day, plan or site. Money counts on the day it came, tickets when they were printed or first used, sessions when they began. 366 days at most.",
    )
    .query::<Wanted>()
    .answers::<SummedUp>(200)
}

/// Sums up.
///
/// # Errors
/// A problem document.
pub async fn sums(
    State(app): State<App>,
    key: Key,
    Asked(asked): Asked<Wanted>,
) -> Answer<Json<SummedUp>> {
    let period = period(&app, asked.from.as_deref(), asked.to.as_deref())?;
    let (span, _) = period.spans(app.clock.now());
    let filter = Filter {
        site: asked_id("site_id", asked.site_id.as_deref())?,
        plan: asked_id("plan_id", asked.plan_id.as_deref())?,
    };
    let mut tx = app.db.tenant(key.provider()).await?;
    let report = report(&mut tx, key.provider(), span, filter).await?;
    Ok(Json(SummedUp {
        from: period.from.iso(),
        to: period.last_day().iso(),
        currency: "KES",
        total: report.total().into(),
        rows: rows(report, asked.by.unwrap_or(RowsBy::Day)),
    }))
}

fn rows(report: Report, by: RowsBy) -> Vec<Row> {
    fn told<Of>(all: BTreeMap<Of, Summed>, of: impl Fn(Of) -> Option<String>) -> Vec<Row> {
        all.into_iter()
            .map(|(key, sums)| Row {
                of: of(key),
                sums: sums.into(),
            })
            .collect()
    }
    match by {
        RowsBy::Day => told(report.days, |day| Some(day.iso())),
        RowsBy::Plan => told(report.plans, |plan| plan.map(|plan| plan.to_string())),
        RowsBy::Site => told(report.sites, |site| site.map(|site| site.to_string())),
        RowsBy::Hour => {
            let hours = report.hours.into_iter().enumerate();
            let busy = hours.filter(|(_, sums)| *sums != Summed::default());
            told(busy.collect(), |hour| Some(hour.to_string()))
        }
    }
}

/// How the business is now.
#[derive(Debug, Serialize, ToSchema)]
pub struct Now {
    /// What customers paid today.
    paid_today: String,
    /// In how many payments.
    payments_today: i64,
    /// In which currency.
    currency: &'static str,
    /// Tickets whose clock runs, as far as their sites have told.
    tickets_running: i64,
    /// Sites there are.
    sites: usize,
    /// Sites that are up.
    sites_up: usize,
    /// What may need somebody.
    attention: Attention,
}

/// What may need somebody. Counts go to a hundred.
#[derive(Debug, Serialize, ToSchema)]
pub struct Attention {
    /// Payments of the last 30 days that a person should look at and nobody has.
    payments_flagged: i64,
    /// Payments of the last day that Safaricom refused for how the account is set up, since it was set or last took one.
    payments_refused: i64,
    /// Payments of which nobody knows how they ended, for longer than a prompt lives.
    payments_stuck: i64,
    /// Tickets that were paid for and that no router has let in.
    tickets_waiting: i64,
    /// Money in the queue that waits for somebody to decide about it.
    money_waiting: i64,
    /// Sums of the books that do not balance.
    books_off: i64,
    /// Sites whose key two machines used in the last week.
    sites_doubled: Vec<String>,
    /// Series of which a tenth or less is left.
    series_scarce: Vec<String>,
}

pub(super) fn summing_now() -> Operation {
    Operation::new(
        "now",
        "Show how the business is now",
        "What the first page after logging in shows.",
    )
    .answers::<Now>(200)
}

/// Shows how the business is now.
///
/// # Errors
/// A problem document.
pub async fn now(State(app): State<App>, key: Key) -> Answer<Json<Now>> {
    let (provider, now) = (key.provider(), app.clock.now());
    let mut tx = app.db.tenant(provider).await?;
    let today = reports::paid(&mut tx, provider, Day::of(now), now, now).await?;
    let running = reports::running(&mut tx, provider, now).await?;
    let sites = fleet::store::sites_seen(&mut tx, provider, None, fleet::store::ALL).await?;
    let found = attention::find(&mut tx, provider, now).await?;
    Ok(Json(Now {
        paid_today: Money::from_cents(today.iter().map(|day| day.paid).sum()).to_decimal(),
        payments_today: today.iter().map(|day| day.sold).sum(),
        currency: "KES",
        tickets_running: running,
        sites_up: sites.iter().filter(|site| is_up(site.seen, now)).count(),
        sites: sites.len(),
        attention: Attention {
            payments_flagged: found.counted.flagged,
            payments_refused: found.counted.refused,
            payments_stuck: found.counted.pending,
            tickets_waiting: found.counted.unconfirmed,
            money_waiting: found.counted.unmatched,
            books_off: found.counted.books,
            sites_doubled: found.doubled.iter().map(|(id, _)| id.to_string()).collect(),
            series_scarce: found
                .scarce
                .iter()
                .map(|one| one.series.to_string())
                .collect(),
        },
    }))
}
