//! `/api/v1/subscription`: how a business stands with the platform, what it may choose from, and its invoices. Answered also where all else waits
//! for the platform's money.

use axum::extract::State;
use futures_util::FutureExt as _;
use serde::Serialize;
use utoipa::ToSchema;

use super::cursor::{Asked, List, Listing, listed};
use super::gate::Key;
use super::operation::Operation;
use crate::app::App;
use crate::subscriptions::PlatformPlan;
use crate::subscriptions::standing::standing;
use crate::subscriptions::store::invoices::Invoice;
use crate::subscriptions::store::{invoices, plans};
use crate::web::{Answer, Json, show};

/// A plan of the platform.
#[derive(Debug, Serialize, ToSchema)]
pub struct PlatformOffer {
    /// Its id.
    id: String,
    /// Its name.
    name: String,
    /// `month` or `year`.
    period: &'static str,
    /// What it costs for that.
    price: String,
    /// In which currency.
    currency: &'static str,
    /// How many sites at most; null for any number.
    most_sites: Option<u32>,
    /// What it opens, in words.
    features: Vec<&'static str>,
}

impl From<&PlatformPlan> for PlatformOffer {
    fn from(plan: &PlatformPlan) -> Self {
        Self {
            id: plan.id.to_string(),
            name: plan.name.clone(),
            period: plan.period.word(),
            price: plan.price.decimal(),
            currency: plan.price.currency.code(),
            most_sites: plan.most_sites,
            features: plan.features.iter().map(|feature| feature.word()).collect(),
        }
    }
}

/// How a business stands with the platform.
#[derive(Debug, Serialize, ToSchema)]
pub struct Subscription {
    /// `none`, `pending`, `trial`, `active` or `expired`.
    status: &'static str,
    /// The plan it is on, or was on last.
    plan: Option<PlatformOffer>,
    /// Until when it has paid.
    paid_until: Option<String>,
    /// From when on nothing new is sold, if nobody pays; null for never.
    restricted_from: Option<String>,
}

pub(super) fn showing() -> Operation {
    Operation::new(
        "showSubscription",
        "Show how the business stands with the platform",
        "Answered also after the subscription has ended.",
    )
    .answers::<Subscription>(200)
}

/// Shows how it stands.
///
/// # Errors
/// A problem document.
pub async fn show(State(app): State<App>, key: Key) -> Answer<Json<Subscription>> {
    let standing = standing(&app, key.provider()).await?;
    Ok(Json(Subscription {
        status: standing.status.word(),
        plan: standing.plan.as_ref().map(PlatformOffer::from),
        paid_until: standing.paid_until.map(show::utc),
        restricted_from: standing.rights.restricted_from.map(show::utc),
    }))
}

/// What there is to choose from.
#[derive(Debug, Serialize, ToSchema)]
pub struct PlatformOffers {
    /// The plans, the oldest first.
    items: Vec<PlatformOffer>,
}

pub(super) fn offering() -> Operation {
    Operation::new(
        "listPlatformPlans",
        "List the platform's plans",
        "An order for one is made by `POST /api/providers/{id}/pesapal/create-order`.",
    )
    .answers::<PlatformOffers>(200)
}

/// Lists the platform's plans.
///
/// # Errors
/// A problem document.
pub async fn offers(State(app): State<App>, key: Key) -> Answer<Json<PlatformOffers>> {
    let mut tx = app.db.tenant(key.provider()).await?;
    let offered = plans::offered(&mut tx).await?;
    Ok(Json(PlatformOffers {
        items: offered.iter().map(PlatformOffer::from).collect(),
    }))
}

/// An invoice of the platform's.
#[derive(Debug, Serialize, ToSchema)]
pub struct PlatformInvoice {
    /// Its number.
    number: i64,
    /// The order it is for.
    order_id: String,
    /// The plan.
    plan: String,
    /// How much.
    amount: String,
    /// In which currency.
    currency: &'static str,
    /// From when.
    from: String,
    /// Until when.
    until: String,
    /// Pesapal's receipt.
    receipt: Option<String>,
    /// Whether the money went back.
    is_paid_back: bool,
    /// When it was issued.
    issued_at: String,
}

impl From<Invoice> for PlatformInvoice {
    fn from(invoice: Invoice) -> Self {
        Self {
            number: invoice.number,
            order_id: invoice.order.to_string(),
            plan: invoice.plan,
            amount: invoice.price.decimal(),
            currency: invoice.price.currency.code(),
            from: show::utc(invoice.from),
            until: show::utc(invoice.until),
            receipt: invoice.receipt,
            is_paid_back: invoice.is_back,
            issued_at: show::utc(invoice.issued),
        }
    }
}

pub(super) fn invoicing() -> Operation {
    Operation::new(
        "listPlatformInvoices",
        "List what the platform was paid",
        "The newest comes first. The papers themselves are on the pages.",
    )
    .query::<Listing>()
    .lists::<PlatformInvoice>()
}

/// Lists invoices.
///
/// # Errors
/// A problem document.
pub async fn list(
    State(app): State<App>,
    key: Key,
    Asked(asked): Asked<Listing>,
) -> Answer<Json<List<PlatformInvoice>>> {
    let provider = key.provider();
    listed(
        &app,
        &key,
        asked.part(),
        move |conn, before, limit| {
            async move { invoices::newest(conn, provider, before, limit).await }.boxed()
        },
        |invoice: &Invoice| (invoice.issued, invoice.order),
        PlatformInvoice::from,
    )
    .await
}
