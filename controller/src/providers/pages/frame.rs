//! What stands around every page: its language, whose it is, where one can go from here.

use axum::extract::{FromRequestParts, Request};
use axum::http::header;
use axum::http::request::Parts;
use axum_extra::extract::CookieJar;
use mnara_protocol::portal::Language;

use super::assets;
use super::icons;
use super::places::{self, Link, Part, Pays};
use super::way::{encoded, log_in_path};
use super::words::Words;
use crate::config::SupportContact;
use crate::providers::cookies::LANGUAGE;
use crate::providers::log_in::Visit;
use crate::providers::rights::Warning;
use crate::providers::staff::roles::Permission;
use crate::providers::state::State;
use crate::web::Problem;
use crate::web::page::is_ours;

/// The frame of one page.
#[derive(Clone, Debug)]
pub struct Frame {
    /// The language.
    pub language: Language,
    /// The browser's log-in, if it has one.
    pub visit: Option<Visit>,
    /// The page's own path with its query, for coming back.
    pub path: String,
    /// Whether businesses are asked to pay the platform.
    pub asks_to_pay: bool,
    /// What is to be paid, where that is near or past.
    pub warning: Option<Warning>,
    /// Where the platform's staff is reached, if that is told.
    pub support: Option<SupportContact>,
}

impl Frame {
    /// Reads the frame off a request.
    #[must_use]
    pub fn of(request: &Request, jar: &CookieJar, visit: Option<Visit>) -> Self {
        let chosen = jar
            .get(LANGUAGE)
            .and_then(|cookie| Language::parse(cookie.value()));
        let accepted = || {
            let header = request.headers().get(header::ACCEPT_LANGUAGE);
            Language::accepted(header.and_then(|value| value.to_str().ok()).unwrap_or(""))
        };
        let uri = request.uri();
        let path = uri
            .path_and_query()
            .map_or(uri.path(), |path| path.as_str());
        Self {
            language: chosen.unwrap_or_else(accepted),
            visit,
            path: path.to_owned(),
            asks_to_pay: false,
            warning: None,
            support: None,
        }
    }

    /// The words of its language.
    #[must_use]
    pub const fn words(&self) -> &'static Words {
        Words::of(self.language)
    }

    /// The path of the stylesheet, which changes with it.
    #[must_use]
    pub fn style(&self) -> &'static str {
        assets::style_path()
    }

    /// The path of the product's mark.
    #[must_use]
    pub fn icon(&self) -> &'static str {
        assets::icon_path()
    }

    /// The path of the stylesheet of what is printed.
    #[must_use]
    pub fn paper_style(&self) -> &'static str {
        assets::paper_path()
    }

    /// The path of the script that checks a form while it is filled in.
    #[must_use]
    pub fn checks_script(&self) -> &'static str {
        assets::checks_path()
    }

    /// The path of the script that shows a form's preview again while one types.
    #[must_use]
    pub fn preview_script(&self) -> &'static str {
        assets::preview_path()
    }

    /// The path of the script that keeps a page live.
    #[must_use]
    pub fn live_script(&self) -> &'static str {
        assets::live_path()
    }

    /// The address of this page in the other language.
    #[must_use]
    pub fn other_language_path(&self) -> String {
        let back = encoded(&self.path);
        format!("/language/{}?back={back}", self.language.other().tag())
    }

    /// Where to log in, with the way back here if one can come back with a GET.
    #[must_use]
    pub fn log_in_path(&self, comes_back: bool) -> String {
        if comes_back && self.path != "/" && is_ours(&self.path) {
            log_in_path(&self.path)
        } else {
            "/log-in".to_owned()
        }
    }

    /// Whether somebody is logged in.
    #[must_use]
    pub fn is_in(&self) -> bool {
        self.visit.as_ref().is_some_and(|visit| visit.is_open)
    }

    /// What stands above the page: the business, or the product.
    #[must_use]
    pub fn title(&self) -> &str {
        let place = self.visit.as_ref().and_then(|visit| visit.place.as_ref());
        place.map_or("Mnara", |place| place.business.as_str())
    }

    /// What somebody should know on every page about how the business stands.
    #[must_use]
    pub fn notice(&self) -> Option<&'static str> {
        let state = self.visit.as_ref()?.place.as_ref()?.state;
        let words = &self.words().frame;
        match state {
            State::Pending => Some(words.pending),
            State::Suspended => Some(words.suspended),
            State::Active => None,
        }
    }

    /// Whether businesses are asked to pay, and whether this one has to before it can do anything else.
    fn pays(&self) -> Pays {
        match self.warning {
            _ if !self.asks_to_pay => Pays::Nobody,
            Some(Warning::Restricted) => Pays::First,
            _ => Pays::Sometime,
        }
    }

    /// What whoever pays should know on every page but the one where they pay, which tells it by itself where anybody is asked to: some words,
    /// and by when if there is such a time.
    #[must_use]
    pub fn bill(&self) -> Option<(&'static str, Option<String>)> {
        let place = self.visit.as_ref()?.place.as_ref()?;
        let is_there = self.asks_to_pay && self.path.starts_with("/settings/subscription");
        if is_there || !self.is_in() || !place.role.may(Permission::PayPlatform) {
            return None;
        }
        let (w, calendar) = (&self.words().frame, &self.words().calendar);
        Some(match self.warning? {
            Warning::Choose(by) => (w.bill_choose, Some(calendar.moment(by))),
            Warning::Soon(by) => (w.bill_soon, Some(calendar.moment(by))),
            Warning::Grace(by) => (w.bill_grace, Some(calendar.moment(by))),
            Warning::Restricted => (w.bill_restricted, None),
        })
    }

    /// When customers' money began to go elsewhere, for those who may do something about it.
    #[must_use]
    pub fn moved(&self) -> Option<String> {
        let place = self.visit.as_ref()?.place.as_ref()?;
        if !self.is_in() || !place.role.may(Permission::SetMpesa) {
            return None;
        }
        place.moved.map(|at| self.words().calendar.moment(at))
    }

    /// Until when somebody of the platform looks at this business, who can change nothing in it.
    #[must_use]
    pub fn view_ends(&self) -> Option<String> {
        self.visit
            .as_ref()?
            .view_ends
            .map(|at| self.words().calendar.moment(at))
    }

    /// Everywhere this person can go.
    #[must_use]
    pub fn places(&self) -> Vec<Link> {
        let visit = self.visit.as_ref().filter(|visit| visit.is_open);
        let words = &self.words().frame;
        visit.map_or_else(Vec::new, |visit| {
            places::open_to(visit, words, &self.path, self.pays())
        })
    }

    /// All of that, and the page that leads there on a phone, whose screen has no room for the rest.
    #[must_use]
    pub fn links(&self) -> Vec<Link> {
        let mut links = self.places();
        if links.is_empty() {
            return links;
        }
        let is_at_more = self.path.split('?').next() == Some(places::MORE);
        let is_here = is_at_more || links.iter().any(|link| link.is_here && link.is_later);
        links.push(Link {
            path: places::MORE,
            name: self.words().frame.more,
            short: self.words().frame.more,
            icon: icons::DOTS,
            part: Part::Setting,
            is_here,
            is_later: false,
        });
        links
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Frame {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let frame = parts.extensions.get::<Self>();
        frame.cloned().ok_or_else(Problem::internal)
    }
}
