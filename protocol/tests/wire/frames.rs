//! The signed frames of one conversation.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::things::*;
use ed25519_dalek::SigningKey;
use mnara_protocol::clock::Ticks;
use mnara_protocol::frame::{KeyStatement, Kind, Pinned};
use mnara_protocol::ids::*;
use mnara_protocol::session::{
    self, Admitted, Agent, AgentKeys, Config, Controller, ControllerKeys, Entry, EntryNo,
    FeedCursor, FeedRow, Mark, Page, Resume, Revision, Session,
};

pub(crate) fn key(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

/// A whole conversation with fixed keys, nonces and times: one frame of every kind in both directions, as sent.
pub(crate) struct Wire {
    agent: Session<Agent>,
    controller: Session<Controller>,
    frames: BTreeMap<String, Vec<u8>>,
}

impl Wire {
    /// With an agent that says nothing of how many pages it takes.
    fn new() -> Self {
        Self::taking(1)
    }

    fn taking(pages: u8) -> Self {
        let old = key(3);
        let journal = JournalId::from_bytes([0xaa; 16]);
        let agent = Session::<Agent>::new(
            Config {
                pages,
                ..Config::STANDARD
            },
            AgentKeys {
                agent: AgentId::from_bytes([0xbb; 16]),
                signing: key(1),
                pinned: Pinned {
                    keys: vec![old.verifying_key()],
                    serial: 0,
                },
            },
            Resume {
                journal,
                oldest: EntryNo(1),
                last: first_entry(journal).mark(),
                cursor: FeedCursor::default(),
                software: "mnara-agent 0.1.0".to_owned(),
                restored: true,
            },
        );
        let statement = KeyStatement::sign(
            &old,
            1,
            Some(&key(2).verifying_key()),
            Some(&old.verifying_key()),
        );
        let controller = Session::<Controller>::new(
            Config::STANDARD,
            ControllerKeys {
                signing: Arc::new(key(2)),
                statements: Arc::new([statement]),
            },
        );
        Self {
            agent,
            controller,
            frames: BTreeMap::new(),
        }
    }

    fn up(&mut self, kind: Kind) {
        let mut frame = Vec::new();
        assert!(self.agent.poll_transmit(&mut frame), "{kind:?}");
        let wall = Some(AT);
        let taken = self
            .controller
            .handle_bytes(&frame, Ticks::from_millis(0), wall);
        taken.unwrap();
        self.keep("up", kind, frame);
    }

    fn down(&mut self, kind: Kind) {
        let mut frame = Vec::new();
        assert!(self.controller.poll_transmit(&mut frame), "{kind:?}");
        let taken = self.agent.handle_bytes(&frame, Ticks::from_millis(0), None);
        taken.unwrap();
        self.keep("down", kind, frame);
    }

    fn keep(&mut self, direction: &str, kind: Kind, frame: Vec<u8>) {
        let name = format!(
            "frame-{:02}-{}-{direction}",
            kind.number(),
            format!("{kind:?}").to_lowercase()
        );
        assert_eq!(self.frames.insert(name, frame), None, "one frame of each");
    }

    fn greet(&mut self) {
        self.controller.link_up(Ticks::from_millis(0), [0xcc; 32]);
        self.agent.link_up(Ticks::from_millis(0), [0xdd; 32]);
        self.down(Kind::Challenge);
        self.up(Kind::Hello);
        self.controller
            .authenticate(key(1).verifying_key())
            .unwrap();
    }
}

pub(crate) fn first_entry(journal: JournalId) -> Entry {
    Entry {
        number: EntryNo(1),
        previous: Mark::start(journal).chain,
        at: AT,
        kind: 5,
        body: vec![0xa0],
    }
}

pub(crate) fn frames() -> BTreeMap<String, Vec<u8>> {
    let mut wire = Wire::new();
    wire.greet();
    let admitted = Admitted {
        acknowledged: None,
        epoch: 7,
        feed_head: Revision(5),
        feed_floor: Revision(0),
    };
    wire.controller.admit(admitted, AT).unwrap();
    wire.down(Kind::Welcome);

    let entry = first_entry(JournalId::from_bytes([0xaa; 16]));
    wire.agent.offer(std::slice::from_ref(&entry));
    wire.up(Kind::Entries);
    wire.controller.stored(entry.mark());
    wire.down(Kind::Acknowledged);

    assert!(wire.controller.poll_page_wanted().is_some());
    let gone = FeedRow {
        kind: 2,
        id: [0x33; 16],
        revision: Revision(4),
        deleted: true,
        body: Vec::new(),
    };
    let row = FeedRow {
        kind: 6,
        id: [0x11; 16],
        revision: Revision(5),
        deleted: false,
        body: vec![0xa0],
    };
    let cursor = row.cursor();
    wire.controller.offer_page(Page {
        rows: vec![gone, row],
        cursor,
        more: true,
    });
    wire.down(Kind::Page);
    wire.agent.page_stored(cursor);
    wire.up(Kind::PageStored);

    let patience = Duration::from_secs(30);
    let asked = wire
        .agent
        .ask(ATTEMPT, 2, vec![0xa0], patience, Ticks::from_millis(0));
    asked.unwrap();
    wire.up(Kind::Question);
    wire.controller.answer(ATTEMPT, 4, vec![0xa0]).unwrap();
    wire.down(Kind::Answer);
    wire.controller.command(2, vec![0xa0]).unwrap();
    wire.down(Kind::Command);
    wire.agent.report(COMMAND, 1, vec![0xa0]).unwrap();
    wire.up(Kind::Report);
    wire.agent.sample(1, vec![0xa0]).unwrap();
    wire.up(Kind::Sample);
    wire.agent.handle_timeout(Ticks::from_millis(20_000));
    wire.up(Kind::Heartbeat);
    wire.down(Kind::Heartbeat);
    wire.agent.handle_timeout(Ticks::from_millis(30_000));
    assert!(wire.agent.poll_digest_wanted());
    wire.agent
        .offer_digest(Some((cursor, digest())), Ticks::from_millis(30_000));
    wire.up(Kind::Digest);
    assert!(wire.controller.start_over());
    wire.down(Kind::StartOver);
    let mut frames = wire.frames;

    let held = first_entry(JournalId::from_bytes([0xaa; 16])).mark();
    for (name, refusal) in [
        (
            "",
            session::Refusal::Busy {
                retry_after_secs: 30,
            },
        ),
        ("-unknown", session::Refusal::UnknownAgent),
        ("-revoked", session::Refusal::Revoked),
        ("-superseded", session::Refusal::Superseded),
        ("-forked", session::Refusal::Forked { held }),
    ] {
        let mut refusing = Wire::new();
        refusing.greet();
        refusing.controller.refuse(refusal);
        refusing.down(Kind::Refused);
        let frame = refusing.frames.remove("frame-04-refused-down").unwrap();
        frames.insert(format!("frame-04-refused{name}-down"), frame);
    }
    // The device comes back: its hello names the link it had.
    let mut again = Wire::new();
    std::mem::swap(&mut again.agent, &mut wire.agent);
    again.agent.link_down(Ticks::from_millis(40_000), 0);
    again.greet();
    let hello = again.frames.remove("frame-02-hello-up").unwrap();
    frames.insert("frame-02-hello-again-up".to_owned(), hello);
    let mut pages = Wire::taking(8);
    pages.greet();
    let hello = pages.frames.remove("frame-02-hello-up").unwrap();
    frames.insert("frame-02-hello-pages-up".to_owned(), hello);
    for kind in Kind::ALL {
        let number = format!("frame-{:02}-", kind.number());
        assert!(
            frames.keys().any(|name| name.starts_with(&number)),
            "no sample of {kind:?}"
        );
    }
    frames
}
