//! Registering the addresses to which M-PESA posts what customers pay to the shortcode without being asked. What such a payment means
//! is not known here.

use mnara_protocol::ids::ProviderId;
use sha2::{Digest as _, Sha256};
use thiserror::Error;

use super::mpesa::{self, AccountError};
use super::open::callback_path;
use super::store;
use crate::app::App;
use crate::rails::daraja::{RegisterError, Registered};

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

/// Registers a provider's C2B addresses under a fresh secret.
///
/// The secret is stored before the rail hears of it, since the first payment may come before the answer. It stays good whatever the answer
/// is: one that got lost may have been a yes.
///
/// # Errors
/// [`C2bError`].
pub async fn register(app: &App, provider: ProviderId) -> Result<Registered, C2bError> {
    let secret = app.entropy.url_secret();
    let hash: [u8; 32] = Sha256::digest(secret.as_bytes()).into();
    let mut tx = app.db.tenant(provider).await?;
    let account = mpesa::read(&mut tx, &app.vault, provider)
        .await?
        .ok_or(C2bError::NoAccount)?;
    store::insert_c2b_secret(&mut tx, provider, &hash, app.clock.now()).await?;
    tx.commit().await?;
    let address = |what: &str| {
        let path = format!("{}/{secret}/{what}", callback_path(provider));
        app.config.web.public().join(&path)
    };
    Ok(app
        .rails
        .daraja
        .register_urls(&account, &address("validation"), &address("confirmation"))
        .await?)
}
