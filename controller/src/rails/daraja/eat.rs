//! Daraja's times: fourteen digits of Nairobi wall-clock time. Nothing else is parsed here.

use jiff::civil::DateTime;
use mnara_protocol::clock::Timestamp;

use crate::nairobi;

const FORMAT: &str = "%Y%m%d%H%M%S";

/// Writes a time; one beyond what a calendar can show is written as the calendar's end.
pub(crate) fn digits(time: Timestamp) -> String {
    let time = nairobi::clock(time).unwrap_or(DateTime::MAX);
    time.strftime(FORMAT).to_string()
}

/// Reads a time; `None` if these are no fourteen digits of a date.
pub(super) fn parse(digits: &str) -> Option<Timestamp> {
    let is_plain = digits.len() == 14 && digits.bytes().all(|b| b.is_ascii_digit());
    let time = DateTime::strptime(FORMAT, digits)
        .ok()
        .filter(|_| is_plain)?;
    nairobi::moment(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nairobi_is_three_hours_ahead_and_reads_back() {
        let midnight = Timestamp::from_secs(1_800_057_600);
        assert_eq!(digits(midnight), "20270116030000");
        assert_eq!(parse("20270116030000"), Some(midnight));
        assert_eq!(
            parse("20191219102115").map(Timestamp::as_secs),
            Some(1_576_740_075)
        );
        for bad in [
            "",
            "2019121910211",
            "20191319102115",
            "2019-12-191021",
            "+0191219102115",
        ] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }
}
