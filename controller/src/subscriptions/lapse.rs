//! Bringing a business to where its book says it stands, in one transaction.
//!
//! That is what it may do, what its sites are told, and of what its people are reminded. Done with every line of a book, and by a task when time
//! passes. Doing it again changes nothing.

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::ProviderId;
use sqlx::PgConnection;

use super::life::{Life, Rule, live};
use super::store::{book, life as store, plans};
use super::terms::{self, Term};
use super::{Reminder, Stage};
use crate::app::App;
use crate::db::Reason;
use crate::jobs::{Job, Next};
use crate::providers::notices::billing::Billing;
use crate::providers::notices::{Notice, tell_payers};
use crate::providers::rights::{Feature, Rights, store as rights};
use crate::tickets::feed::FeedError;
use crate::tickets::refresh::every_site_if_it_can;
use crate::webhooks;

/// The kind of the job.
pub const TEND: &str = "subscriptions";
const EVERY_SECS: i64 = 60;
/// Businesses read at once.
const PAGE: i64 = 200;

/// Looks at every business of which something changes by itself, once a minute.
pub fn tend<'a>(app: &'a App, _: &'a Job) -> BoxFuture<'a, anyhow::Result<Next>> {
    async move {
        let now = app.clock.now();
        let mut tx = app.db.platform(Reason::Sweep).await?;
        let asks = asks(app, &mut tx).await?;
        if asks && store::begin(&mut tx, now, PAGE * 10).await? > 0 {
            tx.commit().await?;
        } else {
            drop(tx);
        }
        let grace = app.config.pesapal.grace();
        let (mut after, mut failed) = (None, None);
        loop {
            let mut tx = app.db.platform(Reason::Sweep).await?;
            let page = store::due(&mut tx, asks, grace, after, now, PAGE).await?;
            drop(tx);
            for provider in &page {
                // One that cannot be told keeps nobody else waiting.
                if let Err(error) = look(app, *provider, now).await {
                    tracing::warn!(provider.id = %provider, error = &error as &dyn std::error::Error, "a subscription could not be looked at");
                    failed = Some(error);
                }
            }
            after = page.last().copied();
            if i64::try_from(page.len()).unwrap_or(PAGE) < PAGE {
                break;
            }
        }
        match failed {
            Some(error) => Err(error.into()),
            None => Ok(Next::Again(now.plus_secs(EVERY_SECS))),
        }
    }
    .boxed()
}

/// Whether businesses are asked to pay: there is a way to, and something to pay for.
async fn asks(app: &App, conn: &mut PgConnection) -> sqlx::Result<bool> {
    Ok(app.rails.pesapal.is_some() && store::is_sold(conn).await?)
}

async fn look(app: &App, provider: ProviderId, now: Timestamp) -> Result<(), FeedError> {
    let mut tx = app.db.tenant(provider).await?;
    book::hold(&mut tx, provider, now).await?;
    let terms = terms::terms(&book::lines(&mut tx, provider).await?);
    settle(app, &mut tx, provider, &terms, now).await?;
    tx.commit().await?;
    Ok(())
}

/// Writes how a business stands, which has to be held, in the transaction of the cause.
///
/// # Errors
/// [`FeedError`].
pub async fn settle(
    app: &App,
    conn: &mut PgConnection,
    provider: ProviderId,
    terms: &[Term],
    now: Timestamp,
) -> Result<Life, FeedError> {
    let (stage, asked) = store::noted(conn, provider).await?;
    let asked = asks(app, conn).await?.then(|| asked.unwrap_or(now));
    let rule = Rule {
        asked,
        grace: app.config.pesapal.grace(),
    };
    let life = live(terms, rule, now);
    let plan = match life.plan {
        Some(plan) => plans::one(conn, plan).await?,
        None => None,
    };
    let before = rights::rights(conn, provider).await?;
    let mut after = life.rights(plan.as_ref());
    if after.restricted_from.is_some() && terms::current(terms, now).is_some_and(is_trial) {
        // A trial makes no more sites than the plan has room for that is paid to follow it.
        for term in terms.iter().filter(|one| !is_trial(one) && now < one.until) {
            let most = plans::one(conn, term.plan).await?;
            let most = most.and_then(|plan| plan.most_sites);
            after.most_sites = after.most_sites.into_iter().chain(most).min();
        }
    }
    if after != before {
        rights::set(conn, provider, &after, now).await?;
    }
    if after.allows(Feature::Webhooks) && !before.allows(Feature::Webhooks) {
        // Nobody has looked at sites while the plan was without it.
        webhooks::edit::watch(app, conn, provider).await?;
    }
    store::note(conn, provider, &life, asked).await?;
    // It may have closed by itself before anybody looked.
    let was_restricted = stage == Stage::Restricted || before.is_restricted(now);
    let is_restricted = life.stage == Stage::Restricted;
    let is_dressed = |rights: &Rights| rights.allows(Feature::CustomPortal);
    if is_restricted != (stage == Stage::Restricted)
        || is_restricted != before.is_restricted(now)
        || is_dressed(&before) != is_dressed(&after)
    {
        every_site_if_it_can(app, conn, provider).await?;
        tracing::info!(provider.id = %provider, stage = life.stage.word(), "a subscription stands otherwise");
    }
    // By money that went back, and not by time, of which people were reminded.
    let is_closed_now = is_restricted && stage != Stage::Restricted && !before.is_restricted(now);
    if was_restricted && !is_restricted {
        remind(app, conn, provider, &life, (Reminder::Restored, true), now).await?;
    } else if is_closed_now {
        remind(
            app,
            conn,
            provider,
            &life,
            (Reminder::Restricted, true),
            now,
        )
        .await?;
    } else if let Some(what) = life.reminder {
        remind(app, conn, provider, &life, (what, false), now).await?;
    }
    Ok(life)
}

const fn is_trial(term: &Term) -> bool {
    term.order.is_none()
}

/// Tells whoever pays: of what time brings once for a period, of what happened each time it does.
async fn remind(
    app: &App,
    conn: &mut PgConnection,
    provider: ProviderId,
    life: &Life,
    (what, has_happened): (Reminder, bool),
    now: Timestamp,
) -> sqlx::Result<()> {
    let period = life.period().unwrap_or(now);
    let is_first = store::remind(conn, provider, what, period, now).await?;
    if !is_first && !has_happened {
        return Ok(());
    }
    let closes = life.restricted_from.unwrap_or(period);
    let news = match what {
        Reminder::Soon7 | Reminder::Soon3 | Reminder::Soon1 if life.due.is_none() => {
            Billing::Choose { by: closes }
        }
        Reminder::Soon7 | Reminder::Soon3 | Reminder::Soon1 if life.is_trial => {
            Billing::TrialSoon { until: period }
        }
        Reminder::Soon7 | Reminder::Soon3 | Reminder::Soon1 => Billing::Soon { until: period },
        Reminder::Due if life.is_trial => Billing::TrialDue { closes },
        Reminder::Due => Billing::Due { closes },
        Reminder::Grace => Billing::Grace { closes },
        Reminder::Restricted => Billing::Restricted,
        Reminder::Restored => Billing::Restored,
    };
    let of = if is_first { period } else { now };
    let once = format!("billing:{}:{provider}:{}", what.word(), of.as_millis());
    tell_payers(app, conn, provider, &Notice::Billing(news), &once).await
}
