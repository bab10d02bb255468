//! What a report adds up, and the one number of it that a chart shows.

use std::collections::BTreeMap;

use mnara_protocol::ids::{PlanId, SiteId};
use mnara_protocol::money::Money;

use super::period::Day;

/// What came together in some stretch of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    /// What customers paid by M-PESA, in cents, on the day the money came.
    pub paid: i64,
    /// In so many payments, each of which is a voucher.
    pub sold: i64,
    /// Vouchers printed.
    pub printed: i64,
    /// Vouchers used for the first time, however they were sold; what was given away to try is not among them.
    pub used: i64,
    /// Printed ones among them.
    pub used_printed: i64,
    /// How often a device had a free trial.
    pub tried: i64,
    /// What the printed ones cost by their print, in cents: money taken by hand.
    pub worth: i64,
    /// Stretches of a device being online, by when they began.
    pub sessions: i64,
    /// How long they were.
    pub online_secs: i64,
    /// What they moved, both ways.
    pub bytes: i64,
}

impl Sums {
    /// Adds.
    pub const fn add(&mut self, other: &Self) {
        self.paid += other.paid;
        self.sold += other.sold;
        self.printed += other.printed;
        self.used += other.used;
        self.used_printed += other.used_printed;
        self.tried += other.tried;
        self.worth += other.worth;
        self.sessions += other.sessions;
        self.online_secs += other.online_secs;
        self.bytes += other.bytes;
    }

    /// What customers paid.
    #[must_use]
    pub const fn money(&self) -> Money {
        Money::from_cents(self.paid)
    }

    /// What the printed vouchers that were used cost.
    #[must_use]
    pub const fn cash(&self) -> Money {
        Money::from_cents(self.worth)
    }
}

/// A report: the same sums by day, by hour of the day, by plan and by site.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// By day; days on which nothing happened are not in it.
    pub days: BTreeMap<Day, Sums>,
    /// By hour of the day, all days together.
    pub hours: [Sums; 24],
    /// By plan; none for what was had to try.
    pub plans: BTreeMap<Option<PlanId>, Sums>,
    /// By site; none for what was bought without one.
    pub sites: BTreeMap<Option<SiteId>, Sums>,
}

impl Report {
    /// Everything.
    #[must_use]
    pub fn total(&self) -> Sums {
        sum(self.days.values())
    }

    /// The days from one to just before another.
    #[must_use]
    pub fn of_days(&self, from: Day, to: Day) -> Sums {
        if from >= to {
            return Sums::default();
        }
        sum(self.days.range(from..to).map(|(_, sums)| sums))
    }
}

fn sum<'a>(all: impl Iterator<Item = &'a Sums>) -> Sums {
    let mut total = Sums::default();
    for one in all {
        total.add(one);
    }
    total
}

/// What a chart shows of the sums.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// Money.
    Money,
    /// Vouchers sold.
    Sold,
    /// Vouchers used.
    Used,
    /// Time online.
    Online,
    /// Data.
    Data,
}

impl Measure {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Money,
        Self::Sold,
        Self::Used,
        Self::Online,
        Self::Data,
    ];

    /// The word in addresses.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Money => "money",
            Self::Sold => "sold",
            Self::Used => "used",
            Self::Online => "online",
            Self::Data => "data",
        }
    }

    /// Reads the word.
    #[must_use]
    pub fn read(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.word() == word)
    }

    /// The number, in its smallest unit.
    #[must_use]
    pub const fn of(self, sums: &Sums) -> u64 {
        match self {
            Self::Money => sums.paid,
            Self::Sold => sums.sold,
            Self::Used => sums.used,
            Self::Online => sums.online_secs,
            Self::Data => sums.bytes,
        }
        .unsigned_abs()
    }

    /// The smallest units in one of those on an axis: shillings, vouchers, hours, gigabytes.
    #[must_use]
    pub const fn unit(self) -> u64 {
        match self {
            Self::Money => 100,
            Self::Sold | Self::Used => 1,
            Self::Online => 3_600,
            Self::Data => 1_000_000_000,
        }
    }
}

/// By how much a number changed, in whole hundredths; none when there was nothing before.
#[must_use]
pub fn change(now: u64, before: u64) -> Option<i64> {
    let (now, before) = (i128::from(now), i128::from(before));
    if before == 0 {
        return None;
    }
    i64::try_from(((now - before) * 200 + before * (now - before).signum()) / (before * 2)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_rounded_and_never_made_up() {
        for (now, before, expected) in [
            (150, 100, Some(50)),
            (50, 100, Some(-50)),
            (1, 3, Some(-67)),
            (4, 3, Some(33)),
            (0, 3, Some(-100)),
            (5, 0, None),
        ] {
            assert_eq!(change(now, before), expected, "{before} to {now}");
        }
    }
}
