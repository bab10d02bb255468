//! The stylesheet, under a path that changes when it does, so that browsers keep it for good.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use sha2::{Digest as _, Sha256};

const STYLE: &str = include_str!("../../../templates/style.css");

static STYLE_PATH: LazyLock<String> = LazyLock::new(|| {
    let hash = hex::encode(Sha256::digest(STYLE));
    format!("/assets/style.{}.css", &hash[..12])
});

/// The path of the stylesheet as it is now.
#[must_use]
pub fn style_path() -> &'static str {
    &STYLE_PATH
}

/// Gives the stylesheet. An older name gives it too, for a page that was opened before an upgrade, and is kept for no time.
pub async fn style(Path(name): Path<String>) -> Response {
    if !(name.starts_with("style.") && name.ends_with(".css")) {
        return StatusCode::NOT_FOUND.into_response();
    }
    let is_now = style_path().ends_with(&name);
    let keep = if is_now {
        "public, max-age=31536000, immutable"
    } else {
        "no-store"
    };
    (
        [
            (header::CONTENT_TYPE, "text/css; charset=utf-8"),
            (header::CACHE_CONTROL, keep),
        ],
        STYLE,
    )
        .into_response()
}
