//! Registering the addresses to which M-PESA posts what customers pay to the shortcode without being asked, and how that stands. What such a
//! payment means is not known here.

pub mod store;

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::ProviderId;
use mnara_protocol::message::ByHand;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use sqlx::PgConnection;
use sqlx::types::JsonValue;
use thiserror::Error;

use super::mpesa::{self, AccountError};
use super::open::callback_path;
use super::store as providers;
use crate::app::App;
use crate::audit::{Actor, Deed, record};
use crate::rails::daraja::{Addresses, RegisterError, Registered, ShortcodeKind, Version};

/// Why nothing was registered.
#[derive(Debug, Error)]
pub enum C2bError {
    /// The provider has no M-PESA account, or it does not open.
    #[error(transparent)]
    Account(#[from] AccountError),
    /// There is no account.
    #[error("the provider has no M-PESA account yet: set it first")]
    NoAccount,
    /// The rail refused, or gives no answer.
    #[error(transparent)]
    Rail(#[from] RegisterError),
    /// The database refused.
    #[error("the secret of the addresses could not be stored")]
    Database(#[from] sqlx::Error),
}

/// How a registration stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// No answer has come.
    Asked,
    /// It is done.
    Now,
    /// Addresses were registered already, perhaps others.
    Before,
    /// The provider has to put something right.
    Setup,
    /// They are registered where Daraja cannot change them.
    OldPlatform,
    /// Daraja refused.
    Refused,
    /// Daraja gives no answer.
    Away,
}

impl State {
    const ALL: [Self; 7] = [
        Self::Asked,
        Self::Now,
        Self::Before,
        Self::Setup,
        Self::OldPlatform,
        Self::Refused,
        Self::Away,
    ];

    /// The word in its column.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Now => "done",
            Self::Before => "before",
            Self::Setup => "setup",
            Self::OldPlatform => "old-platform",
            Self::Refused => "refused",
            Self::Away => "away",
        }
    }

    /// Reads the column.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.word() == word)
    }
}

/// A registration.
#[derive(Clone, Debug)]
pub struct Registration {
    /// Of which shortcode.
    pub shortcode: String,
    /// The version that was chosen.
    pub version: Version,
    /// Whether a payment whose validation is not answered goes through.
    pub completes: bool,
    /// How it stands.
    pub state: State,
    /// What Safaricom said.
    pub said: Option<String>,
    /// When.
    pub at: Timestamp,
    /// When the first payment by hand was told of.
    pub heard: Option<Timestamp>,
}

impl Registration {
    /// Whether payments by hand are told of, as far as is known.
    #[must_use]
    pub const fn works(&self) -> bool {
        self.heard.is_some() || matches!(self.state, State::Now)
    }
}

/// What is chosen.
#[derive(Clone, Copy, Debug)]
pub struct Choice {
    /// The version.
    pub version: Version,
    /// Whether a payment whose validation is not answered goes through.
    pub completes: bool,
}

impl Choice {
    /// Money is never sent back because we were slow, and a number's middle is hidden.
    pub const USUAL: Self = Self {
        version: Version::Masked,
        completes: true,
    };

    /// As the audit tells it.
    fn told(self) -> JsonValue {
        json!({"version": self.version.number(), "completes": self.completes})
    }
}

/// How customers of a business can pay by hand, and to what number; none while nobody would hear of it.
///
/// # Errors
/// When the database is away.
pub async fn by_hand(
    conn: &mut PgConnection,
    provider: ProviderId,
) -> sqlx::Result<Option<(ByHand, String)>> {
    let (Some(account), Some(registered)) = (
        providers::account(conn, provider).await?,
        store::registration(conn, provider).await?,
    ) else {
        return Ok(None);
    };
    let is_this = registered.shortcode == account.shortcode && registered.works();
    let number = match account.kind {
        ShortcodeKind::Paybill => (ByHand::Paybill, account.shortcode),
        ShortcodeKind::Till { number } => (ByHand::Till, number),
    };
    Ok(is_this.then_some(number))
}

/// Registers a provider's C2B addresses under a fresh secret.
///
/// The secret is stored before the rail hears of it, since the first payment may come before the answer. It stays good whatever the answer
/// is: one that got lost may have been a yes. Who asked is written with it.
///
/// # Errors
/// [`C2bError`].
pub async fn register(
    app: &App,
    provider: ProviderId,
    choice: Choice,
    actor: Actor,
) -> Result<Registered, C2bError> {
    let secret = app.entropy.url_secret();
    let hash: [u8; 32] = Sha256::digest(secret.as_bytes()).into();
    let mut tx = app.db.tenant(provider).await?;
    let account = mpesa::read(&mut tx, &app.vault, provider)
        .await?
        .ok_or(C2bError::NoAccount)?;
    providers::insert_c2b_secret(&mut tx, provider, &hash, app.clock.now()).await?;
    let known = store::registration(&mut tx, provider).await?;
    // What was chosen for another number is no state of this one before.
    let known = known.filter(|known| known.shortcode == account.shortcode);
    let was_ours = known
        .as_ref()
        .is_some_and(|known| known.state == State::Now);
    if !was_ours {
        let now = app.clock.now();
        store::ask(&mut tx, provider, &account.shortcode, choice, now).await?;
    }
    let before = known.map(|known| Choice {
        version: known.version,
        completes: known.completes,
    });
    let deed = Deed {
        act: "mpesa-by-hand",
        subject: &provider.to_string(),
        before: before.map(Choice::told),
        after: Some(choice.told()),
    };
    record(app, &mut tx, Some(provider), actor, deed).await?;
    tx.commit().await?;
    let address = |what: &str| {
        let path = format!("{}/{secret}/{what}", callback_path(provider));
        app.config.web.public().join(&path)
    };
    let addresses = Addresses {
        version: choice.version,
        completes: choice.completes,
        validation: &address("validation"),
        confirmation: &address("confirmation"),
    };
    let done = app.rails.daraja.register_urls(&account, addresses).await;
    let (state, said) = match &done {
        Ok(Registered::Now) => (State::Now, None),
        Ok(Registered::Before) => (State::Before, None),
        Err(RegisterError::Setup(setup)) => (State::Setup, Some(setup.words().to_owned())),
        Err(RegisterError::OldPlatform) => (State::OldPlatform, None),
        Err(RegisterError::Refused { code, message }) => {
            (State::Refused, Some(format!("{code}: {message}")))
        }
        Err(RegisterError::Away(_)) => (State::Away, None),
    };
    // What was registered by us stays so, since the secrets of before stay good.
    if !was_ours || state == State::Now {
        let mut tx = app.db.tenant(provider).await?;
        let said = said.map(|said| said.chars().take(300).collect::<String>());
        store::answered(
            &mut tx,
            provider,
            choice,
            (state, said.as_deref()),
            app.clock.now(),
        )
        .await?;
        tx.commit().await?;
    }
    Ok(done?)
}
