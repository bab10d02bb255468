//! The one line for a router's terminal, and what it fetches: the install script, and through it the hotspot's pages and the remove script.
//!
//! Whoever holds a claim code that is still good is given the files of its site; fetching does not spend it, the agent does. The code travels
//! in a header, since proxies write addresses into their logs.

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;

use super::quote::q;
use super::{Arch, Claim, DISK, File, Mode, Order, PAGES, RouterOs, disk, render};
use crate::app::App;
use crate::config::{AgentUrl, PublicUrl};
use crate::fleet::enrol::{ClaimError, LineError, claimed};
use crate::ratelimit::{Act, By};
use crate::web::{Answer, Caller, Path, Problem, Query};

/// Where the script is.
const SCRIPT: &str = "/router/install.rsc";
/// Where what the script needs is.
const FILES: &str = "/router/files/";

#[derive(Template)]
#[template(path = "line.rsc.tmpl", escape = "none")]
struct Line {
    address: String,
    header: String,
}

impl Line {
    #[expect(
        clippy::unused_self,
        reason = "templates call methods of what they are made of"
    )]
    fn q(&self, text: impl AsRef<str>) -> String {
        q(text.as_ref()).to_string()
    }
}

/// The line for an address of ours; its end, the version and the processor, is put there by the router.
///
/// # Errors
/// When the template fails, which it does not.
pub fn line(
    controller: &str,
    code: &str,
    mode: Mode,
    hotspot: &str,
    disk: &str,
) -> Result<String, askama::Error> {
    let line = Line {
        address: format!(
            "{controller}{SCRIPT}?{}&version=",
            choice(mode, hotspot, disk)
        ),
        header: bearer(code),
    };
    Ok(line.render()?.trim_end().to_owned())
}

/// Our address if a router can check that it is ours: what it runs as its master comes over TLS or not at all.
#[must_use]
pub fn address(app: &App) -> Option<PublicUrl> {
    let web = &app.config.web;
    let url = web.public();
    let is_reached = web.public_url.is_some() || !web.listen.ip().is_unspecified();
    (is_reached && url.is_encrypted()).then_some(url)
}

/// What was chosen, as an address has it; what is usual is left out.
fn choice(mode: Mode, hotspot: &str, disk: &str) -> String {
    let mut pairs = url::form_urlencoded::Serializer::new(String::new());
    pairs.append_pair("mode", mode.name());
    match mode {
        Mode::SiteBox(address) => {
            pairs.append_pair("address", &address.to_string());
        }
        Mode::Container if disk != DISK => {
            pairs.append_pair("disk", disk);
        }
        Mode::Container => {}
    }
    if !hotspot.is_empty() {
        pairs.append_pair("hotspot", hotspot);
    }
    pairs.finish()
}

fn bearer(code: &str) -> String {
    format!("Authorization: Bearer {code}")
}

/// Where a script has the rest from.
pub(super) struct Source {
    controller: String,
    code: String,
    choice: String,
}

impl Source {
    /// That of an order which is fetched.
    pub(super) fn of(order: &Order) -> Option<Self> {
        let claim = order.claim.as_ref().filter(|_| order.fetched)?;
        Some(Self {
            controller: claim.controller.clone(),
            code: claim.code.clone(),
            choice: format!(
                "{}&version={}&arch={}",
                choice(order.mode, "", DISK),
                order.version,
                order.arch.routeros()
            ),
        })
    }

    /// The names of what is fetched, as RouterOS writes a list.
    pub(super) fn list(&self) -> String {
        let pages = PAGES.iter().map(|(name, _)| format!("hotspot/{name}"));
        let names = std::iter::once("remove.rsc".to_owned()).chain(pages);
        let quoted: Vec<String> = names.map(|name| q(&name).to_string()).collect();
        format!("{{{}}}", quoted.join("; "))
    }

    /// What stands before a name in its address.
    pub(super) fn before(&self) -> String {
        format!("{}{FILES}", self.controller)
    }

    /// What stands after it.
    pub(super) fn after(&self) -> String {
        format!("?{}", self.choice)
    }

    /// What is sent along.
    pub(super) fn header(&self) -> String {
        bearer(&self.code)
    }
}

/// What a line asks for, as the page and the router filled it in.
#[derive(Debug, Deserialize)]
#[serde(default)]
pub struct Wanted {
    mode: String,
    address: String,
    hotspot: String,
    disk: String,
    version: String,
    arch: String,
}

impl Default for Wanted {
    fn default() -> Self {
        Self {
            mode: String::new(),
            address: String::new(),
            hotspot: String::new(),
            disk: DISK.to_owned(),
            version: String::new(),
            arch: String::new(),
        }
    }
}

/// Why there is no script for a router; its terminal says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
enum Unfit {
    #[error("mnara: RouterOS 7.14 or newer is needed")]
    Version,
    #[error(
        "mnara: a container runs on arm, arm64 and x86_64 routers only; put the agent on a Linux box beside this one"
    )]
    Arch,
}

impl Wanted {
    /// What is to be made of it, or why not; none for what no line of ours asks.
    fn order(
        &self,
        site: String,
        claim: Claim,
        downloads: Option<AgentUrl>,
    ) -> Option<Result<Order, Unfit>> {
        let mode = Mode::read(&self.mode, &self.address).ok()?;
        let disk = disk(&self.disk).ok()?;
        let is_name =
            self.hotspot.chars().count() <= 64 && !self.hotspot.chars().any(char::is_control);
        if !is_name {
            return None;
        }
        let Ok(version) = self.version.parse::<RouterOs>() else {
            return Some(Err(Unfit::Version));
        };
        let arch = Arch::ALL
            .into_iter()
            .find(|arch| arch.routeros() == self.arch);
        let arch = match (mode, arch) {
            (_, Some(arch)) => arch,
            // The agent does not run on this router, so its processor is all one.
            (Mode::SiteBox(_), None) => Arch::Arm,
            (Mode::Container, None) => return Some(Err(Unfit::Arch)),
        };
        Some(Ok(Order {
            version,
            arch,
            mode,
            site,
            hotspot: self.hotspot.clone(),
            disk,
            downloads,
            claim: Some(claim),
            fetched: true,
        }))
    }
}

/// What the code that is sent along gives a right to.
async fn ordered(
    app: &App,
    caller: Caller,
    headers: &HeaderMap,
    wanted: &Wanted,
) -> Answer<Result<Order, Unfit>> {
    app.limits.check(Act::Install, By::Address(caller.0))?;
    let code = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "))
        .ok_or_else(Problem::not_found)?;
    let controller = address(app).ok_or_else(Problem::not_found)?;
    let claimed = claimed(app, code).await.map_err(|error| match error {
        LineError::Claim(ClaimError::Database(error)) => error.into(),
        LineError::Identity(error) => error.into(),
        LineError::Claim(ClaimError::NoSite) | LineError::NoAddress(_) => Problem::not_found(),
    })?;
    let claimed = claimed.ok_or_else(Problem::not_found)?;
    let claim = Claim {
        controller: controller.as_str().to_owned(),
        code: code.to_owned(),
        identity: claimed.identity,
    };
    wanted
        .order(claimed.site, claim, app.config.agents.url.clone())
        .ok_or_else(Problem::not_found)
}

fn made(order: &Order) -> Answer<Vec<File>> {
    render(order).map_err(|error| {
        tracing::error!(%error, "a site's files could not be written");
        Problem::internal()
    })
}

fn text(text: String) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
    ]
    .map(|(name, value)| (name, HeaderValue::from_static(value)));
    (headers, text).into_response()
}

fn named(files: Vec<File>, path: &str) -> Answer<Response> {
    let file = files.into_iter().find(|file| file.path == path);
    file.map(|file| text(file.text))
        .ok_or_else(Problem::not_found)
}

/// `GET /router/install.rsc`: the install script. Needs a claim code that is still good.
///
/// # Errors
/// A problem document, which a router shows as its number.
pub async fn script(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    Query(wanted): Query<Wanted>,
) -> Answer<Response> {
    match ordered(&app, caller, &headers, &wanted).await? {
        Ok(order) => named(made(&order)?, "install.rsc"),
        Err(unfit) => Ok(text(format!(":error {}\n", q(&unfit.to_string())))),
    }
}

/// `GET /router/files/…`: what the install script fetches. Needs a claim code that is still good.
///
/// # Errors
/// A problem document.
pub async fn file(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    Path(path): Path<String>,
    Query(wanted): Query<Wanted>,
) -> Answer<Response> {
    let order = ordered(&app, caller, &headers, &wanted).await?;
    let order = order.map_err(|_| Problem::not_found())?;
    let is_part = path == "remove.rsc" || path.starts_with("hotspot/");
    if !is_part {
        return Err(Problem::not_found());
    }
    named(made(&order)?, &path)
}
