//! Plans: what a provider sells. The rules of a sensible plan are here, its rows in [`store`], changing one in [`edit`].

pub mod edit;
pub mod form;
pub mod pages;
pub mod preview;
pub mod store;

use mnara_protocol::ids::PlanId;
use mnara_protocol::money::Money;
use mnara_protocol::plan::{Hours, Plan, Rate, Terms};
use thiserror::Error;

/// The shortest time a plan may sell, in seconds.
const SHORTEST: u32 = 60;
/// The longest, ten years, in seconds.
const LONGEST: u32 = 315_360_000;
/// The most bytes, and bits a second: programs in all languages count so far exactly.
const LARGEST: u64 = 9_000_000_000_000_000;
/// What M-PESA moves in one go at most, in shillings.
pub const DEAREST: i64 = 250_000;

/// What a person decided about a plan, before it has an id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// What the portal shows.
    pub name: String,
    /// What the customer pays.
    pub price: Money,
    /// What the customer gets.
    pub terms: Terms,
    /// How long an unused ticket stays good, in seconds.
    pub sell_by_secs: Option<u32>,
    /// Whether the portal offers it.
    pub on_sale: bool,
    /// Where it stands in the list.
    pub position: u16,
    /// When it is sold, if not always.
    pub hours: Option<Hours>,
    /// The colour of its card.
    pub colour: Option<u32>,
}

/// Why a plan makes no sense. Each says what to do.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum BadPlan {
    /// The name is missing or too long.
    #[error("give the plan a name of 1 to 60 letters")]
    Name,
    /// The price cannot be paid by M-PESA.
    #[error("give a price in whole shillings, from 1 to 250,000")]
    Price,
    /// Nothing limits it.
    #[error(
        "limit the plan by a duration, by online time or by data; without a limit one payment would last for ever"
    )]
    Endless,
    /// The time is too short or too long.
    #[error("give a time between one minute and ten years")]
    Time,
    /// The data allowance is nothing.
    #[error("give at least one megabyte of data")]
    Data,
    /// Nobody could use it.
    #[error("let 1 to 100 devices share a ticket")]
    Devices,
    /// The speed is too slow to load a page.
    #[error("give a speed of at least 8 kbit/s in each direction")]
    Speed,
    /// A burst that is none.
    #[error(
        "give a burst that is faster than the plain speed, for 1 to 300 seconds, and below an average of no more than the burst"
    )]
    Burst,
    /// Hours that are none.
    #[error("give both times of day, and at least one day")]
    Hours,
    /// A colour that is none.
    #[error("give the colour as six hexadecimal digits, such as 0a7d4b")]
    Colour,
    /// Unused tickets would end too soon or never.
    #[error("let unused tickets stay good between one hour and ten years")]
    SellBy,
}

impl Draft {
    /// The plan of an id that it makes, in one of its revisions.
    #[must_use]
    pub fn plan(self, id: PlanId, revision: u32) -> Plan {
        Plan {
            id,
            revision,
            name: self.name,
            price: self.price,
            terms: self.terms,
            sell_by_secs: self.sell_by_secs,
            on_sale: self.on_sale,
            position: self.position,
            hours: self.hours,
            colour: self.colour,
        }
    }

    /// Looks a plan over.
    ///
    /// # Errors
    /// The first thing that makes no sense.
    pub fn check(&self) -> Result<(), BadPlan> {
        let name = self.name.trim();
        if name.is_empty() || name.chars().count() > 60 {
            return Err(BadPlan::Name);
        }
        match self.price.whole_shillings() {
            Ok(1..=DEAREST) => {}
            _ => return Err(BadPlan::Price),
        }
        let Terms {
            duration_secs,
            online_secs,
            data_bytes,
            devices,
            rate,
        } = self.terms;
        if duration_secs.is_none() && online_secs.is_none() && data_bytes.is_none() {
            return Err(BadPlan::Endless);
        }
        if [duration_secs, online_secs]
            .into_iter()
            .flatten()
            .any(|secs| !(SHORTEST..=LONGEST).contains(&secs))
        {
            return Err(BadPlan::Time);
        }
        if data_bytes.is_some_and(|bytes| !(1_000_000..=LARGEST).contains(&bytes)) {
            return Err(BadPlan::Data);
        }
        if !(1..=100).contains(&devices) {
            return Err(BadPlan::Devices);
        }
        let too_slow = |rate: Rate| {
            let Rate {
                down_bps, up_bps, ..
            } = rate;
            down_bps.min(up_bps) < 8_000 || down_bps.max(up_bps) > LARGEST
        };
        if rate.is_some_and(too_slow) {
            return Err(BadPlan::Speed);
        }
        let no_burst = |rate: Rate| {
            rate.burst.is_some_and(|burst| {
                burst.down_bps < rate.down_bps
                    || burst.up_bps < rate.up_bps
                    || (burst.down_bps, burst.up_bps) == (rate.down_bps, rate.up_bps)
                    || !(8_000..=burst.down_bps).contains(&burst.down_below_bps)
                    || !(8_000..=burst.up_bps).contains(&burst.up_below_bps)
                    || !(1..=300).contains(&burst.secs)
                    || burst.down_bps.max(burst.up_bps) > LARGEST
            })
        };
        if rate.is_some_and(no_burst) {
            return Err(BadPlan::Burst);
        }
        let no_hours = |hours: Hours| {
            hours.days & Hours::EVERY_DAY == 0
                || hours.days & !Hours::EVERY_DAY != 0
                || hours.from_minute.max(hours.until_minute) > 1439
        };
        if self.hours.is_some_and(no_hours) {
            return Err(BadPlan::Hours);
        }
        if self
            .sell_by_secs
            .is_some_and(|secs| !(3_600..=LONGEST).contains(&secs))
        {
            return Err(BadPlan::SellBy);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use mnara_protocol::plan::Burst;

    use super::*;

    fn hour() -> Draft {
        Draft {
            name: "1 hour".into(),
            price: Money::from_shillings(10),
            terms: Terms {
                duration_secs: Some(3600),
                online_secs: None,
                data_bytes: None,
                devices: 1,
                rate: None,
            },
            sell_by_secs: None,
            on_sale: true,
            position: 0,
            hours: None,
            colour: None,
        }
    }

    #[test]
    fn a_plain_hour_is_a_plan() {
        assert_eq!(hour().check(), Ok(()));
    }

    #[test]
    fn what_makes_no_sense_is_refused_with_its_reason() {
        let with = |change: fn(&mut Draft)| {
            let mut draft = hour();
            change(&mut draft);
            draft.check()
        };
        assert_eq!(with(|d| d.name = " ".into()), Err(BadPlan::Name));
        assert_eq!(with(|d| d.price = Money::ZERO), Err(BadPlan::Price));
        assert_eq!(
            with(|d| d.price = Money::from_cents(1050)),
            Err(BadPlan::Price)
        );
        assert_eq!(
            with(|d| d.terms.duration_secs = None),
            Err(BadPlan::Endless)
        );
        assert_eq!(
            with(|d| d.terms.duration_secs = Some(5)),
            Err(BadPlan::Time)
        );
        assert_eq!(with(|d| d.terms.data_bytes = Some(10)), Err(BadPlan::Data));
        assert_eq!(with(|d| d.terms.devices = 0), Err(BadPlan::Devices));
        assert_eq!(
            with(|d| d.terms.rate = Some(Rate {
                down_bps: 1_000_000,
                up_bps: 10,
                burst: None
            })),
            Err(BadPlan::Speed)
        );
        let burst = |down_bps, down_below_bps, secs| {
            let mut draft = hour();
            draft.terms.rate = Some(Rate {
                down_bps: 5_000_000,
                up_bps: 1_000_000,
                burst: Some(Burst {
                    down_bps,
                    up_bps: 1_000_000,
                    down_below_bps,
                    up_below_bps: 1_000_000,
                    secs,
                }),
            });
            draft.check()
        };
        assert_eq!(burst(10_000_000, 4_000_000, 16), Ok(()));
        for (down, below, secs) in [
            (4_000_000, 4_000_000, 16),
            (5_000_000, 4_000_000, 16),
            (10_000_000, 11_000_000, 16),
            (10_000_000, 4_000_000, 0),
        ] {
            assert_eq!(burst(down, below, secs), Err(BadPlan::Burst));
        }
        let hours = |days, from_minute, until_minute| Hours {
            days,
            from_minute,
            until_minute,
            ahead_minutes: 180,
        };
        for bad in [hours(0, 0, 60), hours(128, 0, 60), hours(1, 0, 1440)] {
            let mut draft = hour();
            draft.hours = Some(bad);
            assert_eq!(draft.check(), Err(BadPlan::Hours));
        }
        assert_eq!(with(|d| d.sell_by_secs = Some(1)), Err(BadPlan::SellBy));
    }
}
