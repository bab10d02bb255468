//! Choosing which SMS a business has sent, and when: one transaction with the word to its sites.

use mnara_protocol::ids::ProviderId;
use serde_json::{Value, json};
use thiserror::Error;

use super::{BadSettings, Settings, TELL_SITES, clock, store};
use crate::app::App;
use crate::audit::{Actor, Deed, record};
use crate::jobs::{self, NewJob};

/// Why what was chosen was not kept.
#[derive(Debug, Error)]
pub enum NotChosen {
    /// It makes no sense.
    #[error(transparent)]
    Settings(#[from] BadSettings),
    /// The database refused.
    #[error("the choice could not be stored")]
    Database(#[from] sqlx::Error),
}

/// Keeps what a business wants of SMS; what it wants already is no change.
///
/// # Errors
/// [`NotChosen`].
pub async fn choose(
    app: &App,
    provider: ProviderId,
    settings: &Settings,
    actor: Actor,
) -> Result<(), NotChosen> {
    settings.check()?;
    let now = app.clock.now();
    let mut tx = app.db.tenant(provider).await?;
    let before = store::settings(&mut tx, provider).await?;
    if before == *settings {
        return Ok(());
    }
    store::settle(&mut tx, provider, settings, now).await?;
    let deed = Deed {
        act: "message-settings",
        subject: &provider.to_string(),
        before: Some(told(&before)),
        after: Some(told(settings)),
    };
    record(app, &mut tx, Some(provider), actor, deed).await?;
    // Portals offer the code by SMS only where it can be asked for.
    let job = NewJob {
        kind: TELL_SITES,
        key: &provider.to_string(),
        payload: json!({}),
        run_at: now,
    };
    jobs::enqueue(&mut tx, Some(provider), job, app).await?;
    tx.commit().await?;
    app.jobs.wake();
    Ok(())
}

/// Settings as the audit has them.
fn told(settings: &Settings) -> Value {
    let quiet = settings
        .quiet
        .map(|quiet| format!("{}-{}", clock(quiet.from), clock(quiet.until)));
    json!({
        "codes": settings.codes.word(), "receipts": settings.receipts, "language": settings.language.tag(), "quiet": quiet,
        "most_a_day": settings.most_a_day, "most_a_phone": settings.most_a_phone,
    })
}
