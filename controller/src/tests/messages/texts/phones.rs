//! A number that somebody wants to log in with: theirs once a link that was texted to it was opened, and nobody's way into another's mail before.

use mnara_protocol::ids::PersonId;

use super::*;
use crate::providers::people::store as people;
use crate::providers::staff::roles::Role;
use crate::tests::money::mpesa_change;

const MAIL: &str = "njeri@example.com";
const NUMBER: &str = "0722 000 333";
/// Another's password.
const OTHER: &str = "ziwa nyota mbuyu";

fn wish(who: &str) -> [(&str, &str); 2] {
    wish_with(who, PASSWORD)
}

fn wish_with<'a>(who: &'a str, password: &'a str) -> [(&'a str, &'a str); 2] {
    [("who", who), ("password", password)]
}

/// A world in which both mail and SMS leave.
async fn world(pool: PgPoolOptions, options: PgConnectOptions) -> (Tower, office::Office, World) {
    let (office, flags) = office::Office::open().await;
    let flags = flags.each_ref().map(String::as_str);
    let (tower, world) = Tower::world_with(pool, options, &flags).await;
    (tower, office, world)
}

/// Wants a number, and gives the address in the text that was sent there.
async fn wanted(world: &World, tower: &Tower, browser: &mut Browser<'_>, number: &str) -> String {
    let next = browser.post("/account/contact", &wish(number)).await;
    assert_eq!(next.onward(), "/account?done=texted");
    world.work().await;
    tower.one().path("/account/contact/")
}

async fn ask(world: &World, n: u8, who: &str) {
    let form = [("who", who)];
    let mut browser = Browser::new(world, n);
    browser.post("/forgot", &form).await.page();
    world.work().await;
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_number_is_theirs_once_the_link_in_a_text_was_opened(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let (tower, office, world) = world(pool, options).await;
    let mut owner = Browser::new(&world, 1);
    owner.sign_up("Njeri Wi-Fi", MAIL).await;
    let link = wanted(&world, &tower, &mut owner, NUMBER).await;
    assert_eq!(office.one().to, MAIL);
    // Until then nothing is so, and whoever has the number learns nothing of who wants it.
    let early = Browser::new(&world, 2).log_in(NUMBER, PASSWORD).await;
    assert_eq!(early.status, StatusCode::UNPROCESSABLE_ENTITY);
    ask(&world, 3, NUMBER).await;
    assert!(tower.empty().is_empty() && office.empty().is_empty());
    let mut other = Browser::new(&world, 4);
    other.sign_up("Another", "another@example.com").await;
    world.work().await;
    office.empty();
    assert_eq!(other.post(&link, &[]).await.status, StatusCode::NOT_FOUND);
    assert_eq!(world.count("people where phone is not null").await, 0);

    // On the phone itself, where nobody is in yet.
    let mut phone = Browser::new(&world, 5);
    let next = phone.get(&link).await.onward();
    assert!(next.starts_with("/log-in?next=%2Faccount%2Fcontact%2F"));
    let form = [("who", MAIL), ("password", PASSWORD), ("next", &link)];
    assert_eq!(phone.post("/log-in", &form).await.onward(), link);
    let page = phone.get(&link).await.page();
    assert!(page.contains(NUMBER), "{page}");
    assert!(page.contains("This is my number"), "{page}");
    let next = phone.post(&link, &[]).await.onward();
    let page = phone.get(&next).await.page();
    assert!(page.contains(NUMBER), "{page}");
    assert!(!page.contains("0722 000 333 (not confirmed"), "{page}");
    assert_eq!(phone.post(&link, &[]).await.status, StatusCode::NOT_FOUND);
    let got = Browser::new(&world, 6).log_in(NUMBER, PASSWORD).await;
    assert_eq!(got.onward(), "/");
    world.work().await;
    let told = office.one();
    assert_eq!(told.subject, "What you log in with was changed");
    ask(&world, 7, NUMBER).await;
    assert!(tower.empty().is_empty());
    assert_eq!(office.one().subject, "A new password for Mnara");
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn whoever_has_a_number_takes_it_from_somebody_who_only_named_it(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let (tower, office, world) = world(pool, options).await;
    let mut claimant = Browser::new(&world, 1);
    claimant.sign_up("Claims", NUMBER).await;
    let named = claimant.post("/account/contact", &wish(MAIL)).await;
    assert_eq!(named.onward(), "/account?done=mailed");
    world.work().await;
    let link = office.one().path("/account/contact/");
    claimant.post(&link, &[]).await.onward();
    world.work().await;
    tower.empty();
    office.empty();
    let page = claimant.get("/account").await.page();
    assert!(page.contains("0722 000 333 (not confirmed"), "{page}");
    ask(&world, 9, NUMBER).await;
    assert!(tower.empty().is_empty() && office.empty().is_empty());

    let mut holder = Browser::new(&world, 2);
    holder.sign_up("Holds", "holder@example.com").await;
    let link = wanted(&world, &tower, &mut holder, NUMBER).await;
    office.empty();
    assert_eq!(
        holder.post(&link, &[]).await.onward(),
        "/account?done=contact"
    );
    world.work().await;
    let letters = office.empty().into_iter();
    let mut told: Vec<_> = letters.map(|letter| (letter.to, letter.subject)).collect();
    told.sort();
    let said = "What you log in with was changed";
    let both = ["holder@example.com", MAIL].map(|to| (to.to_owned(), said.to_owned()));
    assert_eq!(told, both);
    assert!(tower.empty().is_empty());
    let by_program = "audit where act = 'contact' and actor = 'program'";
    assert_eq!(world.count(by_program).await, 1);
    // Whose number it was is told by no more than others see of it.
    let freed = "audit where act = 'contact' and actor = 'program' and after is null and before->>'phone' like '2547%•••••%'";
    assert_eq!(world.count(freed).await, 1);
    let mut phone = Browser::new(&world, 3);
    assert_eq!(phone.log_in(NUMBER, PASSWORD).await.onward(), "/");
    let page = phone.get("/account").await.page();
    assert!(page.contains("holder@example.com"), "{page}");
    let page = claimant.get("/account").await.page();
    assert!(page.contains(MAIL) && !page.contains(NUMBER), "{page}");

    // Also from somebody who named nothing else: they stay in where they are, and get in with it no more.
    let only = "0722 000 444";
    let mut named = Browser::new(&world, 4);
    named.sign_up("Only", only).await;
    world.work().await;
    tower.empty();
    let link = wanted(&world, &tower, &mut holder, only).await;
    assert_eq!(
        holder.post(&link, &[]).await.onward(),
        "/account?done=contact"
    );
    named.get("/home").await.page();
    let mut phone = Browser::new(&world, 6);
    assert_eq!(phone.log_in(only, PASSWORD).await.onward(), "/");
    assert!(phone.get("/home").await.page().contains("Holds"));
    world.work().await;
    tower.empty();
    office.empty();
    ask(&world, 5, only).await;
    assert!(tower.empty().is_empty());
    assert_eq!(office.one().to, "holder@example.com");
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn whoever_signs_up_with_anothers_number_takes_nothing_and_keeps_nobody_out(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let (tower, office, world) = world(pool, options).await;
    let mut holder = Browser::new(&world, 1);
    let form = [
        ("business", "Holds"),
        ("name", "Wanjiru"),
        ("who", NUMBER),
        ("password", OTHER),
    ];
    assert_eq!(holder.post("/sign-up", &form).await.onward(), "/home");
    let named = holder
        .post("/account/contact", &wish_with(MAIL, OTHER))
        .await;
    assert_eq!(named.onward(), "/account?done=mailed");
    world.work().await;
    let link = office.one().path("/account/contact/");
    holder.post(&link, &[]).await.onward();
    world.work().await;
    office.empty();
    tower.empty();

    let mut taker = Browser::new(&world, 2);
    taker.sign_up("Takes", NUMBER).await;
    world.work().await;
    assert!(office.empty().is_empty());
    assert!(tower.one().said.contains("/account/contact/"));
    mpesa_change::Authenticator::set_up(&world, &mut taker).await;
    world.work().await;
    office.empty();
    tower.empty();
    // Each gets in with their own password, and the holder is not asked for the taker's second factor.
    let mut phone = Browser::new(&world, 3);
    assert_eq!(phone.log_in(NUMBER, OTHER).await.onward(), "/");
    assert!(phone.get("/home").await.page().contains("Holds"));
    let half = Browser::new(&world, 4).log_in(NUMBER, PASSWORD).await;
    assert!(half.onward().starts_with("/log-in/second"));

    let next = holder
        .post("/account/contact", &wish_with(NUMBER, OTHER))
        .await;
    assert_eq!(next.onward(), "/account?done=texted");
    world.work().await;
    let link = tower.one().path("/account/contact/");
    assert_eq!(
        holder.post(&link, &[]).await.onward(),
        "/account?done=contact"
    );
    let out = Browser::new(&world, 5).log_in(NUMBER, PASSWORD).await;
    assert_eq!(out.status, StatusCode::UNPROCESSABLE_ENTITY);
    let got = Browser::new(&world, 6).log_in(NUMBER, OTHER).await;
    assert_eq!(got.onward(), "/");
    // From now on it is taken, for whoever signs up and for whoever wants it.
    let form = [
        ("business", "Third"),
        ("name", "Third"),
        ("who", NUMBER),
        ("password", OTHER),
    ];
    let third = Browser::new(&world, 7).post("/sign-up", &form).await;
    assert_eq!(third.status, StatusCode::CONFLICT);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_crowd_that_names_a_number_keeps_its_holder_from_nothing(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let (tower, _, world) = world(pool, options).await;
    crowd(&world, 10..20).await;
    let mut holder = holder(&world, 1).await;
    holder.post("/log-out", &[]).await.onward();
    assert_eq!(holder.log_in(NUMBER, OTHER).await.onward(), "/");
    // The crowd used up what is sent to a number in a day, also for whoever wants a link themselves.
    world.work().await;
    let texts = tower.empty();
    assert_eq!(texts.len(), 3);
    let enough = holder
        .post("/account/contact", &wish_with(NUMBER, OTHER))
        .await;
    assert_eq!(enough.status, StatusCode::TOO_MANY_REQUESTS);
    // But whoever reads one of those has shown as much, whoever it was sent for.
    let link = texts[0].path("/account/contact/");
    let mut stranger = Browser::new(&world, 4);
    stranger.sign_up("Another", "another@example.com").await;
    assert_eq!(stranger.get(&link).await.status, StatusCode::NOT_FOUND);
    assert!(holder.get(&link).await.page().contains(NUMBER));
    holder.post(&link, &[]).await.onward();
    assert_eq!(holder.post(&link, &[]).await.status, StatusCode::NOT_FOUND);
    let got = Browser::new(&world, 2).log_in(NUMBER, OTHER).await;
    assert_eq!(got.onward(), "/");
    let out = Browser::new(&world, 3).log_in(NUMBER, PASSWORD).await;
    assert_eq!(out.status, StatusCode::UNPROCESSABLE_ENTITY);
}

/// So many who sign up with the number, each from elsewhere.
async fn crowd(world: &World, from: std::ops::Range<u8>) {
    for n in from {
        world.app.clock.advance(Duration::from_secs(1));
        let business = format!("Claims {n}");
        Browser::new(world, n).sign_up(&business, NUMBER).await;
    }
}

/// Whoever has the number signs up with it too.
async fn holder(world: &World, n: u8) -> Browser<'_> {
    let mut holder = Browser::new(world, n);
    let form = [
        ("business", "Holds"),
        ("name", "Wanjiru"),
        ("who", NUMBER),
        ("password", OTHER),
    ];
    assert_eq!(holder.post("/sign-up", &form).await.onward(), "/home");
    holder
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn in_a_crowd_that_names_a_number_each_has_a_link_for_a_new_password_in_their_turn(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let (tower, _, world) = world(pool, options).await;
    crowd(&world, 10..20).await;
    holder(&world, 1).await;
    crowd(&world, 20..30).await;
    world.work().await;
    tower.empty();
    let mut phone = Browser::new(&world, 2);
    let refused = phone.log_in(NUMBER, OTHER).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    let mut theirs = None;
    for n in 3..10 {
        world.app.clock.advance(Duration::from_secs(1));
        ask(&world, n, NUMBER).await;
        let texts = tower.empty();
        assert_eq!(texts.len(), 3);
        for text in texts {
            let link = text.path("/reset/");
            if phone.get(&link).await.page().contains("Wanjiru · Holds") {
                theirs = Some(link);
            }
        }
    }
    let link = theirs.expect("seven questions reach all of twenty-one");
    let form = [("password", "mbuyu ziwa nyota")];
    phone.post(&link, &form).await.onward();
    let got = phone.log_in(NUMBER, "mbuyu ziwa nyota").await;
    assert_eq!(got.onward(), "/");
    assert!(phone.get("/home").await.page().contains("Holds"));
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn whoever_signs_up_is_sent_a_link_in_their_language_and_told_so(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let (tower, office, world) = world(pool, options).await;
    let mut owner = Browser::new(&world, 1);
    owner.get("/language/sw").await.onward();
    owner.sign_up("Njeri Wi-Fi", MAIL).await;
    let page = owner.get("/home").await.page();
    assert!(page.contains("Tumetuma kiungo kwa <strong>njeri@example.com</strong>"));
    assert!(page.contains("href=\"/account#contact\""), "{page}");
    owner.get("/language/en").await.onward();
    let page = owner.get("/home").await.page();
    assert!(page.contains("You can go on meanwhile"), "{page}");
    world.work().await;
    let letter = office.one();
    assert_eq!(letter.to, MAIL);
    assert_eq!(letter.subject, "Thibitisha barua pepe yako");
    // Nothing came: another leaves at once, and then none for a while.
    let again = owner.post("/account/contact", &wish(MAIL)).await;
    assert_eq!(again.onward(), "/account?done=mailed");
    let third = owner.post("/account/contact", &wish(MAIL)).await;
    assert_eq!(third.status, StatusCode::TOO_MANY_REQUESTS);
    // Either of them shows it.
    let link = letter.path("/account/contact/");
    owner.post(&link, &[]).await.onward();
    assert_eq!(
        world
            .count("people where email_proven_at is not null")
            .await,
        1
    );
    let page = owner.get("/home").await.page();
    assert!(!page.contains("We have sent a link"), "{page}");

    let mut other = Browser::new(&world, 2);
    other.sign_up("Otieno Net", NUMBER).await;
    let page = other.get("/home").await.page();
    assert!(
        page.contains("We have sent a link to <strong>0722 000 333"),
        "{page}"
    );
    world.work().await;
    let link = tower.one().path("/account/contact/");
    other.post(&link, &[]).await.onward();
    assert_eq!(
        world
            .count("people where phone_proven_at is not null")
            .await,
        1
    );
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn an_address_that_somebody_only_named_is_its_holders_by_a_link(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let (_, office, world) = world(pool, options).await;
    Browser::new(&world, 1).sign_up("Claims", MAIL).await;
    let mut holder = Browser::new(&world, 2);
    let form = [
        ("business", "Holds"),
        ("name", "Njeri"),
        ("who", MAIL),
        ("password", OTHER),
    ];
    assert_eq!(holder.post("/sign-up", &form).await.onward(), "/home");
    world.work().await;
    office.empty();
    let page = holder.get("/account").await.page();
    assert!(page.contains("njeri@example.com (not confirmed"), "{page}");
    // Nobody can say yet whose it is, so a link for either account goes where the address's holder reads it.
    ask(&world, 3, MAIL).await;
    assert_eq!(office.empty().len(), 2);
    let named = holder
        .post("/account/contact", &wish_with(MAIL, OTHER))
        .await;
    assert_eq!(named.onward(), "/account?done=mailed");
    world.work().await;
    let link = office.one().path("/account/contact/");
    holder.post(&link, &[]).await.onward();
    let page = holder.get("/account").await.page();
    assert!(!page.contains("not confirmed"), "{page}");
    let out = Browser::new(&world, 4).log_in(MAIL, PASSWORD).await;
    assert_eq!(out.status, StatusCode::UNPROCESSABLE_ENTITY);
    let mut again = Browser::new(&world, 5);
    assert_eq!(again.log_in(MAIL, OTHER).await.onward(), "/");
    assert!(again.get("/home").await.page().contains("Holds"));
    world.work().await;
    office.empty();
    ask(&world, 6, MAIL).await;
    assert_eq!(office.one().subject, "A new password for Mnara");
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn of_two_who_confirm_an_address_at_once_the_second_hears_that_it_is_taken(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let (_, office, world) = world(pool, options).await;
    Browser::new(&world, 1).sign_up("First", MAIL).await;
    let mut second = Browser::new(&world, 2);
    second.sign_up("Second", MAIL).await;
    world.work().await;
    office.empty();
    let named = second.post("/account/contact", &wish(MAIL)).await;
    assert_eq!(named.onward(), "/account?done=mailed");
    world.work().await;
    let link = office.one().path("/account/contact/");
    let sql = "select s.person_id from staff s join providers p on p.id = s.provider_id where p.business_name = 'First'";
    let first = PersonId::from_uuid(read(&world.app, sql).await);
    let mut tx = world.app.db.platform(Reason::Login).await.unwrap();
    let now = world.app.clock.now();
    let is_theirs = people::set_contact(&mut tx, first, &MAIL.parse().unwrap(), Some(now)).await;
    assert!(is_theirs.unwrap());
    let committed = async {
        let waits = "pg_locks where not granted
                     and pid in (select pid from pg_stat_activity where datname = current_database())";
        while world.count(waits).await == 0 {
            tokio::task::yield_now().await;
        }
        tx.commit().await.unwrap();
    };
    let (got, ()) = futures_util::future::join(second.post(&link, &[]), committed).await;
    assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(got.text.contains("Somebody else logs in with that"));
    let sql = "people where email_proven_at is not null";
    assert_eq!(world.count(sql).await, 1);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_strangers_phone_gets_few_links_and_none_that_no_business_sends(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let (tower, _, world) = world(pool, options).await;
    let mut got = Vec::new();
    for n in 1..=4 {
        let mut one = Browser::new(&world, n);
        one.sign_up(&format!("Business {n}"), &format!("n{n}@example.com"))
            .await;
        for _ in 0..2 {
            let answer = one.post("/account/contact", &wish(NUMBER)).await;
            got.push(answer.status == StatusCode::SEE_OTHER);
        }
    }
    // One at a time from each of them, and so many a day from all.
    let said = [true, false, true, false, true, false, false, false];
    assert_eq!(got, said);
    world.work().await;
    assert_eq!(tower.empty().len(), 3);

    let mut owner = doors::member(&world, Role::Owner, 5).await;
    doors::member(&world, Role::Cashier, 6).await;
    let sql = "select id from staff where role = 'cashier'";
    let place = mnara_protocol::ids::StaffId::from_uuid(read(&world.app, sql).await);
    let end = format!("/staff/{place}/end");
    owner.post(&end, &[]).await.onward();
    let mut nobodys = Browser::new(&world, 7);
    let got = nobodys.log_in("cashier6@example.com", PASSWORD).await;
    assert_eq!(got.onward(), "/");
    let refused = nobodys.post("/account/contact", &wish(NUMBER)).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        refused.text.contains("you work in none"),
        "{}",
        refused.text
    );
    assert_eq!(world.count("people where phone is not null").await, 0);
}
