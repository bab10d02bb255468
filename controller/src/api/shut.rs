//! What a call is answered whose business may not do it: it is stopped, has not paid, or has a plan without it.

use axum::http::StatusCode;

use crate::providers::rights::Feature;
use crate::web::Problem;

/// Says that a business that is stopped sells nothing.
pub(super) fn stopped() -> Problem {
    Problem::new(
        StatusCode::FORBIDDEN,
        "business-stopped",
        "This business is not open: what sells is refused, what was sold goes on.",
    )
}

/// Says that the business has to pay the platform first.
pub(super) fn unpaid() -> Problem {
    Problem::new(
        StatusCode::PAYMENT_REQUIRED,
        "subscription-ended",
        "The subscription of this business has ended. What was sold goes on; pay, and everything is answered again at once.",
    )
}

/// Says that the plan does not have it.
pub(super) fn not_in_plan(feature: Feature) -> Problem {
    Problem::new(
        StatusCode::FORBIDDEN,
        "not-in-plan",
        "The plan of this business does not have that. An owner or manager can choose another.",
    )
    .with("feature", feature.word())
}
