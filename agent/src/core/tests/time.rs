//! Clocks, restarts of the router, power cuts.

use mnara_protocol::clock::{Correction, Floor, TrustedClock};
use mnara_protocol::ticket::Status;

use super::*;

#[test]
fn a_router_that_restarts_gets_its_sessions_back() {
    let mut site = Site::new();
    site.joins(1);
    site.types(1, &printed(0)).unwrap();
    site.pass(Duration::from_secs(60));
    let ends = site.ticket(1).ends_at;
    site.hotspot.power_cut();
    assert!(!site.hotspot.is_online(1));
    let facts = site.look();
    assert!(facts.iter().any(
        |fact| matches!(fact, Fact::Health(health) if health.event == HealthEvent::RouterRebooted)
    ));
    assert!(
        facts
            .iter()
            .any(|fact| matches!(fact, Fact::Metered(metered) if metered.over))
    );
    assert!(site.hotspot.is_online(1));
    assert_eq!(site.ticket(1).ends_at, ends);
}

#[test]
fn a_power_cut_of_everything_keeps_usage_up_to_the_last_checkpoint() {
    let mut site = Site::with(Terms {
        data_bytes: Some(1_000_000),
        duration_secs: None,
        ..terms()
    });
    site.joins(1);
    site.types(1, &printed(0)).unwrap();
    site.pass(Duration::from_secs(60));
    site.hotspot.uses(1, 0, 400_000);
    site.pass(Duration::from_secs(10));
    site.keep_checkpoint();
    site.hotspot.uses(1, 0, 50_000);
    site.pass(Duration::from_secs(10));
    assert_eq!(site.ticket(1).left.bytes, Some(550_000));

    site.hotspot.power_cut();
    site.restart();
    site.pass(Duration::from_secs(10));
    let left = site.ticket(1).left.bytes.unwrap();
    assert_eq!(
        left, 600_000,
        "what the checkpoint had is kept, the rest is what the router lost"
    );
    site.hotspot.uses(1, 0, 100_000);
    site.pass(Duration::from_secs(10));
    assert_eq!(
        site.ticket(1).left.bytes,
        Some(500_000),
        "and what follows counts once"
    );
}

#[test]
fn a_restart_of_the_program_alone_loses_and_doubles_nothing() {
    let mut site = Site::with(Terms {
        data_bytes: Some(1_000_000),
        ..terms()
    });
    site.joins(1);
    site.types(1, &printed(0)).unwrap();
    site.pass(Duration::from_secs(60));
    site.hotspot.uses(1, 0, 200_000);
    site.pass(Duration::from_secs(10));
    site.keep_checkpoint();
    site.hotspot.uses(1, 0, 200_000);
    site.pass(Duration::from_secs(10));
    site.restart();
    site.hotspot.uses(1, 0, 100_000);
    site.pass(Duration::from_secs(20));
    assert!(site.hotspot.is_online(1));
    assert_eq!(site.ticket(1).left.bytes, Some(500_000));
}

#[test]
fn online_time_counts_once_however_many_devices_are_on() {
    let mut site = Site::with(Terms {
        duration_secs: None,
        online_secs: Some(600),
        devices: 2,
        ..terms()
    });
    site.joins(1);
    site.joins(2);
    site.types(1, &printed(0)).unwrap();
    site.types(2, &printed(0)).unwrap();
    site.pass(Duration::from_secs(300));
    let left = site.ticket(1).left.online.unwrap().as_secs();
    assert!((290..=310).contains(&left), "{left}");
    site.hotspot.leaves(1);
    site.hotspot.leaves(2);
    site.pass(HOUR);
    let after = site.ticket_of(1).left.online.unwrap().as_secs();
    assert!(
        left.abs_diff(after) <= 10,
        "no time passes while nobody is on: {after}"
    );
    site.joins(1);
    site.pass(Duration::from_secs(320));
    assert_eq!(site.ticket(1).status, Status::Used);
}

#[test]
fn an_hour_over_the_end_of_32_bit_time_is_an_hour() {
    let mut site = Site::new();
    site.base = Timestamp::from_secs(i64::from(i32::MAX) - 1_800);
    site.joins(1);
    site.types(1, &printed(0)).unwrap();
    site.look();
    site.pass(Duration::from_secs(3_590));
    assert!(site.hotspot.is_online(1));
    site.restart();
    site.look();
    assert!(site.hotspot.is_online(1));
    site.pass(Duration::from_secs(20));
    assert!(!site.hotspot.is_online(1));
    assert_eq!(site.ticket(1).status, Status::Used);
}

#[test]
fn a_session_cut_by_hand_and_a_counter_reset_never_lessen_a_sum() {
    let mut site = Site::with(Terms {
        data_bytes: Some(1_000_000),
        ..terms()
    });
    site.joins(1);
    site.types(1, &printed(0)).unwrap();
    site.pass(Duration::from_secs(20));
    site.hotspot.uses(1, 0, 300_000);
    site.pass(Duration::from_secs(10));
    for user in site.hotspot.users.values_mut() {
        user.down = 0;
    }
    site.hotspot.sessions.get_mut(&mac(1)).unwrap().down = 0;
    site.pass(Duration::from_secs(30));
    assert_eq!(site.ticket(1).left.bytes, Some(700_000));
    site.hotspot.uses(1, 0, 100_000);
    site.pass(Duration::from_secs(10));
    assert_eq!(site.ticket(1).left.bytes, Some(600_000));
}

#[test]
fn a_user_that_is_not_marked_for_a_look_goes_on_counting() {
    let mut site = Site::with(Terms {
        data_bytes: Some(1_000_000),
        ..terms()
    });
    site.joins(1);
    site.types(1, &printed(0)).unwrap();
    site.pass(Duration::from_secs(20));
    site.hotspot.uses(1, 0, 300_000);
    site.pass(Duration::from_secs(10));
    let mut seen = Arc::unwrap_or_clone(site.hotspot.observe());
    seen.users.clear();
    site.event(Event::Observed(Arc::new(seen)));
    site.hotspot.uses(1, 0, 100_000);
    site.pass(Duration::from_secs(10));
    assert_eq!(
        site.ticket(1).left.bytes,
        Some(600_000),
        "what was used before counts once, and what was used meanwhile counts"
    );
}

#[test]
fn what_somebody_takes_off_the_router_is_told_once_and_put_back() {
    let mut site = Site::new();
    site.joins(1);
    site.types(1, &printed(0)).unwrap();
    site.pass(Duration::from_secs(30));
    let drifts = |site: &Site| {
        site.journal
            .iter()
            .filter(|(kind, body)| matches!(Fact::decode(*kind, body), Ok(Fact::Drift(drift)) if drift.repairs == 1))
            .count()
    };
    assert_eq!(drifts(&site), 0);
    for user in site.hotspot.users.values_mut() {
        user.spec.password = Credential::new("guessed");
    }
    site.pass(Duration::from_secs(60));
    assert_eq!(drifts(&site), 1, "a password is told of");
    site.hotspot.users.clear();
    site.hotspot.sessions.clear();
    site.pass(Duration::from_secs(60));
    assert_eq!(drifts(&site), 2);
    assert!(site.hotspot.is_online(1));
    let logged_out = site.ask(Ask::LogOut { peer: address(1) });
    assert!(logged_out.is_some());
    site.pass(HOUR);
    assert_eq!(
        drifts(&site),
        2,
        "what the site itself takes off is no drift"
    );
}

/// Starts in 1970 by the system's clock, which nobody asks: the site goes on from its floor, and the controller's time puts right what was
/// recorded since.
#[test]
fn a_boot_without_the_date_neither_ends_nor_prolongs_a_ticket() {
    let mut site = Site::new();
    site.joins(1);
    site.joins(2);
    site.types(1, &printed(0)).unwrap();
    site.look();
    site.pass(Duration::from_secs(600));
    // The power goes for twenty minutes; the floor is all that is known after it.
    let floor = Floor {
        time: site.now().at,
        unproven_since: None,
    };
    site.hotspot.power_cut();
    let real = site.now().at + Duration::from_secs(1200);
    let mut clock = TrustedClock::resume(floor, site.ticks);
    site.restart();
    site.look();
    let before = site.ticket(1).left.duration.unwrap();
    assert_eq!(
        before,
        HOUR - Duration::from_secs(600),
        "the time without power is not known yet"
    );
    site.types(2, &printed(1)).unwrap();
    site.pass(Duration::from_secs(60));
    // The controller says the time.
    let wall = real + Duration::from_secs(60);
    let Some(Correction::Moved { by_millis, .. }) = clock.anchor(wall, site.ticks) else {
        panic!()
    };
    let secs = by_millis.div_euclid(1000);
    site.base = clock.now(site.ticks) - Duration::from_millis(site.ticks.as_millis());
    site.event(Event::ClockCorrected(secs));
    let first = site.ticket(1).left.duration.unwrap();
    let expected = HOUR - Duration::from_secs(600 + 1200 + 60);
    assert!(
        first.abs_diff(expected) < Duration::from_secs(2),
        "a duration runs without pause: {first:?}"
    );
    let second = site.ticket(2).left.duration.unwrap();
    assert!(
        second >= HOUR - Duration::from_secs(62),
        "what began after the boot has lost nothing: {second:?}"
    );
    // And it reads back the same.
    site.restart();
    site.look();
    assert_eq!(site.ticket(2).left.duration, Some(second));
    assert_eq!(site.ticket(1).left.duration, Some(first));
}

/// The disk is full when the controller says the time: what is read back afterwards knows nothing of it.
#[test]
fn a_correction_that_could_not_be_written_moves_the_same_times_once() {
    let mut site = Site::new();
    site.joins(1);
    site.joins(2);
    site.types(1, &printed(0)).unwrap();
    site.pass(Duration::from_secs(600));
    let floor = Floor {
        time: site.now().at,
        unproven_since: None,
    };
    site.hotspot.power_cut();
    let real = site.now().at + Duration::from_secs(1200);
    let mut clock = TrustedClock::resume(floor, site.ticks);
    site.read_back(|_| {});
    site.event(Event::Started(clock.floor(site.ticks).unproven_since));
    site.look();
    site.pass(Duration::from_secs(10));
    site.types(2, &printed(1)).unwrap();
    site.pass(Duration::from_secs(60));
    let written = site.journal.len();
    site.event(Event::StoreClosed);
    let wall = real + Duration::from_secs(70);
    let Some(Correction::Moved {
        from, by_millis, ..
    }) = clock.anchor(wall, site.ticks)
    else {
        panic!()
    };
    let secs = by_millis.div_euclid(1000);
    site.base = clock.now(site.ticks) - Duration::from_millis(site.ticks.as_millis());
    site.event(Event::ClockCorrected(secs));
    site.pass(Duration::from_secs(30));
    let lefts = |site: &mut Site| [1, 2].map(|n| site.ticket(n).left.duration.unwrap());
    let measured = lefts(&mut site);
    assert!(measured[0] < HOUR - Duration::from_secs(600 + 1200));
    assert!(measured[1] > HOUR - Duration::from_secs(120));

    // First it is not on the disk, then it is after all.
    site.journal.truncate(written);
    for facts in [1, 0] {
        site.read_back(|_| {});
        let moved = site.event(Event::CorrectedUnwritten(from, secs));
        let corrections = moved.iter().filter(|fact| {
            matches!(fact, Fact::Health(health) if health.event == HealthEvent::ClockCorrected)
        });
        assert_eq!(corrections.count(), facts);
        let so_far = site.journal.len();
        site.event(Event::Started(None));
        site.look();
        assert_eq!(lefts(&mut site), measured);
        site.journal.truncate(so_far);
    }
}

/// The same when the disk was full from the start on: what an earlier start has had proven stays.
#[test]
fn a_correction_that_could_not_be_written_leaves_what_was_proven_before() {
    let mut site = Site::new();
    site.joins(1);
    site.types(1, &printed(0)).unwrap();
    site.pass(Duration::from_secs(600));
    let from = site.now().at.plus_millis(1);
    site.base = site.base.plus_secs(1200);
    site.read_back(|_| {});
    site.event(Event::CorrectedUnwritten(from, 1200));
    site.event(Event::Started(None));
    site.look();
    let left = site.ticket(1).left.duration.unwrap();
    let expected = HOUR - Duration::from_secs(600 + 1200);
    assert!(
        left.abs_diff(expected) < Duration::from_secs(12),
        "{left:?}"
    );
}

impl Site {
    /// A device's ticket while the device itself is away, seen by letting it look in.
    fn ticket_of(&mut self, n: u8) -> TicketView {
        self.hotspot.present.insert(n);
        let seen = self.hotspot.observe();
        let device = mac(n);
        self.core.router.saw(seen);
        let view = self.ticket(n);
        self.hotspot.leaves(n);
        assert!(!self.hotspot.sessions.contains_key(&device));
        view
    }
}

#[test]
fn a_ticket_is_looked_at_more_often_the_nearer_its_end_is() {
    let mut site = Site::with(Terms {
        data_bytes: Some(100_000_000),
        ..terms()
    });
    let poll = |site: &Site| site.core.desired(site.now()).next_poll;
    let secs = Duration::from_secs;
    assert_eq!(poll(&site), secs(10), "nobody is online");
    site.joins(1);
    site.types(1, &printed(0)).unwrap();
    assert_eq!(poll(&site), secs(2), "somebody waits to be online");
    site.look();
    assert_eq!(poll(&site), secs(10));
    site.hotspot.uses(1, 0, 60_000_000);
    site.pass(secs(10));
    // 40 MB are left at 6 MB a second.
    assert_eq!(poll(&site).as_millis(), 6_666);
    site.hotspot.uses(1, 0, 35_000_000);
    site.pass(secs(10));
    // 5 MB at 3.5 MB a second, and never more often than the router can bear.
    assert_eq!(poll(&site), secs(2));
    site.pass(secs(10));
    assert_eq!(poll(&site), secs(10), "nothing flows");
    site.pass(HOUR - secs(36));
    assert_eq!(poll(&site), secs(6), "six seconds are left");
    site.pass(secs(6));
    assert!(!site.hotspot.is_online(1));
}

/// A router may refuse a log-in for as long as its licence is full.
#[test]
fn a_log_in_is_late_when_a_router_that_answers_has_not_let_the_device_in_for_a_minute() {
    let mut site = Site::new();
    site.joins(1);
    site.hotspot.is_full = true;
    site.types(1, &printed(0)).unwrap();
    site.look();
    for (secs, late) in [(50, false), (10, true)] {
        site.pass(Duration::from_secs(secs));
        assert_eq!(site.ticket(1).late, late);
    }
    site.event(Event::RouterLost);
    site.look();
    assert!(!site.ticket(1).late, "the router came back just now");
    site.hotspot.is_full = false;
    site.pass(Duration::from_secs(20));
    assert!(site.ticket(1).online);
    // What waited for this one to end is not late when its turn comes.
    site.types(1, &printed(1)).unwrap();
    site.pass(HOUR - Duration::from_secs(20));
    site.hotspot.is_full = true;
    site.pass(Duration::from_secs(30));
    let ticket = site.ticket(1);
    assert!(!ticket.online && ticket.id == series::ticket_id(series_id(), 1));
    assert!(!ticket.late);
    site.pass(Duration::from_secs(60));
    assert!(site.ticket(1).late);
}
