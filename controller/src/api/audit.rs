//! `/api/v1/audit`: who did what in the business.

use axum::extract::State;
use futures_util::FutureExt as _;
use mnara_protocol::ids::DeedId;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::cursor::{Asked, List, listed};
use super::gate::Key;
use super::operation::Operation;
use super::types::time;
use crate::app::App;
use crate::audit::read::{self, Wanted};
use crate::web::{Answer, Json, Problem, show};

/// One thing that was done.
#[derive(Debug, Serialize, ToSchema)]
pub struct AuditLine {
    /// Its id.
    id: String,
    /// When.
    at: String,
    /// Who: `staff`, `key`, `platform`, `command` or `program`.
    actor: &'static str,
    /// The person's name, or the key's.
    name: Option<String>,
    /// What was done, in a word.
    act: String,
    /// To what: an id, or a name.
    subject: String,
    /// How it was.
    #[schema(value_type = Value)]
    before: Option<Value>,
    /// How it is.
    #[schema(value_type = Value)]
    after: Option<Value>,
    /// Its place in the chain that shows whether a line was changed; null for a moment.
    number: Option<i64>,
}

impl From<read::Line> for AuditLine {
    fn from(line: read::Line) -> Self {
        let (actor, name) = match line.actor.as_str() {
            "staff" => ("staff", line.name),
            "key" => ("key", line.name),
            // Who it was is the platform's affair.
            "admin" => ("platform", None),
            "command" => ("command", None),
            _ => ("program", None),
        };
        Self {
            id: line.id.to_string(),
            at: show::utc(line.at),
            actor,
            name,
            act: line.act,
            subject: line.subject,
            before: line.before,
            after: line.after,
            number: line.number,
        }
    }
}

/// Which lines.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Listing {
    /// Rows at most, 50 if nothing is said.
    #[schema(minimum = 1, maximum = 200)]
    limit: Option<u16>,
    /// The `next` of the part before.
    #[schema(pattern = "^[A-Za-z0-9_-]{32}$")]
    cursor: Option<String>,
    /// Only this was done.
    #[schema(pattern = "^[a-z][a-z-]{0,39}$")]
    act: Option<String>,
    /// At this time or after, of the years 1970 to 9999.
    #[schema(format = "date-time")]
    from: Option<String>,
    /// Before this time, of the years 1970 to 9999.
    #[schema(format = "date-time")]
    to: Option<String>,
}

pub(super) fn listing() -> Operation {
    Operation::new("listAudit", "List what was done", "The last comes first.")
        .query::<Listing>()
        .lists::<AuditLine>()
}

/// Lists what was done.
///
/// # Errors
/// A problem document.
pub async fn list(
    State(app): State<App>,
    key: Key,
    Asked(asked): Asked<Listing>,
) -> Answer<Json<List<AuditLine>>> {
    let provider = key.provider();
    let is_act = |act: &String| {
        (1..=40).contains(&act.len()) && act.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')
    };
    if asked.act.as_ref().is_some_and(|act| !is_act(act)) {
        return Err(Problem::bad_request(
            "act: give a word as this list shows it.",
        ));
    }
    let wanted = Wanted {
        person: None,
        act: asked.act,
        from: time("from", asked.from.as_deref())?,
        to: time("to", asked.to.as_deref())?,
        before: None,
    };
    let place = |line: &read::Line| (line.at, line.id);
    let part = (asked.limit, asked.cursor.as_deref());
    listed(
        &app,
        &key,
        part,
        move |conn, before: Option<(_, DeedId)>, limit| {
            async move {
                let wanted = Wanted {
                    before: before.map(|(_, id)| id),
                    ..wanted
                };
                read::of_provider(conn, provider, &wanted, limit).await
            }
            .boxed()
        },
        place,
        AuditLine::from,
    )
    .await
}
