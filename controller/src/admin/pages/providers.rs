//! Businesses: which there are and how each does, and letting them in, stopping them, letting them go on.

use askama::Template;
use axum::extract::State as Given;
use axum::http::StatusCode;
use axum::response::Response;
use mnara_protocol::ids::{ProviderId, SiteId};
use mnara_protocol::money::Money;
use serde::Deserialize;

use super::payments::told;
use super::{MONTH_DAYS, days_before, moments, sites};
use crate::admin::standing::{NotMoved, stand};
use crate::admin::store::providers::{self as store, Details, Listed, Owner, Wanted};
use crate::admin::store::{payments, sites as places};
use crate::admin::targets::PAID;
use crate::app::App;
use crate::audit::Actor;
use crate::audit::read;
use crate::db::Reason;
use crate::providers::log_in::Visit;
use crate::providers::pages::frame::Frame;
use crate::providers::pages::trouble::Trouble;
use crate::providers::pages::words::Words;
use crate::providers::state::{Move, State};
use crate::web::page::{html, onward};
use crate::web::{Path, Query, show};

/// Businesses on one page; sites, deeds and outages on the page of one.
const PAGE: u16 = 50;
const SITES: u16 = 100;
const DEEDS: u16 = 10;
const OUTAGES: u16 = 10;
/// The longest name that is looked for.
const LONGEST: usize = 80;

/// Something that can be done with a business.
struct Act {
    word: &'static str,
    name: &'static str,
}

/// One business, ready to be shown.
struct Row {
    id: ProviderId,
    name: String,
    state: &'static str,
    kind: &'static str,
    since: String,
    sites: i64,
    up: i64,
    up_kind: &'static str,
    /// Whether it does well, in words.
    health: Option<(&'static str, &'static str)>,
    /// Its prompts of the last days that came to money: the share, how good that is, how many, of how many.
    paid: (String, &'static str),
    paid_part: String,
    paid_whole: String,
    seen: Option<String>,
    deaf: i64,
    balances: bool,
    revenue: String,
    growth: Option<String>,
    last_sale: Option<String>,
    plan: Option<String>,
    acts: Vec<Act>,
}

/// A state to choose, and whether it is chosen.
struct Choice {
    word: &'static str,
    name: &'static str,
    is_chosen: bool,
}

#[derive(Template)]
#[template(path = "admin/providers.html")]
struct ProvidersPage<'a> {
    frame: &'a Frame,
    w: &'static Words,
    providers: Vec<Row>,
    search: &'a str,
    states: Vec<Choice>,
    is_all: bool,
    more: Option<String>,
    done: Option<&'static str>,
    fault: Option<&'static str>,
}

/// What to look for, where in the list, and what was done just before.
#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    #[serde(default)]
    search: String,
    #[serde(default)]
    state: String,
    after: Option<String>,
    done: Option<String>,
}

/// Shows the businesses.
///
/// # Errors
/// When the database is away.
pub async fn list(
    Given(app): Given<App>,
    frame: Frame,
    Query(asked): Query<Asked>,
) -> Result<Response, Trouble> {
    let w = frame.words();
    let search: String = asked.search.trim().chars().take(LONGEST).collect();
    let state = asked.state.parse::<State>().ok();
    let wanted = Wanted {
        only: None,
        search: Some(search.as_str()).filter(|search| !search.is_empty()),
        state,
        after: match asked.after.as_deref() {
            Some(id) => Some(id.parse().map_err(|_| Trouble::Nothing)?),
            None => None,
        },
    };
    let mut tx = app.db.platform(Reason::Admin).await?;
    let listed = store::list(&mut tx, &wanted, moments(app.clock.now()), PAGE).await?;
    drop(tx);
    let last = listed.get(usize::from(PAGE) - 1);
    let more = last.map(|last| {
        url::form_urlencoded::Serializer::new(String::new())
            .append_pair("search", &search)
            .append_pair("state", state.map_or("", State::word))
            .append_pair("after", &last.id.to_string())
            .finish()
    });
    let page = ProvidersPage {
        frame: &frame,
        w,
        providers: listed.into_iter().map(|listed| row(listed, w)).collect(),
        search: &search,
        states: State::ALL
            .into_iter()
            .map(|one| Choice {
                word: one.word(),
                name: named(one, w).0,
                is_chosen: state == Some(one),
            })
            .collect(),
        is_all: search.is_empty() && state.is_none(),
        more,
        done: asked
            .done
            .filter(|done| done == "moved")
            .map(|_| w.admin.moved),
        fault: None,
    };
    Ok(html(StatusCode::OK, &page))
}

const fn named(state: State, w: &'static Words) -> (&'static str, &'static str) {
    match state {
        State::Pending => (w.admin.pending, "wait"),
        State::Active => (w.admin.active, "good"),
        State::Suspended => (w.admin.suspended, "bad"),
    }
}

fn row(business: Listed, w: &'static Words) -> Row {
    let (state, kind) = named(business.state, w);
    let (share, does_well) = (business.paid_share(), business.does_well());
    let acts = [
        (Move::Approve, w.admin.approve),
        (Move::Suspend, w.admin.suspend),
        (Move::Reinstate, w.admin.reinstate),
    ];
    Row {
        id: business.id,
        name: business.name,
        state,
        kind,
        since: w.calendar.moment(business.since),
        sites: business.sites,
        up: business.up,
        up_kind: match (business.placed, business.up) {
            (0, _) => "",
            (all, up) if all == up => "good",
            _ => "bad",
        },
        health: does_well.map(|is_so| {
            if is_so {
                (w.admin.does_well, "good")
            } else {
                (w.admin.does_badly, "bad")
            }
        }),
        paid: told(share, PAID),
        paid_part: show::thousands(share.part),
        paid_whole: show::thousands(share.whole),
        seen: business.seen.map(|at| w.calendar.moment(at)),
        deaf: business.deaf,
        balances: business.balances,
        revenue: show::money(business.revenue),
        growth: growth(business.revenue_before, business.revenue),
        last_sale: business.last_sale.map(|at| w.calendar.moment(at)),
        plan: business.subscription.map(|paying| {
            let stage = w.sold.stage(paying.stage.word());
            let until = w.calendar.moment(paying.until);
            format!("{} ({stage}, {} {until})", paying.plan, w.admin.until)
        }),
        acts: acts
            .into_iter()
            .filter(|(to, _)| business.state.after(*to).is_some())
            .map(|(to, name)| Act {
                word: to.word(),
                name,
            })
            .collect(),
    }
}

/// How much more or less it is than before, in whole percent; nothing to compare with, no answer.
fn growth(before: Money, after: Money) -> Option<String> {
    let (before, after) = (before.cents(), after.cents());
    if before <= 0 {
        return None;
    }
    let percent = (after - before) * 100 / before;
    let sign = if percent < 0 { "−" } else { "+" };
    let percent = show::thousands(percent.unsigned_abs());
    Some(format!("{sign}{percent}\u{a0}%"))
}

/// A time in which a site was away.
struct Away {
    site: String,
    began: String,
    ended: Option<String>,
    lasted: String,
}

/// Something that was done there.
struct Deed {
    when: String,
    who: String,
    what: String,
}

#[derive(Template)]
#[template(path = "admin/business.html")]
struct BusinessPage<'a> {
    frame: &'a Frame,
    w: &'static Words,
    one: Row,
    owners: Vec<String>,
    details: Details,
    /// The share of prompts that came to money, its colour, and the share without those whose customer said no.
    paid: (String, &'static str),
    willing: String,
    sites: Vec<sites::Row>,
    /// The last of them, if there are more.
    more: Option<SiteId>,
    outages: Vec<Away>,
    deeds: Vec<Deed>,
    is_looking: bool,
}

/// An owner by name, and every way they are reached.
fn reached(owner: &Owner) -> String {
    let phone = owner.phone.as_deref().map(show::phone);
    let ways = owner.email.clone().into_iter().chain(phone);
    std::iter::once(owner.name.clone())
        .chain(ways)
        .collect::<Vec<_>>()
        .join(" · ")
}

/// Where in the list of its sites.
#[derive(Debug, Default, Deserialize)]
pub struct SitesAsked {
    after: Option<String>,
}

/// Shows one business.
///
/// # Errors
/// When there is none such, or the database is away.
pub async fn one(
    Given(app): Given<App>,
    frame: Frame,
    visit: Visit,
    Path(id): Path<String>,
    Query(asked): Query<SitesAsked>,
) -> Result<Response, Trouble> {
    let w = frame.words();
    let id: ProviderId = id.parse().map_err(|_| Trouble::Nothing)?;
    let now = app.clock.now();
    let wanted = Wanted {
        only: Some(id),
        ..Wanted::default()
    };
    let mut tx = app.db.platform(Reason::Admin).await?;
    let found = store::list(&mut tx, &wanted, moments(now), 1).await?;
    let details = store::details(&mut tx, id).await?;
    let (Some(business), Some(details)) = (found.into_iter().next(), details) else {
        return Err(Trouble::Nothing);
    };
    let wanted = places::Wanted {
        provider: Some(id),
        after: match asked.after.as_deref() {
            Some(site) => Some(site.parse().map_err(|_| Trouble::Nothing)?),
            None => None,
        },
        ..places::Wanted::default()
    };
    let mut sites = sites::rows(&mut tx, wanted, now, SITES + 1, w).await?;
    let has_more = sites.len() > usize::from(SITES);
    sites.truncate(usize::from(SITES));
    let outages = places::outages(&mut tx, id, OUTAGES).await?;
    let ends = payments::of_provider(&mut tx, id, days_before(now, MONTH_DAYS)).await?;
    let deeds = read::of_provider(&mut tx, id, &read::Wanted::default(), DEEDS).await?;
    drop(tx);
    let page = BusinessPage {
        frame: &frame,
        w,
        one: row(business, w),
        owners: details.owners.iter().map(reached).collect(),
        details,
        paid: told(ends.paid(), PAID),
        willing: told(ends.paid_of_willing(), PAID).0,
        more: sites.last().filter(|_| has_more).map(|site| site.id),
        sites,
        outages: outages
            .into_iter()
            .map(|one| {
                let secs = one.ended.unwrap_or(now).as_secs() - one.began.as_secs();
                Away {
                    site: one.site,
                    began: w.calendar.moment(one.began),
                    ended: one.ended.map(|at| w.calendar.moment(at)),
                    lasted: w.calendar.lasting(u64::try_from(secs).unwrap_or(0)),
                }
            })
            .collect(),
        deeds: deeds
            .into_iter()
            .map(|line| Deed {
                when: w.calendar.moment(line.at),
                what: w.audit.act(&line.act).to_owned(),
                who: line.name.unwrap_or_else(|| match line.actor.as_str() {
                    "command" => w.audit.command.to_owned(),
                    _ => w.audit.program.to_owned(),
                }),
            })
            .collect(),
        is_looking: visit.view_ends.is_some(),
    };
    Ok(html(StatusCode::OK, &page))
}

/// Moves a business; one that was moved meanwhile is shown as it is.
///
/// # Errors
/// When there is none such, or the database is away.
pub async fn moved(
    Given(app): Given<App>,
    visit: Visit,
    Path((id, to)): Path<(String, String)>,
) -> Result<Response, Trouble> {
    let (Ok(id), Ok(to)) = (id.parse::<ProviderId>(), to.parse::<Move>()) else {
        return Err(Trouble::Nothing);
    };
    match stand(&app, id, to, Actor::Admin(visit.person)).await {
        Ok(_) => Ok(onward("/admin/providers?done=moved")),
        Err(NotMoved::Senseless(_)) => Ok(onward("/admin/providers")),
        Err(NotMoved::Nobody) => Err(Trouble::Nothing),
        Err(NotMoved::Database(error)) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growth_is_told_in_whole_percent_and_not_from_nothing() {
        let told = |before, after| growth(Money::from_cents(before), Money::from_cents(after));
        assert_eq!(told(100, 150).as_deref(), Some("+50\u{a0}%"));
        assert_eq!(told(200, 100).as_deref(), Some("−50\u{a0}%"));
        assert_eq!(told(0, 100), None);
    }
}
