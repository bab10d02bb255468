//! Taking money into the queue, in the caller's transaction.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{PaymentId, ProviderId, UnmatchedId};
use mnara_protocol::money::Money;
use sqlx::PgConnection;

use super::claim::nameless;
use super::{Arrived, Reason, store};
use crate::app::App;
use crate::payments::Payment;
use crate::payments::ledger::{Account, Cause, Line, NotWritten, book};
use crate::providers::notices::{Notice, Topic, tell};
use crate::web::show;

/// Takes money into the queue and into the books, and tells those who chose to hear of it; says whether it was new. A receipt that stands
/// somewhere already brings nothing.
///
/// # Errors
/// [`NotWritten`]; the transaction should not commit then.
pub async fn take(
    app: &App,
    conn: &mut PgConnection,
    provider: ProviderId,
    arrived: &Arrived,
) -> Result<bool, NotWritten> {
    store::lock_receipt(conn, &arrived.receipt).await?;
    if store::is_payments(conn, provider, &arrived.receipt).await? {
        return Ok(false);
    }
    if store::name_prompt(conn, provider, arrived).await? {
        return Ok(false);
    }
    let now = app.clock.now();
    let id = UnmatchedId::new(now, app.entropy.bytes());
    if !store::insert(conn, provider, id, arrived, now).await? {
        return Ok(false);
    }
    let line = Line {
        receipt: Some(&arrived.receipt),
        site: arrived.site,
        ..told(id, arrived.amount, arrived.at)
    };
    book::write(app, conn, provider, line).await?;
    // A statement is brought by somebody who sees what it says.
    if arrived.reason != Reason::Statement {
        say(app, conn, provider, (id, arrived.payment), arrived.amount).await?;
    }
    Ok(true)
}

/// Money that came to the till, and nobody knows yet what for.
const fn told<'a>(id: UnmatchedId, amount: Money, at: Timestamp) -> Line<'a> {
    Line {
        cause: Cause::Unmatched,
        payment: None,
        unmatched: Some(id),
        turn: 0,
        debit: Account::Till,
        credit: Account::Unmatched,
        amount,
        receipt: None,
        site: None,
        at,
    }
}

/// Takes the money of a prompt into the queue of which the rail tells no receipt, unless it may be there already.
///
/// # Errors
/// [`NotWritten`]; the transaction should not commit then.
pub async fn take_prompt(
    app: &App,
    conn: &mut PgConnection,
    payment: &Payment,
    now: Timestamp,
) -> Result<(), NotWritten> {
    let is_there = !store::of_prompt(conn, payment).await?.is_empty()
        || nameless(conn, payment).await?.is_some();
    let id = UnmatchedId::new(now, app.entropy.bytes());
    if is_there || !store::insert_prompt(conn, id, payment, now).await? {
        return Ok(());
    }
    let line = Line {
        site: payment.site,
        ..told(id, payment.amount, now)
    };
    book::write(app, conn, payment.provider, line).await?;
    say(
        app,
        conn,
        payment.provider,
        (id, Some(payment.id)),
        payment.amount,
    )
    .await?;
    Ok(())
}

/// Takes a payment into the queue that came when nobody waited for it any more. Its money stands in the books as the voucher's.
///
/// # Errors
/// When the database refuses.
pub async fn take_late(
    app: &App,
    conn: &mut PgConnection,
    payment: &Payment,
    now: Timestamp,
) -> sqlx::Result<()> {
    let id = UnmatchedId::new(now, app.entropy.bytes());
    if store::insert_late(conn, id, payment, now).await? {
        say(app, conn, payment.provider, (id, None), payment.price()).await?;
    }
    Ok(())
}

async fn say(
    app: &App,
    conn: &mut PgConnection,
    provider: ProviderId,
    (id, payment): (UnmatchedId, Option<PaymentId>),
    amount: Money,
) -> sqlx::Result<()> {
    let amount = show::money(amount);
    let notice = Notice::MoneyFlagged { amount: &amount };
    // A payment that is looked at is told of once, whatever else becomes of it.
    let once = payment.map_or_else(
        || format!("money-queue:{id}"),
        |payment| format!("money:{payment}"),
    );
    tell(app, conn, provider, Topic::Money, &notice, &once).await
}
