//! The page an owner opens first: money today, who is online, which sites are up, what needs somebody.

use std::collections::{BTreeMap, BTreeSet};

use askama::Template;
use axum::extract::State;
use mnara_protocol::ids::SiteId;
use mnara_protocol::money::Money;
use sqlx::PgConnection;

use super::attention::{self, Item};
use super::chart::{Columns, Point};
use super::period::Day;
use super::store::{self, PaidDay, Running};
use super::sums::Measure;
use super::view::say;
use crate::app::App;
use crate::audit::Actor;
use crate::fleet;
use crate::fleet::presence::is_up;
use crate::fleet::sample::{FRESH_SECS, Reading};
use crate::fleet::store::{SiteSeen, samples};
use crate::payments::store as payments;
use crate::plans;
use crate::providers;
use crate::providers::gate::Seat;
use crate::providers::log_in::contact::on_its_way;
use crate::providers::pages::frame::Frame;
use crate::providers::pages::trouble::Trouble;
use crate::providers::pages::words::Words;
use crate::providers::staff::roles::Permission;
use crate::web::page::Page;
use crate::web::show;

/// Sites on the page; what needs attention is looked for at all of them.
const SITES: usize = 100;
/// Running vouchers on the page.
const RUNNING: u16 = 8;
/// Days in the small chart, today among them; the money of the day before the first is compared with today's.
const DAYS: i64 = 7;
/// Where the account is proven, and how to the first sale: the steps that no sale waits for.
const PROOF: &str = "/settings/mpesa#test";
const SALE: &str = "/first-sale";

/// One site in the list.
#[derive(Debug)]
pub struct Site {
    name: String,
    path: Option<String>,
    is_up: bool,
    has_lost_router: bool,
    seen: Option<String>,
}

/// One voucher that runs.
#[derive(Debug)]
pub struct Online {
    plan: String,
    site: Option<String>,
    path: Option<String>,
    since: String,
    until: Option<String>,
    /// How many devices, where there is more than one.
    devices: Option<String>,
}

/// The page.
#[derive(Debug, Template)]
#[template(path = "home.html")]
pub struct HomePage {
    frame: Frame,
    w: &'static Words,
    today: String,
    sales: String,
    /// The address or number that a link was sent to and that they have not shown to be theirs.
    unshown: Option<String>,
    last_week: String,
    week: Option<Week>,
    /// Devices that the newest readings of sites show; none when no site has told lately.
    devices: Option<String>,
    running: String,
    online: Vec<Online>,
    sites: Vec<Site>,
    has_more_sites: bool,
    items: Vec<Item>,
    /// Whether no items is good news: all is set up, and the business may sell.
    is_well: bool,
    steps: Vec<Step>,
    may_see_reports: bool,
}

/// The money of the last days: drawn, and in numbers.
#[derive(Debug)]
pub struct Week {
    chart: String,
    days: Vec<(String, String)>,
}

/// One of the first things to do.
#[derive(Debug)]
pub struct Step {
    pub(super) name: &'static str,
    pub(super) path: &'static str,
    pub(super) is_done: bool,
    /// Whether nobody can buy by M-PESA until it is done.
    pub(super) is_before_sale: bool,
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
    let (day, then) = (Day::of(now), now.plus_secs(-DAYS * 86_400));
    let (provider, role, w) = (seat.provider(), seat.place.role, frame.words());
    let mut tx = app.db.steady(provider).await?;
    let paid = store::paid(&mut tx, provider, day.plus(-DAYS), now, then).await?;
    let running = store::running(&mut tx, provider, now).await?;
    let online = store::running_last(&mut tx, provider, now, RUNNING).await?;
    let sites = fleet::store::sites_seen(&mut tx, provider, None, fleet::store::ALL).await?;
    let fresh = now.plus_secs(-FRESH_SECS);
    let readings = samples::all(&mut tx, provider, fresh, fleet::store::ALL).await?;
    let found = attention::find(&mut tx, provider, now).await?;
    let steps = steps(&mut tx, &seat, &sites, w).await?;
    drop(tx);
    // Whoever looks for the platform is asked nothing of their own.
    let unshown = match seat.actor() {
        Actor::Staff(person) => on_its_way(&app, person).await?,
        _ => None,
    };
    let readings: BTreeMap<SiteId, Reading> = readings
        .iter()
        .filter_map(|(site, kept)| Some((*site, Reading::of(kept)?)))
        .collect();
    let lost: BTreeSet<SiteId> = readings
        .iter()
        .filter_map(|(site, reading)| reading.has_lost_router().then_some(*site))
        .collect();
    let of = |day: Day| paid.iter().find(|one| one.day == day);
    let may_see_sites = role.may(Permission::SeeSites);
    let path = |site| may_see_sites.then(|| format!("/sites/{site}"));
    Ok(Page(HomePage {
        today: money(of(day).map_or(0, |day| day.paid)),
        sales: show::thousands(of(day).map_or(0, |day| day.sold).unsigned_abs()),
        last_week: money(of(day.plus(-DAYS)).map_or(0, |day| day.paid_by_then)),
        week: week(&paid, day, w),
        devices: devices(readings.values()),
        running: show::thousands(running.unsigned_abs()),
        online: online.into_iter().map(|one| shown(one, &path, w)).collect(),
        items: attention::items(&found, (&sites, &lost), role, now, &w.home),
        has_more_sites: may_see_sites && sites.len() > SITES,
        sites: sites
            .into_iter()
            .take(SITES)
            .map(|site| Site {
                path: path(site.site),
                name: site.name,
                is_up: is_up(site.seen, now),
                has_lost_router: is_up(site.seen, now) && lost.contains(&site.site),
                seen: site.seen.map(|at| w.calendar.moment(at)),
            })
            .collect(),
        is_well: steps.is_empty() && seat.place.state == providers::state::State::Active,
        steps,
        unshown,
        may_see_reports: role.may(Permission::SeeReports),
        w,
        frame,
    }))
}

/// How many devices are online by what sites tell of themselves.
fn devices<'a>(readings: impl Iterator<Item = &'a Reading>) -> Option<String> {
    let online = readings.map(|reading| u64::from(reading.live.online));
    online.reduce(|sum, more| sum + more).map(show::thousands)
}

fn money(cents: i64) -> String {
    show::money(Money::from_cents(cents))
}

fn shown(one: Running, path: &impl Fn(SiteId) -> Option<String>, w: &Words) -> Online {
    let (path, site) = match one.site {
        Some((id, name)) => (path(id), Some(name)),
        None => (None, None),
    };
    Online {
        plan: one.plan,
        site,
        path,
        since: w.calendar.moment(one.since),
        until: one.until.map(|at| w.calendar.moment_after(at, one.since)),
        devices: (one.devices > 1).then(|| {
            let devices = w.plans.of_devices.replace(' ', "\u{a0}");
            devices.replace("{n}", &one.devices.to_string())
        }),
    }
}

/// The money of the last days as small bars, with the table behind them; nothing before the first shilling.
fn week(paid: &[PaidDay], today: Day, w: &Words) -> Option<Week> {
    let money = |value| say(Measure::Money, value, &w.reports);
    let days = (1 - DAYS..=0).map(|back| today.plus(back));
    let (points, days): (Vec<Point>, Vec<_>) = days
        .map(|day| {
            let cents = paid.iter().find(|one| one.day == day);
            let value = cents.map_or(0, |day| day.paid).unsigned_abs();
            let (name, said) = (day.weekday(&w.calendar), money(value));
            let point = Point {
                name: name.to_owned(),
                value,
                before: None,
                tip: format!("{}: {said}", day.short(&w.calendar)),
            };
            (point, (format!("{name} {}", day.short(&w.calendar)), said))
        })
        .unzip();
    if points.iter().all(|point| point.value == 0) {
        return None;
    }
    let about = points
        .iter()
        .map(|point| point.tip.as_str())
        .collect::<Vec<_>>()
        .join("; ");
    let unit = Measure::Money.unit();
    let title = (w.home.week.to_owned(), about);
    let chart = Columns::draw("week", title, &points, unit, money).to_string();
    Some(Week { chart, days })
}

/// What is left to do before the first sale, for those who may do it; nothing once all is done.
pub(super) async fn steps(
    conn: &mut PgConnection,
    seat: &Seat,
    sites: &[SiteSeen],
    w: &'static Words,
) -> sqlx::Result<Vec<Step>> {
    let provider = seat.provider();
    let account = providers::store::account_id(conn, provider).await?;
    let is_proven = match account {
        Some(account) => payments::has_come_in(conn, provider, account).await?,
        None => false,
    };
    let has_sold = store::has_sold(conn, provider).await?;
    let has_plan = !plans::store::plans(conn, provider, 1).await?.is_empty();
    let all = [
        (
            w.steps.mpesa,
            "/settings/mpesa",
            Permission::SetMpesa,
            account.is_some(),
        ),
        (w.steps.proof, PROOF, Permission::SetMpesa, is_proven),
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
        (w.steps.sale, SALE, Permission::SeeHome, has_sold),
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
            // Selling does not wait for the proof, but the first page goes on asking.
            is_before_sale: path != PROOF && path != SALE,
        })
        .collect())
}
