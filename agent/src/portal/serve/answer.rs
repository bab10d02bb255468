//! What each address of the portal answers. A form that did what it should leads to a page by redirect, so that reloading does nothing
//! twice; one that did not is answered by a page with the trouble and the form as it was filled in.

use std::net::IpAddr;
use std::time::Duration;

use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::header::{ACCEPT_LANGUAGE, RETRY_AFTER};
use hyper::{Method, Request, StatusCode};
use mnara_protocol::ids::PlanId;
use mnara_protocol::portal::{Language, style};
use mnara_protocol::ticket::code::TicketCode;
use tokio::sync::{mpsc, oneshot};

use super::super::PortalAsk;
use super::super::form::Form;
use super::super::pages::{Place, SCRIPT, Typed, View};
use super::super::state::{plans_json, state_json, token_json};
use super::super::trouble::Trouble;
use super::guard::{Origin, Seals};
use super::reply::{Answer, kept, plain, redirect, respond};
use crate::core::portal::{Ask, BuyError, Home, Said};

/// How long a browser may take for its request's head or body, and an idle connection is kept.
pub(super) const HEAD: Duration = Duration::from_secs(5);
/// How long a whole answer may take: asking the controller takes up to 30 s.
pub(super) const ANSWER: Duration = Duration::from_secs(40);
/// The longest form.
const BODY: usize = 4096;
/// How long a question may wait for its turn.
const TURN: Duration = Duration::from_secs(2);

/// What the portal is told at start.
#[derive(Clone)]
pub struct Settings {
    /// Fresh random bytes; forms of an earlier start are then asked for again.
    pub secret: [u8; 32],
    /// Where a phone goes when it is online: plain http, outside.
    pub outside: String,
}

/// What answers.
pub(super) struct Portal {
    asks: mpsc::Sender<PortalAsk>,
    seals: Seals,
    outside: String,
}

impl Portal {
    pub(super) fn new(asks: mpsc::Sender<PortalAsk>, settings: Settings) -> Self {
        Self {
            asks,
            seals: Seals::new(settings.secret),
            outside: settings.outside,
        }
    }

    /// The answer to a request of a peer.
    pub(super) async fn answer(&self, request: Request<Incoming>, peer: IpAddr) -> Answer {
        let path = request.uri().path().to_owned();
        let query = Form::parse(request.uri().query().unwrap_or_default());
        let language = query.language().unwrap_or_else(|| accepted(&request));
        match (request.method(), path.as_str()) {
            (&Method::GET | &Method::HEAD, "/portal/healthz") => plain(StatusCode::OK, "ok\n"),
            // Led to the start, a robot would read a page as its rules.
            (&Method::GET | &Method::HEAD, "/robots.txt") => {
                plain(StatusCode::NOT_FOUND, "not here\n")
            }
            (&Method::GET | &Method::HEAD, "/portal/style.css") => {
                let colours = ["c", "b", "p"].map(|name| query.field(name));
                let [brand, button, plans] = colours;
                kept("text/css; charset=utf-8", style(brand, button, plans))
            }
            (&Method::GET | &Method::HEAD, "/portal/portal.js") => {
                kept("text/javascript; charset=utf-8", SCRIPT)
            }
            (&Method::GET | &Method::HEAD, "/portal/logo") => self.logo(peer).await,
            (&Method::GET | &Method::HEAD, "/portal/state.json") => {
                self.json(peer, language, state_json).await
            }
            (&Method::GET | &Method::HEAD, "/portal/plans.json") => {
                self.json(peer, language, plans_json).await
            }
            (&Method::GET | &Method::HEAD, "/portal/token.json") => {
                self.json(peer, language, token_json).await
            }
            (&Method::GET | &Method::HEAD, path) => match Place::at(path) {
                Some(place) => self.page(peer, language, place, scanned(&query)).await,
                None => redirect(Place::Home, language),
            },
            (
                &Method::POST,
                "/portal/code" | "/portal/buy" | "/portal/hand" | "/portal/claim" | "/portal/try"
                | "/portal/logout",
            ) => self.submitted(request, &path, peer, language).await,
            _ => plain(StatusCode::METHOD_NOT_ALLOWED, "GET or POST a form\n"),
        }
    }

    async fn page(&self, peer: IpAddr, language: Language, place: Place, typed: Typed) -> Answer {
        let Some(home) = self.home(peer).await else {
            return self.trouble(peer, language, None, Trouble::Busy, &Typed::default());
        };
        if let Some(place) = place.instead(&home) {
            return redirect(place, language);
        }
        let page = View {
            language,
            place,
            home: Some(&home),
            trouble: None,
            typed: &typed,
            seal: &self.seals.seal(peer),
            outside: &self.outside,
        };
        respond(StatusCode::OK, "text/html; charset=utf-8", page.render())
    }

    async fn logo(&self, peer: IpAddr) -> Answer {
        let logo = self.home(peer).await.and_then(|home| home.logo);
        let kind = logo.as_ref().and_then(|logo| logo.kind.media_type());
        match (logo, kind) {
            (Some(logo), Some(kind)) => kept(kind, logo.picture.clone()),
            _ => plain(StatusCode::NOT_FOUND, "no logo\n"),
        }
    }

    async fn json(
        &self,
        peer: IpAddr,
        language: Language,
        write: fn(&Home, Language) -> Option<String>,
    ) -> Answer {
        const JSON: &str = "application/json";
        match self
            .home(peer)
            .await
            .and_then(|home| write(&home, language))
        {
            Some(text) => respond(StatusCode::OK, JSON, text),
            None => respond(StatusCode::SERVICE_UNAVAILABLE, JSON, "{}"),
        }
    }

    async fn submitted(
        &self,
        request: Request<Incoming>,
        path: &str,
        peer: IpAddr,
        language: Language,
    ) -> Answer {
        let origin = Origin::of(request.headers());
        let body = Limited::new(request.into_body(), BODY).collect();
        let Ok(Ok(body)) = tokio::time::timeout(HEAD, body).await else {
            return self
                .with_home(peer, language, Trouble::BadForm, &Typed::default())
                .await;
        };
        let form = Form::parse(&String::from_utf8_lossy(&body.to_bytes()));
        let language = form.language().unwrap_or(language);
        let (typed, revision) = typed(&form);
        if let Some(trouble) = self.seals.objection(peer, origin, form.field("seal")) {
            // What another site wrote is not shown as if the customer had typed it.
            let typed = match trouble {
                Trouble::Stale => typed,
                _ => Typed::default(),
            };
            return self.with_home(peer, language, trouble, &typed).await;
        }
        let (ask, then) = match path {
            "/portal/code" => (
                Ask::Redeem {
                    peer,
                    code: typed.code.clone(),
                },
                Place::Wait,
            ),
            "/portal/try" => (Ask::Try { peer }, Place::Wait),
            "/portal/logout" => (Ask::LogOut { peer }, Place::Home),
            "/portal/claim" => (
                Ask::Claim {
                    peer,
                    receipt: typed.receipt.clone(),
                    phone: typed.phone.clone(),
                },
                Place::Wait,
            ),
            // The button for paying by hand skips what a browser asks for: a paybill needs no number.
            _ if typed.plan.is_empty() => {
                return self
                    .with_home(peer, language, Trouble::NoPlan, &typed)
                    .await;
            }
            _ => {
                let (Ok(plan), Some(revision)) = (typed.plan.parse::<PlanId>(), revision) else {
                    let trouble = Trouble::Buy(BuyError::PlanGone);
                    return self.with_home(peer, language, trouble, &typed).await;
                };
                let (phone, by_sms) = (typed.phone.clone(), typed.by_sms);
                let ask = if path == "/portal/hand" {
                    Ask::ByHand {
                        peer,
                        plan,
                        revision,
                        phone,
                        by_sms,
                    }
                } else {
                    Ask::Buy {
                        peer,
                        plan,
                        revision,
                        phone,
                        by_sms,
                    }
                };
                (ask, Place::Wait)
            }
        };
        let trouble = match self.ask(ask).await {
            Some(
                Said::Home(_)
                | Said::Redeemed(Ok(_))
                | Said::Buying(Ok(_))
                | Said::Claimed(Ok(_))
                | Said::Tried(Ok(_))
                | Said::LoggedOut(_),
            ) => return redirect(then, language),
            Some(Said::Redeemed(Err(error))) => Trouble::Redeem(error),
            Some(Said::Buying(Err(error))) => Trouble::Buy(error),
            Some(Said::Claimed(Err(error))) => Trouble::Claim(error),
            Some(Said::Tried(Err(error))) => Trouble::Try(error),
            Some(Said::Busy) | None => Trouble::Busy,
        };
        self.with_home(peer, language, trouble, &typed).await
    }

    /// A trouble, with the rest of the page below it so that the next try is at hand.
    async fn with_home(
        &self,
        peer: IpAddr,
        language: Language,
        trouble: Trouble,
        typed: &Typed,
    ) -> Answer {
        let home = self.home(peer).await;
        self.trouble(peer, language, home.as_deref(), trouble, typed)
    }

    fn trouble(
        &self,
        peer: IpAddr,
        language: Language,
        home: Option<&Home>,
        trouble: Trouble,
        typed: &Typed,
    ) -> Answer {
        let page = View {
            language,
            place: Place::Home,
            home,
            trouble: Some(trouble),
            typed,
            seal: &self.seals.seal(peer),
            outside: &self.outside,
        };
        let status = StatusCode::from_u16(trouble.status()).unwrap_or(StatusCode::OK);
        let mut answer = respond(status, "text/html; charset=utf-8", page.render());
        if let Some(secs) = trouble.retry_secs() {
            answer.headers_mut().insert(RETRY_AFTER, secs.into());
        }
        answer
    }

    async fn home(&self, peer: IpAddr) -> Option<Box<Home>> {
        match self.ask(Ask::Home { peer }).await? {
            Said::Home(home) => Some(home),
            _ => None,
        }
    }

    async fn ask(&self, ask: Ask) -> Option<Said> {
        let (answer, answered) = oneshot::channel();
        let ask = PortalAsk { ask, answer };
        tokio::time::timeout(TURN, self.asks.send(ask))
            .await
            .ok()?
            .ok()?;
        tokio::time::timeout(ANSWER, answered).await.ok()?.ok()
    }
}

/// The code of a printed voucher that the phone has scanned: in the address that it asked the router for, or in one of our own. It only
/// fills the field in; using it takes the form.
fn scanned(query: &Form) -> Typed {
    let asked = || TicketCode::of_scanned(query.field("from")?);
    let code = query
        .field("code")
        .and_then(|code| TicketCode::parse(code).ok())
        .or_else(asked);
    Typed {
        code: code.map(|code| code.shown()).unwrap_or_default(),
        ..Typed::default()
    }
}

/// What a form holds, and the revision of its plan: after a dot in the same field, or in one of its own.
fn typed(form: &Form) -> (Typed, Option<u32>) {
    let field = |name| form.field(name).unwrap_or_default().trim();
    let (plan, revision) = field("plan")
        .split_once('.')
        .unwrap_or((field("plan"), field("revision")));
    let typed = Typed {
        code: field("code").to_owned(),
        phone: field("phone").to_owned(),
        plan: plan.to_owned(),
        receipt: field("receipt").to_owned(),
        by_sms: !field("sms").is_empty(),
    };
    (typed, revision.parse().ok())
}

fn accepted(request: &Request<Incoming>) -> Language {
    let header = request
        .headers()
        .get(ACCEPT_LANGUAGE)
        .and_then(|value| value.to_str().ok());
    Language::accepted(header.unwrap_or_default())
}
