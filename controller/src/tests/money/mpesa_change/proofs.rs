//! Who may begin a change, and with which proofs.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::*;

#[sqlx::test(migrations = "../migrations/controller")]
async fn an_owner_with_every_proof_moves_the_money_once_the_shilling_arrives(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let (mut owner, phone) = earning(&world).await;
    asks(&world, &mut owner, &phone).await;
    // The shilling is asked for by the new account, from the owner's phone.
    let pushed = world.daraja.seen("stkpush/v1/").pop().unwrap();
    assert_eq!(pushed["BusinessShortCode"], "600100");
    assert_eq!(pushed["PartyB"], "5432109");
    assert_eq!(
        (pushed["Amount"].as_str(), pushed["PhoneNumber"].as_str()),
        (Some("1"), Some(OWN))
    );
    assert_eq!(in_use(&world).await, "174371", "nothing has changed yet");
    let page = owner.get("/settings/mpesa").await.page();
    assert!(
        page.contains("waits for its shilling") && !page.contains("of the new"),
        "{page}"
    );
    // Customers pay into the account before meanwhile.
    world
        .begin(world.shop.ask(2, "254722000002"))
        .await
        .unwrap();
    assert_eq!(
        world.daraja.seen("stkpush/v1/").pop().unwrap()["BusinessShortCode"],
        "174371"
    );
    let sale = world.daraja.secret();
    let trial: String = read(
        &world.app,
        "select checkout_request_id from payments where type = 'mpesa_account_test'",
    )
    .await;
    assert_eq!(trial, ids(2).1);
    let test = world.daraja.seen("stkpush/v1/")[1]["CallBackURL"]
        .as_str()
        .unwrap()
        .rsplit('/')
        .next()
        .unwrap()
        .to_owned();
    world.call_back(&test, shilling(2, "TEST000001")).await;
    world.work().await;
    assert_eq!(in_use(&world).await, "600100");
    // It is no sale: no ticket, no money of today's.
    world.call_back(&sale, success(3, "NLJ7RT61SW")).await;
    world.work().await;
    assert_eq!(world.count("tickets where payment_id is not null").await, 2);
    world.app.clock.advance(Duration::from_secs(1));
    assert!(owner.get("/home").await.page().contains("KSh\u{a0}50</p>"));
    let list = owner.get("/payments?state=test").await.page();
    assert!(
        list.contains("KSh\u{a0}1") && list.contains("TEST000001"),
        "{list}"
    );
    // Later customers pay into the new one.
    world
        .begin(world.shop.ask(3, "254722000003"))
        .await
        .unwrap();
    assert_eq!(
        world.daraja.seen("stkpush/v1/").pop().unwrap()["PartyB"],
        "5432109"
    );
    // It is in the books, and no secret is.
    let books =
        "audit where act = 'mpesa' and actor = 'staff' and after ? 'till' and before ? 'paybill'";
    assert_eq!(world.count(books).await, 1);
    let sealed: String = read(&world.app, "select mpesa_consumer_key || mpesa_passkey from providers where mpesa_shortcode = '600100'").await;
    assert!(!sealed.contains("new app") && !sealed.contains("new number"));
    let told: String = read(
        &world.app,
        "select string_agg(body, '') from payment_messages",
    )
    .await;
    assert!(
        !told.contains("Password") && !told.contains(&test),
        "{told}"
    );
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn with_any_proof_missing_nothing_is_asked_of_anybody(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let (mut owner, phone) = earning(&world).await;
    let pushes = world.daraja.pushes();
    let digits = phone.next(&world);
    for (changes, says) in [
        (
            &[
                ("password", "not the password"),
                ("digits", digits.as_str()),
            ][..],
            "Your password or the six digits are wrong.",
        ),
        (
            &[("digits", "")],
            "Your password or the six digits are wrong.",
        ),
        (
            &[("digits", "000000")],
            "Your password or the six digits are wrong.",
        ),
        (&[("phone", "12")], "Give a Kenyan mobile number"),
        (&[("kind", "paybill")], "You typed a till number"),
    ] {
        let got = owner
            .post("/settings/mpesa/change", &with(&NEW, changes))
            .await;
        assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY, "{changes:?}");
        assert!(got.text.contains(says), "{}", got.text);
        assert!(got.text.contains("value=\"600100\"") && !got.text.contains("of the new"));
    }
    for (changes, says) in [
        (("shortcode", "12"), "Give the number as 5 to 7 digits"),
        (("till", "1"), "Give the till number"),
        (("passkey", " "), "Give consumer key"),
    ] {
        let digits = phone.next(&world);
        let got = owner
            .post(
                "/settings/mpesa/change",
                &with(&NEW, &[("digits", &digits), changes]),
            )
            .await;
        assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY, "{changes:?}");
        assert!(got.text.contains(says), "{}", got.text);
    }
    // Keys that Safaricom does not take.
    world.daraja.refuse_keys(true);
    let digits = phone.next(&world);
    let got = owner
        .post(
            "/settings/mpesa/change",
            &with(&NEW, &[("digits", &digits)]),
        )
        .await;
    assert!(
        got.text
            .contains("Safaricom does not accept the consumer key"),
        "{}",
        got.text
    );
    world.daraja.refuse_keys(false);
    // Digits that were used are used.
    let got = owner
        .post(
            "/settings/mpesa/change",
            &with(&NEW, &[("digits", &digits)]),
        )
        .await;
    assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(world.daraja.pushes(), pushes);
    assert_eq!(world.count("mpesa_moves").await, 0);
    assert_eq!(world.count("mpesa_accounts").await, 0);
    assert_eq!(in_use(&world).await, "174371");
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_stolen_browser_and_password_do_not_make_a_second_factor_of_their_own(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    world.begin(world.shop.ask(1, PHONE)).await.unwrap();
    world
        .call_back(&world.daraja.secret(), success(1, "NLJ7RT61SV"))
        .await;
    world.work().await;
    let mut owner = member(&world, Role::Owner, 1).await;
    let form = owner.get("/settings/mpesa/change").await.page();
    assert!(
        form.contains("href=\"/account/second\"") && !form.contains("consumer_key"),
        "{form}"
    );
    let got = owner.post("/settings/mpesa/change", &NEW).await;
    assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        got.text
            .contains("takes a second factor, and you have none"),
        "{}",
        got.text
    );
    let phone = Authenticator::set_up(&world, &mut owner).await;
    for hours in [0, 22] {
        world.app.clock.advance(Duration::from_secs(hours * 3600));
        let digits = phone.next(&world);
        let got = owner
            .post(
                "/settings/mpesa/change",
                &with(&NEW, &[("digits", &digits)]),
            )
            .await;
        assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(got.text.contains("less than a day ago"), "{}", got.text);
    }
    assert_eq!(world.daraja.pushes(), 1);
    world.app.clock.advance(Duration::from_secs(2 * 3600));
    asks(&world, &mut owner, &phone).await;
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn an_account_that_never_earned_is_put_right_at_once_but_not_without_a_second_factor(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut owner = member(&world, Role::Owner, 1).await;
    let got = owner.post("/settings/mpesa/change", &NEW).await;
    assert!(
        got.text
            .contains("takes a second factor, and you have none")
    );
    let phone = Authenticator::set_up(&world, &mut owner).await;
    asks(&world, &mut owner, &phone).await;
    world
        .call_back(&world.daraja.secret(), shilling(1, "TEST000001"))
        .await;
    world.work().await;
    assert_eq!(in_use(&world).await, "600100");
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_space_copied_along_with_a_key_is_no_part_of_it(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let (mut owner, phone) = earning(&world).await;
    let before = world.daraja.keys().len();
    let digits = phone.next(&world);
    let spaced = [
        ("consumer_key", " key of the new app "),
        ("consumer_secret", "\tsecret of the new app"),
        ("passkey", "passkey of the new number\n"),
        ("digits", digits.as_str()),
    ];
    let got = owner
        .post("/settings/mpesa/change", &with(&NEW, &spaced))
        .await;
    assert_eq!(got.onward(), "/settings/mpesa#change");
    let pair = STANDARD.encode("key of the new app:secret of the new app");
    let sent = world.daraja.keys().split_off(before);
    assert_eq!(sent, [format!("Basic {pair}")]);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn only_owners_reach_the_forms(pool: PgPoolOptions, options: PgConnectOptions) {
    let world = World::open(pool, options).await;
    let mut manager = member(&world, Role::Manager, 1).await;
    assert_eq!(
        manager.get("/settings/mpesa/change").await.status,
        StatusCode::FORBIDDEN
    );
    for path in [
        "/settings/mpesa/change",
        "/settings/mpesa/change/again",
        "/settings/mpesa/test",
        "/settings/mpesa/change/cancel",
    ] {
        assert_eq!(manager.post(path, &NEW).await.status, StatusCode::FORBIDDEN);
    }
    // The owner of another business touches nothing here.
    let mut stranger = Browser::new(&world, 2);
    stranger.sign_up("Another", "another@example.com").await;
    assert_eq!(
        stranger.get("/settings/mpesa/change").await.onward(),
        "/settings/mpesa"
    );
    let got = stranger.post("/settings/mpesa/change/again", &[]).await;
    assert_eq!(got.status, StatusCode::CONFLICT);
    assert_eq!(world.daraja.pushes(), 0);
}
