//! Sites and their agents, over all businesses: versions, who is away, how long each was up, and its router.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{ProviderId, SiteId};
use serde::Deserialize;
use sqlx::PgConnection;

use super::{MONTH_DAYS, days_before};
use crate::admin::store::{health, sites as store};
use crate::admin::targets::Share;
use crate::app::App;
use crate::db::Reason;
use crate::fleet::presence::{away_before, is_up};
use crate::providers::pages::frame::Frame;
use crate::providers::pages::trouble::Trouble;
use crate::providers::pages::words::Words;
use crate::web::Query;
use crate::web::page::html;

/// Sites on one page, and versions shown.
const PAGE: u16 = 50;
const VERSIONS: u16 = 20;

/// A site as it is shown, here and on the page of its business.
pub(super) struct Row {
    pub(super) id: SiteId,
    pub(super) name: String,
    pub(super) provider: ProviderId,
    pub(super) business: String,
    pub(super) software: Option<String>,
    pub(super) is_up: bool,
    pub(super) seen: Option<String>,
    pub(super) share: Option<String>,
    pub(super) outages: i64,
    pub(super) away: Option<String>,
    pub(super) router: Option<String>,
}

#[derive(Template)]
#[template(path = "admin/sites.html")]
struct SitesPage<'a> {
    frame: &'a Frame,
    w: &'static Words,
    only_away: bool,
    sites: Vec<Row>,
    versions: Vec<(String, i64)>,
    more: Option<SiteId>,
}

/// Which, and where in the list.
#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    #[serde(default)]
    away: String,
    after: Option<String>,
}

/// Shows them.
///
/// # Errors
/// When the database is away.
pub async fn list(
    State(app): State<App>,
    frame: Frame,
    Query(asked): Query<Asked>,
) -> Result<Response, Trouble> {
    let (now, w) = (app.clock.now(), frame.words());
    let only_away = !asked.away.is_empty();
    let wanted = store::Wanted {
        provider: None,
        away_since: only_away.then(|| away_before(now)),
        after: match asked.after.as_deref() {
            Some(id) => Some(id.parse().map_err(|_| Trouble::Nothing)?),
            None => None,
        },
    };
    let mut tx = app.db.platform(Reason::Admin).await?;
    let sites = rows(&mut tx, wanted, now, PAGE, w).await?;
    let versions = store::versions(&mut tx, VERSIONS).await?;
    drop(tx);
    let page = SitesPage {
        w,
        frame: &frame,
        only_away,
        more: sites.get(usize::from(PAGE) - 1).map(|site| site.id),
        sites,
        versions,
    };
    Ok(html(StatusCode::OK, &page))
}

/// Sites from the newest on, with how they did in the last month.
pub(super) async fn rows(
    conn: &mut PgConnection,
    wanted: store::Wanted,
    now: Timestamp,
    limit: u16,
    w: &Words,
) -> sqlx::Result<Vec<Row>> {
    // Nobody watched before the first minute that was noted, nor before there was an agent.
    let watched = health::first(conn).await?.unwrap_or(now);
    let from = days_before(now, MONTH_DAYS).max(watched);
    let listed = store::list(conn, wanted, from, now, limit).await?;
    Ok(listed
        .into_iter()
        .map(|site| {
            let began = site.since.map_or(from, |since| since.max(from));
            row(site, (began, now), w)
        })
        .collect())
}

fn row(site: store::Listed, (from, now): (Timestamp, Timestamp), w: &Words) -> Row {
    let whole = now.as_secs() - from.as_secs();
    let share = |lost: i64| {
        let has_agent = site.seen.is_some() && whole > 0;
        has_agent.then(|| Share::of(whole - lost, whole).percent())
    };
    let away = site.away_secs.min(whole);
    Row {
        share: share(away).flatten(),
        router: share(site.lost_secs).flatten(),
        away: (away > 0).then(|| w.calendar.lasting(away.unsigned_abs())),
        id: site.id,
        name: site.name,
        provider: site.provider,
        business: site.business,
        software: site.software,
        is_up: is_up(site.seen, now),
        seen: site.seen.map(|at| w.calendar.moment(at)),
        outages: site.outages,
    }
}
