//! The customer's phone as a page: the live prompts with what a person can do to them, and what became of the last ones. Plain
//! forms, no script, legible on a small screen.

use std::{fmt::Write, sync::Arc};

use axum::{
    Form, Router,
    extract::{Path, State as Extract},
    http::{HeaderValue, StatusCode, header},
    response::{Html, IntoResponse, Redirect, Response},
    routing::{get, post},
};
use serde::Deserialize;

use super::{
    Shared, ids, prompt,
    results::Code,
    script::Answer,
    state::{Payment, Stage, State},
};

const LISTED: usize = 20;

const STYLE: &str = "\
:root{color-scheme:light dark;--ink:#1c2321;--soft:#5d6965;--paper:#f4f5f2;--card:#fff;--line:#d9dedb;--go:#15693f;--fill:#15693f;--stop:#8f2d2d}\
@media(prefers-color-scheme:dark){:root{--ink:#e9edea;--soft:#9faba6;--paper:#151918;--card:#1f2523;--line:#36403c;--go:#5bbd89;--fill:#1c7247;--stop:#e08a8a}}\
*{box-sizing:border-box}body{margin:0;background:var(--paper);color:var(--ink);font:17px/1.5 system-ui,sans-serif}\
main{max-width:26rem;margin:0 auto;padding:1.25rem 1rem 3rem}h1{font-size:1.15rem;margin:0 0 1rem}\
.card{background:var(--card);border:1px solid var(--line);border-radius:14px;padding:1rem;margin:0 0 1rem}\
.card p{margin:.15rem 0}.amount{font-size:1.9rem;font-weight:650;line-height:1.25}.soft{color:var(--soft);font-size:.92rem}\
form{display:grid;grid-template-columns:1fr 1fr;gap:.6rem;margin-top:.9rem}\
button{font:inherit;min-height:48px;border-radius:10px;border:1px solid var(--line);background:transparent;color:inherit;padding:.4rem .5rem}\
button:focus-visible{outline:3px solid var(--go);outline-offset:2px}\
.go{grid-column:1/-1;background:var(--fill);border-color:var(--fill);color:#fff;font-weight:600}\
ul{list-style:none;margin:0;padding:0}li{border-top:1px solid var(--line);padding:.6rem 0}a{color:inherit}.ok{color:var(--go)}.no{color:var(--stop)}";

pub(super) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/", get(|| async { Redirect::to("/phone") }))
        .route("/phone", get(all))
        .route("/phone/{msisdn}", get(one))
        .route("/phone/{msisdn}/answer", post(answer))
}

async fn all(Extract(shared): Extract<Arc<Shared>>) -> Response {
    shown(shared.read(|state| page(state, None)))
}

async fn one(Extract(shared): Extract<Arc<Shared>>, Path(msisdn): Path<String>) -> Response {
    shown(shared.read(|state| page(state, Some(&msisdn))))
}

/// What a button sends.
#[derive(Debug, Deserialize)]
struct Pressed {
    answer: Answer,
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
    match shared.answer_phone(&msisdn, &pressed.answer) {
        Ok(()) => Redirect::to(&back).into_response(),
        Err(gone) => {
            let body = format!(
                "<main><h1>The prompt is gone</h1><p>{gone}. It may have timed out.</p>\
                 <p><a href=\"{}\">Back to the phone</a></p></main>",
                escaped(&back)
            );
            (
                StatusCode::CONFLICT,
                shown(document("The prompt is gone", 0, &body)),
            )
                .into_response()
        }
    }
}

fn shown(html: String) -> Response {
    let mut response = Html(html).into_response();
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn page(state: &State, only: Option<&str>) -> String {
    let wanted = |payment: &&Payment| only.is_none_or(|msisdn| payment.msisdn == msisdn);
    let live: Vec<_> = state
        .prompts
        .values()
        .filter_map(|number| state.payments.get(number))
        .filter(wanted)
        .take(LISTED)
        .collect();
    let ended = state
        .payments
        .values()
        .rev()
        .filter(wanted)
        .filter(|payment| !payment.is_live())
        .take(LISTED);
    let title = only.map_or_else(|| "Phones".to_owned(), |msisdn| format!("Phone {msisdn}"));
    let mut body = format!("<main><h1>{}</h1>", escaped(&title));
    if live.is_empty() {
        body.push_str(
            "<div class=\"card\"><p>No M-PESA prompt right now.</p>\
             <p class=\"soft\">This page looks again by itself.</p></div>",
        );
    }
    for payment in &live {
        card(&mut body, payment, only.is_some());
    }
    let mut rows = String::new();
    for payment in ended {
        row(&mut rows, payment);
    }
    if !rows.is_empty() {
        let _ = write!(body, "<h1>Before</h1><ul>{rows}</ul>");
    }
    body.push_str("</main>");
    // A prompt on screen is left longer, so that a button does not move under the finger.
    document(&title, if live.is_empty() { 2 } else { 10 }, &body)
}

fn card(out: &mut String, payment: &Payment, alone: bool) {
    let Stage::Live { until } = payment.stage else {
        return;
    };
    let time = ids::pull_date(until);
    let words = prompt::words(&payment.business, payment.amount, &payment.reference);
    let _ = write!(
        out,
        "<section class=\"card\"><p class=\"soft\">{msisdn} &middot; until {time}</p>\
         <p class=\"amount\">Ksh {amount}</p><p><strong>{business}</strong></p>\
         <p>Account {reference}</p><p class=\"soft\">{words}</p>\
         <form method=\"post\" action=\"/phone/{msisdn}/answer\">\
         <input type=\"hidden\" name=\"alone\" value=\"{alone}\">\
         <button class=\"go\" name=\"answer\" value=\"accept\">Enter PIN and pay</button>\
         <button name=\"answer\" value=\"wrong-pin\">Wrong PIN</button>\
         <button name=\"answer\" value=\"cancel\">Cancel</button>\
         <button name=\"answer\" value=\"no-answer\">No answer</button>\
         <button name=\"answer\" value=\"no-money\">No money</button>\
         </form></section>",
        msisdn = escaped(&payment.msisdn),
        amount = payment.amount,
        business = escaped(&payment.business),
        reference = escaped(&payment.reference),
        words = escaped(&words).replace('\n', "<br>"),
        time = escaped(time.get(11..).unwrap_or_default()),
    );
}

fn row(out: &mut String, payment: &Payment) {
    let Some(ended) = payment.ended() else { return };
    let paid = ended.code == Code::PAID;
    let (class, words) = match &ended.receipt {
        Some(receipt) => ("ok", format!("{receipt} confirmed")),
        None => ("no", ended.description.clone()),
    };
    let _ = write!(
        out,
        "<li>{sign} Ksh {amount} to {business}, account {reference}<br><span class=\"{class}\">{words}</span> \
         <span class=\"soft\">{msisdn}</span></li>",
        sign = if paid { "Paid" } else { "Not paid" },
        amount = payment.amount,
        business = escaped(&payment.business),
        reference = escaped(&payment.reference),
        words = escaped(&words),
        msisdn = escaped(&payment.msisdn),
    );
}

fn document(title: &str, refresh: u8, body: &str) -> String {
    let again = if refresh > 0 {
        format!("<meta http-equiv=\"refresh\" content=\"{refresh}\">")
    } else {
        String::new()
    };
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">{again}\
         <title>{}</title><style>{STYLE}</style></head><body>{body}</body></html>",
        escaped(title)
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}
