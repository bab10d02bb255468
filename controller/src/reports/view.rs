//! A report in words and drawings: what its numbers are called, its tiles, charts and the tables behind them.

use std::collections::BTreeMap;

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{PlanId, SiteId};
use mnara_protocol::money::Money;

use super::chart::{Columns, Point, Rows};
use super::period::{Day, Grain, Period};
use super::sums::{Measure, Report, Sums, change};
use crate::providers::pages::words::{CalendarWords, ReportWords};
use crate::web::show;

/// A thing with tenths and its unit's size: `41.5`, and whole from a hundred on.
#[must_use]
pub fn tenths(number: u64, unit: u64) -> String {
    let tenth = unit / 10;
    let rounded = (number + tenth / 2) / tenth;
    if rounded >= 1_000 || rounded.is_multiple_of(10) {
        show::thousands((rounded + 5 * u64::from(rounded >= 1_000)) / 10)
    } else {
        format!("{}.{}", rounded / 10, rounded % 10)
    }
}

/// A number of a measure as people read it.
#[must_use]
pub fn say(measure: Measure, number: u64, w: &ReportWords) -> String {
    match measure {
        Measure::Money => show::money(Money::from_cents(i64::try_from(number).unwrap_or(i64::MAX))),
        Measure::Sold | Measure::Used => show::thousands(number),
        Measure::Online => {
            let hours = w.hours.replace(' ', "\u{a0}");
            hours.replace("{n}", &tenths(number, 3_600))
        }
        Measure::Data if number < 1_000_000_000 => {
            format!("{}\u{a0}MB", show::thousands(number.div_ceil(1_000_000)))
        }
        Measure::Data => format!("{}\u{a0}GB", tenths(number, 1_000_000_000)),
    }
}

impl ReportWords {
    /// What a measure is called.
    #[must_use]
    pub const fn measure(&self, measure: Measure) -> &'static str {
        match measure {
            Measure::Money => self.paid,
            Measure::Sold => self.sold,
            Measure::Used => self.used,
            Measure::Online => self.online,
            Measure::Data => self.data,
        }
    }

    /// What the numbers of a line are called, in their order.
    #[must_use]
    pub const fn heads(&self) -> [&'static str; 5] {
        [
            self.shillings,
            self.sold_short,
            self.used_short,
            self.hours_short,
            self.gigabytes_short,
        ]
    }

    /// How days are put together.
    #[must_use]
    pub const fn by(&self, grain: Grain) -> &'static str {
        match grain {
            Grain::Day => self.by_day,
            Grain::Week => self.by_week,
            Grain::Month => self.by_month,
        }
    }

    /// How a number compares with the one before: `12 % more than KSh 1,250 before`.
    #[must_use]
    pub fn compared(&self, measure: Measure, now: u64, before: u64) -> String {
        let was = say(measure, before, self);
        match change(now, before) {
            None => self.none_before.to_owned(),
            Some(0) => format!("{} {was}", self.same),
            // So many hundredths say nothing any more.
            Some(1_000..) => format!("{} {was} {}", self.more_than, self.before),
            Some(by) => {
                let word = if by > 0 { self.more } else { self.less };
                let percent = show::thousands(by.unsigned_abs());
                format!("{percent}\u{a0}% {word} {was} {}", self.before)
            }
        }
    }
}

/// What a period is compared with: the days, and that they are not the whole of the last one while it is not over itself.
#[must_use]
pub fn against(
    period: &Period,
    now: Timestamp,
    (w, calendar): (&ReportWords, &CalendarWords),
) -> String {
    period.part_before(now).map_or_else(
        || period.before().name(calendar),
        |part| format!("{}, {}", part.name(calendar), w.same_time),
    )
}

/// One number with how it compares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tile {
    /// What it is.
    pub name: &'static str,
    /// The number.
    pub figure: String,
    /// More of it.
    pub more: Option<String>,
    /// Against the period before.
    pub compared: String,
}

/// The numbers of a report at a glance.
#[must_use]
pub fn tiles(now: &Sums, before: &Sums, w: &ReportWords) -> Vec<Tile> {
    Measure::ALL
        .into_iter()
        .map(|measure| {
            let (number, was) = (measure.of(now), measure.of(before));
            let more = match measure {
                Measure::Sold if now.printed > 0 => Some(format!(
                    "{}: {}",
                    w.printed,
                    show::thousands(now.printed.unsigned_abs())
                )),
                Measure::Used if now.used_printed > 0 => Some(format!(
                    "{} {} {}",
                    show::thousands(now.used_printed.unsigned_abs()),
                    w.of_print,
                    show::money(now.cash())
                )),
                _ => None,
            };
            Tile {
                name: w.measure(measure),
                figure: say(measure, number, w),
                more,
                compared: w.compared(measure, number, was),
            }
        })
        .collect()
}

/// How many free trials there were, against the period before; none where there were none at all.
#[must_use]
pub fn trials(now: &Sums, before: &Sums, w: &ReportWords) -> Option<String> {
    let [now, was] = [now.tried, before.tried].map(i64::unsigned_abs);
    (now + was > 0).then(|| {
        let number = show::thousands(now);
        format!(
            "{}: {number} · {}",
            w.trials,
            w.compared(Measure::Used, now, was)
        )
    })
}

/// A line of a table, or of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// What it is about.
    pub name: String,
    /// Its numbers.
    pub sums: Sums,
}

impl Line {
    /// The numbers as a table has them: shillings, sold, used, hours, gigabytes.
    #[must_use]
    pub fn cells(&self) -> [String; 5] {
        let money = show::money(self.sums.money());
        [
            money.replace("KSh\u{a0}", ""),
            show::thousands(self.sums.sold.unsigned_abs()),
            show::thousands(self.sums.used.unsigned_abs()),
            tenths(self.sums.online_secs.unsigned_abs(), 3_600),
            tenths(self.sums.bytes.unsigned_abs(), 1_000_000_000),
        ]
    }
}

/// What things are called now.
#[derive(Clone, Debug, Default)]
pub struct Names {
    /// Plans, in the order of the portal.
    pub plans: Vec<(PlanId, String)>,
    /// Sites, by name.
    pub sites: Vec<(SiteId, String)>,
}

/// What came together for each thing; none for what is of no such thing.
type Parts<Id> = BTreeMap<Option<Id>, Sums>;

/// Lines by name, then what has none now, then what never had one. The last two stand also where only the report beside has them, so that both have their lines in the same order.
fn named<Id: Ord + Copy>(
    names: &[(Id, String)],
    (sums, beside): (&Parts<Id>, &Parts<Id>),
    (other, none): (&str, &str),
) -> Vec<Line> {
    let mut lines: Vec<Line> = names
        .iter()
        .map(|(id, name)| Line {
            name: name.clone(),
            sums: sums.get(&Some(*id)).copied().unwrap_or_default(),
        })
        .collect();
    let left = unnamed(names, sums);
    if left != Sums::default() || unnamed(names, beside) != Sums::default() {
        lines.push(Line {
            name: other.to_owned(),
            sums: left,
        });
    }
    if sums.contains_key(&None) || beside.contains_key(&None) {
        lines.push(Line {
            name: none.to_owned(),
            sums: sums.get(&None).copied().unwrap_or_default(),
        });
    }
    lines
}

/// What belongs to things that have no name now.
fn unnamed<Id: Ord + Copy>(names: &[(Id, String)], sums: &Parts<Id>) -> Sums {
    let mut left = Sums::default();
    for (id, one) in sums {
        if id.is_some_and(|id| names.iter().all(|(known, _)| *known != id)) {
            left.add(one);
        }
    }
    left
}

/// The lines of a report by plan, as they stand beside those of another; every plan has one, also without a number.
#[must_use]
pub fn by_plan(report: &Report, beside: &Report, names: &Names, w: &ReportWords) -> Vec<Line> {
    let sums = (&report.plans, &beside.plans);
    named(&names.plans, sums, (w.other, w.trials))
}

/// The lines of a report by site, as they stand beside those of another.
#[must_use]
pub fn by_site(report: &Report, beside: &Report, names: &Names, w: &ReportWords) -> Vec<Line> {
    let sums = (&report.sites, &beside.sites);
    named(&names.sites, sums, (w.other, w.no_site))
}

/// The lines of a report by hour of the day.
#[must_use]
pub fn by_hour(report: &Report) -> Vec<Line> {
    report
        .hours
        .iter()
        .enumerate()
        .map(|(hour, sums)| Line {
            name: format!("{hour:02}:00"),
            sums: *sums,
        })
        .collect()
}

/// The lines of a report by what its chart puts together.
#[must_use]
pub fn by_part(report: &Report, period: &Period, today: Day, w: &CalendarWords) -> Vec<Line> {
    put_together(report, period.parts(today), period.grain(), w)
}

/// The lines of the report of the days before a period, put together as its own are.
#[must_use]
pub fn by_part_before(
    report: &Report,
    period: &Period,
    today: Day,
    w: &CalendarWords,
) -> Vec<Line> {
    put_together(report, period.parts_before(today), period.grain(), w)
}

fn put_together(
    report: &Report,
    parts: Vec<(Day, Day)>,
    grain: Grain,
    w: &CalendarWords,
) -> Vec<Line> {
    let lines = parts.into_iter().map(|(from, to)| Line {
        name: match grain {
            Grain::Day | Grain::Week => from.short(w),
            Grain::Month => from.month_short(w),
        },
        sums: report.of_days(from, to),
    });
    lines.collect()
}

/// The lines of a report by day, each day by its whole date.
#[must_use]
pub fn by_day(report: &Report, period: &Period, today: Day) -> Vec<Line> {
    let end = period.to.min(today.plus(1));
    (period.from.0..end.0)
        .map(|day| Line {
            name: Day(day).iso(),
            sums: report.of_days(Day(day), Day(day + 1)),
        })
        .collect()
}

/// The points of a chart; `before` has its lines in the same order, and none where the time before was shorter.
fn points(measure: Measure, lines: &[Line], before: &[Line], w: &ReportWords) -> Vec<Point> {
    lines
        .iter()
        .enumerate()
        .map(|(at, line)| {
            let value = measure.of(&line.sums);
            let was = before.get(at).map(|line| measure.of(&line.sums));
            let mut tip = format!("{}: {}", line.name, say(measure, value, w));
            if let Some(was) = was {
                tip = format!("{tip} · {}: {}", w.before_bar, say(measure, was, w));
            }
            Point {
                name: line.name.clone(),
                value,
                before: was,
                tip,
            }
        })
        .collect()
}

/// What somebody hears who does not see the chart.
fn about(measure: Measure, lines: &[Line], w: &ReportWords) -> String {
    let most = lines.iter().max_by_key(|line| measure.of(&line.sums));
    let most = most.filter(|line| measure.of(&line.sums) > 0);
    most.map_or_else(
        || w.nothing.to_owned(),
        |line| {
            let value = say(measure, measure.of(&line.sums), w);
            format!("{} {}, {value}", w.most, line.name)
        },
    )
}

/// Standing bars of some lines.
#[must_use]
pub fn columns(
    id: &'static str,
    title: &str,
    measure: Measure,
    (lines, before): (&[Line], &[Line]),
    w: &ReportWords,
) -> Columns {
    let title = format!("{}, {title}", w.measure(measure));
    Columns::draw(
        id,
        (title, about(measure, lines, w)),
        &points(measure, lines, before, w),
        measure.unit(),
        |value| say(measure, value, w),
    )
}

/// Lying bars of some lines, the longest first.
#[must_use]
pub fn rows(
    id: &'static str,
    title: &str,
    measure: Measure,
    (lines, before): (&[Line], &[Line]),
    w: &ReportWords,
) -> Rows {
    let title = format!("{}, {title}", w.measure(measure));
    let mut points = points(measure, lines, before, w);
    points.sort_by_key(|point| std::cmp::Reverse(point.value));
    Rows::draw(id, (title, about(measure, lines, w)), &points, |value| {
        say(measure, value, w)
    })
}

#[cfg(test)]
mod tests {
    use mnara_protocol::portal::Language;

    use super::*;
    use crate::providers::pages::words::Words;

    #[test]
    fn numbers_read_well() {
        for (number, unit, text) in [
            (0, 3_600, "0"),
            (5_400, 3_600, "1.5"),
            (7_200, 3_600, "2"),
            (3_600 * 99 + 3_500, 3_600, "100"),
            (3_600 * 1_234 + 1_900, 3_600, "1,235"),
            (40_000_000, 1_000_000_000, "0"),
        ] {
            assert_eq!(tenths(number, unit), text, "{number}");
        }
        let w = &Words::of(Language::English).reports;
        assert_eq!(say(Measure::Data, 980_000_000, w), "980\u{a0}MB");
        assert_eq!(say(Measure::Data, 12_340_000_000, w), "12.3\u{a0}GB");
        assert_eq!(say(Measure::Money, 125_000, w), "KSh\u{a0}1,250");
        assert_eq!(say(Measure::Online, 149_400, w), "41.5\u{a0}h");
        let maneno = &Words::of(Language::Swahili).reports;
        assert_eq!(say(Measure::Online, 149_400, maneno), "saa\u{a0}41.5");
    }

    #[test]
    fn what_a_running_month_is_compared_with_is_named() {
        // 2027-01-15, 11:00 in Nairobi.
        let now = Timestamp::from_secs(1_800_000_000);
        let month = Period::month_of(Day::of(now));
        for (language, text) in [
            (
                Language::English,
                "Tue 1 Dec 2026 – Tue 15 Dec 2026, up to the same time",
            ),
            (
                Language::Swahili,
                "Jnn 1 Des 2026 – Jnn 15 Des 2026, hadi saa ile ile",
            ),
        ] {
            let words = Words::of(language);
            let said = against(&month, now, (&words.reports, &words.calendar));
            assert_eq!(said, text);
        }
        let words = Words::of(Language::English);
        let over = against(&month.before(), now, (&words.reports, &words.calendar));
        assert_eq!(over, "Sun 1 Nov 2026 – Mon 30 Nov 2026");
    }

    #[test]
    fn a_month_stands_beside_as_many_days_before() {
        let today = Day::read("2027-08-03").unwrap();
        let period = Period::read("dates", "2027-01-01", "2027-07-12", today).unwrap();
        // The days before begin on 22 June, so those beside January end with 22 July.
        let mut then = Report::default();
        let sold = Sums {
            sold: 1,
            ..Sums::default()
        };
        for day in ["2026-07-22", "2026-07-23"] {
            then.days.insert(Day::read(day).unwrap(), sold);
        }
        let w = &Words::of(Language::English).calendar;
        let lines = by_part_before(&then, &period, today, w);
        let sold: Vec<i64> = lines.iter().map(|line| line.sums.sold).collect();
        assert_eq!(sold, [1, 1, 0, 0, 0, 0, 0]);
    }

    #[test]
    fn what_was_had_to_try_has_a_line_by_plan() {
        let tried = Sums {
            tried: 2,
            bytes: 7_000,
            ..Sums::default()
        };
        let report = Report {
            plans: BTreeMap::from([(None, tried)]),
            ..Report::default()
        };
        for (language, name) in [
            (Language::English, "Free trials"),
            (Language::Swahili, "Majaribio ya bure"),
        ] {
            let w = &Words::of(language).reports;
            let (names, none) = (Names::default(), Report::default());
            let lines = by_plan(&report, &none, &names, w);
            assert_eq!(lines.len(), 1);
            assert_eq!((lines[0].name.as_str(), lines[0].sums), (name, tried));
            // The time before had none, and its line stands beside all the same.
            let before = by_plan(&none, &report, &names, w);
            assert_eq!(before.len(), 1);
            assert_eq!(
                (before[0].name.as_str(), before[0].sums),
                (name, Sums::default())
            );
        }
    }

    #[test]
    fn a_number_is_compared_in_words() {
        let w = &Words::of(Language::English).reports;
        assert_eq!(
            w.compared(Measure::Sold, 6, 4),
            "50\u{a0}% more than 4 before"
        );
        assert_eq!(w.compared(Measure::Sold, 4, 4), "As before: 4");
        assert_eq!(w.compared(Measure::Sold, 4, 0), "None before");
        assert_eq!(w.compared(Measure::Sold, 44, 4), "More than 4 before");
    }
}
