//! `/api/v1/queue`: money that came in and that a person, or a program for them, has to decide about.

use axum::extract::State;
use axum::http::StatusCode;
use futures_util::FutureExt as _;
use mnara_protocol::ids::UnmatchedId;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sqlx::PgConnection;
use utoipa::ToSchema;

use super::cursor::{Asked, List, listed};
use super::gate::Key;
use super::made::Made;
use super::once::Once;
use super::operation::Operation;
use super::types::{id as id_in, named};
use crate::app::App;
use crate::db::Tx;
use crate::payments::deeds::NotDone;
use crate::payments::unmatched::credit;
use crate::payments::unmatched::resolve::{self, NotResolved};
use crate::payments::unmatched::store::{self, Queued};
use crate::rails::daraja::callback::Payer;
use crate::rails::msisdn::Msisdn;
use crate::web::{Answer, Json, Path, Problem, show};

/// Money in the queue.
#[derive(Debug, Serialize, ToSchema)]
pub struct QueuedMoney {
    /// Its id.
    id: String,
    /// Why it is there: `nobody`, `amount`, `double`, `statement`, `late`, `asked` or `short`.
    reason: Option<&'static str>,
    /// How much.
    amount: String,
    /// In which currency.
    currency: &'static str,
    /// The M-PESA receipt.
    receipt: Option<String>,
    /// Who paid, such as `254712345678`; null where M-PESA hides it.
    phone: Option<String>,
    /// What was typed as the account.
    reference: Option<String>,
    /// The payment it may belong to.
    payment_id: Option<String>,
    /// When it came.
    at: String,
    /// What came of it: `ticket`, `refund`, `credit` or `known`, where it was that payment's after all; null while it waits.
    outcome: Option<String>,
    /// When that was decided.
    closed_at: Option<String>,
    /// The ticket there is for it.
    ticket_id: Option<String>,
    /// Whose credit it became.
    customer_id: Option<String>,
    /// The M-PESA receipt by which it went back.
    refund_receipt: Option<String>,
}

impl From<Queued> for QueuedMoney {
    fn from(queued: Queued) -> Self {
        let (outcome, closed) = queued.closed.unzip();
        Self {
            id: queued.id.to_string(),
            reason: queued.reason.map(|reason| reason.word()),
            amount: queued.amount.to_decimal(),
            currency: queued.amount.currency().code(),
            receipt: queued.receipt,
            phone: match queued.payer {
                Payer::Number(phone) => Some(phone.digits()),
                Payer::Masked { .. } | Payer::Hash(_) | Payer::Untold => None,
            },
            reference: queued.reference,
            payment_id: queued.payment.map(|id| id.to_string()),
            at: show::utc(queued.at),
            outcome,
            closed_at: closed.map(show::utc),
            ticket_id: queued.ticket.map(|(id, _)| id.to_string()),
            customer_id: queued.customer.map(|id| id.to_string()),
            refund_receipt: queued.back.map(|(receipt, _)| receipt),
        }
    }
}

/// Which money.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Listing {
    /// Rows at most, 50 if nothing is said.
    #[schema(minimum = 1, maximum = 200)]
    limit: Option<u16>,
    /// The `next` of the part before.
    #[schema(pattern = "^[A-Za-z0-9_-]{32}$")]
    cursor: Option<String>,
    /// What was decided about, instead of what waits.
    closed: Option<bool>,
}

pub(super) fn listing() -> Operation {
    Operation::new(
        "listQueue",
        "List money to sort out",
        "Money that bought nothing, or came too late for whoever paid. The newest comes first; of what is closed, what was decided about last.",
    )
    .query::<Listing>()
    .lists::<QueuedMoney>()
}

/// Lists money in the queue.
///
/// # Errors
/// A problem document.
pub async fn list(
    State(app): State<App>,
    key: Key,
    Asked(asked): Asked<Listing>,
) -> Answer<Json<List<QueuedMoney>>> {
    let (provider, is_closed) = (key.provider(), asked.closed.unwrap_or(false));
    let part = (asked.limit, asked.cursor.as_deref());
    listed(
        &app,
        &key,
        part,
        move |conn, before, limit| {
            async move { store::newest(conn, provider, is_closed, before, limit).await }.boxed()
        },
        |queued: &Queued| (queued.listed_at(), queued.id),
        QueuedMoney::from,
    )
    .await
}

pub(super) fn showing() -> Operation {
    Operation::new("getQueued", "Show money in the queue", "")
        .of(UnmatchedId::PREFIX)
        .answers::<QueuedMoney>(200)
}

/// Shows one.
///
/// # Errors
/// A problem document.
pub async fn show(
    State(app): State<App>,
    key: Key,
    Path(id): Path<String>,
) -> Answer<Json<QueuedMoney>> {
    let mut tx = app.db.tenant(key.provider()).await?;
    one(&mut tx, &key, named(&id)?).await.map(Json)
}

/// Ends what was done with one: as it stands now it is the answer, also to the same call again.
async fn done(mut tx: Tx, key: &Key, once: Once, id: UnmatchedId) -> Answer<Made> {
    let made = Made::now(&one(&mut tx, key, id).await?)?;
    once.keep(&mut tx, &made).await?;
    tx.commit().await?;
    Ok(made)
}

async fn one(conn: &mut PgConnection, key: &Key, id: UnmatchedId) -> Answer<QueuedMoney> {
    let found = store::queued(conn, key.provider(), id).await?;
    Ok(found.ok_or_else(Problem::not_found)?.into())
}

/// The ticket to give.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct QueueTicket {
    /// What it gives: a plan that costs no more than the money. What came late has its ticket, so leave it out there.
    #[schema(pattern = "^plan_[0-9a-f]{32}$")]
    plan_id: Option<String>,
    /// True for money that M-PESA may be sending back, once you have looked at its statement and it has not gone back.
    sure: Option<bool>,
}

pub(super) fn giving() -> Operation {
    Operation::new(
        "giveForQueued",
        "Give a ticket for money in the queue",
        "What came late has its ticket, which is sent to its device then. Money that was decided about stays as it was decided.",
    )
    .of(UnmatchedId::PREFIX)
    .body::<QueueTicket>(json!({"plan_id": "plan_01980000000070008000000000000001"}))
    .answers::<QueuedMoney>(200)
    .problem(409)
}

/// Gives a ticket for one.
///
/// # Errors
/// A problem document.
pub async fn give(
    State(app): State<App>,
    key: Key,
    once: Once,
    Path(id): Path<String>,
    Json(new): Json<QueueTicket>,
) -> Answer<Made> {
    let id: UnmatchedId = named(&id)?;
    let plan = new.plan_id.as_deref().map(|plan| id_in("plan_id", plan));
    let plan = plan.transpose()?;
    let is_sure = new.sure.unwrap_or(false);
    let mut tx = app.db.tenant(key.provider()).await?;
    let who = (key.provider(), key.actor());
    resolve::give_in(&app, &mut tx, who, id, plan, is_sure)
        .await
        .map_err(not_resolved)?;
    done(tx, &key, once, id).await
}

/// Whose credit it becomes.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct QueueCredit {
    /// The phone, in any usual form, where M-PESA hides it. Where it is known in full, that phone gets the credit whatever stands here.
    #[schema(
        pattern = r"^[ ().-]*(\+[ ().-]*)?((2[ ().-]*5[ ().-]*4|0)[ ().-]*)?[17]([ ().-]*[0-9]){8}[ ().-]*$"
    )]
    phone: Option<String>,
    /// True for money that M-PESA may be sending back, once you have looked at its statement and it has not gone back.
    sure: Option<bool>,
}

pub(super) fn crediting() -> Operation {
    Operation::new(
        "creditQueued",
        "Make money in the queue over to a phone as credit",
        "The phone's next prompt asks for what is left of the price. What came late loses its ticket, if nobody has used it.",
    )
    .of(UnmatchedId::PREFIX)
    .body::<QueueCredit>(json!({"phone": "254712345678"}))
    .answers::<QueuedMoney>(200)
    .problem(409)
}

/// Makes one over to a phone.
///
/// # Errors
/// A problem document.
pub async fn credit(
    State(app): State<App>,
    key: Key,
    once: Once,
    Path(id): Path<String>,
    Json(new): Json<QueueCredit>,
) -> Answer<Made> {
    let id: UnmatchedId = named(&id)?;
    let phone = new.phone.as_deref().map(|phone| {
        phone
            .parse::<Msisdn>()
            .map_err(|_| Problem::bad_field("phone: give a Kenyan mobile number."))
    });
    let phone = phone.transpose()?;
    let is_sure = new.sure.unwrap_or(false);
    let mut tx = app.db.tenant(key.provider()).await?;
    let who = (key.provider(), key.actor());
    credit::make_over_in(&app, &mut tx, who, id, phone, is_sure)
        .await
        .map_err(not_resolved)?;
    done(tx, &key, once, id).await
}

/// How it went back.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct QueueRefund {
    /// The M-PESA receipt of the refund.
    #[schema(pattern = "^[A-Z0-9]{6,20}$")]
    receipt: String,
    /// Why, for whoever reads the books.
    #[schema(min_length = 1, max_length = 200, pattern = r"\S")]
    reason: String,
    /// True for money that M-PESA may be sending back, once you have looked at its statement and it has not gone back.
    sure: Option<bool>,
}

pub(super) fn refunding() -> Operation {
    Operation::new(
        "refundQueued",
        "Write down that money in the queue was paid back",
        "It moves no money: pay it back by M-PESA first, the whole amount. The ticket of what came late is taken back with it.",
    )
    .of(UnmatchedId::PREFIX)
    .body::<QueueRefund>(json!({"receipt": "NLK7A1B2C3", "reason": "Paid to the wrong till"}))
    .answers::<QueuedMoney>(200)
    .problem(409)
}

/// Writes down that one went back.
///
/// # Errors
/// A problem document.
pub async fn refund(
    State(app): State<App>,
    key: Key,
    once: Once,
    Path(id): Path<String>,
    Json(new): Json<QueueRefund>,
) -> Answer<Made> {
    let id: UnmatchedId = named(&id)?;
    let mut tx = app.db.tenant(key.provider()).await?;
    let who = (key.provider(), key.actor());
    let said = (new.receipt.as_str(), new.reason.as_str());
    let is_sure = new.sure.unwrap_or(false);
    resolve::refund_by_hand_in(&app, &mut tx, who, id, said, is_sure)
        .await
        .map_err(not_resolved)?;
    done(tx, &key, once, id).await
}

fn not_resolved(error: NotResolved) -> Problem {
    let conflict = |kind, title| Problem::new(StatusCode::CONFLICT, kind, title);
    match error {
        NotResolved::Missing | NotResolved::Payment(NotDone::Missing) => Problem::not_found(),
        NotResolved::Plan => {
            Problem::bad_field("plan_id: give a plan that costs no more than was paid.")
        }
        NotResolved::Phone => Problem::bad_field("phone: give it; M-PESA hides who paid this."),
        NotResolved::OtherPhone => Problem::bad_field("phone: this is not the number that paid."),
        NotResolved::Receipt | NotResolved::Payment(NotDone::Receipt) => {
            Problem::bad_field("receipt: give the M-PESA receipt of the refund.")
        }
        NotResolved::Reason | NotResolved::Payment(NotDone::Reason) => {
            Problem::bad_field("reason: give one of 1 to 200 letters.")
        }
        NotResolved::ReceiptTaken | NotResolved::Payment(NotDone::ReceiptTaken) => {
            conflict("receipt-taken", "This receipt is written down already.")
        }
        NotResolved::GoingBack => conflict(
            "going-back",
            "M-PESA may be sending it back just now: look at what becomes of that first, or say that you are sure.",
        ),
        NotResolved::Used => conflict("used", "Its ticket was used, so the money is spent."),
        NotResolved::Database(error) | NotResolved::Payment(NotDone::Database(error)) => {
            error.into()
        }
        NotResolved::Payment(NotDone::Over) => conflict(
            "over",
            "Its ticket is over and was not used: give the money as credit, or pay it back.",
        ),
        NotResolved::Payment(error) => {
            tracing::warn!(%error, "money in the queue was not dealt with");
            conflict("not-done", "This cannot be done: look at the payment.")
        }
        NotResolved::Issue(error) => anyhow::Error::new(error).into(),
        NotResolved::Revoke(error) => anyhow::Error::new(error).into(),
        NotResolved::Ledger(error) => anyhow::Error::new(error).into(),
    }
}
