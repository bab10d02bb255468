//! What of the queue turns out to be a payment's, in the transaction that settles it.

use mnara_protocol::clock::Timestamp;
use sqlx::PgConnection;

use super::{BEGUN_WITHIN, store};
use crate::app::App;
use crate::payments::ledger::{Account, Cause, Line, NotWritten, book};
use crate::payments::operator::store::is_going_back;
use crate::payments::{Payment, State};

/// What the queue knows of a payment's money.
#[derive(Clone, Debug)]
pub enum Claim {
    /// Nothing.
    Nothing,
    /// It was there, and is the payment's now.
    Taken(store::Candidate),
    /// It was there, and somebody has said already what became of it, or it may be on its way back.
    Spent,
    /// Its receipt is there, and is another payment's or of another amount.
    Anothers,
}

/// Takes a payment's money out of the queue, if it is there: by its receipt; where the rail told none, the one that can be meant. A money
/// that somebody dealt with before is not a payment's as well.
///
/// # Errors
/// When the database refuses.
pub async fn claim(
    conn: &mut PgConnection,
    payment: &Payment,
    receipt: Option<&str>,
    now: Timestamp,
) -> sqlx::Result<Claim> {
    let prompts = store::of_prompt(conn, payment).await?;
    let found = match receipt {
        Some(receipt) => {
            let named = store::by_receipt(conn, payment.provider, receipt).await?;
            // A prompt's own money of which the rail had told no receipt by then.
            let nameless = || prompts.into_iter().find(|one| one.receipt.is_none());
            let Some(found) = named.or_else(nameless) else {
                return Ok(Claim::Nothing);
            };
            let is_its = found.amount == payment.amount || found.prompt == Some(payment.id);
            if found.is_known || !is_its {
                return Ok(Claim::Anothers);
            }
            found
        }
        None if !prompts.is_empty() => match prompts.into_iter().find(|one| !one.is_closed) {
            Some(found) => found,
            None => return Ok(Claim::Spent),
        },
        None => match store::named(conn, payment).await? {
            // What a statement brought names the prompt's account.
            Some(found) if found.amount != payment.amount => return Ok(Claim::Spent),
            Some(found) => found,
            None => match nameless(conn, payment).await? {
                Some(found) => found,
                None => return Ok(Claim::Nothing),
            },
        },
    };
    if found.is_closed {
        return Ok(Claim::Spent);
    }
    // A payment that has its voucher learns its receipt all the same: then it is what the money goes back from.
    if payment.state != State::Success
        && let Some(receipt) = found.receipt.as_deref().or(receipt)
        && is_going_back(conn, payment.provider, receipt).await?
    {
        return Ok(Claim::Spent);
    }
    store::close_known(conn, payment, found.id, now).await?;
    Ok(Claim::Taken(found))
}

/// Whether money waits that can be a payment's of which no receipt was told. All of the queue that [`claim`] looks at for it is locked then.
///
/// # Errors
/// When the database is away.
pub async fn waits(conn: &mut PgConnection, payment: &Payment) -> sqlx::Result<bool> {
    let mut all = store::of_prompt(conn, payment).await?;
    all.extend(store::named(conn, payment).await?);
    all.extend(nameless(conn, payment).await?);
    Ok(all.iter().any(|one| !one.is_closed))
}

/// The money by hand in the queue that can be a payment's of which no receipt was told; where none waits, one that somebody has dealt with.
///
/// Of several the first is as good as another: which of a phone's prompts has which changes no sum, and a receipt that turns out to be another
/// prompt's is looked at by a person.
pub(super) async fn nameless(
    conn: &mut PgConnection,
    payment: &Payment,
) -> sqlx::Result<Option<store::Candidate>> {
    let within = (payment.created_at, payment.created_at + BEGUN_WITHIN);
    let all = store::nameless(conn, payment.provider, payment.amount, within).await?;
    Ok(all
        .into_iter()
        .filter(|one| payment.phone.is_some_and(|phone| one.payer.may_be(&phone)))
        .min_by_key(|one| one.is_closed))
}

/// Writes that a payment's money, which stands in the books already, was in the queue as well.
///
/// # Errors
/// [`NotWritten`].
pub async fn undo(
    app: &App,
    conn: &mut PgConnection,
    payment: &Payment,
    found: &store::Candidate,
    now: Timestamp,
) -> Result<(), NotWritten> {
    let id = found.id;
    let line = Line {
        cause: Cause::Known,
        payment: Some(payment.id),
        unmatched: Some(id),
        turn: 0,
        debit: Account::Unmatched,
        credit: Account::Till,
        amount: found.amount,
        receipt: None,
        site: store::site_of(conn, payment.provider, id).await?,
        at: now,
    };
    book::write(app, conn, payment.provider, line).await
}
