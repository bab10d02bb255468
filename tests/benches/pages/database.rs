//! The database of the bench: what stands in it, and what it takes for the statements of a page by themselves.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use mnara_tests::world::controller::Controller;
use tokio::process::Command;

use super::measured::{Measured, query, statement};
use super::{ASKED, Owner, PROVIDERS, RUNNING, SESSIONS};

/// Payments a page may read of a business that has a hundred thousand in a year: those of a month.
const MOST_READ: u64 = 10_000;
/// What grows with a business.
const GROWING: [&str; 5] = ["payments", "tickets", "sessions", "grants", "report_sums"];

/// A database of the bench.
pub(crate) struct Database {
    /// Its name.
    pub(crate) name: &'static str,
    /// Where PostgreSQL's programs are.
    pub(crate) programs: PathBuf,
    /// The folder of its socket.
    pub(crate) socket: String,
}

impl Database {
    pub(crate) fn url(&self, user: &str) -> String {
        format!(
            "postgres://{user}@{}/{}",
            self.socket.replace('/', "%2F"),
            self.name
        )
    }

    /// A program of PostgreSQL: Debian keeps some of them elsewhere than the server's.
    fn program(&self, name: &str) -> PathBuf {
        Some(self.programs.join(name))
            .filter(|path| path.is_file())
            .unwrap_or_else(|| name.into())
    }

    /// Makes it, anew.
    pub(crate) async fn create(&self) -> Result<()> {
        let sql = format!("create database {}", self.name);
        self.told("postgres", &sql).await.map(drop)
    }

    /// What a statement in it gives, as its owner.
    pub(crate) async fn run(&self, sql: &str) -> Result<String> {
        self.told(self.name, sql).await
    }

    async fn told(&self, database: &str, sql: &str) -> Result<String> {
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
    pub(crate) async fn bare(
        &self,
        owner: &Owner<'_>,
        page: &Measured,
        folder: &Path,
    ) -> Result<f64> {
        let mut script = format!(
            "{PLATFORM}\n{};\nrollback;\n{}\n",
            owner.found_by(page)?,
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
            .arg(self.name)
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

    /// No page may read a table of payments, vouchers or sessions from one end to the other, nor all payments of a business, and no list may sort
    /// what it reads of one. Lists are looked at as the controller has them planned: once, for any values.
    pub(crate) async fn plans(&self, provider: &str, pages: &[Measured]) -> Result<()> {
        for page in pages {
            for (words, values) in &page.sql {
                let explained = if page.is_list {
                    format!(
                        "set local plan_cache_mode = force_generic_plan; prepare asked as {}; explain (analyze, timing off) execute asked({})",
                        query(words)?,
                        values.join(", ")
                    )
                } else {
                    format!(
                        "explain (analyze, timing off) {}",
                        statement(words, values)?
                    )
                };
                let sql = format!("set role mnara_app; {} {explained}", within(provider));
                let plan = self.run(&sql).await?;
                let read = payments_read(&plan);
                ensure!(
                    read <= MOST_READ,
                    "{} reads {read} payments:\n{plan}",
                    page.name
                );
                for table in GROWING {
                    ensure!(
                        !plan.contains(&format!("Seq Scan on {table}")),
                        "{} reads all {table}:\n{plan}",
                        page.name
                    );
                    ensure!(
                        !page.is_list || !sorts(&plan, table),
                        "{} sorts {table}:\n{plan}",
                        page.name
                    );
                }
            }
        }
        println!(
            "every statement of every page goes along an index, none reads all payments of a business, and no list is sorted"
        );
        Ok(())
    }

    /// Waits until the controller has done what rows that came of a sudden made it do, above all the first look at everybody's books: it is not
    /// the work of a page, and goes on beside one only here.
    pub(crate) async fn calm(&self, controller: &Controller) -> Result<()> {
        controller.command(&["task", "books-check"]).await?;
        let mut calm = 0;
        let done = async {
            while calm < CALM {
                tokio::time::sleep(Duration::from_secs(1)).await;
                let left = self.run(AT_WORK).await?;
                calm = if left.trim() == "0" { calm + 1 } else { 0 };
            }
            Ok(())
        };
        tokio::time::timeout(PATIENCE, done)
            .await
            .context("the controller is not done with what came")?
    }

    /// Rows of the business itself, a year of them; each time with another place, by which they are told apart.
    pub(crate) async fn own(&self, provider: &str, place: u32, payments: u32) -> Result<()> {
        let sql = ROWS
            .replace(
                "{providers}",
                &format!("select '{provider}'::uuid as provider, {place} as place"),
            )
            .replace("{payments}", &payments.to_string())
            .replace("{running}", &RUNNING.to_string())
            .replace("{sessions}", &SESSIONS.to_string());
        self.run(&sql).await?;
        self.run("vacuum analyze").await.map(drop)
    }

    /// All the others, with as much each.
    pub(crate) async fn others(&self, payments: u32) -> Result<()> {
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
        self.run(&sql).await?;
        let sql = ROWS
            .replace("{providers}", &format!("select md5('provider' || n)::uuid as provider, n as place from generate_series(1, {others}) n"))
            .replace("{payments}", &(payments / PROVIDERS).to_string())
            .replace("{running}", &RUNNING.to_string())
            .replace("{sessions}", &SESSIONS.to_string());
        self.run(&sql).await?;
        self.run(ADDED_UP).await?;
        self.run("vacuum analyze").await.map(drop)
    }
}

/// How many payments a plan has read, also of those that a condition then left out.
fn payments_read(plan: &str) -> u64 {
    let number = |text: &str| {
        let digits = text.split(|one: char| !one.is_ascii_digit()).next();
        digits.and_then(|digits| digits.parse::<u64>().ok())
    };
    let (mut read, mut loops) = (0, None);
    for line in plan.lines() {
        if let Some((node, actual)) = line.split_once("(actual rows=") {
            let of = node.contains(" on payments").then_some(actual);
            loops = of.and_then(|actual| number(actual.split_once(" loops=")?.1));
            read += number(actual)
                .zip(loops)
                .map_or(0, |(rows, loops)| rows * loops);
        } else if let Some((_, left_out)) = line.split_once("Rows Removed by Filter: ") {
            read += number(left_out)
                .zip(loops)
                .map_or(0, |(rows, loops)| rows * loops);
        }
    }
    read
}

/// Whether a plan sorts what it reads of a table: the nodes below a sort stand further in than it does.
fn sorts(plan: &str, table: &str) -> bool {
    let depth = |line: &str| line.len() - line.trim_start().len();
    let read = format!(" on {table}");
    let lines: Vec<&str> = plan.lines().collect();
    lines.iter().enumerate().any(|(place, line)| {
        let node = line.trim_start().trim_start_matches("->").trim_start();
        let is_sort = node.starts_with("Sort  (") || node.starts_with("Incremental Sort  (");
        let below = lines[place + 1..]
            .iter()
            .take_while(|below| depth(below) > depth(line));
        is_sort && below.into_iter().any(|below| below.contains(&read))
    })
}

/// What the controller is at or ought to be, and whose books nobody has looked at yet.
const AT_WORK: &str = "select (select count(*) from jobs where dead_at is null and (run_at <= now() or leased_until > now()))
    + (select count(*) from providers p where not exists (select from ledger_checks c where c.provider_id = p.id))";
/// Seconds on end without work that are calm.
const CALM: u32 = 5;
/// How long it is waited for.
const PATIENCE: Duration = Duration::from_secs(1_200);

/// Adds up the last two months of all who are not added up, as the job does a day at a time.
const ADDED_UP: &str = include_str!("added_up.sql");

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
const ROWS: &str = include_str!("rows.sql");
