//! Who is let in, and what is believed.

use super::*;

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
