//! The controller's own signing key: made once, sealed in PostgreSQL and so in every backup.
//!
//! It proves to agents who they talk to, apart from TLS, which a proxy may end. How one key follows another is in `rotate`.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ed25519_dalek::{SigningKey, VerifyingKey};
use mnara_protocol::clock::Ticks;
use mnara_protocol::frame::{KeyId, KeyStatement};
use mnara_protocol::session::ControllerKeys;
use secrecy::ExposeSecret;
use thiserror::Error;

use super::store::identity::{self as store, KeyRow, Role};
use crate::app::App;
use crate::db::Reason;
use crate::vault::{Column, Owner, VaultError};

pub(super) const SECRET: Column = Column::IdentityKey;
/// Statements a challenge has room for.
const SENT: u8 = 8;
/// After so long the keys are read again: the command line, or another replica, may have changed them.
const FRESH: Duration = Duration::from_secs(10);

/// Why there is no identity.
#[derive(Debug, Error)]
pub enum IdentityError {
    /// The sealed key does not open.
    #[error(
        "the controller's identity key does not open: is ENCRYPTION_KEY the one it was stored with?"
    )]
    Vault(#[from] VaultError),
    /// What opens is not a key, or not the one its row names.
    #[error("the stored identity key is not a key")]
    Damaged,
    /// The database refused.
    #[error("the controller's identity key could not be read")]
    Database(#[from] sqlx::Error),
}

/// The keys at one moment.
#[derive(Clone)]
pub struct Keys {
    /// The one that signs.
    pub signing: Arc<SigningKey>,
    /// Those that signed before and are not retired: an agent that was away may know only them.
    pub previous: Vec<Arc<SigningKey>>,
    /// The one that waits offline.
    pub spare: Option<VerifyingKey>,
    /// What leads from older keys to this one, oldest first.
    pub statements: Arc<[KeyStatement]>,
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys")
            .field("signing", &self.signing.verifying_key())
            .finish_non_exhaustive()
    }
}

impl Keys {
    /// As a session needs them.
    #[must_use]
    pub fn session(&self) -> ControllerKeys {
        ControllerKeys {
            signing: Arc::clone(&self.signing),
            statements: Arc::clone(&self.statements),
        }
    }

    /// The public halves of what agents may pin, the one that signs first.
    pub fn public(&self) -> impl Iterator<Item = VerifyingKey> {
        let previous = self.previous.iter().map(|key| key.verifying_key());
        std::iter::once(self.signing.verifying_key())
            .chain(self.spare)
            .chain(previous)
    }

    /// The key that signs for somebody who knows these; the current one when none of them may sign.
    #[must_use]
    pub fn known_to(&self, known: &[KeyId]) -> &SigningKey {
        std::iter::once(&self.signing)
            .chain(self.previous.iter().rev())
            .find(|key| known.contains(&KeyId::of(&key.verifying_key())))
            .unwrap_or(&self.signing)
    }
}

/// The identity of this controller, read or made when it is first needed and looked at again every few seconds.
#[derive(Clone, Debug, Default)]
pub struct Identity(Arc<Mutex<Option<Known>>>);

/// Keys, and when they were read.
type Known = (Ticks, Arc<Keys>);

impl Identity {
    /// Gives the keys.
    ///
    /// # Errors
    /// [`IdentityError`] when they were never read; the next call tries again.
    pub async fn keys(&self, app: &App) -> Result<Arc<Keys>, IdentityError> {
        let now = app.clock.monotonic();
        let known = self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        match &known {
            Some((at, keys)) if now.since(*at) < FRESH => return Ok(Arc::clone(keys)),
            _ => {}
        }
        let keys = match (load(app).await, known) {
            (Ok(keys), _) => Arc::new(keys),
            (Err(error), Some((_, keys))) => {
                tracing::warn!(error = %format!("{:#}", anyhow::Error::new(error)), "the identity keys could not be read again");
                keys
            }
            (Err(error), None) => return Err(error),
        };
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((now, Arc::clone(&keys)));
        Ok(keys)
    }
}

/// Reads the keys, or makes the first one: of two controllers that make one at once, the first to commit wins and both use it.
///
/// # Errors
/// [`IdentityError`].
pub async fn load(app: &App) -> Result<Keys, IdentityError> {
    let mut tx = app.db.platform(Reason::Link).await?;
    let mut rows = store::live_keys(&mut tx).await?;
    if !rows.iter().any(|row| row.role == Role::Current) {
        let made = SigningKey::from_bytes(&app.entropy.bytes());
        let sealed = app.vault.seal(Owner::Platform, SECRET, made.as_bytes());
        let public = made.verifying_key().to_bytes();
        store::insert_key(
            &mut tx,
            &public,
            Some(&sealed),
            Role::Current,
            app.clock.now(),
        )
        .await?;
        rows = store::live_keys(&mut tx).await?;
    }
    let statements = store::statements(&mut tx, SENT).await?;
    tx.commit().await?;
    let mut signing = None;
    let mut previous = Vec::new();
    let mut spare = None;
    for row in &rows {
        match row.role {
            Role::Current => signing = Some(Arc::new(open(app, row)?)),
            Role::Previous => previous.push(Arc::new(open(app, row)?)),
            Role::Spare => spare = Some(public(row)?),
            Role::Retired => {}
        }
    }
    let statements = statements
        .iter()
        .map(|bytes| minicbor::decode(bytes).map_err(|_| IdentityError::Damaged))
        .collect::<Result<Arc<[_]>, _>>()?;
    Ok(Keys {
        signing: signing.ok_or(IdentityError::Damaged)?,
        previous,
        spare,
        statements,
    })
}

/// The public half of a stored key.
pub(super) fn public(row: &KeyRow) -> Result<VerifyingKey, IdentityError> {
    <[u8; 32]>::try_from(row.public.as_slice())
        .ok()
        .and_then(|bytes| VerifyingKey::from_bytes(&bytes).ok())
        .ok_or(IdentityError::Damaged)
}

/// Opens a stored key.
pub(super) fn open(app: &App, row: &KeyRow) -> Result<SigningKey, IdentityError> {
    let sealed = row.secret.as_deref().ok_or(IdentityError::Damaged)?;
    let secret = app.vault.open(Owner::Platform, SECRET, sealed)?;
    let secret: [u8; 32] = secret
        .expose_secret()
        .try_into()
        .map_err(|_| IdentityError::Damaged)?;
    let key = SigningKey::from_bytes(&secret);
    if key.verifying_key().as_bytes().as_slice() == row.public.as_slice() {
        Ok(key)
    } else {
        Err(IdentityError::Damaged)
    }
}

/// Seals the keys' secrets anew where an older key of the ring sealed them; says how many.
///
/// # Errors
/// [`IdentityError`].
pub async fn reseal(app: &App) -> Result<u32, IdentityError> {
    let mut tx = app.db.platform(Reason::Admin).await?;
    let mut count = 0;
    for row in store::lock_keys(&mut tx).await? {
        let Some(sealed) = &row.secret else { continue };
        if let Some(anew) = app.vault.reseal(Owner::Platform, SECRET, sealed)? {
            store::set_secret(&mut tx, &row.public, &anew).await?;
            count += 1;
        }
    }
    tx.commit().await?;
    Ok(count)
}
