//! Whether a site is up, as every replica can read it: the process that holds a link notes each minute that it still does.

use std::time::Duration;

use mnara_protocol::clock::Timestamp;

use super::hub::Hub;
use super::store;
use crate::app::App;
use crate::db::Reason;

/// How often it is noted.
const EVERY: Duration = Duration::from_secs(60);
/// A site not heard of for so long is away: two notes were missed.
const AWAY_SECS: i64 = 150;
/// Links noted in one statement.
const CHUNK: usize = 1_000;

/// Whether a site that was last heard of then is up now.
#[must_use]
pub fn is_up(last_seen: Option<Timestamp>, now: Timestamp) -> bool {
    last_seen.is_some_and(|seen| seen.plus_secs(AWAY_SECS) > now)
}

/// Whoever was last heard of at this moment or before is away.
#[must_use]
pub fn away_since(now: Timestamp) -> Timestamp {
    now.plus_secs(-AWAY_SECS)
}

/// Notes the links of this process until shutdown.
pub(super) async fn note_links(app: App, hub: Hub) {
    loop {
        tokio::select! {
            () = app.shutdown.cancelled() => return,
            () = app.clock.sleep(EVERY) => {}
        }
        if let Err(error) = note(&app, &hub).await {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "it was not noted which sites are up"
            );
        }
    }
}

/// Notes that each link of this process is still held.
///
/// # Errors
/// When the database refuses.
pub async fn note(app: &App, hub: &Hub) -> sqlx::Result<()> {
    for chunk in hub.held().chunks(CHUNK) {
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
