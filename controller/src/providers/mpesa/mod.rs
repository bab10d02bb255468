//! Setting and reading a provider's M-PESA account. In the database its three secrets are sealed, each for its provider and column.
//!
//! One set is in use. Those before it are kept, since what was pushed with a set is asked about with it; one that is to be used waits beside
//! them until it has proved itself.

pub mod store;

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{AccountId, ProviderId};
use secrecy::{ExposeSecret, SecretString};
use sqlx::PgConnection;
use thiserror::Error;

use super::store::SealedAccount;
use super::{BadProvider, check_account};
use crate::app::App;
use crate::providers;
use crate::rails::daraja::Credentials;
use crate::vault::{Column, Vault, VaultError};

const CONSUMER_KEY: Column = Column::MpesaKey;
const CONSUMER_SECRET: Column = Column::MpesaSecret;
const PASSKEY: Column = Column::MpesaPasskey;
/// Sets read at once.
const PAGE: u16 = 50;

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

/// Seals a set and keeps it beside the one in use, for it to prove itself.
///
/// # Errors
/// [`AccountError`].
pub async fn keep(
    app: &App,
    conn: &mut PgConnection,
    provider: ProviderId,
    account: &Credentials,
) -> Result<AccountId, AccountError> {
    check_account(account)?;
    let now = app.clock.now();
    let seal = |column, secret: &SecretString| {
        app.vault
            .seal(provider, column, secret.expose_secret().trim().as_bytes())
    };
    let sealed = SealedAccount {
        id: AccountId::new(now, app.entropy.bytes()),
        shortcode: account.shortcode.clone(),
        kind: account.kind.clone(),
        consumer_key: seal(CONSUMER_KEY, &account.consumer_key),
        consumer_secret: seal(CONSUMER_SECRET, &account.consumer_secret),
        passkey: seal(PASSKEY, &account.passkey),
    };
    store::insert(conn, provider, &sealed, false, now).await?;
    Ok(sealed.id)
}

/// Puts a kept set to use, and the one in use beside the others; gives the set that is in use now.
///
/// # Errors
/// [`AccountError::Missing`] when there is no such set, or no such provider.
pub async fn put_to_use(
    conn: &mut PgConnection,
    provider: ProviderId,
    id: AccountId,
    now: Timestamp,
) -> Result<SealedAccount, AccountError> {
    let before = providers::store::account(conn, provider).await?;
    let taken = store::take(conn, provider, id)
        .await?
        .ok_or(AccountError::Missing)?;
    if !providers::store::set_account(conn, provider, &taken).await? {
        return Err(AccountError::Missing);
    }
    if let Some(before) = before {
        store::insert(conn, provider, &before, true, now).await?;
    }
    Ok(taken)
}

/// Reads the set in use, if there is one.
///
/// # Errors
/// [`AccountError`].
pub async fn read(
    conn: &mut PgConnection,
    vault: &Vault,
    provider: ProviderId,
) -> Result<Option<Credentials>, AccountError> {
    let sealed = providers::store::account(conn, provider).await?;
    sealed
        .map(|sealed| open(vault, provider, sealed))
        .transpose()
}

/// Reads one set, in use or not.
///
/// # Errors
/// [`AccountError`].
pub async fn read_set(
    conn: &mut PgConnection,
    vault: &Vault,
    provider: ProviderId,
    id: AccountId,
) -> Result<Option<Credentials>, AccountError> {
    let sealed = store::find(conn, provider, id).await?;
    sealed
        .map(|sealed| open(vault, provider, sealed))
        .transpose()
}

fn open(
    vault: &Vault,
    provider: ProviderId,
    sealed: SealedAccount,
) -> Result<Credentials, AccountError> {
    Ok(Credentials {
        shortcode: sealed.shortcode,
        kind: sealed.kind,
        consumer_key: vault.open_text(provider, CONSUMER_KEY, &sealed.consumer_key)?,
        consumer_secret: vault.open_text(provider, CONSUMER_SECRET, &sealed.consumer_secret)?,
        passkey: vault.open_text(provider, PASSKEY, &sealed.passkey)?,
    })
}

/// Seals a provider's secrets anew where an older key of the ring sealed them; says how many.
///
/// # Errors
/// [`AccountError`].
pub async fn reseal(app: &App, provider: ProviderId) -> Result<u32, AccountError> {
    let mut tx = app.db.tenant(provider).await?;
    // No set changes places meanwhile.
    providers::store::lock_state(&mut tx, provider).await?;
    let mut count = 0;
    if let Some(sealed) = providers::store::account(&mut tx, provider).await?
        && let Some((renewed, secrets)) = anew(app, provider, &sealed)?
        && providers::store::reseal_account(&mut tx, provider, &sealed, &renewed).await?
    {
        count += secrets;
    }
    let mut last = None;
    loop {
        let kept = store::after(&mut tx, provider, last, PAGE).await?;
        for sealed in &kept {
            if let Some((renewed, secrets)) = anew(app, provider, sealed)?
                && store::reseal(&mut tx, provider, &renewed).await?
            {
                count += secrets;
            }
        }
        last = kept.last().map(|sealed| sealed.id);
        if kept.len() < usize::from(PAGE) {
            break;
        }
    }
    if count > 0 {
        tx.commit().await?;
    }
    Ok(count)
}

/// A set with what an older key had sealed sealed anew, and how many secrets those are.
fn anew(
    app: &App,
    provider: ProviderId,
    sealed: &SealedAccount,
) -> Result<Option<(SealedAccount, u32)>, AccountError> {
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
    Ok((count > 0).then_some((renewed, count)))
}
