//! All SQL of what follows a restore. Needs the platform's door.

use mnara_protocol::clock::Timestamp;
use sqlx::PgConnection;

use crate::db::At;

/// Raises every revision of every feed to a base, or past the newest where that is higher, keeping their order; the base is the floor then.
/// Says how many sites there are.
///
/// # Errors
/// When the database refuses.
pub async fn raise_feeds(conn: &mut PgConnection, base: i64) -> sqlx::Result<u64> {
    // All feeds of all sites: it may take longer than any request.
    sqlx::query("set local statement_timeout = 0")
        .execute(&mut *conn)
        .await?;
    sqlx::query!(
        "update site_feed f set revision = f.revision - s.feed_floor + greatest($1, s.feed_revision + 1)
         from sites s where s.provider_id = f.provider_id and s.id = f.site_id",
        base,
    )
    .execute(&mut *conn)
    .await?;
    let sites = sqlx::query!(
        "update sites set feed_revision = feed_revision - feed_floor + greatest($1, feed_revision + 1),
                feed_floor = greatest($1, feed_revision + 1)",
        base,
    )
    .execute(conn)
    .await?;
    Ok(sites.rows_affected())
}

/// Raises the numbers of all links, so that none that was given out before is good. Says how many agents there are.
///
/// # Errors
/// When the database refuses.
pub async fn raise_epochs(conn: &mut PgConnection, base: i64) -> sqlx::Result<u64> {
    let agents = sqlx::query!(
        "update agents set link_epoch = greatest($1, link_epoch + 1)",
        base
    )
    .execute(conn)
    .await?;
    Ok(agents.rows_affected())
}

/// Ends all claim codes nobody has spent as far as is known. Says how many were good.
///
/// # Errors
/// When the database refuses.
pub async fn spoil_claims(conn: &mut PgConnection, now: Timestamp) -> sqlx::Result<u64> {
    let claims = sqlx::query!(
        "update claims set expires_at = $1 where spent_by is null and expires_at > $1",
        At(now),
    )
    .execute(conn)
    .await?;
    Ok(claims.rows_affected())
}
