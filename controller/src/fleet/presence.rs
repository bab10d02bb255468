//! Whether a site is up, as every replica can read it: the process that holds a link notes each minute that it still does.

use std::time::Duration;

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{AgentId, CommandId};
use sqlx::PgConnection;

use super::dispatch::Sender;
use super::store;
use crate::app::App;
use crate::db::{Reason, RowId as _};

/// How often it is noted.
pub(super) const EVERY: Duration = Duration::from_secs(60);
/// A site not heard of for so long is away: two notes were missed.
const AWAY_SECS: i64 = 150;
/// Links noted in one statement.
const CHUNK: usize = 1_000;

/// Whether a site that was last heard of then is up now.
#[must_use]
pub fn is_up(last_seen: Option<Timestamp>, now: Timestamp) -> bool {
    last_seen.is_some_and(|seen| seen.plus_secs(AWAY_SECS) > now)
}

/// A site last heard of then or earlier is away now.
#[must_use]
pub const fn away_before(now: Timestamp) -> Timestamp {
    Timestamp::from_secs(now.as_secs() - AWAY_SECS)
}

/// Notes that a link stands, in the hello's transaction, and how long the site had been away if it had.
pub(super) async fn back(
    app: &App,
    conn: &mut PgConnection,
    from: &Sender,
    seen: Option<Timestamp>,
) -> sqlx::Result<()> {
    let now = app.clock.now();
    if is_up(seen, now) {
        return Ok(());
    }
    store::link::set_up_since(conn, from.agent, now).await?;
    if let Some(seen) = seen {
        let id = CommandId::new(now, app.entropy.bytes());
        let secs = i64::try_from(now.since(seen).as_secs()).ok();
        let site = (from.provider, from.site);
        store::link::insert_event(conn, id.uuid(), site, "was-away", secs, (seen, now)).await?;
    }
    Ok(())
}

/// Notes that each link of this process is still held.
///
/// # Errors
/// When the database refuses.
pub async fn note(app: &App, held: &[(AgentId, u64)]) -> sqlx::Result<()> {
    for chunk in held.chunks(CHUNK) {
        let mut tx = app.db.platform(Reason::Link).await?;
        store::link::seen_all(&mut tx, chunk, app.clock.now()).await?;
        tx.commit().await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_site_is_away_when_two_notes_were_missed() {
        let seen = Timestamp::from_secs(1_800_000_000);
        assert!(is_up(Some(seen), seen.plus_secs(149)));
        assert!(!is_up(Some(seen), seen.plus_secs(150)));
        assert!(!is_up(None, seen));
    }
}
