//! Each move of a ticket by itself, and what it refuses.

use super::*;

fn ended(ticket: &Ticket) -> Option<EndReason> {
    match &ticket.phase {
        Phase::Ended { reason, .. } => Some(*reason),
        Phase::Unused | Phase::Redeemed { .. } | Phase::Running { .. } | Phase::Paused { .. } => {
            None
        }
    }
}

#[test]
fn the_clock_starts_when_the_router_confirms_and_only_then() {
    let redeemed = redeem(unused(hour()), &good(1), START).unwrap();
    assert!(redeemed.first);
    let waiting = redeemed.ticket;
    assert_eq!(waiting.due(secs(1_000_000)), None);
    assert_eq!(
        waiting.left(secs(1_000_000)).duration,
        Some(Duration::from_secs(3600))
    );
    let running = waiting.confirmed(secs(50)).confirmed(secs(90));
    assert_eq!(running.since(), Some(secs(50)));
    assert_eq!(running.ends_at(), Some(secs(3650)));
    assert_eq!(running.next_date(), Some(secs(3650)));
    assert_eq!(
        running.left(secs(650)).duration,
        Some(Duration::from_secs(3000))
    );
    assert_eq!(running.due(secs(3649)), None);
    assert_eq!(running.due(secs(3650)), Some(EndReason::Duration));
    assert_eq!(running.status(secs(3650)), Status::Used);
}

#[test]
fn each_limit_ends_a_ticket_for_its_own_reason() {
    let metered = |right: &mut Right| {
        right.terms.duration_secs = None;
        right.terms.online_secs = Some(600);
        right.terms.data_bytes = Some(1000);
    };
    let mut right = hour();
    metered(&mut right);
    let spent = |online_secs, bytes_up, bytes_down| {
        running(right).used(Usage {
            online_secs,
            bytes_up,
            bytes_down,
        })
    };
    assert_eq!(spent(599, 400, 599).due(secs(99_999)), None);
    assert_eq!(spent(600, 0, 0).due(START), Some(EndReason::OnlineTime));
    assert_eq!(spent(0, 400, 600).due(START), Some(EndReason::Data));
    assert_eq!(spent(0, 400, 600).left(START).bytes, Some(0));
    assert_eq!(
        spent(9, u64::MAX, u64::MAX).due(START),
        Some(EndReason::Data)
    );
}

#[test]
fn what_was_used_only_grows() {
    let used = |down| Usage {
        online_secs: 5,
        bytes_up: 0,
        bytes_down: down,
    };
    let ticket = running(hour()).used(used(70)).used(used(30));
    assert_eq!(ticket.usage(), used(70));
    let ended = ticket.end(EndReason::Duration, secs(3610)).used(used(90));
    assert_eq!(
        ended.usage(),
        used(90),
        "the last reading comes after the end"
    );
}

#[test]
fn a_sell_by_date_ends_unused_codes_only() {
    let mut right = hour();
    right.sell_by = Some(secs(100));
    let ticket = unused(right);
    assert_eq!(ticket.next_date(), Some(secs(100)));
    assert_eq!(ticket.status(secs(99)), Status::Active);
    assert_eq!(ticket.status(secs(100)), Status::Expired);
    assert_eq!(redeem(ticket, &good(1), secs(100)), Err(Refusal::Expired));
    assert_eq!(running(right).due(secs(200)), None);
}

#[test]
fn a_newcomer_takes_the_place_seen_longest_ago() {
    let mut right = hour();
    right.terms.devices = 2;
    let ticket = redeem(running(right), &good(2), secs(20)).unwrap();
    assert_eq!((ticket.first, ticket.evicted), (false, None));
    let again = redeem(ticket.ticket, &good(2), secs(25)).unwrap();
    assert_eq!(again.evicted, None, "a device that holds a place keeps it");
    let busy = again.ticket.seen(device(1), secs(30));
    let third = redeem(busy, &good(3), secs(40)).unwrap();
    assert_eq!(third.evicted, Some(device(2)));
    let macs: Vec<_> = third.ticket.slots().iter().map(|slot| slot.mac).collect();
    assert_eq!(macs, [device(1), device(3)]);
    let left = third.ticket.released(device(1));
    assert_eq!(redeem(left, &good(4), secs(50)).unwrap().evicted, None);
}

#[test]
fn moving_to_a_new_phone_is_using_the_code_there() {
    let moved = redeem(running(hour()), &good(2), secs(1000)).unwrap();
    assert_eq!(moved.evicted, Some(device(1)));
    assert_eq!(
        moved.ticket.ends_at(),
        Some(secs(3610)),
        "no time is won or lost"
    );
}

#[test]
fn a_plan_for_no_device_is_for_one() {
    let mut right = hour();
    right.terms.devices = 0;
    assert_eq!(running(right).slots().len(), 1);
}

#[test]
fn where_a_code_is_good_is_asked_at_its_first_use() {
    let at = |place| Attempt {
        mac: device(9),
        place,
    };
    assert_eq!(
        redeem(unused(hour()), &at(Place::CutOff), START),
        Err(Refusal::NeedsController)
    );
    assert_eq!(
        redeem(unused(hour()), &at(Place::Elsewhere), START),
        Err(Refusal::OtherSite)
    );
    assert!(redeem(running(hour()), &at(Place::CutOff), START).is_ok());
    assert_eq!(
        redeem(running(hour()), &at(Place::Elsewhere), START),
        Err(Refusal::OtherSite)
    );
    // What is over is said before where it would have been good.
    let over = running(hour()).end(EndReason::Duration, secs(3610));
    assert_eq!(
        redeem(over, &at(Place::CutOff), secs(4000)),
        Err(Refusal::Used)
    );
}

#[test]
fn a_pause_keeps_exactly_the_rest() {
    let mut right = hour();
    right.terms.online_secs = Some(1800);
    let used = Usage {
        online_secs: 500,
        bytes_up: 1,
        bytes_down: 2,
    };
    let paused = running(right).used(used).paused(secs(1010)).unwrap();
    assert!(paused.slots().is_empty());
    assert_eq!((paused.ends_at(), paused.next_date()), (None, None));
    for later in [1010, 50_000, 9_000_000] {
        assert_eq!(
            paused.left(secs(later)).duration,
            Some(Duration::from_secs(2600))
        );
        assert_eq!(paused.due(secs(later)), None);
        assert_eq!(paused.status(secs(later)), Status::Active);
    }
    let by_hand = paused.clone().resumed(secs(50_000)).unwrap();
    assert_eq!(by_hand.ends_at(), Some(secs(52_600)));
    assert_eq!(by_hand.usage(), used);
    let by_code = redeem(paused, &good(2), secs(50_000)).unwrap();
    assert!(!by_code.first);
    assert_eq!(by_code.ticket.ends_at(), by_hand.ends_at());
    assert_eq!(by_code.ticket.slots().len(), 1);
    assert_eq!(
        by_code.ticket.left(secs(50_000)).online,
        Some(Duration::from_secs(1300))
    );
}

#[test]
fn only_a_running_ticket_pauses_and_only_a_paused_one_resumes() {
    let redeemed = redeem(unused(hour()), &good(1), START).unwrap().ticket;
    for ticket in [unused(hour()), redeemed] {
        assert_eq!(ticket.clone().paused(secs(5)), Err(NotNow::NotRunning));
        assert_eq!(ticket.resumed(secs(5)), Err(NotNow::NotPaused));
    }
    assert_eq!(running(hour()).resumed(secs(20)), Err(NotNow::NotPaused));
    assert_eq!(
        running(hour()).paused(secs(3610)),
        Err(NotNow::Over(EndReason::Duration))
    );
    let paused = running(hour()).paused(secs(20)).unwrap();
    assert_eq!(paused.clone().paused(secs(21)), Err(NotNow::NotRunning));
    let mut revoked = hour();
    revoked.revoked = Some(secs(30));
    assert_eq!(
        paused.ruled(revoked, secs(31)).resumed(secs(40)),
        Err(NotNow::Over(EndReason::Revoked))
    );
    let over = running(hour()).end(EndReason::UsedElsewhere, secs(30));
    assert_eq!(
        over.paused(secs(31)),
        Err(NotNow::Over(EndReason::UsedElsewhere))
    );
}

#[test]
fn revoking_holds_at_once_and_can_be_taken_back() {
    let mut revoked = hour();
    // A site whose clock is behind does not wait for the controller's date.
    revoked.revoked = Some(secs(100_000));
    let ticket = running(hour()).ruled(revoked, secs(600));
    assert_eq!(ticket.due(secs(600)), Some(EndReason::Revoked));
    assert_eq!(
        redeem(ticket.clone(), &good(1), secs(600)),
        Err(Refusal::Revoked)
    );
    let over = ticket.end(EndReason::Revoked, secs(600));
    assert_eq!(over.status(secs(601)), Status::Revoked);
    let back = over.ruled(hour(), secs(1000));
    assert_eq!(back.ends_at(), Some(secs(3610)));
    assert_eq!(back.usage(), Usage::default());
}

#[test]
fn extra_time_lengthens_and_opens_again_what_ran_out() {
    let mut longer = hour();
    longer.extra_secs = 600;
    let ticket = running(hour()).ruled(longer, secs(3000));
    assert_eq!(ticket.ends_at(), Some(secs(4210)));
    let over = running(hour()).end(EndReason::Duration, secs(3610));
    let again = over.clone().ruled(longer, secs(3700));
    assert_eq!(
        again.left(secs(3700)).duration,
        Some(Duration::from_secs(510))
    );
    assert_eq!(again.clone().ruled(longer, secs(3701)), again);
    let too_late = over.ruled(longer, secs(5000));
    assert_eq!(ended(&too_late), Some(EndReason::Duration));
    assert_eq!(too_late.right, longer);
}

#[test]
fn what_is_open_again_stands_where_it_stood_without_devices() {
    let used = Usage {
        online_secs: 9,
        bytes_up: 1,
        bytes_down: 2,
    };
    let over = running(hour())
        .used(used)
        .end(EndReason::Duration, secs(3610));
    let again = over.reopened();
    assert_eq!(again.ends_at(), Some(secs(3610)));
    assert_eq!(again.usage(), used);
    assert!(again.slots().is_empty());
    assert_eq!(again.clone().reopened(), again);
    let held = running(hour()).paused(secs(20)).unwrap();
    assert_eq!(held.clone().reopened(), held, "it has not ended");
    let lost = running(hour()).end(EndReason::UsedElsewhere, secs(700));
    assert_eq!(lost.clone().reopened(), lost);
}

#[test]
fn extra_time_counts_for_metered_time_too() {
    let mut right = hour();
    right.terms.duration_secs = None;
    right.terms.online_secs = Some(600);
    let spent = running(right).used(Usage {
        online_secs: 600,
        bytes_up: 0,
        bytes_down: 0,
    });
    assert_eq!(spent.due(START), Some(EndReason::OnlineTime));
    right.extra_secs = 60;
    assert_eq!(
        spent.ruled(right, START).left(START).online,
        Some(Duration::from_secs(60))
    );
}

#[test]
fn what_another_site_used_stays_over() {
    let lost = running(hour()).end(EndReason::UsedElsewhere, secs(700));
    let mut longer = hour();
    longer.extra_secs = 9999;
    let lost = lost.ruled(longer, secs(800));
    assert_eq!(ended(&lost), Some(EndReason::UsedElsewhere));
    assert_eq!(lost.status(secs(800)), Status::Used);
    assert_eq!(redeem(lost, &good(1), secs(800)), Err(Refusal::Used));
    let never = unused(hour()).end(EndReason::UsedElsewhere, START);
    assert_eq!(
        ended(&never.ruled(longer, START)),
        Some(EndReason::UsedElsewhere)
    );
}

#[test]
fn a_pause_that_was_revoked_gives_the_rest_back() {
    let mut revoked = hour();
    revoked.revoked = Some(secs(2000));
    let over = running(hour())
        .paused(secs(1010))
        .unwrap()
        .ruled(revoked, secs(2000))
        .end(EndReason::Revoked, secs(2000));
    let back = over.ruled(hour(), secs(2100));
    assert_eq!(
        back.left(secs(2100)).duration,
        Some(Duration::from_secs(2500))
    );
}

#[test]
fn ending_twice_keeps_the_first_end() {
    let over = running(hour()).end(EndReason::Data, secs(100));
    assert_eq!(over.clone().end(EndReason::Revoked, secs(200)), over);
}
