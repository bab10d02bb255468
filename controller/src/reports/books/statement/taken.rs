//! Taking in a payment that only a statement tells of: it is a prompt's whose account it names, or it waits in the queue.

use mnara_protocol::ids::ProviderId;
use serde_json::json;

use super::read::Entry;
use crate::app::App;
use crate::audit::{Actor, Deed, record};
use crate::payments::confirm::{self, ConfirmError};
use crate::payments::ledger::NotWritten;
use crate::payments::settle::{Decision, Evidence, Source};
use crate::payments::store::by_reference;
use crate::payments::unmatched::{self, Arrived, Reason};
use crate::rails::daraja::callback::Payer;

/// Takes one in; says whether it was news.
///
/// # Errors
/// When the database is away.
pub async fn take(
    app: &App,
    provider: ProviderId,
    actor: Actor,
    entry: Entry,
) -> Result<bool, ConfirmError> {
    let mut tx = app.db.tenant(provider).await?;
    let deed = |receipt, amount| Deed {
        act: "statement-take",
        subject: receipt,
        before: None,
        after: Some(json!({ "amount": amount })),
    };
    let amount = entry.amount.to_decimal();
    let account = entry.account.as_deref().unwrap_or_default();
    if let Some(payment) = by_reference(&mut tx, provider, account, &entry.receipt).await? {
        // Carrying it out is a transaction of its own, and what was not done is no deed.
        drop(tx);
        let receipt = entry.receipt.clone();
        let evidence = Evidence::C2b {
            receipt: entry.receipt,
            amount: entry.amount,
            payer: entry.payer.unwrap_or(Payer::Untold),
            paid_at: entry.at,
            source: Source::Seen,
        };
        let done = confirm::apply(app, provider, payment, &evidence, None).await?;
        // What is beside the payment stands in the queue, where a deed of its own ends it.
        let is_new = matches!(
            done,
            Some(Decision::Settle { .. } | Decision::FillReceipt(_))
        );
        if is_new {
            let mut tx = app.db.tenant(provider).await?;
            record(app, &mut tx, Some(provider), actor, deed(&receipt, amount)).await?;
            tx.commit().await?;
        }
        return Ok(is_new);
    }
    let arrived = Arrived {
        reason: Reason::Statement,
        amount: entry.amount,
        receipt: entry.receipt,
        payer: entry.payer.unwrap_or(Payer::Untold),
        reference: entry.account,
        payment: None,
        site: None,
        at: entry.at,
        paid_at: entry.at,
    };
    match unmatched::take::take(app, &mut tx, provider, &arrived).await {
        Ok(true) => {
            record(
                app,
                &mut tx,
                Some(provider),
                actor,
                deed(&arrived.receipt, amount),
            )
            .await?;
            tx.commit().await?;
            Ok(true)
        }
        Ok(false) | Err(NotWritten::ReceiptTaken) => Ok(false),
        Err(NotWritten::Database(error)) => Err(error.into()),
    }
}
