//! `/api/v1/settings/keys`: which keys there are. No call makes or ends one: a key that makes keys would outlive its own end.

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::cursor::{Asked, Cursor, List, Listing, Part};
use super::gate::Key;
use super::operation::Operation;
use crate::app::App;
use crate::providers::keys::{Listed, store};
use crate::web::{Answer, Json, show};

/// A key that is good. The key itself is shown once, where it is made.
#[derive(Debug, Serialize, ToSchema)]
pub struct ApiKey {
    /// Its id.
    id: String,
    /// What it is called.
    name: String,
    /// What it may do.
    scopes: Vec<&'static str>,
    /// Who made it.
    created_by: Option<String>,
    /// When it was made.
    created_at: String,
    /// When it was last used, to five minutes; null if it never was.
    used_at: Option<String>,
    /// Until when it is good; null if until it is revoked.
    expires_at: Option<String>,
}

impl From<Listed> for ApiKey {
    fn from(key: Listed) -> Self {
        Self {
            id: key.id.to_string(),
            name: key.name,
            scopes: key.scopes.iter().map(|scope| scope.word()).collect(),
            created_by: key.by,
            created_at: show::utc(key.made),
            used_at: key.used.map(show::utc),
            expires_at: key.expires.map(show::utc),
        }
    }
}

pub(super) fn listing() -> Operation {
    Operation::new(
        "listKeys",
        "List keys",
        "Those that are good, the first made first. They are made and ended on the pages only.",
    )
    .query::<Listing>()
    .lists::<ApiKey>()
}

/// Lists keys.
///
/// # Errors
/// A problem document.
pub async fn list(
    State(app): State<App>,
    key: Key,
    Asked(asked): Asked<Listing>,
) -> Answer<Json<List<ApiKey>>> {
    let (limit, cursor) = asked.part();
    let part = Part::read(limit, cursor)?;
    let place = |key: &Listed| Cursor::at(key.made, key.id);
    let mut tx = app.db.tenant(key.provider()).await?;
    // A list that is short enough to be read whole.
    let mut found = store::list(&mut tx, key.provider(), app.clock.now()).await?;
    found.reverse();
    Ok(Json(part.list(
        part.rest(found, place),
        place,
        ApiKey::from,
    )))
}
