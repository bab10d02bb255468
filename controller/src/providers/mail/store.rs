//! All SQL of letters that leave. One about a business is its tenant's; one about a person alone is the platform's.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{MailId, PersonId, ProviderId};
use mnara_protocol::portal::Language;
use sqlx::PgConnection;
use sqlx::types::Uuid;

use super::{Outcome, Reader};
use crate::db::{At, RowId as _};

/// A letter as it is stored.
#[derive(Clone, Debug)]
pub struct NewRow<'a> {
    /// Its id.
    pub id: MailId,
    /// The business it is about.
    pub provider: Option<ProviderId>,
    /// Who gets it.
    pub person: PersonId,
    /// What it is.
    pub kind: &'a str,
    /// What makes it the same news.
    pub once: Option<&'a str>,
    /// Address and letter, sealed.
    pub letter: &'a str,
    /// When it is of no use any more.
    pub drop_at: Timestamp,
}

/// Adds a letter; says whether this news was not told before.
///
/// # Errors
/// When the database refuses.
pub async fn insert(
    conn: &mut PgConnection,
    mail: &NewRow<'_>,
    now: Timestamp,
) -> sqlx::Result<bool> {
    let added = sqlx::query!(
        "insert into mails (id, provider_id, person_id, kind, once, letter, created_at, drop_at) values ($1, $2, $3, $4, $5, $6, $7, $8)
         on conflict (once) where once is not null do nothing",
        mail.id.uuid(),
        mail.provider.map(|provider| provider.uuid()),
        mail.person.uuid(),
        mail.kind,
        mail.once,
        mail.letter,
        At(now),
        At(mail.drop_at),
    )
    .execute(conn)
    .await?;
    Ok(added.rows_affected() == 1)
}

/// Which of these news were told already.
///
/// # Errors
/// When the database is away.
pub async fn told(conn: &mut PgConnection, once: &[String]) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar!(
        r#"select once as "once!" from mails where once is not null and once = any($1)"#,
        once,
    )
    .fetch_all(conn)
    .await
}

/// A letter that has not left.
#[derive(Clone)]
pub struct Waiting {
    /// Address and letter, sealed.
    pub letter: String,
    /// When it is of no use any more.
    pub drop_at: Timestamp,
}

/// Finds a letter that has not left.
///
/// # Errors
/// When the database is away.
pub async fn waiting(conn: &mut PgConnection, id: MailId) -> sqlx::Result<Option<Waiting>> {
    let row = sqlx::query!("select letter, drop_at from mails where id = $1", id.uuid())
        .fetch_optional(conn)
        .await?;
    Ok(row.and_then(|row| {
        Some(Waiting {
            letter: row.letter?,
            drop_at: row.drop_at.0,
        })
    }))
}

/// Notes what became of a letter, and forgets what it said.
///
/// # Errors
/// When the database refuses.
pub async fn end(
    conn: &mut PgConnection,
    id: MailId,
    outcome: Outcome,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update mails set letter = null, sent_at = case when $2 then $3::timestamptz end, given_up_at = case when not $2 then $3::timestamptz end
         where id = $1 and letter is not null",
        id.uuid(),
        outcome == Outcome::Sent,
        At(now) as At,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// When the last letter of a kind was written, if that was after a moment.
///
/// # Errors
/// When the database is away.
pub async fn last(
    conn: &mut PgConnection,
    kind: &str,
    after: Timestamp,
) -> sqlx::Result<Option<Timestamp>> {
    let last = sqlx::query_scalar!(
        "select max(created_at) from mails where kind = $1 and created_at > $2",
        kind,
        At(after),
    )
    .fetch_one(conn)
    .await?;
    Ok(last.map(|at| at.0))
}

/// How a person is written to, if they have an address.
///
/// # Errors
/// When the database is away.
pub async fn reader(conn: &mut PgConnection, person: PersonId) -> sqlx::Result<Option<Reader>> {
    // An address that somebody else has shown to be theirs is read by them.
    let row = sqlx::query!(
        r#"select name, language,
                  case when not exists (select from people other
                                        where other.email = p.email and other.id <> p.id and other.email_proven_at is not null)
                       then email end as "email?"
           from people p where id = $1"#,
        person.uuid()
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.and_then(|row| {
        Some(Reader {
            person,
            name: row.name,
            email: row.email?,
            language: spoken(&row.language),
        })
    }))
}

/// The language a column names.
#[must_use]
pub fn spoken(tag: &str) -> Language {
    Language::parse(tag).unwrap_or(Language::English)
}

/// Notes what a person reads.
///
/// # Errors
/// When the database refuses.
pub async fn speak(
    conn: &mut PgConnection,
    person: PersonId,
    language: Language,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update people set language = $2 where id = $1 and language <> $2",
        person.uuid(),
        language.tag(),
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Forgets letters that are long over.
///
/// # Errors
/// When the database refuses.
pub async fn forget(conn: &mut PgConnection, before: Timestamp, most: i64) -> sqlx::Result<u64> {
    let gone = sqlx::query!(
        "delete from mails where id in (select id from mails where created_at < $1 order by created_at limit $2)",
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
    after: Option<MailId>,
    limit: u16,
) -> sqlx::Result<Vec<(MailId, String)>> {
    let rows = sqlx::query!(
        r#"select id, letter as "sealed!" from mails where letter is not null and id > $1 order by id limit $2 for update"#,
        after.map_or(Uuid::nil(), |id| id.uuid()),
        i64::from(limit),
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (MailId::from_uuid(row.id), row.sealed))
        .collect())
}

/// Stores it sealed anew.
///
/// # Errors
/// When the database refuses.
pub async fn set_sealed(conn: &mut PgConnection, id: MailId, sealed: &str) -> sqlx::Result<()> {
    sqlx::query!(
        "update mails set letter = $2 where id = $1",
        id.uuid(),
        sealed
    )
    .execute(conn)
    .await
    .map(drop)
}
