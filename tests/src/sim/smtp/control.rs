//! The inbox for a browser, and the control API beside it. It trusts whoever reaches it.

use std::fmt::Write;
use std::sync::Arc;

use axum::extract::{Path, State as Extract};
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use tokio::net::TcpListener;

use super::Shared;
use super::letter::Letter;
use super::script::Fault;
use crate::sim::escaped;

const LISTED: usize = 100;
const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:720px;margin:0 auto;padding:16px;color-scheme:light dark}\
a{color:inherit}ul{list-style:none;padding:0}li{border-top:1px solid #8886;padding:10px 0}small{opacity:.75}\
pre{white-space:pre-wrap;overflow-wrap:anywhere;font:inherit;border:1px solid #8886;border-radius:8px;padding:16px}\
iframe{width:100%;height:520px;border:1px solid #8886;border-radius:8px;background:#fff}";

type Sim = Extract<Arc<Shared>>;

/// Serves until the server stops.
pub(super) async fn serve(shared: Arc<Shared>, listener: TcpListener) {
    let stop = shared.stop.clone();
    crate::sim::serve(listener, routes(shared), stop, "inbox").await;
}

fn routes(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/", get(inbox))
        .route("/mail/{number}", get(one))
        .route("/mail/{number}/raw", get(raw))
        .route("/letters", get(letters).delete(clear))
        .route("/faults", get(faults).post(script))
        .with_state(shared)
}

async fn letters(Extract(shared): Sim) -> Json<Vec<Letter>> {
    Json(shared.state().letters.clone())
}

async fn clear(Extract(shared): Sim) -> StatusCode {
    shared.state().letters.clear();
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

async fn inbox(Extract(shared): Sim) -> Html<String> {
    let mut body = String::from(
        "<h1>Inbox</h1><p>Everything that was mailed, to whomever; the newest first.</p>",
    );
    let letters = shared.state().letters.clone();
    if letters.is_empty() {
        body.push_str("<p>Nothing yet. This page looks again by itself.</p>");
    }
    body.push_str("<ul>");
    for letter in letters.iter().rev().take(LISTED) {
        let _ = write!(
            body,
            "<li><a href=\"/mail/{}\"><strong>{}</strong></a><br><small>{} · {}</small></li>",
            letter.number,
            escaped(&letter.subject),
            escaped(&letter.to.join(", ")),
            escaped(&letter.date),
        );
    }
    body.push_str("</ul>");
    Html(document(
        "Inbox",
        "<meta http-equiv=\"refresh\" content=\"3\">",
        &body,
    ))
}

async fn one(Extract(shared): Sim, Path(number): Path<u64>) -> Response {
    let Some(letter) = found(&shared, number) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let mut text = String::new();
    for word in letter.text.split_inclusive(char::is_whitespace) {
        let bare = word.trim_end();
        if bare.starts_with("http://") || bare.starts_with("https://") {
            let link = escaped(bare);
            let _ = write!(
                text,
                "<a href=\"{link}\" rel=\"noreferrer\">{link}</a>{}",
                &word[bare.len()..]
            );
        } else {
            text.push_str(&escaped(word));
        }
    }
    let body = format!(
        "<p><a href=\"/\">Inbox</a></p><h1>{}</h1><p>To {}<br>{}<br><small>{}</small></p><h2>As text</h2><pre>{text}</pre>\
         <h2>With looks</h2><iframe title=\"The letter with its looks\" sandbox=\"allow-popups allow-top-navigation-by-user-activation\" srcdoc=\"{}\"></iframe>\
         <p><a href=\"/mail/{}/raw\">As it came</a></p>",
        escaped(&letter.subject),
        escaped(&letter.to.join(", ")),
        escaped(&letter.date),
        escaped(&letter.message_id),
        escaped(
            &letter
                .html
                .replace("<head>", "<head><base target=\"_top\">")
        ),
        letter.number,
    );
    Html(document(&letter.subject, "", &body)).into_response()
}

async fn raw(Extract(shared): Sim, Path(number): Path<u64>) -> Response {
    match found(&shared, number) {
        Some(letter) => (
            [(header::CONTENT_TYPE, "text/plain; charset=utf-8")],
            letter.raw,
        )
            .into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

fn found(shared: &Shared, number: u64) -> Option<Letter> {
    let state = shared.state();
    let mut all = state.letters.iter();
    all.find(|letter| letter.number == number).cloned()
}

fn document(title: &str, head: &str, body: &str) -> String {
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">{head}\
         <title>{}</title><style>{STYLE}</style></head><body><main>{body}</main></body></html>",
        escaped(title)
    )
}
