//! Sending a text again whose answer was lost: it may be on the phone already, and is charged once more, so only who asks for it decides that.

use mnara_protocol::ids::{ProviderId, SmsId};
use serde_json::json;
use sqlx::PgConnection;
use thiserror::Error;

use super::{hand_over, store};
use crate::app::App;
use crate::audit::{Actor, Deed, record};

/// Why a text was not sent again.
#[derive(Debug, Error)]
pub enum NotAgain {
    /// There is none such.
    #[error("there is no such SMS")]
    Missing,
    /// Its answer was not lost, or it is of no use any more.
    #[error("the SMS is over")]
    Over,
    /// The database refused.
    #[error("the SMS could not be sent again")]
    Database(#[from] sqlx::Error),
}

/// Sends a text again, in the caller's transaction.
///
/// # Errors
/// [`NotAgain`].
pub async fn send_again_in(
    app: &App,
    conn: &mut PgConnection,
    (provider, actor): (ProviderId, Actor),
    id: SmsId,
) -> Result<(), NotAgain> {
    let now = app.clock.now();
    if store::lock(conn, provider, id).await?.is_none() {
        return Err(NotAgain::Missing);
    }
    if !store::again(conn, provider, id, now).await? {
        return Err(NotAgain::Over);
    }
    hand_over(app, conn, provider, id, now).await?;
    let deed = Deed {
        act: "sms-again",
        subject: &id.to_string(),
        before: Some(json!({"status": "unknown"})),
        after: Some(json!({"status": "waiting"})),
    };
    record(app, conn, Some(provider), actor, deed).await?;
    Ok(())
}
