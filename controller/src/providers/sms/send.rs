//! Handing a text in: what may leave is marked as on its way and committed before the call, so that a lost answer leaves a trace.

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use mnara_protocol::ids::{ProviderId, SmsId};
use secrecy::{ExposeSecret as _, SecretString};

use super::store::{self, Waiting};
use super::{Decision, Dropped, Moment, State, TEXT, decide};
use crate::app::App;
use crate::db::Tx;
use crate::db::sealed::{NotRenewed, renew};
use crate::jobs::{Job, Next};
use crate::nairobi::Day;
use crate::providers::notices::{BILLING, SECURITY, STANDING};
use crate::rails::sms::{NotTaken, Outgoing, Reason, Taken};

/// The kind of the job that hands a text in.
pub const SEND: &str = "sms";

/// Hands one text in.
pub fn send<'a>(app: &'a App, job: &'a Job) -> BoxFuture<'a, anyhow::Result<Next>> {
    Box::pin(async move {
        let id: SmsId = job.key.parse()?;
        let Some(provider) = job.provider else {
            return Ok(Next::Done);
        };
        let mut tx = job.begin(app).await?;
        let step = begin(app, &mut tx, provider, id).await?;
        tx.commit().await?;
        let (waiting, text) = match step {
            Step::Over => return Ok(Next::Done),
            Step::Later(at) => return Ok(Next::Again(at)),
            Step::Go(waiting, text) => (waiting, text),
        };
        let outgoing = Outgoing {
            to: waiting.to,
            text: text.expose_secret(),
        };
        let outcome = app.rails.sms.send(outgoing).await;
        let mut tx = job.begin(app).await?;
        end(app, &mut tx, provider, (id, &waiting), &outcome).await?;
        let waits = matches!(outcome, Err(NotTaken::NotNow(_) | NotTaken::NotSetUp));
        if !waits {
            job.done(&mut tx).await?;
        }
        tx.commit().await?;
        match outcome {
            // The pauses of jobs grow, and the page of failed work says what is wrong with the account.
            Err(error) if waits => Err(error.into()),
            _ => Ok(Next::Done),
        }
    })
}

enum Step {
    Over,
    Later(mnara_protocol::clock::Timestamp),
    Go(Waiting, SecretString),
}

async fn begin(app: &App, tx: &mut Tx, provider: ProviderId, id: SmsId) -> sqlx::Result<Step> {
    let now = app.clock.now();
    // One text of a business at a time passes here, so that its caps hold exactly.
    store::take_turn(tx, provider).await?;
    let Some(waiting) = store::lock(tx, provider, id).await? else {
        return Ok(Step::Over);
    };
    match waiting.state {
        State::Waiting => {}
        State::Sending => {
            // Whoever handed it in did not live to note the answer.
            store::lose(tx, provider, id).await?;
            return Ok(Step::Over);
        }
        _ => return Ok(Step::Over),
    }
    let settings = store::settings(tx, provider).await?;
    let midnight = Day::of(now).begin();
    let (today, to_phone) = store::sent_since(tx, provider, waiting.to, midnight).await?;
    let moment = Moment {
        now,
        drop_at: waiting.drop_at,
        is_urgent: waiting.is_urgent,
        is_owed: matches!(waiting.kind.as_str(), SECURITY | STANDING | BILLING),
        opted_out: store::has_opted_out(tx, provider, waiting.to).await?,
        today,
        to_phone,
    };
    match decide(&settings, &moment) {
        Decision::Wait(at) => Ok(Step::Later(at)),
        Decision::Drop(why) => {
            store::give_up(tx, provider, id, State::Dropped, why.word(), now).await?;
            Ok(Step::Over)
        }
        Decision::Go => {
            let opened = waiting
                .body
                .as_deref()
                .and_then(|body| app.vault.open_text(provider, TEXT, body).ok());
            let Some(text) = opened else {
                tracing::warn!(sms.id = %id, "a stored text does not open, so it is given up");
                let why = Dropped::Sealed.word();
                store::give_up(tx, provider, id, State::Dropped, why, now).await?;
                return Ok(Step::Over);
            };
            store::begin(tx, provider, id, now).await?;
            Ok(Step::Go(waiting, text))
        }
    }
}

async fn end(
    app: &App,
    tx: &mut Tx,
    provider: ProviderId,
    (id, waiting): (SmsId, &Waiting),
    outcome: &Result<Taken, NotTaken>,
) -> sqlx::Result<()> {
    let now = app.clock.now();
    let result = match outcome {
        Ok(_) => "taken",
        Err(NotTaken::NotNow(_) | NotTaken::NotSetUp) => "not-now",
        Err(NotTaken::Refused(_)) => "refused",
        Err(NotTaken::Lost) => "lost",
    };
    metrics::counter!("mnara_sms_total", "result" => result).increment(1);
    match outcome {
        Ok(taken) => store::taken(tx, provider, id, taken, now).await,
        Err(NotTaken::Lost) => store::lose(tx, provider, id).await,
        Err(NotTaken::NotNow(why)) => store::put_back(tx, provider, id, why.word()).await,
        Err(NotTaken::NotSetUp) => store::put_back(tx, provider, id, Reason::Keys.word()).await,
        Err(NotTaken::Refused(why)) => {
            if *why == Reason::OptedOut {
                store::opt_out(tx, provider, waiting.to, store::ByWhom::Network, now).await?;
            }
            store::give_up(tx, provider, id, State::Failed, why.word(), now).await
        }
    }
}

/// Seals a business's texts anew with the first key; says how many had another.
///
/// # Errors
/// [`NotRenewed`].
pub async fn reseal(app: &App, provider: ProviderId) -> Result<u32, NotRenewed> {
    renew(
        app,
        (provider.into(), TEXT),
        move |conn, after, limit| store::lock_sealed(conn, provider, after, limit).boxed(),
        move |conn, anew| {
            async move {
                for (id, sealed) in anew {
                    store::set_sealed(conn, provider, id, &sealed).await?;
                }
                Ok(())
            }
            .boxed()
        },
    )
    .await
}
