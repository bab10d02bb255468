//! Asking Pesapal how an order stands. One job an order; its key is the order's id, so asking for the same twice is one question.

use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{OrderId, ProviderId};
use serde_json::json;
use sqlx::PgConnection;

use super::confirm::{self, Word};
use super::store::messages::{self, Kind};
use super::store::{asked, orders};
use super::{Order, Refund, State};
use crate::app::App;
use crate::jobs::{self, Job, NewJob, Next};
use crate::rails::pesapal::StatusAnswer;

/// The name of the job in the table.
pub const ASK: &str = "ask-pesapal";
/// When an order is asked about first that nobody has told us of: paying takes a minute or two.
pub const FIRST: Duration = Duration::from_secs(60);
/// Pauses between the first questions, in seconds; then an hour.
const PAUSES: [u64; 8] = [30, 60, 60, 120, 300, 600, 900, 1_800];
const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(86_400);
/// How long an order is asked about that came to nothing, since its page can still be opened again.
const WEEK: Duration = Duration::from_secs(7 * 86_400);
/// When a paid order is looked at again, in days: money that goes back is told of, and that may get lost.
const LOOKS: [u64; 3] = [1, 7, 30];
/// How long money that should go back is asked about.
const REFUND_DAYS: u32 = 60;
/// When a question is asked again that was one too many, or that the platform's own keys stand in the way of.
pub(super) const LATER: Duration = Duration::from_secs(300);

/// Notifications have it asked about one order, and about all charges to its account, no more often: nobody signs them, and Pesapal counts our questions.
pub(super) const BREATH: Duration = Duration::from_secs(20);

/// Has Pesapal asked about an order, in the caller's transaction.
///
/// # Errors
/// When the database refuses.
pub async fn ask_at(
    app: &App,
    conn: &mut PgConnection,
    (provider, order): (ProviderId, OrderId),
    at: Timestamp,
) -> sqlx::Result<()> {
    let job = NewJob {
        kind: ASK,
        key: &order.to_string(),
        payload: json!({}),
        run_at: at,
    };
    jobs::enqueue(conn, Some(provider), job, app).await
}

/// The job: asks about one order and carries out the answer.
pub fn ask<'a>(app: &'a App, job: &'a Job) -> BoxFuture<'a, anyhow::Result<Next>> {
    async move {
        let (Some(provider), Ok(id)) = (job.provider, job.key.parse::<OrderId>()) else {
            anyhow::bail!("a question about no order");
        };
        let mut tx = app.db.tenant(provider).await?;
        let Some(order) = orders::lock(&mut tx, provider, id).await? else {
            return Ok(Next::Done);
        };
        let now = app.clock.now();
        // Whoever asks for a job that runs has it due at once. One that failed comes again by pauses of its own, which grow.
        if let Some(after) = order.ask_after.filter(|at| *at > now && job.attempt <= 1) {
            return Ok(Next::Again(after));
        }
        asked::note_pause(&mut tx, &order, now + BREATH).await?;
        // No transaction stays open over a call to the rail.
        tx.commit().await?;
        let Some(rail) = &app.rails.pesapal else {
            return Ok(Next::Again(now + DAY));
        };
        let Some(tracking) = order.tracking.as_ref().or(order.hinted.as_ref()) else {
            let after = confirm::apply(app, provider, id, None).await?;
            return Ok(after.map_or(Next::Done, |(order, _)| next(&order, now)));
        };
        let (answer, exchange) = rail.status(tracking).await;
        let times = (now, app.clock.now());
        let mut tx = app.db.tenant(provider).await?;
        let kinds = (Kind::Status, Kind::StatusAnswer);
        messages::keep_call(app, &mut tx, (provider, id), kinds, times, &exchange).await?;
        if matches!(answer, StatusAnswer::Limited | StatusAnswer::WrongKeys) {
            asked::note_pause(&mut tx, &order, now + LATER).await?;
        }
        tx.commit().await?;
        let word = match &answer {
            StatusAnswer::Told(told) => Some(Word { tracking, told }),
            StatusAnswer::Denied | StatusAnswer::Inconclusive(_) => None,
            StatusAnswer::Limited => return Ok(Next::Again(now + LATER)),
            StatusAnswer::WrongKeys => {
                tracing::warn!("Pesapal does not accept the platform's keys: payments of businesses are not seen");
                return Ok(Next::Again(now + LATER));
            }
        };
        let after = confirm::apply(app, provider, id, word).await?;
        Ok(after.map_or(Next::Done, |(order, _)| next(&order, now)))
    }
    .boxed()
}

/// When to ask again about an order as it is now.
#[must_use]
pub fn next(order: &Order, now: Timestamp) -> Next {
    match order.state {
        // What came once more is on its way back.
        State::Reversed
            if order.may_be_declined() && now < order.created_at + DAY * REFUND_DAYS =>
        {
            Next::Again(now + HOUR * 6)
        }
        State::Refused | State::Reversed => Next::Done,
        // The merchant agrees by hand, and that may never be told.
        State::Completed
            if order.refund.is_some_and(Refund::is_under_way)
                && now < order.created_at + DAY * REFUND_DAYS =>
        {
            Next::Again(now + HOUR * 6)
        }
        State::Completed => {
            let settled = order.settled_at.unwrap_or(order.created_at);
            let looks = LOOKS
                .iter()
                .map(|days| settled + DAY * u32::try_from(*days).unwrap_or(1));
            let mut later = looks.filter(|at| *at > now);
            later.next().map_or(Next::Done, Next::Again)
        }
        // A person has to look, and until then every answer is the same.
        State::Created | State::Submitted | State::Lost
            if order.flag.is_some() || order.expires_at <= now =>
        {
            if now < order.created_at + WEEK {
                Next::Again(now + HOUR)
            } else {
                Next::Done
            }
        }
        State::Created | State::Submitted | State::Lost => {
            let pause = usize::try_from(order.asked)
                .ok()
                .and_then(|asked| PAUSES.get(asked.saturating_sub(1)));
            let pause = pause.map_or(HOUR, |secs| Duration::from_secs(*secs));
            Next::Again((now + pause).min(order.expires_at))
        }
        State::Failed if now < order.expires_at => Next::Again(now + HOUR),
        // Without the rail's own name there is nothing to ask by.
        State::Failed | State::Expired if order.tracking.is_none() => Next::Done,
        State::Failed | State::Expired if now < order.created_at + WEEK => {
            Next::Again(now + HOUR * 6)
        }
        State::Failed | State::Expired => Next::Done,
    }
}

#[cfg(test)]
mod tests {
    use super::super::Flag;
    use super::super::settle::tests::{NOW, order};
    use super::*;

    #[test]
    fn an_order_is_asked_about_less_and_less_and_not_for_ever() {
        for state in [State::Created, State::Submitted, State::Lost] {
            let open = Order {
                asked: 3,
                ..order(state)
            };
            assert_eq!(next(&open, NOW), Next::Again(NOW.plus_secs(60)));
            let last = open.expires_at.plus_secs(-1);
            assert_eq!(next(&open, last), Next::Again(open.expires_at));
            // Whatever keeps it from being given up, the rail is not asked at every turn.
            let flagged = Order {
                flag: Some(Flag::Amount),
                ..open.clone()
            };
            assert_eq!(next(&flagged, NOW), Next::Again(NOW + HOUR));
            for order in [open, flagged] {
                let after = order.expires_at;
                assert_eq!(next(&order, after), Next::Again(after + HOUR));
                assert_eq!(next(&order, order.created_at + WEEK), Next::Done);
            }
        }
    }
}
