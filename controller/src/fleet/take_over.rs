//! Whether a link still is its agent's, and if not, whether another device took its place. Take-overs are counted where an older link finds
//! out: only there it is known that it stood, whichever processes hold the two.

use mnara_protocol::session::Refusal;
use sqlx::PgConnection;

use super::dispatch::Sender;
use super::store::link::lock_agent;
use super::store::take_over as store;
use crate::app::App;

/// Take-overs within [`WINDOW_SECS`] that mean two devices hold one key.
const TAKE_OVERS: i64 = 3;
const WINDOW_SECS: i64 = 600;

/// What becomes of a link that is not its agent's any more.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lost {
    /// What its device is told.
    pub(super) refusal: Refusal,
    /// Whether take-overs are so many that two devices must hold one key.
    pub(super) is_duplicate: bool,
}

/// Finds out whether a link is lost; while it is not, its agent's row stays locked until the transaction ends. To be committed either way.
pub(super) async fn lost(
    app: &App,
    conn: &mut PgConnection,
    by: &Sender,
) -> sqlx::Result<Option<Lost>> {
    let uncounted = |refusal| {
        Some(Lost {
            refusal,
            is_duplicate: false,
        })
    };
    let Some(known) = lock_agent(conn, by.agent).await? else {
        return Ok(uncounted(Refusal::UnknownAgent));
    };
    if known.is_revoked {
        return Ok(uncounted(Refusal::Revoked));
    }
    if known.epoch == by.epoch {
        return Ok(None);
    }
    // The same device came back from this one, whose line had died: it takes over from nobody.
    if by.epoch >= known.device_since {
        return Ok(uncounted(Refusal::Superseded));
    }
    let now = app.clock.now();
    let since = now.plus_secs(-WINDOW_SECS);
    let count = store::take_over(conn, by, (since, now), TAKE_OVERS).await?;
    Ok(Some(Lost {
        refusal: Refusal::Superseded,
        is_duplicate: count >= TAKE_OVERS,
    }))
}
