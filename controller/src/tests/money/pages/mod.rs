//! The pages of payments: the list and what is looked for in it, one payment's story, and what people do about it.

mod deeds;

use mnara_protocol::ids::TicketId;

use super::*;
use crate::providers::staff::roles::Role;
use crate::tests::browser::Browser;
use crate::tests::pages::doors::member;
use crate::tests::sites::reports::Site;

/// One payment that was paid, one that was cancelled, one that waits.
async fn three(world: &World) -> [PaymentId; 3] {
    let paid = world.begin(world.shop.ask(1, PHONE)).await.unwrap();
    world
        .call_back(&world.daraja.secret(), success(1, "NLJ7RT61SV"))
        .await;
    world.work().await;
    world.app.clock.advance(Duration::from_secs(60));
    let cancelled = world
        .begin(world.shop.ask(2, "254722000002"))
        .await
        .unwrap();
    world
        .call_back(&world.daraja.secret(), callback(2, json!(1032), None))
        .await;
    world.work().await;
    world.app.clock.advance(Duration::from_secs(60));
    let waits = world
        .begin(world.shop.ask(3, "254722000003"))
        .await
        .unwrap();
    [paid.payment, cancelled.payment, waits.payment]
}

/// The payments on a page, in its order.
fn on(page: &str) -> Vec<PaymentId> {
    page.split("href=\"/payments/pay_")
        .skip(1)
        .map(|rest| format!("pay_{}", &rest[..32]).parse().unwrap())
        .collect()
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn the_list_has_the_newest_first_and_finds_what_is_looked_for(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut cashier = member(&world, Role::Cashier, 1).await;
    let none = cashier.get("/payments").await.page();
    assert!(none.contains("No payment yet.") && none.contains("href=\"/first-sale\""));
    let [paid, cancelled, waits] = three(&world).await;
    let page = cashier.get("/payments").await.page();
    assert_eq!(on(&page), [waits, cancelled, paid]);
    for text in [
        "KSh\u{a0}50",
        "1 hour",
        "0708\u{a0}374\u{a0}149",
        "NLJ7RT61SV",
        "Cancelled on the phone.",
        "The phone is being asked.",
        "Market",
    ] {
        assert!(page.contains(text), "{text}: {page}");
    }
    assert!(
        page.contains("Paid in what is shown here: <strong>KSh\u{a0}50</strong>"),
        "{page}"
    );
    let (site, plan) = (world.shop.site, world.shop.plan.id);
    for (query, expected) in [
        ("state=paid".to_owned(), &[paid][..]),
        ("state=failed".to_owned(), &[cancelled]),
        ("state=waiting".to_owned(), &[waits]),
        ("state=look".to_owned(), &[]),
        ("receipt=nlj7rt61sv".to_owned(), &[paid]),
        (format!("site={site}&state=paid"), &[paid]),
        (
            format!("plan={plan}&from=2027-01-15&to=2027-01-15&state=failed"),
            &[cancelled],
        ),
        ("to=2027-01-14".to_owned(), &[]),
        ("from=2027-01-16".to_owned(), &[]),
        // What makes no sense is not looked for.
        (
            "site=x&state=%3Cscript%3E&before=x".to_owned(),
            &[waits, cancelled, paid],
        ),
    ] {
        let page = cashier.get(&format!("/payments?{query}")).await.page();
        assert_eq!(on(&page), expected, "{query}");
        assert!(!page.contains("<script"));
    }
    // By phone, which stands in no address.
    let path = cashier
        .post("/payments/find", &[("phone", "0722 000 002")])
        .await
        .onward();
    assert!(
        path.starts_with("/payments?customer=cust_") && !path.contains("722"),
        "{path}"
    );
    let page = cashier.get(&path).await.page();
    assert_eq!(on(&page), [cancelled]);
    assert!(
        page.contains("Payments of") || page.contains("Only payments of 0722\u{a0}000\u{a0}002"),
        "{page}"
    );
    for (phone, says) in [
        ("0799 999 999", "Nobody has asked to pay here"),
        ("12", "Give a Kenyan mobile number"),
    ] {
        let got = cashier.post("/payments/find", &[("phone", phone)]).await;
        assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY);
        // What was typed stays, in a form that stays open.
        let kept = format!("value=\"{phone}\"");
        for part in [says, kept.as_str(), "<details open>"] {
            assert!(got.text.contains(part), "{part}: {}", got.text);
        }
    }
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn the_next_page_goes_on_where_this_one_ends_and_looks_for_the_same(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut owner = member(&world, Role::Owner, 1).await;
    let [paid, ..] = three(&world).await;
    // Sixty more like the first, all begun in one moment.
    let sql = "insert into payments select (jsonb_populate_record(p, jsonb_build_object('id', gen_random_uuid(), 'account_reference', 'R' || n,
        'secret_hash', null, 'token_hash', null, 'attempt_id', null, 'external_txn_id', 'R000000' || n, 'checkout_request_id', null,
        'type', 'pesapal_provider_subscription'))).* from payments p, generate_series(1, 60) n where external_txn_id = 'NLJ7RT61SV'";
    let mut tx = world.app.db.platform(Reason::Admin).await.unwrap();
    // As subscriptions they stand in no list of customers' payments.
    sqlx::query(sql).execute(&mut *tx).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(on(&owner.get("/payments?state=paid").await.page()), [paid]);
    let sql = "update payments set type = 'mpesa_customer_payment', secret_hash = sha256(id::text::bytea) where type <> 'mpesa_customer_payment'";
    let mut tx = world.app.db.platform(Reason::Admin).await.unwrap();
    sqlx::query(sql).execute(&mut *tx).await.unwrap();
    tx.commit().await.unwrap();
    let first = owner.get("/payments?state=paid").await.page();
    let seen = on(&first);
    assert_eq!(seen.len(), 50);
    let (_, rest) = first
        .split_once("href=\"/payments?state=paid&#38;before=")
        .unwrap();
    let cursor = rest.split('"').next().unwrap();
    let second = owner
        .get(&format!("/payments?state=paid&before={cursor}"))
        .await
        .page();
    let more = on(&second);
    assert_eq!(more.len(), 11);
    assert!(more.iter().all(|id| !seen.contains(id)) && !second.contains("before="));
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_table_holds_what_is_looked_for_and_no_cell_is_a_formula(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut owner = member(&world, Role::Owner, 1).await;
    let mut cashier = member(&world, Role::Cashier, 2).await;
    let draft = Draft {
        name: "=HYPERLINK(\"http://evil\")".to_owned(),
        ..hour()
    };
    plans::edit::change(
        &world.app,
        world.shop.provider,
        world.shop.plan.id,
        &draft,
        Actor::Command,
    )
    .await
    .unwrap();
    let ask = Ask {
        seen: None,
        ..world.shop.ask(1, PHONE)
    };
    world.begin(ask).await.unwrap();
    world
        .call_back(&world.daraja.secret(), success(1, "NLJ7RT61SV"))
        .await;
    world.work().await;
    let sql = "select id from payments";
    let payment = PaymentId::from_uuid(read(&world.app, sql).await);
    let ticket = TicketId::from_uuid(read(&world.app, "select id from tickets").await);
    let back = [
        ("amount", "20"),
        ("receipt", "NLK0000001"),
        ("reason", "power cut"),
    ];
    owner
        .post(&format!("/payments/{payment}/refund"), &back)
        .await
        .onward();
    let table = owner.get("/payments.csv?state=paid").await.page();
    let lines: Vec<&str> = table.trim().lines().collect();
    assert_eq!(lines.len(), 2, "{table}");
    assert!(
        lines[0].contains("time_nairobi,amount_kes,credit_kes,refunded_kes,plan"),
        "{table}"
    );
    // As spreadsheets sort it, on Nairobi's clock.
    let sql = "select to_char(created_at at time zone 'Africa/Nairobi', 'YYYY-MM-DD HH24:MI:SS') from payments";
    let at: String = read(&world.app, sql).await;
    assert!(lines[1].starts_with(&format!("{at},")), "{table}");
    assert!(
        lines[1].ends_with(&format!(",{payment},{ticket}")),
        "{table}"
    );
    assert!(
        lines[1].contains(
            ",50.00,0.00,20.00,\"'=HYPERLINK(\"\"http://evil\"\")\",Market,254708374149,NLJ7RT61SV,Paid,"
        ),
        "{table}"
    );
    assert_eq!(
        owner
            .get("/payments.csv?state=failed")
            .await
            .page()
            .trim()
            .lines()
            .count(),
        1
    );
    assert_eq!(
        cashier.get("/payments.csv").await.status,
        StatusCode::FORBIDDEN
    );
    assert_eq!(world.count("audit where act = 'payments-table'").await, 2);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_story_goes_from_the_order_to_the_first_packet(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut cashier = member(&world, Role::Cashier, 1).await;
    let mut reader = member(&world, Role::Reader, 2).await;
    let begun = world.begin(world.shop.ask(1, PHONE)).await.unwrap();
    let secret = world.daraja.secret();
    world.app.clock.advance(Duration::from_secs(26));
    world.call_back(&secret, success(1, "NLJ7RT61SV")).await;
    world.work().await;
    let path = format!("/payments/{}", begun.payment);
    let page = cashier.get(&path).await.page();
    for text in [
        "The customer asked to pay",
        "M-PESA took it",
        "26\u{a0}s later",
        "It counts as paid",
        "The voucher was made",
        "not yet",
    ] {
        assert!(page.contains(text), "{text}: {page}");
    }
    let site = Site::new(&world, world.shop.site);
    let ticket = site.sold(&world).await;
    // A code that is worth money is one tap away, where it is written down who sees it.
    let code: String = read(&world.app, "select code from tickets").await;
    let shown = |page: &str| page.replace('-', "").contains(&code);
    let seen = "audit where act = 'code-seen' and actor = 'staff'";
    let voucher = format!("/vouchers/{ticket}");
    let link = format!("<a href=\"{voucher}\"><code");
    assert!(page.contains(&link) && !shown(&page), "{page}");
    let hint = "Open it to see it whole";
    assert!(page.contains(hint), "{page}");
    assert_eq!(world.count(seen).await, 0);
    assert!(shown(&cashier.get(&voucher).await.page()));
    assert_eq!(world.count(seen).await, 1);
    site.whole_life(&world, ticket).await;
    let page = cashier.get(&path).await.page();
    let order = [
        "asked to pay",
        "M-PESA took it",
        "how it ended",
        "It counts as paid",
        "voucher was made",
        "The site has it",
        "router took it",
        "device online",
        "first data passed",
    ];
    let places: Vec<usize> = order
        .iter()
        .map(|text| page.find(text).unwrap_or_else(|| panic!("{text}: {page}")))
        .collect();
    assert!(places.is_sorted(), "{places:?}");
    assert!(!page.contains("not yet"), "{page}");
    // What was said, without what nobody may read.
    for text in [
        "BusinessShortCode",
        "CheckoutRequestID",
        "MpesaReceiptNumber",
        "HTTP 200",
    ] {
        assert!(page.contains(text), "{text}");
    }
    assert!(
        !page.contains("&#34;Password") && !page.contains(&secret) && !page.contains("<script")
    );
    // Used up it hides nothing, and is for those who serve customers.
    assert!(!page.contains(hint), "{page}");
    assert!(shown(&page) && !shown(&reader.get(&path).await.page()));
    // Nobody else's.
    let mut stranger = Browser::new(&world, 3);
    stranger.sign_up("Another", "another@example.com").await;
    assert_eq!(stranger.get(&path).await.status, StatusCode::NOT_FOUND);
    for deed in ["ask", "send", "refund"] {
        let got = stranger
            .post(
                &format!("{path}/{deed}"),
                &[("amount", "1"), ("receipt", "ABCDEF1"), ("reason", "x")],
            )
            .await;
        assert_eq!(got.status, StatusCode::NOT_FOUND, "{deed}");
        let got = reader.post(&format!("{path}/{deed}"), &[]).await;
        assert_eq!(got.status, StatusCode::FORBIDDEN, "{deed}");
    }
    assert!(on(&stranger.get("/payments").await.page()).is_empty());
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn what_the_rail_posts_is_text_on_the_page(pool: PgPoolOptions, options: PgConnectOptions) {
    let world = World::open(pool, options).await;
    let mut owner = member(&world, Role::Owner, 1).await;
    let begun = world.begin(world.shop.ask(1, PHONE)).await.unwrap();
    let body = String::from_utf8(callback(1, json!(1032), None))
        .unwrap()
        .replace('…', "<script>alert(1)</script> \\u0000");
    world
        .call_back(&world.daraja.secret(), body.into_bytes())
        .await;
    world.work().await;
    let page = owner
        .get(&format!("/payments/{}", begun.payment))
        .await
        .page();
    assert!(
        page.contains("&#60;script&#62;alert(1)") && !page.contains("<script"),
        "{page}"
    );
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn what_a_person_should_look_at_is_said_in_words(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut owner = member(&world, Role::Owner, 1).await;
    world.begin(world.shop.ask(1, PHONE)).await.unwrap();
    world
        .call_back(
            &world.daraja.secret(),
            callback(1, json!(0), Some(("NLJ7RT61SV", json!(49)))),
        )
        .await;
    world.work().await;
    let page = owner.get("/payments?state=look").await.page();
    assert_eq!(on(&page).len(), 1);
    assert!(
        page.contains("Another amount came than was asked for."),
        "{page}"
    );
    owner.get("/language/sw?back=%2Fpayments").await.onward();
    let page = owner.get("/payments?state=look").await.page();
    assert!(
        page.contains("Kiasi kilichofika si kilichoombwa."),
        "{page}"
    );
    let story = owner
        .get(&format!("/payments/{}", on(&page)[0]))
        .await
        .page();
    assert!(story.contains("<h2>Yaliyotokea</h2>"), "{story}");
    let form = [("phone", "0708374149")];
    let found = owner.post("/payments/find", &form).await.onward();
    let list = owner.get(&found).await.page();
    assert!(list.contains("Malipo ya nambari hii tu:"), "{list}");
    let texts = owner.get("/settings/messages").await.page();
    assert!(texts.contains("asitumiwe yeyote"), "{texts}");
}
