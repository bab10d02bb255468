//! The agent as it ships: how large it is, what it keeps in memory for 100,000 printed codes with its portal and a TLS link
//! up, and how long it takes from its start to the first page.
#![expect(clippy::print_stdout, reason = "a bench prints its numbers")]

use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use mnara_tests::measure::load::Line as Connection;
use mnara_tests::measure::stage::{Link, Stage};
use mnara_tests::measure::table::{Goal, Line, Table};
use mnara_tests::measure::{Effort, Samples, now, proc, told};
use tokio::process::Command;

const CODES: u32 = 100_000;
const MEGABYTE: f64 = 1_000_000.0;

/// What starts came to.
#[derive(Default)]
struct Starts {
    /// Until the first page, whatever it says.
    first: Samples,
    /// Until the page that sells.
    selling: Samples,
    resident: Samples,
    peak: Samples,
}

#[tokio::main]
async fn main() -> Result<()> {
    let effort = Effort::asked();
    let table = effort.within(Box::pin(bench(effort.of(15, 4)))).await?;
    table.judge(effort)
}

async fn bench(rounds: usize) -> Result<Table> {
    let binary = PathBuf::from(told("MNARA_BENCH_AGENT")?);
    let size = std::fs::metadata(&binary)?.len();
    let mut stage = Stage::set(Link::Tls).await?;
    let (_, phone) = stage.join()?;
    let mut floor = Samples::default();
    let mut bare = Starts::default();
    for _ in 0..rounds {
        floor.add_time(exec(&binary).await?);
        start(&mut stage, &binary, phone, &mut bare).await?;
    }
    let printed = stage
        .business
        .print(&stage.controller, "One hour", CODES, &["--length", "12"])
        .await?;
    ensure!(
        u32::try_from(printed.len())? == CODES,
        "{} codes were printed",
        printed.len()
    );
    stage
        .status("the agent has every code", |status| {
            status["codes"] == CODES && status["codes_ready"] == true
        })
        .await?;
    let mut full = Starts::default();
    for _ in 0..rounds {
        floor.add_time(exec(&binary).await?);
        start(&mut stage, &binary, phone, &mut full).await?;
    }
    stage.end().await?;

    let mut table = Table::default();
    table.add(Line {
        what: "size, stripped, this machine's architecture".to_owned(),
        floor: None,
        ours: bytes(size)? / MEGABYTE,
        unit: "MB",
        goal: Some(Goal::AtMost(6.0)),
    });
    for (what, starts, most) in [
        ("no codes", &bare, None),
        ("100,000 codes", &full, Some(Goal::AtMost(8.0))),
    ] {
        table.add(Line {
            what: format!("memory, portal and TLS link up, {what}"),
            floor: None,
            ours: starts.resident.median() / MEGABYTE,
            unit: "MB",
            goal: most,
        });
        table.add(Line {
            what: format!("memory at its peak, {what}"),
            floor: None,
            ours: starts.peak.median() / MEGABYTE,
            unit: "MB",
            goal: None,
        });
        table.add(Line {
            what: format!("exec until the first page, {what}"),
            floor: Some(("exec --version".to_owned(), floor.median())),
            ours: starts.first.median(),
            unit: "ms",
            goal: Some(Goal::AtMost(30.0)),
        });
        table.add(Line {
            what: format!("exec until the page that sells, {what}"),
            floor: Some(("exec --version".to_owned(), floor.median())),
            ours: starts.selling.median(),
            unit: "ms",
            goal: None,
        });
    }
    println!("\n{table}");
    Ok(table)
}

/// What it takes to start the program and see it end, doing nothing.
async fn exec(binary: &Path) -> Result<std::time::Duration> {
    let start = now();
    let output = Command::new(binary).arg("--version").output().await?;
    let took = start.elapsed();
    ensure!(output.status.success(), "{} does not run", binary.display());
    Ok(took)
}

/// Starts it once more and measures.
async fn start(
    stage: &mut Stage,
    binary: &Path,
    phone: Ipv4Addr,
    starts: &mut Starts,
) -> Result<()> {
    stage.agent.stop().await?;
    let start = now();
    stage.agent.start().await?;
    page(stage, phone).await?;
    starts.first.add_time(start.elapsed());
    loop {
        let page = page(stage, phone).await?;
        if page.contains("One hour") && page.contains("<form") {
            starts.selling.add_time(start.elapsed());
            break;
        }
        tokio::task::yield_now().await;
    }
    stage
        .status(
            "every code can be used, cloud and router are reached",
            |status| {
                status["codes_ready"] == true && status["cloud"] == true && status["router"] == true
            },
        )
        .await?;
    let memory = proc::memory(proc::started(binary)?)?;
    starts.resident.add(bytes(memory.resident)?);
    starts.peak.add(bytes(memory.peak)?);
    Ok(())
}

async fn page(stage: &Stage, phone: Ipv4Addr) -> Result<String> {
    let mut line = Connection::from(phone, stage.agent.portal()).await?;
    let status = line
        .ask(b"GET /portal/ HTTP/1.1\r\nhost: portal\r\naccept-language: en\r\n\r\n")
        .await?;
    ensure!(status == 200, "the portal answered {status}");
    Ok(String::from_utf8_lossy(line.body()).into_owned())
}

fn bytes(count: u64) -> Result<f64> {
    u32::try_from(count)
        .map(f64::from)
        .context("more than four gigabytes")
}
