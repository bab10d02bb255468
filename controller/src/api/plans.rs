//! `/api/v1/plans`: what is for sale.

use super::plan_parts::{Burst, SaleHours, colour};
use axum::extract::State;
use axum::http::StatusCode;
use mnara_protocol::ids::PlanId;
use mnara_protocol::money::Money;
use mnara_protocol::plan::{self, Rate, Terms};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::cursor::{Asked, Cursor, List, Listing, Part};
use super::gate::Key;
use super::made::Made;
use super::once::Once;
use super::operation::Operation;
use super::types::named;
use crate::app::App;
use crate::plans::edit::{self, Changed, EditError, MOST};
use crate::plans::{BadPlan, Draft, store};
use crate::web::{Answer, Json, Path, Problem};

/// Something for sale.
#[derive(Debug, Serialize, ToSchema)]
pub struct Plan {
    /// Its id.
    id: String,
    /// Counts its changes.
    revision: u32,
    /// What customers see.
    name: String,
    /// What it costs, such as `50.00`.
    price: String,
    /// In which currency.
    currency: &'static str,
    /// `time`, or `data` if only data limits it.
    plan_type: &'static str,
    /// How long it lasts from the first moment online.
    duration_seconds: Option<u32>,
    /// How long one may be online in all.
    online_seconds: Option<u32>,
    /// How much may be moved, both ways together.
    data_bytes: Option<u64>,
    /// How many devices share a ticket.
    devices: u16,
    /// Bits a second to the device; null without a limit.
    down_bps: Option<u64>,
    /// Bits a second from the device.
    up_bps: Option<u64>,
    /// More speed for a moment.
    burst: Option<Burst>,
    /// How long an unused ticket stays good.
    sell_by_seconds: Option<u32>,
    /// When it is sold; null if always.
    hours: Option<SaleHours>,
    /// The colour of its card, such as `0a7d4b`.
    colour: Option<String>,
    /// Whether customers are offered it.
    on_sale: bool,
    /// Where it stands in the list.
    position: u16,
}

impl From<plan::Plan> for Plan {
    fn from(plan: plan::Plan) -> Self {
        Self {
            id: plan.id.to_string(),
            revision: plan.revision,
            price: plan.price.to_decimal(),
            currency: plan.price.currency().code(),
            plan_type: plan.terms.plan_type().as_str(),
            duration_seconds: plan.terms.duration_secs,
            online_seconds: plan.terms.online_secs,
            data_bytes: plan.terms.data_bytes,
            devices: plan.terms.devices,
            down_bps: plan.terms.rate.map(|rate| rate.down_bps),
            up_bps: plan.terms.rate.map(|rate| rate.up_bps),
            burst: plan.terms.rate.and_then(|rate| rate.burst).map(Burst::from),
            sell_by_seconds: plan.sell_by_secs,
            hours: plan.hours.map(SaleHours::from),
            colour: plan.colour.map(|colour| format!("{colour:06x}")),
            on_sale: plan.on_sale,
            position: plan.position,
            name: plan.name,
        }
    }
}

/// What a plan is to be. At least one of the three limits must be there.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlanDraft {
    /// What customers see.
    #[schema(min_length = 1, max_length = 60, pattern = r"\S")]
    name: String,
    /// What it costs in whole shillings, such as `50.00`; 250,000 at most.
    #[schema(pattern = r"^([1-9][0-9]{0,4}|1[0-9]{5}|2[0-4][0-9]{4}|250000)(\.00)?$")]
    price: String,
    /// How long it lasts from the first moment online.
    #[schema(minimum = 60, maximum = 315_360_000)]
    duration_seconds: Option<u32>,
    /// How long one may be online in all.
    #[schema(minimum = 60, maximum = 315_360_000)]
    online_seconds: Option<u32>,
    /// How much may be moved, both ways together.
    #[schema(minimum = 1_000_000, maximum = 9_000_000_000_000_000_i64)]
    data_bytes: Option<u64>,
    /// How many devices share a ticket; 1 if nothing is said.
    #[schema(minimum = 1, maximum = 100)]
    devices: Option<u16>,
    /// Bits a second to the device. Give both speeds or none.
    #[schema(minimum = 8_000, maximum = 9_000_000_000_000_000_i64)]
    down_bps: Option<u64>,
    /// Bits a second from the device.
    #[schema(minimum = 8_000, maximum = 9_000_000_000_000_000_i64)]
    up_bps: Option<u64>,
    /// More speed for a moment; only beside the two speeds.
    burst: Option<Burst>,
    /// How long an unused ticket stays good.
    #[schema(minimum = 3_600, maximum = 315_360_000)]
    sell_by_seconds: Option<u32>,
    /// When it is sold; always if nothing is said.
    hours: Option<SaleHours>,
    /// The colour of its card.
    #[schema(pattern = "^[0-9a-fA-F]{6}$")]
    colour: Option<String>,
    /// Whether customers are offered it; yes if nothing is said.
    on_sale: Option<bool>,
    /// Where it stands in the list; 0, the top, if nothing is said.
    #[schema(minimum = 0, maximum = 65_535)]
    position: Option<u16>,
    /// In a change only, the plan's `revision` as it was read: a plan that was changed since stays as it is.
    #[schema(minimum = 1, maximum = 2_147_483_647)]
    revision: Option<u32>,
}

fn example() -> Value {
    json!({"name": "1 hour", "price": "20.00", "duration_seconds": 3600, "devices": 1, "sell_by_seconds": 2_592_000})
}

/// The revisions there are.
const REVISIONS: std::ops::RangeInclusive<u32> = 1..=2_147_483_647;

impl PlanDraft {
    /// The revision it was made of, where it says so.
    fn seen(&self) -> Answer<Option<u32>> {
        match self.revision {
            Some(seen) if !REVISIONS.contains(&seen) => Err(Problem::bad_field(
                "revision: give that of the plan as it was read, or none.",
            )),
            seen => Ok(seen),
        }
    }

    fn draft(self) -> Answer<Draft> {
        let price: Money = self
            .price
            .parse()
            .map_err(|_| Problem::bad_field("price: give whole shillings such as 50.00."))?;
        let rate = match (self.down_bps, self.up_bps) {
            (None, None) if self.burst.is_none() => None,
            (Some(down_bps), Some(up_bps)) => Some(Rate {
                down_bps,
                up_bps,
                burst: self.burst.map(plan::Burst::from),
            }),
            (None, None) => {
                return Err(Problem::bad_field("burst: give it beside both speeds."));
            }
            (Some(_), None) | (None, Some(_)) => {
                return Err(Problem::bad_field(
                    "down_bps, up_bps: give both speeds or none.",
                ));
            }
        };
        Ok(Draft {
            name: self.name.trim().to_owned(),
            price,
            terms: Terms {
                duration_secs: self.duration_seconds,
                online_secs: self.online_seconds,
                data_bytes: self.data_bytes,
                devices: self.devices.unwrap_or(1),
                rate,
            },
            sell_by_secs: self.sell_by_seconds,
            on_sale: self.on_sale.unwrap_or(true),
            position: self.position.unwrap_or(0),
            hours: self.hours.as_ref().map(SaleHours::read).transpose()?,
            colour: self.colour.as_deref().map(colour).transpose()?,
        })
    }
}

fn refused(error: EditError) -> Problem {
    match error {
        EditError::Bad(bad) => Problem::bad_field(format!("{}: {bad}.", field(bad))),
        EditError::Missing => Problem::not_found(),
        EditError::TooMany => Problem::new(
            StatusCode::CONFLICT,
            "too-many-plans",
            "There are 100 plans. Take one off sale and change it instead.",
        ),
        EditError::Database(error) => error.into(),
    }
}

const fn field(bad: BadPlan) -> &'static str {
    match bad {
        BadPlan::Name => "name",
        BadPlan::Price => "price",
        BadPlan::Endless => "duration_seconds, online_seconds, data_bytes",
        BadPlan::Time => "duration_seconds, online_seconds",
        BadPlan::Data => "data_bytes",
        BadPlan::Devices => "devices",
        BadPlan::Speed => "down_bps, up_bps",
        BadPlan::Burst => "burst",
        BadPlan::Hours => "hours",
        BadPlan::Colour => "colour",
        BadPlan::SellBy => "sell_by_seconds",
    }
}

pub(super) fn listing() -> Operation {
    Operation::new(
        "listPlans",
        "List plans",
        "In the order customers see them, also those that are not on sale.",
    )
    .query::<Listing>()
    .lists::<Plan>()
}

/// Lists plans.
///
/// # Errors
/// A problem document.
pub async fn list(
    State(app): State<App>,
    key: Key,
    Asked(asked): Asked<Listing>,
) -> Answer<Json<List<Plan>>> {
    let (limit, cursor) = asked.part();
    let part = Part::read(limit, cursor)?;
    let mut tx = app.db.tenant(key.provider()).await?;
    // A business has a hundred at most.
    let place = |plan: &plan::Plan| Cursor {
        place: i64::from(plan.position),
        id: *plan.id.as_bytes(),
    };
    let found = store::plans(&mut tx, key.provider(), MOST).await?;
    Ok(Json(part.list(part.rest(found, place), place, Plan::from)))
}

pub(super) fn showing() -> Operation {
    Operation::new("getPlan", "Show a plan", "")
        .of(PlanId::PREFIX)
        .answers::<Plan>(200)
}

/// Shows one.
///
/// # Errors
/// A problem document.
pub async fn show(State(app): State<App>, key: Key, Path(id): Path<String>) -> Answer<Json<Plan>> {
    let mut tx = app.db.tenant(key.provider()).await?;
    let found = store::plan(&mut tx, key.provider(), named(&id)?).await?;
    let plan = found.ok_or_else(Problem::not_found)?;
    Ok(Json(plan.into()))
}

pub(super) fn adding() -> Operation {
    Operation::new("createPlan", "Make a plan", "All sites are told at once.")
        .body::<PlanDraft>(example())
        .answers::<Plan>(201)
}

/// Makes one.
///
/// # Errors
/// A problem document.
pub async fn add(
    State(app): State<App>,
    key: Key,
    once: Once,
    Json(draft): Json<PlanDraft>,
) -> Answer<Made> {
    if draft.revision.is_some() {
        return Err(Problem::bad_field(
            "revision: leave it out, a plan that is made has none yet.",
        ));
    }
    let draft = draft.draft()?;
    let mut tx = app.db.tenant(key.provider()).await?;
    let plan = edit::create_in(&app, &mut tx, key.provider(), &draft, key.actor())
        .await
        .map_err(refused)?;
    let made = Made::new(&format!("/plans/{}", plan.id), &Plan::from(plan))?;
    once.keep(&mut tx, &made).await?;
    tx.commit().await?;
    Ok(made)
}

pub(super) fn changing() -> Operation {
    Operation::new(
        "replacePlan",
        "Change a plan",
        "The body is the whole plan as it is to be; what is left out is not there afterwards. Tickets already sold keep their terms. With the \
         `revision` that was read, a plan that somebody has changed since stays as it is, and the answer is `changed`.",
    )
    .of(PlanId::PREFIX)
    .body::<PlanDraft>(example())
    .answers::<Plan>(200)
    .problem(409)
}

/// Changes one.
///
/// # Errors
/// A problem document.
pub async fn change(
    State(app): State<App>,
    key: Key,
    Path(id): Path<String>,
    Json(draft): Json<PlanDraft>,
) -> Answer<Json<Plan>> {
    let id: PlanId = named(&id)?;
    let (provider, seen) = (key.provider(), draft.seen()?);
    let draft = draft.draft()?;
    if seen.is_none() {
        return edit::change(&app, provider, id, &draft, key.actor())
            .await
            .map(|plan| Json(plan.into()))
            .map_err(refused);
    }
    let changed = edit::change_seen(&app, provider, (id, seen), |_| Ok(draft), key.actor())
        .await
        .map_err(refused)?;
    match changed {
        Changed::Made => show(State(app), key, Path(id.to_string())).await,
        Changed::Meanwhile(_) => Err(Problem::new(
            StatusCode::CONFLICT,
            "changed",
            "Somebody has changed this plan since. Read it again.",
        )),
    }
}
