//! What people do with endpoints: adding, switching, a new secret, removing, trying out and again.

use futures_util::FutureExt as _;
use mnara_protocol::ids::{DeliveryId, EndpointId, ProviderId};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;
use sqlx::PgConnection;
use sqlx::types::JsonValue;
use thiserror::Error;

use super::guard::{Guard, Refused};
use super::{Endpoint, Event, Kind, SECRET, WATCH, Why, sign, store, wake, write};
use crate::app::App;
use crate::audit::{Actor, Deed, record};
use crate::db::sealed::{NotRenewed, renew};
use crate::jobs::{self, NewJob};
use crate::web::show;

/// Endpoints one business has at most.
pub const MOST: u16 = 20;
/// Messages of an endpoint that are tried again at once: the last ones.
pub const MOST_AGAIN: u16 = 1_000;

/// Why an endpoint was not added.
#[derive(Debug, Error)]
pub enum NotAdded {
    /// The address is none we call.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// It would be told nothing.
    #[error("tick at least one thing it is told")]
    Nothing,
    /// There are enough.
    #[error("a business can have {MOST} addresses: remove one first")]
    TooMany,
    /// The database refused.
    #[error("the address could not be stored")]
    Database(#[from] sqlx::Error),
}

/// Adds an endpoint; its secret is given once.
///
/// # Errors
/// [`NotAdded`].
pub async fn add(
    app: &App,
    provider: ProviderId,
    actor: Actor,
    url: &str,
    kinds: &[Kind],
) -> Result<SecretString, NotAdded> {
    let guard = Guard {
        to_loopback: app.config.webhooks.to_loopback,
    };
    let url = guard.check(url)?;
    if kinds.is_empty() {
        return Err(NotAdded::Nothing);
    }
    let now = app.clock.now();
    let secret = sign::draw(app);
    let sealed = app
        .vault
        .seal(provider, SECRET, secret.expose_secret().as_bytes());
    let endpoint = Endpoint {
        id: EndpointId::new(now, app.entropy.bytes()),
        url: url.to_string(),
        kinds: kinds.to_vec(),
        is_enabled: true,
        failing: None,
        given_up: None,
        added: now,
    };
    let mut tx = app.db.tenant(provider).await?;
    let present = store::endpoints(&mut tx, provider, MOST).await?;
    if present.len() >= usize::from(MOST) {
        return Err(NotAdded::TooMany);
    }
    store::insert(&mut tx, provider, &endpoint, &sealed).await?;
    let words: Vec<&str> = kinds.iter().map(|kind| kind.word()).collect();
    let deed = Deed {
        act: "webhook",
        subject: &endpoint.id.to_string(),
        before: None,
        after: Some(json!({"host": url.host_str(), "events": words})),
    };
    record(app, &mut tx, Some(provider), actor, deed).await?;
    watch(app, &mut tx, provider).await?;
    tx.commit().await?;
    Ok(secret)
}

/// Sees to it that sites are watched; the job ends by itself when nobody wants to know.
///
/// # Errors
/// When the database refuses.
pub async fn watch(app: &App, conn: &mut PgConnection, provider: ProviderId) -> sqlx::Result<()> {
    let job = NewJob {
        kind: WATCH,
        key: &provider.to_string(),
        payload: json!({}),
        run_at: app.clock.now(),
    };
    jobs::enqueue(conn, Some(provider), job, app).await
}

/// Switches an endpoint on or off; says whether there is one.
///
/// # Errors
/// When the database refuses.
pub async fn switch(
    app: &App,
    provider: ProviderId,
    actor: Actor,
    id: EndpointId,
    is_enabled: bool,
) -> sqlx::Result<bool> {
    let mut tx = app.db.tenant(provider).await?;
    let Some((was, _)) = store::lock(&mut tx, provider, id).await? else {
        return Ok(false);
    };
    store::switch(&mut tx, provider, id, is_enabled).await?;
    let act = if is_enabled {
        "webhook-on"
    } else {
        "webhook-off"
    };
    let after = json!({"host": was.host(), "on": is_enabled});
    let change = (how_it_is(&was), Some(after));
    told(app, &mut tx, provider, actor, act, id, change).await?;
    if is_enabled {
        watch(app, &mut tx, provider).await?;
    }
    tx.commit().await?;
    Ok(true)
}

/// Gives an endpoint a new secret, which counts at once; `None` where there is no such endpoint.
///
/// # Errors
/// When the database refuses.
pub async fn new_secret(
    app: &App,
    provider: ProviderId,
    actor: Actor,
    id: EndpointId,
) -> sqlx::Result<Option<SecretString>> {
    let secret = sign::draw(app);
    let sealed = app
        .vault
        .seal(provider, SECRET, secret.expose_secret().as_bytes());
    let now = app.clock.now();
    let mut tx = app.db.tenant(provider).await?;
    let Some((was, since)) = store::lock(&mut tx, provider, id).await? else {
        return Ok(None);
    };
    store::set_secret(&mut tx, provider, id, &sealed, now).await?;
    // Of the secret itself nothing is told but how old it was.
    let aged = |since| json!({"host": was.host(), "since": show::utc(since)});
    let change = (aged(since), Some(aged(now)));
    told(app, &mut tx, provider, actor, "webhook-secret", id, change).await?;
    tx.commit().await?;
    Ok(Some(secret))
}

/// Seals every endpoint's secret with the first key; says how many had another.
///
/// # Errors
/// [`NotRenewed`].
pub async fn reseal(app: &App, provider: ProviderId) -> Result<u32, NotRenewed> {
    renew(
        app,
        (provider.into(), SECRET),
        move |conn, after, limit| store::lock_sealed(conn, provider, after, limit).boxed(),
        move |conn, anew| {
            async move {
                for (id, sealed) in anew {
                    store::set_sealed(conn, provider, id, &sealed).await?;
                }
                Ok(())
            }
            .boxed()
        },
    )
    .await
}

/// Removes an endpoint and what waits for it; says whether there was one.
///
/// # Errors
/// When the database refuses.
pub async fn remove(
    app: &App,
    provider: ProviderId,
    actor: Actor,
    id: EndpointId,
) -> sqlx::Result<bool> {
    let now = app.clock.now();
    let mut tx = app.db.tenant(provider).await?;
    let Some((was, _)) = store::lock(&mut tx, provider, id).await? else {
        return Ok(false);
    };
    store::remove(&mut tx, provider, id, now).await?;
    store::drop_waiting(&mut tx, provider, id, now).await?;
    let words: Vec<&str> = was.kinds.iter().map(|kind| kind.word()).collect();
    let mut before = how_it_is(&was);
    before["events"] = json!(words);
    told(
        app,
        &mut tx,
        provider,
        actor,
        "webhook-end",
        id,
        (before, None),
    )
    .await?;
    tx.commit().await?;
    Ok(true)
}

/// Sends a message that says only that the address works; says whether there is such an endpoint.
///
/// # Errors
/// When the database refuses.
pub async fn try_out(app: &App, provider: ProviderId, id: EndpointId) -> sqlx::Result<bool> {
    let mut tx = app.db.tenant(provider).await?;
    match try_out_in(app, &mut tx, provider, id).await {
        Ok(_) => {}
        Err(NotSent::Missing | NotSent::Off) => return Ok(false),
        Err(NotSent::Database(error)) => return Err(error),
    }
    tx.commit().await?;
    app.jobs.wake();
    Ok(true)
}

/// Writes a message that says only that the address works, in the caller's transaction; gives its id.
///
/// # Errors
/// [`NotSent`].
pub async fn try_out_in(
    app: &App,
    conn: &mut PgConnection,
    provider: ProviderId,
    id: EndpointId,
) -> Result<DeliveryId, NotSent> {
    let found = store::endpoint(conn, provider, id).await?;
    let (endpoint, _) = found.ok_or(NotSent::Missing)?;
    if !endpoint.is_enabled {
        return Err(NotSent::Off);
    }
    let message = write(app, conn, provider, id, &Event::Test).await?;
    Ok(message)
}

/// Why a message that somebody asked for was not sent.
#[derive(Debug, Error)]
pub enum NotSent {
    /// There is none such, or no such endpoint.
    #[error("there is no such message or address")]
    Missing,
    /// The endpoint is off.
    #[error("the address is switched off")]
    Off,
    /// The database refused.
    #[error("the message could not be sent")]
    Database(#[from] sqlx::Error),
}

/// Sends a message once more; gives its endpoint.
///
/// # Errors
/// [`NotSent`].
pub async fn send_again(
    app: &App,
    provider: ProviderId,
    id: DeliveryId,
) -> Result<EndpointId, NotSent> {
    let mut tx = app.db.tenant(provider).await?;
    let endpoint = send_again_in(app, &mut tx, provider, id).await?;
    tx.commit().await?;
    app.jobs.wake();
    Ok(endpoint)
}

/// Sends a message once more, in the caller's transaction.
///
/// # Errors
/// [`NotSent`].
pub async fn send_again_in(
    app: &App,
    conn: &mut PgConnection,
    provider: ProviderId,
    id: DeliveryId,
) -> Result<EndpointId, NotSent> {
    let waits = store::wait_again(conn, provider, id, app.clock.now()).await?;
    let Some(endpoint) = waits else {
        let found = store::one_sent(conn, provider, id).await?;
        return Err(found.map_or(NotSent::Missing, |_| NotSent::Off));
    };
    wake(app, conn, provider, endpoint, Why::Asked).await?;
    Ok(endpoint)
}

/// Tries an endpoint again that takes nothing: what waits for it or was given up meanwhile is due now, counted as fresh, and one that was
/// switched off for it is on. Says whether that changes anything.
///
/// # Errors
/// When the database refuses.
pub async fn retry(
    app: &App,
    provider: ProviderId,
    actor: Actor,
    id: EndpointId,
) -> sqlx::Result<bool> {
    let now = app.clock.now();
    let mut tx = app.db.tenant(provider).await?;
    let held = store::lock(&mut tx, provider, id).await?;
    let Some((was, since)) = held.and_then(|(was, _)| was.failing.map(|since| (was, since))) else {
        return Ok(false);
    };
    let is_given_up = was.given_up.is_some();
    if !was.is_enabled && !is_given_up {
        // Whose it is has switched it off meanwhile.
        return Ok(false);
    }
    let moments = (since, now);
    let count = store::wait_again_since(&mut tx, provider, id, moments, MOST_AGAIN).await?;
    if count == 0 && !is_given_up {
        return Ok(false);
    }
    if is_given_up {
        store::switch(&mut tx, provider, id, true).await?;
        watch(app, &mut tx, provider).await?;
    }
    let mut before = how_it_is(&was);
    before["since"] = json!(show::utc(since));
    let after = json!({"host": was.host(), "on": true, "count": count});
    let change = (before, Some(after));
    told(app, &mut tx, provider, actor, "webhook-retry", id, change).await?;
    wake(app, &mut tx, provider, id, Why::Asked).await?;
    tx.commit().await?;
    app.jobs.wake();
    Ok(true)
}

/// How an endpoint is, for the audit: its path may hold a secret.
fn how_it_is(endpoint: &Endpoint) -> JsonValue {
    json!({"host": endpoint.host(), "on": endpoint.is_enabled})
}

async fn told(
    app: &App,
    conn: &mut PgConnection,
    provider: ProviderId,
    actor: Actor,
    act: &'static str,
    id: EndpointId,
    (before, after): (JsonValue, Option<JsonValue>),
) -> sqlx::Result<()> {
    let deed = Deed {
        act,
        subject: &id.to_string(),
        before: Some(before),
        after,
    };
    record(app, conn, Some(provider), actor, deed).await
}
