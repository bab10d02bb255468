//! Refusing a customer at the till, and letting one pay again.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{CustomerId, ProviderId};
use serde_json::json;
use sqlx::PgConnection;

use super::{NotDone, reason, store};
use crate::app::App;
use crate::audit::{Actor, Deed, record};
use crate::web::show;

/// Refuses a customer at the till from now on; what they have goes on.
///
/// # Errors
/// [`NotDone`].
pub async fn block(
    app: &App,
    provider: ProviderId,
    id: CustomerId,
    why: &str,
    actor: Actor,
) -> Result<(), NotDone> {
    let mut tx = app.db.tenant(provider).await?;
    block_in(app, &mut tx, (provider, actor), id, Some(why)).await?;
    tx.commit().await?;
    Ok(())
}

/// Lets a customer pay again.
///
/// # Errors
/// [`NotDone`].
pub async fn unblock(
    app: &App,
    provider: ProviderId,
    id: CustomerId,
    actor: Actor,
) -> Result<(), NotDone> {
    let mut tx = app.db.tenant(provider).await?;
    block_in(app, &mut tx, (provider, actor), id, None).await?;
    tx.commit().await?;
    Ok(())
}

/// Refuses a customer for a reason, or lets them pay again where there is none, in the caller's transaction.
///
/// # Errors
/// [`NotDone`].
pub async fn block_in(
    app: &App,
    conn: &mut PgConnection,
    (provider, actor): (ProviderId, Actor),
    id: CustomerId,
    why: Option<&str>,
) -> Result<(), NotDone> {
    let now = app.clock.now();
    let why = why.map(|why| reason(why).ok_or(NotDone::Reason));
    let why = why.transpose()?;
    let block = why.map(|why| (now, why));
    let was = store::set_block(conn, provider, id, block)
        .await?
        .ok_or(NotDone::Missing)?;
    let was = was.as_ref().map(|(at, why)| (*at, why.as_str()));
    let told = |(at, why): (Timestamp, &str)| json!({"since": show::utc(at), "reason": why});
    let deed = Deed {
        act: if why.is_some() { "block" } else { "unblock" },
        subject: &id.to_string(),
        // The row forgets why somebody was refused, this does not.
        before: was.map(told),
        after: block.map(told),
    };
    record(app, conn, Some(provider), actor, deed).await?;
    Ok(())
}
