//! Giving a customer a voucher: a real ticket that costs nothing and has its own mark, so that no report takes it for money.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{AttemptId, CustomerId, PlanId, ProviderId, SiteId};
use mnara_protocol::money::Money;
use serde_json::json;
use sqlx::PgConnection;
use thiserror::Error;

use super::{reason, store};
use crate::app::App;
use crate::audit::{Actor, Deed, record};
use crate::fleet::{self, feed};
use crate::plans;
use crate::providers::standing::may_sell;
use crate::tickets::issue::{self, IssueError, Sale};
use crate::tickets::{self, Kept};

/// How many one person, or one program, may give within a day: enough for those who had trouble, too few to give the shop away.
pub const A_DAY: i64 = 5;
const DAY_SECS: i64 = 86_400;

/// What is given, and why.
#[derive(Clone, Copy, Debug)]
pub struct Gift<'a> {
    /// To whom.
    pub customer: CustomerId,
    /// The plan.
    pub plan: PlanId,
    /// The site that is told at once; at any other the code is asked for when it is typed.
    pub site: Option<SiteId>,
    /// Why.
    pub reason: &'a str,
    /// Which press of a person's button it is: the same again is the same gift.
    pub attempt: Option<AttemptId>,
}

/// Why nothing was given.
#[derive(Debug, Error)]
pub enum NotGiven {
    /// There is no such customer, plan or site.
    #[error("there is no such customer, plan or site")]
    Missing,
    /// The platform has not let the business in yet, or has stopped it.
    #[error("this business may not sell now")]
    Shut,
    /// The reason is missing or too long.
    #[error("give a reason")]
    Reason,
    /// Whoever gives has given as many as they may today.
    #[error("{A_DAY} vouchers a day is as many as one person or program may give")]
    Enough,
    /// The ticket could not be issued.
    #[error(transparent)]
    Issue(#[from] IssueError),
    /// The database refused.
    #[error("the voucher could not be stored")]
    Database(#[from] sqlx::Error),
}

/// Gives a customer a voucher; its code is for telling them.
///
/// # Errors
/// [`NotGiven`].
pub async fn give(
    app: &App,
    provider: ProviderId,
    actor: Actor,
    gift: Gift<'_>,
) -> Result<Kept, NotGiven> {
    let mut tx = app.db.tenant(provider).await?;
    let kept = give_in(app, &mut tx, provider, actor, gift).await?;
    tx.commit().await?;
    Ok(kept)
}

/// Gives a customer a voucher in the caller's transaction.
///
/// # Errors
/// [`NotGiven`].
pub async fn give_in(
    app: &App,
    conn: &mut PgConnection,
    provider: ProviderId,
    actor: Actor,
    gift: Gift<'_>,
) -> Result<Kept, NotGiven> {
    let now = app.clock.now();
    // Locked, so that two gifts at once are counted one after the other, and one who presses twice gives one.
    store::lock_giver(conn, provider, actor).await?;
    if let Some(attempt) = gift.attempt
        && let Some(given) = store::by_attempt(conn, provider, attempt).await?
    {
        let found = tickets::store::by_id(conn, provider, given, now).await?;
        return found.map(|found| found.kept).ok_or(NotGiven::Missing);
    }
    let why = reason(gift.reason).ok_or(NotGiven::Reason)?;
    if !may_sell(conn, provider, now).await? {
        return Err(NotGiven::Shut);
    }
    let since = Timestamp::from_secs(now.as_secs() - DAY_SECS);
    if store::given_since(conn, provider, actor, since).await? >= A_DAY {
        return Err(NotGiven::Enough);
    }
    let customer = store::by_id(conn, provider, gift.customer).await?;
    let plan = plans::store::plan(conn, provider, gift.plan).await?;
    let (Some(customer), Some(mut plan)) = (customer, plan) else {
        return Err(NotGiven::Missing);
    };
    if let Some(site) = gift.site
        && fleet::store::open_site(conn, provider, site)
            .await?
            .is_none()
    {
        return Err(NotGiven::Missing);
    }
    plan.price = Money::from_shillings(0);
    let sale = Sale {
        plan: &plan,
        payment: None,
        site: gift.site,
    };
    let kept = issue::issue(conn, &app.entropy, provider, sale, now).await?;
    let given = store::Given {
        ticket: kept.ticket.id,
        customer: customer.id,
        actor,
        reason: why,
        attempt: gift.attempt,
    };
    store::insert_gift(conn, provider, &given, now).await?;
    let deed = Deed {
        act: "gift",
        subject: &kept.ticket.id.to_string(),
        before: None,
        after: Some(json!({"customer": customer.id.to_string(), "plan": plan.name, "reason": why})),
    };
    record(app, conn, Some(provider), actor, deed).await?;
    if let Some(site) = gift.site {
        let change = tickets::feed::ticket(site, &kept, None, None, None);
        feed::put(conn, provider, vec![change]).await?;
    }
    Ok(kept)
}
