//! What the description of the API says of a value is what the API takes: patterns are held against the calls themselves.

use super::api::{call, key};
use super::*;
use crate::plans::DEAREST;
use crate::providers::keys::scopes::Scope;

async fn description(world: &World) -> Value {
    let path = "/api/v1/openapi.json";
    let (status, _, document) = world.send(Method::GET, path, None, Vec::new()).await;
    assert_eq!(status, StatusCode::OK);
    document
}

/// Whether a text fits a pattern. The database reads patterns as JSON Schema does, as far as ours go.
async fn fits(world: &World, pattern: &str, text: &str) -> bool {
    let mut tx = world.app.db.platform(Reason::Admin).await.unwrap();
    sqlx::query_scalar("select $1::text ~ $2::text")
        .bind(text)
        .bind(pattern)
        .fetch_one(&mut *tx)
        .await
        .unwrap()
}

/// The pattern of a field of a body.
fn pattern<'a>(document: &'a Value, body: &str, field: &str) -> &'a str {
    let found = &document["components"]["schemas"][body]["properties"][field]["pattern"];
    found
        .as_str()
        .unwrap_or_else(|| panic!("{body}.{field} has no pattern"))
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn an_amount_is_described_up_to_the_most_that_is_taken(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let key = key(&world.app, world.shop.provider, &Scope::ALL).await;
    let document = description(&world).await;
    let of_price = pattern(&document, "PlanDraft", "price");
    assert_eq!(pattern(&document, "NewRefund", "amount"), of_price);
    let (most, in_cents) = (DEAREST.to_string(), format!("{DEAREST}.00"));
    let dearer = (DEAREST + 1).to_string();
    for (price, is_one) in [
        ("1", true),
        ("20.00", true),
        ("99999", true),
        ("100000", true),
        ("199999.00", true),
        ("249999", true),
        (most.as_str(), true),
        (in_cents.as_str(), true),
        (dearer.as_str(), false),
        ("260000", false),
        ("300000.00", false),
        ("1000000", false),
        ("0", false),
        ("20.50", false),
        ("-20", false),
        ("", false),
    ] {
        assert_eq!(fits(&world, of_price, price).await, is_one, "{price}");
        let body = json!({"name": "1 hour", "price": price, "duration_seconds": 3600});
        let (status, answer) = call(&world, Method::POST, &key, "/plans", body).await;
        let expected = if is_one {
            StatusCode::CREATED
        } else {
            StatusCode::UNPROCESSABLE_ENTITY
        };
        assert_eq!(status, expected, "{price}: {answer}");
    }
}
