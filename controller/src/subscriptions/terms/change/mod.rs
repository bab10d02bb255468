//! A change of plan at once: what it comes to, and what becomes of the time that is left. Pure.
//!
//! On a dearer plan of the same period no end moves: the difference of the time that is left is paid. On any other plan what is left is worth its
//! part of what its periods cost, by the millisecond and rounded down to the cent for each; that, with what is paid, becomes time on the new plan
//! from now on, rounded down to the millisecond. A plan of a longer period is cheaper for being paid whole, so what is left has to be filled up to
//! one whole period of it. What is to be paid is rounded up to what every rail can move.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::OrderId;

use super::{Entry, Rate, Term, What, after, current, day_of, is_undone, split};
use crate::rails::pesapal::price::{Currency, Price};
use crate::subscriptions::{Period, PlatformPlan};

/// How many years what is left may last on a cheaper plan.
const MOST_YEARS: i128 = 10;

/// What a change at once comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AtOnce {
    /// The time that is left is on the plan, for the difference; no end moves.
    Better {
        /// The difference.
        price: Price,
        /// Until when it is counted.
        until: Timestamp,
    },
    /// What is left becomes money, and that time on the plan from now on.
    Anew {
        /// What is left is worth that.
        credit: Price,
        /// What is to be paid beside it; nothing where what is left is enough.
        price: Price,
        /// Until when the plan then lasts, if it is changed now.
        until: Timestamp,
    },
}

/// Why a plan can only be had for the next period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnlyNext {
    /// The business is on it.
    OnIt,
    /// No time is left that was paid for.
    NothingLeft,
    /// What is left was paid in this currency, and there is no rate between the two.
    Currency(Currency),
    /// What is left would last for longer than anybody should be bound.
    TooLong,
}

/// What it comes to to be on a plan at once.
///
/// # Errors
/// [`OnlyNext`].
pub fn at_once(terms: &[Term], to: &PlatformPlan, now: Timestamp) -> Result<AtOnce, OnlyNext> {
    if let Some((price, last)) = difference(terms, to, now).zip(terms.last()) {
        return Ok(AtOnce::Better {
            price,
            until: last.until,
        });
    }
    let on = current(terms, now).filter(|term| term.order.is_some() && to.price.cents > 0);
    let on = on.ok_or(OnlyNext::NothingLeft)?;
    if on.plan == to.id {
        return Err(OnlyNext::OnIt);
    }
    let (currency, whole) = (to.price.currency, i128::from(to.price.cents));
    let mut credit: i128 = 0;
    let mut is_longer = false;
    for term in paid(terms, now) {
        if term.rate.price.currency != currency {
            return Err(OnlyNext::Currency(term.rate.price.currency));
        }
        credit += worth(term, now);
        is_longer |= (term.rate.period, to.period) == (Period::Month, Period::Year);
    }
    let years = match to.period {
        Period::Month => 12,
        Period::Year => 1,
    };
    if credit >= MOST_YEARS * years * whole {
        return Err(OnlyNext::TooLong);
    }
    let pays = if is_longer {
        rounded_up((whole - credit).max(0), currency)
    } else {
        Some(0)
    };
    let pays = pays.ok_or(OnlyNext::TooLong)?;
    let entry = Entry {
        at: now,
        plan: to.id,
        rate: to.rate(),
        what: What::Changed {
            order: None,
            added: pays,
        },
    };
    let mut then = Vec::new();
    let order = on.order.ok_or(OnlyNext::NothingLeft)?;
    lay(&mut then, &entry, order, credit + i128::from(pays));
    let until = then.last().map(|term: &Term| term.until);
    Ok(AtOnce::Anew {
        credit: Price::new(
            i64::try_from(credit).map_err(|_| OnlyNext::TooLong)?,
            currency,
        ),
        price: Price::new(pays, currency),
        // What is worth less than a cent is nothing.
        until: until.ok_or(OnlyNext::NothingLeft)?,
    })
}

/// What it costs to be on another plan for all the time that is left, where that is only a difference.
///
/// That is for each period its part of the difference, rounded up to what every rail can move. None where that is nothing, or where the two are not
/// paid in one way.
#[must_use]
pub fn difference(terms: &[Term], to: &PlatformPlan, now: Timestamp) -> Option<Price> {
    let mut cents: i128 = 0;
    for term in paid(terms, now) {
        if !term.rate.is_alike(to.rate()) {
            return None;
        }
        let more = i128::from(to.price.cents - term.rate.price.cents);
        cents += share(more, term, now);
    }
    let rounded = rounded_up(cents, to.price.currency).filter(|cents| *cents > 0)?;
    Some(Price::new(rounded, to.price.currency))
}

/// What it is worth that the time after a line is on its plan, as far as the line is meant for it: the difference, in cents.
pub(super) fn more(terms: &[Term], entry: &Entry, until: Option<Timestamp>) -> i64 {
    let now = entry.at;
    let mut cents: i128 = 0;
    for term in paid(terms, now).filter(|term| term.rate.is_alike(entry.rate)) {
        let meant = Term {
            until: until.map_or(term.until, |end| end.min(term.until)),
            ..*term
        };
        let more = i128::from(entry.rate.price.cents - term.rate.price.cents);
        cents += share(more, &meant, now);
    }
    i64::try_from(cents).unwrap_or(i64::MAX)
}

/// Whether since a moment the plan was changed at once, so that an order of then for a difference finds other time than it was counted for.
///
/// Such an order is counted until a moment. One that comes when its time is over finds none.
#[must_use]
pub fn is_moved(
    book: &[Entry],
    since: Timestamp,
    until: Option<Timestamp>,
    now: Timestamp,
) -> bool {
    let is_over = until.is_some_and(|until| until <= now);
    book.iter()
        .filter(|line| line.at >= since)
        .any(|line| match line.what {
            What::Changed { order, .. } => order.is_none_or(|order| !is_undone(book, order)),
            What::Upgraded { order, .. } => !is_over && !is_undone(book, order),
            What::Trial { .. } | What::Paid { .. } | What::Reversed { .. } => false,
        })
}

/// Replays a change at once. Gives the day that payments after it keep; none where the last period is not whole.
pub(super) fn apply(
    terms: &mut Vec<Term>,
    entry: &Entry,
    order: Option<OrderId>,
    added: i64,
) -> Option<i8> {
    let now = entry.at;
    split(terms, now);
    let left = terms.partition_point(|term| term.from < now);
    let left = terms.split_off(left);
    let mut cents = i128::from(added);
    // Days for nothing are worth no money, and what came in another currency since it was counted has no rate: both follow.
    let mut follow = Vec::new();
    let mut payer = order;
    for term in left {
        if term.order.is_some() && term.rate.price.currency == entry.rate.price.currency {
            cents += worth(&term, now);
            payer = payer.or(term.order);
        } else {
            follow.push(term);
        }
    }
    let mut day = payer.and_then(|payer| lay(terms, entry, payer, cents));
    for term in follow {
        let from = terms.last().map_or(now, |last| last.until.max(now));
        let by = from.as_millis() - term.from.as_millis();
        terms.push(Term {
            from,
            until: term.until.plus_millis(by),
            began: term.began.plus_millis(by),
            ends: term.ends.plus_millis(by),
            ..term
        });
        day = None;
    }
    day
}

/// Lays the time that so many cents pay for on a line's plan, from its moment on: whole periods, and a part of the next.
fn lay(terms: &mut Vec<Term>, entry: &Entry, order: OrderId, mut cents: i128) -> Option<i8> {
    let Rate { price, period } = entry.rate;
    let price = i128::from(price.cents).max(1);
    let day = day_of(entry.at);
    let mut from = entry.at;
    while cents > 0 {
        let ends = after(from, period, day);
        let whole = ends.as_millis() - from.as_millis();
        let part = i64::try_from(cents.min(price) * i128::from(whole) / price).unwrap_or(0);
        // Less than a millisecond, or beyond the year 9999.
        if part <= 0 {
            return None;
        }
        let until = from.plus_millis(part);
        terms.push(Term {
            plan: entry.plan,
            rate: entry.rate,
            from,
            until,
            order: Some(order),
            began: from,
            ends,
        });
        cents -= price;
        from = until;
    }
    (cents == 0).then_some(day)
}

/// What was paid for and is not over.
fn paid(terms: &[Term], now: Timestamp) -> impl Iterator<Item = &Term> {
    terms
        .iter()
        .filter(move |term| term.order.is_some() && term.until > now)
}

/// What is left of a term, in cents rounded down.
fn worth(term: &Term, now: Timestamp) -> i128 {
    share(i128::from(term.rate.price.cents), term, now)
}

/// The part of so many cents for a whole period that is for what is left of a term.
fn share(cents: i128, term: &Term, now: Timestamp) -> i128 {
    let left = term.until.as_millis() - term.from.max(now).as_millis();
    let whole = (term.ends.as_millis() - term.began.as_millis()).max(1);
    cents * i128::from(left.max(0)) / i128::from(whole)
}

/// What every rail can move: M-PESA moves whole shillings.
fn rounded_up(cents: i128, currency: Currency) -> Option<i64> {
    let unit: i128 = match currency {
        Currency::Kes => 100,
        Currency::Usd => 1,
    };
    i64::try_from(cents.checked_add(unit - 1)? / unit * unit).ok()
}

#[cfg(test)]
mod tests;
