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

/// Names with a hyphen, and the same with a sign that joins their halves: browsers break lines at a hyphen, and no style sheet can forbid
/// that for one word.
const NAMES: [(&str, &str); 2] = [("M-PESA", "M-\u{2060}PESA"), ("Wi-Fi", "Wi-\u{2060}Fi")];
/// What keeps its text as it is: a form would send the sign along, and a script is not read by people.
const AS_IT_IS: [&str; 4] = ["option", "script", "textarea", "title"];

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
        Ok(body) => joined(&body),
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

/// A page whose lines do not break within M-PESA and Wi-Fi; what stands in its tags stays as it is.
fn joined(page: &str) -> String {
    let names = |text: &str| {
        NAMES
            .into_iter()
            .fold(text.to_owned(), |text, (name, with)| {
                text.replace(name, with)
            })
    };
    let mut whole = String::with_capacity(page.len() + 256);
    let mut rest = page;
    while let Some((text, tag)) = rest.split_once('<') {
        whole.push_str(&names(text));
        whole.push('<');
        let kept = AS_IT_IS.into_iter().find(|name| tag.starts_with(*name));
        let end = kept
            .and_then(|name| tag.find(&format!("</{name}")))
            .or_else(|| tag.find('>'))
            .unwrap_or(tag.len());
        let (tag, after) = tag.split_at(end);
        whole.push_str(tag);
        rest = after;
    }
    whole.push_str(&names(rest));
    whole
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
    fn no_line_breaks_within_a_name() {
        let as_it_is = "<title>M-PESA</title><input value=\"M-PESA\"><option value=\"1\">M-PESA</option><textarea id=\"x\">M-PESA <b></textarea><script>M-PESA</script>";
        assert_eq!(joined(as_it_is), as_it_is);
        assert_eq!(
            joined("M-PESA<p aria-label=\"M-PESA\">Paid by M-PESA <b>M-PESA</b> on Wi-Fi"),
            "M-\u{2060}PESA<p aria-label=\"M-PESA\">Paid by M-\u{2060}PESA <b>M-\u{2060}PESA</b> on Wi-\u{2060}Fi"
        );
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
