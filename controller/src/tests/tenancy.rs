//! What the database itself refuses, whatever the program asks: another tenant's rows, money that is not money, a second ticket.

use super::reports::Site;
use super::*;
use crate::db::{At, Tx};
use crate::payments;
use crate::providers::keys::scopes::Scope;

/// Tables of the platform or of nobody, with the reason why no tenant column is needed.
const WITHOUT_TENANT: [&str; 15] = [
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
    // Minutes in which the platform was up.
    "health_minutes",
    "resets",
    "passkeys",
    "ceremonies",
    // A hash and a date: a phone's place on the whole platform.
    "live_prompts",
];

/// Fills every table for the first business, by the ways rows come.
pub(super) async fn fill(world: &World) {
    let app = &world.app;
    world.begin(world.shop.ask(1, PHONE)).await.unwrap();
    world
        .call_back(&world.daraja.secret(), success(1, "NLJ7RT61SV"))
        .await;
    world.work().await;
    providers::c2b::register(app, world.shop.provider)
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
    let mut tx = app.db.tenant(world.shop.provider).await.unwrap();
    let now = app.clock.now();
    for sql in [
        "insert into provider_subscriptions (id, provider_id, status, start_date, expiry_date, amount, created_at)
         select $1, $1, 'active', $2, $2 + interval '1 day', 0, $2 where $3 is not null and $4 is not null",
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
    };
    give(app, shop.provider, Actor::Staff(person), gift)
        .await
        .unwrap();
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

/// Somebody is asked to join, joins and logs in.
async fn hire(world: &World) {
    use crate::providers::log_in::enter::{Browser, Entry, begin};
    use crate::providers::staff::By;
    use crate::providers::staff::invite::{Joining, invite, join};
    use crate::providers::staff::roles::Role;
    let owner = By {
        actor: Actor::Command,
        role: Role::Owner,
    };
    let code = invite(
        &world.app,
        world.shop.provider,
        owner,
        "Otieno",
        Role::Cashier,
    )
    .await
    .unwrap();
    let joining = Joining {
        name: "Otieno".to_owned(),
        contact: "otieno@example.com".parse().unwrap(),
        password: browser::PASSWORD.into(),
    };
    let person = join(&world.app, &code, joining).await.unwrap();
    let browser = Browser {
        address: [192, 0, 2, 1].into(),
        user_agent: "",
        mark: None,
    };
    begin(&world.app, &browser, person, Entry::Password, true)
        .await
        .unwrap();
}

/// What the application may do with a table, where that is not to read, add and change.
const RIGHTS: &[(&str, &str)] = &[
    // Written once.
    ("audit", "insert select"),
    ("audit_chain", "insert select"),
    ("gifts", "insert select"),
    ("payment_messages", "insert select"),
    ("refunds", "insert select"),
    // Written, read and gone.
    ("audit_waiting", "delete insert select"),
    ("ceremonies", "delete insert select"),
    ("health_minutes", "delete insert select"),
    ("known_browsers", "delete insert select"),
    // Done with, sooner or later.
    ("commands", "delete insert select update"),
    ("log_ins", "delete insert select update"),
    ("mails", "delete insert select update"),
    ("mpesa_accounts", "delete insert select update"),
    ("passkeys", "delete insert select update"),
    ("resets", "delete insert select update"),
    ("idempotency_keys", "delete insert select update"),
    ("jobs", "delete insert select update"),
    ("live_prompts", "delete insert select update"),
    ("webhook_deliveries", "delete insert select update"),
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

/// Role by table by command, as PostgreSQL itself has it.
#[sqlx::test(migrations = "../migrations/controller")]
async fn each_role_may_do_with_each_table_what_is_listed_and_no_more(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut tx = world.app.db.platform(Reason::Admin).await.unwrap();
    // Every right that is written down, of every role but each table's own owner; role 0 is everybody.
    let granted: Vec<(String, String, String)> = sqlx::query_as(
        "select c.relname::text, case when r.grantee = 0 then 'everybody' else r.grantee::regrole::text end,
                string_agg(lower(r.privilege_type) || case when r.is_grantable then ' to give away' else '' end, ' ' order by lower(r.privilege_type))
         from pg_class c cross join lateral aclexplode(c.relacl) r
         where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v', 'm', 'f') and r.grantee <> c.relowner
         group by 1, 2 order by 1, 2",
    )
    .fetch_all(&mut *tx)
    .await
    .unwrap();
    for (table, role, commands) in &granted {
        assert_eq!(role, "mnara_app", "{table}: {commands}");
        if table != "_sqlx_migrations" {
            assert_eq!(commands, rights_of(table), "{table}");
        }
    }
    for (table, ..) in tables(&world.app).await {
        let is_granted = granted.iter().any(|(listed, ..)| *listed == table);
        assert!(
            is_granted || table == "_sqlx_migrations",
            "{table} can be read by nobody"
        );
    }
    for (listed, _) in RIGHTS {
        let is_internal = listed.starts_with("_sqlx");
        assert!(
            is_internal || granted.iter().any(|(table, ..)| table == listed),
            "{listed} is listed and is no table"
        );
    }
    // No right on single columns goes round that, and the application is a plain role that is a member of nothing.
    let beside: i64 = scalar(
        &mut tx,
        "select (select count(*) from pg_attribute a join pg_class c on c.oid = a.attrelid
                 where c.relnamespace = 'public'::regnamespace and a.attacl is not null)
              + (select count(*) from pg_auth_members m where m.member = 'mnara_app'::regrole)
              + (select count(*) from pg_roles r where r.rolname = 'mnara_app' and (r.rolsuper or r.rolbypassrls or r.rolcreaterole or r.rolcreatedb or r.rolreplication))
              + (select count(*) from pg_class c where c.relnamespace = 'public'::regnamespace and c.relowner = 'mnara_app'::regrole)",
    )
    .await;
    assert_eq!(beside, 0);
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

#[sqlx::test(migrations = "../migrations/controller")]
async fn every_table_of_a_tenant_is_walled_and_its_wall_is_the_one_shape(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let tables = tables(&world.app).await;
    assert!(tables.len() > 20);
    for (table, is_forced, is_tenants) in tables {
        if !is_tenants && table != "providers" {
            assert!(
                WITHOUT_TENANT.contains(&table.as_str()),
                "{table} has no provider_id"
            );
            continue;
        }
        assert!(is_forced, "{table} has no forced row-level security");
        let column = if table == "providers" {
            "id"
        } else {
            "provider_id"
        };
        let sql = format!(
            "select string_agg(qual, ' ') from pg_policies where tablename = '{table}' and cmd = 'ALL' and with_check is null"
        );
        let policy: Option<String> = read(&world.app, &sql).await;
        let shape = format!("(({column} = tenant()) OR (scope() = 'platform'::text))");
        assert_eq!(policy.as_deref(), Some(shape.as_str()), "{table}");
    }
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn no_row_of_a_tenant_shows_itself_to_another_or_is_changed_or_given_away(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    fill(&world).await;
    let other = business(&world.app, 2).await;
    let (mine, theirs) = (world.shop.provider.uuid(), other.provider.uuid());
    for (table, _, is_tenants) in tables(&world.app).await {
        if !is_tenants {
            continue;
        }
        let all = world
            .count(&format!("{table} where provider_id = '{mine}'"))
            .await;
        assert!(all > 0, "{table} holds nothing, so this proves nothing");
        let mut tx = world.app.db.tenant(other.provider).await.unwrap();
        let seen: i64 = scalar(
            &mut tx,
            &format!("select count(*) from {table} where provider_id <> '{theirs}'"),
        )
        .await;
        assert_eq!(seen, 0, "{table} shows a row");
        let changed = execute(
            &mut tx,
            &format!("update {table} set provider_id = '{theirs}' where provider_id = '{mine}'"),
        )
        .await;
        match changed {
            Ok(rows) => assert_eq!(rows, 0, "{table} was changed"),
            // What the table of rights lets nobody change.
            Err(error) => {
                assert_eq!(code(&error), "42501", "{table}");
                assert!(!rights_of(&table).contains("update"), "{table}");
                tx = world.app.db.tenant(other.provider).await.unwrap();
            }
        }
        let delete = format!("delete from {table} where provider_id = '{mine}'");
        for scope in ["tenant", ""] {
            let mut tx = world.app.db.tenant(other.provider).await.unwrap();
            if scope.is_empty() {
                execute(&mut tx, "set local mnara.tenant = ''")
                    .await
                    .unwrap();
                execute(&mut tx, "set local mnara.scope = ''")
                    .await
                    .unwrap();
            }
            match execute(&mut tx, &delete).await {
                Ok(rows) => assert_eq!(rows, 0, "{table} lost a row to {scope:?}"),
                Err(error) => {
                    assert_eq!(code(&error), "42501", "{table}");
                    assert!(!rights_of(&table).contains("delete"), "{table}");
                }
            }
        }
        // The whole row, written by another.
        let row: Value = read(
            &world.app,
            &format!("select to_jsonb(t) from {table} t where provider_id = '{mine}' limit 1"),
        )
        .await;
        let written = sqlx::query(AssertSqlSafe(format!(
            "insert into {table} overriding system value select * from jsonb_populate_record(null::{table}, $1)"
        )))
        .bind(row)
        .execute(&mut *tx)
        .await
        .unwrap_err();
        assert_eq!(code(&written), "42501", "{table} took a row: {written}");
        drop(tx);
        // Whoever says nothing sees nothing.
        let mut tx = world.app.db.tenant(other.provider).await.unwrap();
        execute(&mut tx, "set local mnara.tenant = ''")
            .await
            .unwrap();
        execute(&mut tx, "set local mnara.scope = ''")
            .await
            .unwrap();
        let seen = scalar(&mut tx, &format!("select count(*) from {table}")).await;
        assert_eq!(seen, 0, "{table} shows a row to nobody in particular");
        let update = format!("update {table} set provider_id = '{theirs}'");
        match execute(&mut tx, &update).await {
            Ok(rows) => assert_eq!(rows, 0, "{table} was changed by nobody in particular"),
            Err(error) => assert_eq!(code(&error), "42501", "{table}"),
        }
        drop(tx);
        let mut tx = world.app.db.tenant(world.shop.provider).await.unwrap();
        let given = execute(
            &mut tx,
            &format!("update {table} set provider_id = '{theirs}'"),
        )
        .await
        .unwrap_err();
        assert!(
            ["42501", "23503"].contains(&code(&given).as_str()),
            "{table} let a row be given away: {given}"
        );
    }
    let mut tx = world.app.db.tenant(other.provider).await.unwrap();
    for hidden in ["callbacks", "strays", "identity_keys", "key_statements"] {
        let seen: i64 = scalar(&mut tx, &format!("select count(*) from {hidden}")).await;
        assert_eq!(seen, 0, "{hidden}");
    }
    assert!(
        execute(
            &mut tx,
            &format!("delete from jobs where provider_id = '{mine}'")
        )
        .await
        .unwrap()
            == 0
    );
}

/// A row that names another names its provider with it, so that it cannot name a neighbour's.
#[sqlx::test(migrations = "../migrations/controller")]
async fn no_key_of_a_tenant_leads_out_of_it(pool: PgPoolOptions, options: PgConnectOptions) {
    let world = World::open(pool, options).await;
    let mut tx = world.app.db.platform(Reason::Admin).await.unwrap();
    let keys: Vec<(String, String, bool)> = sqlx::query_as(
        "select c.conrelid::regclass::text, c.conname::text,
                exists (select from pg_attribute a where a.attrelid = c.conrelid and a.attnum = any (c.conkey) and a.attname = 'provider_id')
         from pg_constraint c
         where c.contype = 'f' and c.connamespace = 'public'::regnamespace
           and exists (select from pg_attribute a where a.attrelid = c.confrelid and a.attname = 'provider_id' and not a.attisdropped)
         order by 1, 2",
    )
    .fetch_all(&mut *tx)
    .await
    .unwrap();
    assert!(keys.len() > 20, "{keys:?}");
    for (table, key, is_whole) in keys {
        assert!(is_whole, "{key} of {table} can leave the tenant");
    }
    let ways_round: i64 = scalar(
        &mut tx,
        "select (select count(*) from pg_proc where pronamespace = 'public'::regnamespace and prosecdef)
              + (select count(*) from pg_class where relnamespace = 'public'::regnamespace and relkind in ('v', 'm', 'f'))",
    )
    .await;
    assert_eq!(ways_round, 0, "no function of another's rights, no view");
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

#[sqlx::test(migrations = "../migrations/controller")]
async fn the_database_refuses_money_and_tickets_that_cannot_be(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    fill(&world).await;
    let other = business(&world.app, 2).await;
    let copy = |set: &str| {
        // A copy of the paid ticket that differs only as said.
        format!(
            "insert into tickets select (jsonb_populate_record(t, jsonb_build_object('id', gen_random_uuid(), 'code', 'AAAABBBBCCCC', 'payment_id', null) || {set})).*
             from tickets t where payment_id is not null limit 1"
        )
    };
    let (theirs, plan, site) = (
        other.provider.uuid(),
        other.plan.id.uuid(),
        other.site.uuid(),
    );
    for (sql, refusal) in [
        (
            copy("jsonb_build_object('payment_id', t.payment_id)"),
            "tickets_payment_id_key",
        ),
        (
            copy("jsonb_build_object('code', t.code)"),
            "tickets_provider_id_code_key",
        ),
        (
            copy(&format!(
                "jsonb_build_object('code', t.code, 'provider_id', '{theirs}', 'plan_id', '{plan}')"
            )),
            "tickets_platform_code",
        ),
        (copy("'{\"code\": \"short\"}'"), "tickets_code_check"),
        (copy("'{\"price\": -1}'"), "tickets_price_check"),
        (copy("'{\"status\": \"free\"}'"), "tickets_status_check"),
        (
            copy("'{\"status\": \"used\", \"redeemed_at\": null}'"),
            "tickets_check1",
        ),
        (
            copy(&format!("jsonb_build_object('plan_id', '{plan}')")),
            "tickets_provider_id_plan_id_fkey",
        ),
        (
            copy("jsonb_build_object('series_id', gen_random_uuid())"),
            "tickets_check",
        ),
        (
            "update payments set amount = -50".to_owned(),
            "payments_amount_check",
        ),
        (
            "update payments set amount = 50.50".to_owned(),
            "payments_check2",
        ),
        (
            "update payments set currency = 'USD'".to_owned(),
            "payments_currency_check",
        ),
        (
            "update payments set status = 'pending'".to_owned(),
            "payments_check",
        ),
        (
            "update payments set push = 'created'".to_owned(),
            "payments_check3",
        ),
        (
            "update payments set msisdn = null".to_owned(),
            "payments_check1",
        ),
        (
            "update payments set msisdn = '0712345678'".to_owned(),
            "payments_msisdn_check",
        ),
        (
            "update tickets set online_used_secs = -1".to_owned(),
            "tickets_online_used_secs_check",
        ),
        (
            "update sites set feed_revision = -1".to_owned(),
            "sites_feed_revision_check",
        ),
        (
            "update providers set mpesa_passkey = null where mpesa_passkey is not null".to_owned(),
            "providers_check1",
        ),
        (
            "update payments set external_txn_id = null where status = 'success'".to_owned(),
            "payments_proof",
        ),
        (
            "update payments set settled_by = null where status = 'success'".to_owned(),
            "payments_proof",
        ),
        (
            "update payments set failure = 'busy' where status = 'success'".to_owned(),
            "payments_failure",
        ),
        (
            "update payments set account_reference = 'MAMA MBOGA'".to_owned(),
            "payments_account_reference_check",
        ),
        (
            copy(&format!("jsonb_build_object('sold_at_site_id', '{site}')")),
            "tickets_provider_id_sold_at_site_id_fkey",
        ),
        (
            copy(&format!("jsonb_build_object('redeemed_site_id', '{site}')")),
            "tickets_provider_id_redeemed_site_id_fkey",
        ),
        (
            "update plans set price = -1".to_owned(),
            "plans_price_check",
        ),
        (
            "update series set count = 0".to_owned(),
            "series_count_check",
        ),
        (
            "update provider_subscriptions set amount = -1".to_owned(),
            "provider_subscriptions_amount_check",
        ),
        ("delete from payments".to_owned(), "42501"),
        ("delete from tickets".to_owned(), "42501"),
        ("delete from callbacks".to_owned(), "42501"),
        ("truncate payments".to_owned(), "42501"),
        (
            "alter table payments disable row level security".to_owned(),
            "42501",
        ),
    ] {
        assert_eq!(refused(&world, &sql).await, refusal, "{sql}");
    }
    let second = begin(&world.app, other.provider, other.ask(2, "254708374152"))
        .await
        .unwrap();
    let receipt = format!(
        "update payments set external_txn_id = 'NLJ7RT61SV' where id = '{}'",
        second.payment.uuid()
    );
    assert_eq!(refused(&world, &receipt).await, "payments_receipt");
    let ids = format!(
        "update payments p set checkout_request_id = o.checkout_request_id from payments o where p.id = '{}' and o.external_txn_id = 'NLJ7RT61SV'",
        second.payment.uuid()
    );
    assert_eq!(refused(&world, &ids).await, "payments_checkout");
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_provider_finds_nothing_of_its_neighbours_by_any_id(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    fill(&world).await;
    let other = business(&world.app, 2).await;
    let app = &world.app;
    let code: String = read(
        app,
        "select code from tickets where payment_id is not null limit 1",
    )
    .await;
    let code = mnara_protocol::ticket::code::TicketCode::parse(&code).unwrap();
    let payment: sqlx::types::Uuid = read(app, "select id from payments limit 1").await;
    let payment = PaymentId::from_uuid(payment);
    let now = app.clock.now();
    // The provider named in the query is the neighbour's; the tenant of the transaction hides the rows all the same.
    for provider in [other.provider, world.shop.provider] {
        let mut tx = app.db.tenant(other.provider).await.unwrap();
        assert!(
            crate::tickets::store::by_code(&mut tx, provider, &code, now)
                .await
                .unwrap()
                .is_none()
        );
        assert!(
            payments::store::lock(&mut tx, provider, payment)
                .await
                .unwrap()
                .is_none()
        );
        assert!(
            plans::store::plan(&mut tx, provider, world.shop.plan.id)
                .await
                .unwrap()
                .is_none()
        );
        assert!(
            fleet::store::site(&mut tx, provider, world.shop.site)
                .await
                .unwrap()
                .is_none()
        );
        let sites = fleet::store::sites(&mut tx, world.shop.provider, None, 10)
            .await
            .unwrap();
        assert!(sites.is_empty());
    }
    // And with the right to see all, the query parameter alone keeps them apart.
    let mut tx = app.db.platform(Reason::Admin).await.unwrap();
    assert!(
        crate::tickets::store::by_code(&mut tx, other.provider, &code, now)
            .await
            .unwrap()
            .is_none()
    );
    assert!(
        payments::store::lock(&mut tx, other.provider, payment)
            .await
            .unwrap()
            .is_none()
    );
    assert!(
        plans::store::plan(&mut tx, other.provider, world.shop.plan.id)
            .await
            .unwrap()
            .is_none()
    );
    drop(tx);
    assert!(
        crate::tickets::revoke::ticket(app, other.provider, &code, Actor::Command)
            .await
            .is_err()
    );
    assert!(
        plans::edit::change(
            app,
            other.provider,
            world.shop.plan.id,
            &hour(),
            Actor::Command
        )
        .await
        .is_err()
    );
    assert!(
        fleet::enrol::claim(app, other.provider, world.shop.site)
            .await
            .is_err()
    );
    fleet::create::let_go(app, other.provider, world.shop.site)
        .await
        .unwrap();
    assert_eq!(world.count("agents where revoked_at is not null").await, 0);
}

/// Whatever else is stored sealed, one row of each.
async fn sealed_elsewhere(app: &App, provider: ProviderId) {
    use crate::vault::{Column, Owner};
    let seal = |column| app.vault.seal(Owner::Platform, Column(column), b"x");
    let endpoint = app
        .vault
        .seal(provider, Column("webhook_endpoints.secret"), b"x");
    let person = "'00000000-0000-0000-0000-000000000001'";
    let at = "to_timestamp(1790000000)";
    let provider = provider.uuid();
    let mut tx = app.db.platform(Reason::Admin).await.unwrap();
    for sql in [
        format!(
            "insert into people (id, name, email, password, totp_secret, totp_step, totp_since, created_at) values ({person}, 'N', 'n@example.com', '$argon2id$x', '{}', 1, {at}, {at})",
            seal("people.totp_secret")
        ),
        format!(
            "insert into mails (id, person_id, kind, letter, created_at, drop_at) values ({person}, {person}, 'k', '{}', {at}, {at})",
            seal("mails.letter")
        ),
        format!(
            "insert into resets (id, contact, created_at, expires_at) values ({person}, '{}', {at}, {at})",
            seal("resets.contact")
        ),
        format!(
            "insert into webhook_endpoints (id, provider_id, url, secret, events, enabled, created_at) values ({person}, '{provider}', 'https://a.example/', '{endpoint}', array['x'], true, {at})"
        ),
    ] {
        sqlx::raw_sql(AssertSqlSafe(sql))
            .execute(&mut *tx)
            .await
            .unwrap();
    }
    tx.commit().await.unwrap();
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn secrets_are_sealed_at_rest_and_anew_after_a_change_of_keys(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    use secrecy::{ExposeSecret as _, SecretString};

    use crate::vault::Vault;

    let (old, new) = (Vault::new_key(), Vault::new_key());
    let ring = |keys: &[&SecretString]| {
        let keys: Vec<&str> = keys.iter().map(|key| key.expose_secret()).collect();
        SecretString::from(keys.join(","))
    };
    let (_, base) = Stage::start().await;
    let at =
        async |keys: SecretString| app_with_keys(pool.clone(), options.clone(), &base, &keys).await;
    let app = at(ring(&[&old])).await;
    let shop = business(&app, 1).await;
    let identity = fleet::identity::load(&app).await.unwrap().signing;
    crate::tickets::series::print(
        &app,
        shop.provider,
        &series::batch(&shop, 3),
        Actor::Command,
    )
    .await
    .unwrap();
    let stored: String = read(&app, "select string_agg(mpesa_consumer_key || mpesa_consumer_secret || mpesa_passkey, '') from providers").await;
    for secret in ["key 1", "secret", "passkey"] {
        assert!(!stored.contains(secret));
    }
    sealed_elsewhere(&app, shop.provider).await;
    let app = at(ring(&[&new, &old])).await;
    assert_eq!(
        crate::cli::key::reseal(&app).await.unwrap(),
        9,
        "three credentials, one series, the identity, a letter, an address, a second factor, an endpoint's secret"
    );
    assert_eq!(crate::cli::key::reseal(&app).await.unwrap(), 0);
    let app = at(ring(&[&new])).await;
    assert_eq!(
        fleet::identity::load(&app)
            .await
            .unwrap()
            .signing
            .as_bytes(),
        identity.as_bytes()
    );
    let mut tx = app.db.tenant(shop.provider).await.unwrap();
    let account = providers::mpesa::read(&mut tx, &app.vault, shop.provider)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (
            account.consumer_key.expose_secret(),
            account.passkey.expose_secret()
        ),
        ("key 1", "passkey")
    );
    drop(tx);
    let app = at(ring(&[&old])).await;
    assert!(fleet::identity::load(&app).await.is_err());
}
