//! The result codes of a prompt and what they mean.
//!
//! The code decides and never its text, which differs between callback and query of one payment. What is not in the
//! table is not a failure: money may have moved.

use std::fmt;

/// A result code, a number or a word.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct ResultCode(String);

/// What a code says about the payment.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Meaning {
    /// Paid.
    Success,
    /// Not paid, and this prompt will not be. A payment given up by its prompt can still succeed later, and is honoured then.
    Failed(Reason),
    /// Nothing yet.
    Processing,
    /// Not in the table: stays pending, and a person should look.
    Unrecognised,
}

/// Why a customer has not paid, as far as somebody could act on it.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Reason {
    /// Not enough money.
    NoMoney,
    /// Below M-PESA's minimum.
    BelowMinimum,
    /// Above M-PESA's maximum for one payment.
    AboveMaximum,
    /// The customer's daily limit is reached.
    DailyLimit,
    /// The provider's account is full.
    ReceiverFull,
    /// The same amount to the same receiver within two minutes.
    RepeatTooSoon,
    /// M-PESA is busy; trying again may help at once.
    Busy,
    /// Another prompt is open on the phone; it has to be finished first.
    PromptOpen,
    /// The prompt went unanswered until it expired.
    Expired,
    /// The prompt could not be shown.
    NotShown,
    /// The customer said no.
    Cancelled,
    /// The phone was off, out of reach or not looked at.
    Unreachable,
    /// Wrong PIN.
    WrongPin,
    /// The customer's PIN is locked.
    Locked,
    /// The provider's till or paybill is set up wrongly.
    ProviderSetup,
}

impl ResultCode {
    /// Takes a code as it came; `None` for what cannot be one.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let text = text.trim();
        let is_code = (1..=32).contains(&text.len())
            && text
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-'));
        is_code.then(|| Self(text.to_owned()))
    }

    /// The code as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What it says about the payment.
    #[must_use]
    pub fn meaning(&self) -> Meaning {
        let reason = match self.0.as_str() {
            "0" => return Meaning::Success,
            "4999" => return Meaning::Processing,
            "1" => Reason::NoMoney,
            "2" => Reason::BelowMinimum,
            "3" => Reason::AboveMaximum,
            "4" => Reason::DailyLimit,
            "8" => Reason::ReceiverFull,
            "17" => Reason::RepeatTooSoon,
            "26" => Reason::Busy,
            "1001" => Reason::PromptOpen,
            "1019" => Reason::Expired,
            "1025" | "9999" => Reason::NotShown,
            "1032" => Reason::Cancelled,
            "1037" => Reason::Unreachable,
            "2001" => Reason::WrongPin,
            "8006" => Reason::Locked,
            "2002" | "2028" | "2029" | "SFC_IC0003" => Reason::ProviderSetup,
            _ => return Meaning::Unrecognised,
        };
        Meaning::Failed(reason)
    }
}

impl fmt::Display for ResultCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Reason {
    /// Its stable name, for rows and programs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NoMoney => "no-money",
            Self::BelowMinimum => "below-minimum",
            Self::AboveMaximum => "above-maximum",
            Self::DailyLimit => "daily-limit",
            Self::ReceiverFull => "receiver-full",
            Self::RepeatTooSoon => "repeat-too-soon",
            Self::Busy => "busy",
            Self::PromptOpen => "prompt-open",
            Self::Expired => "expired",
            Self::NotShown => "not-shown",
            Self::Cancelled => "cancelled",
            Self::Unreachable => "unreachable",
            Self::WrongPin => "wrong-pin",
            Self::Locked => "locked",
            Self::ProviderSetup => "provider-setup",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_words_are_codes_and_the_rest_is_not() {
        assert_eq!(
            ResultCode::new(" 1032 ").unwrap().meaning(),
            Meaning::Failed(Reason::Cancelled)
        );
        assert_eq!(
            ResultCode::new("SFC_IC0003").unwrap().meaning(),
            Meaning::Failed(Reason::ProviderSetup)
        );
        for bad in ["", " ", "not a code", &"1".repeat(33)] {
            assert_eq!(ResultCode::new(bad), None);
        }
    }

    #[test]
    fn what_is_not_in_the_table_decides_nothing() {
        for unknown in ["00", "5", "500", "1000", "-1", "C2B00011", "0.0"] {
            assert_eq!(
                ResultCode::new(unknown).unwrap().meaning(),
                Meaning::Unrecognised,
                "{unknown}"
            );
        }
        assert_eq!(
            ResultCode::new("4999").unwrap().meaning(),
            Meaning::Processing
        );
    }
}
