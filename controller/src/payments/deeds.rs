//! What people do about one payment: writing down what was paid back, asking the rail again, sending its ticket again. None of it moves money,
//! and no phone is asked a second time.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{NoteId, PaymentId, ProviderId};
use mnara_protocol::money::Money;
use mnara_protocol::receipt;
use mnara_protocol::ticket::{Phase, Status, Ticket};
use serde_json::json;
use sqlx::PgConnection;
use sqlx::types::JsonValue;
use thiserror::Error;

use super::customers::reason;
use super::ledger::{Cause, NotWritten, book};
use super::settle::Flag;
use super::store::refunds::{self, Refund};
use super::{DELIVERED_WITHIN, Payment, State, operator, question, store, unmatched};
use crate::access;
use crate::app::App;
use crate::audit::{Actor, Deed, record};
use crate::fleet::feed;
use crate::tickets;
use crate::tickets::feed::Delivery;
use crate::tickets::revoke::{self, RevokeError};
use crate::web::show;

/// Lines about what was paid back of one payment.
pub const MOST: u16 = 50;

/// Why something was not done about a payment.
#[derive(Debug, Error)]
pub enum NotDone {
    /// There is no such payment.
    #[error("there is no such payment")]
    Missing,
    /// No money came, so none can go back.
    #[error("no money came in by this payment")]
    NotPaid,
    /// It is paid, and nobody knows for which device: there is none to send its ticket to.
    #[error("no device is known for this payment")]
    NoDevice,
    /// The amount is not one, or more than is left of the payment.
    #[error("give an amount up to what was paid and not paid back yet")]
    Amount,
    /// The receipt is none.
    #[error("give the M-PESA receipt of the refund")]
    Receipt,
    /// The receipt is written down already.
    #[error("this receipt is written down already")]
    ReceiptTaken,
    /// The reason is missing or too long.
    #[error("give a reason")]
    Reason,
    /// The rail never named the prompt, so it cannot be asked about it.
    #[error("M-PESA cannot be asked about this payment")]
    NotKnown,
    /// The ticket was used: there is nothing to send.
    #[error("the voucher was used")]
    Used,
    /// The ticket is over, and nobody used it: there is nothing to send either, and its money bought nothing.
    #[error("the voucher is over, and nobody used it")]
    Over,
    /// M-PESA may be sending it back just now.
    #[error(
        "M-PESA may be sending this payment back: wait for its word, or look at the M-PESA statement first"
    )]
    GoingBack,
    /// The voucher could not be taken back with its money.
    #[error("the voucher could not be taken back")]
    Revoke(#[source] RevokeError),
    /// The database refused.
    #[error("it could not be stored")]
    Database(#[from] sqlx::Error),
}

impl From<RevokeError> for NotDone {
    fn from(error: RevokeError) -> Self {
        match error {
            RevokeError::Database(error) => Self::Database(error),
            error @ (RevokeError::Missing | RevokeError::Feed(_)) => Self::Revoke(error),
        }
    }
}

impl From<NotWritten> for NotDone {
    fn from(error: NotWritten) -> Self {
        match error {
            NotWritten::ReceiptTaken => Self::ReceiptTaken,
            NotWritten::Database(error) => Self::Database(error),
        }
    }
}

/// What somebody writes down.
#[derive(Clone, Copy, Debug)]
pub struct Noted<'a> {
    /// How much was paid back.
    pub amount: Money,
    /// The receipt of that.
    pub receipt: &'a str,
    /// Why.
    pub reason: &'a str,
}

/// What of a payment has not gone back, as money or as credit.
///
/// # Errors
/// When the database is away.
pub async fn left(conn: &mut PgConnection, payment: &Payment) -> sqlx::Result<Money> {
    let before = refunds::of_payment(conn, payment.provider, payment.id, MOST).await?;
    Ok(less(payment, &before))
}

/// Whether as much went back of a payment as came by its receipt: what its phone paid by credit, or had made over as such, is no part of that.
///
/// # Errors
/// When the database is away.
pub(super) async fn is_back(conn: &mut PgConnection, payment: &Payment) -> sqlx::Result<bool> {
    let before = refunds::of_payment(conn, payment.provider, payment.id, MOST).await?;
    Ok(sum(&before) >= payment.amount.cents())
}

fn less(payment: &Payment, before: &[Refund]) -> Money {
    Money::from_cents(payment.price().cents() - payment.credited.cents() - sum(before))
}

fn sum(before: &[Refund]) -> i64 {
    before.iter().map(|refund| refund.amount.cents()).sum()
}

/// Writes down what was paid back, unless M-PESA may be sending it back just now.
///
/// # Errors
/// [`NotDone`].
pub async fn note(
    app: &App,
    provider: ProviderId,
    actor: Actor,
    id: PaymentId,
    noted: Noted<'_>,
) -> Result<(), NotDone> {
    let mut tx = app.db.tenant(provider).await?;
    is_not_going_back(&mut tx, provider, id).await?;
    note_in(app, &mut tx, (provider, actor), id, noted).await?;
    tx.commit().await?;
    Ok(())
}

/// Refuses while M-PESA may be sending a payment back: whoever pays it back by hand as well would pay twice.
///
/// # Errors
/// [`NotDone::GoingBack`].
pub async fn is_not_going_back(
    conn: &mut PgConnection,
    provider: ProviderId,
    id: PaymentId,
) -> Result<(), NotDone> {
    if let Some(payment) = store::lock(conn, provider, id).await?
        && let Some(receipt) = payment.receipt
        && operator::store::is_going_back(conn, provider, &receipt).await?
    {
        return Err(NotDone::GoingBack);
    }
    Ok(())
}

/// Writes down what was paid back although M-PESA may be sending it back as well: for whoever has looked and knows that it does not.
///
/// # Errors
/// [`NotDone`].
pub async fn note_all_the_same(
    app: &App,
    provider: ProviderId,
    actor: Actor,
    id: PaymentId,
    noted: Noted<'_>,
) -> Result<(), NotDone> {
    let mut tx = app.db.tenant(provider).await?;
    note_in(app, &mut tx, (provider, actor), id, noted).await?;
    tx.commit().await?;
    Ok(())
}

/// Writes down what was paid back in the caller's transaction.
///
/// # Errors
/// [`NotDone`].
pub async fn note_in(
    app: &App,
    conn: &mut PgConnection,
    who: (ProviderId, Actor),
    id: PaymentId,
    noted: Noted<'_>,
) -> Result<Refund, NotDone> {
    went_back_in(app, conn, who, id, noted, Cause::Refund).await
}

/// Writes down what went back, and why, in the caller's transaction. With all of it goes the voucher; the feed is its last step.
pub(super) async fn went_back_in(
    app: &App,
    conn: &mut PgConnection,
    (provider, actor): (ProviderId, Actor),
    id: PaymentId,
    noted: Noted<'_>,
    cause: Cause,
) -> Result<Refund, NotDone> {
    let why = reason(noted.reason).ok_or(NotDone::Reason)?;
    let receipt = receipt::read(noted.receipt).ok_or(NotDone::Receipt)?;
    let now = app.clock.now();
    // Locked, so that two lines at once are counted one after the other.
    let payment = store::lock(conn, provider, id)
        .await?
        .ok_or(NotDone::Missing)?;
    if payment.state != State::Success {
        return Err(NotDone::NotPaid);
    }
    if payment.receipt.as_deref() == Some(receipt.as_str()) {
        return Err(NotDone::Receipt);
    }
    let before = refunds::of_payment(conn, provider, id, MOST).await?;
    let left = less(&payment, &before);
    // M-PESA moves whole shillings.
    let is_whole = noted.amount.cents() % 100 == 0;
    let is_left = (1..=left.cents()).contains(&noted.amount.cents());
    if before.len() >= usize::from(MOST) || !is_whole || !is_left {
        return Err(NotDone::Amount);
    }
    let refund = Refund {
        amount: noted.amount,
        receipt,
        reason: why.to_owned(),
        person: None,
        at: now,
    };
    refunds::hold(conn, &refund.receipt).await?;
    let line = (NoteId::new(now, app.entropy.bytes()), actor);
    if !refunds::insert(conn, (provider, id), line, &refund).await? {
        return Err(NotDone::ReceiptTaken);
    }
    let back = (refund.amount, refund.receipt.as_str());
    let turn = (cause, before.len());
    book::went_back(app, conn, &payment, back, turn, now).await?;
    if refund.amount == left {
        let said = (refund.receipt.as_str(), why);
        unmatched::store::close_late(conn, (provider, id), said, actor, now).await?;
    }
    if refund.amount == left || cause == Cause::Reversal {
        store::unflag(conn, &payment, Flag::Reversed).await?;
        if let Some(came) = &payment.receipt {
            operator::store::receipts::note_reversed(conn, provider, came).await?;
        }
    }
    let deed = Deed {
        act: match cause {
            Cause::Reversal => "reversal",
            _ => "refund",
        },
        subject: &id.to_string(),
        before: Some(json!({"left": left.to_decimal()})),
        after: Some(json!({
            "left": Money::from_cents(left.cents() - refund.amount.cents()).to_decimal(),
            "amount": refund.amount.to_decimal(),
            "receipt": refund.receipt,
            "reason": why,
        })),
    };
    record(app, conn, Some(provider), actor, deed).await?;
    let all = refunds::of_payment(conn, provider, id, MOST).await?;
    if refund.amount == left {
        take_voucher(app, conn, (provider, actor), id).await?;
    }
    // As it stands now, with the name of who wrote it.
    Ok(all
        .into_iter()
        .find(|one| one.receipt == refund.receipt)
        .unwrap_or(refund))
}

/// Takes back the voucher of a payment that went back whole: one that nobody used, and any of what came too late, also one that is in use by then.
///
/// Another one goes on, and that its money went back stands with its payment. The feed is its last step.
async fn take_voucher(
    app: &App,
    conn: &mut PgConnection,
    who: (ProviderId, Actor),
    payment: PaymentId,
) -> Result<(), NotDone> {
    let (provider, _) = who;
    let Some(ticket) = store::ticket_of(conn, provider, payment).await? else {
        return Ok(());
    };
    let now = app.clock.now();
    let is_late = unmatched::store::is_late(conn, provider, payment).await?;
    let found = tickets::store::lock(conn, provider, ticket, now).await?;
    if is_late || found.is_some_and(|found| is_waiting(&found.kept.ticket, now)) {
        revoke::ticket_in(app, conn, who, ticket).await?;
    }
    Ok(())
}

/// Notes that somebody looked at what a payment is flagged for, as they were shown it. One that is flagged for something else by now stays open.
///
/// # Errors
/// [`NotDone`].
pub async fn look(
    app: &App,
    provider: ProviderId,
    actor: Actor,
    id: PaymentId,
    flag: &str,
) -> Result<(), NotDone> {
    let mut tx = app.db.tenant(provider).await?;
    look_in(app, &mut tx, (provider, actor), id, flag).await?;
    tx.commit().await?;
    Ok(())
}

/// The same in the caller's transaction.
///
/// # Errors
/// [`NotDone`].
pub async fn look_in(
    app: &App,
    conn: &mut PgConnection,
    (provider, actor): (ProviderId, Actor),
    id: PaymentId,
    flag: &str,
) -> Result<(), NotDone> {
    store::lock(conn, provider, id)
        .await?
        .ok_or(NotDone::Missing)?;
    if store::look(conn, (provider, id), flag, actor, app.clock.now()).await? {
        let change = (Some(json!({"flag": flag})), json!({"looked": true}));
        note_deed(app, conn, (provider, actor), ("payment-look", id), change).await?;
    }
    Ok(())
}

/// Has the rail asked how a payment stands. The phone is not asked again.
///
/// # Errors
/// [`NotDone`].
pub async fn ask(
    app: &App,
    provider: ProviderId,
    actor: Actor,
    id: PaymentId,
) -> Result<(), NotDone> {
    let mut tx = app.db.tenant(provider).await?;
    ask_in(app, &mut tx, (provider, actor), id).await?;
    tx.commit().await?;
    app.jobs.wake();
    Ok(())
}

/// The same in the caller's transaction, after which the jobs are to be woken.
///
/// # Errors
/// [`NotDone`].
pub async fn ask_in(
    app: &App,
    conn: &mut PgConnection,
    (provider, actor): (ProviderId, Actor),
    id: PaymentId,
) -> Result<(), NotDone> {
    let payment = store::lock(conn, provider, id)
        .await?
        .ok_or(NotDone::Missing)?;
    if payment.checkout_request_id.is_none() || payment.state == State::Success {
        return Err(NotDone::NotKnown);
    }
    question::ask_at(app, conn, &payment, app.clock.now()).await?;
    // Asking alone changes nothing of it: the line tells how it stood when somebody wanted to know.
    let stands = json!({"status": payment.state.word()});
    let change = (Some(stands.clone()), stands);
    note_deed(app, conn, (provider, actor), ("payment-ask", id), change).await?;
    Ok(())
}

async fn note_deed(
    app: &App,
    conn: &mut PgConnection,
    (provider, actor): (ProviderId, Actor),
    (act, id): (&'static str, PaymentId),
    (before, after): (Option<JsonValue>, JsonValue),
) -> sqlx::Result<()> {
    let deed = Deed {
        act,
        subject: &id.to_string(),
        before,
        after: Some(after),
    };
    record(app, conn, Some(provider), actor, deed).await
}

/// Sends the ticket of a payment to its site once more, for the device that paid: the site lets it online when it is there within a day. One
/// that was used is where it was used.
///
/// # Errors
/// [`NotDone`].
pub async fn send(
    app: &App,
    provider: ProviderId,
    actor: Actor,
    id: PaymentId,
) -> Result<(), NotDone> {
    let mut tx = app.db.tenant(provider).await?;
    send_in(app, &mut tx, (provider, actor), id).await?;
    tx.commit().await?;
    Ok(())
}

/// Sends the ticket of a payment once more in the caller's transaction; the feed is its last step.
///
/// # Errors
/// [`NotDone`].
pub async fn send_in(
    app: &App,
    conn: &mut PgConnection,
    (provider, actor): (ProviderId, Actor),
    id: PaymentId,
) -> Result<(), NotDone> {
    let now = app.clock.now();
    let payment = store::lock(conn, provider, id)
        .await?
        .ok_or(NotDone::Missing)?;
    let ticket = store::ticket_of(conn, provider, id).await?;
    let ticket = ticket.ok_or(NotDone::NotPaid)?;
    let (Some(site), Some(mac)) = (payment.site, payment.mac) else {
        return Err(NotDone::NoDevice);
    };
    let found = tickets::store::lock(conn, provider, ticket, now)
        .await?
        .ok_or(NotDone::Missing)?;
    let kept = &found.kept.ticket;
    if kept.redeemed_at().is_some() {
        return Err(NotDone::Used);
    }
    if !is_waiting(kept, now) {
        return Err(NotDone::Over);
    }
    let delivery = Delivery {
        to: mac,
        until: now + DELIVERED_WITHIN,
    };
    let told = |delivery: Delivery| json!({"site": site.to_string(), "mac": delivery.to.to_string(), "until": show::utc(delivery.until)});
    let before = tickets::feed::delivery(conn, provider, site, &found).await?;
    let change = (before.map(told), told(delivery));
    let sent = ("payment-send", id);
    note_deed(app, conn, (provider, actor), sent, change).await?;
    let changes = access::questions::order(conn, provider, &found, site, delivery).await?;
    feed::put(conn, provider, changes.unwrap_or_default()).await?;
    Ok(())
}

/// Whether a ticket waits for its first use.
#[must_use]
pub fn is_waiting(ticket: &Ticket, now: Timestamp) -> bool {
    ticket.phase == Phase::Unused && ticket.status(now) == Status::Active
}
