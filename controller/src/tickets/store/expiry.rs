//! All SQL of tickets whose dates have passed and whose rows do not say so yet. An index holds the few rows that can be such.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{ProviderId, TicketId};
use mnara_protocol::ticket::Status;
use sqlx::PgConnection;
use sqlx::types::Uuid;

use crate::db::{At, RowId as _};

/// By when a date has to have passed.
#[derive(Clone, Copy, Debug)]
pub struct Passed {
    /// That of a ticket nobody used.
    pub unused: Timestamp,
    /// That of a used one, which its site may still tell otherwise.
    pub used: Timestamp,
}

/// A ticket's place in the order in which they are gone through.
pub type Place = (Timestamp, TicketId);

/// Businesses that have such tickets, by id after one.
///
/// # Errors
/// When the database is away.
pub async fn businesses(
    conn: &mut PgConnection,
    passed: Passed,
    after: Option<ProviderId>,
    most: i64,
) -> sqlx::Result<Vec<ProviderId>> {
    let rows = sqlx::query_scalar!(
        "select p.id from providers p
         where p.id > $1 and exists (select from tickets t where t.provider_id = p.id and t.status = 'active' and t.expires_at <= $2
                                     and (t.redeemed_at is null or t.expires_at <= $3))
         order by p.id limit $4",
        after.map_or(Uuid::nil(), |id| id.uuid()),
        At(passed.unused),
        At(passed.used),
        most,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(ProviderId::from_uuid).collect())
}

/// The next of them of a business, locked until the transaction ends; those that somebody else has in hand are passed over.
///
/// # Errors
/// When the database is away.
pub async fn lock_passed(
    conn: &mut PgConnection,
    provider: ProviderId,
    passed: Passed,
    after: Option<Place>,
    most: i64,
) -> sqlx::Result<Vec<Place>> {
    let (at, id) = after.map_or((Timestamp::from_secs(0), Uuid::nil()), |(at, id)| {
        (at, id.uuid())
    });
    let rows = sqlx::query!(
        r#"select id, expires_at as "at!" from tickets
           where provider_id = $1 and status = 'active' and expires_at <= $2 and (redeemed_at is null or expires_at <= $3)
             and (expires_at, id) > ($4, $5)
           order by expires_at, id limit $6 for update skip locked"#,
        provider.uuid(),
        At(passed.unused),
        At(passed.used),
        At(at),
        id,
        most,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.at.0, TicketId::from_uuid(row.id)))
        .collect())
}

/// Writes what tickets of a business are now; says how many were something else.
///
/// # Errors
/// When the database refuses.
pub async fn set_status(
    conn: &mut PgConnection,
    provider: ProviderId,
    tickets: &[(TicketId, Status)],
) -> sqlx::Result<u64> {
    let ids: Vec<Uuid> = tickets.iter().map(|(id, _)| id.uuid()).collect();
    let words: Vec<String> = tickets
        .iter()
        .map(|(_, status)| status.as_str().to_owned())
        .collect();
    let done = sqlx::query!(
        "update tickets t set status = o.status from unnest($2::uuid[], $3::text[]) as o (id, status)
         where t.provider_id = $1 and t.id = o.id and t.status <> o.status",
        provider.uuid(),
        &ids,
        &words,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}
