//! Every message of an agent, in one table: what a journal entry does and who answers a question. The deeds are written in the slices.

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use mnara_protocol::ids::AttemptId;
use mnara_protocol::message::{
    Answer, ByHandAnswer, ByHandQuestion, CheckoutQuestion, ClaimQuestion, ClaimedAnswer,
    NotClaimed, NotPromptedAnswer, PayFailure, PromptedAnswer, Question, RefusedAnswer,
};
use mnara_protocol::session::Entry;
use sqlx::PgConnection;

use crate::access;
use crate::app::App;
use crate::fleet::dispatch::{ApplyError, Dispatch, Sender};
use crate::fleet::feed::Change;
use crate::payments::checkout::{Ask, NotBegun, begin};
use crate::payments::hand;
use crate::payments::hand::claim::{Claim, NoClaim};

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
            Question::ByHand(question) => by_hand(app, from, question).await?,
            Question::Claim(question) => claim(app, from, question).await?,
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
        by_sms: question.by_sms.unwrap_or_default(),
    };
    Ok(match begin(app, from.provider, ask).await {
        Ok(begun) => Answer::Prompted(PromptedAnswer {
            payment: begun.payment,
            credit: Some(begun.credit).filter(|credit| credit.cents() > 0),
        }),
        Err(error) => not_begun(error)?,
    })
}

/// What an agent hears when no payment was begun.
fn not_begun(error: NotBegun) -> anyhow::Result<Answer> {
    let not_prompted =
        |reason, retry_secs| Answer::NotPrompted(NotPromptedAnswer { reason, retry_secs });
    Ok(match error {
        NotBegun::PlanChanged(plan) => Answer::PlanChanged(*plan),
        NotBegun::NotAsked(reason, retry) => not_prompted(
            reason,
            retry.and_then(|after| u32::try_from(after.as_secs()).ok()),
        ),
        NotBegun::NoPlan | NotBegun::Closed => not_prompted(PayFailure::ProviderSetup, None),
        // The limit may be the whole site's, and then this customer has no prompt to finish.
        NotBegun::TooMany(too_many) => not_prompted(
            PayFailure::Busy,
            u32::try_from(too_many.wait.as_secs().max(1)).ok(),
        ),
        NotBegun::Late => Answer::Refused(RefusedAnswer { late: true }),
        NotBegun::OtherTry => Answer::Refused(RefusedAnswer { late: false }),
        NotBegun::Fault(error) => return Err(error),
    })
}

async fn by_hand(app: &App, from: &Sender, question: ByHandQuestion) -> anyhow::Result<Answer> {
    let phone = question.phone.as_deref().map(str::parse).transpose();
    let Ok(phone) = phone else {
        return Ok(Answer::Refused(RefusedAnswer { late: false }));
    };
    let ask = hand::ask::Ask {
        site: from.site,
        mac: question.mac,
        plan: question.plan,
        seen: (question.revision, question.price),
        phone,
        by_sms: question.by_sms,
        deadline: question.deadline,
    };
    Ok(match hand::ask::show(app, from.provider, ask).await {
        Ok(place) => Answer::ByHand(ByHandAnswer {
            kind: place.kind,
            number: place.number,
            account: place.account,
        }),
        Err(error) => not_begun(error)?,
    })
}

async fn claim(app: &App, from: &Sender, question: ClaimQuestion) -> anyhow::Result<Answer> {
    let Ok(phone) = question.phone.parse() else {
        return Ok(Answer::Refused(RefusedAnswer { late: false }));
    };
    let said = Claim {
        receipt: question.receipt,
        phone,
        site: from.site,
        mac: question.mac,
        deadline: question.deadline,
    };
    let mut code = None;
    let (refusal, retry_secs) = match hand::claim::claim(app, from.provider, &said).await {
        Ok(()) => (None, None),
        Err(NoClaim::Not(refusal)) => (Some(refusal), None),
        Err(NoClaim::Unstarted(ticket)) => {
            code = Some(ticket.as_str().to_owned());
            (Some(NotClaimed::Spent), None)
        }
        Err(NoClaim::TooMany(too_many)) => (
            Some(NotClaimed::TooMany),
            u32::try_from(too_many.wait.as_secs()).ok(),
        ),
        Err(NoClaim::Late) => return Ok(Answer::Refused(RefusedAnswer { late: true })),
        Err(NoClaim::Fault(error)) => return Err(error.into()),
    };
    Ok(Answer::Claimed(ClaimedAnswer {
        refusal,
        retry_secs,
        code,
    }))
}
