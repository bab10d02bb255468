//! Money that came by hand for a device: in one transaction the payment, the ticket and the site's feed.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{PaymentId, ProviderId, UnmatchedId};
use mnara_protocol::money::Money;
use mnara_protocol::ticket::code::CROCKFORD;
use serde_json::Value;
use sqlx::PgConnection;

use super::{Payer, choose, store};
use crate::app::App;
use crate::entropy::Entropy;
use crate::payments::confirm::{self, ConfirmError};
use crate::payments::ledger::NotWritten;
use crate::payments::ledger::book::paid;
use crate::payments::operator::store::is_going_back;
use crate::payments::store::messages::{self, Kind};
use crate::payments::store::{SettleError, Waiting};
use crate::payments::unmatched::{self, Arrived, Reason};
use crate::payments::{Payment, Push, State, customers};
use crate::rails::daraja::callback;
use crate::rails::msisdn::Msisdn;
use crate::{plans, providers};

/// What became of money for a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    /// It bought its ticket.
    Bought(PaymentId),
    /// It stands in the books already, as somebody's or on its way back.
    Known,
    /// No plan costs as much: it is in the queue.
    NoPlan,
}

impl Settled {
    /// In one word, for rows and metrics.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Bought(_) => "by-hand",
            Self::Known => "nothing",
            Self::NoPlan => "unmatched",
        }
    }
}

/// Gives a device what its money buys.
///
/// # Errors
/// [`ConfirmError`]; nothing has changed then, and trying again is safe.
pub async fn settle(
    app: &App,
    provider: ProviderId,
    payer: &Payer,
    arrived: &Arrived,
    heard: &Waiting,
) -> Result<Settled, ConfirmError> {
    let mut tx = app.db.tenant(provider).await?;
    let settled = settle_in(app, &mut tx, provider, payer, arrived, Some(heard)).await;
    match settled {
        Ok(settled) => {
            tx.commit().await?;
            app.jobs.wake();
            metrics::counter!("mnara_payments_total", "result" => settled.word(), "by" => "c2b")
                .increment(1);
            Ok(settled)
        }
        // A receipt that another business has. It is money all the same, and a person sees it.
        Err(Unsettled::ReceiptTaken) => {
            let mut tx = app.db.tenant(provider).await?;
            unmatched::take::take(app, &mut tx, provider, arrived).await?;
            tx.commit().await?;
            Ok(Settled::NoPlan)
        }
        Err(Unsettled::Error(error)) => Err(error),
    }
}

/// Why money was not settled; the transaction is lost.
#[derive(Debug)]
pub enum Unsettled {
    /// Another payment has its receipt.
    ReceiptTaken,
    /// Anything else.
    Error(ConfirmError),
}

impl<E: Into<ConfirmError>> From<E> for Unsettled {
    fn from(error: E) -> Self {
        Self::Error(error.into())
    }
}

/// Gives a device what its money buys in the caller's transaction; the feed is its last step. Money that waits in the queue is taken out of it.
///
/// # Errors
/// [`Unsettled`].
pub async fn settle_in(
    app: &App,
    conn: &mut PgConnection,
    provider: ProviderId,
    payer: &Payer,
    arrived: &Arrived,
    heard: Option<&Waiting>,
) -> Result<Settled, Unsettled> {
    let now = app.clock.now();
    unmatched::store::lock_receipt(conn, &arrived.receipt).await?;
    if unmatched::store::is_payments(conn, provider, &arrived.receipt).await? {
        return Ok(Settled::Known);
    }
    let was = unmatched::store::by_receipt(conn, provider, &arrived.receipt).await?;
    if let Some(found) = &was
        && (found.is_closed || is_going_back(conn, provider, &arrived.receipt).await?)
    {
        return Ok(Settled::Known);
    }
    let was = was.map(|found| found.id);
    let all = plans::store::plans(conn, provider, plans::edit::MOST).await?;
    let Some(plan) = choose(&all, payer.plan, arrived.amount, now) else {
        if was.is_none() {
            let arrived = Arrived {
                reason: Reason::Amount,
                site: Some(payer.site),
                ..arrived.clone()
            };
            unmatched::take::take(app, conn, provider, &arrived).await?;
        }
        return Ok(Settled::NoPlan);
    };
    let phone = number(conn, provider, payer, &arrived.payer).await?;
    if let Some(phone) = phone {
        customers::store::meet(conn, app, provider, phone).await?;
    }
    // Who claims has the device's row by now: in that order, so that nobody waits for whoever waits for them.
    store::has_paid(conn, provider, (payer.site, payer.mac), now).await?;
    store::lock_amount(conn, provider, arrived.amount).await?;
    let payment = Payment {
        id: PaymentId::new(now, app.entropy.bytes()),
        provider,
        site: Some(payer.site),
        attempt: None,
        mac: Some(payer.mac),
        plan: Some(plan.id),
        account: providers::store::account_id(conn, provider).await?,
        amount: arrived.amount,
        credit: Money::from_cents(0),
        credited: Money::from_cents(0),
        phone,
        account_reference: reference(&app.entropy),
        push: Push::ByHand,
        merchant_request_id: None,
        checkout_request_id: None,
        receipt: Some(arrived.receipt.clone()),
        said_paid: true,
        state: State::Success,
        // When the money came: whoever waited for a prompt's end did not pay later for that.
        created_at: heard.map_or(now, |heard| heard.received_at),
        queries: 0,
    };
    let body = heard.map_or(Value::Null, |heard| {
        serde_json::from_str(&String::from_utf8_lossy(&heard.body).replace("\\u0000", ""))
            .unwrap_or(Value::Null)
    });
    store::insert(conn, &payment, plan, arrived, &body, now)
        .await
        .map_err(|error| match error {
            SettleError::ReceiptTaken => Unsettled::ReceiptTaken,
            SettleError::Database(error) => error.into(),
        })?;
    if let Some(heard) = heard {
        messages::keep_callback(conn, &payment, Kind::Confirmation, heard).await?;
    }
    book(app, conn, &payment, was, now).await?;
    if store::wants_sms(conn, provider, (payer.site, payer.mac)).await? {
        providers::sms::customers::wish(app, conn, provider, payment.id).await?;
    }
    confirm::grant(app, conn, &payment, now).await?;
    Ok(Settled::Bought(payment.id))
}

async fn book(
    app: &App,
    conn: &mut PgConnection,
    payment: &Payment,
    was: Option<UnmatchedId>,
    now: Timestamp,
) -> Result<(), NotWritten> {
    if let Some(id) = was {
        unmatched::store::close_known(conn, payment, id, now).await?;
    }
    let receipt = payment.receipt.as_deref();
    paid(app, conn, payment, receipt, was, now).await
}

/// Whose number it was, as far as it is sure: the rail's word, or the device's if it fits that.
async fn number(
    conn: &mut PgConnection,
    provider: ProviderId,
    payer: &Payer,
    paid: &callback::Payer,
) -> sqlx::Result<Option<Msisdn>> {
    let said = payer.phone.filter(|phone| paid.may_be(phone));
    match paid {
        callback::Payer::Number(number) => Ok(Some(*number)),
        callback::Payer::Hash(hash) if said.is_none() => store::by_hash(conn, provider, hash).await,
        callback::Payer::Hash(_) | callback::Payer::Masked { .. } | callback::Payer::Untold => {
            Ok(said)
        }
    }
}

/// An account reference that no prompt and no device has.
fn reference(entropy: &Entropy) -> String {
    let letters = entropy
        .bytes::<11>()
        .map(|byte| char::from(CROCKFORD[usize::from(byte & 31)]));
    std::iter::once('H').chain(letters).collect()
}
