//! Who works here: the list, roles, invitations.

use askama::Template;
use axum::extract::{Form, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use mnara_protocol::ids::StaffId;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;

use super::frame::Frame;
use super::proof::proved;
use super::trouble::Trouble;
use super::words::Words;
use crate::app::App;
use crate::providers::gate::Seat;
use crate::providers::log_in::reset::below::is_below;
use crate::providers::staff::invite::{NotJoined, invite, take_back};
use crate::providers::staff::roles::{Permission, Role, TABLE};
use crate::providers::staff::{NotChanged, change, store, touches_owner};
use crate::web::Path;
use crate::web::page::{html, onward};

/// Somebody in the list.
struct Row {
    id: String,
    name: String,
    contact: String,
    role: Role,
    since: String,
    is_self: bool,
    /// Whether whoever looks may make them a link for a new password.
    may_reset: bool,
}

/// Somebody who was asked.
struct Asked {
    id: String,
    name: String,
    role: Role,
    expires: String,
}

#[derive(Template)]
#[template(path = "people/staff.html")]
struct StaffPage<'a> {
    frame: &'a Frame,
    w: &'static Words,
    people: Vec<Row>,
    asked: Vec<Asked>,
    may_manage: bool,
    roles: Vec<Role>,
    /// What each role may do, as the gate reads it.
    table: &'static [(Permission, &'static [Role])],
    all_roles: [Role; 5],
    link: Option<String>,
    /// Whether to say that keys are left of somebody.
    has_keys: bool,
    done: Option<&'static str>,
    fault: Option<&'static str>,
}

/// What was done just before, as the address says it.
#[derive(Debug, Default, Deserialize)]
pub struct Done {
    done: Option<String>,
    keys: Option<String>,
}

/// Shows the list.
///
/// # Errors
/// When the database is away.
pub async fn list(
    State(app): State<App>,
    frame: Frame,
    seat: Seat,
    Query(was): Query<Done>,
) -> Result<Response, Trouble> {
    let w = frame.words();
    let done = match was.done.as_deref() {
        Some("role") => Some(w.staff.changed),
        Some("end") => Some(w.staff.ended),
        Some("back") => Some(w.staff.taken_back),
        _ => None,
    };
    let said = Said {
        done,
        has_keys: was.keys.is_some() && seat.place.role.may(Permission::ManageKeys),
        ..Said::default()
    };
    shown(&app, &frame, &seat, StatusCode::OK, said).await
}

/// What a page of the list says above it.
#[derive(Default)]
struct Said {
    link: Option<String>,
    has_keys: bool,
    done: Option<&'static str>,
    fault: Option<&'static str>,
}

async fn shown(
    app: &App,
    frame: &Frame,
    seat: &Seat,
    status: StatusCode,
    said: Said,
) -> Result<Response, Trouble> {
    let provider = seat.provider();
    let mut tx = app.db.tenant(provider).await?;
    let people = store::list(&mut tx, provider).await?;
    let asked = store::invitations(&mut tx, provider, app.clock.now()).await?;
    drop(tx);
    let role = seat.place.role;
    let page = StaffPage {
        frame,
        w: frame.words(),
        people: people
            .into_iter()
            .map(|staff| Row {
                id: staff.id.to_string(),
                is_self: staff.person == seat.person,
                may_reset: is_below(role, staff.role),
                name: staff.name,
                contact: staff.contact.written(),
                role: staff.role,
                since: frame.words().calendar.moment(staff.since),
            })
            .collect(),
        asked: asked
            .into_iter()
            .map(|asked| Asked {
                id: asked.id.to_string(),
                name: asked.name,
                role: asked.role,
                expires: frame.words().calendar.moment(asked.expires),
            })
            .collect(),
        may_manage: role.may(Permission::ManageStaff),
        roles: Role::ALL
            .into_iter()
            .filter(|one| *one != Role::Owner || role.may(Permission::MakeOwners))
            .collect(),
        table: TABLE,
        all_roles: Role::ALL,
        link: said.link,
        has_keys: said.has_keys,
        done: said.done,
        fault: said.fault,
    };
    Ok(html(status, &page))
}

/// The form that asks somebody to join.
#[derive(Deserialize)]
pub struct Ask {
    name: String,
    role: String,
    #[serde(flatten)]
    proof: Proof,
}

/// What somebody proves themselves with who makes or unmakes an owner; of other changes it is not asked.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Proof {
    password: SecretString,
    digits: String,
}

#[derive(Template)]
#[template(path = "people/owner_proof.html")]
struct ProofPage<'a> {
    frame: &'a Frame,
    w: &'static Words,
    asked: Asking<'a>,
    fault: Option<String>,
}

/// A form about an owner that waits for its proof.
struct Asking<'a> {
    /// Where it goes.
    path: String,
    /// Whom it is about.
    name: &'a str,
    /// What becomes of them.
    becomes: &'static str,
    /// What was filled in before.
    kept: Vec<(&'static str, &'a str)>,
    button: &'static str,
}

/// Takes the proof that a form about an owner needs; gives the page that asks for it while there is none.
async fn unproved(
    app: &App,
    frame: &Frame,
    seat: &Seat,
    proof: Proof,
    asked: Asking<'_>,
) -> Result<Option<Response>, Trouble> {
    let (status, fault) = if proof.password.expose_secret().is_empty() {
        (StatusCode::OK, None)
    } else {
        match proved(app, frame, seat, proof.password, &proof.digits).await? {
            None => return Ok(None),
            Some((status, fault)) => (status, Some(fault)),
        }
    };
    let page = ProofPage {
        frame,
        w: frame.words(),
        asked,
        fault,
    };
    Ok(Some(html(status, &page)))
}

/// Makes an invitation and shows its address, once.
///
/// # Errors
/// When the database is away.
pub async fn ask(
    State(app): State<App>,
    frame: Frame,
    seat: Seat,
    Form(filled): Form<Ask>,
) -> Result<Response, Trouble> {
    let role: Role = filled.role.parse().map_err(|_| Trouble::Nothing)?;
    let w = frame.words();
    if role == Role::Owner && seat.place.role.may(Permission::MakeOwners) {
        let asked = Asking {
            path: "/staff/invite".to_owned(),
            name: &filled.name,
            becomes: w.staff.name(&role),
            kept: vec![("name", filled.name.as_str()), ("role", role.word())],
            button: w.staff.ask_button,
        };
        if let Some(page) = unproved(&app, &frame, &seat, filled.proof, asked).await? {
            return Ok(page);
        }
    }
    let refused = |status, fault| {
        let said = Said {
            fault: Some(fault),
            ..Said::default()
        };
        (status, said)
    };
    let (status, said) = match invite(&app, seat.provider(), seat.by(), &filled.name, role).await {
        Ok(code) => {
            let link = app.config.web.public().join(&format!("/join/{code}"));
            (
                StatusCode::OK,
                Said {
                    link: Some(link),
                    ..Said::default()
                },
            )
        }
        Err(NotJoined::OwnersOnly) => return Err(Trouble::NotYours),
        Err(NotJoined::Ending(error)) => return Err(error.into()),
        Err(NotJoined::Database(error)) => return Err(error.into()),
        Err(NotJoined::Full) => refused(StatusCode::CONFLICT, w.staff.full),
        Err(NotJoined::TooManyOpen) => refused(StatusCode::CONFLICT, w.staff.too_many_open),
        Err(NotJoined::Bad(_) | NotJoined::Taken | NotJoined::Here | NotJoined::NoInvitation) => {
            refused(StatusCode::UNPROCESSABLE_ENTITY, w.people.bad_name)
        }
    };
    shown(&app, &frame, &seat, status, said).await
}

/// Takes an invitation back.
///
/// # Errors
/// When the database is away.
pub async fn back(
    State(app): State<App>,
    seat: Seat,
    Path(id): Path<String>,
) -> Result<Response, Trouble> {
    let id = id.parse().map_err(|_| Trouble::Nothing)?;
    take_back(&app, seat.provider(), seat.by(), id).await?;
    Ok(onward("/staff?done=back"))
}

/// The form that gives somebody another role, or none.
#[derive(Deserialize)]
pub struct NewRole {
    role: String,
    #[serde(flatten)]
    proof: Proof,
}

/// Changes what somebody is.
///
/// # Errors
/// When the database is away.
pub async fn role(
    State(app): State<App>,
    frame: Frame,
    seat: Seat,
    Path(id): Path<String>,
    Form(filled): Form<NewRole>,
) -> Result<Response, Trouble> {
    let role = filled.role.parse().map_err(|_| Trouble::Nothing)?;
    moved(&app, &frame, &seat, (&id, Some(role)), filled.proof).await
}

/// Ends somebody's place.
///
/// # Errors
/// When the database is away.
pub async fn end(
    State(app): State<App>,
    frame: Frame,
    seat: Seat,
    Path(id): Path<String>,
    Form(proof): Form<Proof>,
) -> Result<Response, Trouble> {
    moved(&app, &frame, &seat, (&id, None), proof).await
}

async fn moved(
    app: &App,
    frame: &Frame,
    seat: &Seat,
    (id, role): (&str, Option<Role>),
    proof: Proof,
) -> Result<Response, Trouble> {
    let id: StaffId = id.parse().map_err(|_| Trouble::Nothing)?;
    let (w, provider) = (frame.words(), seat.provider());
    let mut tx = app.db.tenant(provider).await?;
    let found = store::find(&mut tx, provider, id).await?;
    drop(tx);
    let staff = found.ok_or(Trouble::Nothing)?;
    if touches_owner(staff.role, role) && seat.place.role.may(Permission::MakeOwners) {
        let (act, becomes, button) = match &role {
            Some(role) => ("role", w.staff.name(role), w.staff.set),
            None => ("end", w.staff.end, w.staff.end),
        };
        let asked = Asking {
            path: format!("/staff/{id}/{act}"),
            name: &staff.name,
            becomes,
            kept: role.iter().map(|role| ("role", role.word())).collect(),
            button,
        };
        if let Some(page) = unproved(app, frame, seat, proof, asked).await? {
            return Ok(page);
        }
    }
    match change(app, provider, seat.by(), id, role).await {
        Ok(leaves_keys) => {
            let done = if role.is_some() { "role" } else { "end" };
            let keys = if leaves_keys { "&keys=left" } else { "" };
            Ok(onward(&format!("/staff?done={done}{keys}")))
        }
        Err(NotChanged::Nobody) => Err(Trouble::Nothing),
        Err(NotChanged::OwnersOnly) => Err(Trouble::NotYours),
        Err(NotChanged::Database(error)) => Err(error.into()),
        Err(NotChanged::LastOwner) => {
            let said = Said {
                fault: Some(w.staff.last_owner),
                ..Said::default()
            };
            shown(app, frame, seat, StatusCode::CONFLICT, said).await
        }
    }
}
