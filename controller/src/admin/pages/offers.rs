//! The plans the platform sells to businesses: making one, changing one for new periods, taking one off sale.

use askama::Template;
use axum::extract::{Form, State as Given};
use axum::http::StatusCode;
use axum::response::Response;
use mnara_protocol::ids::PlatformPlanId;
use mnara_protocol::money::Money;
use serde::Deserialize;

use crate::app::App;
use crate::audit::Actor;
use crate::db::Reason;
use crate::providers::log_in::Visit;
use crate::providers::pages::frame::Frame;
use crate::providers::pages::trouble::Trouble;
use crate::providers::pages::words::{SoldWords, Words};
use crate::rails::pesapal::price::{Currency, Price};
use crate::subscriptions::plans::{self, BadPlan, Draft, saves};
use crate::subscriptions::store::{listed, plans as store};
use crate::subscriptions::{Feature, Period, PlatformPlan};
use crate::web::page::{html, onward};
use crate::web::{Path, Query};

const PATH: &str = "/admin/platform-plans";

struct Row {
    id: PlatformPlanId,
    name: String,
    price: String,
    period: &'static str,
    /// For how many sites it is.
    sites: String,
    features: Vec<&'static str>,
    trial: Option<String>,
    is_offered: bool,
    on_it: i64,
    saves: Option<i64>,
}

/// What was typed.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Filled {
    name: String,
    period: String,
    currency: String,
    price: String,
    sites: String,
    trial_days: String,
    advanced_analytics: Option<String>,
    api_access: Option<String>,
    webhooks: Option<String>,
    custom_portal: Option<String>,
}

struct Tick {
    name: &'static str,
    words: &'static str,
    is_ticked: bool,
}

#[derive(Template)]
#[template(path = "admin/plans.html")]
struct PlansPage<'a> {
    frame: &'a Frame,
    w: &'static Words,
    rows: Vec<Row>,
    /// The plan that is changed, if it is not a new one.
    changes: Option<PlatformPlanId>,
    filled: Filled,
    ticks: Vec<Tick>,
    done: Option<&'static str>,
    fault: Option<&'static str>,
}

/// What was done just before.
#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    done: Option<String>,
}

/// Shows the plans and the form of a new one.
///
/// # Errors
/// When the database is away.
pub async fn list(
    Given(app): Given<App>,
    frame: Frame,
    Query(asked): Query<Asked>,
) -> Result<Response, Trouble> {
    let w = &frame.words().sold;
    let done = match asked.done.as_deref() {
        Some("made") => Some(w.plan_made),
        Some("changed") => Some(w.plan_changed),
        Some("offered") => Some(w.plan_moved),
        _ => None,
    };
    let filled = Filled {
        currency: Currency::Kes.code().to_owned(),
        period: Period::Month.word().to_owned(),
        trial_days: "14".to_owned(),
        ..Filled::default()
    };
    shown(&app, &frame, (None, filled), done, None).await
}

/// Shows the form of one plan.
///
/// # Errors
/// When there is none such, or the database is away.
pub async fn form(
    Given(app): Given<App>,
    frame: Frame,
    Path(id): Path<String>,
) -> Result<Response, Trouble> {
    let id: PlatformPlanId = id.parse().map_err(|_| Trouble::Nothing)?;
    let mut tx = app.db.platform(Reason::Admin).await?;
    let plan = store::one(&mut tx, id).await?.ok_or(Trouble::Nothing)?;
    drop(tx);
    shown(&app, &frame, (Some(id), filled(&plan)), None, None).await
}

fn filled(plan: &PlatformPlan) -> Filled {
    let has = |feature| {
        let has = plan.features.contains(&feature);
        has.then(|| "yes".to_owned())
    };
    Filled {
        name: plan.name.clone(),
        period: plan.period.word().to_owned(),
        currency: plan.price.currency.code().to_owned(),
        price: plan.price.decimal(),
        sites: plan
            .most_sites
            .map_or_else(String::new, |most| most.to_string()),
        trial_days: plan.trial_days.to_string(),
        advanced_analytics: has(Feature::AdvancedAnalytics),
        api_access: has(Feature::ApiAccess),
        webhooks: has(Feature::Webhooks),
        custom_portal: has(Feature::CustomPortal),
    }
}

async fn shown(
    app: &App,
    frame: &Frame,
    (changes, filled): (Option<PlatformPlanId>, Filled),
    done: Option<&'static str>,
    fault: Option<&'static str>,
) -> Result<Response, Trouble> {
    let w = frame.words();
    let mut tx = app.db.platform(Reason::Admin).await?;
    let all = store::all(&mut tx).await?;
    let counts = listed::subscribed(&mut tx).await?;
    drop(tx);
    let rows = all
        .iter()
        .map(|plan| {
            let on_it = counts.iter().find(|(id, _)| *id == plan.id);
            row(plan, &all, on_it.map_or(0, |(_, count)| *count), w)
        })
        .collect();
    let ticks = Feature::ALL
        .iter()
        .map(|feature| Tick {
            name: tick(*feature),
            words: named(*feature, w),
            is_ticked: ticked(&filled, *feature),
        })
        .collect();
    let page = PlansPage {
        frame,
        w,
        rows,
        changes,
        filled,
        ticks,
        done,
        fault,
    };
    let status = match fault {
        Some(_) => StatusCode::UNPROCESSABLE_ENTITY,
        None => StatusCode::OK,
    };
    Ok(html(status, &page))
}

fn row(plan: &PlatformPlan, all: &[PlatformPlan], on_it: i64, w: &'static Words) -> Row {
    Row {
        id: plan.id,
        name: plan.name.clone(),
        price: plan.price.to_string(),
        period: match plan.period {
            Period::Month => w.subscription.month,
            Period::Year => w.subscription.year,
        },
        sites: w.subscription.at_most(plan.most_sites),
        features: plan
            .features
            .iter()
            .map(|feature| named(*feature, w))
            .collect(),
        trial: (plan.trial_days > 0)
            .then(|| w.sold.trial.replace("{n}", &plan.trial_days.to_string())),
        is_offered: plan.is_offered,
        on_it,
        saves: saves(plan, all),
    }
}

const fn tick(feature: Feature) -> &'static str {
    match feature {
        Feature::AdvancedAnalytics => "advanced_analytics",
        Feature::ApiAccess => "api_access",
        Feature::Webhooks => "webhooks",
        Feature::CustomPortal => "custom_portal",
    }
}

const fn ticked(filled: &Filled, feature: Feature) -> bool {
    match feature {
        Feature::AdvancedAnalytics => filled.advanced_analytics.is_some(),
        Feature::ApiAccess => filled.api_access.is_some(),
        Feature::Webhooks => filled.webhooks.is_some(),
        Feature::CustomPortal => filled.custom_portal.is_some(),
    }
}

const fn named(feature: Feature, w: &Words) -> &'static str {
    match feature {
        Feature::AdvancedAnalytics => w.subscription.advanced_analytics,
        Feature::ApiAccess => w.subscription.api_access,
        Feature::Webhooks => w.subscription.webhooks,
        Feature::CustomPortal => w.subscription.custom_portal,
    }
}

/// Reads what was typed; says what is wrong with it.
fn read(filled: &Filled, w: &SoldWords) -> Result<Draft, &'static str> {
    let price: Money = filled.price.trim().parse().map_err(|_| w.bad_price)?;
    let currency: Currency = filled.currency.parse().map_err(|_| w.bad_price)?;
    let sites = match filled.sites.trim() {
        "" => None,
        sites => Some(sites.parse().map_err(|_| w.bad_sites)?),
    };
    let trial_days = match filled.trial_days.trim() {
        "" => 0,
        days => days.parse().map_err(|_| w.bad_trial)?,
    };
    Ok(Draft {
        name: filled.name.clone(),
        period: filled.period.parse().unwrap_or(Period::Month),
        price: Price::new(price.cents(), currency),
        most_sites: sites,
        features: Feature::ALL
            .iter()
            .copied()
            .filter(|feature| ticked(filled, *feature))
            .collect(),
        trial_days,
    })
}

fn wrong(bad: &BadPlan, w: &SoldWords) -> Option<&'static str> {
    match bad {
        BadPlan::Name => Some(w.bad_name),
        BadPlan::Price => Some(w.bad_price),
        BadPlan::Sites => Some(w.bad_sites),
        BadPlan::Trial => Some(w.bad_trial),
        BadPlan::Nothing | BadPlan::Database(_) => None,
    }
}

/// Makes a plan.
///
/// # Errors
/// When the database is away.
pub async fn add(
    Given(app): Given<App>,
    frame: Frame,
    visit: Visit,
    Form(filled): Form<Filled>,
) -> Result<Response, Trouble> {
    kept(&app, &frame, &visit, None, filled).await
}

/// Changes a plan for new periods: it is taken off sale, and one that replaces it is offered.
///
/// # Errors
/// When there is none such, or the database is away.
pub async fn change(
    Given(app): Given<App>,
    frame: Frame,
    visit: Visit,
    Path(id): Path<String>,
    Form(filled): Form<Filled>,
) -> Result<Response, Trouble> {
    let id: PlatformPlanId = id.parse().map_err(|_| Trouble::Nothing)?;
    kept(&app, &frame, &visit, Some(id), filled).await
}

async fn kept(
    app: &App,
    frame: &Frame,
    visit: &Visit,
    changes: Option<PlatformPlanId>,
    filled: Filled,
) -> Result<Response, Trouble> {
    let w = &frame.words().sold;
    let actor = Actor::Admin(visit.person);
    let draft = match read(&filled, w) {
        Ok(draft) => draft,
        Err(fault) => return shown(app, frame, (changes, filled), None, Some(fault)).await,
    };
    let (kept, done) = match changes {
        Some(id) => (plans::change(app, actor, id, draft).await, "changed"),
        None => (plans::create(app, actor, draft).await, "made"),
    };
    match kept {
        Ok(_) => Ok(onward(&format!("{PATH}?done={done}"))),
        Err(BadPlan::Nothing) => Err(Trouble::Nothing),
        Err(BadPlan::Database(error)) => Err(error.into()),
        Err(bad) => {
            let fault = wrong(&bad, w);
            shown(app, frame, (changes, filled), None, fault).await
        }
    }
}

/// Offers a plan again, or takes it off sale.
///
/// # Errors
/// When there is none such, or the database is away.
pub async fn offer(
    Given(app): Given<App>,
    visit: Visit,
    Path((id, to)): Path<(String, String)>,
) -> Result<Response, Trouble> {
    let id: PlatformPlanId = id.parse().map_err(|_| Trouble::Nothing)?;
    let is_offered = match to.as_str() {
        "offer" => true,
        "retire" => false,
        _ => return Err(Trouble::Nothing),
    };
    if plans::offer(&app, Actor::Admin(visit.person), id, is_offered).await? {
        Ok(onward(&format!("{PATH}?done=offered")))
    } else {
        Err(Trouble::Nothing)
    }
}
