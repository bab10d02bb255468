//! Money in the queue that becomes credit of a phone, in one transaction with the books.

use mnara_protocol::ids::{ProviderId, TicketId, UnmatchedId};
use serde_json::json;
use sqlx::PgConnection;

use super::Reason;
use super::resolve::{NotResolved, is_going_back, of, open, waiting};
use super::store::Held;
use crate::app::App;
use crate::audit::{Actor, Deed, record};
use crate::payments::Payment;
use crate::payments::customers;
use crate::payments::deeds::left;
use crate::payments::ledger::{Account, Cause, Line, book, place};
use crate::payments::store::{credit, lock, ticket_of};
use crate::rails::daraja::callback::Payer;
use crate::rails::msisdn::Msisdn;
use crate::tickets;
use crate::tickets::revoke;

/// Makes the money over to a phone, which pays less the next time: to the phone that paid, if it is known in full, else to the one that is named.
///
/// The voucher of what came late is taken back with it. While M-PESA may be sending the money back it is made over only for who is sure: who has
/// looked and knows that it does not.
///
/// # Errors
/// [`NotResolved`].
pub async fn make_over(
    app: &App,
    (provider, actor): (ProviderId, Actor),
    id: UnmatchedId,
    named: Option<Msisdn>,
    is_sure: bool,
) -> Result<(), NotResolved> {
    let mut tx = app.db.tenant(provider).await?;
    make_over_in(app, &mut tx, (provider, actor), id, named, is_sure).await?;
    tx.commit().await?;
    Ok(())
}

/// The same in the caller's transaction; the feed is its last step.
///
/// # Errors
/// [`NotResolved`].
pub async fn make_over_in(
    app: &App,
    conn: &mut PgConnection,
    (provider, actor): (ProviderId, Actor),
    id: UnmatchedId,
    named: Option<Msisdn>,
    is_sure: bool,
) -> Result<(), NotResolved> {
    let Some(held) = open(conn, provider, id).await? else {
        return Ok(());
    };
    if !is_sure && is_going_back(conn, provider, &held).await? {
        return Err(NotResolved::GoingBack);
    }
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
        ..of(id, &held, now)
    };
    let line = match &late {
        Some(payment) => {
            credit::note_credited(conn, provider, payment.id, amount).await?;
            Line {
                payment: Some(payment.id),
                debit: place(payment),
                ..line
            }
        }
        None => line,
    };
    book::write(app, conn, provider, line).await?;
    let after = json!({
        "status": "credited",
        "amount": amount.to_decimal(),
        "customer": customer.to_string(),
    });
    let deed = Deed {
        act: "queue-credit",
        subject: &id.to_string(),
        before: Some(waiting()),
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
    // A prompt is paid by the phone that was asked; what names its account may have been typed on another.
    let is_prompts = held.payer == Payer::Untold
        && matches!(held.reason, Reason::Late | Reason::Asked | Reason::Short);
    if let Some(phone) = payment.and_then(|payment| payment.phone)
        && (is_prompts || held.payer.may_be(&phone))
    {
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

/// The voucher of what came late, which nobody may have used. One that ran out unused bought nothing.
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
        Some(found) if found.kept.ticket.redeemed_at().is_some() => Err(NotResolved::Used),
        _ => Ok(Some(id)),
    }
}
