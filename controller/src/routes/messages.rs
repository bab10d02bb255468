//! The pages of SMS, and who may open them.

use crate::providers::gate::{Door, Pages};
use crate::providers::sms::{acts as texts, pages as sms};
use crate::providers::staff::roles::Permission as P;

/// Adds them.
pub(super) fn with(pages: Pages) -> Pages {
    pages
        .get("/settings/messages", Door::Staff(P::SetNotices), sms::show)
        .post("/settings/messages", Door::Staff(P::SetNotices), sms::take)
        .post(
            "/settings/messages/stop",
            Door::Staff(P::SetNotices),
            texts::stop,
        )
        .post(
            "/settings/messages/start",
            Door::Staff(P::SetNotices),
            texts::start,
        )
        .post(
            "/settings/messages/{id}/again",
            Door::Staff(P::SetNotices),
            texts::again,
        )
}
