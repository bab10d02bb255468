//! The tickets this site knows and what rows and facts do to them. Deciding whether a code opens the door is `redeem`'s work, what a
//! batch's codes are is `series`'.

mod taken;

use std::collections::{BTreeMap, BTreeSet};

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{AttemptId, Mac, TicketId};
use mnara_protocol::message::{Printed, RedeemedFact, TicketRow};
use mnara_protocol::ticket::code::TicketCode;
use mnara_protocol::ticket::{EndReason, Phase, Right, Slot, Ticket};

use crate::access::desired::Credential;

/// How long an ended ticket stays in memory after its end; its code stays spent for good.
const KEPT_AFTER_END_SECS: i64 = 3 * 24 * 3600;

/// Every ticket's id lies between these.
const FIRST: TicketId = TicketId::from_bytes([0; 16]);
const LAST: TicketId = TicketId::from_bytes([0xff; 16]);

/// The own columns of a ticket that was bought, decided by the controller, or given away to try, decided here.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Bought {
    pub(crate) code: TicketCode,
    pub(crate) username: Credential,
    pub(crate) password: Credential,
    pub(crate) plan_name: String,
    pub(crate) deliver_to: Option<Mac>,
    pub(crate) deliver_until: Option<Timestamp>,
    pub(crate) attempt: Option<AttemptId>,
    /// Whether the site made it, for a device to try.
    pub(crate) trial: bool,
}

/// Where a ticket comes from.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Origin {
    /// By the feed, one row each, or made here.
    Bought(Box<Bought>),
    /// From a batch.
    Printed(Printed),
}

/// A ticket with where it comes from.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Known {
    pub(crate) ticket: Ticket,
    pub(crate) origin: Origin,
    /// Whether the row is still in the feed; a printed ticket has none.
    pub(crate) fed: bool,
}

impl Known {
    /// Whether a device may be online with it: its code was used and it has not ended.
    pub(crate) const fn is_live(&self) -> bool {
        matches!(
            self.ticket.phase,
            Phase::Redeemed { .. } | Phase::Running { .. }
        )
    }

    /// Orders the tickets of one device: what is running is used up before the next begins.
    pub(crate) const fn turn(&self) -> Option<(u8, Timestamp, TicketId)> {
        match &self.ticket.phase {
            Phase::Running { since, .. } => Some((0, *since, self.ticket.id)),
            Phase::Redeemed { at, .. } => Some((1, *at, self.ticket.id)),
            Phase::Unused | Phase::Paused { .. } | Phase::Ended { .. } => None,
        }
    }
}

/// What is asked about all tickets at every event, so that the answer does not take longer with every ticket.
#[derive(Clone, Default, PartialEq, Eq)]
struct Index {
    /// A device may be online with them.
    live: BTreeSet<TicketId>,
    /// Live tickets by the date on which they end; those that are spent already come first.
    ends: BTreeSet<(Timestamp, TicketId)>,
    /// Places that devices hold on live tickets.
    places: BTreeSet<(Mac, TicketId)>,
}

/// Stands for "whatever the time is".
const ALREADY: Timestamp = Timestamp::from_millis(0);

impl Index {
    fn add(&mut self, known: &Known) {
        if !known.is_live() {
            return;
        }
        let id = known.ticket.id;
        self.live.insert(id);
        self.ends.extend(ends(known).map(|at| (at, id)));
        let slots = known.ticket.slots().iter();
        self.places.extend(slots.map(|slot| (slot.mac, id)));
    }

    fn remove(&mut self, known: &Known) {
        let id = known.ticket.id;
        if self.live.remove(&id) {
            if let Some(at) = ends(known) {
                self.ends.remove(&(at, id));
            }
            for slot in known.ticket.slots() {
                self.places.remove(&(slot.mac, id));
            }
        }
    }
}

fn ends(known: &Known) -> Option<Timestamp> {
    let spent = known.ticket.due(ALREADY).map(|_| ALREADY);
    spent.or_else(|| known.ticket.next_date())
}

/// All tickets of the site that are more than a number in a batch.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Tickets {
    known: BTreeMap<TicketId, Known>,
    index: Index,
    /// Codes of bought tickets.
    codes: BTreeMap<TicketCode, TicketId>,
    /// Which ticket a device used last, live or over.
    last: BTreeMap<Mac, TicketId>,
    /// Bought tickets that nobody has used and that name the device they are for.
    undelivered: BTreeSet<TicketId>,
}

impl Tickets {
    pub(crate) fn find(&self, id: TicketId) -> Option<&Known> {
        self.known.get(&id)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Known> {
        self.known.values()
    }

    pub(crate) fn live(&self) -> impl Iterator<Item = &Known> {
        let ids = self.index.live.iter();
        ids.filter_map(|id| self.known.get(id))
    }

    /// Live tickets that have given all they sold.
    pub(crate) fn due(&self, now: Timestamp) -> impl Iterator<Item = (&Known, EndReason)> {
        let ends = self.index.ends.iter();
        ends.take_while(move |(at, _)| *at <= now.max(ALREADY))
            .filter_map(move |(_, id)| {
                let known = self.known.get(id)?;
                Some((known, known.ticket.due(now)?))
            })
    }

    /// The date on which the next live ticket ends.
    pub(crate) fn next_date(&self) -> Option<Timestamp> {
        self.index.ends.first().map(|(at, _)| *at)
    }

    pub(crate) fn by_code(&self, code: &TicketCode) -> Option<TicketId> {
        self.codes.get(code).copied()
    }

    /// Whether the clock of a bought ticket has started.
    pub(crate) fn is_started(&self, code: &TicketCode) -> bool {
        let known = self.by_code(code).and_then(|id| self.find(id));
        known.is_some_and(|known| known.ticket.since().is_some())
    }

    pub(crate) fn last_of(&self, mac: Mac) -> Option<&Known> {
        self.known.get(self.last.get(&mac)?)
    }

    pub(crate) fn len(&self) -> usize {
        self.known.len()
    }

    /// Tickets to be redeemed for the device that bought them, with that device.
    pub(crate) fn to_deliver(&self, now: Timestamp) -> Vec<(TicketId, Mac)> {
        self.undelivered
            .iter()
            .filter_map(|id| {
                let known = self.known.get(id)?;
                let Origin::Bought(bought) = &known.origin else {
                    return None;
                };
                let mac = bought.deliver_to?;
                (known.ticket.phase == Phase::Unused
                    && bought.deliver_until.is_none_or(|until| now <= until))
                .then_some((*id, mac))
            })
            .collect()
    }

    /// Live tickets a device holds a place on, the one whose turn it is first.
    pub(crate) fn of_device(&self, mac: Mac) -> Vec<&Known> {
        let mut held: Vec<_> = self
            .index
            .places
            .range((mac, FIRST)..=(mac, LAST))
            .filter_map(|(_, id)| self.known.get(id))
            .collect();
        held.sort_by_key(|known| known.turn());
        held
    }

    /// Which ticket serves each device that holds a place on one.
    pub(crate) fn turns(&self) -> BTreeMap<Mac, TicketId> {
        let mut first: BTreeMap<Mac, (u8, Timestamp, TicketId)> = BTreeMap::new();
        for known in self.live() {
            let Some(turn) = known.turn() else { continue };
            for slot in known.ticket.slots() {
                first
                    .entry(slot.mac)
                    .and_modify(|best| *best = turn.min(*best))
                    .or_insert(turn);
            }
        }
        first
            .into_iter()
            .map(|(mac, (_, _, ticket))| (mac, ticket))
            .collect()
    }

    /// Takes a bought ticket's row. A code that cannot be one is kept unreachable rather than lost.
    pub(crate) fn take_row(&mut self, row: TicketRow, now: Timestamp) {
        let Ok(code) = TicketCode::parse(&row.code) else {
            return;
        };
        let origin = Origin::Bought(Box::new(Bought {
            code: code.clone(),
            username: Credential::new(row.username),
            password: Credential::new(row.password),
            plan_name: row.plan_name,
            deliver_to: row.deliver_to,
            deliver_until: row.deliver_until,
            attempt: row.attempt,
            trial: self.known.get(&row.ticket).is_some_and(Known::is_trial),
        }));
        self.codes.insert(code, row.ticket);
        match self.known.get_mut(&row.ticket) {
            Some(known) => {
                self.index.remove(known);
                if let Origin::Bought(before) = &known.origin
                    && let Origin::Bought(after) = &origin
                    && before.code != after.code
                {
                    self.codes.remove(&before.code);
                }
                known.origin = origin;
                known.fed = true;
                known.ticket = known.ticket.clone().ruled(row.right, now);
                self.index.add(known);
            }
            None => {
                self.known.insert(
                    row.ticket,
                    Known {
                        ticket: Ticket::unused(row.ticket, row.right),
                        origin,
                        fed: true,
                    },
                );
            }
        }
        if let Some(taken) = row.taken {
            self.take_back(&taken, None, now);
        }
        self.note_delivery(row.ticket);
    }

    /// A bought ticket's row left the feed: an unused one is gone, and a used one is known still, for the day it comes back.
    pub(crate) fn drop_row(&mut self, id: TicketId) {
        if let Some(known) = self.known.get_mut(&id) {
            known.fed = false;
            if known.ticket.phase == Phase::Unused {
                self.forget(id);
            }
        }
    }

    /// Takes what was decided about a ticket; one the site has not is not its business.
    pub(crate) fn rule(&mut self, id: TicketId, right: Right, now: Timestamp) {
        if let Some(known) = self.known.get_mut(&id) {
            self.index.remove(known);
            known.ticket = known.ticket.clone().ruled(right, now);
            self.index.add(known);
        }
    }

    /// Opens again what had ended for a reason that a later decision took away.
    pub(crate) fn rule_again(&mut self, now: Timestamp) {
        for known in self.known.values_mut() {
            if matches!(known.ticket.phase, Phase::Ended { .. }) {
                let right = known.ticket.right;
                known.ticket = known.ticket.clone().ruled(right, now);
                self.index.add(known);
            }
        }
    }

    /// Marks a ticket as given away to try, if it is here.
    pub(crate) fn mark_trial(&mut self, id: TicketId) -> bool {
        let known = self.known.get_mut(&id);
        if let Some(Origin::Bought(bought)) = known.map(|known| &mut known.origin) {
            bought.trial = true;
            return true;
        }
        false
    }

    /// Makes sure a printed ticket is known.
    pub(crate) fn admit_printed(&mut self, id: TicketId, printed: Printed, right: Right) {
        self.known.entry(id).or_insert_with(|| Known {
            ticket: Ticket::unused(id, right),
            origin: Origin::Printed(printed),
            fed: false,
        });
    }

    /// Takes back a ticket from a snapshot.
    pub(crate) fn restore(&mut self, known: Known) {
        let id = known.ticket.id;
        if let Origin::Bought(bought) = &known.origin {
            self.codes.insert(bought.code.clone(), id);
        }
        self.index.add(&known);
        self.known.insert(id, known);
        self.note_delivery(id);
    }

    pub(crate) fn restore_last(&mut self, mac: Mac, id: TicketId) {
        self.last.insert(mac, id);
    }

    pub(crate) fn last_pairs(&self) -> impl Iterator<Item = (Mac, TicketId)> {
        self.last.iter().map(|(mac, id)| (*mac, *id))
    }

    /// Changes one ticket by a move.
    pub(crate) fn change(&mut self, id: TicketId, change: impl FnOnce(Ticket) -> Ticket) -> bool {
        let Some(known) = self.known.get_mut(&id) else {
            return false;
        };
        self.index.remove(known);
        known.ticket = change(known.ticket.clone());
        self.index.add(known);
        self.note_delivery(id);
        true
    }

    pub(crate) fn change_all(&mut self, change: impl Fn(Ticket) -> Ticket) {
        for known in self.known.values_mut() {
            self.index.remove(known);
            known.ticket = change(known.ticket.clone());
            self.index.add(known);
        }
    }

    /// Takes in that a code was used. The decision was made before; this only writes it down.
    pub(crate) fn redeemed(&mut self, fact: &RedeemedFact) -> bool {
        let newcomer = Slot {
            mac: fact.mac,
            seen: fact.at,
        };
        let found = self.change(fact.ticket, |ticket| {
            let mut ticket = ticket.reopened();
            // Read back after a row that tells what was used elsewhere since, a first use begins nothing anew.
            if fact.first && ticket.since().is_none() {
                ticket.phase = Phase::Redeemed {
                    at: fact.at,
                    slots: vec![newcomer],
                };
                return ticket;
            }
            match &mut ticket.phase {
                Phase::Redeemed { slots, .. } | Phase::Running { slots, .. } => {
                    slots.retain(|slot| Some(slot.mac) != fact.evicted && slot.mac != fact.mac);
                    slots.push(newcomer);
                }
                // Typing its code lets a held clock run on.
                Phase::Paused {
                    redeemed_at,
                    since,
                    at,
                    usage,
                } => {
                    ticket.phase = Phase::Running {
                        redeemed_at: *redeemed_at,
                        since: *since + fact.at.since(*at),
                        slots: vec![newcomer],
                        usage: *usage,
                    };
                }
                Phase::Unused | Phase::Ended { .. } => {}
            }
            ticket
        });
        if found {
            self.last.insert(fact.mac, fact.ticket);
        }
        found
    }

    /// Lets go of tickets that ended long ago.
    pub(crate) fn tidy(&mut self, now: Timestamp) {
        let old: Vec<TicketId> = self
            .known
            .values()
            .filter(|known| {
                matches!(known.ticket.phase, Phase::Ended { at, .. }
                    if now.as_secs().saturating_sub(at.as_secs()) > KEPT_AFTER_END_SECS)
                    && !known.fed
            })
            .map(|known| known.ticket.id)
            .collect();
        for id in old {
            self.forget(id);
        }
    }

    fn forget(&mut self, id: TicketId) {
        if let Some(known) = self.known.remove(&id) {
            self.index.remove(&known);
            if let Origin::Bought(bought) = known.origin {
                self.codes.remove(&bought.code);
            }
        }
        self.undelivered.remove(&id);
        self.last.retain(|_, ticket| *ticket != id);
    }

    fn note_delivery(&mut self, id: TicketId) {
        let waits = self.known.get(&id).is_some_and(|known| {
            known.ticket.phase == Phase::Unused
                && matches!(&known.origin, Origin::Bought(bought) if bought.deliver_to.is_some())
        });
        if waits {
            self.undelivered.insert(id);
        } else {
            self.undelivered.remove(&id);
        }
    }
}
