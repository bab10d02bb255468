//! The way back in for somebody who has a phone and no address.

use super::*;
use crate::providers::notices::SECURITY;
use crate::ratelimit::{Act, By};
use crate::tests::money::mpesa_change;

const OWNER: &str = "0712 000 777";
const NEW: &str = "tower rain mango";

async fn ask(world: &World, n: u8, who: &str) -> String {
    let form = [("who", who)];
    let page = Browser::new(world, n).post("/forgot", &form).await.page();
    world.work().await;
    page
}

#[track_caller]
fn path(text: &Text) -> String {
    text.path("/reset/")
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_link_comes_by_sms_once_for_an_hour_and_tells_nobody_who_is_here(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let (tower, world) = Tower::world(pool, options).await;
    let mut owner = Browser::new(&world, 1);
    owner.sign_up("Njeri Wi-Fi", OWNER).await;
    world.work().await;
    tower.one();
    let known = ask(&world, 2, OWNER).await;
    let text = tower.one();
    assert_eq!(text.to, "+254712000777");
    assert!(text.said.starts_with("Mnara: choose a new password"));
    let unknown = ask(&world, 3, "0799 999 999").await;
    assert_eq!(known, unknown);
    assert!(tower.empty().is_empty());
    assert_eq!(world.count("resets where person_id is null").await, 0);
    // What it says stands nowhere but sealed, and then not at all.
    let kept = format!("smses where kind = '{SECURITY}' and body is not null");
    assert_eq!(world.count(&kept).await, 0);

    let link = path(&text);
    let mut phone = Browser::new(&world, 4);
    phone.get(&link).await.page();
    let form = [("password", NEW)];
    assert_eq!(
        phone.post(&link, &form).await.onward(),
        "/log-in?done=reset"
    );
    let again = phone.post(&link, &form).await;
    assert_eq!(again.status, StatusCode::NOT_FOUND, "once");
    assert_eq!(owner.get("/home").await.onward(), "/log-in?next=%2Fhome");
    assert_eq!(phone.log_in(OWNER, NEW).await.onward(), "/");
    world.work().await;
    assert!(tower.one().said.contains("Your password was changed"));

    ask(&world, 2, OWNER).await;
    let late = path(&tower.one());
    world.app.clock.advance(Duration::from_secs(3_601));
    assert_eq!(phone.get(&late).await.status, StatusCode::NOT_FOUND);

    // Whoever asks in an owner's name costs little, and what came first works as well as what came last.
    for n in 0..6 {
        ask(&world, 20 + n, OWNER).await;
    }
    let texts = tower.empty();
    assert_eq!(texts.len(), 2);
    let first = path(&texts[0]);
    phone.post(&first, &form).await.onward();
    world.work().await;
    tower.empty();
    // The other language.
    let mut browser = Browser::new(&world, 5);
    browser.get("/language/sw").await.onward();
    let asked = browser.post("/forgot", &[("who", OWNER)]).await.page();
    assert!(asked.contains("Angalia simu yako"), "{asked}");
    world.work().await;
    assert!(tower.one().said.starts_with("Mnara: chagua nenosiri"));
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_link_on_a_phone_opens_no_second_factor_and_no_mailbox(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let (office, mail) = office::Office::open().await;
    let flags = mail.each_ref().map(String::as_str);
    let (tower, world) = Tower::world_with(pool, options, &flags).await;
    let mut owner = Browser::new(&world, 1);
    owner.sign_up("Njeri Wi-Fi", OWNER).await;
    let digits = mpesa_change::Authenticator::set_up(&world, &mut owner).await;
    ask(&world, 2, OWNER).await;
    let link = path(tower.empty().last().unwrap());
    let mut thief = Browser::new(&world, 3);
    thief.post(&link, &[("password", NEW)]).await.onward();
    let next = thief.log_in(OWNER, NEW).await.onward();
    assert_eq!(next, "/log-in/second?next=%2F");
    // The link makes a browser known by the password, and not by the digits.
    let mut looked_at = 0;
    for n in 0..12 {
        let guess = format!("{n:06}");
        let got = thief.post("/log-in/second", &[("digits", &guess)]).await;
        looked_at += u32::from(got.status == StatusCode::UNPROCESSABLE_ENTITY);
    }
    let mut other = Browser::new(&world, 3);
    other.log_in(OWNER, NEW).await.onward();
    let got = other.post("/log-in/second", &[("digits", "000000")]).await;
    assert_eq!((looked_at, got.status), (6, StatusCode::TOO_MANY_REQUESTS));

    // Somebody who has an address gets the link there, though they named the phone, once they have shown that it is theirs.
    let mut phone = Browser::new(&world, 4);
    phone.log_in(OWNER, NEW).await.onward();
    let now = digits.next(&world);
    phone
        .post("/log-in/second", &[("digits", &now)])
        .await
        .onward();
    let now = digits.next(&world);
    let form = [
        ("who", "njeri@example.com"),
        ("password", NEW),
        ("digits", now.as_str()),
    ];
    phone.post("/account/contact", &form).await.onward();
    world.work().await;
    let confirm = office.empty().last().unwrap().path("/account/contact/");
    phone.post(&confirm, &[]).await.onward();
    world.work().await;
    tower.empty();
    office.empty();
    world.app.clock.advance(Duration::from_secs(3_600));
    ask(&world, 5, OWNER).await;
    assert!(tower.empty().is_empty() && office.empty().is_empty());
    let now = digits.next(&world);
    let form = [("who", OWNER), ("password", NEW), ("digits", now.as_str())];
    let next = phone.post("/account/contact", &form).await.onward();
    assert_eq!(next, "/account?done=texted");
    world.work().await;
    let confirm = tower.one().path("/account/contact/");
    phone.post(&confirm, &[]).await.onward();
    world.work().await;
    // They log in with it already, so nobody is told of a change.
    assert!(tower.empty().is_empty() && office.empty().is_empty());
    ask(&world, 6, OWNER).await;
    assert!(tower.empty().is_empty());
    assert_eq!(office.one().subject, "A new password for Mnara");
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_phone_that_once_wanted_no_sms_is_no_dead_end_for_who_logs_in_with_it(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let (tower, world) = Tower::world(pool, options).await;
    let mut owner = Browser::new(&world, 1);
    owner.sign_up("Njeri Wi-Fi", OWNER).await;
    world.work().await;
    tower.one();
    let form = "senderId=MNARA&phoneNumber=%2B254712000777";
    assert_eq!(told(&world, SECRET, "opt-out", form).await, StatusCode::OK);
    let network = "sms_opt_outs where by_whom = 'network'";
    assert_eq!(world.count(network).await, 1);
    // As long as that stands the network refuses, and each text is handed in once.
    tower.say(201, &recipient(406, "UserInBlacklist", "0", "None"));
    ask(&world, 2, OWNER).await;
    tower.one();
    world.pass(3_600).await;
    assert!(tower.empty().is_empty());
    assert_eq!(world.count("jobs where kind = 'sms'").await, 0);
    assert_eq!(world.count(network).await, 1);
    // They took it back at the network, of which nobody hears.
    ask(&world, 3, OWNER).await;
    let link = path(&tower.one());
    let mut phone = Browser::new(&world, 4);
    let next = phone.post(&link, &[("password", NEW)]).await.onward();
    assert_eq!(next, "/log-in?done=reset");
}

/// An owner who named a number when they signed up, and has shown an address since.
async fn with_both<'a>(world: &'a World, office: &office::Office) -> Browser<'a> {
    let mut owner = Browser::new(world, 1);
    owner.sign_up("Njeri Wi-Fi", OWNER).await;
    let form = [("who", "njeri@example.com"), ("password", PASSWORD)];
    owner.post("/account/contact", &form).await.onward();
    world.work().await;
    let confirm = office.empty().last().unwrap().path("/account/contact/");
    owner.post(&confirm, &[]).await.onward();
    world.work().await;
    office.empty();
    owner
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_number_that_somebody_only_named_keeps_nobody_from_signing_up_with_it(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let (office, mail) = office::Office::open().await;
    let flags = mail.each_ref().map(String::as_str);
    let (tower, world) = Tower::world_with(pool, options, &flags).await;
    let mut first = with_both(&world, &office).await;
    tower.empty();
    let mut holder = Browser::new(&world, 2);
    holder.sign_up("Otieno Net", OWNER).await;
    world.work().await;
    // Who had named it before keeps it: neither has shown that it is theirs.
    assert!(office.empty().is_empty());
    assert!(tower.one().said.contains("/account/contact/"));
    first.get("/home").await.page();
    let mut again = Browser::new(&world, 3);
    let next = again.log_in("njeri@example.com", PASSWORD).await.onward();
    assert_eq!(next, "/");
    // Whoever reads the texts of the number gets in with it.
    ask(&world, 4, OWNER).await;
    let link = path(&tower.one());
    let mut phone = Browser::new(&world, 5);
    phone.post(&link, &[("password", NEW)]).await.onward();
    assert_eq!(phone.log_in(OWNER, NEW).await.onward(), "/");
    assert!(phone.get("/home").await.page().contains("Otieno Net"));
    // Once they have shown that it is theirs, who only named it hears of that where they have shown to be.
    world.work().await;
    tower.empty();
    let form = [("who", OWNER), ("password", NEW)];
    phone.post("/account/contact", &form).await.onward();
    world.work().await;
    let confirm = tower.one().path("/account/contact/");
    phone.post(&confirm, &[]).await.onward();
    world.work().await;
    let letter = office.one();
    assert_eq!(letter.to, "njeri@example.com");
    assert_eq!(letter.subject, "What you log in with was changed");
    let mut out = Browser::new(&world, 6);
    let got = out.log_in(OWNER, PASSWORD).await;
    assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY);
    let form = [
        ("business", "Third"),
        ("name", "Amina"),
        ("who", OWNER),
        ("password", PASSWORD),
    ];
    let got = Browser::new(&world, 7).post("/sign-up", &form).await;
    assert_eq!(got.status, StatusCode::CONFLICT);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn where_no_texts_leave_a_number_stays_with_who_came_first(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let (office, world) = office::Office::world(pool, options).await;
    let mut first = with_both(&world, &office).await;
    let form = [
        ("business", "Otieno Net"),
        ("name", "Otieno"),
        ("who", OWNER),
        ("password", PASSWORD),
    ];
    let got = Browser::new(&world, 2).post("/sign-up", &form).await;
    assert_eq!(got.status, StatusCode::CONFLICT);
    first.get("/home").await.page();
    let mut again = Browser::new(&world, 3);
    assert_eq!(again.log_in(OWNER, PASSWORD).await.onward(), "/");
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn whoever_asks_for_many_accounts_has_so_many_texts_sent_and_is_answered_alike(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let (office, mail) = office::Office::open().await;
    let flags = mail.each_ref().map(String::as_str);
    let (tower, world) = Tower::world_with(pool, options, &flags).await;
    Browser::new(&world, 1).sign_up("Njeri Wi-Fi", OWNER).await;
    Browser::new(&world, 2)
        .sign_up("Otieno Net", "otieno@example.com")
        .await;
    world.work().await;
    tower.empty();
    office.empty();
    // As many as leave at once left for others.
    let limits = &world.app.limits;
    while limits.check(Act::ForgotBySms, By::Platform).is_ok() {}
    let known = ask(&world, 3, OWNER).await;
    let unknown = ask(&world, 4, "0799 999 999").await;
    assert_eq!(known, unknown);
    assert!(tower.empty().is_empty());
    assert_eq!(world.count("resets").await, 0);
    // Letters leave as ever.
    ask(&world, 5, "otieno@example.com").await;
    assert_eq!(office.one().to, "otieno@example.com");
    world.app.clock.advance(Duration::from_secs(60));
    ask(&world, 6, OWNER).await;
    path(&tower.one());
}

#[test]
fn a_text_with_a_link_is_one_message_in_both_languages() {
    use mnara_protocol::portal::Language;

    use crate::providers::mail::fill;
    use crate::providers::pages::words::Words;
    use crate::rails::sms::gsm7;

    for language in Language::ALL {
        let w = Words::of(language);
        for (words, path) in [
            (w.reset.sms, "reset"),
            (w.account.contact_sms, "account/contact"),
        ] {
            let link = format!("https://mnara.co.ke/{path}/{}", "0".repeat(64));
            let text = fill(words, &[("link", &link)]);
            let size = gsm7::size(&gsm7::plain(&text));
            assert!(size.is_gsm7 && size.parts == 1, "{text}: {size:?}");
        }
    }
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn strangers_who_sign_up_spend_so_many_texts_a_day_and_leave_others_some(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let (tower, world) = Tower::world(pool, options).await;
    let mut owner = Browser::new(&world, 1);
    owner.sign_up("Njeri Wi-Fi", "njeri@example.com").await;
    let mut stranger = Browser::new(&world, 5);
    stranger.sign_up("Another", "stranger@example.com").await;
    let sent = async |from: i32, to: i32| {
        let mut tx = world.app.db.platform(Reason::Admin).await.unwrap();
        let sql = "insert into contact_letters (person_id, phone, sent_at)
                   select p.id, '254722' || lpad(n::text, 6, '0'), $1
                   from people p, generate_series($2::int, $3::int) n where p.email = 'stranger@example.com'";
        sqlx::query(sql)
            .bind(crate::db::At(world.app.clock.now()))
            .bind(from)
            .bind(to)
            .execute(&mut *tx)
            .await
            .unwrap();
        tx.commit().await.unwrap();
    };
    sent(1, 299).await;
    let mut last = Browser::new(&world, 2);
    last.sign_up("Last", "0733 000 002").await;
    world.work().await;
    tower.one().path("/account/contact/");
    let (late, wanted) = ("0733 000 003", "0733 000 004");
    let mut third = Browser::new(&world, 3);
    third.sign_up("Late", late).await;
    world.work().await;
    assert!(tower.empty().is_empty());
    // They are in, and have a link once they want it themselves.
    let wish = |who| [("who", who), ("password", PASSWORD)];
    let next = third.post("/account/contact", &wish(late)).await.onward();
    assert_eq!(next, "/account?done=texted");
    world.work().await;
    tower.one().path("/account/contact/");
    sent(1_000, 1_298).await;
    let enough = owner.post("/account/contact", &wish(wanted)).await;
    assert_eq!(enough.status, StatusCode::TOO_MANY_REQUESTS);
    world.work().await;
    assert!(tower.empty().is_empty());
    world.app.clock.advance(Duration::from_secs(86_401));
    let mut fourth = Browser::new(&world, 4);
    fourth.sign_up("Tomorrow", "0733 000 005").await;
    world.work().await;
    tower.one().path("/account/contact/");
    let next = owner.post("/account/contact", &wish(wanted)).await.onward();
    assert_eq!(next, "/account?done=texted");
}
