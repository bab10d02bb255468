//! Which days a report is about, and which it is compared with. Days are Nairobi's.

use jiff::ToSpan as _;
use mnara_protocol::clock::Timestamp;

use crate::providers::pages::words::CalendarWords;

pub use crate::nairobi::Day;

/// The longest stretch of days one report is about.
pub const MOST_DAYS: i64 = 366;
/// So many days have a bar each; more are put together by weeks or months.
const SINGLE: i64 = 62;
const WEEKS: i64 = 190;

impl Day {
    /// `26 Nov`.
    #[must_use]
    pub fn short(self, w: &CalendarWords) -> String {
        let date = self.date();
        format!("{} {}", date.day(), w.month_short(date.month()))
    }

    /// `Thu`.
    #[must_use]
    pub fn weekday(self, w: &CalendarWords) -> &'static str {
        w.weekday(self.date().weekday().to_monday_one_offset())
    }

    /// `Thu 26 Nov 2026`.
    #[must_use]
    pub fn long(self, w: &CalendarWords) -> String {
        format!(
            "{} {} {}",
            self.weekday(w),
            self.short(w),
            self.date().year()
        )
    }

    /// `November 2026`: the month it is in.
    #[must_use]
    pub fn month(self, w: &CalendarWords) -> String {
        let date = self.date();
        format!("{} {}", w.month(date.month()), date.year())
    }

    /// `Nov 2026`.
    #[must_use]
    pub fn month_short(self, w: &CalendarWords) -> String {
        let date = self.date();
        format!("{} {}", w.month_short(date.month()), date.year())
    }
}

/// A stretch of time, its end not in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// From then on.
    pub from: Timestamp,
    /// Until just before then.
    pub to: Timestamp,
}

/// Days put together under one bar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grain {
    /// Each by itself.
    Day,
    /// Seven.
    Week,
    /// A month of the calendar.
    Month,
}

/// The days of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    /// The first.
    pub from: Day,
    /// The one after the last.
    pub to: Day,
    /// Whether it is a month of the calendar, which is compared with the month before.
    is_month: bool,
}

/// Says that what was asked for is no period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a period has two dates, {MOST_DAYS} days apart at most")]
pub struct NoPeriod;

impl Period {
    /// The last so many days, today among them.
    #[must_use]
    pub const fn last(days: i64, today: Day) -> Self {
        Self {
            from: today.plus(1 - days),
            to: today.plus(1),
            is_month: false,
        }
    }

    /// The month of the calendar a day is in.
    #[must_use]
    pub fn month_of(day: Day) -> Self {
        let first = day.date().first_of_month();
        let next = first.saturating_add(1.month());
        Self {
            from: Day::from_date(first),
            to: Day::from_date(next),
            is_month: true,
        }
    }

    /// Reads `2026-11`.
    ///
    /// # Errors
    /// When it is no month.
    pub fn read_month(text: &str) -> Result<Self, NoPeriod> {
        let day = Day::read(&format!("{text}-01")).ok_or(NoPeriod)?;
        Ok(Self::month_of(day))
    }

    /// Reads what a form asks for: one of the words, or two dates of which both are in it.
    ///
    /// # Errors
    /// When it is none of these.
    pub fn read(word: &str, from: &str, to: &str, today: Day) -> Result<Self, NoPeriod> {
        match word {
            "today" => Ok(Self::last(1, today)),
            "" | "7" => Ok(Self::last(7, today)),
            "30" => Ok(Self::last(30, today)),
            "month" => Ok(Self::month_of(today)),
            "before" => Ok(Self::month_of(Self::month_of(today).from.plus(-1))),
            "dates" => {
                let (from, last) = (Day::read(from), Day::read(to));
                let (from, last) = from.zip(last).ok_or(NoPeriod)?;
                let days = last.0 - from.0 + 1;
                if !(1..=MOST_DAYS).contains(&days) {
                    return Err(NoPeriod);
                }
                Ok(Self {
                    from,
                    to: last.plus(1),
                    is_month: false,
                })
            }
            _ => Err(NoPeriod),
        }
    }

    /// The last day in it.
    #[must_use]
    pub const fn last_day(&self) -> Day {
        self.to.plus(-1)
    }

    /// The days before it that it is compared with: as many, or the month before.
    #[must_use]
    pub fn before(&self) -> Self {
        if self.is_month {
            return Self::month_of(self.from.plus(-1));
        }
        let days = self.to.0 - self.from.0;
        Self {
            from: self.from.plus(-days),
            to: self.from,
            is_month: false,
        }
    }

    /// The time it covers so far, and as much of the period before: half a day is compared with half a day.
    #[must_use]
    pub fn spans(&self, now: Timestamp) -> (Span, Span) {
        let from = self.from.begin();
        let this = Span {
            from,
            to: self.to.begin().min(now.max(from)),
        };
        let (before, so_far) = (self.before(), this.to.as_millis() - from.as_millis());
        let begin = before.from.begin();
        let whole = this.to == self.to.begin();
        let end = before.to.begin();
        let then = Span {
            from: begin,
            to: if whole {
                end
            } else {
                end.min(begin.plus_millis(so_far))
            },
        };
        (this, then)
    }

    /// The days of the period before of which only a part is compared, since this one is not over; none where all of it is.
    #[must_use]
    pub fn part_before(&self, now: Timestamp) -> Option<Self> {
        let before = self.before();
        let (_, then) = self.spans(now);
        // Nothing is compared yet with a period that is still to come.
        let is_part = then.from < then.to && then.to < before.to.begin();
        is_part.then(|| Self {
            from: before.from,
            to: Day::of(then.to.plus_millis(-1)).plus(1),
            is_month: false,
        })
    }

    /// How its days are put together for a chart.
    #[must_use]
    pub const fn grain(&self) -> Grain {
        let days = self.to.0 - self.from.0;
        if days <= SINGLE {
            Grain::Day
        } else if days <= WEEKS {
            Grain::Week
        } else {
            Grain::Month
        }
    }

    /// The first days of what a chart puts together, as far as there was anything yet.
    #[must_use]
    pub fn parts(&self, today: Day) -> Vec<(Day, Day)> {
        let end = self.to.min(today.plus(1)).max(self.from.plus(1));
        let (mut parts, mut from) = (Vec::new(), self.from);
        while from < end {
            let next = match self.grain() {
                Grain::Day => from.plus(1),
                Grain::Week => from.plus(7),
                Grain::Month => Self::month_of(from).to,
            };
            parts.push((from, next.min(end)));
            from = next;
        }
        parts
    }

    /// The days before, put together by the lengths of its own parts: months differ, and bars side by side are of as many days.
    #[must_use]
    pub fn parts_before(&self, today: Day) -> Vec<(Day, Day)> {
        let before = self.before();
        let along = |day: Day| before.from.plus(day.0 - self.from.0).min(before.to);
        let parts = self.parts(today).into_iter();
        parts
            .map(|(from, to)| (along(from), along(to)))
            .filter(|(from, to)| from < to)
            .collect()
    }

    /// `26 Nov 2026` or `1–30 Nov 2026` in full: both ends with their year.
    #[must_use]
    pub fn name(&self, w: &CalendarWords) -> String {
        if self.last_day() == self.from {
            self.from.long(w)
        } else {
            format!("{} – {}", self.from.long(w), self.last_day().long(w))
        }
    }
}

#[cfg(test)]
mod tests {
    use mnara_protocol::portal::Language;

    use super::*;
    use crate::providers::pages::words::Words;

    /// 2027-01-15 08:00 UTC, a Friday, is 11:00 in Nairobi.
    const NOW: Timestamp = Timestamp::from_secs(1_800_000_000);

    #[test]
    fn a_day_is_written_in_the_language_of_its_reader() {
        let day = Day::of(NOW);
        let (english, swahili) = (Words::of(Language::English), Words::of(Language::Swahili));
        assert_eq!(day.long(&english.calendar), "Fri 15 Jan 2027");
        assert_eq!(day.long(&swahili.calendar), "Iju 15 Jan 2027");
        assert_eq!(day.plus(-40).month(&swahili.calendar), "Desemba 2026");
        assert_eq!(day.plus(60).short(&swahili.calendar), "16 Mac");
    }

    #[test]
    fn half_a_day_is_compared_with_half_a_day() {
        let today = Day::of(NOW);
        let (this, then) = Period::read("today", "", "", today).unwrap().spans(NOW);
        assert_eq!((this.from, this.to), (today.begin(), NOW));
        assert_eq!(then.from, today.plus(-1).begin());
        assert_eq!(then.to, NOW.plus_secs(-86_400));
    }

    #[test]
    fn a_period_that_is_not_over_is_compared_with_a_part() {
        let today = Day::of(NOW);
        let part = |word| {
            let period = Period::read(word, "", "", today).unwrap();
            let part = period.part_before(NOW)?;
            Some(format!("{} {}", part.from.iso(), part.last_day().iso()))
        };
        for (word, days) in [
            ("today", Some("2027-01-14 2027-01-14")),
            ("7", Some("2027-01-02 2027-01-08")),
            ("month", Some("2026-12-01 2026-12-15")),
            ("before", None),
        ] {
            assert_eq!(part(word).as_deref(), days, "{word}");
        }
        // At midnight, whole days have passed.
        let month = Period::month_of(today);
        let midnight = month.part_before(today.begin()).unwrap();
        assert_eq!(midnight.last_day().iso(), "2026-12-14");
        // The whole of a shorter month is compared, and nothing with what is to come.
        let march = Period::read_month("2027-03").unwrap();
        assert_eq!(march.part_before(march.from.plus(29).begin()), None);
        assert_eq!(march.part_before(NOW), None);
    }

    #[test]
    fn a_month_is_compared_with_the_one_before() {
        let today = Day::of(NOW);
        let month = Period::read("before", "", "", today).unwrap();
        assert_eq!(
            (month.from.iso(), month.last_day().iso()),
            ("2026-12-01".to_owned(), "2026-12-31".to_owned())
        );
        let (_, then) = month.spans(NOW);
        assert_eq!(then.to, month.from.begin());
        assert_eq!(Day::of(then.from).iso(), "2026-11-01");
        // The thirtieth of March is later in its month than February has days.
        let march = Period::read_month("2027-03").unwrap();
        let (_, then) = march.spans(march.from.plus(29).begin());
        assert_eq!(then.to, march.from.begin());
        assert_eq!(Period::read_month("2027-13"), Err(NoPeriod));
    }

    #[test]
    fn parts_cover_every_day_once() {
        let today = Day::of(NOW);
        for (from, to) in [
            ("2026-12-01", "2026-12-31"),
            ("2026-08-10", "2026-12-31"),
            ("2026-01-16", "2027-01-15"),
        ] {
            let period = Period::read("dates", from, to, today).unwrap();
            let parts = period.parts(today);
            assert_eq!(parts.first().unwrap().0, period.from);
            assert_eq!(parts.last().unwrap().1, period.to);
            assert!(
                parts.windows(2).all(|two| two[0].1 == two[1].0),
                "{parts:?}"
            );
            assert!(parts.len() <= 62);
            let before = period.parts_before(today);
            let days = |parts: &[(Day, Day)]| -> Vec<i64> {
                parts.iter().map(|(from, to)| to.0 - from.0).collect()
            };
            assert_eq!(days(&before), days(&parts), "side by side");
            assert_eq!(before.first().unwrap().0, period.before().from);
            assert_eq!(before.last().unwrap().1, period.from);
        }
        let march = Period::read_month("2027-03").unwrap();
        let april = Period::month_of(march.to).from;
        assert_eq!(
            (march.parts(april).len(), march.parts_before(april).len()),
            (31, 28)
        );
        for (from, to) in [
            ("2026-12-31", "2026-12-01"),
            ("2025-01-01", "2026-12-31"),
            ("", ""),
        ] {
            assert_eq!(Period::read("dates", from, to, today), Err(NoPeriod));
        }
        assert_eq!(
            Period::read("month", "", "", today)
                .unwrap()
                .parts(today)
                .len(),
            15
        );
    }
}
