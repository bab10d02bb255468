//! The form of a plan: what people type, read into a draft and written back.

use mnara_protocol::money::Money;
use mnara_protocol::plan::{Burst, Hours, Plan, Rate, Terms};
use serde::Deserialize;

use super::{BadPlan, Draft};
use crate::nairobi;
use crate::providers::pages::words::{CalendarWords, PlanWords, Words};
use crate::providers::parse_colour;
use crate::web::show;

#[cfg(test)]
mod tests;

/// Over how many seconds a burst's average is taken where nothing else is said.
const BURST_SECS: u16 = 16;

/// What the form of a plan holds, as typed.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Filled {
    pub(super) name: String,
    pub(super) price: String,
    pub(super) time: String,
    pub(super) time_unit: String,
    pub(super) online: String,
    pub(super) online_unit: String,
    pub(super) data: String,
    pub(super) devices: String,
    pub(super) down: String,
    pub(super) up: String,
    pub(super) sell_by: String,
    pub(super) sell_by_unit: String,
    pub(super) position: String,
    pub(super) on_sale: Option<String>,
    pub(super) burst_down: String,
    pub(super) burst_up: String,
    pub(super) below_down: String,
    pub(super) below_up: String,
    pub(super) burst_secs: String,
    pub(super) from: String,
    pub(super) until: String,
    mon: Option<String>,
    tue: Option<String>,
    wed: Option<String>,
    thu: Option<String>,
    fri: Option<String>,
    sat: Option<String>,
    sun: Option<String>,
    pub(super) coloured: Option<String>,
    pub(super) colour: String,
    /// The plan that is changed, for its preview.
    pub(super) id: String,
    /// How it stood when its form was opened.
    pub(super) revision: Option<u32>,
    /// The language of a preview.
    pub(super) lang: Option<String>,
}

/// The fields of the days, Monday's first.
const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// A day of the week in the form.
pub(super) struct Day {
    /// Its field.
    pub(super) field: &'static str,
    /// Its name.
    pub(super) name: &'static str,
    /// Whether it is ticked.
    pub(super) is_on: bool,
}

/// Minutes, hours and days, as forms say them; and seconds, which only programs sell by.
const UNITS: [(&str, u32); 4] = [("s", 1), ("m", 60), ("h", 3_600), ("d", 86_400)];

/// A number with a unit, for the field that shows it.
fn in_units(secs: u32) -> (String, String) {
    let (unit, length) = UNITS
        .into_iter()
        .rev()
        .find(|(_, length)| secs.is_multiple_of(*length))
        .unwrap_or(("s", 1));
    ((secs / length).to_string(), unit.to_owned())
}

fn empty_or<T>(
    text: &str,
    read: impl FnOnce(&str) -> Option<T>,
    bad: BadPlan,
) -> Result<Option<T>, BadPlan> {
    match text.trim() {
        "" => Ok(None),
        text => read(text).map(Some).ok_or(bad),
    }
}

fn stretch(text: &str, unit: &str) -> Result<Option<u32>, BadPlan> {
    let length = UNITS.into_iter().find(|(name, _)| *name == unit);
    let length = length.map_or(3_600, |(_, length)| length);
    let read = |text: &str| text.parse::<u32>().ok()?.checked_mul(length);
    empty_or(text, read, BadPlan::Time)
}

/// Megabits as people type them: 5, 0.5 or 2,5, with up to three decimals.
fn speed(text: &str) -> Result<Option<u64>, BadPlan> {
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let read = |text: &str| {
        let (whole, rest) = text.split_once(['.', ',']).unwrap_or((text, "0"));
        // 1,000 may be a thousand or one.
        let is_unclear = text.contains(',') && rest.len() == 3 && whole != "0";
        if !is_digits(whole) || !is_digits(rest) || rest.len() > 3 || is_unclear {
            return None;
        }
        let thousandths = format!("{rest:0<3}").parse::<u64>().ok()?;
        let whole = whole.parse::<u64>().ok()?.checked_mul(1_000_000)?;
        whole.checked_add(thousandths * 1_000)
    };
    empty_or(text, read, BadPlan::Speed)
}

/// A time of day as browsers write it: 22:00, perhaps with seconds.
fn minute_of_day(text: &str) -> Option<u16> {
    let mut parts = text.split(':');
    let hour = parts.next()?.parse::<u16>().ok()?;
    let minute = parts.next()?.parse::<u16>().ok()?;
    (hour < 24 && minute < 60).then_some(hour * 60 + minute)
}

/// The plan that is changed, and what its form says of it.
struct Stored<'a> {
    plan: &'a Plan,
    said: Filled,
}

impl Filled {
    /// Reads what was typed for a new plan.
    pub(super) fn draft(&self) -> Result<Draft, BadPlan> {
        self.read(None)
    }

    /// Reads what was typed over a plan; what nobody touched stays as it is there.
    ///
    /// Programs may say what the form takes from nobody, such as a speed to the bit, and whoever saves a new name sells nothing else.
    pub(super) fn over(&self, plan: &Plan) -> Result<Draft, BadPlan> {
        let said = Self::of(plan);
        self.read(Some(&Stored { plan, said }))
    }

    fn read(&self, stored: Option<&Stored<'_>>) -> Result<Draft, BadPlan> {
        let price = self.price.trim().replace(',', "");
        let price = price.parse::<i32>().map_err(|_| BadPlan::Price)?;
        let megabytes = |text: &str| {
            text.replace(',', "")
                .parse::<u64>()
                .ok()?
                .checked_mul(1_000_000)
        };
        let sell_by_unit = match self.sell_by_unit.as_str() {
            "" => "d",
            unit => unit,
        };
        let draft = Draft {
            name: match stored {
                Some(Stored { plan, said }) if said.name == self.name => plan.name.clone(),
                _ => self.name.trim().to_owned(),
            },
            price: Money::from_shillings(price),
            terms: Terms {
                duration_secs: stretch(&self.time, &self.time_unit)?,
                online_secs: stretch(&self.online, &self.online_unit)?,
                data_bytes: match stored {
                    Some(Stored { plan, said }) if said.data == self.data => plan.terms.data_bytes,
                    _ => empty_or(&self.data, megabytes, BadPlan::Data)?,
                },
                devices: self.devices.trim().parse().map_err(|_| BadPlan::Devices)?,
                rate: self.rate(stored)?,
            },
            sell_by_secs: stretch(&self.sell_by, sell_by_unit).map_err(|_| BadPlan::SellBy)?,
            on_sale: self.on_sale.is_some(),
            position: self.position.trim().parse().unwrap_or(0),
            hours: match stored {
                Some(Stored { plan, said }) if said.says_hours_of(self) => plan.hours,
                _ => self.hours()?,
            },
            colour: match self.coloured {
                Some(_) => Some(parse_colour(self.colour.trim()).map_err(|_| BadPlan::Colour)?),
                None => None,
            },
        };
        draft.check()?;
        Ok(draft)
    }

    fn rate(&self, stored: Option<&Stored<'_>>) -> Result<Option<Rate>, BadPlan> {
        let read = |field: fn(&Self) -> &str, kept: fn(&Rate) -> Option<u64>| match stored {
            Some(Stored { plan, said }) if field(said) == field(self) => {
                Ok(plan.terms.rate.as_ref().and_then(kept))
            }
            _ => speed(field(self)),
        };
        let down = read(|form| &form.down, |rate| Some(rate.down_bps))?;
        let up = read(|form| &form.up, |rate| Some(rate.up_bps))?;
        let rate = down.or(up).map(|either| Rate {
            down_bps: down.unwrap_or(either),
            up_bps: up.unwrap_or(either),
            burst: None,
        });
        let fast = |field: fn(&Self) -> &str, kept: fn(&Burst) -> u64| match stored {
            Some(Stored { plan, said }) if field(said) == field(self) => Ok(plan
                .terms
                .rate
                .and_then(|rate| rate.burst)
                .as_ref()
                .map(kept)),
            _ => speed(field(self)).map_err(|_| BadPlan::Burst),
        };
        let burst = (
            fast(|form| &form.burst_down, |burst| burst.down_bps)?,
            fast(|form| &form.burst_up, |burst| burst.up_bps)?,
        );
        if burst == (None, None) {
            return Ok(rate);
        }
        // A burst over a line without a limit is nothing.
        let rate = rate.ok_or(BadPlan::Burst)?;
        let secs = match self.burst_secs.trim() {
            "" => BURST_SECS,
            text => text.parse().map_err(|_| BadPlan::Burst)?,
        };
        let below = (
            fast(|form| &form.below_down, |burst| burst.down_below_bps)?,
            fast(|form| &form.below_up, |burst| burst.up_below_bps)?,
        );
        let burst = Burst {
            down_bps: burst.0.unwrap_or(rate.down_bps),
            up_bps: burst.1.unwrap_or(rate.up_bps),
            down_below_bps: below.0.unwrap_or(rate.down_bps),
            up_below_bps: below.1.unwrap_or(rate.up_bps),
            secs,
        };
        Ok(Some(Rate {
            burst: Some(burst),
            ..rate
        }))
    }

    const fn ticks(&self) -> [&Option<String>; 7] {
        [
            &self.mon, &self.tue, &self.wed, &self.thu, &self.fri, &self.sat, &self.sun,
        ]
    }

    /// Whether something was said of a burst.
    pub(super) fn has_burst(&self) -> bool {
        !(self.burst_down.is_empty() && self.burst_up.is_empty())
    }

    /// Whether something was said of hours.
    pub(super) fn has_hours(&self) -> bool {
        let is_ticked = self.ticks().into_iter().any(Option::is_some);
        is_ticked || !(self.from.is_empty() && self.until.is_empty())
    }

    /// The days of the week, as they are ticked.
    pub(super) fn days(&self, w: &CalendarWords) -> Vec<Day> {
        DAYS.into_iter()
            .zip(w.weekdays())
            .zip(self.ticks())
            .map(|((field, name), tick)| Day {
                field,
                name,
                is_on: tick.is_some(),
            })
            .collect()
    }

    /// The ticked days, a bit for each.
    fn ticked(&self) -> u8 {
        let ticked = self.ticks().into_iter().enumerate();
        ticked.fold(0_u8, |days, (day, tick)| {
            days | (u8::from(tick.is_some()) << day)
        })
    }

    fn says_hours_of(&self, other: &Self) -> bool {
        (self.ticked(), &self.from, &self.until) == (other.ticked(), &other.from, &other.until)
    }

    fn hours(&self) -> Result<Option<Hours>, BadPlan> {
        let days = self.ticked();
        let minute = |text: &str| empty_or(text, minute_of_day, BadPlan::Hours);
        let (from, until) = match (minute(&self.from)?, minute(&self.until)?) {
            (None, None) if days == 0 || days == Hours::EVERY_DAY => return Ok(None),
            (None, None) => (0, 0),
            (Some(from), Some(until)) => (from, until),
            _ => return Err(BadPlan::Hours),
        };
        Ok(Some(Hours {
            // Hours without a day are every day's.
            days: if days == 0 { Hours::EVERY_DAY } else { days },
            from_minute: from,
            until_minute: until,
            ahead_minutes: nairobi::AHEAD_MINUTES,
        }))
    }

    /// What a plan looks like in the form.
    pub(super) fn of(plan: &Plan) -> Self {
        let units = |secs: Option<u32>, usual: &str| {
            secs.map_or_else(|| (String::new(), usual.to_owned()), in_units)
        };
        let (time, time_unit) = units(plan.terms.duration_secs, "h");
        let (online, online_unit) = units(plan.terms.online_secs, "h");
        let (sell_by, sell_by_unit) = units(plan.sell_by_secs, "d");
        let rate = |bps: fn(&Rate) -> u64| {
            let rate = plan.terms.rate.as_ref();
            rate.map_or_else(String::new, |rate| millions(bps(rate)))
        };
        let burst = |bps: fn(&Burst) -> u64| {
            let burst = plan
                .terms
                .rate
                .as_ref()
                .and_then(|rate| rate.burst.as_ref());
            burst.map_or_else(String::new, |burst| millions(bps(burst)))
        };
        let clock = |minute: fn(&Hours) -> u16| {
            let hours = plan.hours.as_ref();
            // Without times the form means from midnight to midnight; any other whole day has its times.
            let hours = hours.filter(|hours| (hours.from_minute, hours.until_minute) != (0, 0));
            hours.map(minute).map_or_else(String::new, |minute| {
                format!("{:02}:{:02}", minute / 60, minute % 60)
            })
        };
        let day = |day: usize| {
            let is_on = plan.hours.is_some_and(|hours| hours.is_on(day));
            is_on.then(|| "on".to_owned())
        };
        Self {
            name: plan.name.clone(),
            price: plan
                .price
                .whole_shillings()
                .map_or_else(|_| String::new(), |n| n.to_string()),
            time,
            time_unit,
            online,
            online_unit,
            data: plan.terms.data_bytes.map_or_else(String::new, millions),
            devices: plan.terms.devices.to_string(),
            down: rate(|rate| rate.down_bps),
            up: rate(|rate| rate.up_bps),
            sell_by,
            sell_by_unit,
            position: plan.position.to_string(),
            on_sale: plan.on_sale.then(|| "on".to_owned()),
            burst_down: burst(|burst| burst.down_bps),
            burst_up: burst(|burst| burst.up_bps),
            below_down: burst(|burst| burst.down_below_bps),
            below_up: burst(|burst| burst.up_below_bps),
            burst_secs: plan
                .terms
                .rate
                .and_then(|rate| rate.burst)
                .map_or_else(String::new, |burst| burst.secs.to_string()),
            from: clock(|hours| hours.from_minute),
            until: clock(|hours| hours.until_minute),
            mon: day(0),
            tue: day(1),
            wed: day(2),
            thu: day(3),
            fri: day(4),
            sat: day(5),
            sun: day(6),
            coloured: plan.colour.map(|_| "on".to_owned()),
            colour: plan
                .colour
                .map_or_else(String::new, |colour| format!("#{colour:06x}")),
            id: plan.id.to_string(),
            revision: Some(plan.revision),
            lang: None,
        }
    }

    /// A plan as most owners begin.
    pub(super) fn preset(name: &str, w: &PlanWords) -> Self {
        let plain = Self {
            devices: "1".to_owned(),
            time_unit: "h".to_owned(),
            online_unit: "h".to_owned(),
            sell_by: "30".to_owned(),
            sell_by_unit: "d".to_owned(),
            on_sale: Some("on".to_owned()),
            ..Self::default()
        };
        let with = |name: &str, price: &str, time: &str, unit: &str, data: &str| Self {
            name: name.to_owned(),
            price: price.to_owned(),
            time: time.to_owned(),
            time_unit: unit.to_owned(),
            data: data.to_owned(),
            down: "5".to_owned(),
            up: "2".to_owned(),
            ..plain.clone()
        };
        match name {
            "hour" => with(w.hour, "10", "1", "h", ""),
            "day" => with(w.day, "50", "1", "d", ""),
            "week" => with(w.week, "250", "7", "d", ""),
            "data" => with(w.gigabyte, "100", "7", "d", "1000"),
            "night" => Self {
                from: "22:00".to_owned(),
                until: "05:00".to_owned(),
                ..with(w.night, "30", "8", "h", "")
            },
            _ => plain,
        }
    }
}

/// What a plan gives, in a few words: `2 hours · 500 MB · 5 Mbit/s · 2 devices`.
pub fn gives(terms: &Terms, words: &Words) -> String {
    let (w, calendar) = (&words.plans, &words.calendar);
    let mut parts = Vec::new();
    if let Some(secs) = terms.duration_secs {
        parts.push(calendar.stretch(secs));
    }
    if let Some(secs) = terms.online_secs {
        parts.push(format!("{} {}", calendar.stretch(secs), w.of_online));
    }
    if let Some(bytes) = terms.data_bytes {
        parts.push(format!(
            "{}\u{a0}MB",
            show::thousands(bytes.div_ceil(1_000_000))
        ));
    }
    if let Some(rate) = terms.rate {
        parts.push(format!("{}\u{a0}Mbit/s", millions(rate.down_bps)));
        if let Some(burst) = rate.burst {
            let most = millions(burst.down_bps);
            parts.push(format!("{} {most}\u{a0}Mbit/s", w.of_burst));
        }
    }
    if terms.devices > 1 {
        let devices = w.of_devices.replace(' ', "\u{a0}");
        parts.push(devices.replace("{n}", &terms.devices.to_string()));
    }
    parts.join(" · ")
}

/// Bits a second or bytes in millions, as people say them: 5, or 0.5; to the last one.
fn millions(number: u64) -> String {
    let text = format!("{}.{:06}", number / 1_000_000, number % 1_000_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
