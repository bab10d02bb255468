//! Money of which M-PESA never says whether it went back: whoever has looked at the statement decides about it.

use super::*;
use crate::payments::unmatched::take::take;
use crate::payments::unmatched::{Arrived, Reason};
use crate::providers::keys::scopes::Scope;
use crate::rails::daraja::callback::Payer;
use crate::tests::programs::api::{call, key, kind};

#[sqlx::test(migrations = "../migrations/controller")]
async fn whoever_has_looked_decides_although_nobody_says_whether_it_went_back(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut owner = proven(&world).await;
    let mut told = Vec::new();
    for (n, receipt) in [(1, "AAAAAAAA01"), (2, "AAAAAAAA02")] {
        let id = waits(&world, receipt).await;
        let path = format!("/payments/unmatched/{id}/reverse");
        owner.post(&path, &[("reason", "rain")]).await.onward();
        let (result, gave_up) = secrets(&world, REVERSAL);
        world.call_back(&gave_up, b"{}".to_vec()).await;
        world.work().await;
        told.push((n, id, receipt, result));
    }
    let page = owner.get("/payments/unmatched").await.page();
    // For the voucher, for the credit, and for what was paid back, of each.
    assert_eq!(page.matches("name=\"sure\"").count(), 6, "{page}");
    let plan = world.shop.plan.id.to_string();
    let acts = [
        ("ticket", vec![("plan", plan.as_str())]),
        ("credit", Vec::new()),
    ];
    for ((_, id, ..), (act, mut form)) in told.iter().zip(acts) {
        let path = format!("/payments/unmatched/{id}/{act}");
        let got = owner.post(&path, &form).await;
        assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(got.text.contains("tick that you did"), "{}", got.text);
        form.push(("sure", "1"));
        owner.post(&path, &form).await.onward();
    }
    assert_eq!(world.count("unmatched where outcome = 'ticket'").await, 1);
    assert_eq!(world.count("unmatched where outcome = 'credit'").await, 1);
    assert_balanced(&world).await;
    // It had gone back after all: nothing is written twice, and the page says what that means.
    for (n, _, receipt, result) in &told {
        let body = went_back(*n, receipt, &format!("BACK00000{n}"));
        world.call_back(result, body).await;
        world.work().await;
    }
    assert_eq!(world.count("mpesa_requests where is_booked").await, 0);
    assert_eq!(world.count("ledger where cause = 'refund'").await, 0);
    let page = owner.get("/payments/unmatched").await.page();
    let said = page.matches("may have gone back twice").count();
    assert_eq!(said, 2, "{page}");
    assert_balanced(&world).await;
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_program_that_is_sure_decides_as_well(pool: PgPoolOptions, options: PgConnectOptions) {
    let world = World::open(pool, options).await;
    let mut owner = proven(&world).await;
    let key = key(&world.app, world.shop.provider, &Scope::ALL).await;
    let paid = sold(&world, 1, PHONE, "NLJ7RT61SV").await;
    let mut acts = vec![(
        format!("/payments/{paid}"),
        "refunds",
        json!({"amount": "50.00", "receipt": "HAND000001", "reason": "rain"}),
    )];
    for (n, act, body) in [
        (
            1,
            "ticket",
            json!({"plan_id": world.shop.plan.id.to_string()}),
        ),
        (2, "credit", json!({})),
        (
            3,
            "refund",
            json!({"receipt": "HAND000002", "reason": "rain"}),
        ),
    ] {
        let id = waits(&world, &format!("AAAAAAAA0{n}")).await;
        acts.push((format!("/queue/{id}"), act, body));
    }
    for (at, act, mut body) in acts {
        let page = at.replace("/queue", "/payments/unmatched");
        let path = format!("{page}/reverse");
        owner.post(&path, &[("reason", "rain")]).await.onward();
        let (_, gave_up) = secrets(&world, REVERSAL);
        world.call_back(&gave_up, b"{}".to_vec()).await;
        world.work().await;
        let path = format!("{at}/{act}");
        let (status, problem) = call(&world, Method::POST, &key, &path, body.clone()).await;
        let refused = (StatusCode::CONFLICT, "going-back");
        assert_eq!((status, kind(&problem)), refused, "{path}: {problem}");
        body["sure"] = json!(true);
        let (status, done) = call(&world, Method::POST, &key, &path, body).await;
        assert!(status.is_success(), "{path}: {done}");
    }
    assert_eq!(world.count("unmatched where closed_at is null").await, 0);
    assert_eq!(world.count("refunds").await, 1);
    assert_balanced(&world).await;
}

/// Money that is nobody's, from a number that is told whole.
async fn waits(world: &World, receipt: &str) -> String {
    let arrived = Arrived {
        reason: Reason::Nobody,
        amount: Money::from_shillings(50),
        receipt: receipt.to_owned(),
        payer: Payer::Number(PHONE.parse().unwrap()),
        reference: Some("MAMA".to_owned()),
        payment: None,
        site: None,
        at: world.app.clock.now(),
        paid_at: world.app.clock.now(),
    };
    let mut tx = world.app.db.tenant(world.shop.provider).await.unwrap();
    take(&world.app, &mut tx, world.shop.provider, &arrived)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let sql = format!(
        "select 'unm_' || replace(id::text, '-', '') from unmatched where receipt = '{receipt}'"
    );
    read(&world.app, &sql).await
}
