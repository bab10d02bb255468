//! What is written to owners when the platform lets their business in, stops it, or lets it go on.

use super::{reach, written};
use crate::app::App;
use crate::providers::mail::Letter;
use crate::providers::pages::words::Words;
use crate::providers::state::Move;

/// The word in the table of letters.
#[must_use]
pub const fn kind(to: Move) -> &'static str {
    match to {
        Move::Approve => "business-approved",
        Move::Suspend => "business-stopped",
        Move::Reinstate => "business-goes-on",
    }
}

/// The letter, with where to reach the platform's staff if that is told.
#[must_use]
pub fn letter(to: Move, words: &Words, business: &str, app: &App) -> Letter {
    let m = &words.mail;
    let (subject, line) = match to {
        Move::Approve => (m.approved, m.approved_text),
        Move::Suspend => (m.stopped, m.stopped_text),
        Move::Reinstate => (m.goes_on, m.goes_on_text),
    };
    let link = (m.to_home, app.config.web.public().join("/home"));
    let mut letter = written([subject, line, m.foot_security], Vec::new(), business, link);
    letter.lines.extend(reach(words, app));
    letter
}
