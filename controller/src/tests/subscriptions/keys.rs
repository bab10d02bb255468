//! How old the platform's own keys at Pesapal are, and who is reminded of that.

use super::super::browser::PASSWORD;
use super::super::office::Office;
use super::*;
use crate::admin::begin;
use crate::admin::credentials::AGE;
use crate::jobs::tasks::stand;

const DAY: u64 = 86_400;
const NAME: &str = "PESAPAL_CONSUMER_SECRET";

#[sqlx::test(migrations = "../migrations/controller")]
async fn keys_at_pesapal_are_old_after_a_year_and_new_ones_are_not(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let (office, flags) = Office::open().await;
    let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
    let (_rail, world) = Rail::world_with(pool, options, &flags).await;
    let contact = "amina@mnara.example".parse().unwrap();
    begin::make(&world.app, "Amina", contact, PASSWORD.into())
        .await
        .unwrap();
    stand(&world.app, [AGE]).await.unwrap();
    world.work().await;
    // Those that are not set are not there.
    assert_eq!(world.count("account_keys").await, 1);
    let told = || {
        let letters = office.empty().into_iter();
        letters.filter(|letter| letter.text.contains(NAME)).count()
    };
    assert_eq!(told(), 0, "they are new");
    let since = async || {
        let sql =
            "select extract(epoch from since)::bigint from account_keys where name = 'pesapal'";
        read::<i64>(&world.app, sql).await
    };
    let began = since().await;
    world.pass(366 * DAY).await;
    world.work().await;
    assert_eq!(since().await, began, "they are the same");
    assert_eq!(told(), 1);
    let mut admin = Browser::new(&world, 250);
    admin.log_in("amina@mnara.example", PASSWORD).await.onward();
    let page = admin.get("/admin/jobs").await.page();
    assert!(
        page.contains(NAME) && page.contains("older than a year"),
        "{page}"
    );
    assert!(!page.contains("AFRICASTALKING_API_KEY"), "{page}");
    // What stands there is another key's: the one that is set is new.
    let mut tx = world.app.db.platform(Reason::Admin).await.unwrap();
    sqlx::query("update account_keys set mark = sha256('another')")
        .execute(&mut *tx)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    world.pass(DAY).await;
    assert_eq!(since().await, world.app.clock.now().as_secs());
    world.pass(90 * DAY).await;
    world.work().await;
    assert_eq!(told(), 0);
}
