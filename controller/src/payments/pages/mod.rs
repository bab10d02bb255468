//! The pages of payments: the list, one payment's story, and the M-PESA account; and how a payment is put into words.

pub mod filter;
pub mod hand;
pub mod line;
pub mod list;
pub mod moved;
pub mod mpesa;
pub mod one;

use mnara_protocol::message::PayFailure;

use super::store::AccountTest;
use super::store::list::Line;
use super::{Push, State};
use crate::providers::pages::words::{ReasonWords, Words};
use crate::rails::daraja::result::{Meaning, Reason, ResultCode};

/// How a payment stands, in words.
#[derive(Clone, Copy, Debug)]
pub struct Standing {
    /// The class of its tag.
    pub class: &'static str,
    /// In a word.
    pub word: &'static str,
    /// Why it did not come, or what it waits for.
    pub why: Option<&'static str>,
}

/// What is known of how a payment stands.
struct Known<'a> {
    state: State,
    push: Option<Push>,
    push_error: Option<&'a str>,
    result_code: Option<&'a str>,
}

impl Standing {
    /// Of a payment in a list.
    #[must_use]
    pub fn of_line(line: &Line, w: &Words) -> Self {
        Self::of(
            &Known {
                state: line.state,
                push: line.push,
                push_error: line.push_error.as_deref(),
                result_code: line.result_code.as_deref(),
            },
            w,
        )
    }

    /// Of a test.
    #[must_use]
    pub fn of_test(test: &AccountTest, w: &Words) -> Self {
        Self::of(
            &Known {
                state: test.state,
                push: test.push,
                push_error: test.push_error.as_deref(),
                result_code: test.result_code.as_deref(),
            },
            w,
        )
    }

    fn of(known: &Known<'_>, w: &Words) -> Self {
        match known.state {
            State::Success => Self {
                class: "good",
                word: w.payments.paid,
                why: None,
            },
            State::Failed(failure) => Self {
                class: "bad",
                word: w.payments.failed,
                why: Some(why(known, failure, &w.reasons)),
            },
            State::Pending => Self {
                class: "wait",
                word: w.payments.waiting,
                why: Some(match (known.push, known.result_code.map(meaning)) {
                    (_, Some(Some(Meaning::Unrecognised))) => w.reasons.unknown_code,
                    (Some(Push::Accepted), _) => w.reasons.waits,
                    _ => w.reasons.unknown,
                }),
            },
        }
    }
}

fn meaning(code: &str) -> Option<Meaning> {
    ResultCode::new(code).map(|code| code.meaning())
}

/// Why a payment failed: the refusal of its prompt says most, then the rail's code, then what the customer heard.
fn why(known: &Known<'_>, failure: Option<PayFailure>, w: &ReasonWords) -> &'static str {
    if known.push == Some(Push::Refused)
        && let Some(said) = known.push_error.and_then(|word| refusal(word, w))
    {
        return said;
    }
    let code = known.result_code.and_then(meaning);
    match (code, failure) {
        (Some(Meaning::Failed(reason)), _) => reason_words(reason, w),
        (_, Some(failure)) => failure_words(failure, w),
        (_, None) => w.other,
    }
}

/// What one of the words of the rail's client means: why a prompt was not taken.
pub(super) fn refusal(word: &str, w: &ReasonWords) -> Option<&'static str> {
    Some(match word {
        "order" => w.order,
        "phone-busy" => w.prompt_open,
        "busy" => w.busy,
        "quota-spent" => w.quota,
        "wrong-keys" => w.wrong_keys,
        "product-missing" => w.product,
        "no-such-shortcode" => w.no_shortcode,
        "wrong-passkey" => w.wrong_passkey,
        "wrong-kind" => w.setup,
        "bad-shortcode" => w.bad_shortcode,
        "bad-receiver" => w.bad_receiver,
        "bad-amount" => w.bad_amount,
        "bad-phone" => w.bad_phone,
        "bad-callback" => w.bad_callback,
        "bad-password" => w.bad_password,
        "bad-kind" => w.bad_kind,
        "bad-reference" => w.bad_reference,
        "bad-request" => w.bad_request,
        "refused" => w.refused,
        "away" => w.away,
        "unknown" => w.unknown,
        _ => return None,
    })
}

const fn reason_words(reason: Reason, w: &ReasonWords) -> &'static str {
    match reason {
        Reason::NoMoney => w.no_money,
        Reason::BelowMinimum => w.below,
        Reason::AboveMaximum => w.above,
        Reason::DailyLimit => w.day,
        Reason::ReceiverFull => w.full,
        Reason::RepeatTooSoon => w.too_soon,
        Reason::Busy => w.busy,
        Reason::PromptOpen => w.prompt_open,
        Reason::Expired => w.expired,
        Reason::NotShown => w.not_shown,
        Reason::Cancelled => w.cancelled,
        Reason::Unreachable => w.no_answer,
        Reason::WrongPin => w.wrong_pin,
        Reason::Locked => w.locked,
        Reason::ProviderSetup => w.setup,
    }
}

const fn failure_words(failure: PayFailure, w: &ReasonWords) -> &'static str {
    match failure {
        PayFailure::WrongPin => w.wrong_pin,
        PayFailure::Cancelled => w.cancelled,
        PayFailure::NoAnswer => w.no_answer,
        PayFailure::NoMoney => w.no_money,
        PayFailure::LimitReached => w.limit,
        PayFailure::OtherPrompt => w.prompt_open,
        PayFailure::TooSoon => w.too_soon,
        PayFailure::Expired => w.expired,
        PayFailure::ProviderAccount => w.full,
        PayFailure::ProviderSetup => w.setup,
        PayFailure::Busy => w.busy,
        PayFailure::Locked => w.locked,
        PayFailure::Blocked => w.blocked,
        PayFailure::NoMpesa => w.bad_phone,
        PayFailure::NotNow => w.not_now,
        PayFailure::Other(_) => w.other,
    }
}

/// What a person should look at.
pub(super) fn flag_words(flag: &str, w: &ReasonWords) -> &'static str {
    match flag {
        "amount" => w.flag_amount,
        "ids" => w.flag_ids,
        "second-receipt" => w.flag_second,
        "contrary" => w.flag_contrary,
        "receipt-taken" => w.flag_taken,
        "full" => w.flag_full,
        "quota" => w.flag_quota,
        "code" => w.flag_code,
        "setup" => w.flag_setup,
        "credit" => w.flag_credit,
        "reversed" => w.flag_reversed,
        _ => w.flag_other,
    }
}
