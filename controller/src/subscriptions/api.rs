//! What a business' own pages and programs call: an order to pay, and how the business stands.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use mnara_protocol::ids::{AttemptId, PlatformPlanId};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::order::{self, NotMade, Placed, Wish};
use super::standing::standing;
use super::{Order, PlatformPlan};
use crate::app::App;
use crate::audit::Actor;
use crate::providers::on_behalf::OnBehalf;
use crate::rails::pesapal::SubmitError;
use crate::web::extract::Json;
use crate::web::problem::Problem;
use crate::web::repeat::{named, replayed};
use crate::web::show;

/// What is sent to order.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ask {
    plan_id: String,
    /// Made by the caller: the same order sent again with it is the same order. Where there is none, the `Idempotency-Key` is as good.
    attempt_id: Option<String>,
    /// Whether a card may be charged again by itself.
    #[serde(default)]
    recurring: bool,
    /// Whether the business should be on that plan at once, with what is left counted in.
    #[serde(default)]
    upgrade: bool,
}

/// Makes an order and tells on which page it is paid. For somebody whose role pays, or a key that may. One that was there before by the name of the
/// request is told as it is now.
///
/// # Errors
/// A problem that says what would help.
pub async fn create_order(
    State(app): State<App>,
    caller: OnBehalf,
    headers: HeaderMap,
    Json(ask): Json<Ask>,
) -> Result<Response, Problem> {
    let plan: PlatformPlanId = ask
        .plan_id
        .parse()
        .map_err(|error| Problem::bad_field(format!("plan_id: {error}")))?;
    let name = named(&headers)?;
    let attempt: AttemptId = match (&ask.attempt_id, &name) {
        (Some(id), _) => id
            .parse()
            .map_err(|error| Problem::bad_field(format!("attempt_id: {error}")))?,
        (None, Some(name)) => attempt(caller.actor, name),
        (None, None) => AttemptId::new(app.clock.now(), app.entropy.bytes()),
    };
    let wish = Wish {
        plan,
        attempt,
        is_recurring: ask.recurring,
        is_upgrade: ask.upgrade,
    };
    let placed = order::create(&app, caller.provider, caller.actor, wish).await?;
    let Placed { order, is_repeat } = placed;
    let status = if order.redirect.is_some() {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    let answer = (status, Json(told(&order))).into_response();
    Ok(if name.is_some() && is_repeat {
        replayed(answer)
    } else {
        answer
    })
}

/// The attempt that a caller means by a name: another's names are their own.
fn attempt(actor: Actor, name: &str) -> AttemptId {
    let (kind, person, key) = actor.columns();
    let mut hash = Sha256::new();
    hash.update(kind);
    for id in [person, key] {
        hash.update([0]);
        hash.update(id.unwrap_or_default().as_bytes());
    }
    hash.update(name);
    let hash: [u8; 32] = hash.finalize().into();
    let mut id = [0; 16];
    id.copy_from_slice(&hash[..16]);
    AttemptId::from_bytes(id)
}

/// Tells how a business stands. For whoever may see it.
///
/// # Errors
/// When the database is away.
pub async fn status(State(app): State<App>, caller: OnBehalf) -> Result<Json<Value>, Problem> {
    let standing = standing(&app, caller.provider).await?;
    Ok(Json(json!({
        "status": standing.status.word(),
        "paid_until": standing.paid_until.map(show::utc),
        "restricted_from": standing.rights.restricted_from.map(show::utc),
        "plan": standing.plan.as_ref().map(plan),
        "orders": standing.orders.iter().map(told).collect::<Vec<_>>(),
    })))
}

fn plan(plan: &PlatformPlan) -> Value {
    json!({
        "id": plan.id.to_string(),
        "name": plan.name,
        "period": plan.period.word(),
        "price": plan.price.decimal(),
        "currency": plan.price.currency.code(),
        "most_sites": plan.most_sites,
        "features": plan.features.iter().map(|feature| feature.word()).collect::<Vec<_>>(),
    })
}

fn told(order: &Order) -> Value {
    json!({
        "id": order.id.to_string(),
        "plan_id": order.plan.to_string(),
        "status": order.state.word(),
        "amount": order.price.decimal(),
        "currency": order.price.currency.code(),
        "merchant_reference": order.reference,
        "order_tracking_id": order.tracking,
        "redirect_url": order.redirect,
        "confirmation_code": order.confirmation,
        "created_at": show::utc(order.created_at),
        "expires_at": show::utc(order.expires_at),
        "paid_at": order.settled_at.map(show::utc),
    })
}

impl From<NotMade> for Problem {
    fn from(error: NotMade) -> Self {
        match error {
            NotMade::Off => Self::new(
                StatusCode::CONFLICT,
                "nothing-to-pay",
                "Nobody is asked to pay here.",
            ),
            NotMade::NoPlan => Self::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "no-such-plan",
                "This plan is not offered. Choose another.",
            ),
            NotMade::TooManySites(beyond) => Self::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "too-many-sites",
                "This plan is for fewer sites than the business has. Choose one for more.",
            )
            .with("most_sites", beyond.most)
            .with("sites", beyond.have),
            NotMade::NoUpgrade => Self::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "no-upgrade",
                "This plan cannot be changed to at once. Order it for the next period.",
            ),
            NotMade::Free => Self::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "nothing-to-order",
                "What is left pays for this change. Make it at /settings/subscription, which says until when the plan then lasts.",
            ),
            NotMade::NoContact => Self::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "no-contact",
                "Pesapal needs an e-mail address or a phone number. Give the business one first.",
            ),
            NotMade::OtherAttempt => Self::new(
                StatusCode::CONFLICT,
                "attempt-taken",
                "This attempt was made for another plan, or to be paid otherwise. Use a new one.",
            ),
            NotMade::BeingMade => Self::new(
                StatusCode::CONFLICT,
                "in-progress",
                "This order is being made. Ask again in a moment.",
            )
            .retry(std::time::Duration::from_secs(3)),
            NotMade::TooMany(too_many) => too_many.into(),
            NotMade::Rail(SubmitError::Order(what)) => Self::bad_field(what),
            refused if refused.is_final() => Self::new(
                StatusCode::BAD_GATEWAY,
                "pesapal-refused",
                "Pesapal refuses this order, and would again. Nothing was paid. Tell whoever runs the platform.",
            ),
            NotMade::Rail(SubmitError::Call(_) | SubmitError::Unknown(_)) => Self::new(
                StatusCode::BAD_GATEWAY,
                "pesapal-away",
                "Pesapal does not take the order now. Nothing was paid. Try again in a moment.",
            )
            .retry(std::time::Duration::from_secs(30)),
            NotMade::Fault(error) => match error.downcast::<sqlx::Error>() {
                Ok(error) => error.into(),
                Err(error) => error.into(),
            },
        }
    }
}
