//! U+0000, which no text of the database can hold, wherever somebody may type: it is told as what cannot be read, and is no fault of ours.

use mnara_protocol::ids::CustomerId;

use super::doors::member;
use super::*;
use crate::admin::begin;
use crate::providers::pages::trouble::Trouble;
use crate::providers::staff::roles::Role;
use crate::tests::browser::{Browser, Got, PASSWORD};

const SAYS: &str = "We could not read that";

#[track_caller]
fn unread(got: &Got, what: &str) {
    assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY, "{what}");
    assert!(got.text.contains(SAYS), "{what}: {}", got.text);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn what_no_text_can_hold_is_told_to_whoever_sent_it(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    tenancy::fill(&world).await;
    let address = "a@b.example".parse().unwrap();
    begin::make(&world.app, "Admin", address, PASSWORD.into())
        .await
        .unwrap();
    let mut owner = member(&world, Role::Owner, 1).await;
    let mut admin = Browser::new(&world, 200);
    admin.log_in("a@b.example", PASSWORD).await.onward();
    let mut nobody = Browser::new(&world, 4);

    let got = nobody.log_in("a\0@b.co", "x").await;
    unread(&got, "an address");
    let got = nobody.log_in("a@b.example", "x\0").await;
    unread(&got, "a password");
    let form = [
        ("business", "Mine\0"),
        ("name", "Njeri"),
        ("who", "new@example.com"),
        ("password", PASSWORD),
    ];
    unread(&nobody.post("/sign-up", &form).await, "a business");
    let request = Request::post("/log-in")
        .header("content-type", "application/x-www-form-urlencoded")
        .header("sec-fetch-site", "same-origin")
        .body(Body::from("who=a\0@b.co&password=x"));
    let got = nobody.send(request.unwrap()).await;
    unread(&got, "as it is");
    // What only looks like one is a text like others.
    let got = nobody.log_in("a%00@b.co", "x").await;
    assert!(!got.text.contains(SAYS), "{}", got.text);

    for path in ["/audit?act=a%00", "/audit?person=%00", "/sites?asked=%00"] {
        unread(&owner.get(path).await, path);
    }
    let got = admin.get("/admin/providers?search=%00").await;
    unread(&got, "a search");
    let customer: sqlx::types::Uuid = read(&world.app, "select id from customers limit 1").await;
    let block = format!("/customers/{}/block", CustomerId::from_uuid(customer));
    let blocked = "customers where blocked_at is not null";
    let before = world.count(blocked).await;
    let got = owner.post(&block, &[("reason", "Why\0")]).await;
    unread(&got, "a reason");
    assert_eq!(world.count(blocked).await, before);
    // Where nothing is, nothing was read.
    let got = nobody.get("/nothing/here?a=%00").await;
    assert_eq!(got.status, StatusCode::NOT_FOUND);
    // In a path it comes as far as the database.
    let got = admin.post("/admin/tasks/%00/run", &[]).await;
    unread(&got, "a path");
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn what_the_database_says_of_it_is_no_fault_of_ours(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    for sql in [
        "select $1::text",
        "select jsonb_build_object('a', $1::text)",
    ] {
        let mut tx = world.app.db.platform(Reason::Admin).await.unwrap();
        let error = sqlx::query(sql)
            .bind("a\0")
            .execute(&mut *tx)
            .await
            .unwrap_err();
        assert_eq!(Trouble::from(error), Trouble::Unread, "{sql}");
    }
    let mut tx = world.app.db.platform(Reason::Admin).await.unwrap();
    let error = sqlx::query("select $1::jsonb")
        .bind(json!("a\0"))
        .execute(&mut *tx)
        .await
        .unwrap_err();
    assert_eq!(Trouble::from(error), Trouble::Unread);
}
