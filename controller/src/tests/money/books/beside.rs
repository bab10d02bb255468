//! Money that came beside a prompt with its account, from whichever phone.

use super::credit::free;
use super::*;
use crate::payments::unmatched::credit::make_over;
use crate::payments::unmatched::resolve::NotResolved;
use crate::rails::daraja::eat;

#[sqlx::test(migrations = "../migrations/controller")]
async fn what_was_paid_beside_a_prompt_is_credit_of_whoever_paid_it(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let till = till(&world).await;
    member(&world, Role::Owner, 1).await;
    let actor = somebody(&world).await;
    world.begin(world.shop.ask(1, PHONE)).await.unwrap();
    let reference = reference(&world);
    let secret = world.daraja.secret();
    // The account of the prompt typed on other phones: too little, and once more after it was paid.
    let tell = async |receipt: &str, phone: &str, amount: &str| -> String {
        let body = json!({"TransactionType": "Pay Bill", "TransID": receipt, "TransTime": "20270115110130", "TransAmount": amount,
                          "BusinessShortCode": "174371", "BillRefNumber": reference, "MSISDN": phone, "FirstName": "NICHOLAS"});
        let body = body.to_string().into_bytes();
        let (status, ..) = world.send(Method::POST, &till, None, body).await;
        assert_eq!(status, StatusCode::OK);
        world.work().await;
        let sql = format!(
            "select 'unm_' || replace(id::text, '-', '') from unmatched where receipt = '{receipt}'"
        );
        read(&world.app, &sql).await
    };
    let give = async |id: &str, named: Option<&str>| {
        let (id, named) = (
            id.parse().unwrap(),
            named.map(|phone| phone.parse().unwrap()),
        );
        make_over(&world.app, (world.shop.provider, actor), id, named, false).await
    };
    let short = tell("AAAAAAAA01", "254708374150", "30.00").await;
    world.call_back(&secret, success(1, "AAAAAAAA02")).await;
    world.work().await;
    let double = tell("AAAAAAAA03", "2547 ***** 151", "50.00").await;
    give(&short, None).await.unwrap();
    assert_eq!(free(&world, "254708374150").await, 3_000);
    // What is hidden and cannot be the prompt's phone is asked for.
    let done = give(&double, None).await;
    assert!(matches!(done, Err(NotResolved::Phone)), "{done:?}");
    let done = give(&double, Some(PHONE)).await;
    assert!(matches!(done, Err(NotResolved::OtherPhone)), "{done:?}");
    give(&double, Some("254708374151")).await.unwrap();
    assert_eq!(free(&world, "254708374151").await, 5_000);
    assert_eq!(free(&world, PHONE).await, 0);
    assert_balanced(&world, "beside a prompt").await;
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn what_was_paid_beside_a_prompt_was_paid_when_mpesa_says(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let till = till(&world).await;
    world.begin(world.shop.ask(1, PHONE)).await.unwrap();
    let reference = reference(&world);
    let paid = world.app.clock.now();
    world.pass(60).await;
    let body = json!({"TransactionType": "Pay Bill", "TransID": "AAAAAAAA01", "TransTime": eat::digits(paid), "TransAmount": "30.00",
                      "BusinessShortCode": "174371", "BillRefNumber": reference, "MSISDN": "254708374150", "FirstName": "NICHOLAS"});
    let body = body.to_string().into_bytes();
    let (status, ..) = world.send(Method::POST, &till, None, body).await;
    assert_eq!(status, StatusCode::OK);
    world.work().await;
    let kept = format!(
        "unmatched where reason = 'amount' and extract(epoch from paid_at) = {} and at > paid_at",
        paid.as_secs()
    );
    assert_eq!(world.count(&kept).await, 1);
    assert_balanced(&world, "paid before it was told of").await;
}
