//! Keys of the API as an owner makes them: shown once, good for what was ticked, gone when revoked.

use super::*;
use crate::tests::browser::{Browser, PASSWORD};

/// The form of a new key.
pub(super) fn form<'a>(name: &'a str, scopes: &[&'a str]) -> Vec<(&'a str, &'a str)> {
    let mut form = vec![
        ("name", name),
        ("days", ""),
        ("password", PASSWORD),
        ("digits", ""),
    ];
    form.extend(scopes.iter().map(|scope| ("scope", *scope)));
    form
}

/// The key on a page that shows one.
#[track_caller]
pub(super) fn shown(page: &str) -> String {
    let at = page.find("mnara_").expect("a key");
    page[at..at + 66].to_owned()
}

/// Asks with a key.
pub(super) async fn ask(world: &World, key: &str, path: &str) -> (StatusCode, Value) {
    let (status, _, body) = world
        .send(
            Method::GET,
            &format!("/api/v1{path}"),
            Some(key),
            Vec::new(),
        )
        .await;
    (status, body)
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn an_owner_makes_a_key_that_is_shown_once_and_takes_it_back(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut owner = Browser::new(&world, 1);
    owner.sign_up("Njeri <Wi-Fi>", "njeri@example.com").await;
    let wrong: Vec<_> = form("Till", &["sites:read"])
        .into_iter()
        .map(|(name, value)| {
            (
                name,
                if name == "password" {
                    "not it at all"
                } else {
                    value
                },
            )
        })
        .collect();
    let refused = owner.post("/settings/keys", &wrong).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        refused.text.contains("value=\"Till\""),
        "what was typed stays"
    );
    let refused = owner.post("/settings/keys", &form("Till", &[])).await;
    assert!(refused.text.contains("Tick at least one thing"));
    assert_eq!(world.count("api_keys").await, 0);
    let name = "<script>alert(1)</script>";
    let page = owner
        .post("/settings/keys", &form(name, &["sites:read", "plans:read"]))
        .await
        .page();
    let key = shown(&page);
    assert!(!page.contains("<script"));
    // Shown once, and in the database as a hash only.
    let page = owner.get("/settings/keys").await.page();
    assert!(!page.contains("mnara_") && page.contains(&key[62..]) && page.contains("Never used"));
    let stored: String = read(&world.app, "select to_jsonb(k)::text from api_keys k").await;
    assert!(!stored.contains(&key[6..40]));
    let (status, me) = ask(&world, &key, "/me").await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(me["business_name"], "Njeri <Wi-Fi>");
    assert_eq!(me["key_name"], name);
    assert_eq!(me["scopes"], json!(["sites:read", "plans:read"]));
    assert!(
        !owner
            .get("/settings/keys")
            .await
            .page()
            .contains("Never used")
    );
    assert_eq!(ask(&world, &key, "/sites").await.0, StatusCode::OK);
    let (status, problem) = ask(&world, &key, "/staff").await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    assert_eq!(problem["scope"], "staff:read");
    // Another owner can neither see nor revoke it.
    let id: sqlx::types::Uuid = read(&world.app, "select id from api_keys").await;
    let end = format!(
        "/settings/keys/{}/end",
        mnara_protocol::ids::KeyId::from_uuid(id)
    );
    let mut other = Browser::new(&world, 2);
    other.sign_up("Another", "another@example.com").await;
    assert_eq!(other.post(&end, &[]).await.status, StatusCode::NOT_FOUND);
    assert_eq!(ask(&world, &key, "/me").await.0, StatusCode::OK);
    assert_eq!(
        owner.post(&end, &[]).await.onward(),
        "/settings/keys?done=end"
    );
    assert_eq!(ask(&world, &key, "/me").await.0, StatusCode::UNAUTHORIZED);
    let deeds: i64 = world.count("audit where act in ('key', 'key-end')").await;
    assert_eq!(deeds, 2);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn who_ticks_what_a_key_may_do_reads_of_the_money_to_sort_out(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut owner = Browser::new(&world, 1);
    owner.sign_up("Njeri Wi-Fi", "njeri@example.com").await;
    for (language, says) in [
        (
            "en",
            "decide about money to sort out: give a voucher or credit for it; never send money",
        ),
        (
            "sw",
            "kuamua kuhusu pesa za kushughulikia: kuzitolea vocha au salio; kamwe si kutuma pesa",
        ),
    ] {
        owner.get(&format!("/language/{language}")).await.onward();
        let page = owner.get("/settings/keys").await.page();
        assert!(page.contains(says), "{page}");
    }
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_key_ends_on_its_day_and_a_limit_is_told_with_its_wait(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut owner = Browser::new(&world, 1);
    owner.sign_up("Njeri Wi-Fi", "njeri@example.com").await;
    let mut wish = form("Accounts", &["reports:read"]);
    wish[1] = ("days", "30");
    let key = shown(&owner.post("/settings/keys", &wish).await.page());
    for _ in 0..120 {
        assert_eq!(ask(&world, &key, "/me").await.0, StatusCode::OK);
    }
    let request = Request::get("/api/v1/me").header("authorization", format!("Bearer {key}"));
    let (status, headers, problem) = world
        .send_from([192, 0, 2, 9], request.body(Body::empty()).unwrap())
        .await;
    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(headers["retry-after"], "1");
    assert_eq!(headers["ratelimit-policy"], "\"key\";q=120;w=12");
    assert_eq!(headers["ratelimit"], "\"key\";r=0;t=1");
    assert_eq!(problem["type"], "urn:mnara:problem:too-many");
    world
        .app
        .clock
        .advance(Duration::from_secs(30 * 86_400 - 60));
    assert_eq!(ask(&world, &key, "/me").await.0, StatusCode::OK);
    let request = Request::get("/api/v1/me").header("authorization", format!("Bearer {key}"));
    let (status, headers, _) = world
        .send_from([192, 0, 2, 9], request.body(Body::empty()).unwrap())
        .await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(headers["ratelimit"], "\"key\";r=118;t=1");
    world.app.clock.advance(Duration::from_secs(120));
    assert_eq!(ask(&world, &key, "/me").await.0, StatusCode::UNAUTHORIZED);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_key_that_tries_codes_is_held_down_and_reads_on(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut owner = Browser::new(&world, 1);
    owner.sign_up("Njeri Wi-Fi", "njeri@example.com").await;
    let wish = form("Reader", &["tickets:read"]);
    let key = shown(&owner.post("/settings/keys", &wish).await.page());
    let by_code = "/tickets?code=2345-6789";
    for _ in 0..120 {
        assert_eq!(ask(&world, &key, by_code).await.0, StatusCode::OK);
    }
    // In that time the key may call twenty times more.
    world.app.clock.advance(Duration::from_secs(2));
    for status in [
        StatusCode::OK,
        StatusCode::OK,
        StatusCode::TOO_MANY_REQUESTS,
    ] {
        assert_eq!(ask(&world, &key, by_code).await.0, status);
    }
    let (status, problem) = ask(&world, &key, by_code).await;
    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(problem["type"], "urn:mnara:problem:too-many");
    for path in ["/tickets", "/me"] {
        assert_eq!(ask(&world, &key, path).await.0, StatusCode::OK, "{path}");
    }
}
