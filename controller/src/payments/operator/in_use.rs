//! The operator in use: that of the shortcode in use, what it may do, and what opens it.

use mnara_protocol::ids::ProviderId;
use sqlx::PgConnection;

use super::{Kept, Right, store};
use crate::app::App;
use crate::providers;
use crate::providers::mpesa::{self, AccountError};
use crate::rails::daraja::{Credentials, Operator};
use crate::vault::Column;

/// The operator of the shortcode in use, if there is one.
///
/// # Errors
/// When the database is away.
pub async fn current(conn: &mut PgConnection, provider: ProviderId) -> sqlx::Result<Option<Kept>> {
    let kept = store::operator(conn, provider).await?;
    let account = providers::store::account(conn, provider).await?;
    Ok(kept.filter(|kept| account.is_some_and(|account| account.shortcode == kept.shortcode)))
}

/// Whether a right is there for other things than its test.
///
/// # Errors
/// When the database is away.
pub async fn may(
    conn: &mut PgConnection,
    provider: ProviderId,
    right: Right,
) -> sqlx::Result<bool> {
    let kept = current(conn, provider).await?;
    Ok(kept.is_some_and(|kept| kept.proven(right).is_some()))
}

/// What a request is made with: the application in use, and the operator.
pub(super) async fn opened(
    app: &App,
    conn: &mut PgConnection,
    provider: ProviderId,
    kept: &Kept,
) -> Result<Option<(Credentials, Operator)>, AccountError> {
    let Some(credentials) = mpesa::read(conn, &app.vault, provider).await? else {
        return Ok(None);
    };
    let credential = app
        .vault
        .open_text(provider, Column::MpesaOperator, &kept.credential)?;
    let operator = Operator {
        initiator: kept.initiator.clone(),
        credential,
    };
    Ok(Some((credentials, operator)))
}
