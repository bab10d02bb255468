//! What is over is forgotten by itself, each thing after its stated time.

use super::*;
use crate::admin;
use crate::jobs::tasks::stand;
use crate::tests::office::Office;
use crate::tests::sites::commands;
use crate::webhooks::{Kind, edit};

#[sqlx::test(migrations = "../migrations/controller")]
async fn what_is_over_is_taken_away_and_the_rest_is_not(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let (_, world) = Office::world(pool, options).await;
    world.begin(world.shop.ask(1, PHONE)).await.unwrap();
    let secret = world.daraja.secret();
    world.call_back(&secret, success(1, "NLJ7RT61SV")).await;
    world.work().await;
    assert_eq!(
        world.count("callbacks where handled_at is not null").await,
        1
    );
    stand(&world.app, [admin::retention::FORGET]).await.unwrap();
    world.pass(89 * 86_400).await;
    assert_eq!(world.count("callbacks").await, 1);
    world.pass(2 * 86_400).await;
    assert_eq!(world.count("callbacks").await, 0);
    // The same body that comes again is looked at again, and changes nothing.
    world.call_back(&secret, success(1, "NLJ7RT61SV")).await;
    world.work().await;
    world.books_are_equal().await;
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn news_of_an_address_that_is_gone_and_what_a_silent_site_was_told_go_by_themselves(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let (_, world) = Office::world(pool, options).await;
    let (app, provider) = (&world.app, world.shop.provider);
    commands::diagnose(&world).await;
    let url = "https://example.com/hook";
    edit::add(app, provider, Actor::Command, url, &[Kind::PaymentFailed])
        .await
        .unwrap();
    let id = read(app, "select id from webhook_endpoints").await;
    let endpoint = mnara_protocol::ids::EndpointId::from_uuid(id);
    assert!(edit::try_out(app, provider, endpoint).await.unwrap());
    let removed = edit::remove(app, provider, Actor::Command, endpoint).await;
    assert!(removed.unwrap());
    stand(app, [admin::retention::FORGET]).await.unwrap();
    world.work().await;
    let left = async || {
        (
            world.count("commands").await,
            world.count("webhook_deliveries").await,
        )
    };
    assert_eq!(left().await, (1, 1));
    // Commands are kept for a week, news for 30 days.
    world.pass(6 * 86_400).await;
    assert_eq!(left().await, (1, 1));
    world.pass(2 * 86_400).await;
    assert_eq!(left().await, (0, 1));
    world.pass(21 * 86_400).await;
    assert_eq!(left().await, (0, 1));
    world.pass(2 * 86_400).await;
    assert_eq!(left().await, (0, 0));
}
