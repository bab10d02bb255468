//! Pages of a business against their bare SQL: of one that is alone in its database, of one as large among a thousand others with a million payments and
//! five million sessions, and of one there that has a hundred times as many payments itself. `cargo xtask bench pages` starts the databases; `--large` has
//! ten times the rows.
//!
//! What is compared is measured in turns: minutes later the same machine may be half as fast.
#![expect(clippy::print_stdout, reason = "a bench prints its numbers")]

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use mnara_tests::measure::load::{Line as Connection, Load, send};
use mnara_tests::measure::table::{Goal, Line, Table};
use mnara_tests::measure::{Effort, Samples, told};
use mnara_tests::sim::daraja::{App, Config, Daraja};
use mnara_tests::world::business::{Business, PLANS};
use mnara_tests::world::controller::Controller;
use mnara_tests::world::folder::Folder;
use mnara_tests::world::http::Caller;
use mnara_tests::world::uuid;
use tokio::sync::watch;

mod database;
mod measured;

use database::Database;
use measured::{Measured, OF_KEYS, OF_LOG_INS, deep, pages, statement};

const PROVIDERS: u32 = 1_000;
const PAYMENTS: u32 = 1_000_000;
/// Sessions of each payment.
const SESSIONS: u32 = 5;
/// Vouchers of each business that still run.
const RUNNING: u32 = 8;
/// Pages asked for in one go.
const ASKED: usize = 40;
/// How often pages that are compared, and their bare SQL, take turns, so that what the machine does besides falls on all.
const TIMES: usize = 9;
/// Goes in which a program asks with one key: it may not ask more in a minute.
const OF_A_KEY: usize = 3;
/// How many times as many payments the one that has grown has.
const GROWN: u32 = 100;
/// What no page may slow down by when there are others, and no list when its own business has grown: what two measurements of the same differ by, and
/// no more.
const SLOWER: f64 = 1.25;

/// What the owner logs in with.
const PASSWORD: &str = "mango rain tower";

/// The list of payments, among the pages.
const LIST: usize = 1;

/// A controller and the database it keeps its rows in.
struct Place {
    controller: Controller,
    database: Database,
    folder: Folder,
}

/// A business whose pages are asked for.
struct Owner<'a> {
    place: &'a Place,
    provider: String,
    cookie: String,
    /// The hash that the log-in is found by.
    log_in: String,
    /// The keys of its programs: one alone may not ask as often.
    keys: Vec<String>,
    pages: Vec<Measured>,
}

impl Owner<'_> {
    /// The statement by which it is known who asks for a page.
    fn found_by(&self, page: &Measured) -> Result<String> {
        if page.is_api() {
            let hash = format!("sha256('{}'::bytea)", self.keys[0]);
            statement(OF_KEYS, &[hash, "now()".to_owned()])
        } else {
            statement(OF_LOG_INS, &[format!("'\\x{}'::bytea", self.log_in)])
        }
    }

    /// What says in a request who asks for a page; a program asks with another key after some goes.
    fn header(&self, page: &Measured, time: usize) -> String {
        if page.is_api() {
            format!("authorization: Bearer {}", self.keys[time / OF_A_KEY])
        } else {
            format!("cookie: {}", self.cookie)
        }
    }
}

/// A page of a business.
type Page<'a> = (&'a Owner<'a>, &'a Measured);

/// What one measurement of one page came to.
struct Found {
    ours: f64,
    bare: f64,
    bytes: usize,
}

#[tokio::main]
async fn main() -> Result<()> {
    let effort = Effort::asked();
    let is_large = std::env::args().any(|word| word == "--large");
    let payments = PAYMENTS / u32::try_from(effort.of(1, 50))? * if is_large { 10 } else { 1 };
    let few = payments / PROVIDERS;
    let daraja = Daraja::start(Config::sandbox()).await?;
    let changed = watch::Sender::new(0);
    let mut empty = Place::open("alone", &daraja, &changed).await?;
    let mut full = Place::open("pages", &daraja, &changed).await?;
    let of_all = [App::sandbox_paybill(), App::sandbox_till()];
    let alone = Owner::open(&empty, "Alone", &of_all[0], (0, few)).await?;
    let among = Owner::open(&full, "Among", &of_all[0], (0, few)).await?;
    let mut grown = Owner::open(&full, "Grown", &of_all[1], (PROVIDERS, few * GROWN)).await?;
    grown
        .pages
        .push(deep(&full.database, &grown.provider).await?);
    println!(
        "{PROVIDERS} providers with {payments} payments are generated, and one more with {}",
        few * GROWN
    );
    full.database.others(payments).await?;
    for place in [&empty, &full] {
        place.calm().await?;
    }
    for owner in [&among, &grown] {
        full.database.plans(&owner.provider, &owner.pages).await?;
    }
    let mut table = Table::default();
    for (number, page) in grown.pages.iter().enumerate() {
        let mut turns: Vec<Page<'_>> = vec![(&grown, page)];
        let small = among.pages.get(number);
        if let Some(small) = small {
            turns.extend([(&alone, small), (&among, small)]);
        }
        // A full page of the same sort: few enough failed of the small one that they do not fill one. A program's list is one already, and a key lets no
        // more through.
        if page.is_list && !page.is_api() {
            turns.push((&among, &among.pages[LIST]));
        }
        let found = effort.within(Box::pin(measure(&turns))).await?;
        let mut found = found.into_iter();
        let mut next = || found.next().context("a page was not measured");
        let of_grown = next()?;
        table.add(against_bare(page, "grown itself", &of_grown));
        let mut full = None;
        if small.is_some() {
            let (of_alone, of_among) = (next()?, next()?);
            table.add(against_bare(page, "alone", &of_alone));
            table.add(against_bare(page, "among all", &of_among));
            let what = format!("{}, among all against alone", page.name);
            table.add(against(what, ("alone", of_alone.ours), of_among.ours));
            full = Some(of_among);
        }
        if page.is_list {
            let full = found.next().or(full).context("no list was measured")?;
            let what = format!("{}, grown itself against one that has not", page.name);
            table.add(against(what, ("its first page", full.ours), of_grown.ours));
        }
    }
    println!("\n{table}");
    drop((alone, among, grown));
    empty.controller.stop().await?;
    full.controller.stop().await?;
    table.judge(effort)
}

/// A page and what its statements take by themselves.
fn against_bare(page: &Measured, of: &str, found: &Found) -> Line {
    Line {
        what: format!("{}, {of}, {} bytes", page.name, found.bytes),
        floor: Some(("bare SQL".to_owned(), found.bare)),
        ours: found.ours,
        unit: "ms",
        goal: Some(Goal::TimesFloor(1.5)),
    }
}

/// A page and the same where there is less.
fn against(what: String, (than, floor): (&str, f64), ours: f64) -> Line {
    Line {
        what,
        floor: Some((than.to_owned(), floor)),
        ours,
        unit: "ms",
        goal: Some(Goal::TimesFloor(SLOWER)),
    }
}

impl Place {
    /// A controller that runs on a database of its own.
    async fn open(
        name: &'static str,
        daraja: &Daraja,
        changed: &watch::Sender<u64>,
    ) -> Result<Self> {
        let folder = Folder::new()?;
        let database = Database {
            name,
            programs: told("MNARA_BENCH_POSTGRES")?.into(),
            socket: told("MNARA_BENCH_SOCKET")?,
        };
        database.create().await?;
        // What is written is cleared up at once, and not while pages are measured.
        database.run("alter system set autovacuum = off").await?;
        database.run("select pg_reload_conf()").await?;
        let binary = PathBuf::from(told("MNARA_BENCH_CONTROLLER")?);
        let mut controller = Controller::of(binary, folder.path(), &daraja.url(), changed).await?;
        controller.set("DATABASE_ADMIN_URL", &database.url("postgres"));
        controller.set("DATABASE_URL", &database.url("mnara_app"));
        controller.command(&["db", "prepare"]).await?;
        controller.command(&["db", "migrate"]).await?;
        controller.start().await?;
        Ok(Self {
            controller,
            database,
            folder,
        })
    }

    /// Has all done that rows which came of a sudden make it do, and what it wrote cleared up and on the disk.
    async fn calm(&self) -> Result<()> {
        self.database.calm(&self.controller).await?;
        self.database.run("vacuum analyze").await?;
        self.database.run("checkpoint").await.map(drop)
    }
}

impl<'a> Owner<'a> {
    /// A business with so many payments in a year, whose rows are told from others' by a number.
    async fn open(
        place: &'a Place,
        name: &str,
        account: &App,
        (number, payments): (u32, u32),
    ) -> Result<Self> {
        let (controller, database) = (&place.controller, &place.database);
        let business =
            Business::open(controller, place.folder.path(), name, account, &PLANS).await?;
        let contact = format!("{}@example.com", name.to_lowercase());
        let cookie = enter(controller, &business, &contact).await?;
        let log_in =
            "select encode(token_hash, 'hex') from log_ins order by created_at desc limit 1";
        let log_in = database.run(log_in).await?.trim().to_owned();
        let keys = keys(controller, &cookie).await?;
        let provider = uuid(&business.provider).to_owned();
        database.own(&provider, number, payments).await?;
        let days = ["report", "refresh", "--provider", &business.provider];
        controller.command(&days).await?;
        let dates = database
            .run("select current_date - 179, current_date")
            .await?;
        let dates = dates.trim().split_once('|').context("no dates")?;
        let bought = format!(
            "select array(select id from payments where provider_id = '{provider}' order by created_at desc limit 50)"
        );
        let bought = database.run(&bought).await?;
        let pages = pages(&provider, dates, bought.trim());
        Ok(Self {
            place,
            provider,
            cookie,
            log_in,
            keys,
            pages,
        })
    }
}

/// An owner logs in; gives the cookie.
async fn enter(controller: &Controller, business: &Business, contact: &str) -> Result<String> {
    let words = [
        "provider",
        "invite",
        &business.provider,
        "--name",
        "Owner",
        "--role",
        "owner",
    ];
    let address = controller.command(&words).await?;
    let form = [("name", "Owner"), ("who", contact), ("password", PASSWORD)];
    let caller = Caller::program()?;
    caller.form(address.trim(), &form).await?;
    let address = controller.url("/log-in");
    let form = [("who", contact), ("password", PASSWORD)];
    let answer = caller.form(&address, &form).await?;
    ensure!(
        !answer.cookies.is_empty(),
        "the log-in answered {}: {}",
        answer.status,
        answer.text
    );
    Ok(answer.cookies)
}

/// Keys of the business's programs, as they are made in the settings.
async fn keys(controller: &Controller, cookie: &str) -> Result<Vec<String>> {
    let caller = Caller::program()?;
    let form = [
        ("name", "Bench"),
        ("password", PASSWORD),
        ("scope", "payments:read"),
    ];
    let mut keys = Vec::new();
    for _ in 0..TIMES / OF_A_KEY {
        let address = controller.url("/settings/keys");
        let page = caller.form_with(&address, cookie, &form).await?.text;
        let key = page
            .split_once("<code class=\"whole\">")
            .and_then(|(_, rest)| rest.split_once('<'))
            .with_context(|| format!("no key was made:\n{page}"))?;
        keys.push(key.0.to_owned());
    }
    Ok(keys)
}

/// Measures some pages in turns.
async fn measure(pages: &[Page<'_>]) -> Result<Vec<Found>> {
    let mut all: Vec<(Samples, Samples, usize)> = Vec::new();
    for &(owner, page) in pages {
        let mut line = Connection::open(owner.place.controller.address()).await?;
        let status = line.ask(&request(owner, page, 0)).await?;
        ensure!(
            status == 200,
            "{} is not shown but answers {status}, leading to {:?}",
            page.name,
            line.header("location")
        );
        all.push((Samples::default(), Samples::default(), line.body().len()));
    }
    for time in 0..TIMES {
        for (&(owner, page), (ours, bare, _)) in pages.iter().zip(&mut all) {
            let outcome = send(Load {
                address: owner.place.controller.address(),
                requests: vec![request(owner, page, time); ASKED],
                at_once: 1,
                yes: 200,
            })
            .await?;
            ensure!(outcome.refused == 0, "{} was refused", page.name);
            ours.add(outcome.times.median());
            let folder = owner.place.folder.path();
            bare.add(owner.place.database.bare(owner, page, folder).await?);
        }
    }
    let found = all.iter().map(|(ours, bare, bytes)| Found {
        ours: ours.median(),
        bare: bare.median(),
        bytes: *bytes,
    });
    Ok(found.collect())
}

/// Asks for a page.
fn request(owner: &Owner<'_>, page: &Measured, time: usize) -> Vec<u8> {
    let header = owner.header(page, time);
    let accept = if page.is_api() {
        "application/json"
    } else {
        "text/html"
    };
    let host = owner.place.controller.address();
    format!(
        "GET {} HTTP/1.1\r\nhost: {host}\r\n{header}\r\naccept: {accept}\r\n\r\n",
        page.path
    )
    .into_bytes()
}
