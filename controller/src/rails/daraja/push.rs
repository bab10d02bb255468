//! The push: the prompt on a customer's phone.
//!
//! What comes back says whether a prompt may exist, which is all that counts: a lost answer is neither a success nor a
//! failure, and is never followed by a second push.

use mnara_protocol::money::Money;
use secrecy::ExposeSecret as _;
use serde::Serialize;

use super::field::Fault;
use super::veil::veil;
use super::wire::{Lost, Reply, Shape, says, text};
use super::{CallError, Credentials, Daraja, Exchange, Setup, ShortcodeKind, TokenError};
use crate::rails::msisdn::Msisdn;

/// The path of the call.
const PATH: &str = "/mpesa/stkpush/v1/processrequest";
/// The longest description M-PESA takes.
const DESCRIPTION: usize = 13;
/// The longest account reference M-PESA takes.
const REFERENCE: usize = 12;

/// What a customer is asked to pay.
#[derive(Clone, Copy)]
pub struct PushOrder<'a> {
    /// How much, in whole shillings.
    pub amount: Money,
    /// Whose phone shows the prompt.
    pub phone: &'a Msisdn,
    /// Where the outcome is posted; it carries this payment's secret.
    pub callback: &'a str,
    /// What stands in the prompt and in the provider's statement: at most twelve letters and digits.
    pub reference: &'a str,
    /// What it is for; cut to what M-PESA takes.
    pub description: &'a str,
}

/// Daraja took the push; the customer's phone shows a prompt, or will.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Accepted {
    /// Daraja's name for the request.
    pub merchant_request_id: String,
    /// Daraja's name for the prompt; the query asks by it.
    pub checkout_request_id: String,
}

/// Why there is no acceptance. Only [`PushError::Unknown`] leaves it open whether a prompt exists.
#[derive(Debug, thiserror::Error)]
pub enum PushError {
    /// The order itself cannot be sent; nothing was.
    #[error("the order cannot be pushed: {0}")]
    Order(&'static str),
    /// This phone has a prompt open; at least a minute has to pass.
    #[error("the phone is busy with another prompt")]
    PhoneBusy,
    /// Daraja takes no more just now; trying again later is safe.
    #[error("Daraja asks for fewer calls")]
    Busy,
    /// The provider's allowance is spent; trying again later is safe.
    #[error("the application's quota is spent")]
    QuotaSpent,
    /// The provider has to put something right.
    #[error("the provider's M-PESA set-up is wrong: {}", .0.words())]
    Setup(Setup),
    /// Daraja understood and refused; nothing was pushed and sending the same again would be refused again.
    #[error("Daraja refused the push with {code}: {message}")]
    Refused {
        /// Daraja's code.
        code: String,
        /// Daraja's words; they name a field, never a person.
        message: String,
    },
    /// Nothing was sent; trying again is safe.
    #[error("Daraja cannot be reached")]
    Away(#[source] anyhow::Error),
    /// It may have been pushed. Only this payment's callback can tell.
    #[error("the outcome of the push is not known")]
    Unknown(#[source] anyhow::Error),
}

impl PushError {
    /// Whether a prompt may exist all the same.
    #[must_use]
    pub const fn may_have_prompted(&self) -> bool {
        matches!(self, Self::Unknown(_))
    }

    /// Its stable name, for rows, counters and pages.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Order(_) => "order",
            Self::PhoneBusy => "phone-busy",
            Self::Busy => "busy",
            Self::QuotaSpent => "quota-spent",
            Self::Setup(setup) => setup.name(),
            Self::Refused { code, message } => Fault::read(code, message).name(),
            Self::Away(_) => "away",
            Self::Unknown(_) => "unknown",
        }
    }
}

/// The call's body, in the order in which it is documented.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Request<'a> {
    business_short_code: &'a str,
    password: String,
    timestamp: String,
    transaction_type: &'static str,
    amount: String,
    party_a: String,
    party_b: &'a str,
    phone_number: String,
    #[serde(rename = "CallBackURL")]
    callback: &'a str,
    account_reference: &'a str,
    transaction_desc: String,
}

impl Daraja {
    /// Asks a customer to pay. The payment and its secret must be stored before, since the outcome can overtake this answer.
    ///
    /// What went over the wire is given back beside it.
    ///
    /// # Errors
    /// Says whether a prompt may exist, and if not, what would help.
    pub async fn push(
        &self,
        credentials: &Credentials,
        order: &PushOrder<'_>,
    ) -> (Result<Accepted, PushError>, Exchange) {
        let body = match self.body(credentials, order) {
            Ok(body) => body,
            Err(error) => return (Err(error), Exchange::default()),
        };
        let mut exchange = Exchange::sending(&body, veil);
        let outcome = match self.post(credentials, PATH, &body).await {
            Ok(reply) => {
                exchange.heard(reply.status, &reply.text);
                judge(reply)
            }
            Err(error) => Err(error.into()),
        };
        let result = outcome
            .as_ref()
            .map_or_else(PushError::name, |_| "accepted");
        metrics::counter!("mnara_daraja_pushes_total", "result" => result).increment(1);
        (outcome, exchange)
    }

    fn body<'a>(
        &self,
        credentials: &'a Credentials,
        order: &PushOrder<'a>,
    ) -> Result<Request<'a>, PushError> {
        let shillings = self.shillings(order.amount)?;
        let is_plain = order.reference.bytes().all(|b| b.is_ascii_alphanumeric());
        if !(1..=REFERENCE).contains(&order.reference.len()) || !is_plain {
            return Err(PushError::Order(
                "the account reference must be 1 to 12 letters and digits",
            ));
        }
        let (password, time) = credentials.password(self.inner.clock.now());
        let (kind, receiver) = match &credentials.kind {
            ShortcodeKind::Paybill => ("CustomerPayBillOnline", &credentials.shortcode),
            ShortcodeKind::Till { number } => ("CustomerBuyGoodsOnline", number),
        };
        Ok(Request {
            business_short_code: &credentials.shortcode,
            password: password.expose_secret().to_owned(),
            timestamp: time,
            transaction_type: kind,
            amount: shillings.to_string(),
            party_a: order.phone.digits(),
            party_b: receiver,
            phone_number: order.phone.digits(),
            callback: order.callback,
            account_reference: order.reference,
            transaction_desc: description(order.description),
        })
    }

    fn shillings(&self, amount: Money) -> Result<i64, PushError> {
        let shillings = amount
            .whole_shillings()
            .map_err(|_| PushError::Order("M-PESA takes whole shillings only"))?;
        if (1..=i64::from(self.inner.most_shillings)).contains(&shillings) {
            Ok(shillings)
        } else {
            Err(PushError::Order("M-PESA does not take this amount at once"))
        }
    }
}

impl From<CallError> for PushError {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Token(TokenError::Setup(setup)) => Self::Setup(setup),
            CallError::Token(TokenError::Busy) => Self::Busy,
            CallError::Token(TokenError::Away(error)) => Self::Away(error),
            CallError::TokenRefused { no_product: true } => Self::Setup(Setup::ProductMissing),
            CallError::TokenRefused { no_product: false } => Self::Busy,
            CallError::Lost(Lost::NotSent(error)) => Self::Away(error.into()),
            CallError::Lost(Lost::Unanswered(error)) => Self::Unknown(error.into()),
        }
    }
}

fn judge(reply: Reply) -> Result<Accepted, PushError> {
    let status = reply.status;
    let unknown = |what: String| PushError::Unknown(anyhow::anyhow!("status {status}, {what}"));
    let is_spent = match &reply.shape {
        Shape::Fault { code, .. } => code == "500.003.03",
        Shape::Gateway { code, message } => says(code, "quota") || says(message, "quota violation"),
        Shape::Answer(_) | Shape::Unreadable => false,
    };
    if is_spent {
        return Err(PushError::QuotaSpent);
    }
    if reply.is_limited() {
        return Err(PushError::Busy);
    }
    let is_success = reply.is_success();
    match reply.shape {
        Shape::Answer(answer) => {
            let id = |name| text(&answer, name).filter(|id| !id.is_empty());
            match (
                text(&answer, "ResponseCode"),
                id("MerchantRequestID"),
                id("CheckoutRequestID"),
            ) {
                (Some(code), Some(merchant_request_id), Some(checkout_request_id))
                    if code == "0" && is_success =>
                {
                    Ok(Accepted {
                        merchant_request_id,
                        checkout_request_id,
                    })
                }
                (Some(code), ..) if code != "0" => Err(PushError::Refused {
                    code,
                    message: text(&answer, "ResponseDescription").unwrap_or_default(),
                }),
                _ if is_refusal(status) => Err(PushError::Refused {
                    code: status.to_string(),
                    message: ["message", "detail", "error"]
                        .iter()
                        .find_map(|name| text(&answer, name))
                        .unwrap_or_default(),
                }),
                _ => Err(unknown("an answer without ids".to_owned())),
            }
        }
        Shape::Fault { code, message } => Err(match code.as_str() {
            // One code with several meanings, which only its words tell apart.
            "500.001.1001"
                if says(&message, "lock subscriber") || says(&message, "already in process") =>
            {
                PushError::PhoneBusy
            }
            "500.001.1001" if says(&message, "merchant does not exist") => {
                PushError::Setup(Setup::NoSuchShortcode)
            }
            "500.001.1001" if says(&message, "wrong credentials") => {
                PushError::Setup(Setup::WrongPasskey)
            }
            "500.001.1001" if says(&message, "being processed") => PushError::PhoneBusy,
            _ if says(&message, "apiproduct") => PushError::Setup(Setup::ProductMissing),
            _ if code.starts_with('4') => PushError::Refused { code, message },
            _ => unknown(format!("{code}: {message}")),
        }),
        Shape::Gateway { message, .. } if says(&message, "apiproduct") => {
            Err(PushError::Setup(Setup::ProductMissing))
        }
        Shape::Gateway { code, message } if is_refusal(status) => {
            Err(PushError::Refused { code, message })
        }
        Shape::Gateway { code, .. } => Err(unknown(code)),
        // A page that is not Daraja's, from something in front of it: it says nothing about the provider's set-up.
        Shape::Unreadable if is_refusal(status) => Err(PushError::Away(anyhow::anyhow!(
            "status {status} and a page that is not Daraja's"
        ))),
        Shape::Unreadable => Err(unknown("no answer that can be read".to_owned())),
    }
}

/// A gateway that says the request was wrong did not pass it on; one that says it waited too long may have.
const fn is_refusal(status: u16) -> bool {
    status >= 400 && status < 500 && status != 408
}

fn description(text: &str) -> String {
    let plain: String = text
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || *c == ' ')
        .take(DESCRIPTION)
        .collect();
    if plain.trim().is_empty() {
        "Internet".to_owned()
    } else {
        plain
    }
}
