//! Whose turn it is to ask. The gateway lets few questions through for an application, so each that is one too many is given a place behind the
//! last and comes back at its time, once, however many wait. A place says when to come; whoever has come waits there for the next turn that nobody
//! before it waits for, and if that is not near, goes behind the last again. So the turns follow upon each other, however early or late everybody
//! comes: those who wait in place fill the turns that others are late for.
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

/// Who is so near to a turn waits for it in place, at least: to go and come back would take as long.
pub(super) const NEAR: Duration = Duration::from_millis(500);
/// Where turns are far apart, this part of the way from one to the next is near too.
const NEAR_OF_PACE: u32 = 8;

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
    /// How near a turn is that is waited for in place.
    near: Duration,
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
    /// The turns of those who have come and wait for them in place.
    kept: BTreeMap<String, (Duration, Turn)>,
    places: Crowd<String, Duration>,
}

impl Line {
    const fn end(&self, turn: Turn) -> Duration {
        match turn {
            Turn::First => self.first,
            Turn::Last => self.last,
        }
    }
}

impl Turns {
    /// So many questions a minute for each application at most, evenly.
    pub(super) fn new(per_minute: u32) -> Self {
        let pace = Duration::from_secs(60) / per_minute.max(1);
        let slack = pace / SLACK;
        Self {
            pace: pace + slack,
            slack,
            near: NEAR.max(pace / NEAR_OF_PACE),
            lines: Mutex::default(),
        }
    }

    /// How near a turn is that is waited for in place.
    pub(super) const fn near(&self) -> Duration {
        self.near
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
            in_crowd: false,
        };
        self.in_line(application, now, |line| {
            // Who did not come leaves the turn to others.
            line.kept
                .retain(|one, (at, _)| *at + self.pace > now || one == question);
            if let Some((at, _)) = line.kept.get(question).copied() {
                if at > now {
                    return Err(known(at - now));
                }
                line.kept.remove(question);
                let begins = if now - at <= self.slack { at } else { now };
                // A customer may have come meanwhile, or whoever was before it was late.
                if self.is_free(line, turn, begins, now) {
                    line.places.remove(question);
                    line.asked = Some((begins, turn));
                    return Ok(());
                }
                return Err(known(self.wait(line, question, turn, now)));
            }
            match line.places.get(question).copied() {
                Some(at) if at > now + self.near => Err(known(at - now)),
                Some(_) if self.next(line, turn, now) > now => {
                    Err(known(self.wait(line, question, turn, now)))
                }
                Some(_) => {
                    line.places.remove(question);
                    line.asked = Some((now, turn));
                    Ok(())
                }
                None => {
                    let at = line.end(turn).max(self.next(line, turn, now));
                    self.lengthen(line, turn, at);
                    if at <= now {
                        line.asked = Some((now, turn));
                        return Ok(());
                    }
                    Err(Place {
                        after: self.keep(line, question, turn, at, now),
                        in_crowd: true,
                    })
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

    fn place(&self, line: &mut Line, question: &str, turn: Turn, now: Duration) -> Duration {
        let at = line.end(turn).max(self.next(line, turn, now));
        self.lengthen(line, turn, at);
        Self::note(line, question, at, now)
    }

    /// The next turn for somebody who has come: kept, if it is near enough to wait for; else behind the last.
    fn wait(&self, line: &mut Line, question: &str, turn: Turn, now: Duration) -> Duration {
        let at = self.next(line, turn, now);
        if at <= now + self.near {
            self.keep(line, question, turn, at, now)
        } else {
            self.place(line, question, turn, now)
        }
    }

    /// Notes a place, and keeps the turn if it is near enough to be waited for.
    fn keep(
        &self,
        line: &mut Line,
        question: &str,
        turn: Turn,
        at: Duration,
        now: Duration,
    ) -> Duration {
        if at <= now + self.near {
            line.kept.insert(question.to_owned(), (at, turn));
        }
        Self::note(line, question, at, now)
    }

    fn note(line: &mut Line, question: &str, at: Duration, now: Duration) -> Duration {
        line.places.tidy(|at| *at + MISSED > now);
        if line.places.len() < PLACES {
            line.places.insert(question.to_owned(), at);
        }
        at.saturating_sub(now).max(Duration::from_millis(1))
    }

    /// The next turn for a question of a kind that nobody has who waits in place. A customer does not wait for those nobody waits for: they give
    /// way when their turn comes.
    fn next(&self, line: &Line, turn: Turn, now: Duration) -> Duration {
        let before = |whose| turn == Turn::Last || whose == Turn::First;
        let kept = line.kept.values().filter(|(_, whose)| before(*whose));
        let taken: Vec<_> = kept.copied().chain(line.asked).collect();
        let mut at = now;
        while let Some((other, whose)) = taken.iter().find(|(other, whose)| {
            at < *other + self.gap(line, *whose, turn, now) && *other < at + self.pace
        }) {
            at = *other + self.gap(line, *whose, turn, now);
        }
        at
    }

    /// Whether the last question is long enough ago for one that begins at a time.
    fn is_free(&self, line: &Line, turn: Turn, begins: Duration, now: Duration) -> bool {
        line.asked
            .is_none_or(|(at, whose)| at + self.gap(line, whose, turn, now) <= begins)
    }

    /// From a question of one kind to one of another.
    fn gap(&self, line: &Line, before: Turn, turn: Turn, now: Duration) -> Duration {
        // A customer waits, whose turn the next one is.
        let is_next = before == Turn::Last && turn == Turn::Last && line.first > now;
        self.pace * if is_next { 2 } else { 1 }
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
mod tests;
