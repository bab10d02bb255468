//! What one cell of a statement says: an amount, a time or who paid.
//!
//! Times are Nairobi's, with the day first or the year first.

use jiff::civil::DateTime;
use mnara_protocol::clock::Timestamp;
use mnara_protocol::money::Money;

use crate::nairobi;
use crate::rails::daraja::callback::Payer;

/// An amount; nothing there is none. A comma before the last one or two digits is a decimal one, as spreadsheets of other countries write it, and
/// points then part the thousands. What can be read either way is not read.
pub(super) fn amount(text: &str) -> Option<Money> {
    let plain: String = text
        .chars()
        .filter(|letter| !matches!(letter, ' ' | '\u{a0}' | '\u{202f}'))
        .collect();
    let plain = plain.trim_start_matches('+');
    if plain.is_empty() || plain == "-" {
        return Some(Money::from_cents(0));
    }
    let Some((whole, part)) = plain.rsplit_once([',', '.']) else {
        return plain.parse().ok();
    };
    let is_comma = plain[whole.len()..].starts_with(',');
    let plain = match (is_comma, part.len()) {
        (true, 1 | 2) => format!("{}.{part}", joined(whole, '.')?),
        (true, 3) if !whole.contains('.') => format!("{}{part}", joined(whole, ',')?),
        (true, _) => return None,
        (false, 3) if !whole.contains(',') => return None,
        (false, _) => format!("{}.{part}", joined(whole, ',')?),
    };
    plain.parse().ok()
}

/// A number without what parts its thousands, if it does part those.
fn joined(whole: &str, between: char) -> Option<String> {
    let mut groups = whole.split(between);
    let first = groups.next()?.to_owned();
    groups.try_fold(first, |all, group| (group.len() == 3).then(|| all + group))
}

/// A time on Nairobi's clock.
pub(super) fn time(text: &str) -> Option<Timestamp> {
    const DATES: [&str; 6] = [
        "%Y-%m-%d", "%d-%m-%Y", "%d/%m/%Y", "%Y/%m/%d", "%d.%m.%Y", "%d/%m/%y",
    ];
    const CLOCKS: [&str; 4] = ["%H:%M:%S", "%H:%M", "%I:%M:%S %p", "%I:%M %p"];
    let text = text.replace('T', " ");
    let text = text.trim();
    // `%Y` would take the 24 of a short year for the year 24.
    let is_year = |time: &DateTime| (2007..=2200).contains(&time.year());
    let found = DATES.iter().find_map(|date| {
        CLOCKS.iter().find_map(|clock| {
            DateTime::strptime(format!("{date} {clock}"), text)
                .ok()
                .filter(is_year)
        })
    })?;
    nairobi::moment(found)
}

/// Who paid, from the first thing in a text that looks like a number; its middle is left out.
pub(super) fn payer(text: &str) -> Option<Payer> {
    let word = text.split([' ', '-', ',', ';']).find(|word| {
        let digits = word.bytes().filter(u8::is_ascii_digit).count();
        let is_phone = word.starts_with("254") || word.starts_with('0') || word.starts_with('7');
        let is_plain = word
            .bytes()
            .all(|b| b.is_ascii_digit() || matches!(b, b'*' | b'+'));
        is_plain && is_phone && (digits >= 9 || (digits >= 5 && word.contains('*')))
    })?;
    match Payer::read(word) {
        Payer::Number(phone) => {
            let digits = phone.digits();
            Some(Payer::Masked {
                head: digits[..6].to_owned(),
                tail: digits[9..].to_owned(),
            })
        }
        masked @ Payer::Masked { .. } => Some(masked),
        Payer::Hash(_) | Payer::Untold => None,
    }
}
