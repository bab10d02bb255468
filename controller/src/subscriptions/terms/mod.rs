//! What is paid for: the terms that the lines of a book come to. Pure.
//!
//! A payment lasts to the same day of the next month or year on Nairobi's clock. Where a month has no such day it ends on its last, and the day
//! comes back in the month after. Payments that follow each other without a gap keep the day of the first.

pub mod change;

use jiff::Span;
use jiff::civil::{Date, DateTime};
use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{OrderId, PlatformPlanId};

use crate::nairobi;
use crate::rails::pesapal::price::Price;
use crate::subscriptions::Period;

const DAY_SECS: i64 = 86_400;

/// What a line of the book says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// Days for nothing.
    Trial {
        /// How many.
        days: u16,
    },
    /// An order was paid: one period of its plan.
    Paid {
        /// Which.
        order: OrderId,
    },
    /// An order was paid for a better plan at once: the time that is left is on it.
    Upgraded {
        /// Which.
        order: OrderId,
        /// Until when the difference was counted; what was bought after that stays on its own plan.
        until: Option<Timestamp>,
    },
    /// The plan was changed at once: what was left became money, and with what was paid for it that became time on its plan.
    Changed {
        /// Which order paid for it; none where what was left did.
        order: Option<OrderId>,
        /// How much was paid for it, in cents of its plan's currency.
        added: i64,
    },
    /// An order was paid back: its line counts no longer.
    Reversed {
        /// Which.
        order: OrderId,
    },
}

/// What a whole period of a plan costs. A plan that is changed is another plan, so this is what it cost when it was bought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// The price.
    pub price: Price,
    /// How long a period lasts.
    pub period: Period,
}

impl Rate {
    /// Whether between the two there is a mere difference.
    pub(super) fn is_alike(self, other: Self) -> bool {
        (self.period, self.price.currency) == (other.period, other.price.currency)
    }

    /// What a year of it costs, in cents.
    const fn by_year(self) -> i64 {
        match self.period {
            Period::Month => self.price.cents * 12,
            Period::Year => self.price.cents,
        }
    }
}

impl What {
    /// The order whose money the line brings.
    const fn brought(self) -> Option<OrderId> {
        match self {
            Self::Paid { order } | Self::Upgraded { order, .. } => Some(order),
            Self::Changed { order, .. } => order,
            Self::Trial { .. } | Self::Reversed { .. } => None,
        }
    }
}

/// A line of the book.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// When.
    pub at: Timestamp,
    /// The plan it is about.
    pub plan: PlatformPlanId,
    /// What that costs.
    pub rate: Rate,
    /// What.
    pub what: What,
}

/// A stretch that is paid for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Term {
    /// The plan.
    pub plan: PlatformPlanId,
    /// What that costs.
    pub rate: Rate,
    /// From when.
    pub from: Timestamp,
    /// Until when.
    pub until: Timestamp,
    /// The order that pays for it; none for a trial.
    pub order: Option<OrderId>,
    /// When the whole period began of which this is a part: two plans share one after an upgrade.
    pub began: Timestamp,
    /// When that whole period ends, or would: money may have paid for less.
    pub ends: Timestamp,
}

/// The terms that a book comes to, each after the one before. A term begins where the one before ends, or when its line was written if that is
/// later.
#[must_use]
pub fn terms(book: &[Entry]) -> Vec<Term> {
    // Each by those before it, so that nothing is laid out more than once for a line.
    let mut worths = Vec::with_capacity(book.len());
    for (place, entry) in book.iter().enumerate() {
        let mut worth = None;
        if let What::Upgraded { until, .. } = entry.what
            && is_shaken(book, place)
        {
            let stood = lay_out(&book[..place], &worths);
            worth = Some(change::more(&stood, entry, until));
        }
        worths.push(worth);
    }
    lay_out(book, &worths)
}

/// Whether an order of before a line was paid back after it.
fn is_shaken(book: &[Entry], place: usize) -> bool {
    let (before, after) = book.split_at(place);
    let lay_under = |order: OrderId| before.iter().any(|line| line.what.brought() == Some(order));
    after
        .iter()
        .any(|line| matches!(line.what, What::Reversed { order } if lay_under(order)))
}

/// Lays out terms, with what better plans were worth when they were paid, where something that lay under them went back since.
fn lay_out(book: &[Entry], worths: &[Option<i64>]) -> Vec<Term> {
    let mut terms: Vec<Term> = Vec::new();
    // The day of the month that a run of payments keeps.
    let mut anchor = None;
    for (entry, worth) in book.iter().zip(worths) {
        let last = terms.last().map(|term| term.until);
        let from = last.map_or(entry.at, |until| until.max(entry.at));
        if last != Some(from) {
            anchor = None;
        }
        let (until, order) = match entry.what {
            What::Trial { days } => (from.plus_secs(i64::from(days) * DAY_SECS), None),
            What::Paid { order } if is_undone(book, order) => continue,
            What::Paid { order } => {
                lift_trial(&mut terms, entry);
                let day = *anchor.get_or_insert_with(|| day_of(from));
                (after(from, entry.rate.period, day), Some(order))
            }
            What::Upgraded { order, .. } if is_undone(book, order) => continue,
            What::Upgraded { order, until } => {
                // Of the time that is there now it would be another difference than was paid, so what was paid counts as money.
                let differs = |worth: &i64| *worth != change::more(&terms, entry, until);
                match worth.filter(differs) {
                    None => upgrade(&mut terms, entry, until),
                    Some(worth) if worth > 0 => {
                        anchor = change::apply(&mut terms, entry, Some(order), worth);
                    }
                    // It came when nothing was left for it, and moves nothing now.
                    Some(_) => {}
                }
                continue;
            }
            What::Changed { order, added } => {
                if order.is_none_or(|order| !is_undone(book, order)) {
                    anchor = change::apply(&mut terms, entry, order, added);
                }
                continue;
            }
            What::Reversed { .. } => continue,
        };
        terms.push(Term {
            plan: entry.plan,
            rate: entry.rate,
            from,
            until,
            order,
            began: from,
            ends: until,
        });
    }
    terms
}

/// Whether a payment for a plan puts a trial on it: a dearer one is not waited for.
pub(super) fn lifts(term: &Term, to: Rate) -> bool {
    let on = term.rate;
    term.order.is_none() && on.price.currency == to.price.currency && on.by_year() < to.by_year()
}

/// Puts what is left of a trial on a dearer plan that is paid; no end moves.
fn lift_trial(terms: &mut Vec<Term>, entry: &Entry) {
    let now = entry.at;
    if current(terms, now).is_some_and(|term| lifts(term, entry.rate)) {
        split(terms, now);
    }
    for term in terms
        .iter_mut()
        .filter(|term| term.from >= now && lifts(term, entry.rate))
    {
        term.plan = entry.plan;
        term.rate = entry.rate;
    }
}

/// Puts the time after a line on its plan, as far as that was paid for.
fn upgrade(terms: &mut Vec<Term>, entry: &Entry, until: Option<Timestamp>) {
    let now = entry.at;
    split(terms, now);
    if let Some(until) = until.filter(|until| *until > now) {
        split(terms, until);
    }
    // Money that went back may have brought time here that the difference was not counted for, and that another price is measured by.
    let is_meant = |term: &&mut Term| {
        term.from >= now
            && until.is_none_or(|end| term.until <= end)
            && (term.order.is_none() || term.rate.is_alike(entry.rate))
    };
    for term in terms.iter_mut().filter(is_meant) {
        term.plan = entry.plan;
        term.rate = entry.rate;
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

/// Whether the money of an order went back.
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

/// Whether anything is paid for that is not over, although a trial may come before it.
#[must_use]
pub fn is_paid(terms: &[Term], now: Timestamp) -> bool {
    terms
        .iter()
        .any(|term| term.order.is_some() && now < term.until)
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
