//! Whether whoever signs up is in business at once: a rule the platform's admins set. Who is not waits for them, and they are told.

use mnara_protocol::clock::Timestamp;
use serde_json::json;
use sqlx::PgConnection;

use super::state::State;
use super::store;
use crate::app::App;
use crate::jobs::{NewJob, enqueue};

/// The kind of the job that tells the platform's staff who waits for them.
pub const TELL: &str = "sign-up-notices";

/// How a business stands that signs up now.
///
/// # Errors
/// When the database is away.
pub async fn admit(conn: &mut PgConnection, now: Timestamp) -> sqlx::Result<State> {
    let rule = store::admission(conn).await?;
    let since = Timestamp::from_secs(now.as_secs() - 86_400);
    Ok(rule.judge(store::opened_since(conn, since).await?))
}

/// Has the platform's staff told that somebody waits, in the caller's transaction; they hear of it by mail alone.
///
/// # Errors
/// When the database refuses.
pub async fn tell(app: &App, conn: &mut PgConnection) -> sqlx::Result<()> {
    if !app.rails.mail.is_set_up() {
        return Ok(());
    }
    let job = NewJob {
        kind: TELL,
        key: "platform",
        payload: json!({}),
        run_at: app.clock.now(),
    };
    enqueue(conn, None, job, app).await
}
