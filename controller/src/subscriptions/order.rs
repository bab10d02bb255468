//! A business wants to pay: the order is stored and committed, then handed to Pesapal.

use std::time::Duration;

use anyhow::Context as _;
use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{AttemptId, OrderId, PlatformPlanId, ProviderId};
use serde_json::json;
use thiserror::Error;

use super::room::{TooManySites, room};
use super::store::messages::{self, Kind as Line};
use super::store::orders::{self, Contact};
use super::store::{addresses, book, plans};
use super::terms::change::{AtOnce, at_once};
use super::terms::{self, Entry, What};
use super::{Kind, Order, Period, PlatformPlan, State, ask, change};
use crate::app::App;
use crate::audit::{Actor, Deed, record};
use crate::rails::pesapal::ipn::Method;
use crate::rails::pesapal::{
    Billed, CallError, Frequency, Name, Order as Wire, Pesapal, Recurring, SubmitError, Submitted,
};
use crate::ratelimit::{Act, By, TooMany};

/// How long an order is waited for.
const LIFE: Duration = Duration::from_secs(24 * 3_600);
/// How long handing an order in can take; after that its answer is lost. A call to the rail ends before.
const HANDING_IN: Duration = Duration::from_secs(200);
/// How long an order waits while another registers our address.
const IN_TURN: Duration = Duration::from_secs(30);
/// How many years a card may be charged by itself before it is asked for anew.
const YEARS: i32 = 5;

/// What a business wants to pay for.
#[derive(Clone, Copy, Debug)]
pub struct Wish {
    /// The plan.
    pub plan: PlatformPlanId,
    /// The attempt; a repeat is the same order.
    pub attempt: AttemptId,
    /// Whether a card may be charged again by itself.
    pub is_recurring: bool,
    /// Whether the business should be on that plan at once, with what is left counted in, instead of after it.
    pub is_upgrade: bool,
}

impl Wish {
    /// Whether a card is charged again for it: the difference to another plan is paid once.
    const fn goes_on(&self) -> bool {
        self.is_recurring && !self.is_upgrade
    }
}

/// Why there is no order to pay.
#[derive(Debug, Error)]
pub enum NotMade {
    /// The platform asks nobody to pay.
    #[error("nobody is asked to pay here")]
    Off,
    /// The plan is not offered, or costs nothing.
    #[error("the plan is not offered")]
    NoPlan,
    /// The plan is for fewer sites than the business has.
    #[error(transparent)]
    TooManySites(#[from] TooManySites),
    /// The business is on the plan, or no time is left, or the two are not paid in one currency.
    #[error("the plan cannot be changed to at once")]
    NoUpgrade,
    /// What is left pays for the change: there is nothing to order.
    #[error("the change costs nothing")]
    Free,
    /// Pesapal wants an address to write to.
    #[error("the business has neither an e-mail address nor a phone number")]
    NoContact,
    /// The attempt is known, for another plan or to be paid otherwise.
    #[error("the attempt belongs to another order")]
    OtherAttempt,
    /// The same attempt is being handed in by another request.
    #[error("the order is being made")]
    BeingMade,
    /// Too many tries.
    #[error(transparent)]
    TooMany(#[from] TooMany),
    /// Pesapal did not take it, or did not answer; trying again makes another order.
    #[error("Pesapal did not take the order")]
    Rail(#[source] SubmitError),
    /// Something inside failed.
    #[error("the order could not be made")]
    Fault(#[from] anyhow::Error),
}

impl NotMade {
    /// Whether the rail would say the same of a next try: only whoever runs the platform can put that right.
    #[must_use]
    pub fn is_final(&self) -> bool {
        match self {
            Self::Rail(SubmitError::Call(CallError::WrongKeys)) => true,
            // An address that it does not know any more is registered anew with the next try.
            Self::Rail(SubmitError::Call(CallError::Refused { code, message })) => {
                !names_address(code, message)
            }
            _ => false,
        }
    }
}

impl From<sqlx::Error> for NotMade {
    fn from(error: sqlx::Error) -> Self {
        Self::Fault(error.into())
    }
}

/// Makes an order and gives it with the page on which it is paid. Once it is stored, handing it in goes on even if whoever asked goes away.
///
/// # Errors
/// [`NotMade`].
pub async fn create(
    app: &App,
    provider: ProviderId,
    actor: Actor,
    wish: Wish,
) -> Result<Placed, NotMade> {
    let rail = app.rails.pesapal.clone().ok_or(NotMade::Off)?;
    let (order, plan, contact) = match stored(app, provider, actor, wish).await? {
        Stored::Before(order) => {
            return Ok(Placed {
                order,
                is_repeat: true,
            });
        }
        Stored::Now(order, plan, contact) => (order, plan, contact),
    };
    let handing_in = {
        let app = app.clone();
        app.tasks
            .clone()
            .spawn(async move { hand_in(&app, &rail, order, &plan, &contact).await })
    };
    let order = handing_in.await.context("the order's task was lost")??;
    Ok(Placed {
        order,
        is_repeat: false,
    })
}

/// An order that whoever asked for one has.
#[derive(Clone, Debug)]
pub struct Placed {
    /// It.
    pub order: Order,
    /// Whether the same attempt had made it before.
    pub is_repeat: bool,
}

enum Stored {
    Before(Order),
    Now(Order, PlatformPlan, Contact),
}

async fn stored(
    app: &App,
    provider: ProviderId,
    actor: Actor,
    wish: Wish,
) -> Result<Stored, NotMade> {
    let now = app.clock.now();
    let mut tx = app.db.tenant(provider).await?;
    if let Some(order) = orders::of_attempt(&mut tx, provider, wish.attempt).await? {
        let made = (order.plan, order.is_upgrade, order.account.is_some());
        if made != (wish.plan, wish.is_upgrade, wish.goes_on()) {
            return Err(NotMade::OtherAttempt);
        }
        match order.state {
            State::Submitted | State::Completed | State::Failed | State::Reversed => {
                return Ok(Stored::Before(order));
            }
            State::Created if now < order.created_at + HANDING_IN => {
                return Err(NotMade::BeingMade);
            }
            // Nobody has its page, and its reference would be refused.
            State::Created | State::Lost | State::Refused | State::Expired => {
                orders::supersede(&mut tx, &order).await?;
            }
        }
    }
    app.limits.check(Act::Order, By::Provider(provider))?;
    let plan = plans::one(&mut tx, wish.plan)
        .await?
        .filter(|plan| plan.is_offered && plan.price.cents > 0)
        .ok_or(NotMade::NoPlan)?;
    let terms = change::paid_for(&mut tx, provider).await?;
    room(&mut tx, provider, &terms, now).await?.check(&plan)?;
    let (price, begins_anew, upgrade_until) = if wish.is_upgrade {
        match at_once(&terms, &plan, now).map_err(|_| NotMade::NoUpgrade)? {
            AtOnce::Better { price, until } => (price, false, Some(until)),
            AtOnce::Anew { price, .. } if price.cents > 0 => (price, true, None),
            AtOnce::Anew { .. } => return Err(NotMade::Free),
        }
    } else {
        (plan.price, false, None)
    };
    let contact = orders::contact(&mut tx, provider).await?;
    let contact = contact
        .filter(|contact| contact.email.is_some() || contact.phone.is_some())
        .ok_or(NotMade::NoContact)?;
    let id = OrderId::new(now, app.entropy.bytes());
    let order = Order {
        id,
        provider,
        attempt: wish.attempt,
        plan: plan.id,
        kind: Kind::Once,
        reference: id.to_string(),
        account: wish
            .goes_on()
            .then(|| format!("acc_{}", app.entropy.url_secret())),
        price,
        state: State::Created,
        tracking: None,
        hinted: None,
        redirect: None,
        confirmation: None,
        flag: None,
        is_upgrade: wish.is_upgrade,
        begins_anew,
        upgrade_until,
        paid: None,
        refund: None,
        resolution: None,
        asked: 0,
        ask_after: None,
        created_at: now,
        expires_at: now + LIFE,
        settled_at: None,
    };
    match orders::insert(&mut tx, &order).await {
        Ok(()) => {}
        Err(error) if is_second(&error) => return Err(NotMade::BeingMade),
        Err(error) => return Err(error.into()),
    }
    ask::ask_at(app, &mut tx, (provider, id), now + ask::FIRST).await?;
    let deed = Deed {
        act: "platform-order",
        subject: &id.to_string(),
        before: None,
        after: Some(json!({
            "plan": plan.name,
            "amount": price.decimal(),
            "currency": price.currency.code(),
            "recurring": wish.is_recurring,
            "upgrade": wish.is_upgrade,
        })),
    };
    record(app, &mut tx, Some(provider), actor, deed).await?;
    tx.commit().await?;
    Ok(Stored::Now(order, plan, contact))
}

/// Whether another request has made the attempt's order a moment ago.
fn is_second(error: &sqlx::Error) -> bool {
    error
        .as_database_error()
        .and_then(|error| error.constraint())
        .is_some_and(|name| name == "platform_orders_attempt")
}

async fn hand_in(
    app: &App,
    rail: &Pesapal,
    order: Order,
    plan: &PlatformPlan,
    contact: &Contact,
) -> Result<Order, NotMade> {
    let outcome = match notification(app, rail, order.provider).await {
        Ok(notification) => submit(app, rail, &order, plan, contact, &notification).await,
        Err(NotMade::Rail(error)) => Err(error),
        Err(error) => return Err(error),
    };
    let (state, submitted) = match &outcome {
        Ok(submitted) => (State::Submitted, Some(submitted)),
        Err(SubmitError::Unknown(_)) => (State::Lost, None),
        Err(SubmitError::Order(_) | SubmitError::Call(_)) => (State::Refused, None),
    };
    let mut tx = app.db.tenant(order.provider).await?;
    orders::note_submitted(
        &mut tx,
        &order,
        state,
        submitted.map(|submitted| &submitted.tracking),
        submitted.map(|submitted| submitted.redirect.as_str()),
    )
    .await?;
    let after = orders::lock(&mut tx, order.provider, order.id).await?;
    tx.commit().await?;
    match outcome {
        Ok(_) => Ok(after.context("an order is gone")?),
        Err(error) => {
            tracing::warn!(order.id = %order.id, error = &error as &dyn std::error::Error, "Pesapal did not take an order");
            Err(NotMade::Rail(error))
        }
    }
}

async fn submit(
    app: &App,
    rail: &Pesapal,
    order: &Order,
    plan: &PlatformPlan,
    contact: &Contact,
    notification: &Name,
) -> Result<Submitted, SubmitError> {
    let fault = |error: sqlx::Error| SubmitError::Call(CallError::Away(error.into()));
    let asked_at = app.clock.now();
    let first = match order.account {
        Some(_) => Some(
            first_charge(app, order, plan, asked_at)
                .await
                .map_err(fault)?,
        ),
        None => None,
    };
    let description = format!("{} for {}", plan.name, contact.business);
    let wire = Wire {
        reference: &order.reference,
        price: order.price,
        description: &description,
        callback: rail.callback(),
        notification,
        billed: Billed {
            email: contact.email.as_deref().unwrap_or_default(),
            phone: contact.phone.as_deref().unwrap_or_default(),
            name: &contact.business,
        },
        recurring: order
            .account
            .as_deref()
            .zip(first)
            .map(|(account, start)| Recurring {
                account,
                start,
                end: start
                    .checked_add(jiff::Span::new().years(YEARS))
                    .unwrap_or(start),
                frequency: match plan.period {
                    Period::Month => Frequency::Monthly,
                    Period::Year => Frequency::Yearly,
                },
            }),
    };
    let (outcome, exchange) = rail.submit(&wire).await;
    let times = (asked_at, app.clock.now());
    let whose = (order.provider, order.id);
    let mut tx = app.db.tenant(order.provider).await.map_err(fault)?;
    let kinds = (Line::Submit, Line::SubmitAnswer);
    messages::keep_call(app, &mut tx, whose, kinds, times, &exchange)
        .await
        .map_err(fault)?;
    if let Err(SubmitError::Call(CallError::Refused { code, message })) = &outcome
        && names_address(code, message)
    {
        // The account does not know our address any more: the next order registers it again.
        addresses::forget(&mut tx, rail.base(), rail.ipn())
            .await
            .map_err(fault)?;
    }
    tx.commit().await.map_err(fault)?;
    outcome
}

fn names_address(code: &str, message: &str) -> bool {
    let text = format!("{code} {message}").to_ascii_lowercase();
    text.contains("ipn") || text.contains("notification")
}

/// The day on which a card would be charged by itself first: when this payment has run out.
async fn first_charge(
    app: &App,
    order: &Order,
    plan: &PlatformPlan,
    now: Timestamp,
) -> sqlx::Result<jiff::civil::Date> {
    let mut tx = app.db.tenant(order.provider).await?;
    let mut lines = book::lines(&mut tx, order.provider).await?;
    lines.push(Entry {
        at: now,
        plan: plan.id,
        rate: plan.rate(),
        what: What::Paid { order: order.id },
    });
    let until = terms::terms(&lines).last().map_or(now, |term| term.until);
    Ok(terms::date(until))
}

/// The rail's name for our address: registered once, whoever orders first. Two processes that begin together may register it twice; one name
/// counts then.
async fn notification(app: &App, rail: &Pesapal, provider: ProviderId) -> Result<Name, NotMade> {
    if let Some(id) = registered(app, rail, provider).await? {
        return Ok(id);
    }
    let (base, url) = (rail.base(), rail.ipn());
    let failed = |error| NotMade::Rail(SubmitError::Call(error));
    let _alone = tokio::time::timeout(IN_TURN, rail.registering())
        .await
        .map_err(|_| failed(CallError::Busy))?;
    if let Some(id) = registered(app, rail, provider).await? {
        return Ok(id);
    }
    // Without a list the address is registered again, at worst a second time; an order without one is refused.
    let known = match rail.registered().await {
        Ok(known) => known,
        Err(error @ (CallError::WrongKeys | CallError::Busy)) => return Err(failed(error)),
        Err(error) => {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "Pesapal does not list our addresses"
            );
            Vec::new()
        }
    };
    let known = known
        .into_iter()
        .find(|known| known.is_active && known.url == url && known.method == Some(Method::Post));
    let id = match known {
        Some(known) => known.id,
        None => rail.register(url, Method::Post).await.map_err(failed)?.id,
    };
    let mut tx = app.db.tenant(provider).await?;
    let id = addresses::keep(&mut tx, base, url, id, app.clock.now()).await?;
    tx.commit().await?;
    Ok(id)
}

/// The name that is known here. No transaction stays open over a call to the rail.
async fn registered(app: &App, rail: &Pesapal, provider: ProviderId) -> sqlx::Result<Option<Name>> {
    let mut tx = app.db.tenant(provider).await?;
    addresses::find(&mut tx, rail.base(), rail.ipn()).await
}
