//! The state written down and read back: snapshots, checkpoints, and the journal after them. Where the bytes lie is the store's business.
//!
//! The order of reading: snapshot, feed rows, then journal entries from the snapshot's number on, with the checkpoint taken in right
//! after the entry it was made at.

mod back;

use std::collections::{BTreeMap, BTreeSet};

use minicbor::{Decode, Encode};
use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{AttemptId, Mac, SeriesId, TicketId};
use mnara_protocol::message::{BadBody, Fact, Printed, Taken};
use mnara_protocol::ticket::code::TicketCode;
use mnara_protocol::ticket::series;
use mnara_protocol::ticket::{EndReason, Phase, Right, Slot, Ticket, Usage};
use thiserror::Error;

use super::metering::{Meter, Open};
use super::series::Spent;
use super::site::RowChange;
use super::tickets::{Bought, Known, Origin};
use super::{Core, Identity, Now, Resync};
use crate::access::desired::Credential;

pub use back::Replay;

/// The version of the two encodings here.
const FORMAT: u8 = 1;

/// Says that a snapshot or a checkpoint cannot be read.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("the {what} does not decode")]
pub struct Unreadable {
    /// Which of the two.
    pub what: &'static str,
}

/// Says that an entry of a known kind cannot be read.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("journal entry {number} does not decode")]
pub struct BadEntry {
    /// Which entry.
    pub number: u64,
}

#[derive(Encode, Decode)]
#[cbor(map)]
struct SnapshotRecord {
    #[n(0)]
    format: u8,
    #[n(1)]
    unproven: Option<Timestamp>,
    #[n(2)]
    tickets: Vec<TicketRecord>,
    #[n(3)]
    last: Vec<Place>,
    #[n(4)]
    spent: Vec<SpentRecord>,
    #[n(5)]
    confirmed: Vec<Place>,
    #[n(6)]
    metering: CheckpointRecord,
    #[n(7)]
    strays: Vec<Taken>,
    /// What the tickets give: thousands give the same.
    #[n(8)]
    rights: Vec<Right>,
    /// Who had what is given away to try.
    #[n(9)]
    trials: Option<Vec<TrialRecord>>,
    /// What devices gave back.
    #[n(10)]
    given_back: Option<Vec<Place>>,
    /// Who held what is paused.
    #[n(11)]
    paused: Option<Vec<Place>>,
}

#[derive(Encode, Decode)]
#[cbor(map)]
struct TrialRecord {
    #[n(0)]
    mac: Mac,
    #[n(1)]
    at: Timestamp,
}

#[derive(Encode, Decode)]
#[cbor(map)]
struct Place {
    #[n(0)]
    ticket: TicketId,
    #[n(1)]
    mac: Mac,
}

#[derive(Encode, Decode)]
#[cbor(map)]
struct SpentRecord {
    #[n(0)]
    series: SeriesId,
    #[n(1)]
    words: Vec<u64>,
}

#[derive(Clone, Copy, Encode, Decode)]
#[cbor(index_only)]
enum PhaseWord {
    #[n(0)]
    Unused,
    #[n(1)]
    Redeemed,
    #[n(2)]
    Running,
    #[n(3)]
    Paused,
    #[n(4)]
    Ended,
}

#[derive(Encode, Decode)]
#[cbor(map)]
struct TicketRecord {
    /// A printed ticket's follows from its number.
    #[n(0)]
    id: Option<TicketId>,
    /// Its place in the list of rights.
    #[n(1)]
    right: u32,
    #[n(2)]
    phase: PhaseWord,
    #[n(3)]
    redeemed_at: Option<Timestamp>,
    #[n(4)]
    since: Option<Timestamp>,
    #[n(5)]
    at: Option<Timestamp>,
    #[n(6)]
    slots: Vec<Slot>,
    #[n(7)]
    usage: Usage,
    #[n(8)]
    reason: Option<EndReason>,
    #[n(9)]
    printed: Option<Printed>,
    #[n(10)]
    bought: Option<BoughtRecord>,
}

#[derive(Encode, Decode)]
#[cbor(map)]
struct BoughtRecord {
    #[n(0)]
    code: String,
    #[n(1)]
    username: String,
    #[n(2)]
    password: String,
    #[n(3)]
    plan_name: String,
    #[n(4)]
    deliver_to: Option<Mac>,
    #[n(5)]
    deliver_until: Option<Timestamp>,
    #[n(6)]
    attempt: Option<AttemptId>,
    #[n(7)]
    trial: Option<bool>,
}

/// What changes by counting alone: no entry tells it until a session ends or a quarter of an hour has passed.
#[derive(Encode, Decode)]
#[cbor(map)]
struct CheckpointRecord {
    #[n(0)]
    format: u8,
    #[n(1)]
    uptime: u64,
    #[n(2)]
    tickets: Vec<CountedRecord>,
    #[n(3)]
    meters: Vec<MeterRecord>,
    #[n(4)]
    sessions: Vec<SessionRecord>,
}

#[derive(Encode, Decode)]
#[cbor(map)]
struct CountedRecord {
    #[n(0)]
    ticket: TicketId,
    #[n(1)]
    usage: Usage,
    #[n(2)]
    slots: Vec<Slot>,
}

#[derive(Encode, Decode)]
#[cbor(map)]
struct MeterRecord {
    #[n(0)]
    ticket: TicketId,
    #[n(1)]
    meter: Meter,
}

#[derive(Encode, Decode)]
#[cbor(map)]
struct SessionRecord {
    #[n(0)]
    ticket: TicketId,
    #[n(1)]
    mac: Mac,
    #[n(2)]
    open: Open,
}

impl TicketRecord {
    fn of(known: &Known, rights: &mut Vec<Right>) -> Self {
        let Ticket { id, right, phase } = &known.ticket;
        let (word, at, slots, reason) = match phase {
            Phase::Unused => (PhaseWord::Unused, None, Vec::new(), None),
            Phase::Redeemed { slots, .. } => (PhaseWord::Redeemed, None, slots.clone(), None),
            Phase::Running { slots, .. } => (PhaseWord::Running, None, slots.clone(), None),
            Phase::Paused { at, .. } => (PhaseWord::Paused, Some(*at), Vec::new(), None),
            Phase::Ended { at, reason, .. } => {
                (PhaseWord::Ended, Some(*at), Vec::new(), Some(*reason))
            }
        };
        let (printed, bought) = match &known.origin {
            Origin::Printed(printed) => (Some(*printed), None),
            Origin::Bought(bought) => (None, Some(BoughtRecord::of(bought))),
        };
        Self {
            id: printed.is_none().then_some(*id),
            right: place(rights, *right),
            phase: word,
            redeemed_at: known.ticket.redeemed_at(),
            since: known.ticket.since(),
            at,
            slots,
            usage: known.ticket.usage(),
            reason,
            printed,
            bought,
        }
    }

    fn read(self, rights: &[Right]) -> Option<Known> {
        let usage = self.usage;
        let id = match (self.id, self.printed) {
            (Some(id), _) => id,
            (None, Some(printed)) => series::ticket_id(printed.series, printed.index),
            (None, None) => return None,
        };
        let right = *rights.get(usize::try_from(self.right).ok()?)?;
        let phase = match self.phase {
            PhaseWord::Unused => Phase::Unused,
            PhaseWord::Redeemed => Phase::Redeemed {
                at: self.redeemed_at?,
                slots: self.slots,
            },
            PhaseWord::Running => Phase::Running {
                redeemed_at: self.redeemed_at?,
                since: self.since?,
                slots: self.slots,
                usage,
            },
            PhaseWord::Paused => Phase::Paused {
                redeemed_at: self.redeemed_at?,
                since: self.since?,
                at: self.at?,
                usage,
            },
            PhaseWord::Ended => Phase::Ended {
                redeemed_at: self.redeemed_at,
                since: self.since,
                at: self.at?,
                reason: self.reason?,
                usage,
            },
        };
        let origin = match (self.printed, self.bought) {
            (Some(printed), _) => Origin::Printed(printed),
            (None, Some(bought)) => Origin::Bought(Box::new(bought.read()?)),
            (None, None) => return None,
        };
        Some(Known {
            ticket: Ticket { id, right, phase },
            origin,
            fed: false,
        })
    }
}

impl BoughtRecord {
    fn of(bought: &Bought) -> Self {
        Self {
            code: bought.code.as_str().to_owned(),
            username: bought.username.reveal().to_owned(),
            password: bought.password.reveal().to_owned(),
            plan_name: bought.plan_name.clone(),
            deliver_to: bought.deliver_to,
            deliver_until: bought.deliver_until,
            attempt: bought.attempt,
            trial: bought.trial.then_some(true),
        }
    }

    fn read(self) -> Option<Bought> {
        Some(Bought {
            code: TicketCode::parse(&self.code).ok()?,
            username: Credential::new(self.username),
            password: Credential::new(self.password),
            plan_name: self.plan_name,
            deliver_to: self.deliver_to,
            deliver_until: self.deliver_until,
            attempt: self.attempt,
            trial: self.trial.unwrap_or(false),
        })
    }
}

/// Finds a right in the list or adds it; only the last few are looked at, so that a list without any alike is made in one go.
fn place(rights: &mut Vec<Right>, right: Right) -> u32 {
    const LOOKED_AT: usize = 16;
    let from = rights.len().saturating_sub(LOOKED_AT);
    let found = rights[from..].iter().position(|other| *other == right);
    let at = found.map_or_else(
        || {
            rights.push(right);
            rights.len() - 1
        },
        |at| from + at,
    );
    u32::try_from(at).unwrap_or(u32::MAX)
}

fn places(held: &BTreeSet<(TicketId, Mac)>) -> Vec<Place> {
    held.iter()
        .map(|&(ticket, mac)| Place { ticket, mac })
        .collect()
}

fn to_bytes<T: Encode<()>>(record: &T) -> Vec<u8> {
    let mut bytes = Vec::new();
    let Ok(()) = minicbor::encode(record, &mut bytes) else {
        unreachable!("writing to a Vec cannot fail");
    };
    bytes
}

impl Core {
    /// Writes the whole lasting state, for the journal entry that was recorded last.
    #[must_use]
    pub fn snapshot(&self) -> Vec<u8> {
        let state = &self.state;
        let mut rights = Vec::new();
        let tickets = state
            .tickets
            .iter()
            .filter(|known| known.ticket.phase != Phase::Unused)
            .map(|known| TicketRecord::of(known, &mut rights))
            .collect();
        to_bytes(&SnapshotRecord {
            format: FORMAT,
            unproven: state.unproven,
            tickets,
            rights,
            last: state
                .tickets
                .last_pairs()
                .map(|(mac, ticket)| Place { ticket, mac })
                .collect(),
            spent: state
                .batches
                .all_spent()
                .iter()
                .map(|(series, spent)| SpentRecord {
                    series: *series,
                    words: spent.words().to_vec(),
                })
                .collect(),
            confirmed: places(&state.confirmed),
            metering: self.counted(),
            strays: self.strays.values().cloned().collect(),
            trials: Some(
                state
                    .trials
                    .all()
                    .map(|(mac, at)| TrialRecord { mac, at })
                    .collect(),
            ),
            given_back: Some(
                state
                    .given_back
                    .pairs()
                    .map(|(mac, ticket)| Place { ticket, mac })
                    .collect(),
            ),
            paused: Some(places(&state.paused)),
        })
    }

    /// Writes what running sessions have used so far, for the journal entry that was recorded last.
    #[must_use]
    pub fn checkpoint(&self) -> Vec<u8> {
        to_bytes(&self.counted())
    }

    fn counted(&self) -> CheckpointRecord {
        let meters = &self.state.meters;
        CheckpointRecord {
            format: FORMAT,
            uptime: meters.uptime(),
            tickets: meters
                .sessions()
                .keys()
                .map(|(ticket, _)| *ticket)
                .collect::<BTreeSet<_>>()
                .into_iter()
                .filter_map(|id| {
                    let ticket = &self.state.tickets.find(id)?.ticket;
                    Some(CountedRecord {
                        ticket: id,
                        usage: ticket.usage(),
                        slots: ticket.slots().to_vec(),
                    })
                })
                .collect(),
            meters: meters
                .meters()
                .iter()
                .map(|(ticket, meter)| MeterRecord {
                    ticket: *ticket,
                    meter: *meter,
                })
                .collect(),
            sessions: meters
                .sessions()
                .iter()
                .map(|((ticket, mac), open)| SessionRecord {
                    ticket: *ticket,
                    mac: *mac,
                    open: open.clone(),
                })
                .collect(),
        }
    }

    fn take_counted(&mut self, record: CheckpointRecord) {
        for counted in record.tickets {
            self.state.tickets.change(counted.ticket, |ticket| {
                counted
                    .slots
                    .iter()
                    .fold(ticket.used(counted.usage), |ticket, slot| {
                        ticket.seen(slot.mac, slot.seen)
                    })
            });
        }
        let meters: BTreeMap<_, _> = record
            .meters
            .into_iter()
            .map(|record| (record.ticket, record.meter))
            .collect();
        let sessions = record
            .sessions
            .into_iter()
            .map(|record| ((record.ticket, record.mac), record.open))
            .collect();
        self.state.meters.restore(record.uptime, meters, sessions);
    }
}
