//! A series' codes on a site: which numbers are tickets, and a table in which a typed code is found.

use std::iter::Peekable;

use super::{Alphabet, MAX_COUNT, MAX_SKIPPED, Press, Series, SeriesKey};
use crate::ticket::code::TicketCode;

/// Gives the numbers that are tickets: the first `count` that are not skipped, from 0 on.
#[must_use]
pub fn numbers(series: &Series) -> Numbers {
    let mut skipped = series.skipped.clone();
    skipped.sort_unstable();
    skipped.dedup();
    Numbers {
        skipped: skipped.into_iter().peekable(),
        next: 0,
        left: usize::try_from(series.count.min(MAX_COUNT)).unwrap_or(0),
    }
}

/// The numbers of a series that are tickets, ascending.
#[derive(Clone, Debug)]
pub struct Numbers {
    skipped: Peekable<std::vec::IntoIter<u32>>,
    next: u32,
    left: usize,
}

impl Iterator for Numbers {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        if self.left == 0 {
            return None;
        }
        while self.skipped.next_if_eq(&self.next).is_some() {
            self.next += 1;
        }
        let number = self.next;
        // More are skipped than a series may skip: what lies beyond has no place in a table.
        if number >= NUMBERS {
            self.left = 0;
            return None;
        }
        self.next += 1;
        self.left -= 1;
        Some(number)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, Some(self.left))
    }
}

/// Bits of a table's entry that hold a code's number; the rest hold bits of its value.
const NUMBER_BITS: u32 = 18;
const NUMBERS: u32 = 1 << NUMBER_BITS;
const _: () = assert!((MAX_COUNT as usize) + MAX_SKIPPED < (NUMBERS as usize));

/// Every code of a series in four bytes each, so that a site finds a typed code without a list of codes.
///
/// It holds the series' key.
#[derive(Clone)]
pub struct Table {
    press: Press,
    /// The lowest bits of a code's value, then its number; ascending. The few codes that agree in these bits are told apart by
    /// deriving them again.
    entries: Vec<u32>,
}

/// A table in the making, so that a small machine can derive 100,000 codes between other work.
#[derive(Clone)]
pub struct Unfinished {
    table: Table,
    numbers: Numbers,
}

impl Unfinished {
    /// Begins a series' table; no code is derived yet. It stays empty when the letters of the codes are only known to a later version.
    #[must_use]
    pub fn begin(series: &Series, key: &SeriesKey) -> Self {
        let press = Press::new(key, &series.prefix, series.alphabet, series.length);
        let mut numbers = numbers(series);
        if !Alphabet::KNOWN.contains(&series.alphabet) {
            numbers.left = 0;
        }
        let entries = Vec::with_capacity(numbers.left);
        Self {
            table: Table { press, entries },
            numbers,
        }
    }

    /// Derives some more codes; says whether any are left.
    pub fn derive(&mut self, codes: usize) -> bool {
        let Table { press, entries } = &mut self.table;
        let some = self.numbers.by_ref().take(codes);
        entries.extend(some.map(|number| value_bits(press.value(number)) | number));
        self.numbers.left > 0
    }

    /// Derives what is left and hands over the table.
    #[must_use]
    pub fn finish(&mut self) -> Table {
        while self.derive(usize::MAX) {}
        let mut entries = std::mem::take(&mut self.table.entries);
        entries.sort_unstable();
        Table {
            press: self.table.press.clone(),
            entries,
        }
    }

    /// How many codes the table will hold.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.table.len() + self.numbers.left
    }

    /// Whether it will hold none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Derives the code with this number.
    #[must_use]
    pub fn code(&self, number: u32) -> TicketCode {
        self.table.code(number)
    }
}

impl Table {
    /// Derives all codes of a series.
    #[must_use]
    pub fn expand(series: &Series, key: &SeriesKey) -> Self {
        Unfinished::begin(series, key).finish()
    }

    /// Finds the number of a code.
    #[must_use]
    pub fn find(&self, code: &TicketCode) -> Option<u32> {
        let value = self.press.read(code)?;
        let bits = value_bits(value);
        let from = self.entries.partition_point(|entry| *entry < bits);
        self.entries[from..]
            .iter()
            .take_while(|entry| **entry & !(NUMBERS - 1) == bits)
            .map(|entry| entry & (NUMBERS - 1))
            .find(|number| self.press.value(*number) == value)
    }

    /// Derives the code with this number.
    #[must_use]
    pub fn code(&self, number: u32) -> TicketCode {
        self.press.code(number)
    }

    /// How many codes it holds.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether it holds none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

impl std::fmt::Debug for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Table")
            .field("len", &self.len())
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Unfinished {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Unfinished")
            .field("len", &self.len())
            .finish_non_exhaustive()
    }
}

/// The lowest bits of a code's value, above the place of its number.
fn value_bits(value: u128) -> u32 {
    let [.., a, b, c, d] = value.to_be_bytes();
    u32::from_be_bytes([a, b, c, d]) << NUMBER_BITS
}
