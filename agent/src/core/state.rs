//! What the site knows for good: changed only by journal entries, feed rows and checkpoints, so that reading those again gives the same.
//! What is forgotten in a restart (who is asking, what was guessed, what is in flight) is in the other files.

use std::collections::BTreeSet;

use mnara_protocol::clock::{Correction, Timestamp};
use mnara_protocol::grant::Step;
use mnara_protocol::ids::{Mac, TicketId};
use mnara_protocol::message::{Fact, HealthEvent, HealthFact, RedeemedFact, Taken};
use mnara_protocol::ticket::{Phase, Ticket};

use super::given_back::GivenBack;
use super::metering::Meters;
use super::series::Batches;
use super::tickets::Tickets;
use super::trials::Trials;

/// The site's lasting state.
#[derive(Default)]
pub(crate) struct State {
    pub(crate) tickets: Tickets,
    pub(crate) batches: Batches,
    pub(crate) trials: Trials,
    pub(crate) meters: Meters,
    /// Devices the router has shown online with a ticket they hold a place on.
    pub(crate) confirmed: BTreeSet<(TicketId, Mac)>,
    /// What devices gave back, or lost to another or a pause, and may want again.
    pub(crate) given_back: GivenBack,
    /// Devices that held a place on a paused ticket when it was paused.
    pub(crate) paused: BTreeSet<(TicketId, Mac)>,
    /// Times from here on hang together with the clock's present setting and move when it is corrected.
    pub(crate) unproven: Option<Timestamp>,
    /// Entries applied that name a ticket the site does not have.
    pub(crate) strangers: u64,
}

impl State {
    /// Takes in one thing that happened. The same for what happens now and for what is read back from the journal.
    ///
    /// Read back, a row that gave an ended ticket more time comes before that end: what was used, held or ended after it opens the ticket
    /// again first.
    pub(crate) fn apply(&mut self, fact: &Fact) {
        let found = match fact {
            Fact::Redeemed(fact) => self.redeemed(fact),
            Fact::Granted(fact) if fact.step == Step::Confirmed => {
                self.confirmed.insert((fact.ticket, fact.mac));
                self.tickets.change(fact.ticket, |ticket| {
                    begun_by(ticket.confirmed(fact.at), fact.at).seen(fact.mac, fact.at)
                })
            }
            Fact::Granted(_) | Fact::Drift(_) => true,
            Fact::Metered(fact) => {
                self.meters.metered(fact);
                self.tickets
                    .change(fact.ticket, |ticket| ticket.used(fact.total))
            }
            Fact::Ended(fact) => {
                self.confirmed.retain(|(ticket, _)| *ticket != fact.ticket);
                self.given_back.ended(fact.ticket);
                self.forget_pause(fact.ticket);
                self.tickets.change(fact.ticket, |ticket| {
                    let ticket = ticket.reopened().used(fact.usage);
                    ticket.end(fact.reason, fact.at)
                })
            }
            Fact::Paused(fact) => {
                self.confirmed.retain(|(ticket, _)| *ticket != fact.ticket);
                let held = self.tickets.find(fact.ticket).into_iter();
                for slot in held.flat_map(|known| known.ticket.slots()) {
                    self.given_back.note(slot.mac, fact.ticket);
                    self.paused.insert((fact.ticket, slot.mac));
                }
                self.tickets.change(fact.ticket, |ticket| {
                    let ticket = ticket.reopened().used(fact.usage);
                    ticket.clone().paused(fact.at).unwrap_or(ticket)
                })
            }
            Fact::Resumed(fact) => {
                self.forget_pause(fact.ticket);
                self.tickets.change(fact.ticket, |ticket| {
                    ticket.clone().resumed(fact.at).unwrap_or(ticket)
                })
            }
            Fact::Released(fact) => {
                self.confirmed.remove(&(fact.ticket, fact.mac));
                let found = self
                    .tickets
                    .change(fact.ticket, |ticket| ticket.released(fact.mac));
                if found {
                    self.given_back.note(fact.mac, fact.ticket);
                }
                found
            }
            Fact::Tried(fact) => self.tried(fact),
            Fact::Health(fact) => {
                self.health(fact);
                true
            }
        };
        if !found {
            self.strangers += 1;
        }
    }

    fn redeemed(&mut self, fact: &RedeemedFact) -> bool {
        if let Some(printed) = fact.printed {
            self.batches.spend(printed);
            if let Some(right) = self.batches.right(printed) {
                self.tickets.admit_printed(fact.ticket, printed, right);
            }
        }
        let found = self.tickets.redeemed(fact);
        if let Some(evicted) = fact.evicted {
            self.confirmed.remove(&(fact.ticket, evicted));
            // What it used last is offered to it anyway.
            let last = self.tickets.last_of(evicted);
            if found && last.is_none_or(|last| last.ticket.id != fact.ticket) {
                self.given_back.note(evicted, fact.ticket);
            }
        }
        self.given_back.used(fact.mac, fact.ticket);
        self.forget_pause(fact.ticket);
        found
    }

    fn forget_pause(&mut self, ticket: TicketId) {
        self.paused.retain(|(paused, _)| *paused != ticket);
    }

    fn health(&mut self, fact: &HealthFact) {
        match (fact.event, fact.value) {
            (HealthEvent::AgentStarted, value) => {
                self.unproven = Some(value.map_or(fact.at, Timestamp::from_millis));
            }
            (HealthEvent::ClockCorrected, Some(secs)) => self.corrected(secs, fact.at),
            (
                HealthEvent::ClockCorrected
                | HealthEvent::RouterLost
                | HealthEvent::RouterBack
                | HealthEvent::RouterRebooted
                | HealthEvent::RouterRefusesLogin
                | HealthEvent::JournalForked
                | HealthEvent::StoreFailed
                | HealthEvent::Other(_),
                _,
            ) => {}
        }
    }

    /// Moves the times that no anchor had proven: monotonic time holds them together, so all were off by the same.
    fn corrected(&mut self, secs: i64, now: Timestamp) {
        let Some(from) = self.unproven else { return };
        let correction = Correction::Moved {
            from,
            by_millis: secs.saturating_mul(1000),
            now,
        };
        self.tickets
            .change_all(|ticket| ticket.corrected(correction));
        self.trials.corrected(correction);
        self.meters.corrected(correction);
        self.unproven = Some(from.plus_secs(secs));
    }

    /// Takes back what the controller holds of a ticket used at this site before its store was made.
    pub(crate) fn take_back(&mut self, taken: &Taken, now: Timestamp) {
        if let Some(tried) = &taken.tried {
            self.trials.note(tried.mac, taken.redeemed_at);
            self.admit_trial(taken.ticket, &tried.code, tried.right);
        }
        let right = taken.printed.and_then(|printed| {
            self.batches.spend(printed);
            self.batches.right(printed)
        });
        self.tickets.take_back(taken, right, now);
        if taken.since.is_some() && taken.ended.is_none() && taken.paused.is_none() {
            for slot in &taken.slots {
                self.confirmed.insert((taken.ticket, slot.mac));
            }
        }
    }
}

/// Nobody is online before the clock runs: read back after a row that tells of a later start elsewhere, it runs from this site's own.
fn begun_by(mut ticket: Ticket, at: Timestamp) -> Ticket {
    if let Phase::Running { since, .. } = &mut ticket.phase {
        *since = (*since).min(at);
    }
    ticket
}
