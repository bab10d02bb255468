//! The stylesheet and the script of passkeys, each under a path that changes when it does, so that browsers keep it for good.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use sha2::{Digest as _, Sha256};

const STYLE: &str = include_str!("../../../templates/style.css");
const PASSKEY: &str = include_str!("../../../templates/passkey.js");

static STYLE_PATH: LazyLock<String> = LazyLock::new(|| path("style", STYLE, "css"));
static PASSKEY_PATH: LazyLock<String> = LazyLock::new(|| path("passkey", PASSKEY, "js"));

fn path(name: &str, text: &str, ending: &str) -> String {
    let hash = hex::encode(Sha256::digest(text));
    format!("/assets/{name}.{}.{ending}", &hash[..12])
}

/// The path of the stylesheet as it is now.
#[must_use]
pub fn style_path() -> &'static str {
    &STYLE_PATH
}

/// The path of the script of passkeys as it is now.
#[must_use]
pub fn passkey_path() -> &'static str {
    &PASSKEY_PATH
}

/// Gives one. An older name gives it too, for a page that was opened before an upgrade, and is kept for no time.
pub async fn style(Path(name): Path<String>) -> Response {
    let is = |begin: &str, end: &str| name.starts_with(begin) && name.ends_with(end);
    let (text, kind, now) = if is("style.", ".css") {
        (STYLE, "text/css; charset=utf-8", style_path())
    } else if is("passkey.", ".js") {
        (PASSKEY, "text/javascript; charset=utf-8", passkey_path())
    } else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let keep = if now.ends_with(&name) {
        "public, max-age=31536000, immutable"
    } else {
        "no-store"
    };
    (
        [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, keep)],
        text,
    )
        .into_response()
}
