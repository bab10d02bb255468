//! `/api/v1/staff`: who works here, and who was asked to.

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::cursor::{Asked, Cursor, List, Listing, Part};
use super::gate::Key;
use super::operation::Operation;
use crate::app::App;
use crate::providers::people::Contact;
use crate::providers::staff::{Invitation, Staff, store};
use crate::web::{Answer, Json, show};

/// Somebody who works here.
#[derive(Debug, Serialize, ToSchema)]
pub struct Colleague {
    /// Their place here.
    id: String,
    /// What they are called.
    name: String,
    /// `owner`, `manager`, `cashier`, `technician` or `reader`.
    role: &'static str,
    /// Their e-mail address, if they log in with one.
    email: Option<String>,
    /// Their phone, if they log in with it.
    phone: Option<String>,
    /// Since when.
    since: String,
}

impl From<Staff> for Colleague {
    fn from(staff: Staff) -> Self {
        let (email, phone) = match staff.contact {
            Contact::Email(address) => (Some(address), None),
            Contact::Phone(number) => (None, Some(number.digits())),
        };
        Self {
            id: staff.id.to_string(),
            name: staff.name,
            role: staff.role.word(),
            email,
            phone,
            since: show::utc(staff.since),
        }
    }
}

pub(super) fn listing() -> Operation {
    Operation::new(
        "listStaff",
        "List who works here",
        "The first to come comes first. 200 people can work in a business at most.",
    )
    .query::<Listing>()
    .lists::<Colleague>()
}

/// Lists who works here.
///
/// # Errors
/// A problem document.
pub async fn list(
    State(app): State<App>,
    key: Key,
    Asked(asked): Asked<Listing>,
) -> Answer<Json<List<Colleague>>> {
    let (limit, cursor) = asked.part();
    let part = Part::read(limit, cursor)?;
    let place = |staff: &Staff| Cursor::at(staff.since, staff.id);
    let mut tx = app.db.tenant(key.provider()).await?;
    // A list that is short enough to be read whole.
    let found = store::list(&mut tx, key.provider()).await?;
    Ok(Json(part.list(
        part.rest(found, place),
        place,
        Colleague::from,
    )))
}

/// Somebody who was asked to join and has not yet. The address that lets them in is shown once, to whoever asked.
#[derive(Debug, Serialize, ToSchema)]
pub struct Invited {
    /// The invitation's id.
    id: String,
    /// Whom it is for.
    name: String,
    /// What they will be: `owner`, `manager`, `cashier`, `technician` or `reader`.
    role: &'static str,
    /// Until when it is good.
    expires_at: String,
}

impl From<Invitation> for Invited {
    fn from(invitation: Invitation) -> Self {
        Self {
            id: invitation.id.to_string(),
            name: invitation.name,
            role: invitation.role.word(),
            expires_at: show::utc(invitation.expires),
        }
    }
}

pub(super) fn inviting() -> Operation {
    Operation::new(
        "listInvitations",
        "List who was asked to join",
        "Those that are good, the first first. People are asked on the pages only, and 200 invitations can be open at once at most.",
    )
    .query::<Listing>()
    .lists::<Invited>()
}

/// Lists who was asked to join.
///
/// # Errors
/// A problem document.
pub async fn invitations(
    State(app): State<App>,
    key: Key,
    Asked(asked): Asked<Listing>,
) -> Answer<Json<List<Invited>>> {
    let (limit, cursor) = asked.part();
    let part = Part::read(limit, cursor)?;
    // All are good for as long.
    let place = |one: &Invitation| Cursor::at(one.expires, one.id);
    let mut tx = app.db.tenant(key.provider()).await?;
    let mut found = store::invitations(&mut tx, key.provider(), app.clock.now()).await?;
    found.sort_by_key(|one| (one.expires, *one.id.as_bytes()));
    Ok(Json(part.list(
        part.rest(found, place),
        place,
        Invited::from,
    )))
}
