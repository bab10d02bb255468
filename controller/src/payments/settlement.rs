//! The settlement job: what the rail posted was kept by [`super::callback`], and goes by its secret to whom it is about.

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use mnara_protocol::ids::{CallbackId, PaymentId, ProviderId};
use serde_json::Value;

use super::confirm::{self, Word};
use super::settle::Evidence;
use super::settle::said::evidence;
use super::store::{self, Waiting};
use super::{c2b, operator};
use crate::app::App;
use crate::db::Reason;
use crate::jobs::{Job, Next};
use crate::rails::daraja::callback::parse_stk;

/// The job: finds whose secret it was and carries out what the body means.
pub fn settle<'a>(app: &'a App, job: &'a Job) -> BoxFuture<'a, anyhow::Result<Next>> {
    async move {
        let Ok(id) = job.key.parse::<CallbackId>() else {
            anyhow::bail!("a settlement job without a callback's id");
        };
        let mut tx = app.db.platform(Reason::Payments).await?;
        let Some(waiting) = store::callback(&mut tx, id).await? else {
            return Ok(Next::Done);
        };
        let owner = store::by_secret(&mut tx, &waiting.secret_hash).await?;
        let asked = match owner {
            Some(_) => None,
            None => operator::store::by_secret(&mut tx, &waiting.secret_hash).await?,
        };
        // Only reading was done, and what follows has its own transactions.
        drop(tx);
        let outcome = match owner {
            Some((provider, payment)) => Some(settle_stk(app, provider, payment, &waiting).await?),
            None => match asked {
                Some(request) => operator::result::settle(app, request, &waiting).await?,
                None => c2b::settle(app, &waiting).await?,
            },
        };
        let Some(outcome) = outcome else {
            return Ok(Next::Again(app.clock.now() + c2b::PAUSE));
        };
        let mut tx = app.db.platform(Reason::Payments).await?;
        store::close_callback(&mut tx, id, outcome, app.clock.now()).await?;
        tx.commit().await?;
        Ok(Next::Done)
    }
    .boxed()
}

async fn settle_stk(
    app: &App,
    provider: ProviderId,
    payment: PaymentId,
    waiting: &Waiting,
) -> anyhow::Result<&'static str> {
    let body = waiting.body.as_slice();
    let Ok(said) = parse_stk(body) else {
        tracing::warn!(payment.id = %payment, "a callback on a payment's own address cannot be read");
        return Ok("unreadable");
    };
    // The body is kept as it came; PostgreSQL's JSON cannot hold the one character that is left out here.
    let raw: Value = serde_json::from_str(&String::from_utf8_lossy(body).replace("\\u0000", ""))
        .unwrap_or(Value::Null);
    let code = said.result.clone();
    let word = Word {
        code: code.as_str(),
        body: &raw,
        callback: Some(waiting),
    };
    let decision = confirm::apply(
        app,
        provider,
        payment,
        &Evidence::Callback(evidence(said)),
        Some(word),
    )
    .await?;
    Ok(decision.map_or("gone", |decision| confirm::result_word(&decision)))
}
