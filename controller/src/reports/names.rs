//! What the plans and sites of a business are called, for whatever tells of them by their ids.

use mnara_protocol::ids::ProviderId;
use sqlx::PgConnection;

use super::view::Names;
use crate::fleet;
use crate::plans;

/// What plans and sites are called.
pub(super) async fn names(conn: &mut PgConnection, provider: ProviderId) -> sqlx::Result<Names> {
    let plans = plans::store::plans(conn, provider, plans::edit::MOST).await?;
    let sites = fleet::store::sites_ever(conn, provider, fleet::store::ALL).await?;
    Ok(Names {
        plans: plans.into_iter().map(|plan| (plan.id, plan.name)).collect(),
        sites: sites.into_iter().map(|site| (site.id, site.name)).collect(),
    })
}
