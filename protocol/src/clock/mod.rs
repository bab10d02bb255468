//! The two kinds of time and the trusted clock of a site. Nothing here asks the system: readings are passed in.

use std::fmt;
use std::ops::{Add, Sub};
use std::time::Duration;

use minicbor::{Decode, Encode};

/// Wall-clock time: milliseconds since 1970 in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(transparent)]
pub struct Timestamp(#[n(0)] i64);

impl Timestamp {
    /// Takes milliseconds since 1970.
    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Takes seconds since 1970.
    #[must_use]
    pub const fn from_secs(secs: i64) -> Self {
        Self(secs.saturating_mul(1000))
    }

    /// Gives milliseconds since 1970.
    #[must_use]
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// Gives seconds since 1970, rounded down.
    #[must_use]
    pub const fn as_secs(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// The later time by so many seconds.
    #[must_use]
    pub const fn plus_secs(self, secs: i64) -> Self {
        Self(self.0.saturating_add(secs.saturating_mul(1000)))
    }

    /// The later time by so many milliseconds.
    #[must_use]
    pub const fn plus_millis(self, millis: i64) -> Self {
        Self(self.0.saturating_add(millis))
    }

    /// How long ago `earlier` was; nothing if it was not.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

impl Add<Duration> for Timestamp {
    type Output = Self;

    fn add(self, by: Duration) -> Self {
        Self(
            self.0
                .saturating_add(i64::try_from(by.as_millis()).unwrap_or(i64::MAX)),
        )
    }
}

impl Sub<Duration> for Timestamp {
    type Output = Self;

    fn sub(self, by: Duration) -> Self {
        Self(
            self.0
                .saturating_sub(i64::try_from(by.as_millis()).unwrap_or(i64::MAX)),
        )
    }
}

/// Monotonic time: milliseconds since some moment of this boot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticks(u64);

impl Ticks {
    /// Takes milliseconds.
    #[must_use]
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis)
    }

    /// Gives milliseconds.
    #[must_use]
    pub const fn as_millis(self) -> u64 {
        self.0
    }

    /// How long ago `earlier` was; nothing if it was not.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }
}

impl Add<Duration> for Ticks {
    type Output = Self;

    fn add(self, by: Duration) -> Self {
        Self(
            self.0
                .saturating_add(u64::try_from(by.as_millis()).unwrap_or(u64::MAX)),
        )
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:03}", self.as_secs(), self.0.rem_euclid(1000))
    }
}

/// How the site knows the time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// Nothing since boot: only the persisted floor is known, the true time is later by an unknown stretch.
    Floor,
    /// The controller said the time in a signed frame since boot.
    Anchored,
}

/// A site's clock, which the system's wall clock has no say in.
///
/// It is the controller's signed time plus monotonic time since; before the first anchor of a boot, the persisted floor plus monotonic
/// time since. So 1970 at boot or a jump of years changes nothing.
///
/// The floor must be at least every time the site has recorded; then what was recorded before this boot lies before the first reading
/// and what is recorded in it does not, which is how a [`Correction`] finds the times it moves. A boot that never heard the controller
/// hands its times on to the next as unproven, to be moved then.
#[derive(Clone, Copy, Debug)]
pub struct TrustedClock {
    wall: Timestamp,
    at: Ticks,
    source: Source,
    /// Recorded times from here on hang together with the present setting: they move with it.
    from: Timestamp,
    /// The first of the anchors that were refused without one in between that was not.
    refused: Option<(Timestamp, Ticks)>,
}

/// What the store must know of the clock, so that the next boot can go on from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Floor {
    /// It is at least so late.
    pub time: Timestamp,
    /// Times recorded from here on were never proven by the controller. Kept whenever it changes: at the start of a boot and at the first
    /// anchor.
    pub unproven_since: Option<Timestamp>,
}

/// What an anchor did to the clock, when it is worth telling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Correction {
    /// The clock was set differently. All times recorded since `from` are off by the same stretch, because monotonic time holds them
    /// together: [`Correction::apply`] puts them right.
    Moved {
        /// The first reading it concerns, before the correction.
        from: Timestamp,
        /// How far, in milliseconds; forward is positive.
        by_millis: i64,
        /// The reading after it. Nothing recorded can be later.
        now: Timestamp,
    },
    /// The anchor is earlier than what is proven and the clock stays. Told once for a run of such anchors.
    Refused {
        /// By how much.
        behind: Duration,
    },
}

impl Correction {
    /// Puts a recorded time right; one that was proven in an earlier boot stays as it is, unless it turns out to lie ahead.
    #[must_use]
    pub fn apply(self, time: Timestamp) -> Timestamp {
        match self {
            Self::Moved {
                from,
                by_millis,
                now,
            } if time >= from => time.plus_millis(by_millis).min(now),
            Self::Moved { now, .. } => time.min(now),
            Self::Refused { .. } => time,
        }
    }
}

impl TrustedClock {
    /// Anchors that are ahead by no more are taken without a word: clocks drift.
    pub const QUIET_AHEAD: Duration = Duration::from_secs(5);
    /// Anchors that are behind an anchored clock by no more change nothing: an anchor is late by its own journey, so the later of two
    /// times is the better one.
    pub const QUIET_BEHIND: Duration = Duration::from_secs(60);
    /// Anchors that are behind by more contradict what is proven and are refused.
    pub const REFUSED_BEHIND: Duration = Duration::from_secs(5 * 60);
    /// A controller that says the refused time for so long is believed after all: otherwise one wrong time, signed once, would hold the
    /// site in the future for ever.
    pub const BELIEVED_AFTER: Duration = Duration::from_secs(60 * 60);

    /// Starts from the last time the store knew, when all it recorded was proven, read at `at`.
    #[must_use]
    pub const fn from_floor(floor: Timestamp, at: Ticks) -> Self {
        Self::resume(
            Floor {
                time: floor,
                unproven_since: None,
            },
            at,
        )
    }

    /// Starts from what the last boot left, read at `at`.
    #[must_use]
    pub const fn resume(floor: Floor, at: Ticks) -> Self {
        let wall = floor.time.plus_millis(1);
        Self {
            wall,
            at,
            source: Source::Floor,
            from: match floor.unproven_since {
                Some(since) => since,
                None => wall,
            },
            refused: None,
        }
    }

    /// Gives what the next boot needs.
    #[must_use]
    pub fn floor(&self, at: Ticks) -> Floor {
        Floor {
            time: self.now(at),
            unproven_since: match self.source {
                Source::Floor => Some(self.from),
                Source::Anchored => None,
            },
        }
    }

    /// Tells the time. Never goes back between two calls with rising `at` unless an anchor in between corrected it.
    #[must_use]
    pub fn now(&self, at: Ticks) -> Timestamp {
        self.wall + at.since(self.at)
    }

    /// Says how the time is known.
    #[must_use]
    pub const fn source(&self) -> Source {
        self.source
    }

    /// Takes the controller's time from a verified frame that arrived at `at`.
    ///
    /// Forward the controller is believed, however far: time without power is unknown here. Backward it is not, since the floor and the
    /// monotonic clock prove that it is at least so late.
    pub fn anchor(&mut self, wall: Timestamp, at: Ticks) -> Option<Correction> {
        let now = self.now(at);
        let (ahead, behind) = (wall.since(now), now.since(wall));
        if behind > Self::REFUSED_BEHIND && !self.insists(wall, at) {
            let news = self.refused.is_none();
            let agrees = self.refused.is_some_and(|first| agree(first, (wall, at)));
            if !agrees {
                self.refused = Some((wall, at));
            }
            return news.then_some(Correction::Refused { behind });
        }
        self.refused = None;
        if self.source == Source::Anchored && !behind.is_zero() && behind <= Self::QUIET_BEHIND {
            return None;
        }
        self.wall = wall;
        self.at = at;
        self.source = Source::Anchored;
        if ahead <= Self::QUIET_AHEAD && behind.is_zero() {
            return None;
        }
        let from = self.from;
        let by_millis = wall.as_millis().saturating_sub(now.as_millis());
        self.from = from.plus_millis(by_millis);
        Some(Correction::Moved {
            from,
            by_millis,
            now: wall,
        })
    }

    /// Whether the controller has said this for so long that it is believed.
    fn insists(&self, wall: Timestamp, at: Ticks) -> bool {
        self.refused.is_some_and(|first| {
            at.since(first.1) >= Self::BELIEVED_AFTER && agree(first, (wall, at))
        })
    }
}

/// Whether two anchors tell of one and the same clock.
fn agree(first: (Timestamp, Ticks), second: (Timestamp, Ticks)) -> bool {
    let expected = first.0 + second.1.since(first.1);
    expected.since(second.0).max(second.0.since(expected)) <= TrustedClock::QUIET_BEHIND
}

#[cfg(test)]
mod tests;
