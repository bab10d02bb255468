//! Which key read codes that are worth money, in the audit beside the people who saw them on pages.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::TicketId;
use serde_json::{Value, json};
use sqlx::PgConnection;

use super::gate::Key;
use crate::app::App;
use crate::audit::{Deed, read, record};
use crate::reports::period::Day;

/// A program that watches one ticket reads its code again and again: once within this is enough to know.
const AGAIN_SECS: i64 = 3_600;
const ONE: &str = "code-seen";
const LISTS: &str = "codes-seen";

/// Writes down that a key reads codes of something in lists, once a day; says whether that is new.
///
/// A program that polls would fill the audit otherwise. So the line tells of a day in Nairobi, and counts nothing.
pub(super) async fn in_lists(
    app: &App,
    conn: &mut PgConnection,
    key: &Key,
    subject: &str,
) -> sqlx::Result<bool> {
    let day = Day::of(app.clock.now());
    if is_noted(conn, key, (LISTS, subject), day.begin()).await? {
        return Ok(false);
    }
    let after = json!({"as": "api", "day": day.date().to_string()});
    write(app, conn, key, (LISTS, subject), after).await?;
    Ok(true)
}

/// Writes down that a key read one ticket's code, once an hour. Says whether it is new.
pub(super) async fn alone(
    app: &App,
    conn: &mut PgConnection,
    key: &Key,
    id: TicketId,
) -> sqlx::Result<bool> {
    let since = app.clock.now().plus_secs(-AGAIN_SECS);
    let subject = id.to_string();
    if is_noted(conn, key, (ONE, &subject), since).await? {
        return Ok(false);
    }
    let after = json!({"as": "api", "count": 1});
    write(app, conn, key, (ONE, &subject), after).await?;
    Ok(true)
}

async fn is_noted(
    conn: &mut PgConnection,
    key: &Key,
    what: (&str, &str),
    since: Timestamp,
) -> sqlx::Result<bool> {
    read::has_done(conn, key.provider(), key.actor(), what, since).await
}

async fn write(
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
