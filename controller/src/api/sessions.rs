//! `/api/v1/sessions`: who was online when, and how much they moved.

use axum::extract::State;
use futures_util::FutureExt as _;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::cursor::{Asked, List, listed};
use super::gate::Key;
use super::operation::Operation;
use super::store::sessions::{self as store, Filter};
use super::types::asked as asked_id;
use crate::app::App;
use crate::web::{Answer, Json, show};

/// One stretch of a device being online.
#[derive(Debug, Serialize, ToSchema)]
pub struct Session {
    /// Its id.
    id: String,
    /// Where.
    site_id: String,
    /// With which ticket.
    ticket_id: String,
    /// The device's hardware address.
    mac: String,
    /// From when.
    began_at: String,
    /// When its counters were last read.
    read_at: String,
    /// Until when; null while it goes on.
    ended_at: Option<String>,
    /// Seconds online.
    online_seconds: i64,
    /// Bytes the device sent.
    bytes_up: i64,
    /// Bytes it received.
    bytes_down: i64,
}

/// Which sessions.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Listing {
    /// Rows at most, 50 if nothing is said.
    #[schema(minimum = 1, maximum = 200)]
    limit: Option<u16>,
    /// The `next` of the part before.
    #[schema(pattern = "^[A-Za-z0-9_-]{32}$")]
    cursor: Option<String>,
    /// At one site.
    #[schema(pattern = "^site_[0-9a-f]{32}$")]
    site_id: Option<String>,
    /// With one ticket.
    #[schema(pattern = "^tkt_[0-9a-f]{32}$")]
    ticket_id: Option<String>,
}

pub(super) fn listing() -> Operation {
    Operation::new(
        "listSessions",
        "List sessions",
        "The latest comes first. Counters of one that goes on are a quarter of an hour old at most.",
    )
    .query::<Listing>()
    .lists::<Session>()
}

/// Lists sessions.
///
/// # Errors
/// A problem document.
pub async fn list(
    State(app): State<App>,
    key: Key,
    Asked(asked): Asked<Listing>,
) -> Answer<Json<List<Session>>> {
    let filter = Filter {
        site: asked_id("site_id", asked.site_id.as_deref())?,
        ticket: asked_id("ticket_id", asked.ticket_id.as_deref())?,
    };
    let provider = key.provider();
    let place = |session: &store::Session| (session.began, session.id);
    let show = |session: store::Session| Session {
        id: session.id.to_string(),
        site_id: session.site.to_string(),
        ticket_id: session.ticket.to_string(),
        mac: session.mac.to_string(),
        began_at: show::utc(session.began),
        read_at: show::utc(session.read),
        ended_at: session.ended.map(show::utc),
        online_seconds: session.online_secs,
        bytes_up: session.bytes_up,
        bytes_down: session.bytes_down,
    };
    let part = (asked.limit, asked.cursor.as_deref());
    listed(
        &app,
        &key,
        part,
        move |conn, before, limit| store::sessions(conn, provider, filter, before, limit).boxed(),
        place,
        show,
    )
    .await
}
