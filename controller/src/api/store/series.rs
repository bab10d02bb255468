//! Series, the newest first, and the codes of one in the order of their numbers.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{PlanId, ProviderId, SeriesId, SiteId, TicketId};
use mnara_protocol::money::Money;
use sqlx::PgConnection;
use sqlx::types::Uuid;

use crate::db::{At, LAST, RowId as _};

/// One series, without its key.
#[derive(Clone, Debug)]
pub struct Series {
    /// Its id.
    pub id: SeriesId,
    /// What each ticket gives.
    pub plan: PlanId,
    /// The plan's name on that day.
    pub plan_name: String,
    /// What one costs.
    pub price: Money,
    /// How many.
    pub count: i32,
    /// Letters of the codes.
    pub alphabet: String,
    /// Their length.
    pub length: i32,
    /// What they begin with.
    pub prefix: String,
    /// Where it is at home.
    pub home: SiteId,
    /// Everywhere it is honoured.
    pub sites: Vec<SiteId>,
    /// What holds while a site is cut off.
    pub cut_off: String,
    /// Unused after this, its tickets are expired.
    pub sell_by: Option<Timestamp>,
    /// When it was taken back.
    pub revoked: Option<Timestamp>,
    /// When it was made.
    pub made: Timestamp,
}

/// Lists series before one, the newest first; or finds one.
///
/// # Errors
/// When the database is away.
pub async fn series(
    conn: &mut PgConnection,
    provider: ProviderId,
    one: Option<SeriesId>,
    before: Option<(Timestamp, SeriesId)>,
    limit: u16,
) -> sqlx::Result<Vec<Series>> {
    let (at, id) = before.map_or((LAST, Uuid::max()), |(at, id)| (at, id.uuid()));
    let rows = sqlx::query!(
        r#"select id, plan_id, plan_name, price, count, alphabet, length, prefix, home_site_id, cut_off, sell_by, revoked_at, created_at,
                  array(select w.site_id from series_sites w where w.provider_id = $1 and w.series_id = series.id order by 1) as "sites!"
           from series
           where provider_id = $1 and ($2::uuid is null or id = $2) and (created_at, id) < ($3, $4)
           order by created_at desc, id desc limit $5"#,
        provider.uuid(),
        one.map(|id| id.uuid()),
        At(at) as At,
        id,
        i64::from(limit),
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Series {
            id: SeriesId::from_uuid(row.id),
            plan: PlanId::from_uuid(row.plan_id),
            plan_name: row.plan_name,
            price: row.price.0,
            count: row.count,
            alphabet: row.alphabet,
            length: row.length,
            prefix: row.prefix,
            home: SiteId::from_uuid(row.home_site_id),
            sites: row.sites.into_iter().map(SiteId::from_uuid).collect(),
            cut_off: row.cut_off,
            sell_by: row.sell_by.map(|at| at.0),
            revoked: row.revoked_at.map(|at| at.0),
            made: row.created_at.0,
        })
        .collect())
}

/// One code of a series.
#[derive(Clone, Debug)]
pub struct Code {
    /// Its number.
    pub number: i32,
    /// The ticket.
    pub ticket: TicketId,
    /// The code.
    pub code: String,
    /// Whether somebody has used it.
    pub is_redeemed: bool,
    /// Whether it was taken back.
    pub is_revoked: bool,
}

/// The codes of a series after a number.
///
/// # Errors
/// When the database is away.
pub async fn codes(
    conn: &mut PgConnection,
    provider: ProviderId,
    series: SeriesId,
    after: i32,
    limit: u16,
) -> sqlx::Result<Vec<Code>> {
    let rows = sqlx::query!(
        r#"select series_index as "number!", id, code, redeemed_at is not null as "is_redeemed!", revoked_at is not null as "is_revoked!"
           from tickets where provider_id = $1 and series_id = $2 and series_index > $3 order by series_index limit $4"#,
        provider.uuid(),
        series.uuid(),
        after,
        i64::from(limit),
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Code {
            number: row.number,
            ticket: TicketId::from_uuid(row.id),
            code: row.code,
            is_redeemed: row.is_redeemed,
            is_revoked: row.is_revoked,
        })
        .collect())
}
