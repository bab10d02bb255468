//! Somebody of the platform looks at a business as its owner sees it. It is a state of their log-in, ends by itself, and both its beginning and
//! its end are lines of that business's own audit.
//!
//! That nothing can be changed meanwhile is the gate's affair.

use mnara_protocol::ids::{LogInId, ProviderId};
use serde_json::json;
use sqlx::PgConnection;

use super::{Visit, store};
use crate::app::App;
use crate::audit::{Actor, Deed, record};
use crate::db::Reason;

/// How long a look lasts.
const VIEW_SECS: i64 = 1_800;

/// Begins a look; says whether there is such a business and this browser looks at none.
///
/// # Errors
/// When the database refuses.
pub async fn begin(app: &App, visit: &Visit, provider: ProviderId) -> sqlx::Result<bool> {
    let until = app.clock.now().plus_secs(VIEW_SECS);
    let mut tx = app.db.platform(Reason::Login).await?;
    if !store::view(&mut tx, visit.log_in, provider, until).await? {
        return Ok(false);
    }
    let told = jiff::Timestamp::from_millisecond(until.as_millis()).map(|until| until.to_string());
    let deed = Deed {
        act: "view",
        subject: &provider.to_string(),
        before: None,
        after: told.ok().map(|until| json!({"until": until})),
    };
    let actor = Actor::Admin(visit.person);
    record(app, &mut tx, Some(provider), actor, deed).await?;
    tx.commit().await?;
    Ok(true)
}

/// Ends this browser's look; says which business it was.
///
/// # Errors
/// When the database refuses.
pub async fn end(app: &App, visit: &Visit) -> sqlx::Result<Option<ProviderId>> {
    let mut tx = app.db.platform(Reason::Login).await?;
    let actor = Actor::Admin(visit.person);
    let provider = close(app, &mut tx, visit.log_in, actor).await?;
    tx.commit().await?;
    Ok(provider)
}

/// Ends a log-in's look, if it has one, and writes that down.
///
/// # Errors
/// When the database refuses.
pub(super) async fn close(
    app: &App,
    conn: &mut PgConnection,
    log_in: LogInId,
    actor: Actor,
) -> sqlx::Result<Option<ProviderId>> {
    let provider = store::end_view(conn, log_in).await?;
    if let Some(provider) = provider {
        let deed = Deed {
            act: "view-end",
            subject: &provider.to_string(),
            before: None,
            after: None,
        };
        record(app, conn, Some(provider), actor, deed).await?;
    }
    Ok(provider)
}
