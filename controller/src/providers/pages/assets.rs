//! The stylesheet and the script, each under a path that changes when it does, so that browsers keep it for good.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use sha2::{Digest as _, Sha256};

/// A file that pages name.
struct Asset {
    name: &'static str,
    ending: &'static str,
    kind: &'static str,
    text: &'static str,
    path: LazyLock<String>,
}

const STYLE: &str = include_str!("../../../templates/style.css");
const LIVE: &str = include_str!("../../../templates/live.js");

static ASSETS: [Asset; 2] = [
    Asset {
        name: "style",
        ending: "css",
        kind: "text/css; charset=utf-8",
        text: STYLE,
        path: LazyLock::new(|| path("style", "css", STYLE)),
    },
    Asset {
        name: "live",
        ending: "js",
        kind: "text/javascript; charset=utf-8",
        text: LIVE,
        path: LazyLock::new(|| path("live", "js", LIVE)),
    },
];

fn path(name: &str, ending: &str, text: &str) -> String {
    let hash = hex::encode(Sha256::digest(text));
    format!("/assets/{name}.{}.{ending}", &hash[..12])
}

/// The path of the stylesheet as it is now.
#[must_use]
pub fn style_path() -> &'static str {
    &ASSETS[0].path
}

/// The path of the script that shows a preview again while one types.
#[must_use]
pub fn live_path() -> &'static str {
    &ASSETS[1].path
}

/// Gives a file. An older name gives it too, for a page that was opened before an upgrade, and is kept for no time.
pub async fn style(Path(name): Path<String>) -> Response {
    let found = ASSETS.iter().find(|asset| {
        let rest = name.strip_prefix(asset.name);
        rest.is_some_and(|rest| rest.starts_with('.') && rest.ends_with(asset.ending))
    });
    let Some(asset) = found else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let keep = if asset.path.ends_with(&name) {
        "public, max-age=31536000, immutable"
    } else {
        "no-store"
    };
    (
        [
            (header::CONTENT_TYPE, asset.kind),
            (header::CACHE_CONTROL, keep),
        ],
        asset.text,
    )
        .into_response()
}
