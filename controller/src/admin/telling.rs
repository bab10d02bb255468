//! What telling of sites that are away and of routers that do not answer has in common.

use std::time::Duration;

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{ProviderId, SiteId};
use sqlx::PgConnection;

use super::store::notices::{Back, Outage};
use crate::app::App;
use crate::providers::notices::{Notice, Topic, tell};

/// Outages of one site that are told in a day, and losses of its router.
pub(super) const TOLD_A_DAY: i64 = 3;
/// Outages told in one go; the rest a minute later.
pub(super) const MOST: i64 = 500;

/// Tells of sites, if there are any. The first of them tells this news from any other: an outage begins once, and ends once.
pub(super) async fn say<T: Copy + Sync>(
    app: &App,
    conn: &mut PgConnection,
    provider: ProviderId,
    what: &str,
    told: &[(&Outage, T)],
    notice: impl for<'a> FnOnce(&'a [(&'a str, T)]) -> Notice<'a> + Send,
) -> sqlx::Result<()> {
    let Some((first, _)) = told.first() else {
        return Ok(());
    };
    let sites: Vec<_> = told
        .iter()
        .map(|(one, said)| (one.name.as_str(), *said))
        .collect();
    let once = format!("{what}:{}:{}", first.site, first.began.as_millis());
    tell(app, conn, provider, Topic::Site, &notice(&sites), &once).await
}

/// Those that are to be told of, each with when it began.
pub(super) fn begun<'a>(all: &'a [Outage], told: &[SiteId]) -> Vec<(&'a Outage, Timestamp)> {
    all.iter()
        .filter(|one| told.contains(&one.site))
        .map(|one| (one, one.began))
        .collect()
}

/// Those of which people heard that they began, each with how long it lasted.
pub(super) fn ended<'a>(
    back: &'a [Back],
    noted: &[(SiteId, Timestamp)],
) -> Vec<(&'a Outage, Duration)> {
    back.iter()
        .filter(|one| one.is_told && noted.contains(&(one.outage.site, one.outage.began)))
        .map(|one| (&one.outage, one.ended.since(one.outage.began)))
        .collect()
}
