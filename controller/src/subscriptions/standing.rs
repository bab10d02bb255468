//! How a business stands with the platform: what it has paid for, until when, and what is still open.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{PlatformPlanId, ProviderId};
use thiserror::Error;

use super::room::{TooManySites, room};
use super::store::{book, orders, plans};
use super::terms::{self, Term, What};
use super::{Order, PlatformPlan, confirm};
use crate::app::App;
use crate::audit::{Actor, Deed, record};
use crate::providers::rights::{Rights, store as rights};
use crate::tickets::feed::FeedError;

/// Orders that are shown at once.
pub const SHOWN: u16 = 20;

/// How it stands, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It never paid and never tried anything out.
    None,
    /// It never paid, and an order waits for its money.
    Pending,
    /// It tries a plan out for nothing.
    Trial,
    /// It has paid.
    Active,
    /// What it had paid for has run out.
    Expired,
}

impl Status {
    /// The word in the API.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Pending => "pending",
            Self::Trial => "trial",
            Self::Active => "active",
            Self::Expired => "expired",
        }
    }
}

/// How a business stands.
#[derive(Clone, Debug)]
pub struct Standing {
    /// In one word.
    pub status: Status,
    /// The plan it is on now, or was on last.
    pub plan: Option<PlatformPlan>,
    /// Until when it has paid.
    pub paid_until: Option<Timestamp>,
    /// Whether what ends then is a trial, for which nobody paid.
    pub is_trial: bool,
    /// Its newest orders.
    pub orders: Vec<Order>,
    /// What it may do with all that.
    pub rights: Rights,
}

/// Judges how a business stands.
#[must_use]
pub fn judge(terms: &[Term], has_open: bool, now: Timestamp) -> Status {
    match (terms::current(terms, now), terms.last()) {
        (Some(_), _) if terms::is_paid(terms, now) => Status::Active,
        (Some(_), _) => Status::Trial,
        // The first one begins when it is paid for, so this is only a clock that went back.
        (None, Some(last)) if now < last.until => Status::Active,
        (None, Some(_)) => Status::Expired,
        (None, None) if has_open => Status::Pending,
        (None, None) => Status::None,
    }
}

/// Reads how a business stands.
///
/// # Errors
/// When the database is away.
pub async fn standing(app: &App, provider: ProviderId) -> sqlx::Result<Standing> {
    let now = app.clock.now();
    let mut tx = app.db.tenant(provider).await?;
    let terms = terms::terms(&book::lines(&mut tx, provider).await?);
    let orders = orders::newest(&mut tx, provider, None, SHOWN).await?;
    let has_open = orders.iter().any(|order| order.state.is_open());
    let plan = terms::current(&terms, now)
        .or(terms.last())
        .map(|term| term.plan);
    let plan = match plan {
        Some(plan) => plans::one(&mut tx, plan).await?,
        None => None,
    };
    Ok(Standing {
        status: judge(&terms, has_open, now),
        plan,
        paid_until: terms.last().map(|term| term.until),
        is_trial: terms.last().is_some_and(|term| term.order.is_none()),
        orders,
        rights: rights::rights(&mut tx, provider).await?,
    })
}

/// Why there is no trial.
#[derive(Debug, Error)]
pub enum NoTrial {
    /// The plan cannot be tried out.
    #[error("this plan has no trial")]
    NoPlan,
    /// It has tried one out, or has paid.
    #[error("a trial is for businesses that never subscribed")]
    TooLate,
    /// The plan is for fewer sites than the business has.
    #[error(transparent)]
    TooManySites(#[from] TooManySites),
    /// The sites could not be told.
    #[error(transparent)]
    Feed(#[from] FeedError),
    /// The database refused.
    #[error("the trial could not be begun")]
    Database(#[from] sqlx::Error),
}

/// Begins a trial.
///
/// # Errors
/// [`NoTrial`].
pub async fn try_out(
    app: &App,
    provider: ProviderId,
    actor: Actor,
    plan: PlatformPlanId,
) -> Result<(), NoTrial> {
    let now = app.clock.now();
    let mut tx = app.db.tenant(provider).await?;
    let plan = plans::one(&mut tx, plan)
        .await?
        .filter(|plan| plan.is_offered && plan.trial_days > 0)
        .ok_or(NoTrial::NoPlan)?;
    book::hold(&mut tx, provider, now).await?;
    if !book::lines(&mut tx, provider).await?.is_empty() {
        return Err(NoTrial::TooLate);
    }
    room(&mut tx, provider, &[], now).await?.check(&plan)?;
    let what = What::Trial {
        days: plan.trial_days,
    };
    confirm::add(app, &mut tx, provider, plan.id, what, now).await?;
    let deed = Deed {
        act: "trial",
        subject: &plan.id.to_string(),
        before: None,
        after: Some(serde_json::json!(plan.trial_days)),
    };
    record(app, &mut tx, Some(provider), actor, deed).await?;
    tx.commit().await?;
    Ok(())
}
