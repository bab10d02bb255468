//! From a paid callback to a customer who is online, with the site 150 ms away: the time from the controller's answer to the
//! callback until the portal shows, from what is on the agent's disk, that the router let the phone in. Against the sum of
//! what cannot be avoided: a commit, the way down, a call of the router, all measured between the sales.
//!
//! The callback comes sooner than a person types a PIN: the row that says that a prompt was asked for is on its way to the site, as those of
//! other sales are where many buy. The ticket must not wait until that row is acknowledged.
#![expect(clippy::print_stdout, reason = "a bench prints its numbers")]

use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use mikrotik_rs::{CommandBuilder, Event, MikrotikDevice};
use mnara_tests::measure::load::Line as Connection;
use mnara_tests::measure::stage::{Link, Stage};
use mnara_tests::measure::table::{Goal, Line, Table};
use mnara_tests::measure::{Effort, Samples, now, told};
use mnara_tests::sim::daraja::{Answer, Callback, Script, When};
use mnara_tests::world::agent::{PASSWORD, USER};
use tokio::process::Command;

const ONE_WAY: Duration = Duration::from_millis(75);
/// Commits and router calls measured after each sale.
const FLOORS: usize = 8;

#[tokio::main]
async fn main() -> Result<()> {
    let effort = Effort::asked();
    let table = effort.within(Box::pin(bench(effort.of(100, 20)))).await?;
    table.judge(effort)
}

async fn bench(sales: usize) -> Result<Table> {
    let stage = Stage::set(Link::Cable(ONE_WAY)).await?;
    let (watcher, address) = stage.join()?;
    stage
        .until("the portal offers the plan", async || {
            Ok(portal(&stage, address).await?.contains("One hour"))
        })
        .await?;
    stage
        .router
        .leave(&watcher.mac)
        .context("leaving the Wi-Fi")?;
    let disk = Disk::new(&stage).await?;
    let router = MikrotikDevice::connect(stage.router.api(), USER, Some(PASSWORD))
        .await
        .map_err(|error| anyhow::anyhow!("connecting to the router: {error:?}"))?;

    let (mut ours, mut commits, mut calls) =
        (Samples::default(), Samples::default(), Samples::default());
    for number in 0..sales {
        ours.add_time(sale(&stage, number).await?);
        disk.commits(FLOORS, &mut commits).await?;
        for _ in 0..FLOORS {
            let start = now();
            call(&router).await?;
            calls.add_time(start.elapsed());
        }
    }
    drop(router);
    stage.end().await?;

    let way = ONE_WAY.as_secs_f64() * 1000.0;
    println!(
        "{sales} sales; floor p99: commit {:.2} ms, one way {way:.0} ms, router call {:.2} ms; medians {:.2} and {:.2} ms",
        commits.p99(),
        calls.p99(),
        commits.median(),
        calls.median()
    );
    let mut table = Table::default();
    table.add(Line {
        what: "callback accepted until online, p99".to_owned(),
        floor: Some((
            "commit + way + call".to_owned(),
            commits.p99() + way + calls.p99(),
        )),
        ours: ours.p99(),
        unit: "ms",
        goal: Some(Goal::TimesFloor(1.3)),
    });
    table.add(Line {
        what: "the same, median".to_owned(),
        floor: Some((
            "commit + way + call".to_owned(),
            commits.median() + way + calls.median(),
        )),
        ours: ours.median(),
        unit: "ms",
        goal: None,
    });
    println!("\n{table}");
    Ok(table)
}

/// Sells one ticket to a phone that has just come, and gives the time from the accepted callback on.
async fn sale(stage: &Stage, number: usize) -> Result<Duration> {
    let (phone, address) = stage.join()?;
    let digits = 20_000_000 + number;
    let (typed, msisdn) = (format!("07{digits:08}"), format!("2547{digits:08}"));
    stage.daraja.script_next(Script {
        callback: Callback {
            when: When::Held,
            ..Callback::default()
        },
        ..Script::default()
    });
    let plan = stage.business.plan("One hour");
    let page = phone.buy(&stage.router, &plan.id, &typed).await?;
    ensure!(
        page.says("Check your phone"),
        "no prompt was asked for:\n{}",
        page.text
    );
    let prompt = stage.daraja.await_prompt(&msisdn).await?;
    stage.daraja.answer(&msisdn, &Answer::Accept)?;
    let held = stage
        .daraja
        .await_payment(|one| one.checkout_request_id == prompt.checkout_request_id && one.held);
    held.await?;

    let place = stage.agent.log().end();
    // Returns when the controller has answered.
    stage.daraja.release(&prompt).await;
    let start = now();
    let mac = phone.mac.to_ascii_lowercase();
    stage
        .agent
        .log()
        .said(place, "that the phone is online", |line| {
            line.contains("a grant moved on")
                && line.contains("Confirmed")
                && line.to_ascii_lowercase().contains(&mac)
        })
        .await?;
    // The line is written as the fact goes to the disk; the page leaves when it is there.
    let page = portal(stage, address).await?;
    let took = start.elapsed();
    ensure!(
        page.contains("You are online") && phone.online(&stage.router),
        "the phone is not online:\n{page}"
    );
    // A customer who has gone costs the next one nothing.
    stage
        .router
        .leave(&phone.mac)
        .context("leaving the Wi-Fi")?;
    Ok(took)
}

async fn portal(stage: &Stage, phone: Ipv4Addr) -> Result<String> {
    let mut line = Connection::from(phone, stage.agent.portal()).await?;
    line.ask(b"GET /portal/ HTTP/1.1\r\nhost: portal\r\naccept-language: en\r\n\r\n")
        .await?;
    Ok(String::from_utf8_lossy(line.body()).into_owned())
}

/// One call of the router, by a client that is not ours.
async fn call(router: &MikrotikDevice) -> Result<()> {
    let print = CommandBuilder::new()
        .command("/system/identity/print")
        .build();
    let mut events = router
        .send_command(print)
        .await
        .map_err(|error| anyhow::anyhow!("calling the router: {error:?}"))?;
    while let Some(event) = events.recv().await {
        match event {
            Event::Done { .. } => return Ok(()),
            Event::Reply { .. } | Event::Empty { .. } => {}
            Event::Trap { .. } | Event::Fatal { .. } => break,
        }
    }
    anyhow::bail!("the router refused a call")
}

/// The controller's own database, for what one commit costs there.
struct Disk {
    pgbench: PathBuf,
    socket: PathBuf,
    folder: PathBuf,
}

impl Disk {
    async fn new(stage: &Stage) -> Result<Self> {
        let folder = PathBuf::from(told("MNARA_BENCH_POSTGRES")?);
        let program = |name: &str| {
            Some(folder.join(name))
                .filter(|path| path.is_file())
                .unwrap_or_else(|| name.into())
        };
        let disk = Self {
            pgbench: program("pgbench"),
            socket: stage.folder().join("controller/postgres"),
            folder: stage.folder().path().to_path_buf(),
        };
        for (database, sql) in [
            ("postgres", "create database floor"),
            ("floor", "create table floor (at timestamptz, body bytea)"),
        ] {
            let mut psql = Command::new(program("psql"));
            psql.args([
                "-X", "-q", "-U", "postgres", "-d", database, "-c", sql, "-h",
            ])
            .arg(&disk.socket);
            run(&mut psql).await?;
        }
        std::fs::write(
            disk.folder.join("floor.sql"),
            "insert into floor values (now(), convert_to(repeat('x', 400), 'UTF8'));\n",
        )?;
        Ok(disk)
    }

    /// Commits rows one after the other, and adds the time of each.
    async fn commits(&self, count: usize, to: &mut Samples) -> Result<()> {
        let prefix = self.folder.join("commits");
        let mut pgbench = Command::new(&self.pgbench);
        // One more: the first pays for the connection and the plan.
        pgbench
            .args(["-n", "-M", "prepared", "-c", "1", "-U", "postgres", "-l"])
            .args(["-t", &(count + 1).to_string(), "-f"])
            .arg(self.folder.join("floor.sql"))
            .arg(format!("--log-prefix={}", prefix.display()))
            .arg("-h")
            .arg(&self.socket)
            .arg("floor");
        run(&mut pgbench).await?;
        let mut found = 0;
        for log in logs(&self.folder)? {
            for line in std::fs::read_to_string(&log)?.lines().skip(1) {
                let micros: f64 = line
                    .split_whitespace()
                    .nth(2)
                    .and_then(|word| word.parse().ok())
                    .with_context(|| format!("pgbench wrote {line:?}"))?;
                to.add(micros / 1000.0);
                found += 1;
            }
            std::fs::remove_file(&log)?;
        }
        ensure!(found == count, "{found} of {count} commits were timed");
        Ok(())
    }
}

fn logs(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut logs = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with("commits.") {
            logs.push(path);
        }
    }
    Ok(logs)
}

async fn run(command: &mut Command) -> Result<()> {
    let output = command
        .kill_on_drop(true)
        .output()
        .await
        .with_context(|| format!("starting {}", command.as_std().get_program().display()))?;
    ensure!(
        output.status.success(),
        "{} failed: {}",
        command.as_std().get_program().display(),
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(())
}
