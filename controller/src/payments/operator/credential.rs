//! Setting and removing the operator: an owner with every proof, and all owners are told. The credential goes in and never comes out.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mnara_protocol::ids::ProviderId;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;
use thiserror::Error;

use super::{Kept, store};
use crate::app::App;
use crate::audit::{Actor, Deed, record};
use crate::payments::moving::{self, Proofs};
use crate::providers;
use crate::providers::log_in::Claimant;
use crate::providers::log_in::again::{NotProved, Proof, prove_as};
use crate::providers::notices::{Notice, tell_owners};
use crate::vault::{Column, VaultError};

/// Bytes that Safaricom's key makes of a password, whatever its size: 256 today.
const SEALED: std::ops::RangeInclusive<usize> = 128..=1024;

/// Why no operator was set or removed.
#[derive(Debug, Error)]
pub enum NotKept {
    /// They did not prove who they are.
    #[error(transparent)]
    Proof(#[from] NotProved),
    /// There is no M-PESA account whose operator it could be.
    #[error("there is no M-PESA account yet")]
    NoAccount,
    /// That is no user name.
    #[error("give the operator's user name")]
    Initiator,
    /// That cannot be a credential.
    #[error("give the SecurityCredential as the Daraja portal made it")]
    Credential,
    /// The database refused.
    #[error("the operator could not be stored")]
    Database(#[from] sqlx::Error),
}

/// Reads a credential as it is pasted: lines and spaces in it say nothing. A password is none.
#[must_use]
pub fn read(pasted: &SecretString) -> Option<SecretString> {
    let text: String = pasted
        .expose_secret()
        .chars()
        .filter(|c| !c.is_whitespace())
        .collect();
    let text = SecretString::from(text);
    let sealed = STANDARD.decode(text.expose_secret()).ok()?;
    // Keys have sizes; a part of what was to be copied has another.
    (SEALED.contains(&sealed.len()) && sealed.len() % 64 == 0).then_some(text)
}

/// Sets the operator of the account in use.
///
/// # Errors
/// [`NotKept`].
pub async fn set(
    app: &App,
    provider: ProviderId,
    (who, actor): (Claimant, Actor),
    proofs: Proofs<'_>,
    (initiator, pasted): (&str, &SecretString),
) -> Result<(), NotKept> {
    let initiator = initiator.trim();
    let is_name = (1..=64).contains(&initiator.len())
        && initiator
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'@' | b'-'));
    if !is_name {
        return Err(NotKept::Initiator);
    }
    let credential = read(pasted).ok_or(NotKept::Credential)?;
    let mut tx = app.db.tenant(provider).await?;
    providers::store::account_id(&mut tx, provider)
        .await?
        .ok_or(NotKept::NoAccount)?;
    drop(tx);
    moving::prove(app, provider, who, proofs).await?;
    let sealed = app.vault.seal(
        provider,
        Column::MpesaOperator,
        credential.expose_secret().as_bytes(),
    );
    let mut tx = app.db.tenant(provider).await?;
    providers::store::lock_state(&mut tx, provider).await?;
    let account = providers::store::account(&mut tx, provider)
        .await?
        .ok_or(NotKept::NoAccount)?;
    let before = store::operator(&mut tx, provider).await?;
    let kept = Kept {
        shortcode: account.shortcode,
        initiator: initiator.to_owned(),
        credential: sealed,
        since: app.clock.now(),
        status_proven: None,
        reversal_proven: None,
    };
    store::set(&mut tx, provider, &kept).await?;
    tell_owners(app, &mut tx, provider, &Notice::OperatorChanged).await?;
    let deed = Deed {
        act: "mpesa-operator",
        subject: &provider.to_string(),
        before: before.map(|before| json!({"operator": before.initiator})),
        after: Some(json!({"operator": kept.initiator, "shortcode": kept.shortcode})),
    };
    record(app, &mut tx, Some(provider), actor, deed).await?;
    tx.commit().await?;
    Ok(())
}

/// Removes the operator, for whoever proves who they are with what they have.
///
/// # Errors
/// [`NotKept`].
pub async fn remove(
    app: &App,
    provider: ProviderId,
    (who, actor): (Claimant, Actor),
    proofs: Proofs<'_>,
) -> Result<(), NotKept> {
    let (password, second) = (proofs.password, proofs.second);
    prove_as(app, who, password, second, Proof::WhatThereIs).await?;
    let mut tx = app.db.tenant(provider).await?;
    let before = store::operator(&mut tx, provider).await?;
    if !store::remove(&mut tx, provider).await? {
        return Ok(());
    }
    tell_owners(app, &mut tx, provider, &Notice::OperatorChanged).await?;
    let deed = Deed {
        act: "mpesa-operator-end",
        subject: &provider.to_string(),
        before: before.map(|before| json!({"operator": before.initiator})),
        after: None,
    };
    record(app, &mut tx, Some(provider), actor, deed).await?;
    tx.commit().await?;
    Ok(())
}

/// Why a credential was not sealed anew.
#[derive(Debug, Error)]
pub enum NotResealed {
    /// It does not open.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The database refused.
    #[error("the operator's credential could not be stored")]
    Database(#[from] sqlx::Error),
}

/// Seals a business's credential anew if an older key of the ring sealed it; says how many that were.
///
/// # Errors
/// [`NotResealed`].
pub async fn reseal(app: &App, provider: ProviderId) -> Result<u32, NotResealed> {
    let mut tx = app.db.tenant(provider).await?;
    let Some(kept) = store::operator(&mut tx, provider).await? else {
        return Ok(0);
    };
    let anew = app
        .vault
        .reseal(provider, Column::MpesaOperator, &kept.credential)?;
    let Some(anew) = anew else { return Ok(0) };
    let is_done = store::reseal(&mut tx, provider, &kept.credential, &anew).await?;
    tx.commit().await?;
    Ok(u32::from(is_done))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_portal_makes_is_a_credential() {
        let sealed = STANDARD.encode([7; 256]);
        let folded = format!(" {}\r\n{}\n", &sealed[..100], &sealed[100..]);
        for good in [sealed.as_str(), &folded] {
            let read = read(&good.into()).unwrap();
            assert_eq!(read.expose_secret(), sealed);
        }
        for bad in [
            "",
            "my password",
            "Safaricom123!",
            &STANDARD.encode([7; 16]),
            &STANDARD.encode([7; 2000]),
            &sealed[..343],
            &sealed[..300],
            &format!("{sealed}é"),
        ] {
            assert!(read(&bad.into()).is_none(), "{bad}");
        }
    }
}
