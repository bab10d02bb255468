//! Sealing all that is stored with the first key of `ENCRYPTION_KEY`: at once for the command line, part by part as scheduled work.
//!
//! The work notes how far it came with a key, so that it goes on there after a restart. While an older key is in the list it goes through everything
//! again and again: a process that was not restarted seals with that one.

use futures_util::future::BoxFuture;
use mnara_protocol::ids::ProviderId;

use super::credentials;
use super::store::keys as marks;
use crate::app::App;
use crate::db::Reason;
use crate::fleet::identity;
use crate::jobs::tasks::asked_at;
use crate::jobs::{Job, Next};
use crate::payments::operator::credential;
use crate::payments::tokens;
use crate::providers::log_in::{reset, second};
use crate::providers::{mail, mpesa, sms, store};
use crate::tickets::series;
use crate::vault::Column;
use crate::webhooks;

/// The kind of the job.
pub const RESEAL: &str = "reseal";

const EVERY_SECS: i64 = 3_600;
/// After so long it begins again, while an older key is in the list.
const AGAIN_SECS: i64 = 6 * 3_600;
/// Businesses whose secrets are sealed anew in one run.
const BATCH: u16 = 50;
/// Providers taken at once by the command line.
const PAGE: u16 = 500;

/// Seals everything stored anew; says how many secrets an older key had sealed.
///
/// # Errors
/// When a secret does not open: its key must be in the list still.
pub async fn all(app: &App) -> anyhow::Result<u32> {
    let (mut after, mut count) = (None, platform(app).await?);
    loop {
        let mut tx = app.db.platform(Reason::Admin).await?;
        let page = store::providers(&mut tx, after, PAGE).await?;
        drop(tx);
        for provider in &page {
            count += business(app, provider.id).await?;
        }
        after = page.last().map(|provider| provider.id);
        if page.len() < usize::from(PAGE) {
            return Ok(count);
        }
    }
}

/// Seals the next part anew with a first key that has not been through everything; a run that fails is tried again from the same place.
pub fn tend<'a>(app: &'a App, job: &'a Job) -> BoxFuture<'a, anyhow::Result<Next>> {
    Box::pin(async move {
        let now = app.clock.now();
        let mark = app.vault.mark();
        let mut tx = app.db.platform(Reason::Jobs).await?;
        let mut progress = marks::progress(&mut tx, mark, now).await?;
        if let Some(done) = progress.done {
            let is_old = app.vault.has_older() && done.plus_secs(AGAIN_SECS) <= now;
            if is_old || asked_at(job).is_some() {
                progress = marks::begin_again(&mut tx, mark, now).await?;
            }
        }
        tx.commit().await?;
        if progress.done.is_some() {
            return Ok(Next::Again(now.plus_secs(EVERY_SECS)));
        }
        let mut count = 0;
        if !progress.is_platform_done {
            count += platform(app).await?;
        }
        let mut tx = app.db.platform(Reason::Jobs).await?;
        let page = store::providers(&mut tx, progress.after, BATCH).await?;
        drop(tx);
        for provider in &page {
            count += business(app, provider.id).await?;
        }
        let is_done = page.len() < usize::from(BATCH);
        let last = page.last().map(|provider| provider.id).or(progress.after);
        let mut tx = app.db.platform(Reason::Jobs).await?;
        marks::went_on(&mut tx, mark, (last, count), is_done.then_some(now)).await?;
        tx.commit().await?;
        if count > 0 {
            tracing::info!(secrets = count, "stored secrets were sealed anew");
        }
        let pause = if is_done { EVERY_SECS } else { 1 };
        Ok(Next::Again(now.plus_secs(pause)))
    })
}

async fn platform(app: &App) -> anyhow::Result<u32> {
    // Not sealed, but known by a key of the ring as well, which may go once everything has been gone through.
    credentials::note(app).await?;
    let mut count = 0;
    for column in Column::ALL {
        count += of_platform(app, column).await?;
    }
    Ok(count)
}

async fn business(app: &App, provider: ProviderId) -> anyhow::Result<u32> {
    let mut count = 0;
    for column in Column::ALL {
        count += of_business(app, column, provider).await?;
    }
    Ok(count)
}

async fn of_platform(app: &App, column: Column) -> anyhow::Result<u32> {
    Ok(match column {
        Column::IdentityKey => identity::reseal(app).await?,
        Column::Letter => mail::reseal(app).await?,
        Column::ResetContact => reset::reseal(app).await?,
        Column::SecondFactor => second::reseal(app).await?,
        Column::MpesaKey
        | Column::MpesaSecret
        | Column::MpesaPasskey
        | Column::MpesaOperator
        | Column::PaymentToken
        | Column::SeriesKey
        | Column::Text
        | Column::EndpointSecret => 0,
    })
}

async fn of_business(app: &App, column: Column, provider: ProviderId) -> anyhow::Result<u32> {
    Ok(match column {
        Column::MpesaKey => mpesa::reseal(app, provider).await?,
        // With the first of a set go the other two.
        Column::MpesaSecret | Column::MpesaPasskey => 0,
        Column::MpesaOperator => credential::reseal(app, provider).await?,
        Column::PaymentToken => tokens::reseal(app, provider).await?,
        Column::SeriesKey => series::reseal(app, provider).await?,
        Column::EndpointSecret => webhooks::edit::reseal(app, provider).await?,
        Column::Text => sms::reseal(app, provider).await?,
        Column::IdentityKey | Column::Letter | Column::ResetContact | Column::SecondFactor => 0,
    })
}
