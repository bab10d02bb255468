//! `GET /api/v1/me`: whose key this is, and what it may do.

use serde::Serialize;
use utoipa::ToSchema;

use super::gate::Key;
use super::operation::Operation;
use crate::web::{Json, show};

/// The key and its business.
#[derive(Debug, Serialize, ToSchema)]
pub struct Me {
    /// The business.
    provider_id: String,
    /// What customers know it by.
    business_name: String,
    /// How it stands with the platform: `pending`, `active` or `suspended`. Only an active one sells.
    state: &'static str,
    /// The key.
    key_id: String,
    /// What the key is called.
    key_name: String,
    /// What it may do.
    scopes: Vec<&'static str>,
    /// Until when it is good; null if until it is revoked.
    expires_at: Option<String>,
}

pub(super) fn operation() -> Operation {
    Operation::new(
        "me",
        "Show the key and its business",
        "A good first call: it says what this key may do.",
    )
    .answers::<Me>(200)
}

/// Shows the key and its business.
pub async fn show(key: Key) -> Json<Me> {
    let holder = key.holder();
    Json(Me {
        provider_id: holder.provider.to_string(),
        business_name: holder.business.clone(),
        state: holder.state.word(),
        key_id: holder.key.to_string(),
        key_name: holder.name.clone(),
        scopes: holder.scopes.iter().map(|scope| scope.word()).collect(),
        expires_at: holder.expires.map(show::utc),
    })
}
