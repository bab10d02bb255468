//! All SQL of the reports. Each question is one statement over what an index leads to.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{ProviderId, SiteId};
use mnara_protocol::money::Money;
use sqlx::PgConnection;

use crate::db::{Amount, At, RowId as _};

/// Sites the home page shows.
const MOST_SITES: i64 = 100;

/// What customers paid between two moments, and in how many payments.
///
/// # Errors
/// When the database is away.
pub async fn paid(
    conn: &mut PgConnection,
    provider: ProviderId,
    from: Timestamp,
    to: Timestamp,
) -> sqlx::Result<(Money, i64)> {
    let row = sqlx::query!(
        r#"select coalesce(sum(amount), 0) as "sum!: Amount", count(*) as "count!" from payments
           where provider_id = $1 and created_at >= $2 and created_at < $3 and status = 'success' and type = 'mpesa_customer_payment'"#,
        provider.uuid(),
        At(from),
        At(to),
    )
    .fetch_one(conn)
    .await?;
    Ok((row.sum.0, row.count))
}

/// Devices whose session has not ended and was read since.
///
/// # Errors
/// When the database is away.
pub async fn online(
    conn: &mut PgConnection,
    provider: ProviderId,
    since: Timestamp,
) -> sqlx::Result<i64> {
    let count = sqlx::query_scalar!(
        "select count(*) from sessions where provider_id = $1 and ended_at is null and read_at >= $2",
        provider.uuid(),
        At(since),
    )
    .fetch_one(conn)
    .await?;
    Ok(count.unwrap_or(0))
}

/// One site and when its agent was last heard from.
#[derive(Clone, Debug)]
pub struct SiteSeen {
    /// The site.
    pub site: SiteId,
    /// Its name.
    pub name: String,
    /// When, if ever.
    pub seen: Option<Timestamp>,
}

/// The sites of a business by name, and when each was last heard from.
///
/// # Errors
/// When the database is away.
pub async fn sites(conn: &mut PgConnection, provider: ProviderId) -> sqlx::Result<Vec<SiteSeen>> {
    let rows = sqlx::query!(
        "select s.id, s.name, (select max(a.last_seen_at) from agents a where a.site_id = s.id and a.provider_id = s.provider_id and a.revoked_at is null) as seen
         from sites s where s.provider_id = $1 order by s.name, s.id limit $2",
        provider.uuid(),
        MOST_SITES,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| SiteSeen {
            site: SiteId::from_uuid(row.id),
            name: row.name,
            seen: row.seen.map(|at| at.0),
        })
        .collect())
}
