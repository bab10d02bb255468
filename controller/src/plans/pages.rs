//! The pages of what is for sale: the list, a form with presets, changing and hiding.

use askama::Template;
use axum::extract::{Form, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use mnara_protocol::ids::PlanId;
use mnara_protocol::money::Money;
use mnara_protocol::plan::{Plan, Rate, Terms};
use serde::Deserialize;

use super::edit::{EditError, MOST, change, create};
use super::{BadPlan, Draft, store};
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
}

#[derive(Template)]
#[template(path = "plans.html")]
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
    let page = PlansPage {
        frame: &frame,
        w,
        plans: plans
            .into_iter()
            .map(|plan| Row {
                id: plan.id,
                price: show::money(plan.price),
                gives: gives(&plan.terms, &w.plans),
                on_sale: plan.on_sale,
                name: plan.name,
            })
            .collect(),
        may_edit: seat.place.role.may(Permission::EditPlans),
        done: done.done.is_some().then_some(w.plans.kept),
        fault: None,
    };
    Ok(html(StatusCode::OK, &page))
}

/// What a plan gives, in a few words: `2 hours · 500 MB · 5 Mbit/s · 2 devices`.
#[must_use]
pub fn gives(terms: &Terms, w: &PlanWords) -> String {
    let mut parts = Vec::new();
    if let Some(secs) = terms.duration_secs {
        parts.push(w.stretch(secs));
    }
    if let Some(secs) = terms.online_secs {
        parts.push(format!("{} {}", w.stretch(secs), w.of_online));
    }
    if let Some(bytes) = terms.data_bytes {
        parts.push(format!(
            "{}\u{a0}MB",
            show::thousands(bytes.div_ceil(1_000_000))
        ));
    }
    if let Some(rate) = terms.rate {
        parts.push(format!("{}\u{a0}Mbit/s", megabits(rate.down_bps)));
    }
    if terms.devices > 1 {
        parts.push(format!("{}\u{a0}{}", terms.devices, w.of_devices));
    }
    parts.join(" · ")
}

/// Bits a second as people say them: 5, or 0.5.
fn megabits(bps: u64) -> String {
    let (whole, tenths) = (bps / 1_000_000, bps % 1_000_000 / 100_000);
    if tenths == 0 {
        whole.to_string()
    } else {
        format!("{whole}.{tenths}")
    }
}

/// What the form of a plan holds, as typed.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Filled {
    name: String,
    price: String,
    time: String,
    time_unit: String,
    online: String,
    online_unit: String,
    data: String,
    devices: String,
    down: String,
    up: String,
    sell_by: String,
    position: String,
    on_sale: Option<String>,
}

/// Minutes, hours and days, as forms say them.
const UNITS: [(&str, u32); 3] = [("m", 60), ("h", 3_600), ("d", 86_400)];

/// A number with a unit, for the field that shows it.
fn in_units(secs: u32) -> (String, String) {
    let (unit, length) = UNITS
        .into_iter()
        .rev()
        .find(|(_, length)| secs.is_multiple_of(*length))
        .unwrap_or(("m", 60));
    ((secs / length).to_string(), unit.to_owned())
}

fn empty_or<T>(
    text: &str,
    read: impl FnOnce(&str) -> Option<T>,
    bad: BadPlan,
) -> Result<Option<T>, BadPlan> {
    match text.trim() {
        "" => Ok(None),
        text => read(text).map(Some).ok_or(bad),
    }
}

fn stretch(text: &str, unit: &str) -> Result<Option<u32>, BadPlan> {
    let length = UNITS.into_iter().find(|(name, _)| *name == unit);
    let length = length.map_or(3_600, |(_, length)| length);
    let read = |text: &str| text.parse::<u32>().ok()?.checked_mul(length);
    empty_or(text, read, BadPlan::Time)
}

/// Megabits as people type them: 5, 0.5 or 2,5.
fn speed(text: &str) -> Result<Option<u64>, BadPlan> {
    let read = |text: &str| {
        let text = text.replace(',', ".");
        let (whole, rest) = text.split_once('.').unwrap_or((&text, "0"));
        let tenths = rest.get(..1)?.parse::<u64>().ok()?;
        let whole = whole.parse::<u64>().ok()?;
        whole.checked_mul(1_000_000)?.checked_add(tenths * 100_000)
    };
    empty_or(text, read, BadPlan::Speed)
}

impl Filled {
    /// Reads what was typed.
    fn draft(&self) -> Result<Draft, BadPlan> {
        let price = self.price.trim().replace(',', "");
        let price = price.parse::<i32>().map_err(|_| BadPlan::Price)?;
        let (down, up) = (speed(&self.down)?, speed(&self.up)?);
        let megabytes = |text: &str| {
            text.replace(',', "")
                .parse::<u64>()
                .ok()?
                .checked_mul(1_000_000)
        };
        let draft = Draft {
            name: self.name.trim().to_owned(),
            price: Money::from_shillings(price),
            terms: Terms {
                duration_secs: stretch(&self.time, &self.time_unit)?,
                online_secs: stretch(&self.online, &self.online_unit)?,
                data_bytes: empty_or(&self.data, megabytes, BadPlan::Data)?,
                devices: self.devices.trim().parse().map_err(|_| BadPlan::Devices)?,
                rate: down.or(up).map(|either| Rate {
                    down_bps: down.unwrap_or(either),
                    up_bps: up.unwrap_or(either),
                }),
            },
            sell_by_secs: match stretch(&self.sell_by, "d") {
                Ok(secs) => secs,
                Err(_) => return Err(BadPlan::SellBy),
            },
            on_sale: self.on_sale.is_some(),
            position: self.position.trim().parse().unwrap_or(0),
        };
        draft.check()?;
        Ok(draft)
    }

    /// What a plan looks like in the form.
    fn of(plan: &Plan) -> Self {
        let units =
            |secs: Option<u32>| secs.map_or_else(|| (String::new(), "h".to_owned()), in_units);
        let (time, time_unit) = units(plan.terms.duration_secs);
        let (online, online_unit) = units(plan.terms.online_secs);
        let text = |number: Option<u64>| number.map_or_else(String::new, |n| n.to_string());
        let rate = |bps: fn(&Rate) -> u64| {
            let rate = plan.terms.rate.as_ref();
            rate.map_or_else(String::new, |rate| megabits(bps(rate)))
        };
        Self {
            name: plan.name.clone(),
            price: plan
                .price
                .whole_shillings()
                .map_or_else(|_| String::new(), |n| n.to_string()),
            time,
            time_unit,
            online,
            online_unit,
            data: text(plan.terms.data_bytes.map(|bytes| bytes.div_ceil(1_000_000))),
            devices: plan.terms.devices.to_string(),
            down: rate(|rate| rate.down_bps),
            up: rate(|rate| rate.up_bps),
            sell_by: text(plan.sell_by_secs.map(|secs| u64::from(secs / 86_400))),
            position: plan.position.to_string(),
            on_sale: plan.on_sale.then(|| "on".to_owned()),
        }
    }

    /// A plan as most owners begin.
    fn preset(name: &str, w: &PlanWords) -> Self {
        let plain = Self {
            devices: "1".to_owned(),
            time_unit: "h".to_owned(),
            online_unit: "h".to_owned(),
            sell_by: "30".to_owned(),
            on_sale: Some("on".to_owned()),
            ..Self::default()
        };
        let with = |name: &str, price: &str, time: &str, unit: &str, data: &str| Self {
            name: name.to_owned(),
            price: price.to_owned(),
            time: time.to_owned(),
            time_unit: unit.to_owned(),
            data: data.to_owned(),
            down: "5".to_owned(),
            up: "2".to_owned(),
            ..plain.clone()
        };
        match name {
            "hour" => with(w.hour, "10", "1", "h", ""),
            "day" => with(w.day, "50", "1", "d", ""),
            "week" => with(w.week, "250", "7", "d", ""),
            "data" => with(w.gigabyte, "100", "7", "d", "1000"),
            _ => plain,
        }
    }
}

#[derive(Template)]
#[template(path = "plan.html")]
struct PlanPage<'a> {
    frame: &'a Frame,
    w: &'static Words,
    /// The plan that is changed; none for a new one.
    id: Option<PlanId>,
    filled: &'a Filled,
    fault: Option<&'static str>,
}

fn shown(
    frame: &Frame,
    status: StatusCode,
    id: Option<PlanId>,
    filled: &Filled,
    fault: Option<&'static str>,
) -> Response {
    let page = PlanPage {
        frame,
        w: frame.words(),
        id,
        filled,
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
    shown(&frame, StatusCode::OK, None, &filled, None)
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
    Ok(shown(&frame, StatusCode::OK, Some(id), &filled, None))
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
    kept(&app, &frame, &seat, None, &filled).await
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
    kept(&app, &frame, &seat, Some(id), &filled).await
}

async fn kept(
    app: &App,
    frame: &Frame,
    seat: &Seat,
    id: Option<PlanId>,
    filled: &Filled,
) -> Result<Response, Trouble> {
    let w = &frame.words().plans;
    let result = match (filled.draft(), id) {
        (Err(bad), _) => Err(EditError::Bad(bad)),
        (Ok(draft), None) => create(app, seat.provider(), &draft, seat.actor()).await,
        (Ok(draft), Some(id)) => change(app, seat.provider(), id, &draft, seat.actor()).await,
    };
    match result {
        Ok(_) => Ok(onward("/plans?done=kept")),
        Err(EditError::Bad(bad)) => {
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            Ok(shown(frame, status, id, filled, Some(w.bad(bad))))
        }
        Err(EditError::TooMany) => Ok(shown(
            frame,
            StatusCode::CONFLICT,
            id,
            filled,
            Some(w.too_many),
        )),
        Err(EditError::Missing) => Err(Trouble::Nothing),
        Err(EditError::Database(error)) => Err(error.into()),
    }
}

impl PlanWords {
    /// What is wrong with a plan.
    const fn bad(&self, error: BadPlan) -> &'static str {
        match error {
            BadPlan::Name => self.bad_name,
            BadPlan::Price => self.bad_price,
            BadPlan::Endless => self.endless,
            BadPlan::Time => self.bad_time,
            BadPlan::Data => self.bad_data,
            BadPlan::Devices => self.bad_devices,
            BadPlan::Speed => self.bad_speed,
            BadPlan::SellBy => self.bad_sell_by,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::BadPlan;
    use super::*;
    use crate::providers::pages::words::Language;

    fn filled() -> Filled {
        Filled {
            name: "1 hour".to_owned(),
            price: "1,000".to_owned(),
            time: "90".to_owned(),
            time_unit: "m".to_owned(),
            devices: "2".to_owned(),
            down: "2,5".to_owned(),
            on_sale: Some("on".to_owned()),
            ..Filled::default()
        }
    }

    #[test]
    fn a_form_is_read_as_people_fill_it_in() {
        let draft = filled().draft().unwrap();
        assert_eq!(draft.price, Money::from_shillings(1000));
        assert_eq!(draft.terms.duration_secs, Some(5_400));
        let rate = draft.terms.rate.unwrap();
        assert_eq!((rate.down_bps, rate.up_bps), (2_500_000, 2_500_000));
        let w = &Language::English.words().plans;
        assert_eq!(
            gives(&draft.terms, w),
            "90\u{a0}minutes · 2.5\u{a0}Mbit/s · 2\u{a0}devices"
        );
    }

    #[test]
    fn what_is_wrong_is_said_and_nothing_else_is_lost() {
        let with = |change: fn(&mut Filled)| {
            let mut filled = filled();
            change(&mut filled);
            filled.draft().unwrap_err()
        };
        assert_eq!(with(|f| f.price = "ten".into()), BadPlan::Price);
        assert_eq!(with(|f| f.time = String::new()), BadPlan::Endless);
        assert_eq!(with(|f| f.time = "4294967295".into()), BadPlan::Time);
        assert_eq!(with(|f| f.data = "some".into()), BadPlan::Data);
        assert_eq!(with(|f| f.down = "fast".into()), BadPlan::Speed);
        assert_eq!(with(|f| f.devices = String::new()), BadPlan::Devices);
        assert_eq!(with(|f| f.sell_by = "x".into()), BadPlan::SellBy);
    }

    #[test]
    fn every_preset_is_a_plan_and_comes_back_from_the_form_as_it_was() {
        for language in Language::ALL {
            let w = &language.words().plans;
            for name in ["hour", "day", "week", "data"] {
                let draft = Filled::preset(name, w).draft().unwrap();
                let plan = Plan {
                    id: PlanId::from_bytes([1; 16]),
                    revision: 1,
                    name: draft.name.clone(),
                    price: draft.price,
                    terms: draft.terms,
                    sell_by_secs: draft.sell_by_secs,
                    on_sale: draft.on_sale,
                    position: draft.position,
                };
                assert_eq!(Filled::of(&plan).draft().unwrap(), draft);
            }
        }
    }
}
