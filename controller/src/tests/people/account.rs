//! What people change of themselves and of what is theirs: what they log in with, the name of the business, the name of a site.

use super::*;
use crate::providers::log_in::enter::{self, Entry, NotEntered};
use crate::providers::people::Contact;
use crate::providers::people::store::by_contact;
use crate::providers::staff::roles::Role;
use crate::tests::browser::{Browser, PASSWORD};
use crate::tests::money::mpesa_change::Authenticator;
use crate::tests::office::Office;
use crate::tests::pages::doors::member;

const PHONE_OWNER: &str = "0722 000 111";
const MAIL: &str = "achieng@example.com";

fn wish(who: &str) -> [(&str, &str); 2] {
    [("who", who), ("password", PASSWORD)]
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn whoever_signed_up_by_phone_comes_to_an_address_that_was_proved(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let (office, world) = Office::world(pool, options).await;
    let mut owner = Browser::new(&world, 1);
    owner.sign_up("Pwani Hotspots", PHONE_OWNER).await;
    let wrong = owner
        .post(
            "/account/contact",
            &[("who", MAIL), ("password", "not mine")],
        )
        .await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    let kept = format!("value=\"{MAIL}\"");
    assert!(wrong.text.contains(&kept), "{}", wrong.text);
    let nothing = owner.post("/account/contact", &wish("nowhere")).await;
    assert_eq!(nothing.status, StatusCode::UNPROCESSABLE_ENTITY);
    let next = owner.post("/account/contact", &wish(MAIL)).await.onward();
    assert!(owner.get(&next).await.page().contains("on its way"));
    world.work().await;
    let letter = office.one();
    assert_eq!(letter.to, MAIL);
    let path = letter.path("/account/contact/");
    // Until the link was opened nothing is so; and it is nobody else's.
    let early = Browser::new(&world, 2).log_in(MAIL, PASSWORD).await;
    assert_eq!(early.status, StatusCode::UNPROCESSABLE_ENTITY);
    let mut other = Browser::new(&world, 3);
    other.sign_up("Another", "another@example.com").await;
    world.work().await;
    assert_eq!(office.one().to, "another@example.com");
    assert_eq!(other.get(&path).await.status, StatusCode::NOT_FOUND);
    assert_eq!(other.post(&path, &[]).await.status, StatusCode::NOT_FOUND);
    let page = owner.get(&path).await.page();
    assert!(page.contains(MAIL) && page.contains("<p class=\"back\"><a href=\"/account\">"));
    owner.post(&path, &[]).await.onward();
    assert_eq!(owner.post(&path, &[]).await.status, StatusCode::NOT_FOUND);
    // Both let them in.
    for (n, who) in [(4, MAIL), (5, PHONE_OWNER)] {
        let got = Browser::new(&world, n).log_in(who, PASSWORD).await;
        assert_eq!(got.onward(), "/", "{who}");
    }
    let page = owner.get("/account").await.page();
    assert!(page.contains(MAIL) && page.contains("0722 000 111"));
    assert_eq!(world.count("audit where act = 'contact'").await, 1);
    assert_eq!(
        deed(&world, "contact").await,
        json!({"before": null, "after": {"email": "a•••@example.com"}})
    );

    // Another address, of which the one before hears; and nobody takes what is somebody else's.
    owner
        .post("/account/contact", &wish("new@example.com"))
        .await
        .onward();
    world.work().await;
    let path = office.one().path("/account/contact/");
    owner.post(&path, &[]).await.onward();
    world.work().await;
    let told = office.one();
    assert_eq!(
        (told.to.as_str(), told.subject.as_str()),
        (MAIL, "What you log in with was changed")
    );
    let taken = other.post("/account/contact", &wish(PHONE_OWNER)).await;
    assert_eq!(taken.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(taken.text.contains("Somebody else logs in with that"));
    // An old link is over, and its page says so and lets them ask for another.
    owner.post("/account/contact", &wish(MAIL)).await.onward();
    world.work().await;
    let path = office.one().path("/account/contact/");
    world.app.clock.advance(Duration::from_secs(86_401));
    let over = owner.get(&path).await;
    assert_eq!(over.status, StatusCode::NOT_FOUND);
    assert!(over.text.contains("This link is over") && over.text.contains("Log in with this"));
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn strangers_are_written_to_now_and_then_and_greeted_by_no_name(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let (office, world) = Office::world(pool, options).await;
    let mut people = Vec::new();
    for n in 1..=4 {
        let mut one = Browser::new(&world, n);
        one.sign_up(&format!("Business {n}"), &format!("0722 000 11{n}"))
            .await;
        people.push(one);
    }
    let wished = async |one: &mut Browser<'_>, who: &str| {
        let got = one.post("/account/contact", &wish(who)).await;
        world.work().await;
        let sent = office.empty().len();
        assert_eq!(sent == 1, got.status == StatusCode::SEE_OTHER, "{who}");
        got.status
    };
    let mut ways = people.iter_mut();
    let first = ways.next().unwrap();
    let named = first.post("/account/contact", &wish(MAIL)).await;
    assert_eq!(named.status, StatusCode::SEE_OTHER);
    world.work().await;
    let letter = office.one();
    assert!(!letter.text.contains("Hello"), "{}", letter.text);
    // One link at a time, to whomever.
    for who in [MAIL, "another@example.com"] {
        assert_eq!(wished(first, who).await, StatusCode::TOO_MANY_REQUESTS);
    }
    // So many from one person.
    for n in 2..=5 {
        world.app.clock.advance(Duration::from_secs(301));
        let who = format!("stranger{n}@example.com");
        assert_eq!(wished(first, &who).await, StatusCode::SEE_OTHER);
    }
    world.app.clock.advance(Duration::from_secs(301));
    let sixth = wished(first, "stranger6@example.com").await;
    assert_eq!(sixth, StatusCode::TOO_MANY_REQUESTS);
    // So many to one address.
    let others: Vec<_> = ways.collect();
    let mut got = Vec::new();
    for one in others {
        got.push(wished(one, MAIL).await);
    }
    assert_eq!(
        got,
        [
            StatusCode::SEE_OTHER,
            StatusCode::SEE_OTHER,
            StatusCode::TOO_MANY_REQUESTS
        ]
    );
    // Tomorrow again.
    world.app.clock.advance(Duration::from_secs(86_400));
    assert_eq!(wished(first, MAIL).await, StatusCode::SEE_OTHER);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn co_owners_hear_of_another_log_in_and_open_links_are_spent(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let (office, world) = Office::world(pool, options).await;
    let mut thief = member(&world, Role::Owner, 1).await;
    member(&world, Role::Owner, 2).await;
    member(&world, Role::Cashier, 3).await;
    world.work().await;
    office.empty();
    let asked = [("who", "owner1@example.com")];
    Browser::new(&world, 4).post("/forgot", &asked).await;
    world.work().await;
    world.work().await;
    let link = office.one().path("/reset/");
    thief
        .post("/account/contact", &wish(PHONE_OWNER))
        .await
        .onward();
    world.work().await;
    let mut told: Vec<_> = office
        .empty()
        .into_iter()
        .map(|letter| (letter.to, letter.subject))
        .collect();
    told.sort();
    let said = [
        ("owner1@example.com", "What you log in with was changed"),
        (
            "owner2@example.com",
            "Business 1: what an owner logs in with was changed",
        ),
    ];
    assert_eq!(
        told,
        said.map(|(to, said)| (to.to_owned(), said.to_owned()))
    );
    let spent = Browser::new(&world, 5).get(&link).await;
    assert_eq!(spent.status, StatusCode::NOT_FOUND);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn the_list_of_browsers_holds_those_that_are_in(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut phone = Browser::new(&world, 1);
    phone.sign_up("Njeri Wi-Fi", MAIL).await;
    let mut laptop = Browser::new(&world, 2);
    laptop.log_in(MAIL, PASSWORD).await.onward();
    let others = async |browser: &mut Browser<'_>| {
        let page = browser.get("/account").await.page();
        page.matches("/account/browsers/").count()
    };
    let pass = |days: u64| world.app.clock.advance(Duration::from_secs(days * 86_400));
    assert_eq!(others(&mut phone).await, 1);
    // Nobody uses the laptop.
    pass(13);
    assert_eq!(others(&mut phone).await, 1);
    pass(1);
    assert_eq!(others(&mut phone).await, 0);
    assert_eq!(laptop.get("/home").await.onward(), "/log-in?next=%2Fhome");
    // One that is used every day ends at last, and the list says so.
    laptop.log_in(MAIL, PASSWORD).await.onward();
    for _ in 0..5 {
        pass(13);
        assert_eq!(others(&mut phone).await, 1);
        assert_eq!(others(&mut laptop).await, 1);
    }
    pass(11);
    assert_eq!(others(&mut laptop).await, 0);
    assert_eq!(phone.get("/home").await.onward(), "/log-in?next=%2Fhome");
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_password_that_was_looked_at_before_it_was_changed_opens_nothing(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut owner = Browser::new(&world, 1);
    owner.sign_up("Njeri Wi-Fi", MAIL).await;
    let contact: Contact = MAIL.parse().unwrap();
    let proofs = async || {
        let mut tx = world.app.db.platform(Reason::Login).await.unwrap();
        let found = by_contact(&mut tx, &contact, None).await.unwrap();
        found.into_iter().next().unwrap()
    };
    let elsewhere = enter::Browser {
        address: [192, 0, 2, 1].into(),
        user_agent: "",
        mark: None,
    };
    let open = "log_ins where is_open and ended_at is null";

    let proved = proofs().await;
    let new = "two rivers and a hill";
    let form = [("old", PASSWORD), ("new", new)];
    owner.post("/account/password", &form).await.onward();
    let (app, by) = (&world.app, Entry::Password);
    let got = enter::begin(app, &elsewhere, proved.person, by, Some(&proved)).await;
    assert!(matches!(got, Err(NotEntered::Wrong)), "{got:?}");
    assert_eq!(world.count(open).await, 1, "the owner's own");

    let form = [("old", new), ("new", PASSWORD)];
    owner.post("/account/password", &form).await.onward();
    let proved = proofs().await;
    Authenticator::set_up(&world, &mut owner).await;
    let got = enter::begin(app, &elsewhere, proved.person, by, Some(&proved)).await;
    assert!(matches!(got, Err(NotEntered::Wrong)), "{got:?}");
    assert_eq!(world.count(open).await, 1, "the owner's own");
    let proved = proofs().await;
    let (person, by) = (proved.person, Entry::Half);
    let half = enter::begin(app, &elsewhere, person, by, Some(&proved)).await;
    assert!(half.unwrap().needs_second);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn business_and_site_get_other_names_and_sites_hear_of_them(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut owner = member(&world, Role::Owner, 1).await;
    let site = world.shop.site;
    let named = async || {
        let rows = world.feed(site).await;
        rows.into_iter()
            .find_map(|row| match row {
                Row::Site(site) => Some((site.business_name, site.site_name)),
                _ => None,
            })
            .unwrap()
    };
    let form = [("name", " Mama <b>Njeri</b> Wi-Fi ")];
    let next = owner.post("/settings/name", &form).await.onward();
    assert!(
        owner
            .get(&next)
            .await
            .page()
            .contains("value=\"Mama &#60;b&#62;Njeri")
    );
    let path = format!("/sites/{site}");
    let form = [("name", "Beach <i>road</i>")];
    let next = owner.post(&format!("{path}/name"), &form).await.onward();
    let page = owner.get(&next).await.page();
    assert!(page.contains("has its new name") && page.contains("Beach &#60;i&#62;road"));
    assert_eq!(
        named().await,
        (
            "Mama <b>Njeri</b> Wi-Fi".to_owned(),
            "Beach <i>road</i>".to_owned()
        )
    );
    let empty = [("name", "  ")];
    for (path, says) in [
        ("/settings/name".to_owned(), "a name of 1 to 80"),
        (format!("{path}/name"), "a name of 1 to 80"),
    ] {
        let next = owner.post(&path, &empty).await.onward();
        assert!(owner.get(&next).await.page().contains(says), "{path}");
    }
    for act in ["business-name", "site-name"] {
        let lines = format!("audit where act = '{act}'");
        assert_eq!(world.count(&lines).await, 1, "{act}");
    }
}
