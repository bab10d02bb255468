//! The pages of what is for sale: the list, a form with presets, changing and hiding.

use askama::Template;
use axum::extract::{Form, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use mnara_protocol::ids::PlanId;
use serde::Deserialize;

use super::edit::{Changed, EditError, MOST, change_seen, create};
use super::form::{Day, Filled, gives};
use super::{BadPlan, store};
use crate::app::App;
use crate::providers::gate::Seat;
use crate::providers::pages::frame::Frame;
use crate::providers::pages::trouble::Trouble;
use crate::providers::pages::words::{PlanWords, Words};
use crate::providers::staff::roles::Permission;
use crate::web::page::{html, onward};
use crate::web::{Path, show};

/// One plan in the list.
struct Row {
    id: PlanId,
    name: String,
    price: String,
    gives: String,
    on_sale: bool,
    hours: Option<String>,
}

#[derive(Template)]
#[template(path = "vouchers/plans.html")]
struct PlansPage<'a> {
    frame: &'a Frame,
    w: &'static Words,
    plans: Vec<Row>,
    may_edit: bool,
    done: Option<&'static str>,
    fault: Option<&'static str>,
}

/// What was done just before, as the address says it.
#[derive(Debug, Default, Deserialize)]
pub struct Done {
    done: Option<String>,
}

/// Shows the plans.
///
/// # Errors
/// When the database is away.
pub async fn list(
    State(app): State<App>,
    frame: Frame,
    seat: Seat,
    Query(done): Query<Done>,
) -> Result<Response, Trouble> {
    let w = frame.words();
    let mut tx = app.db.tenant(seat.provider()).await?;
    let plans = store::plans(&mut tx, seat.provider(), MOST).await?;
    drop(tx);
    // The portal's own words for when something is sold.
    let portal = frame.language.words();
    let page = PlansPage {
        frame: &frame,
        w,
        plans: plans
            .into_iter()
            .map(|plan| Row {
                id: plan.id,
                price: show::money(plan.price),
                gives: gives(&plan.terms, w),
                on_sale: plan.on_sale,
                hours: plan.hours.map(|hours| portal.hours(&hours)),
                name: plan.name,
            })
            .collect(),
        may_edit: seat.place.role.may(Permission::EditPlans),
        done: done.done.is_some().then_some(w.plans.kept),
        fault: None,
    };
    Ok(html(StatusCode::OK, &page))
}

#[derive(Template)]
#[template(path = "vouchers/plan.html")]
struct PlanPage<'a> {
    frame: &'a Frame,
    w: &'static Words,
    /// The plan that is changed; none for a new one.
    id: Option<PlanId>,
    filled: &'a Filled,
    days: Vec<Day>,
    /// What the phone beside the form shows before anything is typed.
    first: String,
    fault: Option<&'static str>,
}

fn shown(
    frame: &Frame,
    status: StatusCode,
    id: Option<PlanId>,
    (filled, preset): (&Filled, &str),
    fault: Option<&'static str>,
) -> Response {
    let mut first = "/plans/preview".to_owned();
    if !preset.is_empty() {
        first.push_str("?preset=");
        first.push_str(preset);
    }
    let page = PlanPage {
        frame,
        w: frame.words(),
        id,
        filled,
        days: filled.days(&frame.words().calendar),
        first,
        fault,
    };
    html(status, &page)
}

/// What to begin with.
#[derive(Debug, Default, Deserialize)]
pub struct Preset {
    preset: Option<String>,
}

/// Shows the form of a new plan.
pub async fn new(frame: Frame, Query(preset): Query<Preset>) -> Response {
    let name = preset.preset.unwrap_or_default();
    let filled = Filled::preset(&name, &frame.words().plans);
    // Any other word fills nothing in.
    let preset = if filled.name.is_empty() {
        ""
    } else {
        name.as_str()
    };
    shown(&frame, StatusCode::OK, None, (&filled, preset), None)
}

/// Shows the form of a plan that is there.
///
/// # Errors
/// When there is none such, or the database is away.
pub async fn form(
    State(app): State<App>,
    frame: Frame,
    seat: Seat,
    Path(id): Path<String>,
) -> Result<Response, Trouble> {
    let id = id.parse().map_err(|_| Trouble::Nothing)?;
    let mut tx = app.db.tenant(seat.provider()).await?;
    let plan = store::plan(&mut tx, seat.provider(), id).await?;
    drop(tx);
    let filled = Filled::of(&plan.ok_or(Trouble::Nothing)?);
    Ok(shown(&frame, StatusCode::OK, Some(id), (&filled, ""), None))
}

/// Makes a plan.
///
/// # Errors
/// When the database is away.
pub async fn add(
    State(app): State<App>,
    frame: Frame,
    seat: Seat,
    Form(filled): Form<Filled>,
) -> Result<Response, Trouble> {
    let result = match filled.draft() {
        Ok(draft) => create(&app, seat.provider(), &draft, seat.actor()).await,
        Err(bad) => Err(bad.into()),
    };
    answered(&frame, None, filled, result.map(|_| Changed::Made))
}

/// Changes a plan; what was sold keeps its terms.
///
/// # Errors
/// When there is none such, or the database is away.
pub async fn edit(
    State(app): State<App>,
    frame: Frame,
    seat: Seat,
    Path(id): Path<String>,
    Form(filled): Form<Filled>,
) -> Result<Response, Trouble> {
    let id = id.parse().map_err(|_| Trouble::Nothing)?;
    let result = change_seen(
        &app,
        seat.provider(),
        (id, filled.revision),
        |plan| filled.over(plan),
        seat.actor(),
    )
    .await;
    answered(&frame, Some(id), filled, result)
}

/// The answer to a form that was sent: the list, or the form again with what was typed.
fn answered(
    frame: &Frame,
    id: Option<PlanId>,
    filled: Filled,
    result: Result<Changed, EditError>,
) -> Result<Response, Trouble> {
    let w = &frame.words().plans;
    let again =
        |status, filled: &Filled, fault| Ok(shown(frame, status, id, (filled, ""), Some(fault)));
    match result {
        Ok(Changed::Made) => Ok(onward("/plans?done=kept")),
        // Whoever sends it once more has read that.
        Ok(Changed::Meanwhile(revision)) => {
            let mut filled = filled;
            filled.revision = Some(revision);
            again(StatusCode::CONFLICT, &filled, w.meanwhile)
        }
        Err(EditError::Bad(bad)) => again(StatusCode::UNPROCESSABLE_ENTITY, &filled, w.bad(bad)),
        Err(EditError::TooMany) => again(StatusCode::CONFLICT, &filled, w.too_many),
        Err(EditError::Missing) => Err(Trouble::Nothing),
        Err(EditError::Database(error)) => Err(error.into()),
    }
}

impl PlanWords {
    /// What is wrong with a plan.
    pub(super) const fn bad(&self, error: BadPlan) -> &'static str {
        match error {
            BadPlan::Name => self.bad_name,
            BadPlan::Price => self.bad_price,
            BadPlan::Endless => self.endless,
            BadPlan::Time => self.bad_time,
            BadPlan::Data => self.bad_data,
            BadPlan::Devices => self.bad_devices,
            BadPlan::Speed => self.bad_speed,
            BadPlan::SellBy => self.bad_sell_by,
            BadPlan::Burst => self.bad_burst,
            BadPlan::Hours => self.bad_hours,
            BadPlan::Colour => self.bad_colour,
        }
    }
}
