//! The values RouterOS writes as text: durations, rates, booleans. Dates are left out: no decision rests on the router's calendar.

/// Reads a duration such as `1w2d3h4m5s`, `1d02:03:04`, `5s`, `350ms` in whole seconds, rounded down; `None` when it is none.
#[must_use]
pub fn duration_secs(text: &str) -> Option<u64> {
    let mut total: u64 = 0;
    let mut rest = text;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        if rest.contains(':') && !rest.contains(['w', 'd', 'h', 'm', 's']) {
            return total.checked_add(clock_secs(rest)?);
        }
        let digits = rest
            .find(|letter: char| !letter.is_ascii_digit())
            .unwrap_or(rest.len());
        let number: u64 = rest.get(..digits)?.parse().ok()?;
        let after = rest.get(digits..)?;
        let letters = after
            .find(|letter: char| letter.is_ascii_digit())
            .unwrap_or(after.len());
        let unit = match after.get(..letters)? {
            "w" => 604_800,
            "d" => 86_400,
            "h" => 3_600,
            "m" => 60,
            "s" | "" => 1,
            "ms" | "us" | "ns" => 0,
            _ => return None,
        };
        total = total.checked_add(number.checked_mul(unit)?)?;
        rest = after.get(letters..)?;
    }
    Some(total)
}

fn clock_secs(text: &str) -> Option<u64> {
    let mut parts = text.split(':');
    let hours: u64 = parts.next()?.parse().ok()?;
    let minutes: u64 = parts.next()?.parse().ok()?;
    let seconds: u64 = parts.next()?.split('.').next()?.parse().ok()?;
    let in_range = parts.next().is_none() && minutes < 60 && seconds < 60;
    in_range
        .then(|| {
            hours
                .checked_mul(3_600)?
                .checked_add(minutes * 60 + seconds)
        })
        .flatten()
}

/// Reads a boolean; the router answers `true` and `false` to what was set as `yes` and `no`. Absent means false.
#[must_use]
pub fn is_true(text: Option<&str>) -> bool {
    matches!(text, Some("true" | "yes"))
}

/// Reads one rate in bits per second, such as `512k`, `10M`, `1000000`.
#[must_use]
pub fn bits_per_second(text: &str) -> Option<u64> {
    let (digits, unit) = match text.strip_suffix(['k', 'M', 'G']) {
        Some(digits) => (digits, text.get(digits.len()..)?),
        None => (text, ""),
    };
    let scale = match unit {
        "k" => 1_000,
        "M" => 1_000_000,
        "G" => 1_000_000_000,
        _ => 1,
    };
    if digits.is_empty() || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    digits.parse::<u64>().ok()?.checked_mul(scale)
}

/// Writes one rate in the largest unit that loses nothing.
#[must_use]
pub fn rate_text(bits: u64) -> String {
    match bits {
        _ if bits >= 1_000_000 && bits.is_multiple_of(1_000_000) => {
            format!("{}M", bits / 1_000_000)
        }
        _ if bits >= 1_000 && bits.is_multiple_of(1_000) => format!("{}k", bits / 1_000),
        _ => bits.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn durations_of_every_shape() {
        for (text, secs) in [
            ("0s", 0),
            ("5s", 5),
            ("1w2d3h4m5s", 604_800 + 2 * 86_400 + 3 * 3_600 + 4 * 60 + 5),
            ("3d", 259_200),
            ("2m", 120),
            ("350ms", 0),
            ("1s350ms", 1),
            ("4m10s120ms", 250),
            ("00:05:00", 300),
            ("1d02:03:04", 86_400 + 2 * 3_600 + 3 * 60 + 4),
            ("1w1d00:00:01", 604_800 + 86_400 + 1),
            ("90", 90),
        ] {
            assert_eq!(duration_secs(text), Some(secs), "{text}");
        }
        for text in [
            "",
            "none",
            "s",
            "1x",
            "1:2",
            "00:99:00",
            "-5s",
            "1s-",
            "99999999999999999999s",
            "18446744073709551615w",
        ] {
            assert_eq!(duration_secs(text), None, "{text}");
        }
    }

    #[test]
    fn rates_of_every_shape() {
        for (text, bits) in [
            ("512k", 512_000),
            ("1M", 1_000_000),
            ("2G", 2_000_000_000),
            ("64000", 64_000),
            ("0", 0),
        ] {
            assert_eq!(bits_per_second(text), Some(bits), "{text}");
        }
        for text in ["", "k", "1m", "-1", "1.5M", "M1", "99999999999G"] {
            assert_eq!(bits_per_second(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_written_rate_reads_back(bits in any::<u64>()) {
            prop_assert_eq!(bits_per_second(&rate_text(bits)), Some(bits));
        }

        #[test]
        fn any_text_is_a_duration_or_not(text in "[0-9wdhms:.]{0,12}") {
            let _ = duration_secs(&text);
        }
    }
}
