//! When M-PESA takes no prompts: after a few in a row that it did not take for reasons of its own the sites' portals say so, with what still
//! works, until one gets through or it is time to try again.

use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use mnara_protocol::ids::ProviderId;
use serde_json::json;
use sqlx::PgConnection;

use crate::app::App;
use crate::jobs::{self, Job, NewJob, Next};
use crate::providers::c2b::store;
use crate::rails::daraja::PushError;
use crate::tickets::refresh::every_site_if_it_can;

/// The name of the job in the table.
pub const TRY_AGAIN: &str = "prompts-again";
/// So many prompts in a row that M-PESA did not take are an outage.
const TOO_MANY: i32 = 3;
/// After so long customers are sent to prompts again, to see.
const PAUSE: Duration = Duration::from_secs(10 * 60);

/// Whether a prompt failed for reasons of M-PESA's own.
const fn is_theirs(error: &PushError) -> bool {
    matches!(
        error,
        PushError::Busy | PushError::QuotaSpent | PushError::Away(_) | PushError::Unknown(_)
    )
}

/// Takes in what came of a prompt, in the caller's transaction; the feed is its last step.
///
/// # Errors
/// When the database refuses.
pub async fn note(
    app: &App,
    conn: &mut PgConnection,
    provider: ProviderId,
    error: Option<&PushError>,
) -> sqlx::Result<()> {
    let now = app.clock.now();
    match error {
        None => {
            if store::prompts_work(conn, provider).await? {
                every_site_if_it_can(app, conn, provider).await?;
            }
        }
        Some(error) if is_theirs(error) => {
            if store::prompt_failed(conn, provider, (TOO_MANY, now)).await? {
                tracing::warn!(provider.id = %provider, reason = error.name(), "M-PESA takes no prompts");
                let job = NewJob {
                    kind: TRY_AGAIN,
                    key: &provider.to_string(),
                    payload: json!({}),
                    run_at: now + PAUSE,
                };
                jobs::enqueue(conn, Some(provider), job, app).await?;
                every_site_if_it_can(app, conn, provider).await?;
            }
        }
        // The phone's or the business's own trouble says nothing about M-PESA.
        Some(_) => {}
    }
    Ok(())
}

/// The job: prompts are offered as before.
pub fn again<'a>(app: &'a App, job: &'a Job) -> BoxFuture<'a, anyhow::Result<Next>> {
    async move {
        let Some(provider) = job.provider else {
            anyhow::bail!("nobody's prompts");
        };
        let mut tx = job.begin(app).await?;
        if store::prompts_work(&mut tx, provider).await? {
            every_site_if_it_can(app, &mut tx, provider).await?;
        }
        tx.commit().await?;
        Ok(Next::Done)
    }
    .boxed()
}
