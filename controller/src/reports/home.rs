//! The page an owner opens first: money today, how many vouchers run, which sites are up.

use askama::Template;
use axum::extract::State;
use jiff::tz::TimeZone;
use mnara_protocol::clock::Timestamp;
use sqlx::PgConnection;

use super::store;
use crate::app::App;
use crate::fleet;
use crate::fleet::presence::is_up;
use crate::fleet::store::SiteSeen;
use crate::plans;
use crate::providers;
use crate::providers::gate::Seat;
use crate::providers::pages::frame::Frame;
use crate::providers::pages::trouble::Trouble;
use crate::providers::pages::words::Words;
use crate::providers::staff::roles::Permission;
use crate::web::page::Page;
use crate::web::show;

/// Sites on the page.
const SITES: u16 = 100;

/// One site in the list.
#[derive(Debug)]
pub struct Site {
    name: String,
    is_up: bool,
    seen: Option<String>,
}

/// The page.
#[derive(Debug, Template)]
#[template(path = "home.html")]
pub struct HomePage {
    frame: Frame,
    w: &'static Words,
    today: String,
    sales: String,
    last_week: String,
    running: String,
    sites: Vec<Site>,
    steps: Vec<Step>,
}

/// One of the first things to do.
#[derive(Debug)]
pub struct Step {
    name: &'static str,
    path: &'static str,
    is_done: bool,
}

/// Shows it.
///
/// # Errors
/// When the database is away.
pub async fn home(
    State(app): State<App>,
    frame: Frame,
    seat: Seat,
) -> Result<Page<HomePage>, Trouble> {
    let now = app.clock.now();
    let (day, week) = (midnight(now), 7 * 86_400);
    let earlier = |at: Timestamp, secs: i64| Timestamp::from_secs(at.as_secs() - secs);
    let provider = seat.provider();
    let mut tx = app.db.tenant(provider).await?;
    let (today, sales) = store::paid(&mut tx, provider, day, now).await?;
    let (last_week, _) =
        store::paid(&mut tx, provider, earlier(day, week), earlier(now, week)).await?;
    let running = store::running(&mut tx, provider, now).await?;
    let sites = fleet::store::sites_seen(&mut tx, provider, SITES).await?;
    let steps = steps(&mut tx, &seat, &sites, frame.words()).await?;
    drop(tx);
    Ok(Page(HomePage {
        w: frame.words(),
        frame,
        today: show::money(today),
        sales: show::thousands(sales.unsigned_abs()),
        last_week: show::money(last_week),
        running: show::thousands(running.unsigned_abs()),
        sites: sites
            .into_iter()
            .map(|site| Site {
                name: site.name,
                is_up: is_up(site.seen, now),
                seen: site.seen.map(show::moment),
            })
            .collect(),
        steps,
    }))
}

/// What is left to do before the first sale, for those who may do it; nothing once all is done.
async fn steps(
    conn: &mut PgConnection,
    seat: &Seat,
    sites: &[SiteSeen],
    w: &'static Words,
) -> sqlx::Result<Vec<Step>> {
    let provider = seat.provider();
    let has_account = providers::store::account(conn, provider).await?.is_some();
    let has_plan = !plans::store::plans(conn, provider, 1).await?.is_empty();
    let all = [
        (
            w.steps.mpesa,
            "/settings/mpesa",
            Permission::SetMpesa,
            has_account,
        ),
        (w.steps.plan, "/plans", Permission::EditPlans, has_plan),
        (
            w.steps.site,
            "/sites",
            Permission::ManageSites,
            !sites.is_empty(),
        ),
        (
            w.steps.agent,
            "/sites",
            Permission::ManageSites,
            sites.iter().any(|site| site.seen.is_some()),
        ),
    ];
    if all.iter().all(|(_, _, _, is_done)| *is_done) {
        return Ok(Vec::new());
    }
    Ok(all
        .into_iter()
        .filter(|(_, _, permission, _)| seat.place.role.may(*permission))
        .map(|(name, path, _, is_done)| Step {
            name,
            path,
            is_done,
        })
        .collect())
}

/// When the day began in Nairobi.
fn midnight(now: Timestamp) -> Timestamp {
    let zone = TimeZone::get("Africa/Nairobi").unwrap_or(TimeZone::UTC);
    jiff::Timestamp::from_millisecond(now.as_millis())
        .ok()
        .and_then(|at| at.to_zoned(zone).start_of_day().ok())
        .map_or(now, |day| {
            Timestamp::from_millis(day.timestamp().as_millisecond())
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_at_nairobis_midnight() {
        // 2027-01-15 08:00 UTC is 11:00 in Nairobi, whose day began at 21:00 UTC.
        let now = Timestamp::from_secs(1_800_000_000);
        assert_eq!(
            midnight(now),
            Timestamp::from_secs(1_800_000_000 - 11 * 3600)
        );
        let late = Timestamp::from_secs(1_800_000_000 + 13 * 3600);
        assert_eq!(midnight(late), late);
    }
}
