//! The page of the API's keys: which there are, a new one, shown once, and taking one back.

use askama::Template;
use axum::extract::{Form, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use mnara_protocol::ids::KeyId;
use serde::Deserialize;

use super::scopes::Scope;
use super::{NotMade, Secret, Wish, make, revoke, store};
use crate::app::App;
use crate::providers::gate::Seat;
use crate::providers::pages::frame::Frame;
use crate::providers::pages::proof::{Filled, proved};
use crate::providers::pages::trouble::Trouble;
use crate::providers::pages::words::Words;
use crate::web::Path;
use crate::web::page::{html, onward};

/// One key in the list.
struct Row {
    id: KeyId,
    name: String,
    ending: String,
    scopes: Vec<&'static str>,
    by: String,
    made: String,
    used: Option<String>,
    expires: Option<String>,
}

/// One box to tick.
struct Choice {
    word: &'static str,
    text: &'static str,
    is_ticked: bool,
}

#[derive(Template)]
#[template(path = "programs/keys.html")]
struct KeysPage<'a> {
    frame: &'a Frame,
    w: &'static Words,
    keys: Vec<Row>,
    choices: Vec<Choice>,
    name: &'a str,
    days: &'a str,
    secret: Option<&'a str>,
    done: Option<&'static str>,
    fault: Option<String>,
}

/// What the page says, and with what it is filled in.
struct Said<'a> {
    status: StatusCode,
    name: &'a str,
    days: &'a str,
    scopes: Vec<Scope>,
    secret: Option<&'a str>,
    done: Option<&'static str>,
    fault: Option<String>,
}

impl Said<'_> {
    const fn nothing() -> Self {
        Self {
            status: StatusCode::OK,
            name: "",
            days: "",
            scopes: Vec::new(),
            secret: None,
            done: None,
            fault: None,
        }
    }
}

/// What was done just before, as the address says it.
#[derive(Debug, Default, Deserialize)]
pub struct Done {
    done: Option<String>,
}

/// Shows the keys.
///
/// # Errors
/// When the database is away.
pub async fn list(
    State(app): State<App>,
    frame: Frame,
    seat: Seat,
    Query(done): Query<Done>,
) -> Result<Response, Trouble> {
    let done = (done.done.as_deref() == Some("end")).then(|| frame.words().keys.ended);
    let said = Said {
        done,
        ..Said::nothing()
    };
    shown(&app, &frame, &seat, said).await
}

async fn shown(app: &App, frame: &Frame, seat: &Seat, said: Said<'_>) -> Result<Response, Trouble> {
    let w = frame.words();
    let mut tx = app.db.tenant(seat.provider()).await?;
    let keys = store::list(&mut tx, seat.provider(), app.clock.now()).await?;
    drop(tx);
    let page = KeysPage {
        frame,
        w,
        keys: keys
            .into_iter()
            .map(|key| Row {
                id: key.id,
                name: key.name,
                ending: key.ending,
                scopes: key
                    .scopes
                    .into_iter()
                    .map(|scope| w.keys.scope(scope))
                    .collect(),
                by: key.by.unwrap_or_default(),
                made: w.calendar.moment(key.made),
                used: key.used.map(|at| w.calendar.moment(at)),
                expires: key.expires.map(|at| w.calendar.moment(at)),
            })
            .collect(),
        choices: Scope::ALL
            .into_iter()
            .map(|scope| Choice {
                word: scope.word(),
                text: w.keys.scope(scope),
                is_ticked: said.scopes.contains(&scope),
            })
            .collect(),
        name: said.name,
        days: said.days,
        secret: said.secret,
        done: said.done,
        fault: said.fault,
    };
    Ok(html(said.status, &page))
}

/// Makes a key and shows it, once.
///
/// # Errors
/// When the database is away.
pub async fn add(
    State(app): State<App>,
    frame: Frame,
    seat: Seat,
    Form(filled): Form<Vec<(String, String)>>,
) -> Result<Response, Trouble> {
    let filled = Filled(filled);
    let w = frame.words();
    let scopes: Vec<Scope> = filled
        .all("scope")
        .filter_map(|word| word.parse().ok())
        .collect();
    let (name, days) = (filled.one("name"), filled.one("days"));
    let refused = |status, fault| Said {
        status,
        name,
        days,
        scopes: scopes.clone(),
        fault: Some(fault),
        ..Said::nothing()
    };
    let bad = StatusCode::UNPROCESSABLE_ENTITY;
    let wish = Wish {
        name,
        scopes: &scopes,
        days: days.parse().ok().filter(|days| (1..=3650).contains(days)),
    };
    let proof = proved(
        &app,
        &frame,
        &seat,
        filled.secret("password"),
        filled.one("digits"),
    );
    if let Some((status, fault)) = proof.await? {
        return shown(&app, &frame, &seat, refused(status, fault)).await;
    }
    let made = make(&app, &seat, &wish).await;
    let said = match made.as_ref().map(Secret::expose) {
        Ok(secret) => Said {
            secret: Some(secret),
            ..Said::nothing()
        },
        Err(NotMade::Name) => refused(bad, w.keys.bad_name.to_owned()),
        Err(NotMade::Nothing) => refused(bad, w.keys.bad_scopes.to_owned()),
        Err(NotMade::TooMany) => refused(bad, w.keys.too_many.to_owned()),
        Err(NotMade::Database(_)) => return Err(away(made)),
    };
    shown(&app, &frame, &seat, said).await
}

fn away(made: Result<Secret, NotMade>) -> Trouble {
    match made {
        Err(NotMade::Database(error)) => error.into(),
        Ok(_) | Err(_) => Trouble::Inside,
    }
}

/// Takes a key back.
///
/// # Errors
/// When there is none such, or the database is away.
pub async fn end(
    State(app): State<App>,
    seat: Seat,
    Path(id): Path<String>,
) -> Result<Response, Trouble> {
    let id = id.parse().map_err(|_| Trouble::Nothing)?;
    if revoke(&app, seat.provider(), seat.actor(), id).await? {
        Ok(onward("/settings/keys?done=end"))
    } else {
        Err(Trouble::Nothing)
    }
}
