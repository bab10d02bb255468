//! What tickets use: the router's counters turned into sums that survive its restarts and ours. Counting is here; what follows from a
//! spent allowance is `mod`'s.
//!
//! A ticket's sum is *offset + what the router counts for it now*. The offset moves only when the router's count starts anew (its user row
//! was made again, or a power cut took a running session's count); the last checkpoint holds both at one moment, so nothing counts twice.

use std::collections::{BTreeMap, BTreeSet};

use minicbor::{Decode, Encode};
use mnara_protocol::clock::{Correction, Timestamp};
use mnara_protocol::ids::{Mac, SessionId, TicketId};
use mnara_protocol::message::MeteredFact;
use mnara_protocol::ticket::Usage;

use crate::access::observed::{ActiveRow, Observed, RowId, Usage as Count};

/// How often a running session is told to the controller.
const TOLD_EVERY_SECS: i64 = 15 * 60;

/// A session that is going on.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub(crate) struct Open {
    #[n(0)]
    pub(crate) id: SessionId,
    #[n(1)]
    pub(crate) began: Timestamp,
    /// Its own sums.
    #[n(2)]
    pub(crate) usage: Usage,
    /// The router's connected seconds of it at the last look.
    #[n(3)]
    pub(crate) uptime: u64,
    /// When the controller was last told.
    #[n(4)]
    pub(crate) told: Timestamp,
}

/// How one ticket's router counts add up to its sums.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub(crate) struct Meter {
    #[n(0)]
    off_up: i64,
    #[n(1)]
    off_down: i64,
    #[n(2)]
    off_connected: i64,
    /// The sum of connected seconds of all devices.
    #[n(3)]
    connected: u64,
    /// The router's uptime up to which online time has been counted.
    #[n(4)]
    covered: u64,
}

/// What is remembered of a ticket from look to look only.
#[derive(Clone, Debug)]
struct Last {
    /// The user row. One that is missing for some looks, as when its mark is taken off by hand, may come back and goes on counting.
    row: RowId,
    count: Count,
    /// Whether the count was lower than before at the last look: a session that ends between two reads is missing for one look.
    suspect: bool,
}

/// All counting of the site.
#[derive(Default)]
pub(crate) struct Meters {
    sessions: BTreeMap<(TicketId, Mac), Open>,
    meters: BTreeMap<TicketId, Meter>,
    last: BTreeMap<TicketId, Last>,
    /// The router's uptime at the last look.
    uptime: u64,
}

/// What a look told about usage.
#[derive(Default)]
pub(crate) struct Reading {
    /// New sums of tickets.
    pub(crate) totals: BTreeMap<TicketId, Usage>,
    /// Sessions to be told to the controller.
    pub(crate) told: Vec<(TicketId, Mac, Open, bool)>,
    /// Whether the router has restarted since the last look.
    pub(crate) rebooted: bool,
}

impl Meters {
    pub(crate) fn sessions(&self) -> &BTreeMap<(TicketId, Mac), Open> {
        &self.sessions
    }

    pub(crate) fn meters(&self) -> &BTreeMap<TicketId, Meter> {
        &self.meters
    }

    pub(crate) const fn uptime(&self) -> u64 {
        self.uptime
    }

    pub(crate) fn restore(
        &mut self,
        uptime: u64,
        meters: BTreeMap<TicketId, Meter>,
        sessions: BTreeMap<(TicketId, Mac), Open>,
    ) {
        self.uptime = uptime;
        self.meters = meters;
        self.sessions = sessions;
    }

    /// Takes in what was told of a session, now or before a restart.
    pub(crate) fn metered(&mut self, fact: &MeteredFact) {
        let place = (fact.ticket, fact.mac);
        if fact.over {
            if self
                .sessions
                .get(&place)
                .is_some_and(|open| open.id == fact.session)
            {
                self.sessions.remove(&place);
            }
            return;
        }
        let open = self.sessions.entry(place).or_insert_with(|| Open {
            id: fact.session,
            began: fact.began,
            usage: fact.usage,
            uptime: u64::from(fact.usage.online_secs),
            told: fact.at,
        });
        open.told = fact.at;
    }

    pub(crate) fn corrected(&mut self, correction: Correction) {
        for open in self.sessions.values_mut() {
            open.began = correction.apply(open.began);
            open.told = correction.apply(open.told);
        }
    }

    /// Lets go of tickets that are over.
    pub(crate) fn tidy(&mut self, live: &BTreeSet<TicketId>) {
        self.meters.retain(|id, _| live.contains(id));
        self.last.retain(|id, _| live.contains(id));
    }

    /// Takes in a look. `before` are the tickets' sums so far, `devices` how many devices each may have, `new_id` names new sessions.
    pub(crate) fn read(
        &mut self,
        seen: &Observed,
        before: &BTreeMap<TicketId, (Usage, u16)>,
        now: Timestamp,
        mut new_id: impl FnMut() -> SessionId,
    ) -> Reading {
        let uptime = seen.router.uptime_secs;
        let rebooted = uptime < self.uptime;
        self.uptime = uptime;
        let mut reading = Reading {
            rebooted,
            ..Reading::default()
        };
        if rebooted {
            for meter in self.meters.values_mut() {
                meter.covered = 0;
            }
        }
        let counts = seen.usage();
        let mut rows = BTreeMap::new();
        let mut names = BTreeMap::new();
        for user in &seen.users {
            let base = Count {
                uptime_secs: user.uptime_secs,
                bytes_in: user.bytes_in,
                bytes_out: user.bytes_out,
            };
            rows.insert(user.ticket, (&user.id, base));
            names.insert(&user.name, user.ticket);
        }
        let mut active: BTreeMap<(TicketId, Mac), &ActiveRow> = BTreeMap::new();
        for row in &seen.active {
            if let Some(ticket) = names.get(&row.user)
                && before.contains_key(ticket)
            {
                active.insert((*ticket, row.mac), row);
            }
        }
        for (ticket, count) in &counts {
            let (Some((sum, devices)), Some((row, base))) = (before.get(ticket), rows.get(ticket))
            else {
                continue;
            };
            let total = self.count((*ticket, row), (*count, *base), *sum, rebooted);
            let online = self.online(*ticket, &active, uptime, *sum, *devices);
            let total = Usage {
                online_secs: online,
                ..total
            };
            if total != *sum {
                reading.totals.insert(*ticket, total);
            }
        }
        self.follow(&active, now, &mut new_id, &mut reading);
        reading
    }

    /// Turns a ticket's router count into its sum of bytes. `base` is the part of the count that is of ended sessions.
    fn count(
        &mut self,
        (ticket, row): (TicketId, &RowId),
        (count, base): (Count, Count),
        sum: Usage,
        rebooted: bool,
    ) -> Usage {
        let known = self.meters.contains_key(&ticket);
        let meter = self.meters.entry(ticket).or_default();
        let mut kept = count;
        let mut suspect = false;
        match self.last.get(&ticket) {
            // The first look since the program started or since the ticket began.
            None if known => {
                if below(count, meter, sum) {
                    meter.set(if rebooted { base } else { count }, sum);
                }
            }
            None if sum == Usage::default() => {}
            None => meter.set(count, sum),
            Some(last) if rebooted => {
                // A restart in good order closes all sessions into the row first; a power cut loses them.
                if less(base, last.count) {
                    meter.set(base, sum);
                }
            }
            // The row was made anew and counts from nothing.
            Some(last) if last.row != *row => meter.set(Count::default(), sum),
            Some(last) if less(count, last.count) => {
                if last.suspect {
                    meter.set(count, sum);
                } else {
                    suspect = true;
                    kept = last.count;
                }
            }
            Some(_) => {}
        }
        self.last.insert(
            ticket,
            Last {
                row: row.clone(),
                count: kept,
                suspect,
            },
        );
        let meter = self.meters.entry(ticket).or_default();
        meter.connected = meter
            .connected
            .max(plus(meter.off_connected, count.uptime_secs));
        Usage {
            online_secs: sum.online_secs,
            bytes_up: sum.bytes_up.max(plus(meter.off_up, count.bytes_in)),
            bytes_down: sum.bytes_down.max(plus(meter.off_down, count.bytes_out)),
        }
    }

    /// Online time counts once while any device is on: the part of the router's own time line that its sessions cover and that was not
    /// counted before; and never less than an equal share of all connected seconds, which for one device is the exact sum.
    fn online(
        &mut self,
        ticket: TicketId,
        active: &BTreeMap<(TicketId, Mac), &ActiveRow>,
        uptime: u64,
        sum: Usage,
        devices: u16,
    ) -> u32 {
        let meter = self.meters.entry(ticket).or_default();
        let longest = active
            .range((ticket, Mac::from_bytes([0; 6]))..=(ticket, Mac::from_bytes([0xff; 6])))
            .map(|(_, row)| row.uptime_secs)
            .max();
        let mut online = u64::from(sum.online_secs);
        if devices > 1
            && let Some(longest) = longest
        {
            let from = meter.covered.max(uptime.saturating_sub(longest));
            online = online.saturating_add(uptime.saturating_sub(from));
            meter.covered = uptime;
        }
        let share = meter.connected.div_ceil(u64::from(devices.max(1)));
        u32::try_from(online.max(share)).unwrap_or(u32::MAX)
    }

    /// Begins, continues and closes sessions.
    fn follow(
        &mut self,
        active: &BTreeMap<(TicketId, Mac), &ActiveRow>,
        now: Timestamp,
        new_id: &mut impl FnMut() -> SessionId,
        reading: &mut Reading,
    ) {
        let over: Vec<(TicketId, Mac)> = self
            .sessions
            .iter()
            .filter(|(place, open)| {
                active
                    .get(place)
                    .is_none_or(|row| row.uptime_secs < open.uptime)
            })
            .map(|(place, _)| *place)
            .collect();
        for place in over {
            if let Some(open) = self.sessions.remove(&place) {
                reading.told.push((place.0, place.1, open, true));
            }
        }
        for (place, row) in active {
            let secs = i64::try_from(row.uptime_secs).unwrap_or(i64::MAX);
            let open = self.sessions.entry(*place).or_insert_with(|| Open {
                id: new_id(),
                began: now.plus_secs(secs.saturating_neg()),
                usage: Usage::default(),
                uptime: 0,
                told: now,
            });
            open.uptime = row.uptime_secs;
            open.usage = Usage {
                online_secs: u32::try_from(row.uptime_secs).unwrap_or(u32::MAX),
                bytes_up: open.usage.bytes_up.max(row.bytes_in),
                bytes_down: open.usage.bytes_down.max(row.bytes_out),
            };
            if now.as_secs().saturating_sub(open.told.as_secs()) >= TOLD_EVERY_SECS {
                open.told = now;
                reading.told.push((place.0, place.1, open.clone(), false));
            }
        }
    }
}

impl Meter {
    /// Sets the offset so that this count is this sum.
    fn set(&mut self, count: Count, sum: Usage) {
        self.off_up = minus(sum.bytes_up, count.bytes_in);
        self.off_down = minus(sum.bytes_down, count.bytes_out);
        self.off_connected = minus(self.connected, count.uptime_secs);
    }
}

/// Whether a count contradicts what was counted before the program started.
const fn below(count: Count, meter: &Meter, sum: Usage) -> bool {
    plus(meter.off_up, count.bytes_in) < sum.bytes_up
        || plus(meter.off_down, count.bytes_out) < sum.bytes_down
        || plus(meter.off_connected, count.uptime_secs) < meter.connected
}

const fn less(count: Count, last: Count) -> bool {
    count.bytes_in < last.bytes_in
        || count.bytes_out < last.bytes_out
        || count.uptime_secs < last.uptime_secs
}

const fn plus(offset: i64, count: u64) -> u64 {
    count.saturating_add_signed(offset)
}

fn minus(sum: u64, count: u64) -> i64 {
    i64::try_from(i128::from(sum) - i128::from(count)).unwrap_or(0)
}
