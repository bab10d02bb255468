//! Which key read codes that are worth money, in the audit beside the people who saw them on pages.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::TicketId;
use serde_json::Value;
use sqlx::PgConnection;

use super::gate::Key;
use super::store::series as store;
use crate::app::App;
use crate::audit::{Deed, record};

/// A program that watches one ticket reads its code again and again: once within this is enough to know.
const AGAIN_SECS: i64 = 3_600;

/// Writes down that a key read codes of something: what it did, and of what.
pub(super) async fn note(
    app: &App,
    conn: &mut PgConnection,
    key: &Key,
    (act, subject): (&'static str, &str),
    after: Value,
) -> sqlx::Result<()> {
    let deed = Deed {
        act,
        subject,
        before: None,
        after: Some(after),
    };
    record(app, conn, Some(key.provider()), key.actor(), deed).await
}

/// Whether it is written down of the last hour that a key read a ticket's code.
pub(super) async fn has_seen(
    conn: &mut PgConnection,
    key: &Key,
    id: TicketId,
    now: Timestamp,
) -> sqlx::Result<bool> {
    let since = now.plus_secs(-AGAIN_SECS);
    store::has_seen(conn, key.provider(), key.holder().key, id, since).await
}
