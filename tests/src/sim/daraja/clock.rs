//! The simulator's own time: real or held still, and pushed forward by tests and the control API.
//! This is the one file here that asks the system for the time. It knows nothing of what is due.

use std::{sync::Arc, time::Duration};

use jiff::{SignedDuration, Timestamp};
use tokio::{sync::watch, time::Instant};

/// A handle on the simulator's time; clones share it.
#[derive(Clone, Debug)]
pub struct Clock(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    origin: Origin,
    shift: watch::Sender<Duration>,
}

#[derive(Debug)]
enum Origin {
    Running { wall: Timestamp, since: Instant },
    Held { at: Timestamp },
}

impl Clock {
    /// Starts at the system's time and runs with it.
    #[expect(
        clippy::disallowed_methods,
        reason = "the simulator's only look at the system clock"
    )]
    pub fn real() -> Self {
        Self::with(Origin::Running {
            wall: Timestamp::now(),
            since: Instant::now(),
        })
    }

    /// Starts at `at` and stands still until pushed.
    pub fn held(at: Timestamp) -> Self {
        Self::with(Origin::Held { at })
    }

    fn with(origin: Origin) -> Self {
        Self(Arc::new(Inner {
            origin,
            shift: watch::Sender::new(Duration::ZERO),
        }))
    }

    /// Tells the simulator's time.
    pub fn now(&self) -> Timestamp {
        let shift = *self.0.shift.borrow();
        match self.0.origin {
            Origin::Running { wall, since } => later(wall, since.elapsed().saturating_add(shift)),
            Origin::Held { at } => later(at, shift),
        }
    }

    /// Pushes time forward; whoever waits for a moment that has come is woken.
    pub fn advance(&self, by: Duration) {
        self.0
            .shift
            .send_modify(|shift| *shift = shift.saturating_add(by));
    }

    /// Waits until the simulator's time has reached `moment`.
    pub async fn sleep_until(&self, moment: Timestamp) {
        let mut shift = self.0.shift.subscribe();
        loop {
            shift.borrow_and_update();
            let left = self.now().duration_until(moment);
            if !left.is_positive() {
                return;
            }
            let moved = shift.changed();
            match self.0.origin {
                Origin::Running { .. } => {
                    let pause = tokio::time::sleep(left.unsigned_abs());
                    tokio::select! {
                        () = pause => {}
                        _ = moved => {}
                    }
                }
                Origin::Held { .. } => {
                    // The sender lives in `self`, so the wait cannot fail while we are here.
                    let _ = moved.await;
                }
            }
        }
    }
}

/// Adds to a moment, stopping at the end of representable time.
pub(super) fn later(moment: Timestamp, by: Duration) -> Timestamp {
    SignedDuration::try_from(by)
        .ok()
        .and_then(|by| moment.checked_add(by).ok())
        .unwrap_or(Timestamp::MAX)
}

/// Takes from a moment, stopping at the beginning of representable time.
pub(super) fn earlier(moment: Timestamp, by: Duration) -> Timestamp {
    SignedDuration::try_from(by)
        .ok()
        .and_then(|by| moment.checked_sub(by).ok())
        .unwrap_or(Timestamp::MIN)
}
