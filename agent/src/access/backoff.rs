//! How long to wait before dialling the router again. Drawing the jitter is the caller's.

use std::time::Duration;

/// Waits that double from the first to the longest, the second half of each left to chance, so that the agents of a site do not dial
/// in step.
#[derive(Clone, Copy, Debug)]
pub struct Backoff {
    /// Before the second try.
    pub first: Duration,
    /// Never longer than this. Drift must be repaired within a minute of the router's return.
    pub longest: Duration,
}

impl Backoff {
    /// Fits a router on the same site.
    pub const USUAL: Self = Self {
        first: Duration::from_secs(1),
        longest: Duration::from_secs(20),
    };

    /// Gives the wait after so many failures in a row; `jitter` is any number drawn at random.
    #[must_use]
    pub fn wait(&self, failures: u32, jitter: u32) -> Duration {
        let doubled = self
            .first
            .saturating_mul(1_u32.checked_shl(failures).unwrap_or(u32::MAX));
        let half = doubled.min(self.longest) / 2;
        half + half.mul_f64(f64::from(jitter) / f64::from(u32::MAX))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn waits_grow_and_stay_within_bounds(failures in 0_u32..200, jitter in any::<u32>()) {
            let wait = Backoff::USUAL.wait(failures, jitter);
            let full = Backoff::USUAL.wait(failures, u32::MAX);
            prop_assert!(wait >= full / 2 && wait <= full);
            prop_assert!(full <= Backoff::USUAL.longest && full <= Backoff::USUAL.wait(failures + 1, u32::MAX));
            prop_assert!(wait >= Backoff::USUAL.first / 2);
        }
    }
}
