//! Taking back what this site had done before its store was made: a new, replaced or restored agent asks the controller for it and only
//! then redeems or sells. While the controller is away, batches go by their own policy.

use std::time::Duration;

use mnara_protocol::clock::Ticks;
use mnara_protocol::ids::AttemptId;
use mnara_protocol::message::{FactsAnswer, FactsQuestion, Question};
use mnara_protocol::ticket::series::Cloud;

use super::purchases::DEADLINE;
use super::{Commands, Core, Now, random};

/// A page that did not come is asked for again after so long: the controller was busy, and nothing is sold or redeemed here until it comes.
const AGAIN: Duration = Duration::from_secs(5);

/// How far taking back the site's facts has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Resync {
    /// The store knows all that happened here.
    Done,
    /// It does not, and nobody has been asked.
    Needed,
    /// The controller is being asked for a page.
    Asking(AttemptId),
    /// It did not answer on this link, and is asked again then.
    Again(Ticks),
}

impl Core {
    /// Asks for the next page, if one is needed.
    pub(super) fn ask_facts(&mut self, now: Now, out: &mut Commands) {
        if self.resync != Resync::Needed || self.cloud == Cloud::Away {
            return;
        }
        let attempt = self.new_attempt(now);
        self.resync = Resync::Asking(attempt);
        let question = FactsQuestion {
            attempt,
            after: self.resync_after,
            deadline: now.at + DEADLINE,
        };
        out.questions
            .push((attempt, Question::Facts(question), DEADLINE));
    }

    /// The controller did not answer; if that was about a page, it is asked for again.
    pub(super) fn facts_did_not_come(&mut self, attempt: AttemptId, now: Now) {
        if self.resync == Resync::Asking(attempt) {
            self.resync = Resync::Again(now.ticks + AGAIN);
        }
    }

    /// When a page that did not come is asked for again, if one is.
    pub(super) fn facts_due(&self, now: Now) -> Option<Duration> {
        match self.resync {
            Resync::Again(at) => Some(at.since(now.ticks)),
            Resync::Done | Resync::Needed | Resync::Asking(_) => None,
        }
    }

    /// Asks again for a page that did not come.
    pub(super) fn ask_facts_again(&mut self, now: Now, out: &mut Commands) {
        if self.facts_due(now) == Some(Duration::ZERO) {
            self.resync = Resync::Needed;
            self.ask_facts(now, out);
        }
    }

    /// The link is gone, and with it every question: the next one asks as soon as it stands.
    pub(super) fn ask_facts_anew(&mut self) {
        if self.resync != Resync::Done {
            self.resync = Resync::Needed;
        }
    }

    pub(super) fn new_attempt(&mut self, now: Now) -> AttemptId {
        AttemptId::new(now.at, random(&mut self.rng))
    }

    pub(super) fn facts_came(
        &mut self,
        attempt: AttemptId,
        page: FactsAnswer,
        now: Now,
        out: &mut Commands,
    ) {
        if self.resync != Resync::Asking(attempt) {
            return;
        }
        for taken in page.taken {
            self.resync_after = Some(taken.ticket);
            self.state.take_back(&taken, now.at);
            let known = self.state.tickets.find(taken.ticket).is_some();
            // An ended printed ticket needs no more than its spent mark.
            if !known && (taken.ended.is_none() || taken.printed.is_none()) {
                self.strays.insert(taken.ticket, taken);
            }
        }
        if page.more {
            self.resync = Resync::Needed;
            self.ask_facts(now, out);
            return;
        }
        self.resync = Resync::Done;
        self.resync_after = None;
        out.resynced = true;
        out.router = true;
        self.deliver(now, out);
    }
}
