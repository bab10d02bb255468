//! Whose turn it is to ask. The gateway lets few questions through for an application, so each that is one too many is given a place behind the
//! last and comes back at its time, once, however many wait. A place says when to come; whoever has come gets the next turn that nobody before it
//! waits for, and if that is far, goes behind the last again. So the turns follow upon each other, however early or late everybody comes: those who
//! wait for the next ones fill those that others are late for.
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
    /// Whether others may be due with it that cannot have their turn either: it had no place before.
    pub in_crowd: bool,
}

/// The part of the gateway's own pace that is left between two questions besides it: what is sent evenly does not arrive evenly, and what
/// arrives a moment too early is refused.
const SLACK: u32 = 50;

/// Who is so near to a turn waits for it in place: to go and come back would take as long.
pub(super) const NEAR: Duration = Duration::from_millis(500);

/// How long the order of somebody is kept at least who waits and is late; where a turn takes longer, for one turn.
const KEPT: Duration = Duration::from_secs(5);

/// Places that are remembered for one application; who has none queues anew each time.
const PLACES: usize = 200_000;
/// How long a place is kept for somebody who does not come.
const MISSED: Duration = Duration::from_secs(600);
/// When those who did not come, and applications nobody asks with, are looked for first.
const CROWDED: usize = 10_000;

/// The queues of all applications.
#[derive(Debug)]
pub(super) struct Turns {
    /// From one question to the next.
    pace: Duration,
    /// How much of that a question may be late for its turn and those behind it keep theirs.
    slack: Duration,
    /// How near a turn is that whoever has come waits for.
    near: Duration,
    /// How late somebody who waits may be and keeps its order.
    kept: Duration,
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
    /// Those who have come and wait for the next turns, in this order.
    came: Vec<Came>,
    places: Crowd<String, Duration>,
}

/// Somebody who has come and waits, in place if the turn is near.
#[derive(Debug)]
struct Came {
    question: String,
    turn: Turn,
    /// Until when, as it was told last.
    until: Duration,
}

impl Turns {
    /// So many questions a minute for each application at most, evenly.
    pub(super) fn new(per_minute: u32) -> Self {
        let pace = Duration::from_secs(60) / per_minute.max(1);
        let slack = pace / SLACK;
        Self {
            pace: pace + slack,
            slack,
            near: NEAR.max(pace + slack),
            kept: KEPT.max(pace + slack),
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
        self.in_line(application, now, |line| {
            // Who does not come at all is forgotten. Who is late leaves the turn to others, but is the first again once it is there: where all are
            // later than a turn takes, each would else go behind all others for ever.
            line.came
                .retain(|one| one.until + self.kept > now || one.question == question);
            let has_come = line.came.iter().any(|one| one.question == question);
            let place = line.places.get(question).copied();
            let in_crowd = place.is_none() && !has_come;
            if let Some(at) = place.filter(|at| !has_come && *at > now + NEAR) {
                let after = at - now;
                return Err(Place { after, in_crowd });
            }
            let next = self.next(line, question, turn, now);
            let at = if in_crowd {
                self.last(line, turn, next)
            } else {
                next
            };
            if at <= now {
                line.came.retain(|one| one.question != question);
                line.places.remove(question);
                line.asked = Some((self.began(line, turn, has_come, now), turn));
                return Ok(());
            }
            let at = if at <= now + self.near {
                Self::wait(line, question, turn, at);
                at
            } else if in_crowd {
                at
            } else {
                line.came.retain(|one| one.question != question);
                self.last(line, turn, at)
            };
            let after = Self::note(line, question, at, now);
            Err(Place { after, in_crowd })
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
            in_crowd: false,
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
                Some(at) if *at > now => *at - now,
                Some(_) | None => self.place(line, question, turn, now),
            };
        self.in_line(application, now, |line| {
            let questions = questions.into_iter();
            questions.map(|question| place(line, question)).collect()
        })
    }

    /// A place behind the last.
    fn place(&self, line: &mut Line, question: &str, turn: Turn, now: Duration) -> Duration {
        let next = self.next(line, question, turn, now);
        let at = self.last(line, turn, next);
        Self::note(line, question, at, now)
    }

    /// Waits behind those who wait already, or where it has waited before.
    fn wait(line: &mut Line, question: &str, turn: Turn, until: Duration) {
        match line.came.iter_mut().find(|one| one.question == question) {
            Some(one) => one.until = until,
            None => line.came.push(Came {
                question: question.to_owned(),
                turn,
                until,
            }),
        }
    }

    fn note(line: &mut Line, question: &str, at: Duration, now: Duration) -> Duration {
        line.places.tidy(|at| *at + MISSED > now);
        if line.places.len() < PLACES {
            line.places.insert(question.to_owned(), at);
        }
        at.saturating_sub(now).max(Duration::from_millis(1))
    }

    /// The next turn that nobody waits for who came before. A customer does not wait for those nobody waits for: they give way when their turn
    /// comes.
    fn next(&self, line: &Line, question: &str, turn: Turn, now: Duration) -> Duration {
        let before = line.came.iter().take_while(|one| one.question != question);
        let before = before
            .filter(|one| one.until + self.pace > now)
            .filter(|one| turn == Turn::Last || one.turn == Turn::First);
        let (mut at, mut last) = (now, line.asked);
        for whose in before.map(|one| one.turn).chain([turn]) {
            if let Some((asked, other)) = last {
                at = at.max(asked + self.gap(line, other, whose, now));
            }
            last = Some((at, whose));
        }
        at
    }

    /// When a turn began that is taken now. Whoever waited for it is a little late, and the next one is not later for that, as far as the slack allows.
    fn began(&self, line: &Line, turn: Turn, waited: bool, now: Duration) -> Duration {
        match line.asked {
            Some((asked, other)) if waited => {
                let free = asked + self.gap(line, other, turn, now);
                free.clamp(now.saturating_sub(self.slack), now)
            }
            _ => now,
        }
    }

    /// From a question of one kind to one of another.
    fn gap(&self, line: &Line, before: Turn, turn: Turn, now: Duration) -> Duration {
        // A customer waits, whose turn the next one is.
        let is_next = before == Turn::Last && turn == Turn::Last && line.first > now;
        self.pace * if is_next { 2 } else { 1 }
    }

    /// One more stands in a queue, behind the last and not before a turn. While both queues are long, each has every other turn.
    fn last(&self, line: &mut Line, turn: Turn, next: Duration) -> Duration {
        let (end, other) = match turn {
            Turn::First => (&mut line.first, line.last),
            Turn::Last => (&mut line.last, line.first),
        };
        let at = (*end).max(next);
        let turns = if other > at { 2 } else { 1 };
        *end = at + turns * self.pace;
        at
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
mod tests;
