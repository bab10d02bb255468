//! The bodies Daraja posts to us: the outcome of a prompt, and payments nobody was asked for (C2B).
//!
//! They are read as tolerantly as they are sent, and never with more trust: nothing in them is signed, and the phone
//! number in them is not looked at.

use std::time::Duration;

use mnara_protocol::clock::Timestamp;
use mnara_protocol::money::Money;
use mnara_protocol::receipt;
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use super::eat;
use super::result::{Meaning, ResultCode};
use super::wire::{self, text};
use crate::rails::msisdn::Msisdn;

/// The answer to every callback, whatever we make of it: an answer that differs would tell a stranger what is true.
pub const ACCEPTED: &str = r#"{"ResultCode":0,"ResultDesc":"Accepted"}"#;
/// The longest id or reference kept.
const LONGEST: usize = 64;
/// The latest that a confirmation is told after its payment.
const LATEST: Duration = Duration::from_secs(3 * 86_400);
/// How far a clock in UTC is behind M-PESA's, and what is near enough to that.
const UTC_BEHIND: Duration = Duration::from_secs(3 * 3_600);
const NEAR: Duration = Duration::from_secs(120);
/// Digits that a masked number shows at least; with fewer it would fit anybody.
const SHOWN: usize = 5;

/// The outcome of a prompt.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct StkCallback {
    /// Daraja's name for the request.
    pub merchant_request_id: String,
    /// Daraja's name for the prompt.
    pub checkout_request_id: String,
    /// How it ended.
    pub result: ResultCode,
    /// What was paid, if it says that something was.
    pub paid: Option<Paid>,
}

/// What a success says; each part may be missing, and what then is decided elsewhere.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Paid {
    /// The exact amount.
    pub amount: Option<Money>,
    /// M-PESA's receipt number, in upper case.
    pub receipt: Option<String>,
    /// When, by M-PESA's clock.
    pub at: Option<Timestamp>,
}

/// A payment to a shortcode, as its validation or confirmation tells.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct C2b {
    /// M-PESA's receipt number, in upper case.
    pub receipt: String,
    /// The exact amount.
    pub amount: Money,
    /// Where the money went.
    pub shortcode: String,
    /// Whether it was paid to a till.
    pub is_till: bool,
    /// What the payer typed as the account, in upper case; tills have none.
    pub reference: Option<String>,
    /// When, by M-PESA's clock.
    pub at: Option<Timestamp>,
    /// Who paid, as far as it is told.
    pub payer: Payer,
}

impl C2b {
    /// Whether it names no account: a till has none, whatever stands in its place.
    #[must_use]
    pub const fn names_none(&self) -> bool {
        self.reference.is_none() || self.is_till
    }

    /// When it was paid: by M-PESA's clock, if that is before we heard of it and not absurdly so. Whoever stands in for M-PESA may write UTC, and
    /// what is then told just three hours late was paid just now.
    #[must_use]
    pub fn paid_at(&self, arrived: Timestamp) -> Timestamp {
        let told = self.at.filter(|at| *at < arrived && *at + LATEST > arrived);
        let at = told.unwrap_or(arrived);
        let as_utc = at + UTC_BEHIND;
        if as_utc < arrived + NEAR && as_utc + NEAR > arrived {
            as_utc.min(arrived)
        } else {
            at
        }
    }
}

/// How a C2B body tells who paid.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Payer {
    /// The number itself.
    Number(Msisdn),
    /// Its SHA-256, as the first version of the interface sends.
    Hash([u8; 32]),
    /// Its beginning and its end, as the second version sends.
    Masked {
        /// The digits before the mask.
        head: String,
        /// The digits after it.
        tail: String,
    },
    /// Nothing that can be read.
    Untold,
}

impl Payer {
    /// Whether it can be this number; a mask fits many numbers, so that much is no proof.
    #[must_use]
    pub fn may_be(&self, phone: &Msisdn) -> bool {
        let digits = phone.digits();
        match self {
            Self::Number(number) => number == phone,
            Self::Hash(hash) => Sha256::digest(&digits).as_slice().ct_eq(hash).into(),
            Self::Masked { head, tail } => digits.starts_with(head) && digits.ends_with(tail),
            Self::Untold => false,
        }
    }

    /// As rows keep it; nothing when it is not told.
    #[must_use]
    pub fn kept(&self) -> Option<String> {
        match self {
            Self::Number(number) => Some(number.digits()),
            Self::Hash(hash) => Some(hex::encode(hash)),
            Self::Masked { head, tail } if head.len() <= 12 && tail.len() <= 12 => {
                Some(format!("{head}*{tail}"))
            }
            Self::Masked { .. } | Self::Untold => None,
        }
    }

    /// Reads what a rail or a row says.
    #[must_use]
    pub fn read(text: &str) -> Self {
        read_payer(text)
    }
}

/// Why a body is not what it should be.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum BadCallback {
    /// Not a JSON object.
    #[error("the body is not a JSON object")]
    NotJson,
    /// Something without which it means nothing.
    #[error("the body has no usable {0}")]
    Missing(&'static str),
}

/// Reads the outcome of a prompt.
///
/// # Errors
/// When it does not say which prompt, or how it ended.
pub fn parse_stk(body: &[u8]) -> Result<StkCallback, BadCallback> {
    let body = object(body)?;
    let callback = body
        .get("Body")
        .and_then(|body| body.get("stkCallback"))
        .and_then(Value::as_object);
    let callback = callback.ok_or(BadCallback::Missing("stkCallback"))?;
    let id = |name: &'static str| short(callback, name).ok_or(BadCallback::Missing(name));
    let result = text(callback, "ResultCode")
        .and_then(|code| ResultCode::new(&code))
        .ok_or(BadCallback::Missing("ResultCode"))?;
    let paid = (result.meaning() == Meaning::Success).then(|| paid(callback));
    Ok(StkCallback {
        merchant_request_id: id("MerchantRequestID")?,
        checkout_request_id: id("CheckoutRequestID")?,
        result,
        paid,
    })
}

/// The items are found by name: their order changes, and `Balance` comes with no value.
fn paid(callback: &Map<String, Value>) -> Paid {
    let items = callback
        .get("CallbackMetadata")
        .and_then(|metadata| metadata.get("Item"));
    let items = items
        .and_then(Value::as_array)
        .map_or(&[] as &[Value], Vec::as_slice);
    let find = |name: &str| {
        items
            .iter()
            .filter_map(Value::as_object)
            .filter(|item| item.get("Name").and_then(Value::as_str) == Some(name))
            .find_map(|item| text(item, "Value"))
    };
    Paid {
        amount: find("Amount").and_then(|amount| money(&amount)),
        receipt: find("MpesaReceiptNumber").and_then(|receipt| receipt::read(&receipt)),
        at: find("TransactionDate").and_then(|digits| eat::parse(&digits)),
    }
}

/// Reads the validation or confirmation of a C2B payment.
///
/// # Errors
/// When it does not say which payment, how much or to whom.
pub fn parse_c2b(body: &[u8]) -> Result<C2b, BadCallback> {
    let body = object(body)?;
    Ok(C2b {
        receipt: text(&body, "TransID")
            .and_then(|id| receipt::read(&id))
            .ok_or(BadCallback::Missing("TransID"))?,
        amount: text(&body, "TransAmount")
            .and_then(|amount| money(&amount))
            .ok_or(BadCallback::Missing("TransAmount"))?,
        shortcode: short(&body, "BusinessShortCode")
            .ok_or(BadCallback::Missing("BusinessShortCode"))?,
        is_till: text(&body, "TransactionType")
            .is_some_and(|kind| kind.to_ascii_lowercase().contains("goods")),
        reference: short(&body, "BillRefNumber").map(|reference| reference.to_ascii_uppercase()),
        at: text(&body, "TransTime").and_then(|digits| eat::parse(&digits)),
        payer: text(&body, "MSISDN").map_or(Payer::Untold, |payer| read_payer(&payer)),
    })
}

fn object(body: &[u8]) -> Result<Map<String, Value>, BadCallback> {
    wire::object(body).ok_or(BadCallback::NotJson)
}

fn short(object: &Map<String, Value>, name: &str) -> Option<String> {
    text(object, name)
        .filter(|text| (1..=LONGEST).contains(&text.len()) && text.chars().all(|c| !c.is_control()))
}

/// Decimal text to cents, with no float in between: JSON numbers arrive here as the shortest text that means them.
fn money(text: &str) -> Option<Money> {
    text.parse::<Money>().ok().filter(|money| money.cents() > 0)
}

fn read_payer(text: &str) -> Payer {
    if let Ok(phone) = text.parse() {
        return Payer::Number(phone);
    }
    let mut hash = [0; 32];
    if hex::decode_to_slice(text.to_ascii_lowercase(), &mut hash).is_ok() {
        return Payer::Hash(hash);
    }
    // Documented with stars; other rails, and whoever stands in for this one, have other signs, and numbers as they are dialled at home.
    let is_sign = |letter: char| matches!(letter, 'x' | 'X' | '#' | '•');
    let is_number = text.chars().all(|letter| {
        letter.is_ascii_digit()
            || letter.is_whitespace()
            || matches!(letter, '*' | '+' | '-')
            || is_sign(letter)
    });
    let hides = |letter: char| letter == '*' || (is_number && is_sign(letter));
    match (text.find(hides), text.rfind(hides)) {
        (Some(first), Some(last)) => {
            let digits = |part: &str| {
                part.chars()
                    .filter(char::is_ascii_digit)
                    .collect::<String>()
            };
            let (head, tail) = (digits(&text[..first]), digits(&text[last..]));
            if head.len() + tail.len() < SHOWN {
                return Payer::Untold;
            }
            let head = match head.strip_prefix('0') {
                Some(rest) => format!("254{rest}"),
                None => head,
            };
            Payer::Masked { head, tail }
        }
        _ => Payer::Untold,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::result::Reason;
    use super::*;

    const SUCCESS: &str = r#"{"Body":{"stkCallback":{"MerchantRequestID":"29115-34620561-1","CheckoutRequestID":"ws_CO_191220191020363925","ResultCode":0,"ResultDesc":"The service request is processed successfully.","CallbackMetadata":{"Item":[{"Name":"Amount","Value":1.00},{"Name":"MpesaReceiptNumber","Value":"NLJ7RT61SV"},{"Name":"TransactionDate","Value":20191219102115},{"Name":"PhoneNumber","Value":254708374149}]}}}}"#;
    const CANCELLED: &str = r#"{"Body":{"stkCallback":{"MerchantRequestID":"f1e2-4b95-a71d-b30d3cdbb7a7942864","CheckoutRequestID":"ws_CO_21072024125243250722943992","ResultCode":1032,"ResultDesc":"Request cancelled by user"}}}"#;
    const C2B: &str = r#"{"TransactionType":"Pay Bill","TransID":"RKL51ZDR4F","TransTime":"20231121121325","TransAmount":"5.00","BusinessShortCode":"600966","BillRefNumber":"Sample Transaction","InvoiceNumber":"","OrgAccountBalance":"25.00","ThirdPartyTransID":"","MSISDN":"2547 ***** 126","FirstName":"NICHOLAS","MiddleName":"","LastName":""}"#;

    #[test]
    fn the_documented_success_is_read_exactly() {
        let callback = parse_stk(SUCCESS.as_bytes()).unwrap();
        assert_eq!(callback.merchant_request_id, "29115-34620561-1");
        assert_eq!(callback.checkout_request_id, "ws_CO_191220191020363925");
        let paid = callback.paid.unwrap();
        assert_eq!(paid.amount, Some(Money::from_shillings(1)));
        assert_eq!(paid.receipt.as_deref(), Some("NLJ7RT61SV"));
        assert_eq!(paid.at.map(Timestamp::as_secs), Some(1_576_740_075));
    }

    #[test]
    fn the_documented_failure_has_no_payment() {
        let callback = parse_stk(CANCELLED.as_bytes()).unwrap();
        assert_eq!(
            callback.result.meaning(),
            Meaning::Failed(Reason::Cancelled)
        );
        assert_eq!(callback.paid, None);
    }

    #[test]
    fn every_variation_seen_in_the_wild_is_the_same_payment() {
        let expected = parse_stk(SUCCESS.as_bytes()).unwrap();
        for (from, to) in [
            (r#""Value":1.00"#, r#""Value":1"#),
            (r#""Value":1.00"#, r#""Value":"1.0""#),
            (r#""ResultCode":0"#, r#""ResultCode":"0""#),
            (r#""Value":20191219102115"#, r#""Value":"20191219102115""#),
            (r#""Value":254708374149"#, r#""Value":"254708***430""#),
            (r#",{"Name":"PhoneNumber","Value":254708374149}"#, ""),
            (
                r#"[{"Name":"Amount""#,
                r#"[{"Name":"Balance"},{"Name":"Amount""#,
            ),
            (
                r#"[{"Name":"Amount""#,
                r#"[null,{},{"Name":"Amount"},{"Name":"Amount""#,
            ),
            (r#""NLJ7RT61SV""#, r#"" nlj7rt61sv ""#),
            (r#"{"Body""#, "\u{feff}\r\n{\r\n\t\"Body\""),
        ] {
            let body = SUCCESS.replace(from, to);
            assert_ne!(body, SUCCESS, "{from}");
            assert_eq!(parse_stk(body.as_bytes()).unwrap(), expected, "{to}");
        }
    }

    #[test]
    fn a_success_that_says_too_little_says_so() {
        let empty = Some(Paid {
            amount: None,
            receipt: None,
            at: None,
        });
        let start = SUCCESS.find(r#","CallbackMetadata""#).unwrap();
        let bare = format!("{}}}}}}}", &SUCCESS[..start]);
        assert_eq!(parse_stk(bare.as_bytes()).unwrap().paid, empty);
        let null = format!(r#"{},"CallbackMetadata":null}}}}}}"#, &SUCCESS[..start]);
        assert_eq!(parse_stk(null.as_bytes()).unwrap().paid, empty);
        for amount in [
            "1.005",
            "-1",
            "0",
            "1e2",
            "\"KES 1\"",
            "null",
            "99999999999999999999",
        ] {
            let body = SUCCESS.replace("1.00", amount);
            let found = parse_stk(body.as_bytes()).unwrap().paid.unwrap().amount;
            // A JSON number has no spelling: 1e2 is 100.
            let expected = (amount == "1e2").then_some(Money::from_shillings(100));
            assert_eq!(found, expected, "{amount}");
        }
    }

    #[test]
    fn a_word_may_be_a_result() {
        let body = CANCELLED.replace("1032", r#""SFC_IC0003""#);
        assert_eq!(
            parse_stk(body.as_bytes()).unwrap().result.meaning(),
            Meaning::Failed(Reason::ProviderSetup)
        );
    }

    #[test]
    fn a_body_that_names_no_prompt_is_refused() {
        for (body, error) in [
            ("", BadCallback::NotJson),
            ("[]", BadCallback::NotJson),
            ("<html>", BadCallback::NotJson),
            ("{}", BadCallback::Missing("stkCallback")),
            (
                r#"{"Body":{"stkCallback":{}}}"#,
                BadCallback::Missing("ResultCode"),
            ),
            (
                r#"{"Body":{"stkCallback":{"ResultCode":0}}}"#,
                BadCallback::Missing("MerchantRequestID"),
            ),
            (
                r#"{"Body":{"stkCallback":{"ResultCode":0,"MerchantRequestID":"x","CheckoutRequestID":""}}}"#,
                BadCallback::Missing("CheckoutRequestID"),
            ),
        ] {
            assert_eq!(parse_stk(body.as_bytes()).unwrap_err(), error, "{body}");
        }
    }

    #[test]
    fn the_documented_confirmation_is_read_exactly() {
        let c2b = parse_c2b(C2B.as_bytes()).unwrap();
        assert_eq!(c2b.receipt, "RKL51ZDR4F");
        assert_eq!(c2b.amount, Money::from_shillings(5));
        assert_eq!(c2b.shortcode, "600966");
        assert_eq!(c2b.reference.as_deref(), Some("SAMPLE TRANSACTION"));
        assert_eq!(c2b.at.map(Timestamp::as_secs), Some(1_700_558_005));
        assert!(c2b.payer.may_be(&"0712345126".parse().unwrap()));
        assert!(!c2b.payer.may_be(&"0712345127".parse().unwrap()));
        let till = parse_c2b(C2B.replace("Sample Transaction", "").as_bytes()).unwrap();
        assert_eq!(till.reference, None);
    }

    #[test]
    fn a_payer_is_told_in_three_ways_and_hidden_by_any_sign() {
        let phone: Msisdn = "254708374149".parse().unwrap();
        let hash = hex::encode(Sha256::digest("254708374149"));
        for told in [
            "254708374149",
            "25470****149",
            "2547XXXXX149",
            "+254 70x xxx 149",
            "0708 ••• 149",
            hash.as_str(),
            &hash.to_uppercase(),
        ] {
            let body = C2B.replace("2547 ***** 126", told);
            assert!(
                parse_c2b(body.as_bytes()).unwrap().payer.may_be(&phone),
                "{told}"
            );
        }
        for told in ["somebody", "0708", "07 *** 14", "Max 708374149"] {
            let body = C2B.replace("2547 ***** 126", told);
            let payer = parse_c2b(body.as_bytes()).unwrap().payer;
            assert!(!payer.may_be(&phone), "{told}");
        }
        let body = C2B.replace("2547 ***** 126", "somebody");
        assert_eq!(parse_c2b(body.as_bytes()).unwrap().payer, Payer::Untold);
    }

    proptest! {
        #[test]
        fn no_body_panics(body: Vec<u8>) {
            let _ = (parse_stk(&body), parse_c2b(&body));
        }

        #[test]
        fn no_damage_to_a_good_body_panics(at in 0_usize..400, byte: u8) {
            let mut body = SUCCESS.as_bytes().to_vec();
            if let Some(place) = body.get_mut(at) {
                *place = byte;
            }
            let _ = parse_stk(&body);
        }

        #[test]
        fn any_amount_is_exact(cents in 1_i64..100_000_000) {
            let body = SUCCESS.replace("1.00", &Money::from_cents(cents).to_decimal());
            prop_assert_eq!(parse_stk(body.as_bytes()).unwrap().paid.unwrap().amount, Some(Money::from_cents(cents)));
        }
    }

    #[test]
    fn a_confirmation_whose_clock_is_in_utc_was_paid_just_now() {
        let mut said = parse_c2b(C2B.as_bytes()).unwrap();
        let arrived = Timestamp::from_secs(1_800_000_000);
        for (told, meant) in [(-10_805, -5), (-10_795, 0), (5, 0), (-7_200, -7_200)] {
            said.at = Some(arrived.plus_secs(told));
            assert_eq!(said.paid_at(arrived), arrived.plus_secs(meant));
        }
    }
}
