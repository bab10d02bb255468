//! The page on which an order is paid, as a browser gets it: plain forms that work without a script.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Form, Query, State as Extract};
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::get;
use serde::Deserialize;
use url::Url;

use super::Shared;
use super::state::{By, Code, Order};
use crate::sim::escaped;

const PATH: &str = "/pesapaliframe/PesapalIframe3/Index";
const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:26rem;margin:0 auto;padding:1rem;color-scheme:light dark}\
h1{font-size:1.25rem}.sum{font-size:2rem;font-weight:700;margin:.5rem 0}form{margin:.6rem 0}\
button{font:inherit;width:100%;padding:.8rem;border-radius:.6rem;border:1px solid #8888;cursor:pointer}\
.go{background:#0b5fa5;color:#fff;border-color:#0b5fa5}.note{border:1px solid #8888;border-radius:.6rem;padding:.8rem}small{opacity:.75}";

type Sim = Extract<Arc<Shared>>;

pub(super) fn routes() -> Router<Arc<Shared>> {
    Router::new().route(PATH, get(shown).post(pressed))
}

#[derive(Deserialize)]
struct Which {
    #[serde(rename = "OrderTrackingId")]
    tracking: String,
}

/// What a button does.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Act {
    Mpesa,
    Card,
    Fail,
    Abandon,
}

#[derive(Deserialize)]
struct Pressed {
    act: Act,
    /// Ticked with a card that may be charged again by itself.
    again: Option<String>,
}

async fn shown(Extract(shared): Sim, Query(which): Query<Which>) -> Response {
    match shared.read(|state| state.order(&which.tracking).cloned()) {
        Some(order) => page(StatusCode::OK, &order, ""),
        None => nothing(),
    }
}

async fn pressed(
    Extract(shared): Sim,
    Query(which): Query<Which>,
    Form(pressed): Form<Pressed>,
) -> Response {
    let Some(order) = shared.read(|state| state.order(&which.tracking).cloned()) else {
        return nothing();
    };
    let (code, by) = match pressed.act {
        Act::Mpesa => (Code::Completed, By::Mpesa),
        Act::Card if pressed.again.is_some() => (Code::Completed, By::CardAgain),
        Act::Card => (Code::Completed, By::Card),
        Act::Fail => (Code::Failed, By::default()),
        Act::Abandon => {
            let to = if order.cancellation.is_empty() {
                &order.callback
            } else {
                &order.cancellation
            };
            return back(to, &order);
        }
    };
    match shared.end(&order.tracking, code, by) {
        Ok(told) => {
            let waits = shared.read(|state| state.knobs.notice_before_return);
            if let Some(told) = told
                && waits
            {
                // It ends with its answer or its failure, whichever.
                drop(told.await);
            }
            match shared.read(|state| state.order(&order.tracking).cloned()) {
                // A payment that failed can be tried again on the same page.
                Some(order) if order.code == Code::Failed => page(
                    StatusCode::OK,
                    &order,
                    "The payment failed. You can try again.",
                ),
                _ => back(&order.callback, &order),
            }
        }
        Err(error) => page(StatusCode::CONFLICT, &order, &error.to_string()),
    }
}

/// Sends the browser to where the merchant wants it.
fn back(to: &str, order: &Order) -> Response {
    let Ok(mut url) = Url::parse(to) else {
        return nothing();
    };
    url.query_pairs_mut()
        .append_pair("OrderTrackingId", &order.tracking)
        .append_pair("OrderMerchantReference", &order.reference)
        .append_pair("OrderNotificationType", "CALLBACKURL");
    Redirect::to(url.as_str()).into_response()
}

fn nothing() -> Response {
    let page = document("<h1>There is no such order</h1>");
    (StatusCode::NOT_FOUND, page).into_response()
}

fn page(status: StatusCode, order: &Order, note: &str) -> Response {
    let note = if note.is_empty() {
        String::new()
    } else {
        format!("<p class=\"note\" role=\"status\">{}</p>", escaped(note))
    };
    let open = !order.is_cancelled && matches!(order.code, Code::Invalid | Code::Failed);
    let button = |act: &str, class: &str, words: &str, more: &str| {
        format!(
            "<form method=\"post\">{more}<button class=\"{class}\" name=\"act\" value=\"{act}\">{words}</button></form>"
        )
    };
    let buttons = if open {
        // Asked of whoever pays even where the merchant asked for it, and of cards only.
        let again = if order.account.is_some() {
            "<label><input type=\"checkbox\" name=\"again\" value=\"yes\"> Let this card be charged again by itself</label>"
        } else {
            ""
        };
        [
            button("mpesa", "go", "Pay by M-PESA", ""),
            button("card", "go", "Pay by card", again),
            button("fail", "", "Let the payment fail", ""),
            button("abandon", "", "Go back without paying", ""),
        ]
        .concat()
    } else {
        let word = if order.is_cancelled {
            "cancelled"
        } else {
            order.code.word()
        };
        format!("<p class=\"note\">This order is {word}.</p>")
    };
    let body = format!(
        "<h1>{}</h1><p class=\"sum\">{} {}.{:02}</p>{note}{buttons}<p><small>A simulated Pesapal: no money moves. {}</small></p>",
        escaped(&order.description),
        escaped(&order.currency),
        order.cents / 100,
        order.cents % 100,
        escaped(&order.reference),
    );
    let headers = [(header::CACHE_CONTROL, "no-store")];
    (status, headers, document(&body)).into_response()
}

fn document(body: &str) -> Html<String> {
    Html(format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
         <title>Pay</title><style>{STYLE}</style></head><body><main>{body}</main></body></html>"
    ))
}
