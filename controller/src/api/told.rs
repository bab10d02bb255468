//! What a site that was told to do something answers, as problems.

use axum::http::StatusCode;

use crate::access::act::NotAsked;
use crate::access::hold::NotHeld;
use crate::fleet::command::{NotGiven, Unanswered};
use crate::web::Problem;

fn away() -> Problem {
    Problem::new(
        StatusCode::CONFLICT,
        "site-away",
        "The site is away, and nothing was done. Try again when it is up.",
    )
}

/// The site says no.
pub(super) fn refused(why: String) -> Problem {
    Problem::new(
        StatusCode::CONFLICT,
        "site-refused",
        "The site says that this cannot be done now.",
    )
    .detail(why)
}

/// The site says something else.
pub(super) fn confused() -> Problem {
    Problem::new(
        StatusCode::BAD_GATEWAY,
        "site-confused",
        "The site answered something that is not understood.",
    )
}

/// The site does not say what came of it.
pub(super) fn unanswered(error: Unanswered) -> Problem {
    match error {
        // Only what no link took goes before its time.
        Unanswered::Away | Unanswered::TooLate | Unanswered::Missing => away(),
        Unanswered::Silent => Problem::new(
            StatusCode::GATEWAY_TIMEOUT,
            "site-silent",
            "The site was told and has not answered: whether it was done is not known.",
        ),
        Unanswered::Foreign(_) => confused(),
        Unanswered::Database(error) => error.into(),
    }
}

/// The site was not asked.
pub(super) fn not_asked(error: NotAsked) -> Problem {
    match error {
        NotAsked::NoSite => Problem::bad_field("site_id: there is no such site."),
        NotAsked::NoTicket => Problem::not_found(),
        NotAsked::NoAgent | NotAsked::Away => away(),
        NotAsked::Database(error) => error.into(),
    }
}

/// A clock was not held or let go.
pub(super) fn not_held(error: NotHeld) -> Problem {
    match error {
        NotHeld::Missing => Problem::not_found(),
        NotHeld::NotUsed => Problem::new(
            StatusCode::CONFLICT,
            "not-used",
            "The ticket is not in use at any site: its clock does not run.",
        ),
        NotHeld::NotGiven(NotGiven::NoAgent) => away(),
        NotHeld::Refused(_) => refused(error.to_string()),
        NotHeld::Confused => confused(),
        NotHeld::Unanswered(error) => unanswered(error),
        NotHeld::NotGiven(NotGiven::Database(error)) | NotHeld::Database(error) => error.into(),
    }
}
