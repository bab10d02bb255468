//! What a business gives away to try on its portal.

use mnara_protocol::message::TrialRow;
use mnara_protocol::plan::{Rate, Terms};
use thiserror::Error;

use crate::nairobi;

/// How it is set: kept also while it is off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trial {
    /// Whether anything is given away.
    pub is_on: bool,
    /// How long it lasts.
    pub minutes: u16,
    /// How much it moves at most, in megabytes.
    pub data_mb: Option<u32>,
    /// How fast it is both ways, in megabits per second.
    pub mbps: Option<u16>,
    /// The same device again after so many days.
    pub every_days: u16,
    /// So many on one day at one site.
    pub a_day: u16,
}

impl Default for Trial {
    fn default() -> Self {
        Self {
            is_on: false,
            minutes: 15,
            data_mb: None,
            mbps: Some(2),
            every_days: 7,
            a_day: 50,
        }
    }
}

/// Why a trial cannot be so.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum BadTrial {
    /// It is too short or too long.
    #[error("give 5 to 240 minutes")]
    Minutes,
    /// The data make no sense.
    #[error("give 1 to 100,000 MB, or leave it empty")]
    Data,
    /// The speed makes no sense.
    #[error("give 1 to 1,000 Mbit/s, or leave it empty")]
    Speed,
    /// It comes too often or too seldom.
    #[error("give 1 to 60 days")]
    Days,
    /// There are too many of a day, or none.
    #[error("give 1 to 200 trials a day")]
    ADay,
}

impl Trial {
    /// Looks it over.
    ///
    /// # Errors
    /// The first thing that cannot be.
    pub fn check(&self) -> Result<(), BadTrial> {
        for (is_good, bad) in [
            ((5..=240).contains(&self.minutes), BadTrial::Minutes),
            (
                self.data_mb.is_none_or(|mb| (1..=100_000).contains(&mb)),
                BadTrial::Data,
            ),
            (
                self.mbps.is_none_or(|mbps| (1..=1_000).contains(&mbps)),
                BadTrial::Speed,
            ),
            ((1..=60).contains(&self.every_days), BadTrial::Days),
            ((1..=200).contains(&self.a_day), BadTrial::ADay),
        ] {
            if !is_good {
                return Err(bad);
            }
        }
        Ok(())
    }

    /// What a site is told, if anything is given away.
    #[must_use]
    pub fn row(&self) -> Option<TrialRow> {
        let bps = |mbps: u16| u64::from(mbps) * 1_000_000;
        self.is_on.then(|| TrialRow {
            terms: Terms {
                duration_secs: Some(u32::from(self.minutes) * 60),
                online_secs: None,
                data_bytes: self.data_mb.map(|mb| u64::from(mb) * 1_000_000),
                devices: 1,
                rate: self.mbps.map(|mbps| Rate {
                    down_bps: bps(mbps),
                    up_bps: bps(mbps),
                    burst: None,
                }),
            },
            every_days: self.every_days,
            a_day: self.a_day,
            ahead_minutes: nairobi::AHEAD_MINUTES,
        })
    }
}
