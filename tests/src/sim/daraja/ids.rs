//! Identifiers, receipts and dates in the shapes Daraja gives them. Nairobi is UTC+3 all year. No state beyond the
//! seeded generator that is passed in.

use jiff::{Timestamp, civil::DateTime, tz, tz::TimeZone};
use rand::{RngExt, rngs::StdRng};

const NAIROBI: TimeZone = TimeZone::fixed(tz::offset(3));
const UPPER: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const UPPER_DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
const ALNUM: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const DAYS: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUV";

/// Writes `yyyyMMddHHmmss` in Nairobi time.
pub(super) fn stamp(at: Timestamp) -> String {
    at.to_zoned(NAIROBI).strftime("%Y%m%d%H%M%S").to_string()
}

/// Writes `yyyy-MM-dd HH:mm:ss` in Nairobi time, as Pull does.
pub(super) fn pull_date(at: Timestamp) -> String {
    at.to_zoned(NAIROBI)
        .strftime("%Y-%m-%d %H:%M:%S")
        .to_string()
}

/// Reads `yyyyMMddHHmmss` as Nairobi time.
pub(super) fn parse_stamp(text: &str) -> Option<Timestamp> {
    if text.len() != 14 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let civil = DateTime::strptime("%Y%m%d%H%M%S", text).ok()?;
    Some(civil.to_zoned(NAIROBI).ok()?.timestamp())
}

/// Reads Pull's `yyyy-MM-dd H:mm:ss` (the documented sample has a one-digit hour) as Nairobi time.
pub(super) fn parse_pull_date(text: &str) -> Option<Timestamp> {
    let civil = DateTime::strptime("%Y-%m-%d %H:%M:%S", text).ok()?;
    Some(civil.to_zoned(NAIROBI).ok()?.timestamp())
}

pub(super) fn access_token(rng: &mut StdRng) -> String {
    pick(rng, ALNUM, 28)
}

/// Makes an id such as `2654-4b64-97ff-b827b542881d3130`; error envelopes and pushes share the shape.
pub(super) fn request_id(rng: &mut StdRng) -> String {
    let hex = |rng: &mut StdRng, length| pick(rng, b"0123456789abcdef", length);
    format!(
        "{}-{}-{}-{}",
        hex(rng, 4),
        hex(rng, 4),
        hex(rng, 4),
        hex(rng, 16)
    )
}

/// Makes `ws_CO_` + `ddMMyyyyHHmmss` + milliseconds + the last nine digits of the phone.
pub(super) fn checkout_request_id(at: Timestamp, msisdn: &str) -> String {
    let when = at.to_zoned(NAIROBI).strftime("%d%m%Y%H%M%S").to_string();
    let millis = at.as_millisecond().rem_euclid(1_000);
    let subscriber = msisdn.get(3..).unwrap_or(msisdn);
    format!("ws_CO_{when}{millis:03}{subscriber}")
}

/// Makes an originator's conversation id such as `3213-416199-2`.
pub(super) fn originator_conversation_id(rng: &mut StdRng) -> String {
    format!(
        "{}-{}-1",
        rng.random_range(1_000..100_000),
        rng.random_range(100_000..100_000_000)
    )
}

/// Makes `AG_yyyyMMdd_` and twenty hex digits.
pub(super) fn conversation_id(rng: &mut StdRng, at: Timestamp) -> String {
    let day = at.to_zoned(NAIROBI).strftime("%Y%m%d").to_string();
    format!("AG_{day}_{}", pick(rng, b"0123456789abcdef", 20))
}

/// Makes a receipt: letters for year and month, a character for the day, seven drawn.
pub(super) fn receipt(rng: &mut StdRng, at: Timestamp) -> String {
    let day = at.to_zoned(NAIROBI).date();
    let letter = |index: usize| char::from(UPPER[index % UPPER.len()]);
    let year = usize::try_from(day.year().saturating_sub(2006)).unwrap_or(0);
    let month = usize::try_from(day.month() - 1).unwrap_or(0);
    let day = usize::try_from(day.day()).unwrap_or(0);
    let day = char::from(DAYS[day % DAYS.len()]);
    format!(
        "{}{}{day}{}",
        letter(year),
        letter(month),
        pick(rng, UPPER_DIGITS, 7)
    )
}

/// Draws text of the same length with every run of sixteen or more hex digits replaced: a guessed secret.
pub(super) fn guess_secrets(rng: &mut StdRng, url: &str) -> String {
    let mut guessed = String::with_capacity(url.len());
    let mut rest = url;
    while !rest.is_empty() {
        let run = rest.bytes().take_while(u8::is_ascii_hexdigit).count();
        if run >= 16 {
            guessed.push_str(&pick(rng, b"0123456789abcdef", run));
            rest = &rest[run..];
        } else {
            let step = run.max(rest.chars().next().map_or(1, char::len_utf8));
            guessed.push_str(&rest[..step]);
            rest = &rest[step..];
        }
    }
    guessed
}

fn pick(rng: &mut StdRng, alphabet: &[u8], length: usize) -> String {
    (0..length)
        .map(|_| char::from(alphabet[rng.random_range(0..alphabet.len())]))
        .collect()
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    #[test]
    fn receipts_carry_the_date_as_real_ones_do() {
        // NLJ7RT61SV is of 2019-12-19 and RKL51ZDR4F of 2023-11-21.
        let mut rng = StdRng::seed_from_u64(1);
        let first = parse_stamp("20191219102115").unwrap();
        assert!(receipt(&mut rng, first).starts_with("NLJ"));
        let second = parse_stamp("20231121121325").unwrap();
        assert!(receipt(&mut rng, second).starts_with("RKL"));
    }

    #[test]
    fn checkout_ids_have_the_documented_shape() {
        // ws_CO_21072024125243250722943992 is 2024-07-21 12:52:43.250 in Nairobi for 254722943992.
        let at: Timestamp = "2024-07-21T09:52:43.250Z".parse().unwrap();
        assert_eq!(
            checkout_request_id(at, "254722943992"),
            "ws_CO_21072024125243250722943992"
        );
    }

    #[test]
    fn stamps_are_nairobi_time() {
        let at: Timestamp = "2021-06-28T06:24:08Z".parse().unwrap();
        assert_eq!(stamp(at), "20210628092408");
        assert_eq!(parse_stamp("20210628092408"), Some(at));
        assert_eq!(parse_stamp("2021062809240"), None);
        assert_eq!(parse_stamp("20211328092408"), None);
    }

    #[test]
    fn a_guess_changes_the_secret_and_nothing_else() {
        let mut rng = StdRng::seed_from_u64(1);
        let url = "http://127.0.0.1:8080/pay/0123456789abcdef0123456789abcdef/é";
        let guess = guess_secrets(&mut rng, url);
        assert_ne!(guess, url);
        assert_eq!(guess.len(), url.len());
        assert!(guess.starts_with("http://127.0.0.1:8080/pay/"));
        assert!(guess.ends_with("/é"));
    }
}
