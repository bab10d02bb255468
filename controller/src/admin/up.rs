//! Whether the platform is up, minute by minute: each process notes that it runs and can write. Whoever could not reach it all the same, because of
//! a network or a proxy in between, is not seen from here.

use std::time::Duration;

use mnara_protocol::clock::Timestamp;

use super::store::health;
use crate::app::App;
use crate::db::Reason;

/// How often it is noted, so that no minute is missed by a slow moment.
const EVERY: Duration = Duration::from_secs(20);

/// The minute a moment lies in.
#[must_use]
pub const fn minute(at: Timestamp) -> Timestamp {
    Timestamp::from_secs(at.as_secs().div_euclid(60) * 60)
}

/// Notes it until shutdown.
pub async fn watch(app: App) {
    loop {
        if let Err(error) = note(&app).await {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "it could not be noted that the platform is up"
            );
        }
        tokio::select! {
            () = app.shutdown.cancelled() => return,
            () = app.clock.sleep(EVERY) => {}
        }
    }
}

/// Notes that the platform is up now.
///
/// # Errors
/// When it is not.
pub async fn note(app: &App) -> sqlx::Result<()> {
    let mut tx = app.db.platform(Reason::Sweep).await?;
    health::note(&mut tx, minute(app.clock.now())).await?;
    tx.commit().await
}
