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
#[derive(Clone, Copy, Debug)]
pub struct TrustedClock {
    wall: Timestamp,
    at: Ticks,
    source: Source,
}

impl TrustedClock {
    /// Starts from the last time the store knew (the floor), read at `at`.
    #[must_use]
    pub const fn from_floor(floor: Timestamp, at: Ticks) -> Self {
        Self {
            wall: floor,
            at,
            source: Source::Floor,
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
    pub const fn anchor(&mut self, wall: Timestamp, at: Ticks) {
        self.wall = wall;
        self.at = at;
        self.source = Source::Anchored;
    }
}
