//! What Google's Lighthouse says of the pages that most people see: the hotspot's own page on a phone, and the home of a business. A report and
//! no gate: scores differ between machines.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use tokio::process::Command;

use crate::story::{PASSWORD, Stage};
use crate::world::http::Caller;

/// What it judges, by its own words for it.
const CATEGORIES: [&str; 4] = ["performance", "accessibility", "best-practices", "seo"];
/// What each should reach of a hundred.
const GOAL: u32 = 95;

/// What the browser is started with.
const FLAGS: &str =
    "--headless --no-sandbox --disable-gpu --disable-dev-shm-usage --disable-background-networking";

/// Where Lighthouse and the browser are, and where its reports go.
#[derive(Debug)]
pub struct Tools {
    /// Lighthouse's own program.
    pub lighthouse: PathBuf,
    /// Chromium.
    pub chromium: PathBuf,
    /// The folder of its reports.
    pub folder: PathBuf,
}

/// A page to be judged.
struct Page {
    name: &'static str,
    address: String,
    cookie: Option<String>,
    /// The router that carries its requests, where it is seen on a Wi-Fi alone.
    wifi: Option<SocketAddr>,
}

/// Has the pages judged and says what came of it.
///
/// # Errors
/// When a report cannot be made.
pub async fn report(stage: &Stage, tools: &Tools, say: &mut dyn FnMut(&str)) -> Result<()> {
    std::fs::create_dir_all(&tools.folder).context("making a folder for the reports")?;
    let (_, router) = stage.phones.first().context("the demo has phones")?;
    let home = stage.world.controller.url("/home");
    let pages = [
        Page {
            name: "portal",
            address: format!("http://{}/portal/", stage.world.site.agent.portal()),
            cookie: None,
            wifi: Some(*router),
        },
        Page {
            name: "home",
            address: home,
            cookie: Some(cookie(stage).await?),
            wifi: None,
        },
    ];
    for page in pages {
        let judged = judge(tools, &page).await?;
        say(&format!("{}: {}", page.name, scores(&judged)?));
        for line in shortcomings(&judged) {
            say(&format!("  {line}"));
        }
    }
    say(&format!(
        "The goal is {GOAL} in each. The whole reports: {}",
        tools.folder.display()
    ));
    Ok(())
}

/// The owner's log-in, as a browser sends it.
async fn cookie(stage: &Stage) -> Result<String> {
    let form = [("who", "owner@example.com"), ("password", PASSWORD)];
    let address = stage.world.controller.url("/log-in");
    let answer = Caller::program()?.form(&address, &form).await?;
    ensure!(!answer.cookies.is_empty(), "the owner is not let in");
    Ok(answer.cookies)
}

async fn judge(tools: &Tools, page: &Page) -> Result<Value> {
    let file = tools.folder.join(page.name);
    let mut flags = FLAGS.to_owned();
    if let Some(wifi) = page.wifi {
        flags.push_str(&format!(
            " --proxy-server=http://{wifi} --proxy-bypass-list=<-loopback>"
        ));
    }
    let mut command = Command::new("node");
    command
        .arg(&tools.lighthouse)
        .arg(&page.address)
        .args(["--quiet", "--output=json", "--output=html"])
        .arg(format!("--output-path={}", file.display()))
        .arg(format!("--chrome-flags={flags}"))
        .arg(format!("--only-categories={}", CATEGORIES.join(",")))
        .env("CHROME_PATH", &tools.chromium)
        .stdin(Stdio::null())
        .kill_on_drop(true);
    if let Some(cookie) = &page.cookie {
        command.arg(format!("--extra-headers={}", json!({"Cookie": cookie})));
    }
    let ended = command.output().await.context("starting Lighthouse")?;
    ensure!(
        ended.status.success(),
        "Lighthouse gave no report of {}: {}",
        page.name,
        String::from_utf8_lossy(&ended.stderr)
    );
    read(&tools.folder.join(format!("{}.report.json", page.name)))
}

fn read(file: &Path) -> Result<Value> {
    let text =
        std::fs::read_to_string(file).with_context(|| format!("reading {}", file.display()))?;
    serde_json::from_str(&text).context("the report is damaged")
}

/// A score as it is shown, of a hundred.
fn hundredths(score: &Value) -> Option<f64> {
    score.as_f64().map(|score| (score * 100.0).round())
}

fn scores(judged: &Value) -> Result<String> {
    let scores: Result<Vec<String>> = CATEGORIES
        .iter()
        .map(|category| {
            let score = hundredths(&judged["categories"][category]["score"])
                .with_context(|| format!("no score for {category}"))?;
            let note = if score < f64::from(GOAL) {
                " (below the goal)"
            } else {
                ""
            };
            Ok(format!("{category} {score}{note}"))
        })
        .collect();
    Ok(scores?.join(", "))
}

/// What takes away from the scores, a line each.
fn shortcomings(judged: &Value) -> Vec<String> {
    let weighed = CATEGORIES.iter().flat_map(|category| {
        let all = judged["categories"][category]["auditRefs"].as_array();
        all.into_iter().flatten().filter_map(move |part| {
            let is_weighed = part["weight"].as_f64().is_some_and(|weight| weight > 0.0);
            let audit = &judged["audits"][part["id"].as_str()?];
            let score = hundredths(&audit["score"])?;
            let title = audit["title"].as_str()?;
            (is_weighed && score < 90.0).then(|| format!("{category}: {title} ({score})"))
        })
    });
    weighed.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_are_told_with_what_takes_away_from_them() {
        let category = |score: f64, audit: &str| json!({"score": score, "auditRefs": [{"id": audit, "weight": 3}, {"id": "free", "weight": 0}]});
        let judged = json!({
            "categories": {
                "performance": category(1.0, "fast"),
                "accessibility": category(0.94, "dim"),
                "best-practices": category(0.95, "fast"),
                "seo": category(1.0, "fast"),
            },
            "audits": {
                "fast": {"title": "Fast", "score": 1},
                "dim": {"title": "Letters are dim", "score": 0},
                "free": {"title": "Counts for nothing", "score": 0},
            },
        });
        assert_eq!(
            scores(&judged).unwrap(),
            "performance 100, accessibility 94 (below the goal), best-practices 95, seo 100"
        );
        assert_eq!(
            shortcomings(&judged),
            ["accessibility: Letters are dim (0)"]
        );
        assert!(scores(&json!({})).is_err());
    }
}
