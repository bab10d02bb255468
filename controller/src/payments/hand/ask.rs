//! A customer wants to pay by hand: where to, and what to type. Nothing is begun by it but the code by which the money will be known.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{Mac, PlanId, ProviderId, SiteId};
use mnara_protocol::message::{ByHand, PayFailure};
use mnara_protocol::money::Money;
use sqlx::PgConnection;

use super::store::{self, Wanted};
use crate::app::App;
use crate::payments::checkout::NotBegun;
use crate::payments::customers;
use crate::payments::store::paid_today;
use crate::plans;
use crate::providers::c2b;
use crate::providers::standing::{Standing, standing};
use crate::rails::msisdn::Msisdn;
use crate::ratelimit::{Act, By};

/// What a device asks.
#[derive(Clone, Debug)]
pub struct Ask {
    /// Its site.
    pub site: SiteId,
    /// The device.
    pub mac: Mac,
    /// The plan.
    pub plan: PlanId,
    /// Its revision and price as the customer saw them.
    pub seen: (u32, Money),
    /// The number that will pay.
    pub phone: Option<Msisdn>,
    /// Whether the customer wants the code by SMS as well; nothing where it was not asked.
    pub by_sms: Option<bool>,
    /// After this the answer is no use.
    pub deadline: Timestamp,
}

/// Where to pay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// How.
    pub kind: ByHand,
    /// The paybill or till.
    pub number: String,
    /// The device's code, at a paybill.
    pub account: Option<String>,
}

/// Says where a device's owner pays by hand, and remembers that it was asked.
///
/// # Errors
/// [`NotBegun`].
pub async fn show(app: &App, provider: ProviderId, ask: Ask) -> Result<Place, NotBegun> {
    let now = app.clock.now();
    if ask.deadline <= now {
        return Err(NotBegun::Late);
    }
    let by = [
        By::Device(ask.mac),
        By::Site(ask.site),
        By::Provider(provider),
    ];
    app.limits.check_all(Act::Checkout, by)?;
    let not_asked = |failure| NotBegun::NotAsked(failure, None);
    let mut tx = app.db.tenant(provider).await?;
    if standing(&mut tx, provider, now).await? != Standing::Open {
        return Err(NotBegun::Closed);
    }
    let (kind, number) = c2b::by_hand(&mut tx, provider)
        .await?
        .ok_or(NotBegun::Closed)?;
    let plan = plans::store::plan(&mut tx, provider, ask.plan)
        .await?
        .filter(|plan| plan.on_sale)
        .ok_or(NotBegun::NoPlan)?;
    if ask.seen != (plan.revision, plan.price) {
        return Err(NotBegun::PlanChanged(Box::new(plan)));
    }
    if !plan.is_sold_at(now) {
        return Err(not_asked(PayFailure::NotNow));
    }
    if !plan
        .price
        .whole_shillings()
        .is_ok_and(|shillings| shillings >= 1)
    {
        return Err(NotBegun::NoPlan);
    }
    if let Some(phone) = ask.phone
        && customers::store::meet(&mut tx, app, provider, phone).await?
    {
        return Err(not_asked(PayFailure::Blocked));
    }
    if !is_within_limits(app, &mut tx, provider, (plan.price, ask.phone)).await? {
        return Err(not_asked(PayFailure::LimitReached));
    }
    let wanted = Wanted {
        plan: Some(plan.id),
        amount: Some(plan.price),
        phone: ask.phone,
        by_sms: ask.by_sms,
    };
    let device = (ask.site, ask.mac);
    let code = store::code(&mut tx, app, provider, device, &wanted, now)
        .await?
        .ok_or_else(|| anyhow::anyhow!("no free device code was found"))?;
    tx.commit().await?;
    Ok(Place {
        account: (kind == ByHand::Paybill).then(|| code.to_string()),
        kind,
        number,
    })
}

/// Whether a business takes so much, from a phone where it is known whose. What has come is never judged by it.
///
/// # Errors
/// When the database is away.
pub async fn is_within_limits(
    app: &App,
    conn: &mut PgConnection,
    provider: ProviderId,
    (amount, phone): (Money, Option<Msisdn>),
) -> sqlx::Result<bool> {
    let limits = c2b::store::limits(conn, provider).await?;
    let today = match phone {
        Some(phone) => paid_today(conn, provider, phone, app.clock.now()).await?,
        None => Money::from_cents(0),
    };
    Ok(limits.allow(amount, today, app.config.daraja.ceiling))
}
