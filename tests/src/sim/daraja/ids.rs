//! Identifiers, receipts and dates in the shapes Daraja gives them. Nairobi is UTC+3 all year. No state beyond the
//! seeded generator that is passed in.

use jiff::{Timestamp, civil::DateTime, tz, tz::TimeZone};
use rand::{RngExt, rngs::StdRng};

const NAIROBI: TimeZone = TimeZone::fixed(tz::offset(3));
const UPPER: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const UPPER_DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
const ALNUM: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const HEX: &[u8] = b"0123456789abcdef";
const DAYS: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUV";

/// Writes `yyyyMMddHHmmss` in Nairobi time.
pub(super) fn stamp(at: Timestamp) -> String {
    at.to_zoned(NAIROBI).strftime("%Y%m%d%H%M%S").to_string()
}

/// Writes `2020-08-05T10:13:00Z`, as Pull does.
pub(super) fn pull_date(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Writes the time of day in Nairobi, as a phone shows it.
pub(super) fn time_of_day(at: Timestamp) -> String {
    at.to_zoned(NAIROBI).strftime("%H:%M").to_string()
}

/// Writes the time of day in Nairobi with its seconds.
pub(super) fn time_of_day_to_the_second(at: Timestamp) -> String {
    at.to_zoned(NAIROBI).strftime("%H:%M:%S").to_string()
}

/// Writes a moment as the SMS of a payment does: `22/11/26 at 12:00 PM`.
pub(super) fn sms_date(at: Timestamp) -> String {
    let at = at.to_zoned(NAIROBI);
    format!(
        "{}/{}/{} at {}",
        at.day(),
        at.month(),
        at.strftime("%y"),
        at.strftime("%-I:%M %p")
    )
}

/// Reads `yyyyMMddHHmmss` as Nairobi time.
pub(super) fn parse_stamp(text: &str) -> Option<Timestamp> {
    if text.len() != 14 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let civil = DateTime::strptime("%Y%m%d%H%M%S", text).ok()?;
    Some(civil.to_zoned(NAIROBI).ok()?.timestamp())
}

/// Reads Pull's `yyyy-MM-dd H:mm:ss` as Nairobi time.
///
/// The documents show hours of one digit, seconds of three (`10:10:000`) and none at all.
pub(super) fn parse_pull_date(text: &str) -> Option<Timestamp> {
    let (day, time) = text.split_once(' ')?;
    let time = match time.split(':').collect::<Vec<_>>()[..] {
        [hour, minute] => format!("{hour}:{minute}:00"),
        [hour, minute, second] if second.len() > 2 => {
            format!("{hour}:{minute}:{:02}", second.parse::<u8>().ok()?)
        }
        _ => time.to_owned(),
    };
    let civil = DateTime::strptime("%Y-%m-%d %H:%M:%S", format!("{day} {time}")).ok()?;
    Some(civil.to_zoned(NAIROBI).ok()?.timestamp())
}

pub(super) fn access_token(rng: &mut StdRng) -> String {
    pick(rng, ALNUM, 28)
}

/// Makes an id such as `2654-4b64-97ff-b827b542881d3130`; pushes, error envelopes and acknowledgements share the shape.
///
/// In all documented ones it is a random UUID without its first group, and then a number.
pub(super) fn request_id(rng: &mut StdRng) -> String {
    let uuid = uuid(rng);
    let tail = uuid.split_once('-').map_or("", |(_, tail)| tail);
    format!("{tail}{}", rng.random_range(1_000..10_000_000))
}

/// Makes a random UUID.
pub(super) fn uuid(rng: &mut StdRng) -> String {
    let hex = |rng: &mut StdRng, length| pick(rng, HEX, length);
    format!(
        "{}-{}-4{}-{}{}-{}",
        hex(rng, 8),
        hex(rng, 4),
        hex(rng, 3),
        pick(rng, b"89ab", 1),
        hex(rng, 3),
        hex(rng, 12)
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
    format!("AG_{day}_{}", pick(rng, HEX, 20))
}

/// Makes a receipt: letters for year and month, a character for the day, seven drawn.
pub(super) fn receipt(rng: &mut StdRng, at: Timestamp) -> String {
    format!("{}{}", receipt_day(at), pick(rng, UPPER_DIGITS, 7))
}

/// Makes what a result says for a receipt where no money moved: `MBN0000000`.
pub(super) fn no_receipt(at: Timestamp) -> String {
    format!("{}0000000", receipt_day(at))
}

fn receipt_day(at: Timestamp) -> String {
    let day = at.to_zoned(NAIROBI).date();
    let letter = |index: usize| char::from(UPPER[index % UPPER.len()]);
    let year = usize::try_from(day.year().saturating_sub(2006)).unwrap_or(0);
    let month = usize::try_from(day.month() - 1).unwrap_or(0);
    let day = usize::try_from(day.day()).unwrap_or(0);
    let day = char::from(DAYS[day % DAYS.len()]);
    format!("{}{}{day}", letter(year), letter(month))
}

/// Draws text of the same length with every run of sixteen or more hex digits replaced: a guessed secret.
///
/// An address without such a run gets one at its end, so that it is never the true one.
pub(super) fn guess_secrets(rng: &mut StdRng, url: &str) -> String {
    let mut guessed = String::with_capacity(url.len());
    let mut rest = url;
    while !rest.is_empty() {
        let run = rest.bytes().take_while(u8::is_ascii_hexdigit).count();
        if run >= 16 {
            guessed.push_str(&pick(rng, HEX, run));
            rest = &rest[run..];
        } else {
            let step = run.max(rest.chars().next().map_or(1, char::len_utf8));
            guessed.push_str(&rest[..step]);
            rest = &rest[step..];
        }
    }
    if guessed == url {
        guessed.push_str(&pick(rng, HEX, 32));
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
    fn request_ids_have_the_documented_shape() {
        let mut rng = StdRng::seed_from_u64(1);
        let drawn = request_id(&mut rng);
        for id in [
            "2654-4b64-97ff-b827b542881d3130",
            "1c5b-4ba8-815c-ac45c57a3db01495926",
            "6e86-45dd-91ac-fd5d4178ab523408729",
            drawn.as_str(),
        ] {
            let groups: Vec<_> = id.split('-').collect();
            assert_eq!(
                groups[..3]
                    .iter()
                    .map(|group| group.len())
                    .collect::<Vec<_>>(),
                [4, 4, 4],
                "{id}"
            );
            assert!(groups[1].starts_with('4'), "{id}");
            assert!(groups[2].starts_with(['8', '9', 'a', 'b']), "{id}");
            let (random, counted) = groups[3].split_at(12);
            assert!(random.bytes().all(|byte| HEX.contains(&byte)), "{id}");
            assert!(
                counted.len() >= 4 && counted.bytes().all(|byte| byte.is_ascii_digit()),
                "{id}"
            );
        }
    }

    #[test]
    fn pull_dates_are_read_as_the_documents_write_them() {
        for (text, at) in [
            ("2020-08-04 8:36:00", "2020-08-04T05:36:00Z"),
            ("2020-08-16 10:10:000", "2020-08-16T07:10:00Z"),
            ("2019-07-31 19:00", "2019-07-31T16:00:00Z"),
            ("2019-07-31 20:35:21", "2019-07-31T17:35:21Z"),
        ] {
            assert_eq!(parse_pull_date(text), Some(at.parse().unwrap()), "{text}");
        }
        for text in [
            "",
            "2020-08-04",
            "2020-08-04T08:36:00",
            "2020-13-04 08:36:00",
        ] {
            assert_eq!(parse_pull_date(text), None, "{text}");
        }
        let at: Timestamp = "2020-08-05T10:13:00Z".parse().unwrap();
        assert_eq!(pull_date(at), "2020-08-05T10:13:00Z");
    }

    #[test]
    fn an_sms_has_the_date_of_nairobi() {
        let at: Timestamp = "2026-11-02T09:05:00Z".parse().unwrap();
        assert_eq!(sms_date(at), "2/11/26 at 12:05 PM");
        assert_eq!(time_of_day(at), "12:05");
        assert_eq!(no_receipt(at), "UK20000000");
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
        let plain = "https://shop.example/callback";
        assert_ne!(guess_secrets(&mut rng, plain), plain);
    }
}
