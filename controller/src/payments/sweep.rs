//! Asking the rail about payments it has said nothing about, and once about those that succeeded: the job of [`super::question`].

use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{AccountId, PaymentId, ProviderId};
use mnara_protocol::message::PayFailure;
use serde_json::json;

use super::confirm::{self, Word};
use super::question::QUARTER;
use super::settle::said::outcome;
use super::settle::{Evidence, Outcome};
use super::store::messages;
use super::{DELIVERED_WITHIN, Payment, State, store};
use crate::app::App;
use crate::jobs::{Job, Next};
use crate::providers::mpesa::{self, AccountError};
use crate::rails::daraja::{Credentials, QueryAnswer, Turn, comes_after};

/// Pauses between the first questions, in seconds; then a quarter of an hour.
const PAUSES: [u64; 7] = [10, 15, 25, 30, 30, 30, 30];
/// How long a customer waits in front of a page that says so; questions about older payments leave the way to theirs.
const WAITING: Duration = Duration::from_secs(300);
/// Questions that are told their places in one go, by one change of as many rows.
const CROWD: i64 = 10_000;

/// The job: asks the rail about one payment and carries out the answer.
pub fn ask<'a>(app: &'a App, job: &'a Job) -> BoxFuture<'a, anyhow::Result<Next>> {
    async move {
        let (Some(provider), Ok(id)) = (job.provider, job.key.parse::<PaymentId>()) else {
            anyhow::bail!("a question about no payment");
        };
        let mut tx = app.db.tenant(provider).await?;
        let Some(payment) = store::lock(&mut tx, provider, id).await? else {
            return Ok(Next::Done);
        };
        let now = app.clock.now();
        let is_old = now >= payment.created_at + DELIVERED_WITHIN;
        let account = match payment.account {
            Some(id) => match mpesa::read_set(&mut tx, &app.vault, provider, id).await {
                Ok(account) => account.map(|account| (id, account)),
                // Until then the job fails, and shows why among those that do.
                Err(error @ AccountError::Vault(_)) if is_old => {
                    tracing::warn!(provider.id = %provider, payment.id = %payment.id, error = &error as &dyn std::error::Error, "a payment is given up unasked: its M-PESA account does not open");
                    None
                }
                Err(error) => return Err(error.into()),
            },
            None => None,
        };
        // No transaction stays open over a call to the rail.
        drop(tx);
        let (Some((account_id, account)), Some(request)) =
            (account, payment.checkout_request_id.as_deref())
        else {
            // Only its own callback can tell. After a day nobody waits for it, and a later success is still honoured.
            if is_old {
                confirm::apply(app, provider, id, &Evidence::Silence, None).await?;
                return Ok(Next::Done);
            }
            return Ok(Next::Again(now + QUARTER));
        };
        let turn = turn(&payment.state, payment.created_at, now);
        let (answer, exchange) = app.rails.daraja.query(&account, request, turn).await;
        if let QueryAnswer::Limited(place) = answer
            && payment.state == State::Pending
        {
            // Not its turn yet: it was not asked about, so its pauses do not grow, and nothing is given up unasked, however late it is.
            if place.in_crowd {
                queue_crowd(app, provider, (account_id, &account)).await?;
            }
            return Ok(Next::Again(app.clock.now() + comes_after(place.after)));
        }
        let mut tx = app.db.tenant(provider).await?;
        store::count_query(&mut tx, &payment).await?;
        let times = (now, app.clock.now());
        messages::keep_query(app, &mut tx, &payment, times, &exchange).await?;
        tx.commit().await?;
        let said = match &answer {
            QueryAnswer::Paid => Outcome::Paid,
            QueryAnswer::Failed(code) => outcome(code),
            QueryAnswer::Unrecognised(_) => Outcome::Undocumented,
            QueryAnswer::Setup(_) => Outcome::Setup,
            QueryAnswer::Pending
            | QueryAnswer::NotKnown
            | QueryAnswer::Inconclusive(_)
            | QueryAnswer::Limited(_) => Outcome::Open,
        };
        if said != Outcome::Open {
            let body = json!({ "query": answer.name() });
            let code = if let QueryAnswer::Failed(code) | QueryAnswer::Unrecognised(code) = &answer
            {
                code.as_str()
            } else {
                "0"
            };
            let is_word = payment.state != State::Success && said != Outcome::Setup;
            let word = is_word.then_some(Word {
                code,
                body: &body,
                callback: None,
            });
            confirm::apply(app, provider, id, &Evidence::Query(said), word).await?;
        }
        if is_old && matches!(said, Outcome::Open | Outcome::Undocumented | Outcome::Setup) {
            confirm::apply(app, provider, id, &Evidence::Silence, None).await?;
        }
        Ok(next(&payment, said, is_old, now))
    }
    .boxed()
}

/// Whose question it is: somebody's who waits in front of a page, or nobody's any more.
fn turn(state: &State, asked: Timestamp, now: Timestamp) -> Turn {
    match state {
        State::Pending if now < asked + WAITING => Turn::First,
        State::Pending | State::Success | State::Failed(_) => Turn::Last,
    }
}

/// Tells all who are due their places at once, where one was told that it must wait. After an outage everything is due, and if each had to come to
/// be sent away, those whose turn it is would wait behind them.
async fn queue_crowd(
    app: &App,
    provider: ProviderId,
    (id, account): (AccountId, &Credentials),
) -> anyhow::Result<()> {
    let due = app.clock.now();
    let mut tx = app.db.tenant(provider).await?;
    let crowd = store::silent::due(&mut tx, (provider, id), due, CROWD).await?;
    let questions = crowd
        .iter()
        .map(|one| (one.request.as_str(), turn(&State::Pending, one.asked, due)));
    let waits = app.rails.daraja.queue(account, questions);
    // Read again: to find thousands takes seconds, and the places count from now on.
    let now = app.clock.now();
    let places = crowd.iter().map(|one| one.job).zip(waits);
    let places: Vec<_> = places
        .map(|(job, wait)| (job, now + comes_after(wait)))
        .collect();
    store::silent::put_off(&mut tx, &places, due).await?;
    tx.commit().await?;
    Ok(())
}

/// When to ask again, going by how the payment stood and what the rail said.
fn next(payment: &Payment, said: Outcome, is_old: bool, now: Timestamp) -> Next {
    match (payment.state, said) {
        _ if is_old => Next::Done,
        (_, Outcome::Paid) => Next::Done,
        // The check after a success: a contradiction is flagged, and that is all.
        (State::Success, Outcome::Failed(_)) => Next::Done,
        (State::Success, Outcome::Open | Outcome::Undocumented | Outcome::Setup)
            if payment.queries >= 3 =>
        {
            Next::Done
        }
        (_, Outcome::Failed(PayFailure::NoAnswer | PayFailure::Expired)) => {
            Next::Again(now + QUARTER)
        }
        (_, Outcome::Failed(_)) => Next::Done,
        (State::Failed(_), Outcome::Open | Outcome::Undocumented | Outcome::Setup) => {
            Next::Again(now + QUARTER)
        }
        (
            State::Pending | State::Success,
            Outcome::Open | Outcome::Undocumented | Outcome::Setup,
        ) => {
            let pause = usize::try_from(payment.queries)
                .ok()
                .and_then(|asked| PAUSES.get(asked));
            Next::Again(now + pause.map_or(QUARTER, |secs| Duration::from_secs(*secs)))
        }
    }
}
