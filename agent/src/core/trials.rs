//! Who had something to try and when: a device gets it once in some days, and all of them together so many times a day.

use std::collections::{BTreeMap, BTreeSet};

use mnara_protocol::clock::{Correction, Timestamp};
use mnara_protocol::ids::Mac;
use mnara_protocol::message::TrialRow;

use super::portal::TryError;

const DAY_SECS: i64 = 86_400;
/// Who had one longer ago is forgotten.
const KEPT_SECS: i64 = 90 * DAY_SECS;
/// Every device's address lies at or after this.
const FIRST: Mac = Mac::from_bytes([0; 6]);

/// Who had a trial and when, and what is given now.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Trials {
    row: Option<TrialRow>,
    last: BTreeMap<Mac, Timestamp>,
    /// The same by time.
    times: BTreeSet<(Timestamp, Mac)>,
}

impl Trials {
    /// Takes what the controller decided; none for nothing. What would never end is not given away.
    pub(crate) fn take_row(&mut self, row: Option<TrialRow>) {
        self.row = row.filter(|row| row.terms.duration_secs.is_some());
    }

    /// What is given now, whoever asks.
    pub(crate) const fn row(&self) -> Option<&TrialRow> {
        self.row.as_ref()
    }

    /// Notes that a device had one.
    pub(crate) fn note(&mut self, mac: Mac, at: Timestamp) {
        if self.last.get(&mac).is_some_and(|before| *before >= at) {
            return;
        }
        if let Some(before) = self.last.insert(mac, at) {
            self.times.remove(&(before, mac));
        }
        self.times.insert((at, mac));
        let kept = self.times.split_off(&(at.plus_secs(-KEPT_SECS), FIRST));
        for (_, mac) in std::mem::replace(&mut self.times, kept) {
            self.last.remove(&mac);
        }
    }

    /// Who had one and when.
    pub(crate) fn all(&self) -> impl Iterator<Item = (Mac, Timestamp)> {
        self.times.iter().map(|(at, mac)| (*mac, *at))
    }

    /// Moves times that a wrong clock gave.
    pub(crate) fn corrected(&mut self, correction: Correction) {
        for at in self.last.values_mut() {
            *at = correction.apply(*at);
        }
        self.times = self.last.iter().map(|(mac, at)| (*at, *mac)).collect();
    }

    /// Whether a device may have one now, by the site's trusted clock.
    pub(crate) fn may(&self, mac: Mac, now: Timestamp) -> Result<&TrialRow, TryError> {
        let row = self.row.as_ref().ok_or(TryError::NotOffered)?;
        if let Some(last) = self.last.get(&mac) {
            let again = last.plus_secs(i64::from(row.every_days.max(1)) * DAY_SECS);
            let wait = again.as_secs().saturating_sub(now.as_secs());
            if wait > 0 {
                let again_secs = u32::try_from(wait).unwrap_or(u32::MAX);
                return Err(TryError::HadOne { again_secs });
            }
        }
        let ahead = i64::from(row.ahead_minutes) * 60;
        let local = now.as_secs() + ahead;
        let midnight = Timestamp::from_secs(local - local.rem_euclid(DAY_SECS) - ahead);
        let today = self.times.range((midnight, FIRST)..).count();
        if today >= usize::from(row.a_day) {
            return Err(TryError::DayIsFull);
        }
        Ok(row)
    }
}
