//! After the database was brought back from a backup.
//!
//! Sites hold what it has lost, so every feed begins anew above anything that was ever given out. Journals need nothing: their marks went back with the rest, and sites send again what came after.

use mnara_protocol::clock::Timestamp;

use super::store::restored as store;
use crate::db::{Db, Reason};

/// Revisions a site can be given in a second, and never is: what lies between two restores is longer than what was given out.
const A_SECOND: i64 = 1 << 20;

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Restored {
    /// Sites whose feed begins anew.
    pub sites: u64,
    /// Agents whose links are numbered anew.
    pub agents: u64,
    /// Claim codes that are good no more: they may have been spent since.
    pub claims: u64,
}

/// Raises all feeds and all numbers of links. Doing it again, or without need, costs every site one reading of its feed and nothing else.
///
/// # Errors
/// When the database refuses; nothing was changed then.
pub async fn restored(db: &Db, now: Timestamp) -> sqlx::Result<Restored> {
    let base = now.as_secs().max(0).saturating_mul(A_SECOND);
    let mut tx = db.platform(Reason::Admin).await?;
    let sites = store::raise_feeds(&mut tx, base).await?;
    let agents = store::raise_epochs(&mut tx, now.as_secs().max(0)).await?;
    let claims = store::spoil_claims(&mut tx, now).await?;
    tx.commit().await?;
    Ok(Restored {
        sites,
        agents,
        claims,
    })
}
