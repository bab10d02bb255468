//! The lines of a day, each with the way to what it is about.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::super::flow::ACCOUNTS;
use super::super::store::{self, Entry, Where};
use super::{Asked, address, column_name, month_of, place_value, site_name};
use crate::app::App;
use crate::payments::ledger::{Account, Cause};
use crate::providers::gate::Seat;
use crate::providers::pages::frame::Frame;
use crate::providers::pages::trouble::Trouble;
use crate::providers::pages::words::{BookWords, Words};
use crate::reports::names::names;
use crate::reports::period::Day;
use crate::web::page::html;
use crate::web::{Query, show};

/// Lines of a day on a page.
const PAGE: u16 = 100;

struct Tab {
    path: String,
    name: &'static str,
    is_here: bool,
}

struct LineShown {
    at: String,
    amount: String,
    name: &'static str,
    way: String,
    site: Option<String>,
    receipt: Option<String>,
    path: Option<String>,
}

#[derive(Template)]
#[template(path = "money/books_day.html")]
struct DayPage<'a> {
    frame: &'a Frame,
    w: &'static Words,
    name: String,
    site: Option<String>,
    back: String,
    tabs: Vec<Tab>,
    lines: Vec<LineShown>,
    older: Option<String>,
}

/// Shows the lines of a day.
///
/// # Errors
/// When it is no day, or the database is away.
pub async fn day(
    State(app): State<App>,
    frame: Frame,
    seat: Seat,
    Query(asked): Query<Asked>,
) -> Result<Response, Trouble> {
    let (words, provider) = (frame.words(), seat.provider());
    let w = &words.books;
    let day = if asked.day.is_empty() {
        Day::of(app.clock.now())
    } else {
        Day::read(&asked.day).ok_or(Trouble::Nothing)?
    };
    let (place, account) = (asked.place(), Account::parse(&asked.account));
    let mut tx = app.db.tenant(provider).await?;
    let names = names(&mut tx, seat.provider()).await?;
    let wanted = (day, place, account);
    let mut entries = store::entries(&mut tx, provider, wanted, asked.cursor(), PAGE + 1).await?;
    drop(tx);
    let has_more = entries.len() > usize::from(PAGE);
    entries.truncate(usize::from(PAGE));
    let (date, site) = (day.iso(), place_value(place));
    let to = |account: &str, before: &str| {
        let parts = [
            ("day", date.as_str()),
            ("site", &site),
            ("account", account),
            ("before", before),
        ];
        address("/books/day", &parts)
    };
    let older = entries.last().filter(|_| has_more).map(|last| {
        let cursor = format!("{}.{}", last.at.as_millis(), last.id);
        to(account.map_or("", Account::word), &cursor)
    });
    let mut tabs = vec![Tab {
        path: to("", ""),
        name: w.all,
        is_here: account.is_none(),
    }];
    tabs.extend(ACCOUNTS.map(|one| Tab {
        path: to(one.word(), ""),
        name: column_name(one, w),
        is_here: account == Some(one),
    }));
    let page = DayPage {
        frame: &frame,
        w: words,
        name: day.long(&words.calendar),
        site: match place {
            Where::Anywhere => None,
            Where::Nowhere => Some(w.no_site.to_owned()),
            Where::Site(id) => Some(site_name(Some(id), &names, w)),
        },
        back: address("/books", &[("month", &month_of(day)), ("site", &site)]),
        tabs,
        lines: entries.into_iter().map(|one| line(one, w)).collect(),
        older,
    };
    Ok(html(StatusCode::OK, &page))
}

fn line(entry: Entry, w: &BookWords) -> LineShown {
    let name = match entry.cause {
        Some(Cause::Paid | Cause::Test) if entry.debit == Some(Account::Unmatched) => {
            w.was_unmatched
        }
        Some(Cause::Paid) | None => w.paid,
        Some(Cause::Test) => w.test,
        Some(Cause::Unmatched) => w.came,
        Some(Cause::Known) => w.known,
        Some(Cause::Given) => w.given,
        Some(Cause::Refund) => w.refund,
        Some(Cause::Reversal) => w.reversal,
        Some(Cause::Credited) => w.credited,
        Some(Cause::Spent) => w.spent,
    };
    let end = |account: Option<Account>| account.map_or("?", |account| column_name(account, w));
    LineShown {
        at: show::clock(entry.at),
        amount: show::money(entry.amount),
        name,
        way: format!("{} → {}", end(entry.debit), end(entry.credit)),
        site: entry.site,
        receipt: entry.receipt,
        path: match (entry.payment, entry.unmatched) {
            (Some(payment), _) => Some(format!("/payments/{payment}")),
            (None, Some(money)) => Some(format!("/payments/unmatched?money={money}")),
            (None, None) => None,
        },
    }
}
