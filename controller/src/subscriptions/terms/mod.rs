//! What is paid for: the terms that the lines of a book come to. Pure.
//!
//! A payment lasts to the same day of the next month or year on Nairobi's clock. Where a month has no such day it ends on its last, and the day
//! comes back in the month after. Payments that follow each other without a gap keep the day of the first.

use jiff::Span;
use jiff::civil::{Date, DateTime};
use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{OrderId, PlatformPlanId};

use crate::nairobi;
use crate::rails::pesapal::price::{Currency, Price};
use crate::subscriptions::{Period, PlatformPlan};

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
    /// An order was paid for a better plan at once: the time that is left is on it.
    Upgraded {
        /// Which.
        order: OrderId,
        /// Until when the difference was counted; what was bought after that stays on its own plan.
        until: Option<Timestamp>,
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
            What::Upgraded { order, until } => {
                if !is_undone(book, order) {
                    upgrade(&mut terms, entry, until);
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

/// Puts the time after a line on its plan, as far as that was paid for.
fn upgrade(terms: &mut Vec<Term>, entry: &Entry, until: Option<Timestamp>) {
    let now = entry.at;
    split(terms, now);
    if let Some(until) = until.filter(|until| *until > now) {
        split(terms, until);
    }
    let is_meant = |term: &&mut Term| term.from >= now && until.is_none_or(|end| term.until <= end);
    for term in terms.iter_mut().filter(is_meant) {
        term.plan = entry.plan;
    }
}

/// Makes two of the term that a moment is in the middle of.
fn split(terms: &mut Vec<Term>, at: Timestamp) {
    if let Some(place) = terms
        .iter()
        .position(|term| term.from < at && at < term.until)
    {
        let whole = terms[place];
        terms[place].until = at;
        terms.insert(place + 1, Term { from: at, ..whole });
    }
}

/// What it costs to be on another plan for all the time that is left.
///
/// That is for each period its part of the difference, rounded up to what every rail can move. None where that is nothing, or where the two cannot
/// be compared.
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
    clock(at).date()
}

fn clock(at: Timestamp) -> DateTime {
    nairobi::clock(at).unwrap_or(DateTime::MAX)
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
    let begin = clock(from);
    let ends = begin
        .date()
        .first_of_month()
        .checked_add(Span::new().months(months))
        .and_then(|month| {
            let last = month.days_in_month();
            month.with().day(day.min(last)).build()
        })
        .ok()
        .and_then(|date| nairobi::moment(date.to_datetime(begin.time())));
    // Only beyond the year 9999.
    ends.unwrap_or(from)
}

#[cfg(test)]
mod tests;
