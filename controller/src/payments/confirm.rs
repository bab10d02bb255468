//! Carrying out what evidence means: in one transaction the payment, the ticket and the site's feed.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{PaymentId, ProviderId};
use mnara_protocol::message::{CheckoutState, PayFailure};
use sqlx::PgConnection;
use thiserror::Error;

use super::ledger::{NotWritten, book};
use super::settle::{Decision, Evidence, Flag, decide};
use super::store::messages::{self, Kind};
use super::store::{SettleError, Waiting};
use super::unmatched::claim::{self, Claim};
use super::unmatched::{self, take};
use super::{
    DELIVERED_WITHIN, Payment, State, account, credit, failure_word, hand, question, store,
};
use crate::app::App;
use crate::bus::{self, Hint};
use crate::fleet::feed;
use crate::providers;
use crate::providers::mpesa::AccountError;
use crate::providers::notices::{Notice, Topic, tell};
use crate::providers::sms::{self, customers::Sold};
use crate::tickets::feed::Delivery;
use crate::tickets::issue::{self, IssueError, Sale};
use crate::web::show;
use crate::webhooks::{self, Event};

/// Why evidence was not carried out. Trying again is safe.
#[derive(Debug, Error)]
pub enum ConfirmError {
    /// The ticket could not be issued.
    #[error(transparent)]
    Issue(#[from] IssueError),
    /// The account that a test proves could not be put to use.
    #[error(transparent)]
    Account(#[from] AccountError),
    /// The books could not be written.
    #[error(transparent)]
    Ledger(#[from] NotWritten),
    /// The database refused.
    #[error("the payment could not be settled")]
    Database(#[from] sqlx::Error),
}

/// What the rail literally said, kept with the payment.
#[derive(Clone, Copy, Debug)]
pub struct Word<'a> {
    /// The result code.
    pub code: &'a str,
    /// The body.
    pub body: &'a serde_json::Value,
    /// The callback it came in, if it came in one.
    pub callback: Option<&'a Waiting>,
}

/// Which evidence settled it.
const fn name(evidence: &Evidence) -> &'static str {
    match evidence {
        Evidence::Callback(_) => "callback",
        Evidence::Query(_) | Evidence::Silence => "query",
        Evidence::C2b { .. } => "c2b",
    }
}

/// Decides and carries out; says what was decided. `None` when the provider has no such payment.
///
/// # Errors
/// [`ConfirmError`]; nothing has changed then.
pub async fn apply(
    app: &App,
    provider: ProviderId,
    id: PaymentId,
    evidence: &Evidence,
    word: Option<Word<'_>>,
) -> Result<Option<Decision>, ConfirmError> {
    let mut first = attempt(app, provider, id, evidence, word, None).await;
    if let Err(Stopped::Error(ConfirmError::Ledger(NotWritten::ReceiptTaken))) = &first {
        // Its money came into the queue this very moment: now it is seen there.
        first = attempt(app, provider, id, evidence, word, None).await;
    }
    match first {
        Err(Stopped::ReceiptTaken) => {
            let instead = match evidence {
                // The rail itself says that this one was paid: the customer is let online, and the receipt is looked at by a person.
                Evidence::Query(_) => Decision::Settle { receipt: None },
                Evidence::Callback(_) | Evidence::C2b { .. } | Evidence::Silence => {
                    Decision::Flag(Flag::ReceiptTaken)
                }
            };
            match attempt(app, provider, id, evidence, word, Some(instead)).await {
                Ok(decision) => Ok(decision),
                Err(Stopped::Error(error)) => Err(error),
                Err(Stopped::ReceiptTaken) => Ok(None),
            }
        }
        Ok(decision) => Ok(decision),
        Err(Stopped::Error(error)) => Err(error),
    }
}

enum Stopped {
    ReceiptTaken,
    Error(ConfirmError),
}

impl<E: Into<ConfirmError>> From<E> for Stopped {
    fn from(error: E) -> Self {
        Self::Error(error.into())
    }
}

fn on_receipt(error: SettleError) -> Stopped {
    match error {
        SettleError::ReceiptTaken => Stopped::ReceiptTaken,
        SettleError::Database(error) => error.into(),
    }
}

async fn attempt(
    app: &App,
    provider: ProviderId,
    id: PaymentId,
    evidence: &Evidence,
    word: Option<Word<'_>>,
    instead: Option<Decision>,
) -> Result<Option<Decision>, Stopped> {
    let now = app.clock.now();
    let mut tx = app.db.tenant(provider).await?;
    let Some(mut payment) = store::lock(&mut tx, provider, id).await? else {
        return Ok(None);
    };
    let confirm_by_query = providers::store::provider(&mut tx, provider)
        .await?
        .is_some_and(|provider| provider.confirm_by_query);
    let is_conflict = instead.is_some();
    let mut decision = instead.unwrap_or_else(|| decide(&payment, confirm_by_query, evidence));
    let mut is_counted = false;
    if matches!(decision, Decision::Settle { receipt: None })
        && let Some(by_hand) = counted_by_hand(&mut tx, &payment).await?
    {
        // A prompt that was given up and paid after all, or both: a person can tell by the statement.
        tracing::warn!(payment.id = %payment.id, by_hand.id = %by_hand, "a prompt was paid whose money may stand in the books as paid by hand");
        decision = Decision::Flag(Flag::ReceiptTaken);
        is_counted = true;
    }
    if matches!(decision, Decision::Settle { .. }) && !credit::is_there(&mut tx, &payment).await? {
        decision = Decision::Flag(Flag::Credit);
    }
    // The job that asked goes on by itself; asked for again while it runs, it would run again at once.
    let is_asked = matches!(evidence, Evidence::Query(_) | Evidence::Silence);
    if is_conflict {
        flag(app, &mut tx, &payment, Flag::ReceiptTaken, now).await?;
    }
    if let Some(word) = word {
        // What contradicts the word that counts, or says less, does not take its place.
        let is_less = payment.said_paid && word.code != "0";
        if decision != Decision::Flag(Flag::Contrary) && !is_less {
            store::keep_word(&mut tx, &payment, word.code, word.body).await?;
        }
        if let Some(heard) = word.callback {
            messages::keep_callback(&mut tx, &payment, Kind::Callback, heard).await?;
        }
    }
    if let Evidence::Callback(callback) = evidence
        && decision != Decision::Flag(Flag::Ids)
        && payment.checkout_request_id.is_none()
    {
        payment.merchant_request_id = Some(callback.merchant_request_id.clone());
        payment.checkout_request_id = Some(callback.checkout_request_id.clone());
        store::set_push(&mut tx, &payment).await?;
    }
    match &decision {
        Decision::Nothing => {}
        Decision::Settle { receipt } => {
            let found = match claim::claim(&mut tx, &payment, receipt.as_deref(), now).await? {
                Claim::Nothing => None,
                Claim::Taken(found) => Some(found),
                // Somebody has said already what became of this payment's money: its receipt is kept, so that no later word of the same counts it again.
                Claim::Spent if payment.state != State::Success => {
                    credit::put_back(&mut tx, &payment).await?;
                    if let Some(receipt) = receipt {
                        store::note_receipt(&mut tx, &payment, receipt).await?;
                    }
                    flag(app, &mut tx, &payment, Flag::ReceiptTaken, now).await?;
                    if payment.state == State::Pending {
                        refuse(app, &mut tx, &payment, PayFailure::Expired, now).await?;
                    }
                    tx.commit().await?;
                    app.jobs.wake();
                    return Ok(Some(Decision::Flag(Flag::ReceiptTaken)));
                }
                Claim::Spent | Claim::Anothers => return Err(Stopped::ReceiptTaken),
            };
            let receipt = receipt
                .clone()
                .or_else(|| found.as_ref().and_then(|found| found.receipt.clone()));
            store::succeed(&mut tx, &payment, receipt.as_deref(), name(evidence), now)
                .await
                .map_err(on_receipt)?;
            match &found {
                // What was told of it was another amount: that is taken out of the books, and its receipt stands there already.
                Some(found) if found.amount != payment.amount => {
                    claim::undo(app, &mut tx, &payment, found, now).await?;
                    book::paid(app, &mut tx, &payment, None, None, now).await?;
                }
                found => {
                    let was = found.as_ref().map(|found| found.id);
                    book::paid(app, &mut tx, &payment, receipt.as_deref(), was, now).await?;
                }
            }
            payment.receipt = receipt;
            if payment.plan.is_some() {
                grant(app, &mut tx, &payment, now).await?;
            } else {
                store::free_prompt(&mut tx, payment.id).await?;
                account::proved(app, &mut tx, &payment, now).await?;
            }
        }
        Decision::Fail {
            failure,
            keep_asking,
        } => {
            if *keep_asking && !is_asked {
                question::ask_at(app, &mut tx, &payment, now + question::QUARTER).await?;
            }
            refuse(app, &mut tx, &payment, *failure, now).await?;
        }
        Decision::AskFirst { receipt } => {
            // A confirmation that waits for the answer is looked at again and again, and asks once.
            if matches!(evidence, Evidence::C2b { .. }) && *receipt == payment.receipt {
                return Ok(Some(decision));
            }
            if let Some(receipt) = receipt {
                store::note_receipt(&mut tx, &payment, receipt).await?;
            }
            question::ask_at(app, &mut tx, &payment, now).await?;
        }
        Decision::FillReceipt(receipt) => {
            unmatched::store::lock_receipt(&mut tx, receipt).await?;
            match claim::claim(&mut tx, &payment, Some(receipt), now).await? {
                Claim::Nothing => {}
                Claim::Taken(found) => {
                    claim::undo(app, &mut tx, &payment, &found, now).await?;
                }
                Claim::Spent | Claim::Anothers => return Err(Stopped::ReceiptTaken),
            }
            store::fill_receipt(&mut tx, &payment, receipt)
                .await
                .map_err(on_receipt)?;
        }
        Decision::Flag(found) => {
            match unmatched::beside(&payment, *found, evidence, now) {
                Some(arrived) => {
                    take::take(app, &mut tx, provider, &arrived).await?;
                }
                None if *found == Flag::Credit => {
                    take::take_prompt(app, &mut tx, &payment, now).await?;
                }
                None => {}
            }
            flag(app, &mut tx, &payment, *found, now).await?;
            if payment.state == State::Pending && is_counted {
                // What it waited for stands in the books: its phone may be asked again, and has its credit back.
                refuse(app, &mut tx, &payment, PayFailure::Expired, now).await?;
            } else if payment.state == State::Pending && !is_asked {
                question::ask_at(app, &mut tx, &payment, now).await?;
            }
        }
    }
    tx.commit().await?;
    app.jobs.wake();
    metrics::counter!("mnara_payments_total", "result" => result_word(&decision), "by" => name(evidence)).increment(1);
    Ok(Some(decision))
}

/// The money by hand that stands in the books already and may be the prompt's. What another device has been given is so only while no money waits
/// that can be the prompt's.
async fn counted_by_hand(
    conn: &mut PgConnection,
    payment: &Payment,
) -> sqlx::Result<Option<PaymentId>> {
    // The queue's rows first, as whoever gives a device its money: one of the two sees the other, and neither waits for both.
    let waits = claim::waits(conn, payment).await?;
    hand::store::lock_amount(conn, payment.provider, payment.amount).await?;
    let until = payment.created_at + unmatched::BEGUN_WITHIN;
    let found = hand::store::may_be_counted(conn, payment, until).await?;
    Ok(found
        .filter(|found| found.is_own || !waits)
        .map(|found| found.payment))
}

/// Issues the ticket and tells the site, as the last step of the transaction.
///
/// # Errors
/// [`ConfirmError`].
pub(super) async fn grant(
    app: &App,
    conn: &mut PgConnection,
    payment: &Payment,
    now: Timestamp,
) -> Result<(), ConfirmError> {
    let plan = store::bought(conn, payment.provider, payment.id).await?;
    let sale = Sale {
        plan: &plan,
        payment: Some(payment.id),
        site: payment.site,
    };
    let kept = issue::issue(conn, &app.entropy, payment.provider, sale, now).await?;
    store::free_prompt(conn, payment.id).await?;
    bus::notify(conn, Hint::Payment(payment.id)).await?;
    let event = Event::PaymentSucceeded {
        payment: payment.id,
        amount: payment.amount,
        credit: payment.credit,
        plan: plan.id,
        site: payment.site,
        ticket: kept.ticket.id,
    };
    webhooks::emit(app, conn, payment.provider, &event).await?;
    let until = payment.created_at + DELIVERED_WITHIN;
    if now >= until {
        take::take_late(app, conn, payment, now).await?;
    }
    let delivery = payment
        .mac
        .filter(|_| now < until)
        .map(|to| Delivery { to, until });
    let mut changes = Vec::new();
    if let Some(site) = payment.site {
        changes.push(crate::tickets::feed::ticket(
            site,
            &kept,
            delivery,
            payment.attempt,
            None,
        ));
    }
    changes.extend(payment.checkout_row(CheckoutState::Paid(kept.ticket.id), now));
    feed::put(conn, payment.provider, changes).await?;
    // Who paid by hand may be hidden by the rail.
    if let Some(phone) = payment.phone {
        let sold = Sold {
            payment: payment.id,
            phone,
            code: &kept.code.shown(),
            plan: &plan.name,
            amount: payment.amount,
            credit: payment.credit,
            receipt: payment.receipt.as_deref(),
        };
        sms::customers::sold(app, conn, payment.provider, sold).await?;
    }
    Ok(())
}

/// Has a person look at a payment, and tells those who chose to hear of it: once for each payment, and once more each time that somebody had
/// looked before. An account that is set up wrong, or full, fails everybody's payment, and is told of once a day.
pub(super) async fn flag(
    app: &App,
    conn: &mut PgConnection,
    payment: &Payment,
    flag: Flag,
    now: Timestamp,
) -> sqlx::Result<()> {
    let looked = store::flag(conn, payment, flag).await?;
    let once = match (flag, looked) {
        (Flag::Setup | Flag::Full | Flag::Quota, _) => format!(
            "money-setup:{}:{}",
            payment.provider,
            now.as_secs().div_euclid(86_400)
        ),
        (_, Some(looked)) => format!("money:{}:{}", payment.id, looked.as_millis()),
        (_, None) => format!("money:{}", payment.id),
    };
    let amount = show::money(payment.amount);
    let notice = Notice::MoneyFlagged { amount: &amount };
    tell(app, conn, payment.provider, Topic::Money, &notice, &once).await
}

/// Writes a failure and tells the site, as the last step of the transaction.
///
/// # Errors
/// When the database refuses.
pub async fn refuse(
    app: &App,
    conn: &mut PgConnection,
    payment: &Payment,
    failure: PayFailure,
    now: Timestamp,
) -> sqlx::Result<()> {
    store::fail(conn, payment, failure, now).await?;
    // Every customer after this one would fail the same way.
    let found = match failure {
        PayFailure::ProviderSetup => Some(Flag::Setup),
        PayFailure::ProviderAccount => Some(Flag::Full),
        _ => None,
    };
    if let Some(found) = found.filter(|_| payment.plan.is_some()) {
        tracing::warn!(provider.id = %payment.provider, payment.id = %payment.id, found = found.as_str(), "the provider's M-PESA account takes no money");
        flag(app, conn, payment, found, now).await?;
    }
    store::free_prompt(conn, payment.id).await?;
    credit::release(conn, payment).await?;
    bus::notify(conn, Hint::Payment(payment.id)).await?;
    // One that had failed before is no news, and a test of an account no customer's.
    if let Some(plan) = payment.plan.filter(|_| payment.state == State::Pending) {
        let event = Event::PaymentFailed {
            payment: payment.id,
            amount: payment.amount,
            plan,
            site: payment.site,
            reason: failure_word(failure),
        };
        webhooks::emit(app, conn, payment.provider, &event).await?;
    }
    let changes = payment
        .checkout_row(CheckoutState::Failed(failure), now)
        .into_iter()
        .collect();
    feed::put(conn, payment.provider, changes).await
}

/// What was decided, in one word for rows and metrics.
#[must_use]
pub const fn result_word(decision: &Decision) -> &'static str {
    match decision {
        Decision::Settle { .. } => "success",
        Decision::Fail { .. } => "failed",
        Decision::AskFirst { .. } => "asked",
        Decision::FillReceipt(_) => "receipt",
        Decision::Flag(_) => "flagged",
        Decision::Nothing => "nothing",
    }
}
