//! What is learnt of money while it is on its way back.

use super::*;
use crate::payments::confirm::apply;
use crate::payments::settle::{Evidence, Outcome};
use crate::payments::unmatched::take::take;
use crate::payments::unmatched::{Arrived, Reason};
use crate::rails::daraja::callback::Payer;

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_payment_learns_that_its_money_is_what_goes_back_from_the_queue(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut owner = proven(&world).await;
    let provider = world.shop.provider;
    let begun = world.begin(world.shop.ask(1, PHONE)).await.unwrap();
    let prompt = world.daraja.secret();
    // The rail tells no receipt, and what came with another account is nobody's as far as anybody knows.
    let paid = Evidence::Query(Outcome::Paid);
    apply(&world.app, provider, begun.payment, &paid, None)
        .await
        .unwrap();
    assert_eq!(world.status(begun.payment).await, "success");
    let arrived = Arrived {
        reason: Reason::Nobody,
        amount: Money::from_shillings(50),
        receipt: "AAAAAAAA01".to_owned(),
        payer: Payer::Number(PHONE.parse().unwrap()),
        reference: Some("MAMA".to_owned()),
        payment: None,
        site: None,
        at: world.app.clock.now(),
        paid_at: world.app.clock.now(),
    };
    let mut tx = world.app.db.tenant(provider).await.unwrap();
    take(&world.app, &mut tx, provider, &arrived).await.unwrap();
    tx.commit().await.unwrap();
    let sql = "select 'unm_' || replace(id::text, '-', '') from unmatched";
    let id: String = read(&world.app, sql).await;
    let path = format!("/payments/unmatched/{id}/reverse");
    owner.post(&path, &[("reason", "rain")]).await.onward();
    let (told, _) = secrets(&world, REVERSAL);
    world.call_back(&prompt, success(1, "AAAAAAAA01")).await;
    world.work().await;
    let learnt = "payments where external_txn_id = 'AAAAAAAA01' and flag is null";
    assert_eq!(world.count(learnt).await, 1);
    assert_eq!(world.count("unmatched where closed_at is null").await, 0);
    assert_balanced(&world).await;
    let body = went_back(1, "AAAAAAAA01", "BACK000001");
    world.call_back(&told, body).await;
    world.work().await;
    let back = "ledger where cause = 'refund' and cents = 5000";
    assert_eq!(world.count(back).await, 1);
    assert_eq!(world.count("refunds").await, 1);
    assert_eq!(world.count("tickets where status = 'revoked'").await, 1);
    let till = "select sum(case when debit = 'till' then cents else -cents end)::bigint from ledger
                where debit = 'till' or credit = 'till'";
    let came: i64 = read(&world.app, till).await;
    assert_eq!(came, 5_000);
    assert_balanced(&world).await;
}
