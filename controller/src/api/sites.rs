//! `/api/v1/sites`: the places with a hotspot.

use axum::extract::State;
use axum::http::StatusCode;
use futures_util::FutureExt as _;
use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::SiteId;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::cursor::{Asked, List, Listing, listed};
use super::gate::Key;
use super::made::Made;
use super::once::Once;
use super::operation::Operation;
use super::store::sites as store;
use super::types::named;
use crate::access::rename::{NotNamed, rename};
use crate::app::App;
use crate::fleet::close::{NotClosed, close_in};
use crate::fleet::create::{CreateError, create_in};
use crate::fleet::enrol::{ClaimError, LineError, first_line};
use crate::fleet::presence::is_up;
use crate::web::{Answer, Json, Path, Problem, show};

/// A place with a hotspot.
#[derive(Debug, Serialize, ToSchema)]
pub struct Site {
    /// Its id.
    id: String,
    /// What it is called.
    name: String,
    /// Whether its agent is linked to us now.
    is_up: bool,
    /// When it was last heard from.
    last_seen_at: Option<String>,
    /// The software of its agent; null if none is enrolled.
    software: Option<String>,
    /// When it was made.
    created_at: String,
    /// When it was closed for good; null if it is open. One that is closed is in no list and takes no more changes.
    closed_at: Option<String>,
}

impl Site {
    fn new(site: store::Site, now: Timestamp) -> Self {
        Self {
            id: site.id.to_string(),
            name: site.name,
            is_up: is_up(site.seen, now),
            last_seen_at: site.seen.map(show::utc),
            software: site.software,
            created_at: show::utc(site.made),
            closed_at: site.closed.map(show::utc),
        }
    }
}

pub(super) fn listing() -> Operation {
    Operation::new(
        "listSites",
        "List sites",
        "The first made comes first. Those that are closed are left out.",
    )
    .query::<Listing>()
    .lists::<Site>()
}

/// Lists sites.
///
/// # Errors
/// A problem document.
pub async fn list(
    State(app): State<App>,
    key: Key,
    Asked(asked): Asked<Listing>,
) -> Answer<Json<List<Site>>> {
    let (provider, now) = (key.provider(), app.clock.now());
    let place = |site: &store::Site| (site.made, site.id);
    listed(
        &app,
        &key,
        asked.part(),
        move |conn, after, limit| store::sites(conn, provider, None, after, limit).boxed(),
        place,
        |site| Site::new(site, now),
    )
    .await
}

pub(super) fn showing() -> Operation {
    Operation::new("getSite", "Show a site", "")
        .of(SiteId::PREFIX)
        .answers::<Site>(200)
}

/// Shows one.
///
/// # Errors
/// A problem document.
pub async fn show(State(app): State<App>, key: Key, Path(id): Path<String>) -> Answer<Json<Site>> {
    let mut tx = app.db.tenant(key.provider()).await?;
    one(&app, &mut tx, &key, named(&id)?).await.map(Json)
}

async fn one(app: &App, conn: &mut sqlx::PgConnection, key: &Key, id: SiteId) -> Answer<Site> {
    let found = store::sites(conn, key.provider(), Some(id), None, 1).await?;
    let site = found.into_iter().next().ok_or_else(Problem::not_found)?;
    Ok(Site::new(site, app.clock.now()))
}

/// A site to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSite {
    /// What it is to be called.
    #[schema(min_length = 1, max_length = 80, pattern = r"\S")]
    name: String,
}

pub(super) fn adding() -> Operation {
    Operation::new(
        "createSite",
        "Make a site",
        "It has no agent yet: ask for its claim next.",
    )
    .body::<NewSite>(json!({"name": "Kawangware market"}))
    .answers::<Site>(201)
}

/// Makes one.
///
/// # Errors
/// A problem document.
pub async fn add(
    State(app): State<App>,
    key: Key,
    once: Once,
    Json(new): Json<NewSite>,
) -> Answer<Made> {
    let mut tx = app.db.tenant(key.provider()).await?;
    let id = create_in(&app, &mut tx, key.provider(), &new.name, key.actor())
        .await
        .map_err(|error| match error {
            CreateError::Name => {
                Problem::bad_field("name: give the site a name of 1 to 80 letters.")
            }
            CreateError::Full => Problem::new(
                StatusCode::FORBIDDEN,
                "not-in-plan",
                "The plan of this business is for no more sites. An owner or manager can choose another.",
            )
            .with("feature", "sites"),
            CreateError::Database(error) => error.into(),
        })?;
    let site = one(&app, &mut tx, &key, id).await?;
    let made = Made::new(&format!("/sites/{id}"), &site)?;
    once.keep(&mut tx, &made).await?;
    tx.commit().await?;
    Ok(made)
}

/// What a site is to be called.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SiteName {
    /// Its new name.
    #[schema(min_length = 1, max_length = 80, pattern = r"\S")]
    name: String,
}

pub(super) fn changing() -> Operation {
    Operation::new(
        "renameSite",
        "Give a site another name",
        "Customers see it on the site's portal as soon as the site hears of it.",
    )
    .of(SiteId::PREFIX)
    .body::<SiteName>(json!({"name": "Kawangware stage"}))
    .answers::<Site>(200)
}

/// Gives one another name.
///
/// # Errors
/// A problem document.
pub async fn change(
    State(app): State<App>,
    key: Key,
    Path(id): Path<String>,
    Json(SiteName { name }): Json<SiteName>,
) -> Answer<Json<Site>> {
    let id: SiteId = named(&id)?;
    rename(&app, key.provider(), id, &name, key.actor())
        .await
        .map_err(|error| match error {
            NotNamed::Name => Problem::bad_field("name: give the site a name of 1 to 80 letters."),
            NotNamed::NoSite => Problem::not_found(),
            NotNamed::Feed(error) => anyhow::Error::new(error).into(),
            NotNamed::Database(error) => error.into(),
        })?;
    let mut tx = app.db.tenant(key.provider()).await?;
    one(&app, &mut tx, &key, id).await.map(Json)
}

/// The line that enrols a site's agent.
#[derive(Debug, Serialize, ToSchema)]
pub struct Claim {
    /// The line to run on the machine at the site. It works once, within an hour.
    line: String,
    /// Until when.
    expires_at: String,
}

pub(super) fn claiming() -> Operation {
    Operation::new(
        "claimSite",
        "Make the line that enrols a site's agent",
        "Each call makes a new one, which is shown only in this answer; an `Idempotency-Key` is not looked at. For a site without an agent: where \
         there is one, the line that puts another machine in its place is made on the site's page.",
    )
    .of(SiteId::PREFIX)
    .answers::<Claim>(201)
    .problem(409)
}

/// Makes the line for the machine at a site.
///
/// # Errors
/// A problem document.
pub async fn claim(State(app): State<App>, key: Key, Path(id): Path<String>) -> Answer<Made> {
    let id: SiteId = named(&id)?;
    let line = first_line(&app, key.provider(), id, key.actor())
        .await
        .map_err(|error| match error {
            LineError::Claim(ClaimError::NoSite) => Problem::not_found(),
            LineError::Claim(ClaimError::Database(error)) => error.into(),
            LineError::NoAddress(_) => Problem::new(
                StatusCode::CONFLICT,
                "no-address",
                "The platform has no address that a site could reach yet.",
            ),
            LineError::Identity(error) => anyhow::Error::new(error).into(),
        })?
        .ok_or_else(|| {
            Problem::new(
                StatusCode::CONFLICT,
                "has-agent",
                "This site has an agent. Another machine takes its place by a line that somebody makes on the site's page.",
            )
        })?;
    let claim = Claim {
        line,
        expires_at: show::utc(app.clock.now().plus_secs(3600)),
    };
    Made::new(&format!("/sites/{id}"), &claim)
}

pub(super) fn closing() -> Operation {
    Operation::new(
        "closeSite",
        "Close a site for good",
        "It sells nothing any more and counts for no plan; its sales and vouchers stay in the books. Vouchers that are good there alone are not \
         taken back, but nobody can use them any more. While it is on the air the answer is `still-up`: switch its machine off first. Twice is as \
         good as once.",
    )
    .of(SiteId::PREFIX)
    .answers::<Site>(200)
    .problem(409)
}

/// Closes one.
///
/// # Errors
/// A problem document.
pub async fn close(
    State(app): State<App>,
    key: Key,
    once: Once,
    Path(id): Path<String>,
) -> Answer<Made> {
    let id: SiteId = named(&id)?;
    let mut tx = app.db.tenant(key.provider()).await?;
    close_in(&app, &mut tx, (key.provider(), id), key.actor())
        .await
        .map_err(|error| match error {
            NotClosed::NoSite => Problem::not_found(),
            NotClosed::StillUp => Problem::new(
                StatusCode::CONFLICT,
                "still-up",
                "The site is still on the air. Switch its machine off first.",
            ),
            NotClosed::Database(error) => error.into(),
        })?;
    let made = Made::now(&one(&app, &mut tx, &key, id).await?)?;
    once.keep(&mut tx, &made).await?;
    tx.commit().await?;
    Ok(made)
}
