//! What benches share: quantiles, medians of interleaved rounds, the floor of the disk, the table at the end. What is
//! measured is in `tests/benches`.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

pub mod load;
pub mod proc;
pub mod stage;
pub mod table;
pub mod wal;

/// The longest a bench may take that says nothing else; what takes longer has hung.
const LONGEST: Duration = Duration::from_secs(300);
/// And with `--quick`.
const LONGEST_QUICK: Duration = Duration::from_secs(30);

/// How much a bench measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effort {
    /// Enough for numbers to be quoted.
    Full,
    /// Enough to see that everything still works, and about how well.
    Quick,
}

impl Effort {
    /// Reads it from the command line of the bench.
    #[must_use]
    pub fn asked() -> Self {
        if std::env::args().any(|word| word == "--quick") {
            Self::Quick
        } else {
            Self::Full
        }
    }

    /// Chooses a number of rounds or samples.
    #[must_use]
    pub const fn of(self, full: usize, quick: usize) -> usize {
        match self {
            Self::Full => full,
            Self::Quick => quick,
        }
    }

    /// Runs a bench, within its time.
    ///
    /// # Errors
    /// Those of the bench, or that it took too long.
    pub async fn within<T>(self, bench: impl Future<Output = Result<T>>) -> Result<T> {
        self.within_time(LONGEST, bench).await
    }

    /// Runs a bench whose time in full is its own.
    ///
    /// # Errors
    /// Those of the bench, or that it took too long.
    pub async fn within_time<T>(
        self,
        full: Duration,
        bench: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        let longest = match self {
            Self::Full => full,
            Self::Quick => LONGEST_QUICK,
        };
        tokio::time::timeout(longest, bench)
            .await
            .with_context(|| format!("the bench is not done after {longest:?}"))?
    }
}

/// What `cargo xtask bench` tells a bench: where the programs as they ship are, and a durable database.
///
/// # Errors
/// When the bench was started by something else.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place where benches are told what to measure"
)]
pub fn told(name: &str) -> Result<String> {
    std::env::var(name)
        .with_context(|| format!("{name} is not set: run this as `cargo xtask bench`"))
}

/// Samples of one thing.
#[derive(Clone, Debug, Default)]
pub struct Samples(Vec<f64>);

impl Samples {
    /// Adds one.
    pub fn add(&mut self, value: f64) {
        self.0.push(value);
    }

    /// Adds a time in milliseconds.
    pub fn add_time(&mut self, took: Duration) {
        self.add(took.as_secs_f64() * 1000.0);
    }

    /// All of them.
    pub fn values(&self) -> impl Iterator<Item = f64> {
        self.0.iter().copied()
    }

    /// How many there are.
    #[must_use]
    pub const fn count(&self) -> usize {
        self.0.len()
    }

    /// The value below which that part of the samples lies; nearest rank.
    ///
    /// # Panics
    /// Without samples, as a bench that measured nothing must not print a number.
    #[must_use]
    pub fn quantile(&self, part: f64) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a rank among fewer samples than 2^52"
        )]
        let rank = ((sorted.len() as f64 * part).ceil() as usize).clamp(1, sorted.len());
        sorted[rank - 1]
    }

    /// The middle one.
    #[must_use]
    pub fn median(&self) -> f64 {
        self.quantile(0.5)
    }

    /// The 99th percentile.
    #[must_use]
    pub fn p99(&self) -> f64 {
        self.quantile(0.99)
    }
}

impl IntoIterator for Samples {
    type Item = f64;
    type IntoIter = std::vec::IntoIter<f64>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl Extend<f64> for Samples {
    fn extend<T: IntoIterator<Item = f64>>(&mut self, values: T) {
        self.0.extend(values);
    }
}

/// Now, for measuring only.
#[must_use]
#[expect(
    clippy::disallowed_methods,
    reason = "a bench measures real time and decides nothing by it"
)]
pub fn now() -> Instant {
    Instant::now()
}

/// What the disk of a folder takes to keep a few bytes: appends and `fdatasync`, one after the other.
///
/// # Errors
/// When the folder cannot be written.
pub fn disk(folder: &Path, times: usize) -> Result<Samples> {
    let path = folder.join("floor");
    let mut file =
        File::create(&path).with_context(|| format!("writing into {}", folder.display()))?;
    let mut samples = Samples::default();
    for _ in 0..times {
        let start = now();
        file.write_all(&[7; 512])?;
        file.sync_data()?;
        samples.add_time(start.elapsed());
    }
    std::fs::remove_file(&path)?;
    Ok(samples)
}

#[cfg(test)]
mod tests {
    use super::Samples;

    #[test]
    fn quantiles_are_samples() {
        let mut samples = Samples::default();
        samples.extend((1..=200).map(f64::from));
        assert!((samples.median() - 100.0).abs() < f64::EPSILON);
        assert!((samples.p99() - 198.0).abs() < f64::EPSILON);
        assert!((samples.quantile(0.0) - 1.0).abs() < f64::EPSILON);
        assert!((samples.quantile(1.0) - 200.0).abs() < f64::EPSILON);
    }
}
