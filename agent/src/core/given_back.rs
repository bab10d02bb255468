//! Tickets that a device gave back or that were taken from it: its page offers them again, so that nobody loses a code that was never
//! written down.

use std::collections::{BTreeMap, BTreeSet};

use mnara_protocol::ids::{Mac, TicketId};

/// Tickets remembered for one device.
const TICKETS: usize = 16;
/// Devices remembered.
const DEVICES: usize = 4_096;

/// Which devices had which tickets that are not over and that they hold no place on.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct GivenBack(BTreeMap<Mac, BTreeSet<TicketId>>);

impl GivenBack {
    pub(crate) fn note(&mut self, mac: Mac, ticket: TicketId) {
        if self.0.len() >= DEVICES && !self.0.contains_key(&mac) {
            return;
        }
        let tickets = self.0.entry(mac).or_default();
        if tickets.len() < TICKETS {
            tickets.insert(ticket);
        }
    }

    /// The device uses it again.
    pub(crate) fn used(&mut self, mac: Mac, ticket: TicketId) {
        if let Some(tickets) = self.0.get_mut(&mac) {
            tickets.remove(&ticket);
            if tickets.is_empty() {
                self.0.remove(&mac);
            }
        }
    }

    pub(crate) fn ended(&mut self, ticket: TicketId) {
        self.0.retain(|_, tickets| {
            tickets.remove(&ticket);
            !tickets.is_empty()
        });
    }

    pub(crate) fn of(&self, mac: Mac) -> impl Iterator<Item = TicketId> {
        self.0.get(&mac).into_iter().flatten().copied()
    }

    pub(crate) fn pairs(&self) -> impl Iterator<Item = (Mac, TicketId)> {
        let each = self.0.iter();
        each.flat_map(|(mac, tickets)| tickets.iter().map(move |ticket| (*mac, *ticket)))
    }
}
