//! What a statement brought in, beside the prompts whose money it may be.

use super::statement::{at_a_till, lines, of_till, upload};
use super::*;
use crate::payments::hand::claim::{Claim, claim};

/// Two devices asked one phone at a till, and M-PESA could not reach it either time: nobody can tell whose money a statement brings then.
async fn brought(world: &World, receipts: &[&str]) -> Vec<PaymentId> {
    let mut owner = member(world, Role::Owner, 1).await;
    at_a_till(world).await;
    let mut prompts = Vec::new();
    for n in [1, 2] {
        let begun = world.begin(world.shop.ask(n, PHONE)).await.unwrap();
        let failed = callback(n.into(), json!(1037), None);
        world.call_back(&world.daraja.secret(), failed).await;
        world.work().await;
        prompts.push(begun.payment);
    }
    // M-PESA's clock is behind ours.
    let paid: Vec<(&str, i64)> = receipts.iter().map(|receipt| (*receipt, -30)).collect();
    let file = of_till(world, &paid);
    let page = upload(&mut owner, file.as_bytes()).await.page();
    owner
        .post("/books/statement/take", &[("lines", &lines(&page))])
        .await
        .onward();
    let waits = "unmatched where reason = 'statement' and closed_at is null";
    let all = i64::try_from(receipts.len()).unwrap();
    assert_eq!(world.count(waits).await, all);
    prompts
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn what_a_statement_brought_and_a_device_named_is_not_counted_as_a_prompts_as_well(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let prompts = brought(&world, &["AAAAAAAA12"]).await;
    let provider = world.shop.provider;
    let named = Claim {
        receipt: "AAAAAAAA12".to_owned(),
        phone: PHONE.parse().unwrap(),
        site: world.shop.site,
        mac: mac(2),
        deadline: world.app.clock.now().plus_secs(30),
    };
    claim(&world.app, provider, &named).await.unwrap();
    let paid = Evidence::Query(Outcome::Paid);
    apply(&world.app, provider, prompts[1], &paid, None)
        .await
        .unwrap();
    let flag = world.flag(prompts[1]).await;
    assert_eq!(flag.as_deref(), Some("receipt-taken"));
    assert_eq!(world.count("tickets").await, 1);
    assert_eq!(balance(&world, "till").await, -5_000);
    assert_eq!(balance(&world, "unmatched").await, 0);
    assert_balanced(&world, "named").await;
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn of_two_lines_that_can_be_two_prompts_each_is_the_money_of_one(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let prompts = brought(&world, &["AAAAAAAA12", "AAAAAAAA13"]).await;
    for prompt in prompts {
        let paid = Evidence::Query(Outcome::Paid);
        apply(&world.app, world.shop.provider, prompt, &paid, None)
            .await
            .unwrap();
        assert_eq!(world.status(prompt).await, "success");
        assert_eq!(world.flag(prompt).await, None);
    }
    let learnt = "payments where external_txn_id in ('AAAAAAAA12', 'AAAAAAAA13')";
    assert_eq!(world.count(learnt).await, 2);
    assert_eq!(world.count("tickets").await, 2);
    assert_eq!(balance(&world, "till").await, -10_000);
    assert_eq!(balance(&world, "unmatched").await, 0);
    assert_balanced(&world, "each of one").await;
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn what_went_back_buys_nothing_for_a_prompt_that_had_failed(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut owner = member(&world, Role::Owner, 1).await;
    let begun = world.begin(world.shop.ask(1, PHONE)).await.unwrap();
    let account = reference(&world);
    let cancelled = callback(1, json!(1032), None);
    world.call_back(&world.daraja.secret(), cancelled).await;
    world.work().await;
    let at = web::show::sortable(world.app.clock.now());
    let file = format!(
        "Receipt No.,Completion Time,Details,Transaction Status,Paid In,Withdrawn,Linked Transaction ID,A/C No.\n\
         AAAAAAAA17,{at},Pay Bill,Completed,50.00,,,{account}\n\
         BBBBBBBB17,{at},Pay Bill Reversal,Completed,,-50.00,AAAAAAAA17,\n"
    );
    let page = upload(&mut owner, file.as_bytes()).await.page();
    for _ in 0..2 {
        owner
            .post("/books/statement/take", &[("lines", &lines(&page))])
            .await
            .onward();
    }
    assert_eq!(world.status(begun.payment).await, "failed:cancelled");
    assert_eq!(world.count("tickets").await, 0);
    assert_eq!(balance(&world, "unmatched").await, 5_000);
    let page = upload(&mut owner, file.as_bytes()).await.page();
    let (_, form) = page.split_once("action=\"/books/statement/gone\"").unwrap();
    owner
        .post("/books/statement/gone", &[("lines", &lines(form))])
        .await
        .onward();
    assert_eq!(balance(&world, "unmatched").await, 0);
    assert_eq!(balance(&world, "refunded").await, 5_000);
    assert_balanced(&world, "went back").await;
}
