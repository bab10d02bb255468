//! The way to the log-in page, and on from there to the page that somebody wanted.

/// The log-in page that leads on to a path of ours.
#[must_use]
pub fn log_in_path(next: &str) -> String {
    format!("/log-in?next={}", encoded(next))
}

/// A path as a part of an address.
pub(super) fn encoded(path: &str) -> String {
    url::form_urlencoded::byte_serialize(path.as_bytes()).collect()
}
