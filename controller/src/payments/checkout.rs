//! A customer wants a plan: the payment row and a fresh secret are written first, then the phone is asked.

use std::time::Duration;

use anyhow::Context as _;
use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{AttemptId, Mac, PaymentId, PlanId, ProviderId, SiteId};
use mnara_protocol::message::{CheckoutState, PayFailure};
use mnara_protocol::money::Money;
use mnara_protocol::plan::Plan;
use mnara_protocol::ticket::code::CROCKFORD;
use secrecy::ExposeSecret as _;
use sha2::{Digest as _, Sha256};
use sqlx::PgConnection;
use thiserror::Error;

use super::push::{self, Pushed};
use super::store::Secrets;
use super::{PROMPT_LIFE, Payment, Push, State, credit, customers, store};
use crate::app::App;
use crate::entropy::Entropy;
use crate::fleet::feed;
use crate::plans;
use crate::providers;
use crate::providers::sms;
use crate::providers::standing::{Standing, standing};
use crate::rails::msisdn::Msisdn;
use crate::ratelimit::{Act, By, TooMany};
use crate::vault::Column;

/// Where a buyer's token is sealed.
pub(super) const TOKEN: Column = Column::PaymentToken;

/// What a customer asks for, by way of a portal.
#[derive(Clone, Debug)]
pub struct Ask {
    /// The site whose portal it is.
    pub site: Option<SiteId>,
    /// The try; a repeat is the same payment.
    pub attempt: Option<AttemptId>,
    /// The plan.
    pub plan: PlanId,
    /// What the customer saw, revision and price; a portal that does not say gets what is on sale now.
    pub seen: Option<(u32, Money)>,
    /// The phone to ask.
    pub phone: Msisdn,
    /// The device to let online.
    pub mac: Option<Mac>,
    /// After this the answer is no use.
    pub deadline: Option<Timestamp>,
    /// Whether the customer wants the code by SMS as well.
    pub by_sms: bool,
}

/// A payment that was begun, now or by an earlier copy of the same try.
#[derive(Clone, Debug)]
pub struct Begun {
    /// The payment.
    pub payment: PaymentId,
    /// With this its buyer asks how it stands.
    pub token: String,
    /// What the phone is asked for.
    pub amount: Money,
    /// What of its credit it spends beside that.
    pub credit: Money,
}

/// Why no phone was asked.
#[derive(Debug, Error)]
pub enum NotBegun {
    /// The plan is not on sale.
    #[error("the plan is not on sale")]
    NoPlan,
    /// The plan has changed since the customer saw it: here it is.
    #[error("the plan has changed")]
    PlanChanged(Box<Plan>),
    /// The rail, or the provider's standing with it, says no.
    #[error("the phone was not asked")]
    NotAsked(PayFailure, Option<Duration>),
    /// The provider may not sell now.
    #[error("sales are closed")]
    Closed,
    /// Too many tries.
    #[error(transparent)]
    TooMany(#[from] TooMany),
    /// The try is known, for another device, phone or plan.
    #[error("the try belongs to another order")]
    OtherTry,
    /// The answer would come too late.
    #[error("the question came too late")]
    Late,
    /// Something inside failed.
    #[error("the payment could not be begun")]
    Fault(#[from] anyhow::Error),
}

impl From<sqlx::Error> for NotBegun {
    fn from(error: sqlx::Error) -> Self {
        Self::Fault(error.into())
    }
}

/// Begins a payment and asks the phone. Once the row is committed the call goes on even if whoever asked goes away.
///
/// # Errors
/// [`NotBegun`]; no prompt was sent then.
pub async fn begin(app: &App, provider: ProviderId, ask: Ask) -> Result<Begun, NotBegun> {
    let now = app.clock.now();
    let mut tx = app.db.tenant(provider).await?;
    if let Some(begun) = begun(app, &mut tx, provider, &ask).await? {
        return Ok(begun);
    }
    if ask.deadline.is_some_and(|deadline| deadline <= now) {
        return Err(NotBegun::Late);
    }
    match standing(&mut tx, provider, now).await? {
        Standing::Open => {}
        Standing::Shut | Standing::NoAccount | Standing::Lapsed { .. } => {
            return Err(NotBegun::Closed);
        }
    }
    let plan = plans::store::plan(&mut tx, provider, ask.plan)
        .await?
        .filter(|plan| plan.on_sale)
        .ok_or(NotBegun::NoPlan)?;
    if ask
        .seen
        .is_some_and(|(revision, price)| revision != plan.revision || price != plan.price)
    {
        return Err(NotBegun::PlanChanged(Box::new(plan)));
    }
    if !plan.is_sold_at(now) {
        return Err(not_asked(PayFailure::NotNow));
    }
    // What costs nothing, or not whole shillings, is not sold by M-PESA.
    if !plan
        .price
        .whole_shillings()
        .is_ok_and(|shillings| shillings >= 1)
    {
        return Err(NotBegun::NoPlan);
    }
    limit(app, provider, &ask)?;
    if customers::store::meet(&mut tx, app, provider, ask.phone).await? {
        return Err(not_asked(PayFailure::Blocked));
    }
    let limits = providers::c2b::store::limits(&mut tx, provider).await?;
    let today = store::paid_today(&mut tx, provider, ask.phone, now).await?;
    let account = providers::store::account_id(&mut tx, provider).await?;
    let mut payment = Payment {
        id: PaymentId::new(now, app.entropy.bytes()),
        provider,
        site: ask.site,
        attempt: ask.attempt,
        mac: ask.mac,
        plan: Some(plan.id),
        account,
        amount: plan.price,
        credit: Money::from_cents(0),
        credited: Money::from_cents(0),
        phone: Some(ask.phone),
        account_reference: reference(&app.entropy),
        push: Push::Created,
        merchant_request_id: None,
        checkout_request_id: None,
        receipt: None,
        said_paid: false,
        state: State::Pending,
        created_at: now,
        queries: 0,
    };
    let phone_hash: [u8; 32] = Sha256::digest(ask.phone.digits().as_bytes()).into();
    if !store::take_prompt(&mut tx, &phone_hash, payment.id, now + PROMPT_LIFE, now).await? {
        // The other prompt may be this very try, begun while we waited for the phone's place.
        if let Some(begun) = begun(app, &mut tx, provider, &ask).await? {
            return Ok(begun);
        }
        return Err(not_asked(PayFailure::OtherPrompt));
    }
    // No other prompt of this phone is out, so nobody else spends its credit now.
    let least = (plan.price, limits.least());
    payment.credit = credit::hold(&mut tx, provider, ask.phone, least).await?;
    payment.amount = Money::from_cents(plan.price.cents() - payment.credit.cents());
    if !limits.allow(payment.amount, today, app.config.daraja.ceiling) {
        return Err(not_asked(PayFailure::LimitReached));
    }
    let secret = app.entropy.url_secret();
    let token = hex::encode(app.entropy.bytes::<16>());
    let secrets = Secrets {
        secret: Sha256::digest(secret.as_bytes()).into(),
        token_hash: Sha256::digest(token.as_bytes()).into(),
        token: app.vault.seal(provider, TOKEN, token.as_bytes()),
    };
    match store::insert(&mut tx, &payment, &plan, &secrets).await {
        Ok(()) => {}
        // The same try, twice at once: the other one won, and its payment is the answer.
        Err(error) if is_attempt(&error) => {
            drop(tx);
            return Box::pin(begin(app, provider, ask)).await;
        }
        Err(error) => return Err(error.into()),
    }
    if ask.by_sms {
        sms::customers::wish(app, &mut tx, provider, payment.id).await?;
    }
    // A push that dies with the process must not leave a payment nobody asks about.
    super::question::ask_at(app, &mut tx, &payment, now + PROMPT_LIFE).await?;
    let changes = payment
        .checkout_row(CheckoutState::Pending, now)
        .into_iter()
        .collect();
    feed::put(&mut tx, provider, changes).await?;
    tx.commit().await?;
    call(app, provider, payment.id, secret, plan.name).await?;
    Ok(Begun {
        payment: payment.id,
        token,
        amount: payment.amount,
        credit: payment.credit,
    })
}

/// The payment an earlier copy of this try began, with the token that copy was given: its answer may have arrived after all. The try is the
/// whole order: it gives nobody else's ticket away.
async fn begun(
    app: &App,
    conn: &mut PgConnection,
    provider: ProviderId,
    ask: &Ask,
) -> Result<Option<Begun>, NotBegun> {
    let (Some(site), Some(attempt)) = (ask.site, ask.attempt) else {
        return Ok(None);
    };
    let Some(id) = store::by_attempt(conn, provider, site, attempt).await? else {
        return Ok(None);
    };
    let known = store::lock(conn, provider, id).await?;
    let known = known.filter(|known| {
        (known.mac, known.phone, known.plan) == (ask.mac, Some(ask.phone), Some(ask.plan))
    });
    let known = known.ok_or(NotBegun::OtherTry)?;
    let sealed = store::sealed_token(conn, provider, id)
        .await?
        .with_context(|| format!("payments.token of {id} is missing"))?;
    let token = app
        .vault
        .open_text(provider, TOKEN, &sealed)
        .context("a payment's token does not open")?;
    Ok(Some(Begun {
        payment: id,
        token: token.expose_secret().to_owned(),
        amount: known.amount,
        credit: known.credit,
    }))
}

/// No prompt was sent, and when another try makes sense.
fn not_asked(failure: PayFailure) -> NotBegun {
    let secs = match failure {
        // A prompt that is open needs up to a minute to come to its end.
        PayFailure::OtherPrompt => Some(60),
        PayFailure::Busy => Some(30),
        PayFailure::TooSoon => Some(120),
        PayFailure::WrongPin
        | PayFailure::Cancelled
        | PayFailure::NoAnswer
        | PayFailure::NoMoney
        | PayFailure::LimitReached
        | PayFailure::Expired
        | PayFailure::ProviderAccount
        | PayFailure::ProviderSetup
        | PayFailure::Locked
        | PayFailure::NotNow
        | PayFailure::Blocked
        | PayFailure::NoMpesa
        | PayFailure::Other(_) => None,
    };
    NotBegun::NotAsked(failure, secs.map(Duration::from_secs))
}

async fn call(
    app: &App,
    provider: ProviderId,
    id: PaymentId,
    secret: String,
    description: String,
) -> Result<(), NotBegun> {
    let calling = app.tasks.spawn({
        let app = app.clone();
        async move { push::push(&app, provider, id, &secret, &plain(&description)).await }
    });
    match calling.await {
        Ok(Ok(Pushed::Asking)) => Ok(()),
        Ok(Ok(Pushed::NotAsked(failure))) => Err(not_asked(failure)),
        Ok(Err(fault)) => Err(NotBegun::Fault(fault.into())),
        Err(error) => Err(NotBegun::Fault(error.into())),
    }
}

fn limit(app: &App, provider: ProviderId, ask: &Ask) -> Result<(), TooMany> {
    let by = [
        Some(By::Phone(&ask.phone)),
        ask.mac.map(By::Device),
        ask.site.map(By::Site),
        Some(By::Provider(provider)),
    ];
    app.limits
        .check_all(Act::Checkout, by.into_iter().flatten())
}

fn is_attempt(error: &sqlx::Error) -> bool {
    error
        .as_database_error()
        .and_then(|error| error.constraint())
        == Some("payments_site_id_attempt_id_key")
}

/// An account reference no other payment has: S and eleven characters, 55 random bits.
pub(super) fn reference(entropy: &Entropy) -> String {
    let random = entropy.bytes::<11>();
    let letters = random
        .iter()
        .map(|byte| char::from(CROCKFORD[usize::from(byte & 31)]));
    std::iter::once('S').chain(letters).collect()
}

/// A plan's name as the rail takes it: letters, digits and spaces.
fn plain(name: &str) -> String {
    name.chars()
        .filter(|c| c.is_ascii_alphanumeric() || *c == ' ')
        .collect()
}
