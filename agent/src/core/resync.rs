//! Taking back what this site had done before its store was made: a new, replaced or restored agent asks the controller for it and only
//! then redeems or sells. While the controller is away, batches go by their own policy.

use mnara_protocol::ids::AttemptId;
use mnara_protocol::message::{FactsAnswer, FactsQuestion, Question};
use mnara_protocol::ticket::series::Cloud;

use super::purchases::DEADLINE;
use super::{Commands, Core, Now, Resync, random};

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
