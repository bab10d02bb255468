//! What a look at the router tells: who is online, what is used, what was confirmed, whether the router came back or started anew.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use mnara_protocol::grant::Step;
use mnara_protocol::ids::{Mac, SessionId, TicketId};
use mnara_protocol::message::{Fact, GrantedFact, HealthEvent, MeteredFact};
use mnara_protocol::ticket::Phase;

use super::desired::Flow;
use super::redeem;
use super::{Commands, Core, Now, random};
use crate::access::observed::Observed;

impl Core {
    pub(super) fn observed(&mut self, seen: Arc<Observed>, now: Now, out: &mut Commands) {
        if std::mem::take(&mut self.router.lost) {
            self.health(HealthEvent::RouterBack, None, now, out);
        }
        self.router.refused = false;
        let places = self.places(&seen);
        self.forget_cut(&seen, &places);
        self.confirm(&places, now, out);
        self.confirm_missed(&seen, now, out);
        self.meter(&seen, now, out);
        self.drifted(&seen, now, out);
        self.count_rates(&seen, now);
        let news = places != self.online;
        self.online = places;
        self.await_log_ins(&seen, now);
        self.router.saw(seen);
        self.router.at = Some(now.ticks);
        self.serve_parked(now, out);
        let live: BTreeSet<TicketId> = self
            .state
            .tickets
            .live()
            .map(|known| known.ticket.id)
            .collect();
        self.state.meters.tidy(&live);
        self.flows.retain(|id, _| live.contains(id));
        if news {
            self.state.tickets.tidy(now.at);
        }
        out.router = true;
    }

    /// Which devices are online with which ticket.
    fn places(&self, seen: &Observed) -> BTreeSet<(TicketId, Mac)> {
        let names: BTreeMap<_, _> = seen
            .users
            .iter()
            .map(|user| (&user.name, user.ticket))
            .collect();
        seen.active
            .iter()
            .filter_map(|row| Some((*names.get(&row.user)?, row.mac)))
            .filter(|(ticket, _)| self.state.tickets.find(*ticket).is_some())
            .collect()
    }

    /// Notes whom the router has not let in yet, although their device is there and has its turn.
    fn await_log_ins(&mut self, seen: &Observed, now: Now) {
        let hosts = seen.hosts.iter();
        let here: BTreeSet<Mac> = hosts
            .filter(|host| host.is_there())
            .map(|host| host.mac)
            .collect();
        let turns = self.state.tickets.turns().into_iter();
        let before = std::mem::take(&mut self.awaited);
        self.awaited = turns
            .map(|(mac, ticket)| (ticket, mac))
            .filter(|place| here.contains(&place.1) && !self.online.contains(place))
            .map(|place| (place, before.get(&place).copied().unwrap_or(now.ticks)))
            .collect();
    }

    /// Lets go of devices that a look made after the cut shows off.
    fn forget_cut(&mut self, seen: &Observed, places: &BTreeSet<(TicketId, Mac)>) {
        self.cut
            .retain(|place, since| seen.number <= *since || places.contains(place));
        self.written.retain(|place| {
            places.contains(place)
                || self
                    .state
                    .tickets
                    .find(place.0)
                    .is_some_and(|known| known.is_live())
        });
    }

    /// Starts clocks of tickets whose first session began and ended between two looks. The router counts only who was online, so what
    /// it counted is a read-back too; without it the allowance would be given again.
    fn confirm_missed(&mut self, seen: &Observed, now: Now, out: &mut Commands) {
        for user in &seen.users {
            if user.uptime_secs == 0 && user.bytes_in == 0 && user.bytes_out == 0 {
                continue;
            }
            let Some(known) = self.state.tickets.find(user.ticket) else {
                continue;
            };
            if !known.is_live() || !matches!(known.ticket.phase, Phase::Redeemed { .. }) {
                continue;
            }
            let Some(slot) = known.ticket.slots().first() else {
                continue;
            };
            let fact = GrantedFact {
                ticket: user.ticket,
                mac: slot.mac,
                step: Step::Confirmed,
                at: now.at,
            };
            self.record(Fact::Granted(fact), out);
        }
    }

    /// Starts clocks of tickets whose device is online, and takes in devices that logged in at the router itself.
    fn confirm(&mut self, places: &BTreeSet<(TicketId, Mac)>, now: Now, out: &mut Commands) {
        for (ticket, mac) in places.iter().copied() {
            if self.cut.contains_key(&(ticket, mac)) {
                continue;
            }
            let Some(known) = self.state.tickets.find(ticket) else {
                continue;
            };
            if !known.is_live() {
                continue;
            }
            let slots = known.ticket.slots();
            if slots.iter().any(|slot| slot.mac == mac) {
                if !self.state.confirmed.contains(&(ticket, mac)) {
                    self.record(
                        Fact::Granted(GrantedFact {
                            ticket,
                            mac,
                            step: Step::Confirmed,
                            at: now.at,
                        }),
                        out,
                    );
                }
                self.state
                    .tickets
                    .change(ticket, |ticket| ticket.seen(mac, now.at));
            } else if known.is_here()
                && slots.len() < usize::from(known.ticket.right.terms.devices)
                && self.store_open
            {
                // It knew the name and password, so it has the ticket in hand.
                if let Some(candidate) = redeem::known(&self.state, ticket)
                    && let Ok(fact) = redeem::decide(candidate, mac, now.at, self.cloud)
                {
                    self.record(Fact::Redeemed(fact), out);
                }
            } else {
                self.cut_off(ticket, mac);
            }
        }
    }

    /// Turns the router's counters into sums.
    fn meter(&mut self, seen: &Observed, now: Now, out: &mut Commands) {
        let before: BTreeMap<_, _> = seen
            .users
            .iter()
            .filter_map(|user| {
                let ticket = &self.state.tickets.find(user.ticket)?.ticket;
                let counts = matches!(
                    ticket.phase,
                    Phase::Running { .. } | Phase::Paused { .. } | Phase::Ended { .. }
                );
                counts.then(|| {
                    (
                        ticket.id,
                        (ticket.usage(), ticket.right.terms.devices.max(1)),
                    )
                })
            })
            .collect();
        let at = now.at;
        let Self { state, rng, .. } = self;
        let reading = state
            .meters
            .read(seen, &before, at, || SessionId::new(at, random(rng)));
        if reading.rebooted {
            self.health(HealthEvent::RouterRebooted, None, now, out);
        }
        let millis = self.router.at.map_or(0, |at| {
            u64::try_from(now.ticks.since(at).as_millis()).unwrap_or(0)
        });
        for (id, total) in &reading.totals {
            let bytes = before
                .get(id)
                .map_or(0, |(sum, _)| total.bytes().saturating_sub(sum.bytes()));
            if millis > 0 {
                self.flows.insert(*id, Flow { bytes, millis });
            }
            self.state.tickets.change(*id, |ticket| ticket.used(*total));
        }
        for (ticket, mac, open, over) in reading.told {
            let total = self
                .state
                .tickets
                .find(ticket)
                .map_or(open.usage, |known| known.ticket.usage());
            self.record(
                Fact::Metered(MeteredFact {
                    session: open.id,
                    ticket,
                    mac,
                    began: open.began,
                    at,
                    usage: open.usage,
                    total,
                    over,
                }),
                out,
            );
        }
    }

    pub(super) fn router_lost(&mut self, now: Now, out: &mut Commands) {
        self.awaited.clear();
        if !std::mem::replace(&mut self.router.lost, true) && self.router.seen.is_some() {
            self.health(HealthEvent::RouterLost, None, now, out);
        }
    }

    pub(super) fn router_refuses(&mut self, now: Now, out: &mut Commands) {
        self.router.lost = true;
        self.awaited.clear();
        if !std::mem::replace(&mut self.router.refused, true) {
            self.health(HealthEvent::RouterRefusesLogin, None, now, out);
        }
    }
}
