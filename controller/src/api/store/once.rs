//! The answers kept for repeats.

use axum::http::StatusCode;
use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{CommandId, KeyId, ProviderId};
use sqlx::PgConnection;
use sqlx::types::Uuid;

use crate::api::made::Made;
use crate::db::{At, RowId as _};

/// A request's claim on its name.
#[derive(Clone, Debug)]
pub struct Claim {
    /// Whose.
    pub provider: ProviderId,
    /// By which key.
    pub key: KeyId,
    /// The name.
    pub name: String,
    /// When it was claimed, by which a claim taken over is told from this one.
    pub at: Timestamp,
    /// What sites were told for it before.
    pub commands: Vec<CommandId>,
}

/// Claims a name; says whether it was free.
///
/// # Errors
/// When the database refuses.
pub async fn claim(conn: &mut PgConnection, claim: &Claim, hash: &[u8; 32]) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "insert into idempotency_keys (provider_id, key_id, name, request_hash, claimed_at) values ($1, $2, $3, $4, $5)
         on conflict (key_id, name) do nothing",
        claim.provider.uuid(),
        claim.key.uuid(),
        claim.name,
        hash.as_slice(),
        At(claim.at),
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// What a name was claimed for before.
#[derive(Clone, Debug)]
pub struct Found {
    /// The request.
    pub hash: Vec<u8>,
    /// When.
    pub at: Timestamp,
    /// The answer, if there is one.
    pub made: Option<Made>,
    /// What sites were told for it.
    pub commands: Vec<CommandId>,
    /// Whether it ended without an answer, so that nobody works for it.
    pub is_let_go: bool,
}

/// Finds what a name was claimed for.
///
/// # Errors
/// When the database is away.
pub async fn find(conn: &mut PgConnection, claim: &Claim) -> sqlx::Result<Option<Found>> {
    let row = sqlx::query!(
        "select request_hash, claimed_at, status, location, body, commands, let_go from idempotency_keys
         where provider_id = $1 and key_id = $2 and name = $3",
        claim.provider.uuid(),
        claim.key.uuid(),
        claim.name,
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| Found {
        hash: row.request_hash,
        at: row.claimed_at.0,
        made: row.status.zip(row.body).map(|(status, body)| Made {
            status: u16::try_from(status)
                .ok()
                .and_then(|status| StatusCode::from_u16(status).ok())
                .unwrap_or(StatusCode::OK),
            location: row.location,
            body,
        }),
        commands: row
            .commands
            .unwrap_or_default()
            .into_iter()
            .map(CommandId::from_uuid)
            .collect(),
        is_let_go: row.let_go,
    }))
}

/// Takes a claim over that nobody works for any more; says whether it was still that one.
///
/// # Errors
/// When the database refuses.
pub async fn take_over(conn: &mut PgConnection, claim: &Claim, old: &Found) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "update idempotency_keys set claimed_at = $5, let_go = false
         where provider_id = $1 and key_id = $2 and name = $3 and claimed_at = $4 and let_go = $6 and status is null",
        claim.provider.uuid(),
        claim.key.uuid(),
        claim.name,
        At(old.at),
        At(claim.at),
        old.is_let_go,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Keeps the answer of a claim; says whether the claim still stood and had none.
///
/// # Errors
/// When the database refuses.
pub async fn keep(conn: &mut PgConnection, claim: &Claim, made: &Made) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "update idempotency_keys set status = $5, location = $6, body = $7
         where provider_id = $1 and key_id = $2 and name = $3 and claimed_at = $4 and status is null",
        claim.provider.uuid(),
        claim.key.uuid(),
        claim.name,
        At(claim.at),
        i32::from(made.status.as_u16()),
        made.location,
        made.body,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Writes what sites are told for a claim; says whether the claim still stood and had no answer.
///
/// # Errors
/// When the database refuses.
pub async fn tell(
    conn: &mut PgConnection,
    claim: &Claim,
    commands: &[CommandId],
) -> sqlx::Result<bool> {
    let ids: Vec<Uuid> = commands.iter().map(|id| id.uuid()).collect();
    let done = sqlx::query!(
        "update idempotency_keys set commands = $5
         where provider_id = $1 and key_id = $2 and name = $3 and claimed_at = $4 and status is null",
        claim.provider.uuid(),
        claim.key.uuid(),
        claim.name,
        At(claim.at),
        &ids,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// What sites were told for a claim that has no answer; the claim stays locked.
///
/// # Errors
/// When the database is away.
pub async fn told(conn: &mut PgConnection, claim: &Claim) -> sqlx::Result<Vec<CommandId>> {
    let ids = sqlx::query_scalar!(
        "select commands from idempotency_keys
         where provider_id = $1 and key_id = $2 and name = $3 and claimed_at = $4 and status is null for update",
        claim.provider.uuid(),
        claim.key.uuid(),
        claim.name,
        At(claim.at),
    )
    .fetch_optional(conn)
    .await?;
    let ids = ids.flatten().unwrap_or_default();
    Ok(ids.into_iter().map(CommandId::from_uuid).collect())
}

/// Gives a claim back that came to nothing.
///
/// # Errors
/// When the database refuses.
pub async fn release(conn: &mut PgConnection, claim: &Claim) -> sqlx::Result<()> {
    sqlx::query!(
        "delete from idempotency_keys where provider_id = $1 and key_id = $2 and name = $3 and claimed_at = $4 and status is null",
        claim.provider.uuid(),
        claim.key.uuid(),
        claim.name,
        At(claim.at),
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Lets a claim go that has no answer yet: the same request may take it over.
///
/// # Errors
/// When the database refuses.
pub async fn let_go(conn: &mut PgConnection, claim: &Claim) -> sqlx::Result<()> {
    sqlx::query!(
        "update idempotency_keys set let_go = true
         where provider_id = $1 and key_id = $2 and name = $3 and claimed_at = $4 and status is null",
        claim.provider.uuid(),
        claim.key.uuid(),
        claim.name,
        At(claim.at),
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Forgets what was claimed before a moment.
///
/// # Errors
/// When the database refuses.
pub async fn forget(
    conn: &mut PgConnection,
    provider: ProviderId,
    before: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "delete from idempotency_keys where provider_id = $1 and claimed_at <= $2",
        provider.uuid(),
        At(before),
    )
    .execute(conn)
    .await
    .map(drop)
}

/// When the oldest name was claimed that is kept.
///
/// # Errors
/// When the database is away.
pub async fn oldest(
    conn: &mut PgConnection,
    provider: ProviderId,
) -> sqlx::Result<Option<Timestamp>> {
    let oldest = sqlx::query_scalar!(
        "select min(claimed_at) from idempotency_keys where provider_id = $1",
        provider.uuid(),
    )
    .fetch_one(conn)
    .await?;
    Ok(oldest.map(|at| at.0))
}
