//! The page of one voucher: how it stands, what happened to it, and what can be done.

use std::time::Duration;

use askama::Template;
use axum::extract::{Form, State};
use axum::http::StatusCode;
use axum::response::Response;
use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{CustomerId, PaymentId, SeriesId, SiteId, TicketId};
use serde::Deserialize;
use serde_json::json;

use super::acts::{self, Device, NotActed, Said};
use super::store::{self, Payment, Place};
use super::told::{stretch, told};
use super::{Known, story};
use crate::access::hold::Hold;
use crate::app::App;
use crate::audit::{Deed, read, record};
use crate::fleet::presence::is_up;
use crate::providers::gate::Seat;
use crate::providers::pages::frame::Frame;
use crate::providers::pages::trouble::Trouble;
use crate::providers::pages::words::{StoryWords, Words};
use crate::providers::staff::roles::Permission;
use crate::tickets::pages::series::trouble;
use crate::tickets::{self, Stage, masked};
use crate::web::page::{html, onward};
use crate::web::{Path, Query, show};

/// Times online on the page.
const ONLINE: u16 = 50;
/// Whoever sees a code again within this is not written down again.
const AGAIN_SECS: i64 = 3_600;
const SEEN: &str = "code-seen";

/// Something that happened, in words.
struct Event {
    at: String,
    what: String,
}

/// How it was paid for, with where that is told.
struct Paid {
    payment: PaymentId,
    receipt: String,
    phone: Option<String>,
    customer: Option<CustomerId>,
}

/// A place on the voucher.
struct Slot {
    mac: String,
    site: SiteId,
    site_name: String,
    seen: String,
}

/// A time online.
struct Online {
    mac: String,
    site: String,
    began: String,
    lasted: String,
    data: String,
    is_over: bool,
}

/// A site that knows the voucher.
struct Site {
    name: String,
    is_up: bool,
    seen: Option<String>,
}

#[derive(Template)]
#[template(path = "vouchers/voucher.html")]
struct VoucherPage<'a> {
    frame: &'a Frame,
    w: &'static Words,
    id: TicketId,
    code: String,
    is_hidden: bool,
    state: &'static str,
    is_good: bool,
    facts: Vec<(&'static str, String)>,
    paid: Option<Paid>,
    given: Option<(CustomerId, String)>,
    series: Option<(SeriesId, String)>,
    /// Whether the page of the series opens.
    is_open: bool,
    sites: Vec<Site>,
    slots: Vec<Slot>,
    events: Vec<Event>,
    online: Vec<Online>,
    may_serve: bool,
    may_pause: bool,
    may_resume: bool,
    may_extend: bool,
    extra_secs: u32,
    may_revoke: bool,
    done: Option<&'static str>,
    fault: Option<&'static str>,
}

/// What was done just before.
#[derive(Debug, Default, Deserialize)]
pub struct Just {
    said: Option<String>,
}

/// Shows a voucher.
///
/// # Errors
/// When there is none such, or the database is away.
pub async fn one(
    State(app): State<App>,
    frame: Frame,
    seat: Seat,
    Path(id): Path<String>,
    Query(just): Query<Just>,
) -> Result<Response, Trouble> {
    let id: TicketId = id.parse().map_err(|_| Trouble::Nothing)?;
    let (now, provider, w) = (app.clock.now(), seat.provider(), frame.words());
    let may = |permission| seat.place.role.may(permission);
    // A page that opens to look something up has no act that does not.
    let is_open = !seat.place.rights.is_restricted(now);
    let may_act = |permission| is_open && may(permission);
    let mut tx = app.db.tenant(provider).await?;
    let found = tickets::store::by_id(&mut tx, provider, id, now)
        .await?
        .ok_or(Trouble::Nothing)?;
    let known = Known::read(&mut tx, provider, id)
        .await?
        .ok_or(Trouble::Nothing)?;
    let online = store::online(&mut tx, provider, id, ONLINE).await?;
    let sites = tickets::store::sites_of(&mut tx, provider, id).await?;
    let places = store::places(&mut tx, provider, &sites).await?;
    let ticket = &found.kept.ticket;
    let stage = Stage::of(ticket, now);
    let is_hidden = stage.is_good() && !may(Permission::PrintVouchers);
    if stage.is_good() && !is_hidden {
        note_seen(&app, &mut tx, &seat, id, now).await?;
    }
    tx.commit().await?;
    let name = |site: SiteId| site_name(&places, site);
    let sees_payments = may(Permission::SeePayments);
    let said = just.said.as_deref().and_then(Said::parse);
    let page = VoucherPage {
        frame: &frame,
        w,
        id,
        code: if is_hidden {
            masked(&found.kept.code)
        } else {
            found.kept.code.shown()
        },
        is_hidden,
        state: w.vouchers.stage(stage),
        is_good: stage.is_good(),
        facts: facts(&found, stage, now, w),
        paid: known
            .payment
            .as_ref()
            .filter(|_| sees_payments)
            .map(|payment| paid(payment, &w.story)),
        given: known.given.filter(|_| sees_payments).map(|(id, phone)| {
            let phone = phone.map(|phone| phone.masked());
            (id, phone.unwrap_or_else(|| w.story.customer.to_owned()))
        }),
        series: found.printed.map(|printed| {
            let number = show::thousands(u64::from(printed.index) + 1);
            (printed.series, number)
        }),
        is_open,
        sites: places
            .iter()
            .map(|place| Site {
                name: place.name.clone(),
                is_up: is_up(place.seen, now),
                seen: place.seen.map(|at| w.calendar.moment(at)),
            })
            .collect(),
        slots: known
            .uses
            .iter()
            .filter(|one| stage.is_good() && one.ended.is_none() && !one.lost)
            .flat_map(|one| one.slots.iter().map(move |slot| (one.site, slot)))
            .map(|(site, slot)| Slot {
                mac: slot.mac.to_string(),
                site,
                site_name: name(site),
                seen: w.calendar.moment(slot.seen),
            })
            .collect(),
        events: story(&found, &known)
            .into_iter()
            .map(|(at, what)| Event {
                at: w.calendar.moment(at),
                what: told(&what, &name, w),
            })
            .collect(),
        online: online
            .into_iter()
            .map(|one| Online {
                mac: one.mac.to_string(),
                site: name(one.site),
                began: w.calendar.moment(one.began),
                lasted: stretch(Duration::from_secs(one.secs.into()), &w.calendar),
                data: both_ways(one.down, one.up, &w.story),
                is_over: one.is_over,
            })
            .collect(),
        may_serve: may_act(Permission::ServeCustomers),
        may_pause: may_act(Permission::ServeCustomers) && stage == Stage::Running,
        may_resume: may_act(Permission::ServeCustomers) && stage == Stage::Paused,
        may_extend: may_act(Permission::MakeVouchers) && stage != Stage::Revoked,
        extra_secs: ticket.right.extra_secs,
        may_revoke: may_act(Permission::MakeVouchers) && stage.is_good(),
        done: said
            .filter(|said| said.is_done())
            .map(|said| w.story.said(said)),
        fault: said
            .filter(|said| !said.is_done())
            .map(|said| w.story.said(said)),
    };
    Ok(html(StatusCode::OK, &page))
}

/// Writes down who saw a code that is worth money, unless the same person saw it within the hour.
async fn note_seen(
    app: &App,
    conn: &mut sqlx::PgConnection,
    seat: &Seat,
    id: TicketId,
    now: Timestamp,
) -> sqlx::Result<()> {
    let (subject, since) = (id.to_string(), now.plus_secs(-AGAIN_SECS));
    let (provider, actor) = (seat.provider(), seat.actor());
    if read::has_done(conn, provider, actor, (SEEN, &subject), since).await? {
        return Ok(());
    }
    let deed = Deed {
        act: SEEN,
        subject: &subject,
        before: None,
        after: Some(json!({ "count": 1 })),
    };
    record(app, conn, Some(provider), actor, deed).await
}

fn site_name(places: &[Place], site: SiteId) -> String {
    let found = places.iter().find(|place| place.id == site);
    found.map_or_else(|| "?".to_owned(), |place| place.name.clone())
}

fn megabytes(bytes: u64) -> String {
    format!("{}\u{a0}MB", show::thousands(bytes.div_ceil(1_000_000)))
}

fn both_ways(down: u64, up: u64, w: &StoryWords) -> String {
    format!(
        "{} {} · {} {}",
        megabytes(down),
        w.down,
        megabytes(up),
        w.up
    )
}

fn paid(payment: &Payment, w: &StoryWords) -> Paid {
    Paid {
        payment: payment.id,
        receipt: payment
            .receipt
            .clone()
            .unwrap_or_else(|| w.payment.to_owned()),
        phone: payment.phone.map(|phone| phone.masked()),
        customer: payment.customer,
    }
}

/// How a voucher stands.
fn facts(
    found: &tickets::store::Found,
    stage: Stage,
    now: Timestamp,
    w: &'static Words,
) -> Vec<(&'static str, String)> {
    let (s, ticket) = (&w.story, &found.kept.ticket);
    let mut facts = vec![
        (
            s.plan,
            match found.kept.tried_by {
                Some(_) => s.trial.to_owned(),
                None => found.kept.plan_name.clone(),
            },
        ),
        (s.price, show::money(found.kept.price)),
    ];
    if stage.is_good() {
        let left = ticket.left(now);
        let time = |left: Option<Duration>| left.map(|left| stretch(left, &w.calendar));
        facts.extend(time(left.duration).map(|left| (s.time_left, left)));
        facts.extend(time(left.online).map(|left| (s.online_left, left)));
        facts.extend(left.bytes.map(|left| (s.data_left, megabytes(left))));
        facts.extend(ticket.ends_at().map(|at| (s.ends, w.calendar.moment(at))));
    }
    if stage == Stage::Unused {
        let until = ticket.right.sell_by;
        let until = until.map_or_else(
            || w.vouchers.for_ever.to_owned(),
            |at| w.calendar.moment(at),
        );
        facts.push((s.good_until, until));
    } else {
        let usage = ticket.usage();
        facts.push((s.used, both_ways(usage.bytes_down, usage.bytes_up, s)));
    }
    facts
}

fn back(id: TicketId, said: Said) -> Response {
    onward(&format!("/vouchers/{id}?said={}", said.word()))
}

impl From<NotActed> for Trouble {
    fn from(error: NotActed) -> Self {
        match error {
            NotActed::Missing => Self::Nothing,
            NotActed::Revoke(error) => trouble(error),
            NotActed::Database(error) => error.into(),
        }
    }
}

/// Takes a voucher back.
///
/// # Errors
/// When there is none such, or the database is away.
pub async fn revoke(
    State(app): State<App>,
    seat: Seat,
    Path(id): Path<String>,
) -> Result<Response, Trouble> {
    let id: TicketId = id.parse().map_err(|_| Trouble::Nothing)?;
    let said = acts::take_back(&app, seat.provider(), id, seat.actor()).await?;
    Ok(back(id, said))
}

/// How much time somebody gives.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct More {
    by: String,
    unit: String,
    /// The extra time that the page said it had.
    was: Option<u32>,
}

impl More {
    fn secs(&self) -> Option<u32> {
        let unit: u32 = match self.unit.as_str() {
            "m" => 60,
            "d" => 86_400,
            _ => 3_600,
        };
        self.by.trim().parse::<u32>().ok()?.checked_mul(unit)
    }
}

/// Gives a voucher more time.
///
/// # Errors
/// When there is none such, or the database is away.
pub async fn extend(
    State(app): State<App>,
    seat: Seat,
    Path(id): Path<String>,
    Form(more): Form<More>,
) -> Result<Response, Trouble> {
    let id: TicketId = id.parse().map_err(|_| Trouble::Nothing)?;
    let (provider, actor) = (seat.provider(), seat.actor());
    let said = acts::lengthen(&app, provider, id, more.secs(), more.was, actor).await?;
    Ok(back(id, said))
}

/// Holds a voucher's clock.
///
/// # Errors
/// When there is none such, or the database is away.
pub async fn pause(
    State(app): State<App>,
    seat: Seat,
    Path(id): Path<String>,
) -> Result<Response, Trouble> {
    held(&app, &seat, &id, Hold::Pause).await
}

/// Lets a voucher's clock run on.
///
/// # Errors
/// When there is none such, or the database is away.
pub async fn resume(
    State(app): State<App>,
    seat: Seat,
    Path(id): Path<String>,
) -> Result<Response, Trouble> {
    held(&app, &seat, &id, Hold::Resume).await
}

async fn held(app: &App, seat: &Seat, id: &str, what: Hold) -> Result<Response, Trouble> {
    let id: TicketId = id.parse().map_err(|_| Trouble::Nothing)?;
    let said = acts::hold(app, seat.provider(), id, what, seat.actor()).await?;
    Ok(back(id, said))
}

/// Which device, and where.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Which {
    mac: String,
    site: String,
}

/// Takes a device off the air once.
///
/// # Errors
/// When there is none such, or the database is away.
pub async fn kick(
    State(app): State<App>,
    seat: Seat,
    Path(id): Path<String>,
    Form(which): Form<Which>,
) -> Result<Response, Trouble> {
    device(&app, &seat, &id, &which, Device::Kick).await
}

/// Gives a device's place back, for the customer's next one.
///
/// # Errors
/// When there is none such, or the database is away.
pub async fn free(
    State(app): State<App>,
    seat: Seat,
    Path(id): Path<String>,
    Form(which): Form<Which>,
) -> Result<Response, Trouble> {
    device(&app, &seat, &id, &which, Device::Free).await
}

async fn device(
    app: &App,
    seat: &Seat,
    id: &str,
    which: &Which,
    what: Device,
) -> Result<Response, Trouble> {
    let id: TicketId = id.parse().map_err(|_| Trouble::Nothing)?;
    let site = which.site.parse().map_err(|_| Trouble::Nothing)?;
    let mac = which.mac.parse().map_err(|_| Trouble::Nothing)?;
    let said = acts::device(app, seat.provider(), id, (site, mac), what, seat.actor()).await?;
    Ok(back(id, said))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_is_given_in_the_unit_that_was_chosen() {
        let more = |by: &str, unit: &str| {
            let more = More {
                by: by.to_owned(),
                unit: unit.to_owned(),
                was: None,
            };
            more.secs()
        };
        assert_eq!(more(" 30 ", "m"), Some(1_800));
        assert_eq!(more("2", "h"), Some(7_200));
        assert_eq!(more("7", "d"), Some(604_800));
        assert_eq!(more("", "h"), None);
        assert_eq!(more("99999999", "d"), None);
    }
}
