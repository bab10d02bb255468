//! `POST /api/captive/{provider}/initiate-mpesa` and `GET /api/payments/{payment}`: asking a phone to pay, and how that stands.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use mnara_protocol::ids::{AttemptId, PaymentId, PlanId, ProviderId};
use mnara_protocol::message::PayFailure;
use mnara_protocol::money::Money;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::{bearer, vouch};
use crate::app::App;
use crate::db::Reason;
use crate::payments::checkout::{Ask, NotBegun, begin};
use crate::payments::{State as PaymentState, failure_word, store};
use crate::ratelimit::{Act, By};
use crate::tickets;
use crate::web::{Answer, Caller, Json, Path, Problem};

/// What a portal sends.
#[derive(Debug, Deserialize)]
pub struct Order {
    phone: String,
    plan_id: String,
    /// The device token; it may come in the header instead.
    token: Option<String>,
    /// Repeats are the same payment.
    attempt_id: Option<String>,
    /// What the customer saw.
    plan_revision: Option<u32>,
    /// What the customer saw, as `50.00`.
    price: Option<String>,
}

/// How a payment stands.
#[derive(Debug, Serialize)]
pub struct Standing {
    payment_id: String,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    payment_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ticket: Option<Bought>,
}

/// The ticket a payment bought.
#[derive(Debug, Serialize)]
pub struct Bought {
    code: String,
    username: String,
    password: String,
}

/// Asks the phone. Needs a device token of one of the provider's sites.
///
/// # Errors
/// A problem document.
pub async fn initiate(
    State(app): State<App>,
    Caller(source): Caller,
    Path(provider): Path<String>,
    headers: HeaderMap,
    Json(order): Json<Order>,
) -> Answer<(StatusCode, Json<Standing>)> {
    let provider: ProviderId = provider.parse().map_err(|_| Problem::not_found())?;
    let token = bearer(&headers, order.token.as_deref());
    let Some(token) = token else {
        // Callers without a token are told apart by their address alone.
        app.limits.check(Act::Checkout, By::Address(source))?;
        return Err(Problem::unauthorised()
            .detail("Send the token that the hotspot's portal gave to this device."));
    };
    let vouched = vouch(&app, token).await?;
    if vouched.provider != provider {
        return Err(Problem::unauthorised());
    }
    let bad = |detail: &'static str| {
        Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "bad-field",
            "A field is missing or has the wrong form.",
        )
        .detail(detail)
    };
    let phone = order
        .phone
        .parse()
        .map_err(|_| bad("phone: give a Kenyan mobile number such as 0712 345 678."))?;
    let plan: PlanId = order
        .plan_id
        .parse()
        .map_err(|_| bad("plan_id: give the id of a plan."))?;
    let attempt = order
        .attempt_id
        .as_deref()
        .map(str::parse::<AttemptId>)
        .transpose();
    let attempt = attempt.map_err(|_| bad("attempt_id: give an id such as a UUID."))?;
    let attempt = attempt.unwrap_or_else(|| AttemptId::new(app.clock.now(), app.entropy.bytes()));
    let price = order.price.as_deref().map(str::parse::<Money>).transpose();
    let price = price.map_err(|_| bad("price: give shillings such as 50.00."))?;
    let ask = Ask {
        site: Some(vouched.device.site),
        attempt: Some(attempt),
        plan,
        seen: order.plan_revision.zip(price),
        phone,
        mac: Some(vouched.device.mac),
        deadline: None,
    };
    let begun = begin(&app, provider, ask).await?;
    let standing = Standing {
        payment_id: begun.payment.to_string(),
        status: "pending",
        payment_token: Some(begun.token),
        reason: None,
        ticket: None,
    };
    Ok((StatusCode::ACCEPTED, Json(standing)))
}

/// Says how a payment stands to the holder of its token, in the header `Authorization: Bearer …`.
///
/// # Errors
/// A problem document.
pub async fn progress(
    State(app): State<App>,
    Caller(source): Caller,
    Path(payment): Path<String>,
    headers: HeaderMap,
) -> Answer<Json<Standing>> {
    let id: PaymentId = payment.parse().map_err(|_| Problem::not_found())?;
    let Some(token) = bearer(&headers, None) else {
        app.limits.check(Act::Status, By::Address(source))?;
        return Err(Problem::unauthorised());
    };
    let hash = Sha256::digest(token.as_bytes());
    let mut tx = app.db.platform(Reason::Captive).await?;
    let Some(found) = store::by_token(&mut tx, id, hash.as_slice()).await? else {
        app.limits.check(Act::Guess, By::Address(source))?;
        return Err(Problem::not_found());
    };
    drop(tx);
    let store::Held {
        provider,
        state,
        ticket,
        mac,
    } = found;
    // A whole site may share one address, so a buyer is told apart by the device.
    match mac {
        Some(mac) => app.limits.check(Act::Status, By::Device(mac))?,
        None => app.limits.check(Act::Status, By::Address(source))?,
    }
    let ticket = match ticket {
        None => None,
        Some(id) => {
            let mut tx = app.db.tenant(provider).await?;
            tickets::store::lock(&mut tx, provider, id, app.clock.now()).await?
        }
    };
    let (status, reason) = match state {
        PaymentState::Pending => ("pending", None),
        PaymentState::Success => ("success", None),
        PaymentState::Failed(failure) => ("failed", failure.map(failure_word)),
    };
    Ok(Json(Standing {
        payment_id: id.to_string(),
        status,
        payment_token: None,
        reason,
        ticket: ticket.map(|found| Bought {
            code: found.kept.code.shown(),
            username: found.kept.username,
            password: found.kept.password,
        }),
    }))
}

impl From<NotBegun> for Problem {
    fn from(error: NotBegun) -> Self {
        match error {
            NotBegun::NoPlan => Self::new(
                StatusCode::CONFLICT,
                "no-such-plan",
                "This plan is not on sale.",
            ),
            NotBegun::PlanChanged(plan) => Self::new(
                StatusCode::CONFLICT,
                "plan-changed",
                "The plan has changed. Nothing was charged.",
            )
            .with("plan_revision", plan.revision)
            .with("price", plan.price.to_decimal()),
            NotBegun::NotAsked(failure, retry) => {
                let problem = Self::new(StatusCode::CONFLICT, "not-asked", told(failure))
                    .with("reason", failure_word(failure));
                match retry {
                    Some(after) => problem.retry(after),
                    None => problem,
                }
            }
            NotBegun::Closed => Self::new(
                StatusCode::CONFLICT,
                "sales-closed",
                "M-PESA sales are closed at this hotspot. A printed code still works.",
            ),
            NotBegun::TooMany(too_many) => too_many.into(),
            NotBegun::Late => Self::new(
                StatusCode::CONFLICT,
                "too-late",
                "The question came too late. Nothing was charged.",
            ),
            NotBegun::Fault(error) => {
                tracing::error!(error = %format!("{error:#}"), "a payment could not be begun");
                Self::internal()
            }
        }
    }
}

const fn told(failure: PayFailure) -> &'static str {
    match failure {
        PayFailure::OtherPrompt => "Finish the M-PESA prompt that is already on your phone.",
        PayFailure::ProviderSetup | PayFailure::ProviderAccount => {
            "M-PESA is not set up correctly at this hotspot. Nothing was charged."
        }
        PayFailure::WrongPin
        | PayFailure::Cancelled
        | PayFailure::NoAnswer
        | PayFailure::NoMoney
        | PayFailure::LimitReached
        | PayFailure::TooSoon
        | PayFailure::Expired
        | PayFailure::Busy
        | PayFailure::Locked
        | PayFailure::Other(_) => {
            "M-PESA did not take the request. Nothing was charged. Try again in a minute."
        }
    }
}
