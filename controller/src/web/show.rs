//! How numbers and times stand on pages: shillings with their thousands, Nairobi's clock.

use jiff::tz::TimeZone;
use mnara_protocol::clock::Timestamp;
use mnara_protocol::money::Money;

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

/// A moment on Nairobi's clock: `26 Nov 2026, 14:05`.
#[must_use]
pub fn moment(at: Timestamp) -> String {
    let zone = TimeZone::get("Africa/Nairobi").unwrap_or(TimeZone::UTC);
    jiff::Timestamp::from_millisecond(at.as_millis()).map_or_else(
        |_| "?".to_owned(),
        |at| at.to_zoned(zone).strftime("%-d %b %Y, %H:%M").to_string(),
    )
}

/// A moment for programs, as RFC 3339 has it: `2026-11-26T11:05:00Z`.
#[must_use]
pub fn utc(at: Timestamp) -> String {
    jiff::Timestamp::from_millisecond(at.as_millis())
        .map_or_else(|_| "9999-12-31T23:59:59Z".to_owned(), |at| at.to_string())
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
    fn the_clock_is_nairobis() {
        assert_eq!(
            moment(Timestamp::from_secs(1_800_000_000)),
            "15 Jan 2027, 11:00"
        );
    }

    #[test]
    fn programs_get_utc() {
        assert_eq!(
            utc(Timestamp::from_millis(1_800_000_000_250)),
            "2027-01-15T08:00:00.25Z"
        );
    }
}
