//! The counter: printed vouchers sold for cash, from the screen or from paper, with who sold them.
//!
//! Each person knows so what to hand over. The vouchers are those of a series, which its sites honour also while they are cut off; nothing is issued here.

pub mod pages;
pub mod store;

use mnara_protocol::ids::{AttemptId, PersonId, ProviderId, SeriesId, TicketId};
use mnara_protocol::money::Money;
use mnara_protocol::ticket::Ticket;
use mnara_protocol::ticket::code::TicketCode;
use serde_json::json;
use sqlx::PgConnection;
use thiserror::Error;

use super::revoke::{self, RevokeError};
use super::{Stage, store as tickets};
use crate::app::App;
use crate::audit::{Actor, Deed, record};
use crate::providers::standing;

/// Who sells.
#[derive(Clone, Copy, Debug)]
pub struct Seller {
    /// The business.
    pub provider: ProviderId,
    /// The person.
    pub person: PersonId,
    /// The person in the audit.
    pub actor: Actor,
}

/// Why nothing was sold, or nothing undone.
#[derive(Debug, Error)]
pub enum NotSold {
    /// There is no such series or voucher.
    #[error("there is no such series or voucher")]
    Missing,
    /// Every code of the series was already shown to somebody.
    #[error("every code of this series was already printed or sold")]
    NoneLeft,
    /// The voucher was sold before.
    #[error("this voucher was sold before")]
    Sold,
    /// The voucher was taken back, or its date passed before anybody used it.
    #[error("this voucher gives nobody anything any more")]
    Over,
    /// The voucher is used, over, or was taken back.
    #[error("this voucher cannot be used any more, or is in use")]
    NotUnused,
    /// The business is stopped, or was not let in.
    #[error("the business may not sell")]
    Shut,
    /// Somebody else sold it.
    #[error("somebody else sold this voucher")]
    NotYours,
    /// The sale could not be undone.
    #[error(transparent)]
    Revoke(#[from] RevokeError),
    /// The database refused.
    #[error("the sale could not be stored")]
    Database(#[from] sqlx::Error),
}

/// Sells the next voucher of a series whose code nobody has seen. The same attempt again gives the same voucher.
///
/// # Errors
/// [`NotSold`].
pub async fn sell(
    app: &App,
    seller: Seller,
    series: SeriesId,
    attempt: AttemptId,
) -> Result<TicketId, NotSold> {
    let (provider, now) = (seller.provider, app.clock.now());
    let mut tx = app.db.tenant(provider).await?;
    // Locked, so that two who sell at once sell two, and one who presses twice sells one.
    if !store::lock_series(&mut tx, provider, series).await? {
        return Err(NotSold::Missing);
    }
    if let Some(sold) = store::by_attempt(&mut tx, provider, attempt).await? {
        return Ok(sold);
    }
    may_sell(app, &mut tx, provider).await?;
    let next = store::next(&mut tx, provider, series, now).await?;
    let (ticket, index, price) = next.ok_or(NotSold::NoneLeft)?;
    store::shown(&mut tx, provider, series, index.saturating_add(1)).await?;
    note(app, &mut tx, seller, ticket, (attempt, price)).await?;
    tx.commit().await?;
    Ok(ticket)
}

/// Notes that a voucher on paper was sold, by its code. The same attempt again changes nothing.
///
/// Customers are often online before their sale is noted, so one that is used is noted like any other.
///
/// # Errors
/// [`NotSold`].
pub async fn sold_paper(
    app: &App,
    seller: Seller,
    code: &TicketCode,
    attempt: AttemptId,
) -> Result<TicketId, NotSold> {
    let (provider, now) = (seller.provider, app.clock.now());
    let mut tx = app.db.tenant(provider).await?;
    if let Some(sold) = store::by_attempt(&mut tx, provider, attempt).await? {
        return Ok(sold);
    }
    may_sell(app, &mut tx, provider).await?;
    let found = tickets::by_code(&mut tx, provider, code, now)
        .await?
        .ok_or(NotSold::Missing)?;
    let printed = found.printed.ok_or(NotSold::Missing)?;
    match Stage::of(&found.kept.ticket, now) {
        Stage::Unused | Stage::Connecting | Stage::Running | Stage::Paused | Stage::Used => {}
        Stage::Expired | Stage::Revoked => return Err(NotSold::Over),
    }
    // The one who sells it from the screen holds this lock too.
    store::lock_series(&mut tx, provider, printed.series).await?;
    let ticket = found.kept.ticket.id;
    let sale = store::sale(&mut tx, provider, ticket).await?;
    if sale.is_some_and(|sale| sale.undone.is_none()) {
        return Err(NotSold::Sold);
    }
    note(app, &mut tx, seller, ticket, (attempt, found.kept.price)).await?;
    tx.commit().await?;
    Ok(ticket)
}

/// How a sale was undone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Undone {
    /// Its voucher was taken back.
    TakenBack,
    /// It was noted by mistake, and its voucher goes on.
    Struck,
}

/// Whether a voucher was used before it was noted as sold: then it may be another than the one that was handed out.
#[must_use]
pub fn is_noted_late(sale: &store::Sale, ticket: &Ticket) -> bool {
    ticket.redeemed_at().is_some_and(|at| at < sale.sold)
}

/// Takes an unused voucher back that was sold, and its money off what is to be handed over of today.
///
/// The money of one that was used before it was noted is taken off by whoever sees all: who has to hand it over does not say that it was none.
///
/// # Errors
/// [`NotSold`].
pub async fn undo(
    app: &App,
    seller: Seller,
    ticket: TicketId,
    is_any: bool,
) -> Result<Undone, NotSold> {
    let (provider, now) = (seller.provider, app.clock.now());
    let mut tx = app.db.tenant(provider).await?;
    let sale = store::sale(&mut tx, provider, ticket)
        .await?
        .ok_or(NotSold::Missing)?;
    if sale.person != seller.person && !is_any {
        return Err(NotSold::NotYours);
    }
    let found = tickets::by_id(&mut tx, provider, ticket, now)
        .await?
        .ok_or(NotSold::Missing)?;
    drop(tx);
    let done = if is_noted_late(&sale, &found.kept.ticket) {
        Undone::Struck
    } else {
        Undone::TakenBack
    };
    if sale.undone.is_some() {
        return Ok(done);
    }
    match Stage::of(&found.kept.ticket, now) {
        Stage::Unused => {
            revoke::ticket(app, provider, &found.kept.code, seller.actor).await?;
        }
        // It was taken back before the money was noted.
        Stage::Revoked if found.kept.ticket.redeemed_at().is_none() => {}
        _ if is_any && done == Undone::Struck => {}
        _ => return Err(NotSold::NotUnused),
    }
    let mut tx = app.db.tenant(provider).await?;
    if store::undo(&mut tx, provider, ticket, now).await? {
        let deed = Deed {
            act: "cash-undo",
            subject: &ticket.to_string(),
            before: Some(json!({"price": shillings(sale.amount)})),
            after: None,
        };
        record(app, &mut tx, Some(provider), seller.actor, deed).await?;
    }
    tx.commit().await?;
    Ok(done)
}

async fn may_sell(app: &App, conn: &mut PgConnection, provider: ProviderId) -> Result<(), NotSold> {
    if standing::may_sell(conn, provider, app.clock.now()).await? {
        Ok(())
    } else {
        Err(NotSold::Shut)
    }
}

async fn note(
    app: &App,
    conn: &mut PgConnection,
    seller: Seller,
    ticket: TicketId,
    (attempt, price): (AttemptId, Money),
) -> Result<(), NotSold> {
    let new = store::NewSale {
        ticket,
        attempt,
        person: seller.person,
        amount: price,
    };
    let (provider, now) = (seller.provider, app.clock.now());
    if !store::insert(conn, provider, &new, now).await?
        && !store::insert_again(conn, provider, &new, now).await?
    {
        return Err(NotSold::Sold);
    }
    let deed = Deed {
        act: "cash-sale",
        subject: &ticket.to_string(),
        before: None,
        after: Some(json!({"price": shillings(price)})),
    };
    record(app, conn, Some(provider), seller.actor, deed).await?;
    Ok(())
}

fn shillings(price: Money) -> String {
    format!("{}.{:02}", price.cents() / 100, price.cents() % 100)
}
