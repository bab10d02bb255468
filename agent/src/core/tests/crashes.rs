//! What a restart keeps, what a lost store takes back.

use mnara_protocol::ticket::{Refusal, Usage};

use super::*;

#[test]
fn a_restart_keeps_what_was_redeemed_and_who_is_online() {
    let mut site = Site::new();
    site.joins(1);
    site.types(1, &printed(0)).unwrap();
    site.row(Row::Ticket(bought(Some(2))));
    site.joins(2);
    site.pass(Duration::from_secs(30));
    let before = [site.ticket(1), site.ticket(2)];
    let logins = before
        .each_ref()
        .map(|ticket| (ticket.username.clone(), ticket.password.clone()));
    site.restart();
    site.look();
    let after = [site.ticket(1), site.ticket(2)];
    for (was, is) in before.iter().zip(&after) {
        assert_eq!(was.ends_at, is.ends_at);
        assert!(is.online);
    }
    assert_eq!(
        after
            .each_ref()
            .map(|ticket| (ticket.username.clone(), ticket.password.clone())),
        logins,
        "the router's users stay as they are"
    );
    site.joins(3);
    site.types(3, &printed(0)).unwrap();
    site.pass(Duration::from_secs(20));
    assert!(!site.hotspot.is_online(1), "the one place moved");
}

#[test]
fn a_paid_ticket_whose_row_was_stored_and_not_yet_redeemed_is_redeemed_at_the_start() {
    let mut site = Site::new();
    site.joins(1);
    // The page was committed, then the power went before the entry was.
    let row = Row::Ticket(bought(Some(1)));
    site.rows
        .insert((row.kind(), *bought(None).ticket.as_bytes()), row.encode());
    site.restart();
    site.look();
    site.look();
    assert!(site.hotspot.is_online(1));
}

#[test]
fn a_snapshot_stands_for_all_entries_before_it() {
    let mut site = Site::new();
    site.joins(1);
    site.types(1, &printed(0)).unwrap();
    site.pass(Duration::from_secs(120));
    site.types(1, &printed(1)).unwrap();
    let (bytes, at) = (site.core.snapshot(), site.now());
    let mut replay = Replay::new(identity(), [1; 32], true);
    replay.snapshot(&bytes).unwrap();
    for ((kind, id), body) in &site.rows {
        replay.row(
            RowChange {
                kind: *kind,
                id: *id,
                body: Some(body.clone()),
            },
            at,
        );
    }
    let core = replay.finish(site.journal.len() as u64);
    assert_eq!(core.snapshot(), bytes);
    for cut in 0..bytes.len() {
        let mut replay = Replay::new(identity(), [1; 32], true);
        assert!(replay.snapshot(&bytes[..cut]).is_err(), "cut at {cut}");
    }
}

#[test]
fn a_new_store_takes_back_what_happened_before_it_redeems() {
    let mut site = Site::new();
    site.core = Replay::new(identity(), [9; 32], false).finish(0);
    site.event(Event::Started(None));
    site.event(Event::LinkUp);
    site.joins(1);
    assert_eq!(site.types(1, &printed(0)), Err(RedeemError::Resyncing));
    let taken = |index: u32, ended: Option<TakenEnd>| Taken {
        ticket: series::ticket_id(series_id(), index),
        printed: Some(Printed {
            series: series_id(),
            index,
        }),
        redeemed_at: NOON,
        since: Some(NOON),
        slots: vec![mnara_protocol::ticket::Slot {
            mac: mac(1),
            seen: NOON,
        }],
        usage: Usage::default(),
        ended,
        paused: None,
        tried: None,
    };
    let page = |taken: Vec<Taken>, more| Answer::Facts(FactsAnswer { taken, more });
    let ended = TakenEnd {
        reason: mnara_protocol::ticket::EndReason::Duration,
        at: NOON,
    };
    let (attempt, question) = site.questions.pop().unwrap();
    assert!(matches!(question, Question::Facts(asked) if asked.after.is_none()));
    site.event(Event::Answered(attempt, page(vec![taken(0, None)], true)));
    let (attempt, question) = site.questions.pop().unwrap();
    assert!(
        matches!(question, Question::Facts(asked) if asked.after == Some(series::ticket_id(series_id(), 0)))
    );
    assert_eq!(
        site.types(1, &printed(4)),
        Err(RedeemError::Resyncing),
        "not before the last page"
    );
    site.event(Event::Answered(
        attempt,
        page(vec![taken(1, Some(ended))], false),
    ));
    // The batch comes by the feed only now.
    let rows: Vec<_> = std::mem::take(&mut site.rows).into_iter().collect();
    for ((kind, id), body) in rows {
        site.rows.insert((kind, id), body.clone());
        site.event(Event::Rows(vec![RowChange {
            kind,
            id,
            body: Some(body),
        }]));
    }
    site.look();
    assert!(
        site.hotspot.is_online(1),
        "its running ticket was taken back"
    );
    assert_eq!(
        site.types(1, &printed(1)),
        Err(RedeemError::Refused(Refusal::Used))
    );
    assert!(site.types(1, &printed(4)).is_ok());
}

#[test]
fn a_page_of_facts_that_did_not_come_is_asked_for_again_on_the_same_link() {
    let mut site = Site::new();
    let rows = site.rows.clone();
    site.core = Replay::new(identity(), [9; 32], false).finish(0);
    site.event(Event::Started(None));
    for ((kind, id), body) in rows {
        site.event(Event::Rows(vec![RowChange {
            kind,
            id,
            body: Some(body),
        }]));
    }
    site.event(Event::LinkUp);
    site.joins(1);
    let (attempt, _) = site.questions.pop().unwrap();
    site.event(Event::Unanswered(attempt));
    site.pass(Duration::from_secs(1));
    assert!(site.questions.is_empty(), "a busy controller is given time");
    let wake = site.core.next_wake(site.now());
    assert!(wake <= Duration::from_secs(4), "{wake:?}");
    assert_eq!(site.types(1, &printed(0)), Err(RedeemError::Resyncing));

    site.pass(Duration::from_secs(5));
    let (again, question) = site.questions.pop().unwrap();
    assert!(matches!(question, Question::Facts(asked) if asked.after.is_none()));
    assert_ne!(again, attempt);
    let page = |taken: Vec<Taken>, more| Answer::Facts(FactsAnswer { taken, more });
    let last = Taken {
        ticket: series::ticket_id(series_id(), 3),
        printed: Some(Printed {
            series: series_id(),
            index: 3,
        }),
        redeemed_at: NOON,
        since: None,
        slots: Vec::new(),
        usage: Usage::default(),
        ended: None,
        paused: None,
        tried: None,
    };
    let after = last.ticket;
    site.event(Event::Answered(again, page(vec![last], true)));
    let (attempt, _) = site.questions.pop().unwrap();
    site.event(Event::Unanswered(attempt));

    // A link that went takes the question with it; the next one asks at once, and from where it was.
    site.event(Event::LinkDown);
    site.pass(Duration::from_secs(6));
    assert!(site.questions.is_empty(), "nobody is there to be asked");
    site.event(Event::LinkUp);
    let (attempt, question) = site.questions.pop().unwrap();
    assert!(matches!(question, Question::Facts(asked) if asked.after == Some(after)));
    site.event(Event::Answered(attempt, page(Vec::new(), false)));
    assert!(site.types(1, &printed(0)).is_ok());
    site.pass(Duration::from_secs(10));
    assert!(site.questions.is_empty());
}

#[test]
fn with_the_controller_away_a_new_store_goes_by_the_batchs_policy() {
    let mut site = Site::new();
    let rows = site.rows.clone();
    site.core = Replay::new(identity(), [9; 32], false).finish(0);
    site.event(Event::Started(None));
    for ((kind, id), body) in rows {
        site.event(Event::Rows(vec![RowChange {
            kind,
            id,
            body: Some(body),
        }]));
    }
    site.joins(1);
    let home = site.types(1, &printed(0)).unwrap();
    assert!(home.ticket.is_some());
    let reported = site.journal.iter().any(|(kind, body)| {
        matches!(Fact::decode(*kind, body), Ok(Fact::Redeemed(fact)) if fact.cut_off)
    });
    assert!(
        reported,
        "the controller is told that it could not be asked"
    );
}

#[test]
fn what_a_later_version_says_is_passed_over_and_what_is_damaged_is_not() {
    let mut site = Site::new();
    let later = RowChange {
        kind: 9_999,
        id: [1; 16],
        body: Some(vec![1, 2, 3]),
    };
    assert_eq!(Core::check(std::slice::from_ref(&later)), Ok(()));
    site.event(Event::Rows(vec![later]));
    let broken = RowChange {
        kind: 2,
        id: [1; 16],
        body: Some(vec![1, 2, 3]),
    };
    assert_eq!(Core::check(&[broken]), Err(BadRow { kind: 2 }));
    let mut replay = Replay::new(identity(), [1; 32], true);
    assert!(replay.entry(1, 9_999, &[1, 2, 3]).is_ok());
    assert!(replay.entry(2, 1, &[1, 2, 3]).is_err());
}
