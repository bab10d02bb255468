//! Months, days of the week, and lengths of time.

use mnara_protocol::clock::Timestamp;

use crate::nairobi;

/// Between a number and its unit, so that no line ends there.
const NBSP: &str = "\u{a0}";

/// What lengths of time are told in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Of 24 hours.
    Days,
    /// Of 60 minutes.
    Hours,
    /// Of 60 seconds.
    Minutes,
    /// One by one.
    Seconds,
}

words! {
    /// Months and days of the week, in full and short, and lengths of time: `{n}` is the place of the number.
    CalendarWords {
        january: "January" "Januari", february: "February" "Februari", march: "March" "Machi", april: "April" "Aprili",
        may: "May" "Mei", june: "June" "Juni", july: "July" "Julai", august: "August" "Agosti",
        september: "September" "Septemba", october: "October" "Oktoba", november: "November" "Novemba", december: "December" "Desemba",
        jan: "Jan" "Jan", feb: "Feb" "Feb", mar: "Mar" "Mac", apr: "Apr" "Apr", mei: "May" "Mei", jun: "Jun" "Jun",
        jul: "Jul" "Jul", aug: "Aug" "Ago", sep: "Sep" "Sep", oct: "Oct" "Okt", nov: "Nov" "Nov", dec: "Dec" "Des",
        mon: "Mon" "Jtt", tue: "Tue" "Jnn", wed: "Wed" "Jtn", thu: "Thu" "Alh", fri: "Fri" "Iju", sat: "Sat" "Jms", sun: "Sun" "Jpl",
        one_day: "1 day" "siku 1", one_hour: "1 hour" "saa 1", one_minute: "1 minute" "dakika 1", one_second: "1 second" "sekunde 1",
        in_days: "{n} days" "siku {n}", in_hours: "{n} hours" "saa {n}", in_minutes: "{n} minutes" "dakika {n}", in_seconds: "{n} seconds" "sekunde {n}",
        in_d: "{n} d" "siku {n}", in_h: "{n} h" "saa {n}", in_min: "{n} min" "dakika {n}", in_s: "{n} s" "sekunde {n}",
    }
}

impl CalendarWords {
    /// A month by its number, from 1: in full.
    #[must_use]
    pub fn month(&self, number: i8) -> &'static str {
        let all = [
            self.january,
            self.february,
            self.march,
            self.april,
            self.may,
            self.june,
            self.july,
            self.august,
            self.september,
            self.october,
            self.november,
            self.december,
        ];
        nth(&all, number)
    }

    /// A month by its number, from 1: in three letters.
    #[must_use]
    pub fn month_short(&self, number: i8) -> &'static str {
        let all = [
            self.jan, self.feb, self.mar, self.apr, self.mei, self.jun, self.jul, self.aug,
            self.sep, self.oct, self.nov, self.dec,
        ];
        nth(&all, number)
    }

    /// A moment on Nairobi's clock: `26 Nov 2026, 14:05`.
    #[must_use]
    pub fn moment(&self, at: Timestamp) -> String {
        self.written(at, ", %H:%M")
    }

    /// A moment on Nairobi's clock, to the second: `26 Nov 2026, 14:05:09`.
    #[must_use]
    pub fn second(&self, at: Timestamp) -> String {
        self.written(at, ", %H:%M:%S")
    }

    /// A day on Nairobi's calendar: `26 Nov 2026`.
    #[must_use]
    pub fn day(&self, at: Timestamp) -> String {
        self.written(at, "")
    }

    /// A moment after another: its time alone on the same day, `14:05`, else with its day.
    #[must_use]
    pub fn moment_after(&self, at: Timestamp, before: Timestamp) -> String {
        self.after(at, before, "%H:%M")
    }

    /// A moment after another, to the second: `14:05:09` on the same day, else with its day.
    #[must_use]
    pub fn second_after(&self, at: Timestamp, before: Timestamp) -> String {
        self.after(at, before, "%H:%M:%S")
    }

    fn after(&self, at: Timestamp, before: Timestamp, time: &str) -> String {
        if self.day(at) != self.day(before) {
            return self.written(at, &format!(", {time}"));
        }
        nairobi::clock(at).map_or_else(|| "?".to_owned(), |at| at.strftime(time).to_string())
    }

    fn written(&self, at: Timestamp, time: &str) -> String {
        nairobi::clock(at).map_or_else(
            || "?".to_owned(),
            |at| {
                let (day, month) = (at.day(), self.month_short(at.month()));
                format!("{day} {month} {}{}", at.year(), at.strftime(time))
            },
        )
    }

    /// The days of the week in three letters, Monday first.
    #[must_use]
    pub const fn weekdays(&self) -> [&'static str; 7] {
        [
            self.mon, self.tue, self.wed, self.thu, self.fri, self.sat, self.sun,
        ]
    }

    /// A day of the week by its number, Monday from 1: in three letters.
    #[must_use]
    pub fn weekday(&self, number: i8) -> &'static str {
        nth(&self.weekdays(), number)
    }

    /// So many of a unit, in full: `2 hours`, `1 day`.
    #[must_use]
    pub fn many(&self, count: u64, unit: Unit) -> String {
        let (one, many) = match unit {
            Unit::Days => (self.one_day, self.in_days),
            Unit::Hours => (self.one_hour, self.in_hours),
            Unit::Minutes => (self.one_minute, self.in_minutes),
            Unit::Seconds => (self.one_second, self.in_seconds),
        };
        match count {
            1 => one.to_owned(),
            _ => many.replace("{n}", &count.to_string()),
        }
    }

    /// So many of a unit, short and on one line: `2 h`.
    #[must_use]
    pub fn short(&self, count: &str, unit: Unit) -> String {
        let words = match unit {
            Unit::Days => self.in_d,
            Unit::Hours => self.in_h,
            Unit::Minutes => self.in_min,
            Unit::Seconds => self.in_s,
        };
        words.replace(' ', NBSP).replace("{n}", count)
    }

    /// A length of time by its two largest units: `2 d 3 h`, `5 min`.
    #[must_use]
    pub fn lasting(&self, secs: u64) -> String {
        let parts = [
            (secs / 86_400, Unit::Days),
            (secs / 3_600 % 24, Unit::Hours),
            (secs / 60 % 60, Unit::Minutes),
            (secs % 60, Unit::Seconds),
        ];
        let first = parts.iter().position(|(count, _)| *count > 0).unwrap_or(3);
        let said = parts.iter().enumerate().skip(first).take(2);
        let said: Vec<String> = said
            .filter(|(at, (count, _))| *at == first || *count > 0)
            .map(|(_, (count, unit))| self.short(&count.to_string(), *unit))
            .collect();
        said.join(" ")
    }

    /// A length of time that goes on: seconds matter in its first minute only.
    #[must_use]
    pub fn so_far(&self, secs: u64) -> String {
        self.lasting(if secs < 60 { secs } else { secs - secs % 60 })
    }

    /// Whether a length of time, as it is told on one line, is one of a single unit: verbs agree with that.
    #[must_use]
    pub fn is_one(&self, told: &str) -> bool {
        let units = [Unit::Days, Unit::Hours, Unit::Minutes, Unit::Seconds];
        units.into_iter().any(|unit| self.short("1", unit) == told)
    }

    /// A length of time in the largest unit that fits, in full: `90 minutes`, `2 hours`, `1 day`.
    #[must_use]
    pub fn stretch(&self, secs: u32) -> String {
        let (length, unit) = [(86_400, Unit::Days), (3_600, Unit::Hours)]
            .into_iter()
            .find(|(length, _)| secs.is_multiple_of(*length))
            .unwrap_or((60, Unit::Minutes));
        self.many(u64::from(secs / length), unit).replace(' ', NBSP)
    }
}

fn nth(all: &[&'static str], number: i8) -> &'static str {
    let place = usize::try_from(number - 1).ok();
    place
        .and_then(|place| all.get(place).copied())
        .unwrap_or("?")
}

#[cfg(test)]
mod tests {
    use mnara_protocol::portal::Language;

    use super::super::Words;
    use super::*;

    #[test]
    fn a_time_is_nairobis_in_the_language_of_its_reader() {
        let (english, swahili) = (Words::of(Language::English), Words::of(Language::Swahili));
        let at = Timestamp::from_secs(1_800_000_000);
        assert_eq!(english.calendar.moment(at), "15 Jan 2027, 11:00");
        assert_eq!(english.calendar.second(at), "15 Jan 2027, 11:00:00");
        let late = at.plus_secs(14 * 3_600);
        assert_eq!(english.calendar.day(late), "16 Jan 2027");
        let december = at.plus_secs(-40 * 86_400);
        assert_eq!(english.calendar.day(december), "6 Dec 2026");
        assert_eq!(swahili.calendar.moment(december), "6 Des 2026, 11:00");
    }

    #[test]
    fn a_day_that_was_named_is_not_named_again() {
        let calendar = &Words::of(Language::English).calendar;
        let at = Timestamp::from_secs(1_800_000_000);
        assert_eq!(calendar.moment_after(at.plus_secs(3_600), at), "12:00");
        assert_eq!(calendar.second_after(at.plus_secs(9), at), "11:00:09");
        // Midnight is Nairobi's, not Greenwich's.
        let next = at.plus_secs(13 * 3_600);
        assert_eq!(calendar.moment_after(next, at), "16 Jan 2027, 00:00");
        assert_eq!(calendar.second_after(next, at), "16 Jan 2027, 00:00:00");
    }

    #[test]
    fn a_length_of_time_is_told_by_its_two_largest_units() {
        let (english, swahili) = (Words::of(Language::English), Words::of(Language::Swahili));
        for (secs, text, maneno) in [
            (0, "0 s", "sekunde 0"),
            (59, "59 s", "sekunde 59"),
            (300, "5 min", "dakika 5"),
            (330, "5 min 30 s", "dakika 5 sekunde 30"),
            (3_661, "1 h 1 min", "saa 1 dakika 1"),
            (183_600, "2 d 3 h", "siku 2 saa 3"),
            (86_401, "1 d", "siku 1"),
        ] {
            let plain = |said: String| said.replace(NBSP, " ");
            assert_eq!(plain(english.calendar.lasting(secs)), text);
            assert_eq!(plain(swahili.calendar.lasting(secs)), maneno);
        }
        assert_eq!(english.calendar.so_far(330), "5\u{a0}min");
        assert_eq!(english.calendar.so_far(59), "59\u{a0}s");
    }

    #[test]
    fn a_length_of_time_is_told_in_full() {
        let (english, swahili) = (Words::of(Language::English), Words::of(Language::Swahili));
        for (secs, text, maneno) in [
            (60, "1 minute", "dakika 1"),
            (5_400, "90 minutes", "dakika 90"),
            (7_200, "2 hours", "saa 2"),
            (86_400, "1 day", "siku 1"),
            (604_800, "7 days", "siku 7"),
        ] {
            let plain = |said: String| said.replace(NBSP, " ");
            assert_eq!(plain(english.calendar.stretch(secs)), text);
            assert_eq!(plain(swahili.calendar.stretch(secs)), maneno);
        }
    }
}
