//! The inbox for a browser: every phone's texts, the newest first.

use std::fmt::Write;

use axum::response::Html;

use super::Text;
use crate::sim::escaped;

const LISTED: usize = 100;
const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:560px;margin:0 auto;padding:16px;color-scheme:light dark}\
ul{list-style:none;padding:0}li{border:1px solid #8886;border-radius:12px;padding:10px 14px;margin:0 0 10px}small{opacity:.75}\
p{overflow-wrap:anywhere;margin:4px 0}";

/// Shows the texts.
pub(super) fn inbox(texts: &[Text], balance: u64) -> Html<String> {
    let mut body = format!(
        "<h1>SMS</h1><p>Everything that was sent to any phone; the newest first. Left on the account: KES {}.{:02}.</p>",
        balance / 100,
        balance % 100
    );
    if texts.is_empty() {
        body.push_str("<p>Nothing yet. This page looks again by itself.</p>");
    }
    body.push_str("<ul>");
    for text in texts.iter().rev().take(LISTED) {
        let _ = write!(
            body,
            "<li><small>{} to {} · {}{}</small><p>{}</p></li>",
            escaped(&text.from),
            escaped(&text.to),
            escaped(&text.status),
            if text.parts > 1 {
                " · several parts"
            } else {
                ""
            },
            escaped(&text.message),
        );
    }
    body.push_str("</ul>");
    Html(format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
         <meta http-equiv=\"refresh\" content=\"3\"><title>SMS</title><style>{STYLE}</style></head><body><main>{body}</main></body></html>"
    ))
}
