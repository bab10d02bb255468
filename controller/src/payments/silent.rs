//! The net under the questions of [`super::sweep`]: every payment that waits has a job that asks about it.
//!
//! Should one be missing, because a person put it away or rows came in by another way than this program's, it is made. So is one that
//! was given up: only a question can end such a payment, and to be given up again takes it hours of failures.

use futures_util::future::BoxFuture;
use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{PaymentId, ProviderId};

use super::{question, store};
use crate::app::App;
use crate::db::Reason;
use crate::jobs::{Job, Next};

/// The kind of the job.
pub const SWEEP: &str = "payment-sweep";

const EVERY_SECS: i64 = 300;
/// A payment younger than this has its job on the way.
const AGE_SECS: i64 = 300;
/// Payments looked for in one go.
const MOST: i64 = 500;

/// Makes the questions that are missing, every few minutes.
pub fn tend<'a>(app: &'a App, _: &'a Job) -> BoxFuture<'a, anyhow::Result<Next>> {
    Box::pin(async move {
        let now = app.clock.now();
        let before = Timestamp::from_secs(now.as_secs() - AGE_SECS);
        let mut tx = app.db.platform(Reason::Sweep).await?;
        let silent = store::silent::unasked(&mut tx, before, MOST).await?;
        drop(tx);
        let found = silent.len();
        let mut failed = None;
        for (provider, payment) in silent {
            // One that cannot be asked about keeps no other waiting.
            if let Err(error) = ask(app, provider, payment, now).await {
                tracing::warn!(provider.id = %provider, payment.id = %payment, error = &error as &dyn std::error::Error, "a payment that waits could not be asked about");
                failed = Some(error);
            }
        }
        if found > 0 {
            tracing::warn!(
                payments = found,
                "payments that nobody asked about are asked about now"
            );
        }
        match failed {
            Some(error) => Err(error.into()),
            None => Ok(Next::Again(now.plus_secs(EVERY_SECS))),
        }
    })
}

async fn ask(
    app: &App,
    provider: ProviderId,
    payment: PaymentId,
    now: Timestamp,
) -> sqlx::Result<()> {
    let mut tx = app.db.tenant(provider).await?;
    if let Some(payment) = store::lock(&mut tx, provider, payment).await? {
        question::ask_at(app, &mut tx, &payment, now).await?;
    }
    tx.commit().await
}
