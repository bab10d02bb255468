//! Jobs of which there is always one: what has to be done again and again, as long as some process runs.

use sqlx::types::JsonValue;

use super::{NewJob, enqueue};
use crate::app::App;
use crate::db::Reason;

/// Sees to it that there is one job of each of these kinds, due now; their handlers come back for ever.
///
/// # Errors
/// When the database refuses.
pub async fn stand(app: &App, kinds: &'static [&'static str]) -> Result<(), sqlx::Error> {
    let mut tx = app.db.platform(Reason::Jobs).await?;
    for kind in kinds {
        let job = NewJob {
            kind,
            key: "",
            payload: JsonValue::Null,
            run_at: app.clock.now(),
        };
        enqueue(&mut tx, None, job, app).await?;
    }
    tx.commit().await
}
