//! The limits of a hotspot user. The router's limits are totals over the user's life, what we are told is what is left; and each
//! change of a user is a write to the router's flash, so small differences are left alone.

use super::super::observed::{ActiveRow, UserRow};

/// A limit this much too small is raised: it would cut the customer short.
const SHORT_SECS: u64 = 5;
/// A limit this much too large is lowered: a fiftieth of what is left, within these bounds. It drifts while a device is away.
const LONG_SECS: std::ops::RangeInclusive<u64> = 60..=3_600;
/// A limit on bytes off by this much is put right; it does not drift.
const BYTES: u64 = 65_536;

/// What the router has counted for a user.
pub(super) struct Counted<'a> {
    /// The user's row, if it is there.
    pub(super) row: Option<&'a UserRow>,
    /// All its sessions.
    pub(super) sessions: &'a [&'a ActiveRow],
    /// Those that stay.
    pub(super) kept: &'a [&'a ActiveRow],
    /// Whether a device is about to join.
    pub(super) joining: bool,
    /// Whether what is left was worked out from these counters; else the two cannot be added.
    pub(super) answered: bool,
}

impl Counted<'_> {
    /// Gives the limit on connected seconds that lets no session run longer than what is left. A session is held to the limit less
    /// what ended sessions have counted, so the youngest one decides.
    pub(super) fn limit_uptime(&self, left: Option<u64>) -> Option<u64> {
        let stays = |session: &ActiveRow| self.kept.iter().any(|kept| kept.id == session.id);
        let ended: u64 = self
            .sessions
            .iter()
            .filter(|session| !stays(session))
            .map(|session| session.uptime_secs)
            .sum();
        let youngest = self
            .kept
            .iter()
            .map(|session| session.uptime_secs)
            .min()
            .unwrap_or_default();
        let running = if self.joining { 0 } else { youngest };
        let counted = self
            .row
            .map(|row| row.uptime_secs)
            .unwrap_or_default()
            .saturating_add(ended);
        // Zero would mean no limit at all.
        left.map(|left| counted.saturating_add(running).saturating_add(left).max(1))
    }

    /// Gives the limit on bytes: all that was counted, and what is left. A device that joins is allowed the limit less what ended
    /// sessions have counted, so for that moment running sessions are left out.
    pub(super) fn limit_bytes(&self, left: Option<u64>) -> Option<u64> {
        let bytes = |session: &ActiveRow| session.bytes_in.saturating_add(session.bytes_out);
        let stays = |session: &ActiveRow| self.kept.iter().any(|kept| kept.id == session.id);
        let counts = |session: &&&ActiveRow| !(self.joining && stays(session));
        let running: u64 = self
            .sessions
            .iter()
            .filter(counts)
            .map(|session| bytes(session))
            .sum();
        let ended = self
            .row
            .map(|row| row.bytes_in.saturating_add(row.bytes_out))
            .unwrap_or_default();
        left.map(|left| ended.saturating_add(running).saturating_add(left).max(1))
    }

    pub(super) fn uptime_differs(
        &self,
        has: Option<u64>,
        wants: Option<u64>,
        left: Option<u64>,
    ) -> bool {
        let drift = (left.unwrap_or_default() / 50).clamp(*LONG_SECS.start(), *LONG_SECS.end());
        // A device that joins gets its session's length from this limit, so then it must be right.
        let (short, long) = if self.joining {
            (0, SHORT_SECS)
        } else {
            (SHORT_SECS, drift)
        };
        self.differs(has, wants, short, long)
    }

    pub(super) fn bytes_differ(&self, has: Option<u64>, wants: Option<u64>) -> bool {
        let slack = if self.joining { 0 } else { BYTES };
        self.differs(has, wants, slack, slack)
    }

    fn differs(&self, has: Option<u64>, wants: Option<u64>, short: u64, long: u64) -> bool {
        match (has, wants) {
            (None, None) => false,
            (Some(has), Some(wants)) => {
                self.answered
                    && (has.saturating_add(short) < wants || has > wants.saturating_add(long))
            }
            (None, Some(_)) | (Some(_), None) => true,
        }
    }
}
