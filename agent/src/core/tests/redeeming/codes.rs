//! What is typed: right codes and wrong ones, those of elsewhere, guesses, and batches that cannot be opened yet.

use super::*;

#[test]
fn each_wrong_code_is_told_apart() {
    let mut site = Site::new();
    site.joins(1);
    assert_eq!(site.types(1, "1234"), Err(RedeemError::BadCode));
    assert_eq!(
        site.types(1, "99999999"),
        Err(RedeemError::CloudAwayUnknown),
        "only the controller could know it"
    );
    let id = series::ticket_id(series_id(), 3);
    let ruling = |change: fn(&mut RulingRow)| {
        let mut row = RulingRow {
            ticket: id,
            printed: Printed {
                series: series_id(),
                index: 3,
            },
            right: right(terms()),
            used_elsewhere: None,
            used_at: None,
            used_at_name: None,
            deliver_to: None,
            deliver_until: None,
        };
        change(&mut row);
        Row::Ruling(row)
    };
    site.row(ruling(|row| row.right.revoked = Some(NOON)));
    assert_eq!(
        site.types(1, &printed(3)),
        Err(RedeemError::Refused(Refusal::Revoked))
    );
    site.row(ruling(|row| row.right.sell_by = Some(NOON)));
    assert_eq!(
        site.types(1, &printed(3)),
        Err(RedeemError::Refused(Refusal::Expired))
    );
    site.row(ruling(|row| row.used_elsewhere = Some(NOON)));
    assert_eq!(
        site.types(1, &printed(3)),
        Err(RedeemError::Refused(Refusal::Used))
    );
    site.row(ruling(|_| ()));
    assert!(
        site.types(1, &printed(3)).is_ok(),
        "what was decided can be undone"
    );
}

#[test]
fn a_printed_code_that_a_device_asked_the_controller_for_is_used_for_it_and_once() {
    let order = |index, n, until| {
        Row::Ruling(RulingRow {
            ticket: series::ticket_id(series_id(), index),
            printed: Printed {
                series: series_id(),
                index,
            },
            right: right(terms()),
            used_elsewhere: None,
            used_at: None,
            used_at_name: None,
            deliver_to: Some(mac(n)),
            deliver_until: Some(until),
        })
    };
    let mut site = Site::new();
    for n in 1..=3 {
        site.joins(n);
    }
    let until = site.now().at + HOUR;
    site.row(order(7, 1, until));
    site.look();
    assert!(site.hotspot.is_online(1));
    assert_eq!(
        site.ticket(1).code_shown.replace('-', ""),
        printed(7).replace('-', "")
    );
    // Somebody types it and has it; the row says nothing new, however often it is read.
    site.types(2, &printed(7)).unwrap();
    site.look();
    site.row(order(7, 1, until));
    site.restart();
    site.joins(1);
    site.joins(2);
    site.look();
    assert!(!site.hotspot.is_online(1) && site.hotspot.is_online(2));
    // Too late, or used before: the row does nothing.
    let gone = site.now().at - Duration::from_secs(1);
    site.row(order(8, 3, gone));
    site.types(2, &printed(9)).unwrap();
    site.row(order(9, 3, until));
    site.look();
    assert!(!site.hotspot.is_online(3));
    assert!(site.types(3, &printed(8)).is_ok());
}

#[test]
fn a_series_that_is_taken_back_ends_what_runs_and_what_had_a_ruling() {
    let longer = |index| {
        Row::Ruling(RulingRow {
            ticket: series::ticket_id(series_id(), index),
            printed: Printed {
                series: series_id(),
                index,
            },
            right: Right {
                extra_secs: 600,
                ..right(terms())
            },
            used_elsewhere: None,
            used_at: None,
            used_at_name: None,
            deliver_to: None,
            deliver_until: None,
        })
    };
    let mut site = Site::new();
    for n in 1..=3 {
        site.joins(n);
    }
    site.types(1, &printed(1)).unwrap();
    site.types(2, &printed(2)).unwrap();
    site.row(longer(2));
    site.row(longer(3));
    site.look();
    assert!(site.hotspot.is_online(1) && site.hotspot.is_online(2));
    let good = batch(terms(), CutOff::Anywhere);
    let taken_back = Right {
        revoked: Some(site.now().at),
        ..good.right
    };
    let facts = site.row(Row::Series(Series {
        right: taken_back,
        ..good
    }));
    let ended = facts.iter().filter(
        |fact| matches!(fact, Fact::Ended(ended) if ended.reason == mnara_protocol::ticket::EndReason::Revoked),
    );
    assert_eq!(ended.count(), 2);
    let is_shut = |site: &mut Site| {
        site.look();
        for n in [1, 2] {
            assert!(!site.hotspot.is_online(n));
            assert_eq!(site.ticket(n).status, Status::Revoked);
        }
        for index in [2, 3] {
            let refused = Err(RedeemError::Refused(Refusal::Revoked));
            assert_eq!(site.types(3, &printed(index)), refused);
        }
    };
    is_shut(&mut site);
    site.restart();
    is_shut(&mut site);
    site.restart();
    // A ruling that was on its way gives nothing back.
    site.row(longer(2));
    site.row(longer(3));
    is_shut(&mut site);
}

#[test]
fn a_use_elsewhere_ends_a_ticket_only_if_it_was_the_first() {
    let mut site = Site::new();
    site.joins(1);
    site.types(1, &printed(3)).unwrap();
    let here = site.now().at;
    let told = |first| {
        Row::Ruling(RulingRow {
            ticket: series::ticket_id(series_id(), 3),
            printed: Printed {
                series: series_id(),
                index: 3,
            },
            right: right(terms()),
            used_elsewhere: Some(first),
            used_at: None,
            used_at_name: None,
            deliver_to: None,
            deliver_until: None,
        })
    };
    let ends = |facts: Vec<Fact>| {
        facts.iter().any(
            |fact| matches!(fact, Fact::Ended(ended) if ended.reason == mnara_protocol::ticket::EndReason::UsedElsewhere),
        )
    };
    // The controller has heard of the later use and not yet of this one.
    assert!(!ends(site.row(told(here.plus_secs(1)))));
    assert!(site.hotspot.is_online(1));
    assert!(ends(site.row(told(here.plus_secs(-1)))));
    site.look();
    assert!(!site.hotspot.is_online(1));
}

#[test]
fn guesses_are_slowed_down_but_a_right_code_costs_nothing() {
    let mut site = Site::new();
    site.joins(1);
    let mut wrong = 0;
    loop {
        match site.types(1, "99999999") {
            Err(RedeemError::CloudAwayUnknown) => wrong += 1,
            Err(RedeemError::Throttled { retry_secs }) => {
                assert!(retry_secs >= 1);
                break;
            }
            other => panic!("{other:?}"),
        }
        assert!(wrong < 20);
    }
    site.pass(Duration::from_secs(10));
    assert!(site.types(1, &printed(0)).is_ok());
    site.joins(2);
    assert!(site.types(2, &printed(1)).is_ok());
}

#[test]
fn an_unknown_code_is_looked_up_and_redeemed_when_its_ticket_comes() {
    let mut site = Site::new();
    site.event(Event::LinkUp);
    site.joins(1);
    let ask = Ask::Redeem {
        peer: address(1),
        code: BOUGHT.to_owned(),
    };
    assert_eq!(site.ask(ask), None, "it waits for the controller");
    let (attempt, question) = site.questions.pop().unwrap();
    assert!(matches!(question, Question::Lookup(asked) if asked.code == BOUGHT));
    site.event(Event::Answered(
        attempt,
        Answer::Looked(LookedAnswer { refusal: None }),
    ));
    assert!(site.replies.is_empty(), "the ticket has still to come");
    site.row(Row::Ticket(bought(None)));
    let (_, said) = site.replies.pop_first().unwrap();
    assert!(matches!(said, Said::Redeemed(Ok(home)) if home.ticket.is_some()));
    assert!(site.hotspot.is_online(1));
}

#[test]
fn an_unknown_code_is_refused_in_the_controllers_words_or_when_it_goes_away() {
    let mut site = Site::new();
    site.event(Event::LinkUp);
    site.joins(1);
    let ask = || Ask::Redeem {
        peer: address(1),
        code: BOUGHT.to_owned(),
    };
    assert_eq!(site.ask(ask()), None);
    let (attempt, _) = site.questions.pop().unwrap();
    let refusal = Some(Refusal::OtherSite);
    site.event(Event::Answered(
        attempt,
        Answer::Looked(LookedAnswer { refusal }),
    ));
    let said = site.replies.pop_first().unwrap().1;
    assert_eq!(
        said,
        Said::Redeemed(Err(RedeemError::Refused(Refusal::OtherSite)))
    );
    assert_eq!(site.ask(ask()), None);
    site.event(Event::LinkDown);
    let said = site.replies.pop_first().unwrap().1;
    assert_eq!(said, Said::Redeemed(Err(RedeemError::CloudAwayUnknown)));
}

#[test]
fn a_batch_of_another_home_needs_the_controller_when_it_says_so() {
    let mut site = Site::new();
    let mut series = batch(terms(), CutOff::HomeOnly);
    series.home = SiteId::from_bytes([99; 16]);
    site.row(Row::Series(series));
    site.joins(1);
    assert_eq!(
        site.types(1, &printed(0)),
        Err(RedeemError::Refused(Refusal::NeedsController))
    );
    site.event(Event::LinkUp);
    assert!(site.types(1, &printed(0)).is_ok());
}

#[test]
fn a_code_is_honoured_before_its_batch_is_derived_and_after() {
    let mut site = Site::new();
    let many = Series {
        count: 2_000,
        ..batch(terms(), CutOff::Anywhere)
    };
    site.row(Row::Series(many));
    site.joins(1);
    site.joins(2);
    assert!(site.core.has_codes_to_derive());
    assert_eq!(site.core.counts()[2], 2_000, "what is to come counts");
    site.types(1, &printed(1_999)).unwrap();
    assert!(!site.core.has_codes_to_derive());

    site.restart();
    site.look();
    let mut turns = 0;
    while site.core.has_codes_to_derive() {
        site.core.derive_codes();
        turns += 1;
    }
    assert!(turns > 2, "not all at once");
    site.types(2, &printed(1_998)).unwrap();
    assert_eq!(
        site.types(2, &printed(2_000)).unwrap_err(),
        RedeemError::CloudAwayUnknown
    );
}

#[test]
fn a_batch_sealed_to_another_agent_is_told_of_until_it_is_sealed_anew() {
    let mut site = Site::new();
    assert_eq!(site.core.unsealed(), 0);
    let good = batch(terms(), CutOff::HomeOnly);
    let other = Series {
        id: SeriesId::from_bytes([77; 16]),
        sealed_key: vec![0; 80],
        ..good
    };
    site.row(Row::Series(other.clone()));
    site.row(Row::Series(other.clone()));
    assert_eq!(site.core.unsealed(), 1, "one batch, however often it came");
    let sealed_key = seal::seal(
        &identity().signing.verifying_key(),
        &seal::series_key_context(other.id, identity().site),
        series_key().as_bytes(),
        [6; 32],
    );
    site.row(Row::Series(Series {
        sealed_key,
        ..other
    }));
    assert_eq!(site.core.unsealed(), 0);
}
