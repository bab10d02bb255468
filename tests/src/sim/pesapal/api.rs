//! What clients call, with the rules of each call.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State as Extract};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use bytes::Bytes;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::Shared;
use super::shapes::{Fault, Refusal, Registered, Said, Status, Submitted, Token, seven};
use super::state::{Address, Code, Order, Refunded, SubmitFault};

type Sim = Extract<Arc<Shared>>;

/// An error, or an answer that is not the service's.
enum Refused {
    Fault(Fault),
    Gateway,
}

impl From<Fault> for Refused {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// The calls, also under the paths that the service has them under: its own and its sandbox's.
pub(super) fn routes() -> Router<Arc<Shared>> {
    calls().nest("/v3", calls()).nest("/pesapalv3", calls())
}

fn calls() -> Router<Arc<Shared>> {
    Router::new()
        .route("/api/Auth/RequestToken", post(token))
        .route("/api/URLSetup/RegisterIPN", post(register))
        .route("/api/URLSetup/GetIpnList", get(registered))
        .route("/api/Transactions/SubmitOrderRequest", post(submit))
        .route("/api/Transactions/GetTransactionStatus", get(status))
        .route("/api/Transactions/RefundRequest", post(refund))
        .route("/api/Transactions/CancelOrder", post(cancel))
}

fn json(status: StatusCode, body: &impl Serialize) -> Response {
    let body = serde_json::to_string(body).unwrap_or_default();
    let kind = [(header::CONTENT_TYPE, "application/json; charset=utf-8")];
    (status, kind, body).into_response()
}

fn invalid(message: &str) -> Fault {
    Fault::new("invalid_api_request_parameters", message)
}

impl Shared {
    /// Answers as slowly as it is told to.
    async fn answer(&self, answer: Result<Response, Refused>) -> Response {
        let (slow, as_500) = self.read(|state| (state.knobs.slow_ms, state.knobs.errors_as_500));
        if slow > 0 {
            tokio::time::sleep(Duration::from_millis(slow)).await;
        }
        let status = if as_500 {
            StatusCode::INTERNAL_SERVER_ERROR
        } else {
            StatusCode::OK
        };
        match answer {
            Ok(answer) => answer,
            Err(Refused::Fault(error)) => json(status, &Refusal::from(error)),
            Err(Refused::Gateway) => (
                StatusCode::BAD_GATEWAY,
                [(header::CONTENT_TYPE, "text/html")],
                "<html><body><h1>502 Bad Gateway</h1></body></html>",
            )
                .into_response(),
        }
    }

    fn admit(&self, headers: &HeaderMap) -> Result<(), Fault> {
        let refused = || Fault::new("invalid_api_credentials_provided", "Invalid Access Token");
        let token = headers
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .map(|(_, token)| token.trim())
            .ok_or_else(refused)?;
        let now = self.clock.now();
        let is_good = self.read(|state| state.tokens.get(token).is_some_and(|ends| now < *ends));
        if is_good { Ok(()) } else { Err(refused()) }
    }
}

fn parse<'a, T: Deserialize<'a>>(body: &'a Bytes) -> Result<T, Fault> {
    serde_json::from_slice(body).map_err(|error| invalid(&error.to_string()))
}

#[derive(Deserialize)]
struct Keys {
    consumer_key: String,
    consumer_secret: String,
}

async fn token(Extract(shared): Sim, body: Bytes) -> Response {
    let made = parse::<Keys>(&body).and_then(|keys| {
        if keys.consumer_key != shared.consumer_key
            || keys.consumer_secret != shared.consumer_secret
        {
            return Err(Fault::new("invalid_consumer_key_or_secret_provided", ""));
        }
        let now = shared.clock.now();
        let (token, says) = shared.change(|state| {
            let lives = state.knobs.token_lives_s;
            let token = format!("eyJ{}", state.guid().replace('-', ""));
            state.tokens.retain(|_, ends| now < *ends);
            state.tokens.insert(token.clone(), after(now, lives));
            (token, state.knobs.token_says_s)
        });
        Ok(json(
            StatusCode::OK,
            &Token {
                token,
                expiry_date: seven(after(now, says)),
                error: None,
                status: "200",
                message: "Request processed successfully",
            },
        ))
    });
    shared.answer(made.map_err(Refused::from)).await
}

fn after(at: jiff::Timestamp, secs: u64) -> jiff::Timestamp {
    let secs = i64::try_from(secs).unwrap_or(i64::MAX);
    at.saturating_add(SignedDuration::from_secs(secs))
        .unwrap_or(jiff::Timestamp::MAX)
}

#[derive(Deserialize)]
struct Register {
    url: String,
    ipn_notification_type: String,
}

async fn register(Extract(shared): Sim, headers: HeaderMap, body: Bytes) -> Response {
    let made = shared.admit(&headers).and_then(|()| {
        let ask: Register = parse(&body)?;
        if !matches!(ask.ipn_notification_type.as_str(), "GET" | "POST") {
            return Err(invalid("ipn_notification_type is GET or POST"));
        }
        if url::Url::parse(&ask.url).is_err() {
            return Err(invalid("url is no address"));
        }
        let now = shared.clock.now();
        let address = shared.change(|state| {
            let address = Address {
                number: 4_278 + state.addresses.len() as u64,
                id: state.guid(),
                url: ask.url,
                kind: ask.ipn_notification_type,
                created: now,
            };
            state.addresses.push(address.clone());
            address
        });
        Ok(json(StatusCode::OK, &Registered::from(&address)))
    });
    shared.answer(made.map_err(Refused::from)).await
}

async fn registered(Extract(shared): Sim, headers: HeaderMap) -> Response {
    let listed = shared.admit(&headers).map(|()| {
        let list: Vec<Registered> =
            shared.read(|state| state.addresses.iter().map(Registered::from).collect());
        json(StatusCode::OK, &list)
    });
    shared.answer(listed.map_err(Refused::from)).await
}

#[derive(Deserialize)]
struct Submit {
    id: String,
    currency: String,
    amount: Box<RawValue>,
    description: String,
    callback_url: String,
    cancellation_url: Option<String>,
    redirect_mode: Option<String>,
    notification_id: String,
    billing_address: Option<Billing>,
    account_number: Option<String>,
    subscription_details: Option<Details>,
}

#[derive(Default, Deserialize)]
struct Billing {
    email_address: Option<String>,
    phone_number: Option<String>,
}

#[derive(Deserialize)]
struct Details {
    start_date: String,
    end_date: String,
    frequency: String,
}

async fn submit(Extract(shared): Sim, headers: HeaderMap, body: Bytes) -> Response {
    let fault = shared.change(|state| state.knobs.submits.pop_front());
    let made = shared
        .admit(&headers)
        .and_then(|()| match fault {
            Some(SubmitFault::Refused) => Err(invalid("refused, as it was told to be")),
            _ => Ok(()),
        })
        .map_err(Refused::from)
        .and_then(|()| match fault {
            Some(SubmitFault::BadGateway) => Err(Refused::Gateway),
            _ => Ok(taken(&shared, &body)?),
        })
        .and_then(|order| match fault {
            Some(SubmitFault::Lost) => Err(Refused::Gateway),
            _ => Ok(order),
        })
        .map(|order| {
            json(
                StatusCode::OK,
                &Submitted {
                    redirect_url: format!(
                        "{}/pesapaliframe/PesapalIframe3/Index?OrderTrackingId={}",
                        shared.base, order.tracking
                    ),
                    order_tracking_id: order.tracking,
                    merchant_reference: order.reference,
                    error: None,
                    status: "200",
                },
            )
        });
    shared.answer(made).await
}

fn taken(shared: &Shared, body: &Bytes) -> Result<Order, Fault> {
    let ask: Submit = parse(body)?;
    let is_plain = ask
        .id
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || b"-_.:".contains(&b));
    if !(1..=50).contains(&ask.id.len()) || !is_plain {
        return Err(invalid("id has up to 50 letters, digits and -_.:"));
    }
    // Some clients send the number in quotes.
    let cents = cents(ask.amount.get().trim_matches('"'))
        .filter(|cents| *cents > 0)
        .ok_or_else(|| invalid("amount is a number above 0 with two decimals"))?;
    if ask.currency.len() != 3 || !ask.currency.bytes().all(|b| b.is_ascii_uppercase()) {
        return Err(invalid("currency has three letters"));
    }
    if ask.description.chars().count() > 100 {
        return Err(invalid("description has up to 100 letters"));
    }
    if !matches!(
        ask.redirect_mode.as_deref().unwrap_or_default(),
        "" | "TOP_WINDOW" | "PARENT_WINDOW"
    ) {
        return Err(invalid("redirect_mode is TOP_WINDOW or PARENT_WINDOW"));
    }
    if url::Url::parse(&ask.callback_url).is_err() {
        return Err(invalid("callback_url is no address"));
    }
    let is_there = |field: &Option<String>| field.as_deref().is_some_and(|text| !text.is_empty());
    let billing = ask.billing_address.unwrap_or_default();
    if !is_there(&billing.email_address) && !is_there(&billing.phone_number) {
        return Err(Fault::new(
            "missing_mandatory_billing_address",
            "Please provide billing details information on your API request.",
        ));
    }
    if let Some(details) = &ask.subscription_details {
        let day = |text: &str| jiff::civil::Date::strptime("%d-%m-%Y", text).ok();
        let is_frequent = matches!(
            details.frequency.as_str(),
            "DAILY" | "WEEKLY" | "MONTHLY" | "YEARLY"
        );
        let days = day(&details.start_date).zip(day(&details.end_date));
        if days.is_none_or(|(start, end)| start >= end) || !is_frequent {
            return Err(invalid(
                "subscription_details: dd-MM-yyyy, and DAILY, WEEKLY, MONTHLY or YEARLY",
            ));
        }
        if !is_there(&ask.account_number) {
            return Err(invalid("account_number is missing"));
        }
    }
    let now = shared.clock.now();
    shared.change(|state| {
        if !state
            .addresses
            .iter()
            .any(|address| address.id == ask.notification_id)
        {
            return Err(invalid(
                "Invalid IPN URL ID provided.Check format and try again",
            ));
        }
        if state.orders.iter().any(|order| order.reference == ask.id) {
            // Nobody has published the service's own code for it.
            return Err(Fault::new(
                "duplicate_order",
                "Duplicate merchant reference",
            ));
        }
        let order = Order {
            tracking: state.guid(),
            reference: ask.id,
            currency: ask.currency,
            cents,
            description: ask.description,
            callback: ask.callback_url,
            cancellation: ask.cancellation_url.unwrap_or_default(),
            notification: ask.notification_id,
            // By itself it has the page offer what is charged again; whoever pays then says how often.
            account: ask.account_number.filter(|account| !account.is_empty()),
            recurs: false,
            is_charge: false,
            code: Code::Invalid,
            paid: None,
            is_cancelled: false,
            refund: None,
            asked: 0,
            denied: 0,
            created: now,
        };
        state.orders.push(order.clone());
        Ok(order)
    })
}

/// Cents of a decimal number as it was written.
fn cents(text: &str) -> Option<i64> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let part = part.trim_end_matches('0');
    if whole.is_empty() || part.len() > 2 || !text.bytes().all(|b| b.is_ascii_digit() || b == b'.')
    {
        return None;
    }
    let part: i64 = format!("{part:0<2}").parse().ok()?;
    whole
        .parse::<i64>()
        .ok()?
        .checked_mul(100)?
        .checked_add(part)
}

#[derive(Deserialize)]
struct Which {
    #[serde(rename = "orderTrackingId", alias = "OrderTrackingId")]
    tracking: String,
}

async fn status(
    Extract(shared): Sim,
    which: Result<Query<Which>, QueryRejection>,
    headers: HeaderMap,
) -> Response {
    let told = shared.admit(&headers).and_then(|()| {
        let Query(which) = which.map_err(|_| invalid("orderTrackingId is missing"))?;
        shared.change(|state| {
            let knobs = state.knobs.clone();
            let order = state
                .order_mut(&which.tracking)
                .ok_or_else(|| invalid("orderTrackingId is unknown"))?;
            order.asked += 1;
            let code = if order.denied > 0 {
                order.denied -= 1;
                Code::Invalid
            } else {
                order.code
            };
            Ok(json(StatusCode::OK, &Status::of(order, code, &knobs)))
        })
    });
    shared.answer(told.map_err(Refused::from)).await
}

#[derive(Deserialize)]
struct Back {
    confirmation_code: String,
    /// A number by the documents' table, in quotes in their sample.
    amount: Box<RawValue>,
    username: String,
    remarks: String,
}

async fn refund(Extract(shared): Sim, headers: HeaderMap, body: Bytes) -> Response {
    let asked = shared.admit(&headers).and_then(|()| {
        let ask: Back = parse(&body)?;
        let wanted = cents(ask.amount.get().trim_matches('"')).filter(|cents| *cents > 0);
        let is_taken = shared.change(|state| {
            let order = state.orders.iter_mut().find(|order| {
                order
                    .paid
                    .as_ref()
                    .is_some_and(|paid| paid.confirmation == ask.confirmation_code)
            });
            let (Some(order), Some(cents)) = (order, wanted) else {
                return false;
            };
            let is_mobile = order
                .paid
                .as_ref()
                .is_some_and(|paid| paid.method == "MpesaKE");
            let is_whole = cents == order.cents;
            let may = order.code == Code::Completed
                && order.refund.is_none()
                && cents <= order.cents
                && (is_whole || !is_mobile);
            if may {
                order.refund = Some(Refunded {
                    cents,
                    username: ask.username,
                    remarks: ask.remarks,
                });
            }
            may
        });
        Ok(json(
            StatusCode::OK,
            &if is_taken {
                Said {
                    status: "200",
                    message: "Refund request successfully",
                }
            } else {
                Said {
                    status: "500",
                    message: "Refund request rejected",
                }
            },
        ))
    });
    shared.answer(asked.map_err(Refused::from)).await
}

#[derive(Deserialize)]
struct Cancel {
    order_tracking_id: String,
}

async fn cancel(Extract(shared): Sim, headers: HeaderMap, body: Bytes) -> Response {
    let asked = shared.admit(&headers).and_then(|()| {
        let ask: Cancel = parse(&body)?;
        let is_done = shared.change(|state| {
            let Some(order) = state.order_mut(&ask.order_tracking_id) else {
                return false;
            };
            let may = matches!(order.code, Code::Invalid | Code::Failed) && !order.is_cancelled;
            order.is_cancelled |= may;
            may
        });
        Ok(json(
            StatusCode::OK,
            &if is_done {
                Said {
                    status: "200",
                    message: "Order successfully cancelled.",
                }
            } else {
                Said {
                    status: "500",
                    message: "Order cannot be cancelled",
                }
            },
        ))
    });
    shared.answer(asked.map_err(Refused::from)).await
}
