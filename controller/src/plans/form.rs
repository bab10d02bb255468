//! The form of a plan: what people type, read into a draft and written back.

use mnara_protocol::money::Money;
use mnara_protocol::plan::{Burst, Hours, Plan, Rate, Terms};
use serde::Deserialize;

use super::{BadPlan, Draft};
use crate::nairobi;
use crate::providers::pages::words::{CalendarWords, PlanWords, Words};
use crate::providers::parse_colour;
use crate::web::show;

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

/// Minutes, hours and days, as forms say them.
const UNITS: [(&str, u32); 3] = [("m", 60), ("h", 3_600), ("d", 86_400)];

/// A number with a unit, for the field that shows it.
fn in_units(secs: u32) -> (String, String) {
    let (unit, length) = UNITS
        .into_iter()
        .rev()
        .find(|(_, length)| secs.is_multiple_of(*length))
        .unwrap_or(("m", 60));
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

impl Filled {
    /// Reads what was typed.
    pub(super) fn draft(&self) -> Result<Draft, BadPlan> {
        let price = self.price.trim().replace(',', "");
        let price = price.parse::<i32>().map_err(|_| BadPlan::Price)?;
        let megabytes = |text: &str| {
            text.replace(',', "")
                .parse::<u64>()
                .ok()?
                .checked_mul(1_000_000)
        };
        let draft = Draft {
            name: self.name.trim().to_owned(),
            price: Money::from_shillings(price),
            terms: Terms {
                duration_secs: stretch(&self.time, &self.time_unit)?,
                online_secs: stretch(&self.online, &self.online_unit)?,
                data_bytes: empty_or(&self.data, megabytes, BadPlan::Data)?,
                devices: self.devices.trim().parse().map_err(|_| BadPlan::Devices)?,
                rate: self.rate()?,
            },
            sell_by_secs: match stretch(&self.sell_by, "d") {
                Ok(secs) => secs,
                Err(_) => return Err(BadPlan::SellBy),
            },
            on_sale: self.on_sale.is_some(),
            position: self.position.trim().parse().unwrap_or(0),
            hours: self.hours()?,
            colour: match self.coloured {
                Some(_) => Some(parse_colour(self.colour.trim()).map_err(|_| BadPlan::Colour)?),
                None => None,
            },
        };
        draft.check()?;
        Ok(draft)
    }

    fn rate(&self) -> Result<Option<Rate>, BadPlan> {
        let (down, up) = (speed(&self.down)?, speed(&self.up)?);
        let rate = down.or(up).map(|either| Rate {
            down_bps: down.unwrap_or(either),
            up_bps: up.unwrap_or(either),
            burst: None,
        });
        let fast = |text| speed(text).map_err(|_| BadPlan::Burst);
        let burst = (fast(&self.burst_down)?, fast(&self.burst_up)?);
        if burst == (None, None) {
            return Ok(rate);
        }
        // A burst over a line without a limit is nothing.
        let rate = rate.ok_or(BadPlan::Burst)?;
        let secs = match self.burst_secs.trim() {
            "" => BURST_SECS,
            text => text.parse().map_err(|_| BadPlan::Burst)?,
        };
        let burst = Burst {
            down_bps: burst.0.unwrap_or(rate.down_bps),
            up_bps: burst.1.unwrap_or(rate.up_bps),
            down_below_bps: fast(&self.below_down)?.unwrap_or(rate.down_bps),
            up_below_bps: fast(&self.below_up)?.unwrap_or(rate.up_bps),
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

    fn hours(&self) -> Result<Option<Hours>, BadPlan> {
        let ticked = self.ticks().into_iter().enumerate();
        let days = ticked.fold(0_u8, |days, (day, tick)| {
            days | (u8::from(tick.is_some()) << day)
        });
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
        let units =
            |secs: Option<u32>| secs.map_or_else(|| (String::new(), "h".to_owned()), in_units);
        let (time, time_unit) = units(plan.terms.duration_secs);
        let (online, online_unit) = units(plan.terms.online_secs);
        let text = |number: Option<u64>| number.map_or_else(String::new, |n| n.to_string());
        let rate = |bps: fn(&Rate) -> u64| {
            let rate = plan.terms.rate.as_ref();
            rate.map_or_else(String::new, |rate| megabits(bps(rate)))
        };
        let burst = |bps: fn(&Burst) -> u64| {
            let burst = plan
                .terms
                .rate
                .as_ref()
                .and_then(|rate| rate.burst.as_ref());
            burst.map_or_else(String::new, |burst| megabits(bps(burst)))
        };
        let clock = |minute: fn(&Hours) -> u16| {
            let hours = plan.hours.as_ref().filter(|hours| !hours.is_whole_day());
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
            data: text(plan.terms.data_bytes.map(|bytes| bytes.div_ceil(1_000_000))),
            devices: plan.terms.devices.to_string(),
            down: rate(|rate| rate.down_bps),
            up: rate(|rate| rate.up_bps),
            sell_by: text(plan.sell_by_secs.map(|secs| u64::from(secs / 86_400))),
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
        parts.push(format!("{}\u{a0}Mbit/s", megabits(rate.down_bps)));
        if let Some(burst) = rate.burst {
            let most = megabits(burst.down_bps);
            parts.push(format!("{} {most}\u{a0}Mbit/s", w.of_burst));
        }
    }
    if terms.devices > 1 {
        let devices = w.of_devices.replace(' ', "\u{a0}");
        parts.push(devices.replace("{n}", &terms.devices.to_string()));
    }
    parts.join(" · ")
}

/// Bits a second as people say them: 5, or 0.5; to the last bit.
fn megabits(bps: u64) -> String {
    let text = format!("{}.{:06}", bps / 1_000_000, bps % 1_000_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use mnara_protocol::ids::PlanId;
    use mnara_protocol::portal::Language;

    use super::*;
    use crate::providers::pages::words::Words;

    fn filled() -> Filled {
        Filled {
            name: "1 hour".to_owned(),
            price: "1,000".to_owned(),
            time: "90".to_owned(),
            time_unit: "m".to_owned(),
            devices: "2".to_owned(),
            down: "2,5".to_owned(),
            on_sale: Some("on".to_owned()),
            ..Filled::default()
        }
    }

    #[test]
    fn a_form_is_read_as_people_fill_it_in() {
        let draft = filled().draft().unwrap();
        assert_eq!(draft.price, Money::from_shillings(1000));
        assert_eq!(draft.terms.duration_secs, Some(5_400));
        let rate = draft.terms.rate.unwrap();
        assert_eq!((rate.down_bps, rate.up_bps), (2_500_000, 2_500_000));
        assert_eq!(
            gives(&draft.terms, Words::of(Language::English)),
            "90\u{a0}minutes · 2.5\u{a0}Mbit/s · 2\u{a0}devices"
        );
        assert_eq!(
            gives(&draft.terms, Words::of(Language::Swahili)),
            "dakika\u{a0}90 · 2.5\u{a0}Mbit/s · vifaa\u{a0}2"
        );
    }

    #[test]
    fn what_is_wrong_is_said_and_nothing_else_is_lost() {
        let with = |change: fn(&mut Filled)| {
            let mut filled = filled();
            change(&mut filled);
            filled.draft().unwrap_err()
        };
        assert_eq!(with(|f| f.price = "ten".into()), BadPlan::Price);
        assert_eq!(with(|f| f.time = String::new()), BadPlan::Endless);
        assert_eq!(with(|f| f.time = "4294967295".into()), BadPlan::Time);
        assert_eq!(with(|f| f.data = "some".into()), BadPlan::Data);
        assert_eq!(with(|f| f.down = "fast".into()), BadPlan::Speed);
        assert_eq!(with(|f| f.devices = String::new()), BadPlan::Devices);
        assert_eq!(with(|f| f.sell_by = "x".into()), BadPlan::SellBy);
        assert_eq!(with(|f| f.from = "22:00".into()), BadPlan::Hours);
        assert_eq!(
            with(|f| {
                f.from = "22:00".into();
                f.until = "25:00".into();
            }),
            BadPlan::Hours
        );
        assert_eq!(with(|f| f.burst_down = "1".into()), BadPlan::Burst);
        assert_eq!(
            with(|f| {
                f.burst_down = "10".into();
                f.down = String::new();
            }),
            BadPlan::Burst
        );
        assert_eq!(
            with(|f| {
                f.coloured = Some("on".into());
                f.colour = "red".into();
            }),
            BadPlan::Colour
        );
    }

    #[test]
    fn a_speed_is_sold_as_it_was_typed_or_not_at_all() {
        for (typed, bps) in [
            ("5", 5_000_000),
            ("0.25", 250_000),
            ("0,25", 250_000),
            ("0,512", 512_000),
            ("1.024", 1_024_000),
            (" 1000 ", 1_000_000_000),
            ("0.064", 64_000),
        ] {
            assert_eq!(speed(typed), Ok(Some(bps)), "{typed}");
        }
        for typed in [
            "5.2abc",
            "0.2500",
            "1,000",
            "1.2.3",
            ".5",
            "5.",
            "+5",
            "5.+1",
            "-1",
            "5 Mbit/s",
            "99999999999999999999",
        ] {
            assert_eq!(speed(typed), Err(BadPlan::Speed), "{typed}");
        }
        for bps in [8_000, 64_000, 512_000, 1_000_000, 2_048_000, 10_000_000] {
            assert_eq!(speed(&megabits(bps)), Ok(Some(bps)), "{bps}");
        }
        // Programs may say it to the bit: the form says so too, and does not make another of it.
        assert_eq!(megabits(512_123), "0.512123");
        assert_eq!(speed("0.512123"), Err(BadPlan::Speed));
    }

    #[test]
    fn every_preset_is_a_plan_and_comes_back_from_the_form_as_it_was() {
        for language in Language::ALL {
            let w = &Words::of(language).plans;
            for name in ["hour", "day", "week", "data", "night"] {
                let draft = Filled::preset(name, w).draft().unwrap();
                let plan = Plan {
                    id: PlanId::from_bytes([1; 16]),
                    revision: 1,
                    name: draft.name.clone(),
                    price: draft.price,
                    terms: draft.terms,
                    sell_by_secs: draft.sell_by_secs,
                    on_sale: draft.on_sale,
                    position: draft.position,
                    hours: draft.hours,
                    colour: draft.colour,
                };
                assert_eq!(Filled::of(&plan).draft().unwrap(), draft);
            }
        }
    }

    #[test]
    fn hours_bursts_and_colours_come_back_from_the_form_as_they_were() {
        let filled = Filled {
            burst_down: "10".to_owned(),
            from: "22:00".to_owned(),
            until: "06:00:00".to_owned(),
            fri: Some("on".to_owned()),
            coloured: Some("on".to_owned()),
            colour: "#FFCC00".to_owned(),
            ..filled()
        };
        let draft = filled.draft().unwrap();
        let hours = draft.hours.unwrap();
        assert_eq!(
            (hours.days, hours.from_minute, hours.until_minute),
            (0b001_0000, 1320, 360)
        );
        let burst = draft.terms.rate.unwrap().burst.unwrap();
        assert_eq!((burst.down_bps, burst.up_bps), (10_000_000, 2_500_000));
        assert_eq!((burst.down_below_bps, burst.secs), (2_500_000, BURST_SECS));
        assert_eq!(draft.colour, Some(0xff_cc_00));
        let plan = Plan {
            id: PlanId::from_bytes([1; 16]),
            revision: 1,
            name: draft.name.clone(),
            price: draft.price,
            terms: draft.terms,
            sell_by_secs: draft.sell_by_secs,
            on_sale: draft.on_sale,
            position: draft.position,
            hours: draft.hours,
            colour: draft.colour,
        };
        assert_eq!(Filled::of(&plan).draft().unwrap(), draft);
        let sundays = Filled {
            sun: Some("on".to_owned()),
            ..self::filled()
        };
        let hours = sundays.draft().unwrap().hours.unwrap();
        assert!(hours.is_whole_day() && hours.days == 0b100_0000);
    }
}
