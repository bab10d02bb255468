//! What becomes of a business's own look on a plan that has none.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mnara_protocol::message::Spoken;

use super::*;
use crate::captive::look::{change, current, set_logo};
use crate::providers::look::{Draft as Look, PLAIN};

const PNG: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

/// The colour, the welcome, whether there is a logo, and whether anything is given away, as the site has them.
async fn shown(world: &World) -> (u32, Option<String>, bool, bool) {
    let rows = world.feed(world.shop.site).await;
    let colour = rows.iter().find_map(|row| match row {
        Row::Site(row) => Some(row.colour),
        _ => None,
    });
    let look = rows.iter().find_map(|row| match row {
        Row::Look(row) => Some(row.clone()),
        _ => None,
    });
    let look = look.unwrap();
    let gives = rows.iter().any(|row| matches!(row, Row::Trial(_)));
    let welcome = look.welcome.map(|said| said.english);
    (colour.unwrap(), welcome, look.logo.is_some(), gives)
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_look_rests_on_a_plan_without_it_and_comes_back(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let (rail, world) = Rail::world(pool, options).await;
    let (small, key) = (plan(&world, 1_500).await, payer(&world).await);
    let draft = Draft {
        name: "Everything".to_owned(),
        period: Period::Month,
        price: Price::new(300_000, Currency::Kes),
        most_sites: None,
        features: Feature::ALL.to_vec(),
        trial_days: 0,
    };
    let large = create(&world.app, Actor::Command, draft).await.unwrap();
    let provider = world.shop.provider;
    let mut tx = world.app.db.tenant(provider).await.unwrap();
    let (_, kept) = current(&mut tx, provider).await.unwrap().unwrap();
    drop(tx);
    let mut look = Look {
        colour: 0x12_34_56,
        welcome: Spoken {
            english: "Hello".to_owned(),
            swahili: "Karibu".to_owned(),
        },
        ..kept.draft
    };
    look.trial.is_on = true;
    let by = Actor::Command;
    change(&world.app, provider, &look, by).await.unwrap();
    let picture = STANDARD.decode(PNG).unwrap();
    set_logo(&world.app, provider, Some(&picture), by)
        .await
        .unwrap();
    let dressed = (0x12_34_56, Some("Hello".to_owned()), true, true);
    assert_eq!(shown(&world).await, dressed);
    // It is said beforehand which plan has none.
    let mut owner = member(&world, Role::Owner, 1).await;
    let page = owner.get("/settings/subscription").await.page();
    assert_eq!(page.matches("Without your own look").count(), 1, "{page}");
    let order = made(&world, &key, &small, 1).await;
    rail.say(&order, 1);
    tell(&world, &order).await;
    assert_eq!(shown(&world).await, (PLAIN, None, false, false));
    let led = owner.get("/settings/portal").await.onward();
    let page = owner.get(&led).await.page();
    assert!(page.contains("What you set there is kept"), "{page}");
    assert!(!page.contains("Without your own look"), "{page}");
    // A better plan at once has it again, as it was; when that money goes back, it rests again.
    let wish = json!({"plan_id": large.id.to_string(), "upgrade": true});
    let (status, upgrade) = ask(&world, &key, wish).await;
    assert_eq!(status, StatusCode::CREATED, "{upgrade}");
    rail.say(&upgrade, 1);
    tell(&world, &upgrade).await;
    assert_eq!(shown(&world).await, dressed);
    owner.get("/settings/portal").await.page();
    rail.say(&upgrade, 3);
    tell(&world, &upgrade).await;
    assert_eq!(shown(&world).await, (PLAIN, None, false, false));
}
