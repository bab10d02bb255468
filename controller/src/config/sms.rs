//! The settings of SMS, which Africa's Talking sends for us.

use std::fmt;
use std::str::FromStr;

use clap::Args;
use secrecy::SecretString;
use url::Url;

use super::{ConfigError, is_loopback};

/// The SMS section: user and key, or no SMS leave.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "SMS")]
pub struct SmsConfig {
    /// The user of the account at Africa's Talking, `sandbox` in its sandbox. Left out, no SMS leave.
    #[arg(
        long,
        env = "AFRICASTALKING_USERNAME",
        requires = "africastalking_api_key",
        global = true
    )]
    pub africastalking_username: Option<String>,

    /// What opens it.
    #[arg(long, env = "AFRICASTALKING_API_KEY", hide_env_values = true, value_parser = key, requires = "africastalking_username", global = true)]
    pub africastalking_api_key: Option<SecretString>,

    /// What stands on phones as the sender: a name or short code that is registered for the account. Left out, the account's default does.
    #[arg(long, env = "AFRICASTALKING_SENDER_ID", value_parser = sender, global = true)]
    pub africastalking_sender_id: Option<String>,

    /// What stands in the addresses that Africa's Talking tells of deliveries and of people who want no more:
    /// `https://billing.example.com/api/sms/SECRET/delivery` and `…/opt-out`. At least 16 letters and digits; left out, nothing is heard of
    /// a text after it was taken.
    #[arg(long, env = "AFRICASTALKING_CALLBACK_SECRET", hide_env_values = true, value_parser = path_secret, global = true)]
    pub africastalking_callback_secret: Option<SecretString>,

    /// `production`, `sandbox`, or the base address of a simulator.
    #[arg(
        id = "sms_base",
        long = "africastalking",
        env = "MNARA_AFRICASTALKING",
        default_value = "production",
        global = true
    )]
    pub base: SmsBase,
}

/// The account that texts are sent with.
#[derive(Clone, Copy, Debug)]
pub struct SmsAccount<'a> {
    /// Where it is.
    pub base: &'a SmsBase,
    /// Whose it is.
    pub username: &'a str,
    /// What opens it.
    pub key: &'a SecretString,
    /// The sender on phones.
    pub sender: Option<&'a str>,
}

impl SmsConfig {
    /// The account, if there is one.
    #[must_use]
    pub fn account(&self) -> Option<SmsAccount<'_>> {
        Some(SmsAccount {
            base: &self.base,
            username: self.africastalking_username.as_deref()?,
            key: self.africastalking_api_key.as_ref()?,
            sender: self.africastalking_sender_id.as_deref(),
        })
    }
}

/// The base address of Africa's Talking.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SmsBase(Url);

impl SmsBase {
    /// The address without a trailing slash, ready to be followed by a path.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str().trim_end_matches('/')
    }
}

impl FromStr for SmsBase {
    type Err = ConfigError;

    fn from_str(text: &str) -> Result<Self, ConfigError> {
        let address = match text {
            "production" => "https://api.africastalking.com",
            "sandbox" => "https://api.sandbox.africastalking.com",
            // Some name the address of the call itself.
            other => ["/version1/messaging", "/version1"]
                .iter()
                .find_map(|end| other.trim_end_matches('/').strip_suffix(*end))
                .unwrap_or(other),
        };
        let url = Url::parse(address).map_err(ConfigError::NoAddress)?;
        match url.scheme() {
            "https" if url.has_host() => Ok(Self(url)),
            "http" if is_loopback(&url) => Ok(Self(url)),
            _ => Err(ConfigError::InTheClear),
        }
    }
}

impl fmt::Display for SmsBase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a setting of SMS is none.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
enum BadSmsSetting {
    #[error("this is set and empty: give the key, or leave both settings out")]
    Empty,
    #[error("a sender is 3 to 14 letters, digits or spaces")]
    Sender,
    #[error("give at least 16 letters and digits, such as `openssl rand -hex 16` prints")]
    Short,
}

fn key(text: &str) -> Result<SecretString, BadSmsSetting> {
    let text = text.trim();
    if text.is_empty() {
        return Err(BadSmsSetting::Empty);
    }
    Ok(text.into())
}

fn sender(text: &str) -> Result<String, BadSmsSetting> {
    let is_name = (3..=14).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b' ' | b'-' | b'_' | b'+'));
    if is_name {
        Ok(text.to_owned())
    } else {
        Err(BadSmsSetting::Sender)
    }
}

fn path_secret(text: &str) -> Result<SecretString, BadSmsSetting> {
    let text = text.trim();
    let is_good =
        (16..=128).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric());
    if is_good {
        Ok(text.into())
    } else {
        Err(BadSmsSetting::Short)
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    fn read(flags: &[&str]) -> Result<SmsConfig, clap::Error> {
        let words = ["mnara-controller"].iter().chain(flags).chain(&["run"]);
        Ok(crate::cli::Cli::try_parse_from(words)?.config.sms)
    }

    #[test]
    fn sms_wants_a_user_and_a_key_and_keeps_them_to_itself() {
        assert!(read(&[]).unwrap().account().is_none());
        assert!(read(&["--africastalking-username", "mnara"]).is_err());
        let config = read(&[
            "--africastalking-username",
            "mnara",
            "--africastalking-api-key",
            "atsk_very_secret",
            "--africastalking-callback-secret",
            "0123456789abcdef",
        ])
        .unwrap();
        assert_eq!(config.account().unwrap().username, "mnara");
        assert_eq!(config.base.as_str(), "https://api.africastalking.com");
        let shown = format!("{config:?}");
        assert!(!shown.contains("atsk") && !shown.contains("0123456789abcdef"));
    }

    #[test]
    fn what_could_not_work_is_refused_at_the_start() {
        for bad in [
            ["--africastalking-callback-secret", "short"],
            ["--africastalking-callback-secret", "0123456789abcdef/.."],
            ["--africastalking-sender-id", "x"],
            ["--africastalking", "http://sms.example.com"],
        ] {
            assert!(read(&bad).is_err(), "{bad:?}");
        }
        assert!("http://127.0.0.1:9".parse::<SmsBase>().is_ok());
    }

    #[test]
    fn the_address_of_the_call_itself_is_the_base_too() {
        for (text, base) in [
            ("sandbox", "https://api.sandbox.africastalking.com"),
            ("http://127.0.0.1:9/", "http://127.0.0.1:9"),
            (
                "http://127.0.0.1:9/version1/messaging",
                "http://127.0.0.1:9",
            ),
            ("http://127.0.0.1:9/version1/", "http://127.0.0.1:9"),
            ("https://sms.example.com/at", "https://sms.example.com/at"),
        ] {
            assert_eq!(text.parse::<SmsBase>().unwrap().as_str(), base, "{text}");
        }
    }
}
