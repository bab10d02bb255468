//! Reading a statement as the rail's portal for organisations gives it.
//!
//! There may be lines before the table, quoted cells, and a mark of its letters or none; and each of its pages may begin so anew.
//! Columns are known by their names, in any order.
//! Money that goes back has a line of its own with another receipt, which names the payment's in a column or in its words.

mod cell;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use mnara_protocol::clock::Timestamp;
use mnara_protocol::money::Money;
use mnara_protocol::receipt;
use thiserror::Error;

use crate::rails::daraja::callback::Payer;
use cell::{amount, payer, time};

/// Lines before the names of the columns.
const PREAMBLE: usize = 60;
/// The most lines of one statement.
const MOST_LINES: usize = 60_000;
/// The most cells of a line, and the most bytes of all of them: what is more is no line of a statement, and is passed over unread.
const MOST_CELLS: usize = 64;
const MOST_LINE: usize = 8 * 1024;
/// No payment by phone is as large, in cents.
const MOST_CENTS: i64 = 1_000_000_000;
/// Words of money that comes in and is no customer's.
const OWN: [&str; 6] = [
    "transfer",
    "settlement",
    "deposit",
    "withdraw",
    "charge",
    "revers",
];

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
    /// Whether it went back, or a part of it.
    pub went_back: bool,
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
    /// Lines about other money that went out, about the business's own that came in, and what is not completed.
    pub other: usize,
    /// Lines that look like none of these.
    pub unread: usize,
}

impl Statement {
    /// The time that it is about.
    #[must_use]
    pub fn span(&self) -> Option<(Timestamp, Timestamp)> {
        let entries = self.entries.iter().map(|entry| entry.at);
        span(entries.chain(self.backs.iter().map(|back| back.at)))
    }
}

/// The first and the last of some times.
pub(super) fn span(
    times: impl Iterator<Item = Timestamp> + Clone,
) -> Option<(Timestamp, Timestamp)> {
    Some((times.clone().min()?, times.max()?))
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
    let originals = statement.backs.iter().map(|back| back.original.as_str());
    let originals: BTreeSet<&str> = originals.collect();
    for entry in &mut statement.entries {
        entry.went_back = originals.contains(entry.receipt.as_str());
    }
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
    let told = [columns.party, columns.details].into_iter().flatten();
    let payer = told.map(cell).find_map(payer);
    if !is_reversed && account.is_none() && payer.is_none() && is_own(columns, cell) {
        return Line::Other;
    }
    let account = account.map(|text| text.chars().filter(|c| !c.is_control()).take(64));
    let entry = Entry {
        receipt,
        at,
        amount,
        account: account.map(|text| text.collect::<String>().to_ascii_uppercase()),
        payer,
        went_back: false,
    };
    if is_reversed {
        Line::Reversed(entry)
    } else {
        Line::In(entry)
    }
}

/// Whether the words of a line are those of the business's own money: on its way between its accounts, or come back to it.
fn is_own<'a>(columns: Columns, cell: impl Fn(usize) -> &'a str) -> bool {
    let words = [columns.details, columns.reason].into_iter().flatten();
    words
        .map(|place| cell(place).to_ascii_lowercase())
        .any(|words| OWN.iter().any(|own| words.contains(*own)))
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

#[cfg(test)]
mod tests;
