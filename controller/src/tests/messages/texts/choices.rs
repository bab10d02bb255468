//! What people choose of SMS: quiet hours, caps, who wants none, and who of the business hears of what.

use super::*;
use crate::providers::notices::{Notice, Topic, tell, tell_owners};
use crate::providers::sms::Quiet;
use crate::providers::staff::roles::Role;

async fn tell_of_site(world: &World, once: &str) {
    let mut tx = world.app.db.tenant(world.shop.provider).await.unwrap();
    let sites = [("Market", world.app.clock.now())];
    let notice = Notice::SitesAway { sites: &sites };
    tell(
        &world.app,
        &mut tx,
        world.shop.provider,
        Topic::Site,
        &notice,
        once,
    )
    .await
    .unwrap();
    tx.commit().await.unwrap();
    world.work().await;
}

/// The place of the owner that `doors::member` made.
async fn place(world: &World) -> String {
    let sql = "select s.id::text from staff s join people p on p.id = s.person_id where p.email = 'owner1@example.com'";
    read(&world.app, sql).await
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn people_choose_to_hear_by_sms_and_name_a_phone(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let (tower, world) = Tower::world(pool, options).await;
    let mut owner = doors::member(&world, Role::Owner, 1).await;
    let staff = place(&world).await;
    let phone = format!("phone-{staff}");
    tell_of_site(&world, "first").await;
    assert_eq!(tower.empty().len(), 0, "nobody chose to");
    let wrong = [(staff.as_str(), "site-sms"), (phone.as_str(), "12 <b>")];
    let got = owner.post("/settings/notices", &wrong).await;
    assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(got.text.contains("12 &#60;b&#62;"), "{}", got.text);
    assert_eq!(world.count("notice_choices").await, 0);
    let form = [
        (staff.as_str(), "site"),
        (staff.as_str(), "site-sms"),
        (staff.as_str(), "month-sms"),
        (phone.as_str(), "0711 000 222"),
    ];
    owner.post("/settings/notices", &form).await.onward();
    assert_eq!(world.count("notice_choices where by_sms").await, 1);
    let page = owner.get("/settings/notices").await.page();
    assert!(page.contains("value=\"0711 000 222\""), "{page}");
    tell_of_site(&world, "second").await;
    tell_of_site(&world, "second").await;
    let text = tower.one();
    assert_eq!(text.to, "+254711000222");
    assert!(
        text.said.starts_with("Business 1: Market is away."),
        "{}",
        text.said
    );
    let audit = "audit where act in ('notice', 'notice-phone')";
    assert!(world.count(audit).await >= 2);
    assert_eq!(
        world
            .count("audit where after::text like '%711000222%'")
            .await,
        0
    );
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn owners_without_an_address_hear_of_security_by_sms_at_any_hour(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let (tower, world) = Tower::world(pool, options).await;
    let mut owner = Browser::new(&world, 1);
    owner.sign_up("Otieno <script> Net", "0722 000 111").await;
    tower.empty();
    let provider: sqlx::types::Uuid = read(
        &world.app,
        "select id from providers where business_name like 'Otieno%'",
    )
    .await;
    let provider = {
        use crate::db::RowId as _;
        ProviderId::from_uuid(provider)
    };
    // Half past one at night in Nairobi.
    world.pass(52_200).await;
    tower.empty();
    let mut tx = world.app.db.tenant(provider).await.unwrap();
    tell_owners(&world.app, &mut tx, provider, &Notice::MpesaChanged)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    world.work().await;
    let text = tower.one();
    assert_eq!(text.to, "+254722000111");
    assert!(
        text.said.contains("where money goes was changed"),
        "{}",
        text.said
    );
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn whoever_has_no_address_hears_on_the_old_phone_of_a_new_one(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let (tower, world) = Tower::world(pool, options).await;
    let mut owner = Browser::new(&world, 1);
    owner.sign_up("Otieno Net", "0722 000 111").await;
    world.work().await;
    tower.empty();
    let form = [("who", "0722 000 222"), ("password", PASSWORD)];
    owner.post("/account/contact", &form).await.onward();
    world.work().await;
    let text = tower.one();
    assert_eq!(text.to, "+254722000222");
    let confirm = text.path("/account/contact/");
    owner.post(&confirm, &[]).await.onward();
    world.work().await;
    let text = tower.one();
    assert_eq!(text.to, "+254722000111");
    assert!(
        text.said
            .starts_with("Otieno Net: What you log in with was changed."),
        "{}",
        text.said
    );
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn nobody_of_a_business_keeps_its_owners_from_hearing_of_a_thief(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let (tower, world) = Tower::world(pool, options).await;
    let mut owner = Browser::new(&world, 1);
    owner.sign_up("Otieno Net", "0722 000 111").await;
    let provider: sqlx::types::Uuid = read(
        &world.app,
        "select id from providers where business_name = 'Otieno Net'",
    )
    .await;
    let provider = {
        use crate::db::RowId as _;
        ProviderId::from_uuid(provider)
    };
    world.work().await;
    tower.empty();
    let none = [
        ("codes", "never"),
        ("language", "en"),
        ("day", "0"),
        ("phone", "1"),
    ];
    owner.post("/settings/messages", &none).await.onward();
    let stopped = [("phone", "0722 000 111")];
    owner
        .post("/settings/messages/stop", &stopped)
        .await
        .onward();
    let warn = async || {
        let mut tx = world.app.db.tenant(provider).await.unwrap();
        tell_owners(&world.app, &mut tx, provider, &Notice::MpesaChanged)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        world.work().await;
    };
    for _ in 0..3 {
        warn().await;
        assert_eq!(tower.one().to, "+254722000111");
    }
    // Nor what the phone once told the network, which refuses by itself as long as that stands.
    let form = "senderId=MNARA&phoneNumber=%2B254722000111";
    assert_eq!(told(&world, SECRET, "opt-out", form).await, StatusCode::OK);
    warn().await;
    assert_eq!(tower.one().to, "+254722000111");
    let network = "sms_opt_outs where by_whom = 'network'";
    assert_eq!(world.count(network).await, 1);
    owner
        .post("/settings/messages/start", &stopped)
        .await
        .onward();
    assert_eq!(world.count("sms_opt_outs").await, 0);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn quiet_hours_hold_what_can_wait_and_let_codes_through(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let (tower, world) = Tower::world(pool, options).await;
    let mut owner = doors::member(&world, Role::Owner, 1).await;
    let staff = place(&world).await;
    let form = [
        (staff.as_str(), "site-sms"),
        (&format!("phone-{staff}"), "0711 000 222"),
    ];
    owner.post("/settings/notices", &form).await.onward();
    // The clock stands at 11:00 in Nairobi; it is quiet from 10:30 to 13:00.
    let quiet = Settings {
        quiet: Some(Quiet {
            from: 630,
            until: 780,
        }),
        ..always()
    };
    want(&world, quiet).await;
    tell_of_site(&world, "once").await;
    assert_eq!(tower.empty().len(), 0);
    pay(&world, 1).await;
    assert_eq!(tower.one().to, format!("+{PHONE}"), "the code");
    world.pass(7_199).await;
    assert_eq!(tower.empty().len(), 0);
    world.pass(1).await;
    assert_eq!(tower.one().to, "+254711000222");
    // A receipt alone can wait, and one that would come too late is not sent.
    let all_day = Settings {
        codes: Codes::Never,
        receipts: true,
        quiet: Some(Quiet { from: 1, until: 0 }),
        ..always()
    };
    want(&world, all_day).await;
    pay(&world, 2).await;
    world.pass(3_600 * 13).await;
    world.work().await;
    assert_eq!(tower.empty().len(), 0);
    assert_eq!(states(&world).await[2], "dropped:late");
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn caps_hold_for_the_day_and_for_a_phone(pool: PgPoolOptions, options: PgConnectOptions) {
    let (tower, world) = Tower::world(pool, options).await;
    let capped = Settings {
        most_a_day: 3,
        most_a_phone: 2,
        ..always()
    };
    want(&world, capped).await;
    for n in 1..=3 {
        pay(&world, n).await;
    }
    assert_eq!(tower.empty().len(), 2);
    assert_eq!(states(&world).await[2], "dropped:cap-phone");
    pay_by(&world, 4, "254711000444").await;
    pay_by(&world, 5, "254711000555").await;
    assert_eq!(tower.one().to, "+254711000444");
    assert_eq!(states(&world).await[4], "dropped:cap-day");
    // Midnight in Nairobi is thirteen hours away.
    world.pass(13 * 3_600).await;
    tower.empty();
    pay_by(&world, 6, PHONE).await;
    assert_eq!(tower.empty().len(), 1);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn who_wants_none_gets_none(pool: PgPoolOptions, options: PgConnectOptions) {
    let (tower, world) = Tower::world(pool, options).await;
    want(&world, always()).await;
    let mut owner = doors::member(&world, Role::Owner, 1).await;
    let bad = owner
        .post("/settings/messages/stop", &[("phone", "<script>")])
        .await;
    assert_eq!(bad.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(!bad.text.contains("<script>") && bad.text.contains("no Kenyan mobile number"));
    owner
        .post("/settings/messages/stop", &[("phone", "0708 374 149")])
        .await
        .onward();
    pay(&world, 1).await;
    assert_eq!(tower.empty().len(), 0);
    assert_eq!(states(&world).await, ["dropped:opted-out"]);
    owner
        .post("/settings/messages/start", &[("phone", "0708 374 149")])
        .await
        .onward();
    pay(&world, 2).await;
    assert_eq!(tower.empty().len(), 1);
    // The phone itself says so, to the network.
    let form = format!("senderId=MNARA&phoneNumber=%2B{PHONE}");
    assert_eq!(told(&world, SECRET, "opt-out", &form).await, StatusCode::OK);
    pay(&world, 3).await;
    assert_eq!(tower.empty().len(), 0);
    let page = owner.get("/settings/messages").await.page();
    assert!(
        page.contains("told the network") && !page.contains(PHONE),
        "{page}"
    );
    assert_eq!(
        world
            .count("audit where act in ('sms-stop', 'sms-start')")
            .await,
        2
    );
    let (may, may_not) = (json!({"sms": true}), json!({"sms": false}));
    assert_eq!(
        deed(&world, "sms-stop").await,
        json!({"before": may, "after": may_not})
    );
    assert_eq!(
        deed(&world, "sms-start").await,
        json!({"before": may_not, "after": may})
    );
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn the_page_keeps_what_was_typed_and_what_was_chosen(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let (_, world) = Tower::world(pool, options).await;
    let mut owner = doors::member(&world, Role::Owner, 1).await;
    let page = owner.get("/settings/messages").await.page();
    assert!(
        page.contains("value=\"21:00\"") && page.contains("value=\"200\""),
        "{page}"
    );
    let form = |until, day| {
        [
            ("codes", "always"),
            ("receipts", "on"),
            ("language", "sw"),
            ("quiet", "on"),
            ("from", "22:15"),
            ("until", until),
            ("day", day),
            ("phone", "4"),
        ]
    };
    for (until, day) in [
        ("22:15", "9"),
        ("25:00", "9"),
        ("06:00", "-1"),
        ("06:00", "<b>"),
    ] {
        let got = owner.post("/settings/messages", &form(until, day)).await;
        assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(got.text.contains("value=\"22:15\"") && !got.text.contains("<b>\""));
    }
    assert_eq!(world.count("message_settings").await, 0);
    owner
        .post("/settings/messages", &form("06:00", "9"))
        .await
        .onward();
    let page = owner.get("/settings/messages").await.page();
    // The text a buyer gets, with its length and what it is charged as.
    assert!(
        page.contains("tumepokea") && page.contains(" letters, charged as one message<"),
        "{page}"
    );
    assert!(
        page.contains("value=\"06:00\"") && page.contains("value=\"9\""),
        "{page}"
    );
    assert_eq!(world.count("audit where act = 'message-settings'").await, 1);
    owner
        .post("/settings/messages", &form("06:00", "9"))
        .await
        .onward();
    assert_eq!(world.count("audit where act = 'message-settings'").await, 1);
    let mut cashier = doors::member(&world, Role::Cashier, 2).await;
    let got = cashier.get("/settings/messages").await;
    assert_eq!(got.status, StatusCode::FORBIDDEN);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn texts_are_kept_sealed_and_sealed_anew(pool: PgPoolOptions, options: PgConnectOptions) {
    let (tower, world) = Tower::world(pool, options).await;
    want(&world, always()).await;
    tower.answer(Answer::HangUp);
    pay(&world, 1).await;
    let sealed: String = read(&world.app, "select body from smses").await;
    // Sealed, it has any letters, but no space.
    assert!(!sealed.contains(' '), "{sealed}");
    let count = providers::sms::reseal(&world.app, world.shop.provider)
        .await
        .unwrap();
    assert_eq!(count, 0, "the key is the first already");
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_buyer_who_ticks_the_box_gets_the_code_by_sms_and_others_do_not(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let (tower, world) = Tower::world(pool, options).await;
    let mut owner = doors::member(&world, Role::Owner, 1).await;
    let offers = async |world: &World| {
        let rows = world.feed(world.shop.site).await;
        rows.into_iter()
            .any(|row| matches!(row, Row::Site(site) if site.sms == Some(true)))
    };
    assert!(
        !offers(&world).await,
        "nobody is asked where nothing is sent"
    );
    let form = [
        ("codes", "asked"),
        ("language", "en"),
        ("day", "200"),
        ("phone", "5"),
    ];
    owner.post("/settings/messages", &form).await.onward();
    world.work().await;
    assert!(offers(&world).await);
    for (n, wants) in [(1, false), (2, true)] {
        let ask = Ask {
            by_sms: wants,
            ..world.shop.ask(n, PHONE)
        };
        world.begin(ask).await.unwrap();
        let receipt = format!("AAAAAAAA0{n}");
        world
            .call_back(&world.daraja.secret(), success(n.into(), &receipt))
            .await;
        world.work().await;
    }
    let text = tower.one();
    let sql = "select t.code from tickets t join payments p on p.id = t.payment_id where p.external_txn_id = 'AAAAAAAA02'";
    let code: String = read(&world.app, sql).await;
    let code = mnara_protocol::ticket::code::TicketCode::parse(&code).unwrap();
    assert!(
        text.said.contains(&code.shown()) && text.to.ends_with("708374149"),
        "{text:?}"
    );
    // No more when the business sends none.
    let form = [
        ("codes", "never"),
        ("language", "en"),
        ("day", "200"),
        ("phone", "5"),
    ];
    owner.post("/settings/messages", &form).await.onward();
    world.work().await;
    assert!(!offers(&world).await);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn sites_hear_at_start_that_sms_is_set_up_since(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    use crate::providers::sms::set_up::tell_if_changed;
    let (_, world) = Tower::world(pool, options).await;
    let offers = async || {
        let rows = world.feed(world.shop.site).await;
        let site = rows.into_iter().find_map(|row| match row {
            Row::Site(row) => Some(row),
            _ => None,
        });
        site.unwrap().sms
    };
    let asked = Settings {
        codes: Codes::Asked,
        ..Settings::default()
    };
    // As whoever chose it while SMS was not set up.
    want(&world, asked).await;
    assert_eq!(offers().await, None);
    tell_if_changed(&world.app).await.unwrap();
    world.work().await;
    assert_eq!(offers().await, Some(true));
    // Each start finds it as it was.
    let waiting = "jobs where kind = 'sms-tell-sites'";
    tell_if_changed(&world.app).await.unwrap();
    assert_eq!(world.count(waiting).await, 0);
    let mut tx = world.app.db.platform(Reason::Admin).await.unwrap();
    let now = world.app.clock.now();
    assert!(rows::note_set_up(&mut tx, false, now).await.unwrap());
    tx.commit().await.unwrap();
    tell_if_changed(&world.app).await.unwrap();
    assert_eq!(world.count(waiting).await, 1);
}
