//! Whether a plan has room for the sites of a business that wants to be on it.
//!
//! Its limit binds whoever makes a site, and whoever would come to it with more. Money that is out counts all the same, and whoever is on a plan goes
//! on with it: the platform may have given more than it allows, or have lowered its limit since.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{PlatformPlanId, ProviderId};
use sqlx::PgConnection;
use thiserror::Error;

use super::PlatformPlan;
use super::store::plans;
use super::terms::{self, Term};

/// A plan is for fewer sites than a business has.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("the plan is for {most} sites and the business has {have}")]
pub struct TooManySites {
    /// So many it is for.
    pub most: u32,
    /// So many there are.
    pub have: u32,
}

/// What decides which plans have room for a business.
#[derive(Clone, Debug)]
pub struct Room {
    /// How many sites it has.
    have: u32,
    /// The plan it is on, or was on last, with those that took that one's place since.
    own: Vec<PlatformPlanId>,
    /// Whether any plan on offer is large enough; where none is, nobody is kept from paying.
    is_sold: bool,
}

impl Room {
    /// Whether a plan has room.
    ///
    /// # Errors
    /// [`TooManySites`].
    pub fn check(&self, plan: &PlatformPlan) -> Result<(), TooManySites> {
        match plan.most_sites {
            Some(most) if most < self.have && self.is_sold && !self.own.contains(&plan.id) => {
                Err(TooManySites {
                    most,
                    have: self.have,
                })
            }
            _ => Ok(()),
        }
    }
}

/// Reads what decides which plans have room for a business.
///
/// # Errors
/// When the database is away.
pub async fn room(
    conn: &mut PgConnection,
    provider: ProviderId,
    terms: &[Term],
    now: Timestamp,
) -> sqlx::Result<Room> {
    let have = plans::sites(conn, provider).await?;
    let own = match terms::current(terms, now).or(terms.last()) {
        Some(term) => plans::with_successors(conn, term.plan).await?,
        None => Vec::new(),
    };
    let is_large = |plan: &PlatformPlan| {
        plan.price.cents > 0 && plan.most_sites.is_none_or(|most| have <= most)
    };
    let is_sold = plans::offered(conn).await?.iter().any(is_large);
    Ok(Room { have, own, is_sold })
}
