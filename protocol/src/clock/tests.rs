//! The trusted clock against wrong times: 1970, jumps, late anchors, a controller that errs and recovers.

use proptest::prelude::*;

use super::*;

const FLOOR: Timestamp = Timestamp::from_secs(1_800_000_000);
const HOUR: i64 = 3600;

fn ticks(secs: u64) -> Ticks {
    Ticks::from_millis(secs * 1000)
}

fn booted() -> TrustedClock {
    TrustedClock::from_floor(FLOOR, ticks(100))
}

fn anchored() -> TrustedClock {
    let mut clock = booted();
    clock.anchor(FLOOR.plus_secs(HOUR), ticks(100));
    clock
}

fn moved_secs(correction: Option<Correction>) -> Option<i64> {
    match correction {
        Some(Correction::Moved { by_millis, .. }) => Some(by_millis.div_euclid(1000)),
        Some(Correction::Refused { .. }) | None => None,
    }
}

fn is_refused(correction: Option<Correction>) -> bool {
    matches!(correction, Some(Correction::Refused { .. }))
}

#[test]
fn before_the_first_anchor_time_runs_on_from_the_floor() {
    let clock = booted();
    assert_eq!(clock.source(), Source::Floor);
    assert_eq!(clock.now(ticks(100)), FLOOR.plus_millis(1));
    assert_eq!(clock.now(ticks(160)), FLOOR.plus_millis(60_001));
    assert_eq!(
        clock.now(ticks(0)),
        FLOOR.plus_millis(1),
        "ticks from before the start"
    );
}

#[test]
fn the_first_anchor_makes_up_for_the_time_without_power() {
    let mut clock = booted();
    let correction = clock.anchor(FLOOR.plus_secs(10 * HOUR), ticks(700));
    assert_eq!(moved_secs(correction), Some(10 * HOUR - 601));
    assert_eq!(clock.source(), Source::Anchored);
    assert_eq!(clock.now(ticks(701)), FLOOR.plus_secs(10 * HOUR + 1));
}

#[test]
fn what_was_recorded_in_this_boot_moves_along_and_the_rest_stays() {
    let mut clock = booted();
    let in_this_boot = clock.now(ticks(130));
    let correction = clock
        .anchor(FLOOR.plus_secs(10 * HOUR), ticks(700))
        .unwrap();
    assert_eq!(
        clock.now(ticks(700)).since(correction.apply(in_this_boot)),
        Duration::from_secs(570)
    );
    assert_eq!(correction.apply(FLOOR), FLOOR);
    // A second correction finds the times the first one moved.
    let first = correction.apply(in_this_boot);
    let second = clock
        .anchor(FLOOR.plus_secs(30 * HOUR), ticks(800))
        .unwrap();
    assert_eq!(
        clock.now(ticks(800)).since(second.apply(first)),
        Duration::from_secs(670)
    );
    assert_eq!(second.apply(FLOOR), FLOOR);
}

#[test]
fn what_an_unheard_boot_recorded_moves_with_the_next_one() {
    let mut first = booted();
    let started = first.now(ticks(200));
    let floor = first.floor(ticks(400));
    assert_eq!(floor.unproven_since, Some(FLOOR.plus_millis(1)));

    // Power away for two hours before it, one hour after it.
    let mut second = TrustedClock::resume(floor, ticks(0));
    assert_eq!(second.floor(ticks(5)).unproven_since, floor.unproven_since);
    let truth = FLOOR.plus_secs(3 * HOUR + 300 + 60);
    let correction = second.anchor(truth, ticks(60)).unwrap();
    let truly_started = FLOOR.plus_secs(2 * HOUR + 100);
    // Later than the truth by no more than the hour nobody measured; the millisecond is the one between two boots.
    assert_eq!(
        correction.apply(started),
        truly_started.plus_secs(HOUR).plus_millis(-1)
    );
    assert_eq!(second.floor(ticks(60)).unproven_since, None);

    // Heard once, its times are proven and a later boot leaves them alone.
    first.anchor(FLOOR.plus_secs(2 * HOUR + 400), ticks(500));
    let floor = first.floor(ticks(500));
    let mut third = TrustedClock::resume(floor, ticks(0));
    let correction = third.anchor(floor.time.plus_secs(HOUR), ticks(1)).unwrap();
    assert_eq!(correction.apply(truly_started), truly_started);
}

#[test]
fn late_and_drifting_anchors_change_nothing_worth_telling() {
    let mut clock = anchored();
    let begin = FLOOR.plus_secs(HOUR);
    assert_eq!(clock.anchor(begin.plus_secs(15), ticks(125)), None);
    assert_eq!(
        clock.now(ticks(125)),
        begin.plus_secs(25),
        "ten seconds on the way"
    );
    assert_eq!(clock.anchor(begin.plus_secs(54), ticks(150)), None);
    assert_eq!(
        clock.now(ticks(150)),
        begin.plus_secs(54),
        "four seconds ahead"
    );
    assert_eq!(
        moved_secs(clock.anchor(begin.plus_secs(74), ticks(160))),
        Some(10)
    );
    assert_eq!(
        moved_secs(clock.anchor(begin.plus_secs(4), ticks(160))),
        Some(-70)
    );
}

#[test]
fn a_controller_in_1970_is_refused_told_once_and_the_clock_stays() {
    for mut clock in [booted(), anchored()] {
        let source = clock.source();
        let before = clock.now(ticks(3000));
        let correction = clock.anchor(Timestamp::from_secs(55), ticks(2000));
        let Some(Correction::Refused { behind }) = correction else {
            panic!("{correction:?}");
        };
        assert!(behind > Duration::from_secs(1_700_000_000));
        assert_eq!(clock.anchor(Timestamp::from_secs(80), ticks(2025)), None);
        assert_eq!(clock.now(ticks(3000)), before);
        assert_eq!(clock.source(), source);
        assert_eq!(correction.unwrap().apply(FLOOR), FLOOR);
    }
}

#[test]
fn a_time_signed_wrongly_once_does_not_hold_the_site_in_the_future() {
    let mut clock = anchored();
    let truth = FLOOR.plus_secs(HOUR);
    let recorded = clock.now(ticks(110));
    let ahead = clock.anchor(truth.plus_secs(10 * 365 * 24 * HOUR), ticks(120));
    let recorded = ahead.unwrap().apply(recorded);
    let mut told = 0;
    let mut believed = None;
    for second in (145..4000).step_by(25) {
        let correction = clock.anchor(
            truth.plus_secs(second - 100),
            ticks(u64::try_from(second).unwrap()),
        );
        told += u32::from(is_refused(correction));
        if moved_secs(correction).is_some() {
            believed = correction.map(|correction| (second, correction));
            break;
        }
    }
    let (second, correction) = believed.unwrap();
    assert!((3700..3800).contains(&second), "{second}");
    assert_eq!(told, 1);
    assert_eq!(correction.apply(recorded), truth.plus_secs(10));
    assert_eq!(
        correction.apply(truth.plus_secs(365 * 24 * HOUR)),
        truth.plus_secs(second - 100),
        "a time from before this boot cannot lie ahead"
    );
}

#[test]
fn refused_times_that_disagree_with_each_other_are_never_believed() {
    let mut clock = anchored();
    let before = clock.now(ticks(20_000));
    for step in 0..400_u64 {
        let wall = Timestamp::from_secs(if step % 2 == 0 { 1_000 } else { 900_000 });
        let correction = clock.anchor(wall, ticks(150 + step * 25));
        assert_eq!(moved_secs(correction), None);
    }
    assert_eq!(clock.now(ticks(20_000)), before);
}

proptest! {
    /// Whatever honest anchors say, however late they arrive and however long the power was away: the distance between two moments of one
    /// boot stays what the monotonic clock measured, and the clock is never ahead of the truth nor, once anchored, far behind it.
    #[test]
    fn honest_anchors_never_bend_time(
        dark_secs in 0_i64..100_000_000,
        anchors in prop::collection::vec((1_u64..100_000, 0_u64..50_000), 1..20),
    ) {
        let truth_at = |at: Ticks| FLOOR.plus_secs(dark_secs).plus_millis(i64::try_from(at.as_millis()).unwrap() + 1);
        let mut clock = TrustedClock::from_floor(FLOOR, Ticks::from_millis(0));
        let mut at = Ticks::from_millis(0);
        let mut recorded = Vec::new();
        for (gap, journey) in anchors {
            at = at + Duration::from_millis(gap);
            recorded.push((at, clock.now(at)));
            let sent = Ticks::from_millis(at.as_millis().saturating_sub(journey));
            if let Some(correction) = clock.anchor(truth_at(sent), at) {
                prop_assert!(!is_refused(Some(correction)));
                for (_, time) in &mut recorded {
                    *time = correction.apply(*time);
                }
                prop_assert_eq!(correction.apply(FLOOR), FLOOR);
            }
            prop_assert!(clock.now(at) <= truth_at(at));
            prop_assert!(clock.now(at) + Duration::from_millis(50_000) >= truth_at(at));
            for (then, time) in &recorded {
                let measured = at.since(*then);
                let told = clock.now(at).since(*time);
                // Quiet steps forward add up to no more than the longest journey.
                prop_assert!(told >= measured && told <= measured + Duration::from_millis(50_000));
            }
        }
    }
}
