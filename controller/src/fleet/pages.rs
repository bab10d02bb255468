//! The pages of sites: which there are and whether they are up, a new one, and the line that enrols its agent.

use askama::Template;
use axum::extract::{Form, State};
use axum::http::StatusCode;
use axum::response::Response;
use mnara_protocol::ids::SiteId;
use serde::Deserialize;

use super::create::{CreateError, create};
use super::enrol::{ClaimError, LineError, line};
use super::presence::is_up;
use super::store;
use crate::app::App;
use crate::providers::gate::Seat;
use crate::providers::pages::frame::Frame;
use crate::providers::pages::trouble::Trouble;
use crate::providers::pages::words::Words;
use crate::providers::staff::roles::Permission;
use crate::web::page::{html, onward};
use crate::web::{Path, show};

/// Sites on the page.
const MOST: u16 = 200;

/// One site in the list.
struct Row {
    id: SiteId,
    name: String,
    is_up: bool,
    seen: Option<String>,
}

#[derive(Template)]
#[template(path = "sites.html")]
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
    drop(tx);
    let page = SitesPage {
        frame,
        w: frame.words(),
        sites: sites
            .into_iter()
            .map(|site| Row {
                id: site.site,
                name: site.name,
                is_up: is_up(site.seen, now),
                seen: site.seen.map(show::moment),
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
        Err(CreateError::Database(error)) => Err(error.into()),
    }
}

#[derive(Template)]
#[template(path = "site.html")]
struct SitePage<'a> {
    frame: &'a Frame,
    w: &'static Words,
    id: SiteId,
    name: String,
    software: Option<String>,
    is_up: bool,
    seen: Option<String>,
    may_manage: bool,
    line: Option<String>,
    fault: Option<&'static str>,
}

/// Shows one site.
///
/// # Errors
/// When there is none such, or the database is away.
pub async fn site(
    State(app): State<App>,
    frame: Frame,
    seat: Seat,
    Path(id): Path<String>,
) -> Result<Response, Trouble> {
    let id = id.parse().map_err(|_| Trouble::Nothing)?;
    one(&app, &frame, &seat, id, None, None).await
}

async fn one(
    app: &App,
    frame: &Frame,
    seat: &Seat,
    id: SiteId,
    line: Option<String>,
    fault: Option<&'static str>,
) -> Result<Response, Trouble> {
    let mut tx = app.db.tenant(seat.provider()).await?;
    let site = store::site(&mut tx, seat.provider(), id).await?;
    let standing = store::standing::standing(&mut tx, seat.provider(), id).await?;
    drop(tx);
    let site = site.ok_or(Trouble::Nothing)?;
    let seen = standing.as_ref().and_then(|standing| standing.last_seen);
    let page = SitePage {
        frame,
        w: frame.words(),
        id,
        name: site.name,
        software: standing.map(|standing| standing.software),
        is_up: is_up(seen, app.clock.now()),
        seen: seen.map(show::moment),
        may_manage: seat.place.role.may(Permission::ManageSites),
        line,
        fault,
    };
    Ok(html(StatusCode::OK, &page))
}

/// Makes the line for the machine at the site, shown once.
///
/// # Errors
/// When there is no such site, or the database is away.
pub async fn claim(
    State(app): State<App>,
    frame: Frame,
    seat: Seat,
    Path(id): Path<String>,
) -> Result<Response, Trouble> {
    let id = id.parse().map_err(|_| Trouble::Nothing)?;
    match line(&app, seat.provider(), id).await {
        Ok(line) => one(&app, &frame, &seat, id, Some(line), None).await,
        Err(LineError::Claim(ClaimError::NoSite)) => Err(Trouble::Nothing),
        Err(LineError::Claim(ClaimError::Database(error))) => Err(error.into()),
        Err(LineError::NoAddress(_)) => {
            let fault = Some(frame.words().sites.no_address);
            one(&app, &frame, &seat, id, None, fault).await
        }
        Err(LineError::Identity(error)) => {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "the controller's own key cannot be had"
            );
            Err(Trouble::Inside)
        }
    }
}
