//! All SQL of the API's keys.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{KeyId, PersonId, ProviderId};
use sqlx::PgConnection;

use super::scopes::Scope;
use super::{Holder, Listed, MOST};
use crate::db::{At, RowId as _};
use crate::providers::rights::store as rights;
use crate::providers::state::State;

/// Scopes that this version does not know open nothing.
fn scopes(words: &[String]) -> Vec<Scope> {
    words.iter().filter_map(|word| word.parse().ok()).collect()
}

/// Adds a key, by its hash.
///
/// # Errors
/// When the database refuses.
pub async fn insert(
    conn: &mut PgConnection,
    provider: ProviderId,
    key: &Listed,
    hash: &[u8; 32],
    by: PersonId,
) -> sqlx::Result<()> {
    let scopes: Vec<String> = key
        .scopes
        .iter()
        .map(|scope| scope.word().to_owned())
        .collect();
    sqlx::query!(
        "insert into api_keys (id, provider_id, name, key_hash, ending, scopes, created_by, created_at, expires_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        key.id.uuid(),
        provider.uuid(),
        key.name,
        hash.as_slice(),
        key.ending,
        &scopes,
        by.uuid(),
        At(key.made),
        key.expires.map(At),
    )
    .execute(conn)
    .await
    .map(drop)
}

/// The keys of a business that are good, the newest first.
///
/// # Errors
/// When the database is away.
pub async fn list(
    conn: &mut PgConnection,
    provider: ProviderId,
    now: Timestamp,
) -> sqlx::Result<Vec<Listed>> {
    let rows = sqlx::query!(
        r#"select k.id, k.name, k.ending, k.scopes, k.created_at, k.used_at, k.expires_at, p.name as "by?"
           from api_keys k left join people p on p.id = k.created_by
           where k.provider_id = $1 and k.revoked_at is null and (k.expires_at is null or k.expires_at > $2)
           order by k.created_at desc, k.id desc limit $3"#,
        provider.uuid(),
        At(now),
        i64::try_from(MOST).unwrap_or(i64::MAX),
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Listed {
            id: KeyId::from_uuid(row.id),
            name: row.name,
            ending: row.ending,
            scopes: scopes(&row.scopes),
            by: row.by,
            made: row.created_at.0,
            used: row.used_at.map(|at| at.0),
            expires: row.expires_at.map(|at| at.0),
        })
        .collect())
}

/// Whether somebody made keys that are still good.
///
/// # Errors
/// When the database is away.
pub async fn are_left_by(
    conn: &mut PgConnection,
    provider: ProviderId,
    person: PersonId,
    now: Timestamp,
) -> sqlx::Result<bool> {
    let are = sqlx::query_scalar!(
        "select exists (select from api_keys where provider_id = $1 and created_by = $2 and revoked_at is null
                                              and (expires_at is null or expires_at > $3))",
        provider.uuid(),
        person.uuid(),
        At(now),
    )
    .fetch_one(conn)
    .await?;
    Ok(are.unwrap_or(false))
}

/// Finds a good key by its hash, and when it was last used. Needs the platform's door: a key names no business.
///
/// # Errors
/// When the database is away.
pub async fn find(
    conn: &mut PgConnection,
    hash: &[u8; 32],
    now: Timestamp,
) -> sqlx::Result<Option<(Holder, Option<Timestamp>)>> {
    let row = sqlx::query!(
        r#"select k.id, k.provider_id, k.name, k.scopes, k.used_at, k.expires_at, p.business_name, p.state,
                  r.due_at as "due_at?", r.restricted_from as "restricted_from?", r.features as "features?", r.most_sites as "most_sites?"
         from api_keys k join providers p on p.id = k.provider_id left join provider_rights r on r.provider_id = k.provider_id
         where k.key_hash = $1 and k.revoked_at is null and (k.expires_at is null or k.expires_at > $2)"#,
        hash.as_slice(),
        At(now),
    )
    .fetch_optional(conn)
    .await?;
    row.map(|row| {
        let state = row.state.parse::<State>().map_err(|_| {
            sqlx::Error::Decode(format!("{} in providers.state is no state", row.state).into())
        })?;
        let holder = Holder {
            key: KeyId::from_uuid(row.id),
            name: row.name,
            provider: ProviderId::from_uuid(row.provider_id),
            business: row.business_name,
            state,
            rights: rights::read(
                row.due_at,
                row.restricted_from,
                row.features,
                row.most_sites,
            ),
            scopes: scopes(&row.scopes),
            expires: row.expires_at.map(|at| at.0),
        };
        Ok((holder, row.used_at.map(|at| at.0)))
    })
    .transpose()
}

/// Notes that a key was used.
///
/// # Errors
/// When the database refuses.
pub async fn note_used(
    conn: &mut PgConnection,
    provider: ProviderId,
    key: KeyId,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update api_keys set used_at = $3 where provider_id = $1 and id = $2",
        provider.uuid(),
        key.uuid(),
        At(now),
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Takes a key back; gives its name if it was good.
///
/// # Errors
/// When the database refuses.
pub async fn revoke(
    conn: &mut PgConnection,
    provider: ProviderId,
    key: KeyId,
    now: Timestamp,
) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar!(
        "update api_keys set revoked_at = $3 where provider_id = $1 and id = $2 and revoked_at is null returning name",
        provider.uuid(),
        key.uuid(),
        At(now),
    )
    .fetch_optional(conn)
    .await
}
