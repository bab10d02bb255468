//! What a program does by the API for customers and payments, what it reads of settings, books and sums, and what it can never do.

use super::api::{call, key, kind};
use super::*;
use crate::api::calls;
use crate::providers::keys::scopes::Scope;
use crate::providers::staff::roles::Role;
use crate::tests::pages::doors::member;
use crate::tests::tickets::series;

async fn get(world: &World, key: &str, path: &str) -> (StatusCode, Value) {
    call(world, Method::GET, key, path, Value::Null).await
}

async fn post(world: &World, key: &str, path: &str, body: Value) -> (StatusCode, Value) {
    call(world, Method::POST, key, path, body).await
}

/// One payment that was paid, and the customer.
async fn paid(world: &World) -> (PaymentId, String) {
    let paid = world.begin(world.shop.ask(1, PHONE)).await.unwrap();
    world
        .call_back(&world.daraja.secret(), success(1, "NLJ7RT61SV"))
        .await;
    world.work().await;
    let id: sqlx::types::Uuid = read(&world.app, "select id from customers").await;
    let id = mnara_protocol::ids::CustomerId::from_uuid(id);
    (paid.payment, format!("/customers/{id}"))
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_customer_is_found_refused_let_in_and_given_a_ticket(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let key = key(&world.app, world.shop.provider, &Scope::ALL).await;
    let (_, at) = paid(&world).await;
    let (_, found) = get(&world, &key, "/customers?phone=0708374149").await;
    let customer = &found["items"][0];
    assert_eq!(customer["phone"], PHONE);
    assert_eq!(
        get(&world, &key, "/customers?phone=0722000002").await.1["items"],
        json!([])
    );
    let (status, problem) = get(&world, &key, "/customers?phone=12").await;
    assert_eq!(
        (status, kind(&problem)),
        (StatusCode::BAD_REQUEST, "bad-request")
    );
    let (_, had) = get(&world, &key, &at).await;
    assert_eq!(had["customer"], *customer);
    assert_eq!(
        had["tickets"][0]["ticket_id"],
        had["payments"][0]["ticket_id"]
    );
    // Refused.
    let (status, problem) =
        post(&world, &key, &format!("{at}/block"), json!({"reason": " "})).await;
    assert_eq!(
        (status, kind(&problem)),
        (StatusCode::UNPROCESSABLE_ENTITY, "bad-field")
    );
    let (status, blocked) = post(
        &world,
        &key,
        &format!("{at}/block"),
        json!({"reason": "<script>"}),
    )
    .await;
    assert_eq!(
        (status, &blocked["block_reason"]),
        (StatusCode::OK, &json!("<script>"))
    );
    assert!(world.begin(world.shop.ask(2, PHONE)).await.is_err());
    let (_, list) = get(&world, &key, "/customers?blocked=true").await;
    assert_eq!(list["items"], json!([blocked]));
    let (_, let_in) = post(&world, &key, &format!("{at}/unblock"), Value::Null).await;
    assert_eq!(let_in["blocked_at"], Value::Null);
    // Given a ticket, by a program that is counted as a person is.
    let gift = json!({"plan_id": world.shop.plan.id.to_string(), "site_id": world.shop.site.to_string(), "reason": "rain"});
    for _ in 0..5 {
        let (status, ticket) = post(&world, &key, &format!("{at}/gifts"), gift.clone()).await;
        assert_eq!(
            (status, &ticket["price"]),
            (StatusCode::CREATED, &json!("0.00")),
            "{ticket}"
        );
        assert!(ticket["code"].is_string());
    }
    let (status, problem) = post(&world, &key, &format!("{at}/gifts"), gift).await;
    assert_eq!((status, kind(&problem)), (StatusCode::CONFLICT, "enough"));
    assert_eq!(
        world
            .count("gifts where key_id is not null and person_id is null")
            .await,
        5
    );
    assert_eq!(
        world
            .count("audit where act = 'gift' and actor = 'key'")
            .await,
        5
    );
    let (_, had) = get(&world, &key, &at).await;
    let tickets = had["tickets"].as_array().unwrap();
    let given = tickets.iter().filter(|one| one["gift_reason"] == "rain");
    assert_eq!(given.count(), 5, "{had}");
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_payment_is_asked_about_sent_again_and_written_back_but_never_moved(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let key = key(&world.app, world.shop.provider, &Scope::ALL).await;
    let (payment, _) = paid(&world).await;
    let at = format!("/payments/{payment}");
    let (status, problem) = post(&world, &key, &format!("{at}/ask"), Value::Null).await;
    assert_eq!(
        (status, kind(&problem)),
        (StatusCode::CONFLICT, "not-known")
    );
    let (status, sent) = post(&world, &key, &format!("{at}/send"), Value::Null).await;
    assert_eq!(
        (status, &sent["status"]),
        (StatusCode::OK, &json!("success")),
        "{sent}"
    );
    let refund = |amount: &str, receipt: &str| json!({"amount": amount, "receipt": receipt, "reason": "rain"});
    for (body, says) in [
        (refund("1.50", "NLK0000001"), "amount"),
        (refund("51.00", "NLK0000001"), "amount"),
        (refund("20.00", "NLJ7RT61SV"), "receipt"),
    ] {
        let (status, problem) = post(&world, &key, &format!("{at}/refunds"), body).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{problem}");
        assert!(
            problem["detail"].as_str().unwrap().starts_with(says),
            "{problem}"
        );
    }
    let (status, noted) = post(
        &world,
        &key,
        &format!("{at}/refunds"),
        refund("20.00", "NLK0000001"),
    )
    .await;
    assert_eq!(
        (status, &noted["written_by"]),
        (StatusCode::CREATED, &json!("A program")),
        "{noted}"
    );
    let (status, problem) = post(
        &world,
        &key,
        &format!("{at}/refunds"),
        refund("1.00", "NLK0000001"),
    )
    .await;
    assert_eq!(
        (status, kind(&problem)),
        (StatusCode::CONFLICT, "receipt-taken")
    );
    let (_, story) = get(&world, &key, &format!("{at}/story")).await;
    assert_eq!(story["refunds"], json!([noted]));
    assert!(
        story["messages"]
            .as_array()
            .unwrap()
            .iter()
            .any(|one| one["kind"] == "callback")
    );
    for step in [
        "asked_at",
        "sent_at",
        "called_at",
        "settled_at",
        "ticket_made_at",
    ] {
        assert!(story[step].is_string(), "{step}: {story}");
    }
    let ticket = story["ticket_id"].as_str().unwrap();
    let (_, told) = get(&world, &key, &format!("/tickets/{ticket}/story")).await;
    let words: Vec<&str> = told["events"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|one| one["what"].as_str())
        .collect();
    assert_eq!(words[..2], ["bought", "paid"]);
    // No call moves money or touches where it goes.
    let table = calls(&world.app);
    for one in table.listed() {
        let is_money = one.path.contains("mpesa")
            || one.path.contains("push")
            || one.path.contains("withdraw");
        assert!(!is_money || one.method == Method::GET, "{}", one.path);
    }
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_site_that_is_away_is_not_told_and_another_business_is_not_there(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let other = business(&world.app, 2).await;
    let key = key(&world.app, world.shop.provider, &Scope::ALL).await;
    let printed = series::print(&world, 1).await;
    let at = format!("/tickets/{}", printed.tickets[0].id);
    world.pass(3_600).await;
    let device = |site: &SiteId| json!({"site_id": site.to_string(), "mac": "02:00:00:00:00:01"});
    for deed in ["disconnect", "free"] {
        let path = format!("{at}/{deed}");
        let (status, problem) = post(&world, &key, &path, device(&world.shop.site)).await;
        assert_eq!(
            (status, kind(&problem)),
            (StatusCode::CONFLICT, "site-away")
        );
        let (status, problem) = post(&world, &key, &path, device(&other.site)).await;
        assert_eq!(
            (status, kind(&problem)),
            (StatusCode::UNPROCESSABLE_ENTITY, "bad-field")
        );
        let (status, problem) = post(
            &world,
            &key,
            &path,
            json!({"site_id": world.shop.site.to_string(), "mac": "2"}),
        )
        .await;
        assert!(
            problem["detail"].as_str().unwrap().starts_with("mac"),
            "{status} {problem}"
        );
    }
    let diagnose = format!("/sites/{}/diagnose", world.shop.site);
    let (status, problem) = post(&world, &key, &diagnose, Value::Null).await;
    assert_eq!(
        (status, kind(&problem)),
        (StatusCode::CONFLICT, "site-away")
    );
    let (status, live) = get(&world, &key, &format!("/sites/{}/live", world.shop.site)).await;
    assert_eq!(
        (status, &live["is_up"], &live["reading"]),
        (StatusCode::OK, &json!(false), &Value::Null)
    );
    assert_eq!(world.count("commands").await, 0);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn settings_are_read_and_changed_but_not_what_is_an_owners(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    member(&world, Role::Owner, 1).await;
    member(&world, Role::Manager, 2).await;
    let key = key(&world.app, world.shop.provider, &Scope::ALL).await;
    let look = json!({"colour": "0A7D4B", "help_phone": "0712 000 000", "welcome": {"english": " Hi <b> "}});
    let (status, portal) = call(&world, Method::PUT, &key, "/settings/portal", look).await;
    assert_eq!(
        (status, &portal["colour"]),
        (StatusCode::OK, &json!("0a7d4b")),
        "{portal}"
    );
    assert_eq!(
        portal["welcome"],
        json!({"english": "Hi <b>", "kiswahili": ""})
    );
    assert_eq!(get(&world, &key, "/settings/portal").await.1, portal);
    let bad = json!({"colour": "0a7d4b", "banner": {"english": "x".repeat(161)}});
    let (status, problem) = call(&world, Method::PUT, &key, "/settings/portal", bad).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        problem["detail"].as_str().unwrap().starts_with("banner"),
        "{problem}"
    );
    let (_, mpesa) = get(&world, &key, "/settings/mpesa").await;
    assert_eq!(
        (&mpesa["account"]["kind"], &mpesa["change"]),
        (&json!("paybill"), &Value::Null)
    );
    let text = mpesa.to_string();
    for secret in ["consumer", "passkey", "secret"] {
        assert!(!text.contains(secret), "{text}");
    }
    let (_, told) = get(&world, &key, "/settings/notices?limit=1").await;
    let next = told["next"].as_str().unwrap();
    let (_, rest) = get(&world, &key, &format!("/settings/notices?cursor={next}")).await;
    let all = [&told["items"][0], &rest["items"][0]];
    let draft = json!({"site": true, "money": false, "summary": true});
    for one in all {
        let path = format!("/settings/notices/{}", one["id"].as_str().unwrap());
        let (status, answer) = call(&world, Method::PUT, &key, &path, draft.clone()).await;
        if one["role"] == "owner" {
            assert_eq!(
                (status, kind(&answer)),
                (StatusCode::CONFLICT, "owners-choose")
            );
        } else if one["has_address"] == true {
            assert_eq!(
                (status, &answer["site"], &answer["summary"]),
                (StatusCode::OK, &json!(true), &json!(true))
            );
        } else {
            assert_eq!(
                (status, kind(&answer)),
                (StatusCode::CONFLICT, "no-address")
            );
        }
    }
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn books_and_sums_are_read_from_one_end_to_the_other(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let key = key(&world.app, world.shop.provider, &Scope::ALL).await;
    let (_, at) = paid(&world).await;
    for n in 0..3 {
        world.app.clock.advance(Duration::from_secs(1));
        let body = json!({"reason": format!("{n}")});
        post(&world, &key, &format!("{at}/block"), body).await;
    }
    let (_, first) = get(&world, &key, "/audit?act=block&limit=2").await;
    let next = first["next"].as_str().unwrap();
    let (_, rest) = get(
        &world,
        &key,
        &format!("/audit?act=block&limit=2&cursor={next}"),
    )
    .await;
    assert_eq!(
        (
            first["items"].as_array().unwrap().len(),
            rest["items"].as_array().unwrap().len()
        ),
        (2, 1)
    );
    assert_eq!(
        (&first["items"][0]["actor"], &first["items"][0]["name"]),
        (&json!("key"), &json!("A program"))
    );
    assert_eq!(rest["next"], Value::Null);
    let (_, now) = get(&world, &key, "/reports/now").await;
    assert_eq!(
        (&now["paid_today"], &now["payments_today"], &now["sites"]),
        (&json!("50.00"), &json!(1), &json!(1)),
        "{now}"
    );
    for by in ["day", "hour", "plan", "site"] {
        let (status, sums) = get(&world, &key, &format!("/reports/sums?by={by}")).await;
        assert_eq!(
            (status, &sums["total"]["paid"]),
            (StatusCode::OK, &json!("50.00")),
            "{sums}"
        );
        assert_eq!(sums["rows"][0]["sums"]["tickets_sold"], 1, "{sums}");
    }
    let (_, none) = get(&world, &key, "/reports/sums?from=2020-01-01&to=2020-01-31").await;
    assert_eq!(none["rows"], json!([]));
    for bad in [
        "by=week",
        "from=2026-02-30",
        "from=2020-01-01&to=2022-01-01",
        "from=0001-01-01",
        "to=2026-11-26T00:00:00Z",
    ] {
        let (status, problem) = get(&world, &key, &format!("/reports/sums?{bad}")).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{bad}: {problem}");
    }
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn money_in_the_queue_is_decided_about_once_and_the_books_tell_of_it(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let (app, provider) = (&world.app, world.shop.provider);
    let key = key(app, provider, &Scope::ALL).await;
    for (n, receipt) in ["AAAAAAAA01", "AAAAAAAA02", "AAAAAAAA03"]
        .into_iter()
        .enumerate()
    {
        let arrived = crate::payments::unmatched::Arrived {
            reason: crate::payments::unmatched::Reason::Nobody,
            amount: Money::from_shillings(60),
            receipt: receipt.to_owned(),
            payer: crate::rails::daraja::callback::Payer::Untold,
            reference: Some("MAMA".to_owned()),
            payment: None,
            site: (n > 0).then_some(world.shop.site),
            at: app.clock.now().plus_secs(i64::try_from(n).unwrap() - 10),
            paid_at: app.clock.now(),
        };
        let mut tx = app.db.tenant(provider).await.unwrap();
        crate::payments::unmatched::take::take(app, &mut tx, provider, &arrived)
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }
    let (_, list) = get(&world, &key, "/queue").await;
    let at = |n: usize| format!("/queue/{}", list["items"][n]["id"].as_str().unwrap());
    assert_eq!(list["items"].as_array().unwrap().len(), 3, "{list}");
    assert_eq!(get(&world, &key, &at(0)).await.1, list["items"][0]);
    let needs = async || get(&world, &key, "/reports/now").await.1["attention"].clone();
    assert_eq!(needs().await["money_waiting"], 3);
    // Credit: M-PESA told nobody's number, so it is needed; then it is given once, however often it is sent.
    let (status, problem) = post(&world, &key, &format!("{}/credit", at(0)), json!({})).await;
    assert_eq!(
        (status, kind(&problem)),
        (StatusCode::UNPROCESSABLE_ENTITY, "bad-field")
    );
    for _ in 0..2 {
        let body = json!({"phone": PHONE});
        let (status, done) = post(&world, &key, &format!("{}/credit", at(0)), body).await;
        assert_eq!(
            (status, &done["outcome"]),
            (StatusCode::OK, &json!("credit")),
            "{done}"
        );
        assert!(done["customer_id"].is_string());
    }
    let plan = json!({"plan_id": world.shop.plan.id.to_string()});
    let (status, done) = post(&world, &key, &format!("{}/ticket", at(1)), plan).await;
    assert_eq!(
        (status, &done["outcome"]),
        (StatusCode::OK, &json!("ticket")),
        "{done}"
    );
    let back = json!({"receipt": "BBBBBBBB01", "reason": "wrong till"});
    let (status, done) = post(&world, &key, &format!("{}/refund", at(2)), back).await;
    assert_eq!(
        (status, &done["refund_receipt"]),
        (StatusCode::OK, &json!("BBBBBBBB01"))
    );
    assert_eq!(get(&world, &key, "/queue").await.1["items"], json!([]));
    let needs = needs().await;
    let found = [&needs["money_waiting"], &needs["books_off"]];
    assert_eq!(found, [&json!(0), &json!(0)]);
    let (_, closed) = get(&world, &key, "/queue?closed=true&limit=2").await;
    assert_eq!(closed["items"].as_array().unwrap().len(), 2);
    assert!(closed["next"].is_string());
    let (_, books) = get(&world, &key, "/books").await;
    assert_eq!(
        books["total"],
        json!({"money_in": "180.00", "tickets": "60.00", "refunded": "60.00", "unmatched": "0.00", "credit": "60.00", "own_tests": "0.00"})
    );
    assert_eq!(
        books["lines"].as_array().unwrap().len(),
        2,
        "by site: {books}"
    );
    let (_, first) = get(&world, &key, "/books?limit=1").await;
    let next = first["next"].as_str().unwrap();
    let (_, rest) = get(&world, &key, &format!("/books?limit=1&cursor={next}")).await;
    assert_eq!(
        json!([first["lines"][0], rest["lines"][0]]),
        books["lines"],
        "each line once"
    );
    assert_eq!(
        (&rest["next"], &rest["total"]),
        (&Value::Null, &books["total"])
    );
    let (_, now) = get(&world, &key, "/books/now").await;
    assert_eq!(
        (&now["is_balanced"], &now["waiting_count"]),
        (&json!(true), &json!(0))
    );
    let (_, sub) = get(&world, &key, "/subscription").await;
    assert_eq!(sub["status"], "none");
    for path in ["/subscription/plans", "/subscription/invoices", "/messages"] {
        assert_eq!(
            get(&world, &key, path).await.1["items"],
            json!([]),
            "{path}"
        );
    }
    assert_eq!(
        get(&world, &key, "/messages/costs").await.1["kinds"],
        json!([])
    );
    // The next voucher of that phone costs a shilling by M-PESA, and the payment says so.
    world.begin(world.shop.ask(1, PHONE)).await.unwrap();
    let (_, payments) = get(&world, &key, "/payments").await;
    let payment = &payments["items"][0];
    assert_eq!(
        (&payment["amount"], &payment["credit"]),
        (&json!("1.00"), &json!("49.00"))
    );
}
