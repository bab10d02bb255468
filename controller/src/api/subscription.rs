//! `/api/v1/subscription`: how a business stands with the platform, what it may choose from, its orders and its invoices. Answered also where all
//! else waits for the platform's money.

use axum::extract::State;
use futures_util::FutureExt as _;
use serde::Serialize;
use utoipa::ToSchema;

use super::cursor::{Asked, List, Listing, listed};
use super::gate::Key;
use super::operation::Operation;
use crate::app::App;
use crate::subscriptions::standing::standing;
use crate::subscriptions::store::invoices::Invoice;
use crate::subscriptions::store::{self, invoices, plans};
use crate::subscriptions::{Order, PlatformPlan};
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
        "An order for one is made by `POST /api/providers/{id}/pesapal/create-order` with `{\"plan_id\": …}`, and optionally `attempt_id` (a UUID), \
         `recurring` and `upgrade` (yes or no); it needs the scope `subscription:pay`. `{id}` is the `provider_id` of `/me`. Sent again with the same \
         `attempt_id`, or the same `Idempotency-Key`, it is the same order, told as it is now (with `Idempotency-Replayed: true` where it came with a \
         name); `attempt-taken` where another is wished for by it.",
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

/// An order to pay the platform.
#[derive(Debug, Serialize, ToSchema)]
pub struct PlatformOrder {
    /// Its id.
    id: String,
    /// The plan it is for.
    plan_id: String,
    /// `submitted` until it is paid, then `completed`; `created`, `lost`, `refused`, `failed`, `expired`, or `reversed` once it was paid back.
    status: &'static str,
    /// How much is to be paid.
    amount: String,
    /// In which currency.
    currency: &'static str,
    /// Our name for it at Pesapal.
    merchant_reference: String,
    /// Pesapal's own name for it.
    order_tracking_id: Option<String>,
    /// Where it is paid, such as `https://pay.pesapal.com/iframe/…`.
    redirect_url: Option<String>,
    /// Pesapal's receipt.
    confirmation_code: Option<String>,
    /// When it was made.
    created_at: String,
    /// Until when it is asked about; money that comes later counts all the same.
    expires_at: String,
    /// When it was paid.
    paid_at: Option<String>,
}

impl From<Order> for PlatformOrder {
    fn from(order: Order) -> Self {
        Self {
            id: order.id.to_string(),
            plan_id: order.plan.to_string(),
            status: order.state.word(),
            amount: order.price.decimal(),
            currency: order.price.currency.code(),
            merchant_reference: order.reference,
            order_tracking_id: order.tracking.map(|name| name.as_str().to_owned()),
            redirect_url: order.redirect,
            confirmation_code: order.confirmation,
            created_at: show::utc(order.created_at),
            expires_at: show::utc(order.expires_at),
            paid_at: order.settled_at.map(show::utc),
        }
    }
}

pub(super) fn ordering() -> Operation {
    Operation::new(
        "listPlatformOrders",
        "List orders to pay the platform",
        "The newest comes first, also those that nobody paid. Where one is made is told with the platform's plans.",
    )
    .query::<Listing>()
    .lists::<PlatformOrder>()
}

/// Lists orders.
///
/// # Errors
/// A problem document.
pub async fn orders(
    State(app): State<App>,
    key: Key,
    Asked(asked): Asked<Listing>,
) -> Answer<Json<List<PlatformOrder>>> {
    let provider = key.provider();
    listed(
        &app,
        &key,
        asked.part(),
        move |conn, before, limit| {
            async move { store::orders::newest(conn, provider, before, limit).await }.boxed()
        },
        |order: &Order| (order.created_at, order.id),
        PlatformOrder::from,
    )
    .await
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
