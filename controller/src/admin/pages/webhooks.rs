//! Addresses that take no news, in the list of what failed: whose they are, how they fail, and another try.

use axum::extract::State;
use axum::response::Response;
use mnara_protocol::ids::EndpointId;

use crate::admin::store::webhooks::{Failing, owner};
use crate::app::App;
use crate::audit::Actor;
use crate::db::Reason;
use crate::providers::log_in::Visit;
use crate::providers::pages::trouble::Trouble;
use crate::providers::pages::words::Words;
use crate::web::page::onward;
use crate::web::{Path, show};
use crate::webhooks::edit::{self, MOST_AGAIN};

/// One in the list.
pub(super) struct Row {
    pub(super) id: EndpointId,
    pub(super) business: String,
    pub(super) host: String,
    pub(super) since: String,
    pub(super) given_up: Option<String>,
    pub(super) waiting: String,
    pub(super) lost: String,
    pub(super) answer: String,
    /// Whether another try would send anything, or open it again.
    pub(super) has_retry: bool,
}

impl Row {
    pub(super) fn new(failing: Failing, w: &Words) -> Self {
        let answer = match failing.status {
            Some(status) => status.to_string(),
            None => w
                .webhooks
                .why(failing.fault.as_deref().unwrap_or_default())
                .to_owned(),
        };
        Self {
            id: failing.id,
            business: failing.business,
            host: failing.host,
            since: w.calendar.moment(failing.since),
            has_retry: failing.given_up.is_some() || failing.to_retry > 0,
            given_up: failing.given_up.map(|at| w.calendar.moment(at)),
            waiting: counted(failing.waiting),
            lost: counted(failing.lost),
            answer,
        }
    }
}

/// A count, where no more are counted than are sent again at once.
fn counted(count: i64) -> String {
    let number = show::thousands(count.unsigned_abs());
    if count < i64::from(MOST_AGAIN) {
        number
    } else {
        format!("{number}+")
    }
}

/// Tries one again.
///
/// # Errors
/// When there is no such address, or the database is away.
pub async fn retry(
    State(app): State<App>,
    visit: Visit,
    Path(id): Path<String>,
) -> Result<Response, Trouble> {
    let id: EndpointId = id.parse().map_err(|_| Trouble::Nothing)?;
    let mut tx = app.db.platform(Reason::Admin).await?;
    let provider = owner(&mut tx, id).await?.ok_or(Trouble::Nothing)?;
    drop(tx);
    let done = if edit::retry(&app, provider, Actor::Admin(visit.person), id).await? {
        "webhook"
    } else {
        "moved-on"
    };
    Ok(onward(&format!("/admin/jobs?done={done}")))
}

#[cfg(test)]
mod tests {
    use super::counted;

    #[test]
    fn what_is_not_counted_on_is_more() {
        assert_eq!(
            [0, 999, 1_000].map(counted),
            ["0", "999", "1,000+"].map(str::to_owned)
        );
    }
}
