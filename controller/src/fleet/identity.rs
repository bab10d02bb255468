//! The controller's own signing key: made once, sealed in PostgreSQL and so in every backup. It proves to agents who they talk to, apart
//! from TLS, which a proxy may end.

use std::sync::Arc;

use ed25519_dalek::{SigningKey, VerifyingKey};
use secrecy::ExposeSecret as _;
use thiserror::Error;
use tokio::sync::OnceCell;

use super::store;
use crate::app::App;
use crate::db::Reason;
use crate::vault::{Column, Owner, VaultError};

const SECRET: Column = Column("identity_keys.secret");

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

/// The identity of this controller, read or made when it is first needed.
#[derive(Clone, Debug, Default)]
pub struct Identity(Arc<OnceCell<Arc<SigningKey>>>);

impl Identity {
    /// Gives the key.
    ///
    /// # Errors
    /// [`IdentityError`]; the next call tries again.
    pub async fn key(&self, app: &App) -> Result<Arc<SigningKey>, IdentityError> {
        self.0
            .get_or_try_init(|| async { load(app).await.map(Arc::new) })
            .await
            .cloned()
    }

    /// Gives the public half.
    ///
    /// # Errors
    /// [`IdentityError`].
    pub async fn public(&self, app: &App) -> Result<VerifyingKey, IdentityError> {
        Ok(self.key(app).await?.verifying_key())
    }
}

/// Reads the key, or makes it: of two controllers that make one at once, the first to commit wins and both use it.
///
/// # Errors
/// [`IdentityError`].
pub async fn load(app: &App) -> Result<SigningKey, IdentityError> {
    let mut tx = app.db.platform(Reason::Link).await?;
    if let Some(stored) = store::identity(&mut tx).await? {
        return open(app, &stored);
    }
    let made = SigningKey::from_bytes(&app.entropy.bytes());
    let sealed = app.vault.seal(Owner::Platform, SECRET, made.as_bytes());
    store::insert_identity(
        &mut tx,
        made.verifying_key().as_bytes(),
        &sealed,
        app.clock.now(),
    )
    .await?;
    let stored = store::identity(&mut tx)
        .await?
        .ok_or(IdentityError::Damaged)?;
    tx.commit().await?;
    open(app, &stored)
}

fn open(app: &App, stored: &(Vec<u8>, String)) -> Result<SigningKey, IdentityError> {
    let (public, sealed) = stored;
    let secret = app.vault.open(Owner::Platform, SECRET, sealed)?;
    let secret: [u8; 32] = secret
        .expose_secret()
        .try_into()
        .map_err(|_| IdentityError::Damaged)?;
    let key = SigningKey::from_bytes(&secret);
    if key.verifying_key().as_bytes().as_slice() == public.as_slice() {
        Ok(key)
    } else {
        Err(IdentityError::Damaged)
    }
}

/// Seals the identity's secret anew if an older key of the ring sealed it; says whether it did.
///
/// # Errors
/// [`IdentityError`].
pub async fn reseal(app: &App) -> Result<bool, IdentityError> {
    let mut tx = app.db.platform(Reason::Admin).await?;
    let Some((public, sealed)) = store::identity(&mut tx).await? else {
        return Ok(false);
    };
    let Some(anew) = app.vault.reseal(Owner::Platform, SECRET, &sealed)? else {
        return Ok(false);
    };
    store::set_identity_secret(&mut tx, &public, &anew).await?;
    tx.commit().await?;
    Ok(true)
}
