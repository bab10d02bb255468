//! All SQL of passkeys and their ceremonies. It needs the platform's door: a person is no business's.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{PasskeyId, PersonId};
use serde_json::Value;
use sqlx::PgConnection;
use webauthn_rs::prelude::Passkey;

use super::{Held, read};
use crate::db::{At, RowId as _};

/// Rows read at once; a person has fewer.
const MOST: i64 = 50;

/// What a ceremony is for: its answer is good for nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Whoever's key answers logs in.
    LogIn,
    /// Somebody makes a key, which will be called this.
    Make(PersonId, String),
    /// Somebody who is logged in proves once more that it is they.
    Prove(PersonId),
}

/// A ceremony's state.
#[derive(Clone, Debug)]
pub struct Ceremony {
    /// What it is for.
    pub purpose: Purpose,
    /// What the answer must fit, as the library writes it.
    pub state: Value,
}

/// Stores a ceremony.
///
/// # Errors
/// When the database refuses.
pub async fn begin(
    conn: &mut PgConnection,
    hash: &[u8; 32],
    ceremony: &Ceremony,
    until: Timestamp,
) -> sqlx::Result<()> {
    let (person, name) = match &ceremony.purpose {
        Purpose::LogIn => (None, None),
        Purpose::Make(person, name) => (Some(person), Some(name.as_str())),
        Purpose::Prove(person) => (Some(person), None),
    };
    sqlx::query!(
        "insert into ceremonies (token_hash, person_id, name, state, expires_at) values ($1, $2, $3, $4, $5)",
        hash.as_slice(),
        person.map(|person| person.uuid()),
        name,
        ceremony.state,
        At(until),
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Takes a ceremony away, and gives it if it is still good.
///
/// # Errors
/// When the database refuses, or the row is none.
pub async fn take(
    conn: &mut PgConnection,
    hash: &[u8; 32],
    now: Timestamp,
) -> sqlx::Result<Option<Ceremony>> {
    let row = sqlx::query!(
        "delete from ceremonies where token_hash = $1 returning person_id, name, state, expires_at",
        hash.as_slice(),
    )
    .fetch_optional(conn)
    .await?;
    let Some(row) = row.filter(|row| row.expires_at.0 > now) else {
        return Ok(None);
    };
    let purpose = match (row.person_id.map(PersonId::from_uuid), row.name) {
        (None, None) => Purpose::LogIn,
        (Some(person), Some(name)) => Purpose::Make(person, name),
        (Some(person), None) => Purpose::Prove(person),
        (None, Some(_)) => {
            return Err(sqlx::Error::Decode(
                "a row of ceremonies has a name and is nobody's".into(),
            ));
        }
    };
    Ok(Some(Ceremony {
        purpose,
        state: row.state,
    }))
}

/// Forgets ceremonies nobody answered.
///
/// # Errors
/// When the database refuses.
pub async fn forget_ceremonies(
    conn: &mut PgConnection,
    now: Timestamp,
    most: i64,
) -> sqlx::Result<u64> {
    let gone = sqlx::query!(
        "delete from ceremonies where token_hash in (select token_hash from ceremonies where expires_at <= $1 order by expires_at limit $2)",
        At(now),
        most,
    )
    .execute(conn)
    .await?;
    Ok(gone.rows_affected())
}

/// A passkey to be kept.
#[derive(Clone, Debug)]
pub struct NewKey<'a> {
    /// Its id.
    pub id: PasskeyId,
    /// Whose.
    pub person: PersonId,
    /// What the device calls it.
    pub credential: &'a [u8],
    /// As the library writes it.
    pub key: &'a Value,
    /// What its owner calls it.
    pub name: &'a str,
}

/// Keeps a passkey; says whether nobody has one of that credential.
///
/// # Errors
/// When the database refuses.
pub async fn insert(
    conn: &mut PgConnection,
    key: &NewKey<'_>,
    now: Timestamp,
) -> sqlx::Result<bool> {
    let kept = sqlx::query!(
        "insert into passkeys (id, person_id, credential_id, key, name, created_at) values ($1, $2, $3, $4, $5, $6)
         on conflict (credential_id) do nothing",
        key.id.uuid(),
        key.person.uuid(),
        key.credential,
        key.key,
        key.name,
        At(now),
    )
    .execute(conn)
    .await?;
    Ok(kept.rows_affected() == 1)
}

/// The passkeys of a person, as the library knows them.
///
/// # Errors
/// When the database is away, or a row is none.
pub async fn keys(conn: &mut PgConnection, person: PersonId) -> sqlx::Result<Vec<Passkey>> {
    let rows = sqlx::query_scalar!(
        "select key from passkeys where person_id = $1 order by created_at, id limit $2",
        person.uuid(),
        MOST,
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(read).collect()
}

/// The passkeys of a person, as their owner sees them.
///
/// # Errors
/// When the database is away.
pub async fn held(conn: &mut PgConnection, person: PersonId) -> sqlx::Result<Vec<Held>> {
    let rows = sqlx::query!(
        "select id, name, created_at, used_at from passkeys where person_id = $1 order by created_at, id limit $2",
        person.uuid(),
        MOST,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Held {
            id: PasskeyId::from_uuid(row.id),
            name: row.name,
            since: row.created_at.0,
            used: row.used_at.map(|at| at.0),
        })
        .collect())
}

/// A passkey that somebody used, as it is kept.
#[derive(Clone, Debug)]
pub struct Used {
    /// Its id.
    pub id: PasskeyId,
    /// When it was made.
    pub since: Timestamp,
    /// As the library knows it.
    pub key: Passkey,
}

/// One passkey of a person, locked: its counter moves.
///
/// # Errors
/// When the database is away, or the row is none.
pub async fn find(
    conn: &mut PgConnection,
    person: PersonId,
    credential: &[u8],
) -> sqlx::Result<Option<Used>> {
    let row = sqlx::query!(
        "select id, key, created_at from passkeys where person_id = $1 and credential_id = $2 for update",
        person.uuid(),
        credential,
    )
    .fetch_optional(conn)
    .await?;
    row.map(|row| {
        Ok(Used {
            id: PasskeyId::from_uuid(row.id),
            since: row.created_at.0,
            key: read(row.key)?,
        })
    })
    .transpose()
}

/// Notes that a passkey was used, and its counter.
///
/// # Errors
/// When the database refuses.
pub async fn used(
    conn: &mut PgConnection,
    id: PasskeyId,
    key: &Value,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update passkeys set key = $2, used_at = $3 where id = $1",
        id.uuid(),
        key,
        At(now),
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Removes a passkey of a person; gives the name of the one that is gone.
///
/// # Errors
/// When the database refuses.
pub async fn remove(
    conn: &mut PgConnection,
    person: PersonId,
    id: PasskeyId,
) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar!(
        "delete from passkeys where person_id = $1 and id = $2 returning name",
        person.uuid(),
        id.uuid(),
    )
    .fetch_optional(conn)
    .await
}
