//! Pages for people: HTML from a template, with the headers that keep a browser careful, and redirects after a form. What stands on a page is
//! its slice's.

use std::str::FromStr;

use askama::Template;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use mnara_protocol::clock::Timestamp;

use crate::db::LAST;

/// Everything from here and nothing from elsewhere; forms go nowhere else, and nobody frames us. We frame the portal as customers see it.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// A page made from a template.
#[derive(Clone, Debug)]
pub struct Page<T>(pub T);

impl<T: Template> IntoResponse for Page<T> {
    fn into_response(self) -> Response {
        html(StatusCode::OK, &self.0)
    }
}

/// A page with another status than 200.
pub fn html(status: StatusCode, template: &impl Template) -> Response {
    let body = match template.render() {
        Ok(body) => body,
        Err(error) => {
            tracing::error!(%error, "a page could not be written");
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        }
    };
    let mut response = (status, body).into_response();
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::CACHE_CONTROL, "no-store"),
        // Without a referrer to its own pages a browser sends no origin with a form either.
        (header::REFERRER_POLICY, "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Sends the browser on with a GET, after a form or to the log-in. The path is one of ours.
#[must_use]
pub fn onward(path: &str) -> Response {
    let location = HeaderValue::try_from(path).unwrap_or(HeaderValue::from_static("/"));
    (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response()
}

/// Where the page before ended, as an address says it: a time in milliseconds, a point and an id. Far beyond what a column takes there is nothing.
#[must_use]
pub fn before<I: FromStr>(text: &str) -> Option<(Timestamp, I)> {
    let (millis, id) = text.split_once('.')?;
    let millis = millis.parse().ok()?;
    let is_time = (0..=LAST.as_millis()).contains(&millis);
    is_time.then_some((Timestamp::from_millis(millis), id.parse().ok()?))
}

/// Whether a path somebody handed in leads to a page of ours and nowhere else.
#[must_use]
pub fn is_ours(path: &str) -> bool {
    // A browser reads a second slash, or a backslash for one, as another host.
    path.starts_with('/')
        && !path.starts_with("//")
        && !path.contains('\\')
        && path.bytes().all(|b| b.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Template)]
    #[template(source = "<p>{{ name }}</p>", ext = "html")]
    struct Named<'a> {
        name: &'a str,
    }

    #[tokio::test]
    async fn whatever_a_name_holds_is_text_on_the_page() {
        let response = Page(Named {
            name: "<script>alert('x')</script> & \"co\"",
        })
        .into_response();
        assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store");
        let body = axum::body::to_bytes(response.into_body(), 4096)
            .await
            .unwrap();
        let body = String::from_utf8(body.to_vec()).unwrap();
        assert!(!body.contains("<script"), "{body}");
        assert!(!body.contains('"') && body.contains("&#38;"), "{body}");
    }

    #[test]
    fn a_way_back_leads_nowhere_else() {
        assert!(is_ours("/staff?x=1"));
        for path in [
            "",
            "staff",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "/a b",
            "/\n",
        ] {
            assert!(!is_ours(path), "{path:?}");
        }
    }
}
