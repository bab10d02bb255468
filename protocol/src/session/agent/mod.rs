//! The agent's end of a session: what the program tells it and asks of it. What frames do to it is in `receive`; dialling and the
//! journal are the program's.

mod receive;

use std::ops::RangeInclusive;
use std::time::Duration;

use ed25519_dalek::{SigningKey, VerifyingKey};

use super::backoff::Backoff;
use super::delivery::{Offered, Up};
use super::pages::Reading;
use super::records::{Entry, EntryNo, Event, FeedCursor, Mark};
use super::{Agent, Config, FeedDigest, NotSent, Session, Stage, wire};
use crate::clock::Ticks;
use crate::frame::{Kind, Pinned};
use crate::ids::{AgentId, AttemptId, CommandId, JournalId};

/// A question may stay open this long.
const LONGEST_DEADLINE: Duration = Duration::from_secs(60);
/// Digests are compared once the feed has been quiet for so long.
const QUIET: Duration = Duration::from_secs(30);
/// They are compared again after so long.
const COMPARED: Duration = Duration::from_secs(24 * 3600);

/// Who the agent is and whom it trusts.
pub struct AgentKeys {
    /// Its id.
    pub agent: AgentId,
    /// Its own key.
    pub signing: SigningKey,
    /// The controller's keys.
    pub pinned: Pinned,
}

/// Where the agent's store stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resume {
    /// The journal.
    pub journal: JournalId,
    /// Its oldest entry still kept; 1 in a journal that was never pruned.
    pub oldest: EntryNo,
    /// Its end; [`Mark::start`] when it is empty.
    pub last: Mark,
    /// The place in the feed that is stored.
    pub cursor: FeedCursor,
    /// Software and version, for people; cut at 64 bytes.
    pub software: String,
    /// Whether the store is new or restored.
    pub restored: bool,
}

/// What only the agent's end keeps.
pub struct AgentEnd {
    journal: JournalId,
    cursor: FeedCursor,
    software: String,
    restored: bool,
    up: Up,
    reading: Reading,
    nonce: [u8; 32],
    peer: Option<VerifyingKey>,
    questions: Vec<(AttemptId, Ticks)>,
    sample: Option<wire::Bare>,
    beat_at: Ticks,
    beats: u64,
    beaten: Option<Ticks>,
    backoff: Backoff,
    dial_at: Ticks,
    ready_since: Option<Ticks>,
    taken_over: bool,
    /// The number of the last link, by which the controller tells this device's return from another device with its key.
    link: Option<u64>,
    /// Until when rows are expected that a person waits for.
    expected: Option<Ticks>,
    /// Since when something is awaited that a person waits for.
    waiting: Option<Ticks>,
    /// When the first heartbeat went out since anything was heard.
    unheard: Option<Ticks>,
    /// When the feed is to be compared, on a link that stands.
    pub(super) compare_at: Ticks,
    /// Whether the digest of the rows on disk is wanted.
    pub(super) compare: bool,
}

impl AgentEnd {
    fn new(resume: Resume, backoff: Backoff, dial_at: Ticks) -> Self {
        let mut software = resume.software;
        let end = (0..=64.min(software.len()))
            .rev()
            .find(|&place| software.is_char_boundary(place))
            .unwrap_or(0);
        software.truncate(end);
        Self {
            journal: resume.journal,
            cursor: resume.cursor,
            software,
            restored: resume.restored,
            up: Up::new(resume.oldest, resume.last),
            reading: Reading::new(resume.cursor),
            nonce: [0; 32],
            peer: None,
            questions: Vec::new(),
            sample: None,
            beat_at: Ticks::from_millis(0),
            beats: 0,
            beaten: None,
            backoff,
            dial_at,
            ready_since: None,
            taken_over: false,
            link: None,
            expected: None,
            waiting: None,
            unheard: None,
            compare_at: Ticks::from_millis(0),
            compare: false,
        }
    }
}

#[cfg(test)]
impl AgentEnd {
    /// How much is kept on the heap while nothing is under way.
    pub(super) fn held_capacity(&self) -> usize {
        self.up.capacity() + self.reading.capacity() + usize::from(self.sample.is_some())
    }
}

impl Session<Agent> {
    /// A session that may dial at once.
    #[must_use]
    pub fn new(config: Config, keys: AgentKeys, resume: Resume) -> Self {
        let end = AgentEnd::new(resume, Backoff::default(), Ticks::from_millis(0));
        Self::at_rest(config, keys, end)
    }

    /// Takes another journal or store without forgetting the waits between dials. Only between links: a link that is up is over.
    pub fn resume(&mut self, resume: Resume) {
        self.stage = Stage::Down;
        let new = AgentEnd::new(resume, self.end.backoff, self.end.dial_at);
        let before = std::mem::replace(&mut self.end, new);
        self.end.link = before.link;
        self.end.expected = before.expected;
    }

    /// The connection stands. The agent waits for the controller's challenge; `nonce` is 32 fresh random bytes.
    pub fn link_up(&mut self, now: Ticks, nonce: [u8; 32]) {
        self.open(now);
        self.end.nonce = nonce;
        self.end.peer = None;
        self.end.ready_since = None;
        self.end.taken_over = false;
    }

    /// The connection is gone, or could not be made. `jitter` is a random number; the next dial time comes from `poll_timeout`.
    pub fn link_down(&mut self, now: Ticks, jitter: u32) {
        for (id, _) in std::mem::take(&mut self.end.questions) {
            self.events.push_back(Event::Unanswered { id });
        }
        if let Some(since) = self.end.ready_since.take()
            && !self.end.taken_over
        {
            self.end.backoff.stood(now.since(since));
        }
        self.stage = Stage::Down;
        self.out.clear();
        self.end.sample = None;
        self.end.peer = None;
        self.end.waiting = None;
        self.end.compare = false;
        self.end.dial_at = now + self.end.backoff.next(jitter);
    }

    /// The journal grew: its end is here now.
    pub fn journal_grew(&mut self, last: Mark) {
        self.end.up.grew(last);
    }

    /// The journal let go of everything before this entry.
    pub fn journal_pruned(&mut self, oldest: EntryNo) {
        self.end.up.pruned(oldest);
    }

    /// The entries to read from the journal and offer.
    #[must_use]
    pub fn poll_wanted(&self) -> Option<RangeInclusive<EntryNo>> {
        (self.stage == Stage::Ready)
            .then(|| self.end.up.wanted(self.config.window()))
            .flatten()
    }

    /// Offers what `poll_wanted` asked for, in order. What does not fit into the window is asked for again.
    pub fn offer(&mut self, entries: &[Entry]) {
        if self.stage != Stage::Ready {
            return;
        }
        let held = self.end.up.tail();
        match self.end.up.offer(entries, self.config.window()) {
            Offered::Frame { body, proves } => {
                self.out.push_back((Kind::Entries, body));
                if proves {
                    self.proven(held);
                }
            }
            Offered::Nothing => {}
            Offered::Forked => self.forked(held),
            Offered::TooLarge(number) => {
                self.events.push_back(Event::TooLarge { number: number.0 });
            }
        }
    }

    /// Rows and cursor of a page are in one commit on disk. Pages are stored in the order in which they came.
    pub fn page_stored(&mut self, cursor: FeedCursor) {
        let current = self.end.reading.stored(cursor);
        if current || self.stage == Stage::Down {
            self.end.cursor = cursor;
        }
        if current && self.stage == Stage::Ready {
            self.send(Kind::PageStored, &wire::PageStored { cursor });
        }
    }

    /// Asks the controller. The answer, or [`Event::Unanswered`], comes as an event. A repeat with the same id is sent again.
    ///
    /// # Errors
    /// [`NotSent`]: questions never wait for a link.
    pub fn ask(
        &mut self,
        id: AttemptId,
        kind: u16,
        body: Vec<u8>,
        deadline_in: Duration,
        now: Ticks,
    ) -> Result<(), NotSent> {
        self.may_send(&body)?;
        let deadline_in = deadline_in.min(LONGEST_DEADLINE);
        let open = &mut self.end.questions;
        open.retain(|(other, _)| *other != id);
        if open.len() >= usize::from(self.config.questions) {
            return Err(NotSent::TooMany);
        }
        open.push((id, now + deadline_in));
        let deadline_millis = u32::try_from(deadline_in.as_millis()).unwrap_or(u32::MAX);
        self.send(
            Kind::Question,
            &wire::Question {
                id,
                kind,
                body,
                deadline_millis,
            },
        );
        self.mind(now);
        Ok(())
    }

    /// Says until when rows are expected that a person waits for, if any are: a line that dies meanwhile is found out sooner.
    pub fn expect(&mut self, until: Option<Ticks>, now: Ticks) {
        self.end.expected = until;
        self.mind(now);
    }

    /// Whether the digest of the rows on disk is wanted, to be compared with the controller's.
    #[must_use]
    pub fn poll_digest_wanted(&self) -> bool {
        self.stage == Stage::Ready && self.end.compare
    }

    /// Offers the digest of all rows on disk with the cursor they were read at; `None` when they cannot be read now.
    pub fn offer_digest(&mut self, rows: Option<(FeedCursor, FeedDigest)>, now: Ticks) {
        if !std::mem::take(&mut self.end.compare) {
            return;
        }
        self.end.compare_at = now + QUIET;
        if let Some((cursor, digest)) = rows
            && self.stage == Stage::Ready
            && self.end.reading.is_at(cursor)
        {
            self.end.compare_at = now + COMPARED;
            self.send(Kind::Digest, &wire::Digest { cursor, digest });
        }
    }

    /// Reports what became of a command.
    ///
    /// # Errors
    /// [`NotSent`]; a command's result that must not be lost belongs in the journal as well.
    pub fn report(&mut self, id: CommandId, kind: u16, body: Vec<u8>) -> Result<(), NotSent> {
        self.may_send(&body)?;
        let waiting = self
            .out
            .iter()
            .filter(|(kind, _)| *kind == Kind::Report)
            .count();
        if waiting >= super::MAX_COMMANDS {
            return Err(NotSent::TooMany);
        }
        self.send(Kind::Report, &wire::Report { id, kind, body });
        Ok(())
    }

    /// Sends a live reading that nobody keeps. One that still waits for the line is replaced.
    ///
    /// # Errors
    /// [`NotSent`].
    pub fn sample(&mut self, kind: u16, body: Vec<u8>) -> Result<(), NotSent> {
        self.may_send(&body)?;
        self.end.sample = Some(wire::Bare { kind, body });
        Ok(())
    }

    /// The pinned controller keys, as statements have left them.
    #[must_use]
    pub fn pinned(&self) -> &Pinned {
        &self.keys.pinned
    }

    /// While a person waits for the controller, its silence is borne for a shorter time and it is asked sooner whether it is there.
    fn mind(&mut self, now: Ticks) {
        let end = &mut self.end;
        let awaited = !end.questions.is_empty() || end.expected.is_some_and(|until| until > now);
        if !awaited {
            end.waiting = None;
        } else if self.stage == Stage::Ready && end.waiting.is_none() {
            end.waiting = Some(now);
            end.beat_at = end.beat_at.min(now + self.config.probe);
        }
    }

    /// When the controller's silence is too long for the person who waits. Counted from a heartbeat, so that a program that was stopped
    /// for a while first asks.
    fn impatient_at(&self) -> Option<Ticks> {
        let (since, asked) = self.end.waiting.zip(self.end.unheard)?;
        Some(since.max(asked) + self.config.patience)
    }
}
