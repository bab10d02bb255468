//! `/api/v1/sites/{id}/look`: what one site has of its own on its portal. Its logo is set by eye, on the page.

use axum::extract::State;
use mnara_protocol::ids::{ProviderId, SiteId};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sqlx::PgConnection;
use utoipa::ToSchema;

use super::gate::Key;
use super::operation::Operation;
use super::settings::{InBoth, not_kept};
use super::types::named;
use crate::app::App;
use crate::captive::look;
use crate::fleet::store as sites;
use crate::providers::look::store::overs;
use crate::providers::look::{KeptOver, Over};
use crate::providers::parse_colour;
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
    /// Whether it has a logo of its own; it is set on the page.
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

async fn look_now(
    conn: &mut PgConnection,
    provider: ProviderId,
    id: SiteId,
) -> Answer<Json<SiteLook>> {
    let own = overs::over(conn, provider, id).await?;
    Ok(Json(own.unwrap_or_default().into()))
}

pub(super) fn showing() -> Operation {
    Operation::new(
        "getSiteLook",
        "Show what a site has of its own on its portal",
        "",
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
    look_now(&mut tx, provider, id).await
}

/// What a site is to have of its own.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SiteLookDraft {
    /// Colour of the top; the business's if nothing is said.
    #[schema(pattern = "^[0-9a-fA-F]{6}$")]
    colour: Option<String>,
    /// Colour of buttons; the site's own of the top if nothing is said, else the business's.
    #[schema(pattern = "^[0-9a-fA-F]{6}$")]
    button_colour: Option<String>,
    /// What is said above the plans, 200 letters at most; the business's if nothing is said.
    #[serde(default)]
    welcome: InBoth,
    /// What everybody should know now, 160 letters at most; the business's if nothing is said.
    #[serde(default)]
    banner: InBoth,
    /// What a buyer accepts, 4,000 letters at most; the business's if nothing is said.
    #[serde(default)]
    terms: InBoth,
}

impl SiteLookDraft {
    fn read(self) -> Answer<Over> {
        let colour = |field: &str, text: Option<String>| {
            text.map(|text| parse_colour(&text))
                .transpose()
                .map_err(|error| Problem::bad_field(format!("{field}: {error}.")))
        };
        Ok(Over {
            colour: colour("colour", self.colour)?,
            button: colour("button_colour", self.button_colour)?,
            welcome: self.welcome.into(),
            banner: self.banner.into(),
            terms: self.terms.into(),
        })
    }
}

pub(super) fn changing() -> Operation {
    Operation::new(
        "replaceSiteLook",
        "Change what a site has of its own on its portal",
        "The body is all that is to be the site's own, without the logo, which stays; `{}` gives it the business's look again. The site is told at once.",
    )
    .of(SiteId::PREFIX)
    .body::<SiteLookDraft>(json!({"colour": "aa0011",
        "banner": {"english": "Closed on Sunday", "kiswahili": "Tumefunga Jumapili"}}))
    .answers::<SiteLook>(200)
}

/// Changes it.
///
/// # Errors
/// A problem document.
pub async fn change(
    State(app): State<App>,
    key: Key,
    Path(id): Path<String>,
    Json(draft): Json<SiteLookDraft>,
) -> Answer<Json<SiteLook>> {
    let (provider, id) = (key.provider(), named(&id)?);
    let mut tx = app.db.tenant(provider).await?;
    let site = sites::open_site(&mut tx, provider, id).await?;
    site.ok_or_else(Problem::not_found)?;
    let business = look::current(&mut tx, provider).await?;
    let (_, business) = business.ok_or_else(Problem::not_found)?;
    drop(tx);
    let over = draft.read()?;
    look::site::change(&app, (provider, id), &business.draft, &over, key.actor())
        .await
        .map_err(not_kept)?;
    let mut tx = app.db.tenant(provider).await?;
    look_now(&mut tx, provider, id).await
}
