//! Turns, played in moved time.

use super::*;
use crate::rails::daraja::comes_after;

const ONE: u128 = 1;
/// Five a minute, and what is left between them besides.
const PACE: Duration = Duration::from_millis(12_240);

fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

/// Lets questions come again when they were told to, and tells when each was asked and how often it had come.
fn play(turns: &Turns, questions: &[(String, Turn, Duration)]) -> Vec<(String, Duration, u32)> {
    played(turns, questions, || Duration::ZERO, 0)
}

/// Lets them come as they do: a little early, as far as a machine gets to it, and wait in place for what is near, longer than they should by a part of
/// how late they come, in thirty-seconds.
fn played(
    turns: &Turns,
    questions: &[(String, Turn, Duration)],
    mut late: impl FnMut() -> Duration,
    longer: u32,
) -> Vec<(String, Duration, u32)> {
    let mut agenda: BTreeMap<(Duration, usize), u32> = questions
        .iter()
        .enumerate()
        .map(|(number, (_, _, at))| ((*at, number), 1))
        .collect();
    let mut asked = Vec::new();
    while let Some(((now, number), times)) = agenda.pop_first() {
        let (question, turn, _) = &questions[number];
        match turns.take(ONE, question, *turn, now) {
            Ok(()) => asked.push((question.clone(), now, times)),
            Err(Place { after, .. }) if after <= NEAR => {
                agenda.insert((now + after + late() * longer / 32, number), times);
            }
            Err(Place { after, .. }) => {
                let at = now + comes_after(after) + late();
                agenda.insert((at, number), times + 1);
            }
        }
    }
    asked
}

/// Questions about customers who wait, each so long after the one before.
fn customers(
    count: u32,
    first: Duration,
    apart: Duration,
) -> impl Iterator<Item = (String, Turn, Duration)> {
    (0..count).map(move |number| {
        let name = format!("customer {number}");
        (name, Turn::First, first + apart * number)
    })
}

/// Each was asked about within two turns.
fn hardly_wait(
    questions: &[(String, Turn, Duration)],
    asked: &[(String, Duration, u32)],
    pace: Duration,
) {
    for (name, _, came) in questions {
        let (_, at, _) = asked.iter().find(|(one, _, _)| one == name).unwrap();
        assert!(
            *at <= *came + 2 * pace,
            "{name} came at {came:?} and was asked about at {at:?}"
        );
    }
}

/// Delays of up to so many milliseconds, as uneven as those of a machine and each time the same.
fn delays(most: u64) -> impl FnMut() -> Duration {
    let mut number = 1_u64;
    move || {
        number = number
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        Duration::from_millis((number >> 33) % most)
    }
}

fn all(count: u64, turn: Turn) -> Vec<(String, Turn, Duration)> {
    (0..count)
        .map(|number| (format!("{turn:?}{number}"), turn, Duration::ZERO))
        .collect()
}

#[test]
fn no_two_questions_of_an_application_are_nearer_than_the_gateway_wants() {
    let turns = Turns::new(5);
    let mut questions = all(50, Turn::First);
    questions.extend(all(50, Turn::Last));
    let asked = play(&turns, &questions);
    assert_eq!(asked.len(), 100);
    assert!(asked.windows(2).all(|pair| pair[1].1 >= pair[0].1 + PACE));
    // Another application waits for nobody.
    assert_eq!(turns.take(2, "other", Turn::Last, Duration::ZERO), Ok(()));
}

#[test]
fn a_crowd_is_asked_about_at_the_pace_of_the_gateway_and_each_comes_back_once() {
    let turns = Turns::new(5);
    let asked = play(&turns, &all(200, Turn::First));
    let (_, end, _) = asked.last().unwrap();
    assert_eq!(*end, PACE * 199);
    assert!(asked.iter().all(|(_, _, times)| *times <= 2));
}

#[test]
fn a_crowd_that_is_told_its_places_at_once_comes_at_them_and_nobody_loses_one() {
    let turns = Turns::new(5);
    turns.take(ONE, "0", Turn::Last, Duration::ZERO).unwrap();
    let held = turns
        .take(ONE, "1", Turn::Last, Duration::ZERO)
        .unwrap_err();
    let names: Vec<String> = (1..100).map(|number| number.to_string()).collect();
    let questions = names.iter().map(|name| (name.as_str(), Turn::Last));
    let waits = turns.queue(ONE, questions.clone(), Duration::ZERO);
    assert!(held.in_crowd);
    assert_eq!(waits[0], held.after);
    assert!(waits.iter().zip(1..).all(|(wait, n)| *wait == PACE * n));
    // Whoever is told twice keeps the place.
    assert_eq!(turns.queue(ONE, questions, Duration::ZERO), waits);
    for (name, at) in names.iter().zip(waits) {
        assert_eq!(turns.take(ONE, name, Turn::Last, at), Ok(()));
    }
}

#[test]
fn those_who_come_late_together_get_the_next_turns_one_each() {
    let turns = Turns::new(5);
    let names: Vec<String> = (0..5).map(|number| number.to_string()).collect();
    let questions = names.iter().map(|name| (name.as_str(), Turn::Last));
    turns.queue(ONE, questions, Duration::ZERO);
    // All of them come when the last one's turn has come.
    let now = PACE * 4;
    let comes = |name: &String| turns.take(ONE, name, Turn::Last, now);
    let waits: Vec<_> = names.iter().map(comes).collect();
    let others = (1..5).map(|turn| {
        Err(Place {
            after: PACE * turn,
            in_crowd: false,
        })
    });
    let expected: Vec<_> = [Ok(())].into_iter().chain(others).collect();
    assert_eq!(waits, expected);
    for (turn, name) in names.iter().enumerate().skip(1) {
        let now = now + PACE * u32::try_from(turn).unwrap();
        assert_eq!(turns.take(ONE, name, Turn::Last, now), Ok(()));
    }
}

#[test]
fn no_turn_is_lost_and_nobody_comes_in_vain_however_unevenly_a_crowd_comes() {
    const COUNT: u32 = 2_000;
    for most in [1, 30, 100, 150, 400] {
        let turns = Turns::new(300);
        let (fair, pace) = (Duration::from_millis(200), turns.pace);
        let asked = played(&turns, &all(COUNT.into(), Turn::Last), delays(most), 0);
        let apart = asked.windows(2).map(|pair| pair[1].1 - pair[0].1);
        assert!(apart.min().unwrap() >= fair, "up to {most} ms late");
        let (_, end, _) = asked.last().unwrap();
        assert!(
            *end <= pace * COUNT + Duration::from_millis(most),
            "up to {most} ms late: the last was asked at {end:?}"
        );
        assert!(asked.iter().all(|(_, _, times)| *times <= 2), "{most}");
    }
}

#[test]
fn hardly_a_turn_is_lost_and_hardly_anybody_comes_in_vain_when_those_who_wait_wake_late_too() {
    const COUNT: u32 = 2_000;
    for most in [1, 30, 150, 400] {
        let turns = Turns::new(300);
        let (fair, pace) = (Duration::from_millis(200), turns.pace);
        let asked = played(&turns, &all(COUNT.into(), Turn::Last), delays(most), 1);
        let apart = asked.windows(2).map(|pair| pair[1].1 - pair[0].1);
        assert!(apart.min().unwrap() >= fair, "up to {most} ms late");
        let (_, end, _) = asked.last().unwrap();
        assert!(
            *end <= pace * COUNT * 41 / 40,
            "up to {most} ms late: the last was asked at {end:?}"
        );
        let came: u32 = asked.iter().map(|(_, _, times)| times).sum();
        assert!(
            came <= 2 * COUNT + COUNT / 20,
            "up to {most} ms late: they came {came} times"
        );
    }
}

#[test]
fn where_all_wake_later_than_a_turn_takes_they_have_their_turns_all_the_same() {
    const COUNT: u32 = 3_000;
    for most in [15, 60, 200] {
        let turns = Turns::new(6_000);
        let asked = played(&turns, &all(COUNT.into(), Turn::Last), delays(most), 32);
        let (_, end, _) = asked.last().unwrap();
        assert!(
            *end <= turns.pace * COUNT * 5 / 2,
            "up to {most} ms late: the last was asked at {end:?}"
        );
    }
}

#[test]
fn customers_come_between_a_crowd_that_comes_unevenly_and_hardly_a_turn_is_lost() {
    let turns = Turns::new(300);
    let mut questions = all(1_000, Turn::Last);
    let apart = Duration::from_millis(2_070);
    questions.extend(customers(50, secs(5), apart));
    let asked = played(&turns, &questions, delays(150), 1);
    hardly_wait(&questions[1_000..], &asked, turns.pace);
    let (_, end, _) = asked.last().unwrap();
    assert!(*end <= turns.pace * 1_050 * 11 / 10, "the last at {end:?}");
}

#[test]
fn whoever_has_a_place_hours_away_comes_to_it_once() {
    let turns = Turns::new(1);
    let asked = play(&turns, &all(200, Turn::First));
    assert_eq!(asked.last().unwrap().1, Duration::from_millis(61_200) * 199);
    assert!(asked.iter().all(|(_, _, times)| *times <= 2));
}

#[test]
fn a_customer_who_waits_does_not_wait_for_those_nobody_waits_for() {
    let turns = Turns::new(5);
    let mut questions = all(500, Turn::Last);
    questions.extend(customers(10, secs(1_000), secs(120)));
    let asked = play(&turns, &questions);
    hardly_wait(&questions[500..], &asked, PACE);
}

#[test]
fn who_does_not_come_back_is_forgotten() {
    let turns = Turns::new(6_000);
    for number in 0..3 * CROWDED {
        let now = secs(u64::try_from(number).unwrap());
        turns.take(ONE, "first", Turn::First, now).ok();
        turns.again(ONE, &format!("question {number}"), Turn::First, now);
    }
    let lines = turns.lines.lock().unwrap();
    assert!(lines.get(&ONE).unwrap().places.len() <= CROWDED + 1);
}
