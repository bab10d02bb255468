//! What goes wrong on the way to a page: a page that says so and what to do, in the reader's language.

use askama::Template;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::frame::Frame;
use super::words::Words;
use crate::db;
use crate::passwords::Ending;
use crate::web::page::html;

/// What went wrong. Forms that were filled in wrongly are not here: they are shown again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// There is no such thing, or it is another's, which looks the same.
    Nothing,
    /// The address does not take what the browser asked of it.
    Method,
    /// It is not for this person.
    NotYours,
    /// What was sent is not what the page's form sends.
    Unread,
    /// They look at a business for the platform and tried to change something.
    OnlyLooking,
    /// The business has to pay the platform first, and they are not who pays.
    Restricted,
    /// The plan of the business does not have it.
    NotInPlan,
    /// We cannot answer now.
    Away,
    /// Something inside failed, and was logged.
    Inside,
}

impl From<sqlx::Error> for Trouble {
    fn from(error: sqlx::Error) -> Self {
        match db::trouble(&error) {
            // The gate lets none through as it was typed; one may be inside of something.
            db::Trouble::Nul => Self::Unread,
            db::Trouble::Away | db::Trouble::Full | db::Trouble::Collision => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "the database did not answer a page"
                );
                Self::Away
            }
            db::Trouble::Other => {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "the database refused a page"
                );
                Self::Inside
            }
        }
    }
}

impl From<Ending> for Trouble {
    fn from(_: Ending) -> Self {
        Self::Away
    }
}

impl IntoResponse for Trouble {
    fn into_response(self) -> Response {
        // The gate, which knows the language, makes the page.
        let mut response = self.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl Trouble {
    const fn status(self) -> StatusCode {
        match self {
            Self::Nothing => StatusCode::NOT_FOUND,
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::Unread => StatusCode::UNPROCESSABLE_ENTITY,
            Self::NotYours | Self::OnlyLooking | Self::Restricted | Self::NotInPlan => {
                StatusCode::FORBIDDEN
            }
            Self::Away => StatusCode::SERVICE_UNAVAILABLE,
            Self::Inside => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

/// The page that says it.
#[derive(Debug, Template)]
#[template(path = "trouble.html")]
struct TroublePage<'a> {
    frame: &'a Frame,
    w: &'static Words,
    title: &'static str,
    text: &'static str,
    looks_up: bool,
}

/// Says what went wrong.
pub fn told(trouble: &Trouble, frame: &Frame) -> Response {
    told_with(trouble, frame, false)
}

/// Says what went wrong, to somebody who may look up a voucher all the same.
pub fn told_with(trouble: &Trouble, frame: &Frame, looks_up: bool) -> Response {
    let w = frame.words();
    let (title, text) = match trouble {
        Trouble::Nothing | Trouble::Method => (w.trouble.nothing, w.trouble.nothing_text),
        Trouble::NotYours => (w.trouble.not_yours, w.trouble.not_yours_text),
        Trouble::Unread => (w.trouble.unread, w.trouble.unread_text),
        Trouble::OnlyLooking => (w.trouble.only_looking, w.trouble.only_looking_text),
        Trouble::Restricted => (w.trouble.restricted, w.trouble.restricted_text),
        Trouble::NotInPlan => (w.trouble.not_in_plan, w.trouble.not_in_plan_text),
        Trouble::Away => (w.trouble.away, w.trouble.away_text),
        Trouble::Inside => (w.trouble.inside, w.trouble.inside_text),
    };
    html(
        trouble.status(),
        &TroublePage {
            frame,
            w,
            title,
            text,
            looks_up,
        },
    )
}
