//! The only file that asks the system what time it is. Everything else is handed a [`Clock`] or, better, a moment.
//!
//! Rights never rest on the wall clock told here: their time is the protocol's trusted clock, which only needs the monotonic one. With
//! the cargo feature `moved-clock` (never in a release) the socket of [`pushed`] moves both apart.

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

/// How long the machine has been up, and in which of its boots: what holds time together over a restart of the program alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Uptime {
    /// The boot, as the kernel names it.
    pub boot: u128,
    /// Milliseconds since it.
    pub millis: u64,
}

impl Uptime {
    /// Asks the kernel; `None` where it does not say.
    #[must_use]
    pub fn read() -> Option<Self> {
        let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
        let boot = u128::from_str_radix(&boot.trim().replace('-', ""), 16).ok()?;
        let uptime = std::fs::read_to_string("/proc/uptime").ok()?;
        let (secs, rest) = uptime.split_ascii_whitespace().next()?.split_once('.')?;
        let hundredths: u64 = rest.get(..2)?.parse().ok()?;
        let millis = secs.parse::<u64>().ok()?.checked_mul(1000)? + hundredths * 10;
        Some(Self { boot, millis })
    }
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

    /// Tells what the system thinks the wall-clock time is; good for comparing only.
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

    #[expect(
        clippy::disallowed_methods,
        reason = "this is the file that asks the system"
    )]
    fn elapsed(&self) -> Duration {
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
            if self.inner.born.is_none() {
                // The sender lives in `self`, so this cannot end.
                let _ = pushes.changed().await;
                continue;
            }
            tokio::select! {
                () = tokio::time::sleep(left) => {}
                _ = pushes.changed() => {}
            }
        }
    }

    /// Waits until this monotonic moment.
    pub async fn sleep_until(&self, at: Ticks) {
        self.sleep(at.since(self.monotonic())).await;
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

    fn is_over(wait: Pin<&mut impl Future>) -> bool {
        wait.poll(&mut Context::from_waker(Waker::noop()))
            .is_ready()
    }

    #[test]
    fn a_wait_follows_the_monotonic_clock_and_not_the_wall() {
        let clock = Clock::still(Timestamp::from_secs(1_800_000_000));
        let mut wait = pin!(clock.sleep(Duration::from_secs(30)));
        assert!(!is_over(wait.as_mut()));
        clock.push_wall(86_400_000);
        assert!(!is_over(wait.as_mut()));
        clock.advance(Duration::from_secs(29));
        assert!(!is_over(wait.as_mut()));
        clock.push_monotonic(Duration::from_secs(1));
        assert!(is_over(wait.as_mut()));
    }

    #[test]
    fn the_kernel_says_how_long_it_is_up() {
        let first = Uptime::read().unwrap();
        let second = Uptime::read().unwrap();
        assert_eq!(first.boot, second.boot);
        assert!(second.millis >= first.millis && first.millis > 0);
    }
}
