//! The one call that sends, at both of its addresses, and the control API beside it. The control API trusts whoever reaches it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::State as Extract;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::script::{Fate, Fault};
use super::{MOST_TEXTS, Shared, Text, page, parts, tell};

type Sim = Extract<Arc<Shared>>;

/// Serves until the simulator stops.
pub(super) async fn serve(shared: Arc<Shared>, listener: TcpListener) {
    let stop = shared.stop.clone();
    crate::sim::serve(listener, routes(shared), stop, "SMS").await;
}

fn routes(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/version1/messaging", post(messaging))
        .route("/version1/messaging/bulk", post(bulk))
        .route("/", get(inbox))
        .route("/messages", get(messages).delete(clear))
        .route("/faults", get(faults).post(script))
        .route("/balance", post(balance))
        .route("/opt-out", post(stop_one))
        .with_state(shared)
}

/// The status names of the documented codes.
fn status(code: u16) -> &'static str {
    match code {
        100..=102 => "Success",
        401 => "RiskHold",
        402 => "InvalidSenderId",
        403 => "InvalidPhoneNumber",
        404 => "UnsupportedNumberType",
        405 => "InsufficientBalance",
        406 => "UserInBlacklist",
        407 => "CouldNotRoute",
        409 => "DoNotDisturbRejection",
        501 => "GatewayError",
        502 => "RejectedByGateway",
        _ => "InternalServerError",
    }
}

/// What is asked for: as a form, or at the newer address as JSON.
struct Ask {
    username: String,
    /// What the field is called that names the phones.
    named: &'static str,
    to: Vec<String>,
    message: String,
    from: String,
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers
        .get(name)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
}

async fn messaging(Extract(shared): Sim, headers: HeaderMap, body: Bytes) -> Response {
    if !header(&headers, "content-type").starts_with("application/x-www-form-urlencoded") {
        return (StatusCode::UNSUPPORTED_MEDIA_TYPE, "a form is needed").into_response();
    }
    let form: BTreeMap<String, String> = url::form_urlencoded::parse(&body).into_owned().collect();
    let field = |name: &str| form.get(name).cloned().unwrap_or_default();
    let to = field("to");
    let ask = Ask {
        username: field("username"),
        named: "to",
        to: match to.as_str() {
            "" => Vec::new(),
            to => to.split(',').map(str::to_owned).collect(),
        },
        message: field("message"),
        from: field("from"),
    };
    handed_in(&shared, &headers, &ask)
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Bulk {
    username: String,
    phone_numbers: Vec<String>,
    message: String,
    sender_id: Option<String>,
}

async fn bulk(Extract(shared): Sim, headers: HeaderMap, body: Bytes) -> Response {
    if !header(&headers, "content-type").starts_with("application/json") {
        return (StatusCode::UNSUPPORTED_MEDIA_TYPE, "JSON is needed").into_response();
    }
    let Ok(bulk) = serde_json::from_slice::<Bulk>(&body) else {
        return (StatusCode::BAD_REQUEST, "that is no JSON of this call").into_response();
    };
    let ask = Ask {
        username: bulk.username,
        named: "phoneNumbers",
        to: bulk.phone_numbers,
        message: bulk.message,
        from: bulk.sender_id.unwrap_or_default(),
    };
    handed_in(&shared, &headers, &ask)
}

fn handed_in(shared: &Arc<Shared>, headers: &HeaderMap, ask: &Ask) -> Response {
    if header(headers, "apikey") != shared.config.key || ask.username != shared.config.username {
        return (
            StatusCode::UNAUTHORIZED,
            "The supplied authentication is invalid",
        )
            .into_response();
    }
    for (name, is_missing) in [
        (ask.named, ask.to.is_empty()),
        ("message", ask.message.is_empty()),
    ] {
        if is_missing {
            let said = format!("Request is missing required form field '{name}'");
            return (StatusCode::BAD_REQUEST, said).into_response();
        }
    }
    let accept = header(headers, "accept");
    let senders = &shared.config.senders;
    if !(ask.from.is_empty() || senders.is_empty() || senders.contains(&ask.from)) {
        return told(
            json!({"Message": "InvalidSenderId", "Recipients": []}),
            accept,
        );
    }
    let mut all = Vec::new();
    let (mut cost, mut taken, mut is_lost) = (0, 0, false);
    for to in &ask.to {
        let fate = shared.state().fault(to);
        if let Some(Fate::Http { status, body }) = fate {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
            return (status, body).into_response();
        }
        is_lost |= fate == Some(Fate::LoseAnswer);
        let (recipient, charged) = one(shared, to, &ask.from, &ask.message, fate);
        cost += charged;
        taken += u64::from(charged > 0);
        all.push(recipient);
    }
    shared.tell();
    if is_lost {
        let broken = futures_util::stream::once(async {
            Err::<Bytes, _>(std::io::Error::other("the answer is lost"))
        });
        return (StatusCode::CREATED, Body::from_stream(broken)).into_response();
    }
    let cost = match taken {
        0 => "0".to_owned(),
        _ => format!("KES {}", shillings(cost)),
    };
    let message = format!("Sent to {taken}/{} Total Cost: {cost}", all.len());
    told(json!({"Message": message, "Recipients": all}), accept)
}

/// What one phone's part of the answer is, and what it is charged.
fn one(
    shared: &Arc<Shared>,
    to: &str,
    from: &str,
    message: &str,
    fate: Option<Fate>,
) -> (Value, u64) {
    let digits = to.strip_prefix('+').unwrap_or_default();
    let is_number = (10..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    let parts = parts::of(message);
    let price = parts * shared.config.price;
    let mut state = shared.state();
    let code = match &fate {
        Some(Fate::Code { code }) => *code,
        _ if !is_number => 403,
        _ if state.black.contains(to) => 406,
        _ if state.balance < price => 405,
        _ => 101,
    };
    if code >= 400 {
        let refused = json!({"statusCode": code, "number": to, "status": status(code), "cost": "0", "messageId": "None"});
        return (refused, 0);
    }
    state.balance -= price;
    state.count += 1;
    let number = state.count;
    let id = format!("ATXid_{number:032x}");
    state.texts.push(Text {
        number,
        id: id.clone(),
        to: to.to_owned(),
        from: if from.is_empty() { "AFRICASTKNG" } else { from }.to_owned(),
        message: message.to_owned(),
        parts,
        status: "Taken".to_owned(),
    });
    if state.texts.len() > MOST_TEXTS {
        state.texts.remove(0);
    }
    drop(state);
    tell::of_text(shared, id.clone(), to.to_owned(), fate);
    let cost = format!("KES {}", shillings(price));
    let recipient = json!({"statusCode": code, "number": to, "status": status(code), "cost": cost, "messageId": id, "messageParts": parts});
    (recipient, price)
}

/// Hundredths as the answers have them, with four places.
fn shillings(cents: u64) -> String {
    format!("{}.{:02}00", cents / 100, cents % 100)
}

/// The answer in what was asked for; without a word for JSON it is XML.
fn told(data: Value, accept: &str) -> Response {
    if accept.contains("application/json") {
        return (StatusCode::CREATED, Json(json!({"SMSMessageData": data}))).into_response();
    }
    let kind = [(CONTENT_TYPE, "application/xml")];
    (StatusCode::CREATED, kind, xml(&data)).into_response()
}

fn xml(data: &Value) -> String {
    let of = |value: &Value| match value {
        Value::String(text) => crate::sim::escaped(text),
        other => other.to_string(),
    };
    let mut xml = format!(
        "<AfricasTalkingResponse><SMSMessageData><Message>{}</Message><Recipients>",
        of(&data["Message"])
    );
    for one in data["Recipients"].as_array().into_iter().flatten() {
        xml.push_str("<Recipient>");
        for name in ["number", "cost", "status", "statusCode", "messageId"] {
            let _ = write!(xml, "<{name}>{}</{name}>", of(&one[name]));
        }
        xml.push_str("</Recipient>");
    }
    xml.push_str("</Recipients></SMSMessageData></AfricasTalkingResponse>");
    xml
}

async fn inbox(Extract(shared): Sim) -> Response {
    let state = shared.state();
    page::inbox(&state.texts, state.balance).into_response()
}

async fn messages(Extract(shared): Sim) -> Json<Vec<Text>> {
    Json(shared.state().texts.clone())
}

async fn clear(Extract(shared): Sim) -> StatusCode {
    shared.state().texts.clear();
    shared.tell();
    StatusCode::NO_CONTENT
}

async fn faults(Extract(shared): Sim) -> Json<Vec<Fault>> {
    Json(shared.state().faults.clone())
}

async fn script(Extract(shared): Sim, Json(fault): Json<Fault>) -> StatusCode {
    shared.state().faults.push(fault);
    StatusCode::NO_CONTENT
}

#[derive(Deserialize)]
struct Balance {
    cents: u64,
}

async fn balance(Extract(shared): Sim, Json(balance): Json<Balance>) -> StatusCode {
    shared.state().balance = balance.cents;
    StatusCode::NO_CONTENT
}

#[derive(Deserialize)]
struct Phone {
    phone: String,
}

async fn stop_one(Extract(shared): Sim, Json(phone): Json<Phone>) -> StatusCode {
    opt_out(&shared, &phone.phone);
    StatusCode::NO_CONTENT
}

/// Puts a phone on the black list and tells of it.
pub(super) fn opt_out(shared: &Arc<Shared>, phone: &str) {
    let sender = {
        let mut state = shared.state();
        state.black.insert(phone.to_owned());
        let texts = state.texts.iter().rev();
        let last = texts.filter(|text| text.to == phone).map(|text| &text.from);
        // It is the sender who wrote last that is told of it.
        let senders = shared.config.senders.iter();
        last.chain(senders).next().cloned().unwrap_or_default()
    };
    tell::of_opt_out(shared, phone.to_owned(), sender);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_asks_for_no_json_hears_of_each_phone_in_xml() {
        let data = json!({"Message": "Sent to 1/1 Total Cost: KES 0.8000", "Recipients": [
            {"statusCode": 101, "number": "+254711000111", "status": "Success", "cost": "KES 0.8000", "messageId": "ATXid_1"}]});
        assert_eq!(
            xml(&data),
            "<AfricasTalkingResponse><SMSMessageData><Message>Sent to 1/1 Total Cost: KES 0.8000</Message><Recipients><Recipient>\
             <number>+254711000111</number><cost>KES 0.8000</cost><status>Success</status><statusCode>101</statusCode>\
             <messageId>ATXid_1</messageId></Recipient></Recipients></SMSMessageData></AfricasTalkingResponse>"
        );
    }
}
