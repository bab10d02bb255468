//! What people do with endpoints: adding, switching, a new secret, removing, trying out.

use mnara_protocol::ids::{DeliveryId, EndpointId, ProviderId};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;
use thiserror::Error;

use super::guard::{Guard, Refused};
use super::{Endpoint, Event, Kind, SECRET, SEND, WATCH, sign, store, write};
use crate::app::App;
use crate::audit::{Actor, Deed, record};
use crate::jobs::{self, NewJob};

/// Endpoints one business has at most.
pub const MOST: u16 = 20;

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
async fn watch(app: &App, conn: &mut sqlx::PgConnection, provider: ProviderId) -> sqlx::Result<()> {
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
    if !store::switch(&mut tx, provider, id, is_enabled).await? {
        return Ok(false);
    }
    let act = if is_enabled {
        "webhook-on"
    } else {
        "webhook-off"
    };
    told(app, &mut tx, provider, actor, act, id).await?;
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
    let mut tx = app.db.tenant(provider).await?;
    if !store::set_secret(&mut tx, provider, id, &sealed, Some(app.clock.now())).await? {
        return Ok(None);
    }
    told(app, &mut tx, provider, actor, "webhook-secret", id).await?;
    tx.commit().await?;
    Ok(Some(secret))
}

/// Seals every endpoint's secret with the first key; says how many had another.
///
/// # Errors
/// When one does not open: its key must be in the list still.
pub async fn reseal(app: &App, provider: ProviderId) -> anyhow::Result<u32> {
    let mut tx = app.db.tenant(provider).await?;
    let mut count = 0;
    for (id, sealed) in store::lock_sealed(&mut tx, provider).await? {
        if let Some(anew) = app.vault.reseal(provider, SECRET, &sealed)? {
            store::set_secret(&mut tx, provider, id, &anew, None).await?;
            count += 1;
        }
    }
    tx.commit().await?;
    Ok(count)
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
    if store::remove(&mut tx, provider, id, now).await?.is_none() {
        return Ok(false);
    }
    store::drop_waiting(&mut tx, provider, id, now).await?;
    told(app, &mut tx, provider, actor, "webhook-end", id).await?;
    tx.commit().await?;
    Ok(true)
}

/// Sends a message that says only that the address works; says whether there is such an endpoint.
///
/// # Errors
/// When the database refuses.
pub async fn try_out(app: &App, provider: ProviderId, id: EndpointId) -> sqlx::Result<bool> {
    let mut tx = app.db.tenant(provider).await?;
    let found = store::endpoint(&mut tx, provider, id).await?;
    if found.is_none_or(|(endpoint, _)| !endpoint.is_enabled) {
        return Ok(false);
    }
    write(app, &mut tx, provider, id, &Event::Test).await?;
    tx.commit().await?;
    app.jobs.wake();
    Ok(true)
}

/// Sends a message once more; gives its endpoint, if that is there and on.
///
/// # Errors
/// When the database refuses.
pub async fn send_again(
    app: &App,
    provider: ProviderId,
    id: DeliveryId,
) -> sqlx::Result<Option<EndpointId>> {
    let now = app.clock.now();
    let mut tx = app.db.tenant(provider).await?;
    let Some(endpoint) = store::wait_again(&mut tx, provider, id, now).await? else {
        return Ok(None);
    };
    let job = NewJob {
        kind: SEND,
        key: &endpoint.to_string(),
        payload: json!({}),
        run_at: now,
    };
    jobs::enqueue(&mut tx, Some(provider), job, app).await?;
    tx.commit().await?;
    app.jobs.wake();
    Ok(Some(endpoint))
}

async fn told(
    app: &App,
    conn: &mut sqlx::PgConnection,
    provider: ProviderId,
    actor: Actor,
    act: &'static str,
    id: EndpointId,
) -> sqlx::Result<()> {
    let deed = Deed {
        act,
        subject: &id.to_string(),
        before: None,
        after: None,
    };
    record(app, conn, Some(provider), actor, deed).await
}
