//! Plans: what is for sale, and the terms a ticket takes from its plan on the day it is issued. Prices are compared, never computed.

use minicbor::{Decode, Encode};

use crate::clock::Timestamp;
use crate::ids::PlanId;
use crate::money::Money;

/// A speed limit from the customer's point of view, in bits per second.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[cbor(map)]
pub struct Rate {
    /// Towards the customer.
    #[n(0)]
    pub down_bps: u64,
    /// From the customer.
    #[n(1)]
    pub up_bps: u64,
    /// More than that for a moment, if any. A reader that does not know it keeps to the rest.
    #[n(2)]
    pub burst: Option<Burst>,
}

/// More speed for a moment: while the average of the last seconds is below a threshold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[cbor(map)]
pub struct Burst {
    /// Towards the customer.
    #[n(0)]
    pub down_bps: u64,
    /// From the customer.
    #[n(1)]
    pub up_bps: u64,
    /// Towards the customer: with a higher average there is no more.
    #[n(2)]
    pub down_below_bps: u64,
    /// From the customer, likewise.
    #[n(3)]
    pub up_below_bps: u64,
    /// Over how many seconds the average is taken.
    #[n(4)]
    pub secs: u16,
}

/// When a plan is sold: on some days of the week, for a stretch of the day, by the clock of a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Hours {
    /// A bit for each day on which a stretch begins, Monday's the lowest.
    #[n(0)]
    pub days: u8,
    /// The minute of the day at which it begins.
    #[n(1)]
    pub from_minute: u16,
    /// The minute at which it ends, on the next day if it is not after the beginning; the same minute is a whole day.
    #[n(2)]
    pub until_minute: u16,
    /// How many minutes the place's clock is ahead of UTC.
    #[n(3)]
    pub ahead_minutes: i16,
}

impl Hours {
    /// Every day of the week.
    pub const EVERY_DAY: u8 = 0b0111_1111;
    /// Minutes of a day.
    const DAY: i64 = 1440;

    /// Whether a stretch begins on a day, Monday being 0.
    #[must_use]
    pub const fn is_on(&self, day: usize) -> bool {
        day < 7 && self.days & (1 << day) != 0
    }

    /// Whether it is all of a day.
    #[must_use]
    pub const fn is_whole_day(&self) -> bool {
        self.from_minute == self.until_minute
    }

    /// Whether it is on every day.
    #[must_use]
    pub const fn is_every_day(&self) -> bool {
        self.days & Self::EVERY_DAY == Self::EVERY_DAY
    }

    /// Whether a moment is within. The minute at which it ends is not.
    #[must_use]
    pub fn includes(&self, at: Timestamp) -> bool {
        let minutes = at.as_secs().div_euclid(60) + i64::from(self.ahead_minutes);
        let minute = minutes.rem_euclid(Self::DAY);
        // The first of January 1970 was a Thursday.
        let day = (minutes.div_euclid(Self::DAY) + 3).rem_euclid(7);
        let is_on = |day: i64| usize::try_from(day.rem_euclid(7)).is_ok_and(|day| self.is_on(day));
        let (from, until) = (i64::from(self.from_minute), i64::from(self.until_minute));
        if from < until {
            return is_on(day) && (from..until).contains(&minute);
        }
        // Over midnight, what began the day before goes on.
        (is_on(day) && minute >= from) || (is_on(day - 1) && minute < until)
    }
}

/// What a ticket gives, copied from its plan when it is issued so that a later change of the plan never changes a sold ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Terms {
    /// Runs without pause from the first confirmed grant, in seconds.
    #[n(0)]
    pub duration_secs: Option<u32>,
    /// Metered time with at least one device online, in seconds.
    #[n(1)]
    pub online_secs: Option<u32>,
    /// Both directions, pooled over the ticket's devices, in bytes.
    #[n(2)]
    pub data_bytes: Option<u64>,
    /// How many devices may hold the ticket at once; at least one.
    #[n(3)]
    pub devices: u16,
    /// Speed limit, if any.
    #[n(4)]
    pub rate: Option<Rate>,
}

impl Terms {
    /// Says `data` when only data is limited, else `time`: the two words the public API knows.
    #[must_use]
    pub const fn plan_type(&self) -> PlanType {
        if self.data_bytes.is_some() && self.duration_secs.is_none() && self.online_secs.is_none() {
            PlanType::Data
        } else {
            PlanType::Time
        }
    }

    /// The duration in hours, rounded up, as the public API has it.
    #[must_use]
    pub fn duration_hours(&self) -> Option<u32> {
        self.duration_secs
            .or(self.online_secs)
            .map(|secs| secs.div_ceil(3600))
    }

    /// The data allowance in megabytes of 1,000,000 bytes, rounded up, as the public API has it.
    #[must_use]
    pub fn data_limit_mb(&self) -> Option<u64> {
        self.data_bytes.map(|bytes| bytes.div_ceil(1_000_000))
    }
}

/// The seed's two words for what limits a ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlanType {
    /// Limited by time, and perhaps by data too.
    Time,
    /// Limited by data alone.
    Data,
}

impl PlanType {
    /// The word in SQL and JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Time => "time",
            Self::Data => "data",
        }
    }
}

/// One thing a provider sells.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Plan {
    /// Its id.
    #[n(0)]
    pub id: PlanId,
    /// Counts the plan's changes; a checkout names the one the customer saw.
    #[n(1)]
    pub revision: u32,
    /// What the portal shows.
    #[n(2)]
    pub name: String,
    /// What the customer pays.
    #[n(3)]
    pub price: Money,
    /// What the customer gets.
    #[n(4)]
    pub terms: Terms,
    /// How long an unused ticket stays good after it is issued, in seconds; `None` for ever.
    #[n(5)]
    pub sell_by_secs: Option<u32>,
    /// Whether the portal offers it.
    #[n(6)]
    pub on_sale: bool,
    /// Where it stands in the list.
    #[n(7)]
    pub position: u16,
    /// When it is sold, if not always. Whoever asks for a price outside of these hours is told no by the controller too.
    #[n(8)]
    pub hours: Option<Hours>,
    /// The colour of its card on the portal as 0xRRGGBB.
    #[n(9)]
    pub colour: Option<u32>,
}

impl Plan {
    /// Whether it is sold at a time: the same rule at the portal and where the money is asked for.
    #[must_use]
    pub fn is_sold_at(&self, at: Timestamp) -> bool {
        self.on_sale && self.hours.is_none_or(|hours| hours.includes(at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_public_words_follow_from_the_limits() {
        let terms = |duration_secs, online_secs, data_bytes| Terms {
            duration_secs,
            online_secs,
            data_bytes,
            devices: 1,
            rate: None,
        };
        for (terms, kind, hours, megabytes) in [
            (terms(Some(3600), None, None), PlanType::Time, Some(1), None),
            (terms(Some(3601), None, None), PlanType::Time, Some(2), None),
            (
                terms(Some(u32::MAX), None, Some(1)),
                PlanType::Time,
                Some(1_193_047),
                Some(1),
            ),
            (terms(None, Some(1800), None), PlanType::Time, Some(1), None),
            (
                terms(Some(86_400), Some(1800), None),
                PlanType::Time,
                Some(24),
                None,
            ),
            (
                terms(None, None, Some(500_000_001)),
                PlanType::Data,
                None,
                Some(501),
            ),
            (terms(None, None, None), PlanType::Time, None, None),
        ] {
            assert_eq!(terms.plan_type(), kind);
            assert_eq!(terms.duration_hours(), hours);
            assert_eq!(terms.data_limit_mb(), megabytes);
        }
        assert_eq!(
            (PlanType::Time.as_str(), PlanType::Data.as_str()),
            ("time", "data")
        );
    }

    #[test]
    fn a_night_belongs_to_the_day_on_which_it_begins() {
        // Monday, 5 January 1970, 00:00 in Nairobi.
        let monday = 4 * 86_400 - 3 * 3_600;
        let at = |day: i64, hour: i64, minute: i64| {
            Timestamp::from_secs(monday + day * 86_400 + hour * 3_600 + minute * 60)
        };
        let night = Hours {
            days: 0b001_0000,
            from_minute: 22 * 60,
            until_minute: 6 * 60,
            ahead_minutes: 180,
        };
        for (day, hour, minute, is_within) in [
            (4, 21, 59, false),
            (4, 22, 0, true),
            (5, 5, 59, true),
            (5, 6, 0, false),
            (4, 3, 0, false),
            (5, 22, 0, false),
            (11, 23, 0, true),
        ] {
            assert_eq!(
                night.includes(at(day, hour, minute)),
                is_within,
                "day {day}, {hour}:{minute}"
            );
        }
        let morning = Hours {
            days: Hours::EVERY_DAY,
            from_minute: 6 * 60,
            until_minute: 9 * 60,
            ..night
        };
        assert!(morning.includes(at(0, 6, 0)) && !morning.includes(at(0, 9, 0)));
        let sundays = Hours {
            days: 0b100_0000,
            from_minute: 0,
            until_minute: 0,
            ..night
        };
        assert!(sundays.includes(at(6, 0, 0)) && sundays.includes(at(6, 23, 59)));
        assert!(!sundays.includes(at(7, 0, 0)) && !sundays.includes(at(5, 23, 59)));
        assert!(sundays.is_whole_day() && morning.is_every_day());
    }
}
