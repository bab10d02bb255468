//! Who works for the platform: nobody becomes one of its staff by having signed up with the right address, and whoever is ended is out.

use mnara_protocol::ids::PersonId;

use super::*;
use crate::admin::begin::NotMade;
use crate::admin::end::{Last, NotEnded, end};

const BOSS: &str = "boss@platform.example";

async fn make(world: &World, name: &str, contact: &str) -> Result<PersonId, NotMade> {
    begin::make(
        &world.app,
        name,
        contact.parse().unwrap(),
        "another good password".into(),
    )
    .await
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn whoever_signed_up_with_an_admins_address_is_named_and_not_promoted(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut squatter = Browser::new(&world, 1);
    squatter.sign_up("Fast \u{1b}[2J Net", BOSS).await;
    let refused = make(&world, "Boss", BOSS).await.unwrap_err();
    assert!(matches!(refused, NotMade::Taken(_)), "{refused:?}");
    let says = refused.to_string();
    for part in [
        "\"Njeri Wanjiru\" logs in with that already, since 2027-01-15T08:00:00Z",
        "owner of \"Fast \\u{1b}[2J Net\"",
        "Nothing was changed",
        "--existing",
    ] {
        assert!(says.contains(part), "{part}: {says}");
    }
    assert!(!says.contains(BOSS) && !says.contains("argon2"), "{says}");
    assert_eq!(world.count("admins").await, 0);
    assert_eq!(world.count("audit where act = 'admin'").await, 0);
    assert_eq!(
        squatter.get("/admin").await.status,
        StatusCode::FORBIDDEN,
        "nothing opened"
    );
    // Whoever says that this is who they mean promotes that log-in as it is, once.
    let contact = BOSS.parse().unwrap();
    for _ in 0..2 {
        let known = begin::promote(&world.app, &contact).await.unwrap();
        assert_eq!(known.name, "Njeri Wanjiru");
    }
    assert_eq!(world.count("audit where act = 'admin'").await, 1);
    squatter.get("/admin").await.page();
    let mut again = Browser::new(&world, 2);
    again.log_in(BOSS, PASSWORD).await.onward();
    let says = make(&world, "Boss", BOSS).await.unwrap_err().to_string();
    assert!(
        says.contains("They work for the platform already"),
        "{says}"
    );
    let nobody = "nobody@platform.example".parse().unwrap();
    let refused = begin::promote(&world.app, &nobody).await.unwrap_err();
    assert!(matches!(refused, NotMade::Nobody), "{refused:?}");
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn whoever_is_ended_is_out_at_once_and_comes_back_by_the_same_door(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut amina = admin(&world).await;
    let contact = "amina@mnara.example".parse().unwrap();
    let refused = end(&world.app, &contact, Last::Stays).await.unwrap_err();
    assert!(matches!(refused, NotEnded::Last(_)), "{refused:?}");
    assert!(refused.to_string().contains("--last"), "{refused}");
    amina.get("/admin").await.page();
    make(&world, "Zawadi", BOSS).await.unwrap();
    let ended = end(&world.app, &contact, Last::Stays).await.unwrap();
    assert_eq!((ended.name.as_str(), ended.log_ins), ("Amina", 1));
    assert_eq!(
        amina.get("/admin").await.onward(),
        "/log-in?next=%2Fadmin",
        "the log-in is over"
    );
    amina.log_in("amina@mnara.example", PASSWORD).await.onward();
    let refused = amina.get("/admin").await.status;
    assert_ne!(refused, StatusCode::OK, "the log-in is one without a place");
    let lines = "audit where act = 'admin-end' and actor = 'command'";
    assert_eq!(world.count(lines).await, 1);
    assert_eq!(
        deed(&world, "admin-end").await,
        json!({"before": {"admin": true}, "after": {"admin": false}})
    );
    let refused = end(&world.app, &contact, Last::Stays).await.unwrap_err();
    assert!(matches!(refused, NotEnded::NotOne(_)), "{refused:?}");
    let nobody = "nobody@platform.example".parse().unwrap();
    let refused = end(&world.app, &nobody, Last::Goes).await.unwrap_err();
    assert!(matches!(refused, NotEnded::Nobody), "{refused:?}");
    // The list tells who is there and who was.
    let mut zawadi = Browser::new(&world, 3);
    zawadi.log_in(BOSS, "another good password").await.onward();
    let page = text(&zawadi.get("/admin/settings").await.page());
    assert!(
        page.contains("Zawadi no second factor Amina no more since 15 Jan 2027, 11:00"),
        "{page}"
    );
    // They are known, so they come back as they are, and never by the way.
    let says = make(&world, "Amina", "amina@mnara.example").await;
    let says = says.unwrap_err().to_string();
    assert!(
        says.contains("worked for the platform until 2027-01-15T08:00:00Z"),
        "{says}"
    );
    begin::promote(&world.app, &contact).await.unwrap();
    amina.log_in("amina@mnara.example", PASSWORD).await.onward();
    amina.get("/admin").await.page();
    for contact in [contact, BOSS.parse().unwrap()] {
        end(&world.app, &contact, Last::Goes).await.unwrap();
    }
    assert_eq!(world.count("admins where ended_at is null").await, 0);
}
