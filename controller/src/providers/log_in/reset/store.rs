//! All SQL of links for a new password. It needs the platform's door: a link names no business.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{PersonId, ProviderId, ResetId};
use sqlx::PgConnection;
use sqlx::types::Uuid;

use crate::db::{At, RowId as _};

/// Stores that somebody asked, before anybody looks up who.
///
/// # Errors
/// When the database refuses.
pub async fn insert_asked(
    conn: &mut PgConnection,
    id: ResetId,
    contact: &str,
    now: Timestamp,
    until: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into resets (id, contact, created_at, expires_at) values ($1, $2, $3, $4)",
        id.uuid(),
        contact,
        At(now),
        At(until),
    )
    .execute(conn)
    .await
    .map(drop)
}

/// What was typed, if nobody looked yet; the row stays locked.
///
/// # Errors
/// When the database is away.
pub async fn asked(conn: &mut PgConnection, id: ResetId) -> sqlx::Result<Option<String>> {
    let contact = sqlx::query_scalar!(
        "select contact from resets where id = $1 for update",
        id.uuid()
    )
    .fetch_optional(conn)
    .await?;
    Ok(contact.flatten())
}

/// Makes what was asked a link for a person.
///
/// # Errors
/// When the database refuses.
pub async fn resolve(
    conn: &mut PgConnection,
    id: ResetId,
    person: PersonId,
    hash: &[u8; 32],
) -> sqlx::Result<()> {
    sqlx::query!(
        "update resets set contact = null, person_id = $2, token_hash = $3 where id = $1",
        id.uuid(),
        person.uuid(),
        hash.as_slice(),
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Forgets what was asked in vain.
///
/// # Errors
/// When the database refuses.
pub async fn remove(conn: &mut PgConnection, id: ResetId) -> sqlx::Result<()> {
    sqlx::query!("delete from resets where id = $1", id.uuid())
        .execute(conn)
        .await
        .map(drop)
}

/// Adds a link.
///
/// # Errors
/// When the database refuses.
pub async fn insert(
    conn: &mut PgConnection,
    id: ResetId,
    person: PersonId,
    hash: &[u8; 32],
    now: Timestamp,
    until: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into resets (id, person_id, token_hash, created_at, expires_at) values ($1, $2, $3, $4, $5)",
        id.uuid(),
        person.uuid(),
        hash.as_slice(),
        At(now),
        At(until),
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Notes who was shown a link to hand it on, and in which business.
///
/// # Errors
/// When the database refuses.
pub async fn set_maker(
    conn: &mut PgConnection,
    id: ResetId,
    (maker, provider): (PersonId, ProviderId),
) -> sqlx::Result<()> {
    sqlx::query!(
        "update resets set made_by = $2, made_in = $3 where id = $1",
        id.uuid(),
        maker.uuid(),
        provider.uuid(),
    )
    .execute(conn)
    .await
    .map(drop)
}

/// How many links of a person are good.
///
/// # Errors
/// When the database is away.
pub async fn open_links(
    conn: &mut PgConnection,
    person: PersonId,
    now: Timestamp,
) -> sqlx::Result<i64> {
    let open = sqlx::query_scalar!(
        "select count(*) from resets where person_id = $1 and used_at is null and expires_at > $2",
        person.uuid(),
        At(now),
    )
    .fetch_one(conn)
    .await?;
    Ok(open.unwrap_or(0))
}

/// Whose link this is, if it is good; one that was shown to somebody is that while they could be shown it again, as `below.rs` judges it.
///
/// # Errors
/// When the database is away.
pub async fn find(
    conn: &mut PgConnection,
    hash: &[u8; 32],
    now: Timestamp,
) -> sqlx::Result<Option<PersonId>> {
    let person = sqlx::query_scalar!(
        "select person_id from resets r where token_hash = $1 and used_at is null and expires_at > $2
           and (made_by is null or (
             exists (select from staff m join staff o on o.provider_id = m.provider_id
                     where m.provider_id = r.made_in and m.person_id = r.made_by and m.ended_at is null
                       and o.person_id = r.person_id and o.ended_at is null
                       and (m.role = 'owner' and o.role <> 'owner' or m.role = 'manager' and o.role not in ('owner', 'manager')))
             and not exists (select from staff e where e.person_id = r.person_id and e.provider_id <> r.made_in and e.ended_at is null)))",
        hash.as_slice(),
        At(now),
    )
    .fetch_optional(conn)
    .await?;
    Ok(person.flatten().map(PersonId::from_uuid))
}

/// Uses a link up; says whether it was good.
///
/// # Errors
/// When the database refuses.
pub async fn spend(conn: &mut PgConnection, hash: &[u8; 32], now: Timestamp) -> sqlx::Result<bool> {
    let spent = sqlx::query!(
        "update resets set used_at = $2 where token_hash = $1 and used_at is null and expires_at > $2",
        hash.as_slice(),
        At(now),
    )
    .execute(conn)
    .await?;
    Ok(spent.rows_affected() == 1)
}

/// Uses all links of a person up.
///
/// # Errors
/// When the database refuses.
pub async fn spend_all(
    conn: &mut PgConnection,
    person: PersonId,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update resets set used_at = $2 where person_id = $1 and used_at is null",
        person.uuid(),
        At(now),
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Whether a person has a place in this business, and nowhere else.
///
/// # Errors
/// When the database is away.
pub async fn is_only_in(
    conn: &mut PgConnection,
    person: PersonId,
    provider: ProviderId,
) -> sqlx::Result<bool> {
    let is = sqlx::query_scalar!(
        "select not exists (select from staff where person_id = $1 and provider_id <> $2 and ended_at is null)
            and not exists (select from admins where person_id = $1 and ended_at is null)",
        person.uuid(),
        provider.uuid(),
    )
    .fetch_one(conn)
    .await?;
    Ok(is.unwrap_or(false))
}

/// Forgets links that are long over.
///
/// # Errors
/// When the database refuses.
pub async fn forget(conn: &mut PgConnection, before: Timestamp, most: i64) -> sqlx::Result<u64> {
    let gone = sqlx::query!(
        "delete from resets where id in (select id from resets where created_at < $1 order by created_at limit $2)",
        At(before),
        most,
    )
    .execute(conn)
    .await?;
    Ok(gone.rows_affected())
}

/// What is stored sealed after an id, in the order of ids, for whoever seals it anew.
///
/// # Errors
/// When the database is away.
pub async fn lock_sealed(
    conn: &mut PgConnection,
    after: Option<ResetId>,
    limit: u16,
) -> sqlx::Result<Vec<(ResetId, String)>> {
    let rows = sqlx::query!(
        r#"select id, contact as "sealed!" from resets where contact is not null and id > $1 order by id limit $2 for update"#,
        after.map_or(Uuid::nil(), |id| id.uuid()),
        i64::from(limit),
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (ResetId::from_uuid(row.id), row.sealed))
        .collect())
}

/// Stores it sealed anew.
///
/// # Errors
/// When the database refuses.
pub async fn set_sealed(conn: &mut PgConnection, id: ResetId, sealed: &str) -> sqlx::Result<()> {
    sqlx::query!(
        "update resets set contact = $2 where id = $1",
        id.uuid(),
        sealed
    )
    .execute(conn)
    .await
    .map(drop)
}
