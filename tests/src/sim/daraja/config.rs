//! What the simulator is started with: addresses, the Daraja apps it knows, its clock and its knobs.

use std::{fmt, net::SocketAddr, str::FromStr};

use anyhow::bail;
use rustls_pki_types::CertificateDer;
use serde::{Deserialize, Serialize};

use super::{clock::Clock, script::Reply};

/// The public passkey of Safaricom's sandbox shortcode.
pub const SANDBOX_PASSKEY: &str =
    "bfb279f9aa9bdbcf158e97dd71a467cd2e0c893059b10f78e6b72ada1ed2c919";

/// Everything a simulator is started with.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where clients' requests arrive.
    pub listen: SocketAddr,
    /// Where the control API and the phone page are.
    pub control: SocketAddr,
    pub apps: Vec<App>,
    pub clock: Clock,
    /// Seeds every id, token and receipt.
    pub seed: u64,
    pub knobs: Knobs,
    /// Certificates trusted for callbacks, beside those of the web.
    pub roots: Vec<CertificateDer<'static>>,
}

impl Config {
    /// Free ports on loopback, real time, and the two apps of [`App::sandbox_paybill`] and [`App::sandbox_till`].
    pub fn sandbox() -> Self {
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        Self {
            listen: any,
            control: any,
            apps: vec![App::sandbox_paybill(), App::sandbox_till()],
            clock: Clock::real(),
            seed: 1,
            knobs: Knobs::default(),
            roots: Vec::new(),
        }
    }
}

/// One Daraja app with the shortcode it may use.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct App {
    pub consumer_key: String,
    pub consumer_secret: String,
    /// `BusinessShortCode`: the paybill number, or the store number of a till.
    pub shortcode: String,
    pub kind: Kind,
    pub passkey: String,
    /// The name shown in the prompt.
    pub business: String,
}

/// What a shortcode is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "kebab-case")]
pub enum Kind {
    Paybill,
    /// A till is paid by its own number, which differs from the store number.
    Till {
        number: String,
    },
}

impl App {
    /// The sandbox's paybill 174379.
    pub fn sandbox_paybill() -> Self {
        Self {
            consumer_key: "mnara-paybill-key".into(),
            consumer_secret: "mnara-paybill-secret".into(),
            shortcode: "174379".into(),
            kind: Kind::Paybill,
            passkey: SANDBOX_PASSKEY.into(),
            business: "MNARA WIFI".into(),
        }
    }

    /// A store 600990 with till 600991.
    pub fn sandbox_till() -> Self {
        Self {
            consumer_key: "mnara-till-key".into(),
            consumer_secret: "mnara-till-secret".into(),
            shortcode: "600990".into(),
            kind: Kind::Till {
                number: "600991".into(),
            },
            passkey: "7d2a5c90f1b34e68a9c7d01122334455667788990011aabbccddeeff00112233".into(),
            business: "MNARA KIOSK".into(),
        }
    }

    /// A paybill 600995 for a business that begins: on a number of another's, that business would be told of its money.
    pub fn sandbox_newcomer() -> Self {
        Self {
            consumer_key: "mnara-newcomer-key".into(),
            consumer_secret: "mnara-newcomer-secret".into(),
            shortcode: "600995".into(),
            kind: Kind::Paybill,
            passkey: "2611b3e112c874583020b8de1a51366bdb49ce0290cd9e69dd07d2f702876c3c".into(),
            business: "YOUR BUSINESS".into(),
        }
    }

    /// Tells what is wrong with an app that nobody could use.
    ///
    /// # Errors
    /// When a key is empty or a number is none.
    pub fn check(&self) -> Result<(), Unusable> {
        let number = |text: &str| {
            (5..=7).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
        };
        if [&self.consumer_key, &self.consumer_secret, &self.passkey]
            .iter()
            .any(|text| text.is_empty())
        {
            return Err(Unusable::Empty);
        }
        if !number(&self.shortcode) {
            return Err(Unusable::Shortcode(self.shortcode.clone()));
        }
        match &self.kind {
            Kind::Till { number: till } if !number(till) => Err(Unusable::Till(till.clone())),
            Kind::Till { .. } | Kind::Paybill => Ok(()),
        }
    }

    /// Tells what `PartyB` has to be.
    pub(super) fn party_b(&self) -> &str {
        match &self.kind {
            Kind::Paybill => &self.shortcode,
            Kind::Till { number } => number,
        }
    }

    /// Tells whether a number is one this app is paid or registered by.
    pub(super) fn is_called(&self, number: &str) -> bool {
        number == self.shortcode || number == self.party_b()
    }

    pub(super) fn transaction_type(&self) -> &'static str {
        match self.kind {
            Kind::Paybill => "CustomerPayBillOnline",
            Kind::Till { .. } => "CustomerBuyGoodsOnline",
        }
    }
}

impl FromStr for App {
    type Err = anyhow::Error;

    /// Reads it as the simulator's flag has it.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts: Vec<&str> = text.split(':').collect();
        let (parts, kind) = match parts[..] {
            [key, secret, shortcode, passkey] => ([key, secret, shortcode, passkey], Kind::Paybill),
            [key, secret, shortcode, passkey, till] => (
                [key, secret, shortcode, passkey],
                Kind::Till {
                    number: till.into(),
                },
            ),
            _ => bail!("write KEY:SECRET:SHORTCODE:PASSKEY, and :TILL after it for a till"),
        };
        let [consumer_key, consumer_secret, shortcode, passkey] = parts.map(str::to_owned);
        let app = Self {
            business: format!("BUSINESS {shortcode}"),
            consumer_key,
            consumer_secret,
            shortcode,
            kind,
            passkey,
        };
        app.check()?;
        Ok(app)
    }
}

/// Why nobody could use an app.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    #[error("the consumer key, the consumer secret and the passkey may not be empty")]
    Empty,
    #[error("a shortcode has five to seven digits, and {0:?} has not")]
    Shortcode(String),
    #[error("a till has five to seven digits, and {0:?} has not")]
    Till(String),
}

impl fmt::Debug for App {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("App")
            .field("shortcode", &self.shortcode)
            .field("kind", &self.kind)
            .field("business", &self.business)
            .finish_non_exhaustive()
    }
}

/// How the simulated service behaves where the real one varies or is not known.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Knobs {
    /// What a push without a script does.
    pub mode: Mode,
    /// What a second push to a phone with a live prompt does.
    pub lock: Lock,
    /// The same amount to the same business by one phone within two minutes ends in 17.
    pub rule_17: bool,
    /// Queries per minute and app, burst 1; none for no limit.
    pub query_per_minute: Option<u32>,
    /// What a query about a live prompt says.
    pub pending: Pending,
    /// `expires_in` as text (the real service) or as a number (the documents).
    pub expires_in: ExpiresIn,
    pub token_life_s: u64,
    pub prompt_life_s: u64,
    /// How a wrong consumer key or secret is answered.
    pub bad_credentials: Reply,
    pub max_amount: i64,
    /// The most one phone may pay in a day of Nairobi, by prompts and by hand; beyond it a payment ends in 4.
    pub daily_limit: i64,
    /// How far Timestamp may be from Nairobi time; none for any.
    pub timestamp_skew_s: Option<u64>,
    /// Takes a `TransactionDesc` longer than the documented 13 characters.
    pub long_descriptions: bool,
    /// Refuses callback URLs with the words Safaricom refuses.
    pub banned_words: bool,
    /// Refuses callback URLs that are not https.
    pub https_only: bool,
    /// Refuses an `AccountReference` that is not all letters and digits.
    pub plain_references: bool,
    /// How long a callback waits for its answer.
    pub callback_patience_ms: u64,
    /// Sent with callbacks as X-Forwarded-For, as a proxy in front of the receiver would.
    pub forwarded_for: Option<String>,
    /// A shortcode's C2B URLs can be registered once.
    pub c2b_once: bool,
    /// C2B payments are validated first.
    pub c2b_validation: bool,
    pub mask: Mask,
    pub pull_method: PullMethod,
    /// The rows of Pull one array deeper (the documents' sample) or not.
    pub pull_nested: bool,
    /// So many of the newest payments, transactions, requests and deliveries are remembered.
    pub kept: usize,
}

impl Default for Knobs {
    fn default() -> Self {
        Self {
            mode: Mode::Automatic { after_ms: 0 },
            lock: Lock::Refuse,
            rule_17: true,
            query_per_minute: Some(5),
            pending: Pending::BeingProcessed,
            expires_in: ExpiresIn::Text,
            token_life_s: 3_600,
            prompt_life_s: 60,
            bad_credentials: Reply::Normal,
            max_amount: 250_000,
            daily_limit: 500_000,
            timestamp_skew_s: Some(600),
            long_descriptions: false,
            banned_words: true,
            https_only: false,
            plain_references: true,
            callback_patience_ms: 5_000,
            forwarded_for: None,
            c2b_once: true,
            c2b_validation: false,
            mask: Mask::Stars,
            pull_method: PullMethod::Both,
            pull_nested: false,
            kept: 20_000,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "kebab-case")]
pub enum Mode {
    /// Prompts wait for a person.
    Hand,
    /// Prompts are accepted after this time.
    Automatic { after_ms: u64 },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Lock {
    /// The second push is refused with `500.001.1001`.
    Refuse,
    /// The second push is accepted and ends in 1001.
    EndSecond,
    /// The first prompt dies with 1037 and the second takes its place.
    EndFirst,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pending {
    /// HTTP 500 `500.001.1001`.
    BeingProcessed,
    /// HTTP 200, `ResultCode` `4999`.
    StillProcessing,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ExpiresIn {
    Text,
    Number,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mask {
    /// `25470****149`
    Stars,
    /// `2547 ***** 126`
    Spaced,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PullMethod {
    Get,
    Post,
    Both,
}
