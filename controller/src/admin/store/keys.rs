//! Since when keys are in use, and how far what is stored was sealed anew.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::ProviderId;
use sqlx::PgConnection;

use crate::db::{At, RowId as _};
use crate::vault::Fingerprint;

/// How far everything was sealed anew with a key.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// Businesses up to this one are done.
    pub after: Option<ProviderId>,
    /// Whether the platform's own secrets are.
    pub is_platform_done: bool,
    /// When all was, if it is.
    pub done: Option<Timestamp>,
}

/// How far it was done with a key; one that was never seen is noted.
///
/// # Errors
/// When the database refuses.
pub async fn progress(
    conn: &mut PgConnection,
    mark: [u8; 32],
    now: Timestamp,
) -> sqlx::Result<Progress> {
    sqlx::query!(
        "insert into vault_keys (mark, first_seen_at, is_platform_sealed, pass_began_at) values ($1, $2, false, $2)
         on conflict (mark) do update set pass_began_at = excluded.pass_began_at
         where vault_keys.pass_began_at is null and not vault_keys.is_platform_sealed",
        &mark[..],
        At(now),
    )
    .execute(&mut *conn)
    .await?;
    let row = sqlx::query!(
        "select sealed_after, is_platform_sealed, sealed_at from vault_keys where mark = $1",
        &mark[..]
    )
    .fetch_one(conn)
    .await?;
    Ok(Progress {
        after: row.sealed_after.map(ProviderId::from_uuid),
        is_platform_done: row.is_platform_sealed,
        done: row.sealed_at.map(|at| at.0),
    })
}

/// Has a key that went through everything begin again.
///
/// # Errors
/// When the database refuses.
pub async fn begin_again(
    conn: &mut PgConnection,
    mark: [u8; 32],
    now: Timestamp,
) -> sqlx::Result<Progress> {
    sqlx::query!(
        "update vault_keys set sealed_after = null, is_platform_sealed = false, sealed_at = null, pass_began_at = $2, found = 0
         where mark = $1",
        &mark[..],
        At(now),
    )
    .execute(conn)
    .await?;
    Ok(Progress {
        after: None,
        is_platform_done: false,
        done: None,
    })
}

/// Notes how far it went and how much an older key had sealed. A key that was first before, and is again, begins anew once another was at it.
///
/// # Errors
/// When the database refuses.
pub async fn went_on(
    conn: &mut PgConnection,
    mark: [u8; 32],
    (after, found): (Option<ProviderId>, u32),
    done: Option<Timestamp>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update vault_keys set sealed_after = $2, is_platform_sealed = true, sealed_at = $3::timestamptz, found = found + $4,
             clear_since = case when found + $4 > 0 then null when $3::timestamptz is null then clear_since else pass_began_at end
         where mark = $1",
        &mark[..],
        after.map(|id| id.uuid()),
        done.map(At) as Option<At>,
        i64::from(found),
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "update vault_keys set sealed_after = null, is_platform_sealed = false, sealed_at = null, pass_began_at = null, found = 0, clear_since = null
         where mark <> $1 and is_platform_sealed",
        &mark[..]
    )
    .execute(conn)
    .await
    .map(drop)
}

/// When the last whole pass with a key began, if it found nothing that another had sealed.
///
/// # Errors
/// When the database is away.
pub async fn clear_since(
    conn: &mut PgConnection,
    mark: [u8; 32],
) -> sqlx::Result<Option<Timestamp>> {
    let found = sqlx::query_scalar!(
        "select clear_since from vault_keys where mark = $1",
        &mark[..]
    )
    .fetch_optional(conn)
    .await?;
    Ok(found.flatten().map(|at| at.0))
}

/// Since when the platform's own keys are in use: the one that seals, and the one sites know it by.
///
/// # Errors
/// When the database is away.
pub async fn platform(
    conn: &mut PgConnection,
    mark: [u8; 32],
) -> sqlx::Result<(Option<Timestamp>, Option<Timestamp>)> {
    let row = sqlx::query!(
        r#"select (select first_seen_at from vault_keys where mark = $1) as vault,
                  (select created_at from identity_keys where role = 'current') as identity"#,
        &mark[..]
    )
    .fetch_one(conn)
    .await?;
    Ok((row.vault.map(|at| at.0), row.identity.map(|at| at.0)))
}

/// Notes a key of the platform at somebody else; one that is there already keeps its time.
///
/// # Errors
/// When the database refuses.
pub async fn note_account(
    conn: &mut PgConnection,
    name: &str,
    print: &Fingerprint,
    now: Timestamp,
) -> sqlx::Result<()> {
    let older = older_marks(print);
    sqlx::query!(
        "insert into account_keys (name, mark, since) values ($1, $2, $3)
         on conflict (name) do update set mark = excluded.mark,
             since = case when account_keys.mark = any($4::bytea[]) then account_keys.since else excluded.since end
         where account_keys.mark <> excluded.mark",
        name,
        &print.mark[..],
        At(now),
        &older as &[Vec<u8>],
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Since when a key of the platform at somebody else is in use, if it was noted.
///
/// # Errors
/// When the database is away.
pub async fn account_since(
    conn: &mut PgConnection,
    name: &str,
    print: &Fingerprint,
) -> sqlx::Result<Option<Timestamp>> {
    let older = older_marks(print);
    let since = sqlx::query_scalar!(
        "select since from account_keys where name = $1 and (mark = $2 or mark = any($3::bytea[]))",
        name,
        &print.mark[..],
        &older as &[Vec<u8>],
    )
    .fetch_optional(conn)
    .await?;
    Ok(since.map(|at| at.0))
}

fn older_marks(print: &Fingerprint) -> Vec<Vec<u8>> {
    print.older.iter().map(|mark| mark.to_vec()).collect()
}

/// A key of a business that is in use for long.
#[derive(Clone, Debug)]
pub struct Old {
    /// `mpesa`, `operator`, `api` or `webhook`.
    pub kind: String,
    /// What it is called.
    pub name: String,
    /// Since when.
    pub since: Timestamp,
}

/// The next businesses that have keys in use since before a moment, by id.
///
/// # Errors
/// When the database is away.
pub async fn businesses(
    conn: &mut PgConnection,
    before: Timestamp,
    now: Timestamp,
    after: Option<ProviderId>,
    most: i64,
) -> sqlx::Result<Vec<ProviderId>> {
    let rows = sqlx::query_scalar!(
        r#"select p.id from providers p
           where ($3::uuid is null or p.id > $3) and p.state = 'active'
             and (p.mpesa_since < $1
                  or exists (select from mpesa_operators m where m.provider_id = p.id and m.since < $1)
                  or exists (select from api_keys k where k.provider_id = p.id and k.created_at < $1 and k.revoked_at is null
                                 and (k.expires_at is null or k.expires_at > $2))
                  or exists (select from webhook_endpoints e where e.provider_id = p.id and coalesce(e.secret_at, e.created_at) < $1 and e.removed_at is null and e.enabled))
           order by p.id limit $4"#,
        At(before),
        At(now),
        after.map(|id| id.uuid()),
        most,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(ProviderId::from_uuid).collect())
}

/// The keys of a business that are in use since before a moment.
///
/// # Errors
/// When the database is away.
pub async fn old(
    conn: &mut PgConnection,
    provider: ProviderId,
    before: Timestamp,
    now: Timestamp,
) -> sqlx::Result<Vec<Old>> {
    let rows = sqlx::query!(
        r#"select 'mpesa' as "kind!", '' as "name!", mpesa_since as "since!" from providers where id = $1 and mpesa_since < $2
           union all
           select 'operator', initiator, since from mpesa_operators where provider_id = $1 and since < $2
           union all
           select 'api', name, created_at from api_keys
           where provider_id = $1 and created_at < $2 and revoked_at is null and (expires_at is null or expires_at > $3)
           union all
           select 'webhook', url, coalesce(secret_at, created_at) from webhook_endpoints
           where provider_id = $1 and coalesce(secret_at, created_at) < $2 and removed_at is null and enabled
           order by 3, 1, 2 limit 100"#,
        provider.uuid(),
        At(before),
        At(now),
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Old {
            kind: row.kind,
            name: row.name,
            since: row.since.0,
        })
        .collect())
}
