//! SQL of series and their tickets as pages list them.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{ProviderId, SeriesId};
use mnara_protocol::money::Money;
use mnara_protocol::ticket::code::TicketCode;
use sqlx::PgConnection;
use sqlx::types::Uuid;

use super::{Found, TicketRow};
use crate::db::{Amount, At, RowId};

/// A series in a list.
#[derive(Clone, Debug)]
pub struct Listed {
    /// Its id.
    pub id: SeriesId,
    /// The plan it sells.
    pub plan_name: String,
    /// What one voucher costs.
    pub price: Money,
    /// How many there are.
    pub count: u32,
    /// How many numbers they have, with those that were passed over.
    pub numbers: u32,
    /// When it was made.
    pub made: Timestamp,
    /// Unused ones are good until then.
    pub sell_by: Option<Timestamp>,
    /// When all of it was taken back.
    pub revoked: Option<Timestamp>,
    /// How many are used.
    pub used: u32,
    /// How many unused ones were taken back one by one.
    pub back: u32,
    /// The names of its sites.
    pub sites: Vec<String>,
}

impl Listed {
    /// How many can still be sold or used.
    #[must_use]
    pub fn left(&self, now: Timestamp) -> u32 {
        if self.revoked.is_some() || self.sell_by.is_some_and(|at| at <= now) {
            return 0;
        }
        self.count.saturating_sub(self.used + self.back)
    }
}

struct Row {
    id: Uuid,
    plan_name: String,
    price: Amount,
    count: i32,
    numbers: i32,
    created_at: At,
    sell_by: Option<At>,
    revoked_at: Option<At>,
    used: i64,
    back: i64,
    sites: Vec<String>,
}

impl From<Row> for Listed {
    fn from(row: Row) -> Self {
        Self {
            id: SeriesId::from_uuid(row.id),
            plan_name: row.plan_name,
            price: row.price.0,
            count: row.count.unsigned_abs(),
            numbers: row.numbers.unsigned_abs(),
            made: row.created_at.0,
            sell_by: row.sell_by.map(|at| at.0),
            revoked: row.revoked_at.map(|at| at.0),
            used: u32::try_from(row.used).unwrap_or(u32::MAX),
            back: u32::try_from(row.back).unwrap_or(u32::MAX),
            sites: row.sites,
        }
    }
}

/// A business's series before one, the latest first.
///
/// # Errors
/// When the database is away.
pub async fn series_list(
    conn: &mut PgConnection,
    provider: ProviderId,
    before: Option<SeriesId>,
    limit: u16,
) -> sqlx::Result<Vec<Listed>> {
    let rows = sqlx::query_as!(
        Row,
        r#"select s.id, s.plan_name, s.price, s.count, s.count + cardinality(s.skipped) as "numbers!", s.created_at, s.sell_by, s.revoked_at,
                  (select count(*) from tickets t where t.provider_id = $1 and t.series_id = s.id and t.redeemed_at is not null) as "used!",
                  case when s.revoked_at is null
                       then (select count(*) from tickets t
                             where t.provider_id = $1 and t.series_id = s.id and t.revoked_at is not null and t.redeemed_at is null)
                       else 0 end as "back!",
                  array(select x.name from series_sites w join sites x on x.id = w.site_id
                        where w.provider_id = $1 and w.series_id = s.id and x.provider_id = $1 order by x.name limit 20) as "sites!: Vec<String>"
           from series s where s.provider_id = $1 and s.id < $2 order by s.id desc limit $3"#,
        provider.uuid(),
        before.map_or(Uuid::max(), |id| id.uuid()),
        i64::from(limit),
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(Listed::from).collect())
}

/// One series of a business as a list has it.
///
/// # Errors
/// When the database is away.
pub async fn series_listed(
    conn: &mut PgConnection,
    provider: ProviderId,
    id: SeriesId,
) -> sqlx::Result<Option<Listed>> {
    let row = sqlx::query_as!(
        Row,
        r#"select s.id, s.plan_name, s.price, s.count, s.count + cardinality(s.skipped) as "numbers!", s.created_at, s.sell_by, s.revoked_at,
                  (select count(*) from tickets t where t.provider_id = $1 and t.series_id = s.id and t.redeemed_at is not null) as "used!",
                  case when s.revoked_at is null
                       then (select count(*) from tickets t
                             where t.provider_id = $1 and t.series_id = s.id and t.revoked_at is not null and t.redeemed_at is null)
                       else 0 end as "back!",
                  array(select x.name from series_sites w join sites x on x.id = w.site_id
                        where w.provider_id = $1 and w.series_id = s.id and x.provider_id = $1 order by x.name limit 200) as "sites!: Vec<String>"
           from series s where s.provider_id = $1 and s.id = $2"#,
        provider.uuid(),
        id.uuid(),
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(Listed::from))
}

/// How a series goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pace {
    /// Used since a time.
    pub lately: u32,
    /// When the first was used.
    pub first: Option<Timestamp>,
    /// When the last was used.
    pub last: Option<Timestamp>,
}

/// How a series goes: used since a time, the first and the last use.
///
/// # Errors
/// When the database is away.
pub async fn series_pace(
    conn: &mut PgConnection,
    provider: ProviderId,
    id: SeriesId,
    since: Timestamp,
) -> sqlx::Result<Pace> {
    let row = sqlx::query!(
        r#"select (select count(*) from tickets where provider_id = $1 and series_id = $2 and redeemed_at >= $3) as "lately!",
                  (select min(redeemed_at) from tickets where provider_id = $1 and series_id = $2 and redeemed_at is not null) as first,
                  (select max(redeemed_at) from tickets where provider_id = $1 and series_id = $2 and redeemed_at is not null) as last"#,
        provider.uuid(),
        id.uuid(),
        At(since),
    )
    .fetch_one(conn)
    .await?;
    Ok(Pace {
        lately: u32::try_from(row.lately).unwrap_or(u32::MAX),
        first: row.first.map(|at| at.0),
        last: row.last.map(|at| at.0),
    })
}

/// A code with its number in its series.
#[derive(Clone, Debug)]
pub struct Code {
    /// The number.
    pub index: u32,
    /// The code.
    pub code: TicketCode,
}

/// The codes of a series that can still be printed and sold, from a number on and below another, in order of their numbers.
///
/// # Errors
/// When the database is away, or a code is none.
pub async fn unused_codes(
    conn: &mut PgConnection,
    provider: ProviderId,
    id: SeriesId,
    numbers: std::ops::Range<u32>,
    limit: u16,
    now: Timestamp,
) -> sqlx::Result<Vec<Code>> {
    let rows = sqlx::query!(
        r#"select series_index as "index!", code from tickets
           where provider_id = $1 and series_id = $2 and series_index >= $3 and series_index < $6
             and redeemed_at is null and revoked_at is null and (sell_by is null or sell_by > $5)
             and not exists (select from cash_sales c where c.provider_id = $1 and c.ticket_id = tickets.id)
           order by series_index limit $4"#,
        provider.uuid(),
        id.uuid(),
        i32::try_from(numbers.start).unwrap_or(i32::MAX),
        i64::from(limit),
        At(now),
        i32::try_from(numbers.end).unwrap_or(i32::MAX),
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            let code = TicketCode::parse(&row.code)
                .map_err(|_| sqlx::Error::Decode("tickets.code is no code".into()))?;
            Ok(Code {
                index: row.index.unsigned_abs(),
                code,
            })
        })
        .collect()
}

/// All tickets of a series from a number on, with their numbers.
///
/// # Errors
/// When the database is away, or a row makes no sense.
pub async fn tickets_of_series(
    conn: &mut PgConnection,
    provider: ProviderId,
    id: SeriesId,
    from: u32,
    limit: u16,
    now: Timestamp,
) -> sqlx::Result<Vec<Found>> {
    sqlx::query_as!(
        TicketRow,
        "select id, code, username, password, price, plan_id, tried_by::text as tried_by, plan_name, duration_secs, online_secs, data_bytes, devices,
                rate_down_bps, rate_up_bps, burst, sell_by, revoked_at, extra_secs, series_id, series_index, sold_at_site_id,
                redeemed_at, redeemed_site_id, (select name from sites where id = redeemed_site_id) as redeemed_site_name, started_at,
                paused_at, ended_at, end_reason, online_used_secs, bytes_up, bytes_down
         from tickets where provider_id = $1 and series_id = $2 and series_index >= $3 order by series_index limit $4",
        provider.uuid(),
        id.uuid(),
        i32::try_from(from).unwrap_or(i32::MAX),
        i64::from(limit),
    )
    .fetch_all(conn)
    .await?
    .into_iter()
    .map(|row| Found::read(row, now))
    .collect()
}
