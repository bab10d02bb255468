//! Phones that want no SMS, and the way back for each of them.

use super::*;
use crate::providers::sms::store::ByWhom;
use crate::providers::staff::roles::Role;

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_phone_that_so_many_later_ones_stand_above_is_let_go_again_by_its_number(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let (_, world) = Tower::world(pool, options).await;
    let mut owner = doors::member(&world, Role::Owner, 1).await;
    let now = world.app.clock.now();
    let mut tx = world.app.db.tenant(world.shop.provider).await.unwrap();
    for n in 0..=50 {
        let phone = format!("2547120000{n:02}").parse().unwrap();
        let at = now.plus_secs(n);
        rows::opt_out(&mut tx, world.shop.provider, phone, ByWhom::Staff, at)
            .await
            .unwrap();
    }
    tx.commit().await.unwrap();
    let page = owner.get("/settings/messages").await.page();
    assert!(page.contains("254712000001"), "{page}");
    assert!(!page.contains("254712000000"), "{page}");
    assert!(
        page.contains("formaction=\"/settings/messages/start\""),
        "{page}"
    );
    let bad = owner
        .post("/settings/messages/start", &[("phone", "0712 <b>")])
        .await;
    assert_eq!(bad.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(bad.text.contains("no Kenyan mobile number"), "{}", bad.text);
    assert!(bad.text.contains("0712 &#60;b&#62;"), "{}", bad.text);
    owner
        .post("/settings/messages/start", &[("phone", "0712 000 000")])
        .await
        .onward();
    let stopped = "sms_opt_outs where msisdn = '254712000000'";
    assert_eq!(world.count(stopped).await, 0);
    assert_eq!(world.count("sms_opt_outs").await, 50);
}
