//! Pages of a business against their bare SQL, when it is alone in the database and among a thousand others with a million payments and five
//! million sessions. `cargo xtask bench pages` starts the database; `--large` has ten times the rows.
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
use tokio::process::Command;
use tokio::sync::watch;

const PROVIDERS: u32 = 1_000;
const PAYMENTS: u32 = 1_000_000;
/// Sessions of each payment.
const SESSIONS: u32 = 5;
/// Vouchers of each business that still run.
const RUNNING: u32 = 8;
/// Pages asked for in one measurement.
const ASKED: usize = 100;
/// What no page may slow down by when others grow: what two measurements of the same differ by, and no more.
const SLOWER: f64 = 1.25;

/// A page and the statements it sends after that of the log-in, each by words that no other has, with what stands in its places.
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
    database.own(&provider, payments / PROVIDERS).await?;
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
    let mut table = Table::default();
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

/// The pages, with days that the generated rows are in.
const OF_PLANS: &str = "from plans where provider_id = $1 order by position, id";
const OF_LOG_INS: &str = "where l.token_hash = $1 and l.ended_at is null";
const OF_SITES: &str = "where s.provider_id = $1 order by s.name, s.id limit $2";

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
    let last = "'9999-12-31'::timestamptz";
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
        Measured {
            name: "payments",
            path: "/payments".to_owned(),
            sql: vec![
                plans("100"),
                sites("100"),
                (
                    "(not $12 or p.type = 'mpesa_account_test')  order by",
                    of(&[
                        last,
                        "'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid",
                        "'1970-01-01'::timestamptz",
                        last,
                        none,
                        none,
                        none,
                        none,
                        none,
                        "false",
                        "false",
                        "51",
                    ]),
                ),
            ],
        },
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

struct Database {
    programs: PathBuf,
    socket: String,
}

impl Database {
    fn url(&self, user: &str) -> String {
        format!(
            "postgres://{user}@{}/pages",
            self.socket.replace('/', "%2F")
        )
    }

    /// A program of PostgreSQL: Debian keeps some of them elsewhere than the server's.
    fn program(&self, name: &str) -> PathBuf {
        Some(self.programs.join(name))
            .filter(|path| path.is_file())
            .unwrap_or_else(|| name.into())
    }

    async fn run(&self, database: &str, sql: &str) -> Result<String> {
        let output = Command::new(self.program("psql"))
            .args("-X -q -A -t -v ON_ERROR_STOP=1 -U postgres -h".split(' '))
            .args([&self.socket, "-d", database, "-c", sql])
            .output()
            .await
            .context("starting psql")?;
        ensure!(
            output.status.success(),
            "psql: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(String::from_utf8(output.stdout)?)
    }

    /// Milliseconds of what a page asks, as the controller's role: who is logged in, then its own statements in one transaction of its tenant.
    async fn bare(&self, owner: &Owner, page: &Measured, folder: &Path) -> Result<f64> {
        let hash = format!("'\\x{}'::bytea", owner.log_in);
        let mut script = format!(
            "{PLATFORM}\n{};\nrollback;\n{}\n",
            statement(OF_LOG_INS, &[hash])?,
            within(&owner.provider)
        );
        for (words, values) in &page.sql {
            script += &format!("{};\n", statement(words, values)?);
        }
        script += "commit;\n";
        let file = folder.join("bare.sql");
        std::fs::write(&file, script)?;
        let asked = ASKED.to_string();
        let output = Command::new(self.program("pgbench"))
            .args("-n -M prepared -c 1 -U mnara_app -h".split(' '))
            .args([&self.socket, "-t", &asked, "-f"])
            .arg(&file)
            .arg("pages")
            .output()
            .await
            .context("starting pgbench")?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        text.lines()
            .find_map(|line| {
                line.strip_prefix("latency average = ")?
                    .split_whitespace()
                    .next()?
                    .parse()
                    .ok()
            })
            .with_context(|| {
                format!(
                    "pgbench told no time:\n{text}{}",
                    String::from_utf8_lossy(&output.stderr)
                )
            })
    }

    /// No page may read a table of payments, vouchers or sessions from one end to the other.
    async fn plans(&self, provider: &str, pages: &[Measured]) -> Result<()> {
        for page in pages {
            for (words, values) in &page.sql {
                let sql = format!(
                    "set role mnara_app; {} explain {}",
                    within(provider),
                    statement(words, values)?
                );
                let plan = self.run("pages", &sql).await?;
                for table in ["payments", "tickets", "sessions", "grants", "report_sums"] {
                    ensure!(
                        !plan.contains(&format!("Seq Scan on {table}")),
                        "{} reads all {table}:\n{plan}",
                        page.name
                    );
                }
            }
        }
        println!("every statement of every page goes along an index");
        Ok(())
    }

    /// Rows of the business itself, a year of them.
    async fn own(&self, provider: &str, payments: u32) -> Result<()> {
        let sql = ROWS
            .replace(
                "{providers}",
                &format!("select '{provider}'::uuid as provider, 0 as place"),
            )
            .replace("{payments}", &payments.to_string())
            .replace("{running}", &RUNNING.to_string())
            .replace("{sessions}", &SESSIONS.to_string());
        self.run("pages", &sql).await?;
        self.run("pages", "vacuum analyze").await.map(drop)
    }

    /// All the others, with as much each.
    async fn others(&self, payments: u32) -> Result<()> {
        let others = PROVIDERS - 1;
        let sql = format!(
            "set session_replication_role = replica;
             insert into providers (id, business_name, contact_email, colour, mpesa_callback_path, confirm_by_query, created_at)
             select md5('provider' || n)::uuid, 'Business ' || n, 'a@example.com', 0, '/bench/' || n, false, now() from generate_series(1, {others}) n;
             insert into sites (id, provider_id, name, feed_revision, feed_floor, created_at)
             select md5('site' || n || '-' || s)::uuid, md5('provider' || n)::uuid, 'Site ' || s, 0, 0, now() from generate_series(1, {others}) n, generate_series(1, 2) s;
             insert into plans (id, provider_id, revision, name, price, duration_secs, devices, on_sale, position, created_at)
             select md5('plan' || n || '-' || p)::uuid, md5('provider' || n)::uuid, 1, 'Plan ' || p, 20 * p, 3600, 1, true, p, now() from generate_series(1, {others}) n, generate_series(1, 3) p;"
        );
        self.run("pages", &sql).await?;
        let sql = ROWS
            .replace("{providers}", &format!("select md5('provider' || n)::uuid as provider, n as place from generate_series(1, {others}) n"))
            .replace("{payments}", &(payments / PROVIDERS).to_string())
            .replace("{running}", &RUNNING.to_string())
            .replace("{sessions}", &SESSIONS.to_string());
        self.run("pages", &sql).await?;
        self.run("pages", ADDED_UP).await?;
        self.run("pages", "vacuum analyze").await.map(drop)
    }
}

/// Adds up the last two months of all who are not added up, as the job does a day at a time.
const ADDED_UP: &str = include_str!("pages/added_up.sql");

/// Begins as the controller does to see who is logged in.
const PLATFORM: &str = "begin; select set_config('mnara.tenant', '', true), set_config('mnara.scope', 'platform', true);";

/// Begins as the controller does: with two messages where that needs one.
fn within(provider: &str) -> String {
    format!(
        "begin; select set_config('mnara.tenant', '{provider}', true), set_config('mnara.scope', 'tenant', true);"
    )
}

/// A year of payments, their vouchers and sessions for some businesses, spread over their sites and plans. Rules between tables hold by how
/// the rows are made, and are not looked up for each.
const ROWS: &str = include_str!("pages/rows.sql");
