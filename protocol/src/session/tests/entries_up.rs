//! Entries of a journal on their way up, and forks.

use super::*;

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
