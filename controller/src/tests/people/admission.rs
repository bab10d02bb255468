//! Being let in: the platform's staff hear who waits, and owners what became of their business.

use super::*;
use crate::admin::{begin, standing};
use crate::providers::notices::{Notice, tell_owners};
use crate::providers::state::{Admission, Move};
use crate::providers::store::set_admission;
use crate::tests::browser::{Browser, PASSWORD};
use crate::tests::office::Office;

const OWNER: &str = "njeri@example.com";
const AMINA: &str = "amina@mnara.example";
const HOURS: u64 = 3_600;

/// A world with mail, where to reach the platform, and two who work for it, of whom one has no address.
async fn staffed(pool: PgPoolOptions, options: PgConnectOptions) -> (Office, World) {
    let (office, flags) = Office::open().await;
    let mut flags: Vec<&str> = flags.iter().map(String::as_str).collect();
    flags.extend(["--support-contact", "help@mnara.example"]);
    let world = World::open_with(pool, options, &flags).await;
    for (name, contact) in [("Amina", AMINA), ("Zawadi", "0733 000 111")] {
        let contact = contact.parse().unwrap();
        begin::make(&world.app, name, contact, PASSWORD.into())
            .await
            .unwrap();
    }
    (office, world)
}

async fn heard(world: &World, office: &Office) -> Vec<(String, String)> {
    world.work().await;
    let letters = office.empty().into_iter();
    letters
        .map(|letter| (letter.to, letter.subject))
        // Whoever signs up is sent one, which is no news of their business.
        .filter(|(_, subject)| subject != "Confirm your e-mail address")
        .collect()
}

fn only(to: &str, subject: &str) -> Vec<(String, String)> {
    vec![(to.to_owned(), subject.to_owned())]
}

async fn provider_of(world: &World, business: &str) -> ProviderId {
    let sql = format!("select id from providers where business_name = '{business}'");
    ProviderId::from_uuid(read(&world.app, &sql).await)
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn the_platform_hears_of_who_waits_and_of_a_crowd_in_one_letter(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let (office, world) = staffed(pool, options).await;
    let mut owner = Browser::new(&world, 1);
    owner.sign_up("Njeri Wi-Fi", OWNER).await;
    world.work().await;
    let letters = office.empty();
    assert_eq!(letters.len(), 2, "{letters:?}");
    let first = letters.iter().find(|letter| letter.to == AMINA).unwrap();
    assert_eq!(first.subject, "Njeri Wi-Fi waits for you");
    for part in [
        "Hello Amina",
        "signed up and waits to be let in",
        "/admin/providers?state=pending",
    ] {
        assert!(first.text.contains(part), "{part}: {}", first.text);
    }
    for n in 2..=13_u8 {
        world.app.clock.advance(Duration::from_secs(1));
        let mut other = Browser::new(&world, n);
        other
            .sign_up(&format!("Shop {n}"), &format!("owner{n}@example.com"))
            .await;
        assert_eq!(heard(&world, &office).await, [], "{n}");
    }
    world.pass(3 * HOURS - 13).await;
    assert_eq!(heard(&world, &office).await, []);
    world.pass(1).await;
    let crowd = office.one();
    assert_eq!(crowd.to, AMINA);
    assert_eq!(crowd.subject, "13 businesses wait for you");
    assert!(
        crowd.text.contains("Shop 13, Shop 12") && crowd.text.contains("Shop 4, and 3 more."),
        "{}",
        crowd.text
    );
    world.pass(24 * HOURS).await;
    assert_eq!(heard(&world, &office).await, [], "nobody came since");
    assert_eq!(world.count("jobs where dead_at is not null").await, 0);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn whoever_is_in_business_at_once_is_no_news_to_the_platform(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let (office, world) = staffed(pool, options).await;
    world.app.clock.advance(Duration::from_secs(2 * 86_400));
    let mut tx = world.app.db.platform(Reason::Admin).await.unwrap();
    let rule = Admission::AtOnce { a_day: 1 };
    set_admission(&mut tx, rule, world.app.clock.now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    Browser::new(&world, 1).sign_up("First", OWNER).await;
    assert_eq!(heard(&world, &office).await, []);
    Browser::new(&world, 2)
        .sign_up("Second", "otieno@example.com")
        .await;
    assert_eq!(
        heard(&world, &office).await,
        only(AMINA, "Second waits for you")
    );
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn owners_hear_what_the_platform_did_with_their_business_and_where_to_reach_it(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    const REACH: &str = "Reach us at <a href=\"mailto:help@mnara.example\">help@mnara.example</a>.";
    let (office, world) = staffed(pool, options).await;
    let mut owner = Browser::new(&world, 1);
    owner.sign_up("Njeri Wi-Fi", OWNER).await;
    let page = owner.get("/home").await.page();
    assert!(
        page.contains("We are looking at your sign-up") && page.contains(REACH),
        "{page}"
    );
    // Nothing is ticked, and they hear of it all the same.
    owner.post("/settings/notices", &[]).await.onward();
    heard(&world, &office).await;
    let provider = provider_of(&world, "Njeri Wi-Fi").await;
    let stand = async |to| standing::stand(&world.app, provider, to, Actor::Command).await;
    stand(Move::Approve).await.unwrap();
    world.work().await;
    let letter = office.one();
    assert_eq!(letter.to, OWNER);
    assert_eq!(letter.subject, "Njeri Wi-Fi is let in");
    for part in [
        "may sell from now on",
        "Reach us at help@mnara.example.",
        "it cannot be switched off",
        "/home",
    ] {
        assert!(letter.text.contains(part), "{part}: {}", letter.text);
    }
    let page = owner.get("/home").await.page();
    assert!(!page.contains("Reach us at"), "{page}");
    assert!(stand(Move::Approve).await.is_err());
    assert_eq!(
        heard(&world, &office).await,
        [],
        "what did not happen is not told"
    );
    stand(Move::Suspend).await.unwrap();
    assert_eq!(
        heard(&world, &office).await,
        only(OWNER, "Njeri Wi-Fi is stopped")
    );
    let page = owner.get("/home").await.page();
    assert!(
        page.contains("This business is stopped") && page.contains(REACH),
        "{page}"
    );
    owner.get("/language/sw?back=/home").await.onward();
    stand(Move::Reinstate).await.unwrap();
    assert_eq!(
        heard(&world, &office).await,
        only(OWNER, "Njeri Wi-Fi inaruhusiwa kuuza tena")
    );
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn where_no_contact_is_named_none_is_promised(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut owner = Browser::new(&world, 1);
    owner.sign_up("Njeri Wi-Fi", OWNER).await;
    let provider = provider_of(&world, "Njeri Wi-Fi").await;
    for says in ["We are looking at your sign-up", "This business is stopped"] {
        let page = owner.get("/home").await.page();
        assert!(page.contains(says), "{page}");
        assert!(
            !page.contains("Reach us") && !page.contains("Write to us"),
            "{page}"
        );
        // The second time it is stopped already.
        let moved = standing::stand(&world.app, provider, Move::Suspend, Actor::Command).await;
        assert_eq!(moved.is_ok(), says.starts_with("We"));
    }
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn an_owner_whose_moneys_way_was_changed_is_told_where_help_is(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let (office, world) = staffed(pool, options).await;
    let mut owner = Browser::new(&world, 1);
    owner.sign_up("Njeri Wi-Fi", OWNER).await;
    world.work().await;
    office.empty();
    let provider = provider_of(&world, "Njeri Wi-Fi").await;
    for notice in [Notice::MpesaChanged, Notice::OperatorChanged] {
        let mut tx = world.app.db.tenant(provider).await.unwrap();
        tell_owners(&world.app, &mut tx, provider, &notice)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        world.work().await;
        let letter = office.one();
        assert_eq!(letter.to, OWNER);
        assert!(
            letter.text.contains("change your passwords.")
                && letter.text.contains("Reach us at help@mnara.example."),
            "{}",
            letter.text
        );
    }
}
