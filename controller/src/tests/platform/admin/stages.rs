//! How businesses stand with what they pay the platform, as its staff count and list them.

use super::*;

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_tab_counts_as_many_businesses_as_its_list_shows(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut admin = admin(&world).await;
    // One was looked at and has no plan; of the other, which nobody has let in yet, nothing is kept.
    let looked = format!(
        "insert into subscriptions (provider_id, created_at, changed_at) values ('{}', $1, $1)",
        world.shop.provider.uuid()
    );
    run(&world, &looked).await;
    let mut owner = Browser::new(&world, 1);
    owner.sign_up("Not in yet", "njeri@example.com").await;
    for (stage, tab, count) in [("none", "no plan", 2), ("active", "paid", 0)] {
        let page = admin
            .get(&format!("/admin/subscriptions?stage={stage}"))
            .await
            .page();
        let rows = page.matches("href=\"/admin/subscriptions/").count();
        assert_eq!(rows, count, "{page}");
        assert!(page.contains(&format!(">{tab}: {count}</a>")), "{page}");
    }
}
