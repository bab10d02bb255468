//! The site's times: since when they are not proven, and moving them when the clock is corrected. What moves and how far, `state` knows.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::message::HealthEvent;

use super::{Commands, Core, Now};

impl Core {
    /// Since when the site's times are not proven, as its facts say.
    #[must_use]
    pub fn unproven(&self) -> Option<Timestamp> {
        self.state.unproven
    }

    pub(super) fn started(&mut self, unproven: Option<Timestamp>, now: Now, out: &mut Commands) {
        let since = unproven.map(Timestamp::as_millis);
        self.health(HealthEvent::AgentStarted, since, now, out);
        self.state.tickets.rule_again(now.at);
        self.release_moved(now, out);
        self.deliver(now, out);
        out.router = true;
    }

    pub(super) fn corrected(&mut self, secs: i64, now: Now, out: &mut Commands) {
        self.health(HealthEvent::ClockCorrected, Some(secs), now, out);
        out.router = true;
    }

    /// Moves times that were moved before the state was read back. What could not be written is not in it, unless it was that very write
    /// that failed: then it may be.
    pub(super) fn corrected_again(
        &mut self,
        since: Timestamp,
        secs: i64,
        now: Now,
        out: &mut Commands,
    ) {
        if self.state.unproven == Some(since.plus_secs(secs)) {
            return;
        }
        // Nor need the start be in it that said so; times of an earlier one are proven and stay.
        if self.state.unproven != Some(since) {
            self.health(HealthEvent::AgentStarted, Some(since.as_millis()), now, out);
        }
        self.corrected(secs, now, out);
    }
}
