//! The pages and calls by which businesses pay the platform, and who may open them.

use crate::providers::gate::{Door, Pages};
use crate::providers::keys::scopes::Scope;
use crate::providers::staff::roles::Permission as P;
use crate::subscriptions::{api, pages};

/// Lists them.
pub(super) fn add(listed: Pages) -> Pages {
    listed
        .post(
            "/api/providers/{id}/pesapal/create-order",
            Door::Business(P::PayPlatform, Scope::SubscriptionPay),
            api::create_order,
        )
        .get(
            "/api/providers/{id}/subscription-status",
            Door::Business(P::SeeSubscription, Scope::SubscriptionRead),
            api::status,
        )
        .get(
            "/settings/subscription",
            Door::Staff(P::SeeSubscription),
            pages::show,
        )
        .post(
            "/settings/subscription",
            Door::Staff(P::PayPlatform),
            pages::pay,
        )
        .post(
            "/settings/subscription/trial",
            Door::Staff(P::PayPlatform),
            pages::trial,
        )
        .post(
            "/settings/subscription/orders/{id}/cancel",
            Door::Staff(P::PayPlatform),
            pages::cancel,
        )
        .get(
            "/settings/subscription/invoices/{id}/pdf",
            Door::Staff(P::SeeSubscription),
            pages::paper::pdf,
        )
}
