//! What the database itself refuses, whatever the program asks: another tenant's rows, money that is not money, a second ticket.

mod facts;
mod neighbours;
mod seals;
mod walls;

use super::*;
use crate::db::{At, Tx};
use crate::payments;
use crate::providers::keys::scopes::Scope;
use crate::tests::pages::doors;
use crate::tests::programs::api;
use crate::tests::sites::commands;
use crate::tests::sites::reports::Site;
use crate::tests::tickets::series;

/// Tables of the platform or of nobody, with the reason why no tenant column is needed.
const WITHOUT_TENANT: [&str; 23] = [
    "_sqlx_migrations",
    // The identity keys, raw callbacks and strays are the platform's, and no tenant sees them.
    "identity_keys",
    "key_statements",
    "callbacks",
    "strays",
    // People belong to no business, and the platform's own settings to nobody.
    "people",
    "recovery_codes",
    "admins",
    "known_browsers",
    "platform_settings",
    // Minutes in which the platform was up, and how its scheduled work went.
    "health_minutes",
    "task_runs",
    "vault_keys",
    "account_keys",
    "resets",
    "contact_changes",
    "contact_letters",
    "passkeys",
    "ceremonies",
    // A hash and a date: a phone's place on the whole platform.
    "live_prompts",
    // What the platform sells, and its own addresses as Pesapal knows them.
    "platform_plans",
    // The last number of an invoice, whoever takes the next.
    "platform_numbers",
    "pesapal_addresses",
];

/// Fills every table for the first business, by the ways rows come.
pub(super) async fn fill(world: &World) {
    let app = &world.app;
    world.begin(world.shop.ask(1, PHONE)).await.unwrap();
    world
        .call_back(&world.daraja.secret(), success(1, "NLJ7RT61SV"))
        .await;
    world.work().await;
    payments::hand::open(
        app,
        world.shop.provider,
        providers::c2b::Choice::USUAL,
        Actor::Command,
    )
    .await
    .unwrap();
    let site = Site::new(world, world.shop.site);
    let ticket = site.sold(world).await;
    site.whole_life(world, ticket).await;
    series::print(world, 10).await;
    hire(world).await;
    let sql = "select id from people where name = 'Otieno'";
    let seller = crate::tickets::counter::Seller {
        provider: world.shop.provider,
        person: mnara_protocol::ids::PersonId::from_uuid(read(app, sql).await),
        actor: Actor::Command,
    };
    let series =
        mnara_protocol::ids::SeriesId::from_uuid(read(app, "select id from series limit 1").await);
    crate::tickets::counter::sell(app, seller, series, attempt(7))
        .await
        .unwrap();
    commands::diagnose(world).await;
    let key = api::key(app, world.shop.provider, &[Scope::SitesWrite]).await;
    let request = Request::post("/api/v1/sites")
        .header("authorization", format!("Bearer {key}"))
        .header("content-type", "application/json")
        .header("idempotency-key", "first")
        .body(Body::from(r#"{"name": "By a program"}"#));
    let (status, ..) = world.send_from([192, 0, 2, 1], request.unwrap()).await;
    assert_eq!(status, StatusCode::CREATED);
    work_money(world).await;
    subscriptions::plan(world, 1_500).await;
    let mut tx = app.db.tenant(world.shop.provider).await.unwrap();
    let now = app.clock.now();
    for sql in [
        "insert into provider_rights (provider_id, due_at, most_sites, changed_at) select $1, $2, 9, $2 where $3 is not null and $4 is not null",
        "insert into subscription_reminders (provider_id, kind, period, at) select $1, 'due', $2, $2 where $3 is not null and $4 is not null",
        "insert into subscriptions (provider_id, created_at, changed_at) select $1, $2, $2 where $3 is not null and $4 is not null",
        "insert into platform_orders (id, provider_id, attempt_id, is_current, plan_id, kind, reference, amount_cents, currency, state, asked,
                                      created_at, expires_at, flag, paid_cents, paid_currency, confirmation_code)
         select $1, $1, $1, true, (select id from platform_plans limit 1), 'once', 'ord_1', 100, 'KES', 'created', 0, $2, $2, 'amount', 7, 'KES', 'x'
         where $3 is not null and $4 is not null",
        "insert into platform_order_messages (id, provider_id, order_id, kind, at, body)
         select $1, $1, $1, 'notice', $2, 'x' where $3 is not null and $4 is not null",
        "insert into subscription_entries (id, provider_id, number, what, plan_id, period, order_id, at)
         select $1, $1, 1, 'paid', (select id from platform_plans limit 1), 'month', $1, $2 where $3 is not null and $4 is not null",
        "insert into platform_invoices (number, provider_id, order_id, issued_at, business, plan, is_upgrade, amount_cents, currency, from_at, until_at)
         select 1, $1, $1, $2, 'x', 'x', false, 100, 'KES', $2, $2 where $3 is not null and $4 is not null",
        "insert into portal_looks (provider_id, welcome_en, welcome_sw, banner_en, banner_sw, terms_en, terms_sw, changed_at)
         select $1, '', '', '', '', '', '', $2 where $3 is not null and $4 is not null",
        "insert into site_looks (provider_id, site_id, welcome_en, welcome_sw, banner_en, banner_sw, terms_en, terms_sw, changed_at)
         select $1, $4, '', '', '', '', '', '', $2 where $3 is not null",
        "insert into site_samples (site_id, provider_id, at, kind, body) select $4, $1, $2, 1, '' where $3 is not null",
        "insert into site_outages (id, provider_id, site_id, began_at) select $1, $1, $4, $2 where $3 is not null",
        "insert into mails (id, provider_id, person_id, kind, letter, created_at, drop_at)
         select $1, $1, (select id from people limit 1), 'summary', 'x', $2, $2 where $3 is not null and $4 is not null",
        "insert into notice_choices (provider_id, person_id, topic, by_mail, changed_at)
         select $1, (select id from people limit 1), 'site', true, $2 where $3 is not null and $4 is not null",
        "insert into notice_phones (provider_id, person_id, msisdn, changed_at)
         select $1, (select id from people limit 1), '254711000111', $2 where $3 is not null and $4 is not null",
        "insert into message_settings (provider_id, codes, receipts, language, most_a_day, most_a_phone, changed_at)
         select $1, 'never', false, 'en', 10, 10, $2 where $3 is not null and $4 is not null",
        "insert into smses (id, provider_id, kind, msisdn, body, parts, is_urgent, state, created_at, drop_at)
         select $1, $1, 'code', '254711000111', 'x', 1, true, 'waiting', $2, $2 where $3 is not null and $4 is not null",
        "insert into sms_wishes (provider_id, payment_id, created_at)
         select $1, (select id from payments limit 1), $2 where $3 is not null and $4 is not null",
        "insert into sms_opt_outs (provider_id, msisdn, by_whom, created_at)
         select $1, '254711000111', 'staff', $2 where $3 is not null and $4 is not null",
        "insert into outage_notices (provider_id, site_id, began_at, noted_at, is_told) select $1, $4, $2, $2, true where $3 is not null",
        "insert into journals (journal_id, agent_id, provider_id, site_id, mark_number, mark_chain, created_at)
         select $1, $3, $1, $4, 0, decode(repeat('00', 32), 'hex'), $2",
        "insert into webhook_endpoints (id, provider_id, url, secret, events, enabled, created_at)
         select $1, $1, 'https://example.com/', 'x', '{test}', false, $2 where $3 is not null and $4 is not null",
        "insert into webhook_deliveries (id, provider_id, endpoint_id, event, body, created_at, attempts, next_at)
         select $1, $1, $1, 'test', '{}', $2, 0, $2 where $3 is not null and $4 is not null",
        "insert into exports (id, provider_id, link_hash, asked_by, created_at, expires_at)
         select $1, $1, decode(repeat('00', 32), 'hex'), (select created_by from api_keys limit 1), $2, $2
         where $3 is not null and $4 is not null",
        "insert into hand_codes (provider_id, code, site_id, mac, asked_at) select $1, 'D0000000', $4, '02:00:00:00:00:01', $2 where $3 is not null",
        "insert into mpesa_operators (provider_id, shortcode, initiator, credential, since, status_proven_at)
         select $1, '174379', 'apiop', 'x', $2, $2 where $3 is not null and $4 is not null",
        "insert into mpesa_requests (id, provider_id, kind, purpose, shortcode, receipt, operator_since, person_id, reason, result_hash,
                                     time_out_hash, state, code, said, is_booked, created_at, ended_at)
         select $1, $1, 'status', 'claim', '174379', 'NLK0000009', $2, (select id from people limit 1), 'why', sha256('r'), sha256('t'), 'failed',
                'refused', 'said', false, $2, $2 where $3 is not null and $4 is not null",
        "insert into journal_entries (provider_id, site_id, agent_id, journal_id, number, at, kind, body, applied, received_at)
         select $1, $4, $3, $1, 1, $2, 6, '', true, $2",
    ] {
        sqlx::query(sql)
            .bind(world.shop.provider.uuid())
            .bind(At(now))
            .bind(world.shop.agent.uuid())
            .bind(world.shop.site.uuid())
            .execute(&mut *tx)
            .await
            .unwrap();
    }
    let day = crate::reports::period::Day::of(now);
    let provider = world.shop.provider;
    crate::reports::store::days::add_up(&mut tx, provider, day)
        .await
        .unwrap();
    crate::reports::store::days::mark(&mut tx, provider, day)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    // What happened so far is chained, and what happens now waits.
    let mut tx = app.db.platform(Reason::Admin).await.unwrap();
    crate::audit::chain::chain(&mut tx, now).await.unwrap();
    tx.commit().await.unwrap();
    plans::edit::create(app, world.shop.provider, &hour(), Actor::Command)
        .await
        .unwrap();
}

/// Somebody works with the money: pays some back, gives a voucher, changes the account.
async fn work_money(world: &World) {
    use crate::payments::customers::give::{Gift, give};
    use crate::payments::deeds::{Noted, note};
    let (app, shop) = (&world.app, &world.shop);
    let sql = "select id from people where name = 'Otieno'";
    let person = mnara_protocol::ids::PersonId::from_uuid(read(app, sql).await);
    let sql = "select id from payments where status = 'success'";
    let paid = PaymentId::from_uuid(read(app, sql).await);
    let noted = Noted {
        amount: Money::from_shillings(1),
        receipt: "NLK0000001",
        reason: "rain",
    };
    note(app, shop.provider, Actor::Staff(person), paid, noted)
        .await
        .unwrap();
    let sql = "select id from customers";
    let gift = Gift {
        customer: mnara_protocol::ids::CustomerId::from_uuid(read(app, sql).await),
        plan: shop.plan.id,
        site: None,
        reason: "rain",
        attempt: None,
    };
    give(app, shop.provider, Actor::Staff(person), gift)
        .await
        .unwrap();
    sort_out(world, Actor::Staff(person)).await;
    let account = Credentials {
        consumer_key: "another key".into(),
        consumer_secret: "secret".into(),
        shortcode: "174379".to_owned(),
        passkey: "passkey".into(),
        kind: ShortcodeKind::Paybill,
    };
    payments::account::set(app, shop.provider, &account, Actor::Command)
        .await
        .unwrap();
}

/// Money comes that nothing matches: some goes back, some waits, and the books are looked at.
async fn sort_out(world: &World, actor: Actor) {
    use crate::payments::unmatched::take::take;
    use crate::payments::unmatched::{Arrived, Reason, resolve};
    use crate::rails::daraja::callback::Payer;
    use crate::reports::books::{self, Difference, Part, Total};
    let (app, provider) = (&world.app, world.shop.provider);
    let now = app.clock.now();
    for receipt in ["NLK0000002", "NLK0000003"] {
        let arrived = Arrived {
            reason: Reason::Nobody,
            amount: Money::from_shillings(50),
            receipt: receipt.to_owned(),
            payer: Payer::read("25470****149"),
            reference: Some("MAMA".to_owned()),
            payment: None,
            site: None,
            at: now,
            paid_at: now,
        };
        let mut tx = app.db.tenant(provider).await.unwrap();
        assert!(take(app, &mut tx, provider, &arrived).await.unwrap());
        tx.commit().await.unwrap();
    }
    let sql = "select id from unmatched where receipt = 'NLK0000002'";
    let id = mnara_protocol::ids::UnmatchedId::from_uuid(read(app, sql).await);
    resolve::refund(app, (provider, actor), id, ("NLK0000004", "rain"), false)
        .await
        .unwrap();
    let mut tx = app.db.tenant(provider).await.unwrap();
    books::store::checked(&mut tx, provider, None, now)
        .await
        .unwrap();
    let wrong = Difference {
        day: crate::reports::period::Day::of(now),
        site: None,
        part: Part::Paid,
        rows: Total::default(),
        books: Total { cents: 1, count: 1 },
    };
    books::store::keep_fault(&mut tx, provider, &wrong, now)
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

/// Somebody is asked to join, joins and logs in.
async fn hire(world: &World) {
    use crate::providers::log_in::enter::{Browser, Entry, begin};
    use crate::providers::staff::roles::Role;
    let otieno = ("Otieno", "otieno@example.com");
    let person = doors::joined(world, world.shop.provider, Role::Cashier, otieno).await;
    let browser = Browser {
        address: [192, 0, 2, 1].into(),
        user_agent: "",
        mark: None,
    };
    begin(&world.app, &browser, person, Entry::Password, None)
        .await
        .unwrap();
}

/// What the application may do with a table, where that is not to read, add and change.
const RIGHTS: &[(&str, &str)] = &[
    // Written once.
    ("audit", "insert select"),
    ("audit_chain", "insert select"),
    ("gifts", "insert select"),
    ("ledger", "insert select"),
    ("payment_messages", "insert select"),
    ("platform_order_messages", "insert select"),
    ("platform_invoices", "insert select"),
    ("subscription_entries", "insert select"),
    ("subscription_reminders", "insert select"),
    ("pesapal_addresses", "delete insert select"),
    ("refunds", "insert select"),
    // Written, read and gone.
    ("audit_waiting", "delete insert select"),
    ("contact_letters", "delete insert select"),
    ("ceremonies", "delete insert select"),
    ("health_minutes", "delete insert select"),
    ("known_browsers", "delete insert select"),
    // Done with, sooner or later.
    ("contact_changes", "delete insert select update"),
    ("commands", "delete insert select update"),
    ("hand_codes", "delete insert select update"),
    ("log_ins", "delete insert select update"),
    ("mails", "delete insert select update"),
    ("mpesa_accounts", "delete insert select update"),
    ("mpesa_operators", "delete insert select update"),
    ("passkeys", "delete insert select update"),
    ("resets", "delete insert select update"),
    ("idempotency_keys", "delete insert select update"),
    ("jobs", "delete insert select update"),
    ("live_prompts", "delete insert select update"),
    ("webhook_deliveries", "delete insert select update"),
    ("callbacks", "delete insert select update"),
    ("exports", "delete insert select update"),
    ("smses", "delete insert select update"),
    ("notice_phones", "delete insert select update"),
    ("sms_opt_outs", "delete insert select update"),
    ("sms_wishes", "delete insert select"),
    ("ledger_faults", "delete insert select update"),
    ("report_days", "delete insert select update"),
    ("report_sums", "delete insert select"),
    ("report_marks", "delete insert select"),
    // The owner's: the application reads which schema it has.
    ("_sqlx_migrations", "select"),
    // In a database for tests the list is not the owner's.
    ("_sqlx_test_migrations", ""),
    ("_sqlx_test_databases", ""),
];

fn rights_of(table: &str) -> &'static str {
    RIGHTS
        .iter()
        .find(|(listed, _)| *listed == table)
        .map_or("insert select update", |(_, rights)| rights)
}

async fn tables(app: &App) -> Vec<(String, bool, bool)> {
    let mut tx = app.db.platform(Reason::Admin).await.unwrap();
    sqlx::query_as(
        "select c.relname::text, c.relrowsecurity and c.relforcerowsecurity,
                exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'provider_id' and not a.attisdropped)
         from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = 'public' and c.relkind in ('r', 'p') order by 1",
    )
    .fetch_all(&mut *tx)
    .await
    .unwrap()
}

async fn scalar(tx: &mut Tx, sql: &str) -> i64 {
    sqlx::query_scalar(AssertSqlSafe(sql.to_owned()))
        .fetch_one(&mut **tx)
        .await
        .unwrap()
}

async fn execute(tx: &mut Tx, sql: &str) -> sqlx::Result<u64> {
    Ok(sqlx::query(AssertSqlSafe(sql.to_owned()))
        .execute(&mut **tx)
        .await?
        .rows_affected())
}

fn code(error: &sqlx::Error) -> String {
    error
        .as_database_error()
        .and_then(|error| error.code())
        .map_or_else(String::new, |code| code.into_owned())
}

/// Tries a statement in its own transaction and gives the constraint, or else the code, that refused it.
async fn refused(world: &World, sql: &str) -> String {
    let mut tx = world.app.db.platform(Reason::Admin).await.unwrap();
    let error = execute(&mut tx, sql).await.expect_err(sql);
    let error = error.as_database_error().unwrap();
    error
        .constraint()
        .map_or_else(|| error.code().unwrap().into_owned(), str::to_owned)
}
