//! What the platform sells, as its admins set it.

use mnara_protocol::ids::PlatformPlanId;
use serde_json::json;
use sqlx::PgConnection;
use thiserror::Error;

use super::{Feature, Period, PlatformPlan, store};
use crate::app::App;
use crate::audit::{Actor, Deed, record};
use crate::db::Reason;
use crate::rails::pesapal::price::Price;

/// A plan as somebody wants it.
#[derive(Clone, Debug)]
pub struct Draft {
    /// What people call it.
    pub name: String,
    /// How long one payment lasts.
    pub period: Period,
    /// What it costs.
    pub price: Price,
    /// How many sites it is for.
    pub most_sites: Option<u32>,
    /// What it lets a business do.
    pub features: Vec<Feature>,
    /// Days for nothing.
    pub trial_days: u16,
}

/// By how many percent a year of a plan is less than twelve months of the offered one with the same name; none where it is not less.
#[must_use]
pub fn saves(plan: &PlatformPlan, all: &[PlatformPlan]) -> Option<i64> {
    let monthly = all.iter().find(|other| {
        other.is_offered
            && other.period == Period::Month
            && other.name == plan.name
            && other.price.currency == plan.price.currency
    });
    let percent = monthly
        .filter(|_| plan.period == Period::Year)
        .map(|month| month.price.cents * 12)
        .filter(|year| *year > plan.price.cents)
        .map(|year| (year - plan.price.cents) * 100 / year);
    percent.filter(|percent| *percent > 0)
}

/// Why a plan cannot be so.
#[derive(Debug, Error)]
pub enum BadPlan {
    /// Its name.
    #[error("give the plan a name of 1 to 60 letters")]
    Name,
    /// Its price.
    #[error("give a price from 0 to 10,000,000")]
    Price,
    /// Its sites.
    #[error("give a number of sites from 1 to 100,000, or none for any number")]
    Sites,
    /// Its trial.
    #[error("give a trial of 0 to 365 days")]
    Trial,
    /// There is no such plan to change, or it is not offered any more.
    #[error("there is no such plan on offer")]
    Nothing,
    /// The database refused.
    #[error("the plan could not be stored")]
    Database(#[from] sqlx::Error),
}

/// Makes a plan and offers it.
///
/// # Errors
/// [`BadPlan`].
pub async fn create(app: &App, actor: Actor, draft: Draft) -> Result<PlatformPlan, BadPlan> {
    let plan = read(app, draft)?;
    let mut tx = app.db.platform(Reason::Admin).await?;
    add(app, &mut tx, actor, &plan, None).await?;
    tx.commit().await?;
    Ok(plan)
}

/// Changes a plan for new periods: what was bought stays as it was bought, so the plan is taken off sale and another takes its place.
///
/// # Errors
/// [`BadPlan`].
pub async fn change(
    app: &App,
    actor: Actor,
    old: PlatformPlanId,
    draft: Draft,
) -> Result<PlatformPlan, BadPlan> {
    let plan = read(app, draft)?;
    let mut tx = app.db.platform(Reason::Admin).await?;
    if !store::plans::retire(&mut tx, old, app.clock.now()).await? {
        return Err(BadPlan::Nothing);
    }
    add(app, &mut tx, actor, &plan, Some(old)).await?;
    tx.commit().await?;
    Ok(plan)
}

/// Judges a plan as somebody wants it.
fn read(app: &App, draft: Draft) -> Result<PlatformPlan, BadPlan> {
    let name = draft.name.trim();
    if !(1..=60).contains(&name.chars().count()) {
        return Err(BadPlan::Name);
    }
    if !(0..=1_000_000_000).contains(&draft.price.cents) {
        return Err(BadPlan::Price);
    }
    if draft
        .most_sites
        .is_some_and(|most| !(1..=100_000).contains(&most))
    {
        return Err(BadPlan::Sites);
    }
    if draft.trial_days > 365 {
        return Err(BadPlan::Trial);
    }
    Ok(PlatformPlan {
        id: PlatformPlanId::new(app.clock.now(), app.entropy.bytes()),
        name: name.to_owned(),
        period: draft.period,
        price: draft.price,
        most_sites: draft.most_sites,
        features: draft.features,
        trial_days: draft.trial_days,
        is_offered: true,
    })
}

async fn add(
    app: &App,
    conn: &mut PgConnection,
    actor: Actor,
    plan: &PlatformPlan,
    replaces: Option<PlatformPlanId>,
) -> sqlx::Result<()> {
    store::plans::insert(conn, plan, replaces, app.clock.now()).await?;
    let deed = Deed {
        act: "platform-plan",
        subject: &plan.id.to_string(),
        before: replaces.map(|old| json!(old.to_string())),
        after: Some(json!({
            "name": plan.name,
            "period": plan.period.word(),
            "price": plan.price.decimal(),
            "currency": plan.price.currency.code(),
            "trial_days": plan.trial_days,
        })),
    };
    record(app, conn, None, actor, deed).await
}

/// Offers a plan, or offers it no longer: who has it keeps it. Says whether there is such a plan.
///
/// # Errors
/// When the database is away.
pub async fn offer(
    app: &App,
    actor: Actor,
    plan: PlatformPlanId,
    is_offered: bool,
) -> sqlx::Result<bool> {
    let mut tx = app.db.platform(Reason::Admin).await?;
    let was = store::plans::offer(&mut tx, plan, is_offered, app.clock.now()).await?;
    if let Some(was_offered) = was {
        let deed = Deed {
            act: "platform-plan-offered",
            subject: &plan.to_string(),
            before: Some(json!(was_offered)),
            after: Some(json!(is_offered)),
        };
        record(app, &mut tx, None, actor, deed).await?;
        tx.commit().await?;
    }
    Ok(was.is_some())
}

/// The plans that are offered.
///
/// # Errors
/// When the database is away.
pub async fn offered(app: &App) -> sqlx::Result<Vec<PlatformPlan>> {
    let mut tx = app.db.platform(Reason::Admin).await?;
    store::plans::offered(&mut tx).await
}
