//! Questions, commands, reports and samples.

use super::*;

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
