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
    // What stands there is the same key's, as it was written without a key of the vault.
    let mut tx = world.app.db.platform(Reason::Admin).await.unwrap();
    sqlx::query("update account_keys set mark = sha256('\\x6b65790073656372657400'::bytea)")
        .execute(&mut *tx)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let page = admin.get("/admin/jobs").await.page();
    assert!(page.contains("older than a year"), "{page}");
    world.pass(DAY).await;
    assert_eq!(since().await, began);
    let unkeyed = "account_keys where mark = sha256('\\x6b65790073656372657400'::bytea)";
    assert_eq!(world.count(unkeyed).await, 0);
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

#[sqlx::test(migrations = "../migrations/controller")]
async fn the_password_at_the_mail_server_is_old_after_a_year_as_well(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let (_office, mut flags) = Office::open().await;
    flags[1] = flags[1].replace("smtp://", "smtp://mnara:Karibu2027@");
    let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
    let world = World::open_with(pool, options, &flags).await;
    let contact = "amina@mnara.example".parse().unwrap();
    begin::make(&world.app, "Amina", contact, PASSWORD.into())
        .await
        .unwrap();
    stand(&world.app, [AGE]).await.unwrap();
    world.work().await;
    // People choose such a password, so nothing that stands there can be tried out.
    let kept = "account_keys where name = 'smtp'
                and mark not in (sha256('Karibu2027'::bytea), sha256('\\x6d6e617261004b61726962753230323700'::bytea))";
    assert_eq!(world.count(kept).await, 1);
    assert_eq!(world.count("account_keys").await, 1);
    let told = "mails where once like 'platform-keys:smtp:%'";
    assert_eq!(world.count(told).await, 0, "it is new");
    world.pass(366 * DAY).await;
    world.work().await;
    assert_eq!(world.count(told).await, 1);
    let mut admin = Browser::new(&world, 250);
    admin.log_in("amina@mnara.example", PASSWORD).await.onward();
    let page = admin.get("/admin/jobs").await.page();
    assert!(
        page.contains("The password in SMTP_URL") && page.contains("older than a year"),
        "{page}"
    );
}
