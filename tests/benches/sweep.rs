//! A day of silent payments found by asking, at the pace the gateway allows: none of 100,000 callbacks came, and all questions are due at once,
//! as after a day in the dark. `cargo xtask bench sweep` starts the database and says where the programs are.
#![expect(clippy::print_stdout, reason = "a bench prints its numbers")]

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use mnara_tests::measure::table::{Goal, Line, Table};
use mnara_tests::measure::{Effort, now, told};
use mnara_tests::sim::daraja::{
    App, Code, Config, Daraja, Ended, Payment, SANDBOX_PASSKEY, Script, Stage,
};
use mnara_tests::world::business::{Business, PLANS};
use mnara_tests::world::controller::Controller;
use mnara_tests::world::folder::Folder;
use mnara_tests::world::http::Caller;
use mnara_tests::world::{sql, uuid};
use tokio::sync::watch;

/// Businesses, each with an application of its own, which the gateway counts by.
const BUSINESSES: usize = 20;
/// Silent payments of a day, over all of them.
const SILENT: usize = 100_000;
/// Questions a minute that the gateway takes from one application.
const PER_MINUTE: usize = 300;
/// How long the sweep is watched, and how long with `--quick`.
const WATCHED: [usize; 2] = [150, 8];
/// How many jobs may run for each question: one that is told its place, one that asks.
const JOBS: f64 = 2.5;

#[tokio::main]
async fn main() -> Result<()> {
    let effort = Effort::asked();
    effort.within(Box::pin(bench(effort))).await
}

async fn bench(effort: Effort) -> Result<()> {
    let silent = effort.of(SILENT, SILENT / 20);
    let watched = Duration::from_secs(u64::try_from(effort.of(WATCHED[0], WATCHED[1]))?);
    let folder = Folder::new()?;
    let socket = PathBuf::from(told("MNARA_BENCH_SOCKET")?);
    sql::make(&socket, "sweep").await?;
    let url = |who: &str| {
        let host = socket.display().to_string().replace('/', "%2F");
        format!("postgres://{who}@{host}/sweep")
    };
    let mut config = Config::sandbox();
    config.knobs.kept = silent + 1;
    config.knobs.query_per_minute = Some(u32::try_from(PER_MINUTE)?);
    let daraja = Daraja::start(config).await?;
    let changed = watch::Sender::new(0);
    let binary = PathBuf::from(told("MNARA_BENCH_CONTROLLER")?);
    let mut controller = Controller::of(binary, folder.path(), &daraja.url(), &changed).await?;
    controller.set("DATABASE_ADMIN_URL", &url("postgres"));
    controller.set("DATABASE_URL", &url("mnara_app"));
    controller.set("MNARA_DARAJA_QUERIES", &PER_MINUTE.to_string());
    controller.command(&["db", "prepare"]).await?;
    controller.command(&["db", "migrate"]).await?;
    for number in 0..BUSINESSES {
        let account = App {
            consumer_key: format!("bench-key-{number}"),
            consumer_secret: "bench-secret".to_owned(),
            shortcode: (600_000 + number).to_string(),
            passkey: SANDBOX_PASSKEY.to_owned(),
            ..App::sandbox_paybill()
        };
        daraja.add_app(account.clone());
        let name = format!("Business {number}");
        let business =
            Business::open(&controller, folder.path(), &name, &account, &PLANS[..1]).await?;
        let rows = fallen_silent(&business, number, silent / BUSINESSES)?;
        sql::write(&socket, "sweep", &rows).await?;
        let paid = (0..silent / BUSINESSES).map(|one| paid(&account, number, one));
        daraja.remember(paid);
    }
    sql::write(&socket, "sweep", "vacuum analyze payments")
        .await
        .ok();
    controller.start().await?;
    let (began, caller) = (now(), Caller::program()?);
    let before = (daraja.counters().queries, jobs(&caller, &controller).await?);
    let mut ticks = tokio::time::interval(watched);
    ticks.tick().await;
    ticks.tick().await;
    let after = (daraja.counters().queries, jobs(&caller, &controller).await?);
    let took = began.elapsed().as_secs_f64();
    let (asked, ran) = ((after.0 - before.0) as f64, after.1 - before.1);
    let allowed = (BUSINESSES * PER_MINUTE) as f64 / 60.0;
    let found = "select count(*) from payments where status = 'success'";
    let found = sql::ask(&socket, "sweep", found).await?;
    let found: f64 = found[0][0].parse().context("counting what was found")?;
    ensure!(found > 0.0, "nothing was found");

    let mut table = Table::default();
    table.add(Line {
        what: format!("questions a second, {silent} payments silent in {BUSINESSES} businesses"),
        floor: Some(("the gateway's limit".to_owned(), allowed)),
        ours: asked / took,
        unit: "/s",
        goal: Some(Goal::TimesPeer(0.95)),
    });
    table.add(Line {
        what: "of them, payments found paid and given their voucher".to_owned(),
        floor: Some(("questions".to_owned(), asked / took)),
        ours: found / took,
        unit: "/s",
        goal: Some(Goal::TimesPeer(0.95)),
    });
    table.add(Line {
        what: "jobs run for each question, the crowd's first places in it".to_owned(),
        floor: None,
        // Who waits was told its place once, and runs no more until then.
        ours: (ran - (silent as f64 - asked).max(0.0)) / asked,
        unit: "",
        goal: Some(Goal::AtMost(JOBS)),
    });
    println!("\n{table}");
    println!(
        "at this pace a day's {SILENT} are found in {:.0} minutes",
        SILENT as f64 / (found / took) / 60.0
    );
    controller.stop().await
}

/// Jobs that asked, or were told to wait, so far.
async fn jobs(caller: &Caller, controller: &Controller) -> Result<f64> {
    let text = caller.get(&controller.url("/metrics")).await?.text;
    let lines = text
        .lines()
        .filter(|line| line.starts_with("mnara_jobs_total{") && line.contains("kind=\"ask-rail\""));
    Ok(lines
        .filter_map(|line| line.rsplit_once(' ')?.1.parse::<f64>().ok())
        .sum())
}

fn prompt(business: usize, number: usize) -> String {
    format!("ws_CO_{business}_{number}")
}

/// Payments whose push was accepted ten minutes ago and that nobody has told of since, each with its question.
fn fallen_silent(business: &Business, place: usize, count: usize) -> Result<String> {
    let plan = &business.plans[0];
    Ok(format!(
        "insert into payments (id, provider_id, type, provider_payload, amount, currency, status, created_at, site_id, plan_id,
             plan_revision, bought, msisdn, account_reference, secret_hash, merchant_request_id, checkout_request_id, push, queries, account_id)
         select md5('{place}-' || n)::uuid, '{provider}', 'mpesa_customer_payment', '{{}}', {price}, 'KES', 'pending',
             now() - interval '10 minutes', '{site}', '{plan}', 1, decode('{bought}', 'hex'), '254' || (700000000 + n), 'S{place}X' || n,
             sha256(convert_to('{place}-' || n, 'UTF8')), 'm-{place}-' || n, 'ws_CO_{place}_' || n, 'accepted', 0,
             (select mpesa_account_id from providers where id = '{provider}')
         from generate_series(0, {last}) n;
         insert into jobs (id, provider_id, kind, unique_key, payload, run_at, attempts, created_at)
         select gen_random_uuid(), '{provider}', 'ask-rail', 'pay_' || md5('{place}-' || n)::uuid, '{{}}', now(), 0, now()
         from generate_series(0, {last}) n;",
        provider = uuid(&business.provider),
        price = plan.price,
        site = uuid(&business.site),
        plan = uuid(&plan.id),
        bought = plan.bought()?,
        last = count - 1,
    ))
}

/// The same payment as the rail knows it.
fn paid(account: &App, business: usize, number: usize) -> Payment {
    let at = jiff::Timestamp::UNIX_EPOCH;
    Payment {
        number: u64::try_from(business * SILENT + number).unwrap_or(u64::MAX),
        at,
        business: account.business.clone(),
        shortcode: account.shortcode.clone(),
        party_b: account.shortcode.clone(),
        transaction_type: "CustomerPayBillOnline".to_owned(),
        amount: i64::from(PLANS[0].price),
        msisdn: format!("254{}", 700_000_000 + number),
        reference: format!("S{business}X{number}"),
        description: String::new(),
        callback_url: String::new(),
        merchant_request_id: format!("m-{business}-{number}"),
        checkout_request_id: prompt(business, number),
        script: Script::default(),
        shown: true,
        stage: Stage::Ended(Ended {
            code: Code::PAID,
            description: String::new(),
            at,
            receipt: None,
        }),
        held: false,
    }
}
