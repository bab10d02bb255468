//! Taking away what is over. Each statement takes a bounded number of rows by an index, and what another process has just taken is skipped.

use mnara_protocol::clock::Timestamp;
use sqlx::PgConnection;

use crate::db::At;
use crate::payments::hand::store as hand;
use crate::providers::sms::store as texts;

/// Bodies of callbacks that were dealt with.
///
/// # Errors
/// When the database refuses.
pub async fn callbacks(conn: &mut PgConnection, before: Timestamp, most: i64) -> sqlx::Result<u64> {
    let gone = sqlx::query!(
        "delete from callbacks where id in
            (select id from callbacks where handled_at is not null and received_at < $1 order by received_at limit $2 for update skip locked)",
        At(before),
        most,
    )
    .execute(conn)
    .await?;
    Ok(gone.rows_affected())
}

/// Work that was given up.
///
/// # Errors
/// When the database refuses.
pub async fn jobs(conn: &mut PgConnection, before: Timestamp, most: i64) -> sqlx::Result<u64> {
    let gone = sqlx::query!(
        "delete from jobs where id in
            (select id from jobs where dead_at < $1 and not (unique_key = '' and provider_id is null) order by dead_at limit $2
             for update skip locked)",
        At(before),
        most,
    )
    .execute(conn)
    .await?;
    Ok(gone.rows_affected())
}

/// Who took all data out.
///
/// # Errors
/// When the database refuses.
pub async fn exports(conn: &mut PgConnection, before: Timestamp, most: i64) -> sqlx::Result<u64> {
    let gone = sqlx::query!(
        "delete from exports where id in (select id from exports where expires_at < $1 order by expires_at limit $2 for update skip locked)",
        At(before),
        most,
    )
    .execute(conn)
    .await?;
    Ok(gone.rows_affected())
}

/// SMS.
///
/// # Errors
/// When the database refuses.
pub async fn texts(
    conn: &mut PgConnection,
    before: Timestamp,
    now: Timestamp,
    most: i64,
) -> sqlx::Result<u64> {
    texts::forget(conn, before, now, most).await
}

/// Wishes of buyers.
///
/// # Errors
/// When the database refuses.
pub async fn wishes(conn: &mut PgConnection, before: Timestamp, most: i64) -> sqlx::Result<u64> {
    texts::forget_wishes(conn, before, most).await
}

/// What devices were to pay by hand.
///
/// # Errors
/// When the database refuses.
pub async fn expected(conn: &mut PgConnection, before: Timestamp, most: i64) -> sqlx::Result<u64> {
    hand::forget_expected(conn, before, most).await
}

/// Devices that paid by hand.
///
/// # Errors
/// When the database refuses.
pub async fn hand_codes(
    conn: &mut PgConnection,
    before: Timestamp,
    most: i64,
) -> sqlx::Result<u64> {
    hand::forget(conn, before, most).await
}

/// News to programs that arrived or were given up: nothing is sent any more to an address that is gone, so nothing else would take them away.
///
/// # Errors
/// When the database refuses.
pub async fn news(conn: &mut PgConnection, before: Timestamp, most: i64) -> sqlx::Result<u64> {
    let gone = sqlx::query!(
        "delete from webhook_deliveries where id in
            (select id from webhook_deliveries where created_at < $1 and (delivered_at is not null or dead_at is not null)
             order by created_at limit $2 for update skip locked)",
        At(before),
        most,
    )
    .execute(conn)
    .await?;
    Ok(gone.rows_affected())
}

/// Commands to sites, also to those that are told nothing more.
///
/// # Errors
/// When the database refuses.
pub async fn commands(conn: &mut PgConnection, before: Timestamp, most: i64) -> sqlx::Result<u64> {
    let gone = sqlx::query!(
        "delete from commands where id in (select id from commands where created_at < $1 order by created_at limit $2 for update skip locked)",
        At(before),
        most,
    )
    .execute(conn)
    .await?;
    Ok(gone.rows_affected())
}
