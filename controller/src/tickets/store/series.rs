//! All SQL of series: printed batches whose codes derive from one sealed key.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{PlanId, ProviderId, SeriesId, SiteId};
use mnara_protocol::money::Money;
use mnara_protocol::plan::Terms;
use mnara_protocol::ticket::series::{Alphabet, CutOff};
use sqlx::PgConnection;
use sqlx::types::Uuid;

use crate::db::{Amount, At, RowId};
use crate::plans::store::terms_from_row;
use crate::vault::Column;

/// Where a series' key is sealed.
pub const KEY: Column = Column::SeriesKey;

/// A series as it is stored.
#[derive(Clone, Debug)]
pub struct SeriesRow {
    /// Its id.
    pub id: SeriesId,
    /// The plan it sells.
    pub plan: PlanId,
    /// The plan's name on that day.
    pub plan_name: String,
    /// What one ticket costs.
    pub price: Money,
    /// What one ticket gives, as the plan was on that day.
    pub terms: Terms,
    /// How many tickets.
    pub count: u32,
    /// Numbers that were passed over.
    pub skipped: Vec<u32>,
    /// Letters of the codes.
    pub alphabet: Alphabet,
    /// Length of the codes, prefix included.
    pub length: u8,
    /// What every code begins with.
    pub prefix: String,
    /// Where it is at home.
    pub home: SiteId,
    /// What holds while cut off.
    pub cut_off: CutOff,
    /// Unused after this, its tickets are expired.
    pub sell_by: Option<Timestamp>,
    /// The key, sealed.
    pub key: String,
    /// When the whole series was taken back.
    pub revoked: Option<Timestamp>,
}

/// Adds a series with nothing skipped yet, unless one of its id is there; says whether it was added.
///
/// # Errors
/// When the database refuses.
pub async fn insert_series(
    conn: &mut PgConnection,
    provider: ProviderId,
    series: &SeriesRow,
    now: Timestamp,
) -> sqlx::Result<bool> {
    let terms = crate::plans::store::TermsColumns::from(&series.terms);
    sqlx::query!(
        "insert into series (id, provider_id, plan_id, plan_name, price, count, skipped, alphabet, length, prefix, home_site_id, cut_off,
                             sell_by, key, created_at, duration_secs, online_secs, data_bytes, devices, rate_down_bps, rate_up_bps, burst)
         values ($1, $2, $3, $4, $5, $6, '{}', $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)
         on conflict (id) do nothing",
        series.id.uuid(),
        provider.uuid(),
        series.plan.uuid(),
        series.plan_name,
        Amount(series.price),
        i32::try_from(series.count).unwrap_or(i32::MAX),
        alphabet_word(series.alphabet),
        i32::from(series.length),
        series.prefix,
        series.home.uuid(),
        cut_off_word(series.cut_off),
        series.sell_by.map(At),
        series.key,
        At(now),
        terms.duration_secs,
        terms.online_secs,
        terms.data_bytes,
        terms.devices,
        terms.rate_down_bps,
        terms.rate_up_bps,
        terms.burst.as_deref(),
    )
    .execute(conn)
    .await
    .map(|done| done.rows_affected() == 1)
}

fn alphabet_word(alphabet: Alphabet) -> &'static str {
    match alphabet {
        Alphabet::Crockford => "crockford",
        Alphabet::Digits => "digits",
        Alphabet::Other(_) => unreachable!("a series is made with letters this version knows"),
    }
}

fn cut_off_word(cut_off: CutOff) -> &'static str {
    match cut_off {
        CutOff::HomeOnly => "home",
        CutOff::Anywhere => "anywhere",
        CutOff::Other(_) => unreachable!("a series is made with a policy this version knows"),
    }
}

/// Says which numbers were passed over.
///
/// # Errors
/// When the database refuses.
pub async fn set_skipped(
    conn: &mut PgConnection,
    provider: ProviderId,
    id: SeriesId,
    skipped: &[u32],
) -> sqlx::Result<()> {
    let skipped: Vec<i32> = skipped
        .iter()
        .filter_map(|number| i32::try_from(*number).ok())
        .collect();
    sqlx::query!(
        "update series set skipped = $3 where provider_id = $1 and id = $2",
        provider.uuid(),
        id.uuid(),
        &skipped,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Lets a site honour a series.
///
/// # Errors
/// When the database refuses.
pub async fn insert_series_site(
    conn: &mut PgConnection,
    provider: ProviderId,
    series: SeriesId,
    site: SiteId,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into series_sites (provider_id, series_id, site_id) values ($1, $2, $3) on conflict do nothing",
        provider.uuid(),
        series.uuid(),
        site.uuid(),
    )
    .execute(conn)
    .await
    .map(drop)
}

/// How many unused codes of this length and letters a provider has out.
///
/// # Errors
/// When the database is away.
pub async fn live_codes(
    conn: &mut PgConnection,
    provider: ProviderId,
    alphabet: Alphabet,
    length: u8,
    now: Timestamp,
) -> sqlx::Result<u64> {
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from tickets t join series s on s.id = t.series_id
         where t.provider_id = $1 and s.provider_id = $1 and s.alphabet = $2 and s.length = $3
           and t.status = 'active' and t.redeemed_at is null and (t.sell_by is null or t.sell_by > $4)"#,
        provider.uuid(),
        alphabet_word(alphabet),
        i32::from(length),
        At(now),
    )
    .fetch_one(conn)
    .await?;
    Ok(count.unsigned_abs())
}

struct Row {
    id: Uuid,
    plan_id: Uuid,
    plan_name: String,
    price: Amount,
    count: i32,
    skipped: Vec<i32>,
    alphabet: String,
    length: i32,
    prefix: String,
    home_site_id: Uuid,
    cut_off: String,
    sell_by: Option<At>,
    key: String,
    revoked_at: Option<At>,
    duration_secs: Option<i64>,
    online_secs: Option<i64>,
    data_bytes: Option<i64>,
    devices: i32,
    rate_down_bps: Option<i64>,
    rate_up_bps: Option<i64>,
    burst: Option<Vec<i64>>,
}

impl TryFrom<Row> for SeriesRow {
    type Error = sqlx::Error;

    fn try_from(row: Row) -> sqlx::Result<Self> {
        let bad = |what: &str| {
            sqlx::Error::Decode(format!("series.{what} of {} is out of range", row.id).into())
        };
        Ok(Self {
            id: SeriesId::from_uuid(row.id),
            plan: PlanId::from_uuid(row.plan_id),
            terms: terms_from_row(
                row.duration_secs,
                row.online_secs,
                row.data_bytes,
                row.devices,
                row.rate_down_bps.zip(row.rate_up_bps),
                row.burst.as_deref(),
            )
            .ok_or_else(|| bad("terms"))?,
            count: u32::try_from(row.count).map_err(|_| bad("count"))?,
            skipped: row
                .skipped
                .iter()
                .map(|number| u32::try_from(*number))
                .collect::<Result<_, _>>()
                .map_err(|_| bad("skipped"))?,
            alphabet: match row.alphabet.as_str() {
                "crockford" => Alphabet::Crockford,
                "digits" => Alphabet::Digits,
                _ => return Err(bad("alphabet")),
            },
            length: u8::try_from(row.length).map_err(|_| bad("length"))?,
            home: SiteId::from_uuid(row.home_site_id),
            cut_off: match row.cut_off.as_str() {
                "home" => CutOff::HomeOnly,
                "anywhere" => CutOff::Anywhere,
                _ => return Err(bad("cut_off")),
            },
            sell_by: row.sell_by.map(|at| at.0),
            revoked: row.revoked_at.map(|at| at.0),
            plan_name: row.plan_name,
            price: row.price.0,
            prefix: row.prefix,
            key: row.key,
        })
    }
}

/// Finds one series of a provider.
///
/// # Errors
/// When the database is away.
pub async fn series_row(
    conn: &mut PgConnection,
    provider: ProviderId,
    id: SeriesId,
) -> sqlx::Result<Option<SeriesRow>> {
    sqlx::query_as!(
        Row,
        "select id, plan_id, plan_name, price, count, skipped, alphabet, length, prefix, home_site_id, cut_off, sell_by, key, revoked_at,
                duration_secs, online_secs, data_bytes, devices, rate_down_bps, rate_up_bps, burst
         from series where provider_id = $1 and id = $2",
        provider.uuid(),
        id.uuid(),
    )
    .fetch_optional(conn)
    .await?
    .map(SeriesRow::try_from)
    .transpose()
}

/// Lists the series a site honours, after one, in id order.
///
/// # Errors
/// When the database is away.
pub async fn series_of_site(
    conn: &mut PgConnection,
    provider: ProviderId,
    site: SiteId,
    after: Option<SeriesId>,
    limit: u16,
) -> sqlx::Result<Vec<SeriesRow>> {
    sqlx::query_as!(
        Row,
        "select s.id, s.plan_id, s.plan_name, s.price, s.count, s.skipped, s.alphabet, s.length, s.prefix, s.home_site_id, s.cut_off,
                s.sell_by, s.key, s.revoked_at, s.duration_secs, s.online_secs, s.data_bytes, s.devices, s.rate_down_bps, s.rate_up_bps, s.burst
         from series s join series_sites w on w.series_id = s.id
         where s.provider_id = $1 and w.provider_id = $1 and w.site_id = $2 and ($3::uuid is null or s.id > $3)
         order by s.id limit $4",
        provider.uuid(),
        site.uuid(),
        after.map(|id| id.uuid()),
        i64::from(limit),
    )
    .fetch_all(conn)
    .await?
    .into_iter()
    .map(SeriesRow::try_from)
    .collect()
}

/// The sites that honour a series.
///
/// # Errors
/// When the database is away.
pub async fn sites_of_series(
    conn: &mut PgConnection,
    provider: ProviderId,
    id: SeriesId,
) -> sqlx::Result<Vec<SiteId>> {
    let rows = sqlx::query_scalar!(
        "select site_id from series_sites where provider_id = $1 and series_id = $2 order by site_id",
        provider.uuid(),
        id.uuid(),
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(SiteId::from_uuid).collect())
}

/// Takes a whole series back: unused tickets and running ones; says how many, unless it was taken back before.
///
/// # Errors
/// When the database refuses.
pub async fn revoke_series(
    conn: &mut PgConnection,
    provider: ProviderId,
    id: SeriesId,
    now: Timestamp,
) -> sqlx::Result<Option<u64>> {
    let done = sqlx::query!(
        "update series set revoked_at = $3 where provider_id = $1 and id = $2 and revoked_at is null",
        provider.uuid(),
        id.uuid(),
        At(now),
    )
    .execute(&mut *conn)
    .await?;
    let tickets = sqlx::query!(
        "update tickets set revoked_at = $3, status = case when ended_at is null then 'revoked' else status end
         where provider_id = $1 and series_id = $2 and revoked_at is null",
        provider.uuid(),
        id.uuid(),
        At(now),
    )
    .execute(conn)
    .await?;
    Ok((done.rows_affected() == 1).then(|| tickets.rows_affected()))
}

/// The sealed keys of a provider's series after one, in id order, locked until the transaction ends.
///
/// # Errors
/// When the database is away.
pub async fn series_keys(
    conn: &mut PgConnection,
    provider: ProviderId,
    after: Option<SeriesId>,
    limit: u16,
) -> sqlx::Result<Vec<(SeriesId, String)>> {
    let rows = sqlx::query!(
        "select id, key from series where provider_id = $1 and ($2::uuid is null or id > $2) order by id limit $3 for no key update",
        provider.uuid(),
        after.map(|id| id.uuid()),
        i64::from(limit),
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (SeriesId::from_uuid(row.id), row.key))
        .collect())
}

/// Changes a series' sealed key.
///
/// # Errors
/// When the database refuses.
pub async fn set_key(
    conn: &mut PgConnection,
    provider: ProviderId,
    id: SeriesId,
    sealed: &str,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update series set key = $3 where provider_id = $1 and id = $2",
        provider.uuid(),
        id.uuid(),
        sealed,
    )
    .execute(conn)
    .await
    .map(drop)
}
