//! A ticket that ran out and was then given more time.

use mnara_protocol::ticket::{EndReason, Usage};

use super::*;

fn ticket() -> TicketId {
    series::ticket_id(series_id(), 2)
}

/// The controller gives the ticket so much time on top of what it was sold with.
fn longer(site: &mut Site, extra_secs: u32) {
    site.row(Row::Ruling(RulingRow {
        ticket: ticket(),
        printed: Printed {
            series: series_id(),
            index: 2,
        },
        right: Right {
            extra_secs,
            ..right(terms())
        },
        used_elsewhere: None,
        used_at: None,
        used_at_name: None,
        deliver_to: None,
        deliver_until: None,
    }));
}

fn phase(site: &Site) -> Phase {
    let known = site.core.state.tickets.find(ticket()).unwrap();
    known.ticket.phase.clone()
}

/// A ticket of an hour that ran out a minute ago. The program was at its last snapshot before its use or during it, so the journal holds
/// its end.
fn over(is_snapped: bool) -> Site {
    let mut site = Site::new();
    site.joins(1);
    site.types(1, &printed(2)).unwrap();
    site.look();
    if is_snapped {
        site.keep_snapshot();
    }
    site.pass(HOUR + Duration::from_secs(60));
    assert!(!site.hotspot.is_online(1));
    assert!(matches!(phase(&site), Phase::Ended { .. }));
    site
}

#[test]
fn what_was_used_and_held_after_more_time_is_so_after_a_restart() {
    for is_snapped in [false, true] {
        let mut site = over(is_snapped);
        longer(&mut site, 7_200);
        site.types(1, &printed(2)).unwrap();
        site.look();
        assert!(site.hotspot.is_online(1));
        let ends_at = site.ticket(1).ends_at.unwrap();
        site.restart();
        site.pass(Duration::from_secs(60));
        assert!(site.hotspot.is_online(1), "its use was forgotten");
        assert_eq!(site.ticket(1).ends_at, Some(ends_at));

        assert_eq!(hold(&mut site, 1, ticket(), Command::Pause), Report::Done);
        let held = phase(&site);
        assert!(matches!(held, Phase::Paused { .. }));
        site.restart();
        assert_eq!(phase(&site), held, "its pause was forgotten");
        site.pass(HOUR * 3);
        site.types(1, &printed(2)).unwrap();
        site.look();
        assert_eq!(site.ticket(1).ends_at, Some(ends_at + HOUR * 3));
    }
}

#[test]
fn one_that_is_held_before_anybody_uses_it_again_is_held_after_a_restart() {
    for is_snapped in [false, true] {
        let mut site = over(is_snapped);
        longer(&mut site, 7_200);
        assert_eq!(hold(&mut site, 1, ticket(), Command::Pause), Report::Done);
        let held = phase(&site);
        site.restart();
        assert_eq!(phase(&site), held);
        assert_eq!(hold(&mut site, 2, ticket(), Command::Resume), Report::Done);
    }
}

#[test]
fn its_last_end_is_the_one_that_counts() {
    for is_snapped in [false, true] {
        for is_used in [false, true] {
            let mut site = over(is_snapped);
            longer(&mut site, 600);
            if is_used {
                site.types(1, &printed(2)).unwrap();
            }
            site.pass(HOUR);
            let ended = phase(&site);
            assert!(
                matches!(ended, Phase::Ended { at, .. } if at > NOON + HOUR + Duration::from_secs(60))
            );
            site.restart();
            assert_eq!(phase(&site), ended);
        }
    }
}

/// What the controller holds of a ticket that ran out after its hour, wherever that was.
fn ran_out(ticket: TicketId, printed: Option<Printed>) -> Taken {
    Taken {
        ticket,
        printed,
        redeemed_at: NOON,
        since: Some(NOON),
        slots: Vec::new(),
        usage: Usage::default(),
        ended: Some(TakenEnd {
            reason: EndReason::Duration,
            at: NOON + HOUR,
        }),
        paused: None,
        tried: None,
    }
}

/// The row of a bought ticket with so much time on top.
fn with_extra(extra_secs: u32, taken: Option<Taken>) -> Row {
    Row::Ticket(TicketRow {
        right: Right {
            extra_secs,
            ..right(terms())
        },
        taken,
        ..bought(None)
    })
}

#[test]
fn one_that_ran_out_elsewhere_is_good_here_when_it_was_given_more_time() {
    let mut site = Site::new();
    site.pass(HOUR + Duration::from_secs(60));
    site.joins(1);
    let taken = || Some(ran_out(bought(None).ticket, None));
    site.row(with_extra(0, taken()));
    assert_eq!(
        site.types(1, BOUGHT),
        Err(RedeemError::Refused(Refusal::Used))
    );
    let mut site = Site::new();
    site.pass(HOUR + Duration::from_secs(60));
    site.joins(1);
    site.row(with_extra(7_200, taken()));
    assert!(site.types(1, BOUGHT).is_ok());
    site.look();
    assert!(site.hotspot.is_online(1));
    assert_eq!(site.ticket(1).ends_at, Some(NOON + HOUR * 3));
    site.restart();
    site.look();
    assert!(site.hotspot.is_online(1));
}

#[test]
fn what_ended_by_a_clock_ahead_of_ours_stays_ended() {
    let mut site = Site::new();
    site.pass(HOUR - Duration::from_secs(60));
    site.joins(1);
    let taken = ran_out(bought(None).ticket, None);
    site.row(with_extra(0, Some(taken)));
    assert_eq!(
        site.types(1, BOUGHT),
        Err(RedeemError::Refused(Refusal::Used))
    );
}

#[test]
fn a_new_store_takes_one_back_as_open_that_was_given_more_time() {
    let printed_one = Printed {
        series: series_id(),
        index: 2,
    };
    let sold = bought(None).ticket;
    for is_row_first in [true, false] {
        let mut site = Site::new();
        site.ticks = site.ticks + HOUR + Duration::from_secs(60);
        site.core = Replay::new(identity(), [9; 32], false).finish(0);
        site.event(Event::Started(None));
        site.row(Row::Series(batch(terms(), CutOff::Anywhere)));
        longer(&mut site, 7_200);
        if is_row_first {
            site.row(with_extra(7_200, None));
        }
        site.event(Event::LinkUp);
        let (attempt, _) = site.questions.pop().unwrap();
        let mut taken = vec![ran_out(sold, None), ran_out(ticket(), Some(printed_one))];
        taken.sort_by_key(|one| one.ticket);
        let page = FactsAnswer { taken, more: false };
        site.event(Event::Answered(attempt, Answer::Facts(page)));
        if !is_row_first {
            site.row(with_extra(7_200, None));
        }
        for (n, code) in [(1, BOUGHT.to_owned()), (2, printed(2))] {
            site.joins(n);
            assert!(site.types(n, &code).is_ok(), "{n}: {is_row_first}");
            site.look();
            assert_eq!(site.ticket(n).ends_at, Some(NOON + HOUR * 3));
        }
    }
}
