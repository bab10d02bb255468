//! Which business somebody looks at who works for several.

use askama::Template;
use axum::extract::{Form, State};
use axum::http::StatusCode;
use axum::response::Response;
use mnara_protocol::ids::ProviderId;
use serde::Deserialize;

use super::frame::Frame;
use super::trouble::Trouble;
use super::words::Words;
use crate::app::App;
use crate::providers::log_in::{Visit, switch, workplaces};
use crate::providers::staff::roles::Role;
use crate::web::page::{html, onward};

/// One business in the list.
struct Row {
    id: ProviderId,
    name: String,
    role: Role,
    is_here: bool,
}

#[derive(Template)]
#[template(path = "people/businesses.html")]
struct BusinessesPage<'a> {
    frame: &'a Frame,
    w: &'static Words,
    rows: Vec<Row>,
}

/// Shows the businesses somebody works for.
///
/// # Errors
/// When the database is away.
pub async fn list(State(app): State<App>, frame: Frame, visit: Visit) -> Result<Response, Trouble> {
    let here = visit.place.as_ref().map(|place| place.provider);
    let page = BusinessesPage {
        frame: &frame,
        w: frame.words(),
        rows: workplaces(&app, visit.person)
            .await?
            .into_iter()
            .map(|workplace| Row {
                id: workplace.provider,
                name: workplace.business,
                role: workplace.role,
                is_here: here == Some(workplace.provider),
            })
            .collect(),
    };
    Ok(html(StatusCode::OK, &page))
}

/// The form.
#[derive(Deserialize)]
pub struct Chosen {
    #[serde(default)]
    business: String,
}

/// Looks at another business from now on, in this browser.
///
/// # Errors
/// When the database is away, or they do not work there.
pub async fn choose(
    State(app): State<App>,
    visit: Visit,
    Form(chosen): Form<Chosen>,
) -> Result<Response, Trouble> {
    let provider = chosen.business.parse().map_err(|_| Trouble::Nothing)?;
    if switch(&app, &visit, provider).await? {
        Ok(onward("/home"))
    } else {
        Err(Trouble::Nothing)
    }
}
