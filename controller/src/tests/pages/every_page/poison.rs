//! What is written everywhere before the pages are looked at.

use super::*;
use crate::providers::log_in::Token;
use crate::providers::people::Contact;
use crate::providers::people::store::wishes;

/// Puts what breaks pages into every column of text that is not the program's own; says which columns took it.
pub(super) async fn poison(options: &PgConnectOptions) -> BTreeSet<String> {
    let mut db = PgConnection::connect_with(options).await.unwrap();
    let columns: Vec<(String, String, String)> = sqlx::query_as(
        "select c.relname::text, a.attname::text, a.atttypid::regtype::text from pg_attribute a join pg_class c on c.oid = a.attrelid
         where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and a.attnum > 0 and not a.attisdropped
           and a.atttypid::regtype::text in ('text', 'text[]', 'character varying', 'json', 'jsonb') order by 1, 2",
    )
    .fetch_all(&mut db)
    .await
    .unwrap();
    let mut listed: BTreeSet<&str> = OWN.iter().map(|(column, _)| *column).collect();
    let mut taken = BTreeSet::new();
    for (table, column, kind) in columns {
        let here = format!("{table}.{column}");
        if table.starts_with("_sqlx_test") || listed.remove(here.as_str()) {
            continue;
        }
        for text in TEXTS {
            let text = text.replace("{here}", &here);
            let (value, text) = match kind.as_str() {
                "jsonb" | "json" => {
                    let object = json!({text.clone(): text, "name": text, "ResultDesc": text});
                    ("$1::jsonb".to_owned(), object.to_string())
                }
                "text[]" => ("array[$1]".to_owned(), text),
                _ => ("$1".to_owned(), text),
            };
            // Where each must differ, only one is such.
            let all = format!("update {table} set {column} = {value} where {column} is not null");
            let one = format!(
                "update {table} set {column} = {value} where ctid = (select ctid from {table} where {column} is not null order by ctid limit 1)"
            );
            let mut done = 0;
            for sql in [all, one] {
                let update = sqlx::query(AssertSqlSafe(sql)).bind(text.as_str());
                if let Ok(update) = update.execute(&mut db).await {
                    done = update.rows_affected();
                    break;
                }
            }
            if done > 0 {
                taken.insert(here.clone());
                break;
            }
        }
    }
    assert!(listed.is_empty(), "listed and not there: {listed:?}");
    db.close().await.unwrap();
    taken
}

/// The address of a link by which the owner says that an e-mail address is theirs.
pub(super) async fn wants_email(world: &World) -> String {
    let sql = "select id from people where email = 'owner1@example.com'";
    let person = mnara_protocol::ids::PersonId::from_uuid(read(&world.app, sql).await);
    let token = Token::draw(&world.app);
    let now = world.app.clock.now();
    let email = format!("{}@b.example", TEXTS[0].replace("{here}", "wanted"));
    let mut tx = world.app.db.platform(Reason::Login).await.unwrap();
    let wanted = (&Contact::Email(email), &token.hash());
    wishes::want(&mut tx, person, wanted, (now, now.plus_secs(3_600)), now)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    format!("/account/contact/{}", token.expose())
}

/// Work that failed for good, and news that were not taken.
pub(super) async fn given_up(world: &World, options: &PgConnectOptions) {
    let mut db = PgConnection::connect_with(options).await.unwrap();
    sqlx::query(
        "insert into jobs (id, provider_id, kind, unique_key, payload, run_at, attempts, last_error, dead_at, created_at)
         values ('11111111-2222-3333-4444-555555555555', $1, 'settle', 'given up', '{}', $2, 3, 'why', $2, $2)",
    )
    .bind(world.shop.provider.uuid())
    .bind(At(world.app.clock.now()))
    .execute(&mut db)
    .await
    .unwrap();
    let answered = "update webhook_deliveries set attempts = 1, tried_at = created_at, status = 500, answer = 'why'";
    sqlx::query(answered).execute(&mut db).await.unwrap();
    let failing = "update webhook_endpoints set failing_since = created_at, given_up_at = created_at, last_fault = 'timeout'";
    sqlx::query(failing).execute(&mut db).await.unwrap();
    db.close().await.unwrap();
}

/// A site that was closed.
pub(super) async fn closed_site(world: &World) -> String {
    let (app, provider) = (&world.app, world.shop.provider);
    let site = fleet::create::create(app, provider, "Closed", Actor::Command)
        .await
        .unwrap();
    fleet::close::close(app, provider, site, Actor::Command)
        .await
        .unwrap();
    site.to_string()
}

/// What a site's agent tells, in words that break pages.
pub(super) async fn told_by_the_site(world: &World, options: &PgConnectOptions) {
    let text = |here: &str| TEXTS[0].replace("{here}", here);
    let now = world.app.clock.now();
    let live = Sample::Live(LiveSample {
        at: now,
        looked: Some(now),
        answers: RouterAnswers::Yes,
        router: Some(RouterSample {
            board: text("router.board"),
            version: text("router.version"),
            architecture: text("router.architecture"),
            uptime_secs: 90_000,
            cpu_load: 7,
            free_memory: 700_000_000,
        }),
        hotspots: vec![HotspotSample {
            name: text("hotspot.name"),
            interface: text("hotspot.interface"),
            runs: true,
        }],
        hosts: 9,
        online: 1,
        sessions: Some(vec![SessionSample {
            ticket: None,
            mac: mac(7),
            address: text("session.address"),
            online_secs: 660,
            up: 1_250_000,
            down: 51_900_000,
            up_bps: Some(64_000),
            down_bps: Some(5_200_000),
        }]),
    });
    let findings = Report::Findings(FindingsReport {
        findings: vec![Finding {
            about: text("finding.about"),
            verdict: Verdict::Bad,
            says: text("finding.says"),
            next: Some(text("finding.next")),
        }],
    });
    let mut db = PgConnection::connect_with(options).await.unwrap();
    sqlx::query(
        "insert into site_samples (site_id, provider_id, at, kind, body) select id, provider_id, $3, $1, $2 from sites
         on conflict (site_id) do update set at = excluded.at, kind = excluded.kind, body = excluded.body",
    )
    .bind(i32::from(live.kind()))
    .bind(live.encode())
    .bind(At(now))
    .execute(&mut db)
    .await
    .unwrap();
    sqlx::query("update agents set last_seen_at = $1")
        .bind(At(now))
        .execute(&mut db)
        .await
        .unwrap();
    sqlx::query(
        "update commands set sent_by = 1, sent_at = created_at, report_kind = $1, report = $2, reported_at = created_at",
    )
    .bind(i32::from(findings.kind()))
    .bind(findings.encode())
    .execute(&mut db)
    .await
    .unwrap();
    db.close().await.unwrap();
}
