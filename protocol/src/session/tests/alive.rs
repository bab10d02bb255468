//! Heartbeats, floods, refusals and lines that die.

use super::*;

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
