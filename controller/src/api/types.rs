//! How ids, amounts and times are read in requests; each fault says what to send.

use std::str::FromStr;

use mnara_protocol::clock::Timestamp;

use crate::web::{Answer, Problem};

/// The id in a path; what is none names nothing.
///
/// # Errors
/// When it is none.
pub fn named<T: FromStr>(text: &str) -> Answer<T> {
    text.parse().map_err(|_| Problem::not_found())
}

/// An id in a body.
///
/// # Errors
/// When it is none.
pub fn id<T: FromStr>(field: &str, text: &str) -> Answer<T> {
    text.parse()
        .map_err(|_| Problem::bad_field(format!("{field}: give an id as this API shows it.")))
}

/// An id after the question mark.
///
/// # Errors
/// When it is none.
pub fn asked<T: FromStr>(name: &str, text: Option<&str>) -> Answer<Option<T>> {
    text.map(|text| {
        text.parse()
            .map_err(|_| Problem::bad_request(format!("{name}: give an id as this API shows it.")))
    })
    .transpose()
}

/// A time after the question mark.
///
/// # Errors
/// When it is none.
pub fn time(name: &str, text: Option<&str>) -> Answer<Option<Timestamp>> {
    text.map(|text| {
        text.parse::<jiff::Timestamp>()
            .map(|at| Timestamp::from_millis(at.as_millisecond()))
            .map_err(|_| {
                Problem::bad_request(format!("{name}: give a time such as 2026-11-26T08:00:00Z."))
            })
    })
    .transpose()
}
