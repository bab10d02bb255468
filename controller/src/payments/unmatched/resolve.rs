//! What becomes of money in the queue, as a person says: a voucher, credit of a phone, or it goes back. Each is one transaction, and a second
//! tap does nothing more.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{PlanId, ProviderId, UnmatchedId};
use mnara_protocol::receipt;
use serde_json::json;
use sqlx::PgConnection;
use sqlx::types::JsonValue;
use thiserror::Error;

use super::Reason;
use super::store::{self, Held};
use crate::app::App;
use crate::audit::{Actor, Deed, record};
use crate::fleet::feed;
use crate::payments::customers::reason;
use crate::payments::deeds::{self, NotDone, Noted};
use crate::payments::ledger::{Account, Cause, Line, NotWritten, book};
use crate::payments::operator;
use crate::payments::store::{lock, refunds, ticket_of};
use crate::plans;
use crate::tickets::issue::{self, IssueError, Sale};
use crate::tickets::revoke::RevokeError;

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
    /// M-PESA may be sending it back just now.
    #[error(
        "M-PESA may be sending this money back: wait for its word, or look at the M-PESA statement first"
    )]
    GoingBack,
    /// The database refused.
    #[error("it could not be stored")]
    Database(#[from] sqlx::Error),
}

/// Gives a voucher for the money. What came late has one: it is sent to its device, which is let online when it is there within a day.
///
/// While M-PESA may be sending the money back it is given only for who is sure: who has looked and knows that it does not.
///
/// # Errors
/// [`NotResolved`].
pub async fn give(
    app: &App,
    (provider, actor): (ProviderId, Actor),
    id: UnmatchedId,
    plan: Option<PlanId>,
    is_sure: bool,
) -> Result<(), NotResolved> {
    let mut tx = app.db.tenant(provider).await?;
    give_in(app, &mut tx, (provider, actor), id, plan, is_sure).await?;
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
    is_sure: bool,
) -> Result<(), NotResolved> {
    let Some(held) = open(conn, provider, id).await? else {
        return Ok(());
    };
    if !is_sure && is_going_back(conn, provider, &held).await? {
        return Err(NotResolved::GoingBack);
    }
    match (held.reason, held.payment) {
        (Reason::Late, Some(payment)) => {
            let ticket = ticket_of(conn, provider, payment).await?;
            store::close_given(conn, (provider, id), ticket, actor, app.clock.now()).await?;
            let after = json!({"status": "sent", "amount": held.amount.to_decimal()});
            note(app, conn, (provider, actor), id, "queue-send", after).await?;
            match deeds::send_in(app, conn, (provider, actor), payment).await {
                // One that was used, or whose device is not known, is done with all the same.
                Ok(()) | Err(NotDone::Used | NotDone::NotPaid | NotDone::NoDevice) => {}
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
        ..of(id, held, now)
    };
    book::write(app, conn, provider, line).await?;
    let after = json!({
        "status": "given",
        "amount": held.amount.to_decimal(),
        "plan": plan.name,
        "ticket": kept.ticket.id.to_string(),
    });
    note(app, conn, (provider, actor), id, "queue-ticket", after).await?;
    if let Some(site) = held.site {
        let change = crate::tickets::feed::ticket(site, &kept, None, None, None);
        feed::put(conn, provider, vec![change]).await?;
    }
    Ok(())
}

/// Writes down that the money went back, unless M-PESA may be sending it back just now and nobody is sure that it does not. The voucher of what
/// came late is taken back with it.
///
/// # Errors
/// [`NotResolved`].
pub async fn refund(
    app: &App,
    (provider, actor): (ProviderId, Actor),
    id: UnmatchedId,
    said: (&str, &str),
    is_sure: bool,
) -> Result<(), NotResolved> {
    let mut tx = app.db.tenant(provider).await?;
    refund_by_hand_in(app, &mut tx, (provider, actor), id, said, is_sure).await?;
    tx.commit().await?;
    Ok(())
}

/// The same in the caller's transaction; the feed is its last step.
///
/// # Errors
/// [`NotResolved`].
pub async fn refund_by_hand_in(
    app: &App,
    conn: &mut PgConnection,
    (provider, actor): (ProviderId, Actor),
    id: UnmatchedId,
    said: (&str, &str),
    is_sure: bool,
) -> Result<(), NotResolved> {
    if !is_sure
        && let Some(held) = open(conn, provider, id).await?
        && is_going_back(conn, provider, &held).await?
    {
        return Err(NotResolved::GoingBack);
    }
    refund_in(app, conn, (provider, actor), id, said).await?;
    Ok(())
}

/// Writes down that the money went back in the caller's transaction; says whether it was still there.
///
/// # Errors
/// [`NotResolved`].
pub async fn refund_in(
    app: &App,
    conn: &mut PgConnection,
    (provider, actor): (ProviderId, Actor),
    id: UnmatchedId,
    (receipt, why): (&str, &str),
) -> Result<bool, NotResolved> {
    let Some(held) = open(conn, provider, id).await? else {
        return Ok(false);
    };
    match (held.reason, held.payment) {
        (Reason::Late, Some(payment)) => {
            let known = lock(conn, provider, payment)
                .await?
                .ok_or(NotResolved::Missing)?;
            let noted = Noted {
                amount: deeds::left(conn, &known).await?,
                receipt,
                reason: why,
            };
            deeds::note_in(app, conn, (provider, actor), payment, noted).await?;
        }
        _ => {
            let said = (receipt, why);
            back(
                app,
                conn,
                (provider, actor),
                (id, &held),
                said,
                Cause::Refund,
            )
            .await?;
        }
    }
    Ok(true)
}

/// Writes down that money which waits went back, and why.
pub(in crate::payments) async fn back(
    app: &App,
    conn: &mut PgConnection,
    (provider, actor): (ProviderId, Actor),
    (id, held): (UnmatchedId, &Held),
    (receipt, why): (&str, &str),
    cause: Cause,
) -> Result<(), NotResolved> {
    let why = reason(why).ok_or(NotResolved::Reason)?;
    let receipt = receipt::read(receipt)
        .filter(|receipt| held.receipt.as_ref() != Some(receipt))
        .ok_or(NotResolved::Receipt)?;
    let now = app.clock.now();
    let said = (receipt.as_str(), why);
    refunds::hold(conn, &receipt).await?;
    if !store::close_refunded(conn, (provider, id), said, actor, now).await? {
        return Err(NotResolved::ReceiptTaken);
    }
    if let Some(came) = &held.receipt {
        operator::store::receipts::note_reversed(conn, provider, came).await?;
    }
    let line = Line {
        cause,
        credit: Account::Refunded,
        receipt: Some(&receipt),
        ..of(id, held, now)
    };
    book::write(app, conn, provider, line).await?;
    let deed = Deed {
        act: match cause {
            Cause::Reversal => "reversal",
            _ => "queue-refund",
        },
        subject: &id.to_string(),
        before: Some(waiting()),
        after: Some(json!({
            "status": "refunded",
            "amount": held.amount.to_decimal(),
            "receipt": receipt,
            "reason": why,
        })),
    };
    record(app, conn, Some(provider), actor, deed).await?;
    Ok(())
}

/// A line that takes this money out of the queue, at the moment at which its row is closed: both are added up by the day.
pub(super) fn of(id: UnmatchedId, held: &Held, now: Timestamp) -> Line<'_> {
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
        at: now,
    }
}

/// Money that waits, locked; nothing for what is done with.
pub(in crate::payments) async fn open(
    conn: &mut PgConnection,
    provider: ProviderId,
    id: UnmatchedId,
) -> Result<Option<Held>, NotResolved> {
    let held = held(conn, provider, id)
        .await?
        .ok_or(NotResolved::Missing)?;
    Ok(Some(held).filter(|held| !held.is_closed))
}

/// Money in the queue, locked. Its payment is locked first, as everywhere.
pub(in crate::payments) async fn held(
    conn: &mut PgConnection,
    provider: ProviderId,
    id: UnmatchedId,
) -> sqlx::Result<Option<Held>> {
    if let Some(payment) = store::payment_of(conn, provider, id).await? {
        lock(conn, provider, payment).await?;
    }
    store::lock(conn, provider, id).await
}

/// Whether M-PESA may be sending it back just now: then nothing else is done with it.
pub(super) async fn is_going_back(
    conn: &mut PgConnection,
    provider: ProviderId,
    held: &Held,
) -> sqlx::Result<bool> {
    let receipt = match (&held.receipt, held.payment) {
        (Some(receipt), _) => Some(receipt.clone()),
        (None, Some(payment)) => lock(conn, provider, payment)
            .await?
            .and_then(|one| one.receipt),
        (None, None) => None,
    };
    match receipt {
        Some(receipt) => operator::store::is_going_back(conn, provider, &receipt).await,
        None => Ok(false),
    }
}

/// How money is, for the audit, until somebody has dealt with it.
pub(super) fn waiting() -> JsonValue {
    json!({"status": "waiting"})
}

async fn note(
    app: &App,
    conn: &mut PgConnection,
    (provider, actor): (ProviderId, Actor),
    id: UnmatchedId,
    act: &'static str,
    after: JsonValue,
) -> sqlx::Result<()> {
    let deed = Deed {
        act,
        subject: &id.to_string(),
        before: Some(waiting()),
        after: Some(after),
    };
    record(app, conn, Some(provider), actor, deed).await
}
