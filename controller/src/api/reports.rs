//! `/api/v1/reports`: sums.

use axum::extract::State;
use mnara_protocol::clock::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::cursor::Asked;
use super::gate::Key;
use super::operation::Operation;
use super::store::reports as store;
use crate::app::App;
use crate::web::{Answer, Json, Problem};

/// Days of one answer at most.
const MOST: i32 = 366;
/// Days where nothing is said.
const USUAL: i32 = 30;

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
    days: Vec<Day>,
}

/// What came in on one day.
#[derive(Debug, Serialize, ToSchema)]
pub struct Day {
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

pub(super) fn revenue_by_day() -> Operation {
    Operation::new(
        "revenueByDay",
        "Show what came in day by day",
        "Of payments that succeeded, by the day on which they were made. 366 days at most.",
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
    let zone = jiff::tz::TimeZone::get("Africa/Nairobi").map_err(anyhow::Error::new)?;
    let today = jiff::Timestamp::from_millisecond(app.clock.now().as_millis())
        .map_err(anyhow::Error::new)?
        .to_zoned(zone.clone())
        .date();
    let last = day("to", asked.to.as_deref())?.unwrap_or(today);
    let usual = || last.checked_sub(jiff::Span::new().days(USUAL - 1)).ok();
    let first = day("from", asked.from.as_deref())?
        .or_else(usual)
        .unwrap_or(last);
    let span = first.until(last).map_or(-1, |span| span.get_days());
    if !(0..MOST).contains(&span) {
        return Err(Problem::bad_request(
            "from, to: give a first day that is not after the last, 366 days at most.",
        ));
    }
    let moment = |date: jiff::civil::Date| {
        let at = date.to_zoned(zone.clone()).ok()?;
        Some(Timestamp::from_millis(at.timestamp().as_millisecond()))
    };
    let far = || Problem::bad_request("from, to: give days of this century.");
    let from = moment(first).ok_or_else(far)?;
    let to = last.tomorrow().ok().and_then(moment).ok_or_else(far)?;
    let mut tx = app.db.tenant(key.provider()).await?;
    let days = store::revenue(&mut tx, key.provider(), from, to).await?;
    Ok(Json(Revenue {
        from: first.to_string(),
        to: last.to_string(),
        currency: "KES",
        days: days
            .into_iter()
            .map(|day| Day {
                day: day.day,
                amount: day.amount.to_decimal(),
                payments: day.payments,
            })
            .collect(),
    }))
}

fn day(name: &str, text: Option<&str>) -> Answer<Option<jiff::civil::Date>> {
    text.map(|text| {
        text.parse::<jiff::civil::Date>()
            .ok()
            .filter(|date| (2000..=2999).contains(&date.year()))
            .ok_or_else(|| Problem::bad_request(format!("{name}: give a day such as 2026-11-26.")))
    })
    .transpose()
}
