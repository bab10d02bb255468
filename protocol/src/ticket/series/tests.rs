//! Series codes against vectors made by another program, and the table against every code and every near miss.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::plan::Terms;

/// The bytes 0 to 31.
fn counting_key() -> SeriesKey {
    SeriesKey::from_bytes(std::array::from_fn(|place| u8::try_from(place).unwrap()))
}

fn series(count: u32, skipped: Vec<u32>, alphabet: Alphabet, length: u8, prefix: &str) -> Series {
    Series {
        id: SeriesId::from_bytes([9; 16]),
        right: Right {
            terms: Terms {
                duration_secs: Some(3600),
                online_secs: None,
                data_bytes: None,
                devices: 1,
                rate: None,
            },
            sell_by: None,
            revoked: None,
            extra_secs: 0,
        },
        plan_name: "1 hour".into(),
        price: Money::from_shillings(20),
        count,
        skipped,
        alphabet,
        length,
        prefix: prefix.into(),
        home: SiteId::from_bytes([1; 16]),
        cut_off: CutOff::HomeOnly,
        sealed_key: Vec::new(),
    }
}

/// The numbers whose code an earlier one has or RouterOS would take for a MAC address.
fn passed_over(
    key: &SeriesKey,
    prefix: &str,
    alphabet: Alphabet,
    length: u8,
    count: u32,
) -> Vec<u32> {
    let mut kept = BTreeSet::new();
    let mut skipped = Vec::new();
    let mut numbers = 0..;
    while u32::try_from(kept.len()).unwrap() < count {
        let number = numbers.next().unwrap();
        let code = code(key, prefix, alphabet, length, number);
        if code.looks_like_mac() || !kept.insert(code) {
            skipped.push(number);
        }
    }
    skipped
}

// Made with Python's hmac and integers, from the words of `code`'s description alone.
#[test]
fn codes_are_the_published_ones() {
    let high = SeriesKey::from_bytes([0xff; 32]);
    let low = counting_key();
    for (key, prefix, alphabet, length, number, expected) in [
        (&low, "", Alphabet::Crockford, 12, 0, "S0TR5NBAH4PG"),
        (&low, "", Alphabet::Crockford, 12, 1, "8KGK5H3B7DYH"),
        (&low, "", Alphabet::Crockford, 12, 99_999, "RWFNAZ8A1PRH"),
        (&low, "MN", Alphabet::Crockford, 8, 7, "MN45ZQRD"),
        (&low, "", Alphabet::Digits, 10, 0, "2560843472"),
        (&low, "07", Alphabet::Digits, 8, u32::MAX - 1, "07398984"),
        (
            &high,
            "",
            Alphabet::Crockford,
            16,
            12_345,
            "D1W7PP59FC8Y7SXB",
        ),
        (&high, "", Alphabet::Digits, 16, 3, "2471028327463015"),
    ] {
        assert_eq!(
            code(key, prefix, alphabet, length, number).as_str(),
            expected
        );
    }
    assert_eq!(
        passed_over(&low, "", Alphabet::Digits, 6, 3000),
        [1741, 2763, 2785, 2874]
    );
    assert_eq!(
        passed_over(&low, "", Alphabet::Crockford, 12, 13_000),
        [760, 3652, 7233, 7715, 8612, 12_899]
    );
    let hex: Vec<_> = (0..2)
        .map(|number| {
            format!(
                "{:032x}",
                ticket_id(SeriesId::from_bytes([9; 16]), number).as_u128()
            )
        })
        .collect();
    assert_eq!(
        hex,
        [
            "e46daec2dec68adaaf7813860fff1607",
            "eb40e12fdd3b8cd382ec29e3257911d0"
        ]
    );
}

#[test]
fn a_table_of_100_000_finds_every_code_and_no_other() {
    let key = counting_key();
    for (count, alphabet, length, prefix) in [
        (100_000, Alphabet::Crockford, 12, ""),
        (10_000, Alphabet::Crockford, 8, "K"),
        (10_000, Alphabet::Digits, 8, ""),
    ] {
        let skipped = passed_over(&key, prefix, alphabet, length, count);
        let series = series(count, skipped.clone(), alphabet, length, prefix);
        let table = Table::expand(&series, &key);
        let count = usize::try_from(count).unwrap();
        assert_eq!(table.len(), count);
        let mut live = BTreeSet::new();
        for number in numbers(&series) {
            let code = table.code(number);
            assert_eq!(table.find(&code), Some(number));
            assert!(!code.looks_like_mac());
            live.insert(code);
        }
        assert_eq!(live.len(), count);
        for number in skipped.into_iter().chain(200_000..220_000) {
            let code = table.code(number);
            assert_eq!(table.find(&code).is_some(), live.contains(&code));
        }
    }
}

#[test]
fn codes_of_another_form_or_key_are_not_found() {
    let key = counting_key();
    let table = Table::expand(&series(500, vec![], Alphabet::Digits, 8, "07"), &key);
    assert!(table.find(&table.code(499)).is_some());
    assert_eq!(table.find(&table.code(500)), None);
    for typed in ["0739898", "073989844", "17398984", "073989A4"] {
        assert_eq!(
            table.find(&TicketCode::parse(typed).unwrap()),
            None,
            "{typed}"
        );
    }
    let other = SeriesKey::from_bytes([1; 32]);
    let found = (0..500)
        .filter(|number| {
            table
                .find(&code(&other, "07", Alphabet::Digits, 8, *number))
                .is_some()
        })
        .count();
    // 500 of a million codes are live, so 500 foreign ones hit less than once.
    assert!(found <= 3, "{found}");
}

#[test]
fn codes_that_agree_in_the_bits_the_table_keeps_are_told_apart() {
    let key = counting_key();
    let table = Table::expand(&series(500, vec![], Alphabet::Crockford, 12, ""), &key);
    for number in 0..500 {
        let code = table.code(number);
        let first = if code.as_str().starts_with('0') {
            "1"
        } else {
            "0"
        };
        let other = TicketCode::parse(&format!("{first}{}", &code.as_str()[1..])).unwrap();
        assert_eq!(table.find(&other), None);
    }
}

#[test]
fn skipped_numbers_are_no_tickets_and_the_count_stays() {
    let some = series(5, vec![0, 3, 4], Alphabet::Digits, 8, "");
    assert_eq!(numbers(&some).collect::<Vec<_>>(), [1, 2, 5, 6, 7]);
    let table = Table::expand(&some, &counting_key());
    assert_eq!(table.len(), 5);
    assert_eq!(table.find(&table.code(3)), None);
    let endless = series(u32::MAX, vec![], Alphabet::Digits, 8, "");
    assert_eq!(u32::try_from(numbers(&endless).count()), Ok(MAX_COUNT));
}

#[test]
fn a_table_made_bit_by_bit_is_the_one_made_at_once() {
    let key = counting_key();
    let series = series(1_000, vec![0, 7, 7, 3], Alphabet::Crockford, 12, "");
    let whole = Table::expand(&series, &key);
    let mut some = Unfinished::begin(&series, &key);
    assert_eq!(some.len(), 1_000);
    let mut turns = 1;
    while some.derive(300) {
        turns += 1;
        assert_eq!(some.len(), 1_000, "what is to come counts");
    }
    assert_eq!(turns, 4);
    assert_eq!(some.code(999), whole.code(999));
    let some = some.finish();
    for number in numbers(&series) {
        assert_eq!(some.find(&whole.code(number)), Some(number));
    }
}

#[test]
fn a_series_that_skips_more_than_it_may_ends_where_the_table_does() {
    let last = (1 << 18) - 1;
    let strange = series(5, (0..last - 1).collect(), Alphabet::Crockford, 12, "");
    assert_eq!(numbers(&strange).collect::<Vec<_>>(), [last - 1, last]);
    assert_eq!(Table::expand(&strange, &counting_key()).len(), 2);
}

#[test]
fn forms_that_cannot_work_are_refused() {
    use Alphabet::{Crockford, Digits};
    assert_eq!(check_form("", Crockford, 12), Ok(12));
    assert_eq!(check_form("KSM", Crockford, 8), Ok(5));
    assert_eq!(check_form("07", Digits, 8), Ok(6));
    assert_eq!(check_form("", Crockford, 5), Err(BadForm::Length));
    assert_eq!(check_form("", Crockford, 17), Err(BadForm::Length));
    assert_eq!(check_form("ks", Crockford, 8), Err(BadForm::Prefix));
    assert_eq!(check_form("O1", Crockford, 8), Err(BadForm::Prefix));
    assert_eq!(check_form("é", Crockford, 8), Err(BadForm::Prefix));
    assert_eq!(check_form("A", Digits, 8), Err(BadForm::Prefix));
    assert_eq!(check_form("ABCDE", Crockford, 8), Err(BadForm::NoRoom));
    assert_eq!(check_form("ABCDEFGHJ", Crockford, 8), Err(BadForm::NoRoom));
    assert_eq!(check_form("", Digits, 12), Err(BadForm::MacShaped));
}

#[test]
fn guesses_are_those_of_the_page() {
    let near = |live, alphabet, length, expected: f64| {
        let guesses = guesses_per_site_year(live, alphabet, length);
        assert!(
            (guesses / expected - 1.0).abs() < 0.1,
            "{guesses} for {expected}"
        );
    };
    near(1_000, Alphabet::Crockford, 8, 0.0287);
    near(300, Alphabet::Digits, 10, 0.946);
    near(100_000, Alphabet::Crockford, 12, 2.74e-6);
}

#[test]
fn cut_off_from_the_controller_a_series_is_good_where_its_policy_says() {
    let (home, away) = (SiteId::from_bytes([1; 16]), SiteId::from_bytes([2; 16]));
    let mut series = series(1, vec![], Alphabet::Digits, 8, "");
    for (policy, site, cloud, expected) in [
        (CutOff::HomeOnly, home, Cloud::Away, Place::Good),
        (CutOff::HomeOnly, away, Cloud::Away, Place::CutOff),
        (CutOff::HomeOnly, away, Cloud::Reachable, Place::Good),
        (CutOff::Anywhere, away, Cloud::Away, Place::Good),
    ] {
        series.cut_off = policy;
        assert_eq!(series.place(site, cloud), expected);
    }
}

#[test]
fn keys_do_not_show() {
    let key = SeriesKey::from_bytes([0xab; 32]);
    let series = series(3, vec![], Alphabet::Digits, 8, "");
    let shown = format!("{key:?} {series:?} {:?}", Table::expand(&series, &key));
    assert!(
        !shown.contains("171") && !shown.to_lowercase().contains("ab, ab"),
        "{shown}"
    );
}

proptest! {
    #[test]
    fn every_form_gives_codes_that_people_can_type_back(
        key: [u8; 32],
        number: u32,
        digits: bool,
        length in 6_u8..=16,
        prefix in "[0-9]{0,6}",
    ) {
        let alphabet = if digits { Alphabet::Digits } else { Alphabet::Crockford };
        let code = code(&SeriesKey::from_bytes(key), &prefix, alphabet, length, number);
        prop_assert_eq!(code.as_str().len(), usize::from(length));
        prop_assert_eq!(TicketCode::parse(&code.shown()), Ok(code.clone()));
        prop_assert!(code.as_str().starts_with(&prefix[..prefix.len().min(length.into())]));
        prop_assert!(!digits || code.as_str().bytes().all(|letter| letter.is_ascii_digit()));
    }

    #[test]
    fn a_form_that_would_be_refused_still_gives_some_code(key: [u8; 32], length: u8, prefix in "\\PC{0,20}") {
        let key = SeriesKey::from_bytes(key);
        let code = code(&key, &prefix, Alphabet::Crockford, length, 0);
        prop_assert_eq!(TicketCode::parse(code.as_str()), Ok(code));
    }

    #[test]
    fn every_letter_is_equally_likely(seed: [u8; 32]) {
        let key = SeriesKey::from_bytes(seed);
        let mut seen = [0_u32; 256];
        for number in 0..400 {
            for letter in code(&key, "", Alphabet::Crockford, 16, number).as_str().bytes() {
                seen[usize::from(letter)] += 1;
            }
        }
        // 6,400 letters over 32: 200 each, standard deviation 14; six of them either way.
        for letter in code::CROCKFORD {
            prop_assert!((116..=284).contains(&seen[usize::from(*letter)]));
        }
    }
}
