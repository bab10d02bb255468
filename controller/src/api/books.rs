//! `/api/v1/books`: where every shilling that came into the till went, and how the books stand now. Days are Nairobi's.

use std::collections::BTreeMap;

use axum::extract::State;
use mnara_protocol::ids::SiteId;
use mnara_protocol::money::Money;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::cursor::{Asked, Cursor, Part};
use super::gate::Key;
use super::operation::Operation;
use super::reports::period;
use super::types::asked as asked_id;
use crate::app::App;
use crate::db::RowId as _;
use crate::reports::books::flow::{ACCOUNTS, Flow};
use crate::reports::books::store::{self, Where};
use crate::reports::period::Day;
use crate::web::{Answer, Json, show};

/// Where money that came in went.
#[derive(Debug, Serialize, ToSchema)]
pub struct BookSums {
    /// What came in by M-PESA: always the sum of all others.
    money_in: String,
    /// For tickets.
    tickets: String,
    /// Paid back.
    refunded: String,
    /// In the queue.
    unmatched: String,
    /// What phones have as credit.
    credit: String,
    /// Tests of the account by the business itself.
    own_tests: String,
}

/// One day at one site.
#[derive(Debug, Serialize, ToSchema)]
pub struct BookLine {
    /// The day, on Nairobi's calendar.
    day: String,
    /// Where; null for what was at no site.
    site_id: Option<String>,
    /// Where money went. What moves from one to another on a later day is less than nothing there.
    sums: BookSums,
}

/// Some days of the books.
#[derive(Debug, Serialize, ToSchema)]
pub struct Books {
    /// The first day.
    from: String,
    /// The last day.
    to: String,
    /// In which currency.
    currency: &'static str,
    /// All days together, whichever part of the lines this is.
    total: BookSums,
    /// Each day and site at which something moved.
    lines: Vec<BookLine>,
    /// Give it as `cursor` to read on; null at the end.
    next: Option<String>,
}

impl From<&Flow> for BookSums {
    fn from(flow: &Flow) -> Self {
        let [money_in, tickets, refunded, unmatched, credit, own_tests] =
            ACCOUNTS.map(|account| Money::from_cents(flow.of(account)).to_decimal());
        Self {
            money_in,
            tickets,
            refunded,
            unmatched,
            credit,
            own_tests,
        }
    }
}

/// Which days.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    /// The first day, such as `2026-11-01`; 30 days before the last if nothing is said.
    #[schema(format = "date")]
    from: Option<String>,
    /// The last day; today if nothing is said.
    #[schema(format = "date")]
    to: Option<String>,
    /// At one site.
    #[schema(pattern = "^site_[0-9a-f]{32}$")]
    site_id: Option<String>,
    /// Lines at most, 50 if nothing is said.
    #[schema(minimum = 1, maximum = 200)]
    limit: Option<u16>,
    /// The `next` of the part before.
    #[schema(pattern = "^[A-Za-z0-9_-]{32}$")]
    cursor: Option<String>,
}

pub(super) fn showing() -> Operation {
    Operation::new(
        "showBooks",
        "Show the books by day and site",
        "On every day and at every site, `money_in` is the sum of the others. 366 days at most. The first day comes first; ask for each part with the same days.",
    )
    .query::<Wanted>()
    .answers::<Books>(200)
}

/// Shows some days of the books.
///
/// # Errors
/// A problem document.
pub async fn show(
    State(app): State<App>,
    key: Key,
    Asked(asked): Asked<Wanted>,
) -> Answer<Json<Books>> {
    let part = Part::read(asked.limit, asked.cursor.as_deref())?;
    let period = period(&app, asked.from.as_deref(), asked.to.as_deref())?;
    let site: Option<SiteId> = asked_id("site_id", asked.site_id.as_deref())?;
    let of = site.map_or(Where::Anywhere, Where::Site);
    let mut tx = app.db.tenant(key.provider()).await?;
    let days = (period.from, period.to);
    let moved = store::moved(&mut tx, key.provider(), days, of).await?;
    let mut total = Flow::default();
    let mut flows: BTreeMap<(Day, Option<SiteId>), Flow> = BTreeMap::new();
    for one in &moved {
        total.add(one);
        flows.entry((one.day, one.site)).or_default().add(one);
    }
    // What was at no site comes before what was at one.
    let place = |((day, site), _): &((Day, Option<SiteId>), Flow)| Cursor {
        place: day.0,
        id: site.map_or([0; 16], |id| id.uuid().into_bytes()),
    };
    let flows = part.rest(flows.into_iter().collect(), place);
    let lines = part.list(flows, place, |((day, site), flow)| BookLine {
        day: day.iso(),
        site_id: site.map(|id| id.to_string()),
        sums: BookSums::from(&flow),
    });
    Ok(Json(Books {
        from: period.from.iso(),
        to: period.last_day().iso(),
        currency: "KES",
        total: BookSums::from(&total),
        lines: lines.items,
        next: lines.next,
    }))
}

/// How the books stand now.
#[derive(Debug, Serialize, ToSchema)]
pub struct BooksNow {
    /// Whether they agreed with payments, refunds and the queue when they were compared last.
    is_balanced: bool,
    /// When that was; null where they never were.
    checked_at: Option<String>,
    /// In which currency.
    currency: &'static str,
    /// What waits in the queue; what came late stands as a ticket's and is not counted here.
    waiting: String,
    /// How many things wait there, also those that came late.
    waiting_count: i64,
}

pub(super) fn standing() -> Operation {
    Operation::new(
        "showBooksNow",
        "Show whether the books balance",
        "They are compared every hour.",
    )
    .answers::<BooksNow>(200)
}

/// Shows how the books stand.
///
/// # Errors
/// A problem document.
pub async fn now(State(app): State<App>, key: Key) -> Answer<Json<BooksNow>> {
    let provider = key.provider();
    let mut tx = app.db.tenant(provider).await?;
    let end = Day::of(app.clock.now()).plus(2);
    let faults = store::faults(&mut tx, provider, Day(0), end).await?;
    let checked = store::checked_at(&mut tx, provider).await?;
    let waiting = store::waiting(&mut tx, provider).await?;
    Ok(Json(BooksNow {
        is_balanced: faults.is_empty(),
        checked_at: checked.map(show::utc),
        currency: "KES",
        waiting: Money::from_cents(waiting.cents).to_decimal(),
        waiting_count: waiting.count,
    }))
}
