//! A question about a payment that is to be put to the rail. One job a payment; its key is the payment's id, so asking for the same twice is
//! one question. [`super::sweep`] puts it.

use std::time::Duration;

use mnara_protocol::clock::Timestamp;
use serde_json::json;
use sqlx::PgConnection;

use super::Payment;
use crate::app::App;
use crate::jobs::{self, NewJob};

/// The name of the job in the table.
pub const ASK: &str = "ask-rail";
/// When a silent prompt is asked about first: most are answered by then.
pub const FIRST: Duration = Duration::from_secs(18);
/// How often what stays silent is asked about.
pub const QUARTER: Duration = Duration::from_secs(15 * 60);

/// Has the rail asked about a payment, in the caller's transaction.
///
/// # Errors
/// When the database refuses.
pub async fn ask_at(
    app: &App,
    conn: &mut PgConnection,
    payment: &Payment,
    at: Timestamp,
) -> sqlx::Result<()> {
    let job = NewJob {
        kind: ASK,
        key: &payment.id.to_string(),
        payload: json!({}),
        run_at: at,
    };
    jobs::enqueue(conn, Some(payment.provider), job, app).await
}
