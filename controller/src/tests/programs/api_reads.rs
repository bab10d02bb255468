//! What the API lists of a business's own affairs: keys, webhooks, who was asked to join, what was sold for cash, how a site looks, how its
//! M-PESA account stands. No secret is among it.

use mnara_protocol::ids::{AttemptId, EndpointId, TicketId};
use mnara_protocol::message::Spoken;

use super::api::{call, key, kind};
use super::*;
use crate::captive::look;
use crate::fleet::store::link::insert_event;
use crate::payments::operator;
use crate::providers::keys::scopes::Scope;
use crate::providers::limits::Limits;
use crate::providers::look::{Draft, Over};
use crate::providers::sms;
use crate::providers::staff::roles::Role;
use crate::providers::staff::{By, invite};
use crate::tests::pages::doors::member;
use crate::tests::tickets::series;
use crate::tickets::counter::{self, Seller};
use crate::web::show;
use crate::webhooks::{Kind, edit, store};

/// An address that is told of sites; it has a secret behind the question mark.
pub(super) async fn webhook(world: &World) -> EndpointId {
    let (provider, url) = (world.shop.provider, "https://shop.example/mnara?token=hush");
    edit::add(&world.app, provider, Actor::Command, url, &[Kind::SiteUp])
        .await
        .unwrap();
    let mut tx = world.app.db.tenant(provider).await.unwrap();
    let found = store::endpoints(&mut tx, provider, 1).await.unwrap();
    found[0].id
}

async fn get(world: &World, key: &str, path: &str) -> Value {
    let (status, answer) = call(world, Method::GET, key, path, Value::Null).await;
    assert_eq!(status, StatusCode::OK, "{path}: {answer}");
    answer
}

/// Everything a list has, read in parts of two.
async fn whole(world: &World, key: &str, path: &str) -> Vec<Value> {
    let mut found = Vec::new();
    let mut asked = format!("{path}?limit=2");
    loop {
        let part = get(world, key, &asked).await;
        found.extend(part["items"].as_array().unwrap().clone());
        match part["next"].as_str() {
            Some(next) => asked = format!("{path}?limit=2&cursor={next}"),
            None => return found,
        }
    }
}

fn of<'a>(items: &'a [Value], field: &str) -> Vec<&'a str> {
    let fields = items.iter().map(|item| item[field].as_str());
    fields.map(Option::unwrap_or_default).collect()
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn keys_webhooks_and_invitations_are_listed_without_their_secrets(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let provider = world.shop.provider;
    let all = key(&world.app, provider, &Scope::ALL).await;
    for _ in 0..2 {
        world.app.clock.advance(Duration::from_secs(1));
        key(&world.app, provider, &[Scope::PlansRead]).await;
    }
    let keys = whole(&world, &all, "/settings/keys").await;
    assert_eq!(keys.len(), 3);
    assert_eq!(
        keys[0]["scopes"].as_array().unwrap().len(),
        Scope::ALL.len()
    );
    assert!(keys[0]["used_at"].is_string() && keys[1]["used_at"].is_null());
    assert_eq!(keys[2]["scopes"], json!(["plans:read"]));
    let text = json!(keys).to_string();
    assert!(!text.contains("mnara_") && !text.contains(&all[60..]));

    let endpoint = webhook(&world).await;
    let mut tx = world.app.db.tenant(provider).await.unwrap();
    for n in 1..=3_u8 {
        let now = world.app.clock.now().plus_secs(i64::from(n));
        let id = mnara_protocol::ids::DeliveryId::from_bytes([n; 16]);
        store::insert_delivery(&mut tx, provider, endpoint, id, "site.up", "hush", now)
            .await
            .unwrap();
        if n < 3 {
            let tried = store::Tried {
                status: Some(204),
                answer: "",
                is_delivered: n == 1,
                next: None,
            };
            store::note(&mut tx, provider, id, &tried, now)
                .await
                .unwrap();
        }
    }
    tx.commit().await.unwrap();
    let hooks = whole(&world, &all, "/settings/webhooks").await;
    assert_eq!(of(&hooks, "url"), ["https://shop.example/mnara"]);
    assert_eq!(hooks[0]["events"], json!(["site.up"]));
    let at = format!("/settings/webhooks/{endpoint}");
    assert_eq!(get(&world, &all, &at).await, hooks[0]);
    let sent = whole(&world, &all, &format!("{at}/deliveries")).await;
    assert_eq!(of(&sent, "status"), ["waiting", "given-up", "delivered"]);
    assert_eq!(sent[2]["http_status"], 204);
    let text = json!([hooks, sent]).to_string();
    assert!(!text.contains("hush") && !text.contains("whsec"));

    let by = By {
        actor: Actor::Command,
        role: Role::Owner,
    };
    let mut codes = Vec::new();
    for name in ["Wanjiru", "Otieno", "Amina"] {
        let code = invite::invite(&world.app, provider, by, name, Role::Cashier).await;
        codes.push(code.unwrap());
        world.app.clock.advance(Duration::from_secs(1));
    }
    let invited = whole(&world, &all, "/staff/invitations").await;
    assert_eq!(of(&invited, "name"), ["Wanjiru", "Otieno", "Amina"]);
    assert_eq!(invited[0]["role"], "cashier");
    let text = json!(invited).to_string();
    assert!(codes.iter().all(|code| !text.contains(code)));

    // A neighbour has none of it.
    let other = business(&world.app, 2).await;
    let theirs = key(&world.app, other.provider, &Scope::ALL).await;
    assert_eq!(whole(&world, &theirs, "/settings/keys").await.len(), 1);
    for path in ["/settings/webhooks", "/staff/invitations", "/counter/sales"] {
        assert!(whole(&world, &theirs, path).await.is_empty(), "{path}");
    }
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn what_was_sold_for_cash_is_listed_with_who_has_it(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let provider = world.shop.provider;
    let all = key(&world.app, provider, &Scope::ALL).await;
    member(&world, Role::Cashier, 1).await;
    let person: sqlx::types::Uuid = read(&world.app, "select person_id from staff").await;
    let name: String = read(
        &world.app,
        "select p.name from staff s join people p on p.id = s.person_id",
    )
    .await;
    let seller = Seller {
        provider,
        person: mnara_protocol::ids::PersonId::from_uuid(person),
        actor: Actor::Command,
    };
    let printed = series::print(&world, 5).await;
    let mut sold = Vec::new();
    for n in 1..=3_u8 {
        let attempt = AttemptId::from_bytes([n; 16]);
        let ticket = counter::sell(&world.app, seller, printed.series.id, attempt).await;
        sold.push(ticket.unwrap().to_string());
        world.app.clock.advance(Duration::from_secs(60));
    }
    counter::undo(&world.app, seller, sold[0].parse().unwrap(), false)
        .await
        .unwrap();
    let found = whole(&world, &all, "/counter/sales").await;
    sold.reverse();
    assert_eq!(of(&found, "ticket_id"), sold, "the last first");
    assert_eq!(of(&found, "sold_by"), [name.as_str(); 3]);
    assert!(found[2]["undone_at"].is_string() && found[1]["undone_at"].is_null());
    assert_eq!(
        (&found[1]["amount"], &found[1]["currency"]),
        (&json!("50.00"), &json!("KES"))
    );
    let (at, next) = (&found[1]["sold_at"], &found[0]["sold_at"]);
    let (at, next) = (at.as_str().unwrap(), next.as_str().unwrap());
    let path = format!("/counter/sales?from={at}&to={next}");
    let within = get(&world, &all, &path).await;
    assert_eq!(within["items"], json!([found[1]]));
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_site_is_named_and_its_look_read(pool: PgPoolOptions, options: PgConnectOptions) {
    let world = World::open(pool, options).await;
    let (provider, site) = (world.shop.provider, world.shop.site);
    let all = key(&world.app, provider, &Scope::ALL).await;
    let at = format!("/sites/{site}");
    for _ in 0..2 {
        let body = json!({"name": " Stage \u{e9} "});
        let (status, named) = call(&world, Method::PUT, &all, &at, body).await;
        assert_eq!(
            (status, &named["name"]),
            (StatusCode::OK, &json!("Stage é"))
        );
        assert_eq!(get(&world, &all, &at).await, named);
    }
    let deeds = "audit where act = 'site-name' and actor = 'key'";
    assert_eq!(world.count(deeds).await, 1, "the same name is no change");
    for name in [" ".to_owned(), "x".repeat(81)] {
        let (status, problem) = call(&world, Method::PUT, &all, &at, json!({"name": name})).await;
        assert_eq!(
            (status, kind(&problem)),
            (StatusCode::UNPROCESSABLE_ENTITY, "bad-field")
        );
    }

    let look = format!("{at}/look");
    let none = get(&world, &all, &look).await;
    let nothing = json!({"english": "", "kiswahili": ""});
    assert_eq!(
        (&none["colour"], &none["welcome"]),
        (&Value::Null, &nothing)
    );
    let mut tx = world.app.db.tenant(provider).await.unwrap();
    let business = providers::store::provider(&mut tx, provider).await;
    drop(tx);
    let business = Draft::plain(&business.unwrap().unwrap());
    let own = Over {
        colour: Some(0x0a_7d4b),
        welcome: Spoken {
            english: "Welcome".to_owned(),
            swahili: "Karibu".to_owned(),
        },
        ..Over::default()
    };
    let at = (provider, site);
    look::site::change(&world.app, at, &business, &own, Actor::Command)
        .await
        .unwrap();
    let look = get(&world, &all, &look).await;
    assert_eq!(
        look,
        json!({"colour": "0a7d4b", "button_colour": null, "welcome": {"english": "Welcome", "kiswahili": "Karibu"},
               "banner": nothing, "terms": nothing, "has_logo": false})
    );
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn how_the_account_stands_and_which_texts_are_sent_is_read(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let flags = ["--public-url", "https://billing.example.com"];
    let world = World::open_with(pool, options, &flags).await;
    let (provider, now) = (world.shop.provider, world.app.clock.now());
    let all = key(&world.app, provider, &Scope::ALL).await;
    let before = get(&world, &all, "/settings/mpesa").await;
    assert_eq!(
        [
            &before["by_hand"],
            &before["operator"],
            &before["no_prompts_since"]
        ],
        [&Value::Null; 3]
    );
    assert_eq!(
        before["limits"],
        json!({"least": null, "most": null, "most_a_day": null, "currency": "KES"})
    );
    let usual = providers::c2b::Choice::USUAL;
    crate::payments::hand::open(&world.app, provider, usual, Actor::Command)
        .await
        .unwrap();
    let mut tx = world.app.db.tenant(provider).await.unwrap();
    let account = providers::store::account(&mut tx, provider).await;
    let kept = operator::Kept {
        shortcode: account.unwrap().unwrap().shortcode,
        initiator: "mnaraapi".to_owned(),
        credential: "sealed".to_owned(),
        since: now,
        status_proven: None,
        reversal_proven: None,
    };
    operator::store::set(&mut tx, provider, &kept)
        .await
        .unwrap();
    let limits = Limits {
        least: Some(10),
        most: None,
        most_a_day: Some(20_000),
    };
    providers::c2b::store::set_limits(&mut tx, provider, limits)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let after = get(&world, &all, "/settings/mpesa").await;
    let hand = &after["by_hand"];
    assert_eq!(
        (&hand["is_told"], &hand["state"], &hand["numbers"]),
        (&json!(true), &json!("done"), &json!("masked"))
    );
    assert_eq!(
        after["limits"],
        json!({"least": "10.00", "most": null, "most_a_day": "20000.00", "currency": "KES"})
    );
    assert_eq!(
        after["operator"],
        json!({"initiator": "mnaraapi", "set_at": show::utc(now), "status_proven_at": null, "reversal_proven_at": null})
    );
    assert!(!after.to_string().contains("sealed"), "{after}");

    let texts = get(&world, &all, "/settings/messages").await;
    assert_eq!(
        texts,
        json!({"codes": "never", "receipts": false, "language": "en", "quiet_from": "21:00", "quiet_until": "07:00",
               "most_a_day": 200, "most_a_phone": 10})
    );
    let chosen = sms::Settings {
        codes: sms::Codes::Always,
        quiet: None,
        ..sms::Settings::default()
    };
    let mut tx = world.app.db.tenant(provider).await.unwrap();
    sms::store::settle(&mut tx, provider, &chosen, now)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let texts = get(&world, &all, "/settings/messages").await;
    assert_eq!(
        (&texts["codes"], &texts["quiet_from"]),
        (&json!("always"), &Value::Null)
    );
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn codes_that_a_key_reads_are_in_the_audit_with_the_key(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let provider = world.shop.provider;
    let all = key(&world.app, provider, &Scope::ALL).await;
    let plan = get(&world, &all, "/plans").await["items"][0]["id"].clone();
    let new = json!({"plan_id": plan, "count": 5, "home_site_id": world.shop.site.to_string()});
    let (status, series) = call(&world, Method::POST, &all, "/series", new).await;
    assert_eq!(status, StatusCode::CREATED, "{series}");
    let id = series["id"].as_str().unwrap();
    let seen = async |day: u8| {
        let lines = format!(
            "audit where act = 'codes-seen' and actor = 'key' and key_id is not null and subject = '{id}'
             and after = '{{\"as\": \"api\", \"day\": \"2027-01-{day}\"}}'"
        );
        world.count(&lines).await
    };
    // Nobody has seen them yet, so lists of tickets do not show them either.
    let listed = format!("/tickets?series_id={id}");
    get(&world, &all, &listed).await;
    assert_eq!(world.count("audit where act = 'codes-seen'").await, 0);
    let part = get(&world, &all, &format!("/series/{id}/codes?limit=3")).await;
    assert_eq!(seen(15).await, 1);
    let next = part["next"].as_str().unwrap();
    let path = format!("/series/{id}/codes?limit=3&cursor={next}");
    // A program that polls is told of once a day; another key by itself.
    for path in [&path, &listed, &listed] {
        get(&world, &all, path).await;
    }
    assert_eq!(seen(15).await, 1);
    let other = key(&world.app, provider, &Scope::ALL).await;
    get(&world, &other, &listed).await;
    assert_eq!(seen(15).await, 2);
    let ticket = part["items"][0]["ticket_id"].as_str().unwrap();
    let ticket = ticket.parse::<TicketId>().unwrap().to_string();
    let one = format!("audit where act = 'code-seen' and actor = 'key' and subject = '{ticket}'");
    for (hours, lines) in [(0, 1), (0, 1), (2, 2)] {
        world.app.clock.advance(Duration::from_secs(hours * 3_600));
        get(&world, &all, &format!("/tickets/{ticket}")).await;
        assert_eq!(world.count(&one).await, lines);
    }
    // Who is shown no code has seen none.
    let some = key(&world.app, provider, &[Scope::TicketsRead]).await;
    get(&world, &some, &listed).await;
    get(&world, &some, &format!("/tickets/{ticket}")).await;
    assert_eq!((seen(15).await, world.count(&one).await), (2, 2));
    world.app.clock.advance(Duration::from_secs(86_400));
    for _ in 0..2 {
        get(&world, &all, &listed).await;
    }
    assert_eq!((seen(15).await, seen(16).await), (2, 1));
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn what_happened_at_a_site_is_read_to_its_end_in_parts(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let (provider, site) = (world.shop.provider, world.shop.site);
    let all = key(&world.app, provider, &Scope::ALL).await;
    let begun = world.app.clock.now();
    let mut tx = world.app.db.tenant(provider).await.unwrap();
    for n in 0..60_u8 {
        // Two are heard of at once, some time after they happened.
        let id = sqlx::types::Uuid::from_bytes([n; 16]);
        let times = (begun, begun.plus_secs(i64::from(n / 2)));
        let value = Some(i64::from(n));
        insert_event(&mut tx, id, (provider, site), "was-away", value, times)
            .await
            .unwrap();
    }
    tx.commit().await.unwrap();
    let numbers = |events: &[Value]| -> Vec<i64> {
        let away = events.iter().filter(|event| event["kind"] == "was-away");
        away.map(|event| event["value"].as_i64().unwrap()).collect()
    };
    let path = format!("/sites/{site}/events");
    let found = whole(&world, &all, &path).await;
    assert_eq!(numbers(&found), (0..60).rev().collect::<Vec<_>>());
    assert_eq!(found[0]["at"], show::utc(begun));
    assert_eq!(found[0]["received_at"], show::utc(begun.plus_secs(29)));
    // Where nothing is said a part has fifty, as what is shown with how the site is now.
    let part = get(&world, &all, &path).await;
    let items = part["items"].as_array().unwrap();
    assert!(items.len() == 50 && part["next"].is_string());
    let live = get(&world, &all, &format!("/sites/{site}/live")).await;
    assert_eq!(live["events"], part["items"]);
    for wrong in ["cursor=x", "limit=0", "limit=201", "after=x"] {
        let (status, _) = call(
            &world,
            Method::GET,
            &all,
            &format!("{path}?{wrong}"),
            Value::Null,
        )
        .await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{wrong}");
    }
}
