//! Setting and reading a provider's M-PESA account. In the database its three secrets are sealed, each for its provider and column.

use mnara_protocol::ids::ProviderId;
use secrecy::{ExposeSecret, SecretString};
use sqlx::PgConnection;
use thiserror::Error;

use super::store::SealedAccount;
use super::{BadProvider, check_account, store};
use crate::app::App;
use crate::rails::daraja::Credentials;
use crate::vault::{Column, Vault, VaultError};

const CONSUMER_KEY: Column = Column("providers.mpesa_consumer_key");
const CONSUMER_SECRET: Column = Column("providers.mpesa_consumer_secret");
const PASSKEY: Column = Column("providers.mpesa_passkey");

/// Why an account was not set or read.
#[derive(Debug, Error)]
pub enum AccountError {
    /// It cannot be set so.
    #[error(transparent)]
    Bad(#[from] BadProvider),
    /// There is no such provider.
    #[error("there is no such provider")]
    Missing,
    /// A stored secret does not open.
    #[error(
        "the stored M-PESA credentials do not open: is ENCRYPTION_KEY the one they were stored with?"
    )]
    Vault(#[from] VaultError),
    /// The database refused.
    #[error("the M-PESA account could not be stored or read")]
    Database(#[from] sqlx::Error),
}

/// Sets a provider's M-PESA account, in the transaction of what follows from it.
///
/// # Errors
/// [`AccountError`].
pub async fn set(
    conn: &mut PgConnection,
    vault: &Vault,
    provider: ProviderId,
    account: &Credentials,
) -> Result<(), AccountError> {
    check_account(account)?;
    let seal = |column, secret: &SecretString| {
        vault.seal(provider, column, secret.expose_secret().trim().as_bytes())
    };
    let sealed = SealedAccount {
        shortcode: account.shortcode.clone(),
        kind: account.kind.clone(),
        consumer_key: seal(CONSUMER_KEY, &account.consumer_key),
        consumer_secret: seal(CONSUMER_SECRET, &account.consumer_secret),
        passkey: seal(PASSKEY, &account.passkey),
    };
    if !store::set_account(conn, provider, &sealed).await? {
        return Err(AccountError::Missing);
    }
    Ok(())
}

/// Reads a provider's M-PESA account, if it has one.
///
/// # Errors
/// [`AccountError`].
pub async fn read(
    conn: &mut PgConnection,
    vault: &Vault,
    provider: ProviderId,
) -> Result<Option<Credentials>, AccountError> {
    let Some(sealed) = store::account(conn, provider).await? else {
        return Ok(None);
    };
    Ok(Some(Credentials {
        shortcode: sealed.shortcode,
        kind: sealed.kind,
        consumer_key: vault.open_text(provider, CONSUMER_KEY, &sealed.consumer_key)?,
        consumer_secret: vault.open_text(provider, CONSUMER_SECRET, &sealed.consumer_secret)?,
        passkey: vault.open_text(provider, PASSKEY, &sealed.passkey)?,
    }))
}

/// Seals a provider's secrets anew where an older key of the ring sealed them; says how many.
///
/// # Errors
/// [`AccountError`].
pub async fn reseal(app: &App, provider: ProviderId) -> Result<u32, AccountError> {
    let mut tx = app.db.tenant(provider).await?;
    let Some(sealed) = store::account(&mut tx, provider).await? else {
        return Ok(0);
    };
    let mut renewed = sealed.clone();
    let mut count = 0;
    for (column, token) in [
        (CONSUMER_KEY, &mut renewed.consumer_key),
        (CONSUMER_SECRET, &mut renewed.consumer_secret),
        (PASSKEY, &mut renewed.passkey),
    ] {
        if let Some(anew) = app.vault.reseal(provider, column, token)? {
            *token = anew;
            count += 1;
        }
    }
    // One that was set meanwhile is sealed with the first key already.
    if count == 0 || !store::reseal_account(&mut tx, provider, &sealed, &renewed).await? {
        return Ok(0);
    }
    tx.commit().await?;
    Ok(count)
}
