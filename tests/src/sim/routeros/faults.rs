//! What can be made to go wrong on the wire. Faults of the router's state are methods of `Router`.
use std::time::Duration;

use tokio::time::Instant;

/// Faults of the API service, each off by default.
#[derive(Debug, Clone, Default, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "snake_case")]
pub struct Faults {
    /// Milliseconds every command takes.
    pub latency_ms: u64,
    /// Milliseconds that commands beginning with a path take instead.
    pub latency_of: Vec<Latency>,
    /// Requests in a burst over all connections after which each takes 20 ms until a second of quiet; real routers begin at 120 to 220.
    pub burst: Option<u32>,
    /// No command is answered while this is set; they are answered when it is cleared.
    pub stall: bool,
    /// Cuts the connection in the middle of the next answer.
    pub cut: Option<Cut>,
    /// New connections are accepted and never answered.
    pub deaf: bool,
    /// Every listen event is sent twice.
    pub duplicate_events: bool,
    /// Milliseconds by which listen events are late.
    pub late_events_ms: u64,
}

/// How long commands of one menu take.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub struct Latency {
    /// The beginning of the commands, such as `/ip/hotspot/active/login`.
    pub command: String,
    /// Milliseconds each takes.
    pub ms: u64,
}

/// Where an answer is cut off.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub struct Cut {
    /// The beginning of the command whose answer is cut; empty for any. The command itself is carried out.
    #[serde(default)]
    pub command: String,
    /// How many bytes of the answer still get out.
    #[serde(default)]
    pub after_bytes: usize,
}

impl Faults {
    pub(crate) fn latency(&self, command: &str) -> Duration {
        let special = self
            .latency_of
            .iter()
            .find(|each| command.starts_with(&each.command));
        Duration::from_millis(special.map_or(self.latency_ms, |each| each.ms))
    }

    /// Takes the cut meant for a command, once.
    pub(crate) fn take_cut(&mut self, command: &str) -> Option<usize> {
        let meant = self
            .cut
            .as_ref()
            .is_some_and(|cut| command.starts_with(&cut.command));
        if meant {
            self.cut.take().map(|cut| cut.after_bytes)
        } else {
            None
        }
    }
}

/// Watches how fast requests come and slows the router down as a burst goes on.
#[derive(Debug, Default)]
pub(crate) struct Throttle {
    seen: u32,
    last: Option<Instant>,
    free: Option<Instant>,
}

/// What a request costs once the router is slow.
const SLOW: Duration = Duration::from_millis(20);
/// How long a router must be left alone to be fast again.
const QUIET: Duration = Duration::from_secs(1);

impl Throttle {
    /// Returns the earliest moment a request arriving now is worked on.
    pub(crate) fn admit(&mut self, burst: Option<u32>, now: Instant) -> Instant {
        let Some(burst) = burst else { return now };
        if self
            .last
            .is_none_or(|last| now.duration_since(last) > QUIET)
        {
            self.seen = 0;
            self.free = None;
        }
        self.seen += 1;
        self.last = Some(now);
        if self.seen <= burst {
            return now;
        }
        let at = self.free.map_or(now, |free| free.max(now)) + SLOW;
        self.free = Some(at);
        self.last = Some(at);
        at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_burst_makes_the_router_slow_until_it_is_left_alone() {
        let mut throttle = Throttle::default();
        let start = Instant::now();
        for _ in 0..150 {
            assert_eq!(throttle.admit(Some(150), start), start);
        }
        assert_eq!(throttle.admit(Some(150), start), start + SLOW);
        assert_eq!(throttle.admit(Some(150), start), start + SLOW * 2);
        let later = start + Duration::from_secs(3);
        assert_eq!(throttle.admit(Some(150), later), later);
    }
}
