//! Changing the account customers pay into: the way a thief would take a business's money.
//!
//! An owner asks for it with password and second factor, the new account proves itself by a shilling that arrives, and only then it is used. The
//! one before is kept for what is still on its way in it and for going back, which every owner can for some days and is told of.

use std::time::Duration;

use mnara_protocol::ids::{MoveId, PersonId, ProviderId};
use secrecy::SecretString;
use serde_json::json;
use thiserror::Error;

use super::account::{NotSet, announce, told};
use super::account_test::{self, NotTried};
use super::moves::Stage;
use super::store;
use super::store::moves::{self, NewMove};
use crate::app::App;
use crate::audit::{Actor, Deed, record};
use crate::providers;
use crate::providers::log_in::Claimant;
use crate::providers::log_in::again::{A_DAY, NotProved, Proof, Second, prove_as};
use crate::providers::mpesa::{self, AccountError};
use crate::rails::daraja::{Credentials, TokenError};
use crate::rails::msisdn::Msisdn;
use crate::tickets::refresh::every_site_if_it_can;

/// The shilling has to arrive within this time of the proofs.
pub const LASTS: Duration = Duration::from_secs(15 * 60);
/// Changes looked at for going back.
const MOST: u16 = 20;

/// Why no change was begun, repeated or undone.
#[derive(Debug, Error)]
pub enum NotMoved {
    /// They did not prove who they are.
    #[error(transparent)]
    Proof(#[from] NotProved),
    /// The account cannot be set.
    #[error(transparent)]
    Account(#[from] NotSet),
    /// The shilling could not be asked for.
    #[error(transparent)]
    Test(#[from] NotTried),
    /// There is no account to change, or the change is over.
    #[error("there is nothing to change")]
    Over,
    /// The database refused.
    #[error("the change could not be stored")]
    Database(#[from] sqlx::Error),
}

impl From<AccountError> for NotMoved {
    fn from(error: AccountError) -> Self {
        Self::Account(error.into())
    }
}

/// What somebody proves themselves with.
#[derive(Debug)]
pub struct Proofs<'a> {
    /// The password.
    pub password: SecretString,
    /// The second factor.
    pub second: Second<'a>,
}

/// Takes the proofs without which nobody touches where money goes, or what can send it away.
///
/// # Errors
/// [`NotProved`].
pub(super) async fn prove(
    app: &App,
    provider: ProviderId,
    who: Claimant,
    proofs: Proofs<'_>,
) -> Result<(), NotProved> {
    let mut tx = app.db.tenant(provider).await?;
    let has_earned = moves::has_earned(&mut tx, provider).await?;
    let since = moves::owner_since(&mut tx, provider, who.person).await?;
    drop(tx);
    // Where money never came in there is none to steal, and an owner who mistyped the first account should not have to wait.
    let proof = if has_earned {
        Proof::BothForADay
    } else {
        Proof::Both
    };
    prove_as(app, who, proofs.password, proofs.second, proof).await?;
    // Their own proofs may be old: it is the place that a thief would have made.
    let is_new = since.is_none_or(|since| since.plus_secs(A_DAY) > app.clock.now());
    if has_earned && is_new {
        return Err(NotProved::NewOwner);
    }
    Ok(())
}

/// Begins a change: the proofs, then the keys, then the shilling. One that was begun before is dropped.
///
/// # Errors
/// [`NotMoved`]; nothing has changed then.
pub async fn begin(
    app: &App,
    provider: ProviderId,
    (who, actor): (Claimant, Actor),
    proofs: Proofs<'_>,
    account: &Credentials,
    phone: Msisdn,
) -> Result<(), NotMoved> {
    let mut tx = app.db.tenant(provider).await?;
    let from = providers::store::account_id(&mut tx, provider)
        .await?
        .ok_or(NotMoved::Over)?;
    drop(tx);
    // A second factor is good once, and should not be spent on a slip of the pen.
    providers::check_account(account).map_err(AccountError::Bad)?;
    prove(app, provider, who, proofs).await?;
    account_test::limit(app, provider, &phone).map_err(NotTried::from)?;
    let checked = app.rails.daraja.check_keys(account).await;
    checked.map_err(|error| match error {
        TokenError::Setup(setup) => NotSet::Refused(setup),
        TokenError::Busy | TokenError::Away(_) => NotSet::Away,
    })?;
    let now = app.clock.now();
    let mut tx = app.db.tenant(provider).await?;
    providers::store::lock_state(&mut tx, provider).await?;
    // It may have changed since it was looked at.
    if providers::store::account_id(&mut tx, provider).await? != Some(from) {
        return Err(NotMoved::Over);
    }
    if let Some(before) = moves::lock_asked(&mut tx, provider).await? {
        moves::end(&mut tx, provider, before.id, Stage::Dropped, now).await?;
    }
    let to = mpesa::keep(app, &mut tx, provider, account).await?;
    let ready = account_test::write(app, &mut tx, provider, to, phone).await?;
    let new = NewMove {
        id: MoveId::new(now, app.entropy.bytes()),
        from,
        to,
        proof: Some((ready.payment, who.person)),
        stage: Stage::Asked,
        at: now,
        expires: now + LASTS,
    };
    moves::insert(&mut tx, provider, &new).await?;
    let deed = Deed {
        act: "mpesa-asked",
        subject: &new.id.to_string(),
        before: None,
        after: Some(told(&account.shortcode, &account.kind)),
    };
    record(app, &mut tx, Some(provider), actor, deed).await?;
    tx.commit().await?;
    account_test::send(app, provider, ready).await?;
    Ok(())
}

/// Sends the shilling of a change that waits once more, to the same phone: only for whoever began it, who proved themselves for it.
///
/// # Errors
/// [`NotMoved`].
pub async fn again(app: &App, provider: ProviderId, person: PersonId) -> Result<(), NotMoved> {
    let now = app.clock.now();
    let mut tx = app.db.tenant(provider).await?;
    let waiting = moves::lock_asked(&mut tx, provider)
        .await?
        .filter(|one| one.waits(now) && one.person == Some(person));
    let (Some(waiting), Some(last)) = (
        waiting.as_ref(),
        waiting.as_ref().and_then(|one| one.payment),
    ) else {
        return Err(NotMoved::Over);
    };
    // Read and not locked: whoever settles a payment has it before the change.
    let phone = store::phone(&mut tx, provider, last)
        .await?
        .ok_or(NotMoved::Over)?;
    account_test::limit(app, provider, &phone).map_err(NotTried::from)?;
    let ready = account_test::write(app, &mut tx, provider, waiting.to, phone).await?;
    moves::set_payment(&mut tx, provider, waiting.id, ready.payment).await?;
    tx.commit().await?;
    account_test::send(app, provider, ready).await?;
    Ok(())
}

/// Drops the change that waits, if there is one.
///
/// # Errors
/// When the database refuses.
pub async fn cancel(app: &App, provider: ProviderId, actor: Actor) -> sqlx::Result<()> {
    let mut tx = app.db.tenant(provider).await?;
    if let Some(waiting) = moves::lock_asked(&mut tx, provider).await? {
        let now = app.clock.now();
        let to = mpesa::store::find(&mut tx, provider, waiting.to).await?;
        moves::end(&mut tx, provider, waiting.id, Stage::Dropped, now).await?;
        let deed = Deed {
            act: "mpesa-dropped",
            subject: &waiting.id.to_string(),
            before: to.map(|to| told(&to.shortcode, &to.kind)),
            after: None,
        };
        record(app, &mut tx, Some(provider), actor, deed).await?;
        tx.commit().await?;
    }
    Ok(())
}

/// Goes back behind a change, and behind all that came after it: any owner may, with the password and the second factor they have.
///
/// # Errors
/// [`NotMoved`].
pub async fn back(
    app: &App,
    provider: ProviderId,
    (who, actor): (Claimant, Actor),
    id: MoveId,
    proofs: Proofs<'_>,
) -> Result<(), NotMoved> {
    let (password, second) = (proofs.password, proofs.second);
    prove_as(app, who, password, second, Proof::WhatThereIs).await?;
    let now = app.clock.now();
    let mut tx = app.db.tenant(provider).await?;
    providers::store::lock_state(&mut tx, provider).await?;
    if let Some(waiting) = moves::lock_asked(&mut tx, provider).await? {
        moves::end(&mut tx, provider, waiting.id, Stage::Dropped, now).await?;
    }
    let last = moves::last(&mut tx, provider, MOST).await?;
    let undone = last
        .iter()
        .find(|one| one.id == id && one.can_be_undone(now))
        .ok_or(NotMoved::Over)?;
    let before = providers::store::account(&mut tx, provider)
        .await?
        .ok_or(NotMoved::Over)?;
    // Whatever came after it goes with it: a thief may have changed it twice.
    for later in last
        .iter()
        .filter(|one| one.stage == Stage::Done && one.ended >= undone.ended)
    {
        moves::end(&mut tx, provider, later.id, Stage::Undone, now).await?;
    }
    let after = mpesa::put_to_use(&mut tx, provider, undone.from, now).await?;
    let left = last
        .iter()
        .find(|one| one.ended < undone.ended && one.can_be_undone(now));
    let left = left.and_then(|one| one.ended.map(|at| (at, one.person)));
    announce(app, &mut tx, provider, left).await?;
    let deed = Deed {
        act: "mpesa-back",
        subject: &id.to_string(),
        before: Some(json!(told(&before.shortcode, &before.kind))),
        after: Some(json!(told(&after.shortcode, &after.kind))),
    };
    record(app, &mut tx, Some(provider), actor, deed).await?;
    every_site_if_it_can(app, &mut tx, provider).await?;
    tx.commit().await?;
    Ok(())
}
