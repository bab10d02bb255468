//! Journals coming up: every entry is kept and applied exactly once, and the mark moves in the same commit. Many agents share one commit.

use std::collections::BTreeMap;
use std::fmt;

use mnara_protocol::ids::ProviderId;
use mnara_protocol::message::BadBody;
use mnara_protocol::session::{Entry, Mark};
use sqlx::types::Uuid;

use super::dispatch::{ApplyError, Dispatch, Sender};
use super::feed::{self, Change};
use super::store::{link as store, waiting};
use crate::app::App;
use crate::batch::{Batch, WriteError};
use crate::db::{Reason, Tx};

/// Entries taken at once after an upgrade.
const PAGE: i64 = 200;

/// What one link hands in at once.
#[derive(Clone, Debug)]
pub struct Handed {
    /// Who.
    pub from: Sender,
    /// Entries without a gap, their chain verified.
    pub entries: Vec<Entry>,
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// Everything up to here is committed.
    Stored(Mark),
    /// A known kind does not decode: the stream stands still before this entry until a person has looked.
    Stopped {
        /// What is committed.
        stored: Option<Mark>,
        /// The entry that does not decode.
        number: u64,
        /// Its kind.
        kind: u16,
    },
    /// A newer link, or a revocation, has made this link's word worthless.
    Superseded,
}

/// The writer of all journals.
pub struct Ingest {
    app: App,
    dispatch: Dispatch,
}

impl fmt::Debug for Ingest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ingest")
    }
}

impl Ingest {
    /// A writer that applies entries by the table.
    #[must_use]
    pub const fn new(app: App, dispatch: Dispatch) -> Self {
        Self { app, dispatch }
    }
}

impl Batch for Ingest {
    type Item = Handed;
    type Answer = Taken;

    async fn write(&self, items: &[Handed]) -> Result<Vec<Taken>, WriteError> {
        // Agents are taken in one order by all writers, so that two of them cannot wait for each other.
        let mut order: Vec<usize> = (0..items.len()).collect();
        order.sort_by_key(|place| items[*place].from.agent);
        let mut tx = self.app.db.platform(Reason::Ingest).await?;
        let mut taken = vec![Taken::Superseded; items.len()];
        let mut told: BTreeMap<ProviderId, Vec<Change>> = BTreeMap::new();
        for place in order {
            let from = &items[place].from;
            taken[place] = self
                .take(
                    &mut tx,
                    &items[place],
                    told.entry(from.provider).or_default(),
                )
                .await?;
        }
        // Sites are locked last, as everywhere, and after all tickets of the batch.
        for (provider, changes) in told {
            feed::put(&mut tx, provider, changes).await?;
        }
        tx.commit().await?;
        Ok(taken)
    }
}

/// Applies what an older program kept raw because it did not know the kind, a page in each transaction; says how many entries there were.
/// What is still unknown, or does not decode, stays as it is.
///
/// # Errors
/// When the database refuses; what was applied until then stays.
pub async fn catch_up(app: &App, dispatch: &Dispatch) -> sqlx::Result<u64> {
    let mut place = (Uuid::nil(), Uuid::nil(), 0);
    let mut count = 0;
    loop {
        let mut tx = app.db.platform(Reason::Ingest).await?;
        let page = waiting::unapplied(&mut tx, place, PAGE).await?;
        let Some((from, entry)) = page.last() else {
            return Ok(count);
        };
        place = waiting::place(from, entry);
        let mut told: BTreeMap<ProviderId, Vec<Change>> = BTreeMap::new();
        for (from, entry) in &page {
            match (dispatch.apply)(app, &mut tx, from, entry).await {
                Ok(changes) => told.entry(from.provider).or_default().extend(changes),
                Err(ApplyError::Body(BadBody::UnknownKind(_))) => continue,
                Err(ApplyError::Body(BadBody::Malformed(kind))) => {
                    tracing::error!(site.id = %from.site, number = entry.number.0, kind, "an entry that was kept for this version does not decode");
                    continue;
                }
                Err(ApplyError::Database(error)) => return Err(error),
            }
            waiting::set_applied(&mut tx, from, entry).await?;
            count += 1;
        }
        for (provider, changes) in told {
            feed::put(&mut tx, provider, changes).await?;
        }
        tx.commit().await?;
    }
}

impl Ingest {
    async fn take(
        &self,
        tx: &mut Tx,
        handed: &Handed,
        told: &mut Vec<Change>,
    ) -> Result<Taken, WriteError> {
        let from = &handed.from;
        if !store::holds_link(tx, from.agent, from.epoch).await? {
            return Ok(Taken::Superseded);
        }
        let mut mark = store::lock_mark(tx, from.agent, from.journal).await?;
        let now = self.app.clock.now();
        let known = mark.number;
        for entry in handed.entries.iter().filter(|entry| entry.number > known) {
            let applied = match (self.dispatch.apply)(&self.app, tx, from, entry).await {
                Ok(changes) => {
                    told.extend(changes);
                    true
                }
                Err(ApplyError::Body(BadBody::UnknownKind(_))) => false,
                Err(ApplyError::Body(BadBody::Malformed(kind))) => {
                    store::set_mark(tx, from, &mark).await?;
                    return Ok(Taken::Stopped {
                        stored: Some(mark),
                        number: entry.number.0,
                        kind,
                    });
                }
                Err(ApplyError::Database(error)) => return Err(error.into()),
            };
            store::insert_entry(tx, from, entry, applied, now).await?;
            mark = entry.mark();
        }
        store::set_mark(tx, from, &mark).await?;
        metrics::counter!("mnara_journal_entries_total")
            .increment(u64::try_from(handed.entries.len()).unwrap_or(0));
        Ok(Taken::Stored(mark))
    }
}
