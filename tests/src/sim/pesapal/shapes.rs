//! The service's answers, field by field in its own order and with its own spelling mistakes.

use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone};
use serde::Serialize;
use serde_json::value::RawValue;

use super::state::{Address, Code, Knobs, Order};

/// An error as the service answers it.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Fault {
    error_type: Option<&'static str>,
    code: Option<&'static str>,
    message: Option<String>,
    call_back_url: Option<String>,
}

impl Fault {
    pub(super) fn new(code: &'static str, message: impl Into<String>) -> Self {
        let kind = match code {
            "invalid_api_credentials_provided" => "authentication_error",
            "invalid_api_request_parameters" => "invalid_request_error",
            _ => "api_error",
        };
        Self {
            error_type: Some(kind),
            code: Some(code),
            message: Some(message.into()),
            call_back_url: None,
        }
    }

    /// The object of nulls that stands where no error is.
    const fn none() -> Self {
        Self {
            error_type: None,
            code: None,
            message: None,
            call_back_url: None,
        }
    }
}

/// An error alone.
#[derive(Debug, Serialize)]
pub(super) struct Refusal {
    error: Fault,
    status: &'static str,
}

impl From<Fault> for Refusal {
    fn from(error: Fault) -> Self {
        Self {
            error,
            status: "500",
        }
    }
}

#[derive(Debug, Serialize)]
pub(super) struct Token {
    pub(super) token: String,
    #[serde(rename = "expiryDate")]
    pub(super) expiry_date: String,
    pub(super) error: Option<Fault>,
    pub(super) status: &'static str,
    pub(super) message: &'static str,
}

#[derive(Debug, Serialize)]
pub(super) struct Registered {
    id: u64,
    url: String,
    created_date: String,
    ipn_id: String,
    notification_type: u8,
    ipn_notification_type_description: String,
    ipn_status: u8,
    // Sic.
    ipn_status_decription: &'static str,
    error: Option<Fault>,
    status: &'static str,
}

impl From<&Address> for Registered {
    fn from(address: &Address) -> Self {
        Self {
            id: address.number,
            url: address.url.clone(),
            created_date: seven(address.created),
            ipn_id: address.id.clone(),
            notification_type: u8::from(address.kind == "POST"),
            ipn_notification_type_description: address.kind.clone(),
            ipn_status: 1,
            ipn_status_decription: "Active",
            error: None,
            status: "200",
        }
    }
}

#[derive(Debug, Serialize)]
pub(super) struct Submitted {
    pub(super) order_tracking_id: String,
    pub(super) merchant_reference: String,
    pub(super) redirect_url: String,
    pub(super) error: Option<Fault>,
    pub(super) status: &'static str,
}

#[derive(Debug, Serialize)]
pub(super) struct Said {
    pub(super) status: &'static str,
    pub(super) message: &'static str,
}

#[derive(Debug, Serialize)]
pub(super) struct Status {
    payment_method: String,
    amount: Box<RawValue>,
    created_date: String,
    confirmation_code: String,
    order_tracking_id: String,
    payment_status_description: &'static str,
    description: Option<String>,
    message: &'static str,
    payment_account: String,
    call_back_url: String,
    status_code: u8,
    merchant_reference: String,
    payment_status_code: &'static str,
    currency: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    subscription_transaction_info: Option<Charged>,
    error: Fault,
    status: &'static str,
}

#[derive(Debug, Serialize)]
struct Charged {
    account_reference: String,
    amount: Box<RawValue>,
    first_name: &'static str,
    last_name: &'static str,
    correlation_id: String,
}

impl Status {
    pub(super) fn of(order: &Order, code: Code, knobs: &Knobs) -> Self {
        let amount = || number(knobs.wrong_amount.unwrap_or(order.cents));
        let paid = order.paid.as_ref().filter(|_| code != Code::Invalid);
        let url = format!(
            "{}?OrderTrackingId={}&OrderMerchantReference={}",
            order.callback, order.tracking, order.reference
        );
        Self {
            payment_method: paid.map_or_else(String::new, |paid| paid.method.clone()),
            amount: amount(),
            created_date: nairobi(order.created),
            confirmation_code: paid.map_or_else(String::new, |paid| paid.confirmation.clone()),
            order_tracking_id: order.tracking.clone(),
            payment_status_description: code.word(),
            description: None,
            message: "Request processed successfully",
            payment_account: paid.map_or_else(String::new, |paid| paid.account.clone()),
            call_back_url: url.clone(),
            status_code: code as u8,
            merchant_reference: order.reference.clone(),
            payment_status_code: "",
            currency: knobs
                .wrong_currency
                .clone()
                .unwrap_or_else(|| order.currency.clone()),
            subscription_transaction_info: order.account.clone().filter(|_| order.is_charge).map(
                |account| Charged {
                    account_reference: account,
                    amount: amount(),
                    first_name: "A",
                    last_name: "B",
                    correlation_id: order.reference.clone(),
                },
            ),
            error: if code == Code::Invalid {
                Fault {
                    call_back_url: Some(url),
                    ..Fault::new("payment_details_not_found", "Pending Payment")
                }
            } else {
                Fault::none()
            },
            status: if code == Code::Invalid { "500" } else { "200" },
        }
    }
}

/// Cents with two decimals, as a number.
fn number(cents: i64) -> Box<RawValue> {
    let text = format!("{}.{:02}", cents / 100, cents % 100);
    RawValue::from_string(text).expect("digits with a point are a number")
}

/// UTC with seven digits after the second.
pub(super) fn seven(at: Timestamp) -> String {
    let part = at.subsec_nanosecond() / 100;
    format!("{}.{part:07}Z", at.strftime("%Y-%m-%dT%H:%M:%S"))
}

/// Nairobi's time, which says no zone.
fn nairobi(at: Timestamp) -> String {
    let at = at.to_zoned(TimeZone::fixed(Offset::constant(3)));
    let part = at.subsec_nanosecond() / 10_000_000;
    format!("{}.{part:02}", at.strftime("%Y-%m-%dT%H:%M:%S"))
}
