//! A report as a file: its lines for a spreadsheet.

use axum::http::header;
use axum::response::{IntoResponse, Response};

use super::view::Line;
use crate::web::csv::{self, Csv};

/// What stands in a line after its name; in every file the same, whatever language the pages have.
const HEAD: [&str; 10] = [
    "paid_kes",
    "vouchers_sold",
    "vouchers_printed",
    "vouchers_used",
    "printed_used",
    "printed_used_worth_kes",
    "sessions",
    "online_hours",
    "data_mb",
    "free_trials",
];

/// A number with two places, of a unit of so many.
fn hundredths(number: i64, unit: u64) -> String {
    let number = u128::from(number.unsigned_abs());
    let unit = u128::from(unit);
    let hundredths = (number * 100 + unit / 2) / unit;
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

fn cells(line: &Line) -> Vec<String> {
    let sums = &line.sums;
    vec![
        line.name.clone(),
        sums.money().to_decimal(),
        sums.sold.to_string(),
        sums.printed.to_string(),
        sums.used.to_string(),
        sums.used_printed.to_string(),
        sums.cash().to_decimal(),
        sums.sessions.to_string(),
        hundredths(sums.online_secs, 3_600),
        hundredths(sums.bytes, 1_000_000),
        sums.tried.to_string(),
    ]
}

/// The lines as a table.
#[must_use]
pub fn table(by: &str, lines: &[Line]) -> String {
    let mut head = vec![by];
    head.extend(HEAD);
    let mut csv = Csv::new(&head);
    for line in lines {
        csv.row(&cells(line));
    }
    csv.take()
}

/// The lines as CSV.
#[must_use]
pub fn csv(name: &str, by: &str, lines: &[Line]) -> Response {
    let headers = [
        (header::CONTENT_TYPE, csv::CONTENT_TYPE.to_owned()),
        (header::CONTENT_DISPOSITION, csv::as_file(name)),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    (headers, table(by, lines)).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_an_hour_keeps_two_places() {
        assert_eq!(hundredths(5_400, 3_600), "1.50");
        assert_eq!(hundredths(12, 3_600), "0.00");
        assert_eq!(hundredths(i64::MAX, 1_000_000), "9223372036854.78");
    }
}
