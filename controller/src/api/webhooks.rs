//! `/api/v1/settings/webhooks`: which addresses are told news, and what each was sent.
//!
//! Their secrets are shown nowhere, and no call adds an address: a stolen key would have news sent elsewhere. One can be tried out, and
//! what was sent to it sent there again.

use axum::extract::State;
use axum::http::StatusCode;
use futures_util::FutureExt as _;
use mnara_protocol::ids::{DeliveryId, EndpointId};
use serde::Serialize;
use utoipa::ToSchema;

use super::cursor::{Asked, Cursor, List, Listing, Part, listed};
use super::gate::Key;
use super::made::Made;
use super::once::Once;
use super::operation::Operation;
use super::types::named;
use crate::app::App;
use crate::db::Tx;
use crate::web::{Answer, Json, Path, Problem, show};
use crate::webhooks::Endpoint;
use crate::webhooks::edit::{MOST, NotSent, send_again_in, try_out_in};
use crate::webhooks::store::{self, Sent};

/// An address that is told news.
#[derive(Debug, Serialize, ToSchema)]
pub struct Webhook {
    /// Its id.
    id: String,
    /// The address, without what stands behind a question mark: that may be a secret.
    url: String,
    /// What it is told, such as `payment.succeeded`.
    events: Vec<&'static str>,
    /// Whether it is told anything now.
    is_enabled: bool,
    /// Since when nothing has arrived; null while all does.
    failing_since: Option<String>,
    /// When it was switched off for that.
    given_up_at: Option<String>,
    /// When it was added.
    created_at: String,
}

impl From<Endpoint> for Webhook {
    fn from(endpoint: Endpoint) -> Self {
        let url = endpoint.url.split(['?', '#']).next().unwrap_or_default();
        Self {
            id: endpoint.id.to_string(),
            url: url.to_owned(),
            events: endpoint.kinds.iter().map(|kind| kind.word()).collect(),
            is_enabled: endpoint.is_enabled,
            failing_since: endpoint.failing.map(show::utc),
            given_up_at: endpoint.given_up.map(show::utc),
            created_at: show::utc(endpoint.added),
        }
    }
}

pub(super) fn listing() -> Operation {
    Operation::new(
        "listWebhooks",
        "List addresses that are told news",
        "The first added comes first. They are set on the pages only, and their secrets are shown nowhere.",
    )
    .query::<Listing>()
    .lists::<Webhook>()
}

/// Lists addresses.
///
/// # Errors
/// A problem document.
pub async fn list(
    State(app): State<App>,
    key: Key,
    Asked(asked): Asked<Listing>,
) -> Answer<Json<List<Webhook>>> {
    let (limit, cursor) = asked.part();
    let part = Part::read(limit, cursor)?;
    let place = |endpoint: &Endpoint| Cursor::at(endpoint.added, endpoint.id);
    let mut tx = app.db.tenant(key.provider()).await?;
    // A list that is short enough to be read whole.
    let found = store::endpoints(&mut tx, key.provider(), MOST).await?;
    Ok(Json(part.list(
        part.rest(found, place),
        place,
        Webhook::from,
    )))
}

pub(super) fn showing() -> Operation {
    Operation::new("getWebhook", "Show an address that is told news", "")
        .of(EndpointId::PREFIX)
        .answers::<Webhook>(200)
}

/// Shows one.
///
/// # Errors
/// A problem document.
pub async fn show(
    State(app): State<App>,
    key: Key,
    Path(id): Path<String>,
) -> Answer<Json<Webhook>> {
    let mut tx = app.db.tenant(key.provider()).await?;
    let found = store::endpoint(&mut tx, key.provider(), named(&id)?).await?;
    let (endpoint, _) = found.ok_or_else(Problem::not_found)?;
    Ok(Json(endpoint.into()))
}

/// A message to an address.
#[derive(Debug, Serialize, ToSchema)]
pub struct Delivery {
    /// Its id, which is its `webhook-id`.
    id: String,
    /// Of what it tells, such as `payment.succeeded`.
    event: String,
    /// `waiting`, `delivered`, or `given-up` after a day.
    status: &'static str,
    /// How often it was tried.
    attempts: u32,
    /// The HTTP status of the last answer; null if there was none.
    http_status: Option<i32>,
    /// How the last answer began, or why there was none.
    answer: Option<String>,
    /// When it is tried next; null unless it waits.
    next_at: Option<String>,
    /// When it was written.
    created_at: String,
}

impl From<Sent> for Delivery {
    fn from(sent: Sent) -> Self {
        let status = match (sent.is_delivered, sent.is_dead) {
            (true, _) => "delivered",
            (false, true) => "given-up",
            (false, false) => "waiting",
        };
        Self {
            id: sent.id.to_string(),
            event: sent.event,
            status,
            attempts: sent.attempts,
            http_status: sent.status,
            answer: sent.answer,
            next_at: (status == "waiting").then(|| show::utc(sent.next)),
            created_at: show::utc(sent.at),
        }
    }
}

pub(super) fn sending() -> Operation {
    Operation::new(
        "listDeliveries",
        "List what an address was sent",
        "The newest comes first; a month is kept. What the messages said is not shown.",
    )
    .of(EndpointId::PREFIX)
    .query::<Listing>()
    .lists::<Delivery>()
}

/// Lists what one was sent.
///
/// # Errors
/// A problem document.
pub async fn sent(
    State(app): State<App>,
    key: Key,
    Path(id): Path<String>,
    Asked(asked): Asked<Listing>,
) -> Answer<Json<List<Delivery>>> {
    let (provider, id) = (key.provider(), named(&id)?);
    let mut tx = app.db.tenant(provider).await?;
    let found = store::endpoint(&mut tx, provider, id).await?;
    found.ok_or_else(Problem::not_found)?;
    drop(tx);
    listed(
        &app,
        &key,
        asked.part(),
        move |conn, before, limit| store::sent(conn, provider, id, before, limit).boxed(),
        |sent: &Sent| (sent.at, sent.id),
        Delivery::from,
    )
    .await
}

pub(super) fn repeating() -> Operation {
    Operation::new(
        "sendDeliveryAgain",
        "Send a message to an address again",
        "One that was given up, or arrived and was lost there: it goes out as it was, with the same `webhook-id`, and is tried for a day like a new one. One that waits is tried at once. Its address must be on (`address-off`).",
    )
    .of(DeliveryId::PREFIX)
    .answers::<Delivery>(200)
    .problem(409)
}

/// Sends one again.
///
/// # Errors
/// A problem document.
pub async fn again(
    State(app): State<App>,
    key: Key,
    once: Once,
    Path(id): Path<String>,
) -> Answer<Made> {
    let (provider, id) = (key.provider(), named(&id)?);
    let mut tx = app.db.tenant(provider).await?;
    send_again_in(&app, &mut tx, provider, id)
        .await
        .map_err(not_sent)?;
    asked_for(&app, tx, (&key, &once), id).await
}

pub(super) fn trying() -> Operation {
    Operation::new(
        "tryWebhook",
        "Try an address out",
        "It is sent a message of the kind `test`, which says only that it works: how that fares is in its deliveries. The address must be on \
         (`address-off`).",
    )
    .of(EndpointId::PREFIX)
    .answers::<Delivery>(200)
    .problem(409)
}

/// Tries one out.
///
/// # Errors
/// A problem document.
pub async fn try_out(
    State(app): State<App>,
    key: Key,
    once: Once,
    Path(id): Path<String>,
) -> Answer<Made> {
    let (provider, id) = (key.provider(), named(&id)?);
    let mut tx = app.db.tenant(provider).await?;
    let message = try_out_in(&app, &mut tx, provider, id)
        .await
        .map_err(not_sent)?;
    asked_for(&app, tx, (&key, &once), message).await
}

/// Answers with a message that waits now, and keeps the answer with it.
async fn asked_for(
    app: &App,
    mut tx: Tx,
    (key, once): (&Key, &Once),
    id: DeliveryId,
) -> Answer<Made> {
    let sent = store::one_sent(&mut tx, key.provider(), id).await?;
    let delivery: Delivery = sent.ok_or_else(Problem::not_found)?.into();
    let made = Made::now(&delivery)?;
    once.keep(&mut tx, &made).await?;
    tx.commit().await?;
    app.jobs.wake();
    Ok(made)
}

fn not_sent(error: NotSent) -> Problem {
    match error {
        NotSent::Missing => Problem::not_found(),
        NotSent::Off => Problem::new(
            StatusCode::CONFLICT,
            "address-off",
            "This address is switched off. An owner can switch it on in the settings.",
        ),
        NotSent::Database(error) => error.into(),
    }
}
