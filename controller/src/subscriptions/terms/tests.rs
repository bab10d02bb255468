//! Terms by example and by rule: ends of months, gaps, what goes back, better plans.

use jiff::tz::TimeZone;
use proptest::prelude::*;

use super::change::difference;
use super::*;
use crate::rails::pesapal::price::Currency;
use crate::subscriptions::PlatformPlan;

const PLAN: PlatformPlanId = PlatformPlanId::from_bytes([1; 16]);

fn rate(period: Period) -> Rate {
    Rate {
        price: Price::new(100_000, Currency::Kes),
        period,
    }
}

pub(super) fn order(n: u8) -> OrderId {
    OrderId::from_bytes([n; 16])
}

/// Nine in the morning in Nairobi.
pub(super) fn at(year: i16, month: i8, day: i8) -> Timestamp {
    let noon = jiff::civil::date(year, month, day).at(6, 0, 0, 0);
    let zoned = noon.to_zoned(TimeZone::UTC).unwrap();
    Timestamp::from_secs(zoned.timestamp().as_second())
}

fn paid(n: u8, at: Timestamp, period: Period) -> Entry {
    Entry {
        at,
        plan: PLAN,
        rate: rate(period),
        what: What::Paid { order: order(n) },
    }
}

pub(super) fn reversed(n: u8, at: Timestamp) -> Entry {
    Entry {
        at,
        plan: PLAN,
        rate: rate(Period::Month),
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
        rate: rate(Period::Month),
        what: What::Trial { days: 14 },
    };
    let book = [trial, paid(1, at(2027, 1, 20), Period::Month)];
    assert_eq!(ends(&book), [at(2027, 1, 31), at(2027, 2, 28)]);
}

#[test]
fn a_dearer_plan_that_is_paid_takes_the_place_of_a_trial_and_a_cheaper_one_follows_it() {
    let trial = Entry {
        at: at(2027, 1, 17),
        plan: PLAN,
        rate: rate(Period::Month),
        what: What::Trial { days: 14 },
    };
    let paid_at = at(2027, 1, 20);
    let pays = |to: &PlatformPlan| Entry {
        plan: to.id,
        rate: to.rate(),
        ..paid(1, paid_at, Period::Month)
    };
    let year = |cents: i64| PlatformPlan {
        period: Period::Year,
        ..plan(2, cents)
    };
    let dollars = PlatformPlan {
        price: Price::new(300_000, Currency::Usd),
        ..plan(2, 0)
    };
    // A year of the plan that is tried costs 12,000 by the month.
    for (to, is_lifted) in [
        (plan(2, 300_000), true),
        (plan(2, 100_000), false),
        (year(1_200_100), true),
        (year(1_100_000), false),
        (dollars, false),
    ] {
        let laid = terms(&[trial, pays(&to)]);
        let found: Vec<_> = laid.iter().map(|term| (term.plan, term.until)).collect();
        let last = (to.id, laid.last().unwrap().until);
        let (tried, ends) = ((PLAN, paid_at), at(2027, 1, 31));
        if is_lifted {
            assert_eq!(found, [tried, (to.id, ends), last], "{to:?}");
        } else {
            assert_eq!(found, [(PLAN, ends), last], "{to:?}");
        }
        assert!(is_paid(&laid, paid_at) && laid[laid.len() - 2].order.is_none());
        let back = [trial, pays(&to), reversed(1, at(2027, 1, 21))];
        assert_eq!(terms(&back), terms(&[trial]));
    }
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

pub(super) fn plan(n: u8, cents: i64) -> PlatformPlan {
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
        rate: to.rate(),
        what: What::Upgraded {
            order: order(n),
            until: None,
        },
    }
}

#[test]
fn a_better_plan_at_once_moves_what_is_left_and_no_end() {
    let (small, large) = (plan(1, 100_000), plan(2, 300_000));
    // January has 31 days; half a month later half of the difference is left, and all of the next month's.
    let start = at(2027, 1, 1);
    let mut book = vec![paid(1, start, Period::Month), paid(2, start, Period::Month)];
    let middle = start.plus_secs(31 * DAY_SECS / 2);
    let price = difference(&terms(&book), &large, middle);
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
    assert_eq!(difference(&split, &large, middle), None);
    assert_eq!(difference(&split, &small, middle), None);
    book.push(reversed(3, at(2027, 1, 20)));
    assert!(terms(&book).iter().all(|term| term.plan == small.id));
    // What comes when no time is left moves nothing.
    let late = [
        paid(1, start, Period::Month),
        upgraded(3, at(2027, 2, 5), &large),
    ];
    assert_eq!(terms(&late).len(), 1);
    assert_eq!(difference(&terms(&late), &large, at(2027, 2, 1)), None);
    // Between a year and a month it is no mere difference.
    let year = PlatformPlan {
        period: Period::Year,
        ..large
    };
    assert_eq!(difference(&terms(&book), &year, middle), None);
}

#[test]
fn a_better_plan_is_for_the_time_it_was_counted_for_and_for_none_bought_after() {
    let (small, large) = (plan(1, 100_000), plan(2, 300_000));
    let start = at(2027, 1, 1);
    let ends = at(2027, 2, 1);
    let counted = |at: Timestamp| Entry {
        what: What::Upgraded {
            order: order(3),
            until: Some(ends),
        },
        ..upgraded(3, at, &large)
    };
    // Counted in the last hour of a month; a year is bought before it is paid.
    let hour = ends.plus_secs(-3_600);
    let mut book = vec![
        paid(1, start, Period::Month),
        paid(2, hour, Period::Year),
        counted(hour),
    ];
    let plans = |book: &[Entry]| {
        let terms = terms(book);
        terms
            .iter()
            .map(|term| (term.plan, term.until))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        plans(&book),
        [
            (small.id, hour),
            (large.id, ends),
            (small.id, at(2028, 2, 1))
        ]
    );
    // Paid when that time is over it moves nothing.
    book[2] = counted(ends);
    assert_eq!(plans(&book), [(small.id, ends), (small.id, at(2028, 2, 1))]);
    // Money that goes back moves time, and the better plan ends in the middle of what is there then.
    let book = [
        paid(1, start, Period::Month),
        paid(2, at(2027, 1, 11), Period::Month),
        counted(at(2027, 1, 12)),
        reversed(1, at(2027, 1, 13)),
    ];
    assert_eq!(
        plans(&book),
        [
            (small.id, at(2027, 1, 12)),
            (large.id, ends),
            (small.id, at(2027, 2, 11))
        ]
    );
}

proptest! {
    #[test]
    fn a_difference_is_fair_at_every_moment(
        days in 0..20_000_i64, months in 1..14_u8, into in 0..400_i64, more in 0..80_i64, small in 1..5_000_i64, dearer in 1..5_000_i64,
    ) {
        let start = Timestamp::from_secs(1_700_000_000 + days * DAY_SECS);
        let (low, middle, high) = (plan(1, small * 100), plan(2, (small + dearer) * 100), plan(3, (small + 2 * dearer) * 100));
        let mut book: Vec<Entry> = (1..=months).map(|n| paid(n, start, Period::Month)).collect();
        for entry in &mut book {
            entry.plan = low.id;
            entry.rate = low.rate();
        }
        let before = terms(&book);
        let now = start.plus_secs(into * DAY_SECS);
        let whole = i64::from(months) * dearer * 100;
        let cost = |terms: &[Term], to: &PlatformPlan, at: Timestamp| difference(terms, to, at).map_or(0, |price| price.cents);
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
