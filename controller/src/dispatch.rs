//! Every message of an agent, in one table: what a journal entry does and who answers a question. The deeds are written in the slices.

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use mnara_protocol::ids::AttemptId;
use mnara_protocol::message::{
    Answer, CheckoutQuestion, NotPromptedAnswer, PayFailure, PromptedAnswer, Question,
    RefusedAnswer,
};
use mnara_protocol::session::Entry;
use sqlx::PgConnection;

use crate::access;
use crate::app::App;
use crate::fleet::feed::Change;
use crate::fleet::hub::{ApplyError, Dispatch, Sender};
use crate::payments::checkout::{Ask, NotBegun, begin};

/// The table.
pub const DISPATCH: Dispatch = Dispatch { apply, ask };

fn apply<'a>(
    app: &'a App,
    conn: &'a mut PgConnection,
    from: &'a Sender,
    entry: &'a Entry,
) -> BoxFuture<'a, Result<Vec<Change>, ApplyError>> {
    access::report::apply(app, conn, from, entry).boxed()
}

fn ask<'a>(
    app: &'a App,
    from: &'a Sender,
    id: AttemptId,
    question: Question,
) -> BoxFuture<'a, anyhow::Result<Answer>> {
    async move {
        Ok(match question {
            Question::Checkout(question) => checkout(app, from, id, question).await?,
            Question::Lookup(question) => {
                Answer::Looked(access::questions::lookup(app, from, &question).await?)
            }
            Question::Facts(question) => {
                Answer::Facts(access::questions::facts(app, from, &question).await?)
            }
        })
    }
    .boxed()
}

async fn checkout(
    app: &App,
    from: &Sender,
    id: AttemptId,
    question: CheckoutQuestion,
) -> anyhow::Result<Answer> {
    let Ok(phone) = question.phone.parse() else {
        // The portal lets no such number through, so this is an agent's fault; its customer should not wait for it to show.
        tracing::warn!(site.id = %from.site, "an agent asked for a payment by what is no phone number");
        return Ok(Answer::Refused(RefusedAnswer { late: false }));
    };
    let ask = Ask {
        site: Some(from.site),
        attempt: Some(id),
        plan: question.plan,
        seen: Some((question.revision, question.price)),
        phone,
        mac: Some(question.mac),
        deadline: Some(question.deadline),
    };
    let not_prompted =
        |reason, retry_secs| Answer::NotPrompted(NotPromptedAnswer { reason, retry_secs });
    Ok(match begin(app, from.provider, ask).await {
        Ok(begun) => Answer::Prompted(PromptedAnswer {
            payment: begun.payment,
        }),
        Err(NotBegun::PlanChanged(plan)) => Answer::PlanChanged(*plan),
        Err(NotBegun::NotAsked(reason, retry)) => not_prompted(
            reason,
            retry.and_then(|after| u32::try_from(after.as_secs()).ok()),
        ),
        Err(NotBegun::NoPlan | NotBegun::Closed) => not_prompted(PayFailure::ProviderSetup, None),
        Err(NotBegun::TooMany(too_many)) => not_prompted(
            PayFailure::OtherPrompt,
            u32::try_from(too_many.wait.as_secs()).ok(),
        ),
        Err(NotBegun::Late) => Answer::Refused(RefusedAnswer { late: true }),
        Err(NotBegun::OtherTry) => Answer::Refused(RefusedAnswer { late: false }),
        Err(NotBegun::Fault(error)) => return Err(error),
    })
}
