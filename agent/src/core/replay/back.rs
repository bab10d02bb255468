//! Reading a store back into a core: snapshot, feed rows, checkpoint, then the journal after it.

use super::*;

/// A core on its way back from disk.
pub struct Replay {
    core: Core,
    checkpoint: Option<(u64, CheckpointRecord)>,
    later: u64,
    /// The latest time that anything read names.
    latest: Option<Timestamp>,
}

impl Replay {
    /// Begins with nothing. `resynced` says whether the store knows all that happened at this site.
    #[must_use]
    pub fn new(identity: Identity, seed: [u8; 32], resynced: bool) -> Self {
        Self {
            core: Core::new(identity, seed, resynced),
            checkpoint: None,
            later: 0,
            latest: None,
        }
    }

    /// Takes the snapshot, first of all.
    ///
    /// # Errors
    /// [`Unreadable`], and the state is as before.
    pub fn snapshot(&mut self, bytes: &[u8]) -> Result<(), Unreadable> {
        let unreadable = Unreadable { what: "snapshot" };
        let record: SnapshotRecord = minicbor::decode(bytes).map_err(|_| unreadable)?;
        if record.format != FORMAT {
            return Err(unreadable);
        }
        let tickets: Option<Vec<_>> = record
            .tickets
            .into_iter()
            .map(|ticket| ticket.read(&record.rights))
            .collect();
        let core = &mut self.core;
        for known in tickets.ok_or(unreadable)? {
            core.state.tickets.restore(known);
        }
        for place in record.last {
            core.state.tickets.restore_last(place.mac, place.ticket);
        }
        for spent in record.spent {
            core.state
                .batches
                .restore(spent.series, Spent::from_words(spent.words));
        }
        core.state.confirmed = record
            .confirmed
            .into_iter()
            .map(|place| (place.ticket, place.mac))
            .collect();
        core.state.unproven = record.unproven;
        core.strays = record
            .strays
            .into_iter()
            .map(|taken| (taken.ticket, taken))
            .collect();
        for trial in record.trials.unwrap_or_default() {
            core.state.trials.note(trial.mac, trial.at);
        }
        for place in record.given_back.unwrap_or_default() {
            core.state.given_back.note(place.mac, place.ticket);
        }
        core.state.paused = record
            .paused
            .unwrap_or_default()
            .into_iter()
            .map(|place| (place.ticket, place.mac))
            .collect();
        core.take_counted(record.metering);
        Ok(())
    }

    /// Takes a feed row, after the snapshot and before the entries.
    pub fn row(&mut self, row: RowChange, now: Now) {
        self.core.row(row, now);
    }

    /// Takes it that no bought ticket went away: rows of the feed are damaged, and the controller will say which are gone.
    pub fn keep_all(&mut self) {
        self.core.state.tickets.keep_all();
    }

    /// Takes the checkpoint that was made at an entry, before the entries.
    ///
    /// # Errors
    /// [`Unreadable`], and the state is as before.
    pub fn checkpoint(&mut self, made_at: u64, bytes: &[u8]) -> Result<(), Unreadable> {
        let unreadable = Unreadable { what: "checkpoint" };
        let record: CheckpointRecord = minicbor::decode(bytes).map_err(|_| unreadable)?;
        if record.format != FORMAT {
            return Err(unreadable);
        }
        self.checkpoint = Some((made_at, record));
        Ok(())
    }

    /// Takes a journal entry after the snapshot, in order. Entries of kinds that only a later version knows are counted.
    ///
    /// # Errors
    /// [`BadEntry`] when a known kind does not decode.
    pub fn entry(&mut self, number: u64, kind: u16, body: &[u8]) -> Result<(), BadEntry> {
        self.overtake(number.saturating_sub(1));
        match Fact::decode(kind, body) {
            Ok(fact) => self.core.state.apply(&fact),
            Err(BadBody::UnknownKind(_)) => self.later += 1,
            Err(BadBody::Malformed(_)) => return Err(BadEntry { number }),
        }
        self.overtake(number);
        Ok(())
    }

    fn overtake(&mut self, number: u64) {
        if self
            .checkpoint
            .as_ref()
            .is_some_and(|(made_at, _)| *made_at <= number)
            && let Some((_, record)) = self.checkpoint.take()
        {
            self.core.take_counted(record);
        }
    }

    /// Notes a time that the store names, so that the clock's floor lies after all of them.
    pub fn saw(&mut self, at: Timestamp) {
        self.latest = self.latest.max(Some(at));
    }

    /// The latest time seen.
    #[must_use]
    pub const fn latest(&self) -> Option<Timestamp> {
        self.latest
    }

    /// Takes in what waits for the journal's end. `last` is the number of the last entry. Tells how many entries name tickets this site
    /// does not have, and how many are of kinds only a later version knows.
    pub fn unread(&mut self, last: u64) -> (u64, u64) {
        self.overtake(last);
        (self.core.state.strangers, self.later)
    }

    /// Gives the core as it was. `last` is the number of the last entry.
    #[must_use]
    pub fn finish(mut self, last: u64) -> Core {
        self.overtake(last);
        self.core
    }

    /// Says whether facts must be taken back from the controller whatever the store says.
    pub fn distrust(&mut self) {
        self.core.resync = Resync::Needed;
    }
}
