//! Errors as RFC 9457 problem documents. A problem says what the caller can do; what went wrong inside is logged and never sent.

use std::borrow::Cow;
use std::time::Duration;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use crate::batch::Refused;
use crate::db::{Trouble, trouble};
use crate::ratelimit::TooMany;

/// A problem on its way to the caller.
#[derive(Clone, Debug)]
pub struct Problem {
    status: StatusCode,
    kind: &'static str,
    title: &'static str,
    detail: Option<Cow<'static, str>>,
    retry: Option<Duration>,
    more: Map<String, Value>,
}

impl Problem {
    /// A problem of a kind: `kind` is its stable name in words joined by dashes, `title` its meaning for people.
    #[must_use]
    pub fn new(status: StatusCode, kind: &'static str, title: &'static str) -> Self {
        Self {
            status,
            kind,
            title,
            detail: None,
            retry: None,
            more: Map::new(),
        }
    }

    /// There is no such thing, or it is another's, which looks the same.
    #[must_use]
    pub fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", "There is nothing here.")
    }

    /// The address is there and does not take what was asked of it.
    #[must_use]
    pub fn bad_method() -> Self {
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "bad-method",
            "This address does not take that method.",
        )
    }

    /// The request cannot be read or makes no sense.
    #[must_use]
    pub fn bad_request(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "bad-request",
            "The request cannot be understood.",
        )
        .detail(detail)
    }

    /// Nobody the caller claims to be would be let in.
    #[must_use]
    pub fn unauthorised() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "unauthorised",
            "A valid token is needed.",
        )
    }

    /// A field of the body is missing or wrong; the detail says which, and how it should be.
    #[must_use]
    pub fn bad_field(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "bad-field",
            "A field is missing or has the wrong form.",
        )
        .detail(detail)
    }

    /// Something inside failed; it was logged where it happened.
    #[must_use]
    pub fn internal() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "Something went wrong on our side. Try again in a moment.",
        )
    }

    /// We cannot take it now.
    #[must_use]
    pub fn busy(retry: Duration) -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "busy",
            "Too much is going on. Try again in a moment.",
        )
        .retry(retry)
    }

    /// Says more about this one case.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<Cow<'static, str>>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// Says when to come back, also in the header.
    #[must_use]
    pub fn retry(mut self, after: Duration) -> Self {
        self.retry = Some(after);
        self
    }

    /// Adds a member for programs.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.more.insert(name.to_owned(), value.into());
        self
    }

    /// The status it will be sent with.
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        self.status
    }

    /// Its stable name.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        self.kind
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut document = self.more;
        document.insert(
            "type".to_owned(),
            json!(format!("urn:mnara:problem:{}", self.kind)),
        );
        document.insert("title".to_owned(), json!(self.title));
        document.insert("status".to_owned(), json!(self.status.as_u16()));
        if let Some(detail) = self.detail {
            document.insert("detail".to_owned(), json!(detail));
        }
        let retry = self
            .retry
            .map(|after| after.as_secs() + u64::from(after.subsec_nanos() > 0));
        if let Some(seconds) = retry {
            document.insert("retry_after".to_owned(), json!(seconds));
        }
        let mut response = (self.status, Value::Object(document).to_string()).into_response();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(seconds) = retry {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

impl From<TooMany> for Problem {
    fn from(too_many: TooMany) -> Self {
        Self::new(
            StatusCode::TOO_MANY_REQUESTS,
            "too-many",
            "Too many tries. Wait a moment.",
        )
        .retry(too_many.wait.max(Duration::from_secs(1)))
    }
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Busy | Refused::Stopped => Self::busy(Duration::from_secs(5)),
            Refused::Failed(error) => {
                tracing::warn!(error = %format!("{:#}", anyhow::Error::new(error)), "a batch could not be written");
                Self::busy(Duration::from_secs(5))
            }
        }
    }
}

impl From<sqlx::Error> for Problem {
    fn from(error: sqlx::Error) -> Self {
        match trouble(&error) {
            Trouble::Nul => {
                Self::bad_field("A text has the character U+0000, which no text may have.")
            }
            Trouble::Away | Trouble::Full | Trouble::Collision => {
                tracing::warn!(%error, "the database cannot do it now");
                Self::busy(Duration::from_secs(5))
            }
            Trouble::Other => anyhow::Error::new(error).into(),
        }
    }
}

impl From<anyhow::Error> for Problem {
    fn from(error: anyhow::Error) -> Self {
        tracing::error!(error = %format!("{error:#}"), "a request failed");
        Self::internal()
    }
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;

    use super::*;

    #[tokio::test]
    async fn a_problem_is_a_document_with_a_stable_type() {
        let response = Problem::from(TooMany {
            wait: Duration::from_millis(1500),
        })
        .with("plan", "x")
        .into_response();
        assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(
            response.headers()["content-type"],
            "application/problem+json"
        );
        assert_eq!(response.headers()["retry-after"], "2");
        let body: Value =
            serde_json::from_slice(&to_bytes(response.into_body(), 4096).await.unwrap()).unwrap();
        assert_eq!(
            body,
            json!({"type": "urn:mnara:problem:too-many", "title": "Too many tries. Wait a moment.", "status": 429, "retry_after": 2, "plan": "x"})
        );
    }

    #[tokio::test]
    async fn who_is_not_let_in_hears_how_to_be() {
        let response = Problem::unauthorised().into_response();
        assert_eq!(response.headers()["www-authenticate"], "Bearer");
    }

    #[tokio::test]
    async fn what_went_wrong_inside_stays_inside() {
        let response = Problem::from(anyhow::anyhow!("the secret is hunter2")).into_response();
        let body = to_bytes(response.into_body(), 4096).await.unwrap();
        assert!(!String::from_utf8_lossy(&body).contains("hunter2"));
    }
}
