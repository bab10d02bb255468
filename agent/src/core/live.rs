//! Live readings: a small one each minute, and while somebody watches one with who is online each few seconds. Nothing here lasts, and
//! nothing rests on it.

use std::collections::BTreeMap;
use std::time::Duration;

use mnara_protocol::clock::{Ticks, Timestamp};
use mnara_protocol::ids::{Mac, TicketId};
use mnara_protocol::message::{
    HotspotSample, LiveSample, RouterAnswers, RouterSample, SESSIONS_SHOWN, Sample, SessionSample,
    WatchCommand,
};
use mnara_protocol::ticket::series::Cloud;

use super::{Commands, Core, Now};
use crate::access::desired::{Credential, Desired};
use crate::access::observed::{ActiveRow, Observed, RouterFacts};

/// How often a site that nobody watches is told of: mobile data costs its owner money.
const SUMMARY: Duration = Duration::from_secs(60);
/// How often the router is looked at while somebody watches.
const WATCHED: Duration = Duration::from_secs(5);
/// Readings are never closer together than this, however often the router is looked at.
const APART: Duration = Duration::from_secs(4);
/// However long the controller asks for, it asks again after this.
const LONGEST_WATCH_SECS: i64 = 15 * 60;
/// Hotspots a reading names.
const HOTSPOTS: usize = 16;
/// Characters of a name the router gives.
const NAME: usize = 64;

/// The counters of one session at a look.
#[derive(Clone, Copy, Debug)]
struct Counted {
    up: u64,
    down: u64,
    uptime: u64,
    at: Ticks,
    rates: Option<(u64, u64)>,
}

/// What readings need from one look to the next.
#[derive(Default)]
pub(super) struct Live {
    /// Until when somebody watches.
    until: Option<Timestamp>,
    sent: Option<Ticks>,
    /// Kept while somebody watches.
    counted: BTreeMap<(Credential, Mac), Counted>,
}

impl Live {
    fn is_watched(&self, now: Now) -> bool {
        self.until.is_some_and(|until| until > now.at)
    }

    /// Takes a look's counters, which make the rates.
    fn count(&mut self, seen: &Observed, now: Now) {
        if !self.is_watched(now) {
            self.counted.clear();
            return;
        }
        let mut before = std::mem::take(&mut self.counted);
        for row in seen.active.iter().take(SESSIONS_SHOWN) {
            let place = (row.user.clone(), row.mac);
            let rates = before
                .remove(&place)
                .and_then(|earlier| rates(&earlier, row, now.ticks));
            let counted = Counted {
                up: row.bytes_in,
                down: row.bytes_out,
                uptime: row.uptime_secs,
                at: now.ticks,
                rates,
            };
            self.counted.insert(place, counted);
        }
    }
}

/// Bits a second from and to a customer since an earlier look; none when the session is another one or no time has passed.
fn rates(earlier: &Counted, row: &ActiveRow, now: Ticks) -> Option<(u64, u64)> {
    let millis = u64::try_from(now.since(earlier.at).as_millis()).ok()?;
    if millis == 0 || row.uptime_secs < earlier.uptime {
        return None;
    }
    let rate = |now: u64, before: u64| {
        let bits = now.checked_sub(before)?.saturating_mul(8);
        Some(bits.saturating_mul(1000) / millis)
    };
    Some((
        rate(row.bytes_in, earlier.up)?,
        rate(row.bytes_out, earlier.down)?,
    ))
}

impl Core {
    /// Somebody watches from now on. The router is looked at at once, so that they need not wait.
    pub(super) fn watch(&mut self, watch: &WatchCommand, now: Now, out: &mut Commands) {
        if watch.expires < now.at {
            return;
        }
        let until = watch.until.min(now.at.plus_secs(LONGEST_WATCH_SECS));
        let was_watched = self.live.is_watched(now);
        self.live.until = Some(until);
        if !was_watched {
            self.live.sent = None;
            out.look = true;
            // How often the router is looked at has changed.
            out.router = true;
        }
    }

    /// The router is looked at more often while somebody watches.
    pub(super) fn look_often(&self, desired: &mut Desired, now: Now) {
        if self.live.is_watched(now) {
            desired.next_poll = desired.next_poll.min(WATCHED);
        }
    }

    /// When the next reading is due, whatever happens.
    pub(super) fn reading_due(&self, now: Now) -> Option<Duration> {
        if self.cloud == Cloud::Away {
            return None;
        }
        let at = self.live.sent.map_or(now.ticks, |sent| sent + SUMMARY);
        Some(at.since(now.ticks))
    }

    pub(super) fn count_rates(&mut self, seen: &Observed, now: Now) {
        self.live.count(seen, now);
    }

    /// Makes a reading when one is due: after a look while somebody watches, else each minute.
    pub(super) fn reading(&mut self, looked: bool, now: Now, out: &mut Commands) {
        if self.cloud == Cloud::Away {
            self.live.sent = None;
            return;
        }
        let age = self.live.sent.map(|sent| now.ticks.since(sent));
        let watched = self.live.is_watched(now);
        let due = match age {
            None => true,
            Some(age) => age >= SUMMARY || (watched && looked && age >= APART),
        };
        if due {
            self.live.sent = Some(now.ticks);
            out.sample = Some(Sample::Live(self.sample(watched, now)));
        }
    }

    fn sample(&self, watched: bool, now: Now) -> LiveSample {
        let seen = self.router.seen.as_deref();
        let answers = if self.router.refused {
            RouterAnswers::Refuses
        } else if seen.is_none() {
            RouterAnswers::NotYet
        } else if self.router.lost {
            RouterAnswers::Lost
        } else {
            RouterAnswers::Yes
        };
        let looked = self.router.at.map(|at| {
            let secs = now.ticks.since(at).as_secs();
            now.at
                .plus_secs(-i64::try_from(secs).unwrap_or(i64::MAX / 1000))
        });
        // Who was online before the router went away is no news.
        let present = seen.filter(|_| answers == RouterAnswers::Yes);
        LiveSample {
            at: now.at,
            looked,
            answers,
            router: seen.map(|seen| router(&seen.router)),
            hotspots: seen.map(hotspots).unwrap_or_default(),
            hosts: present.map_or(0, |seen| count(seen.hosts.len())),
            online: present.map_or(0, |seen| count(seen.active.len())),
            sessions: watched.then(|| present.map(|seen| self.sessions(seen)).unwrap_or_default()),
        }
    }

    fn sessions(&self, seen: &Observed) -> Vec<SessionSample> {
        let tickets: BTreeMap<&Credential, TicketId> = seen
            .users
            .iter()
            .map(|user| (&user.name, user.ticket))
            .collect();
        seen.active
            .iter()
            .take(SESSIONS_SHOWN)
            .map(|row| {
                let rates = self
                    .live
                    .counted
                    .get(&(row.user.clone(), row.mac))
                    .and_then(|counted| counted.rates);
                SessionSample {
                    ticket: tickets.get(&row.user).copied(),
                    mac: row.mac,
                    address: row.address.to_string(),
                    online_secs: row.uptime_secs,
                    up: row.bytes_in,
                    down: row.bytes_out,
                    up_bps: rates.map(|(up, _)| up),
                    down_bps: rates.map(|(_, down)| down),
                }
            })
            .collect()
    }
}

fn router(facts: &RouterFacts) -> RouterSample {
    RouterSample {
        board: short(&facts.board),
        version: short(&facts.version),
        architecture: short(&facts.architecture),
        uptime_secs: facts.uptime_secs,
        cpu_load: u32::try_from(facts.cpu_load).unwrap_or(u32::MAX),
        free_memory: facts.free_memory,
    }
}

fn hotspots(seen: &Observed) -> Vec<HotspotSample> {
    let shown = seen.servers.iter().take(HOTSPOTS);
    shown
        .map(|server| HotspotSample {
            name: short(&server.name),
            interface: short(&server.interface),
            runs: !server.disabled && !server.invalid,
        })
        .collect()
}

fn short(name: &str) -> String {
    name.chars().take(NAME).collect()
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
