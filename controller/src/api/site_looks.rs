//! `/api/v1/sites/{id}/look`: what one site has of its own on its portal. It is set by eye, on the page.

use axum::extract::State;
use mnara_protocol::ids::SiteId;
use serde::Serialize;
use utoipa::ToSchema;

use super::gate::Key;
use super::operation::Operation;
use super::settings::InBoth;
use super::types::named;
use crate::app::App;
use crate::fleet::store as sites;
use crate::providers::look::KeptOver;
use crate::providers::look::store::overs;
use crate::web::{Answer, Json, Path, Problem};

/// What a site has of its own; where it has nothing, its portal shows what the business has (`/settings/portal`).
#[derive(Debug, Serialize, ToSchema)]
pub struct SiteLook {
    /// Colour of the top, such as `0a7d4b`; null for the business's.
    colour: Option<String>,
    /// Colour of buttons; null for the business's.
    button_colour: Option<String>,
    /// What is said above the plans; empty in both languages for the business's.
    welcome: InBoth,
    /// What everybody should know now; empty in both languages for the business's.
    banner: InBoth,
    /// What a buyer accepts; empty in both languages for the business's.
    terms: InBoth,
    /// Whether it has a logo of its own.
    has_logo: bool,
}

impl From<KeptOver> for SiteLook {
    fn from(KeptOver { over, logo }: KeptOver) -> Self {
        let colour = |colour: u32| format!("{colour:06x}");
        Self {
            colour: over.colour.map(colour),
            button_colour: over.button.map(colour),
            welcome: over.welcome.into(),
            banner: over.banner.into(),
            terms: over.terms.into(),
            has_logo: logo.is_some(),
        }
    }
}

pub(super) fn operation() -> Operation {
    Operation::new(
        "getSiteLook",
        "Show what a site has of its own on its portal",
        "It is changed on the pages only.",
    )
    .of(SiteId::PREFIX)
    .answers::<SiteLook>(200)
}

/// Shows it.
///
/// # Errors
/// A problem document.
pub async fn show(
    State(app): State<App>,
    key: Key,
    Path(id): Path<String>,
) -> Answer<Json<SiteLook>> {
    let (provider, id) = (key.provider(), named(&id)?);
    let mut tx = app.db.tenant(provider).await?;
    let site = sites::site(&mut tx, provider, id).await?;
    site.ok_or_else(Problem::not_found)?;
    let own = overs::over(&mut tx, provider, id).await?;
    Ok(Json(own.unwrap_or_default().into()))
}
