//! "I paid, and I am not online": a receipt and the number that paid give their ticket to the device that asks.
//!
//! It works once, and only for money that nobody was given anything for, or whose ticket nobody has been online with.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{Mac, ProviderId, SiteId};
use mnara_protocol::message::NotClaimed;
use mnara_protocol::receipt;
use mnara_protocol::ticket::code::TicketCode;
use mnara_protocol::ticket::{Phase, Status, Ticket};
use serde_json::json;
use sqlx::PgConnection;
use thiserror::Error;

use super::settle::{Settled, Unsettled, settle_in};
use super::store::{self, Wanted};
use super::{Payer, choose};
use crate::access;
use crate::app::App;
use crate::audit::{Actor, Deed, record};
use crate::fleet::feed;
use crate::payments::confirm::ConfirmError;
use crate::payments::deeds::{is_waiting, left};
use crate::payments::operator;
use crate::payments::store as payments;
use crate::payments::unmatched::{self, Arrived, Reason};
use crate::payments::{DELIVERED_WITHIN, Payment, State};
use crate::plans;
use crate::rails::msisdn::Msisdn;
use crate::ratelimit::{Act, By, TooMany};
use crate::tickets;
use crate::tickets::feed::Delivery;

/// Why a receipt brought nothing.
#[derive(Debug, Error)]
pub enum NoClaim {
    /// What the customer hears.
    #[error("the receipt brings nothing")]
    Not(NotClaimed),
    /// Its ticket is with a device that was never online with it, perhaps the same one with another MAC: this code takes it from there.
    #[error("the receipt's ticket is with a device that has not used it")]
    Unstarted(TicketCode),
    /// Too many tries.
    #[error(transparent)]
    TooMany(#[from] TooMany),
    /// Its deadline has passed.
    #[error("the claim came too late")]
    Late,
    /// It could not be carried out; trying again is safe.
    #[error(transparent)]
    Fault(#[from] ConfirmError),
}

impl From<sqlx::Error> for NoClaim {
    fn from(error: sqlx::Error) -> Self {
        Self::Fault(error.into())
    }
}

/// What somebody says.
#[derive(Clone, Debug)]
pub struct Claim {
    /// The receipt.
    pub receipt: String,
    /// The number that paid.
    pub phone: Msisdn,
    /// The site where it is said.
    pub site: SiteId,
    /// The device.
    pub mac: Mac,
    /// After this the answer is no use.
    pub deadline: Timestamp,
}

/// Gives what a receipt has paid for to the device that names it.
///
/// # Errors
/// [`NoClaim`].
pub async fn claim(app: &App, provider: ProviderId, claim: &Claim) -> Result<(), NoClaim> {
    let now = app.clock.now();
    if claim.deadline <= now {
        return Err(NoClaim::Late);
    }
    let by = [
        By::Device(claim.mac),
        By::Site(claim.site),
        By::Provider(provider),
    ];
    app.limits.check_all(Act::Guess, by)?;
    let Some(receipt) = receipt::read(&claim.receipt) else {
        return Err(NoClaim::Not(NotClaimed::Unknown));
    };
    let mut tx = app.db.tenant(provider).await?;
    let known = match payments::by_receipt(&mut tx, provider, &receipt).await? {
        Some(id) => payments::lock(&mut tx, provider, id).await?,
        None => None,
    };
    let done = match known {
        Some(payment) => bought(app, &mut tx, claim, &payment, now).await,
        None => waiting(app, &mut tx, (provider, &receipt), claim, now).await,
    };
    match done {
        Ok(()) | Err(NoClaim::Not(NotClaimed::Unknown) | NoClaim::Unstarted(_)) => {
            tx.commit().await?;
            app.jobs.wake();
        }
        Err(_) => {}
    }
    done
}

/// Money that has its ticket: if nobody has used it, it comes to this device, and if its device was never online, its code is told.
async fn bought(
    app: &App,
    conn: &mut PgConnection,
    claim: &Claim,
    payment: &Payment,
    now: Timestamp,
) -> Result<(), NoClaim> {
    let provider = payment.provider;
    let is_payers = match payment.phone {
        Some(phone) => phone == claim.phone,
        None => store::paid_by(conn, provider, payment.id)
            .await?
            .is_some_and(|paid| paid.may_be(&claim.phone)),
    };
    // Whoever guesses hears the same of what there is and of what there is not.
    if !is_payers || payment.state != State::Success || payment.plan.is_none() {
        return Err(NoClaim::Not(NotClaimed::Unknown));
    }
    let is_going_back = match &payment.receipt {
        Some(receipt) => operator::store::is_going_back(conn, provider, receipt).await?,
        None => false,
    };
    if is_going_back || left(conn, payment).await?.cents() <= 0 {
        return Err(NoClaim::Not(NotClaimed::Returned));
    }
    let ticket = payments::ticket_of(conn, provider, payment.id).await?;
    let found = match ticket {
        Some(ticket) => tickets::store::lock(conn, provider, ticket, now).await?,
        None => None,
    };
    let found = found.ok_or(NoClaim::Not(NotClaimed::Spent))?;
    if found.kept.ticket.status(now) == Status::Revoked {
        return Err(NoClaim::Not(NotClaimed::Returned));
    }
    if is_unstarted(&found.kept.ticket, now) {
        note(app, conn, provider, claim, &payment.id.to_string()).await?;
        let sites = tickets::store::sites_of(conn, provider, found.kept.ticket.id).await?;
        let is_there = sites.contains(&claim.site)
            && tickets::feed::is_at(conn, provider, claim.site, &found).await?;
        if !is_there {
            let changes =
                access::questions::carry(conn, provider, &found, claim.site, None).await?;
            feed::put(conn, provider, changes).await?;
        }
        return Err(NoClaim::Unstarted(found.kept.code));
    }
    if !is_waiting(&found.kept.ticket, now) {
        return Err(NoClaim::Not(NotClaimed::Spent));
    }
    unmatched::store::close_late_given(conn, (provider, payment.id), ticket, now).await?;
    note(app, conn, provider, claim, &payment.id.to_string()).await?;
    let delivery = Delivery {
        to: claim.mac,
        until: now + DELIVERED_WITHIN,
    };
    let changes = access::questions::order(conn, provider, &found, claim.site, delivery).await?;
    feed::put(conn, provider, changes.unwrap_or_default()).await?;
    Ok(())
}

/// Whether a ticket's code was used and its clock has not started.
fn is_unstarted(ticket: &Ticket, now: Timestamp) -> bool {
    matches!(ticket.phase, Phase::Redeemed { .. }) && ticket.status(now) == Status::Active
}

/// Money that waits in the queue, or is not known yet.
async fn waiting(
    app: &App,
    conn: &mut PgConnection,
    (provider, receipt): (ProviderId, &str),
    claim: &Claim,
    now: Timestamp,
) -> Result<(), NoClaim> {
    unmatched::store::lock_receipt(conn, receipt).await?;
    let code = store::code(
        conn,
        app,
        provider,
        (claim.site, claim.mac),
        &Wanted::default(),
        now,
    )
    .await?;
    let found = unmatched::store::by_receipt(conn, provider, receipt).await?;
    let Some(found) = found.filter(|found| found.payer.may_be(&claim.phone)) else {
        // It may be on its way: the device gets its ticket when it comes.
        if let Some(code) = code {
            store::keep_claim(conn, provider, &code, (receipt, claim.phone)).await?;
        }
        return Err(NoClaim::Not(NotClaimed::Unknown));
    };
    if found.is_closed {
        let outcome = unmatched::store::outcome(conn, provider, found.id).await?;
        return Err(NoClaim::Not(match outcome.as_deref() {
            Some("refund") => NotClaimed::Returned,
            _ => NotClaimed::Spent,
        }));
    }
    if operator::store::is_going_back(conn, provider, receipt).await? {
        return Err(NoClaim::Not(NotClaimed::Returned));
    }
    let chosen = match &code {
        Some(code) => store::by_code(conn, provider, code).await?,
        None => None,
    };
    let payer = Payer {
        site: claim.site,
        mac: claim.mac,
        plan: chosen.and_then(|payer| payer.plan),
        phone: Some(claim.phone),
    };
    let all = plans::store::plans(conn, provider, plans::edit::MOST).await?;
    if choose(&all, payer.plan, found.amount, now).is_none() {
        return Err(NoClaim::Not(NotClaimed::NoPlan));
    }
    let arrived = Arrived {
        reason: Reason::Nobody,
        amount: found.amount,
        receipt: receipt.to_owned(),
        payer: found.payer,
        reference: None,
        payment: None,
        site: Some(claim.site),
        at: now,
        paid_at: found.paid_at,
    };
    note(app, conn, provider, claim, &found.id.to_string()).await?;
    match settle_in(app, conn, provider, &payer, &arrived, None).await {
        Ok(Settled::Bought(_)) => Ok(()),
        Ok(Settled::Known) | Err(Unsettled::ReceiptTaken) => Err(NoClaim::Not(NotClaimed::Spent)),
        Ok(Settled::NoPlan) => Err(NoClaim::Not(NotClaimed::NoPlan)),
        Err(Unsettled::Error(error)) => Err(error.into()),
    }
}

/// The number and the receipt are the customer's and stay out of it.
async fn note(
    app: &App,
    conn: &mut PgConnection,
    provider: ProviderId,
    claim: &Claim,
    subject: &str,
) -> sqlx::Result<()> {
    let deed = Deed {
        act: "payment-claim",
        subject,
        before: None,
        after: Some(json!({"site": claim.site.to_string(), "mac": claim.mac.to_string()})),
    };
    record(app, conn, Some(provider), Actor::Program, deed).await
}
