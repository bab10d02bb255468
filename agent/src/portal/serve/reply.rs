//! Answers with the headers that every page carries: no script or style but our own files, nothing kept, nothing told to other hosts.

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue, LOCATION, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use hyper::{Response, StatusCode};
use mnara_protocol::portal::Language;

use super::super::pages::Place;

pub(super) type Answer = Response<Full<Bytes>>;

const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; \
    img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// An answer that is kept nowhere.
pub(super) fn respond(status: StatusCode, kind: &'static str, body: impl Into<Bytes>) -> Answer {
    let mut answer = Response::new(Full::new(body.into()));
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    let fixed = [
        (CONTENT_TYPE, kind),
        (CACHE_CONTROL, "no-store"),
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        // Not `no-referrer`: browsers then hide the origin of our own forms too.
        (REFERRER_POLICY, "same-origin"),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    answer
}

/// A file that a browser may keep; its address changes when it does.
pub(super) fn kept(kind: &'static str, body: impl Into<Bytes>) -> Answer {
    let mut answer = respond(StatusCode::OK, kind, body);
    answer
        .headers_mut()
        .insert(CACHE_CONTROL, HeaderValue::from_static("max-age=86400"));
    answer
}

/// Text for programs.
pub(super) fn plain(status: StatusCode, text: &'static str) -> Answer {
    respond(status, "text/plain; charset=utf-8", text)
}

/// The way to a page.
pub(super) fn redirect(to: Place, language: Language) -> Answer {
    let mut answer = plain(StatusCode::SEE_OTHER, "");
    if let Ok(place) = HeaderValue::from_str(&format!("{}?lang={}", to.path(), language.tag())) {
        answer.headers_mut().insert(LOCATION, place);
    }
    answer
}
