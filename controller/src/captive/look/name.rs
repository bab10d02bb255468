//! The name of the business: what customers know it by, on the hotspot's page and in what is sent to them.

use askama::Template;
use axum::extract::{Form, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use mnara_protocol::ids::ProviderId;
use serde::Deserialize;
use thiserror::Error;

use super::pages::Done;
use crate::app::App;
use crate::audit::{Actor, Deed, record};
use crate::providers::gate::Seat;
use crate::providers::pages::frame::Frame;
use crate::providers::pages::trouble::Trouble;
use crate::providers::pages::words::Words;
use crate::providers::{self, BadProvider, check_name};
use crate::tickets::feed::FeedError;
use crate::tickets::refresh::every_site;
use crate::web::page::{html, onward};

/// Why a business kept its name.
#[derive(Debug, Error)]
pub enum NotNamed {
    /// The name is missing or too long.
    #[error(transparent)]
    Bad(#[from] BadProvider),
    /// The sites could not be told.
    #[error(transparent)]
    Feed(#[from] FeedError),
    /// The database refused.
    #[error("the name could not be stored")]
    Database(#[from] sqlx::Error),
}

/// Gives a business another name, and tells its sites.
///
/// # Errors
/// [`NotNamed`].
pub async fn rename(
    app: &App,
    provider: ProviderId,
    name: &str,
    actor: Actor,
) -> Result<(), NotNamed> {
    check_name(name)?;
    let name = name.trim();
    let mut tx = app.db.tenant(provider).await?;
    let Some(before) = providers::store::provider(&mut tx, provider).await? else {
        return Ok(());
    };
    if before.business_name == name {
        return Ok(());
    }
    providers::store::rename(&mut tx, provider, name).await?;
    let deed = Deed {
        act: "business-name",
        subject: &provider.to_string(),
        before: Some(before.business_name.into()),
        after: Some(name.into()),
    };
    record(app, &mut tx, Some(provider), actor, deed).await?;
    every_site(app, &mut tx, provider).await?;
    tx.commit().await?;
    Ok(())
}

#[derive(Template)]
#[template(path = "look/name.html")]
struct NamePage<'a> {
    frame: &'a Frame,
    w: &'static Words,
    business: String,
    done: Option<&'static str>,
    fault: Option<&'static str>,
}

/// Shows the form.
///
/// # Errors
/// When the database is away.
pub async fn form(
    State(app): State<App>,
    frame: Frame,
    seat: Seat,
    Query(done): Query<Done>,
) -> Result<Response, Trouble> {
    let mut tx = app.db.tenant(seat.provider()).await?;
    let business = providers::store::provider(&mut tx, seat.provider()).await?;
    drop(tx);
    let (w, done) = (frame.words(), done.done.as_deref());
    let page = NamePage {
        frame: &frame,
        w,
        business: business.ok_or(Trouble::Nothing)?.business_name,
        done: (done == Some("name")).then_some(w.plans.kept),
        fault: (done == Some("no-name")).then_some(w.portal.bad_name),
    };
    Ok(html(StatusCode::OK, &page))
}

/// The form of a name.
#[derive(Debug, Deserialize)]
pub struct Named {
    name: String,
}

/// Takes it.
///
/// # Errors
/// When the database is away.
pub async fn take(
    State(app): State<App>,
    seat: Seat,
    Form(named): Form<Named>,
) -> Result<Response, Trouble> {
    match rename(&app, seat.provider(), &named.name, seat.actor()).await {
        Ok(()) => Ok(onward("/settings/name?done=name")),
        Err(NotNamed::Bad(_)) => Ok(onward("/settings/name?done=no-name")),
        Err(NotNamed::Database(error)) => Err(error.into()),
        Err(NotNamed::Feed(error)) => {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "sites could not be told of a new name"
            );
            Err(Trouble::Inside)
        }
    }
}
