//! The part of the look's form that says what is given away to try.

use serde::Deserialize;

use crate::providers::look::{BadTrial, Trial};

/// What the form holds of it, as typed.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Filled {
    /// Whether anything is given away.
    pub(super) trial: Option<String>,
    /// How many minutes.
    pub(super) trial_minutes: String,
    /// How many megabytes; empty for no limit.
    pub(super) trial_mb: String,
    /// How many megabits per second; empty for no limit.
    pub(super) trial_mbps: String,
    /// After how many days again.
    pub(super) trial_days: String,
    /// How many a day at a site.
    pub(super) trial_a_day: String,
}

impl Filled {
    /// What a trial is in the form.
    #[must_use]
    pub(super) fn of(trial: &Trial) -> Self {
        let maybe = |number: Option<u32>| number.map_or_else(String::new, |one| one.to_string());
        Self {
            trial: trial.is_on.then(|| "on".to_owned()),
            trial_minutes: trial.minutes.to_string(),
            trial_mb: maybe(trial.data_mb),
            trial_mbps: maybe(trial.mbps.map(u32::from)),
            trial_days: trial.every_days.to_string(),
            trial_a_day: trial.a_day.to_string(),
        }
    }

    /// Reads what was typed. While nothing is given away, numbers that cannot be are put back to the usual ones.
    ///
    /// # Errors
    /// The first thing that cannot be.
    pub(super) fn read(&self) -> Result<Trial, BadTrial> {
        let read = self.numbers();
        if self.trial.is_some() {
            read
        } else {
            Ok(read.map_or_else(
                |_| Trial::default(),
                |trial| Trial {
                    is_on: false,
                    ..trial
                },
            ))
        }
    }

    fn numbers(&self) -> Result<Trial, BadTrial> {
        fn number<T: std::str::FromStr>(text: &str, bad: BadTrial) -> Result<T, BadTrial> {
            text.trim().replace(',', "").parse().map_err(|_| bad)
        }
        fn maybe<T: std::str::FromStr>(text: &str, bad: BadTrial) -> Result<Option<T>, BadTrial> {
            if text.trim().is_empty() {
                return Ok(None);
            }
            number(text, bad).map(Some)
        }
        let trial = Trial {
            is_on: true,
            minutes: number(&self.trial_minutes, BadTrial::Minutes)?,
            data_mb: maybe(&self.trial_mb, BadTrial::Data)?,
            mbps: maybe(&self.trial_mbps, BadTrial::Speed)?,
            every_days: number(&self.trial_days, BadTrial::Days)?,
            a_day: number(&self.trial_a_day, BadTrial::ADay)?,
        };
        trial.check()?;
        Ok(trial)
    }
}
