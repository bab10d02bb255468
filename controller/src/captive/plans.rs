//! `GET /api/captive/{provider}/plans`: what is on sale.

use axum::extract::State;
use mnara_protocol::ids::ProviderId;
use mnara_protocol::plan::Plan;
use serde::Serialize;

use crate::app::App;
use crate::plans::edit::MOST;
use crate::plans::store;
use crate::ratelimit::{Act, By};
use crate::web::{Answer, Caller, Json, Path, Problem};

/// A plan as the public sees it.
#[derive(Debug, Serialize)]
pub struct Offer {
    id: String,
    revision: u32,
    name: String,
    price: String,
    currency: &'static str,
    plan_type: &'static str,
    duration_hours: Option<u32>,
    duration_seconds: Option<u32>,
    online_seconds: Option<u32>,
    data_limit_mb: Option<u64>,
    devices: u16,
    down_bps: Option<u64>,
    up_bps: Option<u64>,
}

impl From<Plan> for Offer {
    fn from(plan: Plan) -> Self {
        Self {
            id: plan.id.to_string(),
            revision: plan.revision,
            price: plan.price.to_decimal(),
            currency: plan.price.currency().code(),
            plan_type: plan.terms.plan_type().as_str(),
            duration_hours: plan.terms.duration_hours(),
            duration_seconds: plan.terms.duration_secs,
            online_seconds: plan.terms.online_secs,
            data_limit_mb: plan.terms.data_limit_mb(),
            devices: plan.terms.devices,
            down_bps: plan.terms.rate.map(|rate| rate.down_bps),
            up_bps: plan.terms.rate.map(|rate| rate.up_bps),
            name: plan.name,
        }
    }
}

/// Lists what a provider sells, in the order of its portal.
///
/// # Errors
/// A problem document.
pub async fn list(
    State(app): State<App>,
    Caller(source): Caller,
    Path(provider): Path<String>,
) -> Answer<Json<Vec<Offer>>> {
    app.limits.check(Act::Status, By::Address(source))?;
    let provider: ProviderId = provider.parse().map_err(|_| Problem::not_found())?;
    let mut tx = app.db.tenant(provider).await?;
    crate::providers::store::provider(&mut tx, provider)
        .await?
        .ok_or_else(Problem::not_found)?;
    let plans = store::plans(&mut tx, provider, MOST).await?;
    Ok(Json(
        plans
            .into_iter()
            .filter(|plan| plan.on_sale)
            .map(Offer::from)
            .collect(),
    ))
}
