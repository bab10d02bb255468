//! What becomes of money in the queue, as a person says: a voucher, credit of a phone, or it goes back. Each is one transaction, and a second
//! tap does nothing more.

use mnara_protocol::ids::{PlanId, ProviderId, TicketId, UnmatchedId};
use mnara_protocol::money::Money;
use serde_json::json;
use sqlx::PgConnection;
use thiserror::Error;

use super::store::{self, Held};
use super::{Reason, ledger};
use crate::app::App;
use crate::audit::{Actor, Deed, record};
use crate::fleet::feed;
use crate::payments::Payment;
use crate::payments::customers::{self, reason};
use crate::payments::deeds::{self, NotDone, Noted, is_waiting};
use crate::payments::ledger::{Account, Cause, Line, NotWritten};
use crate::payments::store::{credit, lock, refunds, ticket_of};
use crate::plans;
use crate::rails::daraja::callback::Payer;
use crate::rails::msisdn::Msisdn;
use crate::tickets;
use crate::tickets::issue::{self, IssueError, Sale};
use crate::tickets::revoke::{self, RevokeError};

/// Why nothing came of it.
#[derive(Debug, Error)]
pub enum NotResolved {
    /// There is no such money.
    #[error("there is no such money in the queue")]
    Missing,
    /// There is no such plan, or it costs more than was paid.
    #[error("choose a plan that costs no more than was paid")]
    Plan,
    /// The receipt is none, or that of the money itself.
    #[error("give the M-PESA receipt of the refund")]
    Receipt,
    /// The receipt is written down already.
    #[error("this receipt is written down already")]
    ReceiptTaken,
    /// The reason is missing or too long.
    #[error("give a reason")]
    Reason,
    /// Whose credit it is to be is not known.
    #[error("give the phone number that is to have the credit")]
    Phone,
    /// That number cannot be the one that paid.
    #[error("this is not the number that paid")]
    OtherPhone,
    /// Its voucher was used.
    #[error("its voucher was used")]
    Used,
    /// The ticket could not be issued.
    #[error(transparent)]
    Issue(#[from] IssueError),
    /// The ticket could not be taken back.
    #[error(transparent)]
    Revoke(#[from] RevokeError),
    /// What is done about its payment was not done.
    #[error(transparent)]
    Payment(#[from] NotDone),
    /// The books could not be written.
    #[error(transparent)]
    Ledger(#[from] NotWritten),
    /// The database refused.
    #[error("it could not be stored")]
    Database(#[from] sqlx::Error),
}

/// Gives a voucher for the money. What came late has one: it is sent to its device, which is let online when it is there within a day.
///
/// # Errors
/// [`NotResolved`].
pub async fn give(
    app: &App,
    provider: ProviderId,
    actor: Actor,
    id: UnmatchedId,
    plan: Option<PlanId>,
) -> Result<(), NotResolved> {
    let mut tx = app.db.tenant(provider).await?;
    give_in(app, &mut tx, (provider, actor), id, plan).await?;
    tx.commit().await?;
    Ok(())
}

/// The same in the caller's transaction; the feed is its last step.
///
/// # Errors
/// [`NotResolved`].
pub async fn give_in(
    app: &App,
    conn: &mut PgConnection,
    (provider, actor): (ProviderId, Actor),
    id: UnmatchedId,
    plan: Option<PlanId>,
) -> Result<(), NotResolved> {
    let Some(held) = open(conn, provider, id).await? else {
        return Ok(());
    };
    match (held.reason, held.payment) {
        (Reason::Late, Some(payment)) => {
            let ticket = ticket_of(conn, provider, payment).await?;
            store::close_given(conn, (provider, id), ticket, actor, app.clock.now()).await?;
            note(app, conn, (provider, actor), id, "queue-send").await?;
            match deeds::send_in(app, conn, (provider, actor), payment).await {
                // One that was used, or whose device is not known, is done with all the same.
                Ok(()) | Err(NotDone::Used | NotDone::NotPaid) => {}
                Err(error) => return Err(error.into()),
            }
        }
        _ => ticket(app, conn, (provider, actor), (id, &held), plan).await?,
    }
    Ok(())
}

async fn ticket(
    app: &App,
    conn: &mut PgConnection,
    (provider, actor): (ProviderId, Actor),
    (id, held): (UnmatchedId, &Held),
    plan: Option<PlanId>,
) -> Result<(), NotResolved> {
    let now = app.clock.now();
    let plan = plans::store::plan(conn, provider, plan.ok_or(NotResolved::Plan)?).await?;
    // Whoever may give vouchers for money gives no more than the money is worth.
    let plan = plan
        .filter(|plan| plan.price.cents() <= held.amount.cents())
        .ok_or(NotResolved::Plan)?;
    let sale = Sale {
        plan: &plan,
        payment: None,
        site: held.site,
    };
    let kept = issue::issue(conn, &app.entropy, provider, sale, now).await?;
    store::close_given(conn, (provider, id), Some(kept.ticket.id), actor, now).await?;
    let line = Line {
        cause: Cause::Given,
        credit: Account::Tickets,
        ..of(id, held, app)
    };
    ledger::write(app, conn, provider, line).await?;
    note(app, conn, (provider, actor), id, "queue-ticket").await?;
    if let Some(site) = held.site {
        let change = tickets::feed::ticket(site, &kept, None, None, None);
        feed::put(conn, provider, vec![change]).await?;
    }
    Ok(())
}

/// Makes the money over to a phone, which pays less the next time: to the phone that paid, if it is known in full, else to the one that is named.
/// The voucher of what came late is taken back with it.
///
/// # Errors
/// [`NotResolved`].
pub async fn credit(
    app: &App,
    provider: ProviderId,
    actor: Actor,
    id: UnmatchedId,
    named: Option<Msisdn>,
) -> Result<(), NotResolved> {
    let mut tx = app.db.tenant(provider).await?;
    credit_in(app, &mut tx, (provider, actor), id, named).await?;
    tx.commit().await?;
    Ok(())
}

/// The same in the caller's transaction; the feed is its last step.
///
/// # Errors
/// [`NotResolved`].
pub async fn credit_in(
    app: &App,
    conn: &mut PgConnection,
    (provider, actor): (ProviderId, Actor),
    id: UnmatchedId,
    named: Option<Msisdn>,
) -> Result<(), NotResolved> {
    let Some(held) = open(conn, provider, id).await? else {
        return Ok(());
    };
    let payment = match held.payment {
        Some(payment) => lock(conn, provider, payment).await?,
        None => None,
    };
    let phone = whose(&held, payment.as_ref(), named)?;
    customers::store::meet(conn, app, provider, phone).await?;
    let late = payment.filter(|_| held.reason == Reason::Late);
    let ticket = match &late {
        Some(payment) => unused(app, conn, payment).await?,
        None => None,
    };
    let amount = match &late {
        Some(payment) => left(conn, payment).await?,
        None => held.amount,
    };
    let customer = credit::add(conn, provider, phone, amount).await?;
    let now = app.clock.now();
    credit::close(conn, (provider, id), (customer, amount), actor, now).await?;
    let line = Line {
        cause: Cause::Credited,
        credit: Account::Credit,
        amount,
        ..of(id, &held, app)
    };
    let line = match &late {
        Some(payment) => {
            credit::note_credited(conn, provider, payment.id, amount).await?;
            Line {
                payment: Some(payment.id),
                debit: ledger::place(payment),
                ..line
            }
        }
        None => line,
    };
    ledger::write(app, conn, provider, line).await?;
    let after = json!({"amount": amount.to_decimal(), "customer": customer.to_string()});
    let deed = Deed {
        act: "queue-credit",
        subject: &id.to_string(),
        before: None,
        after: Some(after),
    };
    record(app, conn, Some(provider), actor, deed).await?;
    if let Some(ticket) = ticket {
        revoke::ticket_in(app, conn, (provider, actor), ticket).await?;
    }
    Ok(())
}

/// Whose credit it is.
fn whose(
    held: &Held,
    payment: Option<&Payment>,
    named: Option<Msisdn>,
) -> Result<Msisdn, NotResolved> {
    if let Payer::Number(phone) = held.payer {
        return Ok(phone);
    }
    if let Some(phone) = payment.and_then(|payment| payment.phone) {
        return Ok(phone);
    }
    let phone = named.ok_or(NotResolved::Phone)?;
    // What the rail shows of the number keeps a slip of the finger from giving it to somebody else.
    if matches!(held.payer, Payer::Untold) || held.payer.may_be(&phone) {
        Ok(phone)
    } else {
        Err(NotResolved::OtherPhone)
    }
}

/// The voucher of what came late, which nobody may have used.
async fn unused(
    app: &App,
    conn: &mut PgConnection,
    payment: &Payment,
) -> Result<Option<TicketId>, NotResolved> {
    let Some(id) = ticket_of(conn, payment.provider, payment.id).await? else {
        return Ok(None);
    };
    let now = app.clock.now();
    let found = tickets::store::lock(conn, payment.provider, id, now).await?;
    match found {
        Some(found) if !is_waiting(&found.kept.ticket, now) => Err(NotResolved::Used),
        _ => Ok(Some(id)),
    }
}

/// What of a payment has not gone back.
async fn left(conn: &mut PgConnection, payment: &Payment) -> Result<Money, NotResolved> {
    let before = refunds::of_payment(conn, payment.provider, payment.id, deeds::MOST).await?;
    let back: i64 = before.iter().map(|one| one.amount.cents()).sum();
    Ok(Money::from_cents(
        payment.price().cents() - payment.credited.cents() - back,
    ))
}

/// Writes down that the money went back. The voucher of what came late is taken back with it.
///
/// # Errors
/// [`NotResolved`].
pub async fn refund(
    app: &App,
    provider: ProviderId,
    actor: Actor,
    id: UnmatchedId,
    said: (&str, &str),
) -> Result<(), NotResolved> {
    let mut tx = app.db.tenant(provider).await?;
    refund_in(app, &mut tx, (provider, actor), id, said).await?;
    tx.commit().await?;
    Ok(())
}

/// The same in the caller's transaction; the feed is its last step.
///
/// # Errors
/// [`NotResolved`].
pub async fn refund_in(
    app: &App,
    conn: &mut PgConnection,
    (provider, actor): (ProviderId, Actor),
    id: UnmatchedId,
    (receipt, why): (&str, &str),
) -> Result<(), NotResolved> {
    let Some(held) = open(conn, provider, id).await? else {
        return Ok(());
    };
    match (held.reason, held.payment) {
        (Reason::Late, Some(payment)) => {
            let known = lock(conn, provider, payment)
                .await?
                .ok_or(NotResolved::Missing)?;
            let noted = Noted {
                amount: left(conn, &known).await?,
                receipt,
                reason: why,
            };
            deeds::note_in(app, conn, (provider, actor), payment, noted).await?;
            if let Some(ticket) = ticket_of(conn, provider, payment).await? {
                revoke::ticket_in(app, conn, (provider, actor), ticket).await?;
            }
        }
        _ => back(app, conn, (provider, actor), (id, &held), (receipt, why)).await?,
    }
    Ok(())
}

async fn back(
    app: &App,
    conn: &mut PgConnection,
    (provider, actor): (ProviderId, Actor),
    (id, held): (UnmatchedId, &Held),
    (receipt, why): (&str, &str),
) -> Result<(), NotResolved> {
    let why = reason(why).ok_or(NotResolved::Reason)?;
    let receipt = receipt.trim().to_ascii_uppercase();
    let is_receipt =
        (6..=20).contains(&receipt.len()) && receipt.bytes().all(|b| b.is_ascii_alphanumeric());
    if !is_receipt || held.receipt.as_deref() == Some(receipt.as_str()) {
        return Err(NotResolved::Receipt);
    }
    let now = app.clock.now();
    let said = (receipt.as_str(), why);
    if !store::close_refunded(conn, (provider, id), said, actor, now).await? {
        return Err(NotResolved::ReceiptTaken);
    }
    let line = Line {
        cause: Cause::Refund,
        credit: Account::Refunded,
        receipt: Some(&receipt),
        ..of(id, held, app)
    };
    ledger::write(app, conn, provider, line).await?;
    let deed = Deed {
        act: "queue-refund",
        subject: &id.to_string(),
        before: None,
        after: Some(json!({"amount": held.amount.to_decimal(), "receipt": receipt, "reason": why})),
    };
    record(app, conn, Some(provider), actor, deed).await?;
    Ok(())
}

/// A line that takes this money out of the queue.
fn of<'a>(id: UnmatchedId, held: &'a Held, app: &App) -> Line<'a> {
    Line {
        cause: Cause::Given,
        payment: None,
        unmatched: Some(id),
        turn: 0,
        debit: Account::Unmatched,
        credit: Account::Tickets,
        amount: held.amount,
        receipt: held.receipt.as_deref(),
        site: held.site,
        at: app.clock.now(),
    }
}

/// Money that waits, locked; nothing for what is done with. Its payment is locked first, as everywhere.
async fn open(
    conn: &mut PgConnection,
    provider: ProviderId,
    id: UnmatchedId,
) -> Result<Option<Held>, NotResolved> {
    if let Some(payment) = store::payment_of(conn, provider, id).await? {
        lock(conn, provider, payment).await?;
    }
    let held = store::lock(conn, provider, id)
        .await?
        .ok_or(NotResolved::Missing)?;
    Ok(Some(held).filter(|held| !held.is_closed))
}

async fn note(
    app: &App,
    conn: &mut PgConnection,
    (provider, actor): (ProviderId, Actor),
    id: UnmatchedId,
    act: &'static str,
) -> sqlx::Result<()> {
    let deed = Deed {
        act,
        subject: &id.to_string(),
        before: None,
        after: None,
    };
    record(app, conn, Some(provider), actor, deed).await
}
