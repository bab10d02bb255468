//! Phones that told somebody of the business that they want no SMS of it, and those that may be written to again.

use mnara_protocol::ids::ProviderId;
use serde_json::json;
use sqlx::PgConnection;

use super::store::{self, ByWhom};
use crate::app::App;
use crate::audit::{Actor, Deed, record};
use crate::rails::msisdn::Msisdn;

/// Sends a phone no more, in the caller's transaction; one that gets none already stays as it is.
///
/// # Errors
/// When the database refuses.
pub async fn stop_in(
    app: &App,
    conn: &mut PgConnection,
    (provider, actor): (ProviderId, Actor),
    phone: Msisdn,
) -> sqlx::Result<()> {
    let now = app.clock.now();
    if !store::opt_out(conn, provider, phone, ByWhom::Staff, now).await? {
        return Ok(());
    }
    let deed = Deed {
        act: "sms-stop",
        subject: &phone.masked(),
        before: Some(json!({"sms": true})),
        after: Some(json!({"sms": false})),
    };
    record(app, conn, Some(provider), actor, deed).await
}

/// Lets a phone be written to again, in the caller's transaction.
///
/// # Errors
/// When the database refuses.
pub async fn start_in(
    app: &App,
    conn: &mut PgConnection,
    (provider, actor): (ProviderId, Actor),
    phone: Msisdn,
) -> sqlx::Result<()> {
    if !store::opt_in(conn, provider, phone).await? {
        return Ok(());
    }
    let deed = Deed {
        act: "sms-start",
        subject: &phone.masked(),
        before: Some(json!({"sms": false})),
        after: Some(json!({"sms": true})),
    };
    record(app, conn, Some(provider), actor, deed).await
}
