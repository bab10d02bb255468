//! Lists of sites, and of what happened at one, that are longer than a page.

use super::*;
use crate::fleet::store::link::insert_event;
use crate::providers::staff::roles::Role;
use crate::tests::pages::doors::member;

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_long_list_of_sites_goes_on(pool: PgPoolOptions, options: PgConnectOptions) {
    let world = World::open(pool, options).await;
    let mut owner = member(&world, Role::Owner, 1).await;
    for n in 0..203 {
        let name = format!("Site {n:03}");
        fleet::create::create(&world.app, world.shop.provider, &name, Actor::Command)
            .await
            .unwrap();
    }
    let named = |page: &str| page.matches("class=\"row\" href=\"/sites/site_").count();
    let mut page = owner.get("/sites").await.page();
    for _ in 0..2 {
        assert_eq!(named(&page), 100);
        let (_, more) = page.split_once("href=\"/sites?after=").unwrap();
        let more = more.split_once('"').unwrap().0.to_owned();
        page = owner.get(&format!("/sites?after={more}")).await.page();
    }
    assert_eq!(named(&page), 4);
    assert!(page.contains("Site 202") && !page.contains("?after="));
    // Each can be chosen where one is asked for.
    for path in ["/payments", "/vouchers/new"] {
        assert!(owner.get(path).await.page().contains("Site 202"), "{path}");
    }
    let home = owner.get("/home").await.page();
    assert!(home.contains("All your sites") && home.contains("Site 098"));
    assert!(!home.contains("Site 099"));
    let nonsense = owner.get("/sites?after=x").await;
    assert_eq!(nonsense.status, StatusCode::NOT_FOUND);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_finger_that_presses_twice_makes_one_site(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut owner = member(&world, Role::Owner, 1).await;
    let page = owner.get("/sites").await.page();
    let (_, rest) = page.split_once("name=\"id\" value=\"").unwrap();
    let id = rest.split_once('"').unwrap().0;
    let form = [("id", id), ("name", "Harbour")];
    let made = owner.post("/sites", &form).await.onward();
    assert_eq!(made, format!("/sites/{id}"));
    assert_eq!(owner.post("/sites", &form).await.onward(), made);
    assert_eq!(world.count("sites where name = 'Harbour'").await, 1);
    let deeds = format!("audit where act = 'site' and subject = '{id}'");
    assert_eq!(world.count(&deeds).await, 1);
    // Filled in anew, as after going back, it makes another.
    let form = [("id", id), ("name", "Ruiru")];
    assert_ne!(owner.post("/sites", &form).await.onward(), made);
    assert_eq!(world.count("sites where name = 'Ruiru'").await, 1);
    // Another's id makes nothing, and tells nothing.
    let other = business(&world.app, 2).await;
    let id = other.site.to_string();
    let form = [("id", id.as_str()), ("name", "Theirs")];
    let led = owner.post("/sites", &form).await.onward();
    assert_eq!(owner.get(&led).await.status, StatusCode::NOT_FOUND);
    assert_eq!(world.count("sites where name = 'Theirs'").await, 0);
    // The next form is another wish.
    let page = owner.get("/sites").await.page();
    assert!(!page.contains(&format!(
        "name=\"id\" value=\"{}\"",
        made.rsplit('/').next().unwrap()
    )));
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn what_happened_at_a_site_goes_on_where_its_page_ends(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut owner = member(&world, Role::Owner, 1).await;
    let mut tx = world.app.db.tenant(world.shop.provider).await.unwrap();
    for n in 0..45_u32 {
        // Some came together, and one of them is the last of a page.
        let at = world.app.clock.now().plus_secs(i64::from(n / 10));
        let id = sqlx::types::Uuid::from_u128(u128::from(n) + 1);
        let from = (world.shop.provider, world.shop.site);
        let secs = Some(i64::from(n) + 1);
        insert_event(&mut tx, id, from, "was-away", secs, (at, at))
            .await
            .unwrap();
    }
    tx.commit().await.unwrap();
    let away = |page: &str| -> Vec<String> {
        let told = page.split("The site was away for ").skip(1);
        told.map(|rest| rest.split_once('.').unwrap().0.replace('\u{a0}', " "))
            .collect()
    };
    let path = format!("/sites/{}", world.shop.site);
    let (mut to, mut seen, mut pages) = (path.clone(), Vec::new(), 0);
    loop {
        let page = owner.get(&to).await.page();
        seen.extend(away(&page));
        pages += 1;
        let older = format!("href=\"{path}?before=");
        let Some((_, rest)) = page.split_once(&older) else {
            break;
        };
        let place = rest.split_once('"').unwrap().0;
        to = format!("{path}?before={place}");
    }
    let all: Vec<String> = (1..=45).rev().map(|secs| format!("{secs} s")).collect();
    assert_eq!((seen, pages), (all, 3));
    // What cannot be read begins with the newest.
    let odd = format!("{path}?before=x");
    assert_eq!(away(&owner.get(&odd).await.page()).len(), 20);
}
