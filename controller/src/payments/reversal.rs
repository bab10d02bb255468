//! Money that went back at M-PESA itself, as somebody asked for on its own portal: a line of the books, once, whoever tells of it.
//!
//! M-PESA posts nothing about it: a statement shows it, or an answer about the receipt, and whoever sees that has it written. Nothing is moved
//! by it, and the voucher of what went back whole ends as after any refund that somebody notes.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{PaymentId, ProviderId};
use mnara_protocol::money::Money;
use mnara_protocol::receipt;
use sqlx::PgConnection;

use super::deeds::{self, Noted};
use super::ledger::Cause;
use super::settle::Flag;
use super::store::refunds;
use super::unmatched::resolve::{self, NotResolved};
use super::{State, confirm, operator, store, unmatched};
use crate::app::App;
use crate::audit::Actor;

/// What is told of money that went back.
#[derive(Clone, Copy, Debug)]
pub struct Told<'a> {
    /// The receipt by which it had come.
    pub original: &'a str,
    /// The receipt by which it went back, if that is told.
    pub back: Option<&'a str>,
    /// How much went back; all that came by that receipt if nothing is told.
    pub amount: Option<Money>,
    /// Why, as it is kept.
    pub reason: &'a str,
}

/// Where money had stood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// It was a payment's.
    Payment(PaymentId),
    /// It waited in the queue.
    Queue,
}

/// What came of writing it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Booked {
    /// It was written.
    New(Place),
    /// It stood in the books already.
    Known,
    /// There is nothing to write: no such money, or none of it is left.
    Nothing,
}

/// What stands in the books as the receipt of a way back where M-PESA tells none.
#[must_use]
pub fn stand_in(receipt: &str) -> String {
    let cut: String = receipt.chars().take(18).collect();
    format!("RV{cut}")
}

/// What of money that went back the books can say: of a payment what is left, of what waits in the queue all or nothing.
#[must_use]
pub fn goes(is_payment: bool, left: Money, back: Money) -> Money {
    match is_payment {
        // M-PESA moves whole shillings.
        true => Money::from_cents(left.min(back).cents().max(0) / 100 * 100),
        false if back >= left => left,
        false => Money::from_cents(0),
    }
}

/// Writes into the books what somebody saw on a statement.
///
/// # Errors
/// [`NotResolved`]; nothing has changed then.
pub async fn book(
    app: &App,
    provider: ProviderId,
    actor: Actor,
    told: Told<'_>,
) -> Result<Booked, NotResolved> {
    let mut tx = app.db.tenant(provider).await?;
    let booked = book_in(app, &mut tx, (provider, actor), told).await?;
    tx.commit().await?;
    Ok(booked)
}

/// Writes into the books what M-PESA answered about a receipt, as it is typed: that its money was reversed.
///
/// # Errors
/// [`NotResolved`], also when it answered no such thing.
pub async fn book_answered(
    app: &App,
    provider: ProviderId,
    actor: Actor,
    (typed, reason): (&str, &str),
) -> Result<Booked, NotResolved> {
    let original = receipt::read(typed).ok_or(NotResolved::Receipt)?;
    let mut tx = app.db.tenant(provider).await?;
    if !operator::store::receipts::is_reversed(&mut tx, provider, &original).await? {
        return Err(NotResolved::Missing);
    }
    let told = Told {
        original: &original,
        back: None,
        amount: None,
        reason,
    };
    let booked = book_in(app, &mut tx, (provider, actor), told).await?;
    tx.commit().await?;
    Ok(booked)
}

async fn book_in(
    app: &App,
    conn: &mut PgConnection,
    (provider, actor): (ProviderId, Actor),
    told: Told<'_>,
) -> Result<Booked, NotResolved> {
    // The payment, then its receipt, then what is in the queue, as everywhere. What becomes a payment's this very moment is there the next time.
    let payment = match store::by_receipt(conn, provider, told.original).await? {
        Some(id) => store::lock(conn, provider, id).await?,
        None => None,
    };
    let queued = match payment {
        Some(_) => None,
        None => unmatched::store::of_receipt(conn, provider, told.original).await?,
    };
    if let Some((id, _)) = &queued
        && let Some(meant) = unmatched::store::payment_of(conn, provider, *id).await?
    {
        store::lock(conn, provider, meant).await?;
    }
    unmatched::store::lock_receipt(conn, told.original).await?;
    let own = stand_in(told.original);
    let back = told.back.filter(|back| *back != told.original);
    let back = back.map_or_else(|| own.clone(), str::to_owned);
    if !refunds::written(conn, provider, &[back.clone(), own])
        .await?
        .is_empty()
    {
        return Ok(Booked::Known);
    }
    let who = (provider, actor);
    let place = match (payment, queued) {
        (Some(payment), _) if payment.state == State::Success => {
            if deeds::is_back(conn, &payment).await? {
                return Ok(Booked::Nothing);
            }
            let left = deeds::left(conn, &payment).await?.min(payment.amount);
            let amount = goes(true, left, told.amount.unwrap_or(payment.amount));
            if amount.cents() == 0 {
                return Ok(Booked::Nothing);
            }
            let noted = Noted {
                amount,
                receipt: &back,
                reason: told.reason,
            };
            deeds::went_back_in(app, conn, who, payment.id, noted, Cause::Reversal).await?;
            Place::Payment(payment.id)
        }
        (None, Some((id, _))) => {
            let held = resolve::held(conn, provider, id).await?;
            let goes = |left: Money| goes(false, left, told.amount.unwrap_or(left)).cents() > 0;
            let Some(held) = held.filter(|held| !held.is_closed && goes(held.amount)) else {
                return Ok(Booked::Nothing);
            };
            let said = (back.as_str(), told.reason);
            resolve::back(app, conn, who, (id, &held), said, Cause::Reversal).await?;
            Place::Queue
        }
        _ => return Ok(Booked::Nothing),
    };
    answer(conn, provider, told.original, &back, app.clock.now()).await?;
    Ok(Booked::New(place))
}

/// Ends a request of ours whose answer was lost: what it asked for was done.
async fn answer(
    conn: &mut PgConnection,
    provider: ProviderId,
    original: &str,
    back: &str,
    now: Timestamp,
) -> sqlx::Result<()> {
    let requests = operator::store::going_back(conn, provider, &[original.to_owned()]).await?;
    for request in requests {
        let Some(mut request) = operator::store::lock(conn, provider, request.id).await? else {
            continue;
        };
        if request.state.is_open() {
            request.state = operator::State::Done;
            request.ended = Some(now);
            request.code = Some("statement".to_owned());
            request.back = Some(back.to_owned());
            request.is_booked = true;
            operator::store::save(conn, provider, &request).await?;
        }
    }
    Ok(())
}

/// M-PESA says that the money of a receipt was reversed: has a person look at it. Says whether the books say so as well; nothing where it is no
/// money of the business's.
///
/// # Errors
/// When the database refuses.
pub(super) async fn heard(
    app: &App,
    conn: &mut PgConnection,
    provider: ProviderId,
    receipt: &str,
    now: Timestamp,
) -> sqlx::Result<Option<bool>> {
    if let Some(id) = store::by_receipt(conn, provider, receipt).await?
        && let Some(payment) = store::lock(conn, provider, id).await?
    {
        let is_written = deeds::is_back(conn, &payment).await?;
        if !is_written {
            confirm::flag(app, conn, &payment, Flag::Reversed, now).await?;
        }
        return Ok(Some(is_written));
    }
    let queued = unmatched::store::of_receipt(conn, provider, receipt).await?;
    Ok(queued.map(|(_, outcome)| outcome.as_deref() == Some("refund")))
}
