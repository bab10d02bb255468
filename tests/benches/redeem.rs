//! Redeeming printed codes at the portal of the agent as it ships, with the cloud away and the router busy: how many share a
//! flush of the disk, how long each takes against a bare flush on the same disk, and what it writes.
//!
//! Phones that ask at once share more than the flush: the agent is one thread, on a processor that the phones of the bench use too. What that
//! costs is seen in answers of the same portal to as many phones that ask for nothing, measured just before.
#![expect(clippy::print_stdout, reason = "a bench prints its numbers")]

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use mnara_tests::measure::load::{Load, send_from};
use mnara_tests::measure::stage::{Link, Stage};
use mnara_tests::measure::table::{Goal, Line, Table};
use mnara_tests::measure::{Effort, Samples, disk, proc, told, wal};

/// So many under way, and so many in a round.
const LOADS: [(usize, usize); 3] = [(1, 40), (16, 96), (64, 256)];
/// Bare flushes measured before each load and after it.
const FLOORS: usize = 100;
/// Redemptions whose whole cost in flash is counted: so many under way, and so many in all, more than a snapshot waits for. The quick
/// run has no time for them.
const FLASH: (usize, usize) = (16, 1_008);

/// A request that is answered by the portal's door itself.
const NOTHING: &[u8] = b"GET /portal/healthz HTTP/1.1\r\nhost: portal\r\n\r\n";

/// What one number under way came to, over all rounds.
#[derive(Default)]
struct Measured {
    times: Samples,
    /// Answers that need neither core nor disk.
    bare: Samples,
    /// Redemptions for each flush, one sample a round.
    together: Samples,
    /// Bytes written to the log for each redemption, one sample a round.
    bytes: Samples,
}

#[tokio::main]
async fn main() -> Result<()> {
    let effort = Effort::asked();
    let rounds = effort.of(3, 1);
    let flash = effort.of(FLASH.1, 0);
    let table = effort.within(Box::pin(bench(rounds, flash))).await?;
    table.judge(effort)
}

async fn bench(rounds: usize, flash: usize) -> Result<Table> {
    let mut site = Site::open(rounds, flash).await?;
    // First, while a snapshot of the site is as large as what is redeemed here and so falls due in between.
    let flash = match flash {
        0 => None,
        count => Some(site.wear(count).await?),
    };
    let mut floor = Samples::default();
    let mut measured: BTreeMap<usize, Measured> = BTreeMap::new();
    for round in 0..rounds {
        for (at_once, count) in LOADS {
            let mut around = site.flushes()?;
            let one = site.redeem(at_once, count).await?;
            around.extend(site.flushes()?);
            println!(
                "round {}: {at_once} at once: {:.1} a flush, {:.0} bytes each, median {:.2} ms, p99 {:.2} ms; a bare flush {:.2} ms, p99 {:.2} ms; a bare answer {:.2} ms, p99 {:.2} ms",
                round + 1,
                one.together,
                one.bytes,
                one.times.median(),
                one.times.p99(),
                around.median(),
                around.p99(),
                one.bare.median(),
                one.bare.p99(),
            );
            floor.extend(around);
            let all = measured.entry(at_once).or_default();
            all.times.extend(one.times.values());
            all.bare.extend(one.bare);
            all.together.add(one.together);
            all.bytes.add(one.bytes);
        }
    }
    site.stage.end().await?;

    println!(
        "\nbare flush: median {:.2} ms, p99 {:.2} ms",
        floor.median(),
        floor.p99()
    );
    let mut table = Table::default();
    for (at_once, one) in &measured {
        table.add(Line {
            what: format!("redemptions a flush, {at_once} at once"),
            floor: None,
            ours: one.together.median(),
            unit: "",
            goal: (*at_once == 64).then_some(Goal::AtLeast(20.0)),
        });
        table.add(Line {
            what: format!("code sent until answered from disk, p99, {at_once} at once"),
            floor: Some(("fdatasync p99".to_owned(), floor.p99())),
            ours: one.times.p99(),
            unit: "ms",
            goal: Some(Goal::TimesFloor(3.0)),
        });
        table.add(Line {
            what: format!("the same, median, {at_once} at once"),
            floor: Some((
                "bare answer + fdatasync".to_owned(),
                one.bare.median() + floor.median(),
            )),
            ours: one.times.median(),
            unit: "ms",
            goal: None,
        });
        table.add(Line {
            what: format!("written to the log for each, {at_once} at once"),
            floor: None,
            ours: one.bytes.median(),
            unit: "B",
            goal: None,
        });
    }
    if let Some(flash) = flash {
        table.add(Line {
            what: format!(
                "written to flash for each, {} at once, all counted",
                FLASH.0
            ),
            floor: None,
            ours: flash,
            unit: "B",
            goal: Some(Goal::AtMost(1024.0)),
        });
    }
    println!("\n{table}");
    Ok(table)
}

struct Once {
    times: Samples,
    bare: Samples,
    together: f64,
    bytes: f64,
}

/// A site cut off from the cloud, with phones that each hold a code.
struct Site {
    stage: Stage,
    waiting: Vec<(Ipv4Addr, String)>,
    phones: usize,
    online: usize,
}

impl Site {
    async fn open(rounds: usize, flash: usize) -> Result<Self> {
        let phones = flash + rounds * LOADS.iter().map(|(_, count)| count).sum::<usize>();
        let stage = Stage::set(Link::Cable(Duration::ZERO)).await?;
        let codes = stage
            .business
            .print(&stage.controller, "One hour", u32::try_from(phones)?, &[])
            .await?;
        let mut waiting = Vec::with_capacity(phones);
        for code in codes {
            let (_, address) = stage.join()?;
            waiting.push((address, code));
        }
        ensure!(waiting.len() == phones, "not every code was printed");
        stage
            .status("the agent has every code", |status| {
                status["codes"] == phones
            })
            .await?;
        stage.cable.cut();
        stage
            .status("the agent knows that the cloud is away", |status| {
                status["cloud"] == false
            })
            .await?;
        Ok(Self {
            stage,
            waiting,
            phones,
            online: 0,
        })
    }

    fn flushes(&self) -> Result<Samples> {
        disk(self.stage.agent.state(), FLOORS)
    }

    /// Starts the agent afresh, so that the log of its store is empty and no snapshot falls due.
    async fn afresh(&mut self) -> Result<u32> {
        self.stage.agent.stop().await?;
        self.stage.agent.start().await?;
        let phones = self.phones;
        self.stage
            .status("the agent sees every phone", |status| {
                status["router"] == true && status["hosts"] == phones
            })
            .await?;
        proc::started(&PathBuf::from(told("MNARA_BENCH_AGENT")?))
    }

    fn load(&mut self, at_once: usize, count: usize) -> (Load, Vec<Ipv4Addr>) {
        let now: Vec<_> = self.waiting.drain(..count).collect();
        let load = Load {
            address: self.stage.agent.portal(),
            requests: now.iter().map(|(_, code)| request(code)).collect(),
            at_once,
            // The way back to the page; a code that does not open the door is answered with a page.
            yes: 303,
        };
        (load, now.into_iter().map(|(phone, _)| phone).collect())
    }

    /// Redeems codes and counts every byte that is written for them: entries, the snapshot they make due, and folding the log into the
    /// file when it is quiet again.
    async fn wear(&mut self, count: usize) -> Result<f64> {
        let pid = self.afresh().await?;
        let store = self.stage.agent.state().join("store.sqlite");
        let (load, phones) = self.load(FLASH.0, count);
        self.stage.router.fault(|faults| faults.stall = true);
        let bytes = proc::written(pid)?;
        let outcome = send_from(load, phones).await?;
        ensure!(
            outcome.refused == 0,
            "{} codes were refused",
            outcome.refused
        );
        let age = || std::fs::metadata(&store)?.modified();
        let before = age()?;
        self.stage
            .until("the log is folded into the file", async || {
                Ok(age()? > before)
            })
            .await?;
        let bytes = u32::try_from(proc::written(pid)? - bytes).context("gigabytes were written")?;
        self.stage.router.fault(|faults| faults.stall = false);
        self.all_online(count).await?;
        Ok(f64::from(bytes) / f64::from(u32::try_from(count)?))
    }

    /// Waits until the phones that redeemed are online with those before them.
    async fn all_online(&mut self, more: usize) -> Result<()> {
        self.online += more;
        let online = self.online;
        self.stage
            .status("every phone with a ticket is online", |status| {
                status["online"] == online
            })
            .await
    }

    /// Redeems codes from as many phones and sees every one of them online.
    async fn redeem(&mut self, at_once: usize, count: usize) -> Result<Once> {
        let pid = self.afresh().await?;
        let store = self.stage.agent.state().join("store.sqlite");
        let (load, phones) = self.load(at_once, count);
        let nothing = Load {
            requests: vec![NOTHING.to_vec(); count],
            yes: 200,
            ..load.clone()
        };
        let bare = send_from(nothing, phones.clone()).await?.times;

        // What the router says would be written too, and belongs to what follows a redemption.
        self.stage.router.fault(|faults| faults.stall = true);
        let (log, bytes) = (wal::read(&store)?, proc::written(pid)?);
        let outcome = send_from(load, phones).await?;
        let (log_after, bytes_after) = (wal::read(&store)?, proc::written(pid)?);
        self.stage.router.fault(|faults| faults.stall = false);

        ensure!(
            outcome.refused == 0,
            "{} of {count} codes were refused",
            outcome.refused
        );
        // Before its first write the log may lack even its header.
        ensure!(
            log.commits == 0 || log.salt == log_after.salt,
            "the log was begun anew in mid-measurement"
        );
        let commits = log_after.commits - log.commits;
        ensure!(commits > 0, "nothing was written");
        self.all_online(count).await?;
        let redeemed = f64::from(u32::try_from(count)?);
        let bytes = u32::try_from(bytes_after - bytes).context("gigabytes were written")?;
        Ok(Once {
            times: outcome.times,
            bare,
            together: redeemed / f64::from(commits),
            bytes: f64::from(bytes) / redeemed,
        })
    }
}

fn request(code: &str) -> Vec<u8> {
    let body = format!("code={code}");
    format!(
        "POST /portal/code HTTP/1.1\r\nhost: portal\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}
