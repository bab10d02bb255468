//! The link for a new password that an owner or manager makes for somebody below them.

use mnara_protocol::ids::{ResetId, StaffId};
use secrecy::SecretString;
use thiserror::Error;

use super::{GOOD_SECS, good_until, link, note, store, write};
use crate::app::App;
use crate::db::Reason;
use crate::providers::gate::Seat;
use crate::providers::log_in::Token;
use crate::providers::log_in::again::{NotProved, prove};
use crate::providers::staff;
use crate::providers::staff::roles::Role;

/// Why no link was made for somebody.
#[derive(Debug, Error)]
pub enum NotMade {
    /// They have no such place here.
    #[error("nobody here has that place any more")]
    Nobody,
    /// They are not below whoever asks.
    #[error("a link is made for somebody below oneself only")]
    NotBelow,
    /// They have a place elsewhere, which a link would open too.
    #[error("this person works elsewhere too")]
    Elsewhere,
    /// Whoever asks did not prove who they are.
    #[error(transparent)]
    NotProved(#[from] NotProved),
    /// The database refused.
    #[error("the link could not be stored")]
    Database(#[from] sqlx::Error),
}

/// How a link came to whom it is for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Made {
    /// It went to their mail: whoever asked for it never sees it.
    Mailed,
    /// They have no mail, so whoever asked hands it on.
    Shown(String),
}

/// Whether somebody may make a link for somebody else.
#[must_use]
pub const fn is_below(by: Role, of: Role) -> bool {
    match by {
        Role::Owner => !matches!(of, Role::Owner),
        Role::Manager => !matches!(of, Role::Owner | Role::Manager),
        Role::Cashier | Role::Technician | Role::Reader => false,
    }
}

/// Makes a link for somebody below, given one's own password and digits.
///
/// # Errors
/// [`NotMade`].
pub async fn for_staff(
    app: &App,
    seat: &Seat,
    place: StaffId,
    password: SecretString,
    digits: &str,
) -> Result<Made, NotMade> {
    let provider = seat.provider();
    let mut tx = app.db.tenant(provider).await?;
    let found = staff::store::find(&mut tx, provider, place).await?;
    drop(tx);
    let of = found.ok_or(NotMade::Nobody)?;
    if !is_below(seat.place.role, of.role) {
        return Err(NotMade::NotBelow);
    }
    prove(app, seat.claimant(), password, digits).await?;
    let mut tx = app.db.platform(Reason::Login).await?;
    let reader = crate::providers::mail::store::reader(&mut tx, of.person).await?;
    let made = match reader.filter(|_| app.rails.mail.is_set_up()) {
        Some(reader) => {
            let now = app.clock.now();
            let token = Token::draw(app);
            let id = ResetId::new(now, app.entropy.bytes());
            let until = now.plus_secs(GOOD_SECS);
            store::insert(&mut tx, id, of.person, &token.hash(), now, until).await?;
            write(app, &mut tx, &reader, &token).await?;
            Made::Mailed
        }
        // The link opens the person's whole account, so nobody is shown one to another business, or to the platform.
        None if store::is_only_in(&mut tx, of.person, provider).await? => {
            let maker = (seat.person, provider);
            Made::Shown(link(app, &mut tx, of.person, Some(maker)).await?)
        }
        None => return Err(NotMade::Elsewhere),
    };
    let (by, until) = ((Some(provider), seat.actor()), good_until(app));
    note(app, &mut tx, by, "reset-link", (of.person, until)).await?;
    tx.commit().await?;
    Ok(made)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_made_downwards_only() {
        for (by, of, may) in [
            (Role::Owner, Role::Manager, true),
            (Role::Owner, Role::Owner, false),
            (Role::Manager, Role::Cashier, true),
            (Role::Manager, Role::Manager, false),
            (Role::Manager, Role::Owner, false),
            (Role::Cashier, Role::Reader, false),
        ] {
            assert_eq!(is_below(by, of), may, "{by:?} for {of:?}");
        }
    }
}
