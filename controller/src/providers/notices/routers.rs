//! What is written about routers that do not answer while their sites are there.

use std::time::Duration;

use mnara_protocol::clock::Timestamp;

use super::{several, span, written};
use crate::app::App;
use crate::providers::mail::Letter;
use crate::providers::pages::words::Words;

/// What is told of routers, one or more.
#[derive(Clone, Copy, Debug)]
pub enum Routers<'a> {
    /// They do not answer: what each site is called, and since when.
    Lost(&'a [(&'a str, Timestamp)]),
    /// They answer again: what each site is called, and for how long its router did not.
    Back(&'a [(&'a str, Duration)]),
}

impl Routers<'_> {
    /// The word in the table of letters.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Lost(_) => "router-lost",
            Self::Back(_) => "router-back",
        }
    }

    /// The letter.
    #[must_use]
    pub fn letter(&self, w: &Words, business: &str, app: &App) -> Letter {
        let m = &w.mail;
        let (subject, line, places) = match self {
            Self::Lost([(site, since)]) => (
                m.router_lost,
                m.router_lost_text,
                vec![
                    ("site", (*site).to_owned()),
                    ("since", w.calendar.moment(*since)),
                ],
            ),
            Self::Back([(site, away)]) => (
                m.router_back,
                m.router_back_text,
                vec![("site", (*site).to_owned()), ("away", span(*away, w))],
            ),
            Self::Lost(sites) => (
                m.routers_lost,
                m.routers_lost_text,
                several(sites, |since| w.calendar.moment(since), m.more_sites),
            ),
            Self::Back(sites) => (
                m.routers_back,
                m.routers_back_text,
                several(sites, |away| span(away, w), m.more_sites),
            ),
        };
        let link = (m.to_sites, app.config.web.public().join("/sites"));
        written([subject, line, m.foot_chosen], places, business, link)
    }
}
