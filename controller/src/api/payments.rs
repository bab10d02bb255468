//! `/api/v1/payments`: what customers paid, or did not.

use axum::extract::State;
use mnara_protocol::ids::PaymentId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::cursor::{Asked, Cursor, List, Part};
use super::gate::Key;
use super::operation::Operation;
use super::store::payments::{self as store, Filter};
use super::types::{asked as asked_id, named, time};
use crate::app::App;
use crate::rails::msisdn::Msisdn;
use crate::web::{Answer, Json, Path, Problem, show};

/// A customer's payment.
#[derive(Debug, Serialize, ToSchema)]
pub struct Payment {
    /// Its id.
    id: String,
    /// `pending`, `success` or `failed`. One that failed may still succeed when its money comes after all.
    status: String,
    /// Why it failed, in a word.
    reason: Option<String>,
    /// How much.
    amount: String,
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
    /// When it was made.
    created_at: String,
    /// When it was settled.
    settled_at: Option<String>,
}

impl From<store::Payment> for Payment {
    fn from(payment: store::Payment) -> Self {
        Self {
            id: payment.id.to_string(),
            status: payment.status,
            reason: payment.failure,
            amount: payment.amount.to_decimal(),
            currency: payment.amount.currency().code(),
            phone: payment.phone,
            receipt: payment.receipt,
            plan_id: payment.plan.map(|id| id.to_string()),
            site_id: payment.site.map(|id| id.to_string()),
            ticket_id: payment.ticket.map(|id| id.to_string()),
            flag: payment.flag,
            created_at: show::utc(payment.made),
            settled_at: payment.settled.map(show::utc),
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
    cursor: Option<String>,
    /// How they stand.
    #[schema(inline)]
    status: Option<Standing>,
    /// At one site.
    #[schema(pattern = "^site_[0-9a-f]{32}$")]
    site_id: Option<String>,
    /// From one phone, in any usual form.
    #[schema(pattern = "^254[17][0-9]{8}$")]
    phone: Option<String>,
    /// Made at this time or after.
    #[schema(format = "date-time")]
    from: Option<String>,
    /// Made before this time.
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
    State(app): State<App>,
    key: Key,
    Asked(asked): Asked<Listing>,
) -> Answer<Json<List<Payment>>> {
    let part = Part::read(asked.limit, asked.cursor.as_deref())?;
    let phone = asked.phone.as_deref().map(|phone| {
        phone
            .parse::<Msisdn>()
            .map(|phone| phone.digits())
            .map_err(|_| Problem::bad_request("phone: give a Kenyan mobile number."))
    });
    let filter = Filter {
        status: asked.status.map(|status| match status {
            Standing::Pending => "pending",
            Standing::Success => "success",
            Standing::Failed => "failed",
        }),
        site: asked_id("site_id", asked.site_id.as_deref())?,
        phone: phone.transpose()?,
        from: time("from", asked.from.as_deref())?,
        to: time("to", asked.to.as_deref())?,
    };
    let before = part
        .after
        .map(|after| (after.time(), PaymentId::from_bytes(after.id)));
    let mut tx = app.db.tenant(key.provider()).await?;
    let found =
        store::payments(&mut tx, key.provider(), None, &filter, before, part.reach()).await?;
    let place = |payment: &store::Payment| Cursor::at(payment.made, *payment.id.as_bytes());
    Ok(Json(part.list(found, place, Payment::from)))
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
    State(app): State<App>,
    key: Key,
    Path(id): Path<String>,
) -> Answer<Json<Payment>> {
    let id: PaymentId = named(&id)?;
    let mut tx = app.db.tenant(key.provider()).await?;
    let all = Filter::default();
    let found = store::payments(&mut tx, key.provider(), Some(id), &all, None, 1).await?;
    let payment = found.into_iter().next().ok_or_else(Problem::not_found)?;
    Ok(Json(payment.into()))
}
