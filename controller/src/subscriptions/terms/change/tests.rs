//! Changes at once by example and by rule: what is left is worth, what it becomes, and that nobody gains or loses by going to and fro.

use proptest::prelude::*;

use super::*;
use crate::subscriptions::terms::terms;
use crate::subscriptions::terms::tests::{at, order, plan, reversed};

const DAY_SECS: i64 = 86_400;

fn yearly(n: u8, cents: i64) -> PlatformPlan {
    PlatformPlan {
        period: Period::Year,
        ..plan(n, cents)
    }
}

fn dollars(n: u8, cents: i64) -> PlatformPlan {
    PlatformPlan {
        price: Price::new(cents, Currency::Usd),
        ..plan(n, cents)
    }
}

fn line(at: Timestamp, plan: &PlatformPlan, what: What) -> Entry {
    Entry {
        at,
        plan: plan.id,
        rate: plan.rate(),
        what,
    }
}

fn paid(n: u8, at: Timestamp, plan: &PlatformPlan) -> Entry {
    line(at, plan, What::Paid { order: order(n) })
}

/// The line that a change leaves behind once it is paid, or at once where nothing is to pay.
fn done(n: u8, now: Timestamp, to: &PlatformPlan, change: AtOnce) -> Entry {
    let what = match change {
        AtOnce::Better { until, .. } => What::Upgraded {
            order: order(n),
            until: Some(until),
        },
        AtOnce::Anew { price, .. } => What::Changed {
            order: (price.cents > 0).then(|| order(n)),
            added: price.cents,
        },
    };
    line(now, to, what)
}

fn anew(change: Result<AtOnce, OnlyNext>) -> (i64, i64, Timestamp) {
    match change {
        Ok(AtOnce::Anew {
            credit,
            price,
            until,
        }) => (credit.cents, price.cents, until),
        other => panic!("{other:?} begins nothing anew"),
    }
}

#[test]
fn every_pair_of_plans_is_counted_to_the_cent() {
    // Paid on 1 January for 31 days; now half of that is left.
    let start = at(2027, 1, 1);
    let now = start.plus_secs(31 * DAY_SECS / 2);
    let basic = plan(1, 150_000);
    let book = [paid(1, start, &basic)];
    let terms = terms(&book);
    let half_of = |secs: i64| now.plus_secs(secs / 2);
    for (to, expected) in [
        // Dearer, by the month: half of the difference, and no end moves.
        (
            plan(2, 400_000),
            Ok(AtOnce::Better {
                price: Price::new(125_000, Currency::Kes),
                until: at(2027, 2, 1),
            }),
        ),
        // As dear: the same time, nothing to pay. A month from 16 January, evening, has 31 days.
        (
            plan(2, 150_000),
            Ok(AtOnce::Anew {
                credit: Price::new(75_000, Currency::Kes),
                price: Price::new(0, Currency::Kes),
                until: half_of(31 * DAY_SECS),
            }),
        ),
        // Half as dear: twice the time, which is a whole month.
        (
            plan(2, 75_000),
            Ok(AtOnce::Anew {
                credit: Price::new(75_000, Currency::Kes),
                price: Price::new(0, Currency::Kes),
                until: now.plus_secs(31 * DAY_SECS),
            }),
        ),
        // By the year, which is paid for whole, what is left counted in.
        (
            yearly(2, 1_500_000),
            Ok(AtOnce::Anew {
                credit: Price::new(75_000, Currency::Kes),
                price: Price::new(1_425_000, Currency::Kes),
                until: now.plus_secs(365 * DAY_SECS),
            }),
        ),
        // Parts of a shilling are rounded up to one.
        (
            yearly(2, 1_500_001),
            Ok(AtOnce::Anew {
                credit: Price::new(75_000, Currency::Kes),
                price: Price::new(1_425_100, Currency::Kes),
                // The 99 cents more are time of the year after, which has 366 days.
                until: now
                    .plus_secs(365 * DAY_SECS)
                    .plus_millis(366 * DAY_SECS * 1_000 * 99 / 1_500_001),
            }),
        ),
        (dollars(2, 1_500), Err(OnlyNext::Currency(Currency::Kes))),
        (plan(2, 0), Err(OnlyNext::NothingLeft)),
        (plan(2, 100), Err(OnlyNext::TooLong)),
        (basic, Err(OnlyNext::OnIt)),
    ] {
        assert_eq!(at_once(&terms, &to, now), expected, "{to:?}");
    }
    assert_eq!(
        at_once(&terms, &plan(2, 400_000), at(2027, 2, 1)),
        Err(OnlyNext::NothingLeft)
    );
    assert_eq!(
        at_once(&[], &plan(2, 400_000), now),
        Err(OnlyNext::NothingLeft)
    );
}

#[test]
fn a_year_becomes_months_and_the_next_payment_follows_them() {
    let (year, month) = (yearly(1, 1_460_000), plan(2, 300_000));
    let start = at(2027, 1, 1);
    // 73 days are a fifth of a year.
    let now = start.plus_secs(73 * DAY_SECS);
    let mut book = vec![paid(1, start, &year)];
    let change = at_once(&terms(&book), &month, now);
    let (credit, price, until) = anew(change);
    assert_eq!((credit, price), (1_168_000, 0));
    book.push(done(2, now, &month, change.unwrap()));
    let laid = terms(&book);
    // 15 March: three whole months, and 2,680 of the 3,000 of the fourth, which has 30 days.
    let found: Vec<_> = laid.iter().map(|term| (term.plan, term.from)).collect();
    assert_eq!(
        found,
        [
            (year.id, start),
            (month.id, at(2027, 3, 15)),
            (month.id, at(2027, 4, 15)),
            (month.id, at(2027, 5, 15)),
            (month.id, at(2027, 6, 15)),
        ]
    );
    let fourth = 30 * DAY_SECS * 1_000;
    let end = at(2027, 6, 15).plus_millis(fourth * 268_000 / 300_000);
    assert_eq!(laid.last().map(|term| term.until), Some(end));
    assert_eq!(until, end);
    // Still the same order pays for it, so it is no trial.
    assert!(laid.iter().all(|term| term.order == Some(order(1))));
    // A month after that keeps its own day: it is a whole one.
    book.push(paid(3, now.plus_secs(DAY_SECS), &month));
    let last = *terms(&book).last().unwrap();
    assert_eq!(last.from, end);
    assert!(last.until >= end.plus_secs(30 * DAY_SECS), "{last:?}");
}

#[test]
fn what_is_paid_later_than_it_was_counted_loses_only_the_time_used_meanwhile() {
    let (month, year) = (plan(1, 310_000), yearly(2, 3_650_000));
    let start = at(2027, 1, 1);
    let book = [paid(1, start, &month)];
    let counted = start.plus_secs(10 * DAY_SECS);
    let (credit, price, _) = anew(at_once(&terms(&book), &year, counted));
    assert_eq!((credit, price), (210_000, 3_440_000));
    let paid_at = |at: Timestamp| {
        let what = What::Changed {
            order: Some(order(2)),
            added: price,
        };
        let book = [book[0], line(at, &year, what)];
        terms(&book).last().map(|term| term.until)
    };
    assert_eq!(paid_at(counted), Some(counted.plus_secs(365 * DAY_SECS)));
    // A day later a day of the old plan is used up, which costs as much as one of the new.
    let day = counted.plus_secs(DAY_SECS);
    assert_eq!(paid_at(day), Some(day.plus_secs(364 * DAY_SECS)));
    // When nothing is left any more, the money is its own time.
    let late = at(2027, 2, 10);
    assert_eq!(paid_at(late), Some(late.plus_secs(344 * DAY_SECS)));
}

#[test]
fn money_that_goes_back_takes_its_time_along_however_often_the_plan_was_changed() {
    let (year, month, other) = (yearly(1, 1_200_000), plan(2, 150_000), plan(3, 100_000));
    let start = at(2027, 1, 1);
    let mut book = vec![paid(1, start, &year)];
    for (n, to) in [(2, &month), (3, &other)] {
        let now = start.plus_secs(i64::from(n) * DAY_SECS);
        let change = at_once(&terms(&book), to, now).unwrap();
        book.push(done(n, now, to, change));
    }
    assert!(terms(&book).len() > 10);
    book.push(reversed(1, start.plus_secs(9 * DAY_SECS)));
    assert_eq!(terms(&book), [], "what was paid back is still there");
    // A change that was paid for and is paid back was never made.
    let book = [paid(1, start, &month)];
    let now = start.plus_secs(DAY_SECS);
    let change = at_once(&terms(&book), &year, now).unwrap();
    let changed = [book[0], done(2, now, &year, change)];
    assert_eq!(terms(&changed).last().map(|term| term.plan), Some(year.id));
    let back = [changed[0], changed[1], reversed(2, now.plus_secs(60))];
    assert_eq!(terms(&back), terms(&book));
}

#[test]
fn what_has_no_rate_follows_and_is_not_lost() {
    let (month, year, usd) = (plan(1, 100_000), yearly(2, 1_000_000), dollars(3, 1_000));
    let start = at(2027, 1, 1);
    let now = start.plus_secs(DAY_SECS);
    // A month in dollars was bought after the change was counted and before it was paid.
    let book = [
        paid(1, start, &month),
        paid(2, start.plus_secs(60), &usd),
        line(
            now,
            &year,
            What::Changed {
                order: Some(order(3)),
                added: 903_300,
            },
        ),
    ];
    let laid = terms(&book);
    let last = laid.last().unwrap();
    assert_eq!(last.plan, usd.id);
    // February has 28 days.
    assert_eq!(
        last.until.as_millis() - last.from.as_millis(),
        28 * DAY_SECS * 1_000
    );
    for pair in laid.windows(2) {
        assert_eq!(pair[0].until, pair[1].from);
    }
    assert_eq!(
        at_once(&laid, &month, now),
        Err(OnlyNext::Currency(Currency::Usd))
    );
}

#[test]
fn what_was_paid_for_a_better_plan_is_worth_as_much_when_what_lay_under_it_goes_back() {
    let (small, middle, large) = (plan(1, 310_000), plan(2, 465_000), plan(3, 620_000));
    let start = at(2027, 1, 1);
    let now = start.plus_secs(10 * DAY_SECS);
    let back = now.plus_secs(60);
    let better = |book: &[Entry], to: &PlatformPlan, cents: i64| {
        let change = at_once(&terms(book), to, now);
        let expected = AtOnce::Better {
            price: Price::new(cents, Currency::Kes),
            until: at(2027, 2, 1),
        };
        assert_eq!(change, Ok(expected));
        expected
    };
    // 21 of 31 days are left, each a hundred shillings dearer; then nothing lies under them.
    let mut book = vec![paid(1, start, &small)];
    let change = better(&book, &large, 210_000);
    book.push(done(2, now, &large, change));
    book.push(reversed(1, back));
    let laid = terms(&book);
    let found: Vec<_> = laid
        .iter()
        .map(|term| (term.plan, term.order, term.from, term.until))
        .collect();
    // 2,100 of 6,200 shillings.
    let ends = now.plus_secs(21 * DAY_SECS / 2);
    assert_eq!(found, [(large.id, Some(order(2)), now, ends)]);
    book.push(reversed(2, back));
    assert_eq!(terms(&book), []);
    // In two steps, of which the first goes back: the second is no gift of both.
    let mut book = vec![paid(1, start, &small)];
    let change = better(&book, &middle, 105_000);
    book.push(done(2, now, &middle, change));
    let change = better(&book, &large, 105_000);
    book.push(done(3, now, &large, change));
    book.push(reversed(2, back));
    let laid = terms(&book);
    assert_eq!(value(&laid, now), 210_000 + 105_000);
    assert_eq!(current(&laid, now).map(|term| term.plan), Some(large.id));
    // Paid when nothing was left for it, it takes no time later either.
    let late = [
        paid(1, start, &small),
        paid(2, start, &small),
        line(
            at(2027, 2, 1),
            &large,
            What::Upgraded {
                order: order(3),
                until: Some(at(2027, 2, 1)),
            },
        ),
        reversed(1, at(2027, 2, 2)),
    ];
    assert_eq!(terms(&late), terms(&late[1..2]));
}

#[test]
fn a_plan_was_changed_since_an_order_only_by_what_still_counts() {
    let (small, large) = (plan(1, 100_000), plan(2, 300_000));
    let (start, ends) = (at(2027, 1, 1), at(2027, 2, 1));
    let later = start.plus_secs(60);
    let upgraded = line(
        later,
        &large,
        What::Upgraded {
            order: order(2),
            until: Some(ends),
        },
    );
    let book = [paid(1, start, &small), upgraded, paid(3, later, &small)];
    assert!(is_moved(&book, later, Some(ends), later));
    assert!(!is_moved(&book, later.plus_secs(1), Some(ends), later));
    assert!(
        !is_moved(&book, later, Some(ends), ends),
        "its time is over"
    );
    let back = [book[0], book[1], reversed(2, later)];
    assert!(!is_moved(&back, start, Some(ends), later));
    assert!(!is_moved(&book[..1], start, Some(ends), later));
}

/// What everything that is left is worth.
fn value(terms: &[Term], now: Timestamp) -> i128 {
    super::paid(terms, now).map(|term| worth(term, now)).sum()
}

proptest! {
    #[test]
    fn whatever_goes_back_takes_only_its_own_worth_along(
        start in 0..20_000_i64,
        dearer in prop::collection::vec(1..5_000_i64, 1..5),
        months in 1..4_u8,
        back in 0..8_usize,
    ) {
        let now = Timestamp::from_secs(1_700_000_000 + start * DAY_SECS);
        let mut shillings = 0_i64;
        let plans: Vec<PlatformPlan> = (1..).zip(&dearer).map(|(n, more)| {
            shillings += more;
            plan(n, shillings * 100)
        }).collect();
        let mut book: Vec<Entry> = (1..=months).map(|n| paid(n, now, &plans[0])).collect();
        let mut money: Vec<(u8, i128)> = (1..=months).map(|n| (n, i128::from(plans[0].price.cents))).collect();
        for (n, to) in (months + 1..).zip(&plans[1..]) {
            let change = at_once(&terms(&book), to, now).unwrap();
            let AtOnce::Better { price, .. } = change else {
                panic!("{change:?}")
            };
            book.push(done(n, now, to, change));
            money.push((n, price.cents.into()));
        }
        let gone = money[back % money.len()].0;
        book.push(reversed(gone, now.plus_secs(60)));
        let left: i128 = money.iter().filter(|(n, _)| *n != gone).map(|(_, cents)| cents).sum();
        let has = value(&terms(&book), now);
        // A shilling of each is rounded away, and a cent for each period.
        let rounded = 100 * i128::try_from(money.len()).unwrap() + 50;
        prop_assert!(has <= left + 50 && has + rounded >= left, "{} became {}", left, has);
    }

    #[test]
    fn going_to_and_fro_makes_no_money_and_loses_none(
        start in 0..20_000_i64,
        prices in prop::collection::vec((1..5_000_i64, any::<bool>()), 2..5),
        moves in prop::collection::vec((0..5_usize, 0..60_i64 * 86_400), 1..12),
    ) {
        let plans: Vec<PlatformPlan> = (1..).zip(&prices).map(|(n, (shillings, is_year))| {
            if *is_year { yearly(n, shillings * 1_000) } else { plan(n, shillings * 100) }
        }).collect();
        let mut now = Timestamp::from_secs(1_700_000_000 + start * DAY_SECS);
        let mut book = vec![paid(1, now, &plans[0]), paid(2, now, &plans[0])];
        for (n, (to, secs)) in (3..).zip(moves) {
            now = now.plus_secs(secs);
            let to = &plans[to % plans.len()];
            let before = terms(&book);
            let Ok(change) = at_once(&before, to, now) else {
                continue;
            };
            let (cents, until) = match change {
                AtOnce::Better { price, until } => {
                    prop_assert!(price.cents > 0);
                    (price.cents, until)
                }
                AtOnce::Anew { credit, price, until } => {
                    prop_assert!(credit.cents >= 0 && price.cents >= 0);
                    prop_assert_eq!(i128::from(credit.cents), value(&before, now));
                    prop_assert!(price.cents < to.price.cents + 100);
                    (price.cents, until)
                }
            };
            prop_assert_eq!(cents % 100, 0, "M-PESA moves no cents");
            book.push(done(n, now, to, change));
            let after = terms(&book);
            prop_assert_eq!(after.last().map(|term| term.until), Some(until), "what was shown is what is had");
            prop_assert_eq!(current(&after, now).map(|term| term.plan), Some(to.id));
            // What was there and what was paid is what is there: less than a shilling is rounded away, and a cent for each period.
            let (had, has) = (value(&before, now) + i128::from(cents), value(&after, now));
            let periods = i128::try_from(before.len() + after.len()).unwrap();
            prop_assert!(has <= had + periods, "{} became {}", had, has);
            prop_assert!(has + 100 + periods > had, "{} became {}", had, has);
            for pair in after.windows(2) {
                prop_assert!(pair[0].from < pair[0].until && pair[0].until <= pair[1].from);
            }
        }
    }
}
