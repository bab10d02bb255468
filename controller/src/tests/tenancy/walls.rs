//! Rights, policies and keys of every table.

use super::*;

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
        // What the database computes itself cannot be written by anybody.
        let columns: String = read(
            &world.app,
            &format!(
                "select string_agg(quote_ident(attname), ', ') from pg_attribute
                 where attrelid = '{table}'::regclass and attnum > 0 and not attisdropped and attgenerated = ''"
            ),
        )
        .await;
        let written = sqlx::query(AssertSqlSafe(format!(
            "insert into {table} ({columns}) overriding system value select {columns} from jsonb_populate_record(null::{table}, $1)"
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
