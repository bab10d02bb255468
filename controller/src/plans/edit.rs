//! Making and changing a plan: one transaction with the feeds of all the provider's sites.

use mnara_protocol::ids::{PlanId, ProviderId};
use mnara_protocol::message::Row;
use mnara_protocol::plan::Plan;
use serde_json::json;
use sqlx::PgConnection;
use thiserror::Error;

use super::{BadPlan, Draft, store};
use crate::app::App;
use crate::audit::{Actor, Deed, record};
use crate::fleet::{self, feed};

/// A provider has at most so many plans, so that a portal stays a page.
pub const MOST: u16 = 100;
/// A provider has at most so many sites.
const SITES: u16 = 10_000;

/// Why a plan was not stored.
#[derive(Debug, Error)]
pub enum EditError {
    /// It makes no sense.
    #[error(transparent)]
    Bad(#[from] BadPlan),
    /// There is no such plan.
    #[error("there is no such plan")]
    Missing,
    /// There are too many.
    #[error("a provider can have {MOST} plans: take one off sale and change it instead")]
    TooMany,
    /// The database refused.
    #[error("the plan could not be stored")]
    Database(#[from] sqlx::Error),
}

/// What came of a change by somebody who had the plan before them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Changed {
    /// It is as they wish.
    Made,
    /// Somebody else has changed it since, to this revision, and nothing was done.
    Meanwhile(u32),
}

/// Makes a plan and tells all sites.
///
/// # Errors
/// [`EditError`].
pub async fn create(
    app: &App,
    provider: ProviderId,
    draft: &Draft,
    actor: Actor,
) -> Result<Plan, EditError> {
    let mut tx = app.db.tenant(provider).await?;
    let plan = create_in(app, &mut tx, provider, draft, actor).await?;
    tx.commit().await?;
    Ok(plan)
}

/// Makes a plan in the caller's transaction, which commits next: telling the sites is a transaction's last step.
///
/// # Errors
/// [`EditError`].
pub async fn create_in(
    app: &App,
    conn: &mut PgConnection,
    provider: ProviderId,
    draft: &Draft,
    actor: Actor,
) -> Result<Plan, EditError> {
    draft.check()?;
    let now = app.clock.now();
    let id = PlanId::new(now, app.entropy.bytes());
    if store::plans(conn, provider, MOST).await?.len() >= usize::from(MOST) {
        return Err(EditError::TooMany);
    }
    store::insert(conn, provider, id, draft, now).await?;
    let plan = store::plan(conn, provider, id)
        .await?
        .ok_or(EditError::Missing)?;
    note(app, conn, provider, actor, None, &plan).await?;
    tell_sites(conn, provider, &plan).await?;
    Ok(plan)
}

/// Changes a plan and tells all sites; tickets already sold keep their terms.
///
/// # Errors
/// [`EditError`].
pub async fn change(
    app: &App,
    provider: ProviderId,
    id: PlanId,
    draft: &Draft,
    actor: Actor,
) -> Result<Plan, EditError> {
    draft.check()?;
    let mut tx = app.db.tenant(provider).await?;
    let before = store::plan(&mut tx, provider, id).await?;
    let plan = overwrite(&mut tx, provider, id, draft).await?;
    note(app, &mut tx, provider, actor, before.as_ref(), &plan).await?;
    tell_sites(&mut tx, provider, &plan).await?;
    tx.commit().await?;
    Ok(plan)
}

/// Changes a plan by what somebody made of the revision they saw, if they say which: one that is another by now stays as it is.
///
/// # Errors
/// [`EditError`].
pub async fn change_seen(
    app: &App,
    provider: ProviderId,
    (id, seen): (PlanId, Option<u32>),
    draft: impl FnOnce(&Plan) -> Result<Draft, BadPlan> + Send,
    actor: Actor,
) -> Result<Changed, EditError> {
    let mut tx = app.db.tenant(provider).await?;
    let before = store::plan(&mut tx, provider, id)
        .await?
        .ok_or(EditError::Missing)?;
    if seen.is_some_and(|seen| seen != before.revision) {
        return Ok(Changed::Meanwhile(before.revision));
    }
    let draft = draft(&before)?;
    draft.check()?;
    let plan = overwrite(&mut tx, provider, id, &draft).await?;
    // The draft was made of what was read: a change that came between the two goes before it.
    let between = plan.revision.saturating_sub(1);
    if between != before.revision {
        return Ok(Changed::Meanwhile(between));
    }
    note(app, &mut tx, provider, actor, Some(&before), &plan).await?;
    tell_sites(&mut tx, provider, &plan).await?;
    tx.commit().await?;
    Ok(Changed::Made)
}

/// Writes a draft over a plan, and says what that is then.
async fn overwrite(
    conn: &mut PgConnection,
    provider: ProviderId,
    id: PlanId,
    draft: &Draft,
) -> Result<Plan, EditError> {
    if !store::update(conn, provider, id, draft).await? {
        return Err(EditError::Missing);
    }
    store::plan(conn, provider, id)
        .await?
        .ok_or(EditError::Missing)
}

/// Writes down how a plan was and is.
async fn note(
    app: &App,
    conn: &mut PgConnection,
    provider: ProviderId,
    actor: Actor,
    before: Option<&Plan>,
    after: &Plan,
) -> sqlx::Result<()> {
    let told = |plan: &Plan| {
        json!({"name": plan.name, "price": plan.price.to_string(), "on_sale": plan.on_sale, "revision": plan.revision,
               "duration_secs": plan.terms.duration_secs, "online_secs": plan.terms.online_secs, "data_bytes": plan.terms.data_bytes,
               "devices": plan.terms.devices, "position": plan.position, "colour": plan.colour,
               "sold": plan.hours.map(|hours| json!([hours.days, hours.from_minute, hours.until_minute])),
               "sell_by_secs": plan.sell_by_secs,
               "down_bps": plan.terms.rate.map(|rate| rate.down_bps), "up_bps": plan.terms.rate.map(|rate| rate.up_bps),
               "burst": plan.terms.rate.and_then(|rate| rate.burst).map(|burst| json!({
                   "down_bps": burst.down_bps, "up_bps": burst.up_bps, "down_below_bps": burst.down_below_bps,
                   "up_below_bps": burst.up_below_bps, "average_secs": burst.secs}))})
    };
    let deed = Deed {
        act: "plan",
        subject: &after.id.to_string(),
        before: before.map(told),
        after: Some(told(after)),
    };
    record(app, conn, Some(provider), actor, deed).await
}

async fn tell_sites(
    conn: &mut PgConnection,
    provider: ProviderId,
    plan: &Plan,
) -> sqlx::Result<()> {
    let row = Row::Plan(plan.clone());
    let body = row.encode();
    let sites = fleet::store::sites(conn, provider, None, SITES).await?;
    let changes = sites
        .into_iter()
        .map(|site| feed::Change {
            site: site.id,
            kind: row.kind(),
            row: *plan.id.as_bytes(),
            body: Some(body.clone()),
        })
        .collect();
    feed::put(conn, provider, changes).await
}
