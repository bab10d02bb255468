//! SMS: one text handed to whoever sends for us. What is written to whom, and what becomes of a text that was not taken, is decided in the
//! slices.
//!
//! No sender of SMS that we know of can be told that two calls are the same text, so each says plainly whether one may have left.

use std::fmt;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use thiserror::Error;

use super::msisdn::Msisdn;
use crate::config::SmsConfig;

mod africastalking;
pub mod gsm7;
pub mod report;

pub use africastalking::AfricasTalking;

/// One text, ready to leave.
#[derive(Clone, Copy)]
pub struct Outgoing<'a> {
    /// The phone it goes to.
    pub to: Msisdn,
    /// What it says.
    pub text: &'a str,
}

impl fmt::Debug for Outgoing<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Outgoing(…)")
    }
}

/// What a text costs, in the smallest unit of its currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cost {
    /// Cents, rounded up: what is shown is never less than what is paid.
    pub cents: u32,
    /// Three letters.
    pub currency: String,
}

/// A text that was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// What reports about it will name.
    pub id: String,
    /// What it costs, where that was said.
    pub cost: Option<Cost>,
}

/// Why a text does not arrive. The word is kept in a column and told to people in theirs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The number is none.
    Number,
    /// No text reaches such a number: a landline, say.
    Unsupported,
    /// The phone's owner wants none.
    OptedOut,
    /// Nobody knows the way to it.
    Route,
    /// The network said no.
    Rejected,
    /// The phone was off, or is no longer in use.
    Absent,
    /// Whoever sends for us holds it back as suspicious.
    Held,
    /// Our account has no money left.
    Balance,
    /// The name we send under is not ours.
    Sender,
    /// What opens our account is wrong.
    Keys,
    /// Something broke on the way.
    Gateway,
    /// Too many at once.
    Busy,
    /// Nobody answered.
    Away,
    /// It was not said.
    Other,
}

impl Reason {
    /// All of them.
    pub const ALL: [Self; 14] = [
        Self::Number,
        Self::Unsupported,
        Self::OptedOut,
        Self::Route,
        Self::Rejected,
        Self::Absent,
        Self::Held,
        Self::Balance,
        Self::Sender,
        Self::Keys,
        Self::Gateway,
        Self::Busy,
        Self::Away,
        Self::Other,
    ];

    /// The word in the database.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Number => "number",
            Self::Unsupported => "unsupported",
            Self::OptedOut => "opted-out",
            Self::Route => "route",
            Self::Rejected => "rejected",
            Self::Absent => "absent",
            Self::Held => "held",
            Self::Balance => "balance",
            Self::Sender => "sender",
            Self::Keys => "keys",
            Self::Gateway => "gateway",
            Self::Busy => "busy",
            Self::Away => "away",
            Self::Other => "other",
        }
    }
}

/// Why a text was not taken.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum NotTaken {
    /// Nobody sends for us.
    #[error("SMS is not set up: give AFRICASTALKING_USERNAME and AFRICASTALKING_API_KEY")]
    NotSetUp,
    /// It never will be: trying again is of no use.
    #[error("the text was refused for good ({})", .0.word())]
    Refused(Reason),
    /// It certainly did not leave, and may go later.
    #[error("the text was not taken for now ({})", .0.word())]
    NotNow(Reason),
    /// It may have left: sending it again could send it twice.
    #[error("the answer is lost, so the text may have left")]
    Lost,
}

/// Somebody who sends texts for us.
pub trait Texts: fmt::Debug + Send + Sync {
    /// Hands one text in; none of the words of an error names the phone or the text.
    fn send<'a>(&'a self, text: Outgoing<'a>) -> BoxFuture<'a, Result<Taken, NotTaken>>;
}

/// Whoever sends for us, if anybody does.
#[derive(Clone, Debug)]
pub struct Sms(Option<Arc<dyn Texts>>);

impl Sms {
    /// Makes the client; nothing is called yet.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new(config: &SmsConfig) -> anyhow::Result<Self> {
        let Some(account) = config.account() else {
            return Ok(Self(None));
        };
        Ok(Self(Some(Arc::new(AfricasTalking::new(&account)?))))
    }

    /// Whether texts can leave.
    #[must_use]
    pub fn is_set_up(&self) -> bool {
        self.0.is_some()
    }

    /// Hands a text in.
    ///
    /// # Errors
    /// [`NotTaken`].
    pub async fn send(&self, text: Outgoing<'_>) -> Result<Taken, NotTaken> {
        match &self.0 {
            Some(texts) => texts.send(text).await,
            None => Err(NotTaken::NotSetUp),
        }
    }
}
