//! `/api/v1/tickets`: rights to be online, one by one.

use axum::extract::State;
use axum::http::StatusCode;
use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::TicketId;
use mnara_protocol::ticket::code::TicketCode;
use mnara_protocol::ticket::{Phase, Status};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::cursor::{Asked, Cursor, List, Part};
use super::gate::Key;
use super::made::Made;
use super::once::Once;
use super::operation::Operation;
use super::seen;
use super::series::not_revoked;
use super::shut::stopped;
use super::told::not_held;
use super::types::{asked as asked_id, named};
use crate::access::hold::{self, Hold};
use crate::app::App;
use crate::db::Tx;
use crate::fleet::command::Patience;
use crate::providers::keys::scopes::Scope;
use crate::ratelimit::{Act, By};
use crate::tickets::extend::{NotExtended, extend_in};
use crate::tickets::store::end_word;
use crate::tickets::store::list::{self as store, Filter, Kept as Row};
use crate::tickets::{expires_at, revoke as revoking_ticket};
use crate::web::{Answer, Json, Path, Problem, show};

/// A right to be online.
#[derive(Debug, Serialize, ToSchema)]
pub struct Ticket {
    /// Its id.
    id: String,
    /// Its code; null for a key without `codes:read`, and while it is a printed one that nobody has seen: the counter may sell that.
    /// The codes of its series are asked for to take it out.
    code: Option<String>,
    /// `active` while it can still give access, `used`, `expired` or `revoked`.
    status: &'static str,
    /// `unused`, `redeemed` (waiting for its device), `running`, `paused` or `ended`.
    phase: &'static str,
    /// What it was made from; null for a free trial that a site gave away.
    plan_id: Option<String>,
    /// That plan's name on the day, or `Free trial`.
    plan_name: String,
    /// What it cost.
    price: String,
    /// In which currency.
    currency: &'static str,
    /// How many devices share it.
    devices: u16,
    /// How long it lasts from the first moment online.
    duration_seconds: Option<u32>,
    /// How long one may be online in all.
    online_seconds: Option<u32>,
    /// How much may be moved.
    data_bytes: Option<u64>,
    /// Time given on top.
    extra_seconds: u32,
    /// Seconds that are left, where time limits it.
    seconds_left: Option<u64>,
    /// Bytes that are left, where data limits it.
    bytes_left: Option<u64>,
    /// Seconds its devices were online.
    used_seconds: u32,
    /// Bytes they sent.
    bytes_up: u64,
    /// Bytes they received.
    bytes_down: u64,
    /// The payment that bought it.
    payment_id: Option<String>,
    /// The series it was made in.
    series_id: Option<String>,
    /// Its number there.
    series_number: Option<u32>,
    /// The site that sold it.
    sold_site_id: Option<String>,
    /// The site where it was first used.
    redeemed_site_id: Option<String>,
    /// When it was made.
    created_at: String,
    /// When its code was first used.
    redeemed_at: Option<String>,
    /// Since when its clock runs; a pause moves it on.
    started_at: Option<String>,
    /// Since when its clock is held.
    paused_at: Option<String>,
    /// When it ends, or ended; null while that depends on its use.
    expires_at: Option<String>,
    /// When it ended.
    ended_at: Option<String>,
    /// Why, in a word.
    end_reason: Option<&'static str>,
    /// When it was taken back.
    revoked_at: Option<String>,
}

impl Ticket {
    pub(super) fn new(row: Row, key: &Key, now: Timestamp) -> Self {
        let kept = &row.found.kept;
        let ticket = &kept.ticket;
        let terms = &ticket.right.terms;
        let left = ticket.left(now);
        let usage = ticket.usage();
        let (phase, started, paused, ended) = match &ticket.phase {
            Phase::Unused => ("unused", None, None, None),
            Phase::Redeemed { .. } => ("redeemed", None, None, None),
            Phase::Running { since, .. } => ("running", Some(*since), None, None),
            Phase::Paused { since, at, .. } => ("paused", Some(*since), Some(*at), None),
            Phase::Ended {
                since, at, reason, ..
            } => ("ended", *since, None, Some((*at, *reason))),
        };
        Self {
            id: ticket.id.to_string(),
            code: (key.may(Scope::CodesRead) && !row.is_unseen).then(|| kept.code.shown()),
            status: ticket.status(now).as_str(),
            phase,
            plan_id: kept.plan.map(|id| id.to_string()),
            plan_name: kept.plan_name.clone(),
            price: kept.price.to_decimal(),
            currency: kept.price.currency().code(),
            devices: terms.devices,
            duration_seconds: terms.duration_secs,
            online_seconds: terms.online_secs,
            data_bytes: terms.data_bytes,
            extra_seconds: ticket.right.extra_secs,
            seconds_left: left.time().map(|left| left.as_secs()),
            bytes_left: left.bytes,
            used_seconds: usage.online_secs,
            bytes_up: usage.bytes_up,
            bytes_down: usage.bytes_down,
            payment_id: row.payment.map(|id| id.to_string()),
            series_id: row.found.printed.map(|printed| printed.series.to_string()),
            series_number: row.found.printed.map(|printed| printed.index),
            sold_site_id: row.found.sold_at.map(|id| id.to_string()),
            redeemed_site_id: row.found.redeemed_at.map(|id| id.to_string()),
            created_at: show::utc(row.made),
            redeemed_at: ticket.redeemed_at().map(show::utc),
            started_at: started.map(show::utc),
            paused_at: paused.map(show::utc),
            expires_at: expires_at(ticket).map(show::utc),
            ended_at: ended.map(|(at, _)| show::utc(at)),
            end_reason: ended.map(|(_, reason)| end_word(reason)),
            revoked_at: ticket.right.revoked.map(show::utc),
        }
    }
}

/// Which tickets.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Listing {
    /// Rows at most, 50 if nothing is said.
    #[schema(minimum = 1, maximum = 200)]
    limit: Option<u16>,
    /// The `next` of the part before.
    #[schema(pattern = "^[A-Za-z0-9_-]{32}$")]
    cursor: Option<String>,
    /// The one with this code, however it is typed: any case, with or without dashes.
    #[schema(min_length = 4, max_length = 40)]
    code: Option<String>,
    /// Those of one series.
    #[schema(pattern = "^ser_[0-9a-f]{32}$")]
    series_id: Option<String>,
    /// Those of one plan.
    #[schema(pattern = "^plan_[0-9a-f]{32}$")]
    plan_id: Option<String>,
    /// Those whose code somebody has used, or nobody has.
    redeemed: Option<bool>,
}

pub(super) fn listing() -> Operation {
    Operation::new("listTickets", "List tickets", "The newest comes first.")
        .query::<Listing>()
        .lists::<Ticket>()
}

/// Lists tickets.
///
/// # Errors
/// A problem document.
pub async fn list(
    State(app): State<App>,
    key: Key,
    Asked(asked): Asked<Listing>,
) -> Answer<Json<List<Ticket>>> {
    let code = asked.code.as_deref().map(|code| {
        TicketCode::parse(code)
            .map_err(|_| Problem::bad_request("code: no ticket could have this code."))
    });
    let filter = Filter {
        code: code.transpose()?,
        series: asked_id("series_id", asked.series_id.as_deref())?,
        plan: asked_id("plan_id", asked.plan_id.as_deref())?,
        is_redeemed: asked.redeemed,
    };
    let (provider, now) = (key.provider(), app.clock.now());
    let part = Part::read(asked.limit, asked.cursor.as_deref())?;
    let before = part.after.map(|after| after.row());
    if filter.code.is_some() {
        app.limits.check(Act::Guess, By::Key(key.holder().key))?;
    }
    let mut tx = app.db.steady(provider).await?;
    let found = store::tickets(&mut tx, provider, &filter, before, part.reach(), now).await?;
    let mut given = found.iter().take(usize::from(part.limit));
    let has_codes = given.any(|row| gives_code(row, &key, now));
    // Whoever asks by its code has it.
    if has_codes && filter.code.is_none() {
        let of = match filter.series {
            Some(series) => series.to_string(),
            None => provider.to_string(),
        };
        if seen::in_lists(&app, &mut tx, &key, &of).await? {
            tx.commit().await?;
        }
    }
    let place = |row: &Row| Cursor::at(row.made, row.found.kept.ticket.id);
    Ok(Json(
        part.list(found, place, |row| Ticket::new(row, &key, now)),
    ))
}

/// Whether a key is given a code by which somebody could still go online.
fn gives_code(row: &Row, key: &Key, now: Timestamp) -> bool {
    let ticket = &row.found.kept.ticket;
    let is_good = ticket.status(now) == Status::Active && matches!(ticket.phase, Phase::Unused);
    is_good && key.may(Scope::CodesRead) && !row.is_unseen
}

pub(super) fn showing() -> Operation {
    Operation::new("getTicket", "Show a ticket", "")
        .of(TicketId::PREFIX)
        .answers::<Ticket>(200)
}

/// Shows one.
///
/// # Errors
/// A problem document.
pub async fn show(
    State(app): State<App>,
    key: Key,
    Path(id): Path<String>,
) -> Answer<Json<Ticket>> {
    let (id, now) = (named(&id)?, app.clock.now());
    let mut tx = app.db.tenant(key.provider()).await?;
    let row = one(&app, &mut tx, &key, id).await?;
    if gives_code(&row, &key, now) && seen::alone(&app, &mut tx, &key, id).await? {
        tx.commit().await?;
    }
    Ok(Json(Ticket::new(row, &key, now)))
}

pub(super) async fn one(
    app: &App,
    conn: &mut sqlx::PgConnection,
    key: &Key,
    id: TicketId,
) -> Answer<Row> {
    let found = store::ticket(conn, key.provider(), id, app.clock.now()).await?;
    found.ok_or_else(Problem::not_found)
}

pub(super) fn revoking() -> Operation {
    Operation::new(
        "revokeTicket",
        "Take a ticket back",
        "Whoever is online with it is cut off as soon as the site hears of it. Twice is as good as once.",
    )
    .of(TicketId::PREFIX)
    .answers::<Ticket>(200)
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
    let id: TicketId = named(&id)?;
    let mut tx = app.db.tenant(key.provider()).await?;
    revoking_ticket::ticket_in(&app, &mut tx, (key.provider(), key.actor()), id)
        .await
        .map_err(not_revoked)?;
    done(&app, tx, &key, &once, id).await
}

/// Ends what was done with one: as it stands now it is the answer, also to the same call again.
pub(super) async fn done(
    app: &App,
    mut tx: Tx,
    key: &Key,
    once: &Once,
    id: TicketId,
) -> Answer<Made> {
    let row = one(app, &mut tx, key, id).await?;
    let made = Made::now(&Ticket::new(row, key, app.clock.now()))?;
    once.keep(&mut tx, &made).await?;
    tx.commit().await?;
    Ok(made)
}

/// Time on top.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Extension {
    /// How much.
    #[schema(minimum = 60, maximum = 31_536_000)]
    seconds: u32,
}

pub(super) fn extending() -> Operation {
    Operation::new(
        "extendTicket",
        "Give a ticket more time",
        "One that had run out is open again if there is time left then.",
    )
    .of(TicketId::PREFIX)
    .body::<Extension>(json!({"seconds": 1800}))
    .answers::<Ticket>(200)
    .problem(409)
}

/// Gives one more time.
///
/// # Errors
/// A problem document.
pub async fn extend(
    State(app): State<App>,
    key: Key,
    once: Once,
    Path(id): Path<String>,
    Json(more): Json<Extension>,
) -> Answer<Made> {
    if !(60..=31_536_000).contains(&more.seconds) {
        return Err(Problem::bad_field(
            "seconds: give a time from one minute to one year.",
        ));
    }
    let id: TicketId = named(&id)?;
    let mut tx = app.db.tenant(key.provider()).await?;
    let (provider, actor) = (key.provider(), key.actor());
    extend_in(&app, &mut tx, provider, id, more.seconds, None, actor)
        .await
        .map_err(|error| match error {
            NotExtended::Missing => Problem::not_found(),
            NotExtended::Shut => stopped(),
            NotExtended::Database(error) => error.into(),
            NotExtended::NoTime
            | NotExtended::StaysShut
            | NotExtended::TooMuch
            | NotExtended::Meanwhile => Problem::new(
                StatusCode::CONFLICT,
                "not-extended",
                "This ticket cannot be given more time.",
            )
            .detail(error.to_string()),
        })?;
    done(&app, tx, &key, &once, id).await
}

pub(super) fn pausing() -> Operation {
    held("pauseTicket", "Hold a ticket's clock")
}

pub(super) fn resuming() -> Operation {
    held("resumeTicket", "Let a ticket's clock run on")
}

fn held(id: &'static str, summary: &'static str) -> Operation {
    Operation::new(
        id,
        summary,
        "The site where it is used does it; the answer comes when it has. A site that is away is 409 `site-away`. After 504 the same `Idempotency-Key` asks what came of it.",
    )
    .of(TicketId::PREFIX)
    .answers::<Ticket>(200)
    .problem(409)
    .problem(502)
    .problem(504)
}

/// Holds the clock of one.
///
/// # Errors
/// A problem document.
pub async fn pause(state: State<App>, key: Key, once: Once, path: Path<String>) -> Answer<Made> {
    hold(state, key, once, path, Hold::Pause).await
}

/// Lets the clock of one run on.
///
/// # Errors
/// A problem document.
pub async fn resume(state: State<App>, key: Key, once: Once, path: Path<String>) -> Answer<Made> {
    hold(state, key, once, path, Hold::Resume).await
}

async fn hold(
    State(app): State<App>,
    key: Key,
    once: Once,
    Path(id): Path<String>,
    what: Hold,
) -> Answer<Made> {
    let provider = key.provider();
    let id: TicketId = named(&id)?;
    let mut tx = app.db.tenant(provider).await?;
    let code = one(&app, &mut tx, &key, id).await?.found.kept.code;
    let who = (provider, key.actor());
    let told = hold::tell_in(&app, &mut tx, who, &code, what, once.told())
        .await
        .map_err(not_held)?;
    once.tell(&mut tx, &told).await?;
    tx.commit().await?;
    hold::answered(&app, provider, &told, Patience::of_a_call(&app))
        .await
        .map_err(not_held)?;
    let tx = app.db.tenant(provider).await?;
    done(&app, tx, &key, &once, id).await
}
