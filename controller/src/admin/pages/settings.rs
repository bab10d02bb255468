//! The platform's settings: the rule for businesses that sign up, who works for the platform, and how this controller was started.

use askama::Template;
use axum::extract::{Form, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use crate::admin::store::people::{self, Admin};
use crate::app::App;
use crate::audit::{Actor, Deed, record};
use crate::config::SecondFactor;
use crate::db::Reason;
use crate::providers;
use crate::providers::log_in::Visit;
use crate::providers::pages::frame::Frame;
use crate::providers::pages::trouble::Trouble;
use crate::providers::pages::words::Words;
use crate::providers::state::Admission;
use crate::web::Query;
use crate::web::page::{html, onward};

/// People on the page.
const PEOPLE: u16 = 200;

/// Somebody who works or worked for the platform, ready to be shown.
struct Colleague {
    name: String,
    has_second: bool,
    has_passkey: bool,
    ended: Option<String>,
}

#[derive(Template)]
#[template(path = "admin/settings.html")]
struct SettingsPage<'a> {
    frame: &'a Frame,
    w: &'static Words,
    at_once: bool,
    a_day: String,
    people: Vec<Colleague>,
    must_have_second: bool,
    address: String,
    daraja: String,
    done: Option<&'static str>,
    fault: Option<&'static str>,
}

/// What was done just before.
#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    done: Option<String>,
}

/// Shows them.
///
/// # Errors
/// When the database is away.
pub async fn form(
    State(app): State<App>,
    frame: Frame,
    Query(asked): Query<Asked>,
) -> Result<Response, Trouble> {
    let done = asked.done.filter(|done| done == "kept");
    let done = done.map(|_| frame.words().admin.kept);
    shown(&app, &frame, None, done).await
}

/// Shows the page, with what was typed if that cannot be.
async fn shown(
    app: &App,
    frame: &Frame,
    wrong: Option<&str>,
    done: Option<&'static str>,
) -> Result<Response, Trouble> {
    let w = frame.words();
    let mut tx = app.db.platform(Reason::Admin).await?;
    let rule = providers::store::admission(&mut tx).await?;
    let people = people::admins(&mut tx, PEOPLE).await?;
    drop(tx);
    let (at_once, a_day) = match (rule, wrong) {
        (_, Some(typed)) => (true, typed.to_owned()),
        (Admission::AtOnce { a_day }, None) => (true, a_day.to_string()),
        (Admission::ByHand, None) => (false, "20".to_owned()),
    };
    let page = SettingsPage {
        frame,
        w,
        at_once,
        a_day,
        people: people.into_iter().map(|one| colleague(one, w)).collect(),
        must_have_second: app.config.people.admin_second_factor == SecondFactor::Required,
        address: app.config.web.public().to_string(),
        daraja: app.config.daraja.base.to_string(),
        done,
        fault: wrong.map(|_| w.admin.bad_a_day),
    };
    let status = match wrong {
        Some(_) => StatusCode::UNPROCESSABLE_ENTITY,
        None => StatusCode::OK,
    };
    Ok(html(status, &page))
}

fn colleague(one: Admin, w: &Words) -> Colleague {
    Colleague {
        name: one.name,
        has_second: one.has_second,
        has_passkey: one.has_passkey,
        ended: one.ended.map(|at| w.calendar.moment(at)),
    }
}

/// The form of the rule.
#[derive(Deserialize)]
pub struct Rule {
    #[serde(default)]
    rule: String,
    #[serde(default)]
    a_day: String,
}

/// Sets the rule for businesses that sign up.
///
/// # Errors
/// When the database is away.
pub async fn admission(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Form(filled): Form<Rule>,
) -> Result<Response, Trouble> {
    let rule = match filled.rule.as_str() {
        "at-once" => match filled.a_day.trim().parse() {
            Ok(a_day) => Admission::AtOnce { a_day },
            Err(_) => return shown(&app, &frame, Some(&filled.a_day), None).await,
        },
        _ => Admission::ByHand,
    };
    let mut tx = app.db.platform(Reason::Admin).await?;
    let before = providers::store::admission(&mut tx).await?;
    providers::store::set_admission(&mut tx, rule, app.clock.now()).await?;
    let deed = Deed {
        act: "admission",
        subject: "platform",
        before: serde_json::to_value(before).ok(),
        after: serde_json::to_value(rule).ok(),
    };
    record(&app, &mut tx, None, Actor::Admin(visit.person), deed).await?;
    tx.commit().await?;
    Ok(onward("/admin/settings?done=kept"))
}
