//! How an order stands: the only thing that says whether money came.

use super::price::{cents, whole};
use super::wire::{Fields, Reply};
use super::{CallError, Exchange, Name, Pesapal};

/// The path of the call.
const PATH: &str = "/api/Transactions/GetTransactionStatus";

/// What the number of a status says. The words beside it differ in case and are not read.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Code {
    /// 0: nothing yet, which is no failure; also said of orders nobody has opened.
    Pending,
    /// 1: paid.
    Completed,
    /// 2: not paid; the same page can be opened again and then pay.
    Failed,
    /// 3: paid back, by us or by a bank.
    Reversed,
    /// A number nobody has documented: it decides nothing.
    Other(i64),
}

impl Code {
    /// Its stable name, for counters.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Reversed => "reversed",
            Self::Other(_) => "other",
        }
    }
}

/// What Pesapal says of an order.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Told {
    /// How it stands.
    pub code: Code,
    /// Our reference, as Pesapal has it.
    pub reference: Option<String>,
    /// Our account number, for a card that was charged by itself.
    pub account: Option<String>,
    /// How much, in cents; none if there are parts of a cent.
    pub cents: Option<i64>,
    /// Of what, by its ISO 4217 code.
    pub currency: Option<String>,
    /// The receipt.
    pub confirmation: Option<String>,
    /// How it was paid, in Pesapal's word.
    pub method: Option<String>,
    /// With what, masked by Pesapal.
    pub payer: Option<String>,
}

/// What came of asking.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum StatusAnswer {
    /// It stands so.
    Told(Told),
    /// An error, which is all there is to say that it knows no such order.
    Denied,
    /// No answer that decides anything; the word says which, for the log.
    Inconclusive(&'static str),
    /// Fewer questions are asked for.
    Limited,
    /// The platform's keys are wrong.
    WrongKeys,
}

impl StatusAnswer {
    /// Its stable name, for counters.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Told(told) => told.code.name(),
            Self::Denied => "denied",
            Self::Inconclusive(_) => "inconclusive",
            Self::Limited => "limited",
            Self::WrongKeys => "wrong-keys",
        }
    }
}

impl Pesapal {
    /// Asks how an order stands. What went over the wire is given back beside the answer.
    pub async fn status(&self, tracking: &Name) -> (StatusAnswer, Exchange) {
        let path = format!("{PATH}?orderTrackingId={tracking}");
        let mut exchange = Exchange::asking(&path);
        let answer = match self.get(&path).await {
            Ok(reply) => {
                exchange.heard(reply.status, &reply.text);
                judge(&reply, tracking)
            }
            Err(CallError::WrongKeys) => StatusAnswer::WrongKeys,
            Err(CallError::Busy) => StatusAnswer::Limited,
            Err(CallError::Away(_) | CallError::Lost(_) | CallError::Refused { .. }) => {
                StatusAnswer::Inconclusive("no answer")
            }
        };
        metrics::counter!("mnara_pesapal_questions_total", "result" => answer.name()).increment(1);
        (answer, exchange)
    }
}

fn judge(reply: &Reply, asked_for: &Name) -> StatusAnswer {
    if reply.is_limited() {
        return StatusAnswer::Limited;
    }
    let Some(fields) = reply.fields() else {
        return StatusAnswer::Inconclusive("unreadable");
    };
    let is_other = fields
        .filled("order_tracking_id")
        .is_some_and(|id| id.parse::<Name>().ok().as_ref() != Some(asked_for));
    if is_other {
        return StatusAnswer::Inconclusive("another order's answer");
    }
    let code = fields.raw("status_code").and_then(whole);
    let fault = fields.fault();
    // Nothing paid yet comes as an error under 200; it is no failure.
    let is_open = fault
        .as_ref()
        .is_some_and(|fault| fault.code == "payment_details_not_found");
    let code = match code {
        Some(0) => Code::Pending,
        None if is_open => Code::Pending,
        Some(_) if is_open => return StatusAnswer::Inconclusive("paid and pending at once"),
        // Why it failed may stand where errors do; it still may be paid.
        Some(2) => Code::Failed,
        // An error of the rail's own says nothing about the order.
        _ if fault.is_some() && reply.status < 500 => return StatusAnswer::Denied,
        _ if fault.is_some() => return StatusAnswer::Inconclusive("error"),
        Some(1) => Code::Completed,
        Some(3) => Code::Reversed,
        Some(other) => Code::Other(other),
        None => return StatusAnswer::Inconclusive("no status"),
    };
    StatusAnswer::Told(told(fields, code))
}

fn told(fields: &Fields, code: Code) -> Told {
    let recurring = fields.object("subscription_transaction_info");
    Told {
        code,
        reference: fields.filled("merchant_reference"),
        account: recurring.and_then(|info| info.filled("account_reference")),
        cents: fields.raw("amount").and_then(cents),
        currency: fields.filled("currency"),
        confirmation: fields.filled("confirmation_code"),
        method: fields.filled("payment_method"),
        payer: fields.filled("payment_account"),
    }
}
