//! Secrets at rest.

use std::collections::BTreeSet;

use mnara_protocol::ids::PlanId;

use super::*;
use crate::vault::{Column, Owner};

/// Whatever else is stored sealed, one row of each.
async fn sealed_elsewhere(app: &App, provider: ProviderId, plan: PlanId) {
    let seal = |column| app.vault.seal(Owner::Platform, column, b"x");
    let endpoint = app.vault.seal(provider, Column::EndpointSecret, b"x");
    let token = app.vault.seal(provider, Column::PaymentToken, b"x");
    let text = app.vault.seal(provider, Column::Text, b"x");
    let operator = app.vault.seal(provider, Column::MpesaOperator, b"x");
    let person = "'00000000-0000-0000-0000-000000000001'";
    let at = "to_timestamp(1790000000)";
    let provider = provider.uuid();
    let mut tx = app.db.platform(Reason::Admin).await.unwrap();
    for sql in [
        format!(
            "insert into people (id, name, email, password, totp_secret, totp_step, totp_since, created_at) values ({person}, 'N', 'n@example.com', '$argon2id$x', '{}', 1, {at}, {at})",
            seal(Column::SecondFactor)
        ),
        format!(
            "insert into mails (id, person_id, kind, letter, created_at, drop_at) values ({person}, {person}, 'k', '{}', {at}, {at})",
            seal(Column::Letter)
        ),
        format!(
            "insert into resets (id, contact, created_at, expires_at) values ({person}, '{}', {at}, {at})",
            seal(Column::ResetContact)
        ),
        format!(
            "insert into smses (id, provider_id, kind, msisdn, body, parts, is_urgent, state, created_at, drop_at)
             values ({person}, '{provider}', 'code', '254700000000', '{text}', 1, true, 'waiting', {at}, {at})"
        ),
        format!(
            "insert into mpesa_operators (provider_id, shortcode, initiator, credential, since) values ('{provider}', '174371', 'apiop', '{operator}', {at})"
        ),
        format!(
            "insert into webhook_endpoints (id, provider_id, url, secret, events, enabled, created_at) values ({person}, '{provider}', 'https://a.example/', '{endpoint}', array['x'], true, {at})"
        ),
        format!(
            "insert into payments (id, provider_id, type, provider_payload, amount, currency, status, created_at, plan_id, plan_revision, bought, msisdn,
                 account_reference, secret_hash, push, queries, token)
             values ({person}, '{provider}', 'mpesa_customer_payment', '{{}}', 7, 'KES', 'pending', {at}, '{}', 1, '\\x00',
                 '254700000000', 'X', sha256('x'), 'accepted', 0, '{token}')",
            plan.uuid()
        ),
    ] {
        sqlx::raw_sql(AssertSqlSafe(sql))
            .execute(&mut *tx)
            .await
            .unwrap();
    }
    tx.commit().await.unwrap();
}

/// Every column of the database in which something sealed stands, whoever put it there.
async fn places(app: &App) -> BTreeSet<String> {
    let columns: Vec<String> = rows(
        app,
        "select table_name || '.' || column_name from information_schema.columns
         where table_schema = 'public' and data_type = 'text'
           and has_column_privilege(table_name::text, column_name::text, 'select') order by 1",
    )
    .await;
    let mut found = BTreeSet::new();
    for place in columns {
        let (table, column) = place.split_once('.').unwrap();
        // So begins every Fernet token of our time.
        let sql =
            format!("select \"{column}\" from {table} where \"{column}\" like 'gAAAA%' limit 1");
        if !rows(app, &sql).await.is_empty() {
            found.insert(place);
        }
    }
    found
}

async fn rows(app: &App, sql: &str) -> Vec<String> {
    let mut tx = app.db.platform(Reason::Admin).await.unwrap();
    sqlx::query_scalar(AssertSqlSafe(sql.to_owned()))
        .fetch_all(&mut *tx)
        .await
        .unwrap()
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
    sealed_elsewhere(&app, shop.provider, shop.plan.id).await;
    let listed = Column::ALL.map(|column| column.name().to_owned());
    assert_eq!(
        places(&app).await,
        BTreeSet::from(listed),
        "one row of each in this test, and what is sealed is in the list"
    );
    let app = at(ring(&[&new, &old])).await;
    assert_eq!(
        crate::admin::reseal::all(&app).await.unwrap(),
        12,
        "three credentials, an operator's, one series, the identity, a letter, a text, an address, a second factor, an endpoint's secret, a buyer's token"
    );
    assert_eq!(crate::admin::reseal::all(&app).await.unwrap(), 0);
    let app = at(ring(&[&new])).await;
    for column in Column::ALL {
        let (table, name) = column.name().split_once('.').unwrap();
        let sql = format!("select {name} from {table} where {name} is not null");
        for sealed in rows(&app, &sql).await {
            let theirs = app.vault.open(shop.provider, column, &sealed);
            let ours = app.vault.open(Owner::Platform, column, &sealed);
            assert!(theirs.is_ok() || ours.is_ok(), "{}", column.name());
        }
    }
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

#[sqlx::test(migrations = "../migrations/controller")]
async fn more_secrets_than_a_page_holds_are_all_sealed_anew(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    use secrecy::{ExposeSecret as _, SecretString};

    use crate::vault::Vault;

    let (old, new) = (Vault::new_key(), Vault::new_key());
    let both = format!("{},{}", new.expose_secret(), old.expose_secret());
    let (_, base) = Stage::start().await;
    let at =
        async |keys: SecretString| app_with_keys(pool.clone(), options.clone(), &base, &keys).await;
    let app = at(old).await;
    let shop = business(&app, 1).await;
    sealed_elsewhere(&app, shop.provider, shop.plan.id).await;
    let mut tx = app.db.platform(Reason::Admin).await.unwrap();
    for table in ["mails", "resets", "webhook_endpoints"] {
        let sql = format!(
            "insert into {table} select (jsonb_populate_record(r, jsonb_build_object('id', gen_random_uuid()))).* from {table} r, generate_series(1, 600)"
        );
        sqlx::raw_sql(AssertSqlSafe(sql))
            .execute(&mut *tx)
            .await
            .unwrap();
    }
    // What was removed opens later as well.
    sqlx::raw_sql(
        "update webhook_endpoints set enabled = false, removed_at = created_at where id <> '00000000-0000-0000-0000-000000000001'",
    )
    .execute(&mut *tx)
    .await
    .unwrap();
    tx.commit().await.unwrap();
    let app = at(both.into()).await;
    let count = crate::admin::reseal::all(&app).await.unwrap();
    assert!(count > 1_800, "{count}");
    let app = at(new).await;
    assert_eq!(crate::admin::reseal::all(&app).await.unwrap(), 0);
}
