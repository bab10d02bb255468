//! What a handler gets behind the gate: whose business it is, and who acts in it.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use mnara_protocol::ids::{LogInId, PersonId, ProviderId};

use super::log_in::{Claimant, Place, Visit};
use super::staff::By;
use crate::audit::Actor;
use crate::web::Problem;

/// Somebody's place in the business they look at: the only way a page comes to know a [`ProviderId`].
#[derive(Clone, Debug)]
pub struct Seat {
    /// Who.
    pub person: PersonId,
    /// Their log-in.
    log_in: LogInId,
    /// Where, and as what.
    pub place: Place,
    /// The person in the audit.
    actor: Actor,
}

impl Seat {
    /// The business.
    #[must_use]
    pub const fn provider(&self) -> ProviderId {
        self.place.provider
    }

    /// The person in the audit.
    #[must_use]
    pub const fn actor(&self) -> Actor {
        self.actor
    }

    /// Who says who they are, and in which log-in.
    #[must_use]
    pub const fn claimant(&self) -> Claimant {
        Claimant {
            person: self.person,
            log_in: self.log_in,
        }
    }

    /// The person as whoever changes somebody's place.
    #[must_use]
    pub const fn by(&self) -> By {
        By {
            actor: self.actor(),
            role: self.place.role,
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Seat {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let visit = Visit::from_request_parts(parts, state).await?;
        let (Claimant { person, log_in }, actor) = (visit.claimant(), visit.actor());
        let place = visit.place.ok_or_else(Problem::not_found)?;
        Ok(Self {
            person,
            log_in,
            place,
            actor,
        })
    }
}
