//! What a column holds sealed, sealed anew with the first key: a page in each transaction, so that a change of keys holds no table for long.

use futures_util::future::BoxFuture;
use sqlx::PgConnection;
use thiserror::Error;

use super::Reason;
use crate::app::App;
use crate::vault::{Column, Owner, VaultError};

/// Values in one transaction.
const PAGE: u16 = 500;

/// Why a column was not sealed anew; the pages before are.
#[derive(Debug, Error)]
pub enum NotRenewed {
    /// A value does not open.
    #[error(
        "a stored secret does not open: is the key it was stored with still in ENCRYPTION_KEY?"
    )]
    Vault(#[from] VaultError),
    /// The database refused.
    #[error("what is sealed could not be stored anew")]
    Database(#[from] sqlx::Error),
}

/// Seals a column of an owner anew where an older key of the ring sealed it; says how many values that were.
///
/// A store reads the values after an id, in the order of ids and no more than it is asked for, and keeps those that are sealed anew.
///
/// # Errors
/// [`NotRenewed`].
pub async fn renew<I: Copy>(
    app: &App,
    (owner, column): (Owner, Column),
    page: impl for<'a> Fn(
        &'a mut PgConnection,
        Option<I>,
        u16,
    ) -> BoxFuture<'a, sqlx::Result<Vec<(I, String)>>>,
    keep: impl for<'a> Fn(&'a mut PgConnection, Vec<(I, String)>) -> BoxFuture<'a, sqlx::Result<()>>,
) -> Result<u32, NotRenewed> {
    let (mut after, mut count) = (None, 0);
    loop {
        let mut tx = match owner {
            Owner::Platform => app.db.platform(Reason::Admin).await?,
            Owner::Provider(provider) => app.db.tenant(provider).await?,
        };
        let found = page(&mut tx, after, PAGE).await?;
        let mut renewed = Vec::new();
        for (id, sealed) in &found {
            if let Some(anew) = app.vault.reseal(owner, column, sealed)? {
                renewed.push((*id, anew));
                count += 1;
            }
        }
        if !renewed.is_empty() {
            keep(&mut tx, renewed).await?;
        }
        tx.commit().await?;
        after = found.last().map(|(id, _)| *id);
        if found.len() < usize::from(PAGE) {
            return Ok(count);
        }
    }
}
