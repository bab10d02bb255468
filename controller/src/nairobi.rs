//! Nairobi's clock and calendar, three hours ahead of UTC the year round. Nobody else here says so; SQL knows the zone by its name.

use std::ops::RangeInclusive;

use jiff::ToSpan as _;
use jiff::civil::{Date, DateTime};
use jiff::tz::Offset;
use mnara_protocol::clock::Timestamp;

/// How many minutes the clock is ahead of UTC, as plans and sites have it.
pub const AHEAD_MINUTES: i16 = 180;
const AHEAD_SECS: i64 = 3 * 3_600;
const AHEAD: Offset = Offset::constant(3);
const DAY_SECS: i64 = 86_400;
/// The years of days that are asked for. More can be written than the database knows.
const YEARS: RangeInclusive<i16> = 2000..=2999;

/// What clock and calendar show at a moment; none beyond what a calendar can show.
#[must_use]
pub fn clock(at: Timestamp) -> Option<DateTime> {
    let at = jiff::Timestamp::from_millisecond(at.as_millis()).ok()?;
    Some(AHEAD.to_datetime(at))
}

/// The moment at which clock and calendar show this.
#[must_use]
pub fn moment(shown: DateTime) -> Option<Timestamp> {
    let at = AHEAD.to_timestamp(shown).ok()?;
    Some(Timestamp::from_millis(at.as_millisecond()))
}

/// How many seconds of its day are over at a moment.
#[must_use]
pub const fn second_of_day(at: Timestamp) -> i64 {
    (at.as_secs() + AHEAD_SECS).rem_euclid(DAY_SECS)
}

/// A day, counted from the first of 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day(pub i64);

impl Day {
    /// The day on which something happened.
    #[must_use]
    pub const fn of(at: Timestamp) -> Self {
        Self((at.as_secs() + AHEAD_SECS).div_euclid(DAY_SECS))
    }

    /// When it began.
    #[must_use]
    pub const fn begin(self) -> Timestamp {
        Timestamp::from_secs(self.0 * DAY_SECS - AHEAD_SECS)
    }

    /// A later day, or an earlier one.
    #[must_use]
    pub const fn plus(self, days: i64) -> Self {
        Self(self.0 + days)
    }

    /// A day of the calendar.
    #[must_use]
    pub fn from_date(date: Date) -> Self {
        let epoch = jiff::civil::date(1970, 1, 1);
        let days = date.since((jiff::Unit::Day, epoch));
        Self(days.map_or(0, |span| i64::from(span.get_days())))
    }

    /// As the calendar has it.
    #[must_use]
    pub fn date(self) -> Date {
        let epoch = jiff::civil::date(1970, 1, 1);
        epoch.saturating_add(self.0.clamp(-100_000, 1_000_000).days())
    }

    /// `2026-11-26`, as forms have it.
    #[must_use]
    pub fn iso(self) -> String {
        self.date().to_string()
    }

    /// Reads a date of the years from 2000 to 2999.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let date: Date = text.parse().ok()?;
        YEARS.contains(&date.year()).then(|| Self::from_date(date))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2027-01-15 08:00 UTC, a Friday, is 11:00 in Nairobi.
    const NOW: Timestamp = Timestamp::from_secs(1_800_000_000);

    #[test]
    fn a_day_begins_at_midnight_there() {
        let day = Day::of(NOW);
        assert_eq!(day.begin(), NOW.plus_secs(-11 * 3_600));
        assert_eq!(Day::of(NOW.plus_secs(13 * 3_600 - 1)), day);
        assert_eq!(Day::of(NOW.plus_secs(13 * 3_600)), day.plus(1));
        assert_eq!(Day::of(day.begin().plus_millis(-1)), day.plus(-1));
        assert_eq!(day.iso(), "2027-01-15");
        assert_eq!(Day::read("2027-01-15"), Some(day));
        assert_eq!(Day::read("2027-02-30"), None);
        for (text, is_one) in [
            ("-009000-01-01", false),
            ("1999-12-31", false),
            ("2000-01-01", true),
            ("2999-12-31", true),
            ("3000-01-01", false),
            ("9999-12-31", false),
        ] {
            assert_eq!(Day::read(text).is_some(), is_one, "{text}");
        }
        assert_eq!(Day::of(Timestamp::from_secs(-1)), Day(0));
    }

    #[test]
    fn clock_seconds_and_minutes_are_of_one_zone() {
        let shown = clock(NOW).unwrap();
        assert_eq!(shown.to_string(), "2027-01-15T11:00:00");
        assert_eq!(moment(shown), Some(NOW));
        assert_eq!(second_of_day(NOW), 11 * 3_600);
        assert_eq!(second_of_day(NOW.plus_secs(-11 * 3_600 - 1)), DAY_SECS - 1);
        assert_eq!(i64::from(AHEAD_MINUTES) * 60, AHEAD_SECS);
        assert_eq!(clock(Timestamp::from_millis(i64::MAX)), None);
        assert_eq!(moment(DateTime::MAX), None);
    }

    /// The offset holds as long as Kenya has no summer time.
    #[test]
    fn the_zone_that_sql_names_is_as_far_ahead() {
        let zone = jiff::tz::TimeZone::get("Africa/Nairobi").unwrap();
        for at in [NOW, NOW.plus_secs(182 * DAY_SECS)] {
            let at = jiff::Timestamp::from_millisecond(at.as_millis()).unwrap();
            assert_eq!(zone.to_offset(at), AHEAD);
        }
    }
}
