//! Printed batches on the site: the table of each batch's codes and the bitmap of those that are spent. A printed ticket becomes one of
//! `tickets` when it is used.

use std::collections::{BTreeMap, BTreeSet};

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{Mac, SeriesId, TicketId};
use mnara_protocol::message::{Printed, RulingRow};
use mnara_protocol::plan::Terms;
use mnara_protocol::ticket::Right;
use mnara_protocol::ticket::code::TicketCode;
use mnara_protocol::ticket::login::{self, RouterLogin};
use mnara_protocol::ticket::series::{self, Series, SeriesKey, Table, Unfinished};

/// Which numbers of a batch are spent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Spent(Vec<u64>);

impl Spent {
    pub(crate) fn from_words(words: Vec<u64>) -> Self {
        let mut spent = Self(words);
        spent.trim();
        spent
    }

    pub(crate) fn words(&self) -> &[u64] {
        &self.0
    }

    pub(crate) fn has(&self, index: u32) -> bool {
        let (word, bit) = place(index);
        self.0.get(word).is_some_and(|bits| bits & bit != 0)
    }

    pub(crate) fn set(&mut self, index: u32) {
        let (word, bit) = place(index);
        if self.0.len() <= word {
            self.0.resize(word + 1, 0);
        }
        self.0[word] |= bit;
    }

    fn trim(&mut self) {
        while self.0.last() == Some(&0) {
            self.0.pop();
        }
    }
}

const fn place(index: u32) -> (usize, u64) {
    ((index / 64) as usize, 1 << (index % 64))
}

/// A batch with its codes.
struct Batch {
    series: Series,
    key: SeriesKey,
    codes: Codes,
}

/// A batch's codes. Nobody waits for them to be derived before a code is typed: the portal is there at once.
enum Codes {
    /// Some are still to be derived.
    Unfinished(Unfinished),
    /// All are there.
    Whole(Table),
}

impl Codes {
    /// The table, derived to its end if it was not.
    fn whole(&mut self) -> &Table {
        if let Self::Unfinished(some) = self {
            *self = Self::Whole(some.finish());
        }
        match self {
            Self::Whole(table) => table,
            Self::Unfinished(_) => unreachable!("it was finished just now"),
        }
    }

    fn len(&self) -> usize {
        match self {
            Self::Unfinished(some) => some.len(),
            Self::Whole(table) => table.len(),
        }
    }

    fn code(&self, number: u32) -> TicketCode {
        match self {
            Self::Unfinished(some) => some.code(number),
            Self::Whole(table) => table.code(number),
        }
    }
}

/// All batches whose key the site has.
#[derive(Default)]
pub(crate) struct Batches {
    batches: BTreeMap<SeriesId, Batch>,
    spent: BTreeMap<SeriesId, Spent>,
    rulings: BTreeMap<TicketId, RulingRow>,
    /// Tickets that nobody has used and whose ruling names the device they are for.
    undelivered: BTreeSet<TicketId>,
}

/// A code found in a batch.
pub(crate) struct Match<'a> {
    pub(crate) printed: Printed,
    pub(crate) ticket: TicketId,
    pub(crate) series: &'a Series,
    pub(crate) right: Right,
    pub(crate) used_elsewhere: bool,
    pub(crate) spent: bool,
}

impl Batches {
    /// Takes a batch. The table is made again only when what it derives from has changed.
    pub(crate) fn take(&mut self, series: Series, key: SeriesKey) {
        let same = self.batches.get(&series.id).is_some_and(|before| {
            before.key.as_bytes() == key.as_bytes()
                && before.series.count == series.count
                && before.series.skipped == series.skipped
                && before.series.alphabet == series.alphabet
                && before.series.length == series.length
                && before.series.prefix == series.prefix
        });
        match self.batches.get_mut(&series.id) {
            Some(before) if same => before.series = series,
            _ => {
                let codes = Codes::Unfinished(Unfinished::begin(&series, &key));
                self.batches.insert(series.id, Batch { series, key, codes });
            }
        }
    }

    /// The batch is honoured here no more; what was spent stays spent.
    pub(crate) fn drop_row(&mut self, id: SeriesId) {
        self.batches.remove(&id);
    }

    /// Takes a ruling; says what its ticket gives now.
    pub(crate) fn rule(&mut self, row: RulingRow) -> Right {
        if row.deliver_to.is_some() && !self.is_spent(row.printed) {
            self.undelivered.insert(row.ticket);
        } else {
            self.undelivered.remove(&row.ticket);
        }
        let right = self.ruled_right(&row);
        self.rulings.insert(row.ticket, row);
        right
    }

    /// What a ruling gives. A series is taken back for good, also those of its tickets of which something was decided before.
    fn ruled_right(&self, row: &RulingRow) -> Right {
        let series = self.series(row.printed.series);
        let revoked = series.and_then(|series| series.right.revoked);
        Right {
            revoked: row.right.revoked.or(revoked),
            ..row.right
        }
    }

    /// Tickets to be used for the device that asked for it, with that device.
    pub(crate) fn to_deliver(&self, now: Timestamp) -> impl Iterator<Item = (TicketId, Mac)> {
        self.undelivered.iter().filter_map(move |id| {
            let row = self.rulings.get(id)?;
            let is_due =
                row.used_elsewhere.is_none() && row.deliver_until.is_none_or(|until| now <= until);
            Some((*id, row.deliver_to.filter(|_| is_due)?))
        })
    }

    /// Finds the ticket of a ruling by its id: where it was printed, its batch, and what it gives.
    pub(crate) fn ruled(&self, id: TicketId) -> Option<(Printed, &Series, Right)> {
        let row = self.rulings.get(&id)?;
        let series = self.series(row.printed.series)?;
        Some((row.printed, series, self.ruled_right(row)))
    }

    /// When another site used a printed ticket first, as settlement sees it so far.
    pub(crate) fn used_elsewhere(&self, id: TicketId) -> Option<Timestamp> {
        self.rulings.get(&id)?.used_elsewhere
    }

    pub(crate) fn drop_ruling(&mut self, id: TicketId) {
        self.undelivered.remove(&id);
        self.rulings.remove(&id);
    }

    /// Finds the printed ticket that has this code.
    pub(crate) fn find(&mut self, code: &TicketCode) -> Option<Match<'_>> {
        let (id, index) = self
            .batches
            .iter_mut()
            .find_map(|(id, batch)| Some((*id, batch.codes.whole().find(code)?)))?;
        let series = &self.batches.get(&id)?.series;
        let printed = Printed { series: id, index };
        let ticket = series::ticket_id(id, index);
        let ruling = self.rulings.get(&ticket);
        Some(Match {
            printed,
            ticket,
            series,
            right: ruling.map_or(series.right, |row| self.ruled_right(row)),
            used_elsewhere: ruling.is_some_and(|row| row.used_elsewhere.is_some()),
            spent: self.is_spent(printed),
        })
    }

    /// Derives some codes that nobody has asked for yet.
    pub(crate) fn derive(&mut self, codes: usize) {
        let unfinished = self.batches.values_mut().map(|batch| &mut batch.codes);
        for all in unfinished {
            if let Codes::Unfinished(some) = all {
                if !some.derive(codes) {
                    all.whole();
                }
                return;
            }
        }
    }

    /// Whether codes are still to be derived.
    pub(crate) fn is_unfinished(&self) -> bool {
        let mut batches = self.batches.values();
        batches.any(|batch| matches!(batch.codes, Codes::Unfinished(_)))
    }

    /// What a printed ticket gives, as decided now.
    pub(crate) fn right(&self, printed: Printed) -> Option<Right> {
        let id = series::ticket_id(printed.series, printed.index);
        self.rulings
            .get(&id)
            .map(|row| self.ruled_right(row))
            .or_else(|| Some(self.batches.get(&printed.series)?.series.right))
    }

    pub(crate) fn is_spent(&self, printed: Printed) -> bool {
        self.spent
            .get(&printed.series)
            .is_some_and(|spent| spent.has(printed.index))
    }

    pub(crate) fn spend(&mut self, printed: Printed) {
        let id = series::ticket_id(printed.series, printed.index);
        self.undelivered.remove(&id);
        self.spent
            .entry(printed.series)
            .or_default()
            .set(printed.index);
    }

    pub(crate) fn restore(&mut self, id: SeriesId, spent: Spent) {
        self.spent.insert(id, spent);
    }

    pub(crate) fn all_spent(&self) -> &BTreeMap<SeriesId, Spent> {
        &self.spent
    }

    pub(crate) fn series(&self, id: SeriesId) -> Option<&Series> {
        Some(&self.batches.get(&id)?.series)
    }

    /// The code and the router log-in of a printed ticket.
    pub(crate) fn login(&self, printed: Printed) -> Option<(TicketCode, RouterLogin)> {
        let batch = self.batches.get(&printed.series)?;
        let code = batch.codes.code(printed.index);
        let login = login::of_printed(&code, batch.key.as_bytes(), printed.index);
        Some((code, login))
    }

    /// How many codes the tables hold.
    pub(crate) fn codes(&self) -> usize {
        self.batches.values().map(|batch| batch.codes.len()).sum()
    }

    /// Terms of all batches, for the router's profiles.
    pub(crate) fn terms(&self) -> impl Iterator<Item = &Terms> {
        self.batches.values().map(|batch| &batch.series.right.terms)
    }
}
