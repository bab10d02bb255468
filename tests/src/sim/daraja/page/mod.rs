//! The customer's phone as a page: the live prompts with what a person can do to them, and what became of the last ones.
//!
//! Plain forms that work without script; a few lines of it load the page again the moment something changes.

use std::{fmt::Write, sync::Arc, time::Duration};

use axum::{
    Form, Router,
    extract::{Path, Query, State as Extract},
    http::{HeaderValue, StatusCode, header},
    response::{Html, IntoResponse, Redirect, Response},
    routing::{get, post},
};
use jiff::Timestamp;
use serde::Deserialize;

use super::{
    Shared, ids, prompt,
    results::Code,
    script::Answer,
    state::{Payment, Stage, State},
};
use crate::sim::escaped;

mod menu;

const LISTED: usize = 20;
/// How long one question for changes is kept open.
const HELD_OPEN: Duration = Duration::from_secs(25);
const STYLE: &str = include_str!("style.css");
const WAIT: &str = include_str!("wait.js");

pub(super) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/", get(|| async { Redirect::to("/phone") }))
        .route("/phone", get(all))
        .route("/phone/changes", get(changes))
        .route("/phone/{msisdn}", get(one))
        .route("/phone/{msisdn}/answer", post(answer))
        .route("/menu", get(menu::anybody).post(menu::pay))
        .route("/menu/{msisdn}", get(menu::one))
}

async fn all(Extract(shared): Extract<Arc<Shared>>) -> Response {
    let now = shared.clock.now();
    shown(shared.read(|state| page(state, None, now)))
}

async fn one(Extract(shared): Extract<Arc<Shared>>, Path(msisdn): Path<String>) -> Response {
    let now = shared.clock.now();
    shown(shared.read(|state| page(state, Some(&msisdn), now)))
}

/// What a page waits for: to look different than it did.
#[derive(Debug, Deserialize)]
struct Waiting {
    seen: String,
    msisdn: Option<String>,
}

/// Answers 205 once the page would look different, and 204 when it has not for a while.
async fn changes(
    Extract(shared): Extract<Arc<Shared>>,
    Query(waiting): Query<Waiting>,
) -> StatusCode {
    let different = async {
        let mut changed = shared.changed.subscribe();
        loop {
            changed.borrow_and_update();
            let looks = shared.read(|state| Look::of(state, waiting.msisdn.as_deref()).mark());
            if looks != waiting.seen || changed.changed().await.is_err() {
                return;
            }
        }
    };
    tokio::select! {
        () = different => StatusCode::RESET_CONTENT,
        () = tokio::time::sleep(HELD_OPEN) => StatusCode::NO_CONTENT,
        () = shared.stop.cancelled() => StatusCode::SERVICE_UNAVAILABLE,
    }
}

/// What a button sends.
#[derive(Debug, Deserialize)]
struct Pressed {
    answer: Answer,
    /// Which prompt was on the page: another may have taken its place.
    checkout: String,
    /// Where the page was, so that it comes back there.
    #[serde(default)]
    alone: bool,
}

async fn answer(
    Extract(shared): Extract<Arc<Shared>>,
    Path(msisdn): Path<String>,
    Form(pressed): Form<Pressed>,
) -> Response {
    let back = if pressed.alone {
        format!("/phone/{msisdn}")
    } else {
        "/phone".into()
    };
    let now = shared.clock.now();
    let answered = shared.change(|state| {
        let number = state
            .live_prompt(&msisdn)
            .filter(|payment| payment.checkout_request_id == pressed.checkout)
            .map(|payment| payment.number)
            .ok_or(prompt::NoPrompt)?;
        prompt::answer(state, number, &pressed.answer, now)
    });
    if answered.is_ok() {
        return Redirect::to(&back).into_response();
    }
    let body = format!(
        "<main><div class=\"quiet\"><b>The prompt is gone</b><p>It may have timed out, or another has taken its place.</p>\
         <p><a href=\"{}\" autofocus>Back to the phone</a></p></div></main>",
        escaped(&back)
    );
    let gone = document("The prompt is gone", "", &phone(now, &body), "");
    (StatusCode::CONFLICT, shown(gone)).into_response()
}

fn shown(html: String) -> Response {
    let mut response = Html(html).into_response();
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// What a page shows, of one phone or of all.
struct Look<'a> {
    live: Vec<&'a Payment>,
    ended: Vec<&'a Payment>,
}

impl<'a> Look<'a> {
    fn of(state: &'a State, only: Option<&str>) -> Self {
        let wanted = |payment: &&Payment| only.is_none_or(|msisdn| payment.msisdn == msisdn);
        let live = state
            .prompts
            .values()
            .filter_map(|number| state.payments.get(number));
        let ended = state
            .payments
            .values()
            .rev()
            .filter(|payment| !payment.is_live());
        Self {
            live: live.filter(wanted).take(LISTED).collect(),
            ended: ended.filter(wanted).take(LISTED).collect(),
        }
    }

    /// Tells two looks apart.
    fn mark(&self) -> String {
        let mut mark = String::new();
        for payment in &self.live {
            let _ = write!(mark, "{}!", payment.number);
        }
        for payment in &self.ended {
            // A failed payment may still succeed and then has a receipt.
            let paid = payment.ended().is_some_and(|ended| ended.receipt.is_some());
            let _ = write!(mark, "{}{}", payment.number, if paid { '+' } else { '-' });
        }
        mark
    }
}

fn page(state: &State, only: Option<&str>, now: Timestamp) -> String {
    let look = Look::of(state, only);
    let title = only.map_or_else(|| "All phones".to_owned(), |msisdn| format!("+{msisdn}"));
    let mut body = String::from("<main>");
    if only.is_none() {
        body.push_str("<h1>All phones<small>Every prompt of every customer is here.</small></h1>");
    } else {
        let _ = write!(
            body,
            "<h1>{}<small>The customer's phone</small></h1>",
            escaped(&title)
        );
    }
    for payment in &look.live {
        card(&mut body, payment, only.is_some(), now);
    }
    if look.live.is_empty() {
        body.push_str(
            "<div class=\"quiet\"><svg viewBox=\"0 0 24 24\" aria-hidden=\"true\">\
             <rect x=\"6.5\" y=\"2.5\" width=\"11\" height=\"19\" rx=\"2.5\"/><path d=\"M10.5 18.5h3\"/></svg>\
             <b>No M-PESA prompt right now</b><p>It shows here the moment one arrives.</p></div>",
        );
    }
    if !look.ended.is_empty() {
        body.push_str("<h2>Messages</h2><ul>");
        for payment in &look.ended {
            message(&mut body, payment, only.is_none());
        }
        body.push_str("</ul>");
    }
    body.push_str("</main>");
    let mut changes = format!("/phone/changes?seen={}", look.mark().replace('+', "%2B"));
    if let Some(msisdn) = only {
        let encoded: String = url::form_urlencoded::byte_serialize(msisdn.as_bytes()).collect();
        let _ = write!(changes, "&msisdn={encoded}");
    }
    // Without script a prompt on screen is left longer, so that no button moves under the finger.
    let again = if look.live.is_empty() { 2 } else { 10 };
    let head = format!("<noscript><meta http-equiv=\"refresh\" content=\"{again}\"></noscript>");
    document(&title, &head, &phone(now, &body), &changes)
}

fn card(out: &mut String, payment: &Payment, alone: bool, now: Timestamp) {
    let Stage::Live { until } = payment.stage else {
        return;
    };
    let all = until.duration_since(payment.at).as_millis().max(1);
    let left = until.duration_since(now).as_millis().clamp(0, all);
    let words = prompt::words(&payment.business, payment.amount, &payment.reference);
    let paybill = payment.transaction_type == "CustomerPayBillOnline";
    let _ = write!(
        out,
        "<section class=\"prompt\" role=\"alertdialog\" aria-labelledby=\"t{number}\" aria-describedby=\"w{number}\">\
         <header><span class=\"sign\" aria-hidden=\"true\">M</span><div><b id=\"t{number}\">M-PESA</b>{msisdn}</div></header>\
         <p class=\"amount\"><small>Ksh</small>{amount}</p>\
         <dl><dt>To</dt><dd>{business}</dd><dt>{kind}</dt><dd>{party}</dd><dt>Account</dt><dd>{reference}</dd></dl>\
         <p class=\"words\" id=\"w{number}\">{words}</p>\
         <div class=\"pin\" aria-hidden=\"true\"><i></i><i></i><i></i><i></i></div>\
         <form method=\"post\" action=\"/phone/{msisdn}/answer\">\
         <input type=\"hidden\" name=\"checkout\" value=\"{checkout}\">\
         <input type=\"hidden\" name=\"alone\" value=\"{alone}\">\
         <button class=\"go\" name=\"answer\" value=\"accept\" autofocus>Enter PIN and pay</button>\
         <button class=\"cancel\" name=\"answer\" value=\"cancel\">Cancel</button>\
         <button name=\"answer\" value=\"wrong-pin\">Wrong PIN</button>\
         <button name=\"answer\" value=\"no-money\">No money</button>\
         <button name=\"answer\" value=\"no-answer\">No answer</button>\
         </form>\
         <div class=\"time\"><i style=\"animation-duration:{all}ms;animation-delay:-{gone}ms\"></i></div>\
         <p class=\"left\">gone at {end}</p></section>",
        number = payment.number,
        msisdn = escaped(&payment.msisdn),
        amount = grouped(payment.amount),
        business = escaped(&payment.business),
        kind = if paybill { "Pay bill" } else { "Till" },
        party = escaped(&payment.party_b),
        reference = escaped(&payment.reference),
        words = escaped(&words).replace('\n', "<br>"),
        checkout = escaped(&payment.checkout_request_id),
        gone = all - left,
        end = ids::time_of_day_to_the_second(until),
    );
}

fn message(out: &mut String, payment: &Payment, named: bool) {
    let Some(ended) = payment.ended() else { return };
    let when = ids::sms_date(ended.at);
    let (amount, business) = (grouped(payment.amount), escaped(&payment.business));
    let reference = escaped(&payment.reference);
    let words = match &ended.receipt {
        Some(receipt) => format!(
            "<b class=\"ok\">{} Confirmed.</b> Ksh{amount}.00 sent to {business} for account {reference} on {when}.",
            escaped(receipt)
        ),
        None => format!(
            "<b class=\"no\">Not paid.</b> Ksh{amount}.00 to {business} for account {reference}: {}",
            escaped(&ended.description)
        ),
    };
    let code = match &ended.code {
        Code::Number(number) => number.to_string(),
        Code::Text(code) => escaped(code),
    };
    let mut small = format!("result {code} at {when}");
    if named {
        small = format!("+{}, {small}", escaped(&payment.msisdn));
    }
    let _ = write!(out, "<li>{words}<small>{small}</small></li>");
}

fn phone(now: Timestamp, body: &str) -> String {
    format!(
        "<div class=\"desk\"><div class=\"phone\"><div class=\"bar\" aria-hidden=\"true\"><span>{}</span>\
         <span>Simulated <svg viewBox=\"0 0 18 12\"><rect y=\"8\" width=\"3\" height=\"4\" rx=\"1\"/>\
         <rect x=\"5\" y=\"5\" width=\"3\" height=\"7\" rx=\"1\"/><rect x=\"10\" y=\"2\" width=\"3\" height=\"10\" rx=\"1\"/>\
         <rect x=\"15\" width=\"3\" height=\"12\" rx=\"1\"/></svg></span></div>{body}</div>\
         <aside class=\"aside\"><h2>You are the customer</h2>\
         <p>A push makes a prompt appear here. What you press is what the customer does; the callback follows at once.</p>\
         <p><kbd>Tab</kbd> goes through the answers, <kbd>Enter</kbd> gives one. A prompt nobody answers is gone after its minute.</p>\
         <p><a href=\"/menu\">Pay by hand</a> from the phone's own menu, to a paybill or a till.</p>\
         <p>No money moves: this M-PESA is simulated.</p></aside></div>",
        ids::time_of_day(now)
    )
}

fn document(title: &str, head: &str, body: &str, changes: &str) -> String {
    let script = if changes.is_empty() {
        String::new()
    } else {
        format!("<script>{WAIT}</script>")
    };
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">{head}\
         <link rel=\"icon\" href=\"data:,\">\
         <title>{}</title><style>{STYLE}</style></head><body data-changes=\"{}\">{body}{script}</body></html>",
        escaped(title),
        escaped(changes)
    )
}

/// Writes `1,500`.
fn grouped(amount: i64) -> String {
    let digits = amount.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_grouped_by_thousands() {
        assert_eq!(grouped(5), "5");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(1_500), "1,500");
        assert_eq!(grouped(250_000), "250,000");
    }

    #[test]
    fn nothing_a_merchant_sends_becomes_markup() {
        assert_eq!(
            escaped("<b onclick='x'>\"&"),
            "&lt;b onclick=&#39;x&#39;&gt;&quot;&amp;"
        );
    }
}
