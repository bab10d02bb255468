//! The controller's end of a session. Frames and deliveries are beside; looking keys up and storing are the program's.

use std::sync::Arc;
use std::time::Duration;

use ed25519_dalek::{SigningKey, VerifyingKey};

use super::delivery::{Arrived, Held, fork};
use super::pages::Feed;
use super::records::{Admitted, Claim, Closed, Event, FeedCursor, Mark, Page, Refusal};
use super::role::{Incoming, Role};
use super::{
    Config, Controller, MAX_COMMANDS, NotSent, OLDEST_VERSION, Session, Stage, VERSION, decode,
    wire,
};
use crate::clock::{Ticks, Timestamp};
use crate::frame::{Binding, Direction, FrameError, KeyId, KeyStatement, Kind};
use crate::ids::AttemptId;

/// A question is forgotten this long after its deadline, when the agent has forgotten it too.
const GRACE: Duration = Duration::from_secs(30);

/// Digests that come sooner after one are passed over.
const COMPARE_AGAIN: Duration = Duration::from_secs(20);

/// The controller's identity, shared by all its sessions.
#[derive(Clone)]
pub struct ControllerKeys {
    /// The identity key.
    pub signing: Arc<SigningKey>,
    /// Statements that lead from older keys to this one, oldest first; the last eight are sent.
    pub statements: Arc<[KeyStatement]>,
}

/// An agent that has said hello and is not let in yet.
struct Visitor {
    message: Vec<u8>,
    before: Binding,
    claim: Claim,
    /// How many pages it takes at once.
    pages: u8,
}

/// What only the controller's end keeps.
pub struct ControllerEnd {
    visitor: Option<Box<Visitor>>,
    peer: Option<VerifyingKey>,
    held: Option<Held>,
    feed: Feed,
    beat: Option<wire::Heartbeat>,
    questions: Vec<(AttemptId, Ticks)>,
    compared: Option<Ticks>,
}

#[cfg(test)]
impl ControllerEnd {
    /// How much is kept on the heap while nothing is under way.
    pub(super) fn held_capacity(&self) -> usize {
        let visitor = usize::from(self.visitor.is_some());
        let held = self.held.as_ref().map_or(0, Held::capacity);
        visitor + held + self.feed.capacity() + self.questions.capacity()
    }
}

impl Session<Controller> {
    /// A session for a connection that has just been accepted.
    #[must_use]
    pub fn new(config: Config, keys: ControllerKeys) -> Self {
        Self::at_rest(
            config,
            keys,
            ControllerEnd {
                visitor: None,
                peer: None,
                held: None,
                feed: Feed::new(FeedCursor::default(), 1),
                beat: None,
                questions: Vec::new(),
                compared: None,
            },
        )
    }

    /// The connection stands: the challenge goes out. `nonce` is 32 fresh random bytes. A session serves one connection.
    pub fn link_up(&mut self, now: Ticks, nonce: [u8; 32]) {
        self.open(now);
        let statements = &self.keys.statements;
        let from = statements.len().saturating_sub(wire::MAX_STATEMENTS);
        let challenge = wire::Challenge {
            nonce,
            oldest: OLDEST_VERSION,
            newest: VERSION,
            key: KeyId::of(&self.keys.signing.verifying_key()),
            statements: statements[from..].to_vec(),
        };
        self.send(Kind::Challenge, &challenge);
    }

    /// Checks the hello's signature with the key that is enrolled for the claimed agent. Do this before anything is written.
    ///
    /// # Errors
    /// A [`FrameError`] ends the session: drop the connection.
    pub fn authenticate(&mut self, peer: VerifyingKey) -> Result<(), FrameError> {
        let unexpected = FrameError::Unexpected(Kind::Hello.number());
        let visitor = self.end.visitor.as_mut().ok_or(unexpected)?;
        let checked = visitor
            .before
            .verify(Direction::Up, &peer, &visitor.message);
        visitor.message = Vec::new();
        if checked.is_ok() {
            self.end.peer = Some(peer);
        } else {
            self.end.visitor = None;
            self.stage = Stage::Closed;
            self.out.clear();
        }
        checked
    }

    /// Lets an authenticated agent in: [`Event::Ready`] follows, or [`Event::Forked`] when its journal and ours are not one history.
    ///
    /// # Errors
    /// [`FrameError::Unexpected`] when nobody was authenticated.
    pub fn admit(&mut self, admitted: Admitted, wall: Timestamp) -> Result<(), FrameError> {
        let unexpected = FrameError::Unexpected(Kind::Hello.number());
        if self.stage != Stage::Opening || self.end.peer.is_none() {
            return Err(unexpected);
        }
        let Visitor { claim, pages, .. } = *self.end.visitor.take().ok_or(unexpected)?;
        let held = match fork(claim.journal, claim.last, admitted.acknowledged) {
            Ok(held) => held,
            Err(held) => {
                self.forked(held);
                return Ok(());
            }
        };
        let start = FeedCursor::default();
        let lost = claim.cursor.revision > admitted.feed_head
            || claim.cursor.revision < admitted.feed_floor;
        let cursor = if lost { start } else { claim.cursor };
        self.end.held = Some(Held::new(held));
        self.end.feed = Feed::new(cursor, pages.min(self.config.pages));
        self.stage = Stage::Ready;
        let epoch = admitted.epoch;
        self.send(
            Kind::Welcome,
            &wire::Welcome {
                wall,
                epoch,
                acknowledged: held,
                cursor,
            },
        );
        self.events.push_back(Event::Ready { wall, epoch });
        Ok(())
    }

    /// Sends the agent away, at its hello or later.
    pub fn refuse(&mut self, reason: Refusal) {
        if matches!(self.stage, Stage::Opening | Stage::Ready) {
            self.turn_away(reason, Closed::Refused);
        }
    }

    fn turn_away(&mut self, reason: Refusal, why: Closed) {
        // A Welcome that has not left yet is part of what the next signature covers.
        self.out.retain(|(kind, _)| *kind == Kind::Welcome);
        self.send(Kind::Refused, &wire::Refused::from(reason));
        self.stage = Stage::Closing;
        self.events.push_back(Event::Closed(why));
    }

    fn forked(&mut self, held: Mark) {
        self.events.push_back(Event::Forked { held });
        self.turn_away(Refusal::Forked { held }, Closed::Forked);
    }

    /// Entries up to here are committed: now, and only now, they are acknowledged.
    pub fn stored(&mut self, up_to: Mark) {
        if let Some(held) = &mut self.end.held {
            held.stored(up_to);
        }
    }

    /// There may be rows past the cursor.
    pub fn feed_changed(&mut self) {
        self.end.feed.changed();
    }

    /// The agent's rows are not the site's: it reads from the very start, once the pages in flight are stored. False when it cannot now.
    pub fn start_over(&mut self) -> bool {
        let begun = self.stage == Stage::Ready && self.end.feed.start_over();
        if begun {
            self.send(Kind::StartOver, &wire::StartOver {});
        }
        begun
    }

    /// The place after which to read a page and offer it. Asks again until it is offered; `None` while as many pages are in flight as the
    /// agent takes.
    pub fn poll_page_wanted(&mut self) -> Option<FeedCursor> {
        (self.stage == Stage::Ready)
            .then(|| self.end.feed.take_wanted())
            .flatten()
    }

    /// Offers the rows after the wanted place, in order. A page without rows says that there are none. What is too long is cut and
    /// asked for again.
    pub fn offer_page(&mut self, page: Page) {
        if self.stage != Stage::Ready {
            return;
        }
        match self.end.feed.offer(page) {
            Ok(Some(body)) => self.out.push_back((Kind::Page, body)),
            Ok(None) => {}
            Err(number) => self.events.push_back(Event::TooLarge { number }),
        }
    }

    /// Answers a question. Past its deadline nobody waits for it and nothing is sent.
    ///
    /// # Errors
    /// [`NotSent`].
    pub fn answer(&mut self, id: AttemptId, kind: u16, body: Vec<u8>) -> Result<(), NotSent> {
        self.may_send(&body)?;
        let open = &mut self.end.questions;
        let Some(place) = open.iter().position(|(other, _)| *other == id) else {
            return Ok(());
        };
        open.swap_remove(place);
        if open.is_empty() {
            *open = Vec::new();
        }
        self.send(Kind::Answer, &wire::Answer { id, kind, body });
        Ok(())
    }

    /// Sends a command. What must be known to have happened is a feed row, not a command.
    ///
    /// # Errors
    /// [`NotSent`]: commands do not wait for a link.
    pub fn command(&mut self, kind: u16, body: Vec<u8>) -> Result<(), NotSent> {
        self.may_send(&body)?;
        let waiting = self
            .out
            .iter()
            .filter(|(kind, _)| *kind == Kind::Command)
            .count();
        if waiting >= MAX_COMMANDS {
            return Err(NotSent::TooMany);
        }
        self.send(Kind::Command, &wire::Bare { kind, body });
        Ok(())
    }

    fn greeted(&mut self, frame: &Incoming<'_>) -> Result<(), FrameError> {
        if frame.kind != Kind::Hello || self.end.visitor.is_some() {
            return Err(FrameError::Unexpected(frame.kind.number()));
        }
        let hello: wire::Hello = decode(frame)?;
        if !(OLDEST_VERSION..=VERSION).contains(&hello.version) {
            return Err(FrameError::NoCommonVersion);
        }
        if hello.software.len() > 64 {
            return Err(FrameError::BadBody(frame.kind.number()));
        }
        let claim = Claim {
            agent: hello.agent,
            journal: hello.journal,
            last: hello.last,
            cursor: hello.cursor,
            software: hello.software,
            restored: hello.restored,
            link: hello.link,
            version: hello.version,
        };
        self.events.push_back(Event::Hello(claim.clone()));
        self.end.visitor = Some(Box::new(Visitor {
            message: frame.message.to_vec(),
            before: self.binding,
            claim,
            pages: hello.pages.unwrap_or(1),
        }));
        self.binding = self.binding.after(frame.message);
        Ok(())
    }

    fn arrived(&mut self, frame: &Incoming<'_>) -> Result<(), FrameError> {
        let window = self.config.window();
        let entries: wire::Entries = decode(frame)?;
        let unexpected = FrameError::Unexpected(frame.kind.number());
        let held = self.end.held.as_mut().ok_or(unexpected)?;
        match held.arrive(entries, window)? {
            Arrived::Entries(entries) => self.events.push_back(Event::Entries(entries)),
            Arrived::AfterGap { from, to, entries } => {
                self.events.push_back(Event::Missing { from, to });
                self.events.push_back(Event::Entries(entries));
            }
            Arrived::Forked => {
                let held = held.mark();
                self.forked(held);
            }
        }
        Ok(())
    }

    fn asked(&mut self, frame: &Incoming<'_>) -> Result<(), FrameError> {
        let wire::Question {
            id,
            kind,
            body,
            deadline_millis,
        } = decode(frame)?;
        let deadline = Duration::from_millis(u64::from(deadline_millis));
        let open = &mut self.end.questions;
        open.retain(|(other, forget)| *other != id && *forget > frame.now);
        // An agent stops waiting at the deadline, this end a while later: twice as many may seem open.
        if open.len() >= 2 * usize::from(self.config.questions) {
            return Err(FrameError::Window);
        }
        open.push((id, frame.now + deadline + GRACE));
        self.events.push_back(Event::Question { id, kind, body });
        Ok(())
    }
}

impl Role for Controller {
    type Keys = ControllerKeys;
    type End = ControllerEnd;
    const SENDS: Direction = Direction::Down;
    const RECEIVES: Direction = Direction::Up;

    fn signing(session: &Session<Self>) -> &SigningKey {
        &session.keys.signing
    }

    fn peer(session: &Session<Self>) -> Option<&VerifyingKey> {
        session.end.peer.as_ref()
    }

    fn receive(session: &mut Session<Self>, frame: Incoming<'_>) -> Result<(), FrameError> {
        match frame.kind {
            _ if session.end.peer.is_none() => session.greeted(&frame),
            kind if session.stage != Stage::Ready => Err(FrameError::Unexpected(kind.number())),
            Kind::Entries => session.arrived(&frame),
            Kind::PageStored => {
                let wire::PageStored { cursor } = decode(&frame)?;
                session.end.feed.stored(cursor)
            }
            Kind::Question => session.asked(&frame),
            Kind::Report => {
                let wire::Report { id, kind, body } = decode(&frame)?;
                session.events.push_back(Event::Report { id, kind, body });
                Ok(())
            }
            Kind::Sample => {
                let wire::Bare { kind, body } = decode(&frame)?;
                session.events.push_back(Event::Sample { kind, body });
                Ok(())
            }
            Kind::Digest => {
                let wire::Digest { cursor, digest } = decode(&frame)?;
                let end = &mut session.end;
                // Comparing reads the whole feed of a site: nobody has it done over and over.
                if end
                    .compared
                    .is_none_or(|at| frame.now >= at + COMPARE_AGAIN)
                {
                    end.compared = Some(frame.now);
                    session.events.push_back(Event::Digest { cursor, digest });
                }
                Ok(())
            }
            Kind::Heartbeat => {
                let wire::Heartbeat { count, .. } = decode(&frame)?;
                session.end.beat = Some(wire::Heartbeat {
                    count,
                    wall: frame.wall,
                });
                Ok(())
            }
            Kind::Challenge
            | Kind::Hello
            | Kind::Welcome
            | Kind::Refused
            | Kind::Acknowledged
            | Kind::Page
            | Kind::Answer
            | Kind::Command
            | Kind::StartOver => Err(FrameError::Unexpected(frame.kind.number())),
        }
    }

    fn due(session: &mut Session<Self>) -> Option<(Kind, Vec<u8>)> {
        if let Some(beat) = session.end.beat.take() {
            return Some((Kind::Heartbeat, wire::to_bytes(&beat)));
        }
        let mark = session.end.held.as_mut()?.take_acknowledgement()?;
        Some((
            Kind::Acknowledged,
            wire::to_bytes(&wire::Acknowledged { mark }),
        ))
    }

    fn next_timeout(_: &Session<Self>) -> Option<Ticks> {
        None
    }

    fn timeout(_: &mut Session<Self>, _: Ticks) {}
}
