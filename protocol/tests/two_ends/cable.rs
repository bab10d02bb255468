//! The cable between the two ends and the source of all chance in a world. What travels is opaque here.

use std::collections::VecDeque;

/// A small generator of numbers (`SplitMix64`); the same seed gives the same world on every machine.
#[derive(Clone, Debug)]
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `end`.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    /// True once in `n`; never when `n` is 0.
    pub(crate) fn once_in(&mut self, n: u64) -> bool {
        n != 0 && self.below(n) == 0
    }

    pub(crate) fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        for byte in &mut bytes {
            *byte = self.next().to_le_bytes()[0];
        }
        bytes
    }
}

/// What happens to a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Arrives,
    /// It never arrives.
    Lost,
    /// It arrives twice.
    Repeated,
    /// It overtakes the one before it.
    Overtakes,
    /// Bits flip.
    Damaged,
    /// Only its beginning arrives, then the cable is cut.
    CutShort,
}

/// One direction of a connection.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lane {
    queue: VecDeque<(u64, Vec<u8>)>,
    last: u64,
}

impl Lane {
    /// Puts a message in, to arrive not before the ones already under way.
    pub(crate) fn put(&mut self, now: u64, delay: u64, message: Vec<u8>) {
        self.last = self.last.max(now + delay);
        self.queue.push_back((self.last, message));
    }

    /// Lets the last message overtake the one before.
    pub(crate) fn overtake(&mut self) {
        let len = self.queue.len();
        if len >= 2 {
            let (a, b) = (self.queue[len - 1].0, self.queue[len - 2].0);
            self.queue.swap(len - 1, len - 2);
            self.queue[len - 2].0 = b;
            self.queue[len - 1].0 = a;
        }
    }

    pub(crate) fn clear(&mut self) {
        self.queue.clear();
    }

    pub(crate) fn due(&self) -> Option<u64> {
        self.queue.front().map(|(at, _)| *at)
    }

    pub(crate) fn take(&mut self, now: u64) -> Option<Vec<u8>> {
        self.queue
            .pop_front_if(|(at, _)| *at <= now)
            .map(|(_, message)| message)
    }
}

/// A connection with a lane each way. It can be cut for one end before the other notices.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cable {
    pub(crate) up: Lane,
    pub(crate) down: Lane,
    pub(crate) number: u64,
    /// Since when it carries nothing, without anybody being told.
    pub(crate) dead: Option<u64>,
}
