//! All SQL of how the registration of C2B addresses stands.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::ProviderId;
use sqlx::PgConnection;

use super::{Choice, Registration, State};
use crate::db::{At, RowId as _};
use crate::providers::limits::Limits;
use crate::rails::daraja::Version;

/// How it stands.
///
/// # Errors
/// When the database is away.
pub async fn registration(
    conn: &mut PgConnection,
    provider: ProviderId,
) -> sqlx::Result<Option<Registration>> {
    let row = sqlx::query!(
        r#"select shortcode, version, completes, state, said, at as "at: At", heard_at as "heard_at: At" from c2b_registrations
           where provider_id = $1"#,
        provider.uuid(),
    )
    .fetch_optional(conn)
    .await?;
    row.map(|row| {
        let bad = || {
            sqlx::Error::Decode(
                format!("c2b_registrations.state of {provider} is out of range").into(),
            )
        };
        Ok(Registration {
            shortcode: row.shortcode,
            version: if row.version == 1 {
                Version::Hashed
            } else {
                Version::Masked
            },
            completes: row.completes,
            state: State::parse(&row.state).ok_or_else(bad)?,
            said: row.said,
            at: row.at.0,
            heard: row.heard_at.map(|at| at.0),
        })
    })
    .transpose()
}

/// Notes that the rail is being asked. What was heard of another shortcode counts no more.
///
/// # Errors
/// When the database refuses.
pub async fn ask(
    conn: &mut PgConnection,
    provider: ProviderId,
    shortcode: &str,
    choice: Choice,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into c2b_registrations as r (provider_id, shortcode, version, completes, state, at) values ($1, $2, $3, $4, 'asked', $5)
         on conflict (provider_id) do update set shortcode = $2, version = $3, completes = $4, state = 'asked', said = null, at = $5,
             heard_at = case when r.shortcode = $2 then r.heard_at end",
        provider.uuid(),
        shortcode,
        i16::from(choice.version.number()),
        choice.completes,
        At(now),
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Writes what the rail said.
///
/// # Errors
/// When the database refuses.
pub async fn answered(
    conn: &mut PgConnection,
    provider: ProviderId,
    choice: Choice,
    (state, said): (State, Option<&str>),
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update c2b_registrations set state = $2, said = $3, version = $4, completes = $5, at = $6 where provider_id = $1",
        provider.uuid(),
        state.word(),
        said,
        i16::from(choice.version.number()),
        choice.completes,
        At(now),
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Notes that a payment by hand was told of; says whether that is news.
///
/// # Errors
/// When the database refuses.
pub async fn heard(
    conn: &mut PgConnection,
    provider: ProviderId,
    shortcode: &str,
    now: Timestamp,
) -> sqlx::Result<bool> {
    let known = sqlx::query_scalar!(
        r#"select heard_at is not null and shortcode = $2 as "heard!" from c2b_registrations where provider_id = $1"#,
        provider.uuid(),
        shortcode,
    )
    .fetch_optional(&mut *conn)
    .await?;
    if known == Some(true) {
        return Ok(false);
    }
    // Registered before there was a page for it, by whatever version.
    sqlx::query!(
        "insert into c2b_registrations as r (provider_id, shortcode, version, completes, state, at, heard_at) values ($1, $2, 2, true, 'before', $3, $3)
         on conflict (provider_id) do update set heard_at = $3, state = case when r.shortcode = $2 then r.state else 'before' end, shortcode = $2",
        provider.uuid(),
        shortcode,
        At(now),
    )
    .execute(conn)
    .await?;
    Ok(true)
}

/// How much a business takes.
///
/// # Errors
/// When the database is away.
pub async fn limits(conn: &mut PgConnection, provider: ProviderId) -> sqlx::Result<Limits> {
    let row = sqlx::query!(
        "select mpesa_least, mpesa_most, mpesa_most_a_day from providers where id = $1",
        provider.uuid(),
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map_or_else(Limits::default, |row| Limits {
        least: row.mpesa_least,
        most: row.mpesa_most,
        most_a_day: row.mpesa_most_a_day,
    }))
}

/// Sets how much a business takes.
///
/// # Errors
/// When the database refuses.
pub async fn set_limits(
    conn: &mut PgConnection,
    provider: ProviderId,
    limits: Limits,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update providers set mpesa_least = $2, mpesa_most = $3, mpesa_most_a_day = $4 where id = $1",
        provider.uuid(),
        limits.least,
        limits.most,
        limits.most_a_day,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Counts a prompt that M-PESA did not take for reasons of its own; says since when there are too many in a row, and whether that is news.
///
/// # Errors
/// When the database refuses.
pub async fn prompt_failed(
    conn: &mut PgConnection,
    provider: ProviderId,
    (too_many, now): (i32, Timestamp),
) -> sqlx::Result<bool> {
    let news = sqlx::query_scalar!(
        r#"update providers set prompts_failed = least(prompts_failed, 1000) + 1,
               no_prompts_since = case when prompts_failed + 1 >= $2 then coalesce(no_prompts_since, $3) end
           where id = $1 returning coalesce(no_prompts_since = $3, false) as "news!""#,
        provider.uuid(),
        too_many,
        At(now) as At,
    )
    .fetch_optional(conn)
    .await?;
    Ok(news == Some(true))
}

/// Notes that a prompt got through, or that it is time to try again; says whether that is news.
///
/// # Errors
/// When the database refuses.
pub async fn prompts_work(conn: &mut PgConnection, provider: ProviderId) -> sqlx::Result<bool> {
    let was_away = sqlx::query_scalar!(
        r#"with before as (select id, no_prompts_since from providers where id = $1 and (prompts_failed > 0 or no_prompts_since is not null) for update)
           update providers p set prompts_failed = 0, no_prompts_since = null from before where p.id = before.id
           returning before.no_prompts_since is not null as "away!""#,
        provider.uuid(),
    )
    .fetch_optional(conn)
    .await?;
    Ok(was_away == Some(true))
}

/// Since when no prompts get through, while none do.
///
/// # Errors
/// When the database is away.
pub async fn no_prompts_since(
    conn: &mut PgConnection,
    provider: ProviderId,
) -> sqlx::Result<Option<Timestamp>> {
    let since = sqlx::query_scalar!(
        r#"select no_prompts_since as "since: At" from providers where id = $1"#,
        provider.uuid(),
    )
    .fetch_optional(conn)
    .await?;
    Ok(since.flatten().map(|at| at.0))
}
