//! The database goes back to an older state, by PostgreSQL's own programs, and sites and controller come to agree again.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::session::{Event, FeedCursor};
use sqlx::ConnectOptions as _;

use super::*;
use crate::db::backup::{BackupError, Server, backup, bring, put_in_place};
use crate::devdb;
use crate::fleet::restored::restored;
use crate::tests::sites::link::{PATIENCE, Site, hub, site};

fn server(options: &PgConnectOptions) -> Server {
    let host = options.get_socket().map_or_else(
        || options.get_host().to_owned(),
        |path| path.display().to_string(),
    );
    let user = options.get_username();
    let database = options.get_database().unwrap();
    Server {
        programs: devdb::programs().ok(),
        address: format!(
            "postgresql://{user}@{}:{}/{database}",
            host.replace('/', "%2F"),
            options.get_port()
        ),
        password: None,
        admin: options.clone(),
    }
}

/// Ends all that works on the database.
async fn close(world: &World) {
    world.app.shutdown.cancel();
    world.app.closing.cancel();
    world.app.tasks.close();
    tokio::time::timeout(PATIENCE, world.app.tasks.wait())
        .await
        .unwrap();
    tokio::time::timeout(PATIENCE, world.app.db.close())
        .await
        .unwrap();
}

async fn reads_everything(site: &mut Site) {
    site.until(|event| matches!(event, Event::Page(page) if !page.more))
        .await;
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn sites_and_a_controller_brought_back_to_an_older_state_agree_again(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let key = Vault::new_key();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("backup");
    let server = server(&options);
    let world = World::open_with_key(pool.clone(), options.clone(), &key).await;
    let all = hub(&world).await;
    let mut site = site(&world).await;
    for repairs in 1..=3 {
        site.drift(repairs);
    }
    let link = site.dial(&all);
    site.ready().await;
    reads_everything(&mut site).await;
    site.all_acknowledged().await;

    backup(&server, &file).await.unwrap();
    let mode = std::os::unix::fs::PermissionsExt::mode(&file.metadata().unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);

    // What is lost: half a journal, a change of price, and a ticket that was paid for.
    for repairs in 4..=6 {
        site.drift(repairs);
    }
    site.all_acknowledged().await;
    world.begin(world.shop.ask(1, PHONE)).await.unwrap();
    world
        .call_back(&world.daraja.secret(), success(1, "NLJ7RT61SV"))
        .await;
    world.work().await;
    site.until(
        |event| matches!(event, Event::Page(page) if page.rows.iter().any(|row| row.kind == 4)),
    )
    .await;
    let before = site.cursor;
    site.hang_up();
    link.await.unwrap();

    let now = Timestamp::from_secs(1_800_000_500);
    assert!(matches!(
        bring(&server, &file, now).await,
        Err(BackupError::InUse(_))
    ));
    close(&world).await;
    std::fs::write(folder.path().join("torn"), b"PGDMP and no more").unwrap();
    let torn = bring(&server, &folder.path().join("torn"), now).await;
    assert!(matches!(torn, Err(BackupError::Failed { .. })), "{torn:?}");
    let beside = bring(&server, &file, now).await.unwrap();
    let app = options.clone().database(&beside.name);
    let db = Db::for_test(PgPoolOptions::new(), app).await.unwrap();
    assert_eq!(restored(&db, now).await.unwrap().sites, 1);
    db.close().await;
    let old = put_in_place(&server, &beside, now).await.unwrap();

    let world = world.again(pool, options.clone(), &key).await;
    assert_eq!(world.count("journal_entries").await, 3, "it is older");
    assert_eq!(world.count("tickets").await, 0);
    let all = hub(&world).await;
    site.world = world.app.clone();
    site.rows.clear();
    site.acknowledged = 0;
    site.dial(&all);
    site.until(|event| matches!(event, Event::FeedRestarted))
        .await;
    site.cursor = FeedCursor::default();
    reads_everything(&mut site).await;
    site.all_acknowledged().await;
    assert_eq!(
        world.count("journal_entries where applied").await,
        6,
        "refilled"
    );
    assert!(site.cursor.revision > before.revision);
    assert_eq!(
        i64::try_from(site.rows.len()).unwrap(),
        world.count("site_feed").await,
        "read from the start"
    );
    // What changes from here on comes once, as if nothing had been.
    let rows = site.rows.len();
    plans::edit::change(
        &world.app,
        world.shop.provider,
        world.shop.plan.id,
        &Draft {
            price: Money::from_shillings(80),
            ..hour()
        },
        Actor::Command,
    )
    .await
    .unwrap();
    site.until(|event| matches!(event, Event::Page(page) if !page.rows.is_empty()))
        .await;
    assert_eq!(site.rows.len(), rows + 1);
    site.hang_up();
    site.dial(&all);
    site.ready().await;
    assert_ne!(site.cursor, FeedCursor::default(), "and the cursor stands");

    // A second restore of the same backup starts above what was given out since the first.
    let head = site.cursor.revision;
    restored(&world.app.db, Timestamp::from_secs(1_800_000_900))
        .await
        .unwrap();
    assert_eq!(
        world
            .count(&format!(
                "sites where feed_floor > {} and feed_revision > feed_floor",
                head.0
            ))
            .await,
        1
    );
    assert_eq!(world.count("site_feed f join sites s on s.id = f.site_id where f.revision not between s.feed_floor + 1 and s.feed_revision").await, 0);
    let mut admin = options.database("postgres").connect().await.unwrap();
    sqlx::query(AssertSqlSafe(format!("drop database \"{old}\"")))
        .execute(&mut admin)
        .await
        .unwrap();
}
