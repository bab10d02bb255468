//! Tickets that other sites had meanwhile.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::message::Taken;
use mnara_protocol::ticket::{Phase, Right};

use super::Tickets;

impl Tickets {
    /// Takes back what the controller holds of a ticket that this site or another had used. What the site itself knows stands, and what
    /// was begun or used elsewhere since is gone from it too.
    ///
    /// What had ended is ruled by what the ticket gives now: it may have been given more time since.
    pub(crate) fn take_back(&mut self, taken: &Taken, right: Option<Right>, now: Timestamp) {
        if !self.known.contains_key(&taken.ticket)
            && let (Some(printed), Some(right)) = (taken.printed, right)
        {
            self.admit_printed(taken.ticket, printed, right);
        }
        let took = self.change(taken.ticket, |mut ticket| {
            let is_unused = ticket.phase == Phase::Unused;
            let is_begun_elsewhere =
                matches!(ticket.phase, Phase::Redeemed { .. }) && taken.since.is_some();
            if !is_unused && !is_begun_elsewhere {
                return ticket.used(taken.usage);
            }
            let slots = if is_unused {
                taken.slots.clone()
            } else {
                ticket.slots().to_vec()
            };
            ticket.phase = match (taken.ended, taken.since, taken.paused) {
                (Some(end), since, _) => Phase::Ended {
                    redeemed_at: Some(taken.redeemed_at),
                    since,
                    at: end.at,
                    reason: end.reason,
                    usage: taken.usage,
                },
                (None, Some(since), Some(at)) => Phase::Paused {
                    redeemed_at: taken.redeemed_at,
                    since,
                    at,
                    usage: taken.usage,
                },
                (None, Some(since), None) => Phase::Running {
                    redeemed_at: taken.redeemed_at,
                    since,
                    slots,
                    usage: taken.usage,
                },
                (None, None, _) => Phase::Redeemed {
                    at: taken.redeemed_at,
                    slots,
                },
            };
            let right = ticket.right;
            // The clock it ended by may be ahead of this one: what it ended was due then.
            let now = taken.ended.map_or(now, |end| now.max(end.at));
            ticket.ruled(right, now)
        });
        if took {
            for slot in &taken.slots {
                self.last.entry(slot.mac).or_insert(taken.ticket);
            }
        }
    }

    /// Takes every bought ticket for one that is still here: what the feed says of them cannot be read.
    pub(crate) fn keep_all(&mut self) {
        for known in self.known.values_mut().filter(|known| known.is_sold()) {
            known.fed = true;
        }
    }
}
