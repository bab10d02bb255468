//! The settings of Pesapal, by which businesses pay the platform.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use clap::Args;
use secrecy::SecretString;
use url::Url;

use super::{ConfigError, is_loopback};

/// The Pesapal section: all four of its settings, or none and no business is asked to pay.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Pesapal")]
pub struct PesapalConfig {
    /// Half of what opens the platform's account at Pesapal. Left out, with the three below, no business is asked to pay the platform.
    #[arg(long, env = "PESAPAL_CONSUMER_KEY", hide_env_values = true, value_parser = filled_secret, requires_all = ["pesapal_consumer_secret", "pesapal_callback_url", "pesapal_ipn_url"], global = true)]
    pub pesapal_consumer_key: Option<SecretString>,

    /// The other half.
    #[arg(long, env = "PESAPAL_CONSUMER_SECRET", hide_env_values = true, value_parser = filled_secret, requires = "pesapal_consumer_key", global = true)]
    pub pesapal_consumer_secret: Option<SecretString>,

    /// Where Pesapal's page sends browsers back to: `https://billing.example.com/api/payments/pesapal/callback`.
    #[arg(
        long,
        env = "PESAPAL_CALLBACK_URL",
        requires = "pesapal_consumer_key",
        global = true
    )]
    pub pesapal_callback_url: Option<PesapalUrl>,

    /// Where Pesapal tells us of changes: `https://billing.example.com/api/payments/pesapal/webhook`. One it cannot reach makes us hear of
    /// payments by asking, some minutes late.
    #[arg(
        long,
        env = "PESAPAL_IPN_URL",
        requires = "pesapal_consumer_key",
        global = true
    )]
    pub pesapal_ipn_url: Option<PesapalUrl>,

    /// How many days everything goes on after what a business paid for has ended.
    #[arg(
        long,
        env = "MNARA_SUBSCRIPTION_GRACE_DAYS",
        default_value_t = 7,
        value_parser = clap::value_parser!(u16).range(0..=90),
        global = true
    )]
    pub subscription_grace_days: u16,

    /// `production`, `sandbox`, or the base address of a simulator.
    #[arg(
        id = "pesapal_base",
        long = "pesapal",
        env = "MNARA_PESAPAL",
        default_value = "production",
        global = true
    )]
    pub base: PesapalBase,
}

/// The platform's account at Pesapal.
#[derive(Clone, Copy, Debug)]
pub struct PesapalAccount<'a> {
    /// Half of what opens it.
    pub consumer_key: &'a SecretString,
    /// The other half.
    pub consumer_secret: &'a SecretString,
    /// Where browsers come back to.
    pub callback: &'a PesapalUrl,
    /// Where changes are told.
    pub ipn: &'a PesapalUrl,
}

impl PesapalConfig {
    /// How long everything goes on after what a business paid for has ended.
    #[must_use]
    pub fn grace(&self) -> Duration {
        Duration::from_secs(u64::from(self.subscription_grace_days) * 86_400)
    }

    /// The account, if businesses are asked to pay.
    #[must_use]
    pub fn account(&self) -> Option<PesapalAccount<'_>> {
        Some(PesapalAccount {
            consumer_key: self.pesapal_consumer_key.as_ref()?,
            consumer_secret: self.pesapal_consumer_secret.as_ref()?,
            callback: self.pesapal_callback_url.as_ref()?,
            ipn: self.pesapal_ipn_url.as_ref()?,
        })
    }
}

/// The base address of Pesapal.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PesapalBase(Url);

impl PesapalBase {
    /// The address without a trailing slash, ready to be followed by a path.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str().trim_end_matches('/')
    }
}

impl FromStr for PesapalBase {
    type Err = ConfigError;

    fn from_str(text: &str) -> Result<Self, ConfigError> {
        let address = match text {
            "production" => "https://pay.pesapal.com/v3",
            "sandbox" => "https://cybqa.pesapal.com/pesapalv3",
            other => other,
        };
        let url = Url::parse(address).map_err(ConfigError::NoAddress)?;
        encrypted(&url)?;
        Ok(Self(url))
    }
}

impl fmt::Display for PesapalBase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An address of ours that Pesapal sends browsers or news to.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PesapalUrl(Url);

impl FromStr for PesapalUrl {
    type Err = ConfigError;

    fn from_str(text: &str) -> Result<Self, ConfigError> {
        let url = Url::parse(text).map_err(ConfigError::NoAddress)?;
        // Pesapal puts its own words behind a question mark.
        let is_plain = url.query().is_none() && url.fragment().is_none();
        if !is_plain || !url.username().is_empty() || url.password().is_some() {
            return Err(ConfigError::NotPlain);
        }
        encrypted(&url)?;
        Ok(Self(url))
    }
}

impl fmt::Display for PesapalUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str())
    }
}

fn encrypted(url: &Url) -> Result<(), ConfigError> {
    match url.scheme() {
        "https" if url.has_host() => Ok(()),
        "http" if is_loopback(url) => Ok(()),
        _ => Err(ConfigError::InTheClear),
    }
}

/// A secret without the space or line end that came with it, and not the empty text some shells leave where nothing was set.
fn filled_secret(text: &str) -> Result<SecretString, ConfigError> {
    let text = text.trim();
    if text.is_empty() {
        Err(ConfigError::Empty)
    } else {
        Ok(SecretString::from(text))
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    #[test]
    fn pesapal_has_all_its_settings_or_none() {
        use clap::Parser as _;
        let all = [
            ["--pesapal-consumer-key", "key"],
            ["--pesapal-consumer-secret", "hunter2"],
            [
                "--pesapal-callback-url",
                "https://billing.example.com/api/payments/pesapal/callback",
            ],
            [
                "--pesapal-ipn-url",
                "https://billing.example.com/api/payments/pesapal/webhook",
            ],
        ];
        let parse = |flags: Vec<[&str; 2]>| {
            let words = flags.into_iter().flatten();
            crate::cli::Cli::try_parse_from(
                ["mnara-controller"].into_iter().chain(words).chain(["run"]),
            )
        };
        let none = parse(Vec::new()).unwrap().config.pesapal;
        assert!(none.account().is_none());
        assert_eq!(none.base.as_str(), "https://pay.pesapal.com/v3");
        let mut copied = all;
        copied[0][1] = " key\r\n";
        let config = parse(copied.to_vec()).unwrap().config.pesapal;
        let account = config.account().unwrap();
        assert_eq!(account.consumer_key.expose_secret(), "key");
        assert!(!format!("{config:?}").contains("hunter2"));
        for left_out in 0..all.len() {
            let mut some = all.to_vec();
            some.remove(left_out);
            let error = parse(some).unwrap_err().to_string();
            assert!(error.contains(all[left_out][0]), "{error}");
        }
        for (at, bad, says) in [
            (0, " ", "set and empty"),
            (2, "http://billing.example.com/callback", "use https"),
            (
                3,
                "https://user@billing.example.com/ipn",
                "scheme, host and path",
            ),
            (
                3,
                "https://billing.example.com/ipn?x=1",
                "scheme, host and path",
            ),
        ] {
            let mut some = all;
            some[at][1] = bad;
            let error = parse(some.to_vec()).unwrap_err().to_string();
            assert!(error.contains(says), "{error}");
        }
        assert!("http://cybqa.pesapal.com".parse::<PesapalBase>().is_err());
        assert!("http://127.0.0.1:9000".parse::<PesapalBase>().is_ok());
    }
}
