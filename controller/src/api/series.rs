//! `/api/v1/series`: batches of tickets made together, and their codes.

use axum::extract::State;
use axum::http::StatusCode;
use futures_util::FutureExt as _;
use mnara_protocol::ids::{SeriesId, SiteId};
use mnara_protocol::ticket::code::TicketCode;
use mnara_protocol::ticket::series::{Alphabet, CutOff};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::cursor::{Asked, Cursor, List, Listing, Part, listed};
use super::gate::Key;
use super::made::Made;
use super::once::Once;
use super::operation::Operation;
use super::seen;
use super::shut::stopped;
use super::store::series as store;
use super::types::{id, named};
use crate::app::App;
use crate::tickets::counter;
use crate::tickets::revoke::{self, RevokeError};
use crate::tickets::series::{Batch, PrintError, print_in};
use crate::web::{Answer, Json, Path, Problem, show};

/// A batch of tickets.
#[derive(Debug, Serialize, ToSchema)]
pub struct Series {
    /// Its id.
    id: String,
    /// What each ticket gives.
    plan_id: String,
    /// The plan's name on that day.
    plan_name: String,
    /// What one costs.
    price: String,
    /// In which currency.
    currency: &'static str,
    /// How many tickets.
    count: i32,
    /// Letters of the codes: `crockford` or `digits`.
    alphabet: String,
    /// Their length.
    length: i32,
    /// What they begin with.
    prefix: String,
    /// The site where it is at home.
    home_site_id: String,
    /// Every site that honours it.
    site_ids: Vec<String>,
    /// Where codes work while a site cannot reach us: `home` or `anywhere`.
    cut_off: String,
    /// Unused after this, its tickets are expired.
    sell_by: Option<String>,
    /// When it was taken back.
    revoked_at: Option<String>,
    /// When it was made.
    created_at: String,
}

impl From<store::Series> for Series {
    fn from(series: store::Series) -> Self {
        Self {
            id: series.id.to_string(),
            plan_id: series.plan.to_string(),
            plan_name: series.plan_name,
            price: series.price.to_decimal(),
            currency: series.price.currency().code(),
            count: series.count,
            alphabet: series.alphabet,
            length: series.length,
            prefix: series.prefix,
            home_site_id: series.home.to_string(),
            site_ids: series.sites.iter().map(ToString::to_string).collect(),
            cut_off: series.cut_off,
            sell_by: series.sell_by.map(show::utc),
            revoked_at: series.revoked.map(show::utc),
            created_at: show::utc(series.made),
        }
    }
}

pub(super) fn listing() -> Operation {
    Operation::new("listSeries", "List series", "The newest comes first.")
        .query::<Listing>()
        .lists::<Series>()
}

/// Lists series.
///
/// # Errors
/// A problem document.
pub async fn list(
    State(app): State<App>,
    key: Key,
    Asked(asked): Asked<Listing>,
) -> Answer<Json<List<Series>>> {
    let provider = key.provider();
    let place = |series: &store::Series| (series.made, series.id);
    listed(
        &app,
        &key,
        asked.part(),
        move |conn, before, limit| store::series(conn, provider, None, before, limit).boxed(),
        place,
        Series::from,
    )
    .await
}

pub(super) fn showing() -> Operation {
    Operation::new("getSeries", "Show a series", "")
        .of(SeriesId::PREFIX)
        .answers::<Series>(200)
}

/// Shows one.
///
/// # Errors
/// A problem document.
pub async fn show(
    State(app): State<App>,
    key: Key,
    Path(id): Path<String>,
) -> Answer<Json<Series>> {
    let mut tx = app.db.tenant(key.provider()).await?;
    one(&mut tx, &key, named(&id)?).await.map(Json)
}

async fn one(conn: &mut sqlx::PgConnection, key: &Key, id: SeriesId) -> Answer<Series> {
    let found = store::series(conn, key.provider(), Some(id), None, 1).await?;
    let series = found.into_iter().next().ok_or_else(Problem::not_found)?;
    Ok(series.into())
}

/// Letters of codes.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Letters {
    /// Digits and letters that are not mistaken for each other.
    Crockford,
    /// Digits alone.
    Digits,
}

/// Where codes work while a site cannot reach us.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Policy {
    /// At the home site.
    Home,
    /// Everywhere: two sites that are both cut off may honour the same code.
    Anywhere,
}

/// A series to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSeries {
    /// What each ticket gives.
    #[schema(pattern = "^plan_[0-9a-f]{32}$")]
    plan_id: String,
    /// How many tickets.
    #[schema(minimum = 1, maximum = 10_000)]
    count: u32,
    /// The site where it is at home.
    #[schema(pattern = "^site_[0-9a-f]{32}$")]
    home_site_id: String,
    /// Other sites that honour it.
    #[serde(default)]
    #[schema(max_items = 200)]
    site_ids: Vec<String>,
    /// Letters of the codes; `crockford` if nothing is said.
    letters: Option<Letters>,
    /// Length of the codes with their prefix; 12 if nothing is said. Short codes that could be guessed are refused.
    #[schema(minimum = 6, maximum = 16)]
    length: Option<u8>,
    /// What every code begins with.
    #[serde(default)]
    #[schema(max_length = 4)]
    prefix: String,
    /// How long unused ones stay good; as the plan says if nothing is said.
    #[schema(minimum = 3_600, maximum = 315_360_000)]
    sell_by_seconds: Option<u32>,
    /// Where codes work while a site cannot reach us; `home` if nothing is said.
    cut_off: Option<Policy>,
}

/// The most tickets one call makes: it is answered within a minute.
const MOST: u32 = 10_000;
/// Sites one call names.
const SITES: usize = 200;

pub(super) fn adding() -> Operation {
    Operation::new(
        "createSeries",
        "Make a series",
        "Its sites honour the codes from the moment they hear of them. Read the codes with a key that has `codes:read`.",
    )
    .body::<NewSeries>(json!({"plan_id": "plan_01980000000070008000000000000001", "count": 100,
        "home_site_id": "site_01980000000070008000000000000001", "length": 10, "letters": "digits"}))
    .answers::<Series>(201)
}

/// Makes one.
///
/// # Errors
/// A problem document.
pub async fn add(
    State(app): State<App>,
    key: Key,
    once: Once,
    Json(new): Json<NewSeries>,
) -> Answer<Made> {
    if !(1..=MOST).contains(&new.count) {
        return Err(Problem::bad_field(
            "count: give a number from 1 to 10,000; make more series for more tickets.",
        ));
    }
    if new.site_ids.len() > SITES {
        return Err(Problem::bad_field("site_ids: name at most 200 sites."));
    }
    let sites = new.site_ids.iter().map(|text| id("site_ids", text));
    let batch = Batch {
        id: None,
        sell_by_secs: new.sell_by_seconds,
        plan: id("plan_id", &new.plan_id)?,
        count: new.count,
        alphabet: match new.letters.unwrap_or(Letters::Crockford) {
            Letters::Crockford => Alphabet::Crockford,
            Letters::Digits => Alphabet::Digits,
        },
        length: new.length.unwrap_or(12),
        prefix: new.prefix,
        home: id("home_site_id", &new.home_site_id)?,
        sites: sites.collect::<Answer<Vec<SiteId>>>()?,
        cut_off: match new.cut_off.unwrap_or(Policy::Home) {
            Policy::Home => CutOff::HomeOnly,
            Policy::Anywhere => CutOff::Anywhere,
        },
    };
    let mut tx = app.db.tenant(key.provider()).await?;
    let printed = print_in(&app, &mut tx, key.provider(), &batch, key.actor())
        .await
        .map_err(refused)?;
    let made = one(&mut tx, &key, printed.series.id).await?;
    let made = Made::new(&format!("/series/{}", printed.series.id), &made)?;
    once.keep(&mut tx, &made).await?;
    tx.commit().await?;
    Ok(made)
}

fn refused(error: PrintError) -> Problem {
    match error {
        PrintError::SellBy => {
            Problem::bad_field("sell_by_seconds: give a time from one hour to ten years.")
        }
        PrintError::Again(_) => Problem::new(
            StatusCode::CONFLICT,
            "made-already",
            "There is a series of this id already.",
        ),
        PrintError::Count => Problem::bad_field("count: give a number from 1 to 10,000."),
        PrintError::Form(_) => Problem::bad_field(format!("length, prefix, letters: {error}.")),
        PrintError::Guessable { .. } | PrintError::Crowded(_) => {
            Problem::bad_field(format!("length: {error}."))
        }
        PrintError::Shut => stopped(),
        PrintError::NoPlan => Problem::bad_field("plan_id: there is no such plan."),
        PrintError::NoSite(site) => {
            Problem::bad_field(format!("home_site_id, site_ids: there is no site {site}."))
        }
        PrintError::Feed(error) => anyhow::Error::new(error).into(),
        PrintError::Database(error) => error.into(),
    }
}

/// A code of a series.
#[derive(Debug, Serialize, ToSchema)]
pub struct Code {
    /// Its number in the series.
    number: i32,
    /// The ticket.
    ticket_id: String,
    /// The code, as it is printed.
    code: String,
    /// Whether somebody has used it.
    redeemed: bool,
    /// Whether it was taken back.
    revoked: bool,
}

pub(super) fn coding() -> Operation {
    Operation::new(
        "listCodes",
        "List the codes of a series",
        "Codes are worth money: whoever has one can go online. The audit tells which key read some of them on which day.",
    )
    .of(SeriesId::PREFIX)
    .query::<Listing>()
    .lists::<Code>()
}

/// Lists the codes of one.
///
/// # Errors
/// A problem document.
pub async fn codes(
    State(app): State<App>,
    key: Key,
    Path(id): Path<String>,
    Asked(asked): Asked<Listing>,
) -> Answer<Json<List<Code>>> {
    let id: SeriesId = named(&id)?;
    let (limit, cursor) = asked.part();
    let part = Part::read(limit, cursor)?;
    let after = part
        .after
        .map_or(-1, |after| i32::try_from(after.place).unwrap_or(i32::MAX));
    let mut tx = app.db.tenant(key.provider()).await?;
    one(&mut tx, &key, id).await?;
    let found = store::codes(&mut tx, key.provider(), id, after, part.reach()).await?;
    let place = |code: &store::Code| Cursor {
        place: i64::from(code.number),
        id: *code.ticket.as_bytes(),
    };
    let list = part.list(found, place, |code| Code {
        number: code.number,
        ticket_id: code.ticket.to_string(),
        code: TicketCode::parse(&code.code).map_or(code.code, |code| code.shown()),
        redeemed: code.is_redeemed,
        revoked: code.is_revoked,
    });
    if let Some(last) = list.items.last() {
        // A program may sell what it reads, so the counter may not.
        let below = last.number.unsigned_abs().saturating_add(1);
        counter::store::shown(&mut tx, key.provider(), id, below).await?;
        let is_good = |code: &Code| !code.redeemed && !code.revoked;
        if list.items.iter().any(is_good) {
            seen::in_lists(&app, &mut tx, &key, &id.to_string()).await?;
        }
        tx.commit().await?;
    }
    Ok(Json(list))
}

pub(super) fn revoking() -> Operation {
    Operation::new(
        "revokeSeries",
        "Take a series back",
        "Unused tickets and running ones end. Twice is as good as once.",
    )
    .of(SeriesId::PREFIX)
    .answers::<Series>(200)
}

/// Takes one back.
///
/// # Errors
/// A problem document.
pub async fn revoke(
    State(app): State<App>,
    key: Key,
    once: Once,
    Path(id): Path<String>,
) -> Answer<Made> {
    let id: SeriesId = named(&id)?;
    let mut tx = app.db.tenant(key.provider()).await?;
    revoke::series_in(&app, &mut tx, (key.provider(), key.actor()), id)
        .await
        .map_err(not_revoked)?;
    let made = Made::now(&one(&mut tx, &key, id).await?)?;
    once.keep(&mut tx, &made).await?;
    tx.commit().await?;
    Ok(made)
}

pub(super) fn not_revoked(error: RevokeError) -> Problem {
    match error {
        RevokeError::Missing => Problem::not_found(),
        RevokeError::Feed(error) => anyhow::Error::new(error).into(),
        RevokeError::Database(error) => error.into(),
    }
}
