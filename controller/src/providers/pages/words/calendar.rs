//! Months and days of the week.

use mnara_protocol::clock::Timestamp;

use crate::nairobi;

words! {
    /// Months and days of the week, in full and short.
    CalendarWords {
        january: "January" "Januari", february: "February" "Februari", march: "March" "Machi", april: "April" "Aprili",
        may: "May" "Mei", june: "June" "Juni", july: "July" "Julai", august: "August" "Agosti",
        september: "September" "Septemba", october: "October" "Oktoba", november: "November" "Novemba", december: "December" "Desemba",
        jan: "Jan" "Jan", feb: "Feb" "Feb", mar: "Mar" "Mac", apr: "Apr" "Apr", mei: "May" "Mei", jun: "Jun" "Jun",
        jul: "Jul" "Jul", aug: "Aug" "Ago", sep: "Sep" "Sep", oct: "Oct" "Okt", nov: "Nov" "Nov", dec: "Dec" "Des",
        mon: "Mon" "Jtt", tue: "Tue" "Jnn", wed: "Wed" "Jtn", thu: "Thu" "Alh", fri: "Fri" "Iju", sat: "Sat" "Jmo", sun: "Sun" "Jpi",
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

    fn written(&self, at: Timestamp, time: &str) -> String {
        nairobi::clock(at).map_or_else(
            || "?".to_owned(),
            |at| {
                let (day, month) = (at.day(), self.month_short(at.month()));
                format!("{day} {month} {}{}", at.year(), at.strftime(time))
            },
        )
    }

    /// A day of the week by its number, Monday from 1: in three letters.
    #[must_use]
    pub fn weekday(&self, number: i8) -> &'static str {
        let all = [
            self.mon, self.tue, self.wed, self.thu, self.fri, self.sat, self.sun,
        ];
        nth(&all, number)
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
}
