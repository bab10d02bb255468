//! The pages of sites: which there are, whether they are up and how many are online, and a new one. One site's page is `access`'s, which
//! knows vouchers.

use askama::Template;
use axum::extract::{Form, State};
use axum::http::StatusCode;
use axum::response::Response;
use mnara_protocol::ids::SiteId;
use serde::Deserialize;

use super::create::{CreateError, create};
use super::presence::is_up;
use super::sample::{FRESH_SECS, Reading};
use super::store;
use crate::app::App;
use crate::providers::gate::Seat;
use crate::providers::pages::frame::Frame;
use crate::providers::pages::trouble::Trouble;
use crate::providers::pages::words::Words;
use crate::providers::staff::roles::Permission;
use crate::web::page::{html, onward};

/// Sites on the page.
const MOST: u16 = 200;

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
    may_manage: bool,
    name: &'a str,
    fault: Option<&'static str>,
}

/// Shows the sites.
///
/// # Errors
/// When the database is away.
pub async fn list(State(app): State<App>, frame: Frame, seat: Seat) -> Result<Response, Trouble> {
    shown(&app, &frame, &seat, StatusCode::OK, "", None).await
}

async fn shown(
    app: &App,
    frame: &Frame,
    seat: &Seat,
    status: StatusCode,
    name: &str,
    fault: Option<&'static str>,
) -> Result<Response, Trouble> {
    let now = app.clock.now();
    let mut tx = app.db.tenant(seat.provider()).await?;
    let sites = store::sites_seen(&mut tx, seat.provider(), MOST).await?;
    let fresh = now.plus_secs(-FRESH_SECS);
    let readings = store::samples::all(&mut tx, seat.provider(), fresh, MOST).await?;
    drop(tx);
    let page = SitesPage {
        frame,
        w: frame.words(),
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
                    seen: site.seen.map(|at| frame.words().calendar.moment(at)),
                    online: reading.map(|reading| reading.live.online),
                }
            })
            .collect(),
        may_manage: seat.place.role.may(Permission::ManageSites),
        name,
        fault,
    };
    Ok(html(status, &page))
}

/// The form of a new site.
#[derive(Deserialize)]
pub struct New {
    name: String,
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
    match create(&app, seat.provider(), &filled.name, seat.actor()).await {
        Ok(site) => Ok(onward(&format!("/sites/{site}"))),
        Err(CreateError::Name) => {
            let fault = Some(frame.words().sites.bad_name);
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            shown(&app, &frame, &seat, status, &filled.name, fault).await
        }
        // The page of the subscription says which plans are for more.
        Err(CreateError::Full) if seat.place.role.may(Permission::SeeSubscription) => {
            Ok(onward("/settings/subscription?why=sites"))
        }
        Err(CreateError::Full) => Err(Trouble::NotInPlan),
        Err(CreateError::Database(error)) => Err(error.into()),
    }
}
