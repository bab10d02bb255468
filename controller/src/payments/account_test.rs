//! One shilling from a business to itself: the only proof that an M-PESA account works. It is a payment like any other but buys nothing.

use mnara_protocol::ids::{AccountId, PaymentId, ProviderId};
use mnara_protocol::message::PayFailure;
use mnara_protocol::money::Money;
use sha2::{Digest as _, Sha256};
use sqlx::PgConnection;
use thiserror::Error;

use super::checkout::reference;
use super::push::{self, PushFault, Pushed};
use super::{PROMPT_LIFE, Payment, Push, State, question, store};
use crate::app::App;
use crate::providers;
use crate::rails::msisdn::Msisdn;
use crate::ratelimit::{Act, By, TooMany};

/// What the prompt says it is for.
const DESCRIPTION: &str = "Test";

/// Why no shilling was asked for.
#[derive(Debug, Error)]
pub enum NotTried {
    /// There is no account to try.
    #[error("there is no M-PESA account yet")]
    NoAccount,
    /// The phone has a prompt open.
    #[error("another prompt is open on that phone")]
    PhoneBusy,
    /// Too many tries.
    #[error(transparent)]
    TooMany(#[from] TooMany),
    /// The program is ending.
    #[error("the program is ending")]
    Ending,
    /// What came of it could not be stored.
    #[error(transparent)]
    Push(#[from] PushFault),
    /// The database refused.
    #[error("the test could not be stored")]
    Database(#[from] sqlx::Error),
}

/// A test that is stored and not yet sent. The secret in its callback's address is kept nowhere else.
#[derive(Debug)]
pub struct Ready {
    /// The payment.
    pub payment: PaymentId,
    secret: String,
}

/// Counts a test against what one phone and one business may ask for.
///
/// # Errors
/// [`TooMany`].
pub fn limit(app: &App, provider: ProviderId, phone: &Msisdn) -> Result<(), TooMany> {
    let by = [By::Phone(phone), By::Provider(provider)];
    app.limits.check_all(Act::Checkout, by)
}

/// Writes a test of an account, in the caller's transaction.
///
/// # Errors
/// [`NotTried`].
pub async fn write(
    app: &App,
    conn: &mut PgConnection,
    provider: ProviderId,
    account: AccountId,
    phone: Msisdn,
) -> Result<Ready, NotTried> {
    let now = app.clock.now();
    let payment = Payment {
        id: PaymentId::new(now, app.entropy.bytes()),
        provider,
        site: None,
        attempt: None,
        mac: None,
        plan: None,
        account: Some(account),
        amount: Money::from_shillings(1),
        credit: Money::from_cents(0),
        credited: Money::from_cents(0),
        phone: Some(phone),
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
    let hash: [u8; 32] = Sha256::digest(phone.digits().as_bytes()).into();
    if !store::take_prompt(conn, &hash, payment.id, now + PROMPT_LIFE, now).await? {
        return Err(NotTried::PhoneBusy);
    }
    let secret = app.entropy.url_secret();
    let secret_hash: [u8; 32] = Sha256::digest(secret.as_bytes()).into();
    store::insert_account_test(conn, &payment, &secret_hash).await?;
    question::ask_at(app, conn, &payment, now + PROMPT_LIFE).await?;
    Ok(Ready {
        payment: payment.id,
        secret,
    })
}

/// Sends a test that was committed; it goes on even if whoever asked goes away.
///
/// # Errors
/// [`NotTried`].
pub async fn send(
    app: &App,
    provider: ProviderId,
    ready: Ready,
) -> Result<Option<PayFailure>, NotTried> {
    let calling = app.tasks.spawn({
        let app = app.clone();
        async move { push::push(&app, provider, ready.payment, &ready.secret, DESCRIPTION).await }
    });
    match calling.await {
        Ok(pushed) => Ok(match pushed? {
            Pushed::Asking => None,
            Pushed::NotAsked(failure) => Some(failure),
        }),
        Err(_) => Err(NotTried::Ending),
    }
}

/// Tries the account in use. What comes of it is read off the payment.
///
/// # Errors
/// [`NotTried`].
pub async fn try_out(app: &App, provider: ProviderId, phone: Msisdn) -> Result<(), NotTried> {
    limit(app, provider, &phone)?;
    let mut tx = app.db.tenant(provider).await?;
    let account = providers::store::account_id(&mut tx, provider)
        .await?
        .ok_or(NotTried::NoAccount)?;
    let ready = write(app, &mut tx, provider, account, phone).await?;
    tx.commit().await?;
    send(app, provider, ready).await?;
    Ok(())
}
