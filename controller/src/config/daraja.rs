//! What is to be known of M-PESA.

use std::net::IpAddr;

use clap::Args;

use super::{DarajaBase, SourceCheck};

/// Where Safaricom posts from: the twelve of its page "Callback and IP Whitelisting", and 196.201.212.128 and .132, which stand on lists of
/// others.
const SOURCES: &str = "196.201.214.200,196.201.214.206,196.201.214.207,196.201.214.208,196.201.213.44,196.201.213.114,\
                       196.201.212.69,196.201.212.74,196.201.212.127,196.201.212.128,196.201.212.129,196.201.212.132,196.201.212.136,196.201.212.138";

/// The M-PESA section.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "M-PESA")]
pub struct DarajaConfig {
    /// `production`, `sandbox`, or the base address of a simulator.
    #[arg(
        long = "daraja",
        env = "MNARA_DARAJA",
        default_value = "sandbox",
        global = true
    )]
    pub base: DarajaBase,

    /// Status queries a minute for each set of credentials; the sandbox refuses more than 5.
    #[arg(long = "daraja-queries", env = "MNARA_DARAJA_QUERIES", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=6000), global = true)]
    pub queries_per_minute: u32,

    /// Where Safaricom posts from, by its own list; bodies from elsewhere are counted apart.
    #[arg(long = "daraja-sources", env = "MNARA_DARAJA_SOURCES", value_delimiter = ',', default_value = SOURCES, global = true)]
    pub sources: Vec<IpAddr>,

    /// What becomes of a callback from elsewhere. Refusing loses real ones when Safaricom adds an address, or when a proxy in front of us is
    /// not named as trusted; such a payment is then found by asking. What asks from elsewhere whether a payment may be made hears yes.
    #[arg(
        long = "daraja-source-check",
        env = "MNARA_DARAJA_SOURCE_CHECK",
        value_enum,
        default_value = "flag",
        global = true
    )]
    pub source_check: SourceCheck,

    /// The most that M-PESA takes.
    #[command(flatten)]
    pub ceiling: Ceiling,
}

impl DarajaConfig {
    /// Whether what comes from an address is taken for the rail's, if a secret vouches for it.
    #[must_use]
    pub fn believes(&self, source: IpAddr) -> bool {
        self.source_check == SourceCheck::Flag || self.sources.contains(&source)
    }
}

/// The most that M-PESA takes, in whole shillings; Safaricom's own limits have changed before.
#[derive(Clone, Copy, Debug, Args)]
pub struct Ceiling {
    /// The most one customer may pay at once.
    #[arg(long = "daraja-limit", env = "MNARA_DARAJA_LIMIT", default_value_t = 250_000, value_parser = clap::value_parser!(i32).range(1..=10_000_000), global = true)]
    pub at_once: i32,

    /// The most one customer may pay on one day.
    #[arg(long = "daraja-day-limit", env = "MNARA_DARAJA_DAY_LIMIT", default_value_t = 500_000, value_parser = clap::value_parser!(i32).range(1..=100_000_000), global = true)]
    pub a_day: i32,
}
