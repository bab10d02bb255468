//! Single moves of a session, both ends in hand. Long conversations over a bad cable are in `tests/two_ends`.

mod alive;
mod asked;
mod entries_up;
mod handshake;
mod pages_down;

use std::sync::Arc;

use super::*;
use crate::frame::{KeyStatement, Pinned};
use crate::ids::{AgentId, AttemptId, CommandId, JournalId};

const WALL: Timestamp = Timestamp::from_secs(1_790_000_000);
const JOURNAL: JournalId = JournalId::from_bytes([7; 16]);
const ASKED: AttemptId = AttemptId::from_bytes([5; 16]);

fn key(seed: u8) -> ed25519_dalek::SigningKey {
    ed25519_dalek::SigningKey::from_bytes(&[seed; 32])
}

fn at(millis: u64) -> Ticks {
    Ticks::from_millis(millis)
}

fn entries(from: Mark, sizes: &[usize]) -> Vec<Entry> {
    let mut mark = from;
    sizes
        .iter()
        .map(|&size| {
            let entry = Entry {
                number: mark.number.next(),
                previous: mark.chain,
                at: WALL,
                kind: 3,
                body: vec![u8::try_from(mark.number.0 % 200).unwrap(); size],
            };
            mark = entry.mark();
            entry
        })
        .collect()
}

fn end_of(entries: &[Entry]) -> Mark {
    entries.last().unwrap().mark()
}

fn row(revision: u64, size: usize) -> FeedRow {
    FeedRow {
        kind: 2,
        id: [u8::try_from(revision % 256).unwrap(); 16],
        revision: Revision(revision),
        deleted: false,
        body: vec![1; size],
    }
}

fn page(rows: Vec<FeedRow>) -> Page {
    Page {
        cursor: rows.last().map_or(FeedCursor::default(), FeedRow::cursor),
        rows,
        more: false,
    }
}

/// Both ends and a perfect cable.
struct Pair {
    agent: Session<Agent>,
    controller: Session<Controller>,
    now: u64,
}

impl Pair {
    fn new(last: Mark, cursor: FeedCursor) -> Self {
        Self::with_keys(
            last,
            cursor,
            Pinned {
                keys: vec![key(2).verifying_key()],
                serial: 0,
            },
            Vec::new(),
        )
    }

    fn with_keys(
        last: Mark,
        cursor: FeedCursor,
        pinned: Pinned,
        statements: Vec<KeyStatement>,
    ) -> Self {
        let keys = AgentKeys {
            agent: AgentId::from_bytes([1; 16]),
            signing: key(1),
            pinned,
        };
        let resume = Resume {
            journal: JOURNAL,
            oldest: EntryNo(1),
            last,
            cursor,
            software: "test 1.0".to_owned(),
            restored: false,
        };
        let controller_keys = ControllerKeys {
            signing: Arc::new(key(2)),
            statements: statements.into(),
        };
        let mut pair = Self {
            agent: Session::<Agent>::new(Config::STANDARD, keys, resume),
            controller: Session::<Controller>::new(Config::STANDARD, controller_keys),
            now: 0,
        };
        pair.agent.link_up(at(0), [3; 32]);
        pair.controller.link_up(at(0), [4; 32]);
        pair
    }

    /// A pair whose handshake is done.
    fn ready(last: Mark, held: Option<Mark>) -> Self {
        let mut pair = Self::new(last, FeedCursor::default());
        pair.greet(admitted(held));
        pair
    }

    fn greet(&mut self, admitted: Admitted) {
        self.exchange();
        assert!(matches!(
            self.controller.poll_event(),
            Some(Event::Hello(_))
        ));
        self.controller
            .authenticate(key(1).verifying_key())
            .unwrap();
        self.controller.admit(admitted, WALL).unwrap();
        self.exchange();
    }

    /// Moves frames until nothing is left.
    fn exchange(&mut self) {
        let mut frame = Vec::new();
        loop {
            if self.controller.poll_transmit(&mut frame) {
                self.agent.handle_bytes(&frame, at(self.now), None).unwrap();
            } else if self.agent.poll_transmit(&mut frame) {
                let wall = Some(self.wall());
                self.controller
                    .handle_bytes(&frame, at(self.now), wall)
                    .unwrap();
            } else {
                return;
            }
        }
    }

    fn wall(&self) -> Timestamp {
        WALL + Duration::from_millis(self.now)
    }

    fn at_agent(&mut self) -> Vec<Event> {
        std::iter::from_fn(|| self.agent.poll_event()).collect()
    }

    fn at_controller(&mut self) -> Vec<Event> {
        std::iter::from_fn(|| self.controller.poll_event()).collect()
    }

    /// A frame of the agent's that has been signed and not delivered.
    fn agent_says(&mut self) -> Vec<u8> {
        let mut frame = Vec::new();
        assert!(self.agent.poll_transmit(&mut frame));
        frame
    }

    fn controller_hears(&mut self, frame: &[u8]) -> Result<(), FrameError> {
        let wall = Some(self.wall());
        self.controller.handle_bytes(frame, at(self.now), wall)
    }
}

fn admitted(held: Option<Mark>) -> Admitted {
    Admitted {
        acknowledged: held,
        epoch: 9,
        feed_head: Revision(1000),
        feed_floor: Revision(0),
    }
}

fn start() -> Mark {
    Mark::start(JOURNAL)
}

/// A pair whose ends take and send so many pages at once.
fn pair_of(agent: u8, controller: u8) -> Pair {
    let mut pair = Pair::new(start(), FeedCursor::default());
    pair.agent.config.pages = agent;
    pair.controller.config.pages = controller;
    pair.greet(admitted(None));
    pair.at_agent();
    pair
}

/// Lets time pass on a line that carries nothing any more; says when the agent gives up and how many heartbeats it sent.
fn gives_up(agent: &mut Session<Agent>) -> (u64, u32) {
    let mut beats = 0;
    let mut frame = Vec::new();
    loop {
        let now = agent.poll_timeout().unwrap();
        agent.handle_timeout(now);
        if !agent.is_ready() {
            return (now.as_millis(), beats);
        }
        while agent.poll_transmit(&mut frame) {
            beats += 1;
        }
        agent.offer_digest(None, now);
    }
}

/// The digest the agent sends once it is due, as it arrives.
fn compared(pair: &mut Pair, rows: Option<(FeedCursor, FeedDigest)>) -> Vec<Event> {
    pair.agent.handle_timeout(at(pair.now));
    pair.agent.offer_digest(rows, at(pair.now));
    pair.exchange();
    pair.at_controller()
}
