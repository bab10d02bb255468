//! All of a business's data: everything it has, nothing that lets anybody in, and no line of a neighbour's.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::*;
use crate::export::tables::{COLUMNS_LEFT_OUT, LEFT_OUT, TABLES};
use crate::tests::browser::{Browser, PASSWORD};
use crate::tests::tickets::series;

/// The files in a ZIP file that was written from front to back, by its list at the end.
fn files(zip: &[u8]) -> BTreeMap<String, String> {
    let number = |at: usize, length: usize| {
        let bytes = zip[at..at + length].iter().rev();
        bytes.fold(0, |sum, byte| (sum << 8) | usize::from(*byte))
    };
    let end = zip.len() - 22;
    assert_eq!(number(end, 4), 0x0605_4b50);
    let (count, mut at) = (number(end + 10, 2), number(end + 16, 4));
    let mut found = BTreeMap::new();
    for _ in 0..count {
        assert_eq!(number(at, 4), 0x0201_4b50);
        let (length, named, offset) = (number(at + 24, 4), number(at + 28, 2), number(at + 42, 4));
        let name = String::from_utf8(zip[at + 46..at + 46 + named].to_vec()).unwrap();
        assert_eq!(number(offset, 4), 0x0403_4b50);
        let begin = offset + 30 + named;
        let text = String::from_utf8(zip[begin..begin + length].to_vec()).unwrap();
        found.insert(name, text);
        at += 46 + named;
    }
    assert_eq!(at, end);
    found
}

async fn download(
    world: &World,
    path: &str,
    owner: &Browser<'_>,
) -> (StatusCode, HeaderMap, Vec<u8>) {
    let cookie = format!("mnara={}", owner.kept("mnara").unwrap());
    let mut request = Request::get(path)
        .header("cookie", cookie)
        .body(Body::empty())
        .unwrap();
    request
        .extensions_mut()
        .insert(ConnectInfo(SocketAddr::from(([198, 51, 100, 1], 4000))));
    let response = world.router.clone().oneshot(request).await.unwrap();
    let (status, headers) = (response.status(), response.headers().clone());
    let body = axum::body::to_bytes(response.into_body(), 1 << 24)
        .await
        .unwrap();
    (status, headers, body.to_vec())
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn every_table_of_a_business_is_taken_out_or_left_out_for_a_reason(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut tx = world.app.db.platform(Reason::Admin).await.unwrap();
    let tables: Vec<String> = sqlx::query_scalar(
        "select c.relname::text from pg_class c
         where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
           and (c.relname = 'providers' or exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'provider_id' and not a.attisdropped))
         order by 1",
    )
    .fetch_all(&mut *tx)
    .await
    .unwrap();
    assert!(tables.len() > 20);
    for table in &tables {
        let taken = TABLES.iter().any(|one| one.name == table);
        let left = LEFT_OUT.iter().any(|(name, _)| name == table);
        assert!(
            taken != left,
            "{table}: name it in one of export/tables.rs's two lists, TABLES or LEFT_OUT"
        );
    }
    for table in TABLES {
        assert!(
            tables.iter().any(|name| name == table.name),
            "{} is no table",
            table.name
        );
        for (name, _) in table.columns {
            for secret in ["hash", "secret", "password", "token", "passkey", "consumer"] {
                // When a secret was made is none.
                let is_time = name.ends_with("_at");
                assert!(is_time || !name.contains(secret), "{}.{name}", table.name);
            }
        }
    }
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn every_column_of_what_is_taken_out_is_taken_or_left_for_a_reason(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut tx = world.app.db.platform(Reason::Admin).await.unwrap();
    let columns: Vec<(String, String)> = sqlx::query_as(
        "select c.relname::text, a.attname::text from pg_class c join pg_attribute a on a.attrelid = c.oid
         where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and a.attnum > 0 and not a.attisdropped order by 1, a.attnum",
    )
    .fetch_all(&mut *tx)
    .await
    .unwrap();
    let left: Vec<&str> = COLUMNS_LEFT_OUT
        .iter()
        .flat_map(|(_, columns)| columns.iter().copied())
        .collect();
    let mut names = Vec::new();
    for (table, column) in &columns {
        let Some(listed) = TABLES.iter().find(|one| one.name == table) else {
            continue;
        };
        let is_taken = listed.columns.iter().any(|(_, from)| from == column);
        let name = format!("{table}.{column}");
        // Whose it is is the same in every row.
        assert!(
            is_taken != left.contains(&name.as_str()) || column == listed.owner,
            "{name}: take it in export/tables.rs, or name it in COLUMNS_LEFT_OUT with the reason"
        );
        names.push(name);
    }
    for name in left {
        assert!(names.iter().any(|one| one == name), "{name} is no column");
    }
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn logos_are_taken_out_as_pictures(pool: PgPoolOptions, options: PgConnectOptions) {
    const PNG: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
    let world = World::open(pool, options).await;
    let (app, shop) = (&world.app, &world.shop);
    let png = STANDARD.decode(PNG).unwrap();
    crate::captive::look::set_logo(app, shop.provider, Some(&png), Actor::Command)
        .await
        .unwrap();
    let here = (shop.provider, shop.site);
    crate::captive::look::site::set_logo(app, here, Some(&png), Actor::Command)
        .await
        .unwrap();
    let mut owner = webhooks::owner(&world).await;
    let page = owner
        .post(
            "/settings/export",
            &[("password", PASSWORD), ("digits", "")],
        )
        .await
        .page();
    let at = page.find("/settings/export/").unwrap();
    let (_, _, zip) = download(&world, &page[at..at + 49], &owner).await;
    for name in [
        "logo.png".to_owned(),
        format!("logo-{}.png", shop.site.uuid()),
    ] {
        // Nothing is compressed: what follows the name is the picture.
        let mut file = name.into_bytes();
        file.extend_from_slice(&png);
        assert!(zip.windows(file.len()).any(|bytes| bytes == file));
    }
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn an_owner_takes_everything_out_once_with_the_password(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    tenancy::fill(&world).await;
    let other = business(&world.app, 2).await;
    fleet::create::create(
        &world.app,
        other.provider,
        "Neighbour's place",
        Actor::Command,
    )
    .await
    .unwrap();
    fleet::create::create(
        &world.app,
        world.shop.provider,
        "=cmd, \"quoted\"",
        Actor::Command,
    )
    .await
    .unwrap();
    let mut owner = webhooks::owner(&world).await;
    let wrong = owner
        .post(
            "/settings/export",
            &[("password", "not it at all"), ("digits", "")],
        )
        .await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    let link = async |owner: &mut Browser<'_>| {
        let page = owner
            .post(
                "/settings/export",
                &[("password", PASSWORD), ("digits", "")],
            )
            .await
            .page();
        let at = page.find("/settings/export/").unwrap();
        page[at..at + 49].to_owned()
    };
    let path = link(&mut owner).await;
    // Not another owner's, although they have the link.
    let mut stranger = Browser::new(&world, 2);
    stranger.sign_up("Another", "another@example.com").await;
    assert_eq!(stranger.get(&path).await.status, StatusCode::NOT_FOUND);
    let (status, headers, zip) = download(&world, &path, &owner).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(headers["content-type"], "application/zip");
    let files = files(&zip);
    assert_eq!(files.len(), TABLES.len() + 1);
    assert!(files["READ-ME.txt"].contains("All data of your business"));
    for table in TABLES {
        let file = &files[&format!("{}.csv", table.name)];
        let own = world
            .count(&format!(
                "{} where {} = '{}'",
                table.name,
                table.owner,
                world.shop.provider.uuid()
            ))
            .await;
        let lines = file.matches("\r\n").count();
        assert!(lines > 1, "{} is empty, so this proves nothing", table.name);
        // What is written while it is read may be one more.
        assert!(
            i64::try_from(lines).unwrap() > own - 2,
            "{}: {lines} for {own}",
            table.name
        );
    }
    assert!(files["sites.csv"].contains("\"'=cmd, \"\"quoted\"\"\""));
    assert!(files["staff.csv"].contains("Njeri"));
    let all: String = files.into_values().collect();
    assert!(!all.contains("Neighbour"));
    // Nothing that is sealed, hashed or lets anybody in.
    assert!(!all.contains("gAAAA") && !all.contains("argon2") && !all.contains("\\x"));
    // Once, and soon.
    assert_eq!(
        download(&world, &path, &owner).await.0,
        StatusCode::NOT_FOUND
    );
    let late = link(&mut owner).await;
    world.app.clock.advance(Duration::from_secs(15 * 60));
    assert_eq!(
        download(&world, &late, &owner).await.0,
        StatusCode::NOT_FOUND
    );
    assert_eq!(world.count("audit where act = 'export'").await, 2);
    assert_eq!(world.count("audit where act = 'export-taken'").await, 1);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_business_whose_subscription_has_run_out_still_takes_its_data_out(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut owner = webhooks::owner(&world).await;
    let page = owner.get("/settings/subscription").await.page();
    assert!(!page.contains("Your data are yours"), "{page}");
    let mut tx = world.app.db.tenant(world.shop.provider).await.unwrap();
    sqlx::query(
        "insert into provider_rights (provider_id, due_at, restricted_from, changed_at) values ($1, $2, $2, $2)",
    )
    .bind(world.shop.provider.uuid())
    .bind(crate::db::At(world.app.clock.now().plus_secs(-3600)))
    .execute(&mut *tx)
    .await
    .unwrap();
    tx.commit().await.unwrap();
    let next = owner.get("/plans").await.onward();
    assert_eq!(next, "/settings/subscription?why=restricted");
    let page = owner.get(&next).await.page();
    assert!(page.contains("Your data are yours"), "{page}");
    assert!(page.contains("nothing new is sold"), "{page}");
    assert!(page.contains("href=\"/settings/export\""), "{page}");
    owner.get("/settings/export").await.page();
    let form = [("password", PASSWORD), ("digits", "")];
    let page = owner.post("/settings/export", &form).await.page();
    let at = page.find("/settings/export/").unwrap();
    let (status, _, zip) = download(&world, &page[at..at + 49], &owner).await;
    assert_eq!(status, StatusCode::OK);
    assert!(files(&zip).contains_key("sites.csv"));
}

/// A table longer than what is read at once comes out whole.
#[sqlx::test(migrations = "../migrations/controller")]
async fn a_long_table_comes_out_whole(pool: PgPoolOptions, options: PgConnectOptions) {
    let world = World::open(pool, options).await;
    series::print(&world, 2_500).await;
    let mut owner = webhooks::owner(&world).await;
    let page = owner
        .post(
            "/settings/export",
            &[("password", PASSWORD), ("digits", "")],
        )
        .await
        .page();
    let at = page.find("/settings/export/").unwrap();
    let (_, _, zip) = download(&world, &page[at..at + 49], &owner).await;
    let files = files(&zip);
    let mut codes: Vec<&str> = files["tickets.csv"]
        .lines()
        .skip(1)
        .map(|line| line.split(',').nth(1).unwrap())
        .collect();
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes.len(), 2_500);
}
