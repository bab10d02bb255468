//! Parts of a plan as the API writes them: more speed for a moment, the hours in which it is sold, its colour.

use mnara_protocol::plan;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::nairobi;
use crate::providers::parse_colour;
use crate::web::{Answer, Problem};

/// More speed for a moment: while the average of the last seconds is below a threshold.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Burst {
    /// Bits a second to the device.
    #[schema(minimum = 8_000, maximum = 9_000_000_000_000_000_i64)]
    down_bps: u64,
    /// Bits a second from the device.
    #[schema(minimum = 8_000, maximum = 9_000_000_000_000_000_i64)]
    up_bps: u64,
    /// To the device: with a higher average there is no more.
    #[schema(minimum = 1, maximum = 9_000_000_000_000_000_i64)]
    down_below_bps: u64,
    /// From the device, likewise.
    #[schema(minimum = 1, maximum = 9_000_000_000_000_000_i64)]
    up_below_bps: u64,
    /// Over how many seconds the average is taken.
    #[schema(minimum = 1, maximum = 300)]
    seconds: u16,
}

impl From<plan::Burst> for Burst {
    fn from(burst: plan::Burst) -> Self {
        Self {
            down_bps: burst.down_bps,
            up_bps: burst.up_bps,
            down_below_bps: burst.down_below_bps,
            up_below_bps: burst.up_below_bps,
            seconds: burst.secs,
        }
    }
}

impl From<Burst> for plan::Burst {
    fn from(burst: Burst) -> Self {
        Self {
            down_bps: burst.down_bps,
            up_bps: burst.up_bps,
            down_below_bps: burst.down_below_bps,
            up_below_bps: burst.up_below_bps,
            secs: burst.seconds,
        }
    }
}

/// A day of the week.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the days of the week")]
pub enum Weekday {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

impl Weekday {
    const ALL: [Self; 7] = [
        Self::Monday,
        Self::Tuesday,
        Self::Wednesday,
        Self::Thursday,
        Self::Friday,
        Self::Saturday,
        Self::Sunday,
    ];
}

/// When a plan is sold, by Nairobi's clock.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SaleHours {
    /// The days on which it is.
    #[schema(min_items = 1, max_items = 7)]
    days: Vec<Weekday>,
    /// From this time of day, such as `08:00`.
    #[schema(pattern = "^([01][0-9]|2[0-3]):[0-5][0-9]$")]
    from: String,
    /// Until this time of day, such as `22:00`; on the next day if it is not later.
    #[schema(pattern = "^([01][0-9]|2[0-3]):[0-5][0-9]$")]
    until: String,
}

impl From<plan::Hours> for SaleHours {
    fn from(hours: plan::Hours) -> Self {
        let time = |minute: u16| format!("{:02}:{:02}", minute / 60, minute % 60);
        Self {
            days: Weekday::ALL
                .into_iter()
                .enumerate()
                .filter(|(place, _)| hours.is_on(*place))
                .map(|(_, day)| day)
                .collect(),
            from: time(hours.from_minute),
            until: time(hours.until_minute),
        }
    }
}

impl SaleHours {
    /// Reads them.
    ///
    /// # Errors
    /// When a time is none.
    pub fn read(&self) -> Answer<plan::Hours> {
        if self.days.len() > Weekday::ALL.len() {
            return Err(Problem::bad_field("hours.days: name each day once."));
        }
        let days = Weekday::ALL
            .into_iter()
            .enumerate()
            .filter(|(_, day)| self.days.contains(day))
            .fold(0_u8, |days, (place, _)| days | (1 << place));
        Ok(plan::Hours {
            days,
            from_minute: minute("hours.from", &self.from)?,
            until_minute: minute("hours.until", &self.until)?,
            ahead_minutes: nairobi::AHEAD_MINUTES,
        })
    }
}

/// Reads a time of day, as a minute of it.
///
/// # Errors
/// When it is none.
pub fn minute(field: &str, text: &str) -> Answer<u16> {
    let time = text.split_once(':').and_then(|(hour, minute)| {
        let number = |text: &str| {
            let is_plain = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
            text.parse::<u16>().ok().filter(|_| is_plain)
        };
        Some((
            number(hour).filter(|hour| *hour < 24)?,
            number(minute).filter(|minute| *minute < 60)?,
        ))
    });
    time.map(|(hour, minute)| hour * 60 + minute)
        .ok_or_else(|| Problem::bad_field(format!("{field}: give a time of day such as 08:00.")))
}

/// Reads a colour.
///
/// # Errors
/// When it is none.
pub fn colour(text: &str) -> Answer<u32> {
    parse_colour(text).map_err(|error| Problem::bad_field(format!("colour: {error}.")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_come_back_as_they_were_written() {
        let written = SaleHours {
            days: vec![Weekday::Monday, Weekday::Sunday],
            from: "18:30".to_owned(),
            until: "06:00".to_owned(),
        };
        let read = written.read().unwrap();
        assert_eq!(
            (read.days, read.from_minute, read.until_minute),
            (0b100_0001, 1110, 360)
        );
        let again = SaleHours::from(read);
        assert_eq!(
            (again.days, again.from, again.until),
            (written.days, written.from, written.until)
        );
        for bad in ["", "8:00", "24:00", "08:60", "08-00", "+8:00"] {
            assert!(minute("x", bad).is_err(), "{bad}");
        }
    }
}
