//! All SQL of addresses that people want to log in with and have not proved yet.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::PersonId;
use sqlx::PgConnection;

use crate::db::{At, RowId as _};

/// Notes the address that somebody wants, in place of one they wanted before a moment; says whether they want none since.
///
/// # Errors
/// When the database refuses.
pub async fn want_email(
    conn: &mut PgConnection,
    id: PersonId,
    (email, hash): (&str, &[u8; 32]),
    (now, until): (Timestamp, Timestamp),
    before: Timestamp,
) -> sqlx::Result<bool> {
    let noted = sqlx::query!(
        "insert into contact_changes (person_id, email, token_hash, created_at, expires_at) values ($1, $2, $3, $4, $5)
         on conflict (person_id) do update set email = excluded.email, token_hash = excluded.token_hash,
             created_at = excluded.created_at, expires_at = excluded.expires_at where contact_changes.created_at <= $6",
        id.uuid(),
        email,
        hash,
        At(now),
        At(until),
        At(before),
    )
    .execute(conn)
    .await?;
    Ok(noted.rows_affected() == 1)
}

/// How many letters with a link were sent since a moment: by a person, and to an address.
///
/// # Errors
/// When the database is away.
pub async fn letters(
    conn: &mut PgConnection,
    id: PersonId,
    email: &str,
    since: Timestamp,
) -> sqlx::Result<(i64, i64)> {
    let row = sqlx::query!(
        r#"select (select count(*) from contact_letters where person_id = $1 and sent_at > $3) as "of_person!",
                  (select count(*) from contact_letters where email = $2 and sent_at > $3) as "to_email!""#,
        id.uuid(),
        email,
        At(since),
    )
    .fetch_one(conn)
    .await?;
    Ok((row.of_person, row.to_email))
}

/// Notes that a letter with a link is sent.
///
/// # Errors
/// When the database refuses.
pub async fn note_letter(
    conn: &mut PgConnection,
    id: PersonId,
    email: &str,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into contact_letters (person_id, email, sent_at) values ($1, $2, $3)",
        id.uuid(),
        email,
        At(now),
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Forgets letters that were sent before a moment.
///
/// # Errors
/// When the database refuses.
pub async fn forget_letters(
    conn: &mut PgConnection,
    before: Timestamp,
    most: i64,
) -> sqlx::Result<u64> {
    let gone = sqlx::query!(
        "delete from contact_letters where ctid = any (array(select ctid from contact_letters where sent_at < $1 order by sent_at limit $2))",
        At(before),
        most,
    )
    .execute(conn)
    .await?;
    Ok(gone.rows_affected())
}

/// Forgets addresses that nobody confirmed in time.
///
/// # Errors
/// When the database refuses.
pub async fn forget_wishes(
    conn: &mut PgConnection,
    now: Timestamp,
    most: i64,
) -> sqlx::Result<u64> {
    let gone = sqlx::query!(
        "delete from contact_changes where person_id in (select person_id from contact_changes where expires_at < $1 order by expires_at limit $2)",
        At(now),
        most,
    )
    .execute(conn)
    .await?;
    Ok(gone.rows_affected())
}

/// The address that a link confirms, if it is this person's and good.
///
/// # Errors
/// When the database is away.
pub async fn wanted_email(
    conn: &mut PgConnection,
    id: PersonId,
    hash: &[u8; 32],
    now: Timestamp,
) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar!(
        "select email from contact_changes where person_id = $1 and token_hash = $2 and expires_at > $3",
        id.uuid(),
        hash,
        At(now),
    )
    .fetch_optional(conn)
    .await
}

/// Uses a link up and gives the address it confirms.
///
/// # Errors
/// When the database refuses.
pub async fn take_wanted_email(
    conn: &mut PgConnection,
    id: PersonId,
    hash: &[u8; 32],
    now: Timestamp,
) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar!(
        "delete from contact_changes where person_id = $1 and token_hash = $2 and expires_at > $3 returning email",
        id.uuid(),
        hash,
        At(now),
    )
    .fetch_optional(conn)
    .await
}
