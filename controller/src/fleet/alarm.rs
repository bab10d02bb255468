//! What a link finds out that a person should know, written down as events of its site.

use mnara_protocol::ids::CommandId;

use super::dispatch::Sender;
use super::store::{link as store, take_over};
use crate::app::App;
use crate::db::RowId as _;

/// Writes down something a person should know about a site.
pub(super) async fn alarm(
    app: &App,
    sender: Option<Sender>,
    kind: &str,
    value: u64,
) -> anyhow::Result<()> {
    let Some(Sender { provider, site, .. }) = sender else {
        return Ok(());
    };
    let now = app.clock.now();
    let id = CommandId::new(now, app.entropy.bytes());
    let value = i64::try_from(value).ok();
    let mut tx = app.db.tenant(provider).await?;
    store::insert_event(
        &mut tx,
        id.uuid(),
        (provider, site),
        kind,
        value,
        (now, now),
    )
    .await?;
    tx.commit().await?;
    Ok(())
}

/// A journal and what we hold of it are two histories.
pub(super) async fn forked(app: &App, sender: Option<Sender>) -> anyhow::Result<()> {
    let Some(from) = sender else { return Ok(()) };
    tracing::warn!(site.id = %from.site, agent.id = %from.agent, "a journal has forked: the device was restored or copied");
    let mut tx = app.db.tenant(from.provider).await?;
    store::mark_forked(&mut tx, &from, app.clock.now()).await?;
    tx.commit().await?;
    alarm(app, sender, "journal-forked", 0).await
}

/// Two devices seem to hold one key.
pub(super) async fn duplicate(app: &App, from: &Sender) -> anyhow::Result<()> {
    tracing::warn!(site.id = %from.site, agent.id = %from.agent, "links take each other over: two devices hold one key");
    let mut tx = app.db.tenant(from.provider).await?;
    take_over::mark_duplicate(&mut tx, from, app.clock.now()).await?;
    tx.commit().await?;
    alarm(app, Some(*from), "duplicate-identity", 0).await
}
