//! Taking back: an order that should be paid no more, money that should go back, and what somebody of the platform makes of a flagged order.
//!
//! The rail is asked after the row that says so, and its answer is noted. Money is back once its order is reversed, whoever tells of that.

use mnara_protocol::ids::{OrderId, ProviderId};
use serde_json::json;
use thiserror::Error;

use super::store::{back as store, orders};
use super::{Order, Refund, Resolution, State, ask, confirm};
use crate::app::App;
use crate::audit::{Actor, Deed, record};
use crate::rails::pesapal::{CallError, Refund as Wire};
use crate::tickets::feed::FeedError;

/// Why it was not done.
#[derive(Debug, Error)]
pub enum NotDone {
    /// There is no such order.
    #[error("there is no such order")]
    Nothing,
    /// It makes no sense from where the order is.
    #[error("the order is {} already", .0.word())]
    Senseless(State),
    /// The rail did not do it.
    #[error("Pesapal did not do it")]
    Rail(#[source] CallError),
    /// A site could not be told.
    #[error(transparent)]
    Feed(#[from] FeedError),
    /// The database refused.
    #[error("it could not be stored")]
    Database(#[from] sqlx::Error),
}

/// Has an order paid no more that waits for its money.
///
/// # Errors
/// [`NotDone`]; money may have come meanwhile, so the rail is asked.
pub async fn cancel(
    app: &App,
    provider: ProviderId,
    id: OrderId,
    actor: Actor,
) -> Result<(), NotDone> {
    let mut tx = app.db.tenant(provider).await?;
    let order = orders::lock(&mut tx, provider, id).await?;
    let order = order.ok_or(NotDone::Nothing)?;
    // No transaction stays open over a call to the rail.
    drop(tx);
    let (Some(tracking), State::Submitted | State::Failed, Some(rail)) =
        (&order.tracking, order.state, &app.rails.pesapal)
    else {
        return Err(NotDone::Senseless(order.state));
    };
    let done = rail.cancel(tracking).await;
    let now = app.clock.now();
    let mut tx = app.db.tenant(provider).await?;
    // Its money may have come while the rail was asked.
    let order = orders::lock(&mut tx, provider, id).await?;
    let order = order.ok_or(NotDone::Nothing)?;
    ask::ask_at(app, &mut tx, (provider, id), now).await?;
    let is_open = matches!(order.state, State::Submitted | State::Failed);
    if done.is_ok() && is_open {
        store::call_off(&mut tx, &order, now).await?;
        note(app, &mut tx, &order, actor, "order-cancel").await?;
    }
    tx.commit().await?;
    app.jobs.wake();
    done.map_err(NotDone::Rail)?;
    if is_open {
        Ok(())
    } else {
        Err(NotDone::Senseless(order.state))
    }
}

/// Asks the rail for an order's money to go back.
///
/// # Errors
/// [`NotDone`].
pub async fn refund(
    app: &App,
    provider: ProviderId,
    id: OrderId,
    (actor, by): (Actor, &str),
) -> Result<(), NotDone> {
    let now = app.clock.now();
    let mut tx = app.db.tenant(provider).await?;
    let order = orders::lock(&mut tx, provider, id).await?;
    let order = order.ok_or(NotDone::Nothing)?;
    let came_again = order.came_again() && order.resolution.is_none();
    let is_paid = order.state == State::Completed || order.paid.is_some() || came_again;
    // Whoever died over it, or got no answer, may ask again: the rail gives a payment back once.
    let is_under_way = order.refund == Some(Refund::Taken);
    let (Some(confirmation), Some(rail), true) = (
        order.confirmation.clone().filter(|code| !code.is_empty()),
        app.rails.pesapal.clone(),
        is_paid && !is_under_way && (order.state != State::Reversed || came_again),
    ) else {
        return Err(NotDone::Senseless(order.state));
    };
    store::note_refund(&mut tx, &order, Refund::Asked, now).await?;
    note(app, &mut tx, &order, actor, "order-refund").await?;
    tx.commit().await?;
    let remarks = format!("Order {}", order.reference);
    let done = rail
        .refund(&Wire {
            confirmation: &confirmation,
            cents: order.whole().cents,
            by,
            remarks: &remarks,
        })
        .await;
    let refund = match &done {
        Ok(()) => Refund::Taken,
        Err(CallError::Lost(_)) => Refund::Lost,
        Err(_) => Refund::Refused,
    };
    let now = app.clock.now();
    let mut tx = app.db.tenant(provider).await?;
    store::note_refund(&mut tx, &order, refund, now).await?;
    ask::ask_at(app, &mut tx, (provider, id), now + ask::FIRST).await?;
    tx.commit().await?;
    done.map_err(NotDone::Rail)
}

/// Notes that the merchant at Pesapal did not agree that an order's money goes back, which Pesapal tells nobody: it can be asked for once more, or
/// the order counted as paid after all.
///
/// # Errors
/// [`NotDone`]; money that does not wait for anybody's word was not declined.
pub async fn declined(
    app: &App,
    provider: ProviderId,
    id: OrderId,
    actor: Actor,
) -> Result<(), NotDone> {
    let now = app.clock.now();
    let mut tx = app.db.tenant(provider).await?;
    let order = orders::lock(&mut tx, provider, id).await?;
    let order = order.ok_or(NotDone::Nothing)?;
    if !order.may_be_declined() {
        return Err(NotDone::Senseless(order.state));
    }
    store::decline_refund(&mut tx, &order, now).await?;
    note(app, &mut tx, &order, actor, "order-refund-declined").await?;
    tx.commit().await?;
    Ok(())
}

/// Does with a flagged order what somebody of the platform decided.
///
/// # Errors
/// [`NotDone`].
pub async fn resolve(
    app: &App,
    provider: ProviderId,
    id: OrderId,
    resolution: Resolution,
    by: (Actor, &str),
) -> Result<(), NotDone> {
    if resolution == Resolution::Refunded {
        refund(app, provider, id, by).await?;
    }
    let now = app.clock.now();
    let mut tx = app.db.tenant(provider).await?;
    let order = orders::lock(&mut tx, provider, id).await?;
    let order = order.ok_or(NotDone::Nothing)?;
    if order.flag.is_none() || order.resolution.is_some() {
        return Err(NotDone::Senseless(order.state));
    }
    if resolution == Resolution::Extended {
        let is_settled = matches!(order.state, State::Completed | State::Reversed);
        // Money that is on its way back pays for nothing.
        let goes_back = order.refund.is_some_and(Refund::is_under_way);
        let paid = order
            .worth()
            .filter(|_| !is_settled && !goes_back && order.tracking.is_some());
        let paid = paid.ok_or(NotDone::Senseless(order.state))?;
        orders::set_state(&mut tx, &order, State::Completed, None, Some(now)).await?;
        confirm::extend(app, &mut tx, &order, paid, now).await?;
    }
    orders::resolve(&mut tx, &order, resolution, now).await?;
    let deed = Deed {
        act: "order-resolve",
        subject: &id.to_string(),
        before: order.flag.map(|flag| json!(flag.word())),
        after: Some(json!(resolution.word())),
    };
    record(app, &mut tx, Some(provider), by.0, deed).await?;
    tx.commit().await?;
    Ok(())
}

/// Writes down what was done to an order, once it stands as it does after that.
async fn note(
    app: &App,
    conn: &mut sqlx::PgConnection,
    was: &Order,
    actor: Actor,
    act: &'static str,
) -> sqlx::Result<()> {
    let is = orders::lock(conn, was.provider, was.id).await?;
    let deed = Deed {
        act,
        subject: &was.id.to_string(),
        before: Some(was.stands()),
        after: is.map(|is| is.stands()),
    };
    record(app, conn, Some(was.provider), actor, deed).await
}
