//! What people change of themselves and of what is theirs: what they log in with, the name of the business, the name of a site.

use super::browser::{Browser, PASSWORD};
use super::doors::member;
use super::office::Office;
use super::*;
use crate::providers::staff::roles::Role;

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
    assert_eq!(other.get(&path).await.status, StatusCode::NOT_FOUND);
    assert_eq!(other.post(&path, &[]).await.status, StatusCode::NOT_FOUND);
    assert!(owner.get(&path).await.page().contains(MAIL));
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
    // An old link is over.
    owner.post("/account/contact", &wish(MAIL)).await.onward();
    world.work().await;
    let path = office.one().path("/account/contact/");
    world.app.clock.advance(Duration::from_secs(86_401));
    assert_eq!(owner.get(&path).await.status, StatusCode::NOT_FOUND);
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
    let next = owner.post("/settings/portal/name", &form).await.onward();
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
        ("/settings/portal/name".to_owned(), "a name of 1 to 80"),
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
