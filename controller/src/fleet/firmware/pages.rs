//! The page where somebody chooses what their router is and takes the files for it.

use askama::Template;
use axum::extract::{Form, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum_extra::extract::CookieJar;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::SiteId;
use serde::{Deserialize, Serialize};

use super::{Arch, BadMode, Claim, DISK, Mode, Order, RouterOs, disk, fetched, render, zip};
use crate::app::App;
use crate::config::AgentUrl;
use crate::fleet::Site;
use crate::fleet::enrol::{ClaimError, Enrolling, LineError, enrolling, made};
use crate::fleet::sample::Reading;
use crate::fleet::store::{self, samples};
use crate::providers::cookies;
use crate::providers::gate::Seat;
use crate::providers::pages::frame::Frame;
use crate::providers::pages::trouble::Trouble;
use crate::providers::pages::words::Words;
use crate::web::Path;
use crate::web::page::{html, onward};

/// What was filled in.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Filled {
    mode: String,
    routeros: String,
    arch: String,
    hotspot: String,
    #[serde(default)]
    address: String,
    #[serde(default = "usual_disk")]
    disk: String,
    claim: Option<String>,
    /// `line` when the router is to fetch everything itself.
    #[serde(rename = "as")]
    way: Option<String>,
}

fn usual_disk() -> String {
    DISK.to_owned()
}

impl Default for Filled {
    fn default() -> Self {
        Self {
            mode: "container".to_owned(),
            routeros: String::new(),
            arch: "arm64".to_owned(),
            hotspot: "hotspot1".to_owned(),
            address: String::new(),
            disk: usual_disk(),
            claim: None,
            way: None,
        }
    }
}

/// Why no files are made for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bad {
    Choice,
    Version,
    Name,
    Address,
    Disk,
}

impl Filled {
    /// What the router at the site said of itself, however long ago.
    fn of(reading: Option<Reading>) -> Self {
        let mut filled = Self::default();
        let Some(Reading { live, .. }) = reading else {
            return filled;
        };
        if let Some(router) = live.router {
            if let Ok(version) = router.version.parse::<RouterOs>() {
                filled.routeros = version.to_string();
            }
            let mut archs = Arch::ALL.into_iter();
            if let Some(arch) = archs.find(|arch| arch.routeros() == router.architecture) {
                arch.name().clone_into(&mut filled.arch);
            }
        }
        if let [hotspot] = live.hotspots.as_slice() {
            filled.hotspot.clone_from(&hotspot.name);
        }
        filled
    }

    /// The same as it was understood: no longer than a cookie may be.
    fn understood(&self, order: &Order) -> Self {
        let version = self.routeros.parse::<RouterOs>();
        Self {
            mode: order.mode.name().to_owned(),
            routeros: version.map_or_else(|_| String::new(), |version| version.to_string()),
            arch: order.arch.name().to_owned(),
            hotspot: order.hotspot.clone(),
            address: match order.mode {
                Mode::SiteBox(address) => address.to_string(),
                Mode::Container => String::new(),
            },
            disk: order.disk.clone(),
            claim: None,
            way: self.way.clone(),
        }
    }

    fn wants_line(&self) -> bool {
        self.way.as_deref() == Some("line")
    }

    fn order(&self, site: &Site, downloads: Option<AgentUrl>) -> Result<Order, Bad> {
        let version = match self.routeros.parse() {
            Ok(version) => version,
            // A router that fetches everything itself says its version then.
            Err(_) if self.wants_line() => RouterOs::OLDEST,
            Err(_) => return Err(Bad::Version),
        };
        let arch = Arch::ALL.into_iter().find(|arch| arch.name() == self.arch);
        let hotspot = self.hotspot.trim();
        let length = hotspot.chars().count();
        if !(1..=64).contains(&length) || hotspot.chars().any(char::is_control) {
            return Err(Bad::Name);
        }
        let mode = Mode::read(&self.mode, &self.address).map_err(|bad| match bad {
            BadMode::Name => Bad::Choice,
            BadMode::Address => Bad::Address,
        })?;
        let disk = match mode {
            Mode::Container => disk(&self.disk).map_err(|_| Bad::Disk)?,
            Mode::SiteBox(_) => usual_disk(),
        };
        Ok(Order {
            version,
            arch: arch.ok_or(Bad::Choice)?,
            mode,
            site: site.name.clone(),
            hotspot: hotspot.to_owned(),
            disk,
            downloads,
            claim: None,
            fetched: false,
        })
    }
}

#[derive(Template)]
#[template(path = "sites/files.html")]
struct FilesPage<'a> {
    frame: &'a Frame,
    w: &'static Words,
    id: SiteId,
    name: String,
    filled: &'a Filled,
    versions: Vec<RouterOs>,
    archs: [Arch; 3],
    fault: Option<&'static str>,
    /// Whether a router can fetch everything itself from where we are.
    has_line: bool,
    line: Option<String>,
    downloads: Vec<Download>,
}

/// Where the agent for one kind of processor can be had.
struct Download {
    arch: &'static str,
    image: String,
    program: String,
}

impl Download {
    fn all(url: &AgentUrl) -> Vec<Self> {
        let of = |arch: Arch| Self {
            arch: arch.routeros(),
            image: url.join(&arch.image()),
            program: url.join(&arch.program()),
        };
        Arch::ALL.map(of).into()
    }
}

/// Shows what there is to choose, and once the line that was made just before.
///
/// # Errors
/// When there is no such site, or the database is away.
pub async fn form(
    State(app): State<App>,
    frame: Frame,
    seat: Seat,
    jar: CookieJar,
    Path(id): Path<String>,
) -> Result<Response, Trouble> {
    let site = known(&app, &seat, &id).await?;
    if let Some((filled, line)) = line(&app, &seat, &site, &jar).await? {
        let page = shown(&app, &frame, site, &filled, Said::Line(line));
        return Ok((cookies::take_once(jar, &app), page).into_response());
    }
    let mut tx = app.db.tenant(seat.provider()).await?;
    let ever = Timestamp::from_secs(0);
    let kept = samples::newest(&mut tx, seat.provider(), site.id, ever).await?;
    drop(tx);
    let filled = Filled::of(kept.as_ref().and_then(Reading::of));
    Ok(shown(&app, &frame, site, &filled, Said::Nothing))
}

/// What stands above the form.
enum Said {
    Nothing,
    Fault(&'static str),
    Line(String),
}

/// The line with the claim code that the browser brings from the answer to its form, and what that form said.
async fn line(
    app: &App,
    seat: &Seat,
    site: &Site,
    jar: &CookieJar,
) -> Result<Option<(Filled, String)>, Trouble> {
    let brought = cookies::once(jar, app)
        .and_then(|once| once.split_once('.'))
        .filter(|(of, _)| *of == site.id.to_string())
        .and_then(|(_, brought)| brought.split_once('.'));
    let Some((code, filled)) = brought else {
        return Ok(None);
    };
    let filled = URL_SAFE_NO_PAD.decode(filled).ok();
    let filled = filled.and_then(|json| serde_json::from_slice::<Filled>(&json).ok());
    let (Some(filled), Some(address)) = (filled, fetched::address(app)) else {
        return Ok(None);
    };
    let Ok(order) = filled.order(site, None) else {
        return Ok(None);
    };
    let enrolling = made(app, seat.provider(), site.id, code).await;
    let Some(Enrolling { code, .. }) = enrolling.map_err(no_line)? else {
        return Ok(None);
    };
    let (hotspot, disk) = (&order.hotspot, &order.disk);
    let line = fetched::line(address.as_str(), &code, order.mode, hotspot, disk);
    Ok(Some((filled, line.map_err(broken)?)))
}

/// Why there is no line, to whoever asked for one.
pub fn no_line(error: LineError) -> Trouble {
    match error {
        LineError::Claim(ClaimError::NoSite) => Trouble::Nothing,
        LineError::Claim(ClaimError::Database(error)) => error.into(),
        error @ (LineError::NoAddress(_) | LineError::Identity(_)) => {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "a line that enrols an agent cannot be had"
            );
            Trouble::Inside
        }
    }
}

fn broken(error: askama::Error) -> Trouble {
    tracing::error!(%error, "a site's files could not be written");
    Trouble::Inside
}

async fn known(app: &App, seat: &Seat, id: &str) -> Result<Site, Trouble> {
    let id = id.parse().map_err(|_| Trouble::Nothing)?;
    let mut tx = app.db.tenant(seat.provider()).await?;
    let site = store::open_site(&mut tx, seat.provider(), id).await?;
    site.ok_or(Trouble::Nothing)
}

fn shown(app: &App, frame: &Frame, site: Site, filled: &Filled, said: Said) -> Response {
    let (status, fault, line) = match said {
        Said::Nothing => (StatusCode::OK, None, None),
        Said::Fault(fault) => (StatusCode::UNPROCESSABLE_ENTITY, Some(fault), None),
        Said::Line(line) => (StatusCode::OK, None, Some(line)),
    };
    let page = FilesPage {
        frame,
        w: frame.words(),
        id: site.id,
        name: site.name,
        filled,
        versions: RouterOs::releases().collect(),
        archs: Arch::ALL,
        fault,
        has_line: fetched::address(app).is_some(),
        line,
        downloads: app
            .config
            .agents
            .url
            .as_ref()
            .map_or_else(Vec::new, Download::all),
    };
    html(status, &page)
}

/// Gives the files as one archive, or makes the line by which a router fetches them, which the page shows once.
///
/// # Errors
/// When there is no such site, or the database is away.
pub async fn take(
    State(app): State<App>,
    frame: Frame,
    seat: Seat,
    jar: CookieJar,
    Path(id): Path<String>,
    Form(filled): Form<Filled>,
) -> Result<Response, Trouble> {
    let site = known(&app, &seat, &id).await?;
    let w = frame.words();
    let mut order = match filled.order(&site, app.config.agents.url.clone()) {
        Ok(order) => order,
        Err(bad) => {
            let fault = match bad {
                Bad::Choice => w.site.bad_choice,
                Bad::Version => w.site.bad_routeros,
                Bad::Name => w.site.bad_name,
                Bad::Address => w.site.bad_box,
                Bad::Disk => w.site.bad_disk,
            };
            return Ok(shown(&app, &frame, site, &filled, Said::Fault(fault)));
        }
    };
    let is_line = filled.wants_line();
    if is_line && fetched::address(&app).is_none() {
        let fault = Said::Fault(w.site.one_line_no_tls);
        return Ok(shown(&app, &frame, site, &filled, fault));
    }
    if is_line || filled.claim.is_some() {
        match enrolling(&app, seat.provider(), site.id, seat.actor()).await {
            Ok(Enrolling { code, .. }) if is_line => {
                let said = serde_json::to_vec(&filled.understood(&order));
                let said = URL_SAFE_NO_PAD.encode(said.map_err(|_| Trouble::Inside)?);
                let jar = cookies::give_once(jar, &app, format!("{}.{code}.{said}", site.id));
                return Ok((jar, onward(&format!("/sites/{}/files", site.id))).into_response());
            }
            Ok(Enrolling {
                controller,
                code,
                identity,
            }) => {
                order.claim = Some(Claim {
                    controller,
                    code,
                    identity,
                });
            }
            Err(LineError::NoAddress(_)) => {
                let fault = Said::Fault(w.sites.no_address);
                return Ok(shown(&app, &frame, site, &filled, fault));
            }
            Err(error) => return Err(no_line(error)),
        }
    }
    let files = render(&order).map_err(broken)?;
    let headers = [
        (header::CONTENT_TYPE, "application/zip"),
        (
            header::CONTENT_DISPOSITION,
            "attachment; filename=\"mnara.zip\"",
        ),
        // A code may be in it.
        (header::CACHE_CONTROL, "no-store"),
    ]
    .map(|(name, value)| (name, HeaderValue::from_static(value)));
    Ok((headers, zip::archive("mnara", &files)).into_response())
}
