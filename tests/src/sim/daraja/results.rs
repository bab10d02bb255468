//! The result codes of an STK payment and the words Daraja puts beside them. What a client makes of a code is not here.

use serde::{Deserialize, Serialize};

use super::json::{Json, digits, text};

/// A result code; most are numbers, some are text (`SFC_IC0003`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Code {
    Number(i64),
    Text(String),
}

impl Code {
    pub const PAID: Self = Self::Number(0);

    /// Writes the code as the callback does: a number where it is one.
    pub(super) fn plain(&self) -> Json {
        match self {
            Self::Number(number) => digits(number),
            Self::Text(code) => text(code),
        }
    }

    /// Writes the code as the query does: always text.
    pub(super) fn quoted(&self) -> Json {
        match self {
            Self::Number(number) => text(number.to_string()),
            Self::Text(code) => text(code),
        }
    }

    /// Tells what the callback says beside the code.
    pub(super) fn description(&self) -> &'static str {
        match self {
            Self::Text(code) if code == "SFC_IC0003" => "The operator does not exist.",
            Self::Text(code) if code == "R000001" => "The transaction has already been reversed.",
            Self::Text(code) if code == "R000002" => "The OriginalTransactionID is invalid.",
            Self::Text(_) => "The request failed.",
            Self::Number(number) => match number {
                0 => "The service request is processed successfully.",
                1 => "The balance is insufficient for the transaction.",
                2 => "Declined due to limit rule.",
                3 => "Declined due to limit rule: greater than the maximum transaction amount.",
                4 => "Declined due to limit rule: would exceed daily transfer limit.",
                8 => "Declined due to limit rule: would exceed the maximum balance.",
                11 => "The DebitParty is in an invalid state.",
                17 => "Rule limited.",
                21 => "The initiator is not allowed to initiate this request.",
                26 => "System busy. Traffic blocking condition in place.",
                1001 => {
                    "Unable to lock subscriber, a transaction is already in process for the current subscriber"
                }
                1019 => "Transaction has expired.",
                1025 | 9999 => "An error occurred while sending a push request.",
                1032 => "Request cancelled by user",
                1037 => "DS timeout user cannot be reached.",
                2001 => "The initiator information is invalid.",
                2002 => "Agent number and Store number do not match",
                2006 => "Declined due to account rule.",
                2028 | 2029 => "The request is not permitted according to product assignment.",
                4999 => "The transaction is still under processing",
                8006 => "The security credential is locked.",
                _ => "The request failed.",
            },
        }
    }

    /// Tells what the query says beside the code; it differs from the callback for one and the same payment.
    pub(super) fn query_description(&self) -> &'static str {
        match self {
            Self::Number(1032) => "Request canceled by user",
            Self::Number(1037) => "No response from user.",
            _ => self.description(),
        }
    }
}
