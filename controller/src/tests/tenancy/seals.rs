//! Secrets at rest.

use super::*;

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
