//! Letting a business in, stopping it, letting it go on: its owners and its sites hear of it in the same transaction, wherever they are.
//!
//! A site that cannot be told is told by a job; that keeps no business from being stopped.

use mnara_protocol::ids::ProviderId;
use thiserror::Error;

use crate::app::App;
use crate::audit::{Actor, Deed, record};
use crate::providers;
use crate::providers::notices::tell_standing;
use crate::providers::state::{Move, State};
use crate::tickets::refresh::every_site_if_it_can;

/// Why a business stays as it is.
#[derive(Debug, Error)]
pub enum NotMoved {
    /// There is none such.
    #[error("there is no such business")]
    Nobody,
    /// The move makes no sense from where it stands.
    #[error("a business that is {} cannot be moved so", .0.word())]
    Senseless(State),
    /// The database refused.
    #[error("it could not be stored")]
    Database(#[from] sqlx::Error),
}

/// Moves a business.
///
/// # Errors
/// [`NotMoved`].
pub async fn stand(
    app: &App,
    provider: ProviderId,
    to: Move,
    actor: Actor,
) -> Result<State, NotMoved> {
    let mut tx = app.db.tenant(provider).await?;
    let before = providers::store::lock_state(&mut tx, provider)
        .await?
        .ok_or(NotMoved::Nobody)?;
    let after = before.after(to).ok_or(NotMoved::Senseless(before))?;
    providers::store::set_state(&mut tx, provider, after, app.clock.now()).await?;
    let deed = Deed {
        act: to.word(),
        subject: &provider.to_string(),
        before: Some(before.word().into()),
        after: Some(after.word().into()),
    };
    record(app, &mut tx, Some(provider), actor, deed).await?;
    tell_standing(app, &mut tx, provider, to).await?;
    every_site_if_it_can(app, &mut tx, provider).await?;
    tx.commit().await?;
    Ok(after)
}
