//! How RouterOS writes and reads values: durations, sizes, addresses, rates. Which property has which kind is in `menu/`.
use std::net::Ipv4Addr;

use super::clock::Ms;

/// Writes a duration as `1w2d3h4m5s`, with milliseconds only when there are some.
pub(crate) fn duration(span: Ms) -> String {
    let mut text = String::new();
    let mut rest = span / 1000;
    for (unit, seconds) in [('w', 604_800), ('d', 86_400), ('h', 3_600), ('m', 60)] {
        if rest >= seconds {
            text.push_str(&(rest / seconds).to_string());
            text.push(unit);
            rest %= seconds;
        }
    }
    if rest > 0 {
        text.push_str(&format!("{rest}s"));
    }
    if !span.is_multiple_of(1000) {
        text.push_str(&format!("{}ms", span % 1000));
    }
    if text.is_empty() {
        "0s".to_owned()
    } else {
        text
    }
}

/// Writes a duration cut to whole seconds, as counters of time are shown.
pub(crate) fn seconds(span: Ms) -> String {
    duration(span / 1000 * 1000)
}

/// The longest span a router keeps: 32 bits of seconds.
const LONGEST: Ms = u32::MAX as Ms * 1000;

/// Reads `1w2d3h4m5s`, `1d 02:03:04`, `90` or `500ms`.
pub(crate) fn parse_duration(text: &str) -> Option<Ms> {
    spelled_duration(text).filter(|span| *span <= LONGEST)
}

fn spelled_duration(text: &str) -> Option<Ms> {
    let text = text.trim();
    let mut total: Ms = 0;
    let mut digits = String::new();
    let mut seen = false;
    let mut rest = text.chars().peekable();
    while let Some(next) = rest.next() {
        match next {
            '0'..='9' => digits.push(next),
            ' ' if digits.is_empty() => {}
            ':' => {
                let clock: String = std::mem::take(&mut digits) + ":" + &rest.collect::<String>();
                return total.checked_add(clock_time(&clock)?);
            }
            _ => {
                let unit = match next {
                    'w' => 604_800_000,
                    'd' => 86_400_000,
                    'h' => 3_600_000,
                    'm' if rest.peek() == Some(&'s') => {
                        rest.next();
                        1
                    }
                    'm' => 60_000,
                    's' => 1000,
                    _ => return None,
                };
                total = total.checked_add(digits.parse::<Ms>().ok()?.checked_mul(unit)?)?;
                digits.clear();
                seen = true;
            }
        }
    }
    if digits.is_empty() {
        return seen.then_some(total);
    }
    total.checked_add(digits.parse::<Ms>().ok()?.checked_mul(1000)?)
}

fn clock_time(text: &str) -> Option<Ms> {
    let parts: Vec<Ms> = text
        .split(':')
        .map(|part| part.parse().ok())
        .collect::<Option<_>>()?;
    let (hours, minutes, seconds) = match parts[..] {
        [hours, minutes] => (hours, minutes, 0),
        [hours, minutes, seconds] => (hours, minutes, seconds),
        _ => return None,
    };
    let minutes = hours.checked_mul(60)?.checked_add(minutes)?;
    minutes
        .checked_mul(60)?
        .checked_add(seconds)?
        .checked_mul(1000)
}

/// Reads a size with an optional binary suffix: `1G`, `500M`, `64k`, `1048576`.
pub(crate) fn parse_size(text: &str) -> Option<u64> {
    let (digits, factor) = match text.as_bytes().last()? {
        b'k' | b'K' => (&text[..text.len() - 1], 1 << 10),
        b'M' => (&text[..text.len() - 1], 1 << 20),
        b'G' => (&text[..text.len() - 1], 1 << 30),
        b'T' => (&text[..text.len() - 1], 1 << 40),
        _ => (text, 1),
    };
    digits.parse::<u64>().ok()?.checked_mul(factor)
}

/// Reads a bit rate with a decimal suffix.
pub(crate) fn parse_rate(text: &str) -> Option<u64> {
    let (digits, factor) = match text.as_bytes().last()? {
        b'k' | b'K' => (&text[..text.len() - 1], 1_000),
        b'M' => (&text[..text.len() - 1], 1_000_000),
        b'G' => (&text[..text.len() - 1], 1_000_000_000),
        _ => (text, 1),
    };
    digits.parse::<u64>().ok()?.checked_mul(factor)
}

/// Reads `rx[/tx]`, where a missing second is the first.
pub(crate) fn parse_pair(text: &str) -> Option<(u64, u64)> {
    match text.split_once('/') {
        Some((rx, tx)) => Some((parse_rate(rx)?, parse_rate(tx)?)),
        None => parse_rate(text).map(|both| (both, both)),
    }
}

/// Reads a whole `rate-limit` and returns its first pair, in bits per second from the router's side.
pub(crate) fn parse_rate_limit(text: &str) -> Option<(u64, u64)> {
    let parts: Vec<&str> = text.split_whitespace().collect();
    if parts.is_empty() || parts.len() > 6 {
        return None;
    }
    for (at, part) in parts.iter().enumerate() {
        let good = match at {
            3 => part.split('/').all(|time| parse_duration(time).is_some()),
            4 => part
                .parse::<u8>()
                .is_ok_and(|priority| (1..=8).contains(&priority)),
            _ => parse_pair(part).is_some(),
        };
        if !good {
            return None;
        }
    }
    parse_pair(parts[0])
}

/// Returns a MAC address as RouterOS writes it, or nothing when the text is none.
pub(crate) fn parse_mac(text: &str) -> Option<String> {
    let plain: String = text
        .chars()
        .filter(|c| !matches!(c, ':' | '-' | '.'))
        .collect();
    if plain.len() != 12 || !plain.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let upper = plain.to_ascii_uppercase();
    let pairs: Vec<&str> = (0..6).map(|at| &upper[at * 2..at * 2 + 2]).collect();
    Some(pairs.join(":"))
}

/// Returns whether an address lies in `a.b.c.d`, `a.b.c.d/n` or `a.b.c.d-e.f.g.h`.
pub(crate) fn in_range(range: &str, address: Ipv4Addr) -> bool {
    let number = u32::from(address);
    if let Some((low, high)) = range.split_once('-') {
        let (Ok(low), Ok(high)) = (low.parse::<Ipv4Addr>(), high.parse::<Ipv4Addr>()) else {
            return false;
        };
        return (u32::from(low)..=u32::from(high)).contains(&number);
    }
    let (base, bits) = match range.split_once('/') {
        Some((base, bits)) => (base, bits.parse::<u32>().unwrap_or(33)),
        None => (range, 32),
    };
    let Ok(base) = base.parse::<Ipv4Addr>() else {
        return false;
    };
    match bits {
        0 => true,
        1..=32 => (u32::from(base) ^ number) >> (32 - bits) == 0,
        _ => false,
    }
}

/// Reads an address with an optional prefix or a range.
pub(crate) fn is_range(text: &str) -> bool {
    let part = |text: &str| text.parse::<Ipv4Addr>().is_ok();
    match (text.split_once('-'), text.split_once('/')) {
        (Some((low, high)), None) => part(low) && part(high),
        (None, Some((base, bits))) => part(base) && bits.parse::<u8>().is_ok_and(|bits| bits <= 32),
        (None, None) => part(text),
        _ => false,
    }
}

/// Returns the `.id` of an active session: the address in hexadecimal.
pub(crate) fn address_id(address: Ipv4Addr) -> String {
    format!("*{:X}", u32::from(address))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_back_as_written() {
        for (text, span) in [
            ("0s", 0),
            ("5m", 300_000),
            ("1w2d3h4m5s", 788_645_000),
            ("1s500ms", 1_500),
            ("1d", 86_400_000),
        ] {
            assert_eq!(duration(span), text);
            assert_eq!(parse_duration(text), Some(span), "{text}");
        }
        assert_eq!(parse_duration("01:02:03"), Some(3_723_000));
        assert_eq!(parse_duration("1d 00:00:01"), Some(86_401_000));
        assert_eq!(parse_duration("90"), Some(90_000));
        assert_eq!(parse_duration("soon"), None);
        assert_eq!(parse_duration(""), None);
    }

    #[test]
    fn rates_macs_and_ranges() {
        assert_eq!(parse_rate_limit("512k/1M"), Some((512_000, 1_000_000)));
        assert_eq!(
            parse_rate_limit("1M 2M 1M 10/10 5"),
            Some((1_000_000, 1_000_000))
        );
        assert_eq!(parse_rate_limit("fast"), None);
        assert_eq!(
            parse_mac("aa-bb-cc-dd-ee-0f").as_deref(),
            Some("AA:BB:CC:DD:EE:0F")
        );
        assert_eq!(parse_mac("aabbccddee0g"), None);
        assert!(in_range("10.0.0.0/8", Ipv4Addr::new(10, 9, 8, 7)));
        assert!(!in_range("10.0.0.1", Ipv4Addr::new(10, 0, 0, 2)));
        assert!(in_range("10.0.0.1-10.0.0.9", Ipv4Addr::new(10, 0, 0, 2)));
        assert_eq!(address_id(Ipv4Addr::new(192, 168, 10, 8)), "*C0A80A08");
        assert_eq!(parse_size("1G"), Some(1 << 30));
    }
}
