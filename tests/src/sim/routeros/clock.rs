//! The simulator's own clock: milliseconds since start, real or pushed by a test. Calendar dates are the router's business.
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

/// Milliseconds since the simulator started.
pub(crate) type Ms = u64;

/// The end of simulated time, far enough from overflow: some thousand years.
const END: Ms = 1 << 47;

/// Whether time passes by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pace {
    /// Time passes as on the wall and can be pushed forward as well.
    Real,
    /// Time passes only when pushed.
    Manual,
}

/// A handle on simulated time; clones share it.
#[derive(Debug, Clone)]
pub struct Clock {
    origin: Instant,
    pace: Pace,
    pushed: watch::Sender<Ms>,
}

impl Clock {
    /// Starts a clock at zero.
    pub fn new(pace: Pace) -> Self {
        Self {
            origin: Instant::now(),
            pace,
            pushed: watch::Sender::new(0),
        }
    }

    /// Returns how time passes.
    pub fn pace(&self) -> Pace {
        self.pace
    }

    /// Returns the milliseconds since start.
    pub fn now(&self) -> u64 {
        let pushed = *self.pushed.borrow();
        match self.pace {
            Pace::Real => pushed + millis(self.origin.elapsed()),
            Pace::Manual => pushed,
        }
    }

    /// Pushes time forward.
    pub fn advance(&self, by: Duration) {
        self.pushed
            .send_modify(|pushed| *pushed = pushed.saturating_add(millis(by)).min(END));
    }

    /// Waits until the clock shows `at` or later.
    pub async fn reach(&self, at: u64) {
        let mut pushed = self.pushed.subscribe();
        loop {
            pushed.borrow_and_update();
            let now = self.now();
            if now >= at {
                return;
            }
            match self.pace {
                Pace::Manual => {
                    if pushed.changed().await.is_err() {
                        return;
                    }
                }
                Pace::Real => {
                    tokio::select! {
                        () = tokio::time::sleep(Duration::from_millis(at - now)) => {}
                        _ = pushed.changed() => {}
                    }
                }
            }
        }
    }
}

/// Returns today as seconds since 1970, for a router whose clock is right at start.
#[expect(
    clippy::disallowed_methods,
    reason = "the simulator's one look at the machine's calendar"
)]
pub(crate) fn today() -> i64 {
    let since = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or_default()
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_manual_clock_moves_only_when_pushed() {
        let clock = Clock::new(Pace::Manual);
        let waiting = tokio::spawn({
            let clock = clock.clone();
            async move {
                clock.reach(5_000).await;
                clock.now()
            }
        });
        clock.advance(Duration::from_secs(2));
        assert_eq!(clock.now(), 2_000);
        assert!(!waiting.is_finished());
        clock.advance(Duration::from_secs(3));
        assert_eq!(waiting.await.unwrap(), 5_000);
    }
}
