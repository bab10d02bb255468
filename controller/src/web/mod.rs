//! What every page and every API of the controller shares: problem documents, extractors that answer with them, the
//! layers around the routes, the caller's address, and the server itself.
//!
//! Which routes there are stands in `routes`.

pub mod caller;
pub mod csv;
pub mod extract;
pub mod layers;
pub mod page;
pub mod patient;
pub mod problem;
pub mod repeat;
pub mod room;
pub mod serve;
pub mod show;
pub mod tls;

pub use caller::Caller;
pub use extract::{Json, Path, Query, Raw};
pub use problem::Problem;

/// The host that an address names, without what may be a secret behind it.
#[must_use]
pub fn host(url: &str) -> Option<String> {
    url::Url::parse(url).ok()?.host_str().map(str::to_owned)
}

/// What a handler gives.
pub type Answer<T> = Result<T, Problem>;
