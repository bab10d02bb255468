//! The feed: revisions in the order of commits, pages by cursor, and no row told twice.

use mnara_protocol::session::{FeedCursor, Page};

use super::*;
use crate::fleet::feed::{Change, put};
use crate::fleet::store::link::page;

fn change(site: SiteId, row: u8, body: &[u8]) -> Change {
    Change {
        site,
        kind: 900,
        row: [row; 16],
        body: Some(body.to_vec()),
    }
}

async fn commit(world: &World, changes: Vec<Change>) {
    let mut tx = world.app.db.tenant(world.shop.provider).await.unwrap();
    put(&mut tx, world.shop.provider, changes).await.unwrap();
    tx.commit().await.unwrap();
}

async fn read_page(world: &World, after: FeedCursor) -> Page {
    let mut tx = world.app.db.tenant(world.shop.provider).await.unwrap();
    page(&mut tx, world.shop.provider, world.shop.site, after)
        .await
        .unwrap()
}

/// Reads everything after a cursor and gives it with the last cursor.
async fn rest(world: &World, mut after: FeedCursor) -> (Vec<(u8, Vec<u8>, bool)>, FeedCursor) {
    let mut rows = Vec::new();
    loop {
        let page = read_page(world, after).await;
        assert!(
            page.rows
                .is_sorted_by_key(|row| (row.revision, row.kind, row.id))
        );
        rows.extend(
            page.rows
                .iter()
                .filter(|row| row.kind == 900)
                .map(|row| (row.id[0], row.body.clone(), row.deleted)),
        );
        after = page.cursor;
        if !page.more {
            return (rows, after);
        }
    }
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_cursor_sees_each_change_once_and_in_order(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let site = world.shop.site;
    let (_, start) = rest(&world, FeedCursor::default()).await;
    commit(
        &world,
        vec![change(site, 2, b"two"), change(site, 1, b"one")],
    )
    .await;
    let (rows, first) = rest(&world, start).await;
    assert_eq!(
        rows,
        [(1, b"one".to_vec(), false), (2, b"two".to_vec(), false)]
    );
    commit(
        &world,
        vec![
            change(site, 2, b"two"),
            change(site, 1, b"draft"),
            change(site, 1, b"uno"),
        ],
    )
    .await;
    let (rows, second) = rest(&world, first).await;
    assert_eq!(
        rows,
        [(1, b"uno".to_vec(), false)],
        "the last of two changes counts; what says the same is not told again"
    );
    let gone = Change {
        body: None,
        ..change(site, 2, b"")
    };
    commit(&world, vec![gone.clone()]).await;
    let (rows, third) = rest(&world, second).await;
    assert_eq!(rows, [(2, Vec::new(), true)]);
    commit(&world, vec![gone]).await;
    assert_eq!(rest(&world, third).await.0, []);
    let (all, _) = rest(&world, FeedCursor::default()).await;
    assert_eq!(all.len(), 2, "who starts over hears of both");
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn pages_end_and_go_on_where_they_ended(pool: PgPoolOptions, options: PgConnectOptions) {
    let world = World::open(pool, options).await;
    let site = world.shop.site;
    let (_, start) = rest(&world, FeedCursor::default()).await;
    let many = |n: u16| Change {
        row: u128::from(n).to_be_bytes(),
        ..change(site, 0, b"row")
    };
    commit(&world, (0..1200).map(many).collect()).await;
    let first = read_page(&world, start).await;
    assert!(first.more && first.rows.len() == 512);
    let (rows, _) = rest(&world, start).await;
    assert_eq!(rows.len(), 1200);
    let (later, _) = rest(&world, first.cursor).await;
    assert_eq!(later.len(), 1200 - 512);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_change_that_commits_later_counts_later(pool: PgPoolOptions, options: PgConnectOptions) {
    let world = World::open(pool, options).await;
    let (provider, site) = (world.shop.provider, world.shop.site);
    let (_, start) = rest(&world, FeedCursor::default()).await;
    let mut slow = world.app.db.tenant(provider).await.unwrap();
    put(&mut slow, provider, vec![change(site, 1, b"slow")])
        .await
        .unwrap();
    let mut quick = Box::pin(commit(&world, vec![change(site, 2, b"quick")]));
    // The second waits for the first's commit, so a reader in between misses neither.
    for _ in 0..50 {
        assert!(futures_util::poll!(&mut quick).is_pending());
        tokio::task::yield_now().await;
    }
    let (rows, between) = rest(&world, start).await;
    assert_eq!(rows, []);
    slow.commit().await.unwrap();
    quick.await;
    let (rows, _) = rest(&world, between).await;
    assert_eq!(
        rows,
        [(1, b"slow".to_vec(), false), (2, b"quick".to_vec(), false)]
    );
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn changes_of_many_sites_at_once_do_not_wait_for_each_other_in_a_ring(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut sites = vec![world.shop.site];
    for name in ["Harbour", "School", "Stage"] {
        sites.push(
            fleet::create::create(&world.app, world.shop.provider, name, Actor::Command)
                .await
                .unwrap(),
        );
    }
    let storm = (0..24_usize).map(|n| {
        let mut changes: Vec<Change> = sites
            .iter()
            .map(|site| change(*site, u8::try_from(n).unwrap(), b"x"))
            .collect();
        changes.rotate_left(n % 4);
        commit(&world, changes)
    });
    futures_util::future::join_all(storm).await;
    assert_eq!(world.count("site_feed where kind = 900").await, 24 * 4);
    let heads = "(select site_id, max(revision) as head, count(distinct revision) as n from site_feed where kind = 900 group by 1) as site";
    assert_eq!(world.count(&format!("{heads} where n <> 24")).await, 0);
}
