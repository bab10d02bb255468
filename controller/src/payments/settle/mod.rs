//! What a piece of evidence means for a payment. Pure: carrying it out is [`super::confirm`]'s.
//!
//! An M-PESA success settles on the secret in the URL it came to, both request ids and the amount. A query proves payment but names
//! neither receipt nor amount; it settles what fell silent, and after a success it can flag and never flips.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::message::PayFailure;
use mnara_protocol::money::Money;

use super::{Payment, State};
use crate::rails::daraja::callback::Payer;

pub mod said;

/// What a rail's result code comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The money moved.
    Paid,
    /// It did not, and the customer hears why.
    Failed(PayFailure),
    /// Not decided yet: keep waiting.
    Open,
    /// A code nobody has documented: money may have moved, so keep waiting, and have a person look.
    Undocumented,
    /// Nobody can be asked: the account is set up wrongly, and a person has to put that right.
    Setup,
}

/// Something that was said about a payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Evidence {
    /// A callback on this payment's own secret.
    Callback(Callback),
    /// The rail's answer to our question about it.
    Query(Outcome),
    /// A C2B confirmation on the provider's secret, for its shortcode, with this payment's receipt or account reference.
    C2b {
        /// The M-PESA receipt.
        receipt: String,
        /// What was paid.
        amount: Money,
        /// Who paid, as far as it is told: not always the phone that was asked.
        payer: Payer,
        /// When it was paid, by M-PESA's clock; when it came, where that is not told.
        paid_at: Timestamp,
        /// Where it is told.
        source: Source,
    },
    /// Nothing came for a day, and nobody can be asked.
    Silence,
}

/// Where money of a payment is told of beside its own callback and query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// M-PESA posted it, to an address that all of a business's payments share.
    Posted,
    /// A person has seen it: on a statement, or as M-PESA's answer about the receipt.
    Seen,
}

/// What a callback says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Callback {
    /// The rail's first id.
    pub merchant_request_id: String,
    /// The rail's second id.
    pub checkout_request_id: String,
    /// What the result code comes to.
    pub outcome: Outcome,
    /// What was paid, on success.
    pub amount: Option<Money>,
    /// The M-PESA receipt, on success.
    pub receipt: Option<String>,
}

/// What a person should look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flag {
    /// A success for another amount than was asked for.
    Amount,
    /// A callback for other request ids than ours.
    Ids,
    /// A second receipt for a payment that has one.
    SecondReceipt,
    /// The rail contradicts itself about a payment that succeeded.
    Contrary,
    /// Another payment has this receipt.
    ReceiptTaken,
    /// The rail answered with a code nobody has documented.
    Code,
    /// The provider's account is set up wrongly: nobody can pay until that is put right.
    Setup,
    /// The provider's M-PESA account holds as much as it may: nobody can pay until money is moved out of it.
    Full,
    /// The provider's Daraja application has spent its allowance.
    Quota,
    /// It was paid after all, when the credit that was to pay the rest was spent.
    Credit,
    /// The rail says that its money went back, and the books do not.
    Reversed,
}

impl Flag {
    /// The word in its column.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Amount => "amount",
            Self::Ids => "ids",
            Self::SecondReceipt => "second-receipt",
            Self::Contrary => "contrary",
            Self::ReceiptTaken => "receipt-taken",
            Self::Code => "code",
            Self::Setup => "setup",
            Self::Full => "full",
            Self::Quota => "quota",
            Self::Credit => "credit",
            Self::Reversed => "reversed",
        }
    }
}

/// What to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// The payment succeeded: grant what was bought.
    Settle {
        /// The M-PESA receipt, if the evidence names it.
        receipt: Option<String>,
    },
    /// The payment did not happen.
    Fail {
        /// Why.
        failure: PayFailure,
        /// Whether a success may still come and is worth asking for.
        keep_asking: bool,
    },
    /// Ask the rail before anything is granted.
    AskFirst {
        /// The receipt to keep meanwhile.
        receipt: Option<String>,
    },
    /// A settled payment learns its receipt.
    FillReceipt(String),
    /// Leave it as it is and have a person look; a pending one is asked about.
    Flag(Flag),
    /// Nothing new.
    Nothing,
}

/// Decides what evidence means for a payment as it stands.
#[must_use]
pub fn decide(payment: &Payment, confirm_by_query: bool, evidence: &Evidence) -> Decision {
    match evidence {
        Evidence::Callback(callback) => decide_callback(payment, confirm_by_query, callback),
        Evidence::Query(outcome) => decide_query(payment, *outcome),
        Evidence::C2b {
            receipt,
            amount,
            source,
            ..
        } => {
            let is_asked_first = confirm_by_query && *source == Source::Posted;
            decide_c2b(payment, is_asked_first, receipt, *amount)
        }
        Evidence::Silence => match payment.state {
            // Money that its own callback told of is nothing to give up in silence.
            State::Pending if payment.said_paid => Decision::Flag(Flag::Contrary),
            State::Pending => Decision::Fail {
                failure: PayFailure::NoAnswer,
                keep_asking: false,
            },
            State::Success | State::Failed(_) => Decision::Nothing,
        },
    }
}

fn decide_callback(payment: &Payment, confirm_by_query: bool, callback: &Callback) -> Decision {
    let differs =
        |known: &Option<String>, said: &str| known.as_deref().is_some_and(|known| known != said);
    if differs(&payment.merchant_request_id, &callback.merchant_request_id)
        || differs(&payment.checkout_request_id, &callback.checkout_request_id)
    {
        return Decision::Flag(Flag::Ids);
    }
    match callback.outcome {
        Outcome::Open | Outcome::Setup => Decision::Nothing,
        Outcome::Undocumented => undocumented(payment),
        Outcome::Failed(failure) => match payment.state {
            State::Pending if payment.said_paid => Decision::Flag(Flag::Contrary),
            State::Pending => Decision::Fail {
                failure,
                keep_asking: may_come_yet(failure),
            },
            State::Failed(_) => Decision::Nothing,
            State::Success => Decision::Flag(Flag::Contrary),
        },
        Outcome::Paid => match (callback.amount, &callback.receipt) {
            (Some(amount), Some(receipt))
                if payment.state != State::Success
                    && confirm_by_query
                    && amount == payment.amount =>
            {
                Decision::AskFirst {
                    receipt: Some(receipt.clone()),
                }
            }
            (Some(amount), Some(receipt)) => decide_receipt(payment, receipt, amount),
            (Some(amount), None) if amount != payment.amount => Decision::Flag(Flag::Amount),
            // Secret, ids and amount prove it; the receipt is filled in when something tells it.
            (Some(_), None) if !confirm_by_query => match payment.state {
                State::Success => Decision::Nothing,
                State::Pending | State::Failed(_) => Decision::Settle { receipt: None },
            },
            // A success that does not say how much proves nothing by itself.
            (_, receipt) => match payment.state {
                State::Success => Decision::Nothing,
                State::Pending | State::Failed(_) => Decision::AskFirst {
                    receipt: receipt.clone(),
                },
            },
        },
    }
}

fn decide_c2b(payment: &Payment, is_asked_first: bool, receipt: &str, amount: Money) -> Decision {
    if is_asked_first && amount == payment.amount {
        match payment.state {
            // Another receipt that is kept meanwhile stays: this one is looked at again once the prompt's end is known.
            State::Pending if payment.checkout_request_id.is_some() => {
                let kept = payment.receipt.clone();
                return Decision::AskFirst {
                    receipt: kept.or_else(|| Some(receipt.to_owned())),
                };
            }
            // It was asked about, and the rail did not agree.
            State::Failed(_) if payment.receipt.is_some() => {
                return Decision::Flag(Flag::Contrary);
            }
            State::Pending | State::Failed(_) | State::Success => {}
        }
    }
    decide_receipt(payment, receipt, amount)
}

fn decide_receipt(payment: &Payment, receipt: &str, amount: Money) -> Decision {
    if amount != payment.amount {
        return Decision::Flag(Flag::Amount);
    }
    match (payment.state, payment.receipt.as_deref()) {
        (State::Success, None) => Decision::FillReceipt(receipt.to_owned()),
        (State::Success, Some(known)) if known == receipt => Decision::Nothing,
        (State::Success, Some(_)) => Decision::Flag(Flag::SecondReceipt),
        (State::Pending | State::Failed(_), _) => Decision::Settle {
            receipt: Some(receipt.to_owned()),
        },
    }
}

/// What is settled stays as it is.
const fn undocumented(payment: &Payment) -> Decision {
    match payment.state {
        State::Pending => Decision::Flag(Flag::Code),
        State::Success | State::Failed(_) => Decision::Nothing,
    }
}

fn decide_query(payment: &Payment, outcome: Outcome) -> Decision {
    match (payment.state, outcome) {
        (_, Outcome::Undocumented) => undocumented(payment),
        (State::Pending, Outcome::Setup) => Decision::Flag(Flag::Setup),
        (_, Outcome::Open | Outcome::Setup)
        | (State::Success, Outcome::Paid)
        | (State::Failed(_), Outcome::Failed(_)) => Decision::Nothing,
        (State::Pending | State::Failed(_), Outcome::Paid) => Decision::Settle {
            receipt: payment.receipt.clone(),
        },
        // The rail has been seen to deny by query what its own callback had told.
        (State::Pending, Outcome::Failed(_)) if payment.said_paid => Decision::Flag(Flag::Contrary),
        (State::Pending, Outcome::Failed(failure)) => Decision::Fail {
            failure,
            keep_asking: may_come_yet(failure),
        },
        (State::Success, Outcome::Failed(_)) => Decision::Flag(Flag::Contrary),
    }
}

/// Prompts that ran out have been seen to complete minutes later, so these stay in the sweep for a day.
const fn may_come_yet(failure: PayFailure) -> bool {
    matches!(failure, PayFailure::NoAnswer | PayFailure::Expired)
}

#[cfg(test)]
mod tests;
