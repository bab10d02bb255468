//! What the owner sets and sees, and what sites hear of it.

use super::*;

#[sqlx::test(migrations = "../migrations/controller")]
async fn the_owner_registers_sees_how_it_stands_and_limits_what_is_taken(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut owner = member(&world, Role::Owner, 1).await;
    let page = owner.get("/settings/mpesa/hand").await.page();
    assert!(page.contains("it has not been asked to"), "{page}");
    assert!(page.contains("placeholder=\"250,000\"") && page.contains("placeholder=\"500,000\""));
    assert!(
        page.contains("<button>"),
        "there is something to press: {page}"
    );
    let form = [("version", "1"), ("completes", "no")];
    owner.post("/settings/mpesa/hand", &form).await.onward();
    let asked = world
        .daraja
        .seen("/mpesa/c2b/v1/registerurl")
        .pop()
        .unwrap();
    assert_eq!(asked["ResponseType"], "Cancelled");
    let page = owner.get("/settings/mpesa/hand").await.page();
    assert!(page.contains("M-PESA has our addresses"), "{page}");
    let chosen = json!({"version": 1, "completes": false});
    assert_eq!(
        deed(&world, "mpesa-by-hand").await,
        json!({"before": null, "after": chosen})
    );
    // The first payment that is told of proves it.
    let address = asked["ConfirmationURL"].as_str().unwrap();
    let path = format!(
        "/api/pay/{}/{}/confirmation",
        world.shop.provider,
        address.rsplit('/').nth(1).unwrap()
    );
    told(
        &world,
        &path,
        confirmation("RKL51ZDR4F", "MAMA", "2547 ***** 149", "50.00"),
    )
    .await;
    let page = owner.get("/settings/mpesa/hand").await.page();
    assert!(page.contains("was told of"), "{page}");
    assert!(!page.contains("<button>"), "it works: {page}");
    for (least, most, a_day) in [("60", "10", ""), ("<script>", "", "")] {
        let form = [("least", least), ("most", most), ("most_a_day", a_day)];
        let got = owner.post("/settings/mpesa/hand/limits", &form).await;
        assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(
            got.text.contains("whole shillings") && !got.text.contains("<script>\""),
            "{}",
            got.text
        );
    }
    // A plan of fifty is too dear, then just right, then too often.
    let set = async |owner: &mut browser::Browser, most: &str, a_day: &str| {
        let form = [("least", ""), ("most", most), ("most_a_day", a_day)];
        owner
            .post("/settings/mpesa/hand/limits", &form)
            .await
            .onward();
    };
    set(&mut owner, "49", "").await;
    let refused = world.begin(world.shop.ask(1, PHONE)).await;
    assert!(matches!(
        refused,
        Err(NotBegun::NotAsked(PayFailure::LimitReached, _))
    ));
    assert_eq!(world.daraja.pushes(), 0);
    set(&mut owner, "50", "99").await;
    world.begin(world.shop.ask(1, PHONE)).await.unwrap();
    world
        .call_back(&world.daraja.secret(), success(1, "NLJ7RT61SV"))
        .await;
    world.work().await;
    let refused = world.begin(world.shop.ask(2, PHONE)).await;
    assert!(matches!(
        refused,
        Err(NotBegun::NotAsked(PayFailure::LimitReached, _))
    ));
    world
        .begin(world.shop.ask(3, "254708374150"))
        .await
        .unwrap();
    // Whatever the rail says, who asked for what stands there.
    world.daraja.refuse_keys(true);
    let form = [("version", "2"), ("completes", "yes")];
    owner.post("/settings/mpesa/hand", &form).await.onward();
    let told = "audit where act = 'mpesa-by-hand' and actor = 'staff' and before = '{\"version\": 1, \"completes\": false}'
                and after = '{\"version\": 2, \"completes\": true}'";
    assert_eq!(world.count(told).await, 1);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn what_m_pesa_took_is_known_though_the_owners_line_broke(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut owner = member(&world, Role::Owner, 1).await;
    let gate = world.daraja.hold_pushes();
    let form = [("version", "2"), ("completes", "yes")];
    let mut pressing = Box::pin(owner.post("/settings/mpesa/hand", &form));
    while world.daraja.seen("registerurl").is_empty() {
        assert!(futures_util::poll!(&mut pressing).is_pending());
        tokio::task::yield_now().await;
    }
    drop(pressing);
    gate.add_permits(1);
    let sites_know = async {
        loop {
            let rows = world.feed(world.shop.site).await;
            if rows
                .iter()
                .any(|row| matches!(row, Row::Site(row) if row.by_hand.is_some()))
            {
                return;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(30), sites_know)
        .await
        .unwrap();
    let page = owner.get("/settings/mpesa/hand").await.page();
    assert!(page.contains("M-PESA has our addresses"), "{page}");
    assert_eq!(world.daraja.seen("registerurl").len(), 1);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn while_mpesa_takes_no_prompts_the_sites_know_and_later_customers_try_again(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let away = async |world: &World| {
        let rows = world.feed(world.shop.site).await;
        rows.iter()
            .any(|row| matches!(row, Row::Site(row) if row.no_prompts_since.is_some()))
    };
    let fail = async |world: &World, n: u8| {
        world.daraja.push(503, "<html>busy</html>");
        let phone = format!("2547083741{n:02}");
        let _ = world.begin(world.shop.ask(n, &phone)).await;
    };
    fail(&world, 1).await;
    fail(&world, 2).await;
    assert!(!away(&world).await, "two are not an outage");
    // A phone's own trouble says nothing about M-PESA.
    world.daraja.push(500, &json!({"requestId": "1", "errorCode": "500.001.1001",
        "errorMessage": "Unable to lock subscriber, a transaction is already in process for the current subscriber"}).to_string());
    let _ = world.begin(world.shop.ask(3, "254708374203")).await;
    assert!(!away(&world).await);
    fail(&world, 4).await;
    assert!(away(&world).await);
    let mut owner = member(&world, Role::Owner, 1).await;
    let page = owner.get("/settings/mpesa/hand").await.page();
    assert!(page.contains("takes no prompts since"), "{page}");
    // One that gets through ends it, and so does time.
    world
        .begin(world.shop.ask(5, "254708374205"))
        .await
        .unwrap();
    assert!(!away(&world).await);
    for n in 6..9 {
        fail(&world, n).await;
    }
    assert!(away(&world).await);
    world.pass(601).await;
    assert!(!away(&world).await);
}

/// Sets the most that the shop takes, at once and from one phone on one day.
async fn take_at_most(world: &World, most: Option<i32>, most_a_day: Option<i32>) {
    let limits = providers::limits::Limits {
        least: None,
        most,
        most_a_day,
    };
    let provider = world.shop.provider;
    let mut tx = world.app.db.tenant(provider).await.unwrap();
    providers::c2b::store::set_limits(&mut tx, provider, limits)
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn nobody_is_told_to_pay_by_hand_what_is_not_taken_and_what_came_counts(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let path = open_till(&world, false).await;
    let validation = path.replace("confirmation", "validation");
    let refused = async |n: u8, phone: Option<&str>| {
        let answer = asked(&world, n, question(&world, n, phone)).await;
        matches!(answer, Answer::NotPrompted(why) if why.reason == PayFailure::LimitReached)
    };
    let says = async |code: &str, payer: &str| {
        let body = confirmation("RKL51ZDR3F", code, payer, "50.00");
        let (_, _, said) = world.send(Method::POST, &validation, None, body).await;
        said["ResultCode"].as_str().unwrap().to_owned()
    };
    let payer = "2547 ***** 149";
    let code = place(&world, 1, Some(PHONE)).await.account.unwrap();
    assert_eq!(says(&code, payer).await, "0");
    // The plan of fifty is too dear.
    take_at_most(&world, Some(49), None).await;
    assert!(refused(2, None).await);
    assert_eq!(says(&code, payer).await, "C2B00013");
    // M-PESA need not have asked us before.
    told(
        &world,
        &path,
        confirmation("RKL51ZDR4F", &code, payer, "50.00"),
    )
    .await;
    assert_eq!(delivered(&world, 1).await.len(), 1);
    assert_eq!(world.count("unmatched").await, 0);
    // It is cheap enough, and the phone that the device names again has paid fifty today.
    take_at_most(&world, None, None).await;
    place(&world, 1, Some(PHONE)).await;
    take_at_most(&world, Some(50), Some(99)).await;
    assert!(refused(3, Some(PHONE)).await);
    assert_eq!(says(&code, payer).await, "C2B00013");
    assert_eq!(says(&code, "2547 ***** 150").await, "0");
    place(&world, 3, Some("254708374150")).await;
    place(&world, 4, None).await;
    world.books_are_equal().await;
}
