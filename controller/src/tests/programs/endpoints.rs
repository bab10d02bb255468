//! Addresses that are told news: what people do with one stays written, and one that takes nothing is seen and tried again by the platform's
//! staff, who learn no more of it than where it is.

use super::webhooks::{EVERYTHING, Receiver, add, endpoint, owner};
use super::*;
use crate::providers::staff::roles::Role;
use crate::tests::browser::PASSWORD;
use crate::tests::pages::doors::member;
use crate::tests::platform::admin::{admin, run, text};

/// Where the platform's staff tries the only endpoint again.
async fn retry(world: &World) -> String {
    let path = endpoint(world).await;
    let id = path.rsplit('/').next().unwrap();
    format!("/admin/webhooks/{id}/retry")
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn an_address_that_takes_nothing_is_seen_and_tried_again_by_the_platform_alone(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open_with(pool, options, &["--webhooks-to-loopback"]).await;
    let (receiver, url) = Receiver::start().await;
    let mut owner = owner(&world).await;
    let secret = add(&mut owner, &format!("{url}?key=hush")).await;
    let (page, retry) = (endpoint(&world).await, retry(&world).await);
    let test = format!("{page}/test");
    let mut admin = admin(&world).await;
    let works = "Every address takes what it is sent.";
    assert!(admin.get("/admin/jobs").await.page().contains(works));
    let again = async |admin: &mut browser::Browser<'_>| admin.post(&retry, &[]).await.onward();
    let (done, moved_on) = ("/admin/jobs?done=webhook", "/admin/jobs?done=moved-on");
    assert_eq!(again(&mut admin).await, moved_on, "it does not fail");

    receiver.answer(503);
    owner.post(&test, &[]).await.onward();
    world.work().await;
    let page = admin.get("/admin/jobs").await.page();
    let says = text(&page);
    for part in [
        "127.0.0.1 · Business 1",
        "nothing has arrived since 15 Jan 2027, 11:00 · last answer: 503",
        "messages that wait: 1 · given up: 0",
    ] {
        assert!(says.contains(part), "{part}: {says}");
    }
    for hidden in ["hush", "as told", &secret[..12]] {
        assert!(!page.contains(hidden), "{hidden}: {page}");
    }
    assert!(page.contains(&retry), "{page}");
    let says = text(&admin.get("/admin").await.page());
    let told = "Addresses of programs that take no news: 1";
    assert!(says.contains(told), "{says}");
    // Nobody of the business does that, nor of another.
    let mut manager = member(&world, Role::Manager, 30).await;
    let mut stranger = browser::Browser::new(&world, 31);
    stranger.sign_up("Another", "another@example.com").await;
    for browser in [&mut owner, &mut manager, &mut stranger] {
        let got = browser.post(&retry, &[]).await;
        assert_eq!(got.status, StatusCode::FORBIDDEN);
        assert!(!got.text.contains("127.0.0.1"));
    }
    let waits = "webhook_deliveries where attempts = 1 and delivered_at is null";
    assert_eq!(world.count(waits).await, 1);
    // Pressed twice it is one deed, and the message is due at once.
    assert_eq!(again(&mut admin).await, done);
    assert_eq!(again(&mut admin).await, moved_on);
    let page = admin.get("/admin/jobs").await.page();
    assert!(
        page.contains("messages that wait: 1") && !page.contains(&retry),
        "no button where pressing it changes nothing: {page}"
    );
    let deeds = "audit where act = 'webhook-retry' and actor = 'admin' and provider_id is not null";
    assert_eq!(world.count(deeds).await, 1);
    world.work().await;
    let seen = receiver.seen();
    assert_eq!(seen.len(), 2);
    assert_eq!(seen[0].0["webhook-id"], seen[1].0["webhook-id"]);
    assert!(admin.get("/admin/jobs").await.page().contains(works));
    let says = text(&admin.get("/admin").await.page());
    assert!(!says.contains("take no news"), "{says}");

    // One that was given up is switched on with all that was given up since it fails.
    receiver.answer(503);
    owner.post(&test, &[]).await.onward();
    world.work().await;
    receiver.answer(410);
    owner.post(&test, &[]).await.onward();
    world.work().await;
    assert_eq!(world.count("webhook_endpoints where enabled").await, 0);
    let says = text(&admin.get("/admin/jobs").await.page());
    for part in [
        "Business 1 switched off nothing has arrived since",
        "last answer: 410",
        "messages that wait: 0 · given up: 2",
    ] {
        assert!(says.contains(part), "{part}: {says}");
    }
    let before = receiver.seen().len();
    world.app.clock.advance(Duration::from_secs(60));
    assert_eq!(again(&mut admin).await, done);
    world.work().await;
    assert_eq!(receiver.seen().len(), before + 2);
    assert_eq!(world.count("webhook_endpoints where enabled").await, 1);
    assert_eq!(again(&mut admin).await, moved_on);
    let told = "audit where act = 'webhook-retry' and before = jsonb_build_object('host', '127.0.0.1', 'on', false, 'since', '2027-01-15T08:00:00Z')
                and after = jsonb_build_object('host', '127.0.0.1', 'on', true, 'count', 2)";
    assert_eq!(world.count(told).await, 1);
    let page = admin.get("/admin/audit").await.page();
    let says = text(&page);
    assert!(says.contains("had news sent again to an address"), "{says}");
    assert!(
        page.contains("127.0.0.1") && !page.contains("hush"),
        "{page}"
    );
    // What its business has switched off is left to it, and what is nowhere is not found.
    run(
        &world,
        "update webhook_endpoints set enabled = false, failing_since = $1",
    )
    .await;
    assert_eq!(again(&mut admin).await, moved_on);
    assert!(admin.get("/admin/jobs").await.page().contains(works));
    run(&world, "update webhook_endpoints set removed_at = $1").await;
    for nobody in [retry.as_str(), "/admin/webhooks/x/retry"] {
        assert_eq!(admin.post(nobody, &[]).await.status, StatusCode::NOT_FOUND);
    }
    assert_eq!(world.count("jobs where kind = 'webhooks'").await, 0);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_stolen_browser_closes_addresses_and_opens_none(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut owner = owner(&world).await;
    for password in [None, Some("not it at all")] {
        let mut form = vec![("url", "https://evil.example/hook")];
        form.extend(EVERYTHING.into_iter().take(2));
        form.extend(password.map(|password| ("password", password)));
        let got = owner.post("/settings/webhooks", &form).await;
        assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY);
        for part in ["Your password or the six digits are wrong", "evil.example"] {
            assert!(got.text.contains(part), "{part}: {}", got.text);
        }
        for (n, (_, word)) in EVERYTHING.into_iter().enumerate() {
            let ticked = format!("value=\"{word}\" checked");
            assert_eq!(got.text.contains(&ticked), n < 2, "{word}: {}", got.text);
        }
    }
    assert_eq!(world.count("webhook_endpoints").await, 0);

    add(&mut owner, "https://example.com/hook").await;
    let path = endpoint(&world).await;
    let sealed = "select secret from webhook_endpoints";
    let before: String = read(&world.app, sealed).await;
    let off = owner.post(&format!("{path}/switch/off"), &[]).await;
    assert_eq!(off.onward(), format!("{path}?done=off"));
    let proof = [("password", PASSWORD)];
    for deed in ["secret", "switch/on"] {
        let deed = format!("{path}/{deed}");
        for password in [None, Some("not it at all")] {
            let password = password.map(|password| ("password", password));
            let form: Vec<(&str, &str)> = password.into_iter().collect();
            let got = owner.post(&deed, &form).await;
            assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY, "{deed}");
            assert!(!got.text.contains("whsec_"), "{}", got.text);
        }
    }
    let after: String = read(&world.app, sealed).await;
    assert_eq!(before, after);
    assert_eq!(world.count("webhook_endpoints where enabled").await, 0);
    let on = owner.post(&format!("{path}/switch/on"), &proof).await;
    assert_eq!(on.onward(), format!("{path}?done=on"));
    let page = owner.post(&format!("{path}/secret"), &proof).await.page();
    assert!(page.contains("whsec_"), "{page}");
    let after: String = read(&world.app, sealed).await;
    assert_ne!(before, after);
    let end = owner.post(&format!("{path}/end"), &[]).await;
    assert_eq!(end.onward(), "/settings/webhooks?done=end");
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn what_is_done_with_an_address_is_told_as_it_was_and_is_without_its_secrets(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut owner = owner(&world).await;
    add(&mut owner, "https://example.com/hook?key=hush").await;
    let path = endpoint(&world).await;
    world.app.clock.advance(Duration::from_secs(60));
    for deed in ["switch/off", "secret", "end"] {
        let form = [("password", PASSWORD)];
        let got = owner.post(&format!("{path}/{deed}"), &form).await;
        assert!(got.status == StatusCode::OK || got.location.is_some());
    }
    let at = |on: bool| json!({"host": "example.com", "on": on});
    let since = |at: &str| json!({"host": "example.com", "since": at});
    assert_eq!(
        deed(&world, "webhook-off").await,
        json!({"before": at(true), "after": at(false)})
    );
    assert_eq!(
        deed(&world, "webhook-secret").await,
        json!({"before": since("2027-01-15T08:00:00Z"), "after": since("2027-01-15T08:01:00Z")})
    );
    let mut before = at(false);
    before["events"] = EVERYTHING.map(|(_, word)| word).into_iter().collect();
    assert_eq!(
        deed(&world, "webhook-end").await,
        json!({"before": before, "after": null})
    );
    // Nothing names the address any more but that.
    let says = text(&owner.get("/audit").await.page());
    assert!(says.contains("address was example.com"), "{says}");
    let all: String = read(
        &world.app,
        "select jsonb_agg(to_jsonb(a))::text from audit a",
    )
    .await;
    assert!(!all.contains("hush") && !all.contains("whsec_"), "{all}");
}
