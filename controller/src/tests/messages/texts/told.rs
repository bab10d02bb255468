//! Who of a business hears by SMS of what: a router that does not answer, what the business owes; and on which phone.

use mnara_protocol::message::HealthEvent;

use super::*;
use crate::admin::notices::TELL;
use crate::jobs::tasks::stand;
use crate::providers::notices::billing::Billing;
use crate::providers::notices::{Notice, tell_owners, tell_payers};
use crate::providers::staff::roles::Role;
use crate::providers::state::Move;
use crate::tests::office::Office;
use crate::tests::platform::losses::minutes;
use crate::tests::sites::reports::Site;

const PESAPAL: [&str; 10] = [
    "--pesapal",
    "http://127.0.0.1:9",
    "--pesapal-consumer-key",
    "key",
    "--pesapal-consumer-secret",
    "secret",
    "--pesapal-callback-url",
    "https://billing.example.com/api/payments/pesapal/callback",
    "--pesapal-ipn-url",
    "https://billing.example.com/api/payments/pesapal/webhook",
];

async fn place(world: &World, who: &str) -> String {
    let sql = format!(
        "select s.id::text from staff s join people p on p.id = s.person_id where p.email = '{who}'"
    );
    read(&world.app, &sql).await
}

async fn owes(world: &World, provider: ProviderId, once: &str) {
    let mut tx = world.app.db.tenant(provider).await.unwrap();
    let notice = Notice::Billing(Billing::Restricted);
    for _ in 0..2 {
        tell_payers(&world.app, &mut tx, provider, &notice, once)
            .await
            .unwrap();
    }
    tx.commit().await.unwrap();
    world.work().await;
    world.work().await;
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_router_that_does_not_answer_is_told_by_sms_to_whoever_chose_it(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let (tower, world) = Tower::world(pool, options).await;
    let mut owner = doors::member(&world, Role::Owner, 1).await;
    let staff = place(&world, "owner1@example.com").await;
    let phone = format!("phone-{staff}");
    let form = [
        (staff.as_str(), "site-sms"),
        (phone.as_str(), "0711 000 222"),
    ];
    owner.post("/settings/notices", &form).await.onward();
    stand(&world.app, [TELL]).await.unwrap();
    minutes(&world, 5, true).await;
    let site = Site::new(&world, world.shop.site);
    site.health(&world, HealthEvent::RouterLost, None).await;
    minutes(&world, 12, true).await;
    let text = tower.one();
    assert_eq!(text.to, "+254711000222");
    let begins = "Business 1: Market: the router does not answer";
    assert!(text.said.starts_with(begins), "{}", text.said);
    site.health(&world, HealthEvent::RouterBack, None).await;
    minutes(&world, 2, true).await;
    assert!(tower.one().said.contains("the router answers again"));
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn what_is_owed_goes_by_mail_always_and_by_sms_to_whoever_wants_it(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let (office, flags) = Office::open().await;
    let mut more: Vec<&str> = flags.iter().map(String::as_str).collect();
    more.extend(PESAPAL);
    let (tower, world) = Tower::world_with(pool, options, &more).await;
    let provider = world.shop.provider;
    let mut owner = doors::member(&world, Role::Owner, 1).await;
    doors::member(&world, Role::Manager, 2).await;
    doors::member(&world, Role::Cashier, 3).await;
    let staff = place(&world, "owner1@example.com").await;
    let cashier = place(&world, "cashier3@example.com").await;
    let phone = format!("phone-{staff}");
    world.work().await;
    office.empty();
    let mailed = || {
        let mut to: Vec<_> = office.empty().into_iter().map(|letter| letter.to).collect();
        to.sort();
        to
    };
    let both = ["manager2@example.com", "owner1@example.com"];
    owes(&world, provider, "first").await;
    assert_eq!(mailed(), both);
    assert_eq!(tower.empty().len(), 0, "nobody chose to");
    // The box of mail is ticked and cannot be unticked.
    let page = owner.get("/settings/notices").await.page();
    let mail = "value=\"billing\" checked disabled>";
    assert!(page.contains(mail), "{page}");
    let form = [
        (staff.as_str(), "billing-sms"),
        (cashier.as_str(), "billing-sms"),
        (phone.as_str(), "0711 000 222"),
    ];
    owner.post("/settings/notices", &form).await.onward();
    let chosen = "notice_choices where topic = 'billing' and by_sms and by_mail";
    assert_eq!(world.count(chosen).await, 1);
    owes(&world, provider, "second").await;
    assert_eq!(mailed(), both);
    let text = tower.one();
    assert_eq!(text.to, "+254711000222");
    assert!(text.said.starts_with("Business 1"), "{}", text.said);
    owner.post("/settings/notices", &[]).await.onward();
    owes(&world, provider, "third").await;
    assert_eq!(mailed(), both);
    assert_eq!(tower.empty().len(), 0);
    // Whoever has no mail hears by SMS, whatever they tick.
    let mut other = Browser::new(&world, 9);
    other.sign_up("Otieno Net", "0722 000 111").await;
    world.work().await;
    tower.empty();
    let page = other.get("/settings/notices").await.page();
    assert!(
        page.contains("value=\"billing-sms\" checked disabled>"),
        "{page}"
    );
    let (_, by_mail) = page.split_once("value=\"billing\" disabled>").unwrap();
    let (by_mail, _) = by_mail.split_once("</label>").unwrap();
    assert!(!by_mail.contains("always"), "{by_mail}");
    other.post("/settings/notices", &[]).await.onward();
    let sql = "select id from providers where business_name = 'Otieno Net'";
    let id: sqlx::types::Uuid = read(&world.app, sql).await;
    owes(&world, ProviderId::from_uuid(id), "fourth").await;
    assert_eq!(tower.one().to, "+254722000111");
    assert_eq!(mailed().len(), 0);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn nobody_is_to_hear_by_sms_who_has_no_phone(pool: PgPoolOptions, options: PgConnectOptions) {
    let (_, world) = Tower::world(pool, options).await;
    let mut owner = doors::member(&world, Role::Owner, 1).await;
    let staff = place(&world, "owner1@example.com").await;
    let got = owner
        .post("/settings/notices", &[(staff.as_str(), "site-sms")])
        .await;
    assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        got.text
            .contains("Give the phone of everybody who is to be told by SMS.")
            && got.text.contains(" aria-invalid=\"true\"")
            && got.text.contains("value=\"site-sms\" checked"),
        "{}",
        got.text
    );
    assert_eq!(world.count("notice_choices").await, 0);
    // With none named, it is the phone somebody logs in with.
    let mut other = Browser::new(&world, 9);
    other.sign_up("Otieno Net", "0722 000 111").await;
    let sql = "select s.id::text from staff s join providers p on p.id = s.provider_id where p.business_name = 'Otieno Net'";
    let staff: String = read(&world.app, sql).await;
    let phone = format!("phone-{staff}");
    for named in ["0711 000 222", ""] {
        let form = [(staff.as_str(), "site-sms"), (phone.as_str(), named)];
        other.post("/settings/notices", &form).await.onward();
    }
    assert_eq!(world.count("notice_phones").await, 0);
    assert_eq!(world.count("notice_choices where by_sms").await, 1);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn where_nobody_is_asked_to_pay_or_written_to_no_page_says_that_they_are(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let (_, world) = Tower::world(pool, options).await;
    let mut owner = doors::member(&world, Role::Owner, 1).await;
    let page = owner.get("/settings/notices").await.page();
    assert!(!page.contains("value=\"billing"), "{page}");
    // Without mail whoever chose SMS is told all the same, and the page says no less.
    assert!(
        page.contains("so only SMS leave") && !page.contains("nobody is told"),
        "{page}"
    );
    let staff = place(&world, "owner1@example.com").await;
    let form = [(staff.as_str(), "billing-sms"), (staff.as_str(), "site")];
    owner.post("/settings/notices", &form).await.onward();
    assert_eq!(
        world.count("notice_choices where topic = 'billing'").await,
        0
    );
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn an_owner_without_an_address_hears_by_sms_what_the_platform_did(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let flags = ["--support-contact", "0700 000 900"];
    let (tower, world) = Tower::world_with(pool, options, &flags).await;
    let mut owner = Browser::new(&world, 9);
    owner.sign_up("Otieno Net", "0722 000 111").await;
    world.work().await;
    tower.empty();
    let sql = "select id from providers where business_name = 'Otieno Net'";
    let provider = ProviderId::from_uuid(read(&world.app, sql).await);
    // What the business allows itself keeps none of this from leaving.
    let settings = Settings {
        most_a_day: 0,
        ..Settings::default()
    };
    let mut tx = world.app.db.tenant(provider).await.unwrap();
    let now = world.app.clock.now();
    rows::settle(&mut tx, provider, &settings, now)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    owner.post("/settings/notices", &[]).await.onward();
    for (to, begins) in [
        (Move::Approve, "Otieno Net is let in. We have looked at"),
        (
            Move::Suspend,
            "Otieno Net is stopped. Its sites sell nothing now. Vouchers that were sold go on working. Reach us at 0700 000 900.",
        ),
        (Move::Reinstate, "Otieno Net may sell again. Your business"),
    ] {
        crate::admin::standing::stand(&world.app, provider, to, Actor::Command)
            .await
            .unwrap();
        world.work().await;
        let text = tower.one();
        assert_eq!(text.to, "+254722000111");
        assert!(text.said.starts_with(begins), "{}", text.said);
    }
    let page = owner.get("/settings/messages").await.page();
    assert!(
        page.contains("How the business stands, to owners"),
        "{page}"
    );
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn no_text_of_a_business_goes_to_a_number_that_somebody_else_has_shown_to_be_theirs(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let (tower, world) = Tower::world(pool, options).await;
    let mut owner = Browser::new(&world, 8);
    owner.sign_up("Otieno Net", "0722 000 111").await;
    let sql = "select id from providers where business_name = 'Otieno Net'";
    let provider = ProviderId::from_uuid(read(&world.app, sql).await);
    world.work().await;
    tower.empty();
    let warned = async || {
        let mut tx = world.app.db.tenant(provider).await.unwrap();
        tell_owners(&world.app, &mut tx, provider, &Notice::MpesaChanged)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        world.work().await;
        let texts = tower.empty().into_iter();
        texts.map(|text| text.to).collect::<Vec<_>>()
    };
    let mut holder = Browser::new(&world, 9);
    holder.sign_up("Holds", "0722 000 111").await;
    world.work().await;
    let link = tower.one().path("/account/contact/");
    assert_eq!(warned().await, ["+254722000111"], "neither has shown it");
    holder.post(&link, &[]).await.onward();
    world.work().await;
    tower.empty();
    assert_eq!(warned().await, [""; 0]);
    // Whoever lost it names a phone for the business, and hears again.
    let page = owner.get("/settings/notices").await.page();
    assert!(!page.contains("0722 000 111"), "{page}");
    let sql = "select s.id::text from staff s join providers p on p.id = s.provider_id where p.business_name = 'Otieno Net'";
    let staff: String = read(&world.app, sql).await;
    let phone = format!("phone-{staff}");
    let form = [(phone.as_str(), "0711 000 222")];
    owner.post("/settings/notices", &form).await.onward();
    assert_eq!(warned().await, ["+254711000222"]);
}
