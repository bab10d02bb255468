//! Months and days of the week.

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
