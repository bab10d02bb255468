//! Asking the customer's phone: one call to the rail after the payment is on disk, and writing down what came of it.

use mnara_protocol::ids::{PaymentId, ProviderId};
use mnara_protocol::message::PayFailure;
use thiserror::Error;

use super::confirm::{self, refuse};
use super::settle::Flag;
use super::store::messages;
use super::{PROMPT_LIFE, Push, State, outage, question, store};
use crate::app::App;
use crate::providers::mpesa::{self, AccountError};
use crate::rails::daraja::{PushError, PushOrder};

/// What came of a push.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pushed {
    /// The customer is being asked, or may be.
    Asking,
    /// The customer is not.
    NotAsked(PayFailure),
}

/// Why nothing could be called or written down; the payment stays as it was made and the sweep takes it up.
#[derive(Debug, Error)]
pub enum PushFault {
    /// The payment is gone.
    #[error("there is no such payment")]
    Missing,
    /// The database refused.
    #[error("what came of the push could not be stored")]
    Database(#[from] sqlx::Error),
}

/// Why the customer hears that the rail refused a push.
fn failure(error: &PushError) -> PayFailure {
    match error {
        PushError::PhoneBusy => PayFailure::OtherPrompt,
        // The customer's own slip, and nothing that a business could mend.
        PushError::Refused { .. } if error.name() == "bad-phone" => PayFailure::NoMpesa,
        PushError::Busy | PushError::QuotaSpent | PushError::Away(_) | PushError::Unknown(_) => {
            PayFailure::Busy
        }
        PushError::Setup(_) | PushError::Order(_) | PushError::Refused { .. } => {
            PayFailure::ProviderSetup
        }
    }
}

/// Calls the rail for a stored payment, once, and writes down what came of it.
///
/// # Errors
/// [`PushFault`].
pub async fn push(
    app: &App,
    provider: ProviderId,
    id: PaymentId,
    secret: &str,
    description: &str,
) -> Result<Pushed, PushFault> {
    let mut tx = app.db.tenant(provider).await?;
    let mut payment = store::lock(&mut tx, provider, id)
        .await?
        .ok_or(PushFault::Missing)?;
    let account = match payment.account {
        Some(account) => match mpesa::read_set(&mut tx, &app.vault, provider, account).await {
            Ok(account) => account,
            // A database that is away says nothing of the account.
            Err(AccountError::Database(error)) => return Err(error.into()),
            Err(_) => None,
        },
        None => None,
    };
    let (Some(account), Some(phone)) = (account, payment.phone) else {
        tracing::error!(provider.id = %provider, payment.id = %id, "no phone can be asked: the M-PESA account is gone or does not open");
        payment.push = Push::Refused;
        store::set_push(&mut tx, &payment).await?;
        refuse(
            app,
            &mut tx,
            &payment,
            PayFailure::ProviderSetup,
            app.clock.now(),
        )
        .await?;
        tx.commit().await?;
        return Ok(Pushed::NotAsked(PayFailure::ProviderSetup));
    };
    // No transaction stays open over a call to the rail.
    drop(tx);
    let callback = callback_url(app, provider, secret);
    let order = PushOrder {
        amount: payment.amount,
        phone: &phone,
        callback: &callback,
        reference: &payment.account_reference,
        description,
    };
    let asked = app.clock.now();
    let (answer, exchange) = app.rails.daraja.push(&account, &order).await;
    let now = app.clock.now();
    let mut tx = app.db.tenant(provider).await?;
    let mut payment = store::lock(&mut tx, provider, id)
        .await?
        .ok_or(PushFault::Missing)?;
    messages::keep_push(app, &mut tx, &payment, (asked, now), &exchange).await?;
    let mut failed = None;
    let pushed = match answer {
        Ok(accepted) => {
            // The callback may have overtaken this answer and filled the ids in already; they are the same.
            payment.push = Push::Accepted;
            payment.merchant_request_id = Some(accepted.merchant_request_id);
            payment.checkout_request_id = Some(accepted.checkout_request_id);
            store::set_push(&mut tx, &payment).await?;
            question::ask_at(app, &mut tx, &payment, now + question::FIRST).await?;
            Pushed::Asking
        }
        Err(error) => {
            metrics::counter!("mnara_pushes_refused_total", "reason" => error.name()).increment(1);
            tracing::warn!(provider.id = %provider, payment.id = %id, reason = error.name(), "a push was not accepted");
            payment.push = if error.may_have_prompted() {
                Push::Unknown
            } else {
                Push::Refused
            };
            store::set_push(&mut tx, &payment).await?;
            store::note_push_error(&mut tx, &payment, error.name()).await?;
            let why = failure(&error);
            let may_have_prompted = error.may_have_prompted();
            failed = Some(error);
            if may_have_prompted {
                question::ask_at(app, &mut tx, &payment, now + PROMPT_LIFE).await?;
                Pushed::Asking
            } else {
                if payment.state == State::Pending {
                    refuse(app, &mut tx, &payment, why, now).await?;
                }
                // A callback that came first knows better than this answer.
                if payment.state == State::Success {
                    Pushed::Asking
                } else {
                    Pushed::NotAsked(why)
                }
            }
        }
    };
    if matches!(failed, Some(PushError::QuotaSpent)) {
        confirm::flag(app, &mut tx, &payment, Flag::Quota, now).await?;
    }
    tx.commit().await?;
    // In a transaction of its own: it locks the business and then all its sites, and what is above has locked one of them.
    let mut tx = app.db.tenant(provider).await?;
    outage::note(app, &mut tx, provider, failed.as_ref()).await?;
    tx.commit().await?;
    Ok(pushed)
}

/// Where the rail posts the outcome. The path holds no word that Safaricom refuses.
fn callback_url(app: &App, provider: ProviderId, secret: &str) -> String {
    app.config.web.public().join(&format!(
        "{}/{secret}",
        crate::providers::open::callback_path(provider)
    ))
}
