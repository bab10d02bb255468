//! Extractors that answer with a problem document where axum's own would answer with plain text.

use std::fmt;
use std::marker::PhantomData;

use axum::body::{Bytes, HttpBody as _};
use axum::extract::rejection::{BytesRejection, JsonRejection, PathRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts, OptionalFromRequest, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeOwned, Error as _, MapAccess, SeqAccess, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use super::Problem;

/// A JSON body, in and out; what comes in is one object.
#[derive(Clone, Copy, Debug)]
pub struct Json<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let axum::Json(Object(value)) =
            <axum::Json<Object<T>> as FromRequest<S>>::from_request(request, state).await?;
        Ok(Self(value))
    }
}

impl<S: Send + Sync, T: DeserializeOwned> OptionalFromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Option<Self>, Problem> {
        // Some programs name the kind of a body they do not send.
        if request.body().is_end_stream() {
            return Ok(None);
        }
        let body =
            <axum::Json<Object<T>> as OptionalFromRequest<S>>::from_request(request, state).await?;
        Ok(body.map(|axum::Json(Object(value))| Self(value)))
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        axum::Json(self.0).into_response()
    }
}

/// What is read from an object alone. Serde would take a list of its fields' values for it too, and `[null, null]` for one that leaves all out.
struct Object<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Fields(PhantomData)).map(Self)
    }
}

struct Fields<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Fields<T> {
    type Value = T;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("one object")
    }

    fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<T, A::Error> {
        T::deserialize(MapAccessDeserializer::new(fields))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<T, A::Error> {
        // To its end, since one that does not close is no JSON.
        while list.next_element::<Value>()?.is_some() {}
        Err(A::Error::invalid_type(Unexpected::Seq, &self))
    }
}

/// A body as it came.
#[derive(Clone, Debug)]
pub struct Raw(pub Bytes);

impl<S: Send + Sync> FromRequest<S> for Raw {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        Ok(Self(Bytes::from_request(request, state).await?))
    }
}

/// The parameters in the path.
#[derive(Clone, Copy, Debug)]
pub struct Path<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let axum::extract::Path(value) =
            axum::extract::Path::<T>::from_request_parts(parts, state).await?;
        Ok(Self(value))
    }
}

/// The parameters after the question mark.
#[derive(Clone, Copy, Debug)]
pub struct Query<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let axum::extract::Query(value) =
            axum::extract::Query::<T>::from_request_parts(parts, state).await?;
        Ok(Self(value))
    }
}

impl From<JsonRejection> for Problem {
    fn from(rejection: JsonRejection) -> Self {
        match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => too_large(),
            StatusCode::UNSUPPORTED_MEDIA_TYPE => Self::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "not-json",
                "Send JSON, with the header Content-Type: application/json.",
            ),
            StatusCode::UNPROCESSABLE_ENTITY => Self::bad_field(which(&rejection.body_text())),
            _ => Self::bad_request("The body is not JSON."),
        }
    }
}

impl From<BytesRejection> for Problem {
    fn from(rejection: BytesRejection) -> Self {
        match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => too_large(),
            _ => Self::bad_request("The body did not arrive whole."),
        }
    }
}

fn too_large() -> Problem {
    Problem::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "too-large",
        "The body is too large.",
    )
}

/// Says which field is wrong and how. The deserialiser's own text repeats the value, and a phone number or a token must not come back.
fn which(text: &str) -> String {
    let said = text
        .split_once("target type: ")
        .map_or("", |(_, said)| said);
    let named = |before: &str| {
        let (_, rest) = said.split_once(before)?;
        rest.split_once('`').map(|(name, _)| name)
    };
    let path = said.split_once(": ").map_or("", |(path, _)| path);
    let is_path = |text: &str| {
        (1..=64).contains(&text.len())
            && text
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'[' | b']'))
    };
    if let Some(name) = named("missing field `") {
        format!("{name}: this field is missing.")
    } else if let Some(name) = named("duplicate field `") {
        format!("{name}: give this field once.")
    } else if is_path(path) {
        format!("{path}: this is of the wrong kind.")
    } else {
        "Send one JSON object with the fields of this call.".to_owned()
    }
}

impl From<PathRejection> for Problem {
    fn from(_: PathRejection) -> Self {
        // An id that cannot be read names nothing.
        Self::not_found()
    }
}

impl From<QueryRejection> for Problem {
    fn from(_: QueryRejection) -> Self {
        Self::bad_request("A parameter after the question mark is missing or has the wrong form.")
    }
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::body::{Body, to_bytes};
    use axum::http::header::CONTENT_TYPE;
    use axum::routing::post;
    use tower::ServiceExt as _;

    use super::*;

    #[derive(Deserialize)]
    struct Order {
        count: u32,
    }

    async fn answer(content_type: &str, body: &'static str) -> (StatusCode, String) {
        let router = Router::new().route(
            "/{n}",
            post(
                |Path(n): Path<u32>, Json(order): Json<Order>| async move { Json(n + order.count) },
            ),
        );
        let request = Request::post("/2")
            .header(CONTENT_TYPE, content_type)
            .body(Body::from(body))
            .unwrap();
        let response = router.oneshot(request).await.unwrap();
        let status = response.status();
        let body = to_bytes(response.into_body(), 4096).await.unwrap();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn every_way_a_body_can_be_wrong_is_a_problem_document() {
        assert_eq!(
            answer("application/json", r#"{"count": 3}"#).await,
            (StatusCode::OK, "5".to_owned())
        );
        for (content_type, body, status, kind) in [
            ("application/json", "{", 400, "bad-request"),
            (
                "application/json",
                r#"{"count": "hunter2"}"#,
                422,
                "bad-field",
            ),
            ("application/json", "[true]", 422, "bad-field"),
            ("application/json", "null", 422, "bad-field"),
            ("application/json", "{\"count\": 3} x", 400, "bad-request"),
            ("text/plain", r#"{"count": 3}"#, 415, "not-json"),
        ] {
            let (found, text) = answer(content_type, body).await;
            assert_eq!(found.as_u16(), status, "{body}");
            assert!(
                text.contains(&format!("urn:mnara:problem:{kind}")),
                "{text}"
            );
            assert!(!text.contains("hunter2"), "{text}");
        }
        for (body, detail) in [
            ("{}", "count: this field is missing."),
            (
                r#"{"count": "hunter2"}"#,
                "count: this is of the wrong kind.",
            ),
            (
                r#"{"count": 1, "count": 2}"#,
                "count: give this field once.",
            ),
            ("3", "Send one JSON object with the fields of this call."),
            ("[3]", "Send one JSON object with the fields of this call."),
        ] {
            let (_, text) = answer("application/json", body).await;
            assert!(text.contains(detail), "{body}: {text}");
        }
        let large = Box::leak(" ".repeat(3 << 20).into_boxed_str());
        let (status, text) = answer("application/json", large).await;
        assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
        assert!(text.contains("urn:mnara:problem:too-large"), "{text}");
    }
}
