//! Setting the operator, and each of its rights proving itself.

use super::*;
use crate::tests::office::Office;

#[sqlx::test(migrations = "../migrations/controller")]
async fn only_an_owner_with_every_proof_sets_an_operator_and_nobody_sees_its_credential(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let (_office, world) = Office::world(pool, options).await;
    let mut owner = member(&world, Role::Owner, 1).await;
    let mut other = member(&world, Role::Owner, 2).await;
    let mut manager = member(&world, Role::Manager, 3).await;
    let page = "/settings/mpesa/operator";
    assert_eq!(manager.get(page).await.status, StatusCode::FORBIDDEN);
    let shown = owner.get(page).await.page();
    assert!(
        shown.contains("href=\"/account/second\"") && !shown.contains("name=\"credential\""),
        "{shown}"
    );
    let sealed = credential(7);
    let form = |initiator, credential, password, digits| {
        [
            ("initiator", initiator),
            ("credential", credential),
            ("password", password),
            ("digits", digits),
        ]
    };
    let got = owner
        .post(page, &form("apiop37", &sealed, PASSWORD, ""))
        .await;
    assert!(got.text.contains("second factor"), "{}", got.text);
    let phone = Authenticator::set_up(&world, &mut owner).await;
    let digits = phone.next(&world);
    for (initiator, credential, password, says) in [
        ("api op", sealed.as_str(), PASSWORD, "user name"),
        (
            "apiop37",
            "Safaricom123!",
            PASSWORD,
            "no SecurityCredential",
        ),
        ("apiop37", &sealed[..300], PASSWORD, "no SecurityCredential"),
        ("apiop37", &sealed, "another password", "are wrong"),
    ] {
        let form = form(initiator, credential, password, &digits);
        let got = owner.post(page, &form).await;
        assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY, "{says}");
        assert!(got.text.contains(says), "{}", got.text);
        assert!(!got.text.contains(&sealed[..40]) && got.text.contains(initiator));
    }
    assert_eq!(world.count("mpesa_operators").await, 0);
    set(&world, &mut owner, &phone).await;
    let shown = other.get(page).await.page();
    assert!(
        shown.contains("apiop37") && shown.contains("Not proven") && !shown.contains(&sealed[..40]),
        "{shown}"
    );
    let kept: String = read(&world.app, "select credential from mpesa_operators").await;
    assert!(kept.starts_with("gAAAA"));
    // Both owners are told, and the line says who, without the credential.
    let told = world.count("mails where kind = 'operator-changed'").await;
    assert_eq!(told, 2);
    let line: String = read(
        &world.app,
        "select after::text from audit where act = 'mpesa-operator' limit 1",
    )
    .await;
    assert!(
        line.contains("apiop37") && !line.contains(&sealed[..40]),
        "{line}"
    );
    // Another shortcode's operator is good for nothing.
    let account = Credentials {
        consumer_key: "key".into(),
        consumer_secret: "secret".into(),
        shortcode: "600100".to_owned(),
        passkey: "passkey".into(),
        kind: ShortcodeKind::Paybill,
    };
    crate::payments::account::set(&world.app, world.shop.provider, &account, Actor::Command)
        .await
        .unwrap();
    let shown = owner.get(page).await.page();
    assert!(
        shown.contains("another number than customers pay into"),
        "{shown}"
    );
    let got = owner
        .post(&format!("{page}/status"), &[("receipt", "NLJ7RT61SV")])
        .await;
    assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(world.daraja.seen(STATUS).is_empty());
    // Removing takes a password.
    let end = format!("{page}/end");
    let got = other.post(&end, &[("password", "another password")]).await;
    assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY);
    let got = other.post(&end, &[("password", PASSWORD)]).await;
    assert_eq!(got.onward(), "/settings/mpesa/operator?done=end");
    assert_eq!(world.count("mpesa_operators").await, 0);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn each_right_proves_itself_by_a_test_and_the_shilling_comes_back_once(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut owner = member(&world, Role::Owner, 1).await;
    let phone = Authenticator::set_up(&world, &mut owner).await;
    set(&world, &mut owner, &phone).await;
    let page = "/settings/mpesa/operator";
    let shown = owner.get(page).await.page();
    assert!(shown.contains("no KSh 1 that could go back"), "{shown}");
    let got = owner.post(&format!("{page}/reversal"), &[]).await;
    assert!(
        got.text.contains("no money with a known receipt"),
        "{}",
        got.text
    );
    // A shilling to oneself, whose receipt is then known.
    owner
        .post("/settings/mpesa/test", &[("phone", "0712 345 678")])
        .await
        .onward();
    let paid = callback(1, json!(0), Some(("TEST000001", json!(1.00))));
    world.call_back(&world.daraja.secret(), paid).await;
    world.work().await;
    // Asking: the newest receipt.
    let got = owner
        .post(&format!("{page}/status"), &[("receipt", "")])
        .await;
    assert_eq!(got.onward(), "/settings/mpesa/operator?done=test#tests");
    let asked = world.daraja.seen(STATUS).pop().unwrap();
    assert_eq!(asked["TransactionID"], "TEST000001");
    assert_eq!(
        (asked["Initiator"].as_str(), asked["PartyA"].as_str()),
        (Some("apiop37"), Some("174371"))
    );
    assert_eq!(asked["SecurityCredential"], credential(7));
    assert!(owner.get(page).await.page().contains("M-PESA took it"));
    let (told, _) = secrets(&world, STATUS);
    let body = known(1, "TEST000001", "Completed", "1", "174371");
    // A word under the names of another request is none.
    let strange = known(9, "TEST000001", "Completed", "1", "174371");
    for body in [strange, body.clone(), body] {
        assert_eq!(world.call_back(&told, body).await, StatusCode::OK);
        world.work().await;
    }
    let outcomes: Vec<String> = read(&world.app, "select array_agg(outcome order by received_at, outcome) from callbacks where outcome in ('told', 'other-ids', 'nothing')").await;
    assert_eq!(outcomes, ["other-ids", "told"]);
    let proven = "mpesa_operators where status_proven_at is not null";
    assert_eq!(world.count(proven).await, 1);
    assert_eq!(world.count("unmatched").await, 0, "a test books nothing");
    // Sending back.
    owner.post(&format!("{page}/reversal"), &[]).await.onward();
    let got = owner.post(&format!("{page}/reversal"), &[]).await;
    assert!(got.text.contains("being sent back already"), "{}", got.text);
    let asked = world.daraja.seen(REVERSAL);
    assert_eq!(asked.len(), 1, "a double tap is one request");
    assert_eq!(
        (
            asked[0]["Amount"].as_str(),
            asked[0]["TransactionID"].as_str()
        ),
        (Some("1"), Some("TEST000001"))
    );
    let (told, _) = secrets(&world, REVERSAL);
    let body = went_back(2, "TEST000001", "BACK000001");
    for _ in 0..3 {
        world.call_back(&told, body.clone()).await;
    }
    world.work().await;
    let shown = owner.get(page).await.page();
    assert!(
        !shown.contains("Not proven") && shown.contains("Went back"),
        "{shown}"
    );
    assert!(shown.contains("as it &#60;ended&#62;"), "{shown}");
    assert_eq!(world.count("refunds where receipt = 'BACK000001'").await, 1);
    assert_eq!(world.count("ledger where cause = 'refund'").await, 1);
    assert_balanced(&world).await;
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn what_m_pesa_refuses_is_told_in_words_and_a_right_that_is_gone_is_not_used(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut owner = proven(&world).await;
    let page = "/settings/mpesa/operator";
    let form = [("receipt", "nlj7 rt61sv")];
    let status = format!("{page}/status");
    let rights = async || -> String {
        read(&world.app, "select (status_proven_at is not null)::text || ' ' || (reversal_proven_at is not null)::text from mpesa_operators").await
    };
    let got = owner.post(&status, &[("receipt", "x")]).await;
    assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY);
    for (number, code, says, left) in [
        (1, json!("R000002"), "knows no such receipt", "true true"),
        (2, json!(21), "lacks the role", "false true"),
        (3, json!("8006"), "credential is locked", "false false"),
    ] {
        owner.post(&status, &form).await.onward();
        let (told, _) = secrets(&world, STATUS);
        world
            .call_back(&told, result(number, code, "AAA0000000", None))
            .await;
        world.work().await;
        let shown = owner.get(page).await.page();
        assert!(shown.contains(says), "{shown}");
        assert_eq!(rights().await, left, "{says}");
        world.app.clock.advance(Duration::from_secs(60));
    }
    // What was never taken says why; what nobody knows says so, until a word comes after all.
    world.daraja.request(400, r#"{"requestId":"1","errorCode":"400.002.02","errorMessage":"Bad Request - Invalid Initiator"}"#);
    owner.post(&status, &form).await.onward();
    let shown = owner.get(page).await.page();
    assert!(shown.contains("Invalid Initiator"), "{shown}");
    world.app.clock.advance(Duration::from_secs(60));
    world.daraja.request(500, "");
    owner.post(&status, &form).await.onward();
    assert_eq!(
        world.count("mpesa_requests where state = 'unknown'").await,
        1
    );
    let (told, gave_up) = secrets(&world, STATUS);
    world.call_back(&gave_up, b"{}".to_vec()).await;
    world.work().await;
    assert_eq!(
        world.count("mpesa_requests where state = 'unknown'").await,
        1
    );
    // An undocumented code decides nothing.
    world
        .call_back(&told, result(4, json!(31_337), "AAA0000000", None))
        .await;
    world.work().await;
    assert_eq!(
        world.count("mpesa_requests where state = 'unknown'").await,
        1
    );
    world
        .call_back(&told, known(4, "NLJ7RT61SV", "Completed", "50", "174371"))
        .await;
    world.work().await;
    assert_eq!(rights().await, "true false");
    world.app.clock.advance(Duration::from_secs(60));
    // Nobody else's body does anything, and one that cannot be read does no harm.
    owner.post(&status, &form).await.onward();
    let (told, gave_up) = secrets(&world, STATUS);
    world.call_back(&told, b"<html>".to_vec()).await;
    world.call_back(&gave_up, b"anything".to_vec()).await;
    world.work().await;
    let shown = owner.get(page).await.page();
    assert!(shown.contains("did not say whether it was done"), "{shown}");
    assert_eq!(world.count("jobs where dead_at is not null").await, 0);
}
