//! `/api/v1/payments`: what customers paid, or did not.

use axum::extract::State as Given;
use axum::http::StatusCode;
use futures_util::FutureExt as _;
use mnara_protocol::ids::{PaymentId, ProviderId};
use mnara_protocol::money::Money;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sqlx::PgConnection;
use utoipa::ToSchema;

use super::cursor::{Asked, List, listed};
use super::gate::Key;
use super::made::Made;
use super::once::Once;
use super::operation::Operation;
use super::series::not_revoked;
use super::store::payments as store;
use super::types::{asked as asked_id, named, time};
use crate::app::App;
use crate::db::Tx;
use crate::payments::deeds::{self, NotDone, Noted};
use crate::payments::store::list::Wanted;
use crate::payments::store::refunds;
use crate::rails::msisdn::Msisdn;
use crate::web::{Answer, Json, Path, Problem, show};

/// A customer's payment.
#[derive(Debug, Serialize, ToSchema)]
pub struct Payment {
    /// Its id.
    id: String,
    /// `pending`, `success` or `failed`. One that failed may still succeed when its money comes after all.
    status: &'static str,
    /// Why it failed, in a word.
    reason: Option<String>,
    /// How much the phone was asked for.
    amount: String,
    /// How much of the price its credit pays beside that.
    credit: String,
    /// In which currency.
    currency: &'static str,
    /// The phone that was asked, such as `254712345678`.
    phone: Option<String>,
    /// The M-PESA receipt.
    receipt: Option<String>,
    /// For what.
    plan_id: Option<String>,
    /// Where.
    site_id: Option<String>,
    /// What it bought.
    ticket_id: Option<String>,
    /// Something a person should look at, in a word.
    flag: Option<String>,
    /// When one did.
    looked_at: Option<String>,
    /// When it was made.
    created_at: String,
    /// When it was settled.
    settled_at: Option<String>,
}

impl From<store::Payment> for Payment {
    fn from(payment: store::Payment) -> Self {
        let line = payment.line;
        Self {
            id: line.id.to_string(),
            status: line.state.word(),
            reason: line.failure,
            amount: line.amount.to_decimal(),
            credit: line.credit.to_decimal(),
            currency: line.amount.currency().code(),
            // What M-PESA hides of a payer is no number.
            phone: line
                .phone
                .parse::<Msisdn>()
                .ok()
                .map(|phone| phone.digits()),
            receipt: line.receipt,
            plan_id: line.plan_id.map(|id| id.to_string()),
            site_id: line.site_id.map(|id| id.to_string()),
            ticket_id: payment.ticket.map(|id| id.to_string()),
            flag: line.flag,
            looked_at: line.looked.map(show::utc),
            created_at: show::utc(line.at),
            settled_at: line.settled.map(show::utc),
        }
    }
}

/// How a payment stands.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Standing {
    /// Nobody knows yet.
    Pending,
    /// The money came.
    Success,
    /// It did not.
    Failed,
}

/// Which payments.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Listing {
    /// Rows at most, 50 if nothing is said.
    #[schema(minimum = 1, maximum = 200)]
    limit: Option<u16>,
    /// The `next` of the part before.
    #[schema(pattern = "^[A-Za-z0-9_-]{32}$")]
    cursor: Option<String>,
    /// How they stand.
    #[schema(inline)]
    status: Option<Standing>,
    /// At one site.
    #[schema(pattern = "^site_[0-9a-f]{32}$")]
    site_id: Option<String>,
    /// From one phone, in any usual form, such as `0712 345 678`.
    #[schema(
        pattern = r"^[ ().-]*(\+[ ().-]*)?((2[ ().-]*5[ ().-]*4|0)[ ().-]*)?[17]([ ().-]*[0-9]){8}[ ().-]*$"
    )]
    phone: Option<String>,
    /// For one plan.
    #[schema(pattern = "^plan_[0-9a-f]{32}$")]
    plan_id: Option<String>,
    /// The one with this M-PESA receipt.
    #[schema(pattern = "^[A-Z0-9]{6,20}$")]
    receipt: Option<String>,
    /// Those that a person should look at and nobody has, or the others.
    flagged: Option<bool>,
    /// Made at this time or after, of the years 1970 to 9999.
    #[schema(format = "date-time")]
    from: Option<String>,
    /// Made before this time, of the years 1970 to 9999.
    #[schema(format = "date-time")]
    to: Option<String>,
}

pub(super) fn listing() -> Operation {
    Operation::new("listPayments", "List payments", "The newest comes first.")
        .query::<Listing>()
        .lists::<Payment>()
}

/// Lists payments.
///
/// # Errors
/// A problem document.
pub async fn list(
    Given(app): Given<App>,
    key: Key,
    Asked(asked): Asked<Listing>,
) -> Answer<Json<List<Payment>>> {
    let phone = asked.phone.as_deref().map(|phone| {
        phone
            .parse::<Msisdn>()
            .map(|phone| phone.digits())
            .map_err(|_| Problem::bad_request("phone: give a Kenyan mobile number."))
    });
    let wanted = Wanted {
        status: asked.status.map(|status| match status {
            Standing::Pending => "pending",
            Standing::Success => "success",
            Standing::Failed => "failed",
        }),
        site: asked_id("site_id", asked.site_id.as_deref())?,
        phone: phone.transpose()?,
        plan: asked_id("plan_id", asked.plan_id.as_deref())?,
        receipt: asked.receipt.as_deref().map(receipt).transpose()?,
        is_flagged: asked.flagged,
        from: time("from", asked.from.as_deref())?,
        until: time("to", asked.to.as_deref())?,
        ..Wanted::default()
    };
    let provider = key.provider();
    let place = |payment: &store::Payment| (payment.line.at, payment.line.id);
    let part = (asked.limit, asked.cursor.as_deref());
    listed(
        &app,
        &key,
        part,
        move |conn, before, limit| store::payments(conn, provider, wanted, before, limit).boxed(),
        place,
        Payment::from,
    )
    .await
}

fn receipt(text: &str) -> Answer<String> {
    let bad = || Problem::bad_request("receipt: give one such as NLK7A1B2C3.");
    mnara_protocol::receipt::read(text).ok_or_else(bad)
}

/// The last payments of one phone.
pub(super) async fn of_phone(
    conn: &mut PgConnection,
    provider: ProviderId,
    phone: &str,
    limit: u16,
) -> sqlx::Result<Vec<Payment>> {
    let wanted = Wanted {
        phone: Some(phone.to_owned()),
        ..Wanted::default()
    };
    let found = store::payments(conn, provider, wanted, None, limit).await?;
    Ok(found.into_iter().map(Payment::from).collect())
}

pub(super) fn showing() -> Operation {
    Operation::new("getPayment", "Show a payment", "")
        .of(PaymentId::PREFIX)
        .answers::<Payment>(200)
}

/// Shows one.
///
/// # Errors
/// A problem document.
pub async fn show(
    Given(app): Given<App>,
    key: Key,
    Path(id): Path<String>,
) -> Answer<Json<Payment>> {
    let mut tx = app.db.tenant(key.provider()).await?;
    one(&mut tx, &key, named(&id)?).await.map(Json)
}

async fn one(conn: &mut PgConnection, key: &Key, id: PaymentId) -> Answer<Payment> {
    let found = store::payment(conn, key.provider(), id).await?;
    Ok(found.ok_or_else(Problem::not_found)?.into())
}

pub(super) fn asking() -> Operation {
    Operation::new(
        "askPayment",
        "Ask M-PESA how a payment stands",
        "For one that is pending or failed. The phone is not asked again, and no money moves; look at the payment again a little later.",
    )
    .of(PaymentId::PREFIX)
    .answers::<Payment>(200)
    .problem(409)
}

/// Has the rail asked how one stands.
///
/// # Errors
/// A problem document.
pub async fn ask(
    Given(app): Given<App>,
    key: Key,
    once: Once,
    Path(id): Path<String>,
) -> Answer<Made> {
    let (id, who) = (named(&id)?, (key.provider(), key.actor()));
    let mut tx = app.db.tenant(key.provider()).await?;
    deeds::ask_in(&app, &mut tx, who, id)
        .await
        .map_err(not_done)?;
    let made = done(tx, &key, &once, id).await?;
    app.jobs.wake();
    Ok(made)
}

/// Ends what was done about one: as it stands now it is the answer, also to the same call again.
async fn done(mut tx: Tx, key: &Key, once: &Once, id: PaymentId) -> Answer<Made> {
    let made = Made::now(&one(&mut tx, key, id).await?)?;
    once.keep(&mut tx, &made).await?;
    tx.commit().await?;
    Ok(made)
}

pub(super) fn sending() -> Operation {
    Operation::new(
        "sendTicket",
        "Send a payment's ticket to its site again",
        "For a customer who paid and is not online: the site lets the device that paid in when it is there within a day.",
    )
    .of(PaymentId::PREFIX)
    .answers::<Payment>(200)
    .problem(409)
}

/// Sends the ticket of one again.
///
/// # Errors
/// A problem document.
pub async fn send(
    Given(app): Given<App>,
    key: Key,
    once: Once,
    Path(id): Path<String>,
) -> Answer<Made> {
    let (id, who) = (named(&id)?, (key.provider(), key.actor()));
    let mut tx = app.db.tenant(key.provider()).await?;
    deeds::send_in(&app, &mut tx, who, id)
        .await
        .map_err(not_done)?;
    done(tx, &key, &once, id).await
}

/// What somebody looked at.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LookedAt {
    /// The payment's `flag`, as it was read.
    #[schema(pattern = "^[a-z-]{1,40}$")]
    flag: String,
}

pub(super) fn looking() -> Operation {
    Operation::new(
        "closePaymentFlag",
        "Say that somebody looked at what a payment is flagged for",
        "Nobody is called to it any more, until something else comes; the flag stays with the payment. A payment that is flagged for something else by now, or for nothing, stays as it is.",
    )
    .of(PaymentId::PREFIX)
    .body::<LookedAt>(json!({"flag": "amount"}))
    .answers::<Payment>(200)
}

/// Notes that somebody looked at what one is flagged for.
///
/// # Errors
/// A problem document.
pub async fn look(
    Given(app): Given<App>,
    key: Key,
    once: Once,
    Path(id): Path<String>,
    Json(looked): Json<LookedAt>,
) -> Answer<Made> {
    let (id, who) = (named(&id)?, (key.provider(), key.actor()));
    let is_word = |flag: &str| flag.bytes().all(|b| b.is_ascii_lowercase() || b == b'-');
    if !(1..=40).contains(&looked.flag.len()) || !is_word(&looked.flag) {
        return Err(Problem::bad_field(
            "flag: give the payment's, as it was read.",
        ));
    }
    let mut tx = app.db.tenant(key.provider()).await?;
    deeds::look_in(&app, &mut tx, who, id, &looked.flag)
        .await
        .map_err(not_done)?;
    done(tx, &key, &once, id).await
}

/// Money that was paid back.
#[derive(Debug, Serialize, ToSchema)]
pub struct Refund {
    /// How much.
    amount: String,
    /// In which currency.
    currency: &'static str,
    /// The M-PESA receipt of it.
    receipt: String,
    /// Why.
    reason: String,
    /// Who wrote it down: a person, or a key by its name.
    written_by: Option<String>,
    /// When it was written down.
    created_at: String,
}

impl From<refunds::Refund> for Refund {
    fn from(refund: refunds::Refund) -> Self {
        Self {
            amount: refund.amount.to_decimal(),
            currency: refund.amount.currency().code(),
            receipt: refund.receipt,
            reason: refund.reason,
            written_by: refund.person,
            created_at: show::utc(refund.at),
        }
    }
}

/// What was paid back.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRefund {
    /// How much, such as `20.00`: whole shillings, and no more than is left of the payment.
    #[schema(pattern = r"^([1-9][0-9]{0,4}|1[0-9]{5}|2[0-4][0-9]{4}|250000)(\.00)?$")]
    amount: String,
    /// The M-PESA receipt of the refund.
    #[schema(pattern = "^[A-Z0-9]{6,20}$")]
    receipt: String,
    /// Why, for whoever reads the books.
    #[schema(min_length = 1, max_length = 200, pattern = r"\S")]
    reason: String,
    /// True for money that M-PESA may be sending back, once you have looked at its statement and it has not gone back.
    sure: Option<bool>,
}

pub(super) fn noting() -> Operation {
    Operation::new(
        "noteRefund",
        "Write down what was paid back",
        "It moves no money: pay the customer back by M-PESA first. The payment's story has all that was written down. Once all of it has gone back, a ticket that nobody has used is revoked, and so is that of money that came too late; another one goes on.",
    )
    .of(PaymentId::PREFIX)
    .body::<NewRefund>(json!({"amount": "20.00", "receipt": "NLK7A1B2C3", "reason": "The site was down"}))
    .answers::<Refund>(201)
    .problem(409)
}

/// Writes down what was paid back of one.
///
/// # Errors
/// A problem document.
pub async fn note(
    Given(app): Given<App>,
    key: Key,
    once: Once,
    Path(id): Path<String>,
    Json(new): Json<NewRefund>,
) -> Answer<Made> {
    let id: PaymentId = named(&id)?;
    let amount: Money = new
        .amount
        .parse()
        .map_err(|_| Problem::bad_field("amount: give whole shillings such as 20.00."))?;
    let noted = Noted {
        amount,
        receipt: &new.receipt,
        reason: &new.reason,
    };
    let mut tx = app.db.tenant(key.provider()).await?;
    if !new.sure.unwrap_or(false) {
        deeds::is_not_going_back(&mut tx, key.provider(), id)
            .await
            .map_err(not_done)?;
    }
    let refund = deeds::note_in(&app, &mut tx, (key.provider(), key.actor()), id, noted)
        .await
        .map_err(not_done)?;
    let made = Made::new(&format!("/payments/{id}/story"), &Refund::from(refund))?;
    once.keep(&mut tx, &made).await?;
    tx.commit().await?;
    Ok(made)
}

fn not_done(error: NotDone) -> Problem {
    let conflict = |kind, title| Problem::new(StatusCode::CONFLICT, kind, title);
    match error {
        NotDone::Missing => Problem::not_found(),
        NotDone::Amount => Problem::bad_field(
            "amount: give whole shillings up to what was paid and not paid back yet.",
        ),
        NotDone::Receipt => Problem::bad_field("receipt: give the M-PESA receipt of the refund."),
        NotDone::Reason => Problem::bad_field("reason: give one of 1 to 200 letters."),
        NotDone::NotPaid => conflict("not-paid", "No money came in by this payment."),
        NotDone::NoDevice => conflict(
            "no-device",
            "It is paid, but no device of it is known: give the customer the ticket's code.",
        ),
        NotDone::ReceiptTaken => conflict("receipt-taken", "This receipt is written down already."),
        NotDone::NotKnown => conflict("not-known", "M-PESA cannot be asked about this payment."),
        NotDone::Used | NotDone::Over => conflict(
            "used",
            "The ticket was used or is over: there is nothing to send.",
        ),
        NotDone::GoingBack => conflict(
            "going-back",
            "M-PESA may be sending this payment back: wait for its word, or say that you are sure.",
        ),
        NotDone::Revoke(error) => not_revoked(error),
        NotDone::Database(error) => error.into(),
    }
}
