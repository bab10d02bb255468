//! Durable, deduplicated intake of callbacks, against the same rows written by pgbench with as many clients, one commit each.
//! `cargo xtask bench webhooks` starts the database and says where the programs are.
#![expect(clippy::print_stdout, reason = "a bench prints its numbers")]

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use mnara_tests::measure::load::{Load, send};
use mnara_tests::measure::table::{Goal, Line, Table};
use mnara_tests::measure::{Effort, Samples, told};
use mnara_tests::sim::daraja::{App, Config, Daraja};
use mnara_tests::world::business::{Business, PLANS};
use mnara_tests::world::controller::Controller;
use mnara_tests::world::folder::Folder;
use mnara_tests::world::uuid;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use sha2::{Digest, Sha256};
use tokio::process::Command;
use tokio::sync::watch;

const CLIENTS: usize = 64;
/// Callbacks of one round; as many payments wait for them, less the repeated ones.
const CALLBACKS: usize = 10_000;
/// How many in a hundred come twice.
const REPEATED: u32 = 30;
/// How much of intake is left at least while what came is settled and booked: a settlement is some fifteen statements where an intake is a share
/// of one, and both want the same processors.
const LEFT: f64 = 0.4;

#[tokio::main]
async fn main() -> Result<()> {
    let effort = Effort::asked();
    let table = effort.within(Box::pin(bench(effort.of(5, 1)))).await?;
    table.judge(effort)
}

async fn bench(rounds: usize) -> Result<Table> {
    let folder = Folder::new()?;
    let database = Database {
        programs: told("MNARA_BENCH_POSTGRES")?.into(),
        socket: told("MNARA_BENCH_SOCKET")?,
    };
    database
        .psql("postgres", "create database webhooks")
        .await?;
    let daraja = Daraja::start(Config::sandbox()).await?;
    let changed = watch::Sender::new(0);
    let binary = PathBuf::from(told("MNARA_BENCH_CONTROLLER")?);
    let mut controller = Controller::of(binary, folder.path(), &daraja.url(), &changed).await?;
    controller.set("DATABASE_ADMIN_URL", &database.url("postgres"));
    controller.set("DATABASE_URL", &database.url("mnara_app"));
    controller.command(&["db", "prepare"]).await?;
    controller.command(&["db", "migrate"]).await?;
    let business = Business::open(
        &controller,
        folder.path(),
        "Bench",
        &App::sandbox_paybill(),
        &PLANS[..1],
    )
    .await?;
    controller.start().await?;

    database.psql("webhooks", PUT_OFF).await?;
    let (mut alone, mut beside, mut floor, mut floor_beside, mut times) = (
        Samples::default(),
        Samples::default(),
        Samples::default(),
        Samples::default(),
        Samples::default(),
    );
    for round in 0..rounds {
        let mut rates = [0.0; 2];
        for (settling, rate) in [false, true].into_iter().zip(&mut rates) {
            let requests = round_of_callbacks(&database, &business, (round, settling)).await?;
            database.settle(settling).await?;
            database.psql("webhooks", "checkpoint").await?;
            let outcome = send(Load {
                address: controller.address(),
                requests,
                at_once: CLIENTS,
                yes: 200,
            })
            .await?;
            ensure!(
                outcome.refused == 0,
                "{} callbacks were refused",
                outcome.refused
            );
            *rate = outcome.rate();
            if settling {
                beside.add(*rate);
                // What came is still being settled: the peer has the same beside it.
                database.psql("webhooks", "checkpoint").await?;
                floor_beside.add(pgbench(&database, folder.path()).await?);
                let left = database
                    .ask("select count(*) from jobs where kind = 'settle'")
                    .await?;
                ensure!(left.trim() != "0", "pgbench was alone in the end");
            } else {
                alone.add(*rate);
                times.add(outcome.times.p99());
            }
            database.forget().await?;
        }

        database.settle(false).await?;
        // Nothing of ours may run while the floor is measured.
        controller.program()?.freeze()?;
        database.psql("webhooks", "checkpoint").await?;
        let rate = pgbench(&database, folder.path()).await;
        controller.program()?.thaw()?;
        let rate = rate?;
        floor.add(rate);
        println!(
            "round {}: alone {:.0}/s, while settling {:.0}/s, pgbench {rate:.0}/s",
            round + 1,
            rates[0],
            rates[1]
        );
    }
    let kept = database
        .ask("select count(*) from callbacks where body_hash <> secret_hash")
        .await?;
    let sent: usize = kept.trim().parse().context("counting what was kept")?;
    let distinct = 2 * rounds * distinct();
    ensure!(
        sent == distinct,
        "{distinct} different callbacks were sent and {sent} were kept"
    );

    // What was settled meanwhile stands in the books, each once.
    let books = database
        .ask("select count(*), count(*) filter (where exists (select from ledger l where l.payment_id = p.id and l.debit = 'till')) from payments p where status = 'success'")
        .await?;
    let (settled, booked) = books.trim().split_once('|').context("no books")?;
    ensure!(
        settled == booked && settled != "0",
        "{settled} payments were settled and {booked} stand in the books"
    );
    println!("\n{settled} payments were settled beside the intake, and each stands in the books");
    println!(
        "\nIntake is compared with the same rows of the same database: with settling put off on both sides, and with every callback settled and \
         booked at once beside both. The fourth line shows what that leaves of intake: less than all, since settling has most of the machine's \
         processors by then, which in earnest are the database's and other machines'."
    );
    let mut table = Table::default();
    table.add(Line {
        what: format!("callbacks kept a second, {CLIENTS} at once, {REPEATED} % repeated"),
        floor: Some(("pgbench".to_owned(), floor.median())),
        ours: alone.median(),
        unit: "/s",
        goal: Some(Goal::TimesPeer(1.0)),
    });
    table.add(Line {
        what: "the same, against all of M-PESA".to_owned(),
        floor: None,
        ours: alone.median(),
        unit: "/s",
        goal: Some(Goal::AtLeast(12_000.0)),
    });
    table.add(Line {
        what: "the same, while what came is settled and booked".to_owned(),
        floor: Some(("pgbench beside it".to_owned(), floor_beside.median())),
        ours: beside.median(),
        unit: "/s",
        goal: Some(Goal::TimesPeer(1.0)),
    });
    table.add(Line {
        what: "what settling and the books leave of intake".to_owned(),
        floor: Some(("settling put off".to_owned(), alone.median())),
        ours: beside.median(),
        unit: "/s",
        goal: Some(Goal::TimesPeer(LEFT)),
    });
    table.add(Line {
        what: "answer to a callback, p99".to_owned(),
        floor: None,
        ours: times.median(),
        unit: "ms",
        goal: None,
    });
    println!("\n{table}");
    controller.stop().await?;
    Ok(table)
}

const fn distinct() -> usize {
    CALLBACKS - CALLBACKS * REPEATED as usize / 100
}

/// Makes payments that wait, and the requests that end them: each once, and some a second time later on.
async fn round_of_callbacks(
    database: &Database,
    business: &Business,
    (round, settling): (usize, bool),
) -> Result<Vec<Vec<u8>>> {
    let round = 2 * round + usize::from(settling);
    let secret = |number: usize| -> String {
        let digest = Sha256::digest(format!("{round}-{number}"));
        hex::encode(&digest[..16])
    };
    // One statement for all: their secrets are computed as above.
    let sql = format!(
        "insert into payments (id, provider_id, type, provider_payload, amount, currency, status, created_at, plan_id,
             site_id, plan_revision, bought, msisdn, account_reference, secret_hash, merchant_request_id, checkout_request_id, push, queries)
         select gen_random_uuid(), '{}', 'mpesa_customer_payment', '{{}}', 20, 'KES', 'pending', now(), '{}', '{}', 1, decode('{}', 'hex'),
             '254' || (700000000 + n), 'S{round}X' || n,
             sha256(convert_to(left(encode(sha256(convert_to('{round}-' || n, 'UTF8')), 'hex'), 32), 'UTF8')),
             'm-{round}-' || n, 'ws_CO_{round}_' || n, 'accepted', 0
         from generate_series(0, {}) n",
        uuid(&business.provider),
        uuid(&business.plans[0].id),
        uuid(&business.site),
        business.plans[0].bought()?,
        distinct() - 1,
    );
    database.psql("webhooks", &sql).await?;
    let mut order: Vec<usize> = (0..distinct()).collect();
    let mut rng = StdRng::seed_from_u64(u64::try_from(round)?);
    while order.len() < CALLBACKS {
        let again = rng.random_range(0..distinct());
        order.push(again);
    }
    // Repeats come soon after, as they do in life, and from another connection.
    for place in (1..order.len()).rev() {
        order.swap(place, rng.random_range(0..=place));
    }
    Ok(order
        .into_iter()
        .map(|number| {
            let body = format!(
                "{{\"Body\":{{\"stkCallback\":{{\"MerchantRequestID\":\"m-{round}-{number}\",\
                 \"CheckoutRequestID\":\"ws_CO_{round}_{number}\",\"ResultCode\":0,\
                 \"ResultDesc\":\"The service request is processed successfully.\",\"CallbackMetadata\":{{\"Item\":[\
                 {{\"Name\":\"Amount\",\"Value\":20.00}},{{\"Name\":\"MpesaReceiptNumber\",\"Value\":\"B{round:02}{number:07}\"}},\
                 {{\"Name\":\"TransactionDate\",\"Value\":20260115110115}},{{\"Name\":\"PhoneNumber\",\"Value\":254708374149}}]}}}}}}}}"
            );
            format!(
                "POST /api/pay/{}/{} HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
                business.provider,
                secret(number),
                body.len()
            )
            .into_bytes()
        })
        .collect())
}

/// Puts settlement off for as long as it is enabled, so that intake is measured against intake. The peer pays for it too.
const PUT_OFF: &str = "
create function put_off() returns trigger language plpgsql as $$ begin new.run_at := new.run_at + interval '30 days'; return new; end $$;
create trigger put_off before insert on jobs for each row execute function put_off();
";

/// The same two rows, one commit each; a repeated one finds its body there already.
const SCRIPT: &str = "\\set repeated random(1, 100)
\\set number random(1, 1000)
\\if :repeated <= 30
with kept as (insert into callbacks (id, secret_hash, body_hash, body, source, received_at) values (gen_random_uuid(), sha256(convert_to('floor' || :number, 'UTF8')), sha256(convert_to('floor' || :number, 'UTF8')), convert_to(repeat('x', 430), 'UTF8'), '127.0.0.1', '2026-01-01') on conflict (secret_hash, body_hash) do nothing returning id) insert into jobs (id, provider_id, kind, unique_key, payload, run_at, attempts, created_at) select gen_random_uuid(), null, 'floor', id::text, '{}', '2100-01-01', 0, '2026-01-01' from kept;
\\else
with fresh as (select gen_random_uuid() as id), kept as (insert into callbacks (id, secret_hash, body_hash, body, source, received_at) select id, sha256(convert_to(id::text, 'UTF8')), sha256(convert_to(id::text, 'UTF8')), convert_to(repeat('x', 430), 'UTF8'), '127.0.0.1', '2026-01-01' from fresh on conflict (secret_hash, body_hash) do nothing returning id) insert into jobs (id, provider_id, kind, unique_key, payload, run_at, attempts, created_at) select gen_random_uuid(), null, 'floor', id::text, '{}', '2100-01-01', 0, '2026-01-01' from kept;
\\endif
";

/// Transactions a second of the same insert.
async fn pgbench(database: &Database, folder: &Path) -> Result<f64> {
    let script = folder.join("floor.sql");
    std::fs::write(&script, SCRIPT)?;
    let each = (CALLBACKS / CLIENTS).to_string();
    let clients = CLIENTS.to_string();
    let output = Command::new(database.program("pgbench"))
        .args([
            "-n",
            "-M",
            "prepared",
            "-j",
            "2",
            "-c",
            &clients,
            "-t",
            &each,
            "-U",
            "postgres",
            "-h",
            &database.socket,
            "-f",
        ])
        .arg(&script)
        .arg("webhooks")
        .output()
        .await
        .context("starting pgbench")?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    ensure!(
        output.status.success(),
        "pgbench failed: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    text.lines()
        .find_map(|line| {
            line.strip_prefix("tps = ")?
                .split_whitespace()
                .next()?
                .parse()
                .ok()
        })
        .with_context(|| format!("pgbench told no rate:\n{text}"))
}

struct Database {
    programs: PathBuf,
    socket: String,
}

impl Database {
    fn url(&self, user: &str) -> String {
        format!(
            "postgres://{user}@{}/webhooks",
            self.socket.replace('/', "%2F")
        )
    }

    /// A program of PostgreSQL: Debian keeps some of them elsewhere than the server's.
    fn program(&self, name: &str) -> PathBuf {
        Some(self.programs.join(name))
            .filter(|path| path.is_file())
            .unwrap_or_else(|| name.into())
    }

    async fn psql(&self, database: &str, sql: &str) -> Result<()> {
        self.run(database, sql).await.map(drop)
    }

    async fn ask(&self, sql: &str) -> Result<String> {
        self.run("webhooks", sql).await
    }

    async fn run(&self, database: &str, sql: &str) -> Result<String> {
        let output = Command::new(self.program("psql"))
            .args([
                "-X",
                "-q",
                "-A",
                "-t",
                "-v",
                "ON_ERROR_STOP=1",
                "-U",
                "postgres",
                "-h",
                &self.socket,
                "-d",
                database,
                "-c",
                sql,
            ])
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

    /// Lets what comes be settled at once, or puts it off.
    async fn settle(&self, at_once: bool) -> Result<()> {
        let word = if at_once { "disable" } else { "enable" };
        let sql = format!("alter table jobs {word} trigger put_off");
        self.psql("webhooks", &sql).await
    }

    /// Throws away what is left to be settled, so that it does not run into the next measurement.
    async fn forget(&self) -> Result<()> {
        self.psql("webhooks", "delete from jobs where kind = 'settle'")
            .await
    }
}
