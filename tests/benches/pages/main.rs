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

use database::Database;

const PROVIDERS: u32 = 1_000;
const PAYMENTS: u32 = 1_000_000;
/// Sessions of each payment.
const SESSIONS: u32 = 5;
/// Vouchers of each business that still run.
const RUNNING: u32 = 8;
/// Pages asked for in one measurement.
const ASKED: usize = 100;
/// How many times as many payments the business itself has in the end.
const GROWN: u32 = 100;
/// What no page may slow down by when others grow, and no list when its own business does: what two measurements of the same differ by, and no more.
const SLOWER: f64 = 1.25;

/// The list of payments, among the pages.
const LIST: usize = 1;

/// A page and the statements it sends after that of the log-in, each by words that no other has, with what stands in its places.
#[derive(Clone)]
struct Measured {
    name: &'static str,
    path: String,
    sql: Vec<(&'static str, Vec<String>)>,
}

/// Whose pages they are.
struct Owner {
    provider: String,
    cookie: String,
    /// The hash that the log-in is found by.
    log_in: String,
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
    let provider = uuid(&business.provider).to_owned();
    database.own(&provider, 0, payments / PROVIDERS).await?;
    let days = ["report", "refresh", "--provider", &business.provider];
    controller.command(&days).await?;
    database.run("pages", "vacuum analyze").await?;
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
    };
    let pages = pages(&provider, dates);
    let alone = effort
        .within(Box::pin(measure(
            &controller,
            &database,
            &owner,
            &pages,
            folder.path(),
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
            folder.path(),
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
            folder.path(),
        )))
        .await?;
    let mut table = Table::default();
    let list = among[LIST].ours;
    for (page, found) in grown_pages.iter().zip(grown) {
        table.add(Line {
            what: format!("{}, grown itself, {} bytes", page.name, found.bytes),
            floor: Some(("bare SQL".to_owned(), found.bare)),
            ours: found.ours,
            unit: "ms",
            goal: Some(Goal::TimesFloor(1.5)),
        });
        if page.path.starts_with("/payments") {
            table.add(Line {
                what: format!("{}, grown itself against before", page.name),
                floor: Some(("the first page before".to_owned(), list)),
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
    let (contact, password) = ("owner@example.com", "mango rain tower");
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

/// After all payments.
const LAST: &str = "'9999-12-31'::timestamptz";
const OF_PLANS: &str = "from plans where provider_id = $1 order by position, id";
const OF_LOG_INS: &str = "where l.token_hash = $1 and l.ended_at is null";
const OF_SITES: &str = "where s.provider_id = $1 order by s.name, s.id limit $2";

/// The pages, with days that the generated rows are in.
fn pages(provider: &str, (from, to): (&str, &str)) -> Vec<Measured> {
    let provider = format!("'{provider}'::uuid");
    let ago = |days: u32| format!("now() - interval '{days} days'");
    let of = |rest: &[&str]| {
        let mut all = vec![provider.clone()];
        all.extend(rest.iter().map(|&one| one.to_owned()));
        all
    };
    let plans = |most| (OF_PLANS, of(&[most]));
    let sites = |most| (OF_SITES, of(&[most]));
    let (now, none) = (ago(0), "null");
    let last = LAST;
    // The days so far against as many before, up to the same hour, as the page asks.
    let first = |ago: u32| format!("report_day(now()) - {}", ago - 1);
    let asked = |from: String, to: &str, last: String| {
        let from_at = format!("report_begin({from})");
        of(&[&from_at, to, none, none, &from, &last, "3"])
    };
    let report = |days: u32| {
        let then = format!("now() - interval '{days} days'");
        vec![
            plans("100"),
            sites("200"),
            ("s.grain in (4,", asked(first(days), &now, first(1))),
            (
                "s.grain in (4,",
                asked(first(2 * days), &then, first(days + 1)),
            ),
        ]
    };
    vec![
        Measured {
            name: "home",
            path: "/home".to_owned(),
            sql: vec![
                (
                    "as \"paid_by_then!\"",
                    of(&[
                        &first(8),
                        &first(1),
                        &now,
                        &ago(7),
                        &first(8),
                        "extract(hour from now() at time zone 'Africa/Nairobi')::integer",
                        "date_trunc('hour', now()) - interval '7 days'",
                    ]),
                ),
                (
                    "select count(*) from tickets where provider_id = $1 and started_at is not null",
                    of(&[&now]),
                ),
                ("t.expires_at,\n", of(&[&now, "8"])),
                sites("100"),
                (
                    "as \"unconfirmed!\"",
                    of(&[&ago(30), &ago(1), &now, &ago(1), "100"]),
                ),
                ("a.duplicate_seen_at >= $2", of(&[&ago(7), "100"])),
                ("l.unused as", of(&[&ago(180), "100"])),
                plans("1"),
            ],
        },
        payments(
            &provider,
            "/payments".to_owned(),
            (last, "'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid"),
        ),
        Measured {
            name: "reports, 30 days",
            path: "/reports?period=30".to_owned(),
            sql: report(30),
        },
        Measured {
            name: "reports, 180 days",
            path: format!("/reports?period=dates&from={from}&to={to}"),
            sql: report(180),
        },
    ]
}

/// The list of payments from before one on.
fn payments(provider: &str, path: String, before: (&str, &str)) -> Measured {
    let none = "null";
    let rest = [
        before.0,
        before.1,
        "'1970-01-01'::timestamptz",
        LAST,
        none,
        none,
        none,
        none,
        none,
        "false",
        "false",
        "51",
    ];
    let of = |rest: &[&str]| {
        let values = std::iter::once(provider).chain(rest.iter().copied());
        values.map(str::to_owned).collect()
    };
    Measured {
        name: if path.contains('?') {
            "payments, far back"
        } else {
            "payments"
        },
        path,
        sql: vec![
            (OF_PLANS, of(&["100"])),
            (OF_SITES, of(&["100"])),
            (
                "(not $12 or p.type = 'mpesa_account_test')  order by",
                of(&rest),
            ),
        ],
    }
}

/// The list of payments from the middle of the year on.
async fn deep(database: &Database, provider: &str) -> Result<Measured> {
    let sql = format!(
        "select (extract(epoch from date_trunc('milliseconds', created_at)) * 1000)::bigint, replace(id::text, '-', ''), id from payments
         where provider_id = '{provider}' and created_at < now() - interval '180 days' order by created_at desc limit 1"
    );
    let row = database.run("pages", &sql).await?;
    let [millis, hex, id]: [&str; 3] = row
        .trim()
        .split('|')
        .collect::<Vec<_>>()
        .try_into()
        .ok()
        .context("no payment half a year ago")?;
    let before = (
        format!("to_timestamp({millis} / 1000.0)"),
        format!("'{id}'::uuid"),
    );
    let path = format!("/payments?before={millis}.pay_{hex}");
    Ok(payments(
        &format!("'{provider}'::uuid"),
        path,
        (&before.0, &before.1),
    ))
}

async fn measure(
    controller: &Controller,
    database: &Database,
    owner: &Owner,
    pages: &[Measured],
    folder: &Path,
) -> Result<Vec<Found>> {
    let mut all = Vec::new();
    for page in pages {
        let request = format!(
            "GET {} HTTP/1.1\r\nhost: {}\r\ncookie: {}\r\naccept: text/html\r\n\r\n",
            page.path,
            controller.address(),
            owner.cookie
        )
        .into_bytes();
        let mut line = Connection::open(controller.address()).await?;
        let status = line.ask(&request).await?;
        ensure!(
            status == 200,
            "{} is not shown but answers {status}, leading to {:?}",
            page.name,
            line.header("location")
        );
        let bytes = line.body().len();
        let (mut ours, mut bare) = (Samples::default(), Samples::default());
        for _ in 0..3 {
            let outcome = send(Load {
                address: controller.address(),
                requests: vec![request.clone(); ASKED],
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

/// The statement with these words, as the controller was built with it, with values in its places.
fn statement(words: &str, values: &[String]) -> Result<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../controller/.sqlx");
    let mut found = Vec::new();
    for entry in std::fs::read_dir(&folder).context("reading the controller's statements")? {
        let text = std::fs::read_to_string(entry?.path())?;
        let json: serde_json::Value = serde_json::from_str(&text)?;
        let Some(query) = json["query"].as_str().filter(|query| query.contains(words)) else {
            continue;
        };
        let mut query = query.to_owned();
        for (place, value) in values.iter().enumerate().rev() {
            query = query.replace(&format!("${}", place + 1), &format!("({value})"));
        }
        found.push(query.split_whitespace().collect::<Vec<_>>().join(" "));
    }
    ensure!(found.len() == 1, "{} statements say {words:?}", found.len());
    Ok(found.remove(0))
}
