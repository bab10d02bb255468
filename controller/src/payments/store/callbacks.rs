//! All SQL of callbacks: every authenticated body as it came, and a capped ring of those that no secret vouched for.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::CallbackId;
use sqlx::PgConnection;
use sqlx::types::Uuid;

use crate::db::{At, RowId};

/// A body that came to a secret address.
#[derive(Clone, Debug)]
pub struct NewCallback {
    /// Its id, and its job's key.
    pub id: CallbackId,
    /// SHA-256 of the secret in the address.
    pub secret_hash: [u8; 32],
    /// SHA-256 of the body.
    pub body_hash: [u8; 32],
    /// The body, as it came.
    pub body: Vec<u8>,
    /// Who sent it.
    pub source: String,
    /// When.
    pub received_at: Timestamp,
}

/// What became of one body of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// It was new.
    New,
    /// The same body came before.
    Duplicate,
    /// No payment, request or provider has this secret.
    Stranger,
}

/// Keeps a batch of bodies in one statement, with a job for each new one. A secret nobody has is not kept.
///
/// Secrets are looked up one by one: as `exists` they may become a walk over all payments. Rows go in in the order of their keys, so that two
/// batches cannot wait for each other.
///
/// # Errors
/// When the database refuses; nothing of the batch is kept then.
pub async fn insert_callbacks(
    conn: &mut PgConnection,
    batch: &[NewCallback],
    job_ids: &[Uuid],
    kind: &str,
) -> sqlx::Result<Vec<Kept>> {
    let ids: Vec<Uuid> = batch.iter().map(|one| one.id.uuid()).collect();
    let secrets: Vec<Vec<u8>> = batch.iter().map(|one| one.secret_hash.to_vec()).collect();
    let hashes: Vec<Vec<u8>> = batch.iter().map(|one| one.body_hash.to_vec()).collect();
    let bodies: Vec<Vec<u8>> = batch.iter().map(|one| one.body.clone()).collect();
    let sources: Vec<String> = batch.iter().map(|one| one.source.clone()).collect();
    let times: Vec<At> = batch.iter().map(|one| At(one.received_at)).collect();
    let rows = sqlx::query!(
        r#"with arrived as (
             select * from unnest($1::uuid[], $2::bytea[], $3::bytea[], $4::bytea[], $5::text[], $6::timestamptz[], $7::uuid[])
               with ordinality as a (id, secret_hash, body_hash, body, source, received_at, job_id, place)
           ), known as (
             select a.* from arrived a
             where coalesce((select true from payments p where p.secret_hash = a.secret_hash limit 1),
                            (select true from c2b_secrets s where s.secret_hash = a.secret_hash limit 1),
                            (select true from mpesa_requests r where r.result_hash = a.secret_hash limit 1),
                            (select true from mpesa_requests r where r.time_out_hash = a.secret_hash limit 1), false)
           ), kept as (
             insert into callbacks (id, secret_hash, body_hash, body, source, received_at)
             select id, secret_hash, body_hash, body, source::inet, received_at from known order by secret_hash, body_hash, place
             on conflict (secret_hash, body_hash) do nothing
             returning id
           ), jobs as (
             insert into jobs (id, provider_id, kind, unique_key, payload, run_at, attempts, created_at)
             select k.job_id, null, $8, k.id::text, '{}', k.received_at, 0, k.received_at from known k join kept using (id)
             returning id
           )
           select exists (select from kept where kept.id = a.id) as "kept!", exists (select from known where known.id = a.id) as "known!",
                  (select count(*) from jobs) as "jobs!"
           from arrived a order by a.place"#,
        &ids,
        &secrets,
        &hashes,
        &bodies,
        &sources,
        times.as_slice() as &[At],
        job_ids,
        kind,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| match (row.known, row.kept) {
            (false, _) => Kept::Stranger,
            (true, false) => Kept::Duplicate,
            (true, true) => Kept::New,
        })
        .collect())
}

/// A callback nobody has looked at yet.
#[derive(Clone, Debug)]
pub struct Waiting {
    /// Its id.
    pub id: CallbackId,
    /// SHA-256 of the secret it came to.
    pub secret_hash: Vec<u8>,
    /// Its body.
    pub body: Vec<u8>,
    /// The address it came from.
    pub source: String,
    /// When it came.
    pub received_at: Timestamp,
}

/// Finds a callback nobody has looked at yet.
///
/// # Errors
/// When the database is away.
pub async fn callback(conn: &mut PgConnection, id: CallbackId) -> sqlx::Result<Option<Waiting>> {
    let row = sqlx::query!(
        r#"select secret_hash, body, host(source) as "source!", received_at from callbacks where id = $1 and handled_at is null for update"#,
        id.uuid(),
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| Waiting {
        id,
        secret_hash: row.secret_hash,
        body: row.body,
        source: row.source,
        received_at: row.received_at.0,
    }))
}

/// Notes what became of a callback.
///
/// # Errors
/// When the database refuses.
pub async fn close_callback(
    conn: &mut PgConnection,
    id: CallbackId,
    outcome: &str,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update callbacks set handled_at = $2, outcome = $3 where id = $1 and handled_at is null",
        id.uuid(),
        At(now),
        outcome,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Keeps a body without a secret in the ring, over the oldest.
///
/// # Errors
/// When the database refuses.
pub async fn keep_stray(
    conn: &mut PgConnection,
    provider: &str,
    body: &[u8],
    source: &str,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into strays (slot, provider_id_text, body, source, received_at)
         values (nextval('strays_slot'), left($1, 64), substring($2::bytea from 1 for 16384), $3::text::inet, $4)
         on conflict (slot) do update
         set provider_id_text = excluded.provider_id_text, body = excluded.body, source = excluded.source, received_at = excluded.received_at",
        provider,
        body,
        source,
        At(now),
    )
    .execute(conn)
    .await
    .map(drop)
}
