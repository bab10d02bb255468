//! Making a site, and letting its agent go.

use mnara_protocol::ids::{ProviderId, SiteId};
use sqlx::PgConnection;
use thiserror::Error;

use super::store;
use crate::app::App;
use crate::audit::{Actor, Deed, record};
use crate::bus::{self, Hint};
use crate::providers::rights::store as rights;

/// Why a site was not made.
#[derive(Debug, Error)]
pub enum CreateError {
    /// The name is missing or too long.
    #[error("give the site a name of 1 to 80 letters")]
    Name,
    /// The business has as many sites as its plan is for.
    #[error("this plan is for so many sites and no more; choose a larger one first")]
    Full,
    /// The database refused, also when there is no such provider.
    #[error("the site could not be stored: is there such a provider?")]
    Database(#[from] sqlx::Error),
}

/// Makes a site.
///
/// # Errors
/// [`CreateError`].
pub async fn create(
    app: &App,
    provider: ProviderId,
    name: &str,
    actor: Actor,
) -> Result<SiteId, CreateError> {
    let mut tx = app.db.tenant(provider).await?;
    let id = create_in(app, &mut tx, provider, name, actor).await?;
    tx.commit().await?;
    Ok(id)
}

/// Makes a site by the id that a form was given: the same form sent twice makes one.
///
/// # Errors
/// [`CreateError`].
pub async fn create_once(
    app: &App,
    provider: ProviderId,
    id: SiteId,
    name: &str,
    actor: Actor,
) -> Result<SiteId, CreateError> {
    let mut tx = app.db.tenant(provider).await?;
    let id = create_as(app, &mut tx, (provider, id), name, actor).await?;
    tx.commit().await?;
    Ok(id)
}

/// Makes a site in the caller's transaction.
///
/// # Errors
/// [`CreateError`].
pub async fn create_in(
    app: &App,
    conn: &mut PgConnection,
    provider: ProviderId,
    name: &str,
    actor: Actor,
) -> Result<SiteId, CreateError> {
    let id = SiteId::new(app.clock.now(), app.entropy.bytes());
    create_as(app, conn, (provider, id), name, actor).await
}

async fn create_as(
    app: &App,
    conn: &mut PgConnection,
    (provider, id): (ProviderId, SiteId),
    name: &str,
    actor: Actor,
) -> Result<SiteId, CreateError> {
    let name = name.trim();
    if !(1..=80).contains(&name.chars().count()) {
        return Err(CreateError::Name);
    }
    // Whoever runs the platform may give more than was paid for.
    let most = if actor == Actor::Command {
        None
    } else {
        rights::hold_sites(conn, provider).await?
    };
    // Before they are counted: what the form made may be the last there is room for.
    let id = match store::site(conn, provider, id).await? {
        Some(made) if made.name == name => return Ok(id),
        // The form was filled in anew: another wish.
        Some(_) => SiteId::new(app.clock.now(), app.entropy.bytes()),
        None => id,
    };
    if let Some(most) = most
        && store::sites(conn, provider, None, most).await?.len() >= usize::from(most)
    {
        return Err(CreateError::Full);
    }
    if !store::insert_site(conn, provider, id, name, app.clock.now()).await? {
        return Ok(id);
    }
    let deed = Deed {
        act: "site",
        subject: &id.to_string(),
        before: None,
        after: Some(name.into()),
    };
    record(app, conn, Some(provider), actor, deed).await?;
    Ok(id)
}

/// Lets a site's agent go. Its link ends at once, wherever it is held.
///
/// # Errors
/// When the database refuses.
pub async fn let_go(
    app: &App,
    provider: ProviderId,
    site: SiteId,
    actor: Actor,
) -> sqlx::Result<()> {
    let mut tx = app.db.tenant(provider).await?;
    let_go_in(app, &mut tx, (provider, site), actor).await?;
    tx.commit().await
}

/// Lets a site's agent go in the caller's transaction.
///
/// # Errors
/// When the database refuses.
pub async fn let_go_in(
    app: &App,
    conn: &mut PgConnection,
    (provider, site): (ProviderId, SiteId),
    actor: Actor,
) -> sqlx::Result<()> {
    for agent in store::revoke_agents(conn, provider, site, app.clock.now()).await? {
        bus::notify(conn, Hint::Agent(agent)).await?;
        let deed = Deed {
            act: "agent-end",
            subject: &site.to_string(),
            before: Some(agent.to_string().into()),
            after: None,
        };
        record(app, conn, Some(provider), actor, deed).await?;
    }
    Ok(())
}
