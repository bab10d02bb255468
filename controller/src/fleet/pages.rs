//! The pages of sites: which there are, whether they are up and how many are online, and a new one. One site's page is `access`'s, which
//! knows vouchers.

use askama::Template;
use axum::extract::{Form, State};
use axum::http::StatusCode;
use axum::response::Response;
use mnara_protocol::ids::SiteId;
use serde::Deserialize;

use super::create::{CreateError, create_once};
use super::presence::is_up;
use super::sample::{FRESH_SECS, Reading};
use super::store;
use crate::app::App;
use crate::providers::gate::Seat;
use crate::providers::pages::frame::Frame;
use crate::providers::pages::trouble::Trouble;
use crate::providers::pages::words::Words;
use crate::providers::staff::roles::Permission;
use crate::web::Query;
use crate::web::page::{html, onward};

/// Sites on the page.
const PAGE: u16 = 100;

/// One site in the list.
struct Row {
    id: SiteId,
    name: String,
    is_up: bool,
    has_lost_router: bool,
    seen: Option<String>,
    online: Option<u32>,
}

#[derive(Template)]
#[template(path = "sites/sites.html")]
struct SitesPage<'a> {
    frame: &'a Frame,
    w: &'static Words,
    sites: Vec<Row>,
    /// The site after which the next page begins.
    more: Option<SiteId>,
    may_manage: bool,
    /// The id that a new site gets: the same form sent twice makes one.
    new: SiteId,
    name: &'a str,
    fault: Option<&'static str>,
}

/// Shows the sites.
///
/// # Errors
/// When the database is away.
pub async fn list(
    State(app): State<App>,
    frame: Frame,
    seat: Seat,
    Query(asked): Query<Asked>,
) -> Result<Response, Trouble> {
    let after = asked.after.map(|id| id.parse::<SiteId>()).transpose();
    let after = after.map_err(|_| Trouble::Nothing)?;
    shown(&app, &frame, &seat, after, None).await
}

/// Where in the list.
#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    after: Option<String>,
}

async fn shown(
    app: &App,
    frame: &Frame,
    seat: &Seat,
    after: Option<SiteId>,
    bad_name: Option<&str>,
) -> Result<Response, Trouble> {
    let w = frame.words();
    let now = app.clock.now();
    let mut tx = app.db.tenant(seat.provider()).await?;
    let mut sites = store::sites_seen(&mut tx, seat.provider(), after, PAGE + 1).await?;
    let fresh = now.plus_secs(-FRESH_SECS);
    let readings = store::samples::all(&mut tx, seat.provider(), fresh, store::ALL).await?;
    drop(tx);
    let has_more = sites.len() > usize::from(PAGE);
    sites.truncate(usize::from(PAGE));
    let last = sites.last().map(|site| site.site);
    let page = SitesPage {
        frame,
        w,
        more: last.filter(|_| has_more),
        sites: sites
            .into_iter()
            .map(|site| {
                let is_up = is_up(site.seen, now);
                let reading = readings.get(&site.site).filter(|_| is_up);
                let reading = reading.and_then(Reading::of);
                Row {
                    id: site.site,
                    name: site.name,
                    is_up,
                    has_lost_router: reading.as_ref().is_some_and(Reading::has_lost_router),
                    seen: site.seen.map(|at| w.calendar.moment(at)),
                    online: reading.map(|reading| reading.live.online),
                }
            })
            .collect(),
        may_manage: seat.place.role.may(Permission::ManageSites),
        new: SiteId::new(now, app.entropy.bytes()),
        name: bad_name.unwrap_or_default(),
        fault: bad_name.map(|_| w.sites.bad_name),
    };
    let status = match bad_name {
        Some(_) => StatusCode::UNPROCESSABLE_ENTITY,
        None => StatusCode::OK,
    };
    Ok(html(status, &page))
}

/// The form of a new site.
#[derive(Deserialize)]
pub struct New {
    name: String,
    #[serde(default)]
    id: String,
}

/// Makes a site and shows it.
///
/// # Errors
/// When the database is away.
pub async fn add(
    State(app): State<App>,
    frame: Frame,
    seat: Seat,
    Form(filled): Form<New>,
) -> Result<Response, Trouble> {
    let id = filled.id.parse::<SiteId>();
    let id = id.unwrap_or_else(|_| SiteId::new(app.clock.now(), app.entropy.bytes()));
    match create_once(&app, seat.provider(), id, &filled.name, seat.actor()).await {
        Ok(site) => Ok(onward(&format!("/sites/{site}"))),
        Err(CreateError::Name) => shown(&app, &frame, &seat, None, Some(&filled.name)).await,
        // The page of the subscription says which plans are for more.
        Err(CreateError::Full) if seat.place.role.may(Permission::SeeSubscription) => {
            Ok(onward("/settings/subscription?why=sites"))
        }
        Err(CreateError::Full) => Err(Trouble::NotInPlan),
        Err(CreateError::Database(error)) => Err(error.into()),
    }
}
