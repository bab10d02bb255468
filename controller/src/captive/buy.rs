//! `POST /api/captive/{provider}/initiate-mpesa` and `GET /api/payments/{payment}`: asking a phone to pay, and how that stands.

use axum::extract::State;
use axum::http::header::{HeaderName, LOCATION};
use axum::http::{HeaderMap, StatusCode};
use mnara_protocol::ids::{AttemptId, PaymentId, PlanId, ProviderId};
use mnara_protocol::message::PayFailure;
use mnara_protocol::money::Money;
use serde::{Deserialize, Serialize};

use super::{bearer, device, no_device, payment_of, payment_path};
use crate::app::App;
use crate::payments::checkout::{Ask, NotBegun, begin};
use crate::payments::store::Held;
use crate::payments::{State as PaymentState, failure_word};
use crate::rails::msisdn::Msisdn;
use crate::ratelimit::{Act, By};
use crate::tickets;
use crate::web::{Answer, Caller, Json, Path, Problem};

/// What a portal sends.
#[derive(Debug, Deserialize)]
pub struct Order {
    phone: Phone,
    plan_id: String,
    /// The device token; it may come in the header instead.
    token: Option<String>,
    /// Repeats are the same payment.
    attempt_id: Option<String>,
    /// What the customer saw.
    plan_revision: Option<u32>,
    /// What the customer saw, as `50.00`.
    price: Option<String>,
    /// Whether the customer wants the code by SMS, where the business sends it to who asks.
    by_sms: Option<bool>,
}

/// A number as people write it, or as programs do.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Phone {
    Text(String),
    Number(u64),
}

/// How a payment stands.
#[derive(Debug, Serialize)]
pub struct Standing {
    payment_id: String,
    status: &'static str,
    /// Where its holder asks again.
    status_url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    payment_token: Option<String>,
    /// What the phone is asked for, and what of the price its credit pays.
    #[serde(skip_serializing_if = "Option::is_none")]
    amount: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    credit: Option<String>,
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
/// The answer names the payment, its own token and where to ask how it stands; one that had been begun by the same attempt before may already have an end.
///
/// # Errors
/// A problem document.
pub async fn initiate(
    State(app): State<App>,
    Caller(source): Caller,
    Path(provider): Path<String>,
    headers: HeaderMap,
    Json(order): Json<Order>,
) -> Answer<(StatusCode, [(HeaderName, String); 1], Json<Standing>)> {
    let provider: ProviderId = provider.parse().map_err(|_| Problem::not_found())?;
    let token = bearer(&headers, order.token.as_deref());
    let vouched = device(&app, Act::Checkout, source, token).await?;
    if vouched.provider != provider {
        return Err(no_device());
    }
    let attempt = match &order.attempt_id {
        Some(text) => text
            .parse::<AttemptId>()
            .map_err(|_| Problem::bad_field("attempt_id: give an id such as a UUID."))?,
        None => AttemptId::new(app.clock.now(), app.entropy.bytes()),
    };
    let ask = Ask {
        site: Some(vouched.device.site),
        attempt: Some(attempt),
        plan: order.plan()?,
        seen: order.seen()?,
        phone: order.phone()?,
        mac: Some(vouched.device.mac),
        deadline: None,
        by_sms: order.by_sms.unwrap_or_default(),
    };
    let begun = begin(&app, provider, ask).await?;
    // The phone is being asked: whatever else fails now, the caller gets the token.
    let standing = match payment_of(&app, &begun.token).await {
        Ok(Some(held)) => stand(&app, held).await.ok(),
        Ok(None) | Err(_) => None,
    };
    let standing = standing.unwrap_or_else(|| Standing::pending(begun.payment));
    let status = match standing.status {
        "pending" => StatusCode::ACCEPTED,
        _ => StatusCode::OK,
    };
    let place = [(LOCATION, payment_path(begun.payment))];
    let standing = Standing {
        payment_token: Some(begun.token),
        amount: Some(begun.amount.to_decimal()),
        credit: (begun.credit.cents() > 0).then(|| begun.credit.to_decimal()),
        ..standing
    };
    Ok((status, place, Json(standing)))
}

impl Order {
    fn plan(&self) -> Answer<PlanId> {
        self.plan_id
            .parse()
            .map_err(|_| Problem::bad_field("plan_id: give the id of a plan."))
    }

    fn phone(&self) -> Answer<Msisdn> {
        let phone = match &self.phone {
            Phone::Text(text) => text.parse(),
            Phone::Number(number) => number.to_string().parse(),
        };
        phone.map_err(|_| {
            Problem::bad_field("phone: give a Kenyan mobile number such as 0712 345 678.")
        })
    }

    /// What the customer saw: both or neither, so that a price alone is not passed over.
    fn seen(&self) -> Answer<Option<(u32, Money)>> {
        match (self.plan_revision, &self.price) {
            (None, None) => Ok(None),
            (Some(revision), Some(price)) => price
                .parse()
                .map(|price| Some((revision, price)))
                .map_err(|_| Problem::bad_field("price: give shillings such as 50.00.")),
            (Some(_), None) => Err(Problem::bad_field("price: give it with plan_revision.")),
            (None, Some(_)) => Err(Problem::bad_field("plan_revision: give it with price.")),
        }
    }
}

impl Standing {
    fn pending(payment: PaymentId) -> Self {
        Self {
            payment_id: payment.to_string(),
            status: "pending",
            status_url: payment_path(payment),
            payment_token: None,
            amount: None,
            credit: None,
            reason: None,
            ticket: None,
        }
    }
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
        return Err(Problem::unauthorised().detail(
            "Send the payment_token that came with this payment, as Authorization: Bearer.",
        ));
    };
    let held = payment_of(&app, token).await?;
    let Some(held) = held.filter(|held| held.payment == id) else {
        app.limits.check(Act::Guess, By::Address(source))?;
        return Err(Problem::not_found());
    };
    // A whole site may share one address, so a buyer is told apart by the device.
    match held.mac {
        Some(mac) => app.limits.check(Act::Status, By::Device(mac))?,
        None => app.limits.check(Act::Status, By::Address(source))?,
    }
    Ok(Json(stand(&app, held).await?))
}

async fn stand(app: &App, held: Held) -> Answer<Standing> {
    let ticket = match held.ticket {
        None => None,
        Some(id) => {
            let mut tx = app.db.tenant(held.provider).await?;
            tickets::store::by_id(&mut tx, held.provider, id, app.clock.now()).await?
        }
    };
    let (status, reason) = match held.state {
        PaymentState::Pending => ("pending", None),
        PaymentState::Success => ("success", None),
        PaymentState::Failed(failure) => ("failed", failure.map(failure_word)),
    };
    Ok(Standing {
        status,
        reason,
        ticket: ticket.map(|found| Bought {
            code: found.kept.code.shown(),
            username: found.kept.username,
            password: found.kept.password,
        }),
        ..Standing::pending(held.payment)
    })
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
            NotBegun::OtherTry => Self::new(
                StatusCode::CONFLICT,
                "attempt-taken",
                "This attempt_id belongs to another order. Nothing was charged.",
            )
            .detail("Send a new attempt_id for a new order; repeat one only with the same phone, plan and device."),
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
        PayFailure::NotNow => "This plan is sold at other hours. Nothing was charged.",
        PayFailure::ProviderSetup | PayFailure::ProviderAccount => {
            "M-PESA is not set up correctly at this hotspot. Nothing was charged."
        }
        PayFailure::Blocked => {
            "This number cannot pay at this hotspot. Ask the people here. Nothing was charged."
        }
        PayFailure::NoMpesa => "M-PESA does not take this number. Nothing was charged.",
        PayFailure::LimitReached => {
            "This amount is beyond a limit for this number. Nothing was charged. Try another plan or another phone, or come back tomorrow."
        }
        PayFailure::WrongPin
        | PayFailure::Cancelled
        | PayFailure::NoAnswer
        | PayFailure::NoMoney
        | PayFailure::TooSoon
        | PayFailure::Expired
        | PayFailure::Busy
        | PayFailure::Locked
        | PayFailure::Other(_) => {
            "M-PESA did not take the request. Nothing was charged. Try again in a minute."
        }
    }
}
