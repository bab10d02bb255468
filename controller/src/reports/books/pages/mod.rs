//! The pages of the books: a month by day and site; the lines of a day are in `day`.

mod day;

pub use day::day;

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{LedgerId, SiteId};
use mnara_protocol::money::Money;
use serde::Deserialize;
use serde_json::json;

use super::flow::{ACCOUNTS, Flow};
use super::store::{self, Where};
use super::{Difference, Part};
use crate::app::App;
use crate::audit::{Deed, record};
use crate::payments::ledger::Account;
use crate::providers::gate::Seat;
use crate::providers::pages::frame::Frame;
use crate::providers::pages::trouble::Trouble;
use crate::providers::pages::words::{BookWords, Words};
use crate::providers::staff::roles::Permission;
use crate::reports::names::names;
use crate::reports::period::{Day, Period};
use crate::reports::view::Names;
use crate::web::csv::{self, Csv};
use crate::web::page::{before, html};
use crate::web::{Query, show};

/// The value of a filter for what was sold at no site.
const NOWHERE: &str = "none";

const fn column_name(account: Account, w: &BookWords) -> &'static str {
    match account {
        Account::Till => w.incoming,
        Account::Tickets => w.tickets,
        Account::Refunded => w.refunded,
        Account::Unmatched => w.unmatched,
        Account::Credit => w.credit,
        Account::Own => w.own,
    }
}

struct Cell {
    name: &'static str,
    text: String,
    path: Option<String>,
}

struct Row {
    name: String,
    path: String,
    cells: Vec<Cell>,
}

struct Choice {
    value: String,
    name: String,
    is_chosen: bool,
}

struct Fault {
    day: String,
    path: String,
    part: &'static str,
    rows: String,
    books: String,
}

#[derive(Template)]
#[template(path = "money/books.html")]
struct BooksPage<'a> {
    frame: &'a Frame,
    w: &'static Words,
    name: String,
    month: String,
    before: String,
    after: Option<String>,
    sites: Vec<Choice>,
    heads: Vec<&'static str>,
    rows: Vec<Row>,
    total: Row,
    by_site: Vec<Row>,
    waiting: Option<String>,
    checked: Option<String>,
    faults: Vec<Fault>,
    csv: String,
    /// The same month with all sites, where one is chosen.
    everywhere: Option<String>,
    may_compare: bool,
    fault: Option<&'static str>,
}

/// What is asked for, as the address has it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    month: String,
    day: String,
    site: String,
    account: String,
    before: String,
}

impl Asked {
    fn place(&self) -> Where {
        if self.site == NOWHERE {
            return Where::Nowhere;
        }
        self.site.parse().map_or(Where::Anywhere, Where::Site)
    }

    fn cursor(&self) -> Option<(Timestamp, LedgerId)> {
        before(&self.before)
    }
}

fn address(path: &str, parts: &[(&str, &str)]) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in parts.iter().filter(|(_, value)| !value.is_empty()) {
        query.append_pair(name, value);
    }
    format!("{path}?{}", query.finish())
}

fn month_of(day: Day) -> String {
    let date = day.date();
    format!("{:04}-{:02}", date.year(), date.month())
}

fn money(cents: i64) -> String {
    show::money(Money::from_cents(cents))
}

fn place_value(place: Where) -> String {
    match place {
        Where::Anywhere => String::new(),
        Where::Nowhere => NOWHERE.to_owned(),
        Where::Site(site) => site.to_string(),
    }
}

fn site_name(site: Option<SiteId>, names: &Names, w: &BookWords) -> String {
    site.and_then(|site| names.sites.iter().find(|(id, _)| *id == site))
        .map_or_else(|| w.no_site.to_owned(), |(_, name)| name.clone())
}

/// A row of which every number leads to what makes it up.
fn row(
    name: String,
    flow: &Flow,
    columns: &[Account],
    w: &BookWords,
    path: impl Fn(Option<Account>) -> Option<String>,
) -> Row {
    let cells = columns.iter().map(|account| Cell {
        name: column_name(*account, w),
        text: money(flow.of(*account)),
        path: (flow.of(*account) != 0)
            .then(|| path(Some(*account)))
            .flatten(),
    });
    Row {
        cells: cells.collect(),
        path: path(None).unwrap_or_default(),
        name,
    }
}

/// Shows a month.
///
/// # Errors
/// When the database is away.
pub async fn show(
    State(app): State<App>,
    frame: Frame,
    seat: Seat,
    Query(asked): Query<Asked>,
) -> Result<Response, Trouble> {
    let (words, today) = (frame.words(), Day::of(app.clock.now()));
    let w = &words.books;
    let read = Period::read_month(&asked.month);
    let is_bad = !asked.month.is_empty() && read.is_err();
    let period = read.unwrap_or_else(|_| Period::month_of(today));
    let (provider, place) = (seat.provider(), asked.place());
    let mut tx = app.db.tenant(provider).await?;
    let names = names(&mut tx, seat.provider()).await?;
    let moved = store::moved(&mut tx, provider, (period.from, period.to), place).await?;
    let waiting = store::waiting(&mut tx, provider).await?;
    let checked = store::checked_at(&mut tx, provider).await?;
    let faults = store::faults(&mut tx, provider, Day(0), today.plus(2)).await?;
    drop(tx);
    let (mut days, mut sites) = (BTreeMap::new(), BTreeMap::new());
    let mut all = Flow::default();
    for one in &moved {
        days.entry(one.day).or_insert_with(Flow::default).add(one);
        sites.entry(one.site).or_insert_with(Flow::default).add(one);
        all.add(one);
    }
    let has = |account| {
        moved
            .iter()
            .any(|one| one.debit == account || one.credit == account)
    };
    let columns: Vec<Account> = ACCOUNTS
        .into_iter()
        .filter(|account| !matches!(account, Account::Own | Account::Credit) || has(*account))
        .collect();
    let (month, site) = (month_of(period.from), place_value(place));
    let rows = days.iter().rev().map(|(day, flow)| {
        let date = day.iso();
        row(day.long(&words.calendar), flow, &columns, w, |account| {
            let account = account.map_or("", Account::word);
            let parts = [
                ("day", date.as_str()),
                ("site", &site),
                ("account", account),
            ];
            Some(address("/books/day", &parts))
        })
    });
    let by_site = sites.iter().map(|(of, flow)| {
        let of_site = place_value(of.map_or(Where::Nowhere, Where::Site));
        let path = address("/books", &[("month", &month), ("site", &of_site)]);
        row(site_name(*of, &names, w), flow, &columns, w, |account| {
            account.is_none().then(|| path.clone())
        })
    });
    let mut choices = vec![Choice {
        value: NOWHERE.to_owned(),
        name: w.no_site.to_owned(),
        is_chosen: place == Where::Nowhere,
    }];
    choices.extend(names.sites.iter().map(|(id, name)| Choice {
        value: id.to_string(),
        name: name.clone(),
        is_chosen: place == Where::Site(*id),
    }));
    let beside = |day: Day| address("/books", &[("month", &month_of(day)), ("site", &site)]);
    let page = BooksPage {
        frame: &frame,
        w: words,
        name: period.from.month(&words.calendar),
        before: beside(period.from.plus(-1)),
        after: (period.to <= today).then(|| beside(period.to)),
        sites: choices,
        heads: columns
            .iter()
            .map(|account| column_name(*account, w))
            .collect(),
        rows: rows.collect(),
        total: row(w.total.to_owned(), &all, &columns, w, |_| None),
        by_site: if place == Where::Anywhere && sites.len() > 1 {
            by_site.collect()
        } else {
            Vec::new()
        },
        waiting: (waiting.count > 0).then(|| {
            let count = show::thousands(waiting.count.unsigned_abs());
            format!("{} ({count})", money(waiting.cents))
        }),
        checked: checked.map(|at| words.calendar.moment(at)),
        faults: faults.iter().map(|one| told(one, &names, words)).collect(),
        csv: address("/books.csv", &[("month", &month), ("site", &site)]),
        everywhere: (place != Where::Anywhere).then(|| address("/books", &[("month", &month)])),
        may_compare: seat.place.role.may(Permission::WorkCustomers),
        fault: is_bad.then_some(w.bad_month),
        month,
    };
    Ok(html(StatusCode::OK, &page))
}

fn told(one: &Difference, names: &Names, words: &Words) -> Fault {
    let w = &words.books;
    let part = match one.part {
        Part::Paid => w.part_paid,
        Part::Test => w.part_test,
        Part::Unmatched => w.part_unmatched,
        Part::Given => w.part_given,
        Part::Refund => w.part_refund,
        Part::Queue => w.part_queue,
        Part::Credited => w.part_credited,
        Part::Spent => w.part_spent,
        Part::Credit => w.part_credit,
    };
    let said = |total: &super::Total| format!("{} ({})", money(total.cents), total.count);
    let mut day = one.day.long(&words.calendar);
    let place = if one.part.is_of_all() {
        Where::Anywhere
    } else {
        day = format!("{day} · {}", site_name(one.site, names, w));
        one.site.map_or(Where::Nowhere, Where::Site)
    };
    let (date, site) = (one.day.iso(), place_value(place));
    Fault {
        day,
        path: address("/books/day", &[("day", &date), ("site", &site)]),
        part,
        rows: said(&one.rows),
        books: said(&one.books),
    }
}

/// Gives a month as a table, by day and site.
///
/// # Errors
/// When it is no month, or the database is away.
pub async fn table(
    State(app): State<App>,
    frame: Frame,
    seat: Seat,
    Query(asked): Query<Asked>,
) -> Result<Response, Trouble> {
    let period = Period::read_month(&asked.month).map_err(|_| Trouble::Nothing)?;
    let provider = seat.provider();
    let mut tx = app.db.tenant(provider).await?;
    let names = names(&mut tx, seat.provider()).await?;
    let days = (period.from, period.to);
    let moved = store::moved(&mut tx, provider, days, asked.place()).await?;
    let mut flows: BTreeMap<(Day, Option<SiteId>), Flow> = BTreeMap::new();
    for one in &moved {
        flows.entry((one.day, one.site)).or_default().add(one);
    }
    let mut table = Csv::new(&[
        "day",
        "site",
        "money_in_kes",
        "vouchers_kes",
        "paid_back_kes",
        "to_sort_out_kes",
        "credit_kes",
        "own_tests_kes",
    ]);
    for ((day, site), flow) in &flows {
        let mut cells = vec![day.iso(), site_name(*site, &names, &frame.words().books)];
        cells.extend(ACCOUNTS.map(|account| Money::from_cents(flow.of(account)).to_decimal()));
        table.row(&cells);
    }
    let deed = Deed {
        act: "books-table",
        subject: &provider.to_string(),
        before: None,
        after: Some(json!({"month": asked.month, "rows": flows.len()})),
    };
    record(&app, &mut tx, Some(provider), seat.actor(), deed).await?;
    tx.commit().await?;
    let headers = [
        (header::CONTENT_TYPE, csv::CONTENT_TYPE.to_owned()),
        (
            header::CONTENT_DISPOSITION,
            csv::as_file(&format!("books-{}.csv", asked.month)),
        ),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    Ok((headers, table.take()).into_response())
}
