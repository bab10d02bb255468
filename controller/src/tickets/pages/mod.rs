//! The pages of vouchers: which series there are, a new one, one and its printing, and finding a code. The story of one voucher joins what
//! later slices know and is in `reports`.

pub mod new;
pub mod series;
pub mod sheets;

use askama::Template;
use axum::extract::{Form, State};
use axum::http::StatusCode;
use axum::response::Response;
use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::SeriesId;
use mnara_protocol::ticket::code::TicketCode;
use serde::Deserialize;

use super::Stage;
use super::store::{self, listed};
use crate::app::App;
use crate::providers::gate::Seat;
use crate::providers::pages::frame::Frame;
use crate::providers::pages::trouble::Trouble;
use crate::providers::pages::words::{VoucherWords, Words};
use crate::providers::staff::roles::Permission;
use crate::ratelimit::{Act, By};
use crate::web::page::{html, onward};
use crate::web::{Query, show};

/// Series on a page.
const MOST: u16 = 20;

impl VoucherWords {
    /// Where a voucher is in its life.
    #[must_use]
    pub const fn stage(&self, stage: Stage) -> &'static str {
        match stage {
            Stage::Unused => self.unused,
            Stage::Connecting => self.connecting,
            Stage::Running => self.running,
            Stage::Paused => self.paused,
            Stage::Used => self.spent,
            Stage::Expired => self.expired,
            Stage::Revoked => self.taken_back,
        }
    }
}

/// A number of vouchers.
fn number(count: u32) -> String {
    show::thousands(count.into())
}

/// One series in the list.
struct Row {
    id: SeriesId,
    plan: String,
    price: String,
    made: String,
    count: String,
    used: String,
    left: String,
    sites: String,
    is_revoked: bool,
    is_over: bool,
}

impl Row {
    fn of(one: listed::Listed, w: &Words, now: Timestamp) -> Self {
        Self {
            id: one.id,
            price: show::money(one.price),
            made: w.calendar.moment(one.made),
            count: number(one.count),
            used: number(one.used),
            left: number(one.left(now)),
            is_revoked: one.revoked.is_some(),
            is_over: one.sell_by.is_some_and(|at| at <= now),
            sites: one.sites.join(", "),
            plan: one.plan_name,
        }
    }
}

#[derive(Template)]
#[template(path = "vouchers/vouchers.html")]
struct VouchersPage<'a> {
    frame: &'a Frame,
    w: &'static Words,
    series: Vec<Row>,
    older: Option<SeriesId>,
    may_make: bool,
    typed: &'a str,
    fault: Option<&'a str>,
}

/// The field for a code alone, for whom the rest does not open.
#[derive(Template)]
#[template(path = "vouchers/look_up_again.html")]
struct LookUpPage<'a> {
    frame: &'a Frame,
    w: &'static Words,
    fault: &'a str,
}

/// Where the list goes on.
#[derive(Debug, Default, Deserialize)]
pub struct Before {
    before: Option<String>,
}

/// Shows the series and the field for a code.
///
/// # Errors
/// When the database is away.
pub async fn list(
    State(app): State<App>,
    frame: Frame,
    seat: Seat,
    Query(at): Query<Before>,
) -> Result<Response, Trouble> {
    let before = at.before.and_then(|id| id.parse().ok());
    shown(&app, &frame, &seat, before, (StatusCode::OK, "", None)).await
}

async fn shown(
    app: &App,
    frame: &Frame,
    seat: &Seat,
    before: Option<SeriesId>,
    (status, typed, fault): (StatusCode, &str, Option<&str>),
) -> Result<Response, Trouble> {
    let now = app.clock.now();
    let mut tx = app.db.tenant(seat.provider()).await?;
    let series = listed::series_list(&mut tx, seat.provider(), before, MOST).await?;
    drop(tx);
    let is_full = series.len() == usize::from(MOST);
    let page = VouchersPage {
        frame,
        w: frame.words(),
        older: series.last().map(|one| one.id).filter(|_| is_full),
        series: series
            .into_iter()
            .map(|one| Row::of(one, frame.words(), now))
            .collect(),
        may_make: seat.place.role.may(Permission::MakeVouchers),
        typed,
        fault,
    };
    Ok(html(status, &page))
}

/// The code that somebody looks for; in a form's body, so that no address holds it.
#[derive(Debug, Default, Deserialize)]
pub struct Sought {
    #[serde(default)]
    code: String,
}

/// Leads to the voucher of a code, however it is typed.
///
/// # Errors
/// When the database is away.
pub async fn find(
    State(app): State<App>,
    frame: Frame,
    seat: Seat,
    Form(sought): Form<Sought>,
) -> Result<Response, Trouble> {
    let w = frame.words();
    let again = async |status, fault: &str| {
        if seat.place.rights.is_restricted(app.clock.now()) {
            let frame = &frame;
            return Ok(html(status, &LookUpPage { frame, w, fault }));
        }
        let said = (status, sought.code.as_str(), Some(fault));
        shown(&app, &frame, &seat, None, said).await
    };
    let Ok(code) = TicketCode::parse(&sought.code) else {
        return again(StatusCode::UNPROCESSABLE_ENTITY, w.vouchers.find_bad).await;
    };
    if let Err(many) = app.limits.check(Act::Guess, By::Person(seat.person)) {
        let fault = w.people.wait(many.wait);
        return again(StatusCode::TOO_MANY_REQUESTS, &fault).await;
    }
    let now = app.clock.now();
    let mut tx = app.db.tenant(seat.provider()).await?;
    let found = store::by_code(&mut tx, seat.provider(), &code, now).await?;
    drop(tx);
    match found {
        Some(found) => Ok(onward(&format!("/vouchers/{}", found.kept.ticket.id))),
        None => again(StatusCode::NOT_FOUND, w.vouchers.find_none).await,
    }
}
