//! Pages of the feed on their way down, and rows that differ.

use super::*;

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
