//! The name that a caller gives a request, so that the same request sent again is known: the header `Idempotency-Key`; and the mark of the answer
//! to one that is: `Idempotency-Replayed`.

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::Response;

use super::Problem;

const NAME: HeaderName = HeaderName::from_static("idempotency-key");
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// The name in the header: a text in quotes as the draft has it, or the same without them.
///
/// # Errors
/// When it is none.
pub fn named(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let mut values = headers.get_all(NAME).iter();
    let (Some(value), more) = (values.next(), values.next()) else {
        return Ok(None);
    };
    let text = value.to_str().ok().filter(|_| more.is_none());
    let text = text.map(|text| {
        text.strip_prefix('"')
            .and_then(|text| text.strip_suffix('"'))
            .unwrap_or(text)
    });
    text.filter(|text| (1..=255).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic()))
        .map(|text| Some(text.to_owned()))
        .ok_or_else(|| {
            Problem::bad_request(
                "Idempotency-Key: give one name of 1 to 255 letters and digits without spaces, such as a UUID.",
            )
        })
}

/// Marks an answer as that of a request which had its effect before.
#[must_use]
pub fn replayed(mut response: Response) -> Response {
    response
        .headers_mut()
        .insert(REPLAYED, HeaderValue::from_static("true"));
    response
}
