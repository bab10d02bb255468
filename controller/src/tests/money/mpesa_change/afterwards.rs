//! What follows a change: every owner sees it, the way back, and the old account as long as it is needed.

use super::*;

/// The ids of changes that one may go back behind, as the page offers them.
fn ways_back(page: &str) -> Vec<String> {
    page.split("action=\"/settings/mpesa/moves/")
        .skip(1)
        .map(|rest| rest.split('/').next().unwrap().to_owned())
        .collect()
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn another_owner_is_shown_it_on_every_page_and_goes_back(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let (mut owner, phone) = earning(&world).await;
    let mut other = member(&world, Role::Owner, 2).await;
    let mut reader = member(&world, Role::Reader, 3).await;
    assert!(
        !other
            .get("/home")
            .await
            .page()
            .contains("Was this not you?")
    );
    asks(&world, &mut owner, &phone).await;
    world
        .call_back(&world.daraja.secret(), shilling(2, "TEST000001"))
        .await;
    world.work().await;
    // And a thief who is in a hurry changes it twice.
    let digits = phone.next(&world);
    let again = with(
        &NEW,
        &[
            ("digits", &digits),
            ("shortcode", "600200"),
            ("phone", "0711111111"),
        ],
    );
    // The new account has earned nothing yet, but the business has; the second factor is old enough for that.
    owner.post("/settings/mpesa/change", &again).await.onward();
    world
        .call_back(&world.daraja.secret(), shilling(3, "TEST000002"))
        .await;
    world.work().await;
    assert_eq!(in_use(&world).await, "600200");
    // Somebody has begun to pay into it.
    world
        .begin(world.shop.ask(2, "254722000002"))
        .await
        .unwrap();
    let paying = world.daraja.secret();
    for path in ["/home", "/plans", "/payments"] {
        assert!(
            other.get(path).await.page().contains("Was this not you?"),
            "{path}"
        );
        assert!(
            !reader.get(path).await.page().contains("Was this not you?"),
            "{path}"
        );
    }
    let page = other.get("/settings/mpesa").await.page();
    let ways = ways_back(&page);
    assert_eq!(ways.len(), 2, "{page}");
    let first = format!("/settings/mpesa/moves/{}/back", ways[1]);
    let got = other
        .post(&first, &[("password", "not the password")])
        .await;
    assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(in_use(&world).await, "600200");
    let mut stranger = Browser::new(&world, 9);
    stranger.sign_up("Another", "another@example.com").await;
    let got = stranger.post(&first, &[("password", PASSWORD)]).await;
    assert_eq!(got.status, StatusCode::CONFLICT, "nothing of theirs");
    let got = other.post(&first, &[("password", PASSWORD)]).await;
    assert_eq!(got.onward(), "/settings/mpesa?done=back");
    assert_eq!(in_use(&world).await, "174371");
    assert_eq!(world.count("mpesa_moves where state = 'undone'").await, 2);
    assert!(
        !other
            .get("/home")
            .await
            .page()
            .contains("Was this not you?")
    );
    let got = other.post(&first, &[("password", PASSWORD)]).await;
    assert_eq!(got.status, StatusCode::CONFLICT, "once is enough");
    // What was under way in the account that is left arrives all the same, and the next goes to the old one.
    world.call_back(&paying, success(4, "NLJ7RT61SW")).await;
    world.work().await;
    assert_eq!(world.count("tickets where payment_id is not null").await, 2);
    world
        .begin(world.shop.ask(3, "254722000003"))
        .await
        .unwrap();
    assert_eq!(
        world.daraja.seen("stkpush/v1/").pop().unwrap()["BusinessShortCode"],
        "174371"
    );
    assert_eq!(world.count("audit where act = 'mpesa-back'").await, 1);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_business_that_earned_is_not_moved_by_a_new_second_factor_when_its_account_is_new(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let (mut owner, phone) = earning(&world).await;
    let mut other = member(&world, Role::Owner, 2).await;
    asks(&world, &mut owner, &phone).await;
    world
        .call_back(&world.daraja.secret(), shilling(2, "TEST000001"))
        .await;
    world.work().await;
    assert_eq!(in_use(&world).await, "600100");
    let new = Authenticator::set_up(&world, &mut other).await;
    let change = async |other: &mut Browser<'_>| {
        let digits = new.next(&world);
        let form = with(
            &NEW,
            &[
                ("digits", &digits),
                ("shortcode", "600200"),
                ("phone", "0711111111"),
            ],
        );
        other.post("/settings/mpesa/change", &form).await
    };
    let got = change(&mut other).await;
    assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(got.text.contains("less than a day ago"), "{}", got.text);
    let sealed = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, [7_u8; 256]);
    let digits = new.next(&world);
    let operator = [
        ("initiator", "apiop37"),
        ("credential", sealed.as_str()),
        ("password", PASSWORD),
        ("digits", digits.as_str()),
    ];
    let got = other.post("/settings/mpesa/operator", &operator).await;
    assert!(got.text.contains("less than a day ago"), "{}", got.text);
    world.app.clock.advance(Duration::from_secs(86_400));
    let got = change(&mut other).await;
    assert_eq!(got.onward(), "/settings/mpesa#change");
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn after_a_week_it_is_no_news_and_there_is_no_way_back(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let (mut owner, phone) = earning(&world).await;
    asks(&world, &mut owner, &phone).await;
    world
        .call_back(&world.daraja.secret(), shilling(2, "TEST000001"))
        .await;
    world.work().await;
    let way = ways_back(&owner.get("/settings/mpesa").await.page()).remove(0);
    world.app.clock.advance(Duration::from_secs(7 * 86_400));
    let page = owner.get("/settings/mpesa").await.page();
    assert!(ways_back(&page).is_empty() && !page.contains("Was this not you?"));
    let digits = phone.next(&world);
    let form = [("password", PASSWORD), ("digits", digits.as_str())];
    let got = owner
        .post(&format!("/settings/mpesa/moves/{way}/back"), &form)
        .await;
    assert_eq!(got.status, StatusCode::CONFLICT);
    assert_eq!(in_use(&world).await, "600100");
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn what_was_pushed_with_the_old_account_is_asked_about_and_paid_with_it(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let (mut owner, phone) = earning(&world).await;
    crate::payments::hand::open(
        &world.app,
        world.shop.provider,
        providers::c2b::Choice::USUAL,
        Actor::Command,
    )
    .await
    .unwrap();
    let c2b = world.daraja.seen("registerurl").pop().unwrap()["ConfirmationURL"]
        .as_str()
        .unwrap()
        .to_owned();
    asks(&world, &mut owner, &phone).await;
    let proof = world.daraja.secret();
    let silent = world
        .begin(world.shop.ask(2, "254722000002"))
        .await
        .unwrap();
    let told = world
        .begin(world.shop.ask(3, "254722000003"))
        .await
        .unwrap();
    let reference: String = read(
        &world.app,
        &format!(
            "select account_reference from payments where id = '{}'",
            told.payment.uuid()
        ),
    )
    .await;
    world.call_back(&proof, shilling(2, "TEST000001")).await;
    world.work().await;
    assert_eq!(in_use(&world).await, "600100");
    // The callback of one never comes: it is asked about by its own account's number.
    // Questions of one account wait for each other, in an order that chance makes.
    for _ in 0..3 {
        world.daraja.outcome("0");
    }
    world.pass(30).await;
    world.pass(15).await;
    let asked = world.daraja.seen("stkpushquery");
    let about = |n: u32| {
        asked
            .iter()
            .find(|body| body["CheckoutRequestID"] == ids(n).1.as_str())
    };
    assert_eq!(
        about(3).unwrap()["BusinessShortCode"],
        "174371",
        "{asked:?}"
    );
    assert_eq!(world.status(silent.payment).await, "success");
    // The other is told of by a confirmation for the old number.
    let body = json!({"TransactionType": "Pay Bill", "TransID": "NLJ7RT61SX", "TransTime": "20270115110115", "TransAmount": "50.00",
        "BusinessShortCode": "174371", "BillRefNumber": reference, "InvoiceNumber": "", "OrgAccountBalance": "", "ThirdPartyTransID": "",
        "MSISDN": "2547 ***** 003", "FirstName": "NICHOLAS", "MiddleName": "", "LastName": ""});
    let path = c2b
        .split_once("example.com")
        .map_or(c2b.as_str(), |(_, path)| path)
        .to_owned();
    world
        .send(Method::POST, &path, None, body.to_string().into_bytes())
        .await;
    world.work().await;
    assert_eq!(world.status(told.payment).await, "success");
    assert_eq!(world.count("tickets where payment_id is not null").await, 3);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn the_old_accounts_secrets_are_sealed_anew_with_the_others(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    use secrecy::ExposeSecret as _;
    let (old, new) = (Vault::new_key(), Vault::new_key());
    let world = World::open_with_key(pool.clone(), options.clone(), &old).await;
    let (mut owner, phone) = earning(&world).await;
    asks(&world, &mut owner, &phone).await;
    world
        .call_back(&world.daraja.secret(), shilling(2, "TEST000001"))
        .await;
    world.work().await;
    drop(owner);
    let kept: String = read(
        &world.app,
        "select string_agg(consumer_key || consumer_secret || passkey, '') from mpesa_accounts",
    )
    .await;
    assert!(!kept.contains("secret") && !kept.contains("passkey") && kept.len() > 100);
    let provider = world.shop.provider;
    let both = format!("{},{}", new.expose_secret(), old.expose_secret());
    let world = world
        .again(pool.clone(), options.clone(), &both.into())
        .await;
    let sealed = async |world: &World| providers::mpesa::reseal(&world.app, provider).await;
    assert_eq!(sealed(&world).await.unwrap(), 6, "three of each account");
    assert_eq!(sealed(&world).await.unwrap(), 0);
    let world = world.again(pool, options, &new).await;
    let sql = "select id from mpesa_accounts where was_used";
    let id = mnara_protocol::ids::AccountId::from_uuid(read(&world.app, sql).await);
    let mut tx = world.app.db.tenant(provider).await.unwrap();
    let before = providers::mpesa::read_set(&mut tx, &world.app.vault, provider, id).await;
    assert_eq!(before.unwrap().unwrap().shortcode, "174371");
}
