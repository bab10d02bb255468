//! The pages of webhooks: which addresses are told news, and what each was sent.

use askama::Template;
use axum::extract::{Form, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use mnara_protocol::ids::{DeliveryId, EndpointId};
use secrecy::ExposeSecret as _;
use serde::Deserialize;

use super::edit::{self, MOST, NotAdded, NotSent};
use super::guard::Refused;
use super::store::{self, Sent};
use super::{Endpoint, Kind};
use crate::app::App;
use crate::providers::gate::Seat;
use crate::providers::pages::frame::Frame;
use crate::providers::pages::proof::{Fault, Filled, proved};
use crate::providers::pages::trouble::Trouble;
use crate::providers::pages::words::{WebhookWords, Words};
use crate::web::Path;
use crate::web::page::{self, html, onward};

/// Messages on one page.
const PAGE: u16 = 50;

impl WebhookWords {
    /// What has happened, for people.
    pub(crate) const fn kind(&self, kind: Kind) -> &'static str {
        match kind {
            Kind::PaymentSucceeded => self.payment_succeeded,
            Kind::PaymentFailed => self.payment_failed,
            Kind::TicketRedeemed => self.ticket_redeemed,
            Kind::TicketEnded => self.ticket_ended,
            Kind::SiteUp => self.site_up,
            Kind::SiteDown => self.site_down,
            Kind::Test => self.test,
        }
    }
}

/// An endpoint in the list.
struct Row {
    id: EndpointId,
    url: String,
    kinds: String,
    is_enabled: bool,
    failing: Option<String>,
    given_up: Option<String>,
}

impl Row {
    fn new(endpoint: Endpoint, w: &Words) -> Self {
        let kinds: Vec<&str> = endpoint
            .kinds
            .iter()
            .map(|kind| w.webhooks.kind(*kind))
            .collect();
        Self {
            id: endpoint.id,
            url: endpoint.url,
            kinds: kinds.join(" · "),
            is_enabled: endpoint.is_enabled,
            failing: endpoint.failing.map(|at| w.calendar.moment(at)),
            given_up: endpoint.given_up.map(|at| w.calendar.moment(at)),
        }
    }
}

/// One box to tick.
struct Choice {
    word: &'static str,
    text: &'static str,
    is_ticked: bool,
}

#[derive(Template)]
#[template(path = "programs/webhooks.html")]
struct ListPage<'a> {
    frame: &'a Frame,
    w: &'static Words,
    endpoints: Vec<Row>,
    choices: Vec<Choice>,
    url: &'a str,
    secret: Option<&'a str>,
    done: Option<&'static str>,
    fault: Option<String>,
}

/// What was done just before, or where a list goes on, as the address says it.
#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    done: Option<String>,
    before: Option<String>,
}

/// What the list says, and with what its form is filled in.
struct Said<'a> {
    status: StatusCode,
    url: &'a str,
    kinds: Vec<Kind>,
    secret: Option<&'a str>,
    done: Option<&'static str>,
    fault: Option<String>,
}

impl Said<'_> {
    fn nothing() -> Self {
        Self {
            status: StatusCode::OK,
            url: "",
            kinds: Kind::CHOICES.to_vec(),
            secret: None,
            done: None,
            fault: None,
        }
    }
}

/// Shows the addresses.
///
/// # Errors
/// When the database is away.
pub async fn list(
    State(app): State<App>,
    frame: Frame,
    seat: Seat,
    Query(asked): Query<Asked>,
) -> Result<Response, Trouble> {
    let done = (asked.done.as_deref() == Some("end")).then(|| frame.words().webhooks.removed);
    let said = Said {
        done,
        ..Said::nothing()
    };
    shown(&app, &frame, &seat, said).await
}

async fn shown(app: &App, frame: &Frame, seat: &Seat, said: Said<'_>) -> Result<Response, Trouble> {
    let w = frame.words();
    let mut tx = app.db.tenant(seat.provider()).await?;
    let endpoints = store::endpoints(&mut tx, seat.provider(), MOST).await?;
    drop(tx);
    let page = ListPage {
        frame,
        w,
        endpoints: endpoints
            .into_iter()
            .map(|endpoint| Row::new(endpoint, w))
            .collect(),
        choices: Kind::CHOICES
            .into_iter()
            .map(|kind| Choice {
                word: kind.word(),
                text: w.webhooks.kind(kind),
                is_ticked: said.kinds.contains(&kind),
            })
            .collect(),
        url: said.url,
        secret: said.secret,
        done: said.done,
        fault: said.fault,
    };
    Ok(html(said.status, &page))
}

/// Adds an address for somebody who proves who they are once more, and shows its secret, once.
///
/// # Errors
/// When the database is away.
pub async fn add(
    State(app): State<App>,
    frame: Frame,
    seat: Seat,
    Form(filled): Form<Vec<(String, String)>>,
) -> Result<Response, Trouble> {
    let filled = Filled(filled);
    let w = &frame.words().webhooks;
    let url = filled.one("url");
    let kinds: Vec<Kind> = filled.all("event").filter_map(Kind::chosen).collect();
    let proof = proved(
        &app,
        &frame,
        &seat,
        filled.secret("password"),
        filled.one("digits"),
    );
    if let Some((status, fault)) = proof.await? {
        let said = Said {
            status,
            url,
            kinds,
            fault: Some(fault),
            ..Said::nothing()
        };
        return shown(&app, &frame, &seat, said).await;
    }
    let added = edit::add(&app, seat.provider(), seat.actor(), url, &kinds).await;
    let fault = match added {
        Ok(secret) => {
            let said = Said {
                secret: Some(secret.expose_secret()),
                ..Said::nothing()
            };
            return shown(&app, &frame, &seat, said).await;
        }
        Err(NotAdded::Refused(Refused::Private)) => w.private,
        Err(NotAdded::Refused(Refused::NotEncrypted)) => w.not_encrypted,
        Err(NotAdded::Refused(Refused::HasPassword)) => w.has_password,
        Err(NotAdded::Refused(Refused::NoAddress)) => w.no_address,
        Err(NotAdded::Nothing) => w.nothing,
        Err(NotAdded::TooMany) => w.too_many,
        Err(NotAdded::Database(error)) => return Err(error.into()),
    };
    let said = Said {
        status: StatusCode::UNPROCESSABLE_ENTITY,
        url,
        kinds,
        fault: Some(fault.to_owned()),
        ..Said::nothing()
    };
    shown(&app, &frame, &seat, said).await
}

/// One message in the list.
struct Message {
    id: DeliveryId,
    event: String,
    at: String,
    attempts: u32,
    is_delivered: bool,
    is_dead: bool,
    status: Option<i32>,
    answer: String,
    next: String,
}

impl Message {
    fn new(sent: Sent, w: &Words) -> Self {
        let kind = Kind::chosen(&sent.event);
        let answer = sent.answer.unwrap_or_default();
        Self {
            id: sent.id,
            event: kind.map_or(sent.event, |kind| w.webhooks.kind(kind).to_owned()),
            at: w.calendar.moment(sent.at),
            attempts: sent.attempts,
            is_delivered: sent.is_delivered,
            is_dead: sent.is_dead,
            answer: match sent.status {
                None => w.webhooks.why(&answer).to_owned(),
                Some(_) => answer,
            },
            status: sent.status,
            next: w.calendar.moment(sent.next),
        }
    }
}

#[derive(Template)]
#[template(path = "programs/webhook.html")]
struct OnePage<'a> {
    frame: &'a Frame,
    w: &'static Words,
    endpoint: Row,
    messages: Vec<Message>,
    older: Option<String>,
    secret: Option<&'a str>,
    done: Option<&'static str>,
    fault: Option<String>,
}

/// What the page of one address says.
#[derive(Default)]
struct Told<'a> {
    secret: Option<&'a str>,
    done: Option<&'static str>,
    fault: Option<Fault>,
}

/// Shows one address and what it was sent.
///
/// # Errors
/// When there is none such, or the database is away.
pub async fn one(
    State(app): State<App>,
    frame: Frame,
    seat: Seat,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Trouble> {
    let id = id.parse().map_err(|_| Trouble::Nothing)?;
    let w = &frame.words().webhooks;
    let done = match asked.done.as_deref() {
        Some("test") => Some(w.tested),
        Some("again") => Some(w.sent_again),
        Some("on") => Some(w.switched_on),
        Some("off") => Some(w.switched_off),
        _ => None,
    };
    let before = asked.before.as_deref().and_then(page::before);
    let told = Told {
        done,
        ..Told::default()
    };
    one_shown(&app, &frame, &seat, id, before, told).await
}

async fn one_shown(
    app: &App,
    frame: &Frame,
    seat: &Seat,
    id: EndpointId,
    before: Option<(mnara_protocol::clock::Timestamp, DeliveryId)>,
    told: Told<'_>,
) -> Result<Response, Trouble> {
    let w = frame.words();
    let mut tx = app.db.tenant(seat.provider()).await?;
    let found = store::endpoint(&mut tx, seat.provider(), id).await?;
    let (endpoint, _) = found.ok_or(Trouble::Nothing)?;
    let sent = store::sent(&mut tx, seat.provider(), id, before, PAGE).await?;
    drop(tx);
    let older = sent
        .last()
        .filter(|_| sent.len() == usize::from(PAGE))
        .map(|last| format!("{}.{}", last.at.as_millis(), last.id));
    let (status, fault) = match told.fault {
        Some((status, fault)) => (status, Some(fault)),
        None => (StatusCode::OK, None),
    };
    let page = OnePage {
        frame,
        w,
        endpoint: Row::new(endpoint, w),
        messages: sent.into_iter().map(|sent| Message::new(sent, w)).collect(),
        older,
        secret: told.secret,
        done: told.done,
        fault,
    };
    Ok(html(status, &page))
}

/// Sends a message that says only that the address works.
///
/// # Errors
/// When there is no such address, or it is off.
pub async fn test(
    State(app): State<App>,
    seat: Seat,
    Path(id): Path<String>,
) -> Result<Response, Trouble> {
    let id: EndpointId = id.parse().map_err(|_| Trouble::Nothing)?;
    if edit::try_out(&app, seat.provider(), id).await? {
        Ok(onward(&format!("/settings/webhooks/{id}?done=test")))
    } else {
        Err(Trouble::Nothing)
    }
}

/// Sends a message once more.
///
/// # Errors
/// When there is no such message, or its address is off.
pub async fn again(
    State(app): State<App>,
    seat: Seat,
    Path(id): Path<String>,
) -> Result<Response, Trouble> {
    let id = id.parse().map_err(|_| Trouble::Nothing)?;
    match edit::send_again(&app, seat.provider(), id).await {
        Ok(endpoint) => Ok(onward(&format!("/settings/webhooks/{endpoint}?done=again"))),
        Err(NotSent::Missing | NotSent::Off) => Err(Trouble::Nothing),
        Err(NotSent::Database(error)) => Err(error.into()),
    }
}

/// The page for whoever did not prove who they are once more. What is not there is told before a try is counted.
async fn unproved(
    app: &App,
    frame: &Frame,
    seat: &Seat,
    id: EndpointId,
    filled: &Filled,
) -> Result<Option<Response>, Trouble> {
    let mut tx = app.db.tenant(seat.provider()).await?;
    let found = store::endpoint(&mut tx, seat.provider(), id).await?;
    drop(tx);
    if found.is_none() {
        return Err(Trouble::Nothing);
    }
    let (password, digits) = (filled.secret("password"), filled.one("digits"));
    let fault = proved(app, frame, seat, password, digits).await?;
    if fault.is_none() {
        return Ok(None);
    }
    let told = Told {
        fault,
        ..Told::default()
    };
    one_shown(app, frame, seat, id, None, told).await.map(Some)
}

/// Gives an address a new secret for somebody who proves who they are once more, and shows it, once.
///
/// # Errors
/// When there is no such address.
pub async fn secret(
    State(app): State<App>,
    frame: Frame,
    seat: Seat,
    Path(id): Path<String>,
    Form(filled): Form<Vec<(String, String)>>,
) -> Result<Response, Trouble> {
    let id: EndpointId = id.parse().map_err(|_| Trouble::Nothing)?;
    let refused = unproved(&app, &frame, &seat, id, &Filled(filled)).await?;
    if let Some(refused) = refused {
        return Ok(refused);
    }
    let secret = edit::new_secret(&app, seat.provider(), seat.actor(), id).await?;
    let secret = secret.ok_or(Trouble::Nothing)?;
    let told = Told {
        secret: Some(secret.expose_secret()),
        ..Told::default()
    };
    one_shown(&app, &frame, &seat, id, None, told).await
}

/// Switches an address on, for somebody who proves who they are once more, or off at once.
///
/// # Errors
/// When there is no such address.
pub async fn switch(
    State(app): State<App>,
    frame: Frame,
    seat: Seat,
    Path((id, to)): Path<(String, String)>,
    Form(filled): Form<Vec<(String, String)>>,
) -> Result<Response, Trouble> {
    let id: EndpointId = id.parse().map_err(|_| Trouble::Nothing)?;
    let is_enabled = match to.as_str() {
        "on" => true,
        "off" => false,
        _ => return Err(Trouble::Nothing),
    };
    if is_enabled {
        let refused = unproved(&app, &frame, &seat, id, &Filled(filled)).await?;
        if let Some(refused) = refused {
            return Ok(refused);
        }
    }
    if edit::switch(&app, seat.provider(), seat.actor(), id, is_enabled).await? {
        Ok(onward(&format!("/settings/webhooks/{id}?done={to}")))
    } else {
        Err(Trouble::Nothing)
    }
}

/// Removes an address.
///
/// # Errors
/// When there is no such address.
pub async fn end(
    State(app): State<App>,
    seat: Seat,
    Path(id): Path<String>,
) -> Result<Response, Trouble> {
    let id = id.parse().map_err(|_| Trouble::Nothing)?;
    if edit::remove(&app, seat.provider(), seat.actor(), id).await? {
        Ok(onward("/settings/webhooks?done=end"))
    } else {
        Err(Trouble::Nothing)
    }
}
