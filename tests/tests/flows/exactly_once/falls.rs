//! What falls in the drill, and when: the controller by a beat, each time at the next of the kinds of moment on the wire, and its database with it
//! by a slower one.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::time::{Duration, Instant};

use mnara_tests::measure::now;
use mnara_tests::sim::daraja::{Counters, Daraja};
use mnara_tests::world::World;
use mnara_tests::world::controller::Controller;
use mnara_tests::world::database::Database;
use tokio::time::MissedTickBehavior;

use super::till::Till;

/// How often the controller is killed.
const KILLED: Duration = Duration::from_secs(2);
/// How often its database is stopped hard.
const STOPPED: Duration = Duration::from_secs(10);
/// How long a kill waits for its moment on the wire before it comes anyway.
const MOMENT: Duration = Duration::from_millis(500);
/// How often that is doubled on a machine on which the moment did not come.
const PATIENT: u32 = 4;
/// A kind of moment that was waited for so often, each time twice as long, came.
const SURELY: u32 = 4;
/// How far time is moved for a payment to be asked about.
const SILENCE: Duration = Duration::from_secs(20);

/// A kind of moment on the wire at which it hurts to fall.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Moment {
    /// A push came in.
    Push,
    /// A callback went out.
    Callback,
    /// A confirmation did.
    Confirmation,
    /// A payment was asked about.
    Question,
}

impl Moment {
    pub(super) const ALL: [Self; 4] = [
        Self::Push,
        Self::Callback,
        Self::Confirmation,
        Self::Question,
    ];

    const fn count(self, counters: &Counters) -> u64 {
        match self {
            Self::Push => counters.push_requests,
            Self::Callback => counters.callbacks,
            Self::Confirmation => counters.confirmations,
            Self::Question => counters.queries,
        }
    }

    /// Waits for it, so many times as long as is usual; says whether it came. Nobody may be about to do that just now.
    async fn comes(self, controller: &Controller, daraja: &Daraja, times: u32) -> bool {
        let before = self.count(&daraja.counters());
        if self == Self::Question {
            // What a killed worker was about to ask is in its hands for longer than the others' silence.
            controller.advance(SILENCE * times).await.unwrap();
        }
        let next = daraja.await_counters(|counters| self.count(counters) > before);
        tokio::time::timeout(MOMENT * times, next)
            .await
            .is_ok_and(|came| came.is_ok())
    }
}

/// How it went with one kind of moment.
#[derive(Debug, Default)]
struct Turns {
    waited: u32,
    came: u32,
    /// How often it did not come although there was work all the while.
    in_vain: u32,
}

/// How often something fell, and how long it was left alone, the last time and at most.
#[derive(Debug, Default)]
struct Beat {
    falls: u32,
    gap: Duration,
    longest: Duration,
    last: Option<Instant>,
}

impl Beat {
    fn fell(&mut self) {
        let now = now();
        if let Some(last) = self.last {
            self.gap = now.duration_since(last);
            self.longest = self.longest.max(self.gap);
        }
        self.last = Some(now);
        self.falls += 1;
    }
}

/// What has fallen.
#[derive(Debug, Default)]
pub(super) struct Falls {
    controller: Beat,
    database: Beat,
    moments: BTreeMap<Moment, Turns>,
}

impl Falls {
    /// Lets something go on while both fall, the first time at once, and brings both back.
    ///
    /// Of the moments that may come meanwhile each has its turn.
    pub(super) async fn during(
        &mut self,
        work: impl Future<Output = ()>,
        outside: Outside<'_>,
        moments: &[Moment],
    ) {
        let Outside {
            controller,
            database,
            daraja,
            till,
        } = outside;
        let work = async {
            work.await;
            till.served();
        };
        tokio::pin!(work);
        let mut beat = tokio::time::interval(KILLED);
        // A recovery that took longer than the beat is followed by one fall at once and not by all those it was late for.
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = &mut work => return,
                _ = beat.tick() => {}
            }
            // The work goes on meanwhile, into a wall; if it ends there, all is brought back first.
            let mut is_over = false;
            let (moment, times) = self.next(moments);
            let comes = async {
                till.serves().await;
                moment.comes(controller, daraja, times).await
            };
            let came = meanwhile(comes, work.as_mut(), &mut is_over).await;
            self.waited(moment, came, is_over);
            let fall = async {
                till.closes();
                let is_deep = self.is_deep();
                if is_deep {
                    database.stop_hard().await.unwrap();
                    self.database.fell();
                }
                controller.kill().await.unwrap();
                self.controller.fell();
                if is_deep {
                    database.begin().await.unwrap();
                }
                controller.start().await.unwrap();
                till.reopens(controller).await;
            };
            meanwhile(fall, work.as_mut(), &mut is_over).await;
            if is_over {
                return;
            }
        }
    }

    /// Whether the database falls as well: the second time, and then when it would be too late with the next fall, if that takes as long as this one.
    fn is_deep(&self) -> bool {
        match self.database.last {
            Some(last) => now().duration_since(last) + self.controller.gap.max(KILLED) > STOPPED,
            None => self.controller.falls > 0,
        }
    }

    /// The one that was waited for least, of those that never came if there are any, and how many times as long as usual it is waited for.
    fn next(&self, moments: &[Moment]) -> (Moment, u32) {
        let turns = |moment: &Moment| {
            let turns = self.moments.get(moment);
            turns.map_or((false, 0), |turns| (turns.came > 0, turns.waited))
        };
        let next = moments.iter().copied().min_by_key(turns);
        let next = next.expect("there are moments");
        let slow = match self.moments.get(&next) {
            Some(turns) if turns.came == 0 => turns.in_vain.min(PATIENT),
            _ => 0,
        };
        (next, 1 << slow)
    }

    /// Notes whether a moment came, and whether the work was over by then.
    fn waited(&mut self, moment: Moment, came: bool, is_over: bool) {
        let turns = self.moments.entry(moment).or_default();
        turns.waited += 1;
        if came {
            turns.came += 1;
        } else if !is_over {
            turns.in_vain += 1;
        }
    }

    /// Fails when too little fell, or never at a moment that had its turns.
    pub(super) fn were_hard(&self) {
        assert!(self.controller.falls > 1, "hardly anything fell");
        assert!(self.database.falls > 0, "the database never fell");
        for (moment, turns) in &self.moments {
            assert!(
                turns.came > 0 || turns.in_vain < SURELY,
                "nothing fell at a {moment:?}: {self:?}"
            );
        }
    }
}

/// Does something while the work goes on, and notes when that is over.
async fn meanwhile<T>(
    deed: impl Future<Output = T>,
    mut work: Pin<&mut impl Future<Output = ()>>,
    is_over: &mut bool,
) -> T {
    tokio::pin!(deed);
    loop {
        tokio::select! {
            () = &mut work, if !*is_over => *is_over = true,
            done = &mut deed => return done,
        }
    }
}

/// Everything around the drill's work.
pub(super) struct Outside<'a> {
    controller: &'a mut Controller,
    database: &'a mut Database,
    pub(super) daraja: &'a Daraja,
    till: &'a Till,
}

pub(super) fn outside<'a>(world: &'a mut World, till: &'a Till) -> Outside<'a> {
    Outside {
        controller: &mut world.controller,
        database: world.database.as_mut().unwrap(),
        daraja: &world.daraja,
        till,
    }
}
