//! Taking in a payment that only a statement tells of, as its confirmation would have been: it is a prompt's, or a device's, or it waits in the
//! queue.

use mnara_protocol::ids::{PaymentId, ProviderId};
use serde_json::json;
use sqlx::PgConnection;

use super::read::Entry;
use super::store::unnamed;
use super::{Fit, fit};
use crate::app::App;
use crate::audit::{Actor, Deed, record};
use crate::payments::c2b::{Whose, anothers, claimed_since, whose};
use crate::payments::confirm::{self, ConfirmError};
use crate::payments::hand::settle::{Settled, Unsettled, settle_in};
use crate::payments::ledger::NotWritten;
use crate::payments::settle::{Decision, Evidence, Source};
use crate::payments::store::{Anothers, by_reference, lock};
use crate::payments::unmatched::{self, Arrived, Reason};
use crate::payments::{DELIVERED_WITHIN, State};
use crate::providers;
use crate::providers::store::SealedAccount;
use crate::rails::daraja::ShortcodeKind;
use crate::rails::daraja::callback::{C2b, Payer};

/// What became of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// It waits in the queue.
    Queued,
    /// It is a payment's.
    Paid,
    /// It may be a payment's of ours, and nobody can tell yet: it was left.
    Left,
    /// It stood in the books already.
    Known,
}

/// Takes one in. What was known when its page was shown is looked at again.
///
/// # Errors
/// When the database is away.
pub async fn take(
    app: &App,
    provider: ProviderId,
    actor: Actor,
    entry: &Entry,
) -> Result<Taken, ConfirmError> {
    let now = app.clock.now();
    let mut tx = app.db.tenant(provider).await?;
    let account = providers::store::account(&mut tx, provider).await?;
    drop(tx);
    let said = told(entry, account.as_ref());
    let others = anothers(app, provider, std::slice::from_ref(&said)).await?;
    match others.into_values().next() {
        Some(Anothers::Open) => return Ok(Taken::Left),
        Some(Anothers::Named | Anothers::Unnamed(..)) => return Ok(Taken::Known),
        None => {}
    }
    let mut tx = app.db.tenant(provider).await?;
    let reference = entry.account.as_deref().unwrap_or_default();
    let whose = match by_reference(&mut tx, provider, reference, &entry.receipt).await? {
        Some(payment) => Whose::Prompt(payment),
        None => {
            let receipt = &entry.receipt;
            let waits = unmatched::store::by_receipt(&mut tx, provider, receipt).await?;
            if waits.is_some() {
                return Ok(Taken::Known);
            }
            let near = unnamed(&mut tx, provider, (entry.at, entry.at), now).await?;
            if matches!(fit(entry, &near), Fit::Open | Fit::Likely) {
                return Ok(Taken::Left);
            }
            whose(app, &mut tx, provider, &said, (entry.at, now)).await?
        }
    };
    // For what went back nobody gets a voucher unasked: it teaches its receipt to what had one, and no more.
    let whose = match whose {
        Whose::Prompt(payment) if entry.went_back => {
            match lock(&mut tx, provider, payment).await? {
                Some(known) if known.state == State::Success => Whose::Prompt(payment),
                Some(_) | None => Whose::Nobody,
            }
        }
        whose => whose,
    };
    let names_none = said.names_none();
    let arrived = Arrived {
        reason: Reason::Statement,
        amount: said.amount,
        receipt: said.receipt,
        payer: said.payer,
        reference: said.reference.filter(|_| !names_none),
        payment: None,
        site: None,
        at: entry.at,
        paid_at: entry.at,
    };
    let payer = match whose {
        Whose::Prompt(payment) => {
            // Carrying it out is a transaction of its own.
            drop(tx);
            return of_prompt(app, provider, actor, payment, &arrived).await;
        }
        Whose::PromptsEnd => return Ok(Taken::Left),
        _ if entry.went_back => None,
        Whose::Device(payer) if now < arrived.at + DELIVERED_WITHIN => Some(payer),
        // Who paid longer ago may have been helped otherwise: a person decides, unless somebody has just named the receipt.
        Whose::Device(_) | Whose::Nobody | Whose::Elsewhere => {
            claimed_since(app, &mut tx, provider, &arrived).await?
        }
    };
    if let Some(payer) = payer {
        note(app, &mut tx, provider, actor, &arrived).await?;
        match settle_in(app, &mut tx, provider, &payer, &arrived, None).await {
            Ok(Settled::Bought(_)) => {
                tx.commit().await?;
                app.jobs.wake();
                return Ok(Taken::Paid);
            }
            Ok(Settled::NoPlan) => {
                tx.commit().await?;
                return Ok(Taken::Queued);
            }
            Ok(Settled::Known) => return Ok(Taken::Known),
            // Another business has this receipt. It is money all the same, and a person sees it.
            Err(Unsettled::ReceiptTaken) => {
                drop(tx);
                tx = app.db.tenant(provider).await?;
            }
            Err(Unsettled::Error(error)) => return Err(error),
        }
    }
    match unmatched::take::take(app, &mut tx, provider, &arrived).await {
        Ok(true) => {
            note(app, &mut tx, provider, actor, &arrived).await?;
            tx.commit().await?;
            Ok(Taken::Queued)
        }
        Ok(false) | Err(NotWritten::ReceiptTaken) => Ok(Taken::Known),
        Err(NotWritten::Database(error)) => Err(error.into()),
    }
}

/// A line as its confirmation would have told it.
fn told(entry: &Entry, account: Option<&SealedAccount>) -> C2b {
    C2b {
        receipt: entry.receipt.clone(),
        amount: entry.amount,
        is_till: account.is_some_and(|account| matches!(account.kind, ShortcodeKind::Till { .. })),
        shortcode: account.map_or_else(String::new, |account| account.shortcode.clone()),
        reference: entry.account.clone(),
        at: Some(entry.at),
        payer: entry.payer.clone().unwrap_or(Payer::Untold),
    }
}

/// Puts aside the lines of another business that sells on the same number; says which are left, and how many those were.
///
/// # Errors
/// When the database is away.
pub async fn without_others(
    app: &App,
    provider: ProviderId,
    entries: Vec<Entry>,
) -> sqlx::Result<(Vec<Entry>, usize)> {
    let mut tx = app.db.tenant(provider).await?;
    let account = providers::store::account(&mut tx, provider).await?;
    drop(tx);
    let lines: Vec<C2b> = entries
        .iter()
        .map(|entry| told(entry, account.as_ref()))
        .collect();
    let others = anothers(app, provider, &lines).await?;
    let left = entries.into_iter().enumerate();
    let left = left.filter(|(place, _)| !others.contains_key(place));
    Ok((left.map(|(_, entry)| entry).collect(), others.len()))
}

/// Tells a prompt of its money.
async fn of_prompt(
    app: &App,
    provider: ProviderId,
    actor: Actor,
    payment: PaymentId,
    arrived: &Arrived,
) -> Result<Taken, ConfirmError> {
    let evidence = Evidence::C2b {
        receipt: arrived.receipt.clone(),
        amount: arrived.amount,
        payer: arrived.payer.clone(),
        paid_at: arrived.paid_at,
        source: Source::Seen,
    };
    let done = confirm::apply(app, provider, payment, &evidence, None).await?;
    // What is beside the payment stands in the queue, where a deed of its own ends it, and what was not done is no deed.
    if !matches!(
        done,
        Some(Decision::Settle { .. } | Decision::FillReceipt(_))
    ) {
        return Ok(Taken::Known);
    }
    let mut tx = app.db.tenant(provider).await?;
    note(app, &mut tx, provider, actor, arrived).await?;
    tx.commit().await?;
    Ok(Taken::Paid)
}

async fn note(
    app: &App,
    conn: &mut PgConnection,
    provider: ProviderId,
    actor: Actor,
    arrived: &Arrived,
) -> sqlx::Result<()> {
    let deed = Deed {
        act: "statement-take",
        subject: &arrived.receipt,
        before: None,
        after: Some(json!({ "amount": arrived.amount.to_decimal() })),
    };
    record(app, conn, Some(provider), actor, deed).await
}
