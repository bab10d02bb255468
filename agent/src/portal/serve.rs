//! The portal's HTTP: few connections, short waits, small bodies. A form must come from our own page: it carries a seal over the peer's
//! address, since captive browsers keep no cookies and often say nothing of where a form came from.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hmac::{Hmac, KeyInit, Mac};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::header::{
    ACCEPT_LANGUAGE, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue, LOCATION,
    RETRY_AFTER,
};
use hyper::service::service_fn;
use hyper::{HeaderMap, Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use mnara_protocol::ids::PlanId;
use sha2::Sha256;
use subtle::ConstantTimeEq;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::PortalAsk;
use super::form::Form;
use super::pages::{View, style};
use super::trouble::Trouble;
use super::words::Language;
use crate::core::portal::{Ask, BuyError, Home, Said};

/// Connections at once; more wait in the listen queue.
const CONNECTIONS: usize = 256;
/// How long a browser may take for its request's head, and an idle connection is kept.
const HEAD: Duration = Duration::from_secs(5);
/// How long a whole answer may take: asking the controller takes up to 30 s.
const ANSWER: Duration = Duration::from_secs(40);
/// The longest form.
const BODY: usize = 4096;

struct Portal {
    asks: mpsc::Sender<PortalAsk>,
    secret: [u8; 32],
}

/// Serves the portal until told to stop. `secret` is fresh random bytes; forms of an earlier start are then asked for again.
pub async fn serve(
    listener: TcpListener,
    asks: mpsc::Sender<PortalAsk>,
    secret: [u8; 32],
    stop: CancellationToken,
) {
    let portal = Arc::new(Portal { asks, secret });
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    let open = TaskTracker::new();
    loop {
        let place = tokio::select! {
            () = stop.cancelled() => return,
            place = Arc::clone(&places).acquire_owned() => place,
        };
        let Ok(place) = place else { return };
        let accepted = tokio::select! {
            () = stop.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => {
                let (portal, stop) = (Arc::clone(&portal), stop.clone());
                open.spawn(async move {
                    connection(portal, stream, peer, stop).await;
                    drop(place);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "a phone could not be let in to the portal");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

async fn connection(
    portal: Arc<Portal>,
    stream: TcpStream,
    peer: SocketAddr,
    stop: CancellationToken,
) {
    let peer = peer.ip().to_canonical();
    let service = service_fn(move |request| {
        let portal = Arc::clone(&portal);
        async move { Ok::<_, Infallible>(portal.answer(request, peer).await) }
    });
    let mut http = hyper::server::conn::http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .max_buf_size(16 * 1024);
    let served = http.serve_connection(TokioIo::new(stream), service);
    tokio::select! {
        () = stop.cancelled() => {}
        served = served => {
            if let Err(error) = served {
                tracing::debug!(%error, "a phone left in mid-sentence");
            }
        }
    }
}

type Answer = Response<Full<Bytes>>;

impl Portal {
    async fn answer(&self, request: Request<Incoming>, peer: IpAddr) -> Answer {
        let path = request.uri().path().to_owned();
        let query = Form::parse(request.uri().query().unwrap_or_default());
        let language = query
            .language()
            .unwrap_or_else(|| accepted(request.headers()));
        match (request.method(), path.as_str()) {
            (&Method::GET | &Method::HEAD, "/portal/") => self.page(peer, language).await,
            (&Method::GET | &Method::HEAD, "/portal/style.css") => stylesheet(query.field("c")),
            (&Method::GET | &Method::HEAD, "/portal/healthz") => plain(StatusCode::OK, "ok\n"),
            (&Method::POST, "/portal/code" | "/portal/buy" | "/portal/logout") => {
                self.submitted(request, &path, peer, language).await
            }
            (&Method::GET | &Method::HEAD, _) => redirect("/portal/", language),
            _ => plain(StatusCode::METHOD_NOT_ALLOWED, "GET or POST a form\n"),
        }
    }

    async fn page(&self, peer: IpAddr, language: Language) -> Answer {
        match self.ask(Ask::Home { peer }).await {
            Some(Said::Home(home)) => self.show(peer, language, Some(&home), None),
            _ => self.show(peer, language, None, Some(Trouble::Busy)),
        }
    }

    async fn submitted(
        &self,
        request: Request<Incoming>,
        path: &str,
        peer: IpAddr,
        language: Language,
    ) -> Answer {
        if is_cross_site(request.headers()) {
            return self.show(peer, language, None, Some(Trouble::BadForm));
        }
        let body =
            tokio::time::timeout(HEAD, Limited::new(request.into_body(), BODY).collect()).await;
        let Ok(Ok(body)) = body else {
            return self.show(peer, language, None, Some(Trouble::BadForm));
        };
        let form = Form::parse(&String::from_utf8_lossy(&body.to_bytes()));
        let language = form.language().unwrap_or(language);
        if form
            .field("seal")
            .is_some_and(|seal| !self.is_sealed(peer, seal))
        {
            // The page is older than this start of the agent, or was made for another phone: show it anew.
            return redirect("/portal/", language);
        }
        let ask = match path {
            "/portal/code" => Ask::Redeem {
                peer,
                code: form.field("code").unwrap_or_default().to_owned(),
            },
            "/portal/logout" => Ask::LogOut { peer },
            _ => {
                let plan = form
                    .field("plan")
                    .and_then(|plan| plan.parse::<PlanId>().ok());
                let revision = form
                    .field("revision")
                    .and_then(|revision| revision.parse().ok());
                let (Some(plan), Some(revision)) = (plan, revision) else {
                    return self
                        .with_home(peer, language, Trouble::Buy(BuyError::PlanGone))
                        .await;
                };
                Ask::Buy {
                    peer,
                    plan,
                    revision,
                    phone: form.field("phone").unwrap_or_default().to_owned(),
                }
            }
        };
        match self.ask(ask).await {
            Some(
                Said::Home(_) | Said::Redeemed(Ok(_)) | Said::Buying(Ok(_)) | Said::LoggedOut(_),
            ) => redirect("/portal/", language),
            Some(Said::Redeemed(Err(error))) => {
                self.with_home(peer, language, Trouble::Redeem(error)).await
            }
            Some(Said::Buying(Err(error))) => {
                self.with_home(peer, language, Trouble::Buy(error)).await
            }
            Some(Said::Busy) | None => self.show(peer, language, None, Some(Trouble::Busy)),
        }
    }

    /// A trouble, with the rest of the page below it so that the next try is at hand.
    async fn with_home(&self, peer: IpAddr, language: Language, trouble: Trouble) -> Answer {
        let home = match self.ask(Ask::Home { peer }).await {
            Some(Said::Home(home)) => Some(home),
            _ => None,
        };
        self.show(peer, language, home.as_deref(), Some(trouble))
    }

    fn show(
        &self,
        peer: IpAddr,
        language: Language,
        home: Option<&Home>,
        trouble: Option<Trouble>,
    ) -> Answer {
        let seal = self.seal(peer);
        let page = View {
            language,
            home,
            trouble,
            seal: &seal,
        }
        .render();
        let status = trouble.map_or(200, Trouble::status);
        let mut answer = respond(
            StatusCode::from_u16(status).unwrap_or(StatusCode::OK),
            "text/html; charset=utf-8",
            page,
        );
        if let Some(secs) = trouble.and_then(Trouble::retry_secs) {
            answer
                .headers_mut()
                .insert(RETRY_AFTER, HeaderValue::from(secs));
        }
        answer
    }

    async fn ask(&self, ask: Ask) -> Option<Said> {
        let (answer, answered) = oneshot::channel();
        self.asks.try_send(PortalAsk { ask, answer }).ok()?;
        tokio::time::timeout(ANSWER, answered).await.ok()?.ok()
    }

    fn seal(&self, peer: IpAddr) -> String {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.secret) else {
            unreachable!("HMAC takes a key of any length");
        };
        mac.update(peer.to_string().as_bytes());
        hex::encode(&mac.finalize().into_bytes()[..16])
    }

    fn is_sealed(&self, peer: IpAddr, seal: &str) -> bool {
        self.seal(peer).as_bytes().ct_eq(seal.as_bytes()).into()
    }
}

fn accepted(headers: &HeaderMap) -> Language {
    let header = headers
        .get(ACCEPT_LANGUAGE)
        .and_then(|value| value.to_str().ok());
    Language::accepted(header.unwrap_or_default())
}

/// Whether a browser says that another site sent the form; many captive browsers say nothing.
fn is_cross_site(headers: &HeaderMap) -> bool {
    let says = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    match (says("sec-fetch-site"), says("origin")) {
        (Some(site), _) => !matches!(site, "same-origin" | "none"),
        (None, Some(origin)) if origin != "null" => {
            origin.split_once("//").map(|(_, host)| host) != says("host")
        }
        (None, _) => false,
    }
}

fn stylesheet(colour: Option<&str>) -> Answer {
    let colour = colour
        .filter(|digits| digits.len() == 6)
        .and_then(|digits| u32::from_str_radix(digits, 16).ok());
    let mut answer = respond(
        StatusCode::OK,
        "text/css; charset=utf-8",
        style(colour.unwrap_or(0x0a_7d_4b)),
    );
    answer
        .headers_mut()
        .insert(CACHE_CONTROL, HeaderValue::from_static("max-age=86400"));
    answer
}

fn redirect(to: &str, language: Language) -> Answer {
    let mut answer = plain(StatusCode::SEE_OTHER, "");
    if let Ok(place) = HeaderValue::from_str(&format!("{to}?lang={}", language.tag())) {
        answer.headers_mut().insert(LOCATION, place);
    }
    answer
}

fn plain(status: StatusCode, text: &'static str) -> Answer {
    respond(status, "text/plain; charset=utf-8", text)
}

fn respond(status: StatusCode, kind: &'static str, body: impl Into<Bytes>) -> Answer {
    const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
    let mut answer = Response::new(Full::new(body.into()));
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(
        "x-content-type-options",
        HeaderValue::from_static("nosniff"),
    );
    headers.insert("referrer-policy", HeaderValue::from_static("no-referrer"));
    answer
}
