//! The controller of the model: a database that survives (unless it is restored from a backup), sessions that do not, commits that take
//! a while.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ed25519_dalek::{SigningKey, VerifyingKey};
use mnara_protocol::clock::{Ticks, Timestamp};
use mnara_protocol::ids::{AttemptId, JournalId};
use mnara_protocol::session::{
    Admitted, Config, Controller, ControllerKeys, Entry, Event, FeedCursor, FeedRow, Mark, Page,
    Refusal, Revision, Session,
};

use crate::cable::Chance;
use crate::site::digest;

/// What the virtual wall clock says at tick 0.
pub(crate) const EPOCH: i64 = 1_790_000_000_000;
/// How far a restore moves the feed: past any revision ever given out.
const RESTORE_STEP: u64 = 1 << 32;

pub(crate) fn wall(now: u64) -> Timestamp {
    Timestamp::from_millis(EPOCH + i64::try_from(now).unwrap())
}

/// What is stored of one journal.
#[derive(Clone, Debug)]
pub(crate) struct Stored {
    pub(crate) mark: Mark,
    pub(crate) entries: Vec<Entry>,
}

/// What is in the database.
#[derive(Clone, Debug, Default)]
pub(crate) struct Database {
    pub(crate) journals: BTreeMap<JournalId, Stored>,
    pub(crate) rows: BTreeMap<(u16, [u8; 16]), FeedRow>,
    pub(crate) head: u64,
    pub(crate) floor: u64,
    pub(crate) epoch: u64,
}

impl Database {
    pub(crate) fn put(&mut self, kind: u16, id: [u8; 16], body: Option<Vec<u8>>) {
        self.head += 1;
        let row = FeedRow {
            kind,
            id,
            revision: Revision(self.head),
            deleted: body.is_none(),
            body: body.unwrap_or_default(),
        };
        self.rows.insert((kind, id), row);
    }

    /// Everything that is known to have happened.
    pub(crate) fn facts(&self) -> BTreeSet<&Vec<u8>> {
        self.journals
            .values()
            .flat_map(|stored| stored.entries.iter().map(|entry| &entry.body))
            .collect()
    }

    fn page(&self, after: FeedCursor, limit: usize) -> Page {
        let mut rows: Vec<FeedRow> = self
            .rows
            .values()
            .filter(|row| row.cursor() > after)
            .cloned()
            .collect();
        rows.sort_by_key(FeedRow::cursor);
        let more = rows.len() > limit;
        rows.truncate(limit);
        let cursor = rows.last().map_or(after, FeedRow::cursor);
        Page { rows, cursor, more }
    }
}

/// A commit on its way: done at the first time, known to be done at the second.
#[derive(Debug)]
struct Commit {
    entries: Vec<Entry>,
    done: u64,
    told: u64,
    committed: bool,
}

struct Reading {
    page: Option<Page>,
    read: u64,
    offered: u64,
    after: FeedCursor,
}

pub(crate) struct Link {
    pub(crate) session: Session<Controller>,
    pub(crate) number: u64,
    epoch: u64,
    journal: Option<JournalId>,
    commits: Vec<Commit>,
    reading: Option<Reading>,
    answers: Vec<(u64, AttemptId)>,
}

pub(crate) struct Cloud {
    pub(crate) database: Database,
    pub(crate) link: Option<Link>,
    pub(crate) up: bool,
    keys: ControllerKeys,
    agent: VerifyingKey,
    config: Config,
}

impl Cloud {
    pub(crate) fn new(key: SigningKey, agent: VerifyingKey, config: Config) -> Self {
        Self {
            database: Database::default(),
            link: None,
            up: true,
            keys: ControllerKeys {
                signing: Arc::new(key),
                statements: Arc::new([]),
            },
            agent,
            config,
        }
    }

    pub(crate) fn accept(&mut self, now: u64, number: u64, chance: &mut Chance) {
        let mut session = Session::<Controller>::new(self.config, self.keys.clone());
        session.link_up(Ticks::from_millis(now), chance.bytes());
        self.link = Some(Link {
            session,
            number,
            epoch: 0,
            journal: None,
            commits: Vec::new(),
            reading: None,
            answers: Vec::new(),
        });
    }

    pub(crate) fn crash(&mut self) {
        self.link = None;
        self.up = false;
    }

    /// Puts an old backup in place and moves the feed past anything that was ever given out.
    pub(crate) fn restore(&mut self, mut backup: Database) {
        let ever = self.database.head.max(backup.head);
        let step = ever.next_multiple_of(RESTORE_STEP).max(RESTORE_STEP);
        for row in backup.rows.values_mut() {
            row.revision.0 += step;
        }
        backup.head += step;
        backup.floor = step;
        self.database = backup;
        self.link = None;
    }

    pub(crate) fn feed_changed(&mut self) {
        if let Some(link) = &mut self.link {
            link.session.feed_changed();
        }
    }

    pub(crate) fn next_due(&self) -> Option<u64> {
        let link = self.link.as_ref()?;
        let commits = link.commits.iter().map(|commit| {
            if commit.committed {
                commit.told
            } else {
                commit.done
            }
        });
        let reading = link.reading.iter().map(|reading| {
            if reading.page.is_none() {
                reading.read
            } else {
                reading.offered
            }
        });
        let answers = link.answers.iter().map(|(at, _)| *at);
        let session = link.session.poll_timeout().map(Ticks::as_millis);
        commits.chain(reading).chain(answers).chain(session).min()
    }

    /// Does what can be done now. True when the connection should be dropped.
    pub(crate) fn work(&mut self, now: u64, chance: &mut Chance) -> bool {
        let Some(link) = &mut self.link else {
            return false;
        };
        link.session.handle_timeout(Ticks::from_millis(now));
        let mut drop = false;
        while let Some(event) = link.session.poll_event() {
            drop |= take(link, &mut self.database, self.agent, event, now, chance);
        }
        commit(link, &mut self.database, now);
        read(link, &self.database, now, chance);
        let due: Vec<AttemptId> = link
            .answers
            .extract_if(.., |(at, _)| *at <= now)
            .map(|(_, id)| id)
            .collect();
        for id in due {
            let _ = link.session.answer(id, 2, vec![9]);
        }
        drop
    }
}

fn take(
    link: &mut Link,
    database: &mut Database,
    agent: VerifyingKey,
    event: Event,
    now: u64,
    chance: &mut Chance,
) -> bool {
    match event {
        Event::Hello(claim) => {
            if link.session.authenticate(agent).is_err() {
                return true;
            }
            if chance.once_in(20) {
                link.session.refuse(Refusal::Busy {
                    retry_after_secs: 5,
                });
                return false;
            }
            database.epoch += 1;
            link.epoch = database.epoch;
            link.journal = Some(claim.journal);
            let stored = database.journals.get(&claim.journal);
            let admitted = Admitted {
                acknowledged: stored.map(|stored| stored.mark),
                epoch: link.epoch,
                feed_head: Revision(database.head),
                feed_floor: Revision(database.floor),
            };
            link.session.admit(admitted, wall(now)).unwrap();
            false
        }
        Event::Entries(entries) => {
            let done = now + chance.below(400);
            let done = link.commits.last().map_or(done, |last| done.max(last.done));
            let told = done + chance.below(100);
            let told = link.commits.last().map_or(told, |last| told.max(last.told));
            link.commits.push(Commit {
                entries,
                done,
                told,
                committed: false,
            });
            false
        }
        Event::Question { id, .. } => {
            if !chance.once_in(4) {
                link.answers.push((now + chance.below(20_000), id));
            }
            false
        }
        Event::Digest {
            cursor,
            digest: theirs,
        } => {
            let head = database.rows.values().map(FeedRow::cursor).max();
            if cursor == head.unwrap_or_default() && theirs != digest(database.rows.values()) {
                // While a page is in flight it is compared another time.
                link.session.start_over();
            }
            false
        }
        Event::Ready { .. } | Event::Forked { .. } => false,
        // What is left to send goes out first; the world drops the connection afterwards.
        Event::Closed(_) => true,
        other => panic!("the controller has no use for {other:?}"),
    }
}

fn commit(link: &mut Link, database: &mut Database, now: u64) {
    let journal = link.journal;
    for commit in &mut link.commits {
        if now < commit.done || commit.committed {
            continue;
        }
        commit.committed = true;
        // Every transaction of a link checks that the link is still the newest.
        if link.epoch != database.epoch {
            continue;
        }
        let journal = journal.unwrap();
        let stored = database.journals.entry(journal).or_insert_with(|| Stored {
            mark: Mark::start(journal),
            entries: Vec::new(),
        });
        for entry in &commit.entries {
            assert_eq!(entry.number, stored.mark.number.next(), "once and in order");
            assert_eq!(entry.previous, stored.mark.chain, "one history");
            stored.mark = entry.mark();
            stored.entries.push(entry.clone());
        }
    }
    while link
        .commits
        .first()
        .is_some_and(|first| first.committed && now >= first.told)
    {
        let first = link.commits.remove(0);
        if link.epoch == database.epoch {
            link.session.stored(first.entries.last().unwrap().mark());
        }
    }
}

fn read(link: &mut Link, database: &Database, now: u64, chance: &mut Chance) {
    if let Some(reading) = &mut link.reading {
        if reading.page.is_none() && now >= reading.read {
            let limit = 1 + usize::try_from(chance.below(12)).unwrap();
            reading.page = Some(database.page(reading.after, limit));
        }
        if now >= reading.offered
            && let Some(page) = reading.page.take()
        {
            link.reading = None;
            link.session.offer_page(page);
        }
    }
    if link.reading.is_none()
        && let Some(after) = link.session.poll_page_wanted()
    {
        let read = now + chance.below(50);
        link.reading = Some(Reading {
            page: None,
            read,
            offered: read + chance.below(50),
            after,
        });
    }
}
