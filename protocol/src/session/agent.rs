//! The agent's end of a session. Frames and deliveries are beside; dialling and the journal are the program's.

use std::ops::RangeInclusive;
use std::time::Duration;

use ed25519_dalek::{SigningKey, VerifyingKey};

use super::backoff::Backoff;
use super::delivery::{Offered, Reading, Up};
use super::records::{Closed, Entry, EntryNo, Event, FeedCursor, Mark, Page, Refusal};
use super::role::{Incoming, Role};
use super::{
    Agent, Config, NotSent, OLDEST_VERSION, Session, Stage, VERSION, decode, is_handshake, wire,
};
use crate::clock::Ticks;
use crate::frame::{Direction, FrameError, Kind, Pinned};
use crate::ids::{AgentId, AttemptId, CommandId, JournalId};

/// A round trip longer than this says too little about the time.
const LONGEST_ROUND_TRIP: Duration = Duration::from_secs(10);
/// A question may stay open this long.
const LONGEST_DEADLINE: Duration = Duration::from_secs(60);
/// After "unknown" or "revoked" only a person can help.
const HOPELESS_SECS: u32 = 300;

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
        }
    }
}

#[cfg(test)]
impl AgentEnd {
    /// How much is kept on the heap while nothing is under way.
    pub(super) fn held_capacity(&self) -> usize {
        self.up.capacity() + usize::from(self.sample.is_some())
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
        self.end = AgentEnd::new(resume, self.end.backoff, self.end.dial_at);
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

    /// Rows and cursor of a page are in one commit on disk.
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
        Ok(())
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

    fn challenged(&mut self, frame: &Incoming<'_>) -> Result<(), FrameError> {
        if frame.kind != Kind::Challenge {
            return Err(FrameError::Unexpected(frame.kind.number()));
        }
        let challenge: wire::Challenge = decode(frame)?;
        if challenge.statements.len() > wire::MAX_STATEMENTS {
            return Err(FrameError::BadBody(frame.kind.number()));
        }
        // Statements carry their own signatures, so they may be read from a frame that cannot be verified yet. One that does not
        // apply is passed over: the key may be known without it.
        let mut pinned = self.keys.pinned.clone();
        for statement in &challenge.statements {
            let _ = pinned.apply(statement);
        }
        let peer = *pinned
            .find(challenge.key)
            .ok_or(FrameError::UnknownController)?;
        if pinned != self.keys.pinned {
            self.keys.pinned = pinned.clone();
            self.events.push_back(Event::KeysChanged(pinned));
        }
        let version = challenge.newest.min(VERSION);
        if version < challenge.oldest.max(OLDEST_VERSION) {
            return Err(FrameError::NoCommonVersion);
        }
        self.end.peer = Some(peer);
        self.end.reading = Reading::new(self.end.cursor);
        let hello = wire::Hello {
            agent: self.keys.agent,
            nonce: self.end.nonce,
            version,
            journal: self.end.journal,
            last: self.end.up.last(),
            cursor: self.end.cursor,
            software: self.end.software.clone(),
            restored: self.end.restored,
        };
        self.send(Kind::Hello, &hello);
        Ok(())
    }

    fn welcomed(&mut self, frame: &Incoming<'_>) -> Result<(), FrameError> {
        let welcome: wire::Welcome = decode(frame)?;
        let start = FeedCursor::default();
        if welcome.cursor != self.end.reading.position() && welcome.cursor != start {
            return Err(FrameError::BadBody(frame.kind.number()));
        }
        self.stage = Stage::Ready;
        self.end.ready_since = Some(frame.now);
        self.end.beat_at = frame.now + self.config.heartbeat;
        self.end.beaten = None;
        let restarts = welcome.cursor != self.end.reading.position();
        if !self.end.up.connected(welcome.acknowledged) {
            self.forked(welcome.acknowledged);
            return Ok(());
        }
        self.events.push_back(Event::Ready {
            wall: welcome.wall,
            epoch: welcome.epoch,
        });
        if welcome.acknowledged == self.end.up.last() {
            self.proven(welcome.acknowledged);
        }
        if restarts {
            self.end.cursor = start;
            self.end.reading = Reading::new(start);
            self.events.push_back(Event::FeedRestarted);
        }
        Ok(())
    }

    /// What the controller says it holds is part of this journal. The last acknowledgement before a cut may never have come, so this
    /// is one.
    fn proven(&mut self, held: Mark) {
        self.events.push_back(Event::Acknowledged(held));
    }

    fn forked(&mut self, held: Mark) {
        self.events.push_back(Event::Forked { held });
        self.shut(Closed::Forked);
    }

    fn refused(&mut self, refusal: Refusal, now: Ticks) {
        match refusal {
            Refusal::Forked { held } => return self.forked(held),
            Refusal::Superseded => {
                self.end.taken_over = true;
                self.end.backoff.taken_over(now);
                self.events.push_back(Event::Superseded);
            }
            Refusal::Busy { retry_after_secs } => {
                self.end.backoff.busy(retry_after_secs);
                self.events.push_back(Event::Refused(refusal));
            }
            Refusal::UnknownAgent | Refusal::Revoked => {
                self.end.backoff.busy(HOPELESS_SECS);
                self.events.push_back(Event::Refused(refusal));
            }
            Refusal::Other(_) => self.events.push_back(Event::Refused(refusal)),
        }
        self.shut(Closed::Refused);
    }

    fn beaten(&mut self, beat: &wire::Heartbeat, now: Ticks) {
        let Some(sent) = self.end.beaten.take_if(|_| beat.count == self.end.beats) else {
            return;
        };
        let round_trip = now.since(sent);
        if let Some(wall) = beat.wall
            && round_trip <= LONGEST_ROUND_TRIP
        {
            let wall = wall + round_trip / 2;
            self.events.push_back(Event::Anchor { wall });
        }
    }
}

impl Role for Agent {
    type Keys = AgentKeys;
    type End = AgentEnd;
    const SENDS: Direction = Direction::Up;
    const RECEIVES: Direction = Direction::Down;

    fn signing(session: &Session<Self>) -> &SigningKey {
        &session.keys.signing
    }

    fn peer(session: &Session<Self>) -> Option<&VerifyingKey> {
        session.end.peer.as_ref()
    }

    fn receive(session: &mut Session<Self>, frame: Incoming<'_>) -> Result<(), FrameError> {
        if is_handshake(frame.kind) {
            session.binding = session.binding.after(frame.message);
        }
        let ready = session.stage == Stage::Ready;
        match frame.kind {
            _ if session.end.peer.is_none() => session.challenged(&frame),
            Kind::Refused => {
                let refused: wire::Refused = decode(&frame)?;
                session.refused(refused.into(), frame.now);
                Ok(())
            }
            Kind::Welcome if !ready => session.welcomed(&frame),
            Kind::Acknowledged if ready => {
                let wire::Acknowledged { mark } = decode(&frame)?;
                if session.end.up.acknowledged(mark)? {
                    session.events.push_back(Event::Acknowledged(mark));
                }
                Ok(())
            }
            Kind::Page if ready => {
                let page: Page = decode(&frame)?;
                session.end.reading.arrive(&page)?;
                session.events.push_back(Event::Page(page));
                Ok(())
            }
            Kind::Answer if ready => {
                let wire::Answer { id, kind, body } = decode(&frame)?;
                let open = &mut session.end.questions;
                if let Some(place) = open.iter().position(|(other, _)| *other == id) {
                    open.swap_remove(place);
                    session.events.push_back(Event::Answer { id, kind, body });
                }
                Ok(())
            }
            Kind::Command if ready => {
                let wire::Bare { kind, body } = decode(&frame)?;
                session.events.push_back(Event::Command { kind, body });
                Ok(())
            }
            Kind::Heartbeat if ready => {
                session.beaten(&decode(&frame)?, frame.now);
                Ok(())
            }
            Kind::Challenge
            | Kind::Hello
            | Kind::Welcome
            | Kind::Entries
            | Kind::Acknowledged
            | Kind::Page
            | Kind::PageStored
            | Kind::Question
            | Kind::Answer
            | Kind::Command
            | Kind::Report
            | Kind::Sample
            | Kind::Heartbeat => Err(FrameError::Unexpected(frame.kind.number())),
        }
    }

    fn due(session: &mut Session<Self>) -> Option<(Kind, Vec<u8>)> {
        let sample = session.end.sample.take()?;
        Some((Kind::Sample, wire::to_bytes(&sample)))
    }

    fn next_timeout(session: &Session<Self>) -> Option<Ticks> {
        let end = &session.end;
        if session.stage == Stage::Down {
            return Some(end.dial_at);
        }
        let questions = end.questions.iter().map(|(_, deadline)| *deadline);
        questions.chain([end.beat_at]).min()
    }

    fn timeout(session: &mut Session<Self>, now: Ticks) {
        let end = &mut session.end;
        let late: Vec<AttemptId> = end
            .questions
            .extract_if(.., |(_, deadline)| *deadline <= now)
            .map(|(id, _)| id)
            .collect();
        for id in late {
            session.events.push_back(Event::Unanswered { id });
        }
        if now >= end.beat_at {
            end.beat_at = now + session.config.heartbeat;
            end.beats += 1;
            end.beaten = Some(now);
            let count = end.beats;
            session.send(Kind::Heartbeat, &wire::Heartbeat { count, wall: None });
        }
    }
}
