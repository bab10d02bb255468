//! Writing into the books, in the caller's transaction.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{LedgerId, ProviderId, UnmatchedId};
use mnara_protocol::money::Money;
use sqlx::PgConnection;

use super::{Account, Cause, Line, NotWritten, place, store};
use crate::app::App;
use crate::payments::Payment;

/// Writes a line; the same thing told again is not written again.
///
/// # Errors
/// [`NotWritten`].
pub async fn write(
    app: &App,
    conn: &mut PgConnection,
    provider: ProviderId,
    line: Line<'_>,
) -> Result<(), NotWritten> {
    let id = LedgerId::new(line.at, app.entropy.bytes());
    store::insert(conn, provider, id, line).await
}

/// Writes that a payment came: from the till, or from the queue if its money was there already; and the credit that was spent with it.
///
/// # Errors
/// [`NotWritten`].
pub async fn paid(
    app: &App,
    conn: &mut PgConnection,
    payment: &Payment,
    receipt: Option<&str>,
    was: Option<UnmatchedId>,
    now: Timestamp,
) -> Result<(), NotWritten> {
    let credit = place(payment);
    let line = Line {
        cause: if credit == Account::Own {
            Cause::Test
        } else {
            Cause::Paid
        },
        payment: Some(payment.id),
        unmatched: was,
        turn: 0,
        debit: if was.is_some() {
            Account::Unmatched
        } else {
            Account::Till
        },
        credit,
        amount: payment.amount,
        receipt,
        site: payment.site,
        at: now,
    };
    write(app, conn, payment.provider, line).await?;
    if payment.credit.cents() == 0 {
        return Ok(());
    }
    let spent = Line {
        cause: Cause::Spent,
        unmatched: None,
        debit: Account::Credit,
        amount: payment.credit,
        receipt: None,
        ..line
    };
    write(app, conn, payment.provider, spent).await
}

/// Writes that some of a payment went back and why, after so many times before.
///
/// # Errors
/// [`NotWritten`].
pub async fn went_back(
    app: &App,
    conn: &mut PgConnection,
    payment: &Payment,
    (amount, receipt): (Money, &str),
    (cause, turn): (Cause, usize),
    now: Timestamp,
) -> Result<(), NotWritten> {
    let line = Line {
        cause,
        payment: Some(payment.id),
        unmatched: None,
        turn,
        debit: place(payment),
        credit: Account::Refunded,
        amount,
        receipt: Some(receipt),
        site: payment.site,
        at: now,
    };
    write(app, conn, payment.provider, line).await
}
