//! Access: what sites report of tickets.
//!
//! One ticket's use at one site is a [`Use`]; facts move it forward, and the ticket's own columns are computed from all its uses.
//! Pure here; rows are in [`store`], the way from the link in [`report`].

pub mod act;
pub mod hold;
pub mod pages;
pub mod questions;
pub mod rename;
pub mod report;
pub mod store;
#[cfg(test)]
mod tests;

use mnara_protocol::clock::{Correction, Timestamp};
use mnara_protocol::grant::Step;
use mnara_protocol::ids::{Mac, SiteId};
use mnara_protocol::message::Fact;
use mnara_protocol::ticket::{EndReason, Slot, Usage};

use crate::tickets::Reported;

/// One ticket's use at one site, as that site reports it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Use {
    /// Where.
    pub site: SiteId,
    /// When its code was used there.
    pub redeemed_at: Timestamp,
    /// When its clock started there.
    pub started_at: Option<Timestamp>,
    /// Since when its clock is held there, if it is.
    pub paused_at: Option<Timestamp>,
    /// When and why it ended there.
    pub ended: Option<(Timestamp, EndReason)>,
    /// What it used there.
    pub usage: Usage,
    /// Who holds it there.
    pub slots: Vec<Slot>,
    /// Whether the site could not ask us when the code was used.
    pub cut_off: bool,
    /// Whether settlement gave the ticket to another site.
    pub lost: bool,
}

impl Use {
    /// Orders the uses of a bought ticket: where it is now, or ended, comes last. A site that it left has nobody on it and holds no clock.
    pub(crate) fn order(&self) -> (bool, Timestamp, SiteId) {
        let is_here = self.ended.is_some() || self.paused_at.is_some() || !self.slots.is_empty();
        (is_here, self.redeemed_at, self.site)
    }

    /// A use that begins with a site's first word about the ticket.
    #[must_use]
    pub const fn begin(site: SiteId, at: Timestamp) -> Self {
        Self {
            site,
            redeemed_at: at,
            started_at: None,
            paused_at: None,
            ended: None,
            usage: Usage {
                online_secs: 0,
                bytes_up: 0,
                bytes_down: 0,
            },
            slots: Vec::new(),
            cut_off: false,
            lost: false,
        }
    }

    /// Moves forward by a fact. The same fact twice changes nothing more.
    pub fn apply(&mut self, fact: &Fact) {
        match fact {
            Fact::Redeemed(redeemed) => {
                self.go_on(redeemed.at);
                self.redeemed_at = self.redeemed_at.min(redeemed.at);
                self.cut_off |= redeemed.first && redeemed.cut_off;
                self.run_on(redeemed.at);
                if let Some(evicted) = redeemed.evicted {
                    self.slots.retain(|slot| slot.mac != evicted);
                }
                self.hold(redeemed.mac, redeemed.at);
            }
            Fact::Granted(granted) => {
                if granted.step == Step::Confirmed {
                    self.started_at =
                        Some(self.started_at.map_or(granted.at, |at| at.min(granted.at)));
                    self.hold(granted.mac, granted.at);
                }
            }
            Fact::Metered(metered) => {
                self.use_up(metered.total);
                if let Some(slot) = self.slots.iter_mut().find(|slot| slot.mac == metered.mac) {
                    slot.seen = slot.seen.max(metered.at);
                }
            }
            Fact::Ended(ended) => {
                self.go_on(ended.at);
                self.use_up(ended.usage);
                self.run_on(ended.at);
                if self.ended.is_none() {
                    self.ended = Some((ended.at, ended.reason));
                }
            }
            Fact::Released(released) => self.slots.retain(|slot| slot.mac != released.mac),
            Fact::Paused(paused) => {
                self.go_on(paused.at);
                self.use_up(paused.usage);
                if let (Some(since), None, None) = (self.started_at, self.paused_at, self.ended) {
                    self.paused_at = Some(paused.at.max(since));
                    self.slots.clear();
                }
            }
            Fact::Resumed(resumed) => self.run_on(resumed.at),
            // Its ticket begins by a redemption, which this is turned into.
            Fact::Tried(_) | Fact::Health(_) | Fact::Drift(_) => {}
        }
    }

    /// Moves the times that a wrong clock gave it; says whether any moved.
    pub fn corrected(&mut self, correction: Correction) -> bool {
        let before = self.clone();
        self.redeemed_at = correction.apply(self.redeemed_at);
        self.started_at = self.started_at.map(|at| correction.apply(at));
        self.paused_at = self.paused_at.map(|at| correction.apply(at));
        self.ended = self
            .ended
            .map(|(at, reason)| (correction.apply(at), reason));
        for slot in &mut self.slots {
            slot.seen = correction.apply(slot.seen);
        }
        *self != before
    }

    /// Used, held or ended after its end it had been given more time and was open again, without devices. What is told twice lies before its end.
    fn go_on(&mut self, at: Timestamp) {
        if let Some((ended, reason)) = self.ended
            && at > ended
            && !matches!(reason, EndReason::UsedElsewhere | EndReason::Other(_))
        {
            self.ended = None;
            self.slots.clear();
        }
    }

    /// A clock that was held runs on with what was left.
    fn run_on(&mut self, at: Timestamp) {
        if let Some(held) = self.paused_at.take() {
            self.started_at = self.started_at.map(|since| since + at.since(held));
        }
    }

    fn hold(&mut self, mac: Mac, at: Timestamp) {
        match self.slots.iter_mut().find(|slot| slot.mac == mac) {
            Some(slot) => slot.seen = slot.seen.max(at),
            None => self.slots.push(Slot { mac, seen: at }),
        }
    }

    fn use_up(&mut self, total: Usage) {
        self.usage.online_secs = self.usage.online_secs.max(total.online_secs);
        self.usage.bytes_up = self.usage.bytes_up.max(total.bytes_up);
        self.usage.bytes_down = self.usage.bytes_down.max(total.bytes_down);
    }
}

/// What the uses of a ticket come to: the first redemption and start, what was used, and the end.
///
/// A bought ticket moves from site to site and each goes on counting where the one before stood, so the last site has the last word. A
/// printed one may be used by several at once: what they used adds up, and it has ended once no use still runs.
#[must_use]
pub fn summarise(uses: &[Use], is_printed: bool) -> Reported {
    let redeemed_at = uses.iter().map(|one| one.redeemed_at).min();
    let started_at = uses.iter().filter_map(|one| one.started_at).min();
    if !is_printed {
        let last = uses.iter().max_by_key(|one| one.order());
        return Reported {
            redeemed_at,
            started_at,
            paused_at: last.and_then(|one| one.paused_at),
            ended: last.and_then(|one| one.ended),
            usage: uses
                .iter()
                .fold(Usage::default(), |sum, one| sum.joined(one.usage)),
        };
    }
    let mut usage = Usage::default();
    for one in uses {
        usage.online_secs = usage.online_secs.saturating_add(one.usage.online_secs);
        usage.bytes_up = usage.bytes_up.saturating_add(one.usage.bytes_up);
        usage.bytes_down = usage.bytes_down.saturating_add(one.usage.bytes_down);
    }
    let open = || uses.iter().filter(|one| one.ended.is_none() && !one.lost);
    let running = open().next().is_some();
    let held = open().all(|one| one.paused_at.is_some());
    let kept = uses
        .iter()
        .filter(|one| !one.lost)
        .filter_map(|one| one.ended)
        .max_by_key(|(at, _)| *at);
    Reported {
        redeemed_at,
        started_at,
        paused_at: open()
            .filter_map(|one| one.paused_at)
            .max()
            .filter(|_| held),
        ended: if running { None } else { kept },
        usage,
    }
}
