//! The only file that asks the system what time it is. Everything else is handed a [`Clock`] or, better, a moment.
//!
//! With the cargo feature `moved-clock` (never in a release) a socket of [`pushed`] moves the wall clock and the monotonic
//! clock apart from each other, and every wait of [`Clock::sleep`] follows.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use mnara_protocol::clock::{Ticks, Timestamp};
use tokio::sync::watch;

#[cfg(feature = "moved-clock")]
pub mod pushed;

/// A handle on time, cheap to clone; all clones tell the same time.
#[derive(Clone, Debug)]
pub struct Clock {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    /// When this clock was made; `None` for one that stands still.
    born: Option<Instant>,
    /// Milliseconds added to the system's wall clock, or the whole reading of one that stands still.
    wall: AtomicI64,
    /// Milliseconds added to the time since `born`.
    monotonic: AtomicU64,
    pushes: watch::Sender<u64>,
}

impl Clock {
    /// The system's clock.
    #[must_use]
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the file that asks the system"
    )]
    pub fn system() -> Self {
        Self::with(Some(Instant::now()), 0)
    }

    /// A clock that stands still at a moment until it is pushed.
    #[must_use]
    pub fn still(at: Timestamp) -> Self {
        Self::with(None, at.as_millis())
    }

    fn with(born: Option<Instant>, wall: i64) -> Self {
        Self {
            inner: Arc::new(Inner {
                born,
                wall: AtomicI64::new(wall),
                monotonic: AtomicU64::new(0),
                pushes: watch::Sender::new(0),
            }),
        }
    }

    /// Tells the wall-clock time.
    #[must_use]
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the file that asks the system"
    )]
    pub fn now(&self) -> Timestamp {
        let pushed = self.inner.wall.load(Ordering::Acquire);
        if self.inner.born.is_none() {
            return Timestamp::from_millis(pushed);
        }
        let system = match SystemTime::now().duration_since(UNIX_EPOCH) {
            Ok(since) => i64::try_from(since.as_millis()).unwrap_or(i64::MAX),
            Err(before) => i64::try_from(before.duration().as_millis()).map_or(i64::MIN, |ms| -ms),
        };
        Timestamp::from_millis(system.saturating_add(pushed))
    }

    /// Tells the time since this clock was made, which never goes back.
    #[must_use]
    pub fn monotonic(&self) -> Ticks {
        Ticks::from_millis(u64::try_from(self.elapsed().as_millis()).unwrap_or(u64::MAX))
    }

    /// The monotonic time in full precision.
    #[must_use]
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the file that asks the system"
    )]
    pub fn elapsed(&self) -> Duration {
        let ran = self.inner.born.map_or(Duration::ZERO, |born| {
            Instant::now().saturating_duration_since(born)
        });
        ran + Duration::from_millis(self.inner.monotonic.load(Ordering::Acquire))
    }

    /// Waits until so much monotonic time has passed, however it passes.
    pub async fn sleep(&self, duration: Duration) {
        let mut pushes = self.inner.pushes.subscribe();
        let end = self.elapsed() + duration;
        loop {
            pushes.borrow_and_update();
            let Some(left) = end
                .checked_sub(self.elapsed())
                .filter(|left| !left.is_zero())
            else {
                return;
            };
            let runs = self.inner.born.is_some();
            tokio::select! {
                () = async { tokio::time::sleep(left).await }, if runs => {}
                // The sender lives in `self`, so this cannot end.
                _ = pushes.changed() => {}
            }
        }
    }

    /// Waits until the wall clock shows a moment; a jump of the wall clock is followed within a minute, or at once if pushed.
    pub async fn sleep_until(&self, moment: Timestamp) {
        let mut pushes = self.inner.pushes.subscribe();
        loop {
            pushes.borrow_and_update();
            let left = moment.since(self.now());
            if left.is_zero() {
                return;
            }
            tokio::select! {
                () = self.sleep(left.min(Duration::from_secs(60))) => {}
                _ = pushes.changed() => {}
            }
        }
    }

    /// Moves the wall clock by milliseconds, either way.
    pub fn push_wall(&self, millis: i64) {
        self.inner.wall.fetch_add(millis, Ordering::AcqRel);
        self.inner.pushes.send_modify(|count| *count += 1);
    }

    /// Moves the monotonic clock on.
    pub fn push_monotonic(&self, by: Duration) {
        let millis = u64::try_from(by.as_millis()).unwrap_or(u64::MAX);
        self.inner.monotonic.fetch_add(millis, Ordering::AcqRel);
        self.inner.pushes.send_modify(|count| *count += 1);
    }

    /// Moves both clocks on, as time does.
    pub fn advance(&self, by: Duration) {
        let millis = u64::try_from(by.as_millis()).unwrap_or(u64::MAX);
        self.inner.monotonic.fetch_add(millis, Ordering::AcqRel);
        self.push_wall(i64::try_from(by.as_millis()).unwrap_or(i64::MAX));
    }
}

#[cfg(test)]
mod tests {
    use std::pin::{Pin, pin};
    use std::task::{Context, Waker};

    use super::*;

    const NOON: Timestamp = Timestamp::from_secs(1_800_000_000);

    fn is_over(wait: Pin<&mut impl Future>) -> bool {
        wait.poll(&mut Context::from_waker(Waker::noop()))
            .is_ready()
    }

    #[test]
    fn a_still_clock_moves_only_when_pushed_and_its_two_times_apart() {
        let clock = Clock::still(NOON);
        assert_eq!(clock.now(), NOON);
        assert_eq!(clock.monotonic(), Ticks::from_millis(0));
        clock.push_wall(-3_600_000);
        assert_eq!(clock.now(), NOON - Duration::from_secs(3600));
        assert_eq!(clock.monotonic(), Ticks::from_millis(0));
        let same = clock.clone();
        same.advance(Duration::from_secs(5));
        assert_eq!(clock.now(), NOON - Duration::from_secs(3595));
        assert_eq!(clock.monotonic(), Ticks::from_millis(5000));
    }

    #[test]
    fn a_wait_on_a_still_clock_ends_when_the_clock_is_pushed() {
        let clock = Clock::still(NOON);
        let mut wait = pin!(clock.sleep(Duration::from_secs(30)));
        assert!(!is_over(wait.as_mut()));
        clock.push_wall(60_000);
        assert!(
            !is_over(wait.as_mut()),
            "the wall clock is not what is waited for"
        );
        clock.advance(Duration::from_secs(29));
        assert!(!is_over(wait.as_mut()));
        clock.advance(Duration::from_secs(1));
        assert!(is_over(wait.as_mut()));
    }

    #[test]
    fn a_wait_for_a_moment_follows_the_wall_clock() {
        let clock = Clock::still(NOON);
        let mut wait = pin!(clock.sleep_until(NOON + Duration::from_secs(7200)));
        assert!(!is_over(wait.as_mut()));
        clock.push_wall(7_200_000);
        assert!(is_over(wait.as_mut()));
    }
}
