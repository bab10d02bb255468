//! Entries on their way up, at both ends. Bodies are never kept here, only numbers, sizes and chain values; pages on their way down are in
//! `pages`, what a frame looks like is in `wire`.

use std::collections::VecDeque;
use std::ops::RangeInclusive;

use super::records::{Entry, EntryNo, Mark};
use super::wire::{self, WireEntry};
use crate::frame::{FrameError, Kind, MAX_BODY};
use crate::ids::JournalId;

/// What an entry costs besides its body.
const ENTRY_OVERHEAD: usize = 32;
/// What a frame of entries or rows costs besides them.
pub(super) const FRAME_OVERHEAD: usize = 128;

/// How much may be unacknowledged.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Window {
    pub(crate) entries: u64,
    pub(crate) bytes: usize,
}

/// Entries in flight, oldest first, with their sizes.
#[derive(Debug, Default)]
struct InFlight {
    sizes: VecDeque<(EntryNo, u32)>,
    bytes: usize,
}

impl InFlight {
    /// Adds an entry if the window has room. One entry alone may be larger than the window.
    fn add(&mut self, number: EntryNo, size: usize, window: Window) -> bool {
        let full = u64::try_from(self.sizes.len()).unwrap_or(u64::MAX) >= window.entries
            || (!self.sizes.is_empty() && self.bytes + size > window.bytes);
        if full || size > MAX_BODY - FRAME_OVERHEAD {
            return false;
        }
        self.sizes
            .push_back((number, u32::try_from(size).unwrap_or(u32::MAX)));
        self.bytes += size;
        true
    }

    fn done(&mut self, up_to: EntryNo) {
        while let Some((_, size)) = self.sizes.pop_front_if(|(number, _)| *number <= up_to) {
            self.bytes -= usize::try_from(size).unwrap_or(usize::MAX);
        }
        if self.sizes.is_empty() {
            *self = Self::default();
        }
    }
}

const fn entry_size(entry: &Entry) -> usize {
    entry.body.len() + ENTRY_OVERHEAD
}

/// What became of an offer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Offered {
    /// This body goes out.
    Frame {
        body: Vec<u8>,
        /// Whether it is the first since the handshake and shows that what the controller holds is part of this journal.
        proves: bool,
    },
    /// Nothing of it was wanted, or the window is full.
    Nothing,
    /// The journal does not continue what the controller holds.
    Forked,
    /// An entry no frame can hold.
    TooLarge(EntryNo),
}

/// The agent's side of the way up.
#[derive(Debug)]
pub(crate) struct Up {
    /// The oldest entry the journal still has.
    oldest: EntryNo,
    /// The journal's end.
    last: Mark,
    /// What the controller has on disk.
    acknowledged: Mark,
    /// What was offered.
    tail: Mark,
    /// Whether anything was offered in this session.
    begun: bool,
    in_flight: InFlight,
}

impl Up {
    pub(crate) fn new(oldest: EntryNo, last: Mark) -> Self {
        Self {
            oldest,
            last,
            acknowledged: last,
            tail: last,
            begun: false,
            in_flight: InFlight::default(),
        }
    }

    pub(crate) const fn last(&self) -> Mark {
        self.last
    }

    pub(crate) const fn tail(&self) -> Mark {
        self.tail
    }

    pub(crate) fn grew(&mut self, last: Mark) {
        if last.number > self.last.number {
            self.last = last;
        }
    }

    pub(crate) fn pruned(&mut self, oldest: EntryNo) {
        self.oldest = self.oldest.max(oldest);
    }

    /// The controller says what it holds. False when that is not part of this journal.
    pub(crate) fn connected(&mut self, held: Mark) -> bool {
        self.acknowledged = held;
        self.tail = held;
        self.begun = false;
        self.in_flight = InFlight::default();
        held.number < self.last.number || held == self.last
    }

    pub(crate) fn wanted(&self, window: Window) -> Option<RangeInclusive<EntryNo>> {
        let from = self
            .tail
            .number
            .next()
            .max(if self.begun { EntryNo(0) } else { self.oldest });
        let used = u64::try_from(self.in_flight.sizes.len()).unwrap_or(u64::MAX);
        let room = window.entries.saturating_sub(used);
        if room == 0 || self.in_flight.bytes >= window.bytes || from > self.last.number {
            return None;
        }
        let to = EntryNo(from.0.saturating_add(room - 1)).min(self.last.number);
        Some(from..=to)
    }

    /// Takes the entries that follow on what was offered, as many as the window has room for.
    pub(crate) fn offer(&mut self, entries: &[Entry], window: Window) -> Offered {
        let due = self.tail.number.next();
        let entries = match entries.iter().position(|entry| entry.number >= due) {
            Some(place) => &entries[place..],
            None => return Offered::Nothing,
        };
        let (first, previous) = (entries[0].number, entries[0].previous);
        if first > due {
            if self.begun {
                return Offered::Nothing;
            }
        } else if previous != self.tail.chain {
            return Offered::Forked;
        }
        let mut expected = Mark {
            number: first.before(),
            chain: previous,
        };
        let mut taken = Vec::new();
        for entry in entries {
            if entry.number != expected.number.next() || entry.previous != expected.chain {
                break;
            }
            if !self.in_flight.add(entry.number, entry_size(entry), window) {
                break;
            }
            expected = entry.mark();
            taken.push(WireEntry {
                at: entry.at,
                kind: entry.kind,
                body: entry.body.clone(),
            });
        }
        if taken.is_empty() {
            return if entry_size(&entries[0]) > MAX_BODY - FRAME_OVERHEAD {
                Offered::TooLarge(first)
            } else {
                Offered::Nothing
            };
        }
        let proves = !self.begun && first == due;
        self.tail = expected;
        self.begun = true;
        let body = wire::to_bytes(&wire::Entries {
            first,
            previous,
            entries: taken,
        });
        Offered::Frame { body, proves }
    }

    /// The controller has it on disk. True when that is news.
    pub(crate) fn acknowledged(&mut self, mark: Mark) -> Result<bool, FrameError> {
        let bad = Err(FrameError::BadBody(Kind::Acknowledged.number()));
        if mark.number > self.tail.number
            || mark.number < self.acknowledged.number
            || (mark.number == self.tail.number && mark.chain != self.tail.chain)
        {
            return bad;
        }
        let news = mark.number > self.acknowledged.number;
        self.acknowledged = mark;
        self.in_flight.done(mark.number);
        Ok(news)
    }

    #[cfg(test)]
    pub(crate) fn capacity(&self) -> usize {
        self.in_flight.sizes.capacity()
    }
}

/// What a frame of entries turned out to be.
#[derive(Debug)]
pub(crate) enum Arrived {
    /// They follow on what is held.
    Entries(Vec<Entry>),
    /// They follow after a gap that the agent cannot fill.
    AfterGap {
        from: EntryNo,
        to: EntryNo,
        entries: Vec<Entry>,
    },
    /// They follow on something else.
    Forked,
}

/// The controller's side of the way up.
#[derive(Debug)]
pub(crate) struct Held {
    /// Verified and handed out.
    received: Mark,
    /// On disk.
    stored: Mark,
    begun: bool,
    acknowledge: bool,
    in_flight: InFlight,
}

impl Held {
    pub(crate) fn new(mark: Mark) -> Self {
        Self {
            received: mark,
            stored: mark,
            begun: false,
            acknowledge: false,
            in_flight: InFlight::default(),
        }
    }

    pub(crate) fn arrive(
        &mut self,
        frame: wire::Entries,
        window: Window,
    ) -> Result<Arrived, FrameError> {
        let bad = FrameError::BadBody(Kind::Entries.number());
        let due = self.received.number.next();
        if frame.first < due || frame.entries.is_empty() || (frame.first > due && self.begun) {
            return Err(bad);
        }
        if frame.first == due && frame.previous != self.received.chain {
            return Ok(Arrived::Forked);
        }
        let gap = frame.first > due;
        let mut mark = Mark {
            number: frame.first.before(),
            chain: frame.previous,
        };
        let mut entries = Vec::with_capacity(frame.entries.len());
        for WireEntry { at, kind, body } in frame.entries {
            let entry = Entry {
                number: mark.number.next(),
                previous: mark.chain,
                at,
                kind,
                body,
            };
            if !self.in_flight.add(entry.number, entry_size(&entry), window) {
                return Err(FrameError::Window);
            }
            mark = entry.mark();
            entries.push(entry);
        }
        self.begun = true;
        self.received = mark;
        Ok(if gap {
            Arrived::AfterGap {
                from: due,
                to: frame.first.before(),
                entries,
            }
        } else {
            Arrived::Entries(entries)
        })
    }

    pub(crate) const fn mark(&self) -> Mark {
        self.received
    }

    /// The caller has it on disk. What was never handed out cannot be, and is not believed.
    pub(crate) fn stored(&mut self, up_to: Mark) {
        let known = up_to.number < self.received.number || up_to == self.received;
        if known && up_to.number > self.stored.number {
            self.stored = up_to;
            self.acknowledge = true;
            self.in_flight.done(up_to.number);
        }
    }

    /// The acknowledgement that is due, once.
    pub(crate) fn take_acknowledgement(&mut self) -> Option<Mark> {
        std::mem::take(&mut self.acknowledge).then_some(self.stored)
    }

    #[cfg(test)]
    pub(crate) fn capacity(&self) -> usize {
        self.in_flight.sizes.capacity()
    }
}

/// The controller's comparison of a claim with what it holds.
pub(crate) fn fork(journal: JournalId, last: Mark, held: Option<Mark>) -> Result<Mark, Mark> {
    let held = held.unwrap_or_else(|| Mark::start(journal));
    if held.number < last.number || held == last {
        Ok(held)
    } else {
        Err(held)
    }
}
