//! Every way in which a text does not arrive: told in plain words, tried again where that is of use, and never sent twice by itself.

use mnara_protocol::clock::Timestamp;

use super::*;

/// Pays once against one answer, and gives what became of the text.
async fn against(world: &World, tower: &Tower, answer: &str) -> Vec<String> {
    want(world, always()).await;
    tower.say(201, answer);
    pay(world, 1).await;
    states(world).await
}

/// What the page says of the latest text.
async fn page(world: &World) -> String {
    let mut owner = doors::member(world, providers::staff::roles::Role::Owner, 1).await;
    owner.get("/settings/messages").await.page()
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn no_balance_waits_until_there_is_one(pool: PgPoolOptions, options: PgConnectOptions) {
    let (tower, world) = Tower::world(pool, options).await;
    let empty = recipient(405, "InsufficientBalance", "0", "None");
    assert_eq!(against(&world, &tower, &empty).await, ["waiting:balance"]);
    assert!(page(&world).await.contains("has no money left"));
    // The platform sees it among the work that fails, without anybody's number.
    let error: String = read(&world.app, "select last_error from jobs where kind = 'sms'").await;
    assert!(
        error.contains("balance") && !error.contains(PHONE),
        "{error}"
    );
    tower.empty();
    world.pass(60).await;
    assert_eq!(tower.empty().len(), 1);
    assert_eq!(states(&world).await, ["sent"]);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_wrong_number_is_given_up(pool: PgPoolOptions, options: PgConnectOptions) {
    let (tower, world) = Tower::world(pool, options).await;
    let wrong = recipient(403, "InvalidPhoneNumber", "0", "None");
    assert_eq!(against(&world, &tower, &wrong).await, ["failed:number"]);
    assert!(page(&world).await.contains("The number is none."));
    tower.empty();
    world.pass(86_400).await;
    assert_eq!(tower.empty().len(), 0);
    assert_eq!(world.count("jobs where kind = 'sms'").await, 0);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_phone_on_the_black_list_is_left_alone(pool: PgPoolOptions, options: PgConnectOptions) {
    let (tower, world) = Tower::world(pool, options).await;
    let black = recipient(406, "UserInBlacklist", "0", "None");
    assert_eq!(against(&world, &tower, &black).await, ["failed:opted-out"]);
    tower.empty();
    pay(&world, 2).await;
    assert_eq!(tower.empty().len(), 0, "nobody asks twice");
    assert_eq!(states(&world).await[1], "dropped:opted-out");
    let page = page(&world).await;
    assert!(page.contains("told the network"), "{page}");
    // Its owner took that back at the network, and says so here.
    let mut owner = Browser::new(&world, 1);
    owner.log_in("owner1@example.com", PASSWORD).await.onward();
    owner
        .post("/settings/messages/start", &[("phone", PHONE)])
        .await
        .onward();
    assert_eq!(world.count("sms_opt_outs").await, 0);
    pay(&world, 3).await;
    assert_eq!(tower.one().to, format!("+{PHONE}"));
    assert_eq!(states(&world).await[2], "sent");
    // Where it still stands at the network, that refuses the next one, and the phone is noted as before.
    tower.say(201, &black);
    world.pass(60).await;
    pay(&world, 4).await;
    assert_eq!(states(&world).await[3], "failed:opted-out");
    let network = "sms_opt_outs where by_whom = 'network'";
    assert_eq!(world.count(network).await, 1);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_broken_gateway_is_tried_again(pool: PgPoolOptions, options: PgConnectOptions) {
    let (tower, world) = Tower::world(pool, options).await;
    let broken = recipient(501, "GatewayError", "0", "None");
    assert_eq!(against(&world, &tower, &broken).await, ["waiting:gateway"]);
    tower.say(201, &recipient(500, "InternalServerError", "0", "None"));
    world.pass(60).await;
    world.pass(120).await;
    assert_eq!(states(&world).await, ["sent"]);
    assert_eq!(tower.empty().len(), 3);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn wrong_keys_and_too_many_calls_are_tried_again(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let (tower, world) = Tower::world(pool, options).await;
    want(&world, always()).await;
    tower.say(401, "The supplied authentication is invalid");
    tower.say(429, "");
    pay(&world, 1).await;
    assert_eq!(states(&world).await, ["waiting:keys"]);
    world.pass(60).await;
    world.pass(120).await;
    assert_eq!(states(&world).await, ["sent"]);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_lost_answer_is_not_sent_again_by_itself(pool: PgPoolOptions, options: PgConnectOptions) {
    let (tower, world) = Tower::world(pool, options).await;
    want(&world, always()).await;
    tower.answer(Answer::HangUp);
    pay(&world, 1).await;
    assert_eq!(states(&world).await, ["unknown"]);
    assert_eq!(tower.empty().len(), 1);
    world.pass(3_600).await;
    assert_eq!(tower.empty().len(), 0);
    // Its report names an id we never heard, and its phone.
    report(&world, "ATXid_lost", "Success").await;
    assert_eq!(states(&world).await, ["delivered"]);
    report(&world, "ATXid_other", "Failed").await;
    assert_eq!(states(&world).await, ["delivered"]);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_person_may_send_a_lost_text_again(pool: PgPoolOptions, options: PgConnectOptions) {
    let (tower, world) = Tower::world(pool, options).await;
    want(&world, always()).await;
    tower.answer(Answer::HangUp);
    pay(&world, 1).await;
    let first = tower.one();
    let mut owner = doors::member(&world, providers::staff::roles::Role::Owner, 1).await;
    let page = owner.get("/settings/messages").await.page();
    let id: String = read(&world.app, "select replace(id::text, '-', '') from smses").await;
    let path = format!("/settings/messages/sms_{id}/again");
    assert!(page.contains(&path), "{page}");
    owner.post(&path, &[]).await.onward();
    world.work().await;
    assert_eq!(tower.one().said, first.said);
    assert_eq!(states(&world).await, ["sent"]);
    assert_eq!(
        deed(&world, "sms-again").await,
        json!({"before": {"status": "unknown"}, "after": {"status": "waiting"}})
    );
    assert_eq!(
        owner.post(&path, &[]).await.onward(),
        "/settings/messages?done=over"
    );
    let nobodys = "/settings/messages/sms_00000000000000000000000000000000/again";
    assert_eq!(owner.post(nobodys, &[]).await.status, StatusCode::NOT_FOUND);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_worker_that_died_after_the_call_leaves_a_text_unknown(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let (tower, world) = Tower::world(pool, options).await;
    want(&world, always()).await;
    pay(&world, 1).await;
    tower.empty();
    // As if it had died between the call and the note of its answer.
    let mut tx = world.app.db.platform(Reason::Admin).await.unwrap();
    sqlx::query(AssertSqlSafe(
        "update smses set state = 'sending', body = 'x', rail_id = null, ended_at = null",
    ))
    .execute(&mut *tx)
    .await
    .unwrap();
    let id: sqlx::types::Uuid = sqlx::query_scalar("select id from smses")
        .fetch_one(&mut *tx)
        .await
        .unwrap();
    let job = jobs::NewJob {
        kind: providers::sms::SEND,
        key: &format!("sms_{}", id.simple()),
        payload: json!({}),
        run_at: world.app.clock.now(),
    };
    jobs::enqueue(&mut tx, Some(world.shop.provider), job, &world.app)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    world.work().await;
    assert_eq!(tower.empty().len(), 0);
    assert_eq!(states(&world).await, ["unknown"]);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_failed_delivery_is_told_and_a_later_arrival_counts(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let (_, world) = Tower::world(pool, options).await;
    want(&world, always()).await;
    pay(&world, 1).await;
    report(&world, "ATXid_1", "Failed&failureReason=UserIsInactive").await;
    assert_eq!(states(&world).await, ["failed:absent"]);
    assert!(page(&world).await.contains("The phone is off"));
    report(&world, "ATXid_1", "Buffered").await;
    assert_eq!(states(&world).await, ["failed:absent"]);
    report(&world, "ATXid_1", "Success").await;
    assert_eq!(states(&world).await, ["delivered"]);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn an_answer_nobody_can_read_is_a_lost_one(pool: PgPoolOptions, options: PgConnectOptions) {
    let (tower, world) = Tower::world(pool, options).await;
    assert_eq!(against(&world, &tower, "<html>").await, ["unknown"]);
    // Two lost texts to one phone: a report cannot say which of them arrived.
    tower.say(502, "bad gateway");
    pay(&world, 2).await;
    report(&world, "ATXid_lost", "Success").await;
    assert_eq!(states(&world).await, ["unknown", "unknown"]);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_sender_that_is_not_ours_waits_for_it_to_be_put_right(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let (tower, world) = Tower::world(pool, options).await;
    let wrong = r#"{"SMSMessageData":{"Message":"InvalidSenderId","Recipients":[]}}"#;
    assert_eq!(against(&world, &tower, wrong).await, ["waiting:sender"]);
    // If nobody puts it right, what it said is not kept for longer than it helps.
    world.app.clock.advance(Duration::from_secs(12 * 3_600));
    let mut tx = world.app.db.platform(Reason::Jobs).await.unwrap();
    let now = world.app.clock.now();
    rows::forget(&mut tx, Timestamp::from_secs(0), now, 10)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert_eq!(states(&world).await, ["dropped:late"]);
    assert_eq!(world.count("smses where body is not null").await, 0);
    world.work().await;
    assert_eq!(world.count("jobs where kind = 'sms'").await, 0);
}
