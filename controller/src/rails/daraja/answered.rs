//! What Daraja posts about a request of an operator: a Result whose keys may repeat and may have no value, and whose parameters are missing
//! when it failed.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::money::Money;
use mnara_protocol::receipt;
use serde_json::{Map, Value};

use super::callback::BadCallback;
use super::eat;
use super::result::ResultCode;
use super::wire::{object, text};

/// The code of a reversal that was made before.
pub const DONE_BEFORE: &str = "R000001";
/// The longest text kept of a Result's words.
const LONGEST: usize = 200;

/// A Result.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Answered {
    /// Daraja's name for the request.
    pub originator_conversation_id: Option<String>,
    /// M-PESA's name for what it did about it.
    pub conversation_id: Option<String>,
    /// How it ended.
    pub code: ResultCode,
    /// Its words, for people: they decide nothing.
    pub words: String,
    /// The receipt of what M-PESA did, if it looks like one.
    pub receipt: Option<String>,
    parameters: Vec<(String, String)>,
}

/// What the code of a Result says.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Ending {
    /// It was done.
    Done,
    /// It had been done before.
    DoneBefore,
    /// It was not done, and the same again would not be either.
    Refused(Refusal),
    /// Not documented: it decides nothing, and a person should look.
    Unrecognised,
}

/// Why M-PESA refused a request of an operator.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Refusal {
    /// The organisation's account holds too little.
    NoMoney,
    /// An account is in a state in which nothing can be taken from it.
    BadState,
    /// The operator lacks the role.
    NoRole,
    /// The operator's name and credential do not fit, or it may not come by the API.
    BadOperator,
    /// A rule of the account forbids it.
    AccountRule,
    /// The organisation was not given this product.
    NotAssigned,
    /// The operator's credential is locked.
    Locked,
    /// M-PESA knows no such receipt of this organisation's.
    NoSuchReceipt,
}

impl Refusal {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::NoMoney,
        Self::BadState,
        Self::NoRole,
        Self::BadOperator,
        Self::AccountRule,
        Self::NotAssigned,
        Self::Locked,
        Self::NoSuchReceipt,
    ];

    /// M-PESA's code for it.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::NoMoney => "1",
            Self::BadState => "11",
            Self::NoRole => "21",
            Self::BadOperator => "2001",
            Self::AccountRule => "2006",
            Self::NotAssigned => "2028",
            Self::Locked => "8006",
            Self::NoSuchReceipt => "R000002",
        }
    }

    /// Whether every request of this operator would be refused so, so that it should not be tried again before somebody has put it right.
    #[must_use]
    pub const fn is_operators(self) -> bool {
        matches!(
            self,
            Self::NoRole | Self::BadOperator | Self::NotAssigned | Self::Locked
        )
    }

    /// Reads a code.
    #[must_use]
    pub fn read(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|refusal| refusal.code() == code)
    }
}

/// What M-PESA knows of a receipt.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Known {
    /// The receipt.
    pub receipt: Option<String>,
    /// How the transaction stands; only `Completed` is money that came.
    pub status: String,
    /// The exact amount.
    pub amount: Option<Money>,
    /// When it was done.
    pub at: Option<Timestamp>,
    /// Who paid, as `number - name`; both sides, where the other has no key of its own, as in what Daraja documents.
    pub debit: Vec<String>,
    /// Who was paid, alike.
    pub credit: Vec<String>,
}

impl Known {
    /// Whether the money is there.
    #[must_use]
    pub fn is_completed(&self) -> bool {
        self.status.eq_ignore_ascii_case("completed")
    }

    /// Whether the money was there and went back.
    #[must_use]
    pub fn is_reversed(&self) -> bool {
        self.status.eq_ignore_ascii_case("reversed")
    }

    /// The numbers of the two sides, as they are written.
    pub fn numbers(&self) -> impl Iterator<Item = &str> {
        let all = self.debit.iter().chain(&self.credit);
        all.map(|party| number(party))
    }

    /// The numbers that may be of who was paid, as they are written: of either side only where no key tells the two apart.
    pub fn paid(&self) -> impl Iterator<Item = &str> {
        let all = if self.credit.is_empty() {
            &self.debit
        } else {
            &self.credit
        };
        all.iter().map(|party| number(party))
    }
}

fn number(party: &str) -> &str {
    party.split(" - ").next().unwrap_or(party).trim()
}

/// Reads a Result.
///
/// # Errors
/// When it does not say how it ended.
pub fn parse_result(body: &[u8]) -> Result<Answered, BadCallback> {
    let body = object(body).ok_or(BadCallback::NotJson)?;
    let result = body.get("Result").and_then(Value::as_object);
    let result = result.ok_or(BadCallback::Missing("Result"))?;
    let code = text(result, "ResultCode")
        .and_then(|code| ResultCode::new(&code))
        .ok_or(BadCallback::Missing("ResultCode"))?;
    let id = |name| {
        text(result, name).filter(|id| {
            (1..=100).contains(&id.len()) && id.chars().all(|letter| !letter.is_control())
        })
    };
    Ok(Answered {
        originator_conversation_id: id("OriginatorConversationID"),
        conversation_id: id("ConversationID"),
        code,
        words: text(result, "ResultDesc")
            .unwrap_or_default()
            .chars()
            .filter(|c| !c.is_control())
            .take(LONGEST)
            .collect(),
        receipt: text(result, "TransactionID").and_then(|id| receipt::read(&id)),
        parameters: parameters(result),
    })
}

/// One parameter, several, or none; a key without a value says nothing. Letters that no row holds are left out, as of its words.
fn parameters(result: &Map<String, Value>) -> Vec<(String, String)> {
    let found = result
        .get("ResultParameters")
        .and_then(|all| all.get("ResultParameter"));
    let all = match found {
        Some(Value::Array(all)) => all.as_slice(),
        Some(one @ Value::Object(_)) => std::slice::from_ref(one),
        _ => &[],
    };
    all.iter()
        .filter_map(Value::as_object)
        .filter_map(|one| Some((text(one, "Key")?, text(one, "Value")?)))
        .map(|(key, value)| (key, value.replace(char::is_control, "")))
        .collect()
}

impl Answered {
    /// What its code says.
    #[must_use]
    pub fn ending(&self) -> Ending {
        match self.code.as_str() {
            "0" => Ending::Done,
            DONE_BEFORE => Ending::DoneBefore,
            code => Refusal::read(code).map_or(Ending::Unrecognised, Ending::Refused),
        }
    }

    fn all<'a>(&'a self, key: &'static str) -> impl Iterator<Item = &'a str> {
        self.parameters
            .iter()
            .filter(move |(found, _)| found.eq_ignore_ascii_case(key))
            .map(|(_, value)| value.as_str())
    }

    fn first(&self, key: &'static str) -> Option<&str> {
        self.all(key).next()
    }

    /// The transaction that was asked about, as far as a Result of a question about one tells.
    #[must_use]
    pub fn known(&self) -> Option<Known> {
        if self.ending() != Ending::Done {
            return None;
        }
        let parties = |key| -> Vec<String> { self.all(key).map(str::to_owned).collect() };
        Some(Known {
            receipt: self.first("ReceiptNo").and_then(receipt::read),
            status: self.first("TransactionStatus")?.to_owned(),
            amount: self
                .first("Amount")
                .and_then(|amount| amount.parse::<Money>().ok())
                .filter(|amount| amount.cents() > 0),
            at: self.first("FinalisedTime").and_then(eat::parse),
            debit: parties("DebitPartyName"),
            credit: parties("CreditPartyName"),
        })
    }

    /// The payment that went back, as far as a Result of a reversal tells.
    #[must_use]
    pub fn original(&self) -> Option<String> {
        self.first("OriginalTransactionID").and_then(receipt::read)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const STATUS: &str = r#"{"Result":{"ConversationID":"AG_20180223_0000493344ae97d86f75","OriginatorConversationID":"3213-416199-2","ReferenceData":{"ReferenceItem":{"Key":"Occasion"}},"ResultCode":0,"ResultDesc":"The service request is processed successfully.","ResultParameters":{"ResultParameter":[{"Key":"DebitPartyName","Value":"600310 - Safaricom333"},{"Key":"DebitPartyName","Value":"254708374149 - John Doe"},{"Key":"InitiatedTime","Value":"20180223054112"},{"Key":"TransactionReason"},{"Key":"TransactionStatus","Value":"Completed"},{"Key":"FinalisedTime","Value":"20180223054112"},{"Key":"Amount","Value":"300"},{"Key":"ReceiptNo","Value":"MBN31H462N"}]},"ResultType":0,"TransactionID":"MBN0000000"}}"#;
    const REVERSED: &str = r#"{"Result":{"ResultType":0,"ResultCode":0,"ResultDesc":"The service request is processed successfully.","OriginatorConversationID":"dad6-4c34-8787-c8cb963a496d1268232","ConversationID":"AG_20211114_201018edbbf9f1582eaa","TransactionID":"SKE52PAWR9","ResultParameters":{"ResultParameter":[{"Key":"DebitAccountBalance","Value":"Utility Account|KES|7722179.62|7722179.62|0.00|0.00"},{"Key":"Amount","Value":1.00},{"Key":"TransCompletedTime","Value":20211114132711},{"Key":"OriginalTransactionID","Value":"SKC82PACB8"},{"Key":"Charge","Value":0.00},{"Key":"CreditPartyPublicName","Value":"254705912645 - NICHOLAS JOHN SONGOK"},{"Key":"DebitPartyPublicName","Value":"600992 - Safaricom Daraja 992"}]},"ReferenceData":{"ReferenceItem":{"Key":"QueueTimeoutURL","Value":"https://a.example/late"}}}}"#;
    const FAILED: &str = r#"{"Result":{"ResultType":0,"ResultCode":"R000002","ResultDesc":"The OriginalTransactionID is invalid.","OriginatorConversationID":"3124-481d-b706-10bdd6fbc8e21792398","ConversationID":"AG_20211114_2010573069aefb6b625a","TransactionID":"SKE0000000","ReferenceData":{"ReferenceItem":{"Key":"QueueTimeoutURL","Value":"https://a.example/late"}}}}"#;

    #[test]
    fn the_documented_status_is_read_exactly() {
        let result = parse_result(STATUS.as_bytes()).unwrap();
        assert_eq!(result.ending(), Ending::Done);
        assert_eq!(
            result.originator_conversation_id.as_deref(),
            Some("3213-416199-2")
        );
        assert_eq!(
            result.conversation_id.as_deref(),
            Some("AG_20180223_0000493344ae97d86f75")
        );
        let known = result.known().unwrap();
        assert!(known.is_completed());
        assert_eq!(known.receipt.as_deref(), Some("MBN31H462N"));
        assert_eq!(known.amount, Some(Money::from_shillings(300)));
        assert_eq!(known.at.map(Timestamp::as_secs), Some(1_519_353_672));
        // A key that is there twice is told twice.
        let numbers: Vec<_> = known.numbers().collect();
        assert_eq!(numbers, ["600310", "254708374149"]);
        assert_eq!(known.paid().collect::<Vec<_>>(), numbers);
    }

    #[test]
    fn who_was_paid_is_told_by_its_own_key_where_there_is_one() {
        for (side, paid) in [
            ("600310 - Safaricom333", "600310"),
            ("254708374149 - John Doe", "254708374149"),
        ] {
            let debit = format!(r#""DebitPartyName","Value":"{side}""#);
            let body = STATUS.replace(&debit, &debit.replace("Debit", "Credit"));
            assert_ne!(body, STATUS);
            let known = parse_result(body.as_bytes()).unwrap().known().unwrap();
            assert_eq!(known.paid().collect::<Vec<_>>(), [paid]);
            assert_eq!(known.numbers().count(), 2);
        }
    }

    #[test]
    fn the_documented_reversal_is_read_exactly() {
        let result = parse_result(REVERSED.as_bytes()).unwrap();
        assert_eq!(result.ending(), Ending::Done);
        assert_eq!(result.receipt.as_deref(), Some("SKE52PAWR9"));
        assert_eq!(result.original().as_deref(), Some("SKC82PACB8"));
        assert_eq!(result.known(), None);
    }

    #[test]
    fn a_failure_has_no_parameters_and_its_code_may_be_a_word() {
        let result = parse_result(FAILED.as_bytes()).unwrap();
        assert_eq!(result.ending(), Ending::Refused(Refusal::NoSuchReceipt));
        assert_eq!((result.original(), result.known()), (None, None));
        for (code, ending) in [
            ("\"R000001\"", Ending::DoneBefore),
            ("21", Ending::Refused(Refusal::NoRole)),
            ("\"21\"", Ending::Refused(Refusal::NoRole)),
            ("2001", Ending::Refused(Refusal::BadOperator)),
            ("8006", Ending::Refused(Refusal::Locked)),
            ("1", Ending::Refused(Refusal::NoMoney)),
            ("17", Ending::Unrecognised),
            ("\"SFC_IC0003\"", Ending::Unrecognised),
        ] {
            let body = FAILED.replace("\"R000002\"", code);
            assert_eq!(
                parse_result(body.as_bytes()).unwrap().ending(),
                ending,
                "{code}"
            );
        }
    }

    #[test]
    fn every_shape_of_the_same_result_is_read_alike() {
        let expected = parse_result(STATUS.as_bytes()).unwrap();
        for (from, to) in [
            (
                r#"{"ReferenceItem":{"Key":"Occasion"}}"#,
                r#"{"ReferenceItem":[{"Key":"Occasion","Value":"OK"}]}"#,
            ),
            (r#""ResultCode":0"#, r#""ResultCode":"0""#),
            (r#"{"Key":"TransactionReason"},"#, ""),
            (r#"{"Key":"TransactionReason"}"#, "null"),
            (r#"{"Result""#, "\u{feff}{\"Result\""),
        ] {
            let body = STATUS.replace(from, to);
            assert_ne!(body, STATUS, "{from}");
            assert_eq!(parse_result(body.as_bytes()).unwrap(), expected, "{to}");
        }
        let one = r#"{"Result":{"ResultCode":0,"ResultParameters":{"ResultParameter":{"Key":"TransactionStatus","Value":"Reversed"}}}}"#;
        let known = parse_result(one.as_bytes()).unwrap().known().unwrap();
        assert!(!known.is_completed() && known.amount.is_none() && known.receipt.is_none());
        assert!(known.is_reversed());
    }

    #[test]
    fn letters_that_no_row_holds_are_left_out_and_make_no_name() {
        let body = STATUS
            .replace("3213-416199-2", r"3213\u0000")
            .replace("Completed", r"Complet\u0000ed");
        let result = parse_result(body.as_bytes()).unwrap();
        assert_eq!(result.originator_conversation_id, None);
        assert!(result.conversation_id.is_some());
        assert_eq!(result.known().unwrap().status, "Completed");
    }

    #[test]
    fn what_says_too_little_is_refused() {
        for (body, error) in [
            ("", BadCallback::NotJson),
            ("[]", BadCallback::NotJson),
            ("{}", BadCallback::Missing("Result")),
            (r#"{"Result":{}}"#, BadCallback::Missing("ResultCode")),
            (
                r#"{"Result":{"ResultCode":null}}"#,
                BadCallback::Missing("ResultCode"),
            ),
        ] {
            assert_eq!(parse_result(body.as_bytes()).unwrap_err(), error, "{body}");
        }
    }

    proptest! {
        #[test]
        fn no_body_panics(body: Vec<u8>) {
            let _ = parse_result(&body).map(|result| (result.known(), result.original()));
        }

        #[test]
        fn no_damage_to_a_good_body_panics(at in 0_usize..700, byte: u8) {
            for body in [STATUS, REVERSED, FAILED] {
                let mut body = body.as_bytes().to_vec();
                if let Some(place) = body.get_mut(at) {
                    *place = byte;
                }
                let _ = parse_result(&body).map(|result| (result.known(), result.original()));
            }
        }
    }
}
