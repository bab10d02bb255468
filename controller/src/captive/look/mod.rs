//! Changing how a portal looks: one transaction with the feeds of all sites of the business.

pub mod name;
pub mod pages;
pub mod site;
pub mod site_pages;
mod trial;

use mnara_protocol::ids::ProviderId;
use mnara_protocol::message::Row;
use serde_json::{Value, json};
use sqlx::PgConnection;
use thiserror::Error;

use crate::app::App;
use crate::audit::{Actor, Deed, record};
use crate::fleet::{self, feed};
use crate::providers;
use crate::providers::look::{BadLogo, BadLook, Draft, Kept, Logo, read, store};
use crate::tickets::feed::FeedError;
use crate::tickets::refresh::every_site;

/// Sites read at once.
const PAGE: u16 = 100;

/// Why a look was not kept.
#[derive(Debug, Error)]
pub enum NotKept {
    /// It makes no sense.
    #[error(transparent)]
    Look(#[from] BadLook),
    /// The picture is none.
    #[error(transparent)]
    Logo(#[from] BadLogo),
    /// The sites could not be told.
    #[error(transparent)]
    Feed(#[from] FeedError),
    /// The database refused.
    #[error("the look could not be stored")]
    Database(#[from] sqlx::Error),
}

/// The look as it is, with the business's name; none where there is no such business.
///
/// # Errors
/// When the database is away.
pub async fn current(
    conn: &mut PgConnection,
    provider: ProviderId,
) -> sqlx::Result<Option<(String, Kept)>> {
    let Some(business) = providers::store::provider(conn, provider).await? else {
        return Ok(None);
    };
    let kept = store::look(conn, provider).await?;
    let kept = kept.unwrap_or_else(|| Kept {
        draft: Draft::plain(&business),
        logo: None,
    });
    Ok(Some((business.business_name, kept)))
}

/// Keeps colours and words and tells all sites.
///
/// # Errors
/// [`NotKept`].
pub async fn change(
    app: &App,
    provider: ProviderId,
    draft: &Draft,
    actor: Actor,
) -> Result<(), NotKept> {
    draft.check()?;
    let mut tx = app.db.tenant(provider).await?;
    let before = store::look(&mut tx, provider).await?;
    store::put(&mut tx, provider, draft, app.clock.now()).await?;
    let deed = Deed {
        act: "portal",
        subject: "look",
        before: before.map(|kept| told(&kept.draft)),
        after: Some(told(draft)),
    };
    record(app, &mut tx, Some(provider), actor, deed).await?;
    every_site(app, &mut tx, provider).await?;
    tx.commit().await?;
    Ok(())
}

/// Keeps a logo, or takes it away, and tells all sites.
///
/// # Errors
/// [`NotKept`].
pub async fn set_logo(
    app: &App,
    provider: ProviderId,
    picture: Option<&[u8]>,
    actor: Actor,
) -> Result<(), NotKept> {
    let logo = picture.map(read).transpose()?;
    let mut tx = app.db.tenant(provider).await?;
    let before = store::look(&mut tx, provider).await?;
    let before = before.and_then(|kept: Kept| kept.logo);
    if before == logo {
        return Ok(());
    }
    store::put_logo(&mut tx, provider, logo.as_ref(), app.clock.now()).await?;
    let deed = Deed {
        act: "portal",
        subject: "logo",
        before: before.as_ref().map(told_logo),
        after: logo.as_ref().map(told_logo),
    };
    record(app, &mut tx, Some(provider), actor, deed).await?;
    if let Some(before) = before {
        forget(&mut tx, provider, &before).await?;
    }
    // After that: a site's own logo may be the very same picture.
    every_site(app, &mut tx, provider).await?;
    tx.commit().await?;
    Ok(())
}

/// Takes a logo out of all feeds.
async fn forget(conn: &mut PgConnection, provider: ProviderId, logo: &Logo) -> sqlx::Result<()> {
    let kind = Row::Logo(logo.row()).kind();
    let mut last = None;
    loop {
        let sites = fleet::store::sites(conn, provider, last, PAGE).await?;
        let changes = sites
            .iter()
            .map(|site| feed::Change {
                site: site.id,
                kind,
                row: logo.id(),
                body: None,
            })
            .collect();
        feed::put(conn, provider, changes).await?;
        last = sites.last().map(|site| site.id);
        if sites.len() < usize::from(PAGE) {
            return Ok(());
        }
    }
}

fn told_logo(logo: &Logo) -> Value {
    json!({"kind": logo.kind.media_type(), "bytes": logo.picture.len(), "id": hex::encode(logo.id())})
}

fn told(draft: &Draft) -> Value {
    json!({
        "colour": format!("{:06x}", draft.colour), "button": draft.button.map(|colour| format!("{colour:06x}")),
        "help_phone": draft.help_phone, "welcome": [draft.welcome.english, draft.welcome.swahili],
        "banner": [draft.banner.english, draft.banner.swahili], "terms": [draft.terms.english, draft.terms.swahili],
        "trial": draft.trial.is_on.then(|| json!({
            "minutes": draft.trial.minutes, "mb": draft.trial.data_mb, "mbps": draft.trial.mbps, "days": draft.trial.every_days,
            "a_day": draft.trial.a_day,
        })),
    })
}
