//! Single moves of a session, both ends in hand. Long conversations over a bad cable are in `tests/two_ends`.

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

#[test]
fn the_handshake_makes_both_ends_known_to_each_other() {
    let mut pair = Pair::new(start(), FeedCursor::default());
    pair.exchange();
    let Some(Event::Hello(claim)) = pair.controller.poll_event() else {
        panic!("no hello");
    };
    assert_eq!(
        (claim.agent, claim.journal, claim.last, claim.version),
        (AgentId::from_bytes([1; 16]), JOURNAL, start(), VERSION)
    );
    assert!(pair.controller.admit(admitted(None), WALL).is_err());
    pair.controller
        .authenticate(key(1).verifying_key())
        .unwrap();
    pair.controller.admit(admitted(None), WALL).unwrap();
    pair.exchange();
    let ready = Event::Ready {
        wall: WALL,
        epoch: 9,
    };
    assert_eq!(pair.at_controller(), std::slice::from_ref(&ready));
    assert_eq!(pair.at_agent(), [ready, Event::Acknowledged(start())]);
}

#[test]
fn a_hello_counts_once_and_only_under_the_enrolled_key() {
    let mut pair = Pair::new(start(), FeedCursor::default());
    let mut challenge = Vec::new();
    assert!(pair.controller.poll_transmit(&mut challenge));
    pair.agent.handle_bytes(&challenge, at(0), None).unwrap();
    let hello = pair.agent_says();

    // Somebody who recorded it plays it to another connection.
    let mut later = Pair::new(start(), FeedCursor::default());
    later.controller.link_up(at(0), [99; 32]);
    let mut other = Vec::new();
    assert!(later.controller.poll_transmit(&mut other));
    later.controller_hears(&hello).unwrap();
    let refused = later.controller.authenticate(key(1).verifying_key());
    assert_eq!(refused, Err(FrameError::BadSignature));
    assert!(later.controller.admit(admitted(None), WALL).is_err());

    pair.controller_hears(&hello).unwrap();
    let refused = pair.controller.authenticate(key(8).verifying_key());
    assert_eq!(refused, Err(FrameError::BadSignature));
    assert_eq!(pair.controller_hears(&hello), Err(FrameError::Closed));
}

#[test]
fn an_unpinned_controller_hears_nothing_and_a_rotated_one_is_believed() {
    let old = key(6);
    let pinned = |seed| Pinned {
        keys: vec![key(seed).verifying_key()],
        serial: 0,
    };
    let mut stranger = Pair::with_keys(start(), FeedCursor::default(), pinned(6), Vec::new());
    let mut challenge = Vec::new();
    assert!(stranger.controller.poll_transmit(&mut challenge));
    let refused = stranger.agent.handle_bytes(&challenge, at(0), None);
    assert_eq!(refused, Err(FrameError::UnknownController));
    assert!(!stranger.agent.poll_transmit(&mut challenge));

    let new = key(2).verifying_key();
    let statement = KeyStatement::sign(&old, 1, Some(&new), Some(&old.verifying_key()));
    let mut pair = Pair::with_keys(start(), FeedCursor::default(), pinned(6), vec![statement]);
    pair.greet(admitted(None));
    let Some(Event::KeysChanged(kept)) = pair.agent.poll_event() else {
        panic!("the new set was not handed out");
    };
    assert_eq!((kept.keys, kept.serial), (vec![new], 1));
    assert!(pair.agent.is_ready());
}

#[test]
fn nothing_is_acknowledged_before_it_is_stored() {
    let journal = entries(start(), &[10, 10, 10]);
    let mut pair = Pair::ready(end_of(&journal), None);
    pair.at_agent();
    assert_eq!(pair.agent.poll_wanted(), Some(EntryNo(1)..=EntryNo(3)));
    pair.agent.offer(&journal);
    pair.exchange();
    assert!(
        pair.at_controller()
            .contains(&Event::Entries(journal.clone()))
    );
    assert_eq!(pair.at_agent(), [Event::Acknowledged(start())]);

    pair.controller.stored(Mark {
        number: EntryNo(9),
        chain: [0; 32],
    });
    pair.exchange();
    assert_eq!(
        pair.at_agent(),
        [],
        "nobody can have stored what never came"
    );

    pair.controller.stored(journal[1].mark());
    pair.exchange();
    assert_eq!(pair.at_agent(), [Event::Acknowledged(journal[1].mark())]);
    pair.controller.stored(journal[2].mark());
    pair.exchange();
    assert_eq!(pair.at_agent(), [Event::Acknowledged(journal[2].mark())]);
}

#[test]
fn the_window_holds_64_entries_or_64_kilobytes() {
    let many = entries(start(), &[1; 100]);
    let mut pair = Pair::ready(end_of(&many), None);
    assert_eq!(pair.agent.poll_wanted(), Some(EntryNo(1)..=EntryNo(64)));
    pair.agent.offer(&many);
    pair.exchange();
    assert_eq!(pair.agent.poll_wanted(), None);
    pair.controller.stored(many[9].mark());
    pair.exchange();
    assert_eq!(pair.agent.poll_wanted(), Some(EntryNo(65)..=EntryNo(74)));

    let large = entries(start(), &[30_000, 30_000, 30_000, 100_000]);
    let mut pair = Pair::ready(end_of(&large), None);
    pair.agent.offer(&large);
    pair.exchange();
    let Some(Event::Entries(came)) = pair.at_controller().pop() else {
        panic!("no entries");
    };
    assert_eq!(came, large[..2]);
    pair.controller.stored(large[1].mark());
    pair.exchange();
    pair.agent.offer(&large[2..]);
    pair.exchange();
    pair.controller.stored(large[2].mark());
    pair.exchange();
    pair.agent.offer(&large[3..]);
    pair.exchange();
    let last = pair.at_controller().pop();
    assert_eq!(
        last,
        Some(Event::Entries(large[3..].to_vec())),
        "alone it may"
    );
}

#[test]
fn an_entry_that_no_frame_holds_raises_an_alarm() {
    let huge = entries(start(), &[200_000]);
    let mut pair = Pair::ready(end_of(&huge), None);
    pair.at_agent();
    pair.agent.offer(&huge);
    assert_eq!(pair.at_agent(), [Event::TooLarge { number: 1 }]);
}

#[test]
fn a_controller_that_got_too_much_closes() {
    let many = entries(start(), &[1; 70]);
    let mut pair = Pair::ready(end_of(&many), None);
    pair.agent.config.window_entries = 70;
    pair.agent.offer(&many);
    let frame = pair.agent_says();
    assert_eq!(pair.controller_hears(&frame), Err(FrameError::Window));
}

#[test]
fn histories_that_differ_are_forked_and_never_joined() {
    let ours = entries(start(), &[1, 2, 3]);
    let theirs = entries(start(), &[1, 2, 9, 4]);
    let end = end_of(&ours);
    for held in [end_of(&theirs), theirs[2].mark()] {
        let mut pair = Pair::new(end, FeedCursor::default());
        pair.greet(admitted(Some(held)));
        let fork = Event::Forked { held };
        let closed = Event::Closed(Closed::Forked);
        assert_eq!(pair.at_controller(), [fork.clone(), closed.clone()]);
        assert_eq!(pair.at_agent(), [fork, closed]);
        assert_eq!(pair.agent.poll_wanted(), None);
    }
}

#[test]
fn an_agent_ahead_of_a_mark_that_is_not_its_own_sees_the_fork_before_it_sends() {
    let ours = entries(start(), &[1, 2, 3]);
    let theirs = entries(start(), &[1, 9]);
    let held = end_of(&theirs);
    let mut pair = Pair::ready(end_of(&ours), Some(held));
    pair.at_agent();
    assert_eq!(pair.agent.poll_wanted(), Some(EntryNo(3)..=EntryNo(3)));
    pair.agent.offer(&ours[2..]);
    let closed = Event::Closed(Closed::Forked);
    assert_eq!(pair.at_agent(), [Event::Forked { held }, closed]);
    assert!(!pair.agent.poll_transmit(&mut Vec::new()));
}

#[test]
fn a_controller_does_not_take_entries_that_continue_something_else() {
    let ours = entries(start(), &[1, 2, 3]);
    let mut pair = Pair::ready(end_of(&ours), None);
    pair.at_controller();
    let mut altered = ours;
    altered[0].previous = [9; 32];
    let body = wire::to_bytes(&wire::Entries {
        first: EntryNo(1),
        previous: altered[0].previous,
        entries: vec![wire::WireEntry {
            at: WALL,
            kind: 1,
            body: vec![1],
        }],
    });
    pair.agent.out.push_back((Kind::Entries, body));
    pair.exchange();
    let events = pair.at_controller();
    assert_eq!(events[0], Event::Forked { held: start() });
    assert_eq!(pair.at_agent().pop(), Some(Event::Closed(Closed::Forked)));
}

#[test]
fn entries_that_nobody_has_any_more_are_named_missing() {
    let journal = entries(start(), &[1; 20]);
    let mut pair = Pair::ready(end_of(&journal), Some(journal[2].mark()));
    pair.at_controller();
    pair.at_agent();
    pair.agent.journal_pruned(EntryNo(11));
    assert_eq!(pair.agent.poll_wanted(), Some(EntryNo(11)..=EntryNo(20)));
    pair.agent.offer(&journal[10..]);
    pair.exchange();
    let missing = Event::Missing {
        from: EntryNo(4),
        to: EntryNo(10),
    };
    let came = Event::Entries(journal[10..].to_vec());
    assert_eq!(pair.at_controller(), [missing, came]);
    pair.controller.stored(end_of(&journal));
    pair.exchange();
    assert_eq!(pair.at_agent(), [Event::Acknowledged(end_of(&journal))]);
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

#[test]
fn a_change_while_a_page_is_read_is_not_forgotten() {
    let mut pair = pair_of(1, 8);
    let from = FeedCursor::default();
    assert_eq!(pair.controller.poll_page_wanted(), Some(from));
    pair.controller.feed_changed();
    let first = page(vec![row(1, 5), row(2, 5)]);
    pair.controller.offer_page(first.clone());
    pair.exchange();
    assert_eq!(pair.at_agent(), [Event::Page(first.clone())]);

    pair.agent.page_stored(first.cursor);
    pair.exchange();
    let after = Some(first.cursor);
    assert_eq!(pair.controller.poll_page_wanted(), after, "it changed");
    pair.controller.offer_page(page(Vec::new()));
    assert_eq!(pair.controller.poll_page_wanted(), None);
    pair.exchange();
    assert_eq!(pair.at_agent(), [], "an empty page is not sent later on");
}

#[test]
fn as_many_pages_are_in_flight_as_both_ends_take() {
    // An agent that takes one at a time says nothing of it, as those did that knew no more.
    for (agent, controller, in_flight) in [(1, 8, 1), (8, 1, 1), (3, 8, 3), (8, 3, 3)] {
        let mut pair = pair_of(agent, controller);
        let send = |pair: &mut Pair, revision| {
            pair.controller.feed_changed();
            let wanted = pair.controller.poll_page_wanted().is_some();
            pair.controller.offer_page(page(vec![row(revision, 5)]));
            pair.exchange();
            assert_eq!(!pair.at_agent().is_empty(), wanted);
            wanted
        };
        let sent = (1..=9)
            .filter(|&revision| send(&mut pair, revision))
            .count();
        assert_eq!(sent, in_flight, "{agent} and {controller}");

        pair.agent.page_stored(row(1, 5).cursor());
        pair.exchange();
        assert!(send(&mut pair, 20), "the first is stored: one more");
        assert!(!send(&mut pair, 21));
        // They are stored in order; what is said of another page is about another link's.
        pair.agent.page_stored(row(20, 5).cursor());
        pair.exchange();
        assert_eq!(send(&mut pair, 22), in_flight == 1);
    }
}

#[test]
fn a_long_page_is_cut_and_its_rest_asked_for() {
    let mut pair = Pair::ready(start(), None);
    pair.at_agent();
    assert!(pair.controller.poll_page_wanted().is_some());
    let rows: Vec<FeedRow> = (1..=5).map(|revision| row(revision, 20_000)).collect();
    pair.controller.offer_page(page(rows.clone()));
    pair.exchange();
    let Some(Event::Page(came)) = pair.at_agent().pop() else {
        panic!("no page");
    };
    assert_eq!((came.rows.len(), came.more), (3, true));
    pair.agent.page_stored(came.cursor);
    pair.exchange();
    assert_eq!(pair.controller.poll_page_wanted(), Some(rows[2].cursor()));

    pair.controller.offer_page(page(vec![row(9, 200_000)]));
    assert_eq!(
        pair.at_controller().pop(),
        Some(Event::TooLarge { number: 9 })
    );
}

#[test]
fn a_feed_that_lost_rows_starts_over_even_when_nothing_is_left() {
    let stands = row(50, 1).cursor();
    for (head, floor) in [(49, 0), (200, 100)] {
        let mut pair = Pair::new(start(), stands);
        pair.greet(Admitted {
            feed_head: Revision(head),
            feed_floor: Revision(floor),
            ..admitted(None)
        });
        assert!(pair.at_agent().contains(&Event::FeedRestarted));
        let from = FeedCursor::default();
        assert_eq!(pair.controller.poll_page_wanted(), Some(from));
        pair.controller.offer_page(page(Vec::new()));
        pair.exchange();
        assert_eq!(pair.at_agent(), [Event::Page(page(Vec::new()))]);
        pair.agent.page_stored(from);
        pair.exchange();
        assert_eq!(pair.controller.poll_page_wanted(), None);
    }
}

#[test]
fn questions_are_answered_once_and_end_with_their_deadline_or_the_link() {
    let patience = Duration::from_secs(10);
    let mut pair = Pair::ready(start(), None);
    pair.at_agent();
    pair.at_controller();
    pair.agent.ask(ASKED, 1, vec![1], patience, at(0)).unwrap();
    pair.exchange();
    let question = Event::Question {
        id: ASKED,
        kind: 1,
        body: vec![1],
    };
    assert_eq!(pair.at_controller(), [question]);
    for _ in 0..2 {
        pair.controller.answer(ASKED, 6, vec![2]).unwrap();
    }
    pair.exchange();
    let answer = Event::Answer {
        id: ASKED,
        kind: 6,
        body: vec![2],
    };
    assert_eq!(pair.at_agent(), [answer]);

    pair.agent.ask(ASKED, 1, vec![1], patience, at(0)).unwrap();
    pair.exchange();
    for beat in [3000, 6000, 9000] {
        pair.now = beat;
        pair.agent.handle_timeout(at(beat));
        pair.exchange();
    }
    pair.at_agent();
    pair.agent.handle_timeout(at(10_000));
    assert_eq!(pair.at_agent(), [Event::Unanswered { id: ASKED }]);
    pair.controller.answer(ASKED, 6, vec![2]).unwrap();
    pair.exchange();
    assert_eq!(pair.at_agent(), [], "too late");

    pair.agent.ask(ASKED, 1, vec![1], patience, at(0)).unwrap();
    pair.agent.link_down(at(31_000), 0);
    assert_eq!(pair.at_agent(), [Event::Unanswered { id: ASKED }]);
    assert_eq!(
        pair.agent.ask(ASKED, 1, vec![1], patience, at(0)),
        Err(NotSent::NotConnected)
    );
}

#[test]
fn sixteen_questions_may_be_open() {
    let mut pair = Pair::ready(start(), None);
    for number in 0..17_u8 {
        let id = AttemptId::from_bytes([number; 16]);
        let asked = pair
            .agent
            .ask(id, 1, Vec::new(), Duration::from_secs(30), at(0));
        let expected = if number < 16 {
            Ok(())
        } else {
            Err(NotSent::TooMany)
        };
        assert_eq!(asked, expected);
    }
    let large = pair.agent.ask(
        AttemptId::from_bytes([0; 16]),
        1,
        vec![0; MAX_INNER_BODY + 1],
        Duration::from_secs(30),
        at(0),
    );
    assert_eq!(large, Err(NotSent::TooLarge));
}

#[test]
fn commands_reports_and_samples_travel_and_are_bounded() {
    let mut pair = Pair::ready(start(), None);
    pair.at_agent();
    pair.at_controller();
    for number in 0..16 {
        pair.controller.command(1, vec![number]).unwrap();
    }
    assert_eq!(pair.controller.command(1, vec![]), Err(NotSent::TooMany));
    let id = CommandId::from_bytes([1; 16]);
    pair.agent.report(id, 1, vec![8]).unwrap();
    pair.agent.sample(1, vec![1]).unwrap();
    pair.agent.sample(1, vec![2]).unwrap();
    pair.exchange();
    assert_eq!(pair.at_agent().len(), 16);
    let report = Event::Report {
        id,
        kind: 1,
        body: vec![8],
    };
    let sample = Event::Sample {
        kind: 1,
        body: vec![2],
    };
    assert_eq!(pair.at_controller(), [report, sample], "the newest sample");
}

#[test]
fn heartbeats_tell_the_time_with_half_the_round_trip() {
    let mut pair = Pair::ready(start(), None);
    pair.at_agent();
    assert_eq!(pair.agent.poll_timeout(), Some(at(20_000)));
    pair.agent.handle_timeout(at(20_000));
    let beat = pair.agent_says();
    pair.now = 20_300;
    pair.controller_hears(&beat).unwrap();
    let mut reply = Vec::new();
    assert!(pair.controller.poll_transmit(&mut reply));
    pair.agent.handle_bytes(&reply, at(20_600), None).unwrap();
    let wall = WALL + Duration::from_millis(20_600);
    assert_eq!(pair.at_agent(), [Event::Anchor { wall }]);

    // An answer that took too long says too little about the time.
    pair.agent.handle_timeout(at(40_000));
    pair.now = 50_001;
    pair.exchange();
    assert_eq!(pair.at_agent(), []);
}

#[test]
fn two_missed_heartbeats_close_either_end() {
    let mut pair = Pair::ready(start(), None);
    pair.at_agent();
    pair.at_controller();
    for half in [49_999, 50_000] {
        pair.agent.handle_timeout(at(half));
        pair.controller.handle_timeout(at(half));
        assert_eq!(pair.agent.is_ready(), half < 50_000);
    }
    let silent = Event::Closed(Closed::Silent);
    assert_eq!(pair.at_agent(), std::slice::from_ref(&silent));
    assert_eq!(pair.at_controller(), [silent]);

    let mut shy = Pair::new(start(), FeedCursor::default());
    assert_eq!(shy.controller.poll_timeout(), Some(at(30_000)));
    shy.controller.handle_timeout(at(30_000));
    shy.agent.handle_timeout(at(30_000));
    let late = Event::Closed(Closed::NoHandshake);
    assert_eq!(shy.at_agent(), std::slice::from_ref(&late));
    assert_eq!(shy.at_controller(), [late]);
}

#[test]
fn frames_are_taken_once_in_order_and_in_their_own_session() {
    let two = || {
        let mut pair = Pair::ready(start(), None);
        pair.agent.sample(1, vec![1]).unwrap();
        let first = pair.agent_says();
        pair.agent.sample(1, vec![2]).unwrap();
        let second = pair.agent_says();
        (pair, first, second)
    };
    let (mut pair, first, second) = two();
    pair.controller_hears(&first).unwrap();
    let again = FrameError::OutOfOrder {
        expected: 2,
        found: 1,
    };
    assert_eq!(pair.controller_hears(&first), Err(again));
    assert_eq!(pair.controller_hears(&second), Err(FrameError::Closed));

    let (mut pair, _, second) = two();
    let early = FrameError::OutOfOrder {
        expected: 1,
        found: 2,
    };
    assert_eq!(pair.controller_hears(&second), Err(early));

    let (mut other, ..) = two();
    other.controller.binding = other.controller.binding.after(b"another handshake");
    assert_eq!(
        other.controller_hears(&first),
        Err(FrameError::BadSignature)
    );

    let (mut mirror, first, _) = two();
    let back = mirror.agent.handle_bytes(&first, at(0), None);
    assert_eq!(back, Err(FrameError::BadSignature));
}

#[test]
fn unknown_frames_are_ignored_unless_they_must_be_understood() {
    for (flags, expected) in [
        (0, Ok(())),
        (0xfe, Ok(())),
        (CRITICAL, Err(FrameError::UnknownCritical(900))),
    ] {
        let mut pair = Pair::ready(start(), None);
        pair.at_controller();
        let header = Header {
            kind: 900,
            number: FrameNo(pair.agent.sent),
            flags,
        };
        let mut frame = Vec::new();
        let agent = &pair.agent;
        agent.binding.write(
            crate::frame::Direction::Up,
            Some(&agent.keys.signing),
            header,
            b"anything at all",
            &mut frame,
        );
        assert_eq!(pair.controller_hears(&frame), expected);
        assert_eq!(pair.at_controller(), []);
    }
}

#[test]
fn a_flood_is_cut_off() {
    let mut pair = Pair::ready(start(), None);
    let mut sent = 0;
    let stopped = loop {
        pair.agent.sample(1, vec![1]).unwrap();
        let frame = pair.agent_says();
        if let Err(stopped) = pair.controller_hears(&frame) {
            break stopped;
        }
        pair.at_controller();
        sent += 1;
    };
    assert_eq!(stopped, FrameError::TooFast);
    assert!((500..=512).contains(&sent), "{sent}");

    let mut deaf = Pair::ready(start(), None);
    let stopped = loop {
        deaf.agent.sample(1, vec![1]).unwrap();
        let frame = deaf.agent_says();
        if let Err(stopped) = deaf.controller_hears(&frame) {
            break stopped;
        }
    };
    assert_eq!(stopped, FrameError::Window, "events that nobody takes");
}

#[test]
fn what_the_controller_says_when_it_refuses_sets_the_next_dial() {
    let refused = |reason| {
        let mut pair = Pair::new(start(), FeedCursor::default());
        pair.exchange();
        pair.controller.refuse(reason);
        pair.exchange();
        pair.agent.link_down(at(1000), 0);
        (pair.at_agent(), pair.agent.poll_timeout().unwrap())
    };
    let closed = Event::Closed(Closed::Refused);
    let busy = Refusal::Busy {
        retry_after_secs: 40,
    };
    assert_eq!(
        refused(busy),
        (vec![Event::Refused(busy), closed.clone()], at(41_000))
    );
    assert_eq!(
        refused(Refusal::Revoked),
        (
            vec![Event::Refused(Refusal::Revoked), closed.clone()],
            at(301_000)
        )
    );
    assert_eq!(
        refused(Refusal::Superseded),
        (vec![Event::Superseded, closed.clone()], at(61_000))
    );
    let later = Refusal::Other(77);
    assert_eq!(
        refused(later),
        (vec![Event::Refused(later), closed], at(1500))
    );
}

#[test]
fn an_idle_session_is_small_and_holds_nothing() {
    assert!(
        size_of::<Session<Controller>>() <= 1024,
        "{}",
        size_of::<Session<Controller>>()
    );
    let journal = entries(start(), &[500; 30]);
    let mut pair = Pair::ready(end_of(&journal), None);
    pair.agent.offer(&journal);
    let patience = Duration::from_secs(30);
    pair.agent.ask(ASKED, 1, vec![1], patience, at(0)).unwrap();
    pair.exchange();
    assert!(pair.controller.poll_page_wanted().is_some());
    pair.controller.offer_page(page(vec![row(1, 500)]));
    pair.controller.stored(end_of(&journal));
    pair.controller.answer(ASKED, 1, vec![3; 500]).unwrap();
    pair.controller.command(1, vec![3; 500]).unwrap();
    pair.exchange();
    pair.agent.page_stored(row(1, 500).cursor());
    pair.exchange();
    pair.at_agent();
    pair.at_controller();

    let idle = &pair.controller;
    assert_eq!(idle.out.capacity() + idle.events.capacity(), 0);
    assert_eq!(idle.end.held_capacity(), 0);
    assert_eq!(pair.agent.end.held_capacity(), 0);
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

#[test]
fn a_line_that_dies_while_a_person_waits_is_given_up_within_ten_seconds() {
    let mut idle = Pair::ready(start(), None);
    assert_eq!(gives_up(&mut idle.agent), (50_000, 2));

    let mut asking = Pair::ready(start(), None);
    let patience = Duration::from_secs(30);
    let asked = asking.agent.ask(ASKED, 1, vec![1], patience, at(10_000));
    asked.unwrap();
    asking.exchange();
    let mut expecting = Pair::ready(start(), None);
    expecting.agent.expect(Some(at(200_000)), at(10_000));
    for mut pair in [asking, expecting] {
        pair.at_agent();
        assert_eq!(gives_up(&mut pair.agent), (19_000, 2));
        assert_eq!(pair.at_agent(), [Event::Closed(Closed::Silent)]);
        pair.agent.link_down(at(19_000), 0);
        let dial = pair.agent.poll_timeout().unwrap();
        assert!(dial < at(20_000), "a new line stands soon: {dial:?}");
    }
}

#[test]
fn a_line_that_answers_is_kept_however_long_a_person_waits() {
    let mut pair = Pair::ready(start(), None);
    pair.agent.expect(Some(at(100_000)), at(0));
    pair.at_agent();
    let mut beats = 0;
    while pair.now < 200_000 {
        pair.now = pair.agent.poll_timeout().unwrap().as_millis();
        pair.agent.handle_timeout(at(pair.now));
        assert!(pair.agent.is_ready(), "at {}", pair.now);
        pair.exchange();
        pair.agent.offer_digest(None, at(pair.now));
        let anchors = pair.at_agent();
        beats += anchors.len();
    }
    // Every three seconds while somebody waits, every twenty after that.
    assert!((33 + 4..=34 + 6).contains(&beats), "{beats}");
    // What is expected no more is not waited for.
    pair.agent.expect(Some(at(500_000)), at(pair.now));
    pair.agent.expect(None, at(pair.now));
    assert!(gives_up(&mut pair.agent).0 >= pair.now + 50_000 - 20_000);
}

#[test]
fn a_program_that_was_stopped_asks_before_it_gives_up() {
    let mut pair = Pair::ready(start(), None);
    pair.agent.expect(Some(at(200_000)), at(0));
    pair.agent.handle_timeout(at(40_000));
    assert!(pair.agent.is_ready(), "nobody had been asked");
    pair.now = 40_000;
    let beat = pair.agent_says();
    pair.controller_hears(&beat).unwrap();
    pair.exchange();
    pair.agent.handle_timeout(at(46_500));
    assert!(pair.agent.is_ready(), "it was answered");
    assert_eq!(gives_up(&mut pair.agent).0, 52_500);
}

/// The digest the agent sends once it is due, as it arrives.
fn compared(pair: &mut Pair, rows: Option<(FeedCursor, FeedDigest)>) -> Vec<Event> {
    pair.agent.handle_timeout(at(pair.now));
    pair.agent.offer_digest(rows, at(pair.now));
    pair.exchange();
    pair.at_controller()
}

#[test]
fn rows_that_differ_are_read_again_from_the_start() {
    let held = row(5, 9);
    let digest = FeedDigest::EMPTY.with(held.kind, &held.id, &held.body);
    let mut pair = Pair::ready(start(), None);
    assert!(pair.controller.poll_page_wanted().is_some());
    pair.controller.offer_page(page(vec![held.clone()]));
    pair.exchange();
    pair.agent.page_stored(held.cursor());
    pair.exchange();
    pair.at_agent();
    pair.at_controller();

    pair.now = 29_999;
    pair.agent.handle_timeout(at(pair.now));
    assert!(!pair.agent.poll_digest_wanted(), "the feed may still move");
    pair.now = 30_000;
    pair.agent.handle_timeout(at(pair.now));
    assert!(pair.agent.poll_digest_wanted());
    // Rows of another place are not what is asked for; it is asked again a while later.
    assert_eq!(compared(&mut pair, Some((row(4, 1).cursor(), digest))), []);
    assert!(!pair.agent.poll_digest_wanted());
    pair.now = 60_000;
    let cursor = held.cursor();
    let sent = compared(&mut pair, Some((cursor, digest)));
    assert_eq!(sent, [Event::Digest { cursor, digest }]);

    // A page in flight is stored first.
    pair.controller.feed_changed();
    assert!(pair.controller.poll_page_wanted().is_some());
    pair.controller.offer_page(page(vec![row(6, 1)]));
    assert!(!pair.controller.start_over());
    pair.exchange();
    pair.agent.page_stored(row(6, 1).cursor());
    pair.exchange();
    pair.at_agent();
    assert!(pair.controller.start_over());
    pair.exchange();
    assert!(pair.at_agent().contains(&Event::FeedRestarted));
    assert_eq!(
        pair.controller.poll_page_wanted(),
        Some(FeedCursor::default())
    );
    pair.controller.offer_page(page(vec![held.clone()]));
    pair.exchange();
    assert_eq!(pair.at_agent(), [Event::Page(page(vec![held]))]);
    pair.agent.page_stored(cursor);
    pair.exchange();

    // It is compared again soon, to be sure.
    assert_eq!(pair.agent.end.compare_at, at(90_000));
}

#[test]
fn digests_in_a_row_are_passed_over() {
    let mut pair = Pair::ready(start(), None);
    pair.at_controller();
    let rows = Some((FeedCursor::default(), FeedDigest::EMPTY));
    let mut heard = 0;
    for _ in 0..5 {
        pair.now += 10_000;
        pair.agent.end.compare = true;
        heard += compared(&mut pair, rows).len();
        let day = Duration::from_secs(24 * 3600);
        assert_eq!(pair.agent.end.compare_at, at(pair.now) + day);
        pair.at_agent();
    }
    assert_eq!(heard, 3, "at 10, 30 and 50 seconds");
}

#[test]
fn the_hello_after_a_cut_names_the_link_before() {
    let mut pair = Pair::ready(start(), None);
    pair.agent.link_down(at(1000), 0);
    let mut again = Pair::new(start(), FeedCursor::default());
    again.agent = pair.agent;
    again.agent.link_up(at(2000), [8; 32]);
    again.exchange();
    let Some(Event::Hello(claim)) = again.controller.poll_event() else {
        panic!("no hello");
    };
    assert_eq!(claim.link, Some(9));
}
