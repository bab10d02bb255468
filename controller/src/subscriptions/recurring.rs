//! A card that Pesapal charges by itself: each charge is an order nobody made, known by the account of the order that began it.

use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{AttemptId, OrderId, ProviderId};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use sqlx::PgConnection;

use super::confirm::{self, Word};
use super::settle::is_charge_to;
use super::store::orders;
use super::{Flag, Kind, Order, State, ask};
use crate::app::App;
use crate::jobs::{self, Job, NewJob, Next};
use crate::rails::pesapal::{Code, Name, StatusAnswer, Told};

/// The name of the job in the table.
pub const ASK: &str = "ask-pesapal-charge";
/// How long a charge is asked about that Pesapal told of and does not own to.
const LIFE: Duration = Duration::from_secs(2 * 86_400);
const PAUSE: Duration = Duration::from_secs(900);

/// Has Pesapal asked about a charge it told of, in the caller's transaction.
///
/// # Errors
/// When the database refuses.
pub async fn ask_at(
    app: &App,
    conn: &mut PgConnection,
    began: &Order,
    tracking: &Name,
    at: Timestamp,
) -> sqlx::Result<()> {
    let job = NewJob {
        kind: ASK,
        key: tracking.as_str(),
        payload: json!({ "began": began.id.to_string(), "since": at.as_secs() }),
        run_at: at,
    };
    jobs::enqueue(conn, Some(began.provider), job, app).await
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
        let (answer, _) = rail.status(&tracking).await;
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
