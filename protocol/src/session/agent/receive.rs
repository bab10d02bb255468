//! What the controller's frames and the passing of time do to the agent's end.

use std::time::Duration;

use ed25519_dalek::{SigningKey, VerifyingKey};

use super::{AgentEnd, AgentKeys, QUIET};
use crate::clock::Ticks;
use crate::frame::{Direction, FrameError, Kind};
use crate::ids::AttemptId;
use crate::session::pages::Reading;
use crate::session::records::{Closed, Event, FeedCursor, Mark, Page, Refusal};
use crate::session::role::{Incoming, Role};
use crate::session::{Agent, OLDEST_VERSION, Session, Stage, VERSION, decode, is_handshake, wire};

/// A round trip longer than this says too little about the time.
const LONGEST_ROUND_TRIP: Duration = Duration::from_secs(10);
/// After "unknown" or "revoked" only a person can help.
const HOPELESS_SECS: u32 = 300;

impl Session<Agent> {
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
            link: self.end.link,
            pages: (self.config.pages > 1).then_some(self.config.pages),
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
        self.end.link = Some(welcome.epoch);
        self.end.compare = false;
        self.end.compare_at = self.end.compare_at.max(frame.now + QUIET);
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
            self.start_over();
        }
        self.mind(frame.now);
        Ok(())
    }

    fn start_over(&mut self) {
        let start = FeedCursor::default();
        self.end.cursor = start;
        self.end.reading = Reading::new(start);
        self.events.push_back(Event::FeedRestarted);
    }

    /// What the controller says it holds is part of this journal. The last acknowledgement before a cut may never have come, so this
    /// is one.
    pub(super) fn proven(&mut self, held: Mark) {
        self.events.push_back(Event::Acknowledged(held));
    }

    pub(super) fn forked(&mut self, held: Mark) {
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
        session.end.unheard = None;
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
                session.end.reading.arrive(&page, session.config.pages)?;
                session.events.push_back(Event::Page(page));
                session.end.compare = false;
                session.end.compare_at = session.end.compare_at.max(frame.now + QUIET);
                Ok(())
            }
            Kind::StartOver if ready => {
                let wire::StartOver {} = decode(&frame)?;
                if session.end.reading.is_busy() {
                    return Err(FrameError::Unexpected(frame.kind.number()));
                }
                session.start_over();
                session.end.compare = false;
                session.end.compare_at = frame.now + QUIET;
                Ok(())
            }
            Kind::Answer if ready => {
                let wire::Answer { id, kind, body } = decode(&frame)?;
                let open = &mut session.end.questions;
                if let Some(place) = open.iter().position(|(other, _)| *other == id) {
                    open.swap_remove(place);
                    session.events.push_back(Event::Answer { id, kind, body });
                    session.mind(frame.now);
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
            | Kind::Heartbeat
            | Kind::Digest
            | Kind::StartOver => Err(FrameError::Unexpected(frame.kind.number())),
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
        let compare_at = (!end.compare).then_some(end.compare_at);
        questions
            .chain([end.beat_at])
            .chain(compare_at)
            .chain(session.impatient_at())
            .min()
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
        if session.impatient_at().is_some_and(|at| at <= now) {
            session.shut(Closed::Silent);
            return;
        }
        session.mind(now);
        let end = &mut session.end;
        if now >= end.compare_at {
            end.compare = !end.reading.is_busy();
            if !end.compare {
                end.compare_at = now + QUIET;
            }
        }
        if now >= end.beat_at {
            let every = if end.waiting.is_some() {
                session.config.probe
            } else {
                session.config.heartbeat
            };
            end.beat_at = now + every;
            end.beats += 1;
            end.beaten = Some(now);
            end.unheard.get_or_insert(now);
            let count = end.beats;
            session.send(Kind::Heartbeat, &wire::Heartbeat { count, wall: None });
        }
    }
}
