//! The portal with a plan as it is being typed, among those that are there.

use axum::extract::{Form, Query, State};
use axum::response::Response;
use mnara_protocol::ids::PlanId;
use mnara_protocol::plan::Plan;
use mnara_protocol::portal::{PlanView, Trial};
use serde::Deserialize;

use super::edit::MOST;
use super::form::Filled;
use super::{Draft, store};
use crate::app::App;
use crate::providers;
use crate::providers::gate::Seat;
use crate::providers::look::preview::{Part, Preview, language};
use crate::providers::look::{self, Logo};
use crate::providers::pages::frame::Frame;
use crate::providers::pages::trouble::Trouble;
use crate::providers::rights::{self, Feature};

/// What a form begins with, as the address of its first preview says it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct First {
    preset: String,
}

/// Shows the portal as it is before anything is typed: with the preset, if the form begins with one, and else with the plans that are there.
///
/// # Errors
/// When the database is away.
pub async fn first(
    State(app): State<App>,
    frame: Frame,
    seat: Seat,
    Query(first): Query<First>,
) -> Result<Response, Trouble> {
    let filled = Filled::preset(&first.preset, &frame.words().plans);
    // A form that nothing was filled in is no plan yet, and nothing is wrong with it.
    let filled = (!filled.name.is_empty()).then_some(&filled);
    drawn(&app, &frame, &seat, filled).await
}

/// Shows the portal with the plan as typed.
///
/// # Errors
/// When the database is away.
pub async fn typed(
    State(app): State<App>,
    frame: Frame,
    seat: Seat,
    Form(filled): Form<Filled>,
) -> Result<Response, Trouble> {
    drawn(&app, &frame, &seat, Some(&filled)).await
}

async fn drawn(
    app: &App,
    frame: &Frame,
    seat: &Seat,
    filled: Option<&Filled>,
) -> Result<Response, Trouble> {
    let provider = seat.provider();
    let mut tx = app.db.tenant(provider).await?;
    let business = providers::store::provider(&mut tx, provider)
        .await?
        .ok_or(Trouble::Nothing)?;
    let mut plans = store::plans(&mut tx, provider, MOST).await?;
    let kept = look::store::look(&mut tx, provider).await?;
    let rights = rights::store::rights(&mut tx, provider).await?;
    drop(tx);
    let kept = kept.unwrap_or_else(|| look::Kept {
        draft: look::Draft::plain(&business),
        logo: None,
    });
    let kept = if rights.allows(Feature::CustomPortal) {
        kept
    } else {
        kept.at_rest()
    };
    let mut fault = None;
    if let Some(filled) = filled {
        let id: Option<PlanId> = filled.id.parse().ok();
        let draft = match plans.iter().find(|plan| Some(plan.id) == id) {
            Some(plan) => filled.over(plan),
            None => filled.draft(),
        };
        match draft {
            Ok(draft) => put(&mut plans, id, draft),
            Err(bad) => fault = Some(frame.words().plans.bad(bad)),
        }
    }
    let now = app.clock.now();
    let views: Vec<PlanView> = plans
        .iter()
        .filter(|plan| plan.on_sale)
        .map(|plan| PlanView::of(plan, now))
        .collect();
    let logo = kept.logo.as_ref();
    let look = kept.draft.look(&business.business_name, logo.map(Logo::id));
    let trial = kept.draft.trial.row().as_ref().map(Trial::from);
    let preview = Preview {
        look: &look,
        trial: trial.as_ref(),
        logo,
        plans: &views,
        language: language(
            filled.and_then(|filled| filled.lang.as_deref()),
            frame.language,
        ),
        part: Part::Plans,
        fault,
    };
    Ok(preview.draw())
}

/// Puts a draft in the place of its plan, or among the others.
fn put(plans: &mut Vec<Plan>, id: Option<PlanId>, draft: Draft) {
    let id = id.unwrap_or(PlanId::from_bytes([0xff; 16]));
    plans.retain(|plan| plan.id != id);
    plans.push(draft.plan(id, 0));
    plans.sort_by_key(|plan| (plan.position, plan.id));
}
