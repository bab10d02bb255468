//! How long an agent waits before it dials again. No randomness of its own: jitter is passed in.

use std::time::Duration;

use crate::clock::Ticks;

const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(300);
/// A link that stood this long was a good one: the next wait starts from the beginning.
const GOOD: Duration = Duration::from_secs(60);
const AFTER_TAKEOVER: Duration = Duration::from_secs(60);
/// Two agents with one identity would take the link from each other for ever.
const AFTER_THIRD_TAKEOVER: Duration = Duration::from_secs(1800);
const TAKEOVER_WINDOW: Duration = Duration::from_secs(600);
/// No controller may keep an agent away for longer than this.
const LONGEST_BUSY: Duration = Duration::from_secs(900);

/// The waits so far and what the controller said about the next.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Backoff {
    tries: u8,
    at_least: Duration,
    takeovers: [Option<Ticks>; 3],
}

impl Backoff {
    /// A link that had been up for `stood` went down.
    pub(crate) fn stood(&mut self, stood: Duration) {
        if stood >= GOOD {
            self.tries = 0;
        }
    }

    /// The controller asked for patience.
    pub(crate) fn busy(&mut self, secs: u32) {
        self.at_least = Duration::from_secs(u64::from(secs)).min(LONGEST_BUSY);
    }

    /// Another link took over.
    pub(crate) fn taken_over(&mut self, now: Ticks) {
        self.takeovers.rotate_left(1);
        self.takeovers[2] = Some(now);
        let thrice = self.takeovers[0].is_some_and(|first| now.since(first) <= TAKEOVER_WINDOW);
        self.at_least = if thrice {
            AFTER_THIRD_TAKEOVER
        } else {
            AFTER_TAKEOVER
        };
    }

    /// The wait before the next try: between half and all of the present step, never less than what was asked for plus jitter.
    pub(crate) fn next(&mut self, jitter: u32) -> Duration {
        let step = FIRST.saturating_mul(1 << self.tries.min(9)).min(LONGEST);
        self.tries = self.tries.saturating_add(1).min(9);
        let asked = std::mem::take(&mut self.at_least);
        let spread = |of: Duration| of.mul_f64(f64::from(jitter) / f64::from(u32::MAX));
        (step / 2 + spread(step / 2)).max(asked + spread(asked / 2))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_five_minutes_and_start_over_after_a_good_link() {
        let mut backoff = Backoff::default();
        let waits: Vec<u64> = (0..11).map(|_| backoff.next(u32::MAX).as_secs()).collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
        backoff.stood(Duration::from_secs(59));
        assert_eq!(backoff.next(0), Duration::from_secs(150));
        backoff.stood(Duration::from_secs(60));
        assert_eq!(backoff.next(0), Duration::from_millis(500));
    }

    #[test]
    fn a_busy_controller_is_given_its_time_once() {
        let mut backoff = Backoff::default();
        backoff.busy(40);
        assert_eq!(backoff.next(0), Duration::from_secs(40));
        assert_eq!(backoff.next(0), Duration::from_secs(1));
        backoff.busy(u32::MAX);
        assert_eq!(backoff.next(u32::MAX), LONGEST_BUSY * 3 / 2);
    }

    #[test]
    fn the_third_takeover_in_ten_minutes_waits_long() {
        let at = |secs: u64| Ticks::from_millis(secs * 1000);
        let mut backoff = Backoff::default();
        for secs in [0, 300] {
            backoff.taken_over(at(secs));
            assert_eq!(backoff.next(0), AFTER_TAKEOVER);
        }
        backoff.taken_over(at(600));
        assert_eq!(backoff.next(0), AFTER_THIRD_TAKEOVER);
        backoff.taken_over(at(1000));
        assert_eq!(backoff.next(0), AFTER_TAKEOVER, "the first was long ago");
    }
}
