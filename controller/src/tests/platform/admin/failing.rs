//! Work that still fails, where there is more of it than one page holds.

use super::*;

#[sqlx::test(migrations = "../migrations/controller")]
async fn all_that_still_fails_is_seen_and_can_be_tried_again(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut admin = admin(&world).await;
    let failing = format!(
        "insert into jobs (id, provider_id, kind, unique_key, payload, run_at, attempts, last_error, created_at)
         select ('00000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, '{}'::uuid, 'settle', n::text, '{{}}', $1 + interval '1 day', 3,
                'no answer', $1
         from generate_series(1, 51) n",
        world.shop.provider.uuid()
    );
    run(&world, &failing).await;
    let first = "/admin/jobs/00000000-0000-7000-8000-000000000001/retry";
    let link = "class=\"button\" href=\"/admin/jobs?failing=";
    let page = admin.get("/admin/jobs").await.page();
    assert!(!page.contains(first), "{page}");
    let (_, rest) = page.split_once(link).unwrap();
    let older = format!("/admin/jobs?failing={}", rest.split_once('"').unwrap().0);
    let page = admin.get(&older).await.page();
    assert!(page.contains(first), "{page}");
    assert!(!page.contains(link), "nothing is older: {page}");
    let done = admin.post(first, &[]).await.onward();
    assert_eq!(done, "/admin/jobs?done=retry");
    // A page that is just full leads to no empty one, which would say that everything works.
    run(
        &world,
        "delete from jobs where unique_key = '51' and created_at <= $1",
    )
    .await;
    let page = admin.get("/admin/jobs").await.page();
    assert!(page.contains(first) && !page.contains(link), "{page}");
}
