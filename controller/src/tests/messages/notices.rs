//! Who is told what: owners of what concerns security, others what was chosen, each thing once.

use super::*;
use crate::admin;
use crate::db::At;
use crate::jobs::tasks::stand;
use crate::providers::notices::{Notice, Topic, tell, tell_owners};
use crate::providers::staff::roles::Role;
use crate::reports::summary::SUMMARY;
use crate::tests::browser::{Browser, PASSWORD};
use crate::tests::office::Office;
use crate::tests::pages::doors;

/// Somebody of the shop, logged in.
async fn member<'a>(world: &'a World, role: Role, who: &str, n: u8) -> Browser<'a> {
    doors::named(world, role, ("Somebody <script>", who), n).await
}

async fn told(world: &World, office: &Office) -> Vec<(String, String)> {
    world.work().await;
    let mut all: Vec<_> = office
        .empty()
        .into_iter()
        .map(|letter| (letter.to, letter.subject))
        .collect();
    all.sort();
    all
}

async fn outage(world: &World, sql: &str) {
    let mut tx = world.app.db.platform(Reason::Admin).await.unwrap();
    sqlx::query(AssertSqlSafe(sql.to_owned()))
        .bind(world.shop.provider.uuid())
        .bind(world.shop.site.uuid())
        .bind(At(world.app.clock.now()))
        .execute(&mut *tx)
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

const AWAY: &str = "insert into site_outages (id, provider_id, site_id, began_at) values (gen_random_uuid(), $1, $2, $3)";
const AWAY_OTHERS: &str = "insert into site_outages (id, provider_id, site_id, began_at)
     select gen_random_uuid(), provider_id, id, $3 from sites where provider_id = $1 and id <> $2";
const BACK: &str = "update site_outages set ended_at = $3 where provider_id = $1 and site_id = $2 and ended_at is null";

#[sqlx::test(migrations = "../migrations/controller")]
async fn an_outage_is_told_once_and_so_is_its_end(pool: PgPoolOptions, options: PgConnectOptions) {
    let (office, world) = Office::world(pool, options).await;
    member(&world, Role::Owner, "owner@example.com", 1).await;
    member(&world, Role::Cashier, "cashier@example.com", 2).await;
    stand(&world.app, [admin::notices::TELL]).await.unwrap();
    told(&world, &office).await;
    outage(&world, AWAY).await;
    world.pass(540).await;
    assert_eq!(
        told(&world, &office).await,
        [],
        "lines drop; that is no news"
    );
    world.pass(120).await;
    let away = told(&world, &office).await;
    assert_eq!(away.len(), 1, "{away:?}");
    assert_eq!(away[0].0, "owner@example.com");
    assert!(away[0].1.ends_with("is away"), "{away:?}");
    world.pass(3_600).await;
    assert_eq!(told(&world, &office).await, []);
    outage(&world, BACK).await;
    world.pass(60).await;
    let back = told(&world, &office).await;
    assert!(
        back.len() == 1 && back[0].1.ends_with("is back"),
        "{back:?}"
    );
    // It comes and goes all day.
    for _ in 0..6 {
        outage(&world, AWAY).await;
        world.pass(700).await;
        outage(&world, BACK).await;
        world.pass(60).await;
    }
    assert_eq!(
        told(&world, &office).await.len(),
        4,
        "twice more each, and no flood"
    );
    // Several at once are one letter to each reader.
    for name in ["Stage", "Gate"] {
        fleet::create::create(&world.app, world.shop.provider, name, Actor::Command)
            .await
            .unwrap();
    }
    outage(&world, AWAY_OTHERS).await;
    world.pass(660).await;
    let to = |subject: &str| vec![("owner@example.com".to_owned(), subject.to_owned())];
    assert_eq!(told(&world, &office).await, to("2 sites are away"));
    outage(
        &world,
        "update site_outages set ended_at = $3 where provider_id = $1 and site_id <> $2",
    )
    .await;
    world.pass(60).await;
    assert_eq!(told(&world, &office).await, to("2 sites are back"));
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn owners_hear_of_security_whatever_is_chosen(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let (office, world) = Office::world(pool, options).await;
    let mut owner = member(&world, Role::Owner, "owner@example.com", 1).await;
    member(&world, Role::Manager, "manager@example.com", 2).await;
    // Nothing is ticked.
    owner.post("/settings/notices", &[]).await.onward();
    told(&world, &office).await;
    member(&world, Role::Owner, "second@example.com", 3).await;
    let heard = told(&world, &office).await;
    assert_eq!(heard.len(), 3, "{heard:?}");
    // Whoever joins is sent a link, which is no news of the business.
    let confirm = "Confirm your e-mail address";
    assert!(
        heard
            .iter()
            .all(|(to, subject)| subject.ends_with("has a new owner")
                || (to == "second@example.com" && subject == confirm))
    );
    let form = [("old", PASSWORD), ("new", "tower rain mango")];
    owner.post("/account/password", &form).await.onward();
    let heard = told(&world, &office).await;
    assert_eq!(
        heard[0],
        (
            "owner@example.com".to_owned(),
            "Your password was changed".to_owned()
        )
    );
    assert_eq!(heard.len(), 2, "and the other owner: {heard:?}");
    let mut tx = world.app.db.tenant(world.shop.provider).await.unwrap();
    tell_owners(
        &world.app,
        &mut tx,
        world.shop.provider,
        &Notice::MpesaChanged,
    )
    .await
    .unwrap();
    drop(tx);
    assert_eq!(
        told(&world, &office).await,
        [],
        "what did not happen is not told"
    );
    let mut tx = world.app.db.tenant(world.shop.provider).await.unwrap();
    tell_owners(
        &world.app,
        &mut tx,
        world.shop.provider,
        &Notice::MpesaChanged,
    )
    .await
    .unwrap();
    tx.commit().await.unwrap();
    assert_eq!(told(&world, &office).await.len(), 2);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_manager_chooses_for_all_but_owners_and_nobody_hears_what_they_may_not_see(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let (_, world) = Office::world(pool, options).await;
    let mut owner = member(&world, Role::Owner, "owner@example.com", 1).await;
    let mut manager = member(&world, Role::Manager, "manager@example.com", 2).await;
    member(&world, Role::Cashier, "cashier@example.com", 3).await;
    let page = manager.get("/settings/notices").await.page();
    assert!(page.contains("only an owner can change that"), "{page}");
    assert!(!page.contains("<script>"), "{page}");
    let place = async |who: &str| -> String {
        let sql = format!(
            "select s.id::text from staff s join people p on p.id = s.person_id where p.email = '{who}'"
        );
        read(&world.app, &sql).await
    };
    let (own, boss, cashier) = (
        place("manager@example.com").await,
        place("owner@example.com").await,
        place("cashier@example.com").await,
    );
    let form = [
        (own.as_str(), "site"),
        (own.as_str(), "summary"),
        (boss.as_str(), "summary"),
        (cashier.as_str(), "site"),
        ("nobody", "site"),
        (own.as_str(), "everything"),
    ];
    assert_eq!(
        manager.post("/settings/notices", &form).await.onward(),
        "/settings/notices?done=saved"
    );
    let chosen = "notice_choices where by_mail";
    assert_eq!(
        world.count(chosen).await,
        2,
        "one's own two, and nobody else's"
    );
    owner
        .post("/settings/notices", &[(boss.as_str(), "summary")])
        .await
        .onward();
    assert_eq!(world.count("notice_choices n join people p on p.id = n.person_id where p.email = 'owner@example.com'").await, 4);
    assert_eq!(world.count("audit where act = 'notice'").await, 8);
    let mut cashier = Browser::new(&world, 4);
    cashier
        .log_in("cashier@example.com", PASSWORD)
        .await
        .onward();
    assert_eq!(
        cashier.get("/settings/notices").await.status,
        StatusCode::FORBIDDEN
    );
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn the_day_is_told_in_the_evening_to_those_who_chose_it(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let (office, world) = Office::world(pool, options).await;
    let mut owner = member(&world, Role::Owner, "owner@example.com", 1).await;
    let sql = "select s.id::text from staff s join people p on p.id = s.person_id where p.email = 'owner@example.com'";
    let place: String = read(&world.app, sql).await;
    owner
        .post("/settings/notices", &[(place.as_str(), "summary")])
        .await
        .onward();
    stand(&world.app, [SUMMARY]).await.unwrap();
    told(&world, &office).await;
    // The clock stands at 11:00 in Nairobi.
    world.pass(9 * 3_600 - 1).await;
    assert_eq!(told(&world, &office).await, []);
    world.pass(1).await;
    world.work().await;
    let letter = office.one();
    assert!(letter.subject.contains("today: KSh"), "{letter:?}");
    // Whatever the numbers are, one as well, the words beside them are right.
    let said = "today. Payments: 0. Vouchers running now: 0. Sites up: 0/";
    assert!(letter.text.contains(said), "{letter:?}");
    stand(&world.app, [SUMMARY]).await.unwrap();
    assert_eq!(told(&world, &office).await, [], "once");
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn what_ended_is_forgotten_after_a_while(pool: PgPoolOptions, options: PgConnectOptions) {
    let (office, world) = Office::world(pool, options).await;
    member(&world, Role::Owner, "owner@example.com", 1).await;
    Browser::new(&world, 2)
        .post("/forgot", &[("who", "owner@example.com")])
        .await
        .page();
    told(&world, &office).await;
    stand(&world.app, [providers::log_in::tidy::TIDY])
        .await
        .unwrap();
    world.pass(29 * 86_400).await;
    assert_eq!(world.count("log_ins").await, 1);
    world.pass(2 * 86_400).await;
    assert_eq!(world.count("log_ins").await, 0);
    assert!(world.count("resets").await > 0 && world.count("mails").await > 0);
    world.pass(60 * 86_400).await;
    assert_eq!(world.count("resets").await + world.count("mails").await, 0);
    assert_eq!(world.count("known_browsers").await, 1);
    world.pass(320 * 86_400).await;
    assert_eq!(world.count("known_browsers").await, 0);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn money_that_needs_a_look_is_told_once_for_each_payment_to_those_who_chose_it(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let (office, world) = Office::world(pool, options).await;
    member(&world, Role::Owner, "owner@example.com", 1).await;
    member(&world, Role::Manager, "manager@example.com", 2).await;
    told(&world, &office).await;
    let begun = world
        .begin(world.shop.ask(1, "254708374149"))
        .await
        .unwrap();
    let secret = world.daraja.secret();
    let strange = callback(1, json!(0), Some(("NLJ7RT6101", json!(7.00))));
    for _ in 0..3 {
        world.call_back(&secret, strange.clone()).await;
        world.work().await;
    }
    assert!(world.flag(begun.payment).await.is_some());
    let heard = told(&world, &office).await;
    assert_eq!(heard.len(), 1, "{heard:?}");
    assert_eq!(heard[0].0, "owner@example.com");
    assert!(heard[0].1.ends_with("look at a payment"), "{heard:?}");
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_payment_that_was_told_of_unreadably_is_kept_and_told_of_once_a_day(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let (office, world) = Office::world(pool, options).await;
    member(&world, Role::Owner, "owner@example.com", 1).await;
    let choice = providers::c2b::Choice::USUAL;
    crate::payments::hand::open(&world.app, world.shop.provider, choice, Actor::Command)
        .await
        .unwrap();
    let asked = world.daraja.seen("registerurl").pop().unwrap();
    let address = asked["ConfirmationURL"].as_str().unwrap();
    let secret = address.rsplit('/').nth(1).unwrap();
    let path = format!("/api/pay/{}/{secret}/confirmation", world.shop.provider);
    told(&world, &office).await;
    for body in ["{}", "<html>"] {
        let body = body.as_bytes().to_vec();
        let (status, ..) = world.send(Method::POST, &path, None, body).await;
        assert_eq!(status, StatusCode::OK);
        world.work().await;
    }
    let kept = "callbacks where outcome = 'unreadable' and length(body) > 0";
    assert_eq!(world.count(kept).await, 2);
    let heard = told(&world, &office).await;
    assert_eq!(heard.len(), 1, "{heard:?}");
    assert!(heard[0].1.ends_with("could not be read"), "{heard:?}");
    // A name in another encoding is nobody's trouble.
    let body = [
        br#"{"TransID": "RKL51ZDR41", "TransAmount": "50.00", "BusinessShortCode": "174371", "BillRefNumber": "MAMA", "FirstName": "RENE"#.as_slice(),
        b"\xc9\"}",
    ];
    let (status, ..) = world.send(Method::POST, &path, None, body.concat()).await;
    assert_eq!(status, StatusCode::OK);
    world.work().await;
    let queued = "unmatched where receipt = 'RKL51ZDR41' and amount = 50";
    assert_eq!(world.count(queued).await, 1);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn nothing_of_a_business_goes_to_an_address_that_somebody_else_has_shown_to_be_theirs(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let (office, world) = Office::world(pool, options).await;
    let provider = world.shop.provider;
    let both = "shared@example.com";
    member(&world, Role::Owner, both, 1).await;
    told(&world, &office).await;
    // Of what concerns security, and of a topic, in the business's own transaction.
    let heard = async |once: &str| {
        let mut tx = world.app.db.tenant(provider).await.unwrap();
        tell_owners(&world.app, &mut tx, provider, &Notice::MpesaChanged)
            .await
            .unwrap();
        let sites = [("Market", world.app.clock.now())];
        let away = Notice::SitesAway { sites: &sites };
        tell(&world.app, &mut tx, provider, Topic::Site, &away, once)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        let heard = told(&world, &office).await;
        assert!(heard.iter().all(|(to, _)| to == both), "{heard:?}");
        heard.len()
    };
    assert_eq!(heard("first").await, 2);
    let mut holder = Browser::new(&world, 2);
    holder.sign_up("Otieno Net", both).await;
    world.work().await;
    let link = office.one().path("/account/contact/");
    assert_eq!(heard("second").await, 2, "neither has shown it");
    holder.post(&link, &[]).await.onward();
    told(&world, &office).await;
    assert_eq!(heard("third").await, 0);
    // It is nobody's again.
    let form = [("who", "otieno@example.com"), ("password", PASSWORD)];
    holder.post("/account/contact", &form).await.onward();
    world.work().await;
    let link = office.one().path("/account/contact/");
    holder.post(&link, &[]).await.onward();
    told(&world, &office).await;
    assert_eq!(heard("fourth").await, 2);
}
