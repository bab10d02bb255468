//! How numbers and times stand on pages: shillings with their thousands, Nairobi's clock.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::money::Money;

use crate::nairobi;

/// Between a number and its unit, so that no line ends there.
const NBSP: char = '\u{a0}';

/// An amount: `KSh 1,250`, and cents only where there are some.
#[must_use]
pub fn money(amount: Money) -> String {
    let cents = amount.cents();
    let sign = if cents < 0 { "−" } else { "" };
    let (whole, rest) = (cents.unsigned_abs() / 100, cents.unsigned_abs() % 100);
    let whole = thousands(whole);
    if rest == 0 {
        format!("{sign}KSh{NBSP}{whole}")
    } else {
        format!("{sign}KSh{NBSP}{whole}.{rest:02}")
    }
}

/// A count with its thousands: `12,345`.
#[must_use]
pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A moment on Nairobi's clock as spreadsheets sort it: `2026-11-26 14:05:09`.
#[must_use]
pub fn sortable(at: Timestamp) -> String {
    with_digits(at, "%Y-%m-%d %H:%M:%S")
}

/// A Kenyan number as people say it: `0712 345 678`, on one line.
#[must_use]
pub fn phone(digits: &str) -> String {
    typed_phone(digits).replace(' ', "\u{a0}")
}

/// A Kenyan number as people type it: for fields, and for letters and SMS, in which that other space costs.
#[must_use]
pub fn typed_phone(digits: &str) -> String {
    match digits.strip_prefix("254") {
        Some(rest) if rest.len() == 9 && rest.is_ascii() => {
            format!("0{} {} {}", &rest[..3], &rest[3..6], &rest[6..])
        }
        _ => digits.to_owned(),
    }
}

fn with_digits(at: Timestamp, format: &str) -> String {
    nairobi::clock(at).map_or_else(|| "?".to_owned(), |at| at.strftime(format).to_string())
}

/// A moment for programs, as RFC 3339 has it: `2026-11-26T11:05:00Z`.
#[must_use]
pub fn utc(at: Timestamp) -> String {
    jiff::Timestamp::from_millisecond(at.as_millis())
        .map_or_else(|_| "9999-12-31T23:59:59Z".to_owned(), |at| at.to_string())
}

/// A moment of today on Nairobi's clock, to the second: `14:05:09`.
#[must_use]
pub fn clock(at: Timestamp) -> String {
    with_digits(at, "%H:%M:%S")
}

/// An amount of data: `850 MB`, `1.2 GB`.
#[must_use]
pub fn data(bytes: u64) -> String {
    scaled(bytes, ["B", "kB", "MB", "GB", "TB"])
}

/// A speed from bits a second: `640 kbit/s`, `5.2 Mbit/s`.
#[must_use]
pub fn speed(bits: u64) -> String {
    scaled(bits, ["bit/s", "kbit/s", "Mbit/s", "Gbit/s", "Tbit/s"])
}

/// A number in the largest unit of which there is at least one, with one decimal below ten.
fn scaled(number: u64, units: [&str; 5]) -> String {
    let mut rest = number;
    let mut tenths = 0;
    let mut at = 0;
    while rest >= 1000 && at + 1 < units.len() {
        tenths = rest % 1000 / 100;
        rest /= 1000;
        at += 1;
    }
    let unit = units[at];
    if rest < 10 && tenths > 0 {
        format!("{rest}.{tenths}{NBSP}{unit}")
    } else {
        format!("{rest}{NBSP}{unit}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_read_at_a_glance() {
        for (cents, text) in [
            (125_000, "KSh\u{a0}1,250"),
            (5_000, "KSh\u{a0}50"),
            (5_050, "KSh\u{a0}50.50"),
            (0, "KSh\u{a0}0"),
            (-100_000_000, "−KSh\u{a0}1,000,000"),
        ] {
            assert_eq!(money(Money::from_cents(cents)), text);
        }
        assert_eq!(thousands(999), "999");
        assert_eq!(thousands(100_000), "100,000");
    }

    #[test]
    fn a_number_is_shown_as_people_say_it() {
        assert_eq!(phone("254712345678"), "0712\u{a0}345\u{a0}678");
        assert_eq!(typed_phone("254712345678"), "0712 345 678");
        assert_eq!(phone("12"), "12");
    }

    #[test]
    fn the_clock_is_nairobis() {
        let late = Timestamp::from_secs(1_800_000_000 + 14 * 3600);
        assert_eq!(sortable(late), "2027-01-16 01:00:00");
    }

    #[test]
    fn programs_get_utc() {
        assert_eq!(
            utc(Timestamp::from_millis(1_800_000_000_250)),
            "2027-01-15T08:00:00.25Z"
        );
    }

    #[test]
    fn data_and_speed_are_read_at_a_glance() {
        for (bytes, text) in [
            (0, "0\u{a0}B"),
            (999, "999\u{a0}B"),
            (1_000, "1\u{a0}kB"),
            (1_250_000, "1.2\u{a0}MB"),
            (51_900_000, "51\u{a0}MB"),
            (u64::MAX, "18446744\u{a0}TB"),
        ] {
            assert_eq!(data(bytes), text);
        }
        assert_eq!(speed(5_200_000), "5.2\u{a0}Mbit/s");
        assert_eq!(clock(Timestamp::from_secs(1_800_000_009)), "11:00:09");
    }
}
