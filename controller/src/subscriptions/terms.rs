//! What is paid for: the terms that the lines of a book come to. Pure.
//!
//! A payment lasts to the same day of the next month or year on Nairobi's clock. Where a month has no such day it ends on its last, and the day
//! comes back in the month after. Payments that follow each other without a gap keep the day of the first.

use jiff::civil::Date;
use jiff::tz::{Offset, TimeZone};
use jiff::{Span, Timestamp as Moment};
use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{OrderId, PlatformPlanId};

use super::{Period, PlatformPlan};
use crate::rails::pesapal::price::{Currency, Price};

/// Nairobi's clock, the same all the year.
const NAIROBI: Offset = Offset::constant(3);
const DAY_SECS: i64 = 86_400;

/// What a line of the book says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// Days for nothing.
    Trial {
        /// How many.
        days: u16,
    },
    /// An order was paid.
    Paid {
        /// Which.
        order: OrderId,
        /// How long it lasts.
        period: Period,
    },
    /// An order was paid for a better plan at once: all the time that is left is on it.
    Upgraded {
        /// Which.
        order: OrderId,
    },
    /// An order was paid back: its line counts no longer.
    Reversed {
        /// Which.
        order: OrderId,
    },
}

/// A line of the book.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// When.
    pub at: Timestamp,
    /// The plan it is about.
    pub plan: PlatformPlanId,
    /// What.
    pub what: What,
}

/// A stretch that is paid for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Term {
    /// The plan.
    pub plan: PlatformPlanId,
    /// From when.
    pub from: Timestamp,
    /// Until when.
    pub until: Timestamp,
    /// The order that pays for it; none for a trial.
    pub order: Option<OrderId>,
    /// When the whole period began of which this is a part: two plans share one after an upgrade.
    pub began: Timestamp,
}

/// The terms that a book comes to, each after the one before. A term begins where the one before ends, or when its line was written if that is
/// later.
#[must_use]
pub fn terms(book: &[Entry]) -> Vec<Term> {
    let mut terms: Vec<Term> = Vec::new();
    // The day of the month that a run of payments keeps.
    let mut anchor = None;
    for entry in book {
        let last = terms.last().map(|term| term.until);
        let from = last.map_or(entry.at, |until| until.max(entry.at));
        if last != Some(from) {
            anchor = None;
        }
        let (until, order) = match entry.what {
            What::Trial { days } => (from.plus_secs(i64::from(days) * DAY_SECS), None),
            What::Paid { order, .. } if is_undone(book, order) => continue,
            What::Paid { order, period } => {
                let day = *anchor.get_or_insert_with(|| day_of(from));
                (after(from, period, day), Some(order))
            }
            What::Upgraded { order } => {
                if !is_undone(book, order) {
                    upgrade(&mut terms, entry);
                }
                continue;
            }
            What::Reversed { .. } => continue,
        };
        terms.push(Term {
            plan: entry.plan,
            from,
            until,
            order,
            began: from,
        });
    }
    terms
}

/// Puts all the time after a line on its plan.
fn upgrade(terms: &mut Vec<Term>, entry: &Entry) {
    let now = entry.at;
    if let Some(place) = terms
        .iter()
        .position(|term| term.from < now && now < term.until)
    {
        let whole = terms[place];
        terms[place].until = now;
        terms.insert(place + 1, Term { from: now, ..whole });
    }
    for term in terms.iter_mut().filter(|term| term.from >= now) {
        term.plan = entry.plan;
    }
}

/// What it costs to be on another plan for all the time that is left, rounded up to what every rail can move: for each period its part of the
/// difference. None where that is nothing, or where the two cannot be compared.
#[must_use]
pub fn difference<'a>(
    terms: &[Term],
    of: impl Fn(PlatformPlanId) -> Option<&'a PlatformPlan>,
    to: &PlatformPlan,
    now: Timestamp,
) -> Option<Price> {
    let mut cents: i128 = 0;
    for term in terms
        .iter()
        .filter(|term| term.order.is_some() && term.until > now)
    {
        let old = of(term.plan)?;
        if (old.period, old.price.currency) != (to.period, to.price.currency) {
            return None;
        }
        let left = term.until.as_millis() - term.from.max(now).as_millis();
        // Of the whole period: what stands behind a split is its rest.
        let whole = (term.until.as_millis() - term.began.as_millis()).max(1);
        let more = i128::from(to.price.cents - old.price.cents);
        cents += more * i128::from(left) / i128::from(whole);
    }
    // M-PESA moves whole shillings.
    let unit: i128 = match to.price.currency {
        Currency::Kes => 100,
        Currency::Usd => 1,
    };
    let rounded = cents.checked_add(unit - 1)? / unit * unit;
    let rounded = i64::try_from(rounded).ok().filter(|cents| *cents > 0)?;
    Some(Price::new(rounded, to.price.currency))
}

fn is_undone(book: &[Entry], paid: OrderId) -> bool {
    book.iter()
        .any(|entry| matches!(entry.what, What::Reversed { order } if order == paid))
}

/// The term that a moment is in.
#[must_use]
pub fn current(terms: &[Term], now: Timestamp) -> Option<&Term> {
    terms
        .iter()
        .find(|term| term.from <= now && now < term.until)
}

/// The day on Nairobi's clock.
#[must_use]
pub fn date(at: Timestamp) -> Date {
    NAIROBI.to_datetime(moment(at)).date()
}

fn moment(at: Timestamp) -> Moment {
    Moment::from_millisecond(at.as_millis()).unwrap_or(Moment::MAX)
}

fn day_of(at: Timestamp) -> i8 {
    date(at).day()
}

/// The end of a period that begins at a moment and belongs to a day of the month.
fn after(from: Timestamp, period: Period, day: i8) -> Timestamp {
    let months = match period {
        Period::Month => 1,
        Period::Year => 12,
    };
    let begin = NAIROBI.to_datetime(moment(from));
    let ends = begin
        .date()
        .first_of_month()
        .checked_add(Span::new().months(months))
        .and_then(|month| {
            let last = month.days_in_month();
            month.with().day(day.min(last)).build()
        })
        .and_then(|date| {
            date.to_datetime(begin.time())
                .to_zoned(TimeZone::fixed(NAIROBI))
        });
    // Only beyond the year 9999.
    ends.map_or(from, |ends| {
        Timestamp::from_millis(ends.timestamp().as_millisecond())
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PLAN: PlatformPlanId = PlatformPlanId::from_bytes([1; 16]);

    fn order(n: u8) -> OrderId {
        OrderId::from_bytes([n; 16])
    }

    /// Nine in the morning in Nairobi.
    fn at(year: i16, month: i8, day: i8) -> Timestamp {
        let noon = jiff::civil::date(year, month, day).at(6, 0, 0, 0);
        let zoned = noon.to_zoned(TimeZone::UTC).unwrap();
        Timestamp::from_secs(zoned.timestamp().as_second())
    }

    fn paid(n: u8, at: Timestamp, period: Period) -> Entry {
        Entry {
            at,
            plan: PLAN,
            what: What::Paid {
                order: order(n),
                period,
            },
        }
    }

    fn reversed(n: u8, at: Timestamp) -> Entry {
        Entry {
            at,
            plan: PLAN,
            what: What::Reversed { order: order(n) },
        }
    }

    fn ends(book: &[Entry]) -> Vec<Timestamp> {
        terms(book).iter().map(|term| term.until).collect()
    }

    #[test]
    fn the_end_of_a_month_comes_back_after_a_short_one() {
        let start = at(2027, 1, 31);
        let book: Vec<Entry> = (1..=4).map(|n| paid(n, start, Period::Month)).collect();
        assert_eq!(
            ends(&book),
            [
                at(2027, 2, 28),
                at(2027, 3, 31),
                at(2027, 4, 30),
                at(2027, 5, 31)
            ]
        );
        // A leap year.
        let book: Vec<Entry> = (1..=2)
            .map(|n| paid(n, at(2028, 1, 31), Period::Month))
            .collect();
        assert_eq!(ends(&book), [at(2028, 2, 29), at(2028, 3, 31)]);
        let book: Vec<Entry> = (1..=4)
            .map(|n| paid(n, at(2028, 2, 29), Period::Year))
            .collect();
        assert_eq!(
            ends(&book),
            [
                at(2029, 2, 28),
                at(2030, 2, 28),
                at(2031, 2, 28),
                at(2032, 2, 29)
            ]
        );
    }

    #[test]
    fn the_day_is_nairobis() {
        // Half past nine in the evening of the 31st in UTC is the 1st in Nairobi.
        let late = at(2027, 1, 31).plus_secs(15 * 3600 + 1800);
        assert_eq!(date(late), jiff::civil::date(2027, 2, 1));
        let book = [paid(1, late, Period::Month)];
        assert_eq!(ends(&book), [at(2027, 2, 28).plus_secs(15 * 3600 + 1800)]);
    }

    #[test]
    fn who_pays_early_loses_nothing_and_who_pays_late_begins_anew() {
        let book = [
            paid(1, at(2027, 1, 31), Period::Month),
            paid(2, at(2027, 2, 10), Period::Month),
            // Lapsed on 31 March.
            paid(3, at(2027, 4, 12), Period::Month),
            paid(4, at(2027, 4, 13), Period::Year),
        ];
        let terms = terms(&book);
        let found: Vec<_> = terms.iter().map(|term| (term.from, term.until)).collect();
        assert_eq!(
            found,
            [
                (at(2027, 1, 31), at(2027, 2, 28)),
                (at(2027, 2, 28), at(2027, 3, 31)),
                (at(2027, 4, 12), at(2027, 5, 12)),
                (at(2027, 5, 12), at(2028, 5, 12)),
            ]
        );
        let is_on = |now| current(&terms, now).and_then(|term| term.order);
        assert_eq!(is_on(at(2027, 2, 28)), Some(order(2)));
        assert_eq!(is_on(at(2027, 3, 31)), None);
        assert_eq!(is_on(at(2027, 4, 12)), Some(order(3)));
    }

    #[test]
    fn a_trial_is_whole_days_and_a_payment_follows_it() {
        let trial = Entry {
            at: at(2027, 1, 17),
            plan: PLAN,
            what: What::Trial { days: 14 },
        };
        let book = [trial, paid(1, at(2027, 1, 20), Period::Month)];
        assert_eq!(ends(&book), [at(2027, 1, 31), at(2027, 2, 28)]);
    }

    #[test]
    fn what_is_paid_back_counts_no_longer() {
        let first = paid(1, at(2027, 1, 10), Period::Month);
        let second = paid(2, at(2027, 1, 12), Period::Month);
        let book = [first, second, reversed(2, at(2027, 1, 20))];
        assert_eq!(ends(&book), [at(2027, 2, 10)]);
        // The second then begins when it was paid.
        let book = [first, second, reversed(1, at(2027, 1, 20))];
        assert_eq!(ends(&book), [at(2027, 2, 12)]);
        let book = [first, reversed(1, at(2027, 1, 20))];
        assert_eq!(ends(&book), []);
    }

    fn plan(n: u8, cents: i64) -> PlatformPlan {
        PlatformPlan {
            id: PlatformPlanId::from_bytes([n; 16]),
            name: format!("Plan {n}"),
            period: Period::Month,
            price: Price::new(cents, Currency::Kes),
            most_sites: None,
            features: Vec::new(),
            trial_days: 0,
            is_offered: true,
        }
    }

    fn upgraded(n: u8, at: Timestamp, to: &PlatformPlan) -> Entry {
        Entry {
            at,
            plan: to.id,
            what: What::Upgraded { order: order(n) },
        }
    }

    #[test]
    fn a_better_plan_at_once_moves_what_is_left_and_no_end() {
        let (small, large) = (plan(1, 100_000), plan(2, 300_000));
        let of = |id| [&small, &large].into_iter().find(|plan| plan.id == id);
        // January has 31 days; half a month later half of the difference is left, and all of the next month's.
        let start = at(2027, 1, 1);
        let mut book = vec![paid(1, start, Period::Month), paid(2, start, Period::Month)];
        let middle = start.plus_secs(31 * DAY_SECS / 2);
        let price = difference(&terms(&book), of, &large, middle);
        assert_eq!(price, Some(Price::new(100_000 + 200_000, Currency::Kes)));
        book.push(upgraded(3, middle, &large));
        let split = terms(&book);
        let found: Vec<_> = split
            .iter()
            .map(|term| (term.plan, term.from, term.until))
            .collect();
        assert_eq!(
            found,
            [
                (small.id, start, middle),
                (large.id, middle, at(2027, 2, 1)),
                (large.id, at(2027, 2, 1), at(2027, 3, 1))
            ]
        );
        // Nothing is better than it, nothing is smaller at once, and money that goes back undoes it.
        assert_eq!(difference(&split, of, &large, middle), None);
        assert_eq!(difference(&split, of, &small, middle), None);
        book.push(reversed(3, at(2027, 1, 20)));
        assert!(terms(&book).iter().all(|term| term.plan == small.id));
        // What comes when no time is left moves nothing.
        let late = [
            paid(1, start, Period::Month),
            upgraded(3, at(2027, 2, 5), &large),
        ];
        assert_eq!(terms(&late).len(), 1);
        assert_eq!(difference(&terms(&late), of, &large, at(2027, 2, 1)), None);
        // A year and a month cannot be compared.
        let year = PlatformPlan {
            period: Period::Year,
            ..large.clone()
        };
        assert_eq!(difference(&terms(&book), of, &year, middle), None);
    }

    proptest! {
        #[test]
        fn a_difference_is_fair_at_every_moment(
            days in 0..20_000_i64, months in 1..14_u8, into in 0..400_i64, more in 0..80_i64, small in 1..5_000_i64, dearer in 1..5_000_i64,
        ) {
            let start = Timestamp::from_secs(1_700_000_000 + days * DAY_SECS);
            let (low, middle, high) = (plan(1, small * 100), plan(2, (small + dearer) * 100), plan(3, (small + 2 * dearer) * 100));
            let of = |id| [&low, &middle, &high].into_iter().find(|plan| plan.id == id);
            let mut book: Vec<Entry> = (1..=months).map(|n| paid(n, start, Period::Month)).collect();
            for entry in &mut book {
                entry.plan = low.id;
            }
            let before = terms(&book);
            let now = start.plus_secs(into * DAY_SECS);
            let whole = i64::from(months) * dearer * 100;
            let cost = |terms: &[Term], to: &PlatformPlan, at: Timestamp| difference(terms, of, to, at).map_or(0, |price| price.cents);
            let first = cost(&before, &middle, now);
            // Never more than all periods' difference, and less the later one comes.
            prop_assert!(first <= whole);
            prop_assert!(cost(&before, &middle, now.plus_secs(more * DAY_SECS)) <= first);
            prop_assert_eq!(first > 0, now < before.last().unwrap().until);
            // In two steps as in one, but for the rounding of each.
            book.push(upgraded(99, now, &middle));
            let after = terms(&book);
            prop_assert_eq!(after.last().map(|term| term.until), before.last().map(|term| term.until));
            let second = cost(&after, &high, now);
            let at_once = cost(&before, &high, now);
            prop_assert!((first + second - at_once).abs() <= 100 + i64::from(months) * 2, "{} + {} is not {}", first, second, at_once);
            // There is no gap and no overlap.
            for pair in after.windows(2) {
                prop_assert_eq!(pair[0].until, pair[1].from);
            }
        }

        #[test]
        fn months_follow_each_other_without_a_gap_on_one_day(days in 0..20_000_i64, count in 1..40_u8, secs in 0..86_400_i64) {
            let start = Timestamp::from_secs(1_700_000_000 + days * DAY_SECS + secs);
            let book: Vec<Entry> = (1..=count).map(|n| paid(n, start, Period::Month)).collect();
            let terms = terms(&book);
            let day = date(start).day();
            let mut from = start;
            for (n, term) in (1..).zip(&terms) {
                prop_assert_eq!(term.from, from);
                let begun = date(start).first_of_month().checked_add(Span::new().months(n)).unwrap();
                let ends = date(term.until);
                prop_assert_eq!((ends.year(), ends.month()), (begun.year(), begun.month()));
                prop_assert_eq!(ends.day(), day.min(ends.days_in_month()));
                prop_assert_eq!((term.until.as_secs() + 10_800).rem_euclid(DAY_SECS), (start.as_secs() + 10_800).rem_euclid(DAY_SECS));
                from = term.until;
            }
        }

        #[test]
        fn twelve_months_are_a_year(days in 0..20_000_i64) {
            let start = Timestamp::from_secs(1_700_000_000 + days * DAY_SECS);
            let months: Vec<Entry> = (1..=12).map(|n| paid(n, start, Period::Month)).collect();
            prop_assert_eq!(ends(&months).last().copied(), ends(&[paid(1, start, Period::Year)]).last().copied());
        }

        #[test]
        fn more_money_is_never_less_time(days in prop::collection::vec(0..90_i64, 1..12)) {
            let mut at = Timestamp::from_secs(1_800_000_000);
            let mut book = Vec::new();
            let mut until = None;
            for (n, days) in (1..).zip(days) {
                at = at.plus_secs(days * DAY_SECS);
                book.push(paid(n, at, Period::Month));
                let now = terms(&book).last().map(|term| term.until);
                prop_assert!(now > until);
                until = now;
            }
        }
    }
}
