//! A card that Pesapal charges by itself: each charge is an order nobody made, known by the account of the order that began it.
//!
//! Whoever knows an account can invent charges to it, and nothing but Pesapal's answer tells them from a true one. So few are asked about at once,
//! and seldom; what Pesapal denies gives its place to the next. One that finds none is left for Pesapal to tell of again.

use std::net::IpAddr;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{AttemptId, OrderId, ProviderId};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use sqlx::PgConnection;
use sqlx::types::JsonValue;

use super::confirm::{self, Word};
use super::settle::is_charge_to;
use super::store::{asked, charges, orders};
use super::{Flag, Kind, Order, State, ask};
use crate::app::App;
use crate::jobs::{self, Job, NewJob, Next};
use crate::rails::pesapal::{Code, Name, StatusAnswer, Told};
use crate::ratelimit::{Act, By};

/// The name of the job in the table.
pub const ASK: &str = "ask-pesapal-charge";
/// How long a charge is asked about that Pesapal told of and does not own to.
const LIFE: Duration = Duration::from_secs(2 * 86_400);
const PAUSE: Duration = Duration::from_secs(900);
/// Charges to one account that are asked about at once: a card is charged once in a period.
const MOST: usize = 5;
/// Pauses after each time that Pesapal denies a charge, in seconds; then it is asked about no more. It may have told of one too early.
const DENIALS: [u64; 5] = [60, 300, 1_800, 7_200, 43_200];
/// So often denied, it gives its place to another.
const DOUBTED: usize = 2;

/// Has Pesapal asked about a charge that somebody told of, in the caller's transaction, which holds the order that began it. Says whether there
/// was a place for it.
///
/// # Errors
/// When the database refuses.
pub async fn ask_at(
    app: &App,
    conn: &mut PgConnection,
    began: &Order,
    (tracking, from): (&Name, IpAddr),
    now: Timestamp,
) -> sqlx::Result<bool> {
    let mut open = charges::open(conn, began).await?;
    let known = open
        .iter()
        .position(|one| one.tracking == tracking.as_str());
    let payload = if let Some(known) = known {
        // Told again it is no younger, and was denied as often: its pause goes on, else telling of it would use its questions up.
        let known = open.swap_remove(known);
        if denied(&known.payload) > 0 {
            return Ok(true);
        }
        known.payload
    } else {
        let stranger = By::Stranger(began.id.as_u128(), from);
        if app.limits.check(Act::Charge, stranger).is_err() {
            return Ok(false);
        }
        if open.len() >= MOST {
            let most_denied = open.iter().max_by_key(|one| denied(&one.payload));
            let Some(other) = most_denied.filter(|one| denied(&one.payload) >= DOUBTED) else {
                return Ok(false);
            };
            charges::give_up(conn, began.provider, &other.tracking).await?;
        }
        json!({ "began": began.id.to_string(), "since": now.as_secs() })
    };
    let job = NewJob {
        kind: ASK,
        key: tracking.as_str(),
        payload,
        run_at: began.ask_after.map_or(now, |after| after.max(now)),
    };
    jobs::enqueue(conn, Some(began.provider), job, app).await?;
    Ok(true)
}

/// How often Pesapal has denied a charge.
fn denied(payload: &JsonValue) -> usize {
    let times = payload["denied"].as_u64().unwrap_or(0);
    usize::try_from(times).unwrap_or(usize::MAX)
}

/// The job: asks about one charge; once Pesapal says that it is one, it is an order like all others.
pub fn ask<'a>(app: &'a App, job: &'a Job) -> BoxFuture<'a, anyhow::Result<Next>> {
    async move {
        let began = job.payload["began"].as_str().and_then(|id| id.parse().ok());
        let (Some(provider), Some(began), Ok(tracking)) =
            (job.provider, began, job.key.parse::<Name>())
        else {
            anyhow::bail!("a question about no charge");
        };
        let now = app.clock.now();
        let since = Timestamp::from_secs(job.payload["since"].as_i64().unwrap_or(0));
        let Some(rail) = &app.rails.pesapal else {
            return Ok(Next::Again(now + PAUSE));
        };
        let mut tx = app.db.tenant(provider).await?;
        let Some(order) = orders::lock(&mut tx, provider, began).await? else {
            return Ok(Next::Done);
        };
        // All questions about an account take breath together, with those about its order.
        if let Some(after) = order.ask_after.filter(|at| *at > now && job.attempt <= 1) {
            return Ok(Next::Again(after));
        }
        asked::note_pause(&mut tx, &order, now + ask::BREATH).await?;
        // No transaction stays open over a call to the rail.
        tx.commit().await?;
        let (answer, _) = rail.status(&tracking).await;
        if matches!(answer, StatusAnswer::Limited | StatusAnswer::WrongKeys) {
            let mut tx = app.db.tenant(provider).await?;
            asked::note_pause(&mut tx, &order, now + ask::LATER).await?;
            tx.commit().await?;
        }
        if is_denied(&answer, order.account.as_deref()) {
            let before = denied(&job.payload);
            let Some(pause) = DENIALS.get(before) else {
                return Ok(Next::Done);
            };
            let mut tx = app.db.tenant(provider).await?;
            charges::note_denied(&mut tx, provider, &tracking, before + 1).await?;
            tx.commit().await?;
            return Ok(Next::Again(now + Duration::from_secs(*pause)));
        }
        let told = match answer {
            StatusAnswer::Told(told) if told.code != Code::Pending => told,
            _ if now < since + LIFE => return Ok(Next::Again(now + PAUSE)),
            _ => return Ok(Next::Done),
        };
        if let Some(id) = charged(app, provider, began, &tracking, &told).await? {
            let word = Word {
                tracking: &tracking,
                told: &told,
            };
            confirm::apply(app, provider, id, Some(word)).await?;
        }
        Ok(Next::Done)
    }
    .boxed()
}

/// Whether Pesapal says that it knows of no such charge, or of none to this account. It says of what it does not know as well that it is pending.
fn is_denied(answer: &StatusAnswer, account: Option<&str>) -> bool {
    match answer {
        StatusAnswer::Denied => true,
        StatusAnswer::Told(told) => told.code == Code::Pending && !is_charge_to(account, told),
        StatusAnswer::Inconclusive(_) | StatusAnswer::Limited | StatusAnswer::WrongKeys => false,
    }
}

/// A charge is made for no attempt of anybody's: its name stands for one, always the same.
fn attempt_of(tracking: &Name) -> AttemptId {
    let hash: [u8; 32] = Sha256::digest(tracking.as_str()).into();
    let mut id = [0; 16];
    id.copy_from_slice(&hash[..16]);
    AttemptId::from_bytes(id)
}

/// Writes the order of a charge, if it is one to the account it was told for.
async fn charged(
    app: &App,
    provider: ProviderId,
    began: OrderId,
    tracking: &Name,
    told: &Told,
) -> sqlx::Result<Option<OrderId>> {
    let now = app.clock.now();
    let mut tx = app.db.tenant(provider).await?;
    let Some(began) = orders::lock(&mut tx, provider, began).await? else {
        return Ok(None);
    };
    if let Some((owner, id)) = orders::whose(&mut tx, Some(tracking), "").await? {
        return Ok((owner == provider).then_some(id));
    }
    if !is_charge_to(began.account.as_deref(), told) {
        tracing::warn!(order.id = %began.id, "a charge was told of that is not to this order's account");
        // Its own receipt and amount stay: the charge is another's.
        orders::flag(&mut tx, &began, Flag::Reference, None).await?;
        tx.commit().await?;
        return Ok(None);
    }
    let id = OrderId::new(now, app.entropy.bytes());
    let order = Order {
        id,
        attempt: attempt_of(tracking),
        kind: Kind::Recurring,
        reference: id.to_string(),
        state: State::Submitted,
        tracking: Some(tracking.clone()),
        hinted: None,
        redirect: None,
        confirmation: None,
        flag: None,
        is_upgrade: false,
        begins_anew: false,
        upgrade_until: None,
        paid: None,
        refund: None,
        resolution: None,
        asked: 0,
        ask_after: None,
        created_at: now,
        expires_at: now + LIFE,
        settled_at: None,
        ..began
    };
    orders::insert(&mut tx, &order).await?;
    // Looked at again later, as every order: money may go back.
    ask::ask_at(app, &mut tx, (provider, id), now + ask::FIRST).await?;
    tx.commit().await?;
    Ok(Some(id))
}
