//! The loop: connects, looks, asks the core, acts, looks again, and sleeps until something may have changed. All timing of the access
//! side is here; what to do is in `plan`.

use std::convert::Infallible;
use std::future::pending;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Interval, MissedTickBehavior, interval, sleep, timeout};
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use super::apply::{Outcome, apply};
use super::backoff::Backoff;
use super::changes::Changes;
use super::desired::{Desired, ObservationNo};
use super::observed::Observed;
use super::plan::{Action, plan};
use super::{Event, Seat, observe};
use crate::routeros::client::{Client, Connection, Dial, Error, connect};

/// How long the core may take to answer a look before the loop goes on with what it wanted last.
const ANSWER: Duration = Duration::from_secs(2);
/// How often everything is read, profiles and servers too.
const FULL: Duration = Duration::from_secs(30);
/// Bounds of what the core may ask for.
const POLL: std::ops::RangeInclusive<Duration> = Duration::from_secs(2)..=Duration::from_secs(60);
/// Lists carried out in a row before the loop rests.
const ROUNDS: u32 = 5;
/// How long an action that was refused is left alone.
const PATIENCE: Duration = Duration::from_secs(15);
/// How long to wait for more after the router told of a change; doubled while it goes on telling.
const SETTLE: Duration = Duration::from_millis(200);
/// How often that is doubled at most.
const SETTLE_DOUBLED: u32 = 4;

/// Keeps the router as it should be until told to stop. `jitter` draws a number at random.
pub async fn run(
    seat: Seat,
    dial: Dial,
    backoff: Backoff,
    stop: CancellationToken,
    jitter: impl FnMut() -> u32,
) {
    run_over(seat, || connect(&dial), backoff, stop, jitter).await;
}

/// As [`run`], with the dialling left to the caller.
pub(super) async fn run_over<F>(
    seat: Seat,
    dialling: impl Fn() -> F,
    backoff: Backoff,
    stop: CancellationToken,
    jitter: impl FnMut() -> u32,
) where
    F: Future<Output = Result<(Client, Connection), Error>>,
{
    let mut keeper = Keeper {
        seat,
        number: ObservationNo(0),
        uptime_secs: None,
        away: Duration::ZERO,
    };
    // Every action is safe to repeat, so it may be left in the middle.
    let forever = Box::pin(keeper.forever(dialling, backoff, jitter));
    tokio::select! {
        () = stop.cancelled() => {}
        never = forever => match never {},
    }
}

struct Keeper {
    seat: Seat,
    number: ObservationNo,
    /// How long the router had been up at the last full look.
    uptime_secs: Option<u64>,
    /// How long it has been out of reach since, at the least.
    away: Duration,
}

/// Why the loop woke.
enum Woken {
    /// The poll interval is over.
    Poll(Duration),
    /// Time to read everything again.
    Full,
    /// The core wants something else than the last look showed; this is to be done about it.
    Wanted(Vec<Action>),
    /// The core asks for a look.
    Asked,
    /// The router told of a change, and time was left for more.
    Told(Duration),
}

/// What one connection has to remember between looks.
struct Round {
    observed: Option<Arc<Observed>>,
    /// Actions that were refused and are still due.
    refused: Vec<Action>,
    /// How long they have been left alone.
    patience: Duration,
    /// Lists carried out since the last rest.
    lists: u32,
    /// Wakes by the router in a row.
    told: u32,
    full: bool,
}

impl Round {
    /// Lets refused actions be tried again once they have been left alone for long enough.
    fn bear(&mut self, rested: Duration) {
        self.patience = self.patience.saturating_add(rested);
        if self.patience >= PATIENCE {
            self.patience = Duration::ZERO;
            self.refused.clear();
        }
    }
}

impl Keeper {
    async fn forever<F>(
        &mut self,
        dialling: impl Fn() -> F,
        backoff: Backoff,
        mut jitter: impl FnMut() -> u32,
    ) -> Infallible
    where
        F: Future<Output = Result<(Client, Connection), Error>>,
    {
        let mut failures = 0;
        let mut told = None;
        loop {
            let before = self.number;
            let why = match dialling().await {
                Ok((client, connection)) => self.connected(client, connection).await,
                Err(error) => error,
            };
            if self.number > before {
                (failures, told) = (0, None);
            }
            let reason = why.to_string();
            if told.as_ref() != Some(&reason) {
                warn!(
                    error = &why as &dyn std::error::Error,
                    "the router is out of reach"
                );
                self.tell(Event::RouterLost { why }).await;
                told = Some(reason);
            }
            let wait = backoff.wait(failures, jitter());
            failures = failures.saturating_add(1);
            sleep(wait).await;
            self.away = self.away.saturating_add(wait);
        }
    }

    async fn connected(&mut self, client: Client, connection: Connection) -> Error {
        self.seat.router.send_replace(Some(client.clone()));
        let why = tokio::select! {
            biased;
            ended = connection.run() => ended.err().unwrap_or(Error::ConnectionLost(None)),
            never = self.keep(&client) => match never {
                Ok(never) => match never {},
                Err(error) => error,
            },
        };
        self.seat.router.send_replace(None);
        why
    }

    async fn keep(&mut self, client: &Client) -> Result<Infallible, Error> {
        let mut changes = Changes::closed();
        let mut full = interval(FULL);
        full.set_missed_tick_behavior(MissedTickBehavior::Delay);
        full.tick().await;
        let mut round = Round {
            observed: None,
            refused: Vec::new(),
            patience: Duration::ZERO,
            lists: 0,
            told: 0,
            full: true,
        };
        loop {
            changes.open(client).await?;
            changes.drain();
            let observed = self.look(client, &mut round).await?;
            let desired = self.answered(observed.number).await;
            let actions = plan(&desired, &observed);
            round.refused.retain(|action| actions.contains(action));
            if round.lists < ROUNDS && has_news(&actions, &round.refused) {
                round.lists += 1;
                self.act(client, actions, &mut round).await?;
                continue;
            }
            round.lists = 0;
            match self
                .rest(&desired, &observed, &round, &mut changes, &mut full)
                .await
            {
                Woken::Poll(rested) => {
                    round.told = 0;
                    round.bear(rested);
                }
                Woken::Full => {
                    round.full = true;
                    round.told = 0;
                    round.bear(FULL);
                }
                Woken::Told(rested) => {
                    round.told = round.told.saturating_add(1);
                    round.bear(rested);
                }
                // Giving needs no fresh look, and somebody waits for it. Taking away does: a session's row is named after its
                // address, which may have passed to another device.
                Woken::Wanted(actions) if actions.iter().all(Action::gives) => {
                    self.act(client, actions, &mut round).await?;
                }
                Woken::Wanted(_) | Woken::Asked => {}
            }
        }
    }

    async fn look(&mut self, client: &Client, round: &mut Round) -> Result<Arc<Observed>, Error> {
        let number = ObservationNo(self.number.0.saturating_add(1));
        let observed = match &round.observed {
            Some(earlier) if !round.full => observe::devices(client, number, earlier).await?,
            Some(_) | None => {
                let observed = observe::everything(client, number).await?;
                self.note_uptime(observed.router.uptime_secs).await;
                observed
            }
        };
        self.number = number;
        round.full = false;
        let observed = Arc::new(observed);
        round.observed = Some(Arc::clone(&observed));
        self.tell(Event::Observed(Arc::clone(&observed))).await;
        Ok(observed)
    }

    /// Finds out whether the router has restarted: then it has been up for less than before and the time it was away.
    async fn note_uptime(&mut self, uptime_secs: u64) {
        let away = std::mem::take(&mut self.away);
        let before = self.uptime_secs.replace(uptime_secs);
        if before.is_some_and(|before| {
            uptime_secs.saturating_add(2) < before.saturating_add(away.as_secs())
        }) {
            info!(uptime_secs, "the router has restarted");
            self.tell(Event::Rebooted { uptime_secs }).await;
        }
    }

    /// Waits for the core to take a look in, so that what is left and what was counted belong together.
    async fn answered(&mut self, number: ObservationNo) -> Arc<Desired> {
        let answer = self
            .seat
            .desired
            .wait_for(|desired| desired.answers >= number);
        if timeout(ANSWER, answer).await.is_err() {
            debug!("no answer to a look yet; going on with what was wanted before");
        }
        Arc::clone(&self.seat.desired.borrow_and_update())
    }

    async fn act(
        &self,
        client: &Client,
        actions: Vec<Action>,
        round: &mut Round,
    ) -> Result<(), Error> {
        round.full |= actions.iter().any(|action| action.ticket().is_none());
        let report = apply(client, actions).await;
        let refused = report
            .applied
            .iter()
            .filter(|applied| matches!(applied.outcome, Outcome::Refused(_)));
        round.refused = refused.map(|applied| applied.action.clone()).collect();
        for applied in &report.applied {
            debug!(action = ?applied.action, outcome = ?applied.outcome, "acted on the router");
        }
        self.tell(Event::Applied(report.applied)).await;
        report.lost.map_or(Ok(()), Err)
    }

    async fn rest(
        &mut self,
        desired: &Desired,
        observed: &Observed,
        round: &Round,
        changes: &mut Changes,
        full: &mut Interval,
    ) -> Woken {
        let mut poll = bounded(desired.next_poll);
        let mut timer = pin!(sleep(poll));
        let mut settling = None;
        loop {
            tokio::select! {
                () = &mut timer => return settling.map_or(Woken::Poll(poll), Woken::Told),
                _ = full.tick() => return Woken::Full,
                () = self.seat.wake.notified() => return Woken::Asked,
                changed = self.seat.desired.changed() => {
                    if changed.is_err() {
                        // The core is gone and the program is stopping.
                        pending::<()>().await;
                    }
                    let wanted = Arc::clone(&self.seat.desired.borrow_and_update());
                    let actions = plan(&wanted, observed);
                    if has_news(&actions, &round.refused) {
                        return Woken::Wanted(actions);
                    }
                    let sooner = bounded(wanted.next_poll);
                    if settling.is_none() && sooner < poll {
                        poll = sooner;
                        timer.set(sleep(poll));
                    }
                }
                () = changes.next(), if settling.is_none() => {
                    let settle = poll.min(SETTLE * (1 << round.told.min(SETTLE_DOUBLED)));
                    settling = Some(settle);
                    timer.set(sleep(settle));
                }
            }
        }
    }

    async fn tell(&self, event: Event) {
        if self.seat.events.send(event).await.is_err() {
            // Nobody listens any more: the program is stopping.
            pending::<()>().await;
        }
    }
}

fn has_news(actions: &[Action], refused: &[Action]) -> bool {
    actions.iter().any(|action| !refused.contains(action))
}

fn bounded(poll: Duration) -> Duration {
    poll.clamp(*POLL.start(), *POLL.end())
}
