//! The pages of the platform's own staff.

use askama::Template;
use axum::extract::{Form, Query, State as Given};
use axum::http::StatusCode;
use axum::response::Response;
use mnara_protocol::ids::ProviderId;
use serde::Deserialize;

use super::standing::{NotMoved, stand};
use super::store;
use crate::app::App;
use crate::audit::{Actor, Deed, record};
use crate::db::Reason;
use crate::providers;
use crate::providers::admission::Admission;
use crate::providers::log_in::Visit;
use crate::providers::pages::frame::Frame;
use crate::providers::pages::trouble::Trouble;
use crate::providers::pages::words::Words;
use crate::providers::state::{Move, State};
use crate::web::page::{html, onward};
use crate::web::{Path, show};

/// Businesses on one page.
const PAGE: u16 = 50;

/// Something that can be done with a business.
struct Act {
    word: &'static str,
    name: &'static str,
}

/// One business in the list.
struct Row {
    id: ProviderId,
    name: String,
    state: &'static str,
    kind: &'static str,
    since: String,
    sites: i64,
    acts: Vec<Act>,
}

#[derive(Template)]
#[template(path = "admin_providers.html")]
struct ProvidersPage<'a> {
    frame: &'a Frame,
    w: &'static Words,
    providers: Vec<Row>,
    after: Option<ProviderId>,
    a_day: Option<u32>,
    done: Option<&'static str>,
    fault: Option<&'static str>,
}

/// Where in the list, and what was done just before.
#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    after: Option<String>,
    done: Option<String>,
}

/// Shows the businesses.
///
/// # Errors
/// When the database is away.
pub async fn providers(
    Given(app): Given<App>,
    frame: Frame,
    Query(asked): Query<Asked>,
) -> Result<Response, Trouble> {
    let w = frame.words();
    let after = match asked.after.as_deref() {
        Some(id) => Some(id.parse().map_err(|_| Trouble::Nothing)?),
        None => None,
    };
    let mut tx = app.db.platform(Reason::Admin).await?;
    let listed = store::providers(&mut tx, after, PAGE).await?;
    let rule = providers::store::admission(&mut tx).await?;
    drop(tx);
    let page = ProvidersPage {
        frame: &frame,
        w,
        after: listed
            .get(usize::from(PAGE) - 1)
            .map(|business| business.id),
        providers: listed
            .into_iter()
            .map(|business| row(business, w))
            .collect(),
        a_day: match rule {
            Admission::ByHand => None,
            Admission::AtOnce { a_day } => Some(a_day),
        },
        done: match asked.done.as_deref() {
            Some("moved") => Some(w.admin.moved),
            Some("kept") => Some(w.admin.kept),
            _ => None,
        },
        fault: None,
    };
    Ok(html(StatusCode::OK, &page))
}

fn row(business: store::Listed, w: &'static Words) -> Row {
    let (state, kind) = match business.state {
        State::Pending => (w.admin.pending, "wait"),
        State::Active => (w.admin.active, "good"),
        State::Suspended => (w.admin.suspended, "bad"),
    };
    let acts = [
        (Move::Approve, w.admin.approve),
        (Move::Suspend, w.admin.suspend),
        (Move::Reinstate, w.admin.reinstate),
    ];
    Row {
        id: business.id,
        name: business.name,
        state,
        kind,
        since: show::moment(business.since),
        sites: business.sites,
        acts: acts
            .into_iter()
            .filter(|(to, _)| business.state.after(*to).is_some())
            .map(|(to, name)| Act {
                word: to.word(),
                name,
            })
            .collect(),
    }
}

/// Moves a business; one that was moved meanwhile is shown as it is.
///
/// # Errors
/// When there is none such, or the database is away.
pub async fn moved(
    Given(app): Given<App>,
    visit: Visit,
    Path((id, to)): Path<(String, String)>,
) -> Result<Response, Trouble> {
    let (Ok(id), Ok(to)) = (id.parse::<ProviderId>(), to.parse::<Move>()) else {
        return Err(Trouble::Nothing);
    };
    match stand(&app, id, to, Actor::Admin(visit.person)).await {
        Ok(_) => Ok(onward("/admin/providers?done=moved")),
        Err(NotMoved::Senseless(_)) => Ok(onward("/admin/providers")),
        Err(NotMoved::Nobody) => Err(Trouble::Nothing),
        Err(NotMoved::Database(error)) => Err(error.into()),
        Err(NotMoved::Feed(error)) => {
            tracing::error!(%error, "a site's feed could not be written");
            Err(Trouble::Inside)
        }
    }
}

/// The form of the rule.
#[derive(Deserialize)]
pub struct Rule {
    rule: String,
    #[serde(default)]
    a_day: String,
}

/// Sets the rule for businesses that sign up.
///
/// # Errors
/// When the database is away.
pub async fn admission(
    Given(app): Given<App>,
    visit: Visit,
    Form(filled): Form<Rule>,
) -> Result<Response, Trouble> {
    let rule = match filled.rule.as_str() {
        "at-once" => Admission::AtOnce {
            a_day: filled.a_day.trim().parse().map_err(|_| Trouble::Nothing)?,
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
    Ok(onward("/admin/providers?done=kept"))
}
