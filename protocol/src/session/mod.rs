//! The conversation of one agent with the controller: handshake, numbering, entries up, pages down, questions, commands, heartbeats.
//!
//! One end of it is a [`Session`]. It opens nothing, waits for nothing, and asks neither for the time nor for random numbers; both
//! programs run the same code. How frames are signed is in `frame`; what the bodies say is in `message`.

mod agent;
mod backoff;
mod controller;
mod delivery;
mod digest;
mod pages;
mod records;
#[cfg(test)]
mod tests;
mod wire;

use std::collections::VecDeque;
use std::time::Duration;

use thiserror::Error;

pub use agent::{AgentKeys, Resume};
pub use controller::ControllerKeys;
pub use digest::FeedDigest;
pub use records::{
    Admitted, Claim, Closed, Entry, EntryNo, Event, FeedCursor, FeedRow, Mark, Page, Refusal,
    Revision, chain,
};

pub use crate::enrol::SUBPROTOCOL;

use crate::clock::{Ticks, Timestamp};
use crate::frame::{Binding, CRITICAL, FrameError, FrameNo, Header, Kind, MAX_BODY, split};

/// The newest protocol version this code speaks.
pub const VERSION: u16 = 1;
/// The oldest protocol version this code speaks.
pub const OLDEST_VERSION: u16 = 1;
/// The longest body an entry, row, question, answer, command, report or sample may have.
pub const MAX_INNER_BODY: usize = MAX_BODY - 256;

/// How many events may wait for the caller; a peer that makes more is cut off.
const MAX_EVENTS: usize = 64;
/// How many commands may wait for a slow line.
const MAX_COMMANDS: usize = 16;
/// How many frames other than entries and pages a peer may send at once, and each second.
const BURST: u32 = 512;
const FRAMES_PER_SEC: u32 = 256;

/// The numbers both ends agree on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// An agent sends a heartbeat this often; the controller answers each with its time.
    pub heartbeat: Duration,
    /// A peer not heard of for this long is gone.
    pub silence: Duration,
    /// While a person waits for the controller, an agent sends a heartbeat this often.
    pub probe: Duration,
    /// While a person waits, a controller that leaves a heartbeat unanswered for this long is gone: what it sends would be lost on that
    /// line, and a new one stands in a second.
    pub patience: Duration,
    /// The handshake may take this long.
    pub handshake: Duration,
    /// How many entries may be unacknowledged.
    pub window_entries: u16,
    /// How many bytes of entries may be unacknowledged.
    pub window_bytes: u32,
    /// How many pages may be unacknowledged: what an agent says it takes, and what a controller sends at most to one that takes more.
    pub pages: u8,
    /// How many questions may be open.
    pub questions: u8,
}

impl Config {
    /// What the wire's description promises. Tests use smaller windows.
    pub const STANDARD: Self = Self {
        heartbeat: Duration::from_secs(20),
        silence: Duration::from_secs(50),
        probe: Duration::from_secs(3),
        patience: Duration::from_secs(6),
        handshake: Duration::from_secs(30),
        window_entries: 64,
        window_bytes: 64 * 1024,
        pages: 8,
        questions: 16,
    };

    fn window(&self) -> delivery::Window {
        delivery::Window {
            entries: u64::from(self.window_entries),
            bytes: usize::try_from(self.window_bytes).unwrap_or(usize::MAX),
        }
    }
}

/// Why something was not sent. None of these is queued for later.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum NotSent {
    /// There is no link, or it is not ready.
    #[error("the link is not up")]
    NotConnected,
    /// As many as allowed are under way.
    #[error("too many are under way")]
    TooMany,
    /// The body does not fit into a frame.
    #[error("the body does not fit into a frame")]
    TooLarge,
}

/// The agent's end.
#[derive(Debug)]
pub enum Agent {}

/// The controller's end.
#[derive(Debug)]
pub enum Controller {}

mod role {
    use super::{FrameError, Kind, Session, Ticks, Timestamp};
    use crate::frame::Direction;
    use ed25519_dalek::{SigningKey, VerifyingKey};

    /// A verified frame, or one of the two handshake frames that nobody can verify yet.
    pub struct Incoming<'a> {
        pub(crate) kind: Kind,
        pub(crate) message: &'a [u8],
        pub(crate) body: &'a [u8],
        pub(crate) now: Ticks,
        pub(crate) wall: Option<Timestamp>,
    }

    /// Which end a session is, and what differs between the two.
    pub trait Role: Sized {
        type Keys;
        type End;
        const SENDS: Direction;
        const RECEIVES: Direction;
        fn signing(session: &Session<Self>) -> &SigningKey;
        fn peer(session: &Session<Self>) -> Option<&VerifyingKey>;
        fn receive(session: &mut Session<Self>, frame: Incoming<'_>) -> Result<(), FrameError>;
        fn due(session: &mut Session<Self>) -> Option<(Kind, Vec<u8>)>;
        fn next_timeout(session: &Session<Self>) -> Option<Ticks>;
        fn timeout(session: &mut Session<Self>, now: Ticks);
    }
}

use role::Incoming;
pub use role::Role;

/// How far a session has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// No link.
    Down,
    /// The handshake is under way.
    Opening,
    /// Both ends are known to each other.
    Ready,
    /// The last frame is on its way out; nothing is read.
    Closing,
    /// Over until the link is down.
    Closed,
}

/// One end of the conversation.
pub struct Session<R: Role> {
    config: Config,
    keys: R::Keys,
    end: R::End,
    stage: Stage,
    binding: Binding,
    sent: u64,
    received: u64,
    /// When the link came up.
    since: Ticks,
    /// When the peer was last heard.
    heard: Ticks,
    allowance: u32,
    allowance_at: Ticks,
    events: VecDeque<Event>,
    out: VecDeque<(Kind, Vec<u8>)>,
}

impl<R: Role> Session<R> {
    fn at_rest(config: Config, keys: R::Keys, end: R::End) -> Self {
        Self {
            config,
            keys,
            end,
            stage: Stage::Down,
            binding: Binding::EMPTY,
            sent: 0,
            received: 0,
            since: Ticks::from_millis(0),
            heard: Ticks::from_millis(0),
            allowance: BURST,
            allowance_at: Ticks::from_millis(0),
            events: VecDeque::new(),
            out: VecDeque::new(),
        }
    }

    fn open(&mut self, now: Ticks) {
        self.stage = Stage::Opening;
        self.binding = Binding::EMPTY;
        self.sent = 0;
        self.received = 0;
        self.since = now;
        self.heard = now;
        self.allowance = BURST;
        self.allowance_at = now;
        self.out = VecDeque::new();
    }

    /// Takes one binary message. The controller passes its wall time, which answers to heartbeats carry; the agent passes `None`.
    ///
    /// # Errors
    /// A [`FrameError`] ends the session: drop the connection.
    pub fn handle_bytes(
        &mut self,
        bytes: &[u8],
        now: Ticks,
        wall: Option<Timestamp>,
    ) -> Result<(), FrameError> {
        let taken = match self.stage {
            Stage::Down | Stage::Closed => Err(FrameError::Closed),
            Stage::Closing => Ok(()),
            Stage::Opening | Stage::Ready => self.take(bytes, now, wall),
        };
        if taken.is_err() && self.stage != Stage::Down {
            self.stage = Stage::Closed;
            self.out = VecDeque::new();
        }
        taken
    }

    fn take(
        &mut self,
        message: &[u8],
        now: Ticks,
        wall: Option<Timestamp>,
    ) -> Result<(), FrameError> {
        let verified = if let Some(peer) = R::peer(self) {
            self.binding.verify(R::RECEIVES, peer, message)?;
            true
        } else {
            false
        };
        let (header, body) = split(message)?;
        if header.number.0 != self.received {
            return Err(FrameError::OutOfOrder {
                expected: self.received,
                found: header.number.0,
            });
        }
        self.received += 1;
        if self.events.len() >= MAX_EVENTS {
            return Err(FrameError::Window);
        }
        let kind = Kind::from_number(header.kind);
        self.pace(kind, now)?;
        let Some(kind) = kind else {
            return if !verified {
                Err(FrameError::Unexpected(header.kind))
            } else if header.flags & CRITICAL != 0 {
                Err(FrameError::UnknownCritical(header.kind))
            } else {
                self.heard = now;
                Ok(())
            };
        };
        R::receive(
            self,
            Incoming {
                kind,
                message,
                body,
                now,
                wall,
            },
        )?;
        self.heard = now;
        Ok(())
    }

    /// Entries and pages are paced by their windows; everything else by this allowance.
    fn pace(&mut self, kind: Option<Kind>, now: Ticks) -> Result<(), FrameError> {
        if matches!(
            kind,
            Some(Kind::Entries | Kind::Acknowledged | Kind::Page | Kind::PageStored)
        ) {
            return Ok(());
        }
        let millis = now.since(self.allowance_at).as_millis();
        let earned = u32::try_from(millis * u128::from(FRAMES_PER_SEC) / 1000).unwrap_or(u32::MAX);
        if earned > 0 {
            self.allowance = self.allowance.saturating_add(earned).min(BURST);
            self.allowance_at = now;
        }
        self.allowance = self.allowance.checked_sub(1).ok_or(FrameError::TooFast)?;
        Ok(())
    }

    /// Writes the next frame to send into `out`, which is cleared first. False when there is none.
    pub fn poll_transmit(&mut self, out: &mut Vec<u8>) -> bool {
        let next = self.out.pop_front().or_else(|| match self.stage {
            Stage::Ready => R::due(self),
            Stage::Down | Stage::Opening | Stage::Closing | Stage::Closed => None,
        });
        if self.out.is_empty() {
            self.out = VecDeque::new();
        }
        let Some((kind, body)) = next else {
            return false;
        };
        let header = Header {
            kind: kind.number(),
            number: FrameNo(self.sent),
            flags: 0,
        };
        let key = (kind != Kind::Challenge).then(|| R::signing(self));
        self.binding.write(R::SENDS, key, header, &body, out);
        self.sent += 1;
        if is_handshake(kind) {
            self.binding = self.binding.after(out);
        }
        true
    }

    /// The next thing that happened. Take them all after every call that may make one.
    pub fn poll_event(&mut self) -> Option<Event> {
        let event = self.events.pop_front();
        if self.events.is_empty() {
            self.events = VecDeque::new();
        }
        event
    }

    /// When `handle_timeout` is due. On an agent without a link: when to dial.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Ticks> {
        match self.stage {
            Stage::Down => R::next_timeout(self),
            Stage::Opening => Some(self.since + self.config.handshake),
            Stage::Ready => {
                let silent = self.heard + self.config.silence;
                Some(R::next_timeout(self).map_or(silent, |next| next.min(silent)))
            }
            Stage::Closing | Stage::Closed => None,
        }
    }

    /// Time has passed.
    pub fn handle_timeout(&mut self, now: Ticks) {
        match self.stage {
            Stage::Opening if now >= self.since + self.config.handshake => {
                self.shut(Closed::NoHandshake);
            }
            Stage::Ready if now >= self.heard + self.config.silence => self.shut(Closed::Silent),
            Stage::Ready => R::timeout(self, now),
            Stage::Down | Stage::Opening | Stage::Closing | Stage::Closed => {}
        }
    }

    /// Whether the handshake is done and the link stands.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.stage == Stage::Ready
    }

    fn shut(&mut self, why: Closed) {
        self.stage = Stage::Closed;
        self.out = VecDeque::new();
        self.events.push_back(Event::Closed(why));
    }

    fn send<T: minicbor::Encode<()>>(&mut self, kind: Kind, body: &T) {
        self.out.push_back((kind, wire::to_bytes(body)));
    }

    fn may_send(&self, body: &[u8]) -> Result<(), NotSent> {
        if self.stage != Stage::Ready {
            Err(NotSent::NotConnected)
        } else if body.len() > MAX_INNER_BODY {
            Err(NotSent::TooLarge)
        } else {
            Ok(())
        }
    }
}

/// The frames whose bytes make the session id.
const fn is_handshake(kind: Kind) -> bool {
    matches!(kind, Kind::Challenge | Kind::Hello | Kind::Welcome)
}

fn decode<'b, T: minicbor::Decode<'b, ()>>(frame: &Incoming<'b>) -> Result<T, FrameError> {
    minicbor::decode(frame.body).map_err(|_| FrameError::BadBody(frame.kind.number()))
}
