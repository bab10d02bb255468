//! When what is written: checkpoints, snapshots, the clock's floor, a new journal; and what happens when the disk fails.

use std::path::Path;
use std::time::Duration;

use futures_util::stream::FuturesOrdered;
use mnara_protocol::clock::{Ticks, Timestamp};
use mnara_protocol::ids::JournalId;
use mnara_protocol::session::{EntryNo, Mark, Resume};
use rand::Rng;

use super::{Agent, Event};
use crate::clock::Uptime;
use crate::core::Event as CoreEvent;
use crate::link::{Ends, Order};
use crate::store::{
    Closed, Ended, Fresh, KeptFloor, Loaded, NewJournal, Opened, Saved, StoreError, put_aside,
};

/// What running sessions have used is kept this often.
const CHECKPOINT: Duration = Duration::from_secs(60);
/// The whole state is kept this often, when it has changed.
const SNAPSHOT: Duration = Duration::from_secs(600);
/// Or after so many entries.
const SNAPSHOT_ENTRIES: usize = 1_000;
/// The clock's floor is kept this often, when a date depends on it and nothing else keeps it.
const FLOOR: Duration = Duration::from_secs(3_600);
/// A store that failed is tried again this often.
const REOPEN: Duration = Duration::from_secs(30);

/// When what was written last.
pub(super) struct Keeping {
    entries: usize,
    /// Bytes of those entries.
    news: usize,
    /// Bytes of the last snapshot. The next comes no sooner than the journal since has grown as large, so that a site with many tickets
    /// and little news does not write its flash away, and reading back takes at most twice as long.
    size: usize,
    checkpoint: Ticks,
    snapshot: Ticks,
    floor: Ticks,
}

impl Keeping {
    pub(super) const fn new(size: usize, now: Ticks) -> Self {
        Self {
            entries: 0,
            news: 0,
            size,
            checkpoint: now,
            snapshot: now,
            floor: now,
        }
    }

    pub(super) const fn appended(&mut self, entries: usize, bytes: usize) {
        self.entries += entries;
        self.news += bytes;
    }

    /// When the next snapshot is due, if anything is worth one.
    fn snapshot_due(&self, now: Ticks) -> Option<Ticks> {
        if self.entries == 0 || self.news < self.size {
            None
        } else if self.entries >= SNAPSHOT_ENTRIES {
            Some(now)
        } else {
            Some(self.snapshot + SNAPSHOT)
        }
    }
}

/// What the clock was corrected by, until that is on disk.
#[derive(Clone, Copy)]
pub(super) struct Uncorrected {
    /// The first reading it concerns, before it.
    since: Timestamp,
    secs: i64,
    /// The commit that keeps it.
    commit: u64,
}

impl Agent {
    /// How long nothing needs to be done if nothing happens.
    pub(super) fn next_wake(&self) -> Duration {
        let now = self.clock.monotonic();
        let mut wake = self.core.next_wake(self.now());
        let mut due = |at: Ticks| wake = wake.min(at.since(now));
        if let Some(at) = self.reopen_at {
            due(at);
        }
        if self.core.has_codes_to_derive() {
            due(self.derive_from);
        }
        if self.store.is_some() {
            if self.core.is_metering() {
                due(self.keeping.checkpoint + CHECKPOINT);
            }
            if let Some(at) = self.keeping.snapshot_due(now) {
                due(at);
            }
            due(self.keeping.floor + FLOOR);
        }
        wake.max(Duration::from_millis(10))
    }

    /// Writes what is due.
    pub(super) async fn keep(&mut self) {
        let now = self.clock.monotonic();
        if self.reopen_at.is_some_and(|at| at <= now) {
            self.reopen().await;
        }
        if self.store.is_none() {
            return;
        }
        let keeping = &self.keeping;
        if keeping.snapshot_due(now).is_some_and(|at| at <= now) {
            self.snapshot().await;
        } else if self.core.is_metering() && now >= keeping.checkpoint + CHECKPOINT {
            self.checkpoint().await;
        } else if now >= keeping.floor + FLOOR {
            self.keeping.floor = now;
            if self.core.needs_floor() {
                self.keep_floor().await;
            }
        }
    }

    fn floor(&self) -> KeptFloor {
        let floor = self.trusted.floor(self.clock.monotonic());
        KeptFloor {
            time: floor.time,
            unproven_since: floor.unproven_since,
            uptime: Uptime::read(),
        }
    }

    pub(super) async fn keep_floor(&mut self) {
        let floor = self.floor();
        self.keeping.floor = self.clock.monotonic();
        if let Some(store) = &self.store {
            let written = store.keep_floor(floor).await;
            self.pending.push_back(Box::pin(async move {
                Event::Kept(written.await.unwrap_or(Err(Closed)))
            }));
        }
    }

    async fn checkpoint(&mut self) {
        let now = self.now();
        (self.keeping.checkpoint, self.keeping.floor) = (now.ticks, now.ticks);
        let saved = Saved {
            at: now.at,
            body: self.core.checkpoint(),
        };
        let floor = self.floor();
        if let Some(store) = &self.store {
            let written = store.checkpoint(saved, floor).await;
            self.pending.push_back(Box::pin(async move {
                Event::Kept(written.await.unwrap_or(Err(Closed)))
            }));
        }
    }

    pub(super) async fn snapshot(&mut self) {
        let now = self.now();
        let resynced = !self.core.needs_resync();
        let saved = Saved {
            at: now.at,
            body: self.core.snapshot(),
        };
        let keeping = &mut self.keeping;
        (keeping.entries, keeping.news) = (0, 0);
        keeping.size = saved.body.len();
        (keeping.snapshot, keeping.checkpoint, keeping.floor) = (now.ticks, now.ticks, now.ticks);
        let floor = self.floor();
        if let Some(store) = &self.store {
            let written = store
                .snapshot(saved, floor, resynced, self.acknowledged)
                .await;
            self.pending.push_back(Box::pin(async move {
                Event::Snapshotted(written.await.unwrap_or(Err(Closed)))
            }));
        }
    }

    /// Begins a new journal in the place of one that is not the controller's history or is damaged from an entry on.
    pub(super) async fn begin_journal(&mut self, before: Option<EntryNo>) {
        let mut random = [0; 16];
        self.rng.fill_bytes(&mut random);
        let journal = JournalId::from_bytes(random);
        let now = self.now();
        let new = NewJournal {
            journal,
            after: self.acknowledged,
            before,
            snapshot: self.core.snapshot(),
            at: now.at,
        };
        self.acknowledged = EntryNo(0);
        if let Some(store) = &self.store {
            let written = store.new_journal(new).await;
            self.pending.push_back(Box::pin(async move {
                Event::NewJournal(written.await.unwrap_or(Err(Closed)), journal)
            }));
        }
        self.core_event(CoreEvent::Forked).await;
    }

    pub(super) fn journal_begun(&mut self, last: Mark, journal: JournalId) {
        self.journal = journal;
        let ends = Ends {
            oldest: EntryNo(1),
            last,
        };
        self.tell_ends.send_replace(ends);
        self.order(Order::Resume(Box::new(self.resume())));
    }

    /// Where the store stands, for the session.
    pub(super) fn resume(&self) -> Resume {
        let ends = *self.tell_ends.borrow();
        Resume {
            journal: self.journal,
            oldest: ends.oldest,
            last: ends.last,
            cursor: self.cursor,
            software: crate::SOFTWARE.to_owned(),
            restored: self.core.needs_resync(),
        }
    }

    /// The disk is full or failing: whoever waits is refused, paid sessions go on, and the store is opened again before anything is believed.
    pub(super) async fn store_failed(&mut self) {
        if self.store.take().is_none() {
            return;
        }
        tracing::error!("nothing can be written down: no code is taken until the disk works again");
        self.tell_store.send_replace(None);
        self.refuse_waiting();
        self.pending = FuturesOrdered::new();
        self.feed_torn = true;
        (self.issued, self.done) = (0, 0);
        let now = self.clock.monotonic();
        self.failed_at.get_or_insert(now);
        self.reopen_at = Some(now + Duration::from_secs(1));
        self.core_event(CoreEvent::StoreClosed).await;
    }

    /// Has the site's times moved, and remembers that until it is on disk: a core that is read back knows nothing of it.
    pub(super) async fn correct(&mut self, from: Timestamp, secs: i64) {
        // To the second, as facts move it; the clock's own moves by milliseconds.
        let from = self.core.unproven().unwrap_or(from);
        self.core_event(CoreEvent::ClockCorrected(secs)).await;
        let (since, before) = self
            .uncorrected
            .map_or((from, 0), |before| (before.since, before.secs));
        self.uncorrected = Some(Uncorrected {
            since,
            secs: before.saturating_add(secs),
            commit: self.issued,
        });
    }

    /// Forgets a correction that is on disk.
    pub(super) fn correction_kept(&mut self) {
        let done = self.done;
        self.uncorrected = self.uncorrected.filter(|made| made.commit > done);
    }

    async fn reopen(&mut self) {
        self.reopen_at = Some(self.clock.monotonic() + REOPEN);
        if let Some(writer) = self.writer.take() {
            // It ends by itself after a failed write.
            self.ended = writer.await.unwrap_or(Ended::Closed);
        }
        match self.try_reopen().await {
            Ok(()) => {
                self.reopen_at = None;
                tracing::info!("the store works again");
                // A correction that is not on disk yet is told by the times that it moved.
                let moved = self.uncorrected;
                let moved = moved.map(|made| made.since.plus_secs(made.secs));
                let unproven = self.floor().unproven_since.or(moved);
                self.core_event(CoreEvent::Started(unproven)).await;
                if let Some(failed) = self.failed_at.take() {
                    let secs = self.clock.monotonic().since(failed).as_secs();
                    let secs = i64::try_from(secs).unwrap_or(i64::MAX);
                    self.core_event(CoreEvent::StoreFailed(secs)).await;
                }
                if self.cloud {
                    self.core_event(CoreEvent::LinkUp).await;
                }
                if self.feed_torn {
                    self.order(Order::Resume(Box::new(self.resume())));
                }
                self.access.look_now();
            }
            Err(error) => {
                tracing::debug!(error = %format!("{error:#}"), "the store does not work yet");
            }
        }
    }

    /// Opens the store again and takes what it has as the truth. One that is damaged is put aside, and what is in memory begins another.
    async fn try_reopen(&mut self) -> anyhow::Result<()> {
        let (path, fresh) = (self.state.store(), self.fresh());
        let (opened, loaded) = match self.read_again(&path, fresh).await {
            Err(error) if error.is_damage() => {
                put_aside(&path, &error)?;
                self.read_again(&path, fresh).await?
            }
            read => read?,
        };
        let about = opened.about().clone();
        let (store, writer) = opened.start();
        let written = store.keep_floor(self.floor()).await;
        if !matches!(written.await, Ok(Ok(()))) {
            drop(store);
            self.ended = writer.await.unwrap_or(Ended::Closed);
            return Err(StoreError::Write(sqlx::Error::WorkerCrashed).into());
        }
        // Asks that the old core still held are asked again by their browsers.
        self.asks.clear();
        // An empty store in the place of a damaged one knows nothing. What is in memory is all that it had, and more than the controller need
        // have heard: whoever is online stays so, and what is spent stays spent.
        let is_anew = about.journal != self.journal
            && about.last.number == EntryNo(0)
            && about.snapshot_size == 0;
        if !is_anew {
            self.core = loaded.core;
        }
        if self.journal != about.journal {
            self.acknowledged = about.acknowledged;
        }
        self.journal = about.journal;
        self.cursor = about.cursor;
        self.writer = Some(writer);
        self.ended = Ended::Closed;
        self.tell_store.send_replace(Some(store.clone()));
        self.store = Some(store);
        self.tell_ends.send_replace(Ends {
            oldest: about.oldest,
            last: about.last,
        });
        if is_anew {
            // The times in memory are corrected, and go with the new journal.
            self.uncorrected = None;
            self.begin_journal(None).await;
            self.core_event(CoreEvent::StoreOpen).await;
        }
        // Before anything else, or what seems over by the clock is ended.
        if let Some(Uncorrected { since, secs, .. }) = self.uncorrected {
            let event = CoreEvent::CorrectedUnwritten(since, secs);
            self.core_event(event).await;
            let commit = self.issued;
            self.uncorrected = (commit > 0).then_some(Uncorrected {
                since,
                secs,
                commit,
            });
        }
        if let Some(broken) = loaded.broken_at {
            self.begin_journal(Some(broken)).await;
        }
        Ok(())
    }

    /// Opens the store and reads it, after proving that it can be written and, when there is reason to doubt it, that it is whole.
    async fn read_again(
        &mut self,
        path: &Path,
        fresh: Fresh,
    ) -> Result<(Opened, Loaded), StoreError> {
        let mut opened = Opened::open(path, fresh).await?;
        let (identity, seed, now) = (self.identity(), self.seed(), self.now());
        let ended = self.ended;
        let read = async {
            opened.prove().await?;
            if ended == Ended::Damaged && !opened.check().await? {
                return Err(StoreError::Inconsistent {
                    what: "order of pages",
                });
            }
            opened.load(identity, seed, now).await
        };
        match read.await {
            Ok(loaded) => Ok((opened, loaded)),
            Err(error) => {
                opened.close().await;
                Err(error)
            }
        }
    }

    /// Writes the last snapshot and waits for the disk.
    pub(super) async fn stop(&mut self) {
        tracing::info!("stopping");
        if self.store.is_some() {
            self.snapshot().await;
        }
        self.tell_store.send_replace(None);
        self.store = None;
        self.pending = FuturesOrdered::new();
        if let Some(writer) = self.writer.take() {
            let _ = tokio::time::timeout(Duration::from_secs(10), writer).await;
        }
    }
}
