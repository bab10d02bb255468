//! What the rail's own words come to as evidence.

use mnara_protocol::message::PayFailure;

use super::{Callback, Outcome};
use crate::rails::daraja::callback::StkCallback;
use crate::rails::daraja::result::{Meaning, Reason, ResultCode};

/// What a result code comes to.
#[must_use]
pub fn outcome(code: &ResultCode) -> Outcome {
    match code.meaning() {
        Meaning::Success => Outcome::Paid,
        Meaning::Processing => Outcome::Open,
        Meaning::Unrecognised => Outcome::Undocumented,
        Meaning::Failed(reason) => Outcome::Failed(failure(reason)),
    }
}

const fn failure(reason: Reason) -> PayFailure {
    match reason {
        Reason::NoMoney => PayFailure::NoMoney,
        Reason::BelowMinimum | Reason::AboveMaximum | Reason::DailyLimit => {
            PayFailure::LimitReached
        }
        Reason::ReceiverFull => PayFailure::ProviderAccount,
        Reason::RepeatTooSoon => PayFailure::TooSoon,
        Reason::Busy | Reason::NotShown => PayFailure::Busy,
        Reason::PromptOpen => PayFailure::OtherPrompt,
        Reason::Expired => PayFailure::Expired,
        Reason::Cancelled => PayFailure::Cancelled,
        Reason::Unreachable => PayFailure::NoAnswer,
        Reason::WrongPin => PayFailure::WrongPin,
        Reason::Locked => PayFailure::Locked,
        Reason::ProviderSetup => PayFailure::ProviderSetup,
    }
}

/// A callback as evidence.
#[must_use]
pub fn evidence(said: StkCallback) -> Callback {
    let (amount, receipt) = said
        .paid
        .map_or((None, None), |paid| (paid.amount, paid.receipt));
    Callback {
        outcome: outcome(&said.result),
        merchant_request_id: said.merchant_request_id,
        checkout_request_id: said.checkout_request_id,
        amount,
        receipt,
    }
}
