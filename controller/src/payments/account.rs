//! Setting the M-PESA account a business is paid into: one transaction with its sites, which open for sale by it, and the line that says who did.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{MoveId, PersonId, ProviderId};
use serde_json::{Value as JsonValue, json};
use sqlx::PgConnection;
use thiserror::Error;

use super::Payment;
use super::moves::Stage;
use super::store::moves::{self, NewMove};
use crate::app::App;
use crate::audit::{Actor, Deed, record};
use crate::providers::mpesa::{self, AccountError};
use crate::providers::notices::{Notice, tell_owners};
use crate::providers::store;
use crate::rails::daraja::{Credentials, Setup, ShortcodeKind, TokenError};
use crate::tickets::feed::FeedError;
use crate::tickets::refresh::{every_site, every_site_if_it_can};

/// Why an account was not set.
#[derive(Debug, Error)]
pub enum NotSet {
    /// It cannot be set so, or not be read.
    #[error(transparent)]
    Account(#[from] AccountError),
    /// Safaricom does not take the keys.
    #[error("{}", .0.words())]
    Refused(Setup),
    /// Safaricom does not answer.
    #[error("Safaricom does not answer right now: try again in a few minutes")]
    Away,
    /// There is an account, and a page does not change the way money goes.
    #[error("this business has an M-PESA account already")]
    Taken,
    /// The sites could not be told.
    #[error(transparent)]
    Feed(#[from] FeedError),
    /// The database refused.
    #[error("the M-PESA account could not be stored")]
    Database(#[from] sqlx::Error),
}

/// Sets the account, whatever was there before, as whoever has the command line may.
///
/// # Errors
/// [`NotSet`].
pub async fn set(
    app: &App,
    provider: ProviderId,
    account: &Credentials,
    actor: Actor,
) -> Result<(), NotSet> {
    let mut tx = app.db.tenant(provider).await?;
    write(app, &mut tx, provider, account, actor).await?;
    tx.commit().await?;
    Ok(())
}

/// Sets the first account of a business, once Safaricom has taken its keys. A later one is not set so: whoever steals an owner's log-in would
/// send the money elsewhere.
///
/// # Errors
/// [`NotSet`].
pub async fn set_first(
    app: &App,
    provider: ProviderId,
    account: &Credentials,
    actor: Actor,
) -> Result<(), NotSet> {
    crate::providers::check_account(account).map_err(AccountError::Bad)?;
    app.rails
        .daraja
        .check_keys(account)
        .await
        .map_err(|error| match error {
            TokenError::Setup(setup) => NotSet::Refused(setup),
            TokenError::Busy | TokenError::Away(_) => NotSet::Away,
        })?;
    let mut tx = app.db.tenant(provider).await?;
    // Locked, so that of two who set the first one is second.
    store::lock_state(&mut tx, provider).await?;
    if store::account(&mut tx, provider).await?.is_some() {
        return Err(NotSet::Taken);
    }
    write(app, &mut tx, provider, account, actor).await?;
    tx.commit().await?;
    Ok(())
}

async fn write(
    app: &App,
    conn: &mut PgConnection,
    provider: ProviderId,
    account: &Credentials,
    actor: Actor,
) -> Result<(), NotSet> {
    let now = app.clock.now();
    store::lock_state(conn, provider)
        .await?
        .ok_or(AccountError::Missing)?;
    let before = store::account(conn, provider).await?;
    let id = mpesa::keep(app, conn, provider, account).await?;
    mpesa::put_to_use(conn, provider, id, now).await?;
    if let Some(before) = &before {
        // Whatever an owner has asked for meanwhile was about the account before.
        if let Some(waiting) = moves::lock_asked(conn, provider).await? {
            moves::end(conn, provider, waiting.id, Stage::Dropped, now).await?;
        }
        let new = NewMove {
            id: MoveId::new(now, app.entropy.bytes()),
            from: before.id,
            to: id,
            proof: None,
            stage: Stage::Done,
            at: now,
            expires: now,
        };
        moves::insert(conn, provider, &new).await?;
        announce(app, conn, provider, Some((now, None))).await?;
    }
    let deed = Deed {
        act: "mpesa",
        subject: &provider.to_string(),
        before: before.map(|before| told(&before.shortcode, &before.kind)),
        after: Some(told(&account.shortcode, &account.kind)),
    };
    record(app, conn, Some(provider), actor, deed).await?;
    every_site(app, conn, provider).await?;
    Ok(())
}

/// A shilling has arrived: the change it proves is done, in the transaction that says so. One that is over, was overtaken, or was asked for by
/// somebody who is no owner any more, is not.
///
/// # Errors
/// [`AccountError`].
pub async fn proved(
    app: &App,
    conn: &mut PgConnection,
    payment: &Payment,
    now: Timestamp,
) -> Result<(), AccountError> {
    let provider = payment.provider;
    store::lock_state(conn, provider).await?;
    let waiting = moves::lock_asked(conn, provider).await?;
    let Some(waiting) = waiting.filter(|one| Some(one.to) == payment.account) else {
        return Ok(());
    };
    let before = store::account(conn, provider).await?;
    let (Some(before), Some(person)) = (before, waiting.person) else {
        return Ok(());
    };
    let holds = waiting.waits(now)
        && before.id == waiting.from
        && moves::is_owner(conn, provider, person).await?;
    if !holds {
        return moves::end(conn, provider, waiting.id, Stage::Dropped, now)
            .await
            .map_err(Into::into);
    }
    let after = mpesa::put_to_use(conn, provider, waiting.to, now).await?;
    moves::end(conn, provider, waiting.id, Stage::Done, now).await?;
    announce(app, conn, provider, Some((now, Some(person)))).await?;
    let deed = Deed {
        act: "mpesa",
        subject: &provider.to_string(),
        before: Some(told(&before.shortcode, &before.kind)),
        after: Some(told(&after.shortcode, &after.kind)),
    };
    record(app, conn, Some(provider), Actor::Staff(person), deed).await?;
    every_site_if_it_can(app, conn, provider).await?;
    Ok(())
}

/// Lets all owners know that money goes elsewhere, or not any more: by mail, and on whatever page they open for some days.
///
/// # Errors
/// When the database refuses.
pub(super) async fn announce(
    app: &App,
    conn: &mut PgConnection,
    provider: ProviderId,
    moved: Option<(Timestamp, Option<PersonId>)>,
) -> sqlx::Result<()> {
    store::note_move(conn, provider, moved).await?;
    tell_owners(app, conn, provider, &Notice::MpesaChanged).await
}

/// An account as it may be told: its numbers, and nothing that opens it.
pub(super) fn told(shortcode: &str, kind: &ShortcodeKind) -> JsonValue {
    match kind {
        ShortcodeKind::Paybill => json!({"paybill": shortcode}),
        ShortcodeKind::Till { number } => json!({"store": shortcode, "till": number}),
    }
}
