//! All SQL of addresses and numbers that people want to log in with and have not proved yet.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::PersonId;
use sqlx::PgConnection;

use super::{Contact, contact as read};
use crate::db::{At, RowId as _};

/// Notes what somebody wants, in place of what they wanted before a moment; says whether they want nothing since.
///
/// # Errors
/// When the database refuses.
pub async fn want(
    conn: &mut PgConnection,
    id: PersonId,
    (contact, hash): (&Contact, &[u8; 32]),
    (now, until): (Timestamp, Timestamp),
    before: Timestamp,
) -> sqlx::Result<bool> {
    let noted = sqlx::query!(
        "insert into contact_changes (person_id, email, phone, token_hash, created_at, expires_at) values ($1, $2, $3, $4, $5, $6)
         on conflict (person_id) do update set email = excluded.email, phone = excluded.phone, token_hash = excluded.token_hash,
             created_at = excluded.created_at, expires_at = excluded.expires_at where contact_changes.created_at <= $7",
        id.uuid(),
        contact.email(),
        contact.phone(),
        hash,
        At(now),
        At(until),
        At(before),
    )
    .execute(conn)
    .await?;
    Ok(noted.rows_affected() == 1)
}

/// How many links were sent since a moment: by a person, and to an address or a number.
///
/// # Errors
/// When the database is away.
pub async fn letters(
    conn: &mut PgConnection,
    id: PersonId,
    contact: &Contact,
    since: Timestamp,
) -> sqlx::Result<(i64, i64)> {
    let row = sqlx::query!(
        r#"select (select count(*) from contact_letters where person_id = $1 and sent_at > $4) as "of_person!",
                  (select count(*) from contact_letters where (email = $2 or phone = $3) and sent_at > $4) as "to_contact!""#,
        id.uuid(),
        contact.email(),
        contact.phone(),
        At(since),
    )
    .fetch_one(conn)
    .await?;
    Ok((row.of_person, row.to_contact))
}

/// How many links were sent to phones since a moment, whoever wanted them.
///
/// # Errors
/// When the database is away.
pub async fn texts(conn: &mut PgConnection, since: Timestamp) -> sqlx::Result<i64> {
    let count = sqlx::query_scalar!(
        "select count(*) from contact_letters where phone is not null and sent_at > $1",
        At(since),
    )
    .fetch_one(conn)
    .await?;
    Ok(count.unwrap_or(0))
}

/// Notes that a link is sent, with what it is known by.
///
/// # Errors
/// When the database refuses.
pub async fn note_letter(
    conn: &mut PgConnection,
    id: PersonId,
    (contact, hash): (&Contact, &[u8; 32]),
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into contact_letters (person_id, email, phone, token_hash, sent_at) values ($1, $2, $3, $4, $5)",
        id.uuid(),
        contact.email(),
        contact.phone(),
        hash.as_slice(),
        At(now),
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Forgets links that were sent before a moment.
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

/// Forgets what nobody confirmed in time.
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

/// What a link that was sent since a moment shows somebody to read, whoever wanted it: they named it and have not shown it to be theirs yet.
///
/// # Errors
/// When the database is away.
pub async fn shown(
    conn: &mut PgConnection,
    id: PersonId,
    hash: &[u8; 32],
    since: Timestamp,
) -> sqlx::Result<Option<Contact>> {
    let row = sqlx::query!(
        "select l.email, l.phone from contact_letters l join people p on p.id = $1
         where l.token_hash = $2 and l.sent_at > $3
           and ((p.email = l.email and p.email_proven_at is null) or (p.phone = l.phone and p.phone_proven_at is null))",
        id.uuid(),
        hash.as_slice(),
        At(since),
    )
    .fetch_optional(conn)
    .await?;
    row.map(|row| read(row.email, row.phone)).transpose()
}

/// What somebody named and was sent a link to that is still good.
///
/// # Errors
/// When the database is away.
pub async fn on_its_way(
    conn: &mut PgConnection,
    id: PersonId,
    now: Timestamp,
) -> sqlx::Result<Option<Contact>> {
    let row = sqlx::query!(
        "select c.email, c.phone from contact_changes c join people p on p.id = c.person_id
         where c.person_id = $1 and c.expires_at > $2
           and ((p.email = c.email and p.email_proven_at is null) or (p.phone = c.phone and p.phone_proven_at is null))",
        id.uuid(),
        At(now),
    )
    .fetch_optional(conn)
    .await?;
    row.map(|row| read(row.email, row.phone)).transpose()
}

/// What a link confirms, if it is this person's and good.
///
/// # Errors
/// When the database is away.
pub async fn wanted(
    conn: &mut PgConnection,
    id: PersonId,
    hash: &[u8; 32],
    now: Timestamp,
) -> sqlx::Result<Option<Contact>> {
    let row = sqlx::query!(
        "select email, phone from contact_changes where person_id = $1 and token_hash = $2 and expires_at > $3",
        id.uuid(),
        hash,
        At(now),
    )
    .fetch_optional(conn)
    .await?;
    row.map(|row| read(row.email, row.phone)).transpose()
}

/// Uses a link up and gives what it confirms.
///
/// # Errors
/// When the database refuses.
pub async fn take_wanted(
    conn: &mut PgConnection,
    id: PersonId,
    hash: &[u8; 32],
    now: Timestamp,
) -> sqlx::Result<Option<Contact>> {
    let row = sqlx::query!(
        "delete from contact_changes where person_id = $1 and token_hash = $2 and expires_at > $3 returning email, phone",
        id.uuid(),
        hash,
        At(now),
    )
    .fetch_optional(conn)
    .await?;
    row.map(|row| read(row.email, row.phone)).transpose()
}
