//! A ticket that ran out and was then given more time.

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
