//! Stylesheets, scripts and the mark, as parts of the program. Their names change with them, so browsers may keep them for good.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use sha2::{Digest as _, Sha256};

/// One file.
struct Asset {
    /// The first part of its name.
    name: &'static str,
    extension: &'static str,
    kind: &'static str,
    text: &'static str,
    path: LazyLock<String>,
}

fn path(name: &str, extension: &str, text: &str) -> String {
    let hash = hex::encode(Sha256::digest(text));
    format!("/assets/{name}.{}.{extension}", &hash[..12])
}

macro_rules! asset {
    ($name:literal, $extension:literal, $kind:literal) => {{
        const TEXT: &str = include_str!(concat!(
            "../../../templates/assets/",
            $name,
            ".",
            $extension
        ));
        Asset {
            name: $name,
            extension: $extension,
            kind: $kind,
            text: TEXT,
            path: LazyLock::new(|| path($name, $extension, TEXT)),
        }
    }};
}

static STYLE: Asset = asset!("style", "css", "text/css; charset=utf-8");
static PAPER: Asset = asset!("paper", "css", "text/css; charset=utf-8");
static CHECKS: Asset = asset!("checks", "js", "text/javascript; charset=utf-8");
static LIVE: Asset = asset!("live", "js", "text/javascript; charset=utf-8");
static PREVIEW: Asset = asset!("preview", "js", "text/javascript; charset=utf-8");
static PASSKEY: Asset = asset!("passkey", "js", "text/javascript; charset=utf-8");
static ICON: Asset = asset!("icon", "svg", "image/svg+xml");
static ALL: [&Asset; 7] = [&STYLE, &PAPER, &CHECKS, &LIVE, &PREVIEW, &PASSKEY, &ICON];

/// The path of the stylesheet as it is now.
#[must_use]
pub fn style_path() -> &'static str {
    &STYLE.path
}

/// The path of the product's mark.
#[must_use]
pub fn icon_path() -> &'static str {
    &ICON.path
}

/// The path of the stylesheet of what is printed.
#[must_use]
pub fn paper_path() -> &'static str {
    &PAPER.path
}

/// The path of the script that checks a form while it is filled in.
#[must_use]
pub fn checks_path() -> &'static str {
    &CHECKS.path
}

/// The path of the script that keeps a page live.
#[must_use]
pub fn live_path() -> &'static str {
    &LIVE.path
}

/// The path of the script that shows a form's preview again while one types.
#[must_use]
pub fn preview_path() -> &'static str {
    &PREVIEW.path
}

/// The path of the script of passkeys.
#[must_use]
pub fn passkey_path() -> &'static str {
    &PASSKEY.path
}

/// Gives one of them. An older name gives it too, for a page that was opened before an upgrade, and is kept for no time.
pub async fn style(Path(name): Path<String>) -> Response {
    let named = ALL.iter().find(|asset| {
        let rest = name.strip_prefix(asset.name);
        rest.is_some_and(|rest| {
            rest.starts_with('.') && rest.ends_with(&format!(".{}", asset.extension))
        })
    });
    let Some(asset) = named else {
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
