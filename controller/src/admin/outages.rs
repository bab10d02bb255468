//! When sites were away: noted each minute from when each was last heard of, so that it can be told afterwards.

use futures_util::future::BoxFuture;
use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::CommandId;
use sqlx::PgConnection;

use super::store::{health, sites};
use crate::app::App;
use crate::db::Tx;
use crate::fleet::presence::away_before;
use crate::jobs::{Job, Next};

/// The kind of the job.
pub const WATCH: &str = "site-outages";
/// How often it looks.
const EVERY_SECS: i64 = 60;
/// Sites noted in one statement.
const BATCH: u16 = 500;
/// After a break of its own the platform waits so long for sites before it calls them away.
const SETTLED_SECS: i64 = 300;
/// How far back a break of the platform is looked for.
const LOOK_BACK_SECS: i64 = 86_400;
/// How long it is kept in which minutes the platform was up, in seconds.
pub const KEPT_SECS: i64 = 400 * 86_400;

/// Notes who went away and who is back, and comes back in a minute.
///
/// # Errors
/// When the database refuses.
pub fn tend<'a>(app: &'a App, job: &'a Job) -> BoxFuture<'a, anyhow::Result<Next>> {
    Box::pin(async move {
        let mut tx: Tx = job.begin(app).await?;
        judge(app, &mut tx).await?;
        tx.commit().await?;
        Ok(Next::Again(app.clock.now().plus_secs(EVERY_SECS)))
    })
}

/// Notes who went away and who is back. It needs the platform's door; two at once note nothing twice.
///
/// # Errors
/// When the database refuses.
pub async fn judge(app: &App, conn: &mut PgConnection) -> sqlx::Result<()> {
    let now = app.clock.now();
    let earlier = |secs: i64| Timestamp::from_secs(now.as_secs() - secs);
    let away = away_before(now);
    sites::end_outages(conn, away, now).await?;
    health::forget(conn, earlier(KEPT_SECS)).await?;
    let Some(up_since) = health::up_since(conn, earlier(LOOK_BACK_SECS)).await? else {
        return Ok(());
    };
    loop {
        let settled = earlier(SETTLED_SECS);
        let gone = sites::gone(conn, away, up_since, settled, BATCH).await?;
        let is_last = gone.len() < usize::from(BATCH);
        let outages: Vec<_> = gone
            .into_iter()
            .map(|away| (CommandId::new(now, app.entropy.bytes()), away))
            .collect();
        sites::begin_outages(conn, &outages).await?;
        if is_last {
            return Ok(());
        }
    }
}
