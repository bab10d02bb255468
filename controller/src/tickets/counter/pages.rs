//! The pages of the counter: selling for cash, the voucher that was just sold, what was sold on a day and what each has to hand over.

use askama::Template;
use axum::extract::{Form, State};
use axum::http::StatusCode;
use axum::response::Response;
use jiff::civil::Date;
use mnara_protocol::ids::{AttemptId, SeriesId, TicketId};
use mnara_protocol::money::Money;
use mnara_protocol::ticket::code::TicketCode;
use serde::Deserialize;

use super::store::{self, Sold};
use super::{NotSold, Seller, Undone, is_noted_late, sell, sold_paper, undo};
use crate::app::App;
use crate::nairobi::Day;
use crate::plans::form::gives;
use crate::providers::gate::Seat;
use crate::providers::pages::frame::Frame;
use crate::providers::pages::trouble::Trouble;
use crate::providers::pages::words::Words;
use crate::providers::staff::roles::Permission;
use crate::ratelimit::{Act, By};
use crate::tickets::pages::{series, sheets};
use crate::tickets::paper::{Layout, Picture};
use crate::tickets::{Stage, masked, store as tickets};
use crate::web::page::{html, onward};
use crate::web::{Path, Query, show};

/// Series to sell from on the page.
const SERIES: u16 = 20;
/// Vouchers of a series that are counted.
const COUNTED: u16 = 1_000;
/// Sales on the page.
const SALES: u16 = 100;

/// A series to sell from.
struct Stock {
    series: SeriesId,
    attempt: AttemptId,
    plan: String,
    price: String,
    left: String,
    sites: String,
}

/// A sale of the day.
struct Row {
    ticket: TicketId,
    plan: String,
    amount: String,
    at: String,
    name: String,
    is_undone: bool,
    /// When the money went back, if that was on another day.
    undone_on: Option<String>,
    is_used: bool,
    /// Whether it was used although its money went back: its site heard of that too late.
    is_used_anyway: bool,
}

/// What one person sold and gave back.
struct Takings {
    name: String,
    count: String,
    amount: String,
    back: Option<String>,
}

#[derive(Template)]
#[template(path = "vouchers/counter.html")]
struct CounterPage<'a> {
    frame: &'a Frame,
    w: &'static Words,
    is_today: bool,
    date: Date,
    day: String,
    before: Option<Date>,
    mine: String,
    count: String,
    /// What of that went back for other days.
    back: Option<String>,
    stock: Vec<Stock>,
    /// Whether the newest series are on a page before this one.
    is_further: bool,
    older: Option<SeriesId>,
    attempt: AttemptId,
    typed: &'a str,
    sales: Vec<Row>,
    is_full: bool,
    backs: Vec<Row>,
    is_back_full: bool,
    all: Vec<Takings>,
    sees_all: bool,
    may_make: bool,
    done: Option<&'static str>,
    fault: Option<String>,
}

/// The day that somebody looks at, where the series to sell from go on, and what was done just before.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct At {
    day: String,
    before: String,
    done: String,
}

/// Shows the counter.
///
/// # Errors
/// When the database is away.
pub async fn show(
    State(app): State<App>,
    frame: Frame,
    seat: Seat,
    Query(at): Query<At>,
) -> Result<Response, Trouble> {
    shown(&app, &frame, &seat, &at, (StatusCode::OK, "", None)).await
}

async fn shown(
    app: &App,
    frame: &Frame,
    seat: &Seat,
    at: &At,
    (status, typed, fault): (StatusCode, &str, Option<String>),
) -> Result<Response, Trouble> {
    let (now, provider, w) = (app.clock.now(), seat.provider(), frame.words());
    let sees_all = sees_all(seat);
    let today = Day::of(now);
    let day = Day::read(&at.day).unwrap_or(today);
    let span = (day.begin(), day.plus(1).begin());
    let whose = (!sees_all).then_some(seat.person);
    let mut tx = app.db.tenant(provider).await?;
    let before = at.before.parse().ok();
    let most = (COUNTED + 1, SERIES + 1);
    let mut stock = store::stock(&mut tx, provider, now, before, most).await?;
    let takings = store::takings(&mut tx, provider, span).await?;
    let sales = store::sold(&mut tx, provider, whose, span, None, SALES).await?;
    let backs = store::given_back(&mut tx, provider, whose, span, SALES).await?;
    drop(tx);
    let has_more = stock.len() > usize::from(SERIES);
    stock.truncate(usize::from(SERIES));
    let mine = takings.iter().find(|one| one.person == seat.person);
    let attempt = || AttemptId::from_bytes(app.entropy.bytes());
    let page = CounterPage {
        frame,
        w,
        is_today: day == today,
        date: day.date(),
        day: w.calendar.day(span.0),
        before: day.date().yesterday().ok(),
        mine: show::money(mine.map_or(Money::from_cents(0), |mine| mine.amount)),
        count: show::thousands(mine.map_or(0, |mine| mine.count)),
        back: mine.and_then(|mine| back_of(mine.back)),
        is_further: before.is_some(),
        older: stock.last().filter(|_| has_more).map(|one| one.series),
        stock: stock
            .into_iter()
            .map(|one| Stock {
                series: one.series,
                attempt: attempt(),
                plan: one.plan_name,
                price: show::money(one.price),
                left: match one.left {
                    left if left > COUNTED.into() => {
                        format!("{}+", show::thousands(COUNTED.into()))
                    }
                    left => show::thousands(left.into()),
                },
                sites: one.sites.join(", "),
            })
            .collect(),
        attempt: attempt(),
        typed,
        is_full: sales.len() == usize::from(SALES),
        sales: sales.into_iter().map(|one| row(one, w)).collect(),
        is_back_full: backs.len() == usize::from(SALES),
        backs: backs.into_iter().map(|one| row(one, w)).collect(),
        all: takings
            .into_iter()
            .filter(|_| sees_all)
            .map(|one| Takings {
                name: one.name,
                count: show::thousands(one.count),
                amount: show::money(one.amount),
                back: back_of(one.back),
            })
            .collect(),
        sees_all,
        may_make: seat.place.role.may(Permission::MakeVouchers),
        done: match at.done.as_str() {
            "noted" => Some(w.counter.noted),
            "undone" => Some(w.counter.undone),
            "struck" => Some(w.counter.struck),
            _ => None,
        },
        fault,
    };
    Ok(html(status, &page))
}

/// Whether somebody sees what others sold: those who decide what there is to sell.
fn sees_all(seat: &Seat) -> bool {
    seat.place.role.may(Permission::MakeVouchers)
}

fn back_of(back: Money) -> Option<String> {
    (back.cents() != 0).then(|| show::money(back))
}

fn row(one: Sold, w: &Words) -> Row {
    let undone_on = one.undone.filter(|at| Day::of(*at) != Day::of(one.at));
    Row {
        ticket: one.ticket,
        plan: one.plan_name,
        amount: show::money(one.amount),
        at: w.calendar.moment(one.at),
        name: one.name,
        is_undone: one.undone.is_some(),
        undone_on: undone_on.map(|at| w.calendar.day(at)),
        is_used: one.used.is_some(),
        is_used_anyway: one.undone.is_some() && one.used.is_some_and(|used| used >= one.at),
    }
}

const fn seller(seat: &Seat) -> Seller {
    Seller {
        provider: seat.provider(),
        person: seat.person,
        actor: seat.actor(),
    }
}

/// The series that the next voucher is of.
#[derive(Debug, Deserialize)]
pub struct Order {
    series: String,
    attempt: String,
}

/// Sells the next voucher of a series.
///
/// # Errors
/// When there is no such series, or the database is away.
pub async fn take(
    State(app): State<App>,
    frame: Frame,
    seat: Seat,
    Form(order): Form<Order>,
) -> Result<Response, Trouble> {
    let (Ok(series), Ok(attempt)) = (order.series.parse(), order.attempt.parse()) else {
        return Err(Trouble::Nothing);
    };
    match sell(&app, seller(&seat), series, attempt).await {
        Ok(ticket) => Ok(onward(&format!("/counter/{ticket}"))),
        Err(error) => again(&app, &frame, &seat, "", error).await,
    }
}

/// The code on a paper that was sold.
#[derive(Debug, Deserialize)]
pub struct Paper {
    code: String,
    attempt: String,
}

/// Notes that a voucher on paper was sold.
///
/// # Errors
/// When the database is away.
pub async fn noted(
    State(app): State<App>,
    frame: Frame,
    seat: Seat,
    Form(paper): Form<Paper>,
) -> Result<Response, Trouble> {
    let w = frame.words();
    let say = async |status, fault: String| {
        let said = (status, paper.code.as_str(), Some(fault));
        shown(&app, &frame, &seat, &At::default(), said).await
    };
    let attempt = paper.attempt.parse().map_err(|_| Trouble::Nothing)?;
    let Ok(code) = TicketCode::parse(&paper.code) else {
        let fault = w.vouchers.find_bad.to_owned();
        return say(StatusCode::UNPROCESSABLE_ENTITY, fault).await;
    };
    if let Err(many) = app.limits.check(Act::Guess, By::Person(seat.person)) {
        return say(StatusCode::TOO_MANY_REQUESTS, w.people.wait(many.wait)).await;
    }
    match sold_paper(&app, seller(&seat), &code, attempt).await {
        Ok(_) => Ok(onward("/counter?done=noted")),
        Err(NotSold::Missing) => say(StatusCode::NOT_FOUND, w.counter.no_paper.to_owned()).await,
        Err(error) => again(&app, &frame, &seat, &paper.code, error).await,
    }
}

/// Shows the counter again and says why nothing was sold.
async fn again(
    app: &App,
    frame: &Frame,
    seat: &Seat,
    typed: &str,
    error: NotSold,
) -> Result<Response, Trouble> {
    let c = &frame.words().counter;
    let fault = match error {
        NotSold::NoneLeft => c.none_left,
        NotSold::Sold => c.sold_before,
        NotSold::Over => c.over,
        NotSold::NotUnused => c.not_unused,
        NotSold::Shut => c.shut,
        NotSold::NotYours => c.not_yours,
        NotSold::Missing => return Err(Trouble::Nothing),
        NotSold::Revoke(error) => return Err(series::trouble(error)),
        NotSold::Database(error) => return Err(error.into()),
    };
    let said = (StatusCode::CONFLICT, typed, Some(fault.to_owned()));
    shown(app, frame, seat, &At::default(), said).await
}

#[derive(Template)]
#[template(path = "vouchers/sold.html")]
struct SoldPage<'a> {
    frame: &'a Frame,
    w: &'static Words,
    id: TicketId,
    code: String,
    picture: Option<(u8, String)>,
    state: &'static str,
    is_good: bool,
    is_unused: bool,
    is_undone: bool,
    may_strike: bool,
    plan: String,
    gives: String,
    price: String,
    until: Option<String>,
    sold: String,
}

/// A sale and its voucher, for whoever sold it or sees all.
async fn found(
    app: &App,
    conn: &mut sqlx::PgConnection,
    seat: &Seat,
    id: &str,
) -> Result<(store::Sale, tickets::Found), Trouble> {
    let id: TicketId = id.parse().map_err(|_| Trouble::Nothing)?;
    let sale = store::sale(conn, seat.provider(), id)
        .await?
        .filter(|sale| sale.person == seat.person || sees_all(seat))
        .ok_or(Trouble::Nothing)?;
    let found = tickets::by_id(conn, seat.provider(), id, app.clock.now())
        .await?
        .ok_or(Trouble::Nothing)?;
    Ok((sale, found))
}

/// Shows a voucher that was sold, to be read out, scanned or printed.
///
/// # Errors
/// When it was not sold here, or the database is away.
pub async fn one(
    State(app): State<App>,
    frame: Frame,
    seat: Seat,
    Path(id): Path<String>,
) -> Result<Response, Trouble> {
    let (now, w) = (app.clock.now(), frame.words());
    let mut tx = app.db.tenant(seat.provider()).await?;
    let (sale, found) = found(&app, &mut tx, &seat, &id).await?;
    drop(tx);
    let kept = &found.kept;
    let stage = Stage::of(&kept.ticket, now);
    let is_unused = stage == Stage::Unused;
    let picture = Picture::of(&kept.code).filter(|_| is_unused);
    let page = SoldPage {
        frame: &frame,
        w,
        id: kept.ticket.id,
        code: if is_unused {
            kept.code.shown()
        } else {
            masked(&kept.code)
        },
        picture: picture.map(|picture| (picture.count(), picture.path())),
        state: w.vouchers.stage(stage),
        is_good: stage.is_good(),
        is_unused,
        is_undone: sale.undone.is_some(),
        may_strike: sale.undone.is_none() && sees_all(&seat) && is_noted_late(&sale, &kept.ticket),
        plan: kept.plan_name.clone(),
        gives: gives(&kept.ticket.right.terms, w),
        price: show::money(sale.amount),
        until: kept.ticket.right.sell_by.map(|at| w.calendar.moment(at)),
        sold: w.calendar.moment(sale.sold),
    };
    Ok(html(StatusCode::OK, &page))
}

/// How a slip is printed.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Wish {
    #[serde(rename = "as")]
    layout: String,
}

/// Shows a voucher that was sold as a slip for a browser to print.
///
/// # Errors
/// When it was not sold here or is used, or the database is away.
pub async fn slip(
    State(app): State<App>,
    frame: Frame,
    seat: Seat,
    Path(id): Path<String>,
    Query(wish): Query<Wish>,
) -> Result<Response, Trouble> {
    let layout = Layout::parse(&wish.layout).unwrap_or(Layout::Roll58);
    let mut tx = app.db.tenant(seat.provider()).await?;
    let (_, found) = found(&app, &mut tx, &seat, &id).await?;
    let printed = found.printed.ok_or(Trouble::Nothing)?;
    if Stage::of(&found.kept.ticket, app.clock.now()) != Stage::Unused {
        return Err(Trouble::Nothing);
    }
    let print = sheets::of_series(&mut tx, &seat, printed.series, frame.words()).await?;
    drop(tx);
    let links = vec![sheets::Link {
        path: format!("/counter/{}", found.kept.ticket.id),
        name: frame.words().counter.to_sale,
    }];
    sheets::drawn(&frame, layout, print, vec![found.kept.code], links).await
}

/// Takes a voucher back that was sold, or strikes one that was noted by mistake.
///
/// # Errors
/// When it was not sold here, or the database is away.
pub async fn back(
    State(app): State<App>,
    frame: Frame,
    seat: Seat,
    Path(id): Path<String>,
) -> Result<Response, Trouble> {
    let id: TicketId = id.parse().map_err(|_| Trouble::Nothing)?;
    match undo(&app, seller(&seat), id, sees_all(&seat)).await {
        Ok(Undone::TakenBack) => Ok(onward("/counter?done=undone")),
        Ok(Undone::Struck) => Ok(onward("/counter?done=struck")),
        Err(NotSold::NotYours) => Err(Trouble::Nothing),
        Err(error) => again(&app, &frame, &seat, "", error).await,
    }
}
