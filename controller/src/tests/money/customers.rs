//! Customers by their phones: what they had, refusing one at the till, giving one a voucher.

use mnara_protocol::message::{
    Answer, CheckoutQuestion, LookupQuestion, NotPromptedAnswer, PayFailure, Question,
};

use super::*;
use crate::access::questions;
use crate::providers::staff::roles::Role;
use crate::tests::browser::Browser;
use crate::tests::pages::doors::member;
use crate::tests::sites::reports::Site;

/// The page of the customer with this phone.
async fn page_of(browser: &mut Browser<'_>, phone: &str) -> String {
    let path = browser
        .post("/customers/find", &[("phone", phone)])
        .await
        .onward();
    assert!(
        path.starts_with("/customers/cust_") && !path.contains(&phone[3..]),
        "{path}"
    );
    path
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_customer_is_found_by_phone_with_all_they_had(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut cashier = member(&world, Role::Cashier, 1).await;
    let mut reader = member(&world, Role::Reader, 2).await;
    assert!(
        cashier
            .get("/customers")
            .await
            .page()
            .contains("No customer yet.")
    );
    world.begin(world.shop.ask(1, PHONE)).await.unwrap();
    world
        .call_back(&world.daraja.secret(), success(1, "NLJ7RT61SV"))
        .await;
    world.work().await;
    world
        .begin(world.shop.ask(2, "254722000002"))
        .await
        .unwrap();
    let list = cashier.get("/customers").await.page();
    assert!(
        list.contains("0708\u{a0}374\u{a0}149") && list.contains("0722\u{a0}000\u{a0}002"),
        "{list}"
    );
    assert!(list.contains("The newest customers") && !list.contains("All customers"));
    let path = page_of(&mut cashier, "0708374149").await;
    let later = world.app.clock.now().as_millis() + 1;
    let id = path.strip_prefix("/customers/").unwrap();
    let older = cashier
        .get(&format!("/customers?before={later}.{id}"))
        .await;
    let older = older.page();
    assert!(older.contains("0708\u{a0}374\u{a0}149") && !older.contains("The newest customers"));
    assert!(older.contains("Older customers") && older.contains(">All customers</a>"));
    let page = cashier.get(&path).await.page();
    assert!(
        page.contains(">unused<")
            && page.contains("NLJ7RT61SV")
            && !page.contains("0722\u{a0}000\u{a0}002"),
        "{page}"
    );
    let site = Site::new(&world, world.shop.site);
    let ticket = site.sold(&world).await;
    site.lets_in(&world, ticket).await;
    let page = cashier.get(&path).await.page();
    assert!(
        page.contains(">running<") && page.contains("until 15 Jan 2027, 12:00"),
        "{page}"
    );
    let code: String = read(&world.app, "select code from tickets").await;
    let shown = |page: &str| page.replace('-', "").contains(&code);
    // A code that is worth money is one tap away, where it is written down who sees it.
    let seen = "audit where act = 'code-seen' and actor = 'staff'";
    let voucher = format!("/vouchers/{ticket}");
    let link = format!("<a href=\"{voucher}\"><code");
    assert!(page.contains(&link) && !shown(&page), "{page}");
    assert_eq!(world.count(seen).await, 0);
    assert!(shown(&cashier.get(&voucher).await.page()));
    assert_eq!(world.count(seen).await, 1);
    world.app.clock.advance(Duration::from_secs(3700));
    let page = cashier.get(&path).await.page();
    assert!(page.contains(">used up<"), "{page}");
    assert!(shown(&page) && !shown(&reader.get(&path).await.page()));
    for (phone, says) in [
        ("0799 999 999", "Nobody has asked to pay here"),
        ("x", "Give a Kenyan mobile number"),
    ] {
        let got = cashier.post("/customers/find", &[("phone", phone)]).await;
        assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(got.text.contains(says), "{}", got.text);
        let kept = format!("value=\"{phone}\"");
        assert!(got.text.contains(&kept), "{}", got.text);
    }
    let list = cashier.get("/customers?blocked=1").await.page();
    assert!(
        list.contains("Nobody is blocked.") && !list.contains("No customer yet."),
        "{list}"
    );
    // Another business finds nobody by the same phone, and nothing by the number.
    let mut stranger = Browser::new(&world, 3);
    stranger.sign_up("Another", "another@example.com").await;
    let got = stranger
        .post("/customers/find", &[("phone", "0708374149")])
        .await;
    assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(stranger.get(&path).await.status, StatusCode::NOT_FOUND);
    for deed in ["block", "unblock", "give"] {
        let got = stranger
            .post(&format!("{path}/{deed}"), &[("reason", "because")])
            .await;
        assert!(
            got.status == StatusCode::NOT_FOUND,
            "{deed}: {}",
            got.status
        );
        let got = cashier
            .post(&format!("{path}/{deed}"), &[("reason", "because")])
            .await;
        assert_eq!(got.status, StatusCode::FORBIDDEN, "{deed}");
    }
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_blocked_number_is_refused_wherever_it_asks_and_keeps_what_it_has(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut manager = member(&world, Role::Manager, 1).await;
    world.begin(world.shop.ask(1, PHONE)).await.unwrap();
    let secret = world.daraja.secret();
    let path = page_of(&mut manager, "0708374149").await;
    let got = manager
        .post(&format!("{path}/block"), &[("reason", " ")])
        .await;
    assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY);
    let form = [("reason", "sells <b>on</b>")];
    assert_eq!(
        manager.post(&format!("{path}/block"), &form).await.onward(),
        format!("{path}?done=block")
    );
    let page = manager.get(&path).await.page();
    assert!(page.contains("sells &#60;b&#62;on&#60;/b&#62;"), "{page}");
    assert_eq!(page.matches("<button>").count(), 1, "to let it pay again");
    assert!(
        manager
            .get("/customers?blocked=1")
            .await
            .page()
            .contains("0708\u{a0}374\u{a0}149")
    );
    // What was under way goes on.
    world.call_back(&secret, success(1, "NLJ7RT61SV")).await;
    world.work().await;
    world.books_are_equal().await;
    // By an agent, and by the public door.
    world.app.clock.advance(Duration::from_secs(60));
    let pushes = world.daraja.pushes();
    let site = Site::new(&world, world.shop.site);
    let question = Question::Checkout(CheckoutQuestion {
        attempt: attempt(2),
        plan: world.shop.plan.id,
        revision: world.shop.plan.revision,
        price: world.shop.plan.price,
        phone: PHONE.to_owned(),
        mac: mac(2),
        deadline: world.app.clock.now().plus_secs(30),
        by_sms: None,
    });
    let answer = (crate::dispatch::DISPATCH.ask)(&world.app, &site.0, attempt(2), question)
        .await
        .unwrap();
    assert_eq!(
        answer,
        Answer::NotPrompted(NotPromptedAnswer {
            reason: PayFailure::Blocked,
            retry_secs: None
        })
    );
    let token = world.shop.token(&world.app, mac(3));
    let order = json!({"plan_id": world.shop.plan.id.to_string(), "phone": "0708374149"});
    let path_ = format!("/api/captive/{}/initiate-mpesa", world.shop.provider);
    let (status, _, problem) = world
        .send(
            Method::POST,
            &path_,
            Some(&token),
            order.to_string().into_bytes(),
        )
        .await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert_eq!(problem["reason"], "blocked");
    assert!(
        problem["title"]
            .as_str()
            .unwrap()
            .contains("cannot pay at this hotspot"),
        "{problem}"
    );
    assert_eq!(world.daraja.pushes(), pushes);
    // Another number is nobody's business, and the same one elsewhere neither.
    world
        .begin(world.shop.ask(4, "254722000004"))
        .await
        .unwrap();
    let other = business(&world.app, 2).await;
    begin(&world.app, other.provider, other.ask(5, PHONE))
        .await
        .unwrap();
    manager.post(&format!("{path}/unblock"), &[]).await.onward();
    world.app.clock.advance(Duration::from_secs(180));
    world.begin(world.shop.ask(6, PHONE)).await.unwrap();
    // Why they were refused is not forgotten with the refusal.
    let refused = json!({"since": "2027-01-15T08:00:00Z", "reason": "sells <b>on</b>"});
    assert_eq!(
        deed(&world, "block").await,
        json!({"before": null, "after": refused})
    );
    assert_eq!(
        deed(&world, "unblock").await,
        json!({"before": refused, "after": null})
    );
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn why_a_number_is_blocked_stays_where_it_was_typed(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut manager = member(&world, Role::Manager, 1).await;
    world.begin(world.shop.ask(1, PHONE)).await.unwrap();
    let path = page_of(&mut manager, "0708374149").await;
    let (plan, press) = (world.shop.plan.id.to_string(), attempt(1).to_string());
    // Longer than a reason may be; it is wrong in one of two forms, and the page says in which.
    let long = "x".repeat(201);
    let typed = format!("value=\"{long}\"");
    let gift = [
        ("attempt", press.as_str()),
        ("plan", &plan),
        ("site", ""),
        ("reason", &long),
    ];
    for (act, form, says) in [
        ("block", &gift[3..], "Say why you block this number"),
        ("give", &gift[..], "Say why you give it"),
    ] {
        let got = manager.post(&format!("{path}/{act}"), form).await;
        assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY, "{act}");
        assert!(got.text.contains(says), "{act}: {}", got.text);
        assert_eq!(got.text.matches(&typed).count(), 1, "{}", got.text);
        let (_, form) = got.text.split_once(&format!("{path}/{act}\"")).unwrap();
        let (form, _) = form.split_once("</form>").unwrap();
        assert!(form.contains(&typed), "{act}: {}", got.text);
        // Any site was chosen for the gift, and stays so.
        let is_any = got.text.contains("<option value=\"\" selected>");
        assert_eq!(is_any, act == "give", "{}", got.text);
    }
}

/// Gives a voucher by one press of the button, and says what the page says.
async fn gives(
    world: &World,
    browser: &mut Browser<'_>,
    path: &str,
    (site, press): (&str, u8),
) -> browser::Got {
    let (plan, press) = (world.shop.plan.id.to_string(), attempt(press).to_string());
    let form = [
        ("attempt", press.as_str()),
        ("plan", plan.as_str()),
        ("site", site),
        ("reason", "rain & no power"),
    ];
    browser.post(&format!("{path}/give"), &form).await
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_free_voucher_is_real_and_no_money(pool: PgPoolOptions, options: PgConnectOptions) {
    let world = World::open(pool, options).await;
    let mut manager = member(&world, Role::Manager, 1).await;
    world.begin(world.shop.ask(1, PHONE)).await.unwrap();
    let path = page_of(&mut manager, "0708374149").await;
    let site = world.shop.site.to_string();
    assert!(manager.get(&path).await.page().contains("name=\"attempt\""));
    let there = gives(&world, &mut manager, &path, (site.as_str(), 1)).await;
    let there = there.onward();
    // A second press, and a page that is sent again, give no second one.
    let again = gives(&world, &mut manager, &path, (site.as_str(), 1)).await;
    assert_eq!(again.onward(), there);
    assert_eq!(world.count("gifts").await, 1);
    let page = manager.get(&there).await.page();
    let code: String = read(&world.app, "select code from tickets").await;
    assert!(
        page.contains("Tell the customer the code") && page.replace('-', "").contains(&code),
        "{page}"
    );
    // Its story says whom it was given to, by whom and why, in the reader's words.
    for says in [
        format!("<a href=\"{path}\">2547"),
        "Given away: rain &#38; no power · manager".to_owned(),
    ] {
        assert!(page.contains(&says), "{says}: {page}");
    }
    manager.get("/language/sw").await.onward();
    let page = manager.get(&there).await.page();
    assert!(
        page.contains("Ilitolewa bure: rain &#38; no power · manager"),
        "{page}"
    );
    manager.get("/language/en").await.onward();
    let page = manager.get(&path).await.page();
    assert!(
        page.contains(">Free<") && page.contains("rain &#38; no power"),
        "{page}"
    );
    let (voucher, _) = there.split_once('?').unwrap();
    assert!(page.contains(&format!("href=\"{voucher}\"")), "{page}");
    // The site knows it at once, so that it works with the cloud away.
    let rows = world.feed(world.shop.site).await;
    let ticket = rows.iter().find_map(|row| match row {
        Row::Ticket(row) => Some(row),
        _ => None,
    });
    assert_eq!(ticket.unwrap().code, code);
    // It costs nothing, whatever the plan costs, and no payment is behind it.
    assert_eq!(
        world
            .count("tickets where price = 0 and payment_id is null")
            .await,
        1
    );
    let mut owner = member(&world, Role::Owner, 2).await;
    assert!(owner.get("/home").await.page().contains("KSh\u{a0}0</p>"));
    assert_eq!(
        world
            .count("audit where act = 'gift' and after->>'reason' = 'rain & no power'")
            .await,
        1
    );
    let line: String = read(
        &world.app,
        "select after::text from audit where act = 'gift'",
    )
    .await;
    assert!(!line.contains(&code) && !line.contains("374149"));
    // One for any site is asked for where it is typed.
    gives(&world, &mut manager, &path, ("", 2)).await.onward();
    let code: String = read(
        &world.app,
        "select code from tickets where sold_at_site_id is null",
    )
    .await;
    let sender = Site::new(&world, world.shop.site).0;
    let question = LookupQuestion {
        attempt: attempt(9),
        code: code.clone(),
        deadline: world.app.clock.now().plus_secs(30),
    };
    let answer = questions::lookup(&world.app, &sender, &question)
        .await
        .unwrap();
    assert_eq!(answer.refusal, None);
    let rows = world.feed(world.shop.site).await;
    assert!(
        rows.iter()
            .any(|row| matches!(row, Row::Ticket(row) if row.code == code))
    );
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn nobody_gives_the_shop_away(pool: PgPoolOptions, options: PgConnectOptions) {
    let world = World::open(pool, options).await;
    let mut manager = member(&world, Role::Manager, 1).await;
    let mut owner = member(&world, Role::Owner, 2).await;
    world.begin(world.shop.ask(1, PHONE)).await.unwrap();
    let path = page_of(&mut manager, "0708374149").await;
    let plan = world.shop.plan.id.to_string();
    let other = business(&world.app, 2).await;
    for (plan, site, reason, says) in [
        (plan.as_str(), "", " ", "Say why"),
        ("x", "", "rain", "Choose a plan"),
        (plan.as_str(), "x", "rain", "Choose a plan"),
        (
            other.plan.id.to_string().as_str(),
            "",
            "rain",
            "Choose a plan",
        ),
        (
            plan.as_str(),
            other.site.to_string().as_str(),
            "rain",
            "Choose a plan",
        ),
    ] {
        let press = attempt(1).to_string();
        let form = [
            ("attempt", press.as_str()),
            ("plan", plan),
            ("site", site),
            ("reason", reason),
        ];
        let got = manager.post(&format!("{path}/give"), &form).await;
        assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY, "{says}");
        assert!(got.text.contains(says), "{}", got.text);
    }
    for press in 1..=5 {
        gives(&world, &mut manager, &path, ("", press))
            .await
            .onward();
    }
    let got = gives(&world, &mut manager, &path, ("", 6)).await;
    assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        got.text.contains("You have given 5 vouchers"),
        "{}",
        got.text
    );
    assert_eq!(world.count("tickets").await, 5);
    gives(&world, &mut owner, &path, ("", 7)).await.onward();
    world.app.clock.advance(Duration::from_secs(86_400));
    gives(&world, &mut manager, &path, ("", 8)).await.onward();
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn all_that_a_customer_was_given_is_reached_page_by_page(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut owner = member(&world, Role::Owner, 1).await;
    world.begin(world.shop.ask(1, PHONE)).await.unwrap();
    world
        .call_back(&world.daraja.secret(), success(1, "NLJ7RT61SV"))
        .await;
    world.work().await;
    let path = page_of(&mut owner, "0708374149").await;
    for press in 1..=40 {
        gives(&world, &mut owner, &path, ("", press)).await.onward();
        // So many a day.
        if press % 5 == 0 {
            world.app.clock.advance(Duration::from_secs(86_400));
        }
    }
    let mut seen = std::collections::BTreeSet::new();
    let (mut next, mut pages) = (Some(path.clone()), 0);
    while let Some(at) = next {
        let page = owner.get(&at).await.page();
        let links = page.split("<strong><a href=\"/vouchers/").skip(1);
        let ids: Vec<_> = links.map(|link| link[..36].to_owned()).collect();
        assert!(ids.len() <= 20, "{}", ids.len());
        for id in ids {
            assert!(seen.insert(id), "twice");
        }
        let older = page.split_once(&format!("href=\"{path}?before="));
        next = older.map(|(_, rest)| {
            let rest = rest.split_once("#vouchers\"").unwrap().0;
            format!("{path}?before={rest}")
        });
        pages += 1;
    }
    assert_eq!((seen.len(), pages), (41, 3));
}
