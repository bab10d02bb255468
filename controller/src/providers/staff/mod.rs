//! Staff: people in their place in a business, and how others are asked to join. What each role may do is in [`roles`].

pub mod invite;
pub mod roles;
pub mod store;

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{InvitationId, PersonId, ProviderId, StaffId};
use serde_json::json;
use sqlx::PgConnection;
use thiserror::Error;

use self::roles::{Permission, Role};
use super::keys::store as keys;
use super::notices::{Notice, tell_owner_gone, tell_owners};
use super::people::Contact;
use crate::app::App;
use crate::audit::{Actor, Deed, record};

/// People who work in a business, and invitations of it that are open at once, at most: so many a page shows whole.
pub const MOST: i64 = 200;

/// A person's place in a business.
#[derive(Clone, Debug)]
pub struct Staff {
    /// The place.
    pub id: StaffId,
    /// Who.
    pub person: PersonId,
    /// What they are called.
    pub name: String,
    /// Where they are reached.
    pub contact: Contact,
    /// What they may do.
    pub role: Role,
    /// When they came.
    pub since: Timestamp,
}

/// Somebody who was asked to join and has not yet.
#[derive(Clone, Debug)]
pub struct Invitation {
    /// Its id.
    pub id: InvitationId,
    /// Whom it is for.
    pub name: String,
    /// What they will be.
    pub role: Role,
    /// Until when it is good.
    pub expires: Timestamp,
}

/// Why somebody's place was not changed.
#[derive(Debug, Error)]
pub enum NotChanged {
    /// There is no such place in this business.
    #[error("nobody here has that place any more")]
    Nobody,
    /// Somebody must be able to do everything.
    #[error("a business needs an owner: make somebody else one first")]
    LastOwner,
    /// Only an owner makes or unmakes owners.
    #[error("only an owner can do that")]
    OwnersOnly,
    /// The database refused.
    #[error("the change could not be stored")]
    Database(#[from] sqlx::Error),
}

/// Whoever changes somebody's place.
#[derive(Clone, Copy, Debug)]
pub struct By {
    /// Who they are.
    pub actor: Actor,
    /// What they are; the command line may do what an owner may.
    pub role: Role,
}

/// Whether somebody becomes an owner by a change, stays one, or is one no more: who can do everything is no matter for a log-in alone.
#[must_use]
pub fn touches_owner(of: Role, to: Option<Role>) -> bool {
    of == Role::Owner || to == Some(Role::Owner)
}

/// Whether somebody loses a right by a change.
fn falls(of: Role, to: Option<Role>) -> bool {
    to.is_none_or(|to| of.permissions().any(|right| !to.may(right)))
}

/// Writes down that an invitation is over which nobody took.
async fn note_end(
    app: &App,
    conn: &mut PgConnection,
    (provider, by): (ProviderId, By),
    (id, name, role): (InvitationId, &str, &str),
) -> sqlx::Result<()> {
    let deed = Deed {
        act: "invite-end",
        subject: &id.to_string(),
        before: Some(json!({"name": name, "role": role})),
        after: None,
    };
    record(app, conn, Some(provider), by.actor, deed).await
}

/// Gives somebody another role, or with none ends their place and logs them out.
///
/// Says whether somebody who loses a right by it made keys that still work. They go on, since a till may run on one: whether this person has kept a
/// key is for the owners to know.
///
/// # Errors
/// [`NotChanged`].
pub async fn change(
    app: &App,
    provider: ProviderId,
    by: By,
    place: StaffId,
    role: Option<Role>,
) -> Result<bool, NotChanged> {
    let mut tx = app.db.tenant(provider).await?;
    // Locked together, so that two owners cannot unmake each other at once.
    let owners = store::lock_owners(&mut tx, provider).await?;
    let Some(staff) = store::find(&mut tx, provider, place).await? else {
        return Err(NotChanged::Nobody);
    };
    if touches_owner(staff.role, role) && !by.role.may(Permission::MakeOwners) {
        return Err(NotChanged::OwnersOnly);
    }
    let is_lost = staff.role == Role::Owner && role != Some(Role::Owner);
    if is_lost && owners <= 1 {
        return Err(NotChanged::LastOwner);
    }
    let now = app.clock.now();
    let loses = falls(staff.role, role);
    let leaves_keys = loses && keys::are_left_by(&mut tx, provider, staff.person, now).await?;
    if is_lost {
        // Told before it happens: whoever it happens to is an owner for the last time.
        let gone = (staff.person, staff.name.as_str());
        tell_owner_gone(app, &mut tx, provider, gone, leaves_keys).await?;
    }
    match role {
        Some(role) => store::set_role(&mut tx, provider, place, role, now).await?,
        None => {
            store::end(&mut tx, provider, place, now).await?;
            store::end_log_ins(&mut tx, provider, staff.person, now).await?;
        }
    }
    if loses {
        // Who was asked in with rights that are gone now is asked no more.
        let ended = store::end_invitations_by(&mut tx, provider, staff.person, now).await?;
        for (id, name, word) in &ended {
            note_end(app, &mut tx, (provider, by), (*id, name, word)).await?;
        }
    }
    let deed = Deed {
        act: if role.is_some() { "role" } else { "staff-end" },
        subject: &place.to_string(),
        before: Some(staff.role.word().into()),
        after: role.map(|role| role.word().into()),
    };
    record(app, &mut tx, Some(provider), by.actor, deed).await?;
    if role == Some(Role::Owner) && staff.role != Role::Owner {
        let notice = Notice::NewOwner { who: &staff.name };
        tell_owners(app, &mut tx, provider, &notice).await?;
    }
    tx.commit().await?;
    Ok(leaves_keys)
}
