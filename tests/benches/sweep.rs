//! A day of silent payments found by asking, at the pace the gateway allows: none of 100,000 callbacks came, and all questions are due at once,
//! as after a day in the dark. `cargo xtask bench sweep` starts the database and says where the programs are; it takes twenty-five minutes.
//!
//! The gateway counts by application, and each business has its own. The one limit that is known is the sandbox's: five questions a minute, one
//! each twelve seconds; production's is not published. Over twenty businesses that is 100 questions a minute, so a day's 100,000 silent payments
//! are found in 17 hours, of which the first five minutes are watched; at 300 a minute for each, which shows what the sweep itself can do, in 17 minutes, and
//! those are watched. Customers who wait are asked about first at either.
#![expect(clippy::print_stdout, reason = "a bench prints its numbers")]

use std::path::{Path, PathBuf};
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
/// What the gateway takes from one application, and how much of it is watched.
struct Pace {
    per_minute: u32,
    /// Questions of each business that are waited for, and with `--quick`.
    watched: [usize; 2],
}

/// The only pace that is published, and a generous one, at which the whole day is asked about but for the last hundredth, in which businesses
/// come to their ends one by one.
const PACES: [Pace; 2] = [
    Pace {
        per_minute: 5,
        watched: [25, 1],
    },
    Pace {
        per_minute: 300,
        watched: [4_940, 25],
    },
];
/// The longest all may take: 22 minutes are the gateway's.
const LONGEST: Duration = Duration::from_secs(2_100);
/// How much later than it could be at that pace is not waited for.
const LATE: Duration = Duration::from_secs(30);
/// How many jobs may run for each question: one that asks, and the few that come before their crowd is told its places.
const JOBS: f64 = 1.5;

#[tokio::main]
async fn main() -> Result<()> {
    let effort = Effort::asked();
    let table = effort.within_time(LONGEST, Box::pin(bench(effort))).await?;
    table.judge(effort)
}

async fn bench(effort: Effort) -> Result<Table> {
    let silent = effort.of(SILENT, SILENT / 20);
    let folder = Folder::new()?;
    let socket = PathBuf::from(told("MNARA_BENCH_SOCKET")?);
    sql::make(&socket, "sweep").await?;
    let url = |who: &str| {
        let host = socket.display().to_string().replace('/', "%2F");
        format!("postgres://{who}@{host}/sweep")
    };
    let mut config = Config::sandbox();
    config.knobs.kept = silent + 1;
    let daraja = Daraja::start(config).await?;
    let changed = watch::Sender::new(0);
    let binary = PathBuf::from(told("MNARA_BENCH_CONTROLLER")?);
    let mut controller = Controller::of(binary, folder.path(), &daraja.url(), &changed).await?;
    controller.set("DATABASE_ADMIN_URL", &url("postgres"));
    controller.set("DATABASE_URL", &url("mnara_app"));
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

    let mut table = Table::default();
    let mut days = Vec::new();
    for pace in PACES {
        let questions = BUSINESSES * effort.of(pace.watched[0], pace.watched[1]);
        let seen = see(&mut controller, &daraja, &socket, &pace, questions).await?;
        let per_minute = pace.per_minute;
        table.add(Line {
            what: format!(
                "questions a second, {BUSINESSES} businesses with {per_minute} a minute each"
            ),
            floor: Some(("the gateway's limit".to_owned(), pace.allowed())),
            ours: seen.rate,
            unit: "/s",
            goal: Some(Goal::TimesPeer(0.95)),
        });
        table.add(Line {
            what: "of them, payments found paid and given their voucher".to_owned(),
            floor: Some(("questions".to_owned(), seen.asked)),
            ours: seen.found,
            unit: "",
            goal: Some(Goal::TimesPeer(0.95)),
        });
        if per_minute == PACES[1].per_minute {
            table.add(Line {
                what: "jobs run for each question, the crowd's first places in it".to_owned(),
                floor: None,
                ours: seen.jobs / seen.asked,
                unit: "",
                goal: Some(Goal::AtMost(JOBS)),
            });
        }
        let minutes = SILENT as f64 / (seen.rate * seen.found / seen.asked) / 60.0;
        days.push(format!(
            "at {per_minute} a minute a day's {SILENT} are found in {minutes:.0} minutes, {:.1} hours, by the {:.0} found of them",
            minutes / 60.0,
            seen.found
        ));
    }
    println!("\n{table}\n{}", days.join("\n"));
    Ok(table)
}

impl Pace {
    /// Questions a second over all businesses.
    fn allowed(&self) -> f64 {
        BUSINESSES as f64 * f64::from(self.per_minute) / 60.0
    }
}

/// What was seen of the sweep.
struct Seen {
    /// Questions a second, from the first of each business on.
    rate: f64,
    /// Questions, payments found and jobs run, the first ones with them.
    asked: f64,
    found: f64,
    jobs: f64,
}

/// Has a controller that has just started ask about all that is silent, at a pace, until it has asked so often.
async fn see(
    controller: &mut Controller,
    daraja: &Daraja,
    socket: &Path,
    pace: &Pace,
    questions: usize,
) -> Result<Seen> {
    let due =
        "update jobs set run_at = now(), attempts = 0, leased_until = null where kind = 'ask-rail'";
    sql::write(socket, "sweep", due).await?;
    let found = async || -> Result<f64> {
        let count = "select count(*) from payments where status = 'success'";
        let rows = sql::ask(socket, "sweep", count).await?;
        rows[0][0].parse().context("counting what was found")
    };
    let before = (daraja.counters().queries, found().await?);
    daraja.tune(|knobs| knobs.query_per_minute = Some(pace.per_minute));
    controller.set("MNARA_DARAJA_QUERIES", &pace.per_minute.to_string());
    controller.start().await?;
    // The first question of each business has no other to wait for.
    let first = asked(daraja, before.0 + u64::try_from(BUSINESSES)?, LATE).await;
    let began = now();
    let fair = Duration::from_secs_f64(questions as f64 / pace.allowed());
    let last = asked(daraja, first + u64::try_from(questions)?, fair + LATE).await;
    let took = began.elapsed().as_secs_f64();
    let jobs = jobs(&Caller::program()?, controller).await?;
    // It ends what it has begun, so that no answer is without what came of it.
    controller.stop().await?;
    let seen = Seen {
        rate: (last - first) as f64 / took,
        asked: (daraja.counters().queries - before.0) as f64,
        found: found().await? - before.1,
        jobs,
    };
    ensure!(seen.found > 0.0, "nothing was found");
    Ok(seen)
}

/// Waits until so many questions came in all, or it is late; says how many came.
async fn asked(daraja: &Daraja, wanted: u64, longest: Duration) -> u64 {
    let came = async {
        while daraja
            .await_counters(|counters| counters.queries >= wanted)
            .await
            .is_err()
        {}
    };
    tokio::time::timeout(longest, came).await.ok();
    daraja.counters().queries
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

/// Payments whose push was accepted ten minutes ago or in the day before that, the first of them more than a day ago, and that nobody has told of
/// since, each with its question.
fn fallen_silent(business: &Business, place: usize, count: usize) -> Result<String> {
    let plan = &business.plans[0];
    Ok(format!(
        "insert into payments (id, provider_id, type, provider_payload, amount, currency, status, created_at, site_id, plan_id,
             plan_revision, bought, msisdn, account_reference, secret_hash, merchant_request_id, checkout_request_id, push, queries, account_id)
         select md5('{place}-' || n)::uuid, '{provider}', 'mpesa_customer_payment', '{{}}', {price}, 'KES', 'pending',
             now() - interval '10 minutes' - ({last} - n) * interval '25 hours' / {count}, '{site}', '{plan}', 1, decode('{bought}', 'hex'), '254' || (700000000 + n), 'S{place}X' || n,
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
