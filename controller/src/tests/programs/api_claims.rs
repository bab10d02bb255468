//! The line that enrols a site's agent, as a program makes it: for a site that has none.

use super::api::{call, key, kind};
use super::*;
use crate::fleet::enrol::{EnrolError, claim, enrol};
use crate::providers::keys::scopes::Scope;

/// Who holds the place at a site.
async fn present(world: &World, site: SiteId) -> Vec<u8> {
    let sql = format!(
        "select public_key from agents where revoked_at is null and site_id = '{}'",
        site.uuid()
    );
    read(&world.app, &sql).await
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_key_puts_no_other_machine_in_the_place_of_an_agent(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let (app, shop) = (&world.app, &world.shop);
    let key = key(app, shop.provider, &[Scope::SitesWrite]).await;
    let line = async |site: SiteId| {
        let path = format!("/sites/{site}/claim");
        call(&world, Method::POST, &key, &path, Value::Null).await
    };
    let claims = world.count("claims").await;
    let (status, problem) = line(shop.site).await;
    assert_eq!(
        (status, kind(&problem)),
        (StatusCode::CONFLICT, "has-agent"),
        "{problem}"
    );
    assert_eq!(world.count("claims").await, claims);
    assert_eq!(world.count("audit where actor = 'key'").await, 0);

    // A line that it makes before the first agent is spent with that agent's own.
    let site = fleet::create::create(app, shop.provider, "Harbour", Actor::Command)
        .await
        .unwrap();
    let (status, made) = line(site).await;
    assert_eq!(status, StatusCode::CREATED, "{made}");
    let words = made["line"].as_str().unwrap();
    let by_key = words
        .split_whitespace()
        .skip_while(|word| *word != "--claim")
        .nth(1)
        .unwrap();
    let by_person = claim(app, shop.provider, site, Actor::Command)
        .await
        .unwrap();
    let machine = SigningKey::from_bytes(&[61; 32]).verifying_key();
    let thief = SigningKey::from_bytes(&[62; 32]).verifying_key();
    let first = enrol(app, &by_person, &machine, "test").await.unwrap();
    let refused = enrol(app, by_key, &thief, "test").await;
    assert!(matches!(refused, Err(EnrolError::NotGood)));
    assert_eq!(present(&world, site).await, machine.as_bytes());
    // The agent itself may bring it, and stays who it is.
    let same = enrol(app, by_key, &machine, "test").await.unwrap();
    assert_eq!(same.agent, first.agent);

    // A line that a person makes afterwards brings another machine.
    let moved = claim(app, shop.provider, site, Actor::Command)
        .await
        .unwrap();
    let next = SigningKey::from_bytes(&[63; 32]).verifying_key();
    enrol(app, &moved, &next, "test").await.unwrap();
    assert_eq!(present(&world, site).await, next.as_bytes());
    assert_eq!(line(site).await.0, StatusCode::CONFLICT);
}
