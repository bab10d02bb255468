//! A change of plan at once for which what is left is enough: nothing is ordered and nothing is paid.

use mnara_protocol::ids::{PlatformPlanId, ProviderId};
use serde_json::json;
use sqlx::PgConnection;
use thiserror::Error;

use super::confirm;
use super::room::{TooManySites, room};
use super::store::{book, plans};
use super::terms::change::{AtOnce, at_once};
use super::terms::{self, Term, What};
use crate::app::App;
use crate::audit::{Actor, Deed, record};
use crate::ratelimit::{Act, By, TooMany};
use crate::tickets::feed::FeedError;

/// Lines from which on a book takes no change for nothing: money has to find a place in it.
const FULL: usize = 500;

/// Why the plan was not changed.
#[derive(Debug, Error)]
pub enum NotChanged {
    /// The plan is not offered, or what is left is not enough for it.
    #[error("the plan cannot be changed to for nothing")]
    NotFree,
    /// The plan is for fewer sites than the business has.
    #[error(transparent)]
    TooManySites(#[from] TooManySites),
    /// Too many tries.
    #[error(transparent)]
    TooMany(#[from] TooMany),
    /// The sites could not be told.
    #[error(transparent)]
    Feed(#[from] FeedError),
    /// The database refused.
    #[error("the plan could not be changed")]
    Database(#[from] sqlx::Error),
}

/// What a business has paid for.
///
/// # Errors
/// When the database is away.
pub async fn paid_for(conn: &mut PgConnection, provider: ProviderId) -> sqlx::Result<Vec<Term>> {
    Ok(terms::terms(&book::lines(conn, provider).await?))
}

/// Changes the plan; a business that is on it already stays there.
///
/// # Errors
/// [`NotChanged`].
pub async fn change(
    app: &App,
    provider: ProviderId,
    actor: Actor,
    plan: PlatformPlanId,
) -> Result<(), NotChanged> {
    if app.rails.pesapal.is_none() {
        return Err(NotChanged::NotFree);
    }
    app.limits.check(Act::Order, By::Provider(provider))?;
    let now = app.clock.now();
    let mut tx = app.db.tenant(provider).await?;
    let plan = plans::one(&mut tx, plan)
        .await?
        .filter(|plan| plan.is_offered)
        .ok_or(NotChanged::NotFree)?;
    book::hold(&mut tx, provider, now).await?;
    let lines = book::lines(&mut tx, provider).await?;
    let terms = terms::terms(&lines);
    let before = terms::current(&terms, now).map(|term| term.plan);
    if before == Some(plan.id) {
        return Ok(());
    }
    room(&mut tx, provider, &terms, now).await?.check(&plan)?;
    let Ok(AtOnce::Anew { credit, price, .. }) = at_once(&terms, &plan, now) else {
        return Err(NotChanged::NotFree);
    };
    if price.cents > 0 || lines.len() >= FULL {
        return Err(NotChanged::NotFree);
    }
    let what = What::Changed {
        order: None,
        added: 0,
    };
    confirm::add(app, &mut tx, provider, plan.id, what, now).await?;
    let deed = Deed {
        act: "platform-plan-change",
        subject: &plan.id.to_string(),
        before: before.map(|plan| json!(plan.to_string())),
        after: Some(json!({
            "plan": plan.name,
            "amount": credit.decimal(),
            "currency": credit.currency.code(),
        })),
    };
    record(app, &mut tx, Some(provider), actor, deed).await?;
    tx.commit().await?;
    Ok(())
}
