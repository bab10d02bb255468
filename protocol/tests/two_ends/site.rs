//! The agent of the model: a store that survives, a session that does not, and stores that take a while.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use ed25519_dalek::SigningKey;
use mnara_protocol::clock::{Ticks, Timestamp};
use mnara_protocol::frame::Pinned;
use mnara_protocol::ids::{AgentId, AttemptId, JournalId};
use mnara_protocol::session::{
    Agent, AgentKeys, Closed, Config, Entry, EntryNo, Event, FeedCursor, FeedDigest, FeedRow, Mark,
    Page, Resume, Session,
};

use crate::cable::Chance;

/// What is on the agent's disk.
#[derive(Clone, Debug)]
pub(crate) struct Disk {
    pub(crate) journal: JournalId,
    pub(crate) entries: Vec<Entry>,
    pub(crate) last: Mark,
    pub(crate) acknowledged: EntryNo,
    pub(crate) cursor: FeedCursor,
    pub(crate) rows: BTreeMap<(u16, [u8; 16]), FeedRow>,
    /// What the feed has named since it started over.
    pub(crate) named: Option<BTreeSet<(u16, [u8; 16])>>,
    pub(crate) restored: bool,
}

impl Disk {
    pub(crate) fn new(journal: JournalId) -> Self {
        Self {
            journal,
            entries: Vec::new(),
            last: Mark::start(journal),
            acknowledged: EntryNo(0),
            cursor: FeedCursor::default(),
            rows: BTreeMap::new(),
            named: None,
            restored: false,
        }
    }

    pub(crate) fn append(&mut self, at: u64, kind: u16, body: Vec<u8>) {
        let entry = Entry {
            number: self.last.number.next(),
            previous: self.last.chain,
            at: Timestamp::from_millis(i64::try_from(at).unwrap()),
            kind,
            body,
        };
        self.last = entry.mark();
        self.entries.push(entry);
    }

    /// Begins a new journal and writes again what the controller had not acknowledged.
    fn fork(&mut self, journal: JournalId) {
        let again: Vec<Entry> = self
            .entries
            .drain(..)
            .filter(|entry| entry.number > self.acknowledged)
            .collect();
        self.journal = journal;
        self.last = Mark::start(journal);
        self.acknowledged = EntryNo(0);
        for entry in again {
            self.append(
                u64::try_from(entry.at.as_millis()).unwrap(),
                entry.kind,
                entry.body,
            );
        }
    }

    fn store(&mut self, page: &Page) {
        for row in &page.rows {
            let key = (row.kind, row.id);
            if let Some(named) = &mut self.named {
                named.insert(key);
            }
            if row.deleted {
                self.rows.remove(&key);
            } else {
                self.rows.insert(key, row.clone());
            }
        }
        self.cursor = page.cursor;
        if !page.more
            && let Some(named) = self.named.take()
        {
            self.rows.retain(|key, _| named.contains(key));
        }
    }
}

/// The digest of all rows that are there.
pub(crate) fn digest<'a>(rows: impl Iterator<Item = &'a FeedRow>) -> FeedDigest {
    rows.filter(|row| !row.deleted)
        .fold(FeedDigest::EMPTY, |sum, row| {
            sum.with(row.kind, &row.id, &row.body)
        })
}

/// A page on its way to the disk: written at the first time, known to be at the second.
#[derive(Debug)]
struct Storing {
    page: Page,
    written: u64,
    told: u64,
    on_disk: bool,
}

pub(crate) struct Site {
    pub(crate) disk: Disk,
    pub(crate) session: Option<Session<Agent>>,
    pub(crate) linked: bool,
    pub(crate) open_questions: BTreeSet<AttemptId>,
    /// Since when a question is open without a break.
    pub(crate) waited_since: Option<u64>,
    pub(crate) asked: u64,
    pub(crate) answers: u64,
    pub(crate) unanswered: u64,
    /// Open when the agent crashed.
    pub(crate) forgotten: u64,
    pub(crate) forks: u64,
    pub(crate) restarts: u64,
    pub(crate) acknowledged: Vec<(JournalId, Mark)>,
    pub(crate) anchors: Vec<(u64, Timestamp)>,
    /// Pages that came while another was on its way to the disk.
    pub(crate) pipelined: u64,
    /// Crashes after a page was stored and before that was told.
    pub(crate) interrupted: u64,
    storing: VecDeque<Storing>,
    id: AgentId,
    key: SigningKey,
    pinned: Pinned,
    config: Config,
}

impl Site {
    pub(crate) fn new(key: SigningKey, pinned: Pinned, journal: JournalId, config: Config) -> Self {
        let mut site = Self {
            disk: Disk::new(journal),
            session: None,
            linked: false,
            open_questions: BTreeSet::new(),
            waited_since: None,
            asked: 0,
            answers: 0,
            unanswered: 0,
            forgotten: 0,
            forks: 0,
            restarts: 0,
            acknowledged: Vec::new(),
            anchors: Vec::new(),
            pipelined: 0,
            interrupted: 0,
            storing: VecDeque::new(),
            id: AgentId::from_bytes([1; 16]),
            key,
            pinned,
            config,
        };
        site.start();
        site
    }

    fn resume(&self) -> Resume {
        Resume {
            journal: self.disk.journal,
            oldest: EntryNo(1),
            last: self.disk.last,
            cursor: self.disk.cursor,
            software: "model".to_owned(),
            restored: self.disk.restored,
        }
    }

    pub(crate) fn start(&mut self) {
        let keys = AgentKeys {
            agent: self.id,
            signing: self.key.clone(),
            pinned: self.pinned.clone(),
        };
        self.session = Some(Session::<Agent>::new(self.config, keys, self.resume()));
    }

    pub(crate) fn crash(&mut self) {
        self.session = None;
        self.linked = false;
        self.interrupted += u64::from(self.storing.iter().any(|page| page.on_disk));
        self.storing.clear();
        self.forgotten += u64::try_from(self.open_questions.len()).unwrap();
        self.open_questions.clear();
        self.waited_since = None;
    }

    pub(crate) fn link_lost(&mut self, now: u64, chance: &mut Chance) {
        self.linked = false;
        let jitter = u32::try_from(chance.below(1 << 32)).unwrap();
        if let Some(session) = &mut self.session {
            session.link_down(Ticks::from_millis(now), jitter);
        }
    }

    pub(crate) fn happened(&mut self, now: u64, count: u64, chance: &mut Chance) {
        for _ in 0..count {
            let long = if chance.once_in(10) { 1200 } else { 40 };
            let mut body = chance.bytes::<8>().to_vec();
            body.resize(8 + usize::try_from(chance.below(long)).unwrap(), 7);
            let kind = u16::try_from(chance.below(5)).unwrap();
            self.disk.append(now, kind, body);
        }
        let last = self.disk.last;
        if let Some(session) = &mut self.session {
            session.journal_grew(last);
        }
    }

    pub(crate) fn ask(&mut self, now: u64, chance: &mut Chance) {
        let id = AttemptId::from_bytes(chance.bytes());
        let patience = Duration::from_millis(500 + chance.below(30_000));
        let Some(session) = &mut self.session else {
            return;
        };
        let sent = session.ask(id, 1, vec![1, 2, 3], patience, Ticks::from_millis(now));
        if sent.is_ok() {
            self.asked += 1;
            self.waited_since.get_or_insert(now);
            assert!(self.open_questions.insert(id));
        }
    }

    /// Does what can be done now. True when the connection should be dropped.
    pub(crate) fn work(&mut self, now: u64, chance: &mut Chance) -> bool {
        self.finish_storing(now);
        let mut drop = false;
        while let Some(event) = self.session.as_mut().and_then(Session::poll_event) {
            drop |= self.take(event, now, chance);
        }
        if let Some(session) = &mut self.session {
            while let Some(wanted) = session.poll_wanted() {
                let from = usize::try_from(wanted.start().0 - 1).unwrap();
                let to = usize::try_from(wanted.end().0).unwrap();
                session.offer(&self.disk.entries[from..to]);
                if session.poll_wanted().as_ref() == Some(&wanted) {
                    break;
                }
            }
            if session.poll_digest_wanted() {
                let rows = (self.disk.cursor, digest(self.disk.rows.values()));
                session.offer_digest(Some(rows), Ticks::from_millis(now));
            }
        }
        // An offer may be an event too, such as that what the controller holds is part of this journal.
        while let Some(event) = self.session.as_mut().and_then(Session::poll_event) {
            drop |= self.take(event, now, chance);
        }
        if self.open_questions.is_empty() {
            self.waited_since = None;
        }
        drop
    }

    fn finish_storing(&mut self, now: u64) {
        for storing in &mut self.storing {
            if now >= storing.written && !storing.on_disk {
                storing.on_disk = true;
                self.disk.store(&storing.page);
            }
        }
        while let Some(stored) = self.storing.pop_front_if(|first| now >= first.told) {
            if let Some(session) = &mut self.session {
                session.page_stored(stored.page.cursor);
            }
        }
    }

    pub(crate) fn next_store(&self) -> Option<u64> {
        let next = |storing: &Storing| {
            if storing.on_disk {
                storing.told
            } else {
                storing.written
            }
        };
        self.storing.iter().map(next).min()
    }

    fn take(&mut self, event: Event, now: u64, chance: &mut Chance) -> bool {
        match event {
            Event::Ready { wall, .. } => {
                self.anchors.push((now, wall));
                false
            }
            Event::Anchor { wall } => {
                self.anchors.push((now, wall));
                false
            }
            Event::Acknowledged(mark) => {
                self.disk.acknowledged = mark.number;
                self.acknowledged.push((self.disk.journal, mark));
                false
            }
            Event::Page(page) => {
                // One writer: what came before, on this link or one that is gone, gets to the disk first.
                let (before, told) = self
                    .storing
                    .back()
                    .map_or((0, 0), |last| (last.written, last.told));
                self.pipelined += u64::from(!self.storing.is_empty());
                let written = before.max(now + chance.below(300));
                self.storing.push_back(Storing {
                    page,
                    written,
                    told: told.max(written + chance.below(100)),
                    on_disk: false,
                });
                false
            }
            Event::FeedRestarted => {
                self.finish_storing(u64::MAX);
                self.restarts += 1;
                self.disk.cursor = FeedCursor::default();
                self.disk.named = Some(BTreeSet::new());
                false
            }
            Event::Answer { id, .. } => {
                assert!(self.open_questions.remove(&id), "answered once, if asked");
                self.answers += 1;
                false
            }
            Event::Unanswered { id } => {
                assert!(self.open_questions.remove(&id), "given up once, if asked");
                self.unanswered += 1;
                false
            }
            Event::Forked { held } => {
                assert!(
                    held.number >= self.disk.last.number
                        || !self.disk.entries.iter().any(|entry| entry.mark() == held),
                    "a journal that holds the controller's mark has not forked"
                );
                self.finish_storing(u64::MAX);
                self.forks += 1;
                self.disk.fork(JournalId::from_bytes(chance.bytes()));
                let resume = self.resume();
                self.session.as_mut().unwrap().resume(resume);
                true
            }
            Event::Closed(Closed::Forked) => false,
            Event::Closed(_) => true,
            Event::Command { .. } | Event::Superseded | Event::Refused(_) => false,
            other => panic!("the agent has no use for {other:?}"),
        }
    }
}
