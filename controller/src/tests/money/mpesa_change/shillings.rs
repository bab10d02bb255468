//! The shilling that proves a change: late, for another change, for nobody any more, refused.

use super::*;

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_shilling_that_comes_too_late_or_not_at_all_changes_nothing(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let (mut owner, phone) = earning(&world).await;
    asks(&world, &mut owner, &phone).await;
    let first = world.daraja.secret();
    // Cancelled on the phone: it is said why, and it can be asked for again for a while.
    world
        .call_back(&first, callback(2, json!(1032), None))
        .await;
    world.work().await;
    let page = owner.get("/settings/mpesa").await.page();
    assert!(
        page.contains("Cancelled on the phone.") && page.contains("Ask the phone once more"),
        "{page}"
    );
    assert_eq!(in_use(&world).await, "174371");
    let got = owner.post("/settings/mpesa/change/again", &[]).await;
    assert_eq!(got.onward(), "/settings/mpesa#change");
    assert_eq!(
        world.daraja.seen("stkpush/v1/").pop().unwrap()["BusinessShortCode"],
        "600100"
    );
    let second = world.daraja.secret();
    world.app.clock.advance(Duration::from_secs(15 * 60));
    let got = owner.post("/settings/mpesa/change/again", &[]).await;
    assert_eq!(got.status, StatusCode::CONFLICT, "its time is up");
    world.call_back(&second, shilling(3, "TEST000001")).await;
    world.work().await;
    assert_eq!(in_use(&world).await, "174371");
    assert_eq!(world.count("mpesa_moves where state = 'dropped'").await, 1);
    let page = owner.get("/settings/mpesa").await.page();
    assert!(page.contains("did not arrive in time"), "{page}");
    // The shilling itself is not lost from sight.
    assert!(
        owner
            .get("/payments?state=test")
            .await
            .page()
            .contains("TEST000001")
    );
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_shilling_proves_only_the_change_it_was_sent_for(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let (mut owner, phone) = earning(&world).await;
    // A test of the account in use proves no other.
    let got = owner
        .post("/settings/mpesa/test", &[("phone", "0733000000")])
        .await;
    assert_eq!(got.onward(), "/settings/mpesa#test");
    let test = world.daraja.secret();
    assert_eq!(
        world.daraja.seen("stkpush/v1/").pop().unwrap()["BusinessShortCode"],
        "174371"
    );
    asks(&world, &mut owner, &phone).await;
    let first = world.daraja.secret();
    world.call_back(&test, shilling(2, "TEST000001")).await;
    world.work().await;
    assert_eq!(in_use(&world).await, "174371");
    assert!(
        owner
            .get("/settings/mpesa")
            .await
            .page()
            .contains("KSh 1 arrived. This account works.")
    );
    // Asked for anew with another number: the shilling of the one before comes too late.
    world.app.clock.advance(Duration::from_secs(120));
    let digits = phone.next(&world);
    let other = with(&NEW, &[("digits", &digits), ("shortcode", "600200")]);
    owner.post("/settings/mpesa/change", &other).await.onward();
    let second = world.daraja.secret();
    world.call_back(&first, shilling(3, "TEST000002")).await;
    world.work().await;
    assert_eq!(in_use(&world).await, "174371");
    // Another amount than a shilling, and the word of somebody who does not have the address, prove nothing.
    world
        .call_back(
            &second,
            callback(4, json!(0), Some(("TEST000003", json!(50)))),
        )
        .await;
    let path = format!("/api/mpesa/callback/{}", world.shop.provider);
    world
        .send(Method::POST, &path, None, shilling(4, "TEST000004"))
        .await;
    world.work().await;
    assert_eq!(in_use(&world).await, "174371");
    // Left as it is: nothing that arrives afterwards changes it.
    owner
        .post("/settings/mpesa/change/cancel", &[])
        .await
        .onward();
    let told = "audit where act = 'mpesa-dropped' and actor = 'staff' and before::text like '%600200%' and after is null";
    assert_eq!(world.count(told).await, 1, "to which number it was");
    world.call_back(&second, shilling(4, "TEST000005")).await;
    world.work().await;
    assert_eq!(in_use(&world).await, "174371");
    assert_eq!(world.count("mpesa_moves where state = 'done'").await, 0);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn who_is_no_owner_any_more_when_it_arrives_has_changed_nothing(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let (mut owner, phone) = earning(&world).await;
    let mut other = member(&world, Role::Owner, 2).await;
    asks(&world, &mut owner, &phone).await;
    let secret = world.daraja.secret();
    // The other owner sees it coming and may stop it, but not hurry it.
    let page = other.get("/settings/mpesa").await.page();
    assert!(page.contains("waits for its shilling") && !page.contains("Ask the phone once more"));
    assert_eq!(
        other.post("/settings/mpesa/change/again", &[]).await.status,
        StatusCode::CONFLICT
    );
    let sql = "select s.id from staff s join people p on p.id = s.person_id where p.email = 'owner1@example.com'";
    let place = mnara_protocol::ids::StaffId::from_uuid(read(&world.app, sql).await);
    other
        .post(&format!("/staff/{place}/end"), &[("password", PASSWORD)])
        .await
        .onward();
    world.call_back(&secret, shilling(2, "TEST000001")).await;
    world.work().await;
    assert_eq!(in_use(&world).await, "174371");
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_refused_shilling_says_what_to_put_right(pool: PgPoolOptions, options: PgConnectOptions) {
    let world = World::open(pool, options).await;
    let mut owner = member(&world, Role::Owner, 1).await;
    for (n, (message, says)) in [
        ("Merchant does not exist", "M-PESA does not know the shortcode."),
        ("Wrong credentials", "The passkey does not belong to the shortcode."),
        ("Unable to lock subscriber, a transaction is already in process for the current subscriber", "Another M-PESA prompt was open on the phone."),
    ]
    .into_iter()
    .enumerate()
    {
        let fault = json!({"requestId": "1", "errorCode": "500.001.1001", "errorMessage": message});
        world.daraja.push(500, &fault.to_string());
        let phone = format!("071234567{n}");
        owner.post("/settings/mpesa/test", &[("phone", &phone)]).await.onward();
        let page = owner.get("/settings/mpesa").await.page();
        assert!(page.contains(says), "{message}: {page}");
    }
    // One code for every field: its words say which.
    for (n, (code, message, says)) in [
        (
            "400.002.02",
            "Bad Request - Invalid BusinessShortCode",
            "the shortcode (BusinessShortCode)",
        ),
        (
            "400.002.02",
            "Bad Request - Invalid PartyB",
            "the till number on the sticker",
        ),
        (
            "400.002.02",
            "Bad Request - Invalid CallBackURL",
            "(CallBackURL)",
        ),
        (
            "400.002.02",
            "Bad Request - Invalid Timestamp",
            "Copy the passkey again",
        ),
        (
            "400.002.02",
            "Bad Request - Invalid TransactionType",
            "Choose paybill or till",
        ),
        (
            "400.002.05",
            "Invalid Request Payload",
            "did not understand the request",
        ),
    ]
    .into_iter()
    .enumerate()
    {
        world.app.clock.advance(Duration::from_secs(120));
        let fault = json!({"requestId": "1", "errorCode": code, "errorMessage": message});
        world.daraja.push(400, &fault.to_string());
        let phone = format!("071234560{n}");
        owner
            .post("/settings/mpesa/test", &[("phone", &phone)])
            .await
            .onward();
        let page = owner.get("/settings/mpesa").await.page();
        assert!(page.contains(says), "{message}: {page}");
        // What Safaricom said is one press away.
        let (_, story) = page.split_once("href=\"/payments/").unwrap();
        let story = format!("/payments/{}", story.split_once('"').unwrap().0);
        let story = owner.get(&story).await.page();
        assert!(story.contains(message) && story.contains(says), "{story}");
    }
    // It is the owner's own test: nobody is called to look at it.
    assert_eq!(world.count("payments where flag is not null").await, 0);
    // An answer that was lost is neither.
    world.daraja.push(504, "");
    owner
        .post("/settings/mpesa/test", &[("phone", "0712345679")])
        .await
        .onward();
    assert!(
        owner
            .get("/settings/mpesa")
            .await
            .page()
            .contains("Safaricom has not said whether it asked the phone.")
    );
    // The same phone again, while that one may be open.
    let got = owner
        .post("/settings/mpesa/test", &[("phone", "0712345679")])
        .await;
    assert_eq!(got.status, StatusCode::CONFLICT);
    assert!(got.text.contains("has an M-PESA prompt open"));
}
