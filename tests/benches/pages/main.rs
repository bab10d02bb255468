//! Pages of a business against their bare SQL, when it is alone in the database and among a thousand others with a million payments and five
//! million sessions; in the end it has a hundred times as many payments itself. `cargo xtask bench pages` starts the database; `--large` has ten times the rows.
#![expect(clippy::print_stdout, reason = "a bench prints its numbers")]

use std::path::{Path, PathBuf};

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
/// How often a page and its bare SQL take turns, so that what the machine does besides falls on both; and how often all are measured.
const TIMES: usize = 9;
const MEASUREMENTS: usize = 3;
/// Goes in which a program asks with one key: it may not ask more in a minute.
const OF_A_KEY: usize = 3;
/// How many times as many payments the business itself has in the end.
const GROWN: u32 = 100;
/// What no page may slow down by when others grow, and no list when its own business does: what two measurements of the same differ by, and no more.
const SLOWER: f64 = 1.25;

/// What the owner logs in with.
const PASSWORD: &str = "mango rain tower";

/// The list of payments, among the pages.
const LIST: usize = 1;

/// Whose pages they are.
struct Owner {
    provider: String,
    cookie: String,
    /// The hash that the log-in is found by.
    log_in: String,
    /// The keys of its programs: one alone may not ask as often.
    keys: Vec<String>,
}

impl Owner {
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
    let folder = Folder::new()?;
    let database = Database {
        programs: told("MNARA_BENCH_POSTGRES")?.into(),
        socket: told("MNARA_BENCH_SOCKET")?,
    };
    database.run("postgres", "create database pages").await?;
    // What is written is cleared up at once, and not while pages are measured.
    let by_itself = "alter system set autovacuum = off";
    database.run("postgres", by_itself).await?;
    database.run("postgres", "select pg_reload_conf()").await?;
    let daraja = Daraja::start(Config::sandbox()).await?;
    let changed = watch::Sender::new(0);
    let binary = PathBuf::from(told("MNARA_BENCH_CONTROLLER")?);
    let mut controller = Controller::of(binary, folder.path(), &daraja.url(), &changed).await?;
    controller.set("DATABASE_ADMIN_URL", &database.url("postgres"));
    controller.set("DATABASE_URL", &database.url("mnara_app"));
    controller.command(&["db", "prepare"]).await?;
    controller.command(&["db", "migrate"]).await?;
    let (name, account) = ("Bench", App::sandbox_paybill());
    let business = Business::open(&controller, folder.path(), name, &account, &PLANS).await?;
    controller.start().await?;
    let cookie = enter(&controller, &business).await?;
    let keys = keys(&controller, &cookie).await?;
    let provider = uuid(&business.provider).to_owned();
    database.own(&provider, 0, payments / PROVIDERS).await?;
    let days = ["report", "refresh", "--provider", &business.provider];
    controller.command(&days).await?;
    let dates = database
        .run("pages", "select current_date - 179, current_date")
        .await?;
    let dates = dates.trim().split_once('|').context("no dates")?;
    let log_in = database
        .run("pages", "select encode(token_hash, 'hex') from log_ins")
        .await?;
    let owner = Owner {
        provider: provider.clone(),
        cookie,
        log_in: log_in.trim().to_owned(),
        keys,
    };
    let bought = database
        .run(
            "pages",
            &format!("select array(select id from payments where provider_id = '{provider}' order by created_at desc limit 50)"),
        )
        .await?;
    let pages = pages(&provider, dates, bought.trim());
    let alone = effort
        .within(Box::pin(measure(
            &controller,
            &database,
            &owner,
            &pages,
            (folder.path(), 0),
        )))
        .await?;
    println!(
        "{} providers with {payments} payments are generated",
        PROVIDERS
    );
    database.others(payments).await?;
    database.plans(&provider, &pages).await?;
    let among = effort
        .within(Box::pin(measure(
            &controller,
            &database,
            &owner,
            &pages,
            (folder.path(), 1),
        )))
        .await?;
    let more = payments / PROVIDERS * GROWN;
    println!("and {more} payments more of the business itself");
    database.own(&provider, PROVIDERS, more).await?;
    controller.command(&days).await?;
    database.run("pages", "vacuum analyze").await?;
    let deep = deep(&database, &provider).await?;
    let grown_pages: Vec<Measured> = pages.iter().cloned().chain([deep]).collect();
    database.plans(&provider, &grown_pages).await?;
    let grown = effort
        .within(Box::pin(measure(
            &controller,
            &database,
            &owner,
            &grown_pages,
            (folder.path(), 2),
        )))
        .await?;
    let mut table = Table::default();
    for (place, (page, found)) in grown_pages.iter().zip(grown).enumerate() {
        table.add(Line {
            what: format!("{}, grown itself, {} bytes", page.name, found.bytes),
            floor: Some(("bare SQL".to_owned(), found.bare)),
            ours: found.ours,
            unit: "ms",
            goal: Some(Goal::TimesFloor(1.5)),
        });
        if page.is_list {
            // A full page of the same sort: few enough failed before that they did not fill one.
            let before = among[if page.is_api() { place } else { LIST }].ours;
            table.add(Line {
                what: format!("{}, grown itself against before", page.name),
                floor: Some(("the first page before".to_owned(), before)),
                ours: found.ours,
                unit: "ms",
                goal: Some(Goal::TimesFloor(SLOWER)),
            });
        }
    }
    for ((page, alone), among) in pages.iter().zip(alone).zip(among) {
        for (found, with) in [(&alone, "alone"), (&among, "among all")] {
            table.add(Line {
                what: format!("{}, {with}, {} bytes", page.name, found.bytes),
                floor: Some(("bare SQL".to_owned(), found.bare)),
                ours: found.ours,
                unit: "ms",
                goal: Some(Goal::TimesFloor(1.5)),
            });
        }
        table.add(Line {
            what: format!("{}, among all against alone", page.name),
            floor: Some(("alone".to_owned(), alone.ours)),
            ours: among.ours,
            unit: "ms",
            goal: Some(Goal::TimesFloor(SLOWER)),
        });
    }
    println!("\n{table}");
    controller.stop().await
}

/// An owner logs in; gives the cookie.
async fn enter(controller: &Controller, business: &Business) -> Result<String> {
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
    let (contact, password) = ("owner@example.com", PASSWORD);
    let form = [("name", "Owner"), ("who", contact), ("password", password)];
    let caller = Caller::program()?;
    caller.form(address.trim(), &form).await?;
    let address = controller.url("/log-in");
    let form = [("who", contact), ("password", password)];
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
    for _ in 0..MEASUREMENTS * TIMES / OF_A_KEY {
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

async fn measure(
    controller: &Controller,
    database: &Database,
    owner: &Owner,
    pages: &[Measured],
    (folder, measurement): (&Path, usize),
) -> Result<Vec<Found>> {
    database.calm(controller).await?;
    // What it wrote and the rows before is cleared up and goes to the disk now, and not meanwhile.
    database.run("pages", "vacuum analyze").await?;
    database.run("pages", "checkpoint").await?;
    let mut all = Vec::new();
    for page in pages {
        let request = |time| {
            let header = owner.header(page, measurement * TIMES + time);
            let accept = if page.is_api() {
                "application/json"
            } else {
                "text/html"
            };
            format!(
                "GET {} HTTP/1.1\r\nhost: {}\r\n{header}\r\naccept: {accept}\r\n\r\n",
                page.path,
                controller.address(),
            )
            .into_bytes()
        };
        let mut line = Connection::open(controller.address()).await?;
        let status = line.ask(&request(0)).await?;
        ensure!(
            status == 200,
            "{} is not shown but answers {status}, leading to {:?}",
            page.name,
            line.header("location")
        );
        let bytes = line.body().len();
        let (mut ours, mut bare) = (Samples::default(), Samples::default());
        for time in 0..TIMES {
            let outcome = send(Load {
                address: controller.address(),
                requests: vec![request(time); ASKED],
                at_once: 1,
                yes: 200,
            })
            .await?;
            ensure!(outcome.refused == 0, "{} was refused", page.name);
            ours.add(outcome.times.median());
            bare.add(database.bare(owner, page, folder).await?);
        }
        all.push(Found {
            ours: ours.median(),
            bare: bare.median(),
            bytes,
        });
    }
    Ok(all)
}
