//! What a program changes of a business's settings: how a site looks, which SMS are sent; and news that it has sent to a webhook again.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mnara_protocol::ids::{DeliveryId, EndpointId};
use mnara_protocol::message::LookRow;

use super::api::{call, key, kind};
use super::webhooks::Receiver;
use super::*;
use crate::captive::look;
use crate::providers::keys::scopes::Scope;
use crate::providers::staff::roles::Role;
use crate::tests::pages::doors::member;
use crate::webhooks::{Kind, edit, store};

const PNG: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

async fn get(world: &World, key: &str, path: &str) -> Value {
    let (status, answer) = call(world, Method::GET, key, path, Value::Null).await;
    assert_eq!(status, StatusCode::OK, "{path}: {answer}");
    answer
}

/// A message to an endpoint that waits to be sent.
pub(super) async fn delivery(world: &World, endpoint: EndpointId) -> DeliveryId {
    let provider = world.shop.provider;
    assert!(edit::try_out(&world.app, provider, endpoint).await.unwrap());
    let mut tx = world.app.db.tenant(provider).await.unwrap();
    let sent = store::sent(&mut tx, provider, endpoint, None, 1).await;
    sent.unwrap()[0].id
}

/// A key that reads everything and changes everything but settings.
async fn other_key(world: &World) -> String {
    let rest: Vec<Scope> = Scope::ALL
        .into_iter()
        .filter(|scope| *scope != Scope::SettingsWrite)
        .collect();
    key(&world.app, world.shop.provider, &rest).await
}

/// What a site was told of its colour and its look.
async fn heard(world: &World) -> (Option<u32>, LookRow) {
    let rows = world.feed(world.shop.site).await;
    let colour = rows.iter().find_map(|row| match row {
        Row::Site(row) => Some(row.colour),
        _ => None,
    });
    let look = rows.into_iter().find_map(|row| match row {
        Row::Look(row) => Some(row),
        _ => None,
    });
    (colour, look.unwrap())
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_site_is_given_a_look_of_its_own_and_the_business_s_again(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let (provider, site) = (world.shop.provider, world.shop.site);
    let all = key(&world.app, provider, &Scope::ALL).await;
    let at = format!("/sites/{site}/look");
    let put = async |key: &str, body: Value| call(&world, Method::PUT, key, &at, body).await;
    let whole = json!({"colour": "ffee00", "welcome": {"english": "Hello", "kiswahili": "Karibu"}});
    call(&world, Method::PUT, &all, "/settings/portal", whole).await;
    let picture = STANDARD.decode(PNG).unwrap();
    look::site::set_logo(&world.app, (provider, site), Some(&picture), Actor::Command)
        .await
        .unwrap();

    let own = json!({"colour": "AA0011", "banner": {"english": " Closed <b>\r\non Sunday "}});
    let nothing = json!({"english": "", "kiswahili": ""});
    let by_key = "audit where act = 'portal' and actor = 'key' and subject like 'site_%'";
    for _ in 0..2 {
        let (status, look) = put(&all, own.clone()).await;
        assert_eq!(
            (status, &look),
            (
                StatusCode::OK,
                &json!({"colour": "aa0011", "button_colour": null, "welcome": nothing,
                        "banner": {"english": "Closed <b>\non Sunday", "kiswahili": ""}, "terms": nothing, "has_logo": true})
            )
        );
        assert_eq!(get(&world, &all, &at).await, look);
        let (colour, row) = heard(&world).await;
        assert_eq!(colour, Some(0xaa_00_11));
        assert_eq!(row.banner.unwrap().english, "Closed <b>\non Sunday");
        assert_eq!(row.welcome.unwrap().swahili, "Karibu", "the business's");
    }
    assert_eq!(world.count(by_key).await, 2, "as the page writes it");

    for (body, says) in [
        (json!({"colour": "red"}), "colour"),
        (json!({"button_colour": "red"}), "button_colour"),
        (json!({"colour": 1}), "colour"),
        (json!({"welcome": {"english": "x".repeat(201)}}), "welcome"),
        (json!({"banner": {"kiswahili": "x".repeat(161)}}), "banner"),
        (json!({"terms": {"english": "x".repeat(4_001)}}), "terms"),
        (json!({"help_phone": "0712 000 000"}), "help_phone"),
        (json!([]), "object"),
    ] {
        let (status, problem) = put(&all, body).await;
        assert_eq!(
            (status, kind(&problem)),
            (StatusCode::UNPROCESSABLE_ENTITY, "bad-field"),
            "{problem}"
        );
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains(says), "{says}: {detail}");
    }
    let (status, problem) = put(&other_key(&world).await, json!({})).await;
    assert_eq!(
        (status, &problem["scope"]),
        (StatusCode::FORBIDDEN, &json!("settings:write"))
    );
    let other = business(&world.app, 2).await;
    let theirs = key(&world.app, other.provider, &Scope::ALL).await;
    assert_eq!(put(&theirs, own).await.0, StatusCode::NOT_FOUND);
    assert_eq!(world.count(by_key).await, 2);

    // Its logo is set by eye, and stays.
    let (status, look) = put(&all, json!({})).await;
    assert_eq!(
        (status, &look["colour"], &look["has_logo"]),
        (StatusCode::OK, &Value::Null, &json!(true))
    );
    let (colour, row) = heard(&world).await;
    assert_eq!((colour, row.banner), (Some(0xff_ee_00), None));
    assert!(row.logo.is_some());
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn which_sms_are_sent_is_chosen_as_on_the_page(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let all = key(&world.app, world.shop.provider, &Scope::ALL).await;
    let path = "/settings/messages";
    let put = async |key: &str, body: Value| call(&world, Method::PUT, key, path, body).await;
    let usual = get(&world, &all, path).await;
    let chosen = json!({"codes": "asked", "receipts": true, "language": "sw", "quiet_from": "22:15", "quiet_until": "06:00",
                        "most_a_day": 0, "most_a_phone": 1});
    let by_key = "audit where act = 'message-settings' and actor = 'key'";
    let sites = "jobs where kind = 'sms-tell-sites'";
    for _ in 0..2 {
        let (status, now) = put(&all, chosen.clone()).await;
        assert_eq!((status, &now), (StatusCode::OK, &chosen));
        assert_eq!(get(&world, &all, path).await, chosen);
    }
    assert_eq!(world.count(by_key).await, 1, "the same is no change");
    assert_eq!(world.count(sites).await, 1, "portals offer it from now on");
    let told = deed(&world, "message-settings").await;
    assert_eq!(
        (&told["before"]["quiet"], &told["after"]["quiet"]),
        (&json!("21:00-07:00"), &json!("22:15-06:00"))
    );

    let with = |field: &str, value: Value| {
        let mut body = chosen.clone();
        body[field] = value;
        body
    };
    for (body, says) in [
        (with("codes", json!("some")), "codes"),
        (with("language", json!("fr")), "language"),
        (with("quiet_from", json!("7:00")), "quiet_from"),
        (with("quiet_until", json!("24:00")), "quiet_until"),
        (
            with("quiet_until", json!("22:15")),
            "quiet_from, quiet_until",
        ),
        (with("quiet_from", Value::Null), "quiet_from"),
        (with("quiet_until", Value::Null), "quiet_until"),
        (with("most_a_day", json!(100_001)), "most_a_day"),
        (with("most_a_phone", json!(0)), "most_a_phone"),
        (with("most_a_phone", json!(101)), "most_a_phone"),
        (with("colour", json!("red")), "colour"),
        (json!({"codes": "asked"}), "receipts"),
    ] {
        let (status, problem) = put(&all, body).await;
        assert_eq!(
            (status, kind(&problem)),
            (StatusCode::UNPROCESSABLE_ENTITY, "bad-field"),
            "{problem}"
        );
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.starts_with(says), "{says}: {detail}");
    }
    let (status, problem) = put(&other_key(&world).await, usual.clone()).await;
    assert_eq!(
        (status, &problem["scope"]),
        (StatusCode::FORBIDDEN, &json!("settings:write"))
    );
    // A neighbour chooses for itself alone.
    let other = business(&world.app, 2).await;
    let theirs = key(&world.app, other.provider, &Scope::ALL).await;
    let mut quiet = usual.clone();
    quiet["quiet_from"] = Value::Null;
    quiet["quiet_until"] = Value::Null;
    assert_eq!(put(&theirs, quiet.clone()).await, (StatusCode::OK, quiet));
    assert_eq!(get(&world, &all, path).await, chosen);
    // Nothing is quiet where no hours are named.
    let mut loud = usual;
    let fields = loud.as_object_mut().unwrap();
    fields.remove("quiet_from");
    fields.remove("quiet_until");
    let (status, now) = put(&all, loud).await;
    assert_eq!(
        (status, &now["quiet_from"], &now["quiet_until"]),
        (StatusCode::OK, &Value::Null, &Value::Null)
    );
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_message_is_sent_to_its_webhook_again_and_to_nowhere_else(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open_with(pool, options, &["--webhooks-to-loopback"]).await;
    let (receiver, url) = Receiver::start().await;
    let provider = world.shop.provider;
    let all = key(&world.app, provider, &Scope::ALL).await;
    edit::add(&world.app, provider, Actor::Command, &url, &[Kind::SiteUp])
        .await
        .unwrap();
    let mut tx = world.app.db.tenant(provider).await.unwrap();
    let endpoints = store::endpoints(&mut tx, provider, 1).await.unwrap();
    drop(tx);
    let endpoint = endpoints[0].id;
    let list = format!("/settings/webhooks/{endpoint}/deliveries");
    let id = delivery(&world, endpoint).await;
    // Nine tries in a day, and none is taken.
    for _ in 0..9 {
        receiver.answer(503);
    }
    for _ in 0..40 {
        world.pass(3_600).await;
    }
    let given_up = get(&world, &all, &list).await["items"][0].clone();
    assert_eq!(
        (&given_up["id"], &given_up["status"], &given_up["attempts"]),
        (&json!(id.to_string()), &json!("given-up"), &json!(9))
    );
    let at = format!("/settings/webhooks/deliveries/{id}/again");
    let post = async |key: &str, name: &str| {
        let request = Request::post(format!("/api/v1{at}"))
            .header("authorization", format!("Bearer {key}"))
            .header("idempotency-key", name)
            .body(Body::empty());
        world.send_from([192, 0, 2, 1], request.unwrap()).await
    };
    let (status, _, problem) = post(&other_key(&world).await, "a-0").await;
    assert_eq!(
        (status, &problem["scope"]),
        (StatusCode::FORBIDDEN, &json!("settings:write"))
    );
    let other = business(&world.app, 2).await;
    let theirs = key(&world.app, other.provider, &Scope::ALL).await;
    assert_eq!(post(&theirs, "a-0").await.0, StatusCode::NOT_FOUND);
    assert_eq!(get(&world, &all, &list).await["items"][0], given_up);

    // The same request twice sends it once.
    let (status, headers, waits) = post(&all, "a-1").await;
    assert_eq!(
        (status, &waits["id"], &waits["status"], &waits["attempts"]),
        (
            StatusCode::OK,
            &given_up["id"],
            &json!("waiting"),
            &json!(0)
        )
    );
    assert!(!headers.contains_key("idempotency-replayed"));
    world.work().await;
    let (_, headers, same) = post(&all, "a-1").await;
    assert_eq!(headers["idempotency-replayed"], "true");
    assert_eq!(same, waits);
    world.work().await;
    let seen = receiver.seen();
    assert_eq!(seen.len(), 10);
    assert!(seen.iter().all(
        |(headers, body)| headers["webhook-id"] == id.to_string().as_str() && *body == seen[0].1
    ));
    assert_eq!(
        get(&world, &all, &list).await["items"][0]["status"],
        "delivered"
    );
    // Another request sends it once more, since it may be lost there.
    assert_eq!(post(&all, "a-2").await.0, StatusCode::OK);
    world.work().await;
    assert_eq!(receiver.seen().len(), 11);

    edit::switch(&world.app, provider, Actor::Command, endpoint, false)
        .await
        .unwrap();
    let (status, _, problem) = post(&all, "a-3").await;
    assert_eq!(
        (status, kind(&problem)),
        (StatusCode::CONFLICT, "address-off")
    );
    edit::remove(&world.app, provider, Actor::Command, endpoint)
        .await
        .unwrap();
    assert_eq!(post(&all, "a-3").await.0, StatusCode::NOT_FOUND);
    for nothing in ["x", "msg_00000000000000000000000000000000"] {
        let path = format!("/settings/webhooks/deliveries/{nothing}/again");
        let (status, _) = call(&world, Method::POST, &all, &path, Value::Null).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{nothing}");
    }
    world.work().await;
    assert_eq!(receiver.seen().len(), 11);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn somebody_is_told_of_the_month_as_on_the_page(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    member(&world, Role::Manager, 1).await;
    let all = key(&world.app, world.shop.provider, &Scope::ALL).await;
    let told = get(&world, &all, "/settings/notices").await["items"][0].clone();
    assert_eq!(
        (&told["role"], &told["month"]),
        (&json!("manager"), &json!(false))
    );
    let path = format!("/settings/notices/{}", told["id"].as_str().unwrap());
    let mut wish = json!({"site": false, "money": false, "summary": false});
    // What is not named stays, so programs of before go on as they are.
    for (month, expected) in [
        (None, false),
        (Some(true), true),
        (None, true),
        (Some(false), false),
    ] {
        wish["month"] = json!(month);
        let (status, now) = call(&world, Method::PUT, &all, &path, wish.clone()).await;
        assert_eq!(
            (status, &now["month"]),
            (StatusCode::OK, &json!(expected)),
            "{month:?}"
        );
        assert_eq!(
            get(&world, &all, "/settings/notices").await["items"][0],
            now
        );
    }
    let lines = "audit where act = 'notice' and actor = 'key' and after ? 'month'";
    assert_eq!(world.count(lines).await, 2);
}
