//! Africa's Talking, by its bulk SMS API: `POST /version1/messaging` as a form, with the key in the header `apiKey`.
//!
//! Fields, answers and codes are those of its pages "Sending" and "Delivery reports" (docs.africastalking.com/sms/sending and
//! /sms/notifications, before that build.at-labs.io/docs/sms/sending). There is no idempotency key in it and no way to ask what became of a
//! text, so a call without a readable answer is lost.

use std::fmt;

use futures_util::future::BoxFuture;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderName, HeaderValue};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::{Cost, NotTaken, Outgoing, Reason, Taken, Texts};
use crate::config::SmsAccount;
use crate::rails::http::{self, Answered, Lost};

const PATH: &str = "/version1/messaging";
const API_KEY: HeaderName = HeaderName::from_static("apikey");

/// The client.
#[derive(Clone)]
pub struct AfricasTalking {
    http: reqwest::Client,
    url: String,
    username: String,
    key: SecretString,
    sender: Option<String>,
}

impl fmt::Debug for AfricasTalking {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AfricasTalking({}, {})", self.url, self.username)
    }
}

/// The answer to a text.
#[derive(Debug, Deserialize)]
struct Answer {
    #[serde(rename = "SMSMessageData")]
    data: Data,
}

#[derive(Debug, Deserialize)]
struct Data {
    #[serde(rename = "Message", default, deserialize_with = "said")]
    message: String,
    #[serde(rename = "Recipients", default, deserialize_with = "filled")]
    recipients: Vec<Recipient>,
}

#[derive(Debug, Deserialize)]
struct Recipient {
    #[serde(rename = "statusCode", default)]
    code: Value,
    #[serde(default, deserialize_with = "said")]
    status: String,
    #[serde(default)]
    cost: Value,
    #[serde(rename = "messageId", default, deserialize_with = "said")]
    id: String,
}

/// Reads null as nobody.
fn filled<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Recipient>, D::Error> {
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// Reads a text, also where it came as a number; anything else as nothing, so that one field does not make what is said beside it unreadable.
fn said<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let value = Value::deserialize(deserializer)?;
    Ok(match value {
        Value::String(text) => text,
        Value::Number(number) => number.to_string(),
        _ => String::new(),
    })
}

impl AfricasTalking {
    /// Makes the client; nothing is called yet.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new(account: &SmsAccount<'_>) -> anyhow::Result<Self> {
        Ok(Self {
            http: http::client()?,
            url: format!("{}{PATH}", account.base.as_str()),
            username: account.username.to_owned(),
            key: account.key.clone(),
            sender: account.sender.map(str::to_owned),
        })
    }

    /// The body of a call.
    fn form(&self, text: &Outgoing<'_>) -> String {
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        form.append_pair("username", &self.username)
            .append_pair("to", &format!("+{}", text.to.digits()))
            .append_pair("message", text.text);
        // Left out, the account's own default stands on the phone.
        if let Some(sender) = &self.sender {
            form.append_pair("from", sender);
        }
        form.finish()
    }

    async fn hand_in(&self, text: Outgoing<'_>) -> Result<Taken, NotTaken> {
        let form = self.form(&text);
        let mut key = HeaderValue::from_str(self.key.expose_secret())
            .map_err(|_| NotTaken::NotNow(Reason::Keys))?;
        key.set_sensitive(true);
        let request = self
            .http
            .post(&self.url)
            .header(ACCEPT, "application/json")
            .header(API_KEY, key)
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(form);
        match http::send(request).await {
            Ok(answered) => meaning(&answered),
            Err(Lost::NotSent(_)) => Err(NotTaken::NotNow(Reason::Away)),
            Err(Lost::Unanswered(_)) => Err(NotTaken::Lost),
        }
    }
}

impl Texts for AfricasTalking {
    fn send<'a>(&'a self, text: Outgoing<'a>) -> BoxFuture<'a, Result<Taken, NotTaken>> {
        Box::pin(self.hand_in(text))
    }
}

/// What an answer says of the one text.
fn meaning(answered: &Answered) -> Result<Taken, NotTaken> {
    match answered.status {
        200..=299 => match serde_json::from_slice::<Answer>(&answered.body) {
            Ok(answer) => told(answer.data),
            // It took the call and we cannot read what it made of it.
            Err(_) => Err(NotTaken::Lost),
        },
        401 | 403 => Err(NotTaken::NotNow(Reason::Keys)),
        402 => Err(NotTaken::NotNow(Reason::Balance)),
        // Nobody takes texts at the address that is set; nothing is followed elsewhere.
        300..=399 | 404 | 405 | 410 => Err(NotTaken::NotNow(Reason::Away)),
        408 | 425 | 429 => Err(NotTaken::NotNow(Reason::Busy)),
        // What is wrong is said in plain words.
        400..=499 => Err(named(&String::from_utf8_lossy(&answered.body))),
        // A gateway in front of it may answer for a server that has done it already.
        _ => Err(NotTaken::Lost),
    }
}

fn told(data: Data) -> Result<Taken, NotTaken> {
    let Some(one) = data.recipients.into_iter().next() else {
        // With nobody in the list, the sentence is the name of what is wrong: "InvalidSenderId".
        return Err(named(&data.message));
    };
    let code = match &one.code {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    let reason = match code {
        // Processed, sent, queued.
        Some(100..=102) => {
            return Ok(Taken {
                cost: cost(&one.cost),
                id: one.id,
            });
        }
        Some(401) => NotTaken::Refused(Reason::Held),
        Some(402) => NotTaken::NotNow(Reason::Sender),
        Some(403) => NotTaken::Refused(Reason::Number),
        Some(404) => NotTaken::Refused(Reason::Unsupported),
        Some(405) => NotTaken::NotNow(Reason::Balance),
        Some(406 | 409) => NotTaken::Refused(Reason::OptedOut),
        Some(407) => NotTaken::Refused(Reason::Route),
        Some(500 | 501) => NotTaken::NotNow(Reason::Gateway),
        Some(502) => NotTaken::Refused(Reason::Rejected),
        _ if one.status == "Success" => {
            return Ok(Taken {
                cost: cost(&one.cost),
                id: one.id,
            });
        }
        // A code that is not there or not known leaves the name of the status.
        _ => named(&one.status),
    };
    Err(reason)
}

/// What is wrong by its name, wherever in a sentence and however it is spaced; each is the status of a documented code.
fn named(words: &str) -> NotTaken {
    use NotTaken::{NotNow, Refused};
    let words: String = words
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .collect();
    let known = [
        ("riskhold", Refused(Reason::Held)),
        ("invalidsenderid", NotNow(Reason::Sender)),
        ("invalidphonenumber", Refused(Reason::Number)),
        ("unsupportednumbertype", Refused(Reason::Unsupported)),
        ("insufficientbalance", NotNow(Reason::Balance)),
        ("userinblacklist", Refused(Reason::OptedOut)),
        ("couldnotroute", Refused(Reason::Route)),
        ("donotdisturbrejection", Refused(Reason::OptedOut)),
        ("internalservererror", NotNow(Reason::Gateway)),
        ("gatewayerror", NotNow(Reason::Gateway)),
        ("rejectedbygateway", Refused(Reason::Rejected)),
        ("suppliedauthenticationisinvalid", NotNow(Reason::Keys)),
    ];
    known
        .into_iter()
        .find(|(name, _)| words.contains(*name))
        .map_or(Refused(Reason::Other), |(_, meaning)| meaning)
}

/// Reads `KES 0.8000`; a text that was not taken costs `0`.
fn cost(value: &Value) -> Option<Cost> {
    let (currency, amount) = value.as_str()?.split_once(' ')?;
    let is_currency = currency.len() == 3 && currency.bytes().all(|b| b.is_ascii_uppercase());
    let (whole, fraction) = amount.split_once('.').unwrap_or((amount, ""));
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if !is_currency || !digits(whole) || !digits(fraction) {
        return None;
    }
    let at = |place: usize| {
        let digit = fraction.as_bytes().get(place).copied();
        u32::from(digit.unwrap_or(b'0') - b'0')
    };
    let has_more = fraction.bytes().skip(2).any(|b| b != b'0');
    let cents = whole
        .parse::<u32>()
        .ok()?
        .checked_mul(100)?
        .checked_add(at(0) * 10 + at(1) + u32::from(has_more))?;
    Some(Cost {
        cents,
        currency: currency.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(status: u16, body: &str) -> Result<Taken, NotTaken> {
        meaning(&Answered {
            status,
            body: body.as_bytes().to_vec(),
            is_cut: false,
        })
    }

    /// The sample of the page "Sending", with one of its codes in place.
    fn sample(code: u16, status: &str) -> String {
        format!(
            r#"{{"SMSMessageData":{{"Message":"Sent to 1/1 Total Cost: KES 0.8000","Recipients":[{{"statusCode":{code},"number":"+254711XXXYYY","status":"{status}","cost":"KES 0.8000","messageId":"ATPid_SampleTxnId123"}}]}}}}"#
        )
    }

    #[test]
    fn the_documented_answer_is_a_text_that_was_taken_and_what_it_costs() {
        let taken = answered(201, &sample(101, "Success")).unwrap();
        assert_eq!(taken.id, "ATPid_SampleTxnId123");
        let cost = taken.cost.unwrap();
        assert_eq!((cost.cents, cost.currency.as_str()), (80, "KES"));
    }

    #[test]
    fn every_documented_code_says_whether_trying_again_is_of_use() {
        use NotTaken::{NotNow, Refused};
        for (code, status, expected) in [
            (401, "RiskHold", Refused(Reason::Held)),
            (402, "InvalidSenderId", NotNow(Reason::Sender)),
            (403, "InvalidPhoneNumber", Refused(Reason::Number)),
            (404, "UnsupportedNumberType", Refused(Reason::Unsupported)),
            (405, "InsufficientBalance", NotNow(Reason::Balance)),
            (406, "UserInBlacklist", Refused(Reason::OptedOut)),
            (407, "CouldNotRoute", Refused(Reason::Route)),
            (409, "DoNotDisturbRejection", Refused(Reason::OptedOut)),
            (500, "InternalServerError", NotNow(Reason::Gateway)),
            (501, "GatewayError", NotNow(Reason::Gateway)),
            (502, "RejectedByGateway", Refused(Reason::Rejected)),
            (599, "Whatever", Refused(Reason::Other)),
        ] {
            assert_eq!(answered(201, &sample(code, status)), Err(expected));
        }
        for code in [100, 101, 102] {
            assert!(answered(201, &sample(code, "Success")).is_ok());
        }
    }

    #[test]
    fn an_answer_that_cannot_be_read_may_be_of_a_text_that_left() {
        assert_eq!(answered(201, "<html>"), Err(NotTaken::Lost));
        assert_eq!(answered(502, "bad gateway"), Err(NotTaken::Lost));
        assert_eq!(
            answered(401, "The supplied authentication is invalid"),
            Err(NotTaken::NotNow(Reason::Keys))
        );
        assert_eq!(answered(429, ""), Err(NotTaken::NotNow(Reason::Busy)));
        assert_eq!(
            answered(
                201,
                r#"{"SMSMessageData":{"Message":"InvalidSenderId","Recipients":[]}}"#
            ),
            Err(NotTaken::NotNow(Reason::Sender))
        );
    }

    #[test]
    fn a_status_without_a_code_says_the_same_by_its_name() {
        use NotTaken::{NotNow, Refused};
        for (status, expected) in [
            ("InvalidPhoneNumber", Refused(Reason::Number)),
            ("Insufficient Balance", NotNow(Reason::Balance)),
            ("UserInBlackList", Refused(Reason::OptedOut)),
            ("GatewayError", NotNow(Reason::Gateway)),
            ("Whatever", Refused(Reason::Other)),
        ] {
            let bare = sample(101, status).replace(r#""statusCode":101,"#, "");
            assert_eq!(answered(200, &bare), Err(expected), "{status}");
        }
        let bare = sample(101, "Success").replace(r#""statusCode":101,"#, "");
        assert!(answered(200, &bare).is_ok());
    }

    #[test]
    fn numbers_and_texts_stand_for_each_other() {
        let answer = sample(101, "Success");
        let as_text = answer.replace(":101,", r#":"101","#);
        assert!(answered(201, &as_text).is_ok());
        let held = sample(405, "x").replace(":405,", r#":" 405","#);
        assert_eq!(answered(201, &held), Err(NotTaken::NotNow(Reason::Balance)));
        let numbered = answer
            .replace(r#""ATPid_SampleTxnId123""#, "4711")
            .replace(r#""KES 0.8000""#, "0.8");
        let taken = answered(201, &numbered).unwrap();
        assert_eq!((taken.id.as_str(), taken.cost), ("4711", None));
    }

    #[test]
    fn what_is_wrong_with_how_we_are_set_up_gives_no_text_up() {
        use NotTaken::{NotNow, Refused};
        for (status, body, expected) in [
            (301, "", NotNow(Reason::Away)),
            (308, "<html>moved</html>", NotNow(Reason::Away)),
            (
                404,
                "The requested resource could not be found.",
                NotNow(Reason::Away),
            ),
            (405, "", NotNow(Reason::Away)),
            (402, "", NotNow(Reason::Balance)),
            (408, "", NotNow(Reason::Busy)),
            (403, "forbidden", NotNow(Reason::Keys)),
            (400, "InvalidSenderId", NotNow(Reason::Sender)),
            (
                400,
                "The supplied authentication is invalid",
                NotNow(Reason::Keys),
            ),
            (
                400,
                r#"{"SMSMessageData":{"Message":"InsufficientBalance","Recipients":[]}}"#,
                NotNow(Reason::Balance),
            ),
            (
                400,
                "Request is missing required form field 'to'",
                Refused(Reason::Other),
            ),
            (400, "", Refused(Reason::Other)),
        ] {
            assert_eq!(answered(status, body), Err(expected), "{status} {body}");
        }
    }

    #[test]
    fn a_null_leaves_the_rest_of_an_answer_readable() {
        let taken = |id: &str| {
            let told = sample(101, "Success").replace(r#""ATPid_SampleTxnId123""#, id);
            answered(201, &told).unwrap().id
        };
        assert_eq!(taken("null"), "");
        assert_eq!(taken(r#""ATPid_1""#), "ATPid_1");
        let told = sample(403, "").replace(r#""status":"""#, r#""status":null"#);
        assert_eq!(answered(201, &told), Err(NotTaken::Refused(Reason::Number)));
        for (said, expected) in [
            (r#""InvalidSenderId""#, NotTaken::NotNow(Reason::Sender)),
            ("null", NotTaken::Refused(Reason::Other)),
        ] {
            let told = format!(r#"{{"SMSMessageData":{{"Message":{said},"Recipients":null}}}}"#);
            assert_eq!(answered(201, &told), Err(expected));
        }
    }

    #[test]
    fn a_cost_is_rounded_up_to_the_cent() {
        let cents = |text: &str| cost(&Value::from(text)).map(|cost| cost.cents);
        assert_eq!(cents("KES 0.8000"), Some(80));
        assert_eq!(cents("KES 1"), Some(100));
        assert_eq!(cents("USD 0.0121"), Some(2));
        assert_eq!(cents("KES 12.5"), Some(1_250));
        for none in ["0", "", "KES", "kes 1", "KES -1", "KES 1.x", "KES 99999999"] {
            assert_eq!(cents(none), None, "{none}");
        }
        assert_eq!(cost(&Value::from(0)), None);
    }
}
