//! How ids, amounts and times are read in requests; each fault says what to send.

use std::str::FromStr;

use mnara_protocol::clock::Timestamp;

use crate::db::LAST;
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

/// A time after the question mark, of the years from 1970 to 9999: the database does not know all that can be written.
///
/// # Errors
/// When it is none.
pub fn time(name: &str, text: Option<&str>) -> Answer<Option<Timestamp>> {
    text.map(|text| {
        let at = text.parse::<jiff::Timestamp>().ok();
        at.map(|at| Timestamp::from_millis(at.as_millisecond()))
            .filter(|at| (Timestamp::from_secs(0)..=LAST).contains(at))
            .ok_or_else(|| {
                Problem::bad_request(format!(
                    "{name}: give a time such as 2026-11-26T08:00:00Z, of the years 1970 to 9999."
                ))
            })
    })
    .transpose()
}
