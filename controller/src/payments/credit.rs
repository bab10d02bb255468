//! Credit of a phone: money of the queue that somebody made over to it.
//!
//! It is spent only when that phone really pays, since a number that was typed proves nothing: the prompt asks for what is left of the price, and
//! holds the credit back until its end. A prompt that fails gives it back; one that is paid after all, when it was spent meanwhile, buys
//! nothing, and its money is in the queue.

use mnara_protocol::ids::ProviderId;
use mnara_protocol::money::Money;
use sqlx::PgConnection;

use super::store::credit as store;
use super::{Payment, State};
use crate::rails::msisdn::Msisdn;

/// A shilling, the least that M-PESA moves.
const SHILLING: i64 = 100;

/// How much of its credit a phone spends on a price, when it must be asked for at least so much: whole shillings.
#[must_use]
pub fn usable(price: Money, has: Money, least: Money) -> Money {
    let room = price.cents() - least.cents().max(SHILLING);
    let cents = has.cents().min(room).max(0);
    Money::from_cents(cents - cents % SHILLING)
}

/// Holds back what a phone spends on a price, in the transaction that makes the payment, after the phone's prompt was taken.
///
/// # Errors
/// When the database refuses.
pub(super) async fn hold(
    conn: &mut PgConnection,
    provider: ProviderId,
    phone: Msisdn,
    (price, least): (Money, Money),
) -> sqlx::Result<Money> {
    let none = Money::from_cents(0);
    let credit = usable(price, store::free(conn, provider, phone).await?, least);
    if credit == none || !store::take(conn, provider, phone, credit).await? {
        return Ok(none);
    }
    Ok(credit)
}

/// Gives back what a prompt held, as it fails.
///
/// # Errors
/// When the database refuses.
pub(super) async fn release(conn: &mut PgConnection, payment: &Payment) -> sqlx::Result<()> {
    if let (State::Pending, Some(phone), true) =
        (payment.state, payment.phone, payment.credit.cents() > 0)
    {
        store::add(conn, payment.provider, phone, payment.credit).await?;
    }
    Ok(())
}

/// Whether the credit that was to pay the rest of a prompt is there as its money comes: held by it still, or free again and taken now.
///
/// # Errors
/// When the database refuses.
pub(super) async fn is_there(conn: &mut PgConnection, payment: &Payment) -> sqlx::Result<bool> {
    match (payment.state, payment.phone) {
        (State::Failed(_), Some(phone)) if payment.credit.cents() > 0 => {
            store::take(conn, payment.provider, phone, payment.credit).await
        }
        _ => Ok(true),
    }
}

/// Frees again what [`is_there`] took, where the money turns out to buy nothing.
///
/// # Errors
/// When the database refuses.
pub(super) async fn put_back(conn: &mut PgConnection, payment: &Payment) -> sqlx::Result<()> {
    if let (State::Failed(_), Some(phone), true) =
        (payment.state, payment.phone, payment.credit.cents() > 0)
    {
        store::add(conn, payment.provider, phone, payment.credit).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prompt_asks_for_a_shilling_at_least_and_for_whole_ones() {
        let sum = Money::from_cents;
        for (price, has, least, spends) in [
            (2_000, 1_500, 100, 1_500),
            (2_000, 0, 100, 0),
            (2_000, 2_000, 100, 1_900),
            (2_000, 9_900, 100, 1_900),
            (2_000, 1_550, 100, 1_500),
            (2_000, 99, 100, 0),
            (100, 5_000, 100, 0),
            // A business that takes nothing below ten shillings.
            (2_000, 1_500, 1_000, 1_000),
            (500, 1_500, 1_000, 0),
        ] {
            let found = usable(sum(price), sum(has), sum(least));
            assert_eq!(found, sum(spends), "{price} {has} {least}");
        }
    }
}
