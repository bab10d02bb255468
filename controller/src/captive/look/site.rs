//! Changing how the portal of one site looks: one transaction with that site's feed.

use mnara_protocol::ids::{ProviderId, SiteId};
use mnara_protocol::message::Row;
use serde_json::json;

use super::NotKept;
use crate::app::App;
use crate::audit::{Actor, Deed, record};
use crate::fleet::feed;
use crate::providers::look::{Draft, Over, overs, read};
use crate::tickets::feed::refresh_site;

/// Keeps colours and words of a site and tells it.
///
/// # Errors
/// [`NotKept`].
pub async fn change(
    app: &App,
    (provider, site): (ProviderId, SiteId),
    business: &Draft,
    over: &Over,
    actor: Actor,
) -> Result<(), NotKept> {
    over.check(business)?;
    let told = |over: &Over| {
        json!({
            "colour": over.colour.map(|colour| format!("{colour:06x}")), "button": over.button.map(|colour| format!("{colour:06x}")),
            "welcome": [over.welcome.english, over.welcome.swahili], "banner": [over.banner.english, over.banner.swahili],
            "terms": [over.terms.english, over.terms.swahili],
        })
    };
    let mut tx = app.db.tenant(provider).await?;
    let before = overs::over(&mut tx, provider, site).await?;
    overs::put_over(&mut tx, provider, site, over, app.clock.now()).await?;
    let deed = Deed {
        act: "portal",
        subject: &site.to_string(),
        before: before.map(|kept| told(&kept.over)),
        after: Some(told(over)),
    };
    record(app, &mut tx, Some(provider), actor, deed).await?;
    refresh_site(app, &mut tx, provider, site).await?;
    tx.commit().await?;
    Ok(())
}

/// Keeps a logo of a site, or gives it the business's again, and tells it.
///
/// # Errors
/// [`NotKept`].
pub async fn set_logo(
    app: &App,
    (provider, site): (ProviderId, SiteId),
    picture: Option<&[u8]>,
    actor: Actor,
) -> Result<(), NotKept> {
    let logo = picture.map(read).transpose()?;
    let mut tx = app.db.tenant(provider).await?;
    let before = overs::over(&mut tx, provider, site).await?;
    let before = before.and_then(|kept| kept.logo);
    if before == logo {
        return Ok(());
    }
    overs::put_over_logo(&mut tx, provider, site, logo.as_ref(), app.clock.now()).await?;
    let deed = Deed {
        act: "portal",
        subject: &site.to_string(),
        before: before.as_ref().map(super::told_logo),
        after: logo.as_ref().map(super::told_logo),
    };
    record(app, &mut tx, Some(provider), actor, deed).await?;
    if let Some(before) = before {
        let gone = feed::Change {
            site,
            kind: Row::Logo(before.row()).kind(),
            row: before.id(),
            body: None,
        };
        feed::put(&mut tx, provider, vec![gone]).await?;
    }
    // After that: the business's may be the very same picture.
    refresh_site(app, &mut tx, provider, site).await?;
    tx.commit().await?;
    Ok(())
}
