//! Whose turn it is to ask. The gateway lets few questions through for an application, so each that is one too many is given a place behind the
//! last and comes back at its time, once, however many wait. Several who come late together get the next turns, one each.
//!
//! Places are in memory of this process: after a start everybody queues anew.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Whose question it is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Turn {
    /// A customer waits for the answer.
    First,
    /// Nobody does: while customers wait, such questions take every other turn.
    Last,
}

/// When a question comes again that may not be asked now.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Place {
    /// After so long.
    pub after: Duration,
    /// Whether it had none before: then others may have come with it that have none either.
    pub is_first: bool,
}

/// The part of the gateway's own pace that is left between two questions besides it: what is sent evenly does not arrive evenly, and what
/// arrives a moment too early is refused.
const SLACK: u32 = 50;

/// Places that are remembered for one application; who has none queues anew each time.
const PLACES: usize = 200_000;
/// The longest anybody is sent away for, who may be needed no more by then.
const LONGEST: Duration = Duration::from_secs(3_600);
/// How long a place is kept for somebody who does not come.
const MISSED: Duration = Duration::from_secs(600);
/// When those who did not come, and applications nobody asks with, are looked for first.
const CROWDED: usize = 10_000;

/// The queues of all applications.
#[derive(Debug)]
pub(super) struct Turns {
    /// From one question to the next.
    pace: Duration,
    lines: Mutex<Crowd<u128, Line>>,
}

/// One application's queue; times are monotonic.
#[derive(Debug, Default)]
struct Line {
    /// When the last question was asked, and whose it was.
    asked: Option<(Duration, Turn)>,
    /// Where the queue of each kind ends.
    first: Duration,
    last: Duration,
    /// Where those of each kind end who came late, and another had the turn.
    late: [Duration; 2],
    places: Crowd<String, Duration>,
}

impl Line {
    const fn end(&self, turn: Turn) -> Duration {
        match turn {
            Turn::First => self.first,
            Turn::Last => self.last,
        }
    }

    const fn late(&mut self, turn: Turn) -> &mut Duration {
        match turn {
            Turn::First => &mut self.late[0],
            Turn::Last => &mut self.late[1],
        }
    }
}

impl Turns {
    /// So many questions a minute for each application at most, evenly.
    pub(super) fn new(per_minute: u32) -> Self {
        let pace = Duration::from_secs(60) / per_minute.max(1);
        Self {
            pace: pace + pace / SLACK,
            lines: Mutex::default(),
        }
    }

    /// Takes a turn for a question.
    ///
    /// # Errors
    /// Says when it may come again; a place is kept for it.
    pub(super) fn take(
        &self,
        application: u128,
        question: &str,
        turn: Turn,
        now: Duration,
    ) -> Result<(), Place> {
        let known = |after| Place {
            after,
            is_first: false,
        };
        self.in_line(application, now, |line| {
            let free = self.free(line, turn, now);
            match line.places.get(question).copied() {
                Some(at) if at > now => Err(known(at - now)),
                Some(_) if free > now => Err(known(self.place_late(line, question, turn, now))),
                Some(_) => {
                    line.places.remove(question);
                    line.asked = Some((now, turn));
                    Ok(())
                }
                None if line.end(turn).max(free) > now => Err(Place {
                    after: self.place(line, question, turn, now),
                    is_first: true,
                }),
                None => {
                    line.asked = Some((now, turn));
                    self.lengthen(line, turn, now);
                    Ok(())
                }
            }
        })
    }

    /// Gives a question a place after all: the gateway itself had let too many through.
    pub(super) fn again(
        &self,
        application: u128,
        question: &str,
        turn: Turn,
        now: Duration,
    ) -> Place {
        self.in_line(application, now, |line| Place {
            after: self.place(line, question, turn, now),
            is_first: false,
        })
    }

    /// Places for a crowd, behind those who wait already; who has one that is not over keeps it. Says after how long each may come.
    pub(super) fn queue<'a>(
        &self,
        application: u128,
        questions: impl IntoIterator<Item = (&'a str, Turn)>,
        now: Duration,
    ) -> Vec<Duration> {
        let place =
            |line: &mut Line, (question, turn): (&str, Turn)| match line.places.get(question) {
                Some(at) if *at > now => (*at - now).min(LONGEST),
                Some(_) => self.place_late(line, question, turn, now),
                None => self.place(line, question, turn, now),
            };
        self.in_line(application, now, |line| {
            let questions = questions.into_iter();
            questions.map(|question| place(line, question)).collect()
        })
    }

    fn place(&self, line: &mut Line, question: &str, turn: Turn, now: Duration) -> Duration {
        let at = line.end(turn).max(self.free(line, turn, now)).max(now);
        line.places.tidy(|at| *at + MISSED > now);
        if line.places.len() < PLACES {
            line.places.insert(question.to_owned(), at);
        }
        self.lengthen(line, turn, at);
        (at - now).clamp(Duration::from_millis(1), LONGEST)
    }

    /// The next turn that nobody else who is late has, before those who have theirs to come.
    fn place_late(&self, line: &mut Line, question: &str, turn: Turn, now: Duration) -> Duration {
        let at = (*line.late(turn)).max(self.free(line, turn, now)).max(now);
        *line.late(turn) = at + self.pace;
        line.places.insert(question.to_owned(), at);
        (at - now).clamp(Duration::from_millis(1), LONGEST)
    }

    /// When a question of a kind may be asked at the earliest.
    fn free(&self, line: &Line, turn: Turn, now: Duration) -> Duration {
        match line.asked {
            None => now,
            // A customer waits, whose turn the next one is.
            Some((at, Turn::Last)) if turn == Turn::Last && line.first > now => at + 2 * self.pace,
            Some((at, _)) => at + self.pace,
        }
    }

    /// One more stands in a queue, at a time. While both queues are long, each has every other turn.
    fn lengthen(&self, line: &mut Line, turn: Turn, at: Duration) {
        let (end, other) = match turn {
            Turn::First => (&mut line.first, line.last),
            Turn::Last => (&mut line.last, line.first),
        };
        let turns = if other > at { 2 } else { 1 };
        *end = at + turns * self.pace;
    }

    fn in_line<T>(&self, application: u128, now: Duration, act: impl FnOnce(&mut Line) -> T) -> T {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.tidy(|line| line.first.max(line.last) + MISSED > now);
        act(lines.entry(application))
    }
}

/// A map that forgets when it has grown, so that forgetting costs little for each that comes.
#[derive(Debug)]
struct Crowd<K, V> {
    all: BTreeMap<K, V>,
    /// How many there may be before somebody is looked for who can be forgotten.
    most: usize,
}

impl<K, V> Default for Crowd<K, V> {
    fn default() -> Self {
        Self {
            all: BTreeMap::new(),
            most: CROWDED,
        }
    }
}

impl<K: Ord, V> Crowd<K, V> {
    fn tidy(&mut self, is_needed: impl Fn(&V) -> bool) {
        if self.all.len() >= self.most {
            self.all.retain(|_, one| is_needed(one));
            self.most = CROWDED.max(2 * self.all.len());
        }
    }

    fn len(&self) -> usize {
        self.all.len()
    }

    fn insert(&mut self, key: K, one: V) {
        self.all.insert(key, one);
    }

    fn entry(&mut self, key: K) -> &mut V
    where
        V: Default,
    {
        self.all.entry(key).or_default()
    }

    fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: std::borrow::Borrow<Q>,
    {
        self.all.get(key)
    }

    fn remove<Q: Ord + ?Sized>(&mut self, key: &Q)
    where
        K: std::borrow::Borrow<Q>,
    {
        self.all.remove(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: u128 = 1;
    /// Five a minute, and what is left between them besides.
    const PACE: Duration = Duration::from_millis(12_240);

    fn secs(secs: u64) -> Duration {
        Duration::from_secs(secs)
    }

    /// Lets questions come again when they were told to, and tells when each was asked and how often it had come.
    fn play(turns: &Turns, questions: &[(String, Turn, Duration)]) -> Vec<(String, Duration, u32)> {
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
                Err(place) => {
                    agenda.insert((now + place.after, number), times + 1);
                }
            }
        }
        asked
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
        assert!(held.is_first);
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
                is_first: false,
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
    fn a_place_hours_away_is_asked_for_again_each_hour() {
        let turns = Turns::new(1);
        let asked = play(&turns, &all(200, Turn::First));
        assert_eq!(asked.last().unwrap().1, Duration::from_millis(61_200) * 199);
        assert!(asked.iter().all(|(_, _, times)| *times <= 5));
    }

    #[test]
    fn a_customer_who_waits_does_not_wait_for_those_nobody_waits_for() {
        let turns = Turns::new(5);
        let mut questions = all(500, Turn::Last);
        for number in 0..10 {
            questions.push((
                format!("customer {number}"),
                Turn::First,
                secs(1_000 + 120 * number),
            ));
        }
        let asked = play(&turns, &questions);
        for (number, (_, _, came)) in questions[500..].iter().enumerate() {
            let name = format!("customer {number}");
            let (_, at, _) = asked.iter().find(|(one, _, _)| *one == name).unwrap();
            assert!(
                *at <= *came + 2 * PACE,
                "{name} came at {came:?} and was asked about at {at:?}"
            );
        }
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
}
