//! All SQL of taking data out. The statements are put together from the list in `tables` and from nothing else.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{ExportId, PersonId, ProviderId, SiteId};
use sqlx::{AssertSqlSafe, PgConnection};

use super::tables::Table;
use crate::db::{At, RowId as _};

/// Adds a link, by its hash: from when and until when it is good.
///
/// # Errors
/// When the database refuses.
pub async fn insert(
    conn: &mut PgConnection,
    provider: ProviderId,
    id: ExportId,
    hash: &[u8; 32],
    by: PersonId,
    (now, until): (Timestamp, Timestamp),
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into exports (id, provider_id, link_hash, asked_by, created_at, expires_at) values ($1, $2, $3, $4, $5, $6)",
        id.uuid(),
        provider.uuid(),
        hash.as_slice(),
        by.uuid(),
        At(now),
        At(until),
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Uses a link up, if it is good.
///
/// # Errors
/// When the database refuses.
pub async fn take(
    conn: &mut PgConnection,
    provider: ProviderId,
    hash: &[u8; 32],
    now: Timestamp,
) -> sqlx::Result<Option<ExportId>> {
    let id = sqlx::query_scalar!(
        "update exports set taken_at = $3 where provider_id = $1 and link_hash = $2 and taken_at is null and expires_at > $3 returning id",
        provider.uuid(),
        hash.as_slice(),
        At(now),
    )
    .fetch_optional(conn)
    .await?;
    Ok(id.map(ExportId::from_uuid))
}

/// A row's key, and its cells.
pub type Row = (Vec<String>, Vec<Option<String>>);

/// Reads rows of a table after one, in the order of its key.
///
/// # Errors
/// When the database is away.
pub async fn page(
    conn: &mut PgConnection,
    provider: ProviderId,
    table: &Table,
    after: Option<&[String]>,
    limit: u16,
) -> sqlx::Result<Vec<Row>> {
    let texts = |parts: &[(&str, &str)]| {
        let parts: Vec<String> = parts
            .iter()
            .map(|(_, column)| format!("({column})::text"))
            .collect();
        parts.join(", ")
    };
    let keys: Vec<(&str, &str)> = table.key.iter().map(|(name, _)| (*name, *name)).collect();
    let names: Vec<&str> = table.key.iter().map(|(name, _)| *name).collect();
    let order = names.join(", ");
    let mut sql = format!(
        "select array[{}], array[{}] from {} t where {} = $1",
        texts(&keys),
        texts(table.columns),
        table.name,
        table.owner,
    );
    if after.is_some() {
        let places: Vec<String> = (2..)
            .zip(table.key)
            .map(|(place, (_, kind))| format!("${place}::text::{kind}"))
            .collect();
        sql.push_str(&format!(" and ({order}) > ({})", places.join(", ")));
    }
    sql.push_str(&format!(" order by {order} limit {limit}"));
    sqlx::raw_sql("set local timezone = 'UTC'")
        .execute(&mut *conn)
        .await?;
    // Only names of our own list are in the text.
    let mut query = sqlx::query_as::<_, Row>(AssertSqlSafe(sql)).bind(provider.uuid());
    for part in after.unwrap_or_default() {
        query = query.bind(part);
    }
    query.fetch_all(conn).await
}

/// A picture: its kind and its bytes.
pub type Logo = (String, Vec<u8>);

/// The business's logo, if it has one.
///
/// # Errors
/// When the database is away.
pub async fn logo(conn: &mut PgConnection, provider: ProviderId) -> sqlx::Result<Option<Logo>> {
    let row = sqlx::query!(
        r#"select logo_kind as "kind!", logo as "picture!" from portal_looks where provider_id = $1 and logo is not null"#,
        provider.uuid(),
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| (row.kind, row.picture)))
}

/// The logos of sites that have one of their own, after one, in the order of their ids.
///
/// # Errors
/// When the database is away.
pub async fn site_logos(
    conn: &mut PgConnection,
    provider: ProviderId,
    after: Option<SiteId>,
    limit: u16,
) -> sqlx::Result<Vec<(SiteId, Logo)>> {
    let rows = sqlx::query!(
        r#"select site_id, logo_kind as "kind!", logo as "picture!" from site_looks
           where provider_id = $1 and logo is not null and ($2::uuid is null or site_id > $2) order by site_id limit $3"#,
        provider.uuid(),
        after.map(|site| site.uuid()),
        i64::from(limit),
    )
    .fetch_all(conn)
    .await?;
    let logos = rows.into_iter();
    Ok(logos
        .map(|row| (SiteId::from_uuid(row.site_id), (row.kind, row.picture)))
        .collect())
}
