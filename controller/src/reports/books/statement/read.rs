//! Reading a statement as the rail's portal for organisations gives it.
//!
//! There may be lines before the table, quoted cells, thousands with commas, and a mark of its letters or none; and each of its pages may begin so anew.
//! Columns are known by their names, in any order; times are Nairobi's, with the day first or the year first.
//! Money that goes back has a line of its own with another receipt, which names the payment's in a column or in its words.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::DateTime;
use mnara_protocol::clock::Timestamp;
use mnara_protocol::money::Money;
use mnara_protocol::receipt;
use thiserror::Error;

use crate::nairobi;
use crate::rails::daraja::callback::Payer;

/// Lines before the names of the columns.
const PREAMBLE: usize = 60;
/// The most lines of one statement.
const MOST_LINES: usize = 60_000;
/// The most cells of a line, and the most bytes of all of them: what is more is no line of a statement, and is passed over unread.
const MOST_CELLS: usize = 64;
const MOST_LINE: usize = 8 * 1024;
/// No payment by phone is as large, in cents.
const MOST_CENTS: i64 = 1_000_000_000;

/// A payment that came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its receipt.
    pub receipt: String,
    /// When it was completed.
    pub at: Timestamp,
    /// How much.
    pub amount: Money,
    /// What was typed as the account.
    pub account: Option<String>,
    /// Who paid, never the whole number.
    pub payer: Option<Payer>,
}

/// Money that went back to whoever had paid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Back {
    /// The receipt by which it went back, if the statement tells it.
    pub receipt: Option<String>,
    /// The receipt by which it had come.
    pub original: String,
    /// When it went.
    pub at: Timestamp,
    /// How much.
    pub amount: Money,
}

/// What a statement says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Statement {
    /// Payments that came in, each once.
    pub entries: Vec<Entry>,
    /// Payments that went back, each way back once.
    pub backs: Vec<Back>,
    /// Lines about other money that went out, and what is not completed.
    pub other: usize,
    /// Lines that look like none of these.
    pub unread: usize,
}

impl Statement {
    /// The time that it is about.
    #[must_use]
    pub fn span(&self) -> Option<(Timestamp, Timestamp)> {
        let entries = self.entries.iter().map(|entry| entry.at);
        super::span(entries.chain(self.backs.iter().map(|back| back.at)))
    }
}

/// Why something is no statement.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum BadStatement {
    /// The names of the columns are not there.
    #[error("no line names the columns Receipt No., Completion Time and Paid In")]
    NoColumns,
    /// It has more lines than are read at once.
    #[error("it has more than {MOST_LINES} lines")]
    Large,
}

/// One line of cells at a time, as RFC 4180 has them.
struct Cells<'a> {
    rest: &'a str,
    between: char,
}

impl Iterator for Cells<'_> {
    type Item = Vec<String>;

    fn next(&mut self) -> Option<Vec<String>> {
        if self.rest.is_empty() {
            return None;
        }
        let (mut cells, mut cell) = (Vec::new(), String::new());
        let mut is_quoted = false;
        let mut kept = 0;
        let mut letters = self.rest.char_indices().peekable();
        while let Some((at, letter)) = letters.next() {
            let is_full = kept >= MOST_LINE || cells.len() >= MOST_CELLS;
            if is_quoted {
                match letter {
                    '"' if letters.peek().is_some_and(|(_, next)| *next == '"') => {
                        letters.next();
                        cell.push('"');
                        kept += 1;
                    }
                    '"' => is_quoted = false,
                    _ if is_full => {}
                    other => {
                        cell.push(other);
                        kept += other.len_utf8();
                    }
                }
                continue;
            }
            match letter {
                '"' if cell.trim().is_empty() => {
                    cell.clear();
                    is_quoted = true;
                }
                '\n' | '\r' => {
                    let mut end = at + 1;
                    if letter == '\r' && self.rest[end..].starts_with('\n') {
                        end += 1;
                    }
                    cells.push(cell);
                    self.rest = &self.rest[end..];
                    return Some(cells);
                }
                _ if is_full => {}
                other if other == self.between => cells.push(std::mem::take(&mut cell)),
                other => {
                    cell.push(other);
                    kept += other.len_utf8();
                }
            }
        }
        cells.push(cell);
        self.rest = "";
        Some(cells)
    }
}

/// Where each column is.
#[derive(Clone, Copy)]
struct Columns {
    receipt: usize,
    at: usize,
    paid_in: usize,
    withdrawn: Option<usize>,
    status: Option<usize>,
    account: Option<usize>,
    party: Option<usize>,
    details: Option<usize>,
    reason: Option<usize>,
    linked: Option<usize>,
}

impl Columns {
    fn read(cells: &[String]) -> Option<Self> {
        let names: Vec<String> = cells
            .iter()
            .map(|cell| {
                let plain = cell.chars().filter(char::is_ascii_alphanumeric);
                plain.collect::<String>().to_ascii_lowercase()
            })
            .collect();
        let find = |wanted: &[&str]| names.iter().position(|name| wanted.contains(&&**name));
        Some(Self {
            receipt: find(&["receiptno", "receipt", "receiptnumber"])?,
            at: find(&["completiontime"])?,
            paid_in: find(&["paidin"])?,
            withdrawn: find(&["withdrawn", "withdrawal", "withdraw", "paidout"]),
            status: find(&["transactionstatus", "status"]),
            account: find(&["acno", "accountno", "accountnumber", "account"]),
            party: find(&["otherpartyinfo"]),
            details: find(&["details"]),
            reason: find(&["reasontype", "transactiontype", "type"]),
            linked: find(&[
                "linkedtransactionid",
                "linkedtransaction",
                "linkedreceiptno",
                "linkedreceipt",
                "originaltransactionid",
                "originalreceiptno",
            ]),
        })
    }
}

/// Reads a statement.
///
/// # Errors
/// [`BadStatement`].
pub fn read(bytes: &[u8], now: Timestamp) -> Result<Statement, BadStatement> {
    let text = letters(bytes);
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let found = [',', ';', '\t'].into_iter().find_map(|between| {
        let mut lines = Cells {
            rest: text,
            between,
        };
        let columns = lines
            .by_ref()
            .take(PREAMBLE)
            .find_map(|cells| Columns::read(&cells))?;
        Some((lines, columns))
    });
    let (lines, mut columns) = found.ok_or(BadStatement::NoColumns)?;
    let mut statement = Statement::default();
    // What could not be read since the last line that could: before the names of a next page it stands around a table.
    let mut unread = 0;
    let mut seen = BTreeSet::new();
    let mut backs: BTreeMap<String, Back> = BTreeMap::new();
    for (place, cells) in lines.enumerate() {
        if place >= MOST_LINES {
            return Err(BadStatement::Large);
        }
        if cells.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        let told = line(&cells, columns, now);
        if !matches!(told, Line::Unread) {
            statement.unread += std::mem::take(&mut unread);
        }
        match told {
            // The charges of a payment stand under its receipt, and one part may be given twice.
            Line::In(entry) if seen.insert(entry.receipt.clone()) => statement.entries.push(entry),
            // So do those of a way back, which is the largest of its lines.
            Line::Back(own, back) => {
                let largest = backs.entry(own).or_insert_with(|| back.clone());
                if largest.amount < back.amount {
                    *largest = back;
                }
            }
            // Its own line says that it went back.
            Line::Reversed(entry) if seen.insert(entry.receipt.clone()) => {
                backs.entry(entry.receipt.clone()).or_insert_with(|| Back {
                    receipt: None,
                    original: entry.receipt.clone(),
                    at: entry.at,
                    amount: entry.amount,
                });
                statement.entries.push(entry);
            }
            Line::In(_) | Line::Reversed(_) | Line::Other => statement.other += 1,
            Line::Unread => match Columns::read(&cells) {
                Some(again) => {
                    columns = again;
                    unread = 0;
                }
                None => unread += 1,
            },
        }
    }
    statement.unread += unread;
    // A charge that is given back with it is no payment.
    let all = statement.entries.len();
    let is_charge = |entry: &Entry| {
        backs
            .get(&entry.receipt)
            .is_some_and(|back| back.receipt.is_some())
    };
    statement.entries.retain(|entry| !is_charge(entry));
    statement.other += all - statement.entries.len();
    // What a payment's own line says is said better by the line of its way back.
    let told: BTreeSet<String> = backs
        .values()
        .filter(|back| back.receipt.is_some())
        .map(|back| back.original.clone())
        .collect();
    statement.backs = backs
        .into_values()
        .filter(|back| back.receipt.is_some() || !told.contains(&back.original))
        .collect();
    statement.backs.sort_by_key(|back| back.at);
    Ok(statement)
}

/// The letters of a file: most have a byte for each, and a spreadsheet may save two, which it marks.
fn letters(bytes: &[u8]) -> Cow<'_, str> {
    match bytes {
        [0xFF, 0xFE, rest @ ..] => Cow::Owned(of_two(rest, u16::from_le_bytes)),
        [0xFE, 0xFF, rest @ ..] => Cow::Owned(of_two(rest, u16::from_be_bytes)),
        _ => String::from_utf8_lossy(bytes),
    }
}

fn of_two(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> String {
    let units = bytes.chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
    char::decode_utf16(units)
        .map(|letter| letter.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect()
}

enum Line {
    In(Entry),
    /// It came in, and went back.
    Reversed(Entry),
    /// Under which receipt it stands, and what it says.
    Back(String, Back),
    Other,
    Unread,
}

fn line(cells: &[String], columns: Columns, now: Timestamp) -> Line {
    let cell = |place: usize| cells.get(place).map_or("", |cell| cell.trim());
    let Some(receipt) = receipt::read(cell(columns.receipt)) else {
        return Line::Unread;
    };
    let status = columns.status.map(cell);
    let stands = |word: &str| status.is_some_and(|status| status.eq_ignore_ascii_case(word));
    let is_completed = status.is_none() || stands("completed");
    let is_reversed = stands("reversed");
    let Some(amount) = amount(cell(columns.paid_in)) else {
        return Line::Unread;
    };
    let out = withdrawn(amount, columns.withdrawn.map(cell));
    let original = original(&receipt, columns, cell);
    let says_nothing = amount.cents() == 0 && (out.cents() == 0 || original.is_none());
    if says_nothing || !(is_completed || (is_reversed && amount.cents() > 0)) {
        return Line::Other;
    }
    let Some(at) = time(cell(columns.at)).filter(|at| *at <= now.plus_secs(86_400)) else {
        return Line::Unread;
    };
    if !(0..=MOST_CENTS).contains(&amount.cents().max(out.cents())) {
        return Line::Unread;
    }
    if amount.cents() <= 0 {
        let Some(original) = original else {
            return Line::Unread;
        };
        let back = Back {
            receipt: Some(receipt.clone()).filter(|receipt| *receipt != original),
            original,
            at,
            amount: out,
        };
        return Line::Back(receipt, back);
    }
    let account = columns.account.map(cell).filter(|text| !text.is_empty());
    let account = account.map(|text| text.chars().filter(|c| !c.is_control()).take(64));
    let told = [columns.party, columns.details].into_iter().flatten();
    let entry = Entry {
        receipt,
        at,
        amount,
        account: account.map(|text| text.collect::<String>().to_ascii_uppercase()),
        payer: told.map(cell).find_map(payer),
    };
    if is_reversed {
        Line::Reversed(entry)
    } else {
        Line::In(entry)
    }
}

/// What a line takes out, whichever sign it has, and in whichever of the two columns it stands.
fn withdrawn(paid_in: Money, cell: Option<&str>) -> Money {
    let cents = match paid_in.cents() {
        0 => cell
            .map(|cell| cell.trim_matches(['(', ')']))
            .and_then(amount)
            .map_or(0, Money::cents),
        cents => cents.min(0),
    };
    Money::from_cents(cents.saturating_abs())
}

/// The receipt of the money that a line gives back, if it says that it does: the linked one, else one in its words, else its own. What that
/// costs is no such line.
fn original<'a>(own: &str, columns: Columns, cell: impl Fn(usize) -> &'a str) -> Option<String> {
    let is_other = |receipt: &String| receipt != own;
    let linked = columns.linked.map(&cell).and_then(receipt::read);
    let linked = linked.filter(is_other);
    let words = [columns.details, columns.reason].into_iter().flatten();
    let words: Vec<&str> = words.map(cell).filter(|words| !words.is_empty()).collect();
    let small: Vec<String> = words
        .iter()
        .map(|words| words.to_ascii_lowercase())
        .collect();
    let is_charge = small
        .first()
        .is_some_and(|words| words.trim_end_matches('s').ends_with("charge"));
    let is_said = small.iter().any(|words| words.contains("revers"));
    if is_charge || !(is_said || (words.is_empty() && linked.is_some())) {
        return None;
    }
    let mut told = words
        .iter()
        .flat_map(|words| words.split(|letter: char| !letter.is_ascii_alphanumeric()))
        .filter(|word| is_receipt(word))
        .filter_map(receipt::read)
        .filter(is_other);
    Some(
        linked
            .or_else(|| told.next())
            .unwrap_or_else(|| own.to_owned()),
    )
}

/// Whether a word among others is a receipt of M-PESA's: ten letters and digits, and some of each.
fn is_receipt(word: &str) -> bool {
    word.len() == 10
        && word.bytes().any(|b| b.is_ascii_digit())
        && word.bytes().any(|b| b.is_ascii_uppercase())
        && !word.bytes().any(|b| b.is_ascii_lowercase())
}

/// An amount; nothing there is none.
fn amount(text: &str) -> Option<Money> {
    let plain: String = text
        .chars()
        .filter(|letter| !matches!(letter, ',' | ' ' | '\u{a0}'))
        .collect();
    if plain.is_empty() || plain == "-" {
        return Some(Money::from_cents(0));
    }
    plain.trim_start_matches('+').parse().ok()
}

/// A time on Nairobi's clock.
fn time(text: &str) -> Option<Timestamp> {
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
fn payer(text: &str) -> Option<Payer> {
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: Timestamp = Timestamp::from_secs(1_800_000_000);

    fn entries(text: &str) -> Vec<(String, i64, i64)> {
        let statement = read(text.as_bytes(), NOW).unwrap();
        statement
            .entries
            .into_iter()
            .map(|entry| (entry.receipt, entry.at.as_secs(), entry.amount.cents()))
            .collect()
    }

    #[test]
    fn a_statement_of_the_portal_is_read_whatever_stands_around_it() {
        let text = "\u{feff}Short Code:,174371,,,\r\nOrganization:,\"MAMA, MBOGA WIFI\",,,\r\nTime Period:,From 01-11-2026 00:00:00 To 26-11-2026 00:00:00\r\n\r\n\
            Receipt No.,Completion Time,Initiation Time,Details,Transaction Status,Paid In,Withdrawn,Balance,Balance Confirmed,Reason Type,Other Party Info,Linked Transaction ID,A/C No.\r\n\
            UKQ1AB2CD3,26-11-2026 10:00:00,26-11-2026 09:59:58,\"Pay Bill from 254708374149 - JOHN \"\"JJ\"\" DOE, Acc. SABC\",Completed,\"1,250.00\",,\"12,250.00\",true,Pay Utility,254708374149 - JOHN DOE,,sabc\r\n\
            UKQ1AB2CD3,26-11-2026 10:00:00,,Pay Bill Charge,Completed,,-5.00,\"12,245.00\",true,Charge,,,\r\n\
            UKQ1AB2CD4,2026-11-26 11:00:00,,Failed one,Failed,50.00,,1,true,,,,\r\n\
            UKQ1AB2CD5,26/11/2026 12:30,,\"two\r\nlines\",completed,50,,1,true,,0708***150 - X,,\r\n\
            Total,,,,,\"1,300.00\",,,,,,,\r\n";
        let statement = read(text.as_bytes(), NOW).unwrap();
        assert_eq!((statement.other, statement.unread), (2, 1));
        // 26 November 2026, 07:00 and 09:30 UTC.
        assert_eq!(
            entries(text),
            [
                ("UKQ1AB2CD3".to_owned(), 1_795_676_400, 125_000),
                ("UKQ1AB2CD5".to_owned(), 1_795_685_400, 5_000)
            ]
        );
        let first = &statement.entries[0];
        assert_eq!(first.account.as_deref(), Some("SABC"));
        assert_eq!(
            first.payer.as_ref().and_then(Payer::kept).as_deref(),
            Some("254708*149"),
            "the middle of a number is not kept"
        );
    }

    #[test]
    fn each_page_of_a_statement_may_begin_anew_and_what_stands_around_its_table_is_no_line() {
        let page = |head: &str, lines: &str| {
            format!(
                "Short Code:,174371,,\r\nOrganization:,\"MAMA, MBOGA\",,\r\n\r\n{head}\r\n{lines}"
            )
        };
        let head = "Receipt No.,Completion Time,Paid In,Withdrawn";
        let text = [
            page(head, "UKQ1AB2CD3,26-11-2026 10:00:00,\"1,250.00\",\r\nPage: 1 of 3,,,\r\n"),
            page(head, "UKQ1AB2CD4,26-11-2026 11:00:00,20.00,\r\n<b>,26-11-2026 11:00:00,20.00,\r\nUKQ1AB2CD5,26-11-2026 11:30:00,30.00,\r\n"),
            // Whoever chose other columns for a page has them read by their names there.
            page(
                "Completion Time,Receipt No.,Withdrawn,Paid In",
                "26-11-2026 12:00:00,UKQ1AB2CD6,,40.00\r\nTotal,,,\"1,340.00\"\r\n",
            ),
        ]
        .concat();
        let statement = read(text.as_bytes(), NOW).unwrap();
        let found: Vec<_> = entries(&text)
            .into_iter()
            .map(|(receipt, _, cents)| (receipt, cents))
            .collect();
        let one = |receipt: &str, cents| (receipt.to_owned(), cents);
        assert_eq!(
            found,
            [
                one("UKQ1AB2CD3", 125_000),
                one("UKQ1AB2CD4", 2_000),
                one("UKQ1AB2CD5", 3_000),
                one("UKQ1AB2CD6", 4_000),
            ]
        );
        // A line in the middle of a table that cannot be read is one, and so is what follows the last.
        assert_eq!((statement.other, statement.unread), (0, 2));
    }

    #[test]
    fn a_statement_that_a_spreadsheet_saved_in_two_bytes_a_letter_is_read() {
        let text = "\u{feff}Receipt No.\tCompletion Time\tPaid In\r\nUKQ1AB2CD3\t26-11-2026 10:00:00\t1,250.00\r\n";
        let both: [fn(u16) -> [u8; 2]; 2] = [u16::to_le_bytes, u16::to_be_bytes];
        for saved in both {
            let bytes: Vec<u8> = text.encode_utf16().flat_map(saved).collect();
            let statement = read(&bytes, NOW).unwrap();
            assert_eq!(statement.entries.len(), 1);
            assert_eq!(statement.entries[0].amount, Money::from_cents(125_000));
        }
    }

    #[test]
    fn money_that_went_back_is_told_with_the_receipt_by_which_it_had_come() {
        let head = "Receipt No.,Completion Time,Details,Transaction Status,Paid In,Withdrawn,Reason Type,Linked Transaction ID\n";
        let came = "UKQ1AB2CD3,26-11-2026 10:00:00,Pay Bill,Completed,50.00,,Pay Utility,\n";
        let read = |lines: &str| read(format!("{head}{came}{lines}").as_bytes(), NOW).unwrap();
        let time = "26-11-2026 11:00:00";
        // By its own column, by its words, with either sign, in brackets, and in the column of what came in.
        for line in [
            format!("UKQ9XY8ZW7,{time},Pay Bill Reversal,Completed,,50.00,Reversal,UKQ1AB2CD3\n"),
            format!("UKQ9XY8ZW7,{time},Pay Bill Reversal,Completed,,-50.00,Reversal,ukq1ab2cd3\n"),
            format!(
                "UKQ9XY8ZW7,{time},Reversal of UKQ1AB2CD3 by APIOP37,Completed,,\"(50.00)\",,\n"
            ),
            format!("UKQ9XY8ZW7,{time},,Completed,-50,,Transaction reversed: UKQ1AB2CD3,-\n"),
            format!("UKQ9XY8ZW7,{time},,completed,0.00,50,,UKQ1AB2CD3\n"),
        ] {
            let statement = read(&line);
            let back = Back {
                receipt: Some("UKQ9XY8ZW7".to_owned()),
                original: "UKQ1AB2CD3".to_owned(),
                at: Timestamp::from_secs(1_795_680_000),
                amount: Money::from_shillings(50),
            };
            assert_eq!(statement.backs, [back], "{line}");
            assert_eq!(statement.entries.len(), 1, "{line}");
            assert_eq!((statement.other, statement.unread), (0, 0), "{line}");
        }
        // What else went out is none, and neither is what a reversal costs.
        for line in [
            format!("UKQ9XY8ZW7,{time},Pay Bill Charge,Completed,,-5.00,Charge,UKQ1AB2CD3\n"),
            format!("UKQ9XY8ZW7,{time},Reversal Charges,Completed,,-5.00,,UKQ1AB2CD3\n"),
            format!("UKQ9XY8ZW7,{time},Withdrawal to bank,Completed,,-50.00,Transfer,\n"),
            format!("UKQ9XY8ZW7,{time},Pay Bill Reversal,Failed,,-50.00,,UKQ1AB2CD3\n"),
        ] {
            let statement = read(&line);
            assert_eq!(
                (statement.backs, statement.other),
                (Vec::new(), 1),
                "{line}"
            );
        }
        // Its charge, taken or given back, stands under the same receipt.
        let statement = read(&format!(
            "UKQ9XY8ZW7,{time},Reversal of a part,Completed,,-5.00,,UKQ1AB2CD3\n\
             UKQ9XY8ZW7,{time},Pay Bill Reversal,Completed,,-50.00,,UKQ1AB2CD3\n\
             UKQ9XY8ZW7,{time},Charge given back,Completed,1.00,,,\n"
        ));
        assert_eq!(statement.backs.len(), 1);
        assert_eq!(statement.backs[0].amount, Money::from_shillings(50));
        assert_eq!((statement.entries.len(), statement.other), (1, 1));
        // Its own line may say it, or both may.
        let own = format!("UKQ1AB2CD4,{time},Pay Bill,Reversed,20.00,,,\n");
        let statement = read(&own);
        assert_eq!(statement.entries.len(), 2);
        assert_eq!(
            (statement.backs.len(), statement.backs[0].receipt.as_ref()),
            (1, None)
        );
        let statement = read(&format!(
            "{own}UKQ9XY8ZW7,{time},Pay Bill Reversal,Completed,,-20.00,,UKQ1AB2CD4\n"
        ));
        assert_eq!(statement.backs.len(), 1);
        assert_eq!(statement.backs[0].receipt.as_deref(), Some("UKQ9XY8ZW7"));
        // One that names nothing is its own.
        let statement = read(&format!("UKQ9XY8ZW7,{time},Reversal,Completed,,-20.00,,\n"));
        assert_eq!(statement.backs[0].original, "UKQ9XY8ZW7");
    }

    #[test]
    fn a_line_that_never_ends_takes_no_more_room_than_a_line() {
        for between in [',', ';', '\t'] {
            for text in [
                between.to_string().repeat(1 << 20),
                "x".repeat(1 << 20),
                format!("\"{}", between.to_string().repeat(1 << 20)),
            ] {
                assert_eq!(read(text.as_bytes(), NOW), Err(BadStatement::NoColumns));
                let cells = Cells {
                    rest: &text,
                    between,
                }
                .next()
                .unwrap();
                assert!(cells.len() <= MOST_CELLS + 1);
                assert!(cells.iter().map(String::len).sum::<usize>() <= MOST_LINE);
            }
        }
        // What stands after it is read all the same.
        let text = format!(
            "{}\nReceipt No.,Completion Time,Paid In\n{}\nSH12ABC3XY1,2024-11-01 10:30:00,20{}\n",
            ",".repeat(100_000),
            "x,".repeat(100_000),
            ",".repeat(100_000),
        );
        assert_eq!(
            entries(&text),
            [("SH12ABC3XY1".to_owned(), 1_730_446_200, 2_000)]
        );
    }

    #[test]
    fn other_columns_other_marks_and_no_status_do() {
        let text = "Paid In;Completion Time;RECEIPT NO\n20;01/11/24 10:30 AM;SH12ABC3XY1\n";
        assert_eq!(
            entries(text),
            [("SH12ABC3XY1".to_owned(), 1_730_446_200, 2_000)]
        );
        let text = "Receipt No.\tCompletion Time\tPaid In\nSB71AB\t2026-09-02 10:00:00\t1200.50";
        assert_eq!(entries(text)[0].2, 120_050);
    }

    #[test]
    fn what_is_no_statement_is_refused_and_nonsense_is_counted() {
        for text in ["", "a,b\n1,2", "Receipt No.,Paid In\nX,1"] {
            assert_eq!(read(text.as_bytes(), NOW), Err(BadStatement::NoColumns));
        }
        let head = "Receipt No.,Completion Time,Paid In\n";
        for bad in [
            "<script>,26-11-2026 10:00:00,50",
            "UKQ1AB2CD3,yesterday,50",
            "UKQ1AB2CD3,26-11-2026 10:00:00,fifty",
            "UKQ1AB2CD3,26-11-2026 10:00:00,-50",
            "UKQ1AB2CD3,26-11-2026 10:00:00,99999999999",
            // After tomorrow.
            "UKQ1AB2CD3,26-11-2028 10:00:00,50",
            "UKQ1AB2CD3",
        ] {
            let statement = read(format!("{head}{bad}\n").as_bytes(), NOW).unwrap();
            assert_eq!(statement.entries, [], "{bad}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_fall(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let mut text = b"Receipt No.,Completion Time,Paid In\n".to_vec();
            text.extend(bytes);
            prop_assert!(read(&text, NOW).is_ok());
        }
    }
}
